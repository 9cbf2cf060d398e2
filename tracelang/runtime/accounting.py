"""Accounting: what became of every event, so that no number is trusted blindly."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Accounting:
    """What a run counted.

    `events` were shown; `lost` found no room in the buffer; `limited` were over a rule's limit and
    `sampled_out` not among its sample; `unreadable` texts could not be read (shown empty); `cut`
    were longer than the limit; `late` events were shown out of order; `missed` ones fired while
    their own program ran. `skipped` spans were never at one of their stages; of `forgotten` threads
    it was lost that they are inside a call. Of stacks, some were `not_taken` by the kernel or found
    no room on their way (`not_sent`); of the different ones some were deeper than the kernel takes
    them (`cut`), or end where the way out was lost (`broken`), and some frames have no name;
    `mappings_lost` were records of what processes mapped.
    `cpu_seconds` is the tracer's own processor time, user and system.
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
    unplaced: int = 0
    unmatched: int = 0
    overwritten: int = 0
    evicted: int = 0
    open_spans: int = 0
    stacks_not_taken: int = 0
    stacks_not_sent: int = 0
    stacks_cut: int = 0
    stacks_broken: int = 0
    frames_unnamed: int = 0
    mappings_lost: int = 0
    skipped: int = 0
    forgotten: int = 0
    cpu_seconds: float = 0.0

    def counts(self) -> dict[str, int | float]:
        """Return every number by its name."""
        return asdict(self)

    def describe(self) -> str:
        """Return the one line every run ends with; only loss is named when there was none."""
        parts = [_count(self.events, "event"), f"{self.lost:,} lost"]
        parts += [_say(number, what) for number, what in self._troubles() if number]
        parts.append(f"{self.cpu_seconds:.2f} s of CPU")
        return ", ".join(parts)

    def _troubles(self) -> tuple[tuple[int, str], ...]:
        """Return what may make the numbers shown inexact, as (how many, of what)."""
        return (
            (self.missed, "missed while the probe was busy"),
            (self.full, "not counted as the maps are full (`--keys` enlarges them)"),
            (
                self.unplaced,
                "left out of histograms as the maps are full (`--keys` enlarges them)",
            ),
            (self.unmatched, "span* unmatched"),
            (self.overwritten, "start* overwritten"),
            (self.evicted, "start* evicted (`--pending` keeps more)"),
            (self.skipped, "span* without one of the stages"),
            (self.forgotten, "thread* forgotten to be inside a call (`--pending` keeps more)"),
            (self.open_spans, "span* still open"),
            (self.limited, "over the limit"),
            (self.sampled_out, "not sampled"),
            (self.late, "out of order"),
            (self.stacks_not_taken, "stack* not to be had"),
            (self.stacks_not_sent, "stack* sent late or not at all"),
            (self.stacks_cut, "different stack* cut at the depth limit"),
            (self.stacks_broken, "different stack* incomplete (no frame pointers)"),
            (self.frames_unnamed, "frame* without a name"),
            (self.mappings_lost, "record* of mappings lost (names may be missing)"),
            (self.unreadable, "string* unreadable"),
            (self.cut, "string* cut"),
        )


def _say(number: int, what: str) -> str:
    """Return a number and its noun, whose `*` is the plural's ending."""
    return f"{number:,} {what.replace('*', '' if number == 1 else 's')}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
