"""Lists of processors, which give the number of slots of per-CPU values."""

import os

import pytest

from tracelang.runtime.cpus import online_cpus, parse_cpu_list, possible_cpus


@pytest.mark.parametrize(
    ("text", "cpus"),
    [("0\n", (0,)), ("0-3\n", (0, 1, 2, 3)), ("0-1,4,6-7", (0, 1, 4, 6, 7))],
)
def test_lists_are_read_as_the_kernel_writes_them(text: str, cpus: tuple[int, ...]) -> None:
    assert parse_cpu_list(text) == cpus


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        parse_cpu_list("all")


def test_this_machines_processors_are_found() -> None:
    assert set(os.sched_getaffinity(0)) <= set(online_cpus()) <= set(possible_cpus())
