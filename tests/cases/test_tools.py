"""Every tool of `examples/tools` on every recorded kernel, and the page that tells of them."""

from __future__ import annotations

import pytest

from scripts import tool_table
from tests.cases.compiling import Conditions, all_kernels, compile_case
from tracelang.cli.script_help import describe_script
from tracelang.diagnostics import DiagnosticError
from tracelang.source import SourceFile
from tracelang.syntax import ast
from tracelang.syntax.parse import parse_script

TOOLS = {path.stem: path.read_text(encoding="utf-8") for path in tool_table.scripts()}


@pytest.mark.parametrize("kernel", all_kernels())
@pytest.mark.parametrize("tool", TOOLS)
def test_it_is_right_or_the_missing_event_is_named(tool: str, kernel: str) -> None:
    compilation = compile_case(TOOLS[tool], Conditions(kernel), name=f"{tool}.trace")
    missing = tool_table.MISSING[kernel].get(tool)
    if missing is None:
        assert compilation.artifact.c_text
        assert [warning.message for warning in compilation.warnings] == []
        return
    with pytest.raises(DiagnosticError) as refused:
        _ = compilation.artifact
    first = refused.value.diagnostics[0]
    assert f"`{missing}`" in " ".join([first.message, *first.notes])


@pytest.mark.parametrize("tool", TOOLS)
def test_its_help_shows_its_params(tool: str) -> None:
    script = parse_script(SourceFile(f"{tool}.trace", TOOLS[tool]))
    shown = describe_script(script)
    for param in (item for item in script.items if isinstance(item, ast.Param)):
        assert f"--{param.name.replace('_', '-')} " in shown
        assert param.help, f"--{param.name} says nothing of itself"


def test_every_tool_is_run_somewhere() -> None:
    assert set(TOOLS) == set(tool_table.tests_of())


def test_the_page_tells_of_them() -> None:
    current = tool_table.PAGE.read_text(encoding="utf-8")
    assert current == tool_table.page(), "run `make tool-table`"
