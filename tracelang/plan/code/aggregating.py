"""Statements of rules that aggregate: keys, cells, buckets, and the stacks among them."""

from __future__ import annotations

from tracelang.dataclass import dataclass
from tracelang.plan.code.values import Buffer, Value, Variable


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """Declare `key`, zeroed room for a rule's key, with a bucket's number behind it in `bucket`.

    `memory` is the scratch field it lies in, empty for the stack. `keyed` is False where there is
    no key, only buckets.
    """

    name: str
    memory: str
    keyed: bool
    bucketed: bool


@dataclass(frozen=True, slots=True)
class StoreKey:
    """Put a value into a field of the key."""

    field: str
    value: Value


@dataclass(frozen=True, slots=True)
class FindCell:
    """Declare `cell`, this CPU's numbers for the key, new where need be; count the event in it.

    Without a key it is the cell at a `place` of an array. `counted`: also among the rule's events,
    which the reader can look at without reading all keys.
    """

    name: str
    rule: int
    keyed: bool
    counted: bool
    place: Value


@dataclass(frozen=True, slots=True)
class Accumulate:
    """Work a value into slots of the cell: `function` is sum, min, max or last."""

    function: str
    slot: str
    value: Value


@dataclass(frozen=True, slots=True)
class CountBucket:
    """Add one to a bucket of a map; `number` is its bucket, the rest as in `ir.BucketMap`."""

    map: str
    number: Value
    rule: int
    keyed: bool
    bias: int
    together: int


@dataclass(frozen=True, slots=True)
class TakeStack:
    """A new local variable: the number of the stack that is taken into `room`.

    `frames` of it are taken, of which at most `limit` are shown.
    """

    variable: Variable
    room: Buffer
    user: bool
    frames: int
    limit: int


@dataclass(frozen=True, slots=True)
class TakeAddress:
    """A new local variable: the number of a stack of one frame, an address of the process."""

    variable: Variable
    room: Buffer
    address: Value
