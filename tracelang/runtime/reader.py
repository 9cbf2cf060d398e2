"""What every way of getting events out of the kernel has in common.

Owns the reader's interface and the one form in which readers hand over events, so that decoding,
ordering and pacing are the same for ring buffers and perf buffers.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from tracelang.dataclass import dataclass


class Run(NamedTuple):
    """`number` records one after the other, from byte `offset` of the data to `end`.

    Each follows a header of 8 bytes. If all are of the same length, `stride` is what each takes
    with its header, a multiple of 8; else it is 0, the headers tell, and records to be skipped may
    be among them.
    """

    offset: int
    end: int
    stride: int
    number: int


@dataclass(frozen=True, slots=True)
class Drained:
    """The events one drain took out of the kernel, in the order they were found.

    `data` holds them as the kernel's ring buffer does (`Run` says how), `runs` says where those to
    be kept are. `started` is the monotonic time in nanoseconds before anything was looked at: what
    was finished before then is in this drain or an earlier one.
    """

    data: bytes
    runs: tuple[Run, ...]
    started: int
    complete: bool = True
    """Whether nothing was left for the next drain."""

    @property
    def count(self) -> int:
        """How many events there are."""
        return sum(run.number for run in self.runs)


class Reader(Protocol):
    """Takes events out of the kernel without waiting."""

    @property
    def lost(self) -> int:
        """Events the kernel has told this reader it could not store, so far.

        A ring buffer never tells (it is the program whose reservation fails, and which counts), so
        there it is 0.
        """

    @property
    def fill(self) -> float:
        """How full the (fullest) buffer was when the last drain began, from 0 to 1."""

    def drain(self) -> Drained:
        """Take what is complete, as much as is good at once, and give its room back."""

    def close(self) -> None:
        """Unmap; harmless if done already. The reader is of no use afterwards."""
