"""What a check of the machine found, and how findings are shown."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from enum import Enum
from itertools import groupby
from typing import TYPE_CHECKING, Final

from tracelang.dataclass import dataclass

if TYPE_CHECKING:
    from tracelang.render import Painter


class Verdict(Enum):
    """How well something works."""

    OK = "ok"
    LIMITED = "limited"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what is the case, why, and the command or step that mends it.

    `group` is the heading it stands under.
    """

    group: str
    name: str
    verdict: Verdict
    detail: str = ""
    remedy: str = ""


_STYLES: Final = {Verdict.OK: "32", Verdict.LIMITED: "33", Verdict.MISSING: "31"}
_BOLD: Final = "1"
_DIM: Final = "2"
_WIDTH: Final = 100


def render_findings(findings: Iterable[Finding], paint: Painter, columns: int | None = None) -> str:
    """Return findings as lines under their headings, ending in a newline.

    `columns` is the terminal's width, if there is one.
    """
    room = min(columns or _WIDTH, _WIDTH)
    found = list(findings)
    width = max((len(f.name) for f in found), default=0) + 2
    return "\n".join(
        "\n".join(
            [
                paint(group, _BOLD),
                *(line for f in members for line in _lines(f, width, room, paint)),
            ]
        )
        + "\n"
        for group, members in groupby(found, key=lambda f: f.group)
    )


def _lines(finding: Finding, width: int, room: int, paint: Painter) -> Iterator[str]:
    verdict = paint(f"{finding.verdict.value:<9}", _STYLES[finding.verdict])
    margin = 2 + width + 9
    # Folded by itself: the colours around the words before it take no room on the screen.
    first, *rest = textwrap.wrap(
        finding.detail, max(room - margin, 20), break_long_words=False, break_on_hyphens=False
    ) or [""]
    yield f"  {finding.name:<{width}}{verdict}{first}".rstrip()
    yield from (" " * margin + line for line in rest)
    if finding.remedy:
        # A command is never folded, so that it can be copied.
        yield " " * margin + paint("→ ", _DIM) + finding.remedy


def as_data(findings: Iterable[Finding]) -> list[dict[str, str]]:
    """Return findings as JSON-ready data, the verdict as its word."""
    return [{**asdict(f), "verdict": f.verdict.value} for f in findings]
