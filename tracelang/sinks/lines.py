"""The lines of rules with a `print`: each event is its format, on a line of its own."""

from __future__ import annotations

from tracelang.decoders.format import Format, Literal, parse_format
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.columns import BoundColumn, bind_arguments
from tracelang.sinks.printf import FormatValue, Render, compile_format
from tracelang.sinks.protocol import SinkSetup


def compile_lines(output: RuleOutput, setup: SinkSetup) -> Render:
    r"""Return the function from rows to text for a rule with a format.

    A format that does not end in a newline gets one, so that `"%d\n"` and `"%d"` print the same.
    """
    assert output.format is not None
    format_ = end_line(parse_format(output.format))
    return compile_format(format_, [format_value(c) for c in bind_arguments(output, setup)])


def end_line(format_: Format) -> Format:
    """Return the format with a newline at its end."""
    last = format_.pieces[-1] if format_.pieces else None
    if isinstance(last, Literal) and last.text.endswith("\n"):
        return format_
    return Format((*format_.pieces, Literal("\n")), format_.mistakes)


def format_value(column: BoundColumn) -> FormatValue:
    """Return a column as the formatter sees it."""
    type_ = column.type
    bits = 64 if type_.length else type_.size * 8
    return FormatValue(column.slot, column.reading, bits, type_.code.islower() and not type_.length)
