"""Writes the table of docs/tools.md: what each tool shows, with which probes, and where it was run.

Where a tool was run comes from the tests: a test marked `tool("NAME")` runs and judges that tool,
under tests/live on this machine's kernel and under tests/vm_cases in the guest; one that is marked
`beside_bpftrace` as well compares it with bpftrace's own. `tests/cases/test_tools.py` keeps the
page equal to what this program writes.
"""

from __future__ import annotations

import ast as python
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from tracelang.source import SourceFile
from tracelang.syntax import ast
from tracelang.syntax.parse import parse_script

ROOT: Final = Path(__file__).resolve().parents[1]
TOOLS: Final = ROOT / "examples" / "tools"
PAGE: Final = ROOT / "docs" / "tools.md"
MISSING: Final[Mapping[str, Mapping[str, str]]] = {
    "linux-6.18": {
        "biolatency-kp": "blk_account_io_start",
        "cachestat": "folio_mark_accessed",
        "cachetop": "folio_mark_accessed",
        "dcsnoop": "lookup_fast",
        "dcstat": "lookup_fast",
        "ext4dist": "ext4_file_read_iter",
        "ext4slower": "ext4_file_read_iter",
        "loads": "avenrun",
        "mdflush": "md_flush_request",
        "swapin": "swap_read_folio",
        "tcpsynbl": "tcp_v4_syn_recv_sock",
        "undump": "unix_stream_read_actor",
        "vfscount": "vfs_*",
        "vfsstat": "vfs_read",
        "xfsdist": "xfs_file_read_iter",
    },
    "debian-6.1": {
        "mdflush": "md_flush_request",
        "xfsdist": "xfs_file_read_iter",
    },
}
"""By recorded kernel the tools that it has no event for, and the name that is missing there."""
_PLACES: Final = {"linux-6.18": "live", "debian-6.1": "vm_cases"}
_MARK: Final = "<!-- Written by scripts/tool_table.py -->\n"


def scripts() -> list[Path]:
    """Return every tool's script, in the order of their names."""
    return sorted(TOOLS.glob("*.trace"))


def tests_of() -> Mapping[str, frozenset[str]]:
    """Return by tool where it was run: `live`, `vm_cases` and `beside_bpftrace`."""
    found: dict[str, frozenset[str]] = {}
    for place in _PLACES.values():
        for path in sorted((ROOT / "tests" / place).rglob("test_*.py")):
            for marks in _marks(path):
                where = {place} | ({"beside_bpftrace"} & marks.keys())
                for name in marks.get("tool", ()):
                    found[name] = found.get(name, frozenset()) | where
    return found


def page() -> str:
    """Return the whole text that docs/tools.md should have."""
    return PAGE.read_text(encoding="utf-8").partition(_MARK)[0] + _MARK + "\n".join(_table()) + "\n"


def _marks(path: Path) -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield for each test function of a file its marks by name, with their arguments' text."""
    for node in python.walk(python.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, python.FunctionDef) and node.name.startswith("test_"):
            yield dict(_mark(decorator) for decorator in node.decorator_list)


def _mark(decorator: python.expr) -> tuple[str, tuple[str, ...]]:
    call = decorator if isinstance(decorator, python.Call) else None
    name = python.unparse(call.func if call else decorator).rpartition(".")[2]
    arguments = call.args if call else []
    return name, tuple(str(a.value) for a in arguments if isinstance(a, python.Constant))


def _table() -> Iterator[str]:
    run = tests_of()
    yield "| tool | shows | probes | 6.18 | 6.1 | bpftrace |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for path in scripts():
        places = run.get(path.stem, frozenset())
        kernels = [_place(path.stem, kernel, places) for kernel in _PLACES]
        beside = "same" if "beside_bpftrace" in places else ""
        link = f"[{path.stem}](../examples/tools/{path.name})"
        yield f"| {' | '.join((link, _shows(path), _probes(path), *kernels, beside))} |"


def _place(tool: str, kernel: str, places: frozenset[str]) -> str:
    if _PLACES[kernel] in places:
        return "run"  # perhaps with a module that was not loaded when the kernel was recorded
    missing = MISSING[kernel].get(tool)
    return f"no `{missing}`" if missing else "checked"


def _shows(path: Path) -> str:
    """Return what the script's first comment says that it is for."""
    comment = re.match(r"# [\w.-]+: (.*(?:\n# .*)*)", path.read_text(encoding="utf-8"))
    assert comment, path
    return comment[1].replace("\n# ", " ").replace("|", "\\|")


def _probes(path: Path) -> str:
    script = parse_script(SourceFile(path.name, path.read_text(encoding="utf-8")))
    shown = (f"--{t.param}" if t.param else str(t) for t in _targets(script))
    names = dict.fromkeys(shown)
    return ", ".join(f"`{name}`" for name in names).replace("|", "\\|")


def _targets(script: ast.Script) -> Iterator[ast.Target]:
    for item in script.items:
        if isinstance(item, (ast.ProbeRule, ast.SpanRule)):
            legs = item.legs if isinstance(item, ast.SpanRule) else ()
            for choice in (*item.targets, *(choice for leg in legs for choice in leg.targets)):
                yield from choice.options


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
