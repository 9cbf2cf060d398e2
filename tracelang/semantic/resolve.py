"""Expressions: from syntax to typed values, for one rule on one target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from tracelang.semantic import members, names, operators, texts
from tracelang.semantic.calls import dispatch
from tracelang.semantic.expressions import Constant, Expression, Inside
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.scope import RuleScope, Stage
from tracelang.semantic.sides import mark_end, mark_stage, stage_duration
from tracelang.semantic.types import BOOL, DURATION, Text
from tracelang.semantic.values import as_text, boolean, integer
from tracelang.source import Span
from tracelang.syntax import ast

ParseExpression = Callable[[str, str], ast.Expr]
"""Parses a prelude expression under a name; passed in, so that lark is loaded only when needed."""


class Resolver:
    """Resolves the expressions of one rule for one target."""

    def __init__(self, scope: RuleScope, parse: ParseExpression) -> None:
        self.scope = scope
        self._parse = parse

    def resolve(self, expr: ast.Expr) -> Expression:
        """Return the typed value of an expression; raises `DiagnosticError` with what is wrong."""
        match expr:
            case ast.Name():
                return names.resolve_name(expr, self)
            case ast.Member():
                return self._member(expr)
            case ast.Index():
                base, index = self.resolve(expr.base), self.resolve(expr.index)
                return members.element(base, index, expr.span, self.scope.script)
            case ast.Call():
                return dispatch.resolve_call(expr, self)
            case ast.Inside():
                return self._inside(expr)
            case ast.Unary() | ast.Binary() | ast.Conditional():
                return self._operator(expr)
            case ast.Comparison():
                left, right = self.resolve(expr.left), self.resolve(expr.right)
                return texts.compare(expr.operator, left, right, expr.span, self.scope)
            case ast.Membership():
                return self._membership(expr)
        return self._literal(expr)

    def _literal(self, expr: ast.Expr) -> Expression:
        match expr:
            case ast.Integer(value):
                return integer(value, expr.span)
            case ast.String(value):
                return Constant(Text(len(value.encode())), value, span=expr.span)
            case ast.Duration(_, _, nanoseconds):
                return Constant(DURATION, nanoseconds, span=expr.span)
            case ast.Size(_, _, size):
                return integer(size, expr.span)
            case ast.Address(address):
                return texts.address_constant(address, expr.span)
            case ast.Fraction(text):
                raise fail(
                    "T218",
                    f"the kernel computes with whole numbers; {text} is not one",
                    expr.span,
                    help=["use a smaller unit: `1500us` instead of `1.5ms`"],
                )
            case ast.AddressRange(network):
                raise fail(
                    "T218",
                    f"{network} is a range of addresses",
                    expr.span,
                    help=["test it with `in`"],
                )
            case ast.TypeName():
                raise fail(
                    "T218", "a type is not a value", expr.span, help=["use it in `cast(…, TYPE)`"]
                )
        raise AssertionError(expr)

    def _inside(self, expr: ast.Inside) -> Expression:
        calls = self.scope.script.calls
        return Inside(BOOL, calls.number(expr) if calls is not None else 0, span=expr.span)

    def _member(self, expr: ast.Member) -> Expression:
        if isinstance(expr.base, ast.Name) and expr.base.name == "args":
            found = names.find_argument(expr.name, self.scope)
            if found is not None:
                return names.argument_value(found, expr.span)
            return names.other_field(ast.Name(expr.name, span=expr.name_span), self.scope)
        param = self.scope.script.params.get(expr.name)
        # For a param that a builtin hides; a target may have an argument called `params` as well.
        if param is not None and isinstance(expr.base, ast.Name) and expr.base.name == "params":
            return replace(param, span=expr.span)
        if self.scope.end is not None and isinstance(expr.base, ast.Name):
            side = expr.base.name
            # An argument of that name has its members by `args.start.x`.
            if side in ("start", "end"):
                return self._on_side(expr, side, self.scope.end)
            if side in self.scope.stages:
                return self._at_stage(expr, self.scope.stages[side])
        base = self.resolve(expr.base)
        return members.member(base, expr.name, expr.span, expr.name_span, self.scope.script)

    def _on_side(self, expr: ast.Member, side: str, end: ResolvedTarget) -> Expression:
        """Resolve `start.x` or `end.x` of a span."""
        name = ast.Name(expr.name, span=expr.name_span)
        scope = replace(self.scope, aliases={}, end=None, stages={})
        if side == "start":
            return Resolver(scope, self._parse).resolve(name)
        if expr.name == "duration":
            return self.resolve(name)
        return mark_end(Resolver(replace(scope, target=end), self._parse).resolve(name))

    def _at_stage(self, expr: ast.Member, stage: Stage) -> Expression:
        """Resolve `LABEL.x` of a span's `via` leg."""
        if expr.name == "duration":
            passed = stage_duration(stage.number, expr.span)
            return replace(passed, decoding=Decoding("duration"))
        name = ast.Name(expr.name, span=expr.name_span)
        scope = replace(self.scope, aliases={}, end=None, stages={}, target=stage.target)
        return mark_stage(Resolver(scope, self._parse).resolve(name), stage.number)

    def _operator(self, expr: ast.Unary | ast.Binary | ast.Conditional) -> Expression:
        match expr:
            case ast.Unary("not", operand):
                return operators.negate_condition(self.resolve(operand), expr.span)
            case ast.Unary(operator, operand):
                return operators.negate(operator, self.resolve(operand), expr.span)
            case ast.Binary("and" | "or" as operator, left, right):
                return operators.logical(operator, *self._both(left, right), expr.span)
            case ast.Binary(operator, left, right):
                return operators.arithmetic(operator, *self._both(left, right), expr.span)
            case ast.Conditional(condition, then, otherwise):
                sides = self._alike(*self._both(then, otherwise))
                return operators.choose(self.resolve(condition), *sides, expr.span)

    def _alike(self, left: Expression, right: Expression) -> tuple[Expression, Expression]:
        """Return both as text where both can be: `comm` and a `char[16]` are of one kind."""
        script = self.scope.script
        texts_ = as_text(left, script), as_text(right, script)
        return (texts_[0], texts_[1]) if texts_[0] and texts_[1] else (left, right)

    def _both(self, left: ast.Expr, right: ast.Expr) -> tuple[Expression, Expression]:
        return self.resolve(left), self.resolve(right)

    def _membership(self, expr: ast.Membership) -> Expression:
        left = self.resolve(expr.left)
        found: Expression = boolean(False, expr.span)
        for item in expr.items:
            if isinstance(item, ast.AddressRange):
                test = texts.in_network(left, item.network, item.span)
            else:
                test = texts.compare("==", left, self.resolve(item), item.span, self.scope)
            found = operators.logical("or", found, test, expr.span)
        return operators.negate_condition(found, expr.span) if expr.negated else found

    # --- What parts of the resolver ask of it -----------------------------------------------------

    def resolve_within(self, expr: ast.Expr, name: str) -> Expression:
        """Resolve an alias's or let's own expression, in which `name` means what it hides."""
        scope = replace(self.scope, in_progress=self.scope.in_progress | {name})
        return Resolver(scope, self._parse).resolve(expr)

    def resolve_prelude(
        self, text: str, name: str, bindings: dict[str, Expression], span: Span
    ) -> Expression:
        """Resolve one of the prelude's expressions, with its errors at `span`."""
        scope = replace(self.scope, aliases={}, bindings=bindings, declared=frozenset())
        scope = replace(scope, script=replace(scope.script, lets={}))
        try:
            value = Resolver(scope, self._parse).resolve(self._parse(text, name))
        except DiagnosticError as error:
            raise DiagnosticError(*(_moved(d, name, span) for d in error.diagnostics)) from None
        return replace(value, span=span)


def _moved(diagnostic: Diagnostic, name: str, span: Span) -> Diagnostic:
    """Return a diagnostic about the prelude's text as one about the place that used it."""
    message = f"`{name}` is not to be had on this kernel: {diagnostic.message}"
    return replace(diagnostic, message=message, primary=Label(span), secondary=())
