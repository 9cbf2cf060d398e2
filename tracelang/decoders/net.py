"""Network addresses."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address
from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.protocol import DecodeContext, Operand, Reading, Shape

_MAPPED: Final = bytes(10) + b"\xff\xff"
"""The first 12 bytes of an IPv6 address that holds an IPv4 one (RFC 4291, 2.5.5.2)."""


def show_ip(raw: int | bytes) -> str:
    """Return an address as inet_ntop writes it; an IPv4 one mapped into IPv6 as plain IPv4.

    `raw` is 4 or 16 bytes, or the integer that a little-endian load of 4 bytes in network order
    gives.
    """
    packed = (raw & 0xFFFFFFFF).to_bytes(4, "little") if isinstance(raw, int) else raw
    if len(packed) == 16 and packed.startswith(_MAPPED):
        packed = packed[12:]
    if len(packed) == 4:
        return ".".join(map(str, packed))
    # Late: importing it costs start-up, and only IPv6 needs it.
    import socket

    return socket.inet_ntop(socket.AF_INET6, packed)


def show_mac(raw: bytes) -> str:
    """Return a hardware address: `52:54:00:12:34:56`, of any length."""
    return raw.hex(":")


def _read_ip(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(remember(show_ip), machine=remember(show_ip), differs=False, shape=Shape.TEXT)


def _find_ip(text: str, _arguments: tuple[object, ...]) -> int | None:
    try:
        return int.from_bytes(IPv4Address(text).packed, "little")
    except AddressValueError:
        return None


def _read_mac(_arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
    return reading(remember(show_mac), machine=show_mac, differs=False, shape=Shape.TEXT)


DECODERS: Final = (
    Definition(
        "ip",
        "an IPv4 or IPv6 address",
        _read_ip,
        example="probe kprobe:tcp_connect capture comm, ip(sk.__sk_common.skc_daddr) as daddr",
        operand=Operand.ADDRESS,
        width=15,
        find=_find_ip,
    ),
    Definition(
        "mac",
        "a hardware address",
        _read_mac,
        example="probe kprobe:dev_hard_start_xmit capture mac(first.dev.dev_addr)",
        operand=Operand.BYTES,
        width=17,
    ),
)
