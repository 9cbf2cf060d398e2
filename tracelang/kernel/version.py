"""LINUX_VERSION_CODE from what uname(2) says."""

from __future__ import annotations

import re
from typing import Final

_VERSION: Final = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


def version_code(release: str, version: str) -> int:
    """Return major << 16 | minor << 8 | patch (at most 255), 0 for a release that is no version.

    Debian's release stops at the ABI (`6.1.0-56-amd64`); its version has the true number behind
    `Debian`.
    """
    match = _VERSION.match(version.partition("Debian ")[2]) or _VERSION.match(release)
    if match is None:
        return 0
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major << 16 | minor << 8 | min(patch, 255)
