"""From text to what can be loaded, by way of the cache: what makes a hit, and what makes none.

The kernel is a recorded one, so only checking is tried here; tests/live builds, loads and runs.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cases.compiling import Conditions, compile_case, open_recorded
from tracelang.build.cache import ObjectCache
from tracelang.build.object import BuiltObject
from tracelang.diagnostics import DiagnosticError
from tracelang.kernel.machine import recorded_machine
from tracelang.launch import compile as script_compiler
from tracelang.launch.compile import CompiledScript, ScriptCompiler
from tracelang.launch.options import LaunchOptions
from tracelang.pipeline import CompileOptions
from tracelang.plan.process_filter import ProcessFilter
from tracelang.semantic.options import BindOptions
from tracelang.source import SourceFile

SCRIPT = "param n = 3 probe syscall:close where fd == n capture fd"
OPTIONS = LaunchOptions()


@pytest.fixture
def compiler(tmp_path: Path) -> ScriptCompiler:
    return ScriptCompiler(ObjectCache(tmp_path), open_recorded("linux-6.18"))


def is_known(
    compiler: ScriptCompiler,
    options: LaunchOptions = OPTIONS,
    *,
    text: str = SCRIPT,
    name: str = "a",
) -> bool:
    return compiler.check([SourceFile(name, text)], options).cached


def test_the_same_script_is_known_the_second_time(compiler: ScriptCompiler) -> None:
    assert not is_known(compiler)
    assert is_known(compiler)
    again = ScriptCompiler(compiler._cache, open_recorded("linux-6.18"))
    assert is_known(again)


@pytest.mark.parametrize(
    "options",
    [
        LaunchOptions(strlen=64),
        LaunchOptions(prefer="fentry"),
        LaunchOptions(max_probes=7),
        LaunchOptions(params={"n": "4"}),
        LaunchOptions(transport="perf"),
    ],
    ids=repr,
)
def test_another_option_is_another_script(compiler: ScriptCompiler, options: LaunchOptions) -> None:
    is_known(compiler)
    assert not is_known(compiler, options)


def test_other_processes_are_another_script(compiler: ScriptCompiler) -> None:
    filters = (ProcessFilter(), ProcessFilter(pid=True), ProcessFilter(comm="sh"))
    source = SourceFile("a", SCRIPT)
    keys = {compiler._key([source], CompileOptions(BindOptions(), f)) for f in filters}
    assert len(keys) == len(filters)


def test_another_text_or_name_is_another_script(compiler: ScriptCompiler) -> None:
    is_known(compiler)
    assert not is_known(compiler, text=SCRIPT + " ")
    assert not is_known(compiler, name="b")


def test_the_options_a_command_has_of_its_own_are_no_part_of_the_meaning(
    compiler: ScriptCompiler,
) -> None:
    is_known(compiler)
    assert is_known(compiler, LaunchOptions(own_options=("out",), buffer=4096))


def test_another_kernel_is_another_script(compiler: ScriptCompiler) -> None:
    is_known(compiler)
    assert not is_known(ScriptCompiler(compiler._cache, open_recorded("debian-6.1")))


@pytest.mark.parametrize(
    "changed",
    [
        {"kernel": "another"},
        {"architecture": "another"},
        {"tracefs": ""},
        {"events": "another"},
        {"sources": ()},
        {"namespace": (4, 5)},
        {"may_trace": False},
    ],
    ids=repr,
)
def test_another_machine_is_another_script(
    compiler: ScriptCompiler, monkeypatch: pytest.MonkeyPatch, changed: dict[str, Any]
) -> None:
    is_known(compiler)
    machine = replace(recorded_machine(compiler.kernel), **changed)
    monkeypatch.setattr(script_compiler, "recorded_machine", lambda _kernel: machine)
    assert not is_known(compiler)


def test_other_software_is_another_script(
    compiler: ScriptCompiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_known(compiler)
    monkeypatch.setattr(script_compiler, "software_identity", lambda: "another")
    assert not is_known(ScriptCompiler(compiler._cache, compiler.kernel))


def test_what_was_observed_must_still_hold(
    compiler: ScriptCompiler, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'syscall:close where user(uid) == "root" capture fd'
    is_known(compiler, text=text)
    assert is_known(compiler, text=text)
    monkeypatch.setattr("tracelang.semantic.observed.NumberSeen.holds", lambda _seen: False)
    assert not is_known(compiler, text=text)


def test_what_is_known_says_the_same(compiler: ScriptCompiler) -> None:
    source = SourceFile("a", "syscall:close where 1 == 2 capture fd")
    first, second = (compiler.check([source], OPTIONS) for _ in range(2))
    assert (second.plan, second.warnings) == (first.plan, first.warnings)
    assert [w.code for w in second.warnings] == ["T261"]


def test_a_script_that_is_wrong_is_not_remembered(compiler: ScriptCompiler) -> None:
    for _ in range(2):
        with pytest.raises(DiagnosticError, match="T203"):
            is_known(compiler, text="syscall:close capture nonsense")


def test_a_damaged_entry_is_compiled_again(compiler: ScriptCompiler, tmp_path: Path) -> None:
    is_known(compiler)
    (entry,) = tmp_path.iterdir()
    entry.write_bytes(entry.read_bytes()[:-9])
    assert not is_known(compiler)
    assert is_known(compiler)


def test_without_a_cache_nothing_is_remembered() -> None:
    compiler = ScriptCompiler(None, open_recorded("linux-6.18"))
    assert not is_known(compiler)
    assert not is_known(compiler)


def test_what_the_kernel_refused_is_not_among_what_is_attached() -> None:
    plan = compile_case("kprobe:vfs_read*", Conditions(kernel="debian-6.1")).plan
    script = CompiledScript(plan, BuiltObject((), ()), (), {}, (), 128, cached=False)
    everything = list(script.describe_attachments())
    assert len(everything) == len(plan.attachments) > 1
    assert list(script.describe_attachments(plan.attachments[:1])) == everything[1:]
