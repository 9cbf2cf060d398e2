"""Calls about code: stacks of a given depth, and the name of an address in a process."""

from __future__ import annotations

from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import fail
from tracelang.semantic.calls.arguments import resolve_arguments
from tracelang.semantic.calls.memory import as_pointer
from tracelang.semantic.expressions import Expression, StackTaken, UserAddress
from tracelang.semantic.names import STACKS, Resolves
from tracelang.semantic.types import MOST_FRAMES, STACK, Stack
from tracelang.semantic.values import describe, integer_of
from tracelang.syntax import ast


def resolve_stack(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the innermost frames of a stack: `kstack(FRAMES)`, `ustack(FRAMES)`."""
    name = call.function
    (depth,) = resolve_arguments(call, resolver, 1, 1, f"{name}(FRAMES)")
    frames = integer_of(depth)
    if frames is None or not 1 <= frames <= MOST_FRAMES:
        raise fail(
            "T223",
            f"a stack has 1 to {MOST_FRAMES} frames, this is {describe(depth)}",
            depth.span or call.span,
            help=[f"for as many as there are write `{name}`"],
        )
    return StackTaken(STACK, STACKS[name], frames, decoding=Decoding(name), span=call.span)


def resolve_usym(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the function at an address of the running process: `usym(ADDRESS)`."""
    (value,) = resolve_arguments(call, resolver, 1, 1, "usym(ADDRESS)")
    address = as_pointer(value, call, resolver)
    return UserAddress(Stack(single=True), address, decoding=Decoding("usym"), span=call.span)
