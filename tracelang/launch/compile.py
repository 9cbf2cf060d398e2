"""Scripts that can be loaded: compiled, or taken out of the cache of what was compiled before.

This is the one way from text to a loadable object, for the command, the REPL and the Python API.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Self

from tracelang.build.cache import ObjectCache
from tracelang.build.software import software_identity
from tracelang.build.stored import StoredScript, pack_script, unpack_script
from tracelang.dataclass import dataclass
from tracelang.kernel.machine import Machine, recorded_machine, running_machine
from tracelang.kernel.mounting import mount_tracefs
from tracelang.launch.processes import choose_processes
from tracelang.pipeline import Compilation, CompileOptions

if TYPE_CHECKING:
    from tracelang.build.compile import Compiler
    from tracelang.build.object import BuiltObject
    from tracelang.decoders.protocol import Decoder
    from tracelang.diagnostics import Diagnostic
    from tracelang.kernel.view import KernelView
    from tracelang.launch.options import LaunchOptions
    from tracelang.plan.ir import Attachment, Plan
    from tracelang.registry import Registry
    from tracelang.source import SourceFile, Span


@dataclass(frozen=True, slots=True)
class CheckedScript:
    """A script that is right. `plan` is without its code; `cached` if it was known from before."""

    plan: Plan
    warnings: tuple[Diagnostic, ...]
    cached: bool


@dataclass(frozen=True, slots=True)
class CompiledScript:
    """A script that can be loaded.

    `plan` is without its code; `spans` are the rule each program was generated from. `followed` are
    the processes followed from the start; `text_limit` is the most bytes of a text that are kept.
    `cached`: it was compiled some other time, so that a kernel which refuses it now may take it
    compiled afresh.
    """

    plan: Plan
    built: BuiltObject
    warnings: tuple[Diagnostic, ...]
    spans: Mapping[str, Span]
    followed: tuple[int, ...]
    text_limit: int
    cached: bool

    @property
    def decoders(self) -> Registry[Decoder]:
        """The decoders its values are read by."""
        from tracelang.decoders import load_decoders  # late: what is only loaded needs none

        return load_decoders()

    def describe_attachments(self, left_out: Collection[Attachment] = ()) -> Iterator[str]:
        """Yield one line for each probe: what the script names, and what is attached for it.

        `left_out` are those that the kernel refused.
        """
        for attachment in self.plan.attachments:
            if attachment in left_out:
                continue
            program = next(p for p in self.plan.programs if p.name == attachment.program)
            targets = self.plan.outputs[program.rule].targets
            probe = program.origin if program.watching else targets[attachment.target][0]
            yield f"{probe} by {attachment.mechanism.value} {attachment.place}"


class ScriptCompiler:
    """Compiles scripts for this machine, or for a recorded kernel, and remembers the outcome.

    The kernel's facts and the compiler's process are kept once there was need of them, so that each
    further script takes less time. Without a `cache` nothing is remembered. Belongs to one thread.
    """

    def __init__(self, cache: ObjectCache | None, kernel: KernelView | None = None) -> None:
        self._cache = cache
        self._kernel = kernel
        self._recorded = kernel is not None
        self._compiler: Compiler | None = None
        self._software = ""

    def compile(
        self, sources: Sequence[SourceFile], options: LaunchOptions, *, fresh: bool = False
    ) -> CompiledScript:
        """Return the script, ready to be loaded; `fresh` compiles it although it is in the cache.

        Raises DiagnosticError with everything that is wrong with it, or keeps it from compiling.
        """
        processes, followed = choose_processes(options)
        wanted = options.for_compiling(processes)
        sources, key = tuple(sources), self._key(sources, wanted)
        stored = self._find(key, sources) if not fresh else None
        cached = stored is not None and stored.built is not None
        if stored is None or stored.built is None:
            stored = self._build(key, sources, wanted)
        assert stored.built is not None
        return CompiledScript(
            *(stored.plan, stored.built, stored.warnings, stored.spans),
            *(followed, options.strlen, cached),
        )

    def check(self, sources: Sequence[SourceFile], options: LaunchOptions) -> CheckedScript:
        """Return what there is to say of a script that is not to be loaded; raises as `compile`."""
        wanted = options.for_compiling()
        sources, key = tuple(sources), self._key(sources, wanted)
        stored = self._find(key, sources)
        cached = stored is not None
        if stored is None:
            compilation = Compilation(sources, self.kernel, wanted)
            plan = compilation.plan.without_code()
            stored = StoredScript(plan, None, compilation.warnings, {}, compilation.observed.all)
            self._keep(key, sources, stored, compilation)
        return CheckedScript(stored.plan, stored.warnings, cached)

    @property
    def kernel(self) -> KernelView:
        """The kernel scripts are compiled for."""
        if self._kernel is None:
            # Late: a start from the cache asks the kernel nothing.
            from tracelang.kernel.live import LiveKernel

            self._kernel = LiveKernel()
        return self._kernel

    @classmethod
    def open(cls, options: LaunchOptions) -> Self:
        """Return a compiler with this user's cache, unless the options do without."""
        return cls(ObjectCache.open() if options.cache else None)

    def start(self) -> None:
        """Start the compiler's process, so that it is ready when a text is; returns at once."""
        if self._compiler is None:
            from tracelang.build.compile import Compiler  # late, as above

            self._compiler = Compiler()
        self._compiler.start()

    def close(self) -> None:
        """End the compiler's process; harmless if done already."""
        if self._compiler is not None:
            # It waits for texts and has nothing to put in order: LLVM takes its time to end.
            self._compiler.close(kill=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- The cache --------------------------------------------------------------------------------

    def _key(self, sources: Sequence[SourceFile], options: CompileOptions) -> bytes:
        """Return a text that is the same only for what must compile to the same."""
        self._software = self._software or software_identity()
        texts = [(source.name, source.text) for source in sources]
        return repr((self._software, self._machine(), options, texts)).encode()

    def _machine(self) -> Machine:
        if self._recorded:
            return recorded_machine(self.kernel)
        machine = running_machine()
        if machine.tracefs or os.geteuid() != 0:
            return machine
        mount_tracefs()
        return running_machine()

    def _find(self, key: bytes, sources: tuple[SourceFile, ...]) -> StoredScript | None:
        data = self._cache.load(key) if self._cache is not None else None
        if data is None:
            return None
        with contextlib.suppress(ValueError):
            stored = unpack_script(data, sources)
            if all(observation.holds() for observation in stored.observed):
                return stored
        return None

    def _build(
        self, key: bytes, sources: tuple[SourceFile, ...], options: CompileOptions
    ) -> StoredScript:
        self.start()
        compilation = Compilation(sources, self.kernel, options)
        plan = compilation.plan
        request = compilation.build_request
        assert self._compiler is not None
        stored = StoredScript(
            plan.without_code(),
            self._compiler.build(request),
            compilation.warnings,
            dict(request.places),
            compilation.observed.all,
        )
        self._keep(key, sources, stored, compilation)
        return stored

    def _keep(
        self,
        key: bytes,
        sources: tuple[SourceFile, ...],
        stored: StoredScript,
        compilation: Compilation,
    ) -> None:
        if self._cache is not None and compilation.repeatable:
            self._cache.store(key, pack_script(stored, sources))
