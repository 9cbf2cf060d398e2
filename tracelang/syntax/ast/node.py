"""What all nodes of the tree share."""

from __future__ import annotations

from dataclasses import field

from tracelang.dataclass import dataclass
from tracelang.source import Span


@dataclass(frozen=True, slots=True)
class Node:
    """What all nodes share: the place in the text."""

    span: Span = field(compare=False, repr=False, kw_only=True)
