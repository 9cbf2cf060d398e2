"""The JSON Schema of a script's output, against what the sink really writes."""

from __future__ import annotations

import io
import json
from typing import Any

import jsonschema
import pytest

from tests.unit.decoders.bound import context
from tests.unit.sinks.outputs import make_sink, output_of
from tests.unit.sinks.test_arrow import _EVENTS, _ROW
from tracelang.decoders import load_decoders
from tracelang.plan.c_types import U32
from tracelang.plan.ir import RuleOutput
from tracelang.runtime.accounting import Accounting
from tracelang.sinks.protocol import Row, SinkSetup, feed
from tracelang.sinks.schema import schema_of


def schema(*outputs: RuleOutput) -> dict[str, Any]:
    contexts = {o.rule: context(targets=o.targets) for o in outputs}
    setup = SinkSetup(outputs, io.StringIO(), load_decoders(), contexts)
    found = schema_of(setup, Accounting().counts())
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def lines(outputs: tuple[RuleOutput, ...], rows: list[Row]) -> list[Any]:
    stream = io.StringIO()
    sink = make_sink("json", *outputs, stream=stream, account=Accounting().counts)
    feed(sink, rows)
    sink.end()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_what_is_written_fits() -> None:
    validator = jsonschema.Draft202012Validator(schema(_EVENTS))
    written = lines((_EVENTS,), [_ROW, (*_ROW[:3], b"ascii\0", *_ROW[4:])])
    assert len(written) == 3
    for line in written:
        validator.validate(line)


@pytest.mark.parametrize("change", [{"big": 1 << 64}, {"small": "-5"}, {"other": 1}, {"box": 3}])
def test_what_is_not_written_does_not_fit(change: dict[str, Any]) -> None:
    event = lines((_EVENTS,), [_ROW])[0]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(event | change, schema(_EVENTS))


def test_each_rule_has_its_own_shape() -> None:
    outputs = (output_of(("a", "int", U32)), output_of(("b", "int", U32), rule=1))
    found = schema(*outputs)
    first, second, account = lines(outputs, [(0, 0, 0, 1), (0, 1, 0, 2)])
    definitions = found["$defs"]
    for name, line in (("rule1", first), ("rule2", second), ("accounting", account)):
        others = [definitions[n] for n in definitions if n != name]
        jsonschema.validate(line, definitions[name])
        assert not any(jsonschema.Draft202012Validator(o).is_valid(line) for o in others)
