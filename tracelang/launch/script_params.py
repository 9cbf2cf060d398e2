"""The params of scripts that are named on a command line, as far as they can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tracelang.diagnostics import DiagnosticError
from tracelang.launch.inputs import read_inputs
from tracelang.syntax.ast import Param
from tracelang.syntax.parse import parse_script


def params_of(words: Sequence[str]) -> Iterator[Param]:
    """Yield the params of every script among the words; what is none is passed over."""
    for word in words:
        if word.startswith("-"):
            continue
        try:
            scripts = [parse_script(source) for source in read_inputs([word])]
        except DiagnosticError:
            continue
        for script in scripts:
            yield from (item for item in script.items if isinstance(item, Param))
