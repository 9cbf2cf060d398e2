"""The one style sheet of all results. It stands in each: a notebook's outputs know no other."""

from __future__ import annotations

from typing import Final

STYLE: Final = """<style>
.tracelang { font-size: 13px; line-height: 1.35; color: inherit; }
.tracelang .scroll { max-height: 420px; overflow: auto; display: inline-block; max-width: 100%; }
.tracelang table { border-collapse: collapse; border: none; margin: 0; font-size: inherit; }
.tracelang th, .tracelang td { padding: 2px 14px 2px 2px; border: none; text-align: left !important;
  white-space: pre; vertical-align: top; background: transparent; color: inherit; }
.tracelang th { border-bottom: 1px solid rgba(128, 128, 128, .5); font-weight: 600; }
.tracelang tbody tr:hover td { background: rgba(128, 128, 128, .12); }
.tracelang .number { text-align: right !important; font-variant-numeric: tabular-nums; }
.tracelang td, .tracelang .bounds { font-family: ui-monospace, Menlo, Consolas, monospace; }
.tracelang .bar { width: 280px; padding-right: 8px; vertical-align: middle; }
.tracelang .bar div { background: #3b7dd8; height: 11px; border-radius: 0 2px 2px 0; }
.tracelang .note { opacity: .75; margin: 4px 0; }
.tracelang .warning { opacity: 1; font-weight: 600; color: #c4432b; }
.tracelang .title { font-weight: 600; margin: 8px 0 3px 0; }
</style>"""


def wrap(*parts: str) -> str:
    """Return parts of a result as one piece of HTML with its style."""
    return f'{STYLE}<div class="tracelang">{"".join(parts)}</div>'
