"""`tracelang.trace`: from what a program asks for to a trace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from tracelang.api.arguments import (
    Duration,
    Scripts,
    Size,
    byte_count,
    nanoseconds,
    param_texts,
    read_script,
    split_words,
)
from tracelang.api.errors import public_errors
from tracelang.api.tracing import Trace
from tracelang.launch.options import LaunchOptions

_ARGUMENTS: Final = (
    *("command", "pid", "follow", "comm", "cgroup", "container", "duration", "events"),
    *("strlen", "buffer", "keys", "pending", "prefer", "params"),
)
"""The names of `trace`'s own arguments: one that is mistyped would be a param of the script."""


def trace(
    script: Scripts,
    *,
    command: str | Sequence[str] | None = None,
    pid: int | None = None,
    follow: bool = False,
    comm: str | None = None,
    cgroup: str | None = None,
    container: str | None = None,
    duration: Duration | None = None,
    events: int | None = None,
    strlen: int = 128,
    buffer: Size | None = None,
    keys: int = 10_240,
    pending: int = 16_384,
    prefer: Literal["", "kprobe", "fentry"] = "",
    params: Mapping[str, Any] | None = None,
    **more_params: Any,
) -> Trace:
    """Trace a script, a text or a file.

    `command` is started and traced with its descendants, and its end ends the trace; `pid`,
    `follow`, `comm`, `cgroup` and `container` choose processes. `duration` (seconds, a timedelta,
    or a text such as `10ms`) and a number of `events` end it. `strlen` is the most bytes of a text
    that are kept, `buffer` the bytes for events on their way (`8MiB`), `keys` and `pending` the
    room for keys of aggregates and starts of spans. The script's own params are given by name, or
    in `params` where a name is taken.

    Nothing happens until the trace is entered or iterated over. Raises `UsageError` for arguments
    that are wrong.
    """
    with public_errors():
        options = LaunchOptions(
            params=param_texts({**(params or {}), **more_params}),
            command=split_words(command),
            pid=str(pid) if pid is not None else None,
            follow=follow,
            comm=comm,
            cgroup=cgroup,
            container=container,
            duration=nanoseconds(duration),
            events=events,
            strlen=strlen,
            prefer=prefer,
            buffer=byte_count(buffer),
            own_options=_ARGUMENTS,
            keys=keys,
            pending=pending,
        )
        return Trace(read_script(script), options)
