"""From command line to a built script: what `run` and `emit asm` have in common."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tracelang.cli.kernels import open_kernel
from tracelang.pipeline import Compilation, CompileOptions

if TYPE_CHECKING:
    from tracelang.build.compile import Compiler
    from tracelang.build.object import BuiltObject
    from tracelang.plan.ir import Plan
    from tracelang.plan.processes import ProcessFilter
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


def make_options(
    known: argparse.Namespace, given: Mapping[str, str], processes: ProcessFilter | None = None
) -> CompileOptions:
    """Return what the command line decides about a compilation."""
    from tracelang.plan.processes import ProcessFilter as Filter
    from tracelang.semantic.script import BindOptions

    binding = BindOptions(known.strlen, known.prefer, known.max_probes, given, known.own_options)
    return CompileOptions(binding, processes or Filter(), known.transport)


def compile_script(
    known: argparse.Namespace,
    sources: Sequence[SourceFile],
    given: Mapping[str, str],
    stack: ExitStack,
) -> CompiledScript:
    """Compile and build; the compiler starts first, so that it is ready when the text is."""
    from tracelang.build.compile import Compiler
    from tracelang.cli.processes import choose_processes

    compiler = stack.enter_context(Compiler())
    processes, followed = choose_processes(known)
    kernel = open_kernel(None)
    compilation = Compilation(sources, kernel, make_options(known, given, processes))
    plan = compilation.plan
    show_warnings(compilation)
    built = _build(compilation, compiler)
    spans = compilation.build_request.places
    return CompiledScript(compilation, plan, built, spans, followed, known.strlen)


def _build(compilation: Compilation, compiler: Compiler) -> BuiltObject:
    built = compiler.build(compilation.build_request)
    compiler.close()
    return built


def show_warnings(compilation: Compilation) -> None:
    """Write what was noticed while compiling."""
    if compilation.warnings:
        from tracelang.cli.render import show

        show(compilation.warnings)
