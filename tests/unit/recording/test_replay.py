"""Replaying: what was recorded comes out as it went in, and queries are answered from it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.processes import Completed
from tests.unit.recording.recordings import OFFSET, STARTED, record
from tests.unit.sinks.outputs import output_of
from tracelang.cli.main import main
from tracelang.decoders.frames import Frame, Frames
from tracelang.decoders.protocol import Decoding
from tracelang.plan.c_types import S64, U32, U64, byte_array
from tracelang.semantic.types import COMM, EnumType, Type
from tracelang.semantic.types import S64 as LONG
from tracelang.semantic.types import U64 as WORD
from tracelang.sinks.protocol import Row

_STATE = EnumType("state", 4, False, ((1, "OPEN"), (2, "CLOSED")))
_CALLS = output_of(
    ("time", "time", U64),
    ("comm", "text", byte_array(16, text=True)),
    ("n", "int", U64),
    ("ret", "errno", S64),
    ("who", "user", U32),
    ("state", Decoding("enum", (_STATE.values,)), U32),
)
_CALL_TYPES: dict[str, Type] = {
    "time": WORD, "comm": COMM, "n": WORD, "ret": LONG, "who": WORD, "state": _STATE,
}  # fmt: skip
_OTHER = output_of(("n", "int", U64), rule=1, targets=(("interval:1s", "interval"),))


def calls(count: int) -> list[Row]:
    return [
        (
            STARTED + n * 10_000_000, 0, n % 2, STARTED, b"even\0" if n % 2 == 0 else b"odd\0", n,
            -2 if n % 5 == 0 else n, 0, 1 + n % 2,
        )
        for n in range(count)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "calls.tl"
    rules = ((_CALLS, _CALL_TYPES), (_OTHER, {"n": WORD}))
    rows = calls(100)
    return record(path, rules, [rows[:40], [(STARTED, 1, 0, 7)], rows[40:]])


Run = Callable[..., Completed]


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Run:
    """The command, in this process: many replays are made here."""

    def run(*arguments: str | Path) -> Completed:
        capfd.readouterr()
        status = main([*map(str, arguments)])
        said = capfd.readouterr()
        return Completed(said.out, said.err, status)

    return run


@pytest.fixture
def replay(command: Run, recording: Path) -> Any:
    def run(*arguments: str) -> list[dict[str, Any]]:
        done = command("replay", recording, "-o", "json", *arguments)
        assert done.status == 0, done.stderr
        return [event for event in map(json.loads, done.stdout.splitlines()) if "ts" in event]

    return run


def test_everything_comes_back_in_order(command: Run, recording: Path) -> None:
    done = command("replay", recording, "-o", "json")
    *events, account = map(json.loads, done.stdout.splitlines())
    assert len(events) == 101
    assert events[40] == {"ts": STARTED, "rule": 2, "probe": "interval:1s", "n": 7}
    first = events[0]
    assert (first["comm"], first["ret"], first["ret_text"]) == ("even", -2, "ENOENT")
    assert (first["who_text"], first["state_text"]) == ("root", "OPEN")
    assert first["time"].endswith(".000000000+00:00") or OFFSET
    assert account == {"accounting": {"events": 101, "lost": 7, "cpu_seconds": 0.5, "cut": 0}}
    shown, recorded = done.stderr.splitlines()
    assert shown.startswith("101 of 101 recorded events, ")
    assert recorded.startswith("when recorded, on 6.1.0-test: 101 events, 7 lost")


def test_a_condition_leaves_the_rest_as_it_was(replay: Any) -> None:
    everything = replay()
    found = replay("-e", 'probe recorded:1 where comm == "odd" and n > 90')
    assert found == [
        {name: value for name, value in event.items() if name != "rule"}
        for event in everything
        if event["rule"] == 1 and event["comm"] == "odd" and event["n"] > 90
    ]


def test_bare_clauses_are_about_every_rule(replay: Any) -> None:
    found = replay("-e", "where n == 7")
    assert [(e["rule"], e["n"]) for e in found] == [(1, 7), (2, 7)]


def test_recorded_names_are_known(replay: Any) -> None:
    query = 'probe recorded:1 where who == "root" and state == CLOSED and state == "CLOSED"'
    assert len(replay("-e", query)) == 50


def test_aggregates_and_what_they_count(replay: Any) -> None:
    query = """probe recorded:1 aggregate count() as n, sum(n) as s, hist(n) as h, max(ret) as m,
               distinct(n / 10) as d, p50(n) as p, s / n as mean by comm, func"""
    odd, even = sorted(replay("-e", query), key=lambda e: e["s"], reverse=True)
    assert (odd["comm"], odd["func"], odd["n"], odd["s"]) == ("odd", "open", 50, 2500)
    assert (even["comm"], even["n"], even["s"], even["d"]) == ("even", 50, 2450, 10)
    assert (odd["m"], odd["mean"], even["mean"]) == (99, 50, 49)
    assert even["h"] == [
        [0, 1, 1], [1, 2, 0], [2, 4, 1], [4, 8, 2], [8, 16, 4], [16, 32, 8], [32, 64, 16],
        [64, 128, 18],
    ]  # fmt: skip
    assert 48 * 0.97 <= even["p"] <= 48 * 1.03


def test_periods_are_those_of_the_recorded_clock(replay: Any) -> None:
    afresh = replay("-e", "probe recorded:1 aggregate count() as c every 250ms")
    assert [e["c"] for e in afresh] == [25, 25, 25, 25]
    assert [e["ts"] for e in afresh[:3]] == [STARTED + n * 250_000_000 for n in (1, 2, 3)]
    kept = replay("-e", "probe recorded:1 aggregate count() as c every 250ms keep")
    assert [e["c"] for e in kept] == [25, 50, 75, 100]


def test_samples_limits_tops_and_ends(replay: Any) -> None:
    assert len(replay("-e", "probe recorded:1 sample 1 in 4")) == 25
    assert len(replay("-e", "probe recorded:1 limit 30/s")) == 30
    assert len(replay("-e", "probe recorded:1 aggregate count() by n top 3")) == 3
    assert len(replay("-e", "stop after 9 events probe recorded:1")) == 9
    assert len(replay("-e", "stop after 100ms probe recorded:1")) == 10
    assert len(replay("-n", "3")) == 3


def test_every_output_takes_a_replay(command: Run, recording: Path, tmp_path: Path) -> None:
    query = "probe recorded:1 where n < 2 capture comm, n"
    text = command("replay", recording, "-e", f'{query} print "%s=%d"').stdout
    assert text == "even=0\nodd=1\n"
    rows = list(
        csv.DictReader(io.StringIO(command("replay", recording, "-e", query, "-o", "csv").stdout))
    )
    assert rows == [{"comm": "even", "n": "0"}, {"comm": "odd", "n": "1"}]
    import pyarrow.parquet as pq

    done = command("replay", recording, "-o", "parquet", "--out", tmp_path / "f")
    assert done.status == 0
    table = pq.read_table(tmp_path / "f")
    assert (table.num_rows, table.column("n").to_pylist()[:2]) == (101, [0, 1])


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("where nn == 1", "T203", "did you mean `n`?"),
        ("where uid == 1", "T295", "`uid` was not recorded"),
        ("where ppid == 1", "T295", "`ppid` was not recorded"),
        ("capture task.comm", "T295", "`task` was not recorded"),
        ("probe recorded:3", "T202", "recorded:1, recorded:2"),
        ("probe syscall:read", "T202", "`syscall:read` is no target of a replay"),
        ("span recorded:1", "T296", "record the span"),
        ("where comm = 1", "T1", ""),
        ('print "%d"', "T2", ""),
        ("capture str(n)", "T295", "memory of the machine that was traced"),
    ],
)
def test_mistakes_are_told_with_their_place(
    command: Run, recording: Path, query: str, code: str, words: str
) -> None:
    done = command("replay", recording, "-e", query)
    assert done.status == 1
    assert f"error[{code}" in done.stderr
    assert words in done.stderr
    assert "--> <query>:1:" in done.stderr


# --- Recordings that are not whole ----------------------------------------------------------------


def test_a_recording_without_its_end_says_so(command: Run, tmp_path: Path) -> None:
    path = record(tmp_path / "f", [(_CALLS, _CALL_TYPES)], [calls(50)], end=False)
    done = command("replay", path, "-o", "json")
    assert done.status == 0
    assert len(done.stdout.splitlines()) == 50
    assert "has no end, so nothing is known of what was lost; the 50 events" in done.stderr


def test_a_cut_off_or_damaged_recording_is_read_up_to_there(command: Run, tmp_path: Path) -> None:
    path = record(tmp_path / "f", [(_CALLS, _CALL_TYPES)], [calls(50)])
    data = path.read_bytes()
    path.write_bytes(data[:-3])
    done = command("replay", path, "-o", "json")
    assert (done.status, len(done.stdout.splitlines())) == (0, 50)
    assert f"`{path}` is cut off after byte" in done.stderr
    path.write_bytes(data[:-3] + bytes(3))
    done = command("replay", path, "-o", "json")
    assert (done.status, len(done.stdout.splitlines())) == (3, 50)
    assert f"`{path}` is damaged from byte" in done.stderr


# --- Where there is no kernel to trace ------------------------------------------------------------


def test_neither_bcc_nor_a_kernel_is_asked(recording: Path) -> None:
    source = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("bcc", "jinja2"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
def refuse(event, arguments):
    if event == "open" and str(arguments[0]).startswith(("/sys/kernel", "/proc/kallsyms")):
        raise OSError(arguments[0])
    if event == "ctypes.dlopen" and arguments[0]:
        raise OSError(arguments[0])
sys.addaudithook(refuse)
from tracelang.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
    query = 'probe recorded:1 where ret == "ENOENT" aggregate count() as c by who'
    done = subprocess.run(
        [sys.executable, "-c", source, "replay", str(recording), "-q", "-o", "csv", "-e", query],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("who,who_text,c\n0,root,20\n", "")


def test_stacks_that_read_the_same_are_one(command: Run, tmp_path: Path) -> None:
    frames = {1: (Frame("read", "libc", 4),), 2: (Frame("read", "libc", 9),), 3: ()}

    class Stacks:
        def frames(self, number: int) -> Frames:
            return frames[number]

        def kernel_frame(self, address: int) -> Frame:
            return Frame("", "", address)

    output = output_of(("where", "ustack", U64), ("n", "int", U64))
    rows: list[Row] = [(n, 0, 0, 1 + n % 3, n) for n in range(9)]
    rules = [(output, {"where": WORD, "n": WORD})]
    path = record(tmp_path / "f", rules, [rows], stacks=Stacks())
    shown = command("replay", path, "-o", "json", "-n", "1", "-q")
    assert json.loads(shown.stdout)["where"] == [{"name": "read", "module": "libc", "offset": 4}]
    counted = command("replay", path, "-o", "folded", "-q", "-e", "aggregate sum(n) by where")
    assert counted.stdout.splitlines()[-1] == "read 21"
