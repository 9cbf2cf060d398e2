"""`tracelang SCRIPT --help`: what a script says of itself."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.commands import Commands

SCRIPT = """\
# slow.trace: slow opens, and who makes them
# The second line of the description.

param min = 1ms "the shortest that is shown"
param user_name: str = "root"
param loud: bool = 1 "say more"
param net = 10.0.0.1
param size = 4KiB
param offset = -3
stop after 10s

probe kprobe:sys_openat(dfd: int,
                        path: str) or syscall:openat where uid == 0 capture comm
probe tracepoint:sched:* capture pid
"""


def help_of(run: Commands, tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "slow.trace"
    path.write_text(text)
    answer = run(path, "--help")
    assert (answer.status, answer.stderr) == (0, "")
    return answer.lines


def test_description_comes_first(run: Commands, tmp_path: Path) -> None:
    lines = help_of(run, tmp_path, SCRIPT)
    assert lines[:3] == [
        "slow.trace: slow opens, and who makes them",
        "The second line of the description.",
        "",
    ]
    assert lines[3].startswith(f"usage: tracelang {tmp_path}/slow.trace")


def test_params_are_options_with_type_default_and_help(run: Commands, tmp_path: Path) -> None:
    lines = help_of(run, tmp_path, SCRIPT)
    start = lines.index("options:")
    assert [line.split(maxsplit=2) for line in lines[start + 1 : start + 7]] == [
        ["--min", "DURATION", "the shortest that is shown (default 1ms)"],
        ["--user-name", "TEXT", '(default "root")'],
        ["--loud", "yes|no", "say more (default 1)"],
        ["--net", "ADDRESS", "(default 10.0.0.1)"],
        ["--size", "SIZE", "(default 4KiB)"],
        ["--offset", "N", "(default -3)"],
    ]


def test_probes_are_shown_as_written(run: Commands, tmp_path: Path) -> None:
    lines = help_of(run, tmp_path, SCRIPT)
    start = lines.index("probes:")
    assert lines[start + 1 : start + 3] == [
        "  kprobe:sys_openat(dfd: int, path: str) or syscall:openat",
        "  tracepoint:sched:*",
    ]
    assert lines[lines.index("ends by itself:") + 1] == "  after 10s"


def test_a_bare_script_has_only_usage_and_probes(run: Commands, tmp_path: Path) -> None:
    lines = help_of(run, tmp_path, "probe begin")
    assert lines[0].startswith("usage:")
    assert "options:" not in lines
    assert lines[lines.index("probes:") + 1] == "  begin"


def test_a_script_with_a_mistake_says_so(run: Commands, tmp_path: Path) -> None:
    path = tmp_path / "bad.trace"
    path.write_text("probe syscall:openat capture\n")
    answer = run(path, "--help")
    assert (answer.status, answer.stdout) == (1, "")
    assert f"{path}:1:" in answer.stderr
