"""Random syntax trees, random scripts, and the order of clauses that the formatter gives."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from hypothesis import strategies as st

from tracelang.source import SourceFile, Span
from tracelang.syntax import ast
from tracelang.syntax.expected import OPERATOR_WORDS
from tracelang.syntax.format import CLAUSE_ORDER
from tracelang.syntax.literals import BYTES, MAX_INTEGER, NANOSECONDS

AT = Span(SourceFile("<made>", ""), 0, 0)

_KEYWORDS = """
    where capture aggregate every top sample limit print probe span param let table stop from to
    cancel via when key by as if else or and in begin end after events reset keep contains
    startswith endswith matches struct union enum
"""
KEYWORDS = tuple(_KEYWORDS.split())

words = st.from_regex(r"[a-z_][a-z0-9_]{0,6}", fullmatch=True).filter(
    lambda word: word not in OPERATOR_WORDS
)
names = words | st.sampled_from(KEYWORDS)
texts = st.text(st.characters(codec="utf-8"), max_size=8)

integers = st.builds(
    ast.Integer,
    st.integers(0, 20) | st.integers(0, MAX_INTEGER),
    st.sampled_from((2, 8, 10, 16)),
    span=st.just(AT),
)
durations = st.builds(
    lambda n, unit: ast.Duration(str(n), unit, n * NANOSECONDS[unit], span=AT),
    st.integers(1, 10**5),
    st.sampled_from(sorted(NANOSECONDS)),
)
sizes = st.builds(
    lambda n, unit: ast.Size(str(n), unit, n * BYTES[unit], span=AT),
    st.integers(0, 10**5),
    st.sampled_from(sorted(BYTES)),
)
fractions = st.from_regex(r"[0-9]{1,5}\.[0-9]{1,5}", fullmatch=True).map(
    lambda text: ast.Fraction(text, span=AT)
)
addresses = st.builds(
    ast.Address, st.integers(0, 2**32 - 1).map(IPv4Address), span=st.just(AT)
) | st.builds(
    ast.Address,
    st.integers(0, 2**128 - 1).map(IPv6Address) | st.just(IPv6Address("fe80::1")),
    span=st.just(AT),
)
networks = st.builds(
    lambda n, bits: ast.AddressRange(IPv4Network((n >> bits << bits, 32 - bits)), span=AT),
    st.integers(0, 2**32 - 1),
    st.integers(0, 32),
) | st.builds(
    lambda n, bits: ast.AddressRange(IPv6Network((n >> bits << bits, 128 - bits)), span=AT),
    st.integers(0, 2**128 - 1),
    st.integers(0, 128),
)
strings = st.builds(ast.String, texts, span=st.just(AT))
name_nodes = st.builds(ast.Name, names, span=st.just(AT))
leaves = st.one_of(name_nodes, integers, durations, sizes, fractions, addresses, networks, strings)
type_names = st.builds(
    ast.TypeName,
    st.sampled_from(("struct", "union", "enum")),
    words,
    st.integers(0, 2),
    span=st.just(AT),
)


def _grow(inner: st.SearchStrategy[ast.Expr]) -> st.SearchStrategy[ast.Expr]:
    at = st.just(AT)
    arithmetic = st.sampled_from(["|", "^", "&", "<<", ">>", "+", "-", "*", "/", "%", "and", "or"])
    words = ("contains", "startswith", "endswith", "matches")
    comparison = st.sampled_from(("==", "!=", "<", "<=", ">", ">=", *words))
    return st.one_of(
        st.builds(ast.Member, inner, names, at, span=at),
        st.builds(ast.Index, inner, inner, span=at),
        st.builds(
            ast.Call,
            names,
            st.lists(inner | type_names, max_size=3).map(tuple),
            at,
            span=at,
        ),
        st.builds(ast.Unary, st.sampled_from(("-", "~", "not")), inner, span=at),
        st.builds(ast.Binary, arithmetic, inner, inner, span=at),
        st.builds(ast.Comparison, comparison, inner, inner, span=at),
        st.builds(
            ast.Membership,
            inner,
            st.lists(inner, min_size=1, max_size=3).map(tuple),
            st.booleans(),
            span=at,
        ),
        st.builds(ast.Conditional, inner, inner, inner, span=at),
    )


expressions: st.SearchStrategy[ast.Expr] = st.recursive(leaves, _grow, max_leaves=12)

declared_types = type_names | st.builds(
    ast.TypeName, st.just(""), words, st.integers(0, 2), span=st.just(AT)
)
target_arguments = st.builds(
    ast.TargetArgument, words, st.none() | declared_types, span=st.just(AT)
)
parts = (
    texts.filter(bool)
    | st.from_regex(r"[a-zA-Z0-9_*?/.$@<>~+\[\]-]{1,10}", fullmatch=True)
    | st.sampled_from(["a+16", "f+0x10", "operator+", "[a-c]*"])
)
targets = st.builds(
    ast.Target,
    words,
    st.lists(parts, min_size=1, max_size=3).map(tuple),
    st.just(0) | st.integers(0, MAX_INTEGER),
    st.none() | st.lists(target_arguments, max_size=3).map(tuple),
    span=st.just(AT),
) | st.sampled_from(["begin", "end"]).map(lambda kind: ast.Target(kind, (), span=AT))
choices = st.builds(
    ast.TargetChoice, st.lists(targets, min_size=1, max_size=3).map(tuple), span=st.just(AT)
)
choice_lists = st.lists(choices, min_size=1, max_size=3).map(tuple)

fields = st.builds(ast.Field, expressions, st.none() | names, span=st.just(AT))
field_lists = st.lists(fields, min_size=1, max_size=4).map(tuple)
counts = st.integers(1, 10**6)
clause_makers: tuple[st.SearchStrategy[ast.Clause], ...] = (
    st.builds(ast.Where, expressions, span=st.just(AT)),
    st.builds(ast.Capture, field_lists, span=st.just(AT)),
    st.builds(ast.Aggregate, field_lists, st.just(()) | field_lists, span=st.just(AT)),
    st.builds(ast.Every, durations, st.sampled_from(ast.EveryMode), span=st.just(AT)),
    st.builds(ast.Top, counts, st.none() | names, span=st.just(AT)),
    st.builds(lambda keep, more: ast.Sample(keep, keep + more, span=AT), counts, st.integers(0, 9)),
    st.builds(ast.Limit, counts, span=st.just(AT)),
    st.builds(ast.Print, strings, st.lists(expressions, max_size=3).map(tuple), span=st.just(AT)),
)
clause_lists: st.SearchStrategy[tuple[ast.Clause, ...]] = st.lists(
    st.one_of(clause_makers), max_size=4, unique_by=type
).map(tuple)

guards = st.none() | expressions
keys = st.lists(expressions, max_size=3).map(tuple)


def _leg(role: ast.LegRole) -> st.SearchStrategy[ast.Leg]:
    label = words if role is ast.LegRole.VIA else st.none()
    return st.builds(ast.Leg, st.just(role), choice_lists, guards, keys, label, span=st.just(AT))


leg_lists = st.tuples(
    _leg(ast.LegRole.FROM), _leg(ast.LegRole.VIA) | _leg(ast.LegRole.CANCEL), _leg(ast.LegRole.TO)
)
rules = (
    st.builds(ast.ProbeRule, choice_lists, clause_lists, span=st.just(AT))
    | st.builds(ast.SpanRule, choice_lists, st.just(()), clause_lists, span=st.just(AT))
    | st.builds(ast.SpanRule, st.just(()), leg_lists, clause_lists, span=st.just(AT))
)
defaults = st.one_of(
    integers,
    durations,
    sizes,
    fractions,
    addresses,
    strings,
    st.sampled_from(["true", "false"]).map(lambda word: ast.Name(word, span=AT)),
    st.builds(ast.Unary, st.just("-"), integers, span=st.just(AT)),
)
declarations = st.one_of(
    st.builds(
        ast.Param,
        names,
        st.none() | st.sampled_from(["int", "str", "bool", "duration", "size", "ip"]),
        defaults,
        texts,
        name_span=st.just(AT),
        span=st.just(AT),
    ),
    st.builds(ast.Let, names, expressions, name_span=st.just(AT), span=st.just(AT)),
    st.builds(
        lambda name, entries, otherwise: ast.Table(
            name, tuple(entries.items()), otherwise, name_span=AT, span=AT
        ),
        names,
        st.dictionaries(st.integers(-20, 2**40), texts, min_size=1, max_size=3),
        st.none() | texts,
    ),
    st.builds(ast.Stop, durations, st.none(), span=st.just(AT)),
    st.builds(ast.Stop, st.none(), counts, span=st.just(AT)),
)
descriptions = st.lists(
    st.from_regex(r"[a-z]([a-z ]{0,10}[a-z])?|", fullmatch=True), max_size=3
).map(lambda lines: "\n".join(lines).strip("\n"))
scripts = st.builds(
    lambda items, description: ast.Script(AT.source, tuple(items), description),
    st.lists(rules | declarations, min_size=1, max_size=4),
    descriptions,
)


def in_canonical_order(script: ast.Script) -> ast.Script:
    """The same script with each rule's clauses in the order that the formatter writes."""

    def reorder(item: ast.Item) -> ast.Item:
        if not isinstance(item, ast.ProbeRule | ast.SpanRule):
            return item
        ordered = sorted(item.clauses, key=lambda clause: CLAUSE_ORDER.index(type(clause)))
        return replace(item, clauses=tuple(ordered))

    return replace(script, items=tuple(map(reorder, script.items)))
