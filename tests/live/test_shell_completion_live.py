"""The Tab key in real shells: bash, zsh and fish complete commands, options and one-liners."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.processes import TracelangCommand
from tests.terminal import TAB, Terminal

CLEAR = "\x15"
BIN = Path(sys.executable).parent
START = {
    "bash": ("bash", "--norc", "--noprofile", "-i"),
    "zsh": ("zsh", "-f", "-i"),
    "fish": ("fish", "--no-config", "-i"),
}
SET_UP = {
    "bash": 'PS1="ready> "; eval "$(tracelang completion bash)"',
    "zsh": 'PS1="ready> "; autoload -U compinit; compinit -D; eval "$(tracelang completion zsh)"',
    "fish": 'function fish_prompt; echo "ready> "; end; tracelang completion fish | source',
}


@pytest.fixture(params=sorted(START))
def shell(
    request: pytest.FixtureRequest, tracelang: TracelangCommand, tmp_path: Path
) -> Iterator[Terminal]:
    """A shell that has been taught to complete, in a directory with one script."""
    name: str = request.param
    if shutil.which(name) is None:
        pytest.skip(f"no {name}; `make test` installs it, TRACELANG_REQUIRE=live insists")
    (tmp_path / "watch.trace").write_text(
        'param slow = 10ms "how long is slow"\nparam loud = false\nprobe syscall:read\n'
    )
    environment = {
        **tracelang.environment,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path),
        "PATH": f"{BIN}:/usr/bin:/bin",
    }
    with ExitStack() as stack:
        terminal = stack.enter_context(
            Terminal.start(START[name], size=(40, 100), cwd=tmp_path, environment=environment)
        )
        terminal.send(SET_UP[name] + "; clear\r")
        terminal.wait_for(lambda text: text.startswith("ready>") and "clear" not in text)
        yield terminal


def _last(text: str) -> str:
    """Return the command line: what stands behind the last prompt."""
    return " ".join(text.rpartition("ready>")[2].split())


def _completes(terminal: Terminal, typed: str, wanted: str) -> None:
    """Clear the line, type, press Tab, and wait until the line has what is wanted."""
    terminal.send(CLEAR + typed + TAB)
    terminal.wait_for(lambda text: wanted in _last(text))


def test_the_tab_key(shell: Terminal) -> None:
    _completes(shell, "tracelang desc", "tracelang describe")
    _completes(shell, "tracelang -o fla", "-o flamegraph")
    _completes(shell, "tracelang 'syscall:getpgi", "tracelang 'syscall:getpgid")
    _completes(shell, "tracelang 'syscall:openat capture comm, filen", "capture comm, filename")
    # The quote stays open, for what is typed next.
    shell.send(", fl")
    shell.wait_for(lambda text: "filename, fl" in _last(text))
    _completes(shell, "tracelang ./watch.trace --slo", "./watch.trace --slow")
    # Where nothing of ours fits, files do.
    _completes(shell, "tracelang ./wat", "./watch.trace")
    # Several: all are shown.
    shell.send(CLEAR + "tracelang 'syscall:openat capture f" + TAB + TAB)
    shell.wait_for(lambda text: "filename" in text and "flags" in text)
