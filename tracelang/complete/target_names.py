"""The names of all targets of a machine, and finding some by a few letters, quickly.

A kernel has some 60,000 functions: the names of a kind are kept as one text, which is searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from typing import Final

from tracelang.binaries.errors import BinaryError
from tracelang.binaries.libraries import find_libraries
from tracelang.probes.offers import find_offer
from tracelang.probes.user_functions import list_symbols
from tracelang.probes.user_probes import list_probes
from tracelang.registry import Registry
from tracelang.semantic.probe_kind import ProbeKind, TargetScope

BY_BINARY: Final = ("uprobe", "uretprobe", "usdt")
"""Kinds whose targets are listed for one program or library at a time."""

OF_FUNCTIONS: Final = ("kprobe", "kretprobe", "fentry", "fexit")
"""Kinds whose targets are the kernel's functions: tens of thousands."""

_SECOND_CHOICE: Final = ("rawtracepoint", "kretprobe", "fentry", "fexit", "sysret")
"""Kinds that have the same names as another: shown behind it where no kind is typed."""


_PER_KIND: Final = 60
_ENOUGH: Final = 8
"""With so many names that have a part which begins as typed, others are not looked for."""


class TargetNames:
    """The names of the targets of one machine, by kind."""

    def __init__(self, kinds: Registry[ProbeKind], scope: TargetScope) -> None:
        self._kinds = kinds
        self._scope = scope
        self._texts: dict[str, str] = {}

    @cached_property
    def offered(self) -> tuple[ProbeKind, ...]:
        """The kinds this machine can do."""
        features = self._scope.kernel.features
        return tuple(k for k in self._kinds if find_offer(k.name, features).usable)

    def kind_of(self, word: str) -> ProbeKind | None:
        """Return the kind a target's first word means, by its name or an alias."""
        return next((k for k in self._kinds if word in (k.name, *k.aliases)), None)

    def has(self, kind: ProbeKind, name: str) -> bool:
        """Tell whether a kind this machine can do has a target of that name, without the kind."""
        return kind in self.offered and f"\n{kind.name}:{name}\n" in self._text(kind)

    def find(self, typed: str, most: int) -> list[str]:
        """Return up to `most` full names for what is typed, best first."""
        word, colon, rest = typed.partition(":")
        if not colon:
            return list(islice(self._find_anywhere(typed), most))
        kind = self.kind_of(word)
        if kind is None:
            return []
        if kind.name in BY_BINARY:
            return list(islice(self._find_in_binary(kind, rest), most))
        ways = (*_CLOSE, *_LOOSE)
        return _search(self._text(kind), f"{kind.name}:", rest, most, ways)

    def steps(self, typed: str) -> list[str]:
        """Return what can come next in a target that is typed part by part, each up to its `:`."""
        kind = self.kind_of(typed.partition(":")[0])
        if ":" not in typed or kind is None:
            return [f"{k.name}:" if ":" in k.form else k.name for k in self.offered]
        typed = f"{kind.name}:{typed.partition(':')[2]}"
        if kind.name in BY_BINARY:
            names: Iterator[str] = self._find_in_binary(kind, typed.partition(":")[2])
        else:
            names = _lines_from(self._text(kind), typed)
        return list(dict.fromkeys(_step(name, len(typed)) for name in names))

    def _text(self, kind: ProbeKind) -> str:
        if kind.name not in self._texts:
            self._texts[kind.name] = "\n" + "\n".join(kind.names(self._scope)) + "\n"
        return self._texts[kind.name]

    def _find_anywhere(self, typed: str) -> Iterator[str]:
        """Yield names in which a part fits, of the kinds that are asked for most first."""
        kinds = [k for k in self.offered if k.name not in BY_BINARY]
        kinds.sort(key=lambda k: (k.name in _SECOND_CHOICE, k.name != "syscall"))
        for ways in (_CLOSE, _LOOSE):
            found = [_search(self._text(k), f"{k.name}:", typed, _PER_KIND, ways) for k in kinds]
            names = [name for names in found for name in names]
            if names:
                break
        good = [name for name in names if _begins_part(name, typed)]
        yield from good
        if len(good) < _ENOUGH:
            yield from (name for name in names if name not in good)

    # --- Programs and libraries -------------------------------------------------------------------

    def _find_in_binary(self, kind: ProbeKind, typed: str) -> Iterator[str]:
        binary, colon, rest = typed.partition(":")
        if not colon:
            libraries = find_libraries(self._scope.kernel.architecture)
            short = sorted({lib.short_name for lib in libraries})
            yield from (f"{kind.name}:{name}:" for name in short if name.startswith(binary))
            return
        try:
            yield from self._list_binary(kind, binary, rest)
        except (BinaryError, OSError):
            return

    def _list_binary(self, kind: ProbeKind, binary: str, rest: str) -> Iterator[str]:
        architecture = self._scope.kernel.architecture
        if kind.name == "usdt":
            pattern = f"{rest}*" if ":" in rest else f"{rest}*:*"
            return list_probes(binary, pattern, architecture)
        return list_symbols(binary, f"{rest}*", architecture, kind.name)


def _begins_part(name: str, typed: str) -> bool:
    return f":{typed}" in name


def _step(name: str, typed: int) -> str:
    """Return a name up to the next `:` behind what is typed."""
    end = name.find(":", typed)
    return name if end < 0 else name[: end + 1]


# --- Searching ------------------------------------------------------------------------------------


_Find = Callable[[str, str, str], Iterator[str]]


def _search(text: str, prefix: str, typed: str, most: int, ways: tuple[_Find, ...]) -> list[str]:
    """Return lines of a text that fit in some ways, the best way's first.

    Lines begin with `prefix`, which was typed as well. A way is not tried where the ones before
    have found something and it is a loose one.
    """
    found: dict[str, None] = {}
    for find in ways:
        if find in _LOOSE and found:
            break
        lines = list(islice(find(text, prefix, typed), most * 4))
        found.update(dict.fromkeys(sorted(lines, key=len)))
        if len(found) >= most:
            break
    return list(islice(found, most))


def _beginning(text: str, prefix: str, typed: str) -> Iterator[str]:
    return _lines_from(text, prefix + typed)


def _word_beginning(text: str, _prefix: str, typed: str) -> Iterator[str]:
    for sign in (":", "_"):
        yield from _lines_with(text, sign + typed)


def _containing(text: str, prefix: str, typed: str) -> Iterator[str]:
    if len(typed) > 1:
        yield from (line for line in _lines_with(text, typed) if typed in line[len(prefix) :])


def _with_letters(text: str, prefix: str, typed: str) -> Iterator[str]:
    """Yield lines that have the letters in their order; none is tried twice at one line."""
    if len(typed) < 3:
        return
    letters = (rf"[^\n{re.escape(c)}]*{re.escape(c)}" for c in typed)
    pattern = re.compile(rf"\n{re.escape(prefix)}({''.join(letters)}[^\n]*)")
    yield from (prefix + match[1] for match in pattern.finditer(text))


def _lines_from(text: str, beginning: str) -> Iterator[str]:
    """Yield the lines that begin so."""
    start = text.find("\n" + beginning)
    while start >= 0:
        end = text.find("\n", start + 1)
        if end < 0:
            return
        yield text[start + 1 : end]
        start = text.find("\n" + beginning, end)


def _lines_with(text: str, part: str) -> Iterator[str]:
    """Yield the lines that have a part."""
    position = text.find(part) if "\n" not in part else -1
    while position >= 0:
        start, end = text.rfind("\n", 0, position) + 1, text.find("\n", position)
        if end < 0:
            return
        yield text[start:end]
        position = text.find(part, end)


_CLOSE: Final[tuple[_Find, ...]] = (_beginning, _word_beginning, _containing)
_LOOSE: Final[tuple[_Find, ...]] = (_with_letters,)
