"""Accounting: what became of every event, so that no number is trusted blindly."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Accounting:
    """What a run counted.

    `events` were shown; `lost` found no room in the buffer; `limited` were over a rule's limit and
    `sampled_out` not among its sample; `unreadable` texts could not be read (shown empty); `cut`
    were longer than the limit; `late` events were shown out of order; `missed` ones fired while
    their own program ran. Of stacks, some were `not_taken` by the kernel or found no room on their
    way (`not_sent`); of the different ones some were deeper than the kernel takes them (`cut`), or
    end where the way out was lost (`broken`), and some frames have no name. `cpu_seconds` is the
    tracer's own processor time, user and system.
    """

    events: int = 0
    lost: int = 0
    limited: int = 0
    sampled_out: int = 0
    unreadable: int = 0
    cut: int = 0
    late: int = 0
    missed: int = 0
    full: int = 0
    unmatched: int = 0
    overwritten: int = 0
    evicted: int = 0
    open_spans: int = 0
    stacks_not_taken: int = 0
    stacks_not_sent: int = 0
    stacks_cut: int = 0
    stacks_broken: int = 0
    frames_unnamed: int = 0
    cpu_seconds: float = 0.0

    def counts(self) -> dict[str, int | float]:
        """Return every number by its name."""
        return asdict(self)

    def describe(self) -> str:
        """Return the one line every run ends with; only loss is named when there was none."""
        parts = [_count(self.events, "event"), f"{self.lost:,} lost"]
        if self.missed:
            parts.append(f"{self.missed:,} missed while the probe was busy")
        if self.full:
            parts.append(f"{self.full:,} not counted as the maps are full (`--keys` enlarges them)")
        if self.unmatched:
            parts.append(f"{_count(self.unmatched, 'span')} unmatched")
        if self.overwritten:
            parts.append(f"{_count(self.overwritten, 'start')} overwritten")
        if self.evicted:
            parts.append(f"{_count(self.evicted, 'start')} evicted (`--pending` keeps more)")
        if self.open_spans:
            parts.append(f"{_count(self.open_spans, 'span')} still open")
        if self.limited:
            parts.append(f"{self.limited:,} over the limit")
        if self.sampled_out:
            parts.append(f"{self.sampled_out:,} not sampled")
        if self.late:
            parts.append(f"{self.late:,} out of order")
        parts += self._stacks()
        if self.unreadable:
            parts.append(f"{_count(self.unreadable, 'string')} unreadable")
        if self.cut:
            parts.append(f"{_count(self.cut, 'string')} cut")
        parts.append(f"{self.cpu_seconds:.2f} s of CPU")
        return ", ".join(parts)

    def _stacks(self) -> list[str]:
        parts = []
        if self.stacks_not_taken:
            parts.append(f"{_count(self.stacks_not_taken, 'stack')} not to be had")
        if self.stacks_not_sent:
            parts.append(f"{_count(self.stacks_not_sent, 'stack')} sent late or not at all")
        if self.stacks_cut:
            parts.append(f"{_count(self.stacks_cut, 'different stack')} cut at the depth limit")
        if self.stacks_broken:
            broken = _count(self.stacks_broken, "different stack")
            parts.append(f"{broken} incomplete (no frame pointers)")
        if self.frames_unnamed:
            parts.append(f"{_count(self.frames_unnamed, 'frame')} without a name")
        return parts


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
