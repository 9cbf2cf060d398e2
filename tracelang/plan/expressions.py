"""Expressions: how a program's body computes whatever the typed model holds."""

from __future__ import annotations

from dataclasses import replace

from tracelang.plan.body import Body, key_of
from tracelang.plan.code.values import Buffer, Value
from tracelang.plan.conditions import lower_condition
from tracelang.plan.values import lower_value
from tracelang.semantic.expressions import (
    Compare,
    Expression,
    InRange,
    Logical,
    Not,
    Stored,
    TextMatch,
    TextSame,
)


class Lowering(Body):
    """A body that computes scalars and conditions, each once while it is known."""

    __slots__ = ()

    def value(self, expr: Expression) -> Value:
        """Return a scalar's value, or a condition's truth, emitting what computes it."""
        if expr.decoding is not None or expr.at_end or expr.stage:
            # How a value is shown makes no difference to what it is, nor why it is read here.
            kept = expr.stage if isinstance(expr, Stored) else 0
            expr = replace(expr, decoding=None, at_end=False, stage=kept)
        known = self.known(key_of("value", expr))
        if known is not None and not isinstance(known, Buffer):
            return known
        if isinstance(expr, Compare | Logical | Not | TextMatch | TextSame | InRange):
            value = self.condition(expr)
        else:
            value = lower_value(expr, self)
        self.remember(key_of("value", expr), value)
        return value

    def condition(self, expr: Expression) -> Value:
        """Return whether an expression holds, emitting what computes it."""
        return lower_condition(expr, self)
