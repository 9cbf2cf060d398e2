"""Every output says what it is, and is found by its name."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys

import pytest

from tracelang import sinks
from tracelang.diagnostics import DiagnosticError


def test_the_outputs_are_there() -> None:
    assert set(sinks.load_sinks().names()) == {
        "text",
        "table",
        "json",
        "csv",
        "folded",
        "flamegraph",
        "arrow",
        "parquet",
    }


def test_each_says_what_it_is() -> None:
    for kind in sinks.load_sinks():
        assert kind.summary
        assert type(kind).__doc__


def test_every_module_says_what_it_owns() -> None:
    for module in pkgutil.iter_modules(sinks.__path__, "tracelang.sinks."):
        assert importlib.import_module(module.name).__doc__, module.name


@pytest.mark.parametrize("name", sinks.load_sinks().names())
def test_an_output_is_in_the_module_of_its_name(name: str) -> None:
    assert sinks.find_sink(name).name == name
    assert importlib.import_module(f"tracelang.sinks.{name}").SINKS[0].name == name


@pytest.mark.parametrize("name", ["jsn", "columns", "no/such", ""])
def test_an_unknown_name_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(DiagnosticError) as caught:
        sinks.find_sink(name)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.status) == ("U302", 2)
    assert (
        "there are: arrow, csv, flamegraph, folded, json, parquet, table, text"
        in diagnostic.help[0]
    )
    assert name != "jsn" or "did you mean `json`?" in diagnostic.help[0]


def test_text_output_loads_nothing_it_does_not_need() -> None:
    code = (
        "import sys; from tracelang.decoders import load_decoders; load_decoders().get('ip');"
        "from tracelang.sinks import find_sink; find_sink('text');"
        "slow = {'csv', 'json', 'socket', 'rich', 'importlib.metadata'} & set(sys.modules);"
        "assert not slow, slow"
    )
    subprocess.run([sys.executable, "-S", "-c", code], check=True)
