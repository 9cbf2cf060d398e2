"""A compilation's stages: lazy, each once, several texts as one script."""

from __future__ import annotations

import pytest

from tests.cases.compiling import Conditions, compile_case, open_recorded
from tracelang.diagnostics import DiagnosticError
from tracelang.pipeline import Compilation, CompileOptions
from tracelang.plan.process_filter import ProcessFilter
from tracelang.semantic.options import BindOptions
from tracelang.source import SourceFile


def test_nothing_runs_before_it_is_asked_for() -> None:
    compilation = compile_case("this is no script")
    assert compilation.name == "case.trace"
    with pytest.raises(DiagnosticError):
        _ = compilation.ast


def test_a_stage_runs_once() -> None:
    compilation = compile_case("syscall:close capture fd")
    assert compilation.ast is compilation.ast
    assert compilation.plan is compilation.plan
    assert compilation.artifact is compilation.artifact


def test_several_texts_are_one_script() -> None:
    texts = ("let small = fd < 3", "probe syscall:close where small capture fd")
    sources = tuple(SourceFile(f"{n}.trace", text) for n, text in enumerate(texts))
    options = CompileOptions(BindOptions(), ProcessFilter())
    compilation = Compilation(sources, open_recorded("linux-6.18"), options)
    assert len(compilation.plan.programs) == 1
    assert compilation.plan.programs[0].file == "1.trace"


@pytest.mark.parametrize(("wanted", "used"), [("auto", "ring"), ("ring", "ring"), ("perf", "perf")])
def test_the_transport_is_what_the_kernel_has_or_was_asked_for(wanted: str, used: str) -> None:
    options = CompileOptions(BindOptions(), ProcessFilter(), wanted)
    source = SourceFile("t", "syscall:close capture fd")
    compilation = Compilation((source,), open_recorded("linux-6.18"), options)
    assert compilation.plan.transport == used
    assert ("perf_submit" in compilation.artifact.c_text) == (used == "perf")


@pytest.mark.parametrize(
    "processes",
    [ProcessFilter(pid=True), ProcessFilter(comm="bash"), ProcessFilter(cgroup=7, cgroup_level=2)],
)
def test_a_process_filter_is_in_every_program_with_a_task(processes: ProcessFilter) -> None:
    source = SourceFile(
        "case.trace", "probe syscall:close capture fd probe interval:1s capture time"
    )
    options = CompileOptions(BindOptions(), processes)
    compilation = Compilation((source,), open_recorded("linux-6.18"), options)
    plain = compile_case(source.text).plan.programs
    task, timer = compilation.plan.programs
    assert len(task.body) > len(plain[0].body)
    assert timer.body == plain[1].body


def test_what_is_asked_of_the_compiler_leads_back_to_the_script() -> None:
    compilation = compile_case("probe syscall:close capture fd", Conditions())
    request = compilation.build_request
    assert request.text == compilation.artifact.c_text
    assert request.places["rule_1"].text == "probe syscall:close capture fd"


def test_warnings_are_kept_apart() -> None:
    compilation = compile_case("syscall:close where 1 == 2 capture fd")
    _ = compilation.plan
    assert [w.code for w in compilation.warnings] == ["T261"]
