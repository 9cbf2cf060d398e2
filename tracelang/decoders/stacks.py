"""Call stacks, and the functions that addresses are in.

A stack's raw value is a number that only its run can read. It is shown innermost call first.
"""

from __future__ import annotations

from typing import Final

from tracelang.decoders.definition import Definition, reading, remember
from tracelang.decoders.frames import Frame, Frames
from tracelang.decoders.protocol import DecodeContext, Reading, Shape

_WORD_MASK: Final = (1 << 64) - 1
_INDENT: Final = "    "


def indented(frames: Frames, *, verbose: bool = False) -> str:
    """Return a stack as lines of their own, after what stands before it."""
    return "".join(f"\n{_INDENT}{f.full if verbose else f.label}" for f in frames)


def as_objects(frames: Frames) -> list[dict[str, object]]:
    """Return a stack for machines: what is not known of a frame is left out."""
    return [_as_object(frame) for frame in frames]


def _as_object(frame: Frame) -> dict[str, object]:
    named = {"name": frame.name} if frame.name else {}
    return {**named, **({"module": frame.module} if frame.module else {}), "offset": frame.offset}


def _read_stack(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    find = context.stacks.frames
    return Reading(
        lambda raw: indented(find(raw), verbose=context.verbose),  # type: ignore[arg-type]
        machine=lambda raw: as_objects(find(raw)),  # type: ignore[arg-type]
        differs=False,
        shape=Shape.FRAMES,
        frames=find,  # type: ignore[arg-type]
    )


def _read_usym(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    stacks = context.stacks

    def show(raw: int) -> str:
        frames = stacks.frames(raw)
        return frames[0].label if frames else "0x0"

    return reading(show, machine=show, differs=False, shape=Shape.TEXT)


def _read_ksym(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    stacks = context.stacks

    def show(raw: int) -> str:
        return stacks.kernel_frame(raw & _WORD_MASK).label

    return reading(remember(show))


NAMES: Final = frozenset({"kstack", "ustack", "usym", "ksym"})
"""The decoders that ask a run for names."""

DECODERS: Final = (
    Definition("kstack", "the kernel's call stack", _read_stack, width=6, local=True),
    Definition("ustack", "the process's call stack", _read_stack, width=6, local=True),
    Definition(
        "usym",
        "the function of the process that an address is in",
        _read_usym,
        width=24,
        local=True,
    ),
    Definition(
        "ksym",
        "the kernel's function that an address is in",
        _read_ksym,
        example="probe tracepoint:timer:timer_start capture comm, ksym(function)",
        width=24,
        local=True,
    ),
)
