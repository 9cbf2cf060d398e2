"""Named things that can be added by a file: probe kinds, decoders, sinks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """What a registry holds: anything with a name."""

    @property
    def name(self) -> str:
        """The word users write."""
        ...


T = TypeVar("T", bound=Named)


class Registry(Generic[T]):
    """Holds named objects in order of registration and finds near misses.

    `group` names the entry points through which other packages add theirs. They are looked for
    only when a name is not found or all are asked for: reading packages' metadata is slow.
    """

    def __init__(self, what: str, group: str | None = None) -> None:
        self.what = what
        self._items: dict[str, T] = {}
        self._group = group
        self.extended = False
        """Whether something of another package was added."""

    def register(self, item: T) -> T:
        """Add `item` under its name; a second one of that name is a defect (`ValueError`)."""
        if item.name in self._items:
            raise ValueError(f"{self.what} {item.name!r} is registered twice")
        self._items[item.name] = item
        return item

    def get(self, name: str) -> T | None:
        """Return the object of that name, or None."""
        return self._items.get(name) or self._all().get(name)

    def names(self) -> tuple[str, ...]:
        """Every registered name, in order of registration."""
        return tuple(self._all())

    def suggest(self, name: str) -> tuple[str, ...]:
        """Return up to three names that `name` may have meant, nearest first."""
        return nearest(name, self._all())

    def __iter__(self) -> Iterator[T]:
        return iter(self._all().values())

    def __contains__(self, name: object) -> bool:
        return name in self._items or name in self._all()

    def _all(self) -> dict[str, T]:
        """Return the objects by name, those of other packages among them."""
        if self._group is not None:
            # Late: it costs more than all else a start from the cache does.
            from importlib.metadata import entry_points

            group, self._group = self._group, None
            for point in entry_points(group=group):
                self.register(point.load())
                self.extended = True
        return self._items


def nearest(name: str, candidates: Iterable[str], *, limit: int = 3) -> tuple[str, ...]:
    """Return up to `limit` candidates that resemble `name`, nearest first.

    Short names must be closer than long ones, so that `pid` never suggests `bin`. A candidate that
    has the name as one of its underscore-separated ends is always near (`openat` for `sys_openat`).
    """
    lowered = name.lower()
    threshold = 0.6 if len(name) > 6 else 0.65
    scored: list[tuple[float, str]] = []
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(lowered)
    for candidate in dict.fromkeys(candidates):
        if candidate == name:
            continue
        folded = candidate.lower()
        matcher.set_seq1(folded)
        near = matcher.real_quick_ratio() >= threshold and matcher.quick_ratio() >= threshold
        if not near and not _extends(folded, lowered):
            continue
        score = matcher.ratio()
        if _extends(folded, lowered):
            score = max(score, 0.8)
        if score >= threshold:
            scored.append((score, candidate))
    scored.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(candidate for _, candidate in scored[:limit])


def did_you_mean(near: Iterable[object], prefix: str = "", suffix: str = "") -> list[str]:
    """Return the hint that names what may have been meant, or nothing where nothing is near."""
    words = [f"`{prefix}{word}{suffix}`" for word in near]
    return [f"did you mean {' or '.join(words)}?"] if words else []


def _extends(candidate: str, name: str) -> bool:
    return len(name) >= 3 and (candidate.endswith("_" + name) or candidate.startswith(name + "_"))
