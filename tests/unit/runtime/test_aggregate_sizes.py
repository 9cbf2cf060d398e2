"""How much room the maps of aggregates get."""

from __future__ import annotations

import pytest

from tests.cases.compiling import Conditions, compile_case
from tracelang.runtime.aggregates.periods import aggregate_sizes


def sizes_of(text: str, keys: int, cpus: int) -> dict[str, int]:
    return aggregate_sizes(compile_case(text, Conditions("linux-6.18")).plan, keys, cpus)


def test_buckets_beside_each_other_need_few_entries() -> None:
    text = "syscall:write aggregate hist(count), distinct(fd) by comm"
    assert sizes_of(text, 1000, 2) == {
        "rule_1_cells": 1000,
        "rule_1_buckets_0": 1500,
        "rule_1_buckets_1": 8000,
    }


def test_without_keys_nothing_grows() -> None:
    assert sizes_of("syscall:write aggregate count(), hist(count)", 1000, 2) == {}


@pytest.mark.parametrize("cpus", [64, 256, 1024])
def test_buckets_of_many_processors_stay_within_bounds(cpus: int) -> None:
    entries = sizes_of("syscall:write aggregate p99(count) by comm", 10_240, cpus)
    assert entries["rule_1_buckets_0"] >= 1000
    assert entries["rule_1_buckets_0"] * 32 * 8 * cpus <= 320 << 20


@pytest.mark.parametrize("by", ["func", "probe"])
def test_what_is_known_when_a_script_is_compiled_needs_no_hash(by: str) -> None:
    text = f"syscall:read, syscall:write, syscall:openat aggregate sum(1) by {by}"
    plan = compile_case(text, Conditions("linux-6.18")).plan
    assert plan.outputs[0].aggregate is not None
    assert plan.outputs[0].aggregate.places == 3
    assert aggregate_sizes(plan, 1000, 2) == {}


@pytest.mark.parametrize("clause", ["by func, comm", "by func every 1s reset", "by comm"])
def test_keys_that_only_an_event_knows_need_a_hash(clause: str) -> None:
    text = f"syscall:read, syscall:write aggregate count() {clause}"
    assert "rule_1_cells" in sizes_of(text, 1000, 2)
