"""What programs counted: their counters, and what is left in their maps, as an accounting."""

from __future__ import annotations

import struct
from collections.abc import Mapping

from tracelang.plan.ir import COUNTERS_PER_RULE, Counter, Plan
from tracelang.runtime.accounting import Accounting
from tracelang.runtime.maps import BpfMap
from tracelang.runtime.spans import count_pending, count_within


class KernelCounters:
    """The counters of a script's programs, as long as its maps are open."""

    def __init__(self, plan: Plan, maps: Mapping[str, BpfMap]) -> None:
        self._plan = plan
        self._maps = maps

    def sum(self, counter: Counter) -> int:
        """Return a counter's sum over all rules and CPUs."""
        counters = self._maps["counters"]
        total = 0
        for rule in range(len(self._plan.outputs)):
            key = struct.pack("=I", rule * COUNTERS_PER_RULE + counter.value)
            total += sum(counters.lookup_sums(key))
        return total

    def enter(self, accounting: Accounting) -> None:
        """Bring up to date what programs know of what became of events."""
        accounting.lost = self.sum(Counter.LOST)
        accounting.sampled_out = self.sum(Counter.SAMPLED_OUT)
        accounting.limited = self.sum(Counter.LIMITED)
        accounting.full = self.sum(Counter.FULL)
        accounting.unplaced = self.sum(Counter.UNPLACED)
        accounting.unreadable = self.sum(Counter.UNREADABLE)
        accounting.stacks_not_taken = self.sum(Counter.NOT_TAKEN)
        accounting.stacks_not_sent = self.sum(Counter.NOT_SENT)
        self._enter_spans(accounting)

    def _enter_spans(self, accounting: Accounting) -> None:
        accounting.unmatched = self.sum(Counter.UNMATCHED)
        accounting.overwritten = self.sum(Counter.OVERWRITTEN)
        accounting.open_spans = count_pending(self._plan, self._maps)
        gone = sum(map(self.sum, (Counter.ENDED, Counter.OVERWRITTEN, Counter.CANCELLED)))
        started = self.sum(Counter.STARTED)
        accounting.evicted = max(0, started - gone - accounting.open_spans)
        accounting.skipped = self.sum(Counter.SKIPPED)
        within = count_within(self._plan, self._maps)
        left = self.sum(Counter.LEFT)
        accounting.forgotten = max(0, self.sum(Counter.ENTERED) - left - within)
