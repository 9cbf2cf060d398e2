"""A flame graph as one page: everything it needs is in it, and nothing in it is taken for code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any, Final

from tracelang.dataclass import dataclass
from tracelang.resources import page_file
from tracelang.sinks.flame_tree import Node, Total, grow_tree, ordered, total_functions
from tracelang.sinks.folding import Level, Part, Path

_PARTS: Final = ("key", "user", "kernel", "module", "unknown")
_KERNEL: Final = "kernel"
_MOST_FUNCTIONS: Final = 50
_LEAST_SHARE: Final = 1e-5
"""Of all: what is narrower is not to be seen even on a wall, and is left out (and counted)."""


@dataclass(frozen=True, slots=True)
class Words:
    """What a page says beside the graph: `unit` is what the weights count."""

    title: str
    script: str
    unit: str
    notes: tuple[str, ...] = ()


def render_page(stacks: Mapping[Path, int], words: Words) -> str:
    """Return the page of some stacks."""
    root = grow_tree(stacks)
    tree = _TreeWriter(root.weight * _LEAST_SHARE)
    data = {
        "root": tree.write(root),
        "texts": list(tree.texts),
        "parts": _PARTS,
        "unit": words.unit,
    }
    functions = total_functions(stacks)
    return Template(page_file("flamegraph/page.html")).substitute(
        title=escape(words.title),
        summary=escape(_summary(root, stacks, words, tree.left_out)),
        script=escape(words.script),
        style=page_file("flamegraph/style.css"),
        behaviour=page_file("flamegraph/behaviour.js"),
        functions="\n".join(_function_row(f, root.weight) for f in functions[:_MOST_FUNCTIONS]),
        more=_more(len(functions) - _MOST_FUNCTIONS),
        data=_safe_json(data),
    )


def _summary(root: Node, stacks: Mapping[Path, int], words: Words, left_out: int) -> str:
    different = f"{len(stacks):,} different stack{'s' * (len(stacks) != 1)}"
    parts = [*_amount(root.weight, words.unit), different, *words.notes]
    if left_out:
        parts.append(f"{left_out:,} calls too small to be drawn are left out")
    return ", ".join(parts)


def _amount(weight: int, unit: str) -> list[str]:
    # What has units is written by the page's script, beside the root.
    return (
        []
        if unit in ("duration", "size")
        else [f"{weight:,} {unit.removesuffix('s') if weight == 1 else unit}"]
    )


def _function_row(total: Total, whole: int) -> str:
    cells = (
        f'<td class="number">{_share(total.own, whole)}</td>',
        f'<td class="number">{_share(total.weight, whole)}</td>',
        f"<td>{escape(total.level.name)}</td>",
        f"<td>{escape(total.level.module)}</td>",
    )
    return f"<tr>{''.join(cells)}</tr>"


def _share(weight: int, whole: int) -> str:
    return f"{100 * weight / whole:.1f} %" if weight else ""


def _more(count: int) -> str:
    return f'<p class="more">and {count:,} more</p>' if count > 0 else ""


class _TreeWriter:
    """Turns the tree into lists for JSON, each text once; `least` is what a node must weigh."""

    def __init__(self, least: float) -> None:
        self._least = least
        self.texts: dict[str, int] = {}
        self.left_out = 0

    def write(self, node: Node) -> list[Any]:
        """Return a node as the page's script reads it."""
        level = node.level
        kept = [child for child in node.children.values() if child.weight >= self._least]
        self.left_out += len(node.children) - len(kept)
        return [
            self._number(level.name),
            self._number(level.module),
            _PARTS.index(_part_of(level)),
            node.weight,
            node.own,
            [self.write(child) for child in ordered(kept)],
        ]

    def _number(self, text: str) -> int:
        return self.texts.setdefault(text, len(self.texts))


def _part_of(level: Level) -> str:
    if level.part is not Part.KEY and level.name.startswith(("[", "0x")):
        return "unknown"
    if level.part is Part.KERNEL and level.module not in ("", _KERNEL):
        return "module"
    return level.part.value


def _safe_json(data: object) -> str:
    """Return JSON that cannot end the element it stands in."""
    text = json.dumps(data, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
