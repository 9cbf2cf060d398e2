"""What is said of kernel functions that are not there, and of a kernel that can probe them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.processes import Completed, TracelangCommand, finish

MISTAKES = """probe kprobe:vfs_opne
probe kprobe:*
probe kretprobe:vfs_open capture path
probe kprobe:vfs_open capture path.dentri
"""


@pytest.fixture(scope="module")
def ended(tracelang: TracelangCommand) -> Mapping[str, Completed]:
    """Both commands, at the same time: the guest has two processors."""
    started = {
        "mistakes": tracelang.start("check", MISTAKES),
        "doctor": tracelang.start("doctor"),
    }
    return {name: finish(process) for name, process in started.items()}


@pytest.mark.parametrize(
    ("message", "help_"),
    [
        (
            "error[T202]: kernel function `vfs_opne` does not exist on this kernel",
            "`kprobe:vfs_open`",
        ),
        ("error[T230]: these are ", "--max-probes "),
        ("error[T203]: kretprobe vfs_open has no field `path`", "retval"),
        ("error[T205]: `struct path` has no member `dentri`", "did you mean `dentry`?"),
    ],
)
def test_mistakes_are_named(ended: Mapping[str, Completed], message: str, help_: str) -> None:
    completed = ended["mistakes"]
    assert completed.status == 1
    assert "Traceback" not in completed.stderr
    (report,) = [
        r for r in completed.stderr.split("\nerror") if message in f"error{r}" or message in r
    ]
    assert help_ in report


@pytest.mark.parametrize("what", ["kprobes", "fentry and fexit", "a program"])
def test_doctor_finds_that_functions_can_be_probed(
    ended: Mapping[str, Completed], what: str
) -> None:
    completed = ended["doctor"]
    assert completed.status == 0, completed.stdout
    (line,) = [row for row in completed.stdout.splitlines() if row.strip().startswith(what)]
    assert line.split(what)[1].split()[0] == "ok"
