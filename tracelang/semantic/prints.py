"""Print formats: which values they show, checked against their conversions."""

from __future__ import annotations

from collections.abc import Sequence

from tracelang.decoders.format import (
    Argument,
    Conversion,
    FormatMistake,
    check_format,
    parse_format,
)
from tracelang.diagnostics import Reporter, fail
from tracelang.semantic.model import CapturedField
from tracelang.semantic.types import is_scalar
from tracelang.source import Span
from tracelang.syntax import ast
from tracelang.syntax.escapes import place_characters


def conversions_of(shown: ast.Print) -> tuple[Conversion, ...]:
    """Return the parts of a format that take a value."""
    return parse_format(shown.format.value).conversions


def check_print(shown: ast.Print, values: Sequence[CapturedField], reporter: Reporter) -> bool:
    """Report every mistake of a format for its values; tell whether there was none."""
    arguments = [Argument(value.name, is_scalar(value.value.type)) for value in values]
    mistakes = check_format(parse_format(shown.format.value), arguments)
    for mistake in mistakes:
        span = _place(shown.format, mistake)
        reporter.add(*fail("T270", mistake.message, span, help=[mistake.help]).diagnostics)
    return not mistakes


def _place(format_: ast.String, mistake: FormatMistake) -> Span:
    """Return the mistake's place inside the literal, which escapes make longer than its text."""
    span = format_.span
    places = place_characters(span)
    start = places[min(mistake.offset, len(places) - 1)]
    end = places[min(mistake.offset + max(1, mistake.length), len(places) - 1)]
    return Span(span.source, start, max(start + 1, end))
