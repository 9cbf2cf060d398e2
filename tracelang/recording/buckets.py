"""Which bucket of a histogram a value belongs to, as the kernel's programs count them."""

from __future__ import annotations


def power_bucket(value: int) -> int:
    """Return -1 for negative values, 0 for 0, and n + 1 from 2**n on."""
    return -1 if value < 0 else value.bit_length()


def linear_bucket(value: int, low: int, high: int, step: int) -> int:
    """Return -1 below `low`, else the step that a value is in; one more for all from `high` on."""
    if value < low:
        return -1
    return (min(value, high) - low) // step


def log_linear_bucket(value: int) -> int:
    """Return a bucket that is exact below 32, and above a 32nd of its values wide at most."""
    if value < 0:
        return -1 - log_linear_bucket(-value)
    if value < 32:
        return value
    bit = value.bit_length() - 1
    return (bit - 4) * 32 + ((value >> (bit - 5)) & 31)
