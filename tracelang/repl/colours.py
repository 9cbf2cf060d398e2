"""The colours of the prompt: a terminal's own, so that they fit light and dark ones alike."""

from __future__ import annotations

import os
from typing import Final

from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style

STYLE: Final = Style.from_dict(
    {
        "prompt": "bold ansicyan",
        "continuation": "ansibrightblack",
        "pygments.keyword": "bold",
        "pygments.keyword.type": "nobold ansiyellow",
        "pygments.operator.word": "bold",
        "pygments.name.class": "ansicyan",
        "pygments.name.namespace": "ansicyan",
        "pygments.name.builtin": "ansiblue",
        "pygments.name.function": "ansiblue",
        "pygments.literal.string": "ansigreen",
        "pygments.literal.string.other": "ansired",
        "pygments.literal.number": "ansimagenta",
        "pygments.comment": "ansibrightblack",
        "pygments.error": "ansired",
        "bottom-toolbar": "noreverse ansibrightblack",
        "bottom-toolbar.error": "ansired",
        "bottom-toolbar.name": "bold",
        "completion-menu": "bg:ansibrightblack ansiwhite",
        "completion-menu.completion": "bg:ansibrightblack ansiwhite",
        "completion-menu.completion.current": "noreverse bg:ansicyan ansiblack bold",
        "completion-menu.meta.completion": "bg:ansibrightblack ansigray",
        "completion-menu.meta.completion.current": "bg:ansicyan ansiblack",
        "scrollbar.background": "bg:ansibrightblack",
        "scrollbar.button": "bg:ansigray",
    }
)
"""What each part of the screen looks like."""


def colour_depth() -> ColorDepth | None:
    """Return one colour only where the user asks for no colours (NO_COLOR), else the terminal's."""
    return ColorDepth.DEPTH_1_BIT if "NO_COLOR" in os.environ else ColorDepth.DEPTH_4_BIT
