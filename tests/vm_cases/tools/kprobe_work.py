"""What the tools are shown in the guest: it says who it is, waits to be told, and works.

usage: kprobe_work.py FACTS DISK GO; it writes FACTS as JSON and begins when the file GO is there.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from pathlib import Path

PAGE = 4096


def read_twice(disk: Path) -> int:
    """Read 100 pages that are not in memory, one by one, and once more when they are."""
    file = os.open(disk / "pages", os.O_CREAT | os.O_RDWR)
    os.write(file, bytes(100 * PAGE))
    os.fsync(file)
    for advice in (os.POSIX_FADV_DONTNEED, os.POSIX_FADV_RANDOM):
        os.posix_fadvise(file, 0, 0, advice)
    for _ in range(2):
        for number in range(100):
            os.pread(file, PAGE, number * PAGE)
    os.close(file)
    return 100


def look_up(disk: Path) -> int:
    """Ask twice for 400 names that are nowhere."""
    for number in range(800):
        (disk / f"nothing-{number % 400}").exists()
    return 400


def use_a_file(disk: Path) -> None:
    """Open a file, write it twice, flush it and read it once."""
    file = os.open(disk / "known", os.O_CREAT | os.O_RDWR)
    os.write(file, bytes(100))
    os.write(file, bytes(200))
    os.fsync(file)
    os.pread(file, 100, 0)
    os.close(file)


def open_much() -> int:
    """Open a device 300 times."""
    for _ in range(300):
        os.close(os.open("/dev/null", os.O_RDONLY))
    return 300


def live_shortly(disk: Path) -> None:
    """Make a file that is removed after 0.3 s."""
    (disk / "short").touch()
    time.sleep(0.3)
    (disk / "short").unlink()


def talk() -> list[int]:
    """Send 3,000 bytes there and 500 back; return the ports of server and peer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        near = socket.create_connection(server.getsockname())
        far, peer = server.accept()
        for _ in range(3):
            near.sendall(bytes(1000))
        got = 0
        while got < 3000:
            got += len(far.recv(4096))
        far.sendall(bytes(500))
        near.recv(4096)
        return [server.getsockname()[1], peer[1]]


def main() -> None:
    """Say who it is, wait, and do it all."""
    facts, disk, go = map(Path, sys.argv[1:])
    here = {"pid": os.getpid()}
    waiting = facts.with_suffix(".new")
    waiting.write_text(json.dumps(here))
    waiting.rename(facts)
    while not go.exists():
        time.sleep(0.05)
    done = {"pages": read_twice(disk), "names": look_up(disk), "opens": open_much()}
    use_a_file(disk)
    live_shortly(disk)
    Path("/proc/sys/vm/compact_memory").write_text("1")  # of the guest, never of this machine
    facts.write_text(json.dumps(here | done | {"ports": talk()}))


if __name__ == "__main__":
    main()
