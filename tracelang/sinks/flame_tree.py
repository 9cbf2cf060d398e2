"""The tree a flame graph shows: calls by their callers, each as wide as all it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tracelang.sinks.folding import Level, Part, Path


@dataclass(slots=True)
class Node:
    """One call and what it calls; `weight` includes those, `own` does not."""

    level: Level
    weight: int = 0
    own: int = 0
    children: dict[Level, Node] = field(default_factory=dict)

    @property
    def depth(self) -> int:
        """How many levels there are from here on."""
        deepest, row = 0, [self]
        while row:
            deepest += 1
            row = [child for node in row for child in node.children.values()]
        return deepest


def grow_tree(stacks: Mapping[Path, int]) -> Node:
    """Return the root of the tree of some stacks."""
    root = Node(Level("all", "", Part.KEY))
    for path, weight in stacks.items():
        root.weight += weight
        node = root
        for level in path:
            node = node.children.setdefault(level, Node(level))
            node.weight += weight
        node.own += weight
    return root


@dataclass(frozen=True, slots=True)
class Total:
    """What one function weighs in all stacks: itself, and with what it calls."""

    level: Level
    own: int
    weight: int


def total_functions(stacks: Mapping[Path, int]) -> list[Total]:
    """Return every function's totals, the heaviest by itself first; recursion counts once."""
    own: dict[Level, int] = {}
    whole: dict[Level, int] = {}
    for path, weight in stacks.items():
        calls = [level for level in path if level.part is not Part.KEY]
        for level in dict.fromkeys(calls):
            whole[level] = whole.get(level, 0) + weight
        if calls:
            own[calls[-1]] = own.get(calls[-1], 0) + weight
    totals = [Total(level, own.get(level, 0), weight) for level, weight in whole.items()]
    return sorted(totals, key=lambda t: (-t.own, -t.weight, t.level.name))


def ordered(children: Iterable[Node]) -> list[Node]:
    """Return siblings in the order they are shown: by name, so that two graphs compare."""
    return sorted(children, key=lambda node: (node.level.name, node.level.module))
