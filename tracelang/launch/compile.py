"""From texts and options to a script that is built and can be loaded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracelang.launch.kernels import open_kernel
from tracelang.pipeline import Compilation

if TYPE_CHECKING:
    from tracelang.build.compile import Compiler
    from tracelang.build.object import BuiltObject
    from tracelang.diagnostics import Diagnostic
    from tracelang.launch.options import LaunchOptions
    from tracelang.plan.ir import Plan
    from tracelang.source import SourceFile, Span


@dataclass(frozen=True, slots=True)
class CompiledScript:
    """A script that can be loaded. `followed` are the processes followed from the start."""

    compilation: Compilation
    plan: Plan
    built: BuiltObject
    spans: Mapping[str, Span]
    followed: tuple[int, ...]
    text_limit: int

    def describe_attachments(self) -> Iterator[str]:
        """Yield one line for each probe: what the script names, and what is attached for it."""
        for attachment in self.plan.attachments:
            rule = next(p.rule for p in self.plan.programs if p.name == attachment.program)
            probe = self.plan.outputs[rule].targets[attachment.target][0]
            yield f"{probe} by {attachment.mechanism.value} {attachment.place}"


def compile_script(
    sources: Sequence[SourceFile],
    options: LaunchOptions,
    stack: ExitStack,
    warn: Callable[[tuple[Diagnostic, ...]], None],
) -> CompiledScript:
    """Compile and build; the compiler starts first, so that it is ready when the text is.

    `warn` is told what was noticed before the building begins. Raises `DiagnosticError`.
    """
    from tracelang.build.compile import Compiler
    from tracelang.launch.processes import choose_processes

    compiler = stack.enter_context(Compiler())
    processes, followed = choose_processes(options)
    kernel = open_kernel(None)
    compilation = Compilation(sources, kernel, options.for_compiling(processes))
    plan = compilation.plan
    warn(compilation.warnings)
    built = _build(compilation, compiler)
    spans = compilation.build_request.places
    return CompiledScript(compilation, plan, built, spans, followed, options.strlen)


def _build(compilation: Compilation, compiler: Compiler) -> BuiltObject:
    built = compiler.build(compilation.build_request)
    compiler.close()
    return built
