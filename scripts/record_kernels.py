"""Records the facts of this machine's kernel and of the guest's, for the tests that need no kernel.

`scripts/record_kernel.py DIRECTORY` writes what it records of the running kernel into a directory;
here it runs once on this machine and once in the guest, and all it wrote ends in `tests/kernels`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from shlex import quote

ROOT = Path(__file__).parents[1]
RECORDER = ROOT / "scripts" / "record_kernel.py"
KERNELS = ROOT / "tests" / "kernels"

# The guest belongs to the tests, which are no installed package.
sys.path.insert(0, str(ROOT))
from tests.vm.guest import SHARED_INSIDE, Guest  # noqa: E402


def main() -> int:
    """Record both kernels; return 0, or the status of the recorder that failed."""
    KERNELS.mkdir(exist_ok=True)
    here = subprocess.run([sys.executable, RECORDER, KERNELS], check=False)
    return here.returncode or _record_guest()


def _record_guest() -> int:
    records = f"{SHARED_INSIDE}/records"
    recorder = f"{quote(sys.executable)} {quote(str(RECORDER))} {records}"
    with Guest(f"mkdir {records} && {recorder}") as guest:
        result = guest.wait()
        sys.stdout.write(result.stdout)
        sys.stderr.write(result.stderr)
        if result.status == 0:
            shutil.copytree(guest.shared / "records", KERNELS, dirs_exist_ok=True)
        return result.status


if __name__ == "__main__":
    sys.exit(main())
