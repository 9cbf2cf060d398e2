"""Call stacks: programs hold their numbers; the frames of a new one are sent along once."""

from __future__ import annotations

import struct
from typing import Final

from tracelang.plan.body import Body
from tracelang.plan.c_types import U64
from tracelang.plan.code.aggregating import TakeAddress, TakeStack
from tracelang.plan.code.values import Buffer, Value, Variable
from tracelang.semantic.expressions import StackTaken, UserAddress
from tracelang.semantic.types import MOST_FRAMES
from tracelang.symbols.machinery import MOST_MACHINERY

STACK_HEAD: Final = struct.Struct("=QQIHH")
"""What a stack is sent with: its number, when it was taken, the process (0: the kernel), its
frames, and how many of them are shown."""
STACK_SIZE: Final = STACK_HEAD.size + 8 * MOST_FRAMES
"""Bytes of the largest stack."""
STACKS_SEEN: Final = 65_536
"""Numbers of stacks that are remembered as sent; one that was forgotten is sent again."""


def take_stack(expr: StackTaken, body: Body) -> Value:
    """Emit what takes a stack; return its number."""
    variable = Variable(body.names.take("ustack" if expr.user else "kstack"), U64)
    # On top of the kernel's are those of tracing itself, which nobody is shown.
    frames = expr.depth if expr.user else min(MOST_FRAMES, expr.depth + MOST_MACHINERY)
    body.emit(TakeStack(variable, _room(body), expr.user, frames, expr.depth))
    return variable


def take_address(expr: UserAddress, body: Body) -> Value:
    """Emit what takes an address of the process as a stack of one frame; return its number."""
    address = body.value(expr.address)
    variable = Variable(body.names.take("usym"), U64)
    body.emit(TakeAddress(variable, _room(body), address))
    return variable


def _room(body: Body) -> Buffer:
    """Return where a stack is put together: one after the other, so all share it."""
    known = body.known("stack room")
    if isinstance(known, Buffer):
        return known
    with body.outermost():
        room = body.scratch_buffer("stack", STACK_SIZE)
        body.remember("stack room", room)
    return room
