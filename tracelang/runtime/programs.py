"""A script's programs in the kernel: loaded, attached, run at `begin` and `end`, and taken out.

A program for many probes is loaded once where the kernel tells it by a cookie for which of them it
runs (Linux 5.15), else once for each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from tracelang.build.object import (
    PID_CONSTANT,
    TARGET_CONSTANT,
    TARGET_IN_COOKIE,
    BuiltObject,
)
from tracelang.diagnostics import DiagnosticError
from tracelang.mechanism import Mechanism
from tracelang.plan.follow import FORK, FREE
from tracelang.plan.ir import Attachment, Plan
from tracelang.runtime.attach import Attacher, order_attachments
from tracelang.runtime.attach_errors import is_of_place
from tracelang.runtime.bpf import missed, run_program
from tracelang.runtime.libbcc import Libbcc
from tracelang.runtime.load import load_program, try_program
from tracelang.source import Span


class Programs:
    """All programs of a plan: `load`, then `attach`; leaving the context undoes both.

    `maps` are descriptors by name, `spans` the rule of each program, to point at where it is
    refused, `pid` the process to be traced if it is just one.
    """

    def __init__(
        self,
        library: Libbcc,
        plan: Plan,
        built: BuiltObject,
        maps: Mapping[str, int],
        spans: Mapping[str, Span],
        pid: int | None = None,
    ) -> None:
        self._library = library
        self._plan = plan
        self._built = {program.name: program for program in built.programs}
        self._maps = maps
        self._spans = spans
        self._pid = pid or 0
        self._stack = ExitStack()
        self._descriptors: list[int] = []
        self._shared: dict[str, int | None] = {}
        self._loaded: list[tuple[Attachment, int]] = []
        self._attacher = Attacher(library)
        self.refused: dict[Attachment, DiagnosticError] = {}
        """What could not be attached and is not missed, and why."""

    def load(self) -> None:
        """Load everything; raises DiagnosticError for what the kernel refuses."""
        self._loaded = [(a, self._share(a) or self._load(a)) for a in self._attachments()]

    def attach(self) -> None:
        """Attach everything, in order; raises DiagnosticError for what the kernel refuses.

        Of the places that a wildcard found some may be refused, if not all: see `refused`.
        """
        attached = set()
        for attachment, program in self._loaded:
            shared = self._shared.get(attachment.program) == program
            span = self._spans.get(attachment.program)
            try:
                self._attacher.attach(attachment, program, span, by_cookie=shared)
            except DiagnosticError as error:
                if not attachment.matched or not is_of_place(error):
                    raise
                self.refused[attachment] = error
            else:
                attached.add(attachment.program)
        for attachment, refusal in self.refused.items():
            if attachment.program not in attached:
                raise refusal

    def run(self, moment: str) -> None:
        """Run the programs of `begin` or `end`, here and now."""
        for attachment, program in self._loaded:
            if attachment.mechanism is Mechanism.RUN and attachment.place == moment:
                run_program(program)

    def detach(self) -> None:
        """Detach everything; harmless if it is done."""
        self._attacher.close()

    def missed(self) -> int:
        """Return how often the kernel skipped a program, as one was running already."""
        return sum(map(missed, self._descriptors))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            self.detach()

    def _attachments(self) -> Iterator[Attachment]:
        """Yield what is attached: those that keep the set of followed processes come first."""
        if self._plan.follow is not None:
            yield Attachment("follow_fork", Mechanism.TRACEPOINT, ":".join(FORK), 0)
            yield Attachment("follow_free", Mechanism.TRACEPOINT, ":".join(FREE), 0)
        yield from order_attachments(self._plan.attachments)

    def _share(self, attachment: Attachment) -> int | None:
        """Return the one instance of a program that can tell its probes apart, if there is one."""
        name = attachment.program
        if attachment.by_cookie and name not in self._shared:
            constants = self._constants(TARGET_IN_COOKIE)
            program = try_program(
                *(self._library, self._built[name], attachment.mechanism, self._maps, constants)
            )
            self._shared[name] = self._keep(program) if program is not None else None
        return self._shared.get(name)

    def _load(self, attachment: Attachment) -> int:
        return self._keep(
            load_program(
                *(self._library, self._built[attachment.program], attachment.mechanism, self._maps),
                self._constants(attachment.target),
                place=attachment.place,
                span=self._spans.get(attachment.program),
            )
        )

    def _constants(self, target: int) -> Mapping[int, int]:
        return {TARGET_CONSTANT: target, PID_CONSTANT: self._pid}

    def _keep(self, descriptor: int) -> int:
        self._descriptors.append(descriptor)
        self._stack.callback(os.close, descriptor)
        return descriptor
