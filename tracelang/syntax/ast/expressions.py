"""Expressions: literals, names, what is made of them, and conditions."""

from __future__ import annotations

from dataclasses import field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from tracelang.dataclass import dataclass
from tracelang.source import Span
from tracelang.syntax.ast.node import Node
from tracelang.syntax.ast.targets import TargetChoice, TypeName


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A bare name."""

    name: str


@dataclass(frozen=True, slots=True)
class Integer(Node):
    """An integer literal; `base` (2, 8, 10 or 16) is how it was written."""

    value: int
    base: int = 10


@dataclass(frozen=True, slots=True)
class Fraction(Node):
    """A decimal literal such as `99.9`, kept as its text so that no digit is lost."""

    text: str


@dataclass(frozen=True, slots=True)
class String(Node):
    """A text literal, with its escapes already replaced."""

    value: str


@dataclass(frozen=True, slots=True)
class Duration(Node):
    """A duration literal: `amount` and `unit` (ns us ms s m h d) as written, and its value."""

    amount: str
    unit: str
    nanoseconds: int


@dataclass(frozen=True, slots=True)
class Size(Node):
    """A size literal: `amount` and `unit` (B, KB, KiB up to TiB) as written, and its value."""

    amount: str
    unit: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Address(Node):
    """An IP address literal."""

    address: IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class AddressRange(Node):
    """An IP network literal such as `10.0.0.0/8`; only the right side of `in` takes one."""

    network: IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`base.name`; `name_span` is the place of the member's name alone."""

    base: Expr
    name: str
    name_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`base[index]`."""

    base: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)`: a decoder, an aggregate, a table, `cast`, `container_of` and so on."""

    function: str
    arguments: tuple[Expr, ...]
    function_span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Inside(Node):
    """`inside(TARGETS)`: whether the current thread is within one of these calls."""

    targets: tuple[TargetChoice, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `~x` or `not x`; `operator` is `-`, `~` or `not`."""

    operator: str
    operand: Expr


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic, bit or boolean operation: `| ^ & << >> + - * / % and or`."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """`== != < <= > >= contains startswith endswith matches` between two expressions."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`left in (a, b)` or `left in 10.0.0.0/8`; `negated` for `not in`."""

    left: Expr
    items: tuple[Expr, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`then if condition else otherwise`."""

    condition: Expr
    then: Expr
    otherwise: Expr


Expr = (
    Name
    | Integer
    | Fraction
    | String
    | Duration
    | Size
    | Address
    | AddressRange
    | TypeName
    | Member
    | Index
    | Call
    | Inside
    | Unary
    | Binary
    | Comparison
    | Membership
    | Conditional
)
