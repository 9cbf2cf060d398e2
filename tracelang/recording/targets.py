"""Recorded rules as targets: `recorded:1` fires for each event of the first rule of a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tracelang.diagnostics import fail
from tracelang.mechanism import Mechanism
from tracelang.recording.schema import Head, RecordedRule
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import RecordedField
from tracelang.syntax import ast

_PLACES = ("func", "probe")
"""Decoders of what a target is called: it is known of each without looking at an event."""


@dataclass(frozen=True, slots=True)
class RecordedKind:
    """The one kind of target there is in a replay."""

    head: Head
    name: str = "recorded"
    aliases: tuple[str, ...] = ()
    form: str = "recorded:RULE"
    summary: str = "the events of a rule of a recording"
    example: str = "probe recorded:1 aggregate count() by comm"

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return what a recorded rule was attached to, with its columns as arguments."""
        del scope
        rule = self.rule(target)
        arguments = tuple(recorded_arguments(rule))
        return tuple(
            ResolvedTarget(
                probe,
                function,
                Mechanism.RUN,
                f"{rule.output.rule}:{index}",
                arguments,
                has_task=False,
                arguments_first=True,
            )
            for index, (probe, function) in enumerate(rule.output.targets)
        )

    def rule(self, target: ast.Target) -> RecordedRule:
        """Return the rule that a target names; T202 where there is none, or it has no events."""
        known = {str(r.output.rule + 1): r for r in self.head.rules}
        found = known.get(target.parts[0]) if len(target.parts) == 1 else None
        if found is None:
            raise fail(
                "T202",
                f"the recording has no rule `{':'.join(target.parts)}`",
                target.span,
                help=[f"it has: {', '.join(f'recorded:{n}' for n in known)}"],
            )
        if not found.streams:
            raise fail(
                "T202",
                f"rule {target.parts[0]} of the recording is an aggregate; it has no events",
                target.span,
                help=["record the events themselves: `capture` instead of `aggregate`"],
            )
        return found

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield the targets of the recording."""
        del scope
        yield from (f"recorded:{r.output.rule + 1}" for r in self.head.rules if r.streams)


def recorded_arguments(rule: RecordedRule) -> Iterator[Argument]:
    """Yield the columns of a recorded rule as arguments of a target."""
    for column in rule.output.columns:
        if column.decoding.decoder not in _PLACES and column.name in rule.types:
            source = RecordedField(column.slot)
            yield Argument(column.name, rule.types[column.name], source, column.decoding)


def place_columns(rule: RecordedRule) -> Iterator[tuple[str, str]]:
    """Yield the columns that say which target fired, each with the builtin it is."""
    for column in rule.output.columns:
        if column.decoding.decoder in _PLACES:
            yield column.name, column.decoding.decoder
