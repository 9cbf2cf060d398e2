"""`tracelang record-kernel`: the kernel's facts as files, to check scripts against elsewhere."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Final

from tracelang.cli import options
from tracelang.diagnostics import fail
from tracelang.kernel.live import LiveKernel
from tracelang.kernel.mounting import mount_tracefs
from tracelang.kernel.record import KERNEL, record_kernel

_DESCRIPTION: Final = """\
Write down what tracelang asks of this kernel: its types, tracepoint formats, functions and
what it offers. Scripts can then be checked against it anywhere, without root:

  sudo tracelang record-kernel kernels/web-server
  tracelang check --kernel kernels/web-server *.trace

No address, host name, process or user of the machine is in it."""


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(
        prog="tracelang record-kernel",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("directory", metavar="DIR", type=Path, help="where; made if need be")
    return parser


def execute(arguments: list[str]) -> int:
    """Run the command; return its exit status."""
    directory: Path = build_parser().parse_args(arguments).directory
    _refuse_foreign(directory)
    mount_tracefs()
    kernel = LiveKernel()
    if kernel.tracefs is None:
        raise fail(
            "T303",
            "the tracepoints of this kernel cannot be read, and a recording needs them",
            help=["run as root: `sudo tracelang record-kernel …`"],
        )
    try:
        record_kernel(kernel, directory)
    except OSError as error:
        reason = error.strerror or str(error)
        raise fail("U113", f"`{error.filename or directory}` cannot be written: {reason}") from None
    _report(directory, kernel.release)
    return 0


def _refuse_foreign(directory: Path) -> None:
    """Raise U114 for a directory that holds something other than a recording."""
    if directory.exists() and not directory.is_dir():
        raise fail("U114", f"`{directory}` is not a directory")
    try:
        used = directory.is_dir() and any(directory.iterdir())
    except OSError as error:
        raise fail("U114", f"`{directory}` cannot be read: {error.strerror}") from None
    if used and not (directory / KERNEL).is_file():
        raise fail(
            "U114",
            f"`{directory}` holds something else than a recording",
            help=["name a new directory; an older recording may be written over"],
        )


def _report(directory: Path, release: str) -> None:
    files = sorted(p for p in directory.rglob("*") if p.is_file())
    sizes = [(str(p.relative_to(directory)), p.stat().st_size) for p in files]
    width = max(len(name) for name, _ in sizes) + 2
    for name, size in sizes:
        print(f"{name:<{width}}{size:>12,} bytes")
    print(f"{'together':<{width}}{sum(size for _, size in sizes):>12,} bytes")
    where = os.fspath(directory)
    print(f"\nkernel {release} is recorded: `tracelang check --kernel {where} SCRIPT` uses it")
