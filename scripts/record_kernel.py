"""Records the running kernel for the tests: `record_kernel.py DIRECTORY` makes DIRECTORY/NAME.

NAME is the distribution, or `linux`, and the version: `debian-6.1`. A build's own name in the
release is left out, unless the distribution gives it to everybody.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

# The checkout need not be installed.
sys.path.insert(0, str(Path(__file__).parents[1]))
from tracelang.kernel.live import LiveKernel
from tracelang.kernel.mounting import mount_tracefs
from tracelang.kernel.recorded import record_kernel


def main() -> int:
    """Record into the directory that is the only argument; return the exit status."""
    if len(sys.argv) != 2 or not mount_tracefs():
        sys.stderr.write("usage, as root: record_kernel.py DIRECTORY\n")
        return 2
    uname = os.uname()
    is_debian = "Debian" in uname.version
    version = re.match(r"\d+\.\d+(\.\d+)?", uname.release)
    short = re.match(r"\d+\.\d+", uname.release)
    if version is None or short is None:
        sys.stderr.write(f"{uname.release} is no version\n")
        return 1
    directory = Path(sys.argv[1]) / f"{'debian' if is_debian else 'linux'}-{short[0]}"
    record_kernel(LiveKernel(), directory, release=None if is_debian else version[0])
    sys.stdout.write(f"recorded {directory}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
