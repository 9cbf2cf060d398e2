"""The canonical layout of scripts (`tracelang fmt`).

Clauses stand in canonical order, one to a line, their bodies aligned; lists are wrapped at 100
columns; comments stay with what they speak of. Formatting twice changes nothing more, and the
formatted script parses to an equal tree (but for the order of clauses).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, assert_never

from tracelang.syntax.ast import (
    Aggregate,
    Binary,
    Capture,
    Clause,
    Every,
    EveryMode,
    Expr,
    Field,
    Item,
    Leg,
    LegRole,
    Let,
    Limit,
    Param,
    Print,
    ProbeRule,
    Sample,
    Script,
    SpanRule,
    Stop,
    Table,
    TargetChoice,
    Top,
    Where,
)
from tracelang.syntax.comments import attach_comments, blank_line_before
from tracelang.syntax.escapes import write_text
from tracelang.syntax.format_expression import (
    Tightness,
    format_expression,
    format_target,
    format_type,
)
from tracelang.syntax.layout import WIDTH, Block, Layout, Piece

__all__ = ["CLAUSE_ORDER", "format_expression", "format_script", "format_target", "format_type"]

CLAUSE_ORDER: Final = (Where, Capture, Aggregate, Every, Top, Sample, Limit, Print)
"""The clauses in canonical order."""


def format_script(script: Script) -> str:
    """Return the script in canonical layout, ending with a newline."""
    layouts = [_lay_out(item) for item in script.items]
    placed = attach_comments(script, layouts)
    lines: list[str] = []
    if not script.comments and script.description:
        lines += [f"# {line}".rstrip() for line in script.description.split("\n")]
    text = script.source.text
    for index, (item, layout) in enumerate(zip(script.items, layouts, strict=True)):
        apart = index > 0 and _stand_apart(layouts[index - 1], layout)
        above = placed.above[index]
        for position, comment in enumerate(above):
            if (position == 0 and apart) or blank_line_before(text, comment.span.start):
                lines.append("")
            lines.append(comment.text)
        if (apart and not above) or (lines and blank_line_before(text, item.span.start)):
            lines.append("")
        lines += layout.lines()
    for comment in placed.below:
        if blank_line_before(text, comment.span.start):
            lines.append("")
        lines.append(comment.text)
    return "\n".join(lines).lstrip("\n") + "\n"


def _stand_apart(before: Layout, after: Layout) -> bool:
    return before.is_rule or after.is_rule


def _lay_out(item: Item) -> Layout:
    match item:
        case ProbeRule():
            header = Block(item.span.start, 0, "probe ", _choice_pieces(item.targets))
            return Layout([header, *_clause_blocks(item.clauses)], is_rule=True)
        case SpanRule(legs=()):
            header = Block(item.span.start, 0, "span ", _choice_pieces(item.targets))
            return Layout([header, *_clause_blocks(item.clauses)], is_rule=True)
        case SpanRule():
            legs = _leg_blocks(item.span.start, item.legs)
            return Layout([*legs, *_clause_blocks(item.clauses)], is_rule=True)
        case Table():
            return Layout([_table_block(item)], is_rule=False)
        case Let():
            prefix = f"let {item.name} = "
            return Layout([Block(item.span.start, 0, prefix, _operands(item.expression))], False)
        case Param() | Stop():
            text = _format_param(item) if isinstance(item, Param) else _format_stop(item)
            return Layout([Block(item.span.start, 0, "", [Piece(text, item.span.start)])], False)
        case _:
            assert_never(item)


def _choice_pieces(choices: Iterable[TargetChoice]) -> list[Piece]:
    rows = [
        [
            Piece(("or " if index else "") + format_target(option), option.span.start)
            for index, option in enumerate(choice.options)
        ]
        for choice in choices
    ]
    return _with_commas(rows)


def _with_commas(rows: list[list[Piece]]) -> list[Piece]:
    """Put the rows behind one another, a comma between them."""
    for row in rows[:-1]:
        row[-1].text += ","
    return [piece for row in rows for piece in row]


def _leg_blocks(start: int, legs: Sequence[Leg]) -> list[Block]:
    """Lay out legs so that targets, guards and keys stand below one another, if that fits."""
    words = [_role_word(leg) for leg in legs]
    columns = [_leg_columns(leg) for leg in legs]
    width = max(map(len, words))
    widths = [max(len(_joined(row[i])) for row in columns) for i in range(3)]
    blocks: list[Block] = []
    for leg, word, row in zip(legs, words, columns, strict=True):
        prefix = ("     " if blocks else "span ") + word.ljust(width) + " "
        cells = [_joined(cell).ljust(w) for cell, w in zip(row, widths, strict=True) if w]
        pieces = [piece for cell in row for piece in cell]
        where = leg.span.start if blocks else start
        aligned = (prefix + " ".join(cells)).rstrip()
        blocks.append(Block(where, 5 if blocks else 0, prefix, pieces, aligned=aligned))
    if any(len(block.aligned) > WIDTH for block in blocks):
        for block in blocks:
            block.aligned = ""
    return blocks


def _role_word(leg: Leg) -> str:
    return f"via {leg.label}:" if leg.role is LegRole.VIA else leg.role.value


def _leg_columns(leg: Leg) -> tuple[list[Piece], list[Piece], list[Piece]]:
    when = _opened_by("when", _operands(leg.when)) if leg.when else []
    return _choice_pieces(leg.targets), when, _opened_by("key", _expression_pieces(leg.keys))


def _opened_by(word: str, pieces: list[Piece]) -> list[Piece]:
    if pieces:
        pieces[0].text = f"{word} {pieces[0].text}"
    return pieces


def _joined(pieces: Iterable[Piece]) -> str:
    return " ".join(piece.text for piece in pieces)


def _expression_pieces(expressions: Iterable[Expr]) -> list[Piece]:
    return _with_commas([[Piece(format_expression(e), e.span.start)] for e in expressions])


def _operands(condition: Expr) -> list[Piece]:
    """Break `a and b and c` (or `or`) into operands, so that a long one can be wrapped there."""
    operator = condition.operator if isinstance(condition, Binary) else ""
    if operator not in ("and", "or"):
        return [Piece(format_expression(condition), condition.span.start)]
    tightness = Tightness.AND if operator == "and" else Tightness.OR
    pieces: list[Piece] = []
    node = condition
    while isinstance(node, Binary) and node.operator == operator:
        text = f"{operator} {format_expression(node.right, Tightness(tightness + 1))}"
        pieces.append(Piece(text, node.right.span.start))
        node = node.left
    pieces.append(Piece(format_expression(node, tightness), node.span.start))
    return pieces[::-1]


def _clause_blocks(clauses: Sequence[Clause]) -> list[Block]:
    ordered = sorted(clauses, key=lambda clause: CLAUSE_ORDER.index(type(clause)))
    words = [type(clause).__name__.lower() for clause in ordered]
    width = max(map(len, words), default=0)
    return [
        Block(clause.span.start, 2, f"  {word.ljust(width)} ", _clause_pieces(clause))
        for clause, word in zip(ordered, words, strict=True)
    ]


def _clause_pieces(clause: Clause) -> list[Piece]:
    match clause:
        case Where():
            return _operands(clause.condition)
        case Capture():
            return _field_pieces(clause.fields)
        case Aggregate():
            return _field_pieces(clause.functions) + _opened_by("by", _field_pieces(clause.keys))
        case Print():
            return _expression_pieces((clause.format, *clause.arguments))
        case Every():
            mode = "" if clause.mode is EveryMode.RESET else f" {clause.mode.value}"
            text = format_expression(clause.period) + mode
        case Top():
            text = str(clause.count) + (f" by {clause.by}" if clause.by else "")
        case Sample():
            text = f"{clause.keep} in {clause.of}"
        case Limit():
            text = f"{clause.per_second}/s"
        case _:
            assert_never(clause)
    return [Piece(text, clause.span.start)]


def _field_pieces(fields: Iterable[Field]) -> list[Piece]:
    return _with_commas([[Piece(_format_field(f), f.span.start)] for f in fields])


def _format_field(field: Field) -> str:
    text = format_expression(field.expression)
    return f"{text} as {field.alias}" if field.alias else text


def _table_block(table: Table) -> Block:
    entries = [f"{key}: {write_text(text)}" for key, text in table.entries]
    if table.otherwise is not None:
        entries.append(f"else: {write_text(table.otherwise)}")
    starts = [span.start for span in table.entry_spans] or [table.span.start] * len(entries)
    rows = [[Piece(entry, start)] for entry, start in zip(entries, starts, strict=True)]
    return Block(table.span.start, 0, f"table {table.name} {{ ", _with_commas(rows), closing="}")


def _format_param(param: Param) -> str:
    declared = f": {param.type}" if param.type else ""
    text = f" {write_text(param.help)}" if param.help else ""
    return f"param {param.name}{declared} = {format_expression(param.default)}{text}"


def _format_stop(stop: Stop) -> str:
    if stop.after is not None:
        return f"stop after {format_expression(stop.after)}"
    return f"stop after {stop.events} {'event' if stop.events == 1 else 'events'}"
