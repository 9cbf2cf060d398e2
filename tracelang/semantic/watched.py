"""Watched calls: what `inside` asks about, found once for a whole script."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracelang.registry import Registry
from tracelang.semantic.legs import entries_and_returns
from tracelang.semantic.model import WatchedCall
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.syntax import ast


@dataclass(slots=True)
class WatchedCalls:
    """Numbers the calls of a script as they are asked for; the same call keeps its number."""

    kinds: Registry[ProbeKind]
    targets: TargetScope
    found: list[WatchedCall] = field(default_factory=list)
    _numbers: dict[tuple[ast.TargetChoice, ...], int] = field(default_factory=dict)

    def number(self, asked: ast.Inside) -> int:
        """Return a call's number; raises `DiagnosticError` for a target that is no call."""
        number = self._numbers.get(asked.targets)
        if number is None:
            entries, returns = entries_and_returns(
                asked.targets, self.kinds, self.targets, "be inside of"
            )
            number = self._numbers[asked.targets] = len(self.found)
            self.found.append(WatchedCall(_text(asked), entries, returns, asked.span))
        return number


def _text(asked: ast.Inside) -> str:
    return " ".join(asked.span.text.split())
