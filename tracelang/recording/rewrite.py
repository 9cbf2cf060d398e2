"""The text of a query as rules over a recording: one for each recorded rule it is about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from tracelang.diagnostics import fail
from tracelang.recording.schema import Head, RecordedRule
from tracelang.recording.targets import RecordedKind, place_columns
from tracelang.semantic.prints import conversions_of
from tracelang.semantic.types import EnumType
from tracelang.source import SourceFile, Span
from tracelang.syntax import ast
from tracelang.syntax.parse import parse_script

_BARE: Final = re.compile(r"\s*(where|capture|aggregate|every|top|sample|limit|print)\b")
_ALL: Final = "probe recorded:* "


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule of a query: the recorded rule it is about; `plain` if it only leaves events out."""

    rule: RecordedRule
    plain: bool


def parse_query(text: str) -> ast.Script:
    """Return the tree of a query; bare clauses are about all rules of the recording."""
    if _BARE.match(text):
        text = _ALL + text.lstrip()
    return parse_script(SourceFile("<query>", text))


def rewrite(script: ast.Script, head: Head) -> tuple[ast.Script, list[Asked]]:
    """Return the script with a rule for each recorded rule, and what each is about."""
    kind = RecordedKind(head)
    items: list[ast.Item] = []
    asked: list[Asked] = []
    declared = {item.name for item in script.items if isinstance(item, ast.Let | ast.Table)}
    for item in script.items:
        if isinstance(item, ast.SpanRule):
            raise fail(
                "T296",
                "a recording has events, not entries and returns to pair",
                item.span,
                help=["record the span: `tracelang record 'span …' -w FILE`"],
            )
        if not isinstance(item, ast.ProbeRule):
            items.append(item)
            continue
        for rule, target in _targets(item, kind):
            items.append(_about(item, rule, target))
            asked.append(Asked(rule, _is_plain(item)))
    span = script.items[0].span
    lets = _known_names([a.rule for a in asked], span)
    items += [let for let in lets if let.name not in declared]
    return replace(script, items=tuple(items)), asked


def _targets(item: ast.ProbeRule, kind: RecordedKind) -> Iterator[tuple[RecordedRule, ast.Target]]:
    """Yield the recorded rules that a rule is about; `*` is all that have events."""
    for choice in item.targets:
        target = choice.options[0]
        if target.kind != kind.name:
            raise fail(
                "T202",
                f"`{target}` is no target of a replay",
                target.span,
                help=["write the clauses alone, or `probe recorded:1 …` for one rule"],
            )
        if target.parts != ("*",):
            yield kind.rule(target), target
            continue
        rules = [rule for rule in kind.head.rules if rule.streams]
        if not rules:
            raise fail(
                "T202",
                "the recording has no events, only tables of aggregates",
                target.span,
                help=["replay it without a query"],
            )
        for rule in rules:
            yield rule, target


def _about(item: ast.ProbeRule, rule: RecordedRule, target: ast.Target) -> ast.ProbeRule:
    """Return the rule for one recorded rule."""
    span = target.span
    named = replace(target, parts=(str(rule.output.rule + 1),))
    choice = ast.TargetChoice((named,), span=span)
    clauses = item.clauses
    if _takes_all(item):
        clauses = (*clauses, ast.Capture(tuple(_all_fields(rule, span)), span=span))
    return replace(item, targets=(choice,), clauses=clauses)


def _takes_all(item: ast.ProbeRule) -> bool:
    """Tell whether a rule is about every column, as it does not say which."""
    kinds = {type(clause): clause for clause in item.clauses}
    if ast.Capture in kinds or ast.Aggregate in kinds:
        return False
    shown = kinds.get(ast.Print)
    return not isinstance(shown, ast.Print) or (bool(conversions_of(shown)) and not shown.arguments)


def _is_plain(item: ast.ProbeRule) -> bool:
    return not any(isinstance(c, ast.Capture | ast.Aggregate | ast.Print) for c in item.clauses)


def _all_fields(rule: RecordedRule, span: Span) -> Iterator[ast.Field]:
    places = dict(place_columns(rule))
    for column in rule.output.columns:
        value: ast.Expr = ast.Member(ast.Name("args", span=span), column.name, span, span=span)
        if column.name in places:
            value = ast.Name(places[column.name], span=span)
        yield ast.Field(value, column.name, span=span)


def _known_names(rules: Iterable[RecordedRule], span: Span) -> Iterator[ast.Let]:
    """Yield names that the kernel gave values of enums, and columns that say what fired."""
    columns = {column.name for rule in rules for column in rule.output.columns}
    seen: set[str] = set()
    for rule in rules:
        for name, builtin in place_columns(rule):
            if name not in (*seen, builtin):
                seen.add(name)
                value: ast.Expr = ast.Name(builtin, span=span)
                yield ast.Let(name, value, name_span=span, span=span)
        for type_ in rule.types.values():
            for number, name in type_.values if isinstance(type_, EnumType) else ():
                if name not in seen | columns:
                    seen.add(name)
                    value = ast.Integer(number, span=span)
                    yield ast.Let(name, value, name_span=span, span=span)
