"""Which processes a run is restricted to."""

from __future__ import annotations

from tracelang.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ProcessFilter:
    """What the command line restricts a run to; everything given must hold.

    `pid`: one process, whose number is filled in when the programs are loaded, so that they can be
    kept for the next one; `follow` the set of processes kept while tracing (it starts with those
    the run names); `comm` a task's name; `cgroup` the id of a cgroup whose members and descendants
    count, at `cgroup_level` below the root.
    """

    pid: bool = False
    follow: bool = False
    comm: str | None = None
    cgroup: int | None = None
    cgroup_level: int = 0
