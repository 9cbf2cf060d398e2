"""Call stacks of real processes: who called, also of processes that have ended."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from tests.live.runs import accounting, events_of, python_command, trace
from tests.processes import TracelangCommand
from tests.unit.binaries.programs import compile_c

PROGRAM: Final = r"""
#include <sys/syscall.h>
#include <unistd.h>
#define HERE __asm__ volatile("" ::: "memory")

/* By itself, so that no function without a frame stands between. */
static inline __attribute__((always_inline)) long call(long number, long argument)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(argument)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((noinline)) long innermost(long n) { long r = call(SYS_getpgid, n); HERE; return r; }
__attribute__((noinline)) long middle(long n) { long r = innermost(n); HERE; return r + 1; }
__attribute__((noinline)) long outer(long n) { long r = middle(n); HERE; return r + 1; }
__attribute__((noinline)) long other(long n) { long r = innermost(n); HERE; return r + 2; }
__attribute__((noinline)) long down(long n)
{
    long r = n ? down(n - 1) : call(SYS_getpgid, 0);
    HERE;
    return r + 1;
}
__attribute__((noinline)) long spin(void)
{
    volatile long sum = 0;
    for (long i = 0; i < 300000000; i++)
        sum += i;
    return sum;
}

int main(int argc, char **argv)
{
    if (argc > 1 && argv[1][0] == 's')
        return !spin();
    if (argc > 1)
        return down(200) == 0;
    for (int n = 0; n < 3; n++)
        outer(0);
    other(0);
    return 0;
}
"""
FLAGS: Final = ("-O0", "-fno-omit-frame-pointer")
CALLS: Final = ("innermost", "middle", "outer", "main")

pytestmark = pytest.mark.skipif(
    "__import__('platform').machine() != 'x86_64'", reason="its own system call"
)


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_c(tmp_path_factory.mktemp("calls"), "calls", {"calls.c": PROGRAM}, *FLAGS)


def names(stack: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(frame.get("name", hex(frame["offset"])) for frame in stack)


@pytest.mark.parametrize("transport", ["ring", "perf"])
def test_who_called_is_known_after_the_process_has_ended(
    tracelang: TracelangCommand, program: Path, transport: str
) -> None:
    script = "syscall:getpgid aggregate count() by comm, kstack, ustack"
    rows = trace_rows(tracelang, script, "-c", str(program), "--transport", transport)
    assert [row["count"] for row in rows] == [3, 1]
    assert names(rows[0]["ustack"])[:4] == CALLS
    assert names(rows[1]["ustack"])[:3] == ("innermost", "other", "main")
    assert {frame["module"] for frame in rows[0]["ustack"][:4]} == {"calls"}
    entry = names(rows[0]["kstack"])
    assert any("syscall" in name.lower() for name in entry), entry
    assert not any("bpf" in name for name in entry), entry


def trace_rows(tracelang: TracelangCommand, *arguments: str) -> list[dict[str, Any]]:
    done = tracelang(*arguments, "-o", "json")
    assert done.status == 0, done.stderr
    assert accounting(done)["lost"] == 0, done.stderr
    return events_of(done)


def test_a_program_that_is_gone_from_the_disk_is_still_named(
    tracelang: TracelangCommand, program: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "passing"
    command = f"cp {program} {copy}; {copy}; sleep 0.3; rm {copy}; sleep 0.3"
    script = 'syscall:getpgid where comm == "passing" capture ustack'
    events = trace(tracelang, script, "-c", f"sh -c '{command}'")
    assert [names(event["ustack"])[:2] for event in events][:3] == [CALLS[:2]] * 3


def test_processes_that_run_the_same_code_share_a_row(
    tracelang: TracelangCommand, program: Path
) -> None:
    command = f"sh -c '{program}; {program}; {program}'"
    rows = trace_rows(
        tracelang,
        'syscall:getpgid where comm == "calls" aggregate count() by ustack',
        "-c",
        command,
    )
    assert [row["count"] for row in rows] == [9, 3]


def test_a_stack_may_be_limited_and_a_deep_one_is_counted(
    tracelang: TracelangCommand, program: Path
) -> None:
    script = "syscall:getpgid capture kstack(1), ustack(2) as near, ustack"
    done = tracelang(script, "-c", f"{program} deep", "-o", "json")
    (event,) = events_of(done)
    assert names(event["near"]) == ("down", "down")
    assert len(event["kstack"]) == 1
    assert names(event["ustack"]) == ("down",) * 127
    assert "1 different stack cut at the depth limit" in done.stderr


def test_a_span_knows_both_its_ends(tracelang: TracelangCommand, program: Path) -> None:
    (first, *_) = trace(
        tracelang, "span syscall:getpgid capture ustack(1), end.kstack", "-c", str(program)
    )
    assert names(first["ustack"]) == ("innermost",)
    assert any("syscall" in name.lower() for name in names(first["kstack"]))


def test_folded_stacks_are_what_flame_graph_tools_take(
    tracelang: TracelangCommand, program: Path
) -> None:
    script = "syscall:getpgid aggregate count() by comm, ustack(4)"
    done = tracelang(script, "-o", "folded", "-c", str(program))
    assert done.stdout.splitlines() == [
        line for line in done.stdout.splitlines() if re.fullmatch(r"\S.*(;\S.*)* \d+", line)
    ]
    assert "calls;main;outer;middle;innermost 3" in done.stdout.splitlines()


def test_a_profile_is_where_the_time_goes(
    tracelang: TracelangCommand, program: Path, tmp_path: Path
) -> None:
    page = tmp_path / "cpu.html"
    script = "profile:99hz aggregate count() by comm, ustack"
    done = tracelang(script, "-o", "flamegraph", "--out", str(page), "-c", f"{program} spin")
    assert done.status == 0, done.stderr
    text = page.read_text()
    found = re.search(r'id="data">(.*?)</script>', text, re.S)
    assert found is not None
    data = json.loads(found[1])
    weights = {data["texts"][node[0]]: node[3] for node in flat(data["root"])}
    assert weights["spin"] >= 0.8 * weights["all"]
    assert weights["all"] >= 5


def flat(node: list[Any]) -> list[list[Any]]:
    return [node, *(inner for child in node[5] for inner in flat(child))]


def test_addresses_of_the_kernel_and_of_a_process_by_name(
    tracelang: TracelangCommand, program: Path
) -> None:
    script = (
        f"uprobe:{program}:middle aggregate count() by ksym(task.mm.exe_file.f_op.llseek) as seek, "
        "usym(task.mm.start_code) as start, usym(cast(arg0, u64)) as nothing"
    )
    (row,) = trace_rows(tracelang, script, "-c", str(program))
    symbols = (line.split() for line in Path("/proc/kallsyms").read_text().splitlines())
    assert row["seek_text"] in {f[2] for f in symbols if int(f[0], 16) == row["seek"]}
    assert (row["nothing"], row["count"]) == ("0x0", 3)
    assert row["start"]


def test_interpreters_and_shells_have_names_too(tracelang: TracelangCommand) -> None:
    command = python_command("import os\nfor n in range(3): os.getpgid(0)")
    rows = trace_rows(tracelang, "syscall:getpgid aggregate count() by ustack(1)", "-c", command)
    assert [(names(r["ustack"]), r["count"]) for r in rows] == [(("getpgid",), 3)]
