"""The targets a script means on one kernel, rule by rule, whatever else may be wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

from tracelang.diagnostics import DiagnosticError
from tracelang.registry import Registry
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.target_params import fill_targets
from tracelang.semantic.targets import resolve_targets
from tracelang.source import SourceFile
from tracelang.syntax import ast
from tracelang.syntax.parse import parse_script, parse_targets


def resolve_script(
    source: SourceFile, kinds: Registry[ProbeKind], scope: TargetScope
) -> Iterator[ResolvedTarget | DiagnosticError]:
    """Yield each place once, or why a rule has none. Raises T1xx for what is no script."""
    seen: set[str] = set()
    for choice in _choices(fill_targets(parse_script(source), {}, parse_targets)):
        try:
            places = resolve_targets((choice,), kinds, scope)
        except DiagnosticError as error:
            yield error
            continue
        for place in places:
            if place.probe not in seen:
                seen.add(place.probe)
                yield place


def _choices(script: ast.Script) -> Iterator[ast.TargetChoice]:
    for item in script.items:
        match item:
            case ast.ProbeRule(targets):
                yield from targets
            case ast.SpanRule(targets, legs):
                yield from targets
                for leg in legs:
                    yield from leg.targets
