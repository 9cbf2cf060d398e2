"""Sinks: what is done with decoded events. One file an output."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracelang.registry import Registry
    from tracelang.sinks.protocol import SinkKind


def load_sinks() -> Registry[SinkKind]:
    """Return every kind of sink: this folder's modules with `SINKS`, and those of entry points.

    The imports are late: only a run that shows events needs them.
    """
    from importlib import import_module
    from pkgutil import iter_modules

    from tracelang.registry import Registry

    registry: Registry[SinkKind] = Registry("output", "tracelang.sinks")
    for module in iter_modules(__path__, f"{__name__}."):
        for kind in getattr(import_module(module.name), "SINKS", ()):
            registry.register(kind)
    return registry
