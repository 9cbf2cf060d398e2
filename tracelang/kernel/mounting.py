"""Mounting tracefs where nobody has."""

from __future__ import annotations

import os
from typing import Final

EVENTS: Final = "/sys/kernel/tracing/events"
MOUNT_COMMAND: Final = "mount -t tracefs tracefs /sys/kernel/tracing"


def mount_tracefs() -> bool:
    """Mount tracefs where it is not (it takes root); tell whether this process can read it then."""
    if not os.access(EVENTS, os.R_OK) and os.geteuid() == 0:
        import subprocess  # late: it is mounted nearly always

        subprocess.run(MOUNT_COMMAND.split(), check=False, capture_output=True)
    return os.access(EVENTS, os.R_OK)
