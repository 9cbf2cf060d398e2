"""Reading of `tests/cases/syntax/*.cases`: a title behind `===`, then the case's lines."""

from __future__ import annotations

from pathlib import Path

CASES = Path(__file__).parents[2] / "cases" / "syntax"


def read_cases(name: str) -> dict[str, str]:
    cases: dict[str, str] = {}
    title = ""
    for line in (CASES / f"{name}.cases").read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("=== "):
            title = line[4:].strip()
            assert title not in cases, f"two cases called {title!r}"
            cases[title] = ""
        elif title:
            cases[title] += line
    return cases
