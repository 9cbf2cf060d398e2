"""Attaching loaded programs, and detaching them whatever happens.

Everything is attached by a file descriptor (perf events, raw tracepoints, trampolines) and nothing
through the files of tracefs: so the kernel detaches it all when the process ends, even by SIGKILL.
Why an attachment was refused is told by `attach_errors`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tracelang.mechanism import Mechanism, PerfEvent
from tracelang.plan.ir import Attachment
from tracelang.runtime.attach_errors import explain_attach, explain_lookup
from tracelang.runtime.cpus import online_cpus
from tracelang.runtime.libbcc import BpfError, Libbcc
from tracelang.runtime.perf_attr import (
    ProbeSource,
    kprobe_attr,
    perf_attr,
    read_probe_source,
    tracepoint_attr,
    uprobe_attr,
)
from tracelang.runtime.perf_link import link_program
from tracelang.source import Span

_TRACEFS: Final = (Path("/sys/kernel/tracing"), Path("/sys/kernel/debug/tracing"))
_RETURNS: Final = frozenset({Mechanism.KRETPROBE, Mechanism.URETPROBE})
_NEWEST_FIRST: Final = frozenset(
    {
        Mechanism.KPROBE,
        Mechanism.FENTRY,
        Mechanism.FEXIT,
        Mechanism.UPROBE,
        Mechanism.URETPROBE,
    }
)
"""Mechanisms whose programs the kernel runs, at one place, in the opposite order of attaching:
`add_new_kprobe`, `bpf_trampoline_link_prog` and `consumer_add` put the newest in front. (So the
newest kretprobe is the first to hook the return, and what was hooked last returns first.)"""

_MANY: Final = 4
_CLOSERS: Final = 64


def order_attachments(attachments: Iterable[Attachment]) -> list[Attachment]:
    """Return attachments so ordered that, at one place, their programs run in the order given."""
    given = tuple(attachments)
    newest_first = [a for a in given if a.mechanism in _NEWEST_FIRST]
    return [a for a in given if a.mechanism not in _NEWEST_FIRST] + newest_first[::-1]


class Attacher:
    """Holds what is attached until closed."""

    def __init__(self, library: Libbcc, tracefs: tuple[Path, ...] = _TRACEFS) -> None:
        self._library = library
        self._tracefs = tracefs
        self._sources: dict[str, ProbeSource] = {}
        self._cpus: tuple[int, ...] = ()
        self._links: list[int] = []

    @property
    def links(self) -> int:
        """How many descriptors hold attachments; a perf event on all CPUs takes one each."""
        return len(self._links)

    def attach(
        self,
        attachment: Attachment,
        program: int,
        span: Span | None = None,
        *,
        by_cookie: bool = False,
    ) -> None:
        """Attach a loaded program (its descriptor); it runs from now on.

        `by_cookie` it is given its target each time it runs, which is for probes only. A program
        for Mechanism.RUN is left alone: it is run, not attached. Raises DiagnosticError (T32x) that
        names the place, pointing at `span`; what was attached before stays.
        """
        try:
            if by_cookie:
                self._link_probe(attachment, program)
            else:
                self._attach(attachment, program)
        except BpfError as error:
            raise explain_attach(attachment, error, span) from error
        except OSError as error:
            raise explain_lookup(attachment, error, span) from error

    def _attach(self, attachment: Attachment, program: int) -> None:
        match attachment.mechanism:
            case Mechanism.RUN:
                pass
            case Mechanism.RAW_TRACEPOINT:
                self._keep(self._library.attach_raw_tracepoint(program, attachment.place))
            case Mechanism.FENTRY | Mechanism.FEXIT:
                self._keep(self._library.attach_tracing(program))
            case Mechanism.TRACEPOINT:
                attributes = tracepoint_attr(self._tracepoint_id(attachment.place))
                self._keep(self._library.attach_perf(program, attributes, self._any_cpu()))
            case Mechanism.PERF_EVENT:
                assert attachment.perf is not None
                self._attach_counter(attachment.perf, program)
            case _:
                with self._probe_attributes(attachment) as attributes:
                    self._keep(self._library.attach_perf(program, attributes, self._any_cpu()))

    def _attach_counter(self, event: PerfEvent, program: int) -> None:
        cpus = self._online()
        for cpu in cpus if event.all_cpus else cpus[:1]:
            self._keep(self._library.attach_perf(program, perf_attr(event), cpu))

    def _link_probe(self, attachment: Attachment, program: int) -> None:
        with self._probe_attributes(attachment) as attributes:
            self._keep(link_program(program, attributes, self._any_cpu(), attachment.target))

    @contextlib.contextmanager
    def _probe_attributes(self, attachment: Attachment) -> Iterator[bytes]:
        """Give the attributes of a probe's event; they hold an address that is good meanwhile."""
        in_kernel = attachment.mechanism in {Mechanism.KPROBE, Mechanism.KRETPROBE}
        source = self._source("kprobe" if in_kernel else "uprobe")
        at_return = attachment.mechanism in _RETURNS
        name = ctypes.c_char_p(os.fsencode(attachment.place))
        if in_kernel:
            yield kprobe_attr(source, name, attachment.offset, at_return=at_return)
        else:
            yield uprobe_attr(
                source,
                name,
                attachment.offset,
                at_return=at_return,
                semaphore=attachment.semaphore,
            )

    def _tracepoint_id(self, place: str) -> int:
        root = next((r for r in self._tracefs if (r / "events").is_dir()), self._tracefs[0])
        return int(root.joinpath("events", *place.split(":", 1), "id").read_text())

    def _source(self, name: str) -> ProbeSource:
        if name not in self._sources:
            self._sources[name] = read_probe_source(name)
        return self._sources[name]

    def _any_cpu(self) -> int:
        """Return a processor to open a probe's event on: its program runs on all regardless."""
        return self._online()[0]

    def _online(self) -> tuple[int, ...]:
        self._cpus = self._cpus or online_cpus()
        return self._cpus

    def _keep(self, link: int) -> None:
        self._links.append(link)

    def close(self) -> None:
        """Detach everything, the last first; harmless if done already.

        Closing a tracepoint or probe waits for the kernel (RCU), 50 to 100 ms each: half of that
        can be spent waiting for several at a time.
        """
        links, self._links = self._links[::-1], []
        if len(links) < _MANY:
            for link in links:
                _detach(link)
            return
        # Late: most traces never need it, and it takes 6 ms to import.
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(min(len(links), _CLOSERS)) as pool:
            pool.map(_detach, links)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _detach(link: int) -> None:
    with contextlib.suppress(OSError):
        os.close(link)
