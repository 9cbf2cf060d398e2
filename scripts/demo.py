"""`make demo`: the seed scripts at work on this machine's own kernel; it ends by itself.

Everything shown is real: each script's text is its file, and each output comes from the `tracelang`
command while it traces a small workload that this program starts and that ends by itself.
"""

from __future__ import annotations

import json
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
TRACELANG: Final = (sys.executable, "-m", "tracelang.cli.main")
WIDTH: Final = 78
_CANNOT: Final = 3

_STARTS: Final = "date; uname -r; seq 1000 | tail -1"
_CONNECTS: Final = "for n in 1 2 3; do exec 3<>/dev/tcp/127.0.0.1/{port}; done"
_FORKS: Final = "date; unshare --net sh -c 'date; date'"

_END: Final = """
Each trace watched its own workload only: that is what `-c` does. Without it the
same scripts watch the whole machine, until Ctrl-C:

    sudo .venv/bin/tracelang examples/who-calls-execve.trace
    sudo .venv/bin/tracelang 'syscall:openat capture comm, filename where uid == 0'

More scripts are in examples/tools/; `tracelang SCRIPT --help` says what each is for.
docs/tutorial.md begins with one word.
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A script and the workload it watches, as a shell's text and in words."""

    question: str
    script: str
    workload: str
    shell: str = "sh"


def main() -> int:
    """Show every scene; return 0, or 3 after saying what keeps this machine from tracing."""
    if not can_trace():
        return _CANNOT
    with serving() as port:
        scenes = make_scenes(port)
        for number, scene in enumerate(scenes, 1):
            if status := play(scene, f"{number} of {len(scenes)}"):
                return status
    say(rule("that was it"))
    say(_END)
    return 0


def make_scenes(port: int) -> tuple[Scene, ...]:
    """Return the scenes; a server answers on `port` of the loopback interface."""
    return (
        Scene("who starts programs?", "who-calls-execve.trace", _STARTS),
        Scene(
            "who opens TCP connections, and to where?",
            "who-calls-connect.trace",
            _CONNECTS.format(port=port),
            "bash",
        ),
        Scene("which namespaces do new processes live in?", "namespaces.trace", _FORKS),
    )


def play(scene: Scene, place: str) -> int:
    """Show a scene's script and let it run; return the command's exit status."""
    path = f"examples/{scene.script}"
    say(rule(f"{place}: {scene.question}") + "\n")
    for line in (ROOT / path).read_text(encoding="utf-8").splitlines():
        say(f"    {line}")
    workload = shlex.join([scene.shell, "-c", f"exec >/dev/null; {scene.workload}"])
    say("\nthe workload (its own output is thrown away):\n")
    say(f"    {scene.workload}\n")
    say(bold(f"$ tracelang {path} -c WORKLOAD"))
    done = subprocess.run([*TRACELANG, path, "-c", workload], cwd=ROOT, check=False)
    say("")
    return done.returncode


@contextmanager
def serving() -> Iterator[int]:
    """Accept connections on the loopback interface; yield the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def _accept(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:  # the demo is over and the server closed
            return


# --- What this machine lacks ----------------------------------------------------------------------


def can_trace() -> bool:
    """Ask `tracelang doctor`; when it finds that nothing can be traced, say what is missing."""
    asked = subprocess.run(
        [*TRACELANG, "doctor", "--json"], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if asked.returncode == 0:
        return True
    say("The demo traces this machine's kernel, and that is not possible here:\n")
    if asked.returncode != _CANNOT:
        say(asked.stderr)
        return False
    for finding in json.loads(asked.stdout)["findings"]:
        if finding["verdict"] == "missing":
            say(f"  {finding['name']}: {finding['detail']}")
            say(f"      → {finding['remedy']}")
    say("\nAll of what was looked at: `.venv/bin/tracelang doctor`. What works without root:")
    say("`make test-unit`, and `.venv/bin/tracelang check --kernel tests/kernels/debian-6.1 FILE`.")
    return False


# --- Text -----------------------------------------------------------------------------------------


def rule(title: str) -> str:
    """Return a heading as wide as the demo."""
    return bold(f"── {title} ".ljust(WIDTH, "─"))


def bold(text: str) -> str:
    """Return the text in bold where it goes to a terminal."""
    return f"\x1b[1m{text}\x1b[0m" if sys.stdout.isatty() else text


def say(text: str) -> None:
    """Write at once, so that it stands before what the traced command writes."""
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
