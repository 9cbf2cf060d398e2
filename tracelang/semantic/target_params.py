"""Targets that a param names: `probe {what}` becomes a rule on what `--what` says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.registry import did_you_mean, nearest
from tracelang.source import SourceFile, Span
from tracelang.syntax import ast

ParseTargets: TypeAlias = Callable[[str, str], tuple[ast.TargetChoice, ...]]


def fill_targets(script: ast.Script, given: Mapping[str, str], parse: ParseTargets) -> ast.Script:
    """Return the script with each `{param}` replaced by the targets it names.

    `given` are the values from the command line by name. Raises T255 where no param of text has the
    name or it stands beside `or`, U102 for a value that names no targets.
    """
    params = {item.name: item for item in script.items if isinstance(item, ast.Param)}
    filling = _Filling(params, given, parse)
    return replace(script, items=tuple(filling.item(item) for item in script.items))


@dataclass(frozen=True, slots=True)
class _Filling:
    params: Mapping[str, ast.Param]
    given: Mapping[str, str]
    parse: ParseTargets

    def item(self, item: ast.Item) -> ast.Item:
        match item:
            case ast.ProbeRule():
                return replace(item, targets=self._choices(item.targets))
            case ast.SpanRule():
                legs = tuple(replace(leg, targets=self._choices(leg.targets)) for leg in item.legs)
                return replace(item, targets=self._choices(item.targets), legs=legs)
        return item

    def _choices(self, choices: tuple[ast.TargetChoice, ...]) -> tuple[ast.TargetChoice, ...]:
        return tuple(one for choice in choices for one in self._choice(choice))

    def _choice(self, choice: ast.TargetChoice) -> tuple[ast.TargetChoice, ...]:
        named = next((option for option in choice.options if option.param), None)
        if named is None:
            return (choice,)
        if len(choice.options) > 1:
            help_ = ["the param itself may say `A or B`"]
            raise fail("T255", f"`{named}` and `or` do not go together", choice.span, help=help_)
        return self._targets(named)

    def _targets(self, target: ast.Target) -> tuple[ast.TargetChoice, ...]:
        param = self.params.get(target.param)
        if param is None or not isinstance(param.default, ast.String):
            raise self._no_param(target)
        text = self.given.get(param.name)
        try:
            return self.parse(param.default.value if text is None else text, f"--{param.name}")
        except DiagnosticError:
            if text is None:
                raise
        place = Span(SourceFile(f"--{param.name}", text), 0, len(text)) if text else None
        takes = "targets such as `syscall:openat, syscall:read`"
        raise fail("U102", f"`--{param.name}` takes {takes}, not `{text}`", place)

    def _no_param(self, target: ast.Target) -> DiagnosticError:
        texts = [p.name for p in self.params.values() if isinstance(p.default, ast.String)]
        near = did_you_mean(nearest(target.param, texts))
        declare = f'declare it: `param {target.param} = "syscall:openat"`'
        what = f"no param of text is called `{target.param}`"
        return fail("T255", what, target.span, help=[*near, declare])
