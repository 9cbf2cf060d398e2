"""What processes have mapped, and when: the way from an address to a file, also after their end.

Execs, mappings, forks and exits are told as they happen. Of a process that was there before, the
mappings are those that /proc has when they are first needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_MOST_ANCESTORS: Final = 64


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

    `begun` says that all of it is known. What is not here may be in `before`: for a new process in
    its parent's image (of which `until` counts), for an exec in the image it ends, which is left
    only in the course of it.
    """

    pid: int
    since: int
    begun: bool = False
    before: _Image | None = None
    until: int = 0
    mapped: list[tuple[int, Mapping]] = field(default_factory=list)
    looked: bool = False

    def find(self, ts: int, address: int) -> Mapping | None:
        """Return the newest mapping of that time around an address."""
        for since, mapping in reversed(self.mapped):
            if since <= ts and mapping.start <= address < mapping.end:
                return mapping
        return None


class AddressSpaces:
    """The mappings of processes over time; times are monotonic nanoseconds."""

    def __init__(self, read_maps: Callable[[int], tuple[Mapping, ...]]) -> None:
        self._read_maps = read_maps
        self._images: dict[int, list[_Image]] = {}
        self._ended: dict[int, int] = {}

    def execed(self, pid: int, ts: int) -> None:
        """Note that a process runs another program from now on."""
        before = self._image(pid, ts)
        if before.begun:
            before.before = None  # what lies further back is of no use any more
        self._images[pid].append(_Image(pid, ts, begun=True, before=before, until=ts))

    def forked(self, pid: int, parent: int, ts: int) -> None:
        """Note a new process with its parent's mappings."""
        self._ended.pop(pid, None)
        self._images[pid] = [_Image(pid, ts, before=self._image(parent, ts), until=ts)]

    def mapped(self, pid: int, ts: int, mapping: Mapping) -> None:
        """Note a new mapping."""
        self._image(pid, ts).mapped.append((ts, mapping))

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
        image: _Image | None = self._image(pid, ts)
        for _ in range(_MOST_ANCESTORS):
            if image is None:
                break
            if not image.begun and not image.looked:
                self._look(image)
            found = image.find(ts, address)
            if found is not None:
                return found
            ts = image.until
            image = image.before
        return None

    def _image(self, pid: int, ts: int) -> _Image:
        images = self._images.setdefault(pid, [])
        for image in reversed(images):
            if image.since <= ts:
                return image
        image = _Image(pid, 0)
        images.insert(0, image)
        return image

    def _look(self, image: _Image) -> None:
        """Take what /proc has, unless the process has become another program meanwhile."""
        image.looked = True
        images = self._images.get(image.pid)
        if images and images[-1] is image and (found := self._read_maps(image.pid)):
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
