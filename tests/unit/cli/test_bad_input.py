"""What users get wrong on the command line: each with a status, a message and what helps.

The real command runs, on a recorded kernel or up to where it would need the running one.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.unit.kernel.kernels import KERNELS

KERNEL = str(KERNELS / "linux-6.18")
CHECK = ("check", "--kernel", KERNEL)
NOBODY = 65534


@dataclass(frozen=True)
class Ended:
    status: int
    output: str
    errors: str

    @property
    def first(self) -> str:
        return self.errors.partition("\n")[0]


def run(
    *arguments: str | Path,
    python: str = sys.executable,
    stdin: bytes | None = b"",
    environment: Mapping[str, str] | None = None,
    user: int | None = None,
    cwd: Path | None = None,
) -> Ended:
    """Run the command to its end; `stdin` None closes standard input."""
    command = [python, "-m", "tracelang.cli.main", *map(str, arguments)]
    if stdin is None:
        command = ["sh", "-c", 'exec "$@" <&-', "sh", *command]
    settings = os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])} | dict(environment or {})
    settings.pop("TRACELANG_DEBUG", None)
    ended = subprocess.run(
        command, input=stdin or b"", capture_output=True, timeout=60, env=settings, user=user,
        group=user, extra_groups=[] if user else None, cwd=cwd or Path.cwd(), check=False,
    )  # fmt: skip
    errors = ended.stderr.decode()
    assert "Traceback" not in errors
    assert "T900" not in errors, errors
    return Ended(ended.returncode, ended.stdout.decode(), errors)


def expect(ended: Ended, status: int, code: str, message: str, help_: str) -> None:
    assert ended.status == status, ended.errors
    assert ended.first.startswith(f"error[{code}]: "), ended.errors
    assert message in ended.first
    helps = re.findall(r"= help: (.*)", ended.errors)
    assert any(help_ in line for line in helps), ended.errors


# --- Files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code", "message", "help_"),
    [
        (b"", "T103", "the script is empty", "syscall:openat"),
        (b"  \n\n", "T103", "the script is empty", "syscall:openat"),
        (b"# nothing but comments\n", "T103", "the script is empty", "syscall:openat"),
        (b"\x7fELF" + bytes(range(256)), "T102", "is a binary file", "name a script"),
        (b"syscall:cl\0ose", "T102", "is a binary file", "name a script"),
        (b"syscall:close\ncapture \xff", "T102", "line 2 has other bytes", "save it as UTF-8"),
        (b"#" * 1_100_000, "T101", "larger than a script may be", "examples/"),
        (b"syscall:close where " + b"(" * 9000 + b"fd" + b")" * 9000, "T104", "too deep", "let"),
        (b"syscall:close capture " + b"-" * 3000 + b"fd", "T104", "too deeply", "let"),
        (b"syscall:close capture " + b"not " * 3000 + b"fd", "T104", "too deeply", "let"),
        (b"syscall:close capture fd" + b" + fd" * 9000, "T104", "too deeply", "let"),
    ],
)
def test_a_file_that_is_no_script(
    content: bytes, code: str, message: str, help_: str, tmp_path: Path
) -> None:
    file = tmp_path / "x.trace"
    file.write_bytes(content)
    expect(run(*CHECK, file), 1, code, message, help_)


def test_a_missing_file_names_itself_and_those_like_it(tmp_path: Path) -> None:
    (tmp_path / "opensnoop.trace").write_text("syscall:openat")
    ended = run(*CHECK, tmp_path / "opensnop.trace")
    expect(ended, 2, "U110", "opensnop.trace`", "opensnoop.trace`")
    ended = run(*CHECK, "/no/such/place/x.trace")
    expect(ended, 2, "U110", "there is no file", "there is no directory `/no/such/place`")


def test_a_directory_is_no_script(tmp_path: Path) -> None:
    expect(run(*CHECK, tmp_path), 2, "U111", "is a directory", "NAME.trace")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; run as root")
def test_an_unreadable_file(tmp_path: Path) -> None:
    python, root = as_seen_by_nobody(tmp_path)
    file = root / "x.trace"
    file.write_text("syscall:close")
    file.chmod(0)
    ended = run("fmt", file, python=python, user=NOBODY, cwd=root)
    expect(ended, 2, "U112", "Permission denied", "ls -l")


def as_seen_by_nobody(directory: Path) -> tuple[str, Path]:
    """Return a Python, and a directory, that any user can reach; skips where there is none."""
    for place in (directory, *directory.parents):
        if not place.name.startswith(("pytest-", "test_")):
            break
        place.chmod(place.stat().st_mode | 0o011)
    probe = subprocess.run(
        [sys.executable, "-c", "import lark"], user=NOBODY, group=NOBODY, check=False,
        capture_output=True, cwd="/",
    )  # fmt: skip
    if probe.returncode:
        pytest.skip("this Python cannot be run by another user; put the checkout where one can")
    return sys.executable, directory


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "it has no kernel.json"),
        ({"kernel.json": "{"}, "is damaged"),
        ({"kernel.json": "[]"}, "something else"),
    ],
)
def test_a_directory_that_is_no_recording(
    files: Mapping[str, str], message: str, tmp_path: Path
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    ended = run("check", "--kernel", tmp_path, "syscall:close")
    expect(ended, 3, "T304", message, "record")


@pytest.fixture(scope="module")
def kernel_without_btf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("kernels") / "without-btf"
    shutil.copytree(KERNEL, directory, ignore=shutil.ignore_patterns("btf.xz", "modules"))
    return directory


def test_a_kernel_without_types_has_tracepoints_still(kernel_without_btf: Path) -> None:
    facts = json.loads((kernel_without_btf / "kernel.json").read_text())
    assert facts["release"]
    check = ("check", "--kernel", kernel_without_btf)
    assert run(*check, "tracepoint:sched:sched_switch capture next_comm, pid").status == 0
    ended = run(*check, "tracepoint:sched:sched_switch capture task.prio")
    assert ended.status == 3
    assert "BTF" in ended.first
    ended = run(*check, "tracepoint:sched:sched_switch capture ppid")
    assert ended.status == 3
    assert "`ppid` is not to be had on this kernel" in ended.first


# --- Words and flags ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "message", "help_"),
    [
        (("-p", "abc"), "U210", "`abc` is not a process id", "-p 42"),
        (("-p", "4000000000"), "U210", "cannot be a process", "pgrep"),
        (("-p", "99999999999999999999"), "U210", "cannot be a process", "pgrep"),
        (("-p", "0"), "U210", "cannot be a process", "pgrep"),
        (("-p", "-1"), "U210", "`-1` is not a process id", "-p 42"),
        (("-d", "x"), "U100", "`x` is not a duration", "usage: tracelang run"),
        (("-d", "0"), "U100", "`0` is not a duration", "usage: tracelang run"),
        (("-d", "-1s"), "U100", "-d", "usage: tracelang run"),
        (("-n", "0"), "U100", "`0` is not a positive number", "usage: tracelang run"),
        (("-n", "many"), "U100", "`many` is not a positive number", "usage: tracelang run"),
        (("-n",), "U100", "expected one argument", "usage: tracelang run"),
        (("--buffer", "0"), "U100", "`0` is not a size", "usage: tracelang run"),
        (("--buffer", "1XB"), "U100", "`1XB` is not a size", "usage: tracelang run"),
        (("--strlen", "0"), "U100", "not a positive number", "usage: tracelang run"),
        (("--strlen", "9000"), "U100", "more than 8192", "usage: tracelang run"),
        (("--max-probes", "-1"), "U100", "not a positive number", "usage: tracelang run"),
        (("--prefer", "uprobe"), "U100", "invalid choice: 'uprobe'", "usage: tracelang run"),
        (("--transport", "x"), "U100", "invalid choice: 'x'", "usage: tracelang run"),
        (("-c", ""), "U100", "no command is given", "usage: tracelang run"),
        (("--follow",), "U104", "`--follow` goes with `-p PID`", "name the process"),
        (("--kernel", KERNEL), "U103", "cannot be traced", "tracelang check --kernel"),
    ],
)
def test_a_flag_with_a_value_that_makes_no_sense(
    arguments: tuple[str, ...], code: str, message: str, help_: str
) -> None:
    expect(run("run", "syscall:close capture fd", *arguments), 2, code, message, help_)


@pytest.mark.parametrize(
    ("arguments", "code", "message", "help_"),
    [
        (("check",), "U100", "required: FILE", "usage: tracelang check"),
        (("emit",), "U100", "required: stage", "usage: tracelang emit"),
        (("emit", "xml", "syscall:close"), "U100", "invalid choice: 'xml'", "usage:"),
        (("run",), "U100", "no script is given", "one-liner in quotes"),
        (("describe",), "U100", "required: NAME", "usage: tracelang describe"),
        ((*CHECK, "syscall:close", "--strlne", "2"), "U101", "`--strlne`", "mean `--strlen`?"),
        ((*CHECK, "syscall:close", "--max-probe=9"), "U101", "`--max-probe`", "`--max-probes`?"),
        ((*CHECK, "param least = 0 syscall:close where fd > least", "--leest", "3"),
         "U101", "`--leest`", "did you mean `--least`?"),
        ((*CHECK, "param least = 0 syscall:close where fd > least", "--least", "three"),
         "U102", "`--least` takes an integer", ""),
    ],
)  # fmt: skip
def test_words_that_are_missing_or_unknown(
    arguments: tuple[str, ...], code: str, message: str, help_: str
) -> None:
    ended = run(*arguments)
    if help_:
        expect(ended, 2, code, message, help_)
    else:
        assert (ended.status, message in ended.first) == (2, True)


@pytest.mark.parametrize(
    ("text", "code", "message", "help_"),
    [
        ("", "T103", "the script is empty", "syscall:openat"),
        ("   ", "T103", "the script is empty", "syscall:openat"),
        ("nonsense", "T117", "`nonsense` is not a target", "kprobe:nonsense"),
        ("x" * 300, "T117", "is not a target", "kprobe:"),
        ("x" * 100_000, "T117", "is not a target", "kprobe:"),
        ("lst", "T109", "`lst` begins no rule", "did you mean `let`?"),
    ],
)
def test_one_liners_that_are_none(text: str, code: str, message: str, help_: str) -> None:
    expect(run(*CHECK, text), 1, code, message, help_)


def test_several_scripts_are_all_checked_and_the_worst_counts(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.trace", tmp_path / "bad.trace"
    good.write_text("syscall:close capture fd")
    bad.write_text("syscall:close capture fdd")
    ended = run(*CHECK, bad, good, "/no/such.trace")
    assert ended.status == 2
    assert f"{good}: ok, 1 probe" in ended.output
    assert [line for line in ended.errors.splitlines() if line.startswith("error")] == [
        "error[T203]: syscall close has no field `fdd`",
        "error[U110]: there is no file `/no/such.trace`",
    ]


# --- Standard input and output --------------------------------------------------------------------


def test_a_script_on_standard_input() -> None:
    assert run(*CHECK, "-", stdin=b"syscall:close capture fd").status == 0
    ended = run(*CHECK, "-", stdin=b"syscall:close capture fdd")
    assert ended.status == 1
    assert "--> <standard input>:1:23" in ended.errors
    expect(run(*CHECK, "-", stdin=b"\0" * 100), 1, "T102", "binary", "name a script")
    expect(run(*CHECK, "-", stdin=b"#" * 300_000), 1, "T101", "larger", "examples/")


def test_a_closed_standard_input() -> None:
    expect(run(*CHECK, "-", stdin=None), 1, "T103", "the script is empty", "syscall:openat")
    expect(run(stdin=None), 1, "T103", "the script is empty", "syscall:openat")


def shell(line: str) -> subprocess.CompletedProcess[str]:
    command = f'tracelang() {{ {sys.executable} -m tracelang.cli.main "$@"; }}; {line}'
    ended = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    return ended


def test_an_output_that_is_full_closed_or_gone() -> None:
    check = f"tracelang check --kernel {KERNEL} 'syscall:close capture fd'"
    full = shell(f"{check} > /dev/full")
    assert full.returncode == 3
    assert full.stderr.startswith("error[T330]: the output cannot be written: No space left")
    assert shell(f"{check} >&-").returncode == 0
    gone = shell(
        f"tracelang emit c --kernel {KERNEL} 'syscall:close' | true; exit ${{PIPESTATUS[0]}}"
    )
    assert (gone.returncode, gone.stderr) == (0, "")


# --- The machine ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "package", ["__version__ = '0.1.10'", "raise ImportError('libbcc.so.0: cannot open')"]
)
def test_another_package_called_bcc(package: str, tmp_path: Path) -> None:
    (tmp_path / "bcc").mkdir()
    (tmp_path / "bcc" / "__init__.py").write_text(package)
    root = Path(__file__).parents[3]
    ended = run(
        "emit", "asm", "begin print \"x\"",
        environment={"PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"},
    )  # fmt: skip
    expect(ended, 3, "T311", "`bcc`", "python3-bpfcc")


def test_a_python_without_the_packages_it_needs(tmp_path: Path) -> None:
    python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
    root = Path(__file__).parents[3]
    hidden = "import sys; sys.path = [p for p in sys.path if 'packages' not in p]\n"
    program = (
        f"{hidden}sys.path.insert(0, {str(root)!r})\nfrom tracelang.cli.main import entry\nentry()"
    )
    ended = subprocess.run(
        [python, "-E", "-c", program, *CHECK, "syscall:close"],
        capture_output=True, text=True, timeout=60, check=False,
        env={"XDG_CACHE_HOME": str(tmp_path), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert ended.returncode == 3, ended.stderr
    assert re.match(r"error\[T306\]: this Python \(\S+\) does not have `lark`", ended.stderr)
    assert "pip install tracelang" in ended.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; run as root")
def test_without_being_root(tmp_path: Path) -> None:
    python, root = as_seen_by_nobody(tmp_path)
    ended = run(*CHECK, "syscall:close", python=python, user=NOBODY, cwd=root)
    assert ended.status == 0
    ended = run('begin print "x"', "-n", "1", python=python, user=NOBODY, cwd=root)
    assert ended.status == 3
    assert "root" in ended.errors
