"""The Plan: all that is needed to generate, load, attach and show a script, and nothing else.

A Plan stands alone: it holds no syntax and asks no kernel. It has three parts: what is generated (`Program`,
`Record`, `MapPlan`, `StructDeclaration`), what is attached (`Attachment`) and what is shown (`RuleOutput`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

# --- C-level values --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CType:
    """A value the generated code holds: `name` is its C spelling, `size` its bytes.

    `code` is its letter for the struct module; for a byte array (`u8 x[N]`, `char x[N]`) `length` is N and
    the code is `Ns`.
    """

    name: str
    size: int
    code: str
    length: int = 0

    @property
    def alignment(self) -> int:
        """Its alignment in bytes, as C and ctypes have it."""
        return 1 if self.length else self.size


U8: Final = CType("u8", 1, "B")
U16: Final = CType("u16", 2, "H")
U32: Final = CType("u32", 4, "I")
U64: Final = CType("u64", 8, "Q")
S8: Final = CType("s8", 1, "b")
S16: Final = CType("s16", 2, "h")
S32: Final = CType("s32", 4, "i")
S64: Final = CType("s64", 8, "q")


def integer(size: int, *, signed: bool) -> CType:
    """Return the integer type of `size` bytes (1, 2, 4 or 8)."""
    return {
        (1, False): U8,
        (2, False): U16,
        (4, False): U32,
        (8, False): U64,
        (1, True): S8,
        (2, True): S16,
        (4, True): S32,
        (8, True): S64,
    }[size, signed]


def byte_array(length: int, *, text: bool) -> CType:
    """Return the type of `length` bytes, `char` for text, `u8` otherwise."""
    return CType("char" if text else "u8", length, f"{length}s", length)


# --- Records ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordField:
    """One member of a record: its place is `offset` bytes from the start."""

    name: str
    type: CType
    offset: int


@dataclass(frozen=True, slots=True)
class Record:
    """The bytes of one event of a rule, the same in C, ctypes and the batch decoder.

    Every record starts with `ts` (u64, monotonic nanoseconds), `rule` (u32) and `target` (u32, an index into
    the rule's targets), so that records of several rules can share one buffer. `size` is a multiple of 8.
    """

    name: str
    fields: tuple[RecordField, ...]
    size: int


# --- What is attached ------------------------------------------------------------------------------


class Mechanism(Enum):
    """The ways the kernel offers to run a program, in its own terms."""

    KPROBE = "kprobe"
    KRETPROBE = "kretprobe"
    FENTRY = "fentry"
    FEXIT = "fexit"
    TRACEPOINT = "tracepoint"
    RAW_TRACEPOINT = "raw_tracepoint"
    UPROBE = "uprobe"
    URETPROBE = "uretprobe"
    PERF_EVENT = "perf_event"
    RUN = "run"
    """Not attached: run once by the tracer itself (`begin`, `end`)."""


@dataclass(frozen=True, slots=True)
class PerfEvent:
    """A perf event: type and config as in `perf_event_attr`; just one of period and frequency is not 0.

    `all_cpus` says whether it counts on every CPU or on one.
    """

    type: int
    config: int
    period: int = 0
    frequency: int = 0
    all_cpus: bool = True


@dataclass(frozen=True, slots=True)
class Attachment:
    """One program at one place.

    `place` is the function (kprobe, fentry), `category:event` (tracepoint), the event (raw tracepoint), the
    absolute path of the binary (uprobe), `begin` or `end` (run). `offset` is into the function, or the file
    offset in the binary; `semaphore` the file offset of a USDT semaphore, 0 for none.
    `target` is the value the program's target constant is patched with.
    """

    program: str
    mechanism: Mechanism
    place: str
    target: int
    offset: int = 0
    perf: PerfEvent | None = None
    semaphore: int = 0


# --- What is shown ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Decoding:
    """How a raw value becomes what a person reads: a decoder's name and its constant arguments."""

    decoder: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """One shown value: `slot` is its index in a row, `decoding` how to read it."""

    name: str
    slot: int
    decoding: Decoding


@dataclass(frozen=True, slots=True)
class RuleOutput:
    """How one rule's events are shown.

    A row is the tuple that the record's fields unpack to, in order: `ts`, `rule`, `target`, then the
    captured values (integers, or bytes for byte arrays). `targets` names the places, by `target`: (probe as
    written, function or event). `format` is None for a table; else `arguments` are its values in order.
    """

    rule: int
    record: Record
    columns: tuple[Column, ...]
    targets: tuple[tuple[str, str], ...]
    format: str | None = None
    arguments: tuple[Column, ...] = ()
