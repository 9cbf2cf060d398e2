"""What processes have mapped, and when: the way from an address to a file, also after their end.

Execs, mappings, forks and exits are told as they happen. Of a process that was there before, the
mappings are those that /proc has when they are first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Mapping:
    """Executable memory from `start` to `end`: `offset` and on of the file, or none."""

    start: int
    end: int
    offset: int
    inode: int
    path: str


@dataclass(slots=True)
class _Image:
    """A process from one exec (or from when it was first known) to the next, at `since`.

    `parent` is whom it was forked from, and when. `begun` says that all of it is known.
    """

    since: int
    begun: bool = False
    parent: tuple[int, int] | None = None
    mapped: list[tuple[int, Mapping]] = field(default_factory=list)
    looked: bool = False


class AddressSpaces:
    """The mappings of processes over time; times are monotonic nanoseconds."""

    def __init__(self, read_maps: Callable[[int], tuple[Mapping, ...]]) -> None:
        self._read_maps = read_maps
        self._images: dict[int, list[_Image]] = {}
        self._ended: dict[int, int] = {}

    def execed(self, pid: int, ts: int) -> None:
        """Note that a process runs another program from now on."""
        self._images.setdefault(pid, []).append(_Image(ts, begun=True))

    def forked(self, pid: int, parent: int, ts: int) -> None:
        """Note a new process with its parent's mappings."""
        self._ended.pop(pid, None)
        self._images[pid] = [_Image(ts, parent=(parent, ts))]

    def mapped(self, pid: int, ts: int, mapping: Mapping) -> None:
        """Note a new mapping."""
        images = self._images.setdefault(pid, [_Image(0)])
        images[-1].mapped.append((ts, mapping))

    def exited(self, pid: int, ts: int) -> None:
        """Note the end of a process."""
        self._ended[pid] = ts

    def forget_ended(self, before: int) -> None:
        """Forget the processes that ended before then: nobody will ask for them any more."""
        for pid in [pid for pid, ts in self._ended.items() if ts < before]:
            del self._ended[pid]
            self._images.pop(pid, None)

    def find(self, pid: int, ts: int, address: int) -> Mapping | None:
        """Return what a process had at an address at a time, as far as it is known."""
        for _ in range(64):  # a child of a child, and so on
            image = self._image(pid, ts)
            if not image.begun and not image.looked:
                self._look(pid, image)
            for since, mapping in reversed(image.mapped):
                if since <= ts and mapping.start <= address < mapping.end:
                    return mapping
            if image.parent is None:
                return None
            pid, ts = image.parent
        return None

    def _image(self, pid: int, ts: int) -> _Image:
        images = self._images.setdefault(pid, [])
        for image in reversed(images):
            if image.since <= ts:
                return image
        image = _Image(0)
        images.insert(0, image)
        return image

    def _look(self, pid: int, image: _Image) -> None:
        """Take what /proc has, unless the process has become another program meanwhile."""
        image.looked = True
        found = self._read_maps(pid)
        if found and self._images[pid][-1] is image:
            image.mapped[:0] = [(0, mapping) for mapping in found]


def read_maps(pid: int) -> tuple[Mapping, ...]:
    """Return the executable mappings a living process has now."""
    try:
        text = Path(f"/proc/{pid}/maps").read_text(errors="surrogateescape")
    except OSError:
        return ()
    return parse_maps(text)


def parse_maps(text: str) -> tuple[Mapping, ...]:
    """Return the executable mappings of a /proc/PID/maps."""
    found = []
    for line in text.splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) < 5 or "x" not in fields[1]:
            continue
        start, _, end = fields[0].partition("-")
        path = fields[5] if len(fields) > 5 else ""
        found.append(
            Mapping(int(start, 16), int(end, 16), int(fields[2], 16), int(fields[4]), path)
        )
    return tuple(found)
