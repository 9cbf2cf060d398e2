"""Compiling and checking scripts in Python, on recorded kernels."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import tracelang
from tests.unit.kernel.kernels import KERNELS
from tracelang.api.histogram import Histogram

KERNEL = KERNELS / "debian-6.1"


def test_a_script_shows_what_it_becomes() -> None:
    script = tracelang.compile(
        'param least = 1 "the least" probe syscall:read where count > least capture comm, count',
        kernel=KERNEL,
        least=5,
    )
    assert [(p.name, p.type, p.value) for p in script.params] == [("least", "int", "5")]
    assert script.plan.outputs[0].targets == (("syscall:read", "read"),)
    assert "BPF" in script.c
    assert "option --least is 5" in script.explain()
    assert script.event_types[0]._fields == ("comm", "count")
    assert script.event_types[0].__name__ == "read"
    assert repr(script) == "<Script '<script>' of 1 rule>"


def test_an_error_carries_its_diagnostics_and_reads_like_the_commands() -> None:
    with pytest.raises(tracelang.ScriptError) as caught:
        tracelang.compile("syscall:openat capture comm, filname", kernel=KERNEL)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "T203"
    assert diagnostic.primary is not None
    assert (diagnostic.primary.span.line, diagnostic.primary.span.column) == (1, 30)
    assert str(caught.value).startswith("error[T203]: syscall openat has no field `filname`\n")
    assert "did you mean `filename`?" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("script", "arguments", "kind", "code"),
    [
        ("no/such/file.trace", {}, tracelang.UsageError, "U110"),
        (Path("one-word"), {}, tracelang.UsageError, "U110"),
        ("probe", {}, tracelang.ScriptError, "T1"),
        ("syscall:read", {"nosuch": 1}, tracelang.UsageError, "U101"),
        ("param a = 1 probe syscall:read where fd == a", {"a": "x"}, tracelang.UsageError, "U102"),
        ("kprobe:no_such_function", {}, tracelang.ScriptError, "T2"),
    ],
    ids=str,
)
def test_each_mistake_has_its_kind_of_error(
    script: str | Path, arguments: dict[str, object], kind: type[tracelang.Error], code: str
) -> None:
    with pytest.raises(kind) as caught:
        tracelang.compile(script, kernel=KERNEL, params=arguments)
    assert caught.value.diagnostics[0].code.startswith(code)
    assert isinstance(caught.value, tracelang.Error)
    assert type(caught.value).__module__ == "tracelang"


def test_check_returns_what_it_finds() -> None:
    assert tracelang.check("syscall:openat", kernel=KERNEL) == ()
    (found,) = tracelang.check("syscall:opena", kernel=KERNEL)
    assert found.code == "T202"
    (warning,) = tracelang.check("syscall:read where 1 == 2", kernel=KERNEL)
    assert warning.severity.value == "warning"


@pytest.mark.parametrize("duration", ["ten", "1 fortnight", 0, -1])
def test_arguments_are_checked_before_anything_happens(duration: str | int) -> None:
    with pytest.raises(tracelang.UsageError), warnings.catch_warnings():
        tracelang.trace("syscall:read", duration=duration)


def test_importing_it_imports_nothing_else() -> None:
    program = (
        "import sys; before = set(sys.modules); import tracelang; "
        "print(sorted(m for m in set(sys.modules) - before if m.startswith('tracelang'))); "
        "assert set(tracelang.__all__) <= set(dir(tracelang)); "
        "[getattr(tracelang, name) for name in tracelang.__all__]"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "['tracelang']\n"


def test_a_histogram_of_one_event_is_no_plural() -> None:
    assert repr(Histogram(((1, 2, 1),))) == "<Histogram of 1 event in 1 bucket>"
    assert repr(Histogram(((1, 2, 1), (2, 4, 3)))) == "<Histogram of 4 events in 2 buckets>"
