"""What an expression reads when a program runs, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Final

from tracelang.semantic.expressions import (
    ArgumentValue,
    Builtin,
    BytesAt,
    ContextPlace,
    Expression,
    Inside,
    Place,
    StackTaken,
    Stored,
    TextAt,
    Typed,
    UserAddress,
)
from tracelang.semantic.sources import (
    ContextField,
    DynamicField,
    EmbeddedField,
    FunctionArgument,
    FunctionReturn,
    Source,
    TracingArgument,
    UsdtArgument,
    WrappedSyscallArgument,
)
from tracelang.semantic.types import Space

_MEMORY: Final = {
    Space.KERNEL: "kernel memory",
    Space.USER: "the process's memory",
    Space.EITHER: "kernel or process memory, whichever the address is of",
}
_BUILTINS: Final = {
    "ts": "the clock",
    "cpu": "the processor's number",
    "func": "the target that fired",
    "probe": "the target that fired",
}
_TASK: Final = "the running task"


def describe_reads(expression: Expression) -> str:
    """Return what is read, in the order it is read, as one phrase; `nothing` for constants."""
    return ", then ".join(dict.fromkeys(_reads(expression))) or "nothing"


def _reads(expression: Expression) -> Iterator[str]:
    match expression:
        case ArgumentValue(source=source) | ContextPlace(source=source):
            yield from _source(source)
        case StackTaken() | UserAddress():
            yield from _code(expression)
        case Stored(stage=0):
            yield "what the start remembered"
        case Stored():
            yield "what a stage remembered"
        case Inside():
            yield "what is known of the thread's calls"
        case Builtin(name="duration"):
            yield "what the start remembered"
            yield "the clock"
        case Builtin(name=name):
            yield _BUILTINS.get(name, _TASK)
        case Place(base=base, space=space):
            yield from _reads(base)
            yield _MEMORY[space]
        case TextAt(pointer=pointer, space=space):
            yield from _reads(pointer)
            yield _MEMORY[space]
        case BytesAt(pointer=pointer, space=space, count=count):
            if count is not None:
                yield from _reads(count)
            yield from _reads(pointer)
            yield _MEMORY[space]
        case _:
            yield from _operands(expression)


def _code(expression: StackTaken | UserAddress) -> Iterator[str]:
    if isinstance(expression, UserAddress):
        yield from _reads(expression.address)
        yield "which process it is"
        return
    whose = "the process's stack" if expression.user else "the kernel's stack"
    yield f"{whose}: its number; each different one is sent once"


def _operands(expression: Expression) -> Iterator[str]:
    """Yield what the parts of an operation read, whatever operation it is."""
    for field in fields(expression):
        part = getattr(expression, field.name)
        if isinstance(part, Typed):
            yield from _reads(part)  # type: ignore[arg-type]


def _source(source: Source) -> Iterator[str]:
    match source:
        case ContextField() | EmbeddedField() | DynamicField():
            yield "the event's record"
        case FunctionArgument() | FunctionReturn():
            yield "registers"
        case TracingArgument():
            yield "the arguments passed along"
        case WrappedSyscallArgument():
            yield "the call's saved registers, in kernel memory"
        case UsdtArgument(dereference=dereference):
            yield "registers"
            if dereference:
                yield _MEMORY[Space.USER]
        case _:
            yield "the program's context"
