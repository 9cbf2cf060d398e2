"""Texts and byte strings: reading them into buffers, for comparing and for the event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from tracelang.plan import values
from tracelang.plan.arithmetic import widen
from tracelang.plan.body import Body
from tracelang.plan.c_types import S64, U32, U64
from tracelang.plan.code.reading import (
    CopyBytes,
    CopyText,
    PutWord,
    ReadBytes,
    ReadCounted,
    ReadPath,
    ReadText,
    ReadTexts,
    SetBytes,
)
from tracelang.plan.code.statements import If, Statement
from tracelang.plan.code.values import (
    Buffer,
    BufferAddress,
    ContextAddress,
    ContextMember,
    Convert,
    Home,
    Memory,
    Number,
    Operation,
    Value,
    Variable,
)
from tracelang.plan.comm import fill_comm
from tracelang.plan.pointers import ADDRESS, memory_of
from tracelang.semantic.expressions import (
    Builtin,
    BytesAt,
    Choice,
    Constant,
    ContextPlace,
    Expression,
    PathAt,
    Place,
    Stored,
    TextAt,
    TextsAt,
)
from tracelang.semantic.sources import DynamicField, EmbeddedField
from tracelang.semantic.types import Bytes, Ip, Text

COMM_SIZE: Final = 16
LONGEST_NAME: Final = 256
"""A file's name with its NUL: NAME_MAX is 255."""
_MAPPED: Final = bytes(10) + b"\xff\xff"
"""What an IPv4 address has in front of it in 16 bytes (RFC 4291, 2.5.5.2)."""


def capacity(type_: Text) -> int:
    """Return the bytes to read for a text: its NUL, and one more that shows it was longer."""
    return type_.limit + (1 if type_.natural else 2)


def stored_size(expr: Expression) -> int:
    """Return the bytes a text, byte string or address of 16 bytes takes in the event."""
    match expr.type:
        case Text():
            return capacity(expr.type)
        case Bytes(length, counted):
            return length + (4 if counted else 0)
        case Ip(size):
            return size
    raise AssertionError(expr.type)


# --- For comparing --------------------------------------------------------------------------------


def read_text(expr: Expression, body: Body, *, loops: bool = False) -> Buffer:
    """Return a buffer with the text; `loops` when it will be indexed by a variable."""
    return _read(expr, body, loops=loops, length=False)[0]


def read_text_with_length(expr: Expression, body: Body) -> tuple[Buffer, Variable]:
    """Return a buffer with the text and its length in bytes, ready for a search."""
    buffer, length = _read(expr, body, loops=True, length=True)
    assert length is not None
    return buffer, length


def _read(
    expr: Expression, body: Body, *, loops: bool, length: bool
) -> tuple[Buffer, Variable | None]:
    assert isinstance(expr.type, Text)
    plain = replace(expr, decoding=None)
    key = ("text", plain, loops)
    known, known_length = body.known(key), body.known(("length", plain))
    if isinstance(known, Buffer) and (not length or isinstance(known_length, Variable)):
        return known, known_length if isinstance(known_length, Variable) else None
    size = capacity(expr.type)
    buffer = _room(expr, body, loops=loops)("text", _rounded(size))
    variable = Variable(body.names.take("length"), S64) if length else None
    fill_text(expr, replace(buffer, size=size), body, variable)
    buffer = replace(buffer, size=size)
    body.remember(key, buffer)
    if variable is not None:
        body.remember(("length", plain), variable)
    return buffer, variable


def _room(expr: Expression, body: Body, *, loops: bool) -> Callable[[str, int], Buffer]:
    """Return what gives room: on the stack a buffer begins where it is filled, in a branch."""
    return body.scratch_buffer if loops or isinstance(expr, Choice) else body.buffer


def _rounded(size: int) -> int:
    """Round up to 8, so that comparisons may read whole words."""
    return (size + 7) // 8 * 8


def read_bytes(expr: Expression, body: Body) -> Buffer:
    """Return a buffer with an address of 16 bytes."""
    key = ("bytes", expr)
    known = body.known(key)
    if isinstance(known, Buffer):
        return known
    buffer = _room(expr, body, loops=False)("address", stored_size(expr))
    fill_bytes(expr, buffer, body)
    body.remember(key, buffer)
    return buffer


# --- Filling a buffer -----------------------------------------------------------------------------


def fill(expr: Expression, buffer: Buffer, body: Body) -> None:
    """Emit what puts a text, byte string or address into a buffer."""
    if isinstance(expr, Choice):
        _choose(expr, buffer, body)
    elif isinstance(expr.type, Text):
        fill_known_text(expr, buffer, body, None)
    else:
        fill_bytes(expr, buffer, body)


def _choose(expr: Choice, buffer: Buffer, body: Body) -> None:
    condition = body.condition(expr.condition)
    branches: list[tuple[Statement, ...]] = []
    for side in (expr.then, expr.otherwise):
        with body.block() as statements:
            fill(side, buffer, body)
        branches.append(tuple(statements))
    body.emit(If(condition, branches[0], branches[1]))


def fill_known_text(expr: Expression, buffer: Buffer, body: Body, length: Variable | None) -> None:
    """Copy a text that was read for a comparison, or read it now; `length` becomes its bytes."""
    plain = replace(expr, decoding=None)
    for loops in (False, True):
        known = body.known(("text", plain, loops))
        if isinstance(known, Buffer) and known.size == buffer.size:
            whole = isinstance(expr, Builtin) and length is None  # `comm`, zeros behind it
            body.emit(CopyBytes(buffer, known) if whole else CopyText(buffer, known, length))
            return
    fill_text(expr, buffer, body, length)


def fill_text(expr: Expression, buffer: Buffer, body: Body, length: Variable | None) -> None:
    """Emit what reads a text into a buffer."""
    match expr:
        case Builtin(_, "comm"):
            _fill_comm(buffer, length, body)
        case TextAt(_, pointer, space):
            address = body.value(pointer)
            body.emit(ReadText(buffer, buffer.size, address, memory_of(space), length))
        case ContextPlace(_, source):
            address = _context_address(source, body)
            body.emit(ReadText(buffer, buffer.size, address, Memory.KERNEL, length))
        case Stored(_, index):
            kept = Buffer(values.stored_name(index, expr.stage), buffer.size, Home.START)
            body.emit(CopyText(buffer, kept, length))
        case Constant(_, str(text)):
            data = text.encode()[: buffer.size - 1] + b"\0"
            body.emit(SetBytes(buffer, 0, data))
        case Choice() if length is None:
            _choose(expr, buffer, body)
        case Choice():
            chosen = body.scratch_buffer("text", _rounded(buffer.size))
            _choose(expr, chosen, body)
            body.emit(CopyText(buffer, chosen, length))
        case _:
            raise AssertionError(f"no text: {type(expr).__name__}")


def _fill_comm(buffer: Buffer, length: Variable | None, body: Body) -> None:
    if length is None:
        fill_comm(buffer, body)
        return
    name = Buffer(body.names.take("name"), COMM_SIZE, Home.STACK)
    fill_comm(name, body)
    body.emit(CopyText(buffer, name, length))


def _context_address(source: EmbeddedField | DynamicField, body: Body) -> Value:
    if isinstance(source, EmbeddedField):
        return ContextAddress(Number(source.offset, U64), ADDRESS)
    member = body.structs.member(body.context, f"{source.name}_loc", "u32", source.offset)
    low = Operation("&", ContextMember(member, U32), Number(0xFFFF, U32), U32)
    offset: Value = low
    if source.relative:
        offset = Operation("+", low, Number(source.offset + 4, U32), U32)
    return ContextAddress(Convert(offset, U64), ADDRESS)


def _fill_path(expr: PathAt, buffer: Buffer, body: Body) -> None:
    """Emit the walk to the root; its function reads members by name, so they are declared here."""
    for place in expr.layout:
        assert place.struct is not None
        body.structs.path(place.struct, place.path, "void *")
    dentry = body.value(expr.dentry)
    mount: Value = Number(0, ADDRESS)
    if expr.mount is not None:
        mount = body.value(expr.mount)
    body.emit(ReadPath(buffer, buffer.size - 4 - LONGEST_NAME, dentry, mount))


def fill_bytes(expr: Expression, buffer: Buffer, body: Body) -> None:
    """Emit what puts bytes or an address into a buffer; IPv4 in 16 bytes is mapped."""
    size = stored_size(expr)
    if isinstance(expr.type, Ip) and expr.type.size == 4:
        value = body.value(expr)
        at = buffer.size - 4
        if at:
            body.emit(SetBytes(buffer, 0, _MAPPED))
        body.emit(PutWord(buffer, at, value))
        return
    match expr:
        case Place():
            address = values.place_address(expr, body, None)
            body.emit(ReadBytes(buffer, 0, size, address, memory_of(expr.space)))
        case ContextPlace(_, source):
            body.emit(ReadBytes(buffer, 0, size, _context_address(source, body), Memory.KERNEL))
        case BytesAt(_, pointer, space, None):
            address = body.value(pointer)
            body.emit(ReadBytes(buffer, 0, size, address, memory_of(space)))
        case BytesAt(_, pointer, space, count) if count is not None:
            address = body.value(pointer)
            number = widen(body.value(count), S64)
            body.emit(ReadCounted(buffer, size - 4, number, address, memory_of(space)))
        case TextsAt(_, pointer, space, each, most):
            address = body.value(pointer)
            room = size - 4 - each
            body.emit(ReadTexts(buffer, room, each, most, address, memory_of(space)))
        case Stored(_, index):
            start = Buffer(values.stored_name(index, expr.stage), size, Home.START)
            address = BufferAddress(start, 0, ADDRESS)
            body.emit(ReadBytes(buffer, 0, size, address, Memory.KERNEL))
        case PathAt():
            _fill_path(expr, buffer, body)
        case Constant(_, bytes(data)):
            body.emit(SetBytes(buffer, 0, data))
        case Choice():
            _choose(expr, buffer, body)
        case _:
            raise AssertionError(f"no bytes: {type(expr).__name__}")
