"""`func` and `probe`: which of a rule's targets fired."""

from __future__ import annotations

from typing import Final

from tracelang.decoders.definition import Definition, reading
from tracelang.decoders.protocol import DecodeContext, Reading, Shape


def _name_reading(names: tuple[str, ...]) -> Reading:
    """Read an index into the rule's targets as one of their names."""

    def show(raw: int) -> str:
        return names[raw] if 0 <= raw < len(names) else f"target {raw}"

    return reading(show, machine=show, differs=False, shape=Shape.TEXT)


def _read_probe(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    return _name_reading(tuple(probe for probe, _ in context.targets))


def _read_func(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    return _name_reading(tuple(function for _, function in context.targets))


DECODERS: Final = (
    Definition("probe", "the probe that fired, in full", _read_probe, width=24),
    Definition("func", "the function or event that fired", _read_func, width=16),
)
