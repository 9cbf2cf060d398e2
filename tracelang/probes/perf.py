"""`profile:`, `interval:`, `software:` and `hardware:`: events by time or by the CPU's counters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.targets import expect_parts
from tracelang.syntax import ast
from tracelang.syntax.literals import NANOSECONDS

_TYPE_HARDWARE: Final = 0
_TYPE_SOFTWARE: Final = 1
_CPU_CLOCK: Final = 0
_MOST_OFTEN: Final = 100_000
"""Samples a second: the kernel's limit (kernel.perf_event_max_sample_rate) unless changed."""

# include/uapi/linux/perf_event.h: enum perf_sw_ids and perf_hw_id.
_SOFTWARE: Final = {
    "cpu-clock": 0,
    "task-clock": 1,
    "page-faults": 2,
    "faults": 2,
    "context-switches": 3,
    "cs": 3,
    "cpu-migrations": 4,
    "minor-faults": 5,
    "major-faults": 6,
    "alignment-faults": 7,
    "emulation-faults": 8,
    "bpf-output": 10,
    "cgroup-switches": 11,
}
_HARDWARE: Final = {
    "cpu-cycles": 0,
    "cycles": 0,
    "instructions": 1,
    "cache-references": 2,
    "cache-misses": 3,
    "branch-instructions": 4,
    "branches": 4,
    "branch-misses": 5,
    "bus-cycles": 6,
    "stalled-cycles-frontend": 7,
    "stalled-cycles-backend": 8,
    "ref-cycles": 9,
}


@dataclass(frozen=True, slots=True)
class TimerKind:
    """A timer on every CPU (`profile`) or on one (`interval`)."""

    name: str
    aliases: tuple[str, ...]
    form: str
    summary: str
    example: str
    all_cpus: bool

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the timer; its rate is `99hz` or a period such as `10ms`; `UNIT:N` is accepted."""
        expect_parts(target, 1, 2, self.form)
        text = "".join(reversed(target.parts)) if len(target.parts) == 2 else target.parts[0]
        perf = self._event(text, target)
        function = f"{self.name}:{text}"
        return (
            ResolvedTarget(
                function,
                text,
                Mechanism.PERF_EVENT,
                text,
                perf=perf,
                has_task=self.all_cpus,
            ),
        )

    def _event(self, text: str, target: ast.Target) -> PerfEvent:
        found = re.fullmatch(r"(\d+)(hz|ns|us|ms|s|m)", text.lower())
        if found is None or int(found[1]) == 0:
            raise fail(
                "T234",
                f"`{text}` is not a rate",
                target.span,
                help=[f"write it as `{self.form}` or `{self.name}:10ms`"],
            )
        number, unit = int(found[1]), found[2]
        if unit == "hz" and number > _MOST_OFTEN:
            raise fail(
                "T234",
                f"{number:,} times a second is more than the kernel samples: {_MOST_OFTEN:,}",
                target.span,
                help=[f"sample less often: `{self.form}`"],
            )
        if unit == "hz":
            if self.all_cpus:
                return PerfEvent(_TYPE_SOFTWARE, _CPU_CLOCK, frequency=number)
            return PerfEvent(
                _TYPE_SOFTWARE, _CPU_CLOCK, period=NANOSECONDS["s"] // number, all_cpus=False
            )
        period = number * NANOSECONDS[unit]
        if period < 10_000:
            raise fail(
                "T234",
                "a period shorter than 10us would stall the machine",
                target.span,
                help=[f"sample less often: `{self.form}`"],
            )
        return PerfEvent(_TYPE_SOFTWARE, _CPU_CLOCK, period=period, all_cpus=self.all_cpus)

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield usual rates."""
        rates = ("49hz", "99hz", "999hz", "10ms") if self.all_cpus else ("1s", "10s", "100ms")
        return (f"{self.name}:{rate}" for rate in rates)


@dataclass(frozen=True, slots=True)
class CounterKind:
    """A perf event counted by the kernel (`software`) or the CPU (`hardware`)."""

    name: str
    aliases: tuple[str, ...]
    form: str
    summary: str
    example: str
    type: int
    period: int

    @property
    def events(self) -> dict[str, int]:
        """The events by name, with their perf config."""
        return _SOFTWARE if self.type == _TYPE_SOFTWARE else _HARDWARE

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the event, fired once per so many counts (the second part, or the default)."""
        expect_parts(target, 1, 2, self.form)
        name = target.parts[0]
        if name not in self.events:
            raise self._unknown(target)
        if self.type == _TYPE_HARDWARE and not scope.kernel.features.hardware.present:
            raise fail(
                "T362",
                "this machine has no hardware performance counters",
                target.span,
                notes=[scope.kernel.features.hardware.reason],
                help=["sample by time instead: `profile:99hz`"],
            )
        period = target.parts[1] if len(target.parts) == 2 else str(self.period)
        if not period.isdecimal() or int(period) == 0:
            raise fail(
                "T234",
                f"`{period}` is not a count of events",
                target.span,
                help=[f"write `{self.name}:{name}:{self.period}`"],
            )
        perf = PerfEvent(self.type, self.events[name], period=int(period))
        return (
            ResolvedTarget(
                f"{self.name}:{name}:{period}", name, Mechanism.PERF_EVENT, name, perf=perf
            ),
        )

    def _unknown(self, target: ast.Target) -> DiagnosticError:
        near = did_you_mean(nearest(target.parts[0], self.events))
        return fail(
            "T202",
            f"there is no {self.name} event `{target.parts[0]}`",
            target.span,
            help=[" ".join([*near, f"there are: {', '.join(self.events)}"])],
        )

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield every event this machine can count."""
        if self.type == _TYPE_HARDWARE and not scope.kernel.features.hardware.present:
            return iter(())
        return (f"{self.name}:{event}:{self.period}" for event in self.events)


KINDS: Final = (
    TimerKind(
        "profile",
        ("p",),
        "profile:99hz",
        "a sample of the running task on every CPU, at a rate",
        "profile:99hz capture cpu, comm, pid",
        all_cpus=True,
    ),
    TimerKind(
        "interval",
        ("i",),
        "interval:1s",
        "once per period, on one CPU",
        "interval:1s capture time",
        all_cpus=False,
    ),
    CounterKind(
        "software",
        ("s",),
        "software:EVENT:PERIOD",
        "a perf event the kernel counts",
        "software:page-faults:1 capture comm, pid",
        _TYPE_SOFTWARE,
        1,
    ),
    CounterKind(
        "hardware",
        ("h",),
        "hardware:EVENT:PERIOD",
        "a perf event the CPU counts",
        "hardware:cache-misses:1000000 capture comm, pid",
        _TYPE_HARDWARE,
        1_000_000,
    ),
)
