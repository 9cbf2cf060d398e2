"""System calls that programs make all the time: what tracing adds to each of them matters most.

Their entries are traced by the raw tracepoint that every call passes, which adds some 70 ns less to
the traced call than the call's own tracepoint does, and some 45 ns more to all other calls of all
processes (either adds another 48): a good bargain for a call that is a good part of all there are,
and a bad one for a call made now and then. At the return the raw one gains the traced call nothing;
of two rules each would run the other's program. So it is for scripts of which one rule, not a span,
asks about calls. Measured on Linux 6.18, see bench/NOTES.md.
"""

from __future__ import annotations

from typing import Final

_TRANSFER: Final = ("read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev")
_MESSAGES: Final = ("recvfrom", "sendto", "recvmsg", "sendmsg")
_WAITING: Final = ("futex", "poll", "ppoll", "epoll_wait", "epoll_pwait")

BUSY: Final = frozenset((*_TRANSFER, *_MESSAGES, *_WAITING))
