"""A compiled script, to be looked at: what it means, what it becomes, what its events hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tracelang.api.arguments import Scripts, param_texts, read_script
from tracelang.api.errors import public_errors
from tracelang.api.events import Event, EventMaker
from tracelang.api.values import value_columns
from tracelang.decoders.protocol import DecodeContext
from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.launch.kernels import open_kernel
from tracelang.launch.options import LaunchOptions
from tracelang.pipeline import Compilation

if TYPE_CHECKING:
    from tracelang.plan.ir import Plan, RuleOutput
    from tracelang.semantic.model import ParamModel


class Script:
    """A script compiled for one kernel. Nothing is loaded, and no root is needed."""

    def __init__(self, compilation: Compilation) -> None:
        self._compilation = compilation

    @property
    def text(self) -> str:
        """The script as it was given."""
        return "\n".join(source.text for source in self._compilation.sources)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is legal and yet hardly meant."""
        return self._compilation.warnings

    @property
    def params(self) -> tuple[ParamModel, ...]:
        """The script's own options: name, type, default and help."""
        return self._compilation.model.params

    @property
    def plan(self) -> Plan:
        """What is generated, attached and shown, as data."""
        return self._compilation.plan

    @cached_property
    def c(self) -> str:
        """The generated C."""
        return self._compilation.artifact.c_text

    @cached_property
    def event_types(self) -> tuple[type[Event], ...]:
        """The class of each rule's events, in the order of the rules."""
        return tuple(self._event_type(output) for output in self.plan.outputs)

    def explain(self) -> str:
        """Say in words what the script does on this kernel, as `tracelang explain` does."""
        from tracelang.explain.script import explain_script
        from tracelang.render import Painter

        with public_errors():
            return "\n".join(explain_script(self._compilation, None, Painter(on=False)))

    def _event_type(self, output: RuleOutput) -> type[Event]:
        nothing = DecodeContext(lambda _ts: 0, lambda: 0, 0, lambda: None, output.targets)
        return EventMaker(output, value_columns(output, self._compilation.decoders, nothing)).type

    def __repr__(self) -> str:
        count = len(self.plan.outputs)
        return f"<Script {self._compilation.name!r} of {count} rule{'s' * (count != 1)}>"


def compile(  # noqa: A001 - as in `re.compile`
    script: Scripts,
    *,
    kernel: str | os.PathLike[str] | None = None,
    strlen: int = 128,
    params: Mapping[str, Any] | None = None,
    **more_params: Any,
) -> Script:
    """Compile a script, a text or a file, for the running kernel or a recorded one.

    `kernel` is a directory that `tracelang record-kernel` made. The script's own params are given
    by name, or in `params` where a name is taken. Raises `ScriptError` with everything that is
    wrong, `UsageError` for a file or param there is not, and `MachineError` where the kernel's
    facts cannot be read.
    """
    with public_errors():
        compilation = _compilation(script, kernel, strlen, {**(params or {}), **more_params})
        _ = compilation.plan
    return Script(compilation)


def check(
    script: Scripts,
    *,
    kernel: str | os.PathLike[str] | None = None,
    strlen: int = 128,
    params: Mapping[str, Any] | None = None,
    **more_params: Any,
) -> tuple[Diagnostic, ...]:
    """Return everything that is wrong with a script, and what is hardly meant; () if it is fine.

    The arguments are those of `compile`. What is wrong with the script is not raised.
    """
    try:
        compilation = _compilation(script, kernel, strlen, {**(params or {}), **more_params})
        _ = compilation.plan
    except DiagnosticError as error:
        return error.diagnostics
    return compilation.warnings


def _compilation(
    script: Scripts,
    kernel: str | os.PathLike[str] | None,
    strlen: int,
    params: Mapping[str, Any],
) -> Compilation:
    options = LaunchOptions(params=param_texts(params), strlen=strlen)
    facts = open_kernel(os.fspath(kernel) if kernel is not None else None)
    return Compilation(read_script(script), facts, options.for_compiling())
