"""`make bench`: every benchmark in turn, and what they found in `bench/RESULTS.md` and a plot.

`python -m bench [NAME …]` runs only some of them, and prints instead of writing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path

from bench.plots import draw
from bench.processes import BPFTRACE, PYTHON
from bench.results import Section, Table

_NAMES = ("starting", "streaming", "aggregating", "attaching", "functions", "lasting", "growing")
_RESULTS = Path(__file__).with_name("RESULTS.md")
_PLOTS = Path(__file__).parents[1] / "docs" / "plots"


def main() -> None:
    """Run what is asked for; a benchmark that fails says so in the results and stops no other."""
    started = time.monotonic()
    sections: list[Section] = []
    for name in sys.argv[1:] or _NAMES:
        sections.append(_measure(name))
        text = "\n".join([_head(time.monotonic() - started), *map(_show, sections)])
        if not sys.argv[1:]:  # after each one: what there is by then survives an interrupt
            _RESULTS.write_text(text, encoding="utf-8")
    if sys.argv[1:]:
        print(text)
        return
    _PLOTS.mkdir(exist_ok=True)
    for table in (table for section in sections for table in section.tables):
        name = table.title.lower().replace(" ", "-")
        (_PLOTS / f"{name}.svg").write_text(draw(table), encoding="utf-8")


def _measure(name: str) -> Section:
    print(f"bench: {name}", file=sys.stderr, flush=True)
    try:
        section: Section = import_module(f"bench.{name}").measure()
    except Exception as error:  # noqa: BLE001 - whatever it is, the others go on
        return Section(name.capitalize(), notes=[f"**This benchmark failed**: {error!r:.500}"])
    return section


def _head(seconds: float) -> str:
    system = os.uname()
    cpu = _first("/proc/cpuinfo", "model name")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    bcc = _output([PYTHON, "-c", "import bcc; print(bcc.__version__)"])
    return f"""\
# Results

Measured by `make bench` in {seconds / 60:.0f} minutes, tracers in turn; medians, lowest, highest.
A call is write(2) of one byte to /dev/null; what it takes is its thread's time on the processor.

- {os.cpu_count()} processors ({cpu}), {memory:.0f} GiB, load {os.getloadavg()[2]:.2f}
- {system.sysname} {system.release} {system.machine}
- Python {sys.version.split()[0]}, bcc {bcc}, {_output([BPFTRACE, "--version"])}
"""


def _first(path: str, name: str) -> str:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _output(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    except OSError as error:
        return str(error)


def _show(section: Section) -> str:
    lines = [f"## {section.title}", ""]
    if section.rows:
        lines += [
            "| | tracelang | beside it | against the target | reached |",
            "|---|---|---|---|---|",
        ]
        rows = ((r.what, r.ours, r.theirs, r.meaning, r.verdict) for r in section.rows)
        lines += [f"| {' | '.join(row)} |" for row in rows]
        lines.append("")
    for table in section.tables:
        lines += [*_table(table), ""]
    lines += [f"{note}\n" for note in section.notes]
    if section.commands:
        lines += ["```", *section.commands, "```", ""]
    return "\n".join(lines)


def _table(table: Table) -> list[str]:
    cells = [[_number(value) for value in row] for row in table.rows]
    return [
        f"### {table.title}\n",
        f"| {' | '.join(table.head)} |",
        f"|{'---|' * len(table.head)}",
        *(f"| {' | '.join(row)} |" for row in cells),
    ]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


if __name__ == "__main__":
    main()
