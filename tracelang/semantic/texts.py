"""Comparisons with text and addresses: what the kernel will test, and what is known already."""

from __future__ import annotations

from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.semantic.expressions import (
    Builtin,
    Constant,
    Expression,
    InRange,
    TextMatch,
    TextSame,
)
from tracelang.semantic.operators import compare_numbers, negate_condition
from tracelang.semantic.scope import RuleScope
from tracelang.semantic.types import BOOL, Flavour, Int, Ip, Pointer, Struct, Text
from tracelang.semantic.values import as_text, boolean, describe, integer, text_of
from tracelang.source import Span

TEXT_OPERATORS = ("contains", "startswith", "endswith", "matches")


def compare(
    operator: str, left: Expression, right: Expression, span: Span, scope: RuleScope
) -> Expression:
    """Return a comparison of any two values."""
    if operator in TEXT_OPERATORS:
        return _match(operator, left, right, span, scope)
    if text_of(right) is not None or text_of(left) is not None:
        return _compare_text(operator, left, right, span, scope)
    if isinstance(left.type, Ip) or isinstance(right.type, Ip):
        return _compare_address(operator, left, right, span)
    texts = as_text(left, scope.script), as_text(right, scope.script)
    if texts[0] is not None and texts[1] is not None:
        if operator not in ("==", "!="):
            raise _no_order(operator, span)
        same = TextSame(BOOL, texts[0], texts[1], span=span)
        return same if operator == "==" else negate_condition(same, span)
    return compare_numbers(operator, left, right, span)


def _compare_text(
    operator: str, left: Expression, right: Expression, span: Span, scope: RuleScope
) -> Expression:
    if operator not in ("==", "!="):
        raise _no_order(operator, span)
    if text_of(left) is not None and text_of(right) is None:
        left, right = right, left
    encoded = _encode(left, right, scope)
    if encoded is not None:
        return compare_numbers(operator, left, encoded, span)
    found = _match("==", left, right, span, scope)
    return found if operator == "==" else negate_condition(found, span)


def _no_order(operator: str, span: Span) -> DiagnosticError:
    return fail(
        "T215",
        f"text has no order: `{operator}` does not compare it",
        span,
        help=["text takes ==, !=, in, contains, startswith, endswith and matches"],
    )


def _encode(left: Expression, right: Expression, scope: RuleScope) -> Expression | None:
    """Return the number that reads as the text, where the left side is a decoded number."""
    if left.decoding is None or as_text(left, scope.script) is not None:
        return None
    decoder = scope.script.decoders.get(left.decoding.decoder)
    word = text_of(right)
    if decoder is None or word is None:
        return None
    if isinstance(left, Builtin) and left.name in ("func", "probe"):
        return None
    number = decoder.encode(word, left.decoding.arguments)
    scope.script.observed.number(left.decoding, word, number)
    if number is None:
        raise fail(
            "T216",
            f'`{left.decoding.decoder}` never reads as "{word}"',
            right.span,
            help=["compare the number itself, or give a name it knows"],
        )
    return integer(number, right.span)


def _match(
    operator: str, left: Expression, right: Expression, span: Span, scope: RuleScope
) -> Expression:
    pattern = text_of(right)
    if pattern is None:
        this = describe(right)
        raise fail(
            "T217",
            f"`{operator}` needs a constant text on its right, this is {this}",
            right.span,
            help=[
                "texts of the event compare by `==` and `!=`"
                if as_text(right, scope.script) is not None
                else 'write it in double quotes: "…"'
            ],
        )
    if operator == "matches" and not set(pattern) & set("*?"):
        operator = "=="
    known = _known_text(left, scope)
    if known is not None:
        return boolean(_holds(operator, known, pattern), span)
    text = as_text(left, scope.script)
    if text is None:
        raise fail(
            "T213",
            f"cannot compare {describe(left)} with text",
            span,
            help=[_text_help(left)],
        )
    if "\0" in pattern:
        raise fail(
            "T217",
            "text in the kernel ends at NUL; the pattern has one",
            right.span,
            help=["take the part before it"],
        )
    assert isinstance(text.type, Text)
    if _least_length(operator, pattern) > text.type.limit:
        return _never(text.type, _least_length(operator, pattern), right, span)
    return TextMatch(BOOL, operator, text, pattern, span=span)


def _least_length(operator: str, pattern: str) -> int:
    return len((pattern.replace("*", "") if operator == "matches" else pattern).encode())


def _never(type_: Text, length: int, right: Expression, span: Span) -> Constant:
    """Return that a text is never found: it is longer than the kernel's own, or kept (T217)."""
    if type_.natural:
        return boolean(False, span)
    raise fail(
        "T217",
        f"{length} bytes are never found in a text of which {type_.limit} are kept",
        right.span,
        help=[f"keep more: `--strlen {length}`, or where it is cut to less, `str(…, {length})`"],
    )


def _text_help(value: Expression) -> str:
    """Say how a value that is no text could be compared with one."""
    if isinstance(value.type, Pointer) or (isinstance(value.type, Int) and value.type.size == 8):
        return "if it points to text, wrap it: `str(…)`"
    if isinstance(value.type, Struct):
        return "name a member of it with `.`"
    return "compare a number with a number; a task's name is `comm`"


def _known_text(value: Expression, scope: RuleScope) -> str | None:
    if isinstance(value, Builtin) and value.name == "func":
        return scope.target.function
    if isinstance(value, Builtin) and value.name == "probe":
        return scope.target.probe
    return text_of(value)


def _holds(operator: str, text: str, pattern: str) -> bool:
    """Compare text that is known before anything runs, as the program would."""
    match operator:
        case "==":
            return text == pattern
        case "contains":
            return pattern in text
        case "startswith":
            return text.startswith(pattern)
        case "endswith":
            return text.endswith(pattern)
        case _:
            # Programs know `*` and `?` only: to them a bracket is a byte like others.
            return fnmatchcase(text, pattern.replace("[", "[[]"))


# --- Addresses ------------------------------------------------------------------------------------


def _compare_address(operator: str, left: Expression, right: Expression, span: Span) -> Expression:
    if operator not in ("==", "!="):
        raise fail(
            "T215",
            f"addresses have no order: `{operator}` does not compare them",
            span,
            help=["test whether it is in a range: `in 10.0.0.0/8`"],
        )
    if isinstance(left, Constant):
        left, right = right, left
    if not isinstance(right, Constant) or not isinstance(right.value, bytes):
        if left.type == right.type == Ip(4):
            return compare_numbers(operator, left, right, span)
        raise fail(
            "T213",
            f"cannot compare {describe(left)} with {describe(right)}",
            span,
            help=["compare an address with an address: `ip(x) == 10.0.0.1`"],
        )
    found = _in_network(left, right.value, len(right.value) * 8, span)
    return found if operator == "==" else negate_condition(found, span)


def in_network(left: Expression, network: IPv4Network | IPv6Network, span: Span) -> Expression:
    """Return whether the address `left` lies in `network`."""
    return _in_network(left, network.network_address.packed, network.prefixlen, span)


def _in_network(left: Expression, packed: bytes, prefix: int, span: Span) -> Expression:
    if isinstance(left.type, Int) and left.type.size == 4 and _is_network_order(left.type):
        size = 4
    elif isinstance(left.type, Ip):
        size = left.type.size
    else:
        raise fail(
            "T213",
            f"cannot compare {describe(left)} with an IP address",
            span,
            help=["if it is one, say so: `ip(…)`"],
        )
    if size == 4 and len(packed) == 16:
        return boolean(False, span)
    if size == 16 and len(packed) == 4:
        packed, prefix = bytes(10) + b"\xff\xff" + packed, prefix + 96
    return InRange(BOOL, left, packed, prefix, span=span)


def _is_network_order(type_: Int) -> bool:
    return type_.flavour is Flavour.BIG_ENDIAN


def address_constant(address: IPv4Address | IPv6Address, span: Span) -> Constant:
    """Return an address literal as a constant of packed bytes."""
    return Constant(Ip(len(address.packed)), address.packed, span=span)
