"""Globs over the full names of targets: which kinds one is about, and which names it matches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase, translate
from typing import Final

from tracelang.diagnostics import fail
from tracelang.probes.user_functions import list_symbols
from tracelang.probes.user_probes import list_probes
from tracelang.registry import Registry
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.targets import is_pattern

_ENTRY_ONLY: Final = ("kretprobe", "fentry", "fexit", "sysret")
"""Kinds that have the same names as another: a glob that names no kind does not repeat them."""

_BY_BINARY: Final = ("uprobe", "uretprobe", "usdt")


class TargetGlob:
    """A glob: `kinds` are those it can match, `wanted` what is left of it for them."""

    def __init__(self, text: str, kinds: Registry[ProbeKind]) -> None:
        first, colon, rest = text.partition(":")
        everything = list(kinds)
        self.kinds = [k for k in everything if _means(first, k)] if colon else []
        self.wanted = rest
        self._anywhere = not self.kinds
        if not colon and (named := [k for k in everything if first in (k.name, *k.aliases)]):
            self.kinds, self.wanted, self._anywhere = named, "*", False
        if self._anywhere:
            self.kinds = [k for k in everything if k.name not in _ENTRY_ONLY + _BY_BINARY]
            self.wanted = text

    def find(self, kind: ProbeKind, scope: TargetScope) -> Iterator[str]:
        """Yield the full names of one kind that match, in order; raises T24x."""
        if kind.name in _BY_BINARY:
            return self._find_in_binary(kind, scope)
        names = kind.names(scope)
        if self._anywhere:
            return filter(_anywhere(self.wanted), names)
        whole = f"{kind.name}:{self.wanted}" if ":" in kind.form else kind.name
        match = re.compile(translate(whole)).match
        return (name for name in names if match(name))

    def _find_in_binary(self, kind: ProbeKind, scope: TargetScope) -> Iterator[str]:
        # Late: most globs look into no binary.
        from tracelang.binaries.errors import BinaryError

        binary, _, pattern = self.wanted.partition(":")
        if not binary or binary == "*":
            raise fail(
                "T202",
                f"`{kind.name}` lists one program or library at a time",
                help=[f"name it: `tracelang list '{kind.name}:libc:*'`"],
            )
        architecture = scope.kernel.architecture
        try:
            if kind.name == "usdt":
                wanted = pattern if ":" in pattern else f"*:{pattern or '*'}"
                yield from list_probes(binary, wanted, architecture)
            else:
                yield from list_symbols(binary, pattern or "*", architecture, kind.name)
        except BinaryError as error:
            raise fail(error.code, error.message, notes=error.notes, help=error.help_) from None


def _means(word: str, kind: ProbeKind) -> bool:
    if is_pattern(word):
        return fnmatchcase(kind.name, word) and kind.name not in _BY_BINARY
    return word in (kind.name, *kind.aliases)


def _anywhere(text: str) -> Callable[[str], bool]:
    """Return the test for text that names no kind: of a whole name, or from one of its parts on."""
    if not is_pattern(text):
        return lambda name: text in name
    match = re.compile(f"(?:.*:)?{translate(text)}", re.DOTALL).match
    return lambda name: match(name) is not None
