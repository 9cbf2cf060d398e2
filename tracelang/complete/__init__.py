"""What can stand at a place of a half-written script, and what stands there: for prompt and shell.

`complete` lists candidates, `describe_place` says what a word is; both take a `Machine`, which
remembers what they learn of the kernel.
"""

from __future__ import annotations

from tracelang.complete.candidates import Candidate, Completion
from tracelang.complete.engine import complete
from tracelang.complete.machine import Machine
from tracelang.complete.meaning import describe_place

__all__ = ["Candidate", "Completion", "Machine", "complete", "describe_place"]
