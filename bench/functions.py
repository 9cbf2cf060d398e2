"""Some 500 kernel functions by one wildcard, beside bpftrace, in the guest: its kernel has kprobes.

`measure` boots the guest, which runs this file: that prints what it measured as JSON.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from shlex import quote
from typing import Final

from bench.processes import BPFTRACE, TRACELANG, environment
from bench.results import Row, Section, Series, alternate

_TIMES: Final = 3
_MOST: Final = 512
_LONGEST_PREFIX: Final = 6
_FUNCTIONS: Final = Path("/sys/kernel/tracing/available_filter_functions")
_LIMITS: Final = {"BPFTRACE_MAX_PROBES": "1000"}
_TRACERS: Final = ("bpftrace", "warm", "cold")
_SECONDS: Final = 3600.0


def measure() -> Section:
    """Measure in the guest; raises GuestError or RuntimeError where that is not to be had."""
    # The guest itself has no tests; and what is here is not needed there.
    from tests.vm.guest import run_in_guest
    from tests.vm.machine import why_no_guest

    if reason := why_no_guest():
        raise RuntimeError(f"no guest: {reason}")
    ended = run_in_guest(f"{quote(sys.executable)} -m bench.functions", timeout=_SECONDS)
    if ended.status != 0:
        raise RuntimeError(ended.stderr[-400:])
    return _section(json.loads(ended.stdout))


def _section(found: dict[str, object]) -> Section:
    section = Section("Kernel functions")
    series = {name: Series(values) for name, values in _series(found)}
    theirs = series["bpftrace ended"]
    for way in ("warm", "cold"):
        ours = series[f"{way} ended"]
        ratio = ours.median / theirs.median
        section.rows.append(
            Row(
                f"{found['functions']} kprobes by wildcard, {way}: attach and detach",
                *(ours.show("s"), theirs.show("s"), ratio, 1.0),
                f"{ratio:.2f} × bpftrace, at most 1",
            )
        )
    attached = (f"{name} {series[f'{name} attached'].show('s')}" for name in _TRACERS)
    section.notes += [
        "In the guest, whose processor is emulated; the traced command does nothing to speak of.",
        f"Of that, from spawn until all is attached: {', '.join(attached)}.",
    ]
    wildcard = str(found["wildcard"])
    section.commands += [
        " ".join(("tracelang", *map(quote, _ours(wildcard)[1:]))),
        " ".join(map(quote, _theirs(wildcard))),
    ]
    return section


def _series(found: dict[str, object]) -> Iterable[tuple[str, list[float]]]:
    for name, values in found.items():
        if isinstance(values, list):
            yield name, values


# --- In the guest ---------------------------------------------------------------------------------


def main() -> None:
    """Run each tracer in turn around a command that says when it began."""
    mark = Path("/run/tracelang-bench-began")
    wildcard, number = choose_wildcard(_FUNCTIONS.read_text().splitlines())
    ended: dict[str, list[float]] = {name: [] for name in _TRACERS}

    def run(name: str) -> Callable[[], float]:
        command = _theirs(wildcard) if name == "bpftrace" else _ours(wildcard)
        command += ["--no-cache"] if name == "cold" else []
        command += ["-c", f"/usr/bin/touch {mark}"]

        def once() -> float:
            attached, whole = _time(command, mark)
            ended[name].append(whole)
            return attached

        return once

    _time([*_ours(wildcard), "-c", f"/usr/bin/touch {mark}"], mark)  # fills the cache
    attached = alternate(_TIMES, {name: run(name) for name in _TRACERS})
    found: dict[str, object] = {"wildcard": wildcard, "functions": number}
    found |= {f"{name} attached": series.values for name, series in attached.items()}
    found |= {f"{name} ended": values for name, values in ended.items()}
    print(json.dumps(found))


def choose_wildcard(lines: Iterable[str]) -> tuple[str, int]:
    """Return the start of names that most functions share, but no more than `_MOST`; how many."""
    names = {line.split()[0] for line in lines}
    shared = Counter(name[:n] for name in names for n in range(2, _LONGEST_PREFIX))
    number, prefix = max((number, prefix) for prefix, number in shared.items() if number <= _MOST)
    return f"{prefix}*", number


def _ours(wildcard: str) -> list[str]:
    return [TRACELANG, f"kprobe:{wildcard} where pid == 1 aggregate count() by func"]


def _theirs(wildcard: str) -> list[str]:
    return [BPFTRACE, "-e", f"kprobe:{wildcard} /pid == 1/ {{ @[func] = count(); }}"]


def _time(command: list[str], mark: Path) -> tuple[float, float]:
    """Return the seconds from spawning a tracer to its command's start, and to its own end."""
    started = time.time()
    done = subprocess.run(
        command, env=environment() | _LIMITS, capture_output=True, text=True, check=False
    )
    whole = time.time() - started
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stderr[-300:]}")
    return mark.stat().st_mtime - started, whole


if __name__ == "__main__":
    main()
