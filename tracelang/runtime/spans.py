"""Spans and watched calls: how much of them the kernel keeps, and what is left of it."""

from __future__ import annotations

from collections.abc import Mapping

from tracelang.plan.ir import Plan
from tracelang.runtime.maps import BpfMap


def pending_sizes(plan: Plan, pending: int) -> dict[str, int]:
    """Return the entries of the maps of a script's spans, for so many pending starts each."""
    sizes = {}
    for span in plan.spans:
        sizes[f"rule_{span.rule + 1}_pending"] = pending
        if span.deep:
            sizes[f"rule_{span.rule + 1}_depth"] = pending
    if plan.watches:
        sizes["inside"] = pending
    return sizes


def count_pending(plan: Plan, maps: Mapping[str, BpfMap]) -> int:
    """Return how many starts have not met their end."""
    return sum(len(maps[f"rule_{span.rule + 1}_pending"].keys()) for span in plan.spans)


def count_within(plan: Plan, maps: Mapping[str, BpfMap]) -> int:
    """Return how many threads are within a watched call, each call counted for itself."""
    return len(maps["inside"].keys()) if plan.watches else 0
