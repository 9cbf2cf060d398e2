"""Diagnostics as values: their exit status, and how they are collected."""

from __future__ import annotations

import pytest

from tracelang.diagnostics import Diagnostic, DiagnosticError, Reporter, Severity, fail
from tracelang.source import SourceFile, Span


@pytest.mark.parametrize(
    ("code", "status"),
    [("T101", 1), ("T203", 1), ("T401", 1), ("U100", 2), ("T301", 3), ("T900", 70), ("X", 70)],
)
def test_the_family_gives_the_status(code: str, status: int) -> None:
    assert Diagnostic(code, "m").status == status
    assert fail(code, "m").status == status


def test_the_worst_of_several_counts() -> None:
    assert DiagnosticError(Diagnostic("T101", "a"), Diagnostic("T301", "b")).status == 3
    assert DiagnosticError().status == 70


def test_a_single_error_is_put_together() -> None:
    span = Span(SourceFile("t", "abc"), 1, 2)
    (diagnostic,) = fail("T203", "m", span, label="l", notes=["n"], help=["h"]).diagnostics
    assert diagnostic.primary is not None
    assert (diagnostic.primary.span, diagnostic.primary.text) == (span, "l")
    assert (diagnostic.notes, diagnostic.help) == (("n",), ("h",))
    assert fail("T203", "m").diagnostics[0].primary is None


def test_a_reporter_keeps_each_once_and_stops_for_errors_only() -> None:
    reporter = Reporter()
    warning = Diagnostic("T261", "w", severity=Severity.WARNING)
    reporter.add(warning, warning)
    reporter.raise_errors()
    reporter.add(Diagnostic("T203", "e"))
    assert len(reporter.diagnostics) == 2
    with pytest.raises(DiagnosticError) as caught:
        reporter.raise_errors()
    assert [d.code for d in caught.value.diagnostics] == ["T261", "T203"]
