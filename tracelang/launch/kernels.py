"""Which kernel a command is about."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracelang.kernel.view import KernelView


def open_kernel(directory: str | None, running: KernelView | None = None) -> KernelView:
    """Return the running kernel, or a recorded one; mount tracefs where being root is enough.

    `running` is the running kernel where it is open already: what it was asked it remembers.
    """
    if directory is not None:
        from tracelang.kernel.recorded import RecordedKernel

        return RecordedKernel(Path(directory))
    if running is not None:
        return running
    from tracelang.kernel.live import LiveKernel
    from tracelang.kernel.mounting import mount_tracefs

    kernel = LiveKernel()
    if kernel.tracefs is None and os.geteuid() == 0:
        mount_tracefs()
        kernel = LiveKernel()
    return kernel
