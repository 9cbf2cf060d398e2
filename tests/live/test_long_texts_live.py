"""Long texts: of the last one only what there is of it is sent, by either way out of the kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.live.runs import Event, events_of, python_command, trace
from tests.processes import TracelangCommand

LIMIT = 1000
LENGTHS = (0, 1, 7, 8, 9, 255, 256, 257, 990, 999, 1000, 1001, 1002, 1003, 3000)
SCRIPT = """
probe syscall:rename where oldname startswith "from" capture comm, newname, oldname, pid
probe syscall:rename where newname == "to" capture oldname, newname
probe syscall:rename capture oldname
probe syscall:getpgid capture args.pid as number
"""
WORK = f"""
import os
for length in {LENGTHS}:
    for old, new in (("from" + "o" * length, "n" * length), ("o" * length, "to")):
        try:
            os.rename(old, new)
        except OSError:
            pass
    os.getpgid(0)
"""


def shown(text: str) -> str:
    return text if len(text) <= LIMIT else text[:LIMIT] + "…"


@pytest.fixture(scope="module", params=["ring", "perf"])
def seen(tracelang: TracelangCommand, request: pytest.FixtureRequest) -> list[Event]:
    options = ("--strlen", str(LIMIT), "--transport", request.param)
    return trace(tracelang, SCRIPT, *options, "-c", python_command(WORK))


def of_rule(seen: list[Event], number: int) -> list[Event]:
    return [event for event in seen if event["rule"] == number]


def test_every_length_arrives_whole(seen: list[Event]) -> None:
    olds = [e["oldname"] for e in of_rule(seen, 3)]
    wanted = [t for n in LENGTHS for t in ("from" + "o" * n, "o" * n)]
    assert olds == [shown(text) for text in wanted]


def test_what_lies_before_the_last_text_is_as_it_was(seen: list[Event]) -> None:
    found = [(e["newname"], e["oldname"]) for e in of_rule(seen, 1)]
    assert found == [(shown("n" * n), shown("from" + "o" * n)) for n in LENGTHS]
    assert len({e["pid"] for e in of_rule(seen, 1)}) == 1
    assert [e["newname"] for e in of_rule(seen, 2)] == ["to" for _ in LENGTHS]
    assert [e["number"] for e in of_rule(seen, 4)] == [0 for _ in LENGTHS]


def test_a_recording_has_them_as_well(tracelang: TracelangCommand, tmp_path: Path) -> None:
    file = tmp_path / "long"
    script = "probe syscall:rename capture oldname"
    done = tracelang(
        *("record", "--strlen", str(LIMIT), "-w", file, script, "-c", python_command(WORK))
    )
    assert done.status == 0, done.stderr
    olds = [e["oldname"] for e in events_of(tracelang("replay", file, "-o", "json"))]
    assert len(olds) == 2 * len(LENGTHS)
    assert shown("from" + "o" * 3000) in olds
