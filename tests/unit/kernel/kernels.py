"""The kernels recorded for tests."""

from __future__ import annotations

from pathlib import Path

KERNELS = Path(__file__).parents[2] / "kernels"
NAMES = tuple(sorted(p.name for p in KERNELS.iterdir() if p.is_dir()))
