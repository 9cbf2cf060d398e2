"""`list`, `describe`, `explain`, `doctor` and `record-kernel` on the kernel that runs the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.features import FEATURES
from tests.processes import TracelangCommand

TRACEPOINTS = Path("/sys/kernel/tracing/available_events")


def test_list_has_every_tracepoint_the_kernel_has(tracelang: TracelangCommand) -> None:
    events = sorted(f"tracepoint:{line}" for line in TRACEPOINTS.read_text().split())
    answer = tracelang("list", "tracepoint:*")
    assert answer.status == 0
    assert sorted(answer.stdout.split()) == events


@pytest.mark.needs("uprobe")
def test_list_knows_the_functions_of_a_library(tracelang: TracelangCommand) -> None:
    answer = tracelang("list", "u:libc:getaddr*")
    assert "uprobe:libc:getaddrinfo" in answer.stdout.split()
    missing = tracelang("list", "uprobe:libc:no_such_function_*")
    assert (missing.status, missing.stdout) == (1, "")


def test_every_listed_name_of_a_category_can_be_traced(tracelang: TracelangCommand) -> None:
    names = tracelang("list", "t:sched:sched_process_*").stdout.split()
    assert len(names) > 3
    checked = tracelang("check", *(f"{name} capture pid" for name in names))
    assert (checked.status, len(checked.stdout.splitlines())) == (0, len(names))


def test_list_into_head_ends_quietly() -> None:
    command = f"{sys.executable} -m tracelang.cli.main list -v '*' | head -n 1"
    ended = subprocess.run(
        ["/bin/bash", "-c", f"{command}; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    first, status = ended.stdout.splitlines()
    assert ":" in first
    assert status == "0"
    assert "Broken" not in ended.stderr
    assert "Traceback" not in ended.stderr


def test_describe_agrees_with_the_kernel_on_a_tracepoint(tracelang: TracelangCommand) -> None:
    answer = tracelang("describe", "sched:sched_process_fork")
    fields = [line.split()[0] for line in answer.stdout.splitlines()[1:]]
    assert {"parent_pid", "child_pid"} <= set(fields)


def test_doctor_finds_this_machine_able(tracelang: TracelangCommand) -> None:
    answer = tracelang("doctor", "--json")
    assert answer.status == 0
    report = json.loads(answer.stdout)
    assert report["possible"] is True
    verdicts = {finding["name"]: finding["verdict"] for finding in report["findings"]}
    assert verdicts["a program"] == "ok"
    assert verdicts["tracepoints"] == "ok"
    assert verdicts["bcc"] == "ok"
    # What the tests' own probing of the kernel finds, the doctor finds as well.
    assert (verdicts["kprobes"] == "ok") == FEATURES["kprobe"]()
    assert (verdicts["uprobes"] == "ok") == FEATURES["uprobe"]()


def test_doctor_prints_the_same_for_people_without_colours(tracelang: TracelangCommand) -> None:
    answer = tracelang("doctor")
    assert answer.status == 0
    assert "\x1b" not in answer.stdout
    assert answer.stdout.endswith("Scripts can be run here.\n")
    for finding in json.loads(tracelang("doctor", "--json").stdout)["findings"]:
        assert finding["name"] in answer.stdout


def test_doctor_without_rights_says_what_to_do() -> None:
    ended = subprocess.run(
        [
            *("setpriv", "--reuid=65534", "--clear-groups", "--bounding-set=-all"),
            *(sys.executable, "-m", "tracelang.cli.main", "doctor", "--json"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "HOME": "/nonexistent"},
    )
    assert ended.returncode == 3, ended.stderr
    report = json.loads(ended.stdout)
    assert report["possible"] is False
    found = {finding["name"]: finding for finding in report["findings"]}
    assert found["CAP_BPF"]["verdict"] == "missing"
    assert found["CAP_BPF"]["remedy"] == "sudo tracelang doctor"
    assert "sudo" in found["a program"]["remedy"]


def test_a_recording_serves_as_the_kernel_it_was_made_of(
    tracelang: TracelangCommand, tmp_path: Path
) -> None:
    directory = tmp_path / "kernel"
    made = tracelang("record-kernel", directory)
    assert made.status == 0
    sizes = {
        line.split()[0]: int(line.split()[1].replace(",", ""))
        for line in made.stdout.splitlines()
        if line.endswith(" bytes")
    }
    for name, size in sizes.items():
        if name != "together":
            assert (directory / name).stat().st_size == size
    names = tracelang("list", "tracepoint:*", "--kernel", directory)
    assert names.stdout == tracelang("list", "tracepoint:*").stdout
    again = tracelang("record-kernel", directory)
    assert again.status == 0


def test_assembly_of_a_script_is_the_same_each_time(tracelang: TracelangCommand) -> None:
    first = tracelang("emit", "asm", "syscall:openat where uid == 0 capture comm, filename")
    assert first.status == 0
    assert "program rule_1" in first.stdout
    assert "call bpf_get_current_task_btf" in first.stdout
    assert first.stdout.rstrip().endswith("exit")
    second = tracelang("emit", "asm", "syscall:openat where uid == 0 capture comm, filename")
    assert second.stdout == first.stdout
