"""Network addresses."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.decoders.bound import encode, show


@given(st.ip_addresses(v=4))
def test_ipv4_is_what_ipaddress_writes(address: IPv4Address) -> None:
    raw = int.from_bytes(address.packed, "little")
    assert show("ip", raw) == show("ip", address.packed) == str(address)
    assert encode("ip", str(address)) == raw


@given(st.ip_addresses(v=6))
def test_ipv6_is_what_inet_ntop_writes(address: IPv6Address) -> None:
    expected = str(address.ipv4_mapped or socket.inet_ntop(socket.AF_INET6, address.packed))
    assert show("ip", address.packed) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("::", "::"), ("::1", "::1"), ("::ffff:10.0.0.1", "10.0.0.1"), ("2001:db8::7", "2001:db8::7")],
)
def test_known_ipv6(address: str, expected: str) -> None:
    assert show("ip", socket.inet_pton(socket.AF_INET6, address)) == expected


def test_signed_raw_value_is_an_address_too() -> None:
    assert show("ip", -1) == "255.255.255.255"


def test_no_address_has_no_value() -> None:
    assert encode("ip", "localhost") is None


def test_mac() -> None:
    assert show("mac", bytes.fromhex("525400123456")) == "52:54:00:12:34:56"
