"""Reading a magic's line."""

from __future__ import annotations

import pytest

from tracelang.diagnostics import DiagnosticError
from tracelang.notebook.line import parse_line


@pytest.mark.parametrize(
    ("line", "script"),
    [
        ("syscall:openat", "syscall:openat"),
        ("-n 3 syscall:openat capture comm", "syscall:openat capture comm"),
        ("syscall:openat -n 3", "syscall:openat"),
        ("'syscall:openat capture comm' -n 3", "syscall:openat capture comm"),
        (
            'syscall:openat where filename == "/etc/a b" capture comm',
            'syscall:openat where filename == "/etc/a b" capture comm',
        ),
        ("-n 3 tool.trace --failed", "tool.trace"),
        ("syscall:read where fd -n == 3", "syscall:read where fd -n == 3"),
        ("", ""),
    ],
)
def test_the_script_may_be_quoted_or_not(line: str, script: str) -> None:
    parsed = parse_line(line)
    assert parsed.script == script
    assert parsed.known.events == (3 if "-n 3" in line else None)


def test_options_and_params_stand_on_either_side() -> None:
    parsed = parse_line("-c 'sh -c \"a; b\"' -d 2s --failed --least=4KiB tool.trace --pid 7 -q")
    assert parsed.known.command == 'sh -c "a; b"'
    assert parsed.known.duration == 2_000_000_000
    assert parsed.known.quiet
    assert parsed.script == "tool.trace"
    assert parsed.params == {"failed": "yes", "least": "4KiB", "pid": "7"}


@pytest.mark.parametrize(
    "line",
    ["'syscall:openat' -n 3 more", "-n none syscall:read", "a:b -x", "-x a:b", "-d 0 a:b"],
)
def test_what_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        parse_line(line)
    assert caught.value.diagnostics[0].code == "U100"
