"""Every script of `reject/*.case` is refused as its case says: code, place, and what helps."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.case_files import Case, Expected, read_file, read_rejections
from tests.cases.compiling import compile_case
from tracelang.diagnostics import Diagnostic, DiagnosticError

REJECTIONS = read_rejections()


def refuse(case: Case) -> tuple[Diagnostic, ...]:
    with pytest.raises(DiagnosticError) as caught:
        _ = compile_case(case.script, case.conditions).artifact
    return caught.value.diagnostics


@pytest.mark.parametrize("case", REJECTIONS, ids=str)
def test_the_script_is_refused_as_its_case_says(case: Case) -> None:
    diagnostics = refuse(case)
    told = [f"{d.code}: {d.message}" for d in diagnostics]
    assert [d.code for d in diagnostics] == [e.code for e in case.expected], told
    for diagnostic, expected in zip(diagnostics, case.expected, strict=True):
        check_place(diagnostic, expected)
        check_words(diagnostic, expected)


def check_place(diagnostic: Diagnostic, expected: Expected) -> None:
    span = diagnostic.primary.span if diagnostic.primary is not None else None
    if span is None or span.source.name != "case.trace":
        assert expected.place is None
        return
    assert (span.line, span.column) == expected.place
    assert span.text.partition("\n")[0].rstrip() == expected.marked


def check_words(diagnostic: Diagnostic, expected: Expected) -> None:
    for pieces, texts in (
        (expected.message, (diagnostic.message,)),
        (expected.help, diagnostic.help),
        (expected.note, diagnostic.notes),
    ):
        for piece in pieces:
            assert any(piece in text for text in texts), (piece, texts)


@pytest.mark.parametrize("case", REJECTIONS, ids=str)
def test_a_message_is_one_a_person_can_read(case: Case) -> None:
    for diagnostic in refuse(case):
        assert "\n" not in diagnostic.message
        assert not diagnostic.message.endswith(".")
        for internal in ("Traceback", "object at 0x", "None", "Constant(", "Builtin("):
            assert internal not in diagnostic.message


def test_there_are_cases_for_every_kind_of_mistake() -> None:
    assert len(REJECTIONS) >= 150
    codes = {e.code for case in REJECTIONS for e in case.expected}
    assert len(codes) >= 35


def test_a_malformed_case_is_a_defect(tmp_path: Path) -> None:
    file = tmp_path / "x.case"
    file.write_text("=== one\nsyscall:openat\n--- T203 2;3\n")
    with pytest.raises(ValueError, match="T203 2;3"):
        list(read_file(file))
    file.write_text("=== one\nsyscall:openat\n")
    with pytest.raises(ValueError, match="expects nothing"):
        list(read_file(file))
    file.write_text("=== one\nx\n--- T203\n=== one\nx\n--- T203\n")
    with pytest.raises(ValueError, match="two cases"):
        list(read_file(file))
