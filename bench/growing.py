"""How cost grows: with events a second, keys, fields and the length of text."""

from __future__ import annotations

from collections.abc import Callable

from bench.processes import Load, Tracer, tracelang
from bench.results import Section, Table

_RATES = (1_000, 10_000, 100_000, 1_000_000)
_FIELDS = (1, 2, 4, 8, 16, 32)
_TEXTS = (16, 64, 256, 1024, 4096)
_KEYS = (1, 100, 10_000, 100_000)
_CALLS = 200_000


def measure() -> Section:
    """Measure each table once: they show a shape, and no target is set."""
    section = Section("How it grows")
    section.tables = [_rates(), _fields(), _texts(), _keys()]
    return section


def _rates() -> Table:
    rows = []
    for rate in _RATES:
        with Load(min(rate, _CALLS), 1_000_000_000 // rate) as load:
            script = f'syscall:write where pid == {load.pid} capture ts, count print "%d %d"'
            _, cpu, lost = _run(script, load, min(rate, _CALLS))
        rows.append((rate, cpu, lost))
    head = ("events a second", "µs of CPU an event", "lost")
    return Table("Events a second", head, rows)


def _fields() -> Table:
    def script(number: int) -> Callable[[int], str]:
        names = ", ".join(f"count + {n} as f{n}" for n in range(number))
        form = " ".join(["%d"] * number)
        return lambda pid: f'syscall:write where pid == {pid} capture {names} print "{form}"'

    rows = [(number, *_stream(script(number))) for number in _FIELDS]
    return Table("Fields", ("fields", "ns a call", "µs of CPU an event", "lost"), rows)


def _texts() -> Table:
    def script(pid: int) -> str:
        return f'syscall:write where pid == {pid} capture comm, str(buf) as text print "%s %s"'

    rows = [(size, *_stream(script, "--strlen", str(size))) for size in _TEXTS]
    head = ("bytes kept of a text", "ns a call", "µs of CPU an event", "lost")
    return Table("Room for text", head, rows)


def _keys() -> Table:
    rows = []
    with Load(_CALLS) as load:
        for keys in _KEYS:
            script = (
                f"syscall:write where pid == {load.pid} aggregate count() by ts % {keys} as key"
            )
            with tracelang(script, "--keys", "200000") as tracer:
                took = load.run()
                ended = tracer.end()
            rows.append((float(keys), took, ended.seconds))
    return Table("Keys", ("keys", "ns a call", "s to read and show them at the end"), rows)


def _stream(script: Callable[[int], str], *options: str) -> tuple[float, float, float]:
    with Load(_CALLS) as load:
        return _run(script(load.pid), load, _CALLS, *options)


def _run(script: str, load: Load, calls: int, *options: str) -> tuple[float, float, float]:
    with tracelang(script, *options) as tracer:
        before = tracer.cpu()
        took = load.run()
        tracer.settle()
        cpu = (tracer.cpu() - before) / calls * 1e6
        return took, cpu, calls + 1 - _lines(tracer)


def _lines(tracer: Tracer) -> int:
    return tracer.end().output.count(b"\n")
