"""What of this machine the guest needs: QEMU, a Debian kernel, and the launcher that joins them."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Final

_SETUP: Final = Path(__file__).parents[2] / "scripts" / "setup-guest.sh"


def launcher() -> Path:
    """Return where virtme-ng's command is, installed or not: beside the running Python."""
    return Path(sys.executable).with_name("vng")


def newest_kernel(boot: Path = Path("/boot")) -> Path | None:
    """Return the newest Debian kernel with 9p modules, so neither -cloud nor -rt, or None."""
    kernels = [
        k for k in boot.glob("vmlinuz-*-amd64") if not re.search(r"-(cloud|rt)-amd64$", k.name)
    ]
    return max(kernels, key=lambda k: [int(n) for n in re.findall(r"\d+", k.name)], default=None)


@cache
def why_no_guest() -> str | None:
    """Say why this machine cannot boot the guest, with the remedy, or return None if it can."""
    answer = subprocess.run([_SETUP, "--missing"], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return answer.stderr.strip()
    missing = answer.stdout.split() + ([] if launcher().exists() else ["virtme-ng"])
    return f"no {', '.join(missing)}; `make guest` installs it" if missing else None
