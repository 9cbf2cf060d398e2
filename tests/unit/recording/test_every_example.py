"""No example is forgotten where recordings are compared with the runs they were made of."""

from __future__ import annotations

from tests.live.test_record_live import EXAMPLES, FRUITFUL, OTHERS
from tests.vm_cases.tools import (
    test_tools_guest,
    test_tools_guest_connections,
    test_tools_guest_kprobes,
)

IN_THE_GUEST = (
    *(*test_tools_guest.TOGETHER, *test_tools_guest.ALONE),
    *(*test_tools_guest_kprobes.FIRST, *test_tools_guest_kprobes.SECOND),
    *(tool for tools in test_tools_guest_connections.TOGETHER for tool in tools),
)
"""Each of these showed something there, which those tests demand."""


def test_every_example_is_recorded_and_replayed_here_or_in_the_guest() -> None:
    every = {
        str(p.relative_to(EXAMPLES).with_suffix("")) for p in sorted(EXAMPLES.rglob("*.trace"))
    }
    compared = {*FRUITFUL, *OTHERS, *(f"tools/{tool}" for tool in IN_THE_GUEST)}
    assert compared == every
