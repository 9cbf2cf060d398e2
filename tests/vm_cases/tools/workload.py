"""What the tools are shown in the guest: run by `-c`, it writes down what it knows as JSON.

usage: workload.py FACTS DISKS [TOOL…], where DISKS is what `disks.sh` made.
"""

from __future__ import annotations

import json
import mmap
import os
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PAGE = 4096
MADV_PAGEOUT = 21


def make_directories(disks: Path) -> int:
    """`vfs_mkdir` and `vfs_rmdir`, five times each, where no other file system lies below."""
    for number in range(5):
        (disks / f"ext4/made-{number}").mkdir()
        (disks / f"ext4/made-{number}").rmdir()
    return 5


def write_small(_: Path) -> int:
    """`vfs_write`, fifty times."""
    null = os.open("/dev/null", os.O_WRONLY)
    for _number in range(50):
        os.write(null, b"x")
    return 50


def look_up(_: Path) -> list[str]:
    """Two names that are nowhere."""
    names = ["there-is-no-such-name", "nor-this-one"]
    for name in names:
        Path(f"/tmp/{name}").exists()
    return names


def use_file_system(disks: Path, name: str) -> dict[str, int]:
    """Open a file four times, write it three times, read it twice and flush it once."""
    path = disks / name / "file"
    for _ in range(2):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR))
    writing = os.open(path, os.O_WRONLY)
    for _ in range(3):
        os.write(writing, bytes(100))
    os.fsync(writing)
    reading = os.open(path, os.O_RDONLY)
    for _ in range(2):
        os.read(reading, 100)
    return {"open": 4, "write": 3, "read": 2, "fsync": 1}


def use_slow_disk(_: Path) -> int:
    """Seven requests to a disk that takes a fixed time for each."""
    file = os.open("/dev/nullb0", os.O_RDWR | os.O_DIRECT)
    page = mmap.mmap(-1, 2 * PAGE)
    for _number in range(7):
        os.write(file, page)
    return 7


def flush_array(_: Path) -> int:
    """Three flushes of a RAID array."""
    file = os.open("/dev/md_tools", os.O_RDWR)
    for _number in range(3):
        os.pwrite(file, bytes(PAGE), 0)
        os.fsync(file)
    return 3


def swap(_: Path) -> int:
    """Have sixteen pages swapped out, and touch them again."""
    pages = 16
    memory = mmap.mmap(-1, pages * PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    for number in range(pages):
        memory[number * PAGE] = 1 + number
    memory.madvise(MADV_PAGEOUT)
    for number in range(pages):
        assert memory[number * PAGE] == 1 + number
    return pages


def fill_queue(_: Path) -> dict[str, int]:
    """Three connections that nobody accepts, over IPv4 and IPv6."""
    kept: list[socket.socket] = []
    for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
        server = socket.create_server((address, 0), family=family, backlog=9)
        kept.append(server)
        for waiting in range(1, 4):
            kept.append(socket.create_connection(server.getsockname()[:2]))
            while _waiting(server) < waiting:  # the client is through before the server's side is
                time.sleep(0.01)
    return {"room": 9, "connections": 6}


def _waiting(server: socket.socket) -> int:
    """Return how many connections nobody has accepted yet: `tcpi_unacked` of a listening socket."""
    info = server.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104)
    return int(struct.unpack_from("=I", info, 24)[0])


def talk(_: Path) -> list[str]:
    """Say two things over a Unix socket."""
    here, there = socket.socketpair()
    said = ["a question\n", "an answer"]
    for text in said:
        here.sendall(text.encode())
        there.recv(100)
    return said


def write_back(disks: Path) -> int:
    """Change 64 pages of a file, and have them written to its disk."""
    with (disks / "ext4" / "changed").open("wb") as file:
        file.write(bytes(64 * PAGE))
    os.sync()
    return 64


def see_load(_: Path) -> list[str]:
    """Let the loads be shown at least once, and read them before and after."""
    before = Path("/proc/loadavg").read_text()
    time.sleep(1.2)
    return [before, Path("/proc/loadavg").read_text()]


WORK: dict[str, Callable[[Path], Any]] = {
    "vfscount": make_directories,
    "vfsstat": write_small,
    "dcsnoop": look_up,
    "ext4dist": lambda disks: use_file_system(disks, "ext4"),
    "mdflush": flush_array,
    "swapin": swap,
    "undump": talk,
    "loads": see_load,
}
ALONE: dict[str, Callable[[Path], Any]] = {
    "xfsdist": lambda disks: use_file_system(disks, "xfs"),
    "writeback": write_back,
    "biolatency-kp": use_slow_disk,
    "tcpsynbl": fill_queue,
}


def main() -> None:
    """Do all the work, or one of the others', and write down by tool what was done."""
    facts, disks = map(Path, sys.argv[1:3])
    chosen = {name: ALONE[name] for name in sys.argv[3:] if name in ALONE} or WORK
    facts.write_text(json.dumps({name: work(disks) for name, work in chosen.items()}))


if __name__ == "__main__":
    main()
