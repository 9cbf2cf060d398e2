"""Compiling a case: a script's text on a recorded kernel, without root and without a compiler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Final

from tests.unit.kernel.kernels import KERNELS, NAMES
from tracelang.kernel.features import PRESENT, absent
from tracelang.kernel.recorded import RecordedKernel
from tracelang.pipeline import Compilation, CompileOptions
from tracelang.plan.process_filter import ProcessFilter
from tracelang.semantic.options import BindOptions
from tracelang.source import SourceFile

USUAL: Final = "linux-6.18"
"""The kernel a case is checked on when it does not say."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a case is compiled under, besides its text.

    `params` are values for the script's params; `text_limit`, `most_probes` and `prefer` are what
    `--strlen`, `--max-probes` and `--prefer` say.
    """

    kernel: str = USUAL
    params: Mapping[str, str] = field(default_factory=dict)
    text_limit: int = 128
    most_probes: int = 512
    prefer: str = ""


def compile_case(
    text: str, conditions: Conditions | None = None, *, name: str = "case.trace"
) -> Compilation:
    """Return a compilation of the text; nothing of it has run yet."""
    wanted = conditions or Conditions()
    binding = BindOptions(wanted.text_limit, wanted.prefer, wanted.most_probes, dict(wanted.params))
    options = CompileOptions(binding, ProcessFilter())
    return Compilation((SourceFile(name, text),), open_recorded(wanted.kernel), options)


@cache
def open_recorded(name: str) -> RecordedKernel:
    """Return a recorded kernel.

    `NAME+FEATURE` is the same one with a feature it did not have, `NAME without FEATURE` the one
    without a feature it has.
    """
    base, lacks, lacking = name.partition(" without ")
    base, gains, gained = base.partition("+")
    kernel = RecordedKernel(KERNELS / base)
    changed: dict[str, Any] = {}
    if gains:
        changed[gained] = PRESENT
    if lacks:
        changed[lacking] = absent("it left out")
    kernel.features = replace(kernel.features, **changed)
    return kernel


def all_kernels() -> tuple[str, ...]:
    """Return the names of every recorded kernel."""
    assert USUAL in NAMES
    return NAMES
