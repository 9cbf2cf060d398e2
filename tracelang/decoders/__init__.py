"""Decoders: raw values into what a person reads. One file a decoder or small family."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracelang.decoders.protocol import Decoder
    from tracelang.registry import Registry


def load_decoders() -> Registry[Decoder]:
    """Return every decoder: this folder's modules with `DECODERS`, and those of entry points.

    The imports are late: `--help` and completion need none of them.
    """
    from importlib import import_module
    from pkgutil import iter_modules

    from tracelang.registry import Registry

    registry: Registry[Decoder] = Registry("decoder", "tracelang.decoders")
    for module in iter_modules(__path__, f"{__name__}."):
        for decoder in getattr(import_module(module.name), "DECODERS", ()):
            registry.register(decoder)
    return registry
