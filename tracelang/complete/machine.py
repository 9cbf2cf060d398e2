"""The kernel that scripts are completed for, and what has been learnt of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tracelang.complete.target_names import OF_FUNCTIONS, TargetNames
from tracelang.decoders import load_decoders
from tracelang.decoders.protocol import Decoder
from tracelang.diagnostics import DiagnosticError
from tracelang.kernel.view import KernelView
from tracelang.probes import load_probe_kinds
from tracelang.registry import Registry
from tracelang.semantic.constants import constant_names
from tracelang.semantic.model import ResolvedTarget
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.targets import is_pattern, resolve_targets
from tracelang.semantic.type_table import TypeTable
from tracelang.syntax.ast import Target, TargetChoice


class Machine:
    """One kernel, with everything a completion asks of it; what it says is remembered."""

    def __init__(self, kernel: KernelView) -> None:
        self.kernel = kernel
        self.builtin_types: dict[str, str] = {}
        """The types of the builtins looked at so far: they are the same at every target."""
        self._places: dict[str, tuple[ResolvedTarget, ...]] = {}

    @cached_property
    def types(self) -> TypeTable:
        """The kernel's types."""
        return TypeTable(self.kernel.btf if self.kernel.has_btf else None)

    @cached_property
    def kinds(self) -> Registry[ProbeKind]:
        """The probe kinds."""
        return load_probe_kinds()

    @cached_property
    def decoders(self) -> Registry[Decoder]:
        """The decoders."""
        return load_decoders()

    @cached_property
    def scope(self) -> TargetScope:
        """What targets are resolved against."""
        return TargetScope(self.kernel, self.types)

    @cached_property
    def names(self) -> TargetNames:
        """The names of everything that can be traced."""
        return TargetNames(self.kinds, self.scope)

    @cached_property
    def constants(self) -> tuple[str, ...]:
        """The constants a script may name, the kernel's own first."""
        btf = self.types.btf
        own = () if btf is None else tuple(btf.constants())
        return tuple(dict.fromkeys((*own, *constant_names())))

    def places(self, choices: Iterable[TargetChoice]) -> tuple[ResolvedTarget, ...]:
        """Return the places that targets mean here; those that mean nothing are left out."""
        found: list[ResolvedTarget] = []
        for choice in choices:
            key = f"{[option.kind for option in choice.options]} {choice.span.text}"
            if key not in self._places:
                self._places[key] = self._resolve(choice)
            found.extend(self._places[key])
        return tuple(found)

    def _resolve(self, choice: TargetChoice) -> tuple[ResolvedTarget, ...]:
        if not any(map(self._may_exist, choice.options)):
            return ()
        try:
            return resolve_targets((choice,), self.kinds, self.scope)
        except DiagnosticError:
            return ()

    def _may_exist(self, target: Target) -> bool:
        """Tell whether resolving is worth it: what to say of a function there is not takes long."""
        kind = self.names.kind_of(target.kind)
        if kind is None or kind.name not in OF_FUNCTIONS:
            return True
        name = ":".join(target.parts)
        return name.startswith(("sys_", "__")) or is_pattern(name) or self.names.has(kind, name)
