"""A whole page within another one."""

from __future__ import annotations

from html import escape


def frame(page: str, height: int = 560) -> str:
    """Return a page as a frame of so many pixels; it can reach nothing outside of itself."""
    style = f"width: 100%; height: {height}px; border: none; background: white"
    return f'<iframe sandbox="allow-scripts" style="{style}" srcdoc="{escape(page)}"></iframe>'
