"""One JSON object per line: raw values under the fields' names, decoded ones beside them.

`ts` is in monotonic nanoseconds. Integers are exact whatever their size. Everything beyond ASCII is
escaped, so a line can never disturb a terminal. Text that is not UTF-8 has U+FFFD for what cannot
be read, and its exact bytes in hexadecimal under `NAME_hex`. The last line is what the run counted:
an object with `accounting` and nothing else, which no event is, for every event has `ts`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from json import dumps
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any, Final, TypeAlias

from tracelang.dataclass import dataclass
from tracelang.decoders.fixed import fixed_point
from tracelang.plan.ir import RuleOutput
from tracelang.sinks.columns import BoundColumn, bind_output
from tracelang.sinks.protocol import Form, Row, Sink, SinkSetup

Values: TypeAlias = Callable[[Sequence[Row]], Iterable[object]]
"""What stands in JSON for one member in each of some rows: texts, or integers as they are."""

Member: TypeAlias = tuple[str, Values]
"""A member's opening (`"name":`) and its values."""


def _members(output: RuleOutput, setup: SinkSetup) -> list[Member]:
    """Return the members of a rule's objects; captured names win over added ones."""
    columns = bind_output(output, setup)
    captured = {column.name for column in columns}
    members = [m for name, m in _added(output, setup) if name not in captured]
    for column in columns:
        members.append((_opening(column.name), _value_writer(column)))
        if column.reading.differs and f"{column.name}_text" not in captured:
            members.append((_opening(f"{column.name}_text"), _text_writer(column)))
    return members


def _added(output: RuleOutput, setup: SinkSetup) -> Iterable[tuple[str, Member]]:
    yield "ts", (_opening("ts"), _picker(0))
    if len(setup.outputs) > 1:
        # Counted from 1, as people and messages do.
        yield "rule", (_opening("rule"), lambda rows: repeat(output.rule + 1, len(rows)))
    probes = [encode_basestring_ascii(probe) for probe, _ in output.targets]
    if probes:
        pick = _picker(2)
        yield "probe", (_opening("probe"), lambda rows: map(probes.__getitem__, pick(rows)))


def _opening(name: str) -> str:
    return f"{encode_basestring_ascii(name)}:".replace("%", "%%")


def _picker(slot: int) -> Callable[[Sequence[Row]], Iterable[Any]]:
    pick = itemgetter(slot)
    return lambda rows: map(pick, rows)


def _text_writer(column: BoundColumn) -> Values:
    return lambda rows: map(encode_basestring_ascii, column.texts(rows))


def _value_writer(column: BoundColumn) -> Values:
    if column.reading.machine is None and not column.type.length:
        return _picker(column.slot)
    write = _machine_writer(column)
    return lambda rows: map(write, column.raw(rows))


def _machine_writer(column: BoundColumn) -> Callable[[Any], str]:
    reading = column.reading
    machine, scaled, digits = reading.machine or reading.text, reading.scaled, reading.digits
    bytes_member = f",{encode_basestring_ascii(column.name + '_hex')}:"

    def write(raw: object) -> str:
        value = machine(raw)
        if isinstance(value, str):
            return encode_basestring_ascii(value)
        if isinstance(value, bytes):
            readable = encode_basestring_ascii(value.decode(errors="replace"))
            return f'{readable}{bytes_member}"{value.hex()}"'
        if isinstance(value, float) and scaled is not None:
            return fixed_point(scaled(raw), digits, digits)
        return dumps(value)

    return write


class JsonSink:
    """Writes each event as an object on a line of its own."""

    def __init__(self, setup: SinkSetup) -> None:
        self._stream = setup.stream
        self._account = setup.account
        self._members = {output.rule: _members(output, setup) for output in setup.outputs}
        self._templates = {
            rule: "{" + ",".join(f"{opening}%s" for opening, _ in members) + "}\n"
            for rule, members in self._members.items()
        }

    def begin(self) -> None:
        """Write nothing: every line stands alone."""

    def events(self, rule: int, rows: Sequence[Row]) -> None:
        """Write one object for each row."""
        columns = [write(rows) for _, write in self._members[rule]]
        fill = self._templates[rule].__mod__
        self._stream.write("".join(map(fill, zip(*columns, strict=True))))

    def flush(self) -> None:
        """Make everything written so far visible."""
        self._stream.flush()

    def end(self) -> None:
        """Write what the run counted."""
        counted = self._account()
        if counted is not None:
            account = dumps({"accounting": dict(counted)}, separators=(",", ":"))
            self._stream.write(f"{account}\n")
        self._stream.flush()


@dataclass(frozen=True, slots=True)
class JsonKind:
    """`-o json`."""

    name: str = "json"
    summary: str = "one JSON object per line"
    form: Form = Form.LINES

    def create(self, setup: SinkSetup) -> Sink:
        """Return the sink."""
        return JsonSink(setup)


SINKS: Final = (JsonKind(),)
