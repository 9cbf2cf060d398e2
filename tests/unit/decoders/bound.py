"""Decoders bound for tests: a context whose clocks stand still."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from tracelang.decoders import load_decoders
from tracelang.decoders.frames import NO_STACKS, StackNames
from tracelang.decoders.protocol import DecodeContext, Decoder, Reading


def context(
    *,
    limit: int = 128,
    start: int = 0,
    offset: int = 0,
    on_cut: Callable[[], None] = lambda: None,
    targets: tuple[tuple[str, str], ...] = (),
    stacks: StackNames = NO_STACKS,
) -> DecodeContext:
    """Return a context with these answers."""
    return DecodeContext(lambda _ts: offset, lambda: start, limit, on_cut, targets, stacks)


@cache
def find(name: str) -> Decoder:
    """Return the decoder of that name."""
    decoder = load_decoders().get(name)
    assert decoder is not None
    return decoder


def bind(name: str, *arguments: object, within: DecodeContext | None = None) -> Reading:
    """Return the reading of the decoder `name`."""
    decoder = find(name)
    assert decoder.check(arguments) is None
    return decoder.bind(arguments, within or context())


def show(name: str, raw: object, *arguments: object) -> str:
    """Return what a person reads."""
    return bind(name, *arguments).text(raw)


def encode(name: str, text: str, *arguments: object) -> int | None:
    """Return the raw value that reads as `text`."""
    return find(name).encode(text, arguments)
