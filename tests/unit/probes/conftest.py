from __future__ import annotations

from tests.unit.binaries.conftest import library, program, stripped

__all__ = ["library", "program", "stripped"]
