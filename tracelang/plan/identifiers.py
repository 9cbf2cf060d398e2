"""C identifiers out of a script's names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_KEYWORDS: Final = _words(
    "auto break case char const continue default do double else enum extern float for goto if "
    "inline int long register restrict return short signed sizeof static struct switch typedef "
    "union unsigned void volatile while bool true false ctx event scratch asm typeof u8 u16 u32 "
    "u64 s8 s16 s32 s64"
)

PRELUDE: Final = _words(
    "pointer address moved context_at now this_target one_of_targets traced_pid current_pid "
    "current_tid current_uid current_gid current_cpu current_cgroup current_ancestor_cgroup "
    "current_task typed_task saved_registers copy_comm until_nul is_followed is_inside inside "
    "clear add_u64 add_s64 count is_sampled is_within_limit read_kernel read_user read_any "
    "read_counted_kernel read_counted_user read_counted_any read_text_kernel read_text_user "
    "read_text_any read_texts_kernel read_texts_user read_path copy_text put_word same_text "
    "word8 word16 word32 word64 swap16 swap32 swap64 quotient_u64 remainder_u64 quotient_s64 "
    "remainder_s64 equal_signed below_signed above_signed current_epoch highest_bit "
    "power_bucket_u64 power_bucket_s64 linear_bucket_u64 linear_bucket_s64 "
    "log_linear_bucket_u64 log_linear_bucket_s64 epochs cell fresh room space key bucket "
    "buckets there none no_events only place events call selected taken pending thread level "
    "depth deeper start counters samples limits followed named zero first from i above "
    "stack_number take_stack take_address stacks stacks_sent"
)
"""What generated programs call or declare themselves: no local variable may have such a name."""


class Names:
    """Hands out identifiers, each once."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*PRELUDE, *taken}

    def take(self, wish: str) -> str:
        """Return an identifier like `wish` that was not handed out before."""
        base = c_identifier(wish)
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}_{number}", number + 1
        self._taken.add(name)
        return name


def c_identifier(text: str) -> str:
    """Return text as a C identifier: other characters become `_`, keywords get one behind."""
    if text.isidentifier() and text.isascii() and text not in _KEYWORDS and len(text) <= 64:
        return text
    name = re.sub(r"[^0-9A-Za-z_]+", "_", text).strip("_")[:40] or "value"
    if name[0].isdigit() or name in _KEYWORDS:
        name = f"{name}_" if name in _KEYWORDS else f"_{name}"
    return name
