"""`make bench-quick`: what no noise can break. No clock is looked at."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Final

from bench.processes import Load, tracelang
from tracelang.build.object import BuiltObject
from tracelang.launch.compile import ScriptCompiler
from tracelang.launch.options import LaunchOptions
from tracelang.source import SourceFile

_CALLS: Final = 100_000
_EVENTS: Final = _CALLS + 1
"""The load writes what it measured, too."""
_RECORDED: Final = Path(__file__).with_name("instructions.json")
_SCRIPTS: Final = {
    "filter": "syscall:write where pid == 1 capture pid",
    "stream": 'syscall:write where pid == 1 capture ts, pid, comm, count print "%d %d %s %d"',
    "count": "syscall:write where pid == 1 aggregate count()",
    "comm": "syscall:write where pid == 1 aggregate count() by comm",
    "hist": "syscall:write where pid == 1 aggregate hist(count)",
    "span": "span syscall:openat where retval < 0 capture comm, filename, errno(retval)",
}


def main() -> int:
    """Check everything; return the exit status. `--record` writes the instruction counts anew."""
    counts = count_instructions()
    if "--record" in sys.argv:
        _RECORDED.write_text(json.dumps(counts, indent=2) + "\n", encoding="utf-8")
    wrong = [*check_instructions(counts), *check_stream(), *check_count()]
    for line in wrong:
        print(f"bench-quick: {line}", file=sys.stderr)
    print(f"bench-quick: {'failed' if wrong else 'ok'}: {counts}")
    return bool(wrong)


def count_instructions() -> dict[str, int]:
    """Return the instructions of each script's programs together."""
    with ScriptCompiler(None) as compiler:
        built = {
            name: compiler.compile([SourceFile(name, text)], LaunchOptions()).built
            for name, text in _SCRIPTS.items()
        }
    return {name: _instructions(one) for name, one in built.items()}


def _instructions(built: BuiltObject) -> int:
    return sum(len(program.instructions) // 8 for program in built.programs)


def check_instructions(counts: dict[str, int]) -> list[str]:
    """Return which scripts compile to more than was recorded."""
    recorded = json.loads(_RECORDED.read_text(encoding="utf-8"))
    return [
        f"{name} takes {count} instructions, recorded are {recorded[name]}"
        for name, count in counts.items()
        if count > recorded[name]
    ]


def check_stream() -> list[str]:
    """Return what was lost of a stream at full speed."""
    with Load(_CALLS) as load:
        script = f'syscall:write where pid == {load.pid} capture count print "%d"'
        with tracelang(script) as tracer:
            load.run()
            ended = tracer.end()
    seen = ended.output.count(b"\n")
    return [] if seen == _EVENTS else [f"of {_EVENTS} events {seen} were shown: {ended.errors}"]


def check_count() -> list[str]:
    """Return what an aggregate missed."""
    with Load(_CALLS) as load:
        script = f"syscall:write where pid == {load.pid} aggregate count() as n"
        with tracelang(script, "-o", "csv") as tracer:
            load.run()
            ended = tracer.end()
    seen = ended.output.split()[-1:]
    return [] if seen == [b"%d" % _EVENTS] else [f"{_EVENTS} events were counted as {seen}"]


if __name__ == "__main__":
    sys.exit(main())
