"""What the command line decides about a script's meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from tracelang.dataclass import dataclass

MOST_PROBES: Final = 512
"""How many places a rule may have, unless said otherwise."""


@dataclass(frozen=True, slots=True)
class BindOptions:
    """What the command line decides about a script's meaning.

    `text_limit` is the most bytes a text keeps; `prefer` is `kprobe`, `fentry` or empty;
    `arguments` are the values of the script's params, as text.
    """

    text_limit: int = 128
    prefer: str = ""
    most_probes: int = MOST_PROBES
    arguments: Mapping[str, str] = field(default_factory=dict)
    own_options: tuple[str, ...] = field(default=(), repr=False)
    """Options that are no params, for the hint when one is misspelt; no part of the meaning."""
