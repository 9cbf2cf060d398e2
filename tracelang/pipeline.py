"""A compilation: one lazy stage after the other, each of which can be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from tracelang.diagnostics import Diagnostic, Reporter, Severity
from tracelang.source import SourceFile

if TYPE_CHECKING:
    from tracelang.build.compile import BuildRequest
    from tracelang.codegen.artifact import Artifact
    from tracelang.decoders.protocol import Decoder
    from tracelang.kernel.view import KernelView
    from tracelang.plan.ir import FollowPlan, Plan
    from tracelang.plan.process_filter import ProcessFilter
    from tracelang.registry import Registry
    from tracelang.semantic.model import ScriptModel
    from tracelang.semantic.observed import Observed
    from tracelang.semantic.options import BindOptions
    from tracelang.semantic.probe_kind import ProbeKind
    from tracelang.syntax import ast

# The stages are imported where they run, so that a command pays only for the stages it needs: lark
# and jinja2 alone cost a tenth of a second.


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """What the command line decides before code is generated."""

    binding: BindOptions
    processes: ProcessFilter
    transport: str = "auto"
    """`ring`, `perf`, or `auto`: a ring buffer where the kernel has one."""
    counted: bool = False
    """Whether a number of events ends the run."""


@dataclass
class Compilation:
    """One or several script texts, compiled together for one kernel.

    Each stage needs the one before, and raises `DiagnosticError` with everything that is wrong.
    """

    sources: Sequence[SourceFile]
    kernel: KernelView
    options: CompileOptions
    reporter: Reporter = field(default_factory=Reporter)

    @property
    def name(self) -> str:
        """What the script is called in messages and generated text."""
        return self.sources[0].name

    @cached_property
    def kinds(self) -> Registry[ProbeKind]:
        """The probe kinds."""
        from tracelang.probes import load_probe_kinds

        return load_probe_kinds()

    @cached_property
    def decoders(self) -> Registry[Decoder]:
        """The decoders."""
        from tracelang.decoders import load_decoders

        return load_decoders()

    @cached_property
    def ast(self) -> ast.Script:
        """The syntax tree of all texts, one after the other."""
        from tracelang.syntax.parse import parse_script
        from tracelang.syntax.several import join_scripts

        return join_scripts([parse_script(source) for source in self.sources])

    @cached_property
    def model(self) -> ScriptModel:
        """What the script means on this kernel."""
        from tracelang.semantic.script import Vocabulary, bind_script
        from tracelang.semantic.target_params import fill_targets
        from tracelang.syntax.parse import parse_expression, parse_targets

        binding = self.options.binding
        vocabulary = Vocabulary(self.kinds, self.decoders, parse_expression)
        script = fill_targets(self.ast, binding.arguments, parse_targets)
        return bind_script(
            *(script, self.kernel, vocabulary, binding),
            *(self.reporter, self.observed),
        )

    @cached_property
    def observed(self) -> Observed:
        """What was read of the machine besides the kernel."""
        from tracelang.semantic.observed import Observed

        return Observed()

    @property
    def repeatable(self) -> bool:
        """Whether the same texts and options mean the same while what was observed holds."""
        return not (self.kinds.extended or self.decoders.extended)

    @cached_property
    def plan(self) -> Plan:
        """What is generated, attached and shown."""
        from tracelang.plan.lower import LowerOptions, lower_script

        transport = self.options.transport
        if transport == "auto":
            transport = "ring" if self.kernel.features.ring_buffer.present else "perf"
        options = LowerOptions(
            self.name, self.options.processes, transport, self._follow(), self.options.counted
        )
        return lower_script(self.model, options)

    def _follow(self) -> FollowPlan | None:
        from tracelang.plan.follow import plan_follow

        return plan_follow(self.kernel) if self.options.processes.follow else None

    @cached_property
    def artifact(self) -> Artifact:
        """The generated text."""
        from tracelang.codegen.render import PidNamespace, render
        from tracelang.resources import template_directory

        namespace = self.kernel.features.pid_namespace
        shown_in = None if namespace.is_initial else PidNamespace(namespace.device, namespace.inode)
        return render(self.plan, template_directory(), shown_in)

    @cached_property
    def build_request(self) -> BuildRequest:
        """What the compiler is asked."""
        from tracelang.build.compile import BuildRequest
        from tracelang.build.headers import HeaderFacts

        facts = HeaderFacts(
            page_size=self.kernel.page_size,
            version=self.kernel.version_code,
            syscall_wrapper=self.kernel.features.syscall_wrapper.present,
        )
        spans = {rule.number: rule.span for rule in self.model.rules}
        return BuildRequest(
            self.artifact.c_text,
            facts,
            sources=tuple(self.sources),
            places={p.name: spans[p.rule] for p in self.plan.programs},
        )

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What was noticed on the way and stops nothing."""
        return tuple(d for d in self.reporter.diagnostics if d.severity is Severity.WARNING)
