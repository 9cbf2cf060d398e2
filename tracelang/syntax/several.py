"""Several scripts as one: their items one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from tracelang.syntax.ast import Item, Let, Param, Script, Table


def join_scripts(scripts: Sequence[Script]) -> Script:
    """Return the scripts as one with the first one's description.

    What two of them declare alike stands once: an option that means the same in each is one option.
    """
    return replace(scripts[0], items=tuple(_items(scripts)))


def _items(scripts: Sequence[Script]) -> Iterator[Item]:
    known: set[Item] = set()
    for script in scripts:
        yield from (item for item in script.items if _without_help(item) not in known)
        declared = (i for i in script.items if isinstance(i, Let | Param | Table))
        known.update(map(_without_help, declared))


def _without_help(item: Item) -> Item:
    return replace(item, help="") if isinstance(item, Param) else item
