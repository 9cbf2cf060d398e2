"""Scripts: from a syntax tree to the typed model, on one kernel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoder
from tracelang.diagnostics import Diagnostic, Label, Reporter
from tracelang.kernel.view import KernelView
from tracelang.registry import Registry
from tracelang.semantic.model import Platform, RuleModel, ScriptModel
from tracelang.semantic.observed import Observed
from tracelang.semantic.options import BindOptions
from tracelang.semantic.params import bind_params
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.registers import find_registers
from tracelang.semantic.resolve import ParseExpression
from tracelang.semantic.rules import RuleBinder
from tracelang.semantic.scope import ScriptScope
from tracelang.semantic.tasks import find_typed_task
from tracelang.semantic.type_table import TypeTable
from tracelang.semantic.watched import WatchedCalls
from tracelang.syntax import ast


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What extends the language: probe kinds and decoders, and the parser for the prelude."""

    kinds: Registry[ProbeKind]
    decoders: Registry[Decoder]
    parse: ParseExpression


def bind_script(
    script: ast.Script,
    kernel: KernelView,
    vocabulary: Vocabulary,
    options: BindOptions,
    reporter: Reporter,
    observed: Observed | None = None,
) -> ScriptModel:
    """Return what the script means on this kernel, or raise all that is wrong with it.

    What is read of the machine besides the kernel goes to `observed`.
    """
    types = TypeTable(kernel.btf if kernel.has_btf else None)
    declared = _declarations(script, reporter)
    declared_params = tuple(i for i in script.items if isinstance(i, ast.Param))
    params, constants = bind_params(
        declared_params, options.arguments, reporter, options.own_options
    )
    observed = observed or Observed()
    targets = TargetScope(
        *(kernel, types, options.prefer, options.most_probes, observed, reporter),
        _count_asking(declared),
    )
    calls = WatchedCalls(vocabulary.kinds, targets)
    scope = ScriptScope(
        kernel,
        types,
        vocabulary.decoders,
        options.text_limit,
        constants,
        {i.name: i for i in script.items if isinstance(i, ast.Let)},
        {i.name: i for i in script.items if isinstance(i, ast.Table)},
        observed,
        calls,
    )
    binder = RuleBinder(
        scope, targets, vocabulary.kinds, vocabulary.parse, reporter, options.most_probes
    )
    rules = _bind_rules(declared, binder)
    reporter.raise_errors()
    registers = find_registers(kernel.architecture, types)
    platform = Platform(registers, find_typed_task(kernel, types))
    return ScriptModel(
        script.description, params, rules, platform, *_stops(script), tuple(calls.found)
    )


def _count_asking(declared: Iterable[ast.ProbeRule | ast.SpanRule]) -> Mapping[str, int]:
    """Return how many rules name targets of each kind; in spans each side counts."""
    asking: Counter[str] = Counter()
    for rule in declared:
        sides = [rule.targets]
        if isinstance(rule, ast.SpanRule):
            sides += [rule.targets, *(leg.targets for leg in rule.legs)]
        for choices in sides:
            asking.update({t.kind for choice in choices for t in choice.options})
    return asking


def _bind_rules(
    declared: Iterable[ast.ProbeRule | ast.SpanRule], binder: RuleBinder
) -> tuple[RuleModel, ...]:
    """Return the models of the rules with which nothing is wrong, each with its number."""
    bound = [
        binder.bind_span(rule, number)
        if isinstance(rule, ast.SpanRule)
        else binder.bind(rule, number)
        for number, rule in enumerate(declared)
    ]
    return tuple(rule for rule in bound if rule is not None)


def _declarations(script: ast.Script, reporter: Reporter) -> list[ast.ProbeRule | ast.SpanRule]:
    """Return the rules, reporting names declared twice."""
    seen: dict[str, ast.Let | ast.Table | ast.Param] = {}
    rules: list[ast.ProbeRule | ast.SpanRule] = []
    for item in script.items:
        match item:
            case ast.ProbeRule() | ast.SpanRule():
                rules.append(item)
            case ast.Let() | ast.Table() | ast.Param():
                if item.name in seen:
                    reporter.add(_twice(item, seen[item.name]))
                seen.setdefault(item.name, item)
    return rules


def _twice(
    item: ast.Let | ast.Table | ast.Param, first: ast.Let | ast.Table | ast.Param
) -> Diagnostic:
    return Diagnostic(
        "T251",
        f"`{item.name}` is declared twice",
        Label(item.name_span),
        (Label(first.name_span, "the first time"),),
        help=("give one of them another name",),
    )


def _stops(script: ast.Script) -> tuple[int | None, int | None]:
    """Return the earliest end that `stop` declarations ask for: nanoseconds, and events."""
    stops = [i for i in script.items if isinstance(i, ast.Stop)]
    durations = [s.after.nanoseconds for s in stops if s.after is not None]
    events = [s.events for s in stops if s.events is not None]
    return min(durations, default=None), min(events, default=None)
