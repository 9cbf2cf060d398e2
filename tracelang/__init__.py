"""tracelang: ask a running Linux kernel a question, in a declarative language on eBPF.

What the command does, a program can do:

    import tracelang

    with tracelang.trace("syscall:openat capture comm, filename", command="ls") as trace:
        for event in trace:
            print(event.comm, event.filename)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tracelang.api.aggregates import Aggregate
    from tracelang.api.errors import (
        DefectError,
        Error,
        MachineError,
        ScriptError,
        ScriptWarning,
        UsageError,
    )
    from tracelang.api.events import Event
    from tracelang.api.histogram import Bucket, Histogram, Stats
    from tracelang.api.replaying import Recorded, replay
    from tracelang.api.script import Script, check, compile  # noqa: A004 - as in `re.compile`
    from tracelang.api.start import trace
    from tracelang.api.tracing import Trace
    from tracelang.decoders.frames import Frame
    from tracelang.diagnostics import Diagnostic
    from tracelang.runtime.accounting import Accounting

__all__ = [
    "Accounting",
    "Aggregate",
    "Bucket",
    "DefectError",
    "Diagnostic",
    "Error",
    "Event",
    "Frame",
    "Histogram",
    "MachineError",
    "Recorded",
    "Script",
    "ScriptError",
    "ScriptWarning",
    "Stats",
    "Trace",
    "UsageError",
    "__version__",
    "check",
    "compile",
    "load_ipython_extension",
    "replay",
    "trace",
]

__version__ = "0.1.0"

_HOMES = {
    "tracelang.api.aggregates": ("Aggregate",),
    "tracelang.api.errors": (
        "DefectError",
        "Error",
        "MachineError",
        "ScriptError",
        "ScriptWarning",
        "UsageError",
    ),
    "tracelang.api.events": ("Event",),
    "tracelang.api.histogram": ("Bucket", "Histogram", "Stats"),
    "tracelang.api.replaying": ("Recorded", "replay"),
    "tracelang.api.script": ("Script", "check", "compile"),
    "tracelang.api.start": ("trace",),
    "tracelang.api.tracing": ("Trace",),
    "tracelang.decoders.frames": ("Frame",),
    "tracelang.diagnostics": ("Diagnostic",),
    "tracelang.runtime.accounting": ("Accounting",),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for first: the command starts faster without the rest."""
    from importlib import import_module

    for module, names in _HOMES.items():
        if name in names:
            value = getattr(import_module(module), name)
            globals()[name] = value
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Bring `%trace` and `%%trace` to IPython and Jupyter: what `%load_ext tracelang` calls."""
    from importlib import import_module  # by name: the notebook is above everything else

    import_module("tracelang.notebook.magics").register(shell)


def __dir__() -> list[str]:
    """Return the public names."""
    return sorted(__all__)
