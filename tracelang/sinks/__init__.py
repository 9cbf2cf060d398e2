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


def find_sink(name: str) -> SinkKind:
    """Return the kind of sink of that name; raises U302 for a name that is none.

    A kind of this package is in the module of its name, so that no other module is loaded: what
    some outputs need is slow to import.
    """
    from importlib import import_module
    from importlib.util import find_spec

    from tracelang.diagnostics import fail
    from tracelang.registry import did_you_mean

    if name.isidentifier() and find_spec(f"{__name__}.{name}") is not None:
        kinds: tuple[SinkKind, ...] = getattr(import_module(f"{__name__}.{name}"), "SINKS", ())
        for kind in kinds:
            if kind.name == name:
                return kind
    registry = load_sinks()
    found = registry.get(name)
    if found is not None:
        return found
    near = did_you_mean(registry.suggest(name))
    known = f"there are: {', '.join(sorted(registry.names()))}"
    raise fail("U302", f"there is no output `{name}`", help=[" ".join([*near, known])])
