"""What a run can be told besides its script, whoever tells it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Final

from tracelang.dataclass import dataclass

if TYPE_CHECKING:
    from tracelang.pipeline import CompileOptions
    from tracelang.plan.process_filter import ProcessFilter
    from tracelang.runtime.session import SessionOptions

LONGEST_TEXT: Final = 8192
"""The most bytes a text may keep; a path has up to 4,095."""


@dataclass(frozen=True, slots=True)
class LaunchOptions:
    """Everything at its default traces the whole machine until stopped.

    `params` are the values of the script's own params, as text; `duration` is in nanoseconds and
    `buffer` in bytes. `own_options` are the asker's own words for options, for hints.
    Without `cache` the script is compiled anew, and not remembered.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ()
    pid: str | None = None
    follow: bool = False
    comm: str | None = None
    cgroup: str | None = None
    container: str | None = None
    duration: int | None = None
    events: int | None = None
    strlen: int = 128
    prefer: str = ""
    max_probes: int = 512
    transport: str = "auto"
    buffer: int | None = None
    keys: int = 10_240
    pending: int = 16_384
    cache: bool = True
    own_options: tuple[str, ...] = ()

    def for_compiling(self, processes: ProcessFilter | None = None) -> CompileOptions:
        """Return what decides about the generated code."""
        from tracelang.pipeline import CompileOptions
        from tracelang.plan.process_filter import ProcessFilter
        from tracelang.semantic.options import BindOptions

        binding = BindOptions(
            self.strlen, self.prefer, self.max_probes, self.params, self.own_options
        )
        counted = self.events is not None
        return CompileOptions(binding, processes or ProcessFilter(), self.transport, counted)

    def for_running(self, followed: tuple[int, ...]) -> SessionOptions:
        """Return what decides about the run; `followed` are processes followed from its start."""
        from tracelang.runtime.session import SessionOptions

        return SessionOptions(
            self.buffer or default_buffer(),
            followed,
            int(self.pid) if self.pid else None,
            self.command,
            self.duration,
            self.events,
            self.keys,
            self.pending,
        )


def default_buffer() -> int:
    """Return the default bytes for events: a 256th of memory, from 1 to 64 MiB, a power of two."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    wanted = max(1 << 20, min(memory // 256, 1 << 26))
    return 1 << (wanted.bit_length() - 1)
