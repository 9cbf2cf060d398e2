"""Starting from the cache: what is imported, that it traces the same, and that stale entries heal.

The list of modules guards the time a start takes: a clock would measure the machine's other work.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.live.runs import events_of, trace
from tests.processes import Completed, TracelangCommand, Workloads, finish
from tracelang.binaries.libraries import find_libraries
from tracelang.build.cache import ObjectCache
from tracelang.build.object import ProgramObject
from tracelang.build.stored import pack_script, unpack_script
from tracelang.launch.compile import ScriptCompiler
from tracelang.launch.options import LaunchOptions
from tracelang.source import SourceFile

SCRIPT = 'probe begin capture 1 as one print "%d" stop after 10ms'

# What a start may never import (cold ones may), and what only a script that needs it may.
FORBIDDEN = (
    *("lark", "jinja2", "bcc", "rich", "prompt_toolkit", "pyarrow"),
    *("importlib.metadata", "email", "logging", "json", "asyncio", "multiprocessing"),
    *("tracelang.syntax", "tracelang.codegen", "tracelang.probes", "tracelang.plan.lower"),
    *("tracelang.kernel.btf", "tracelang.kernel.live", "tracelang.semantic.model"),
    *("tracelang.semantic.script", "tracelang.build.compile", "tracelang.binaries"),
)

# Runs a command and then tells of itself what the command imported and mapped.
_CONFESS = """\
import sys, io
from tracelang.cli.main import main
before = set(sys.modules)
status = main(sys.argv[1:])
maps = open("/proc/self/maps").read()
import json
json.dump({"modules": sorted(sys.modules), "llvm": "LLVM" in maps, "status": status}, sys.stderr)
"""


@pytest.fixture
def private(tmp_path: Path, tracelang: TracelangCommand) -> TracelangCommand:
    """The command with a cache of its own, empty at first."""
    home = tmp_path / "cache"
    home.mkdir()
    return TracelangCommand({**tracelang.environment, "XDG_CACHE_HOME": str(home)})


def entries(command: TracelangCommand) -> list[Path]:
    directory = Path(command.environment["XDG_CACHE_HOME"]) / "tracelang" / "objects"
    return list(directory.iterdir()) if directory.is_dir() else []


def confess(command: TracelangCommand, *arguments: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-S", "-c", _CONFESS, *arguments],
        env={**command.environment, "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    found: dict[str, object] = json.loads(done.stderr.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    "arguments",
    [
        (SCRIPT, "-q"),
        ("syscall:close capture pid, comm, fd stop after 50ms", "-q"),
        ("syscall:close aggregate count() by comm stop after 50ms", "-q"),
        ("check", "span syscall:openat where retval < 0 capture filename, errno(retval)"),
        ("--help",),
        ("run", "--help"),
        ("--version",),
    ],
    ids=lambda a: " ".join(a)[:30],
)
def test_a_start_from_the_cache_imports_only_what_it_needs(
    private: TracelangCommand, arguments: tuple[str, ...]
) -> None:
    confess(private, *arguments)
    found = confess(private, *arguments)
    assert found["status"] == 0
    assert not found["llvm"]
    modules = found["modules"]
    assert isinstance(modules, list)
    unwanted = [m for m in modules for f in FORBIDDEN if m == f or m.startswith(f + ".")]
    assert unwanted == ["json", "json.decoder", "json.encoder", "json.scanner"]  # our own


def test_a_script_from_the_cache_traces_the_same(private: TracelangCommand) -> None:
    arguments = ("syscall:close where fd == 77 capture comm, fd", "-c")
    command = "python3 -S -c 'import os; os.dup2(1, 77); os.close(77)'"
    first, second = (trace(private, *arguments, command) for _ in range(2))
    assert len(entries(private)) == 1
    assert [(e["comm"], e["fd"]) for e in first] == [(e["comm"], e["fd"]) for e in second]
    assert [e["fd"] for e in second] == [77]


def test_without_a_cache_nothing_is_kept(private: TracelangCommand) -> None:
    for _ in range(2):
        assert private(SCRIPT, "--no-cache").stdout == "1\n"
    assert not entries(private)


def test_warnings_are_shown_from_the_cache_too(private: TracelangCommand) -> None:
    script = "probe syscall:close where 1 == 2 capture fd probe begin capture 1 as one"
    first, second = (private(script, "-d", "10ms") for _ in range(2))
    assert len(entries(private)) == 1
    assert "warning[T261]" in second.stderr
    assert first.stderr.partition(" lost")[0] == second.stderr.partition(" lost")[0]


def test_an_entry_the_kernel_refuses_is_compiled_afresh(private: TracelangCommand) -> None:
    source = SourceFile("<command line>", SCRIPT)
    cache = ObjectCache(_objects(private))
    options = LaunchOptions()
    with ScriptCompiler(cache) as compiler:
        good = compiler.compile([source], options)
        key = compiler._key([source], options.for_compiling())
        data = cache.load(key)
        assert data is not None
        stored = unpack_script(data, (source,))
        assert stored.built is not None
        programs = [ProgramObject(p.name, bytes(8), (), ()) for p in stored.built.programs]
        broken = replace(stored, built=replace(stored.built, programs=tuple(programs)))
        cache.store(key, pack_script(broken, (source,)))
        assert compiler.compile([source], options).built != good.built
    done: Completed = private(SCRIPT)
    assert (done.status, done.stdout) == (0, "1\n"), done.stderr
    healed = cache.load(key)
    assert healed is not None
    rebuilt = unpack_script(healed, (source,)).built
    assert rebuilt is not None
    # Instructions hold the descriptors that maps had in the compiler.
    assert [p.maps for p in rebuilt.programs] == [p.maps for p in good.built.programs]


def test_a_program_that_was_replaced_is_looked_at_again(
    private: TracelangCommand, tmp_path: Path
) -> None:
    libraries = {lib.soname: lib.path for lib in find_libraries(platform.machine())}
    program = tmp_path / "program.so"
    for soname, status in (("libc.so.6", 0), ("libm.so.6", 1), ("libc.so.6", 0)):
        shutil.copy(libraries[soname], program)
        for _ in range(2):
            assert private("check", f"uprobe:{program}:malloc capture pid").status == status


def test_another_process_needs_no_other_programs(
    private: TracelangCommand, workloads: Workloads
) -> None:
    """The loader fills in which process it is, and no other's calls are seen."""
    script = 'probe begin print "ready" probe syscall:getpgid print "%d", pid'
    for _ in range(2):
        work, other = (workloads.python("os.getpgid(0)") for _ in range(2))
        process = private.start(script, "-p", str(work.pid))
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for each in (other, work):
            each.go()
            each.wait()
        assert finish(process).stdout == f"{work.pid}\n"
        assert len(entries(private)) == 1


def test_two_that_start_at_once_agree(private: TracelangCommand) -> None:
    started = [private.start(SCRIPT, "-o", "json") for _ in range(3)]
    for process in started:
        stdout, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
        assert [e["one"] for e in events_of(Completed(stdout, stderr, 0))] == [1]
    assert len(entries(private)) == 1


def _objects(command: TracelangCommand) -> Path:
    directory = Path(command.environment["XDG_CACHE_HOME"]) / "tracelang" / "objects"
    directory.mkdir(mode=0o700, parents=True)
    directory.parent.chmod(0o700)
    return directory
