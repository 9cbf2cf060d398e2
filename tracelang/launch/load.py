"""From texts and options to a script in the kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.launch.compile import CompiledScript, ScriptCompiler
from tracelang.launch.options import LaunchOptions
from tracelang.runtime.session import Session
from tracelang.source import SourceFile


def load_script(
    compiler: ScriptCompiler,
    sources: Sequence[SourceFile],
    options: LaunchOptions,
    stack: ExitStack,
    warn: Callable[[tuple[Diagnostic, ...]], None],
) -> tuple[CompiledScript, Session]:
    """Compile, load and attach; the session is left with the stack.

    What came out of the cache and is refused is compiled afresh: something may have changed that
    nobody thought of. `warn` is told what was noticed. Raises `DiagnosticError`.
    """
    script = compiler.compile(sources, options)
    warn(script.warnings)
    try:
        session = stack.enter_context(_session(script, options))
    except DiagnosticError:
        if not script.cached:
            raise
        script = compiler.compile(sources, options, fresh=True)
        session = stack.enter_context(_session(script, options))
    warn(session.refused)
    return script, session


def _session(script: CompiledScript, options: LaunchOptions) -> Session:
    return Session(script.plan, script.built, options.for_running(script.followed), script.spans)
