"""Scalars: from typed expressions to values a program can compute, reading what they need."""

from __future__ import annotations

from typing import Final

from tracelang.plan.arithmetic import choose, lower_arithmetic, widen
from tracelang.plan.body import Body, key_of
from tracelang.plan.c_types import S64, U32, U64, CType, integer
from tracelang.plan.code.reading import Read
from tracelang.plan.code.values import (
    ContextMember,
    ContextSlot,
    Convert,
    Helper,
    Member,
    MemberAddress,
    Memory,
    Number,
    Operation,
    StartMember,
    Value,
    Variable,
)
from tracelang.plan.pointers import ADDRESS, CONDITION, held_type, memory_of, pointer_to
from tracelang.plan.stacks import take_address, take_stack
from tracelang.semantic import types
from tracelang.semantic.expressions import (
    AddressOf,
    ArgumentValue,
    Arithmetic,
    Builtin,
    Cast,
    Choice,
    Constant,
    Expression,
    Inside,
    Negated,
    Offset,
    Place,
    StackTaken,
    Stored,
    Swap,
    UserAddress,
)
from tracelang.semantic.model import Register, TypedTask
from tracelang.semantic.sides import TIME
from tracelang.semantic.sources import (
    ContextField,
    FunctionArgument,
    FunctionReturn,
    Source,
    SyscallNumber,
    TracingArgument,
    UsdtArgument,
    WrappedSyscallArgument,
)
from tracelang.semantic.tasks import TYPED_TASK
from tracelang.semantic.types import Pointer, Struct, width

_START_TS: Final = StartMember("ts", U64)
_BUILTINS: Final = {
    "pid": ("current_pid", U32),
    "tid": ("current_tid", U32),
    "uid": ("current_uid", U32),
    "gid": ("current_gid", U32),
    "cpu": ("current_cpu", U32),
    "ts": ("now", U64),
    "cgroup_id": ("current_cgroup", U64),
    "task": ("current_task", ADDRESS),
}
_TASKS: Final = {"task": "current_task", TYPED_TASK: "typed_task"}


def lower_value(expr: Expression, body: Body) -> Value:
    """Return a scalar's value, emitting the reads it needs; conditions are not computed here."""
    match expr:
        case Constant():
            return _constant(expr)
        case ArgumentValue():
            return _argument(expr, body)
        case Builtin() | Inside():
            return _fact(expr, body)
        case Stored():
            return _stored(expr)
        case Place():
            return _read_place(expr, body)
        case AddressOf() | Offset():
            return lower_address(expr, body)
        case Arithmetic() | Negated() | Cast() | Swap():
            return lower_arithmetic(expr, body)
        case Choice():
            return choose(expr, body)
        case StackTaken():
            return take_stack(expr, body)
        case UserAddress():
            return take_address(expr, body)
    raise AssertionError(f"no scalar: {type(expr).__name__}")


def _fact(expr: Builtin | Inside, body: Body) -> Value:
    """Return what is known without the event: who runs, when, and within which calls."""
    match expr:
        case Builtin(_, "duration"):
            passed = Operation("-", body.value(Builtin(types.U64, "ts")), _START_TS, U64)
            return body.declare("duration", U64, passed)
        case Builtin(_, name):
            helper, type_ = _BUILTINS[name]
            return body.declare(name, type_, Helper(helper, (), type_))
        case Inside(_, call):
            inside = Helper("is_inside", (Number(call, U32),), CONDITION)
            return body.declare("inside", CONDITION, inside)


def _stored(expr: Stored) -> Value:
    """Return what a span remembered: a pointer was kept as a number."""
    name = stored_name(expr.index, expr.stage)
    if isinstance(expr.type, Pointer):
        return Helper("pointer", (StartMember(name, U64),), ADDRESS)
    return StartMember(name, held_type(expr.type))


def stored_name(index: int, stage: int = 0) -> str:
    """Return the field in which a span's start, or its stage, keeps a value."""
    name = "ts" if index == TIME else f"value_{index}"
    return f"via_{stage}_{name}" if stage else name


def stage_of(field: str) -> int:
    """Return which stage a field of a span's memory belongs to; 0 for its start."""
    return int(field.split("_")[1]) if field.startswith("via_") else 0


def _constant(expr: Constant) -> Value:
    if isinstance(expr.value, bytes):
        return Number(int.from_bytes(expr.value, "little"), U32)
    assert isinstance(expr.value, int)
    return Number(expr.value, held_type(expr.type))


# --- Arguments ------------------------------------------------------------------------------------


def lower_source(source: Source, body: Body) -> Value:
    """Return a value as the program's context has it, a u64 or smaller."""
    return _context_value(source, U64, body)


def _argument(expr: ArgumentValue, body: Body) -> Value:
    name = expr.name or "value"
    type_ = held_type(expr.type)
    if isinstance(expr.source, WrappedSyscallArgument):
        register = body.platform.registers.syscall_arguments[expr.source.index]
        return _saved_register(register, expr.source.registers, name, type_, body)
    if isinstance(expr.source, UsdtArgument):
        return _usdt_argument(expr.source, type_, body)
    with body.outermost():
        raw = _context_value(expr.source, type_, body)
        if isinstance(expr.type, Pointer):
            raw, type_ = Helper("pointer", (raw,), ADDRESS), ADDRESS
        value = body.declare(name, type_, raw)
        body.remember(key_of("value", expr), value)
    return value


def _context_value(source: Source, type_: CType, body: Body) -> Value:
    match source:
        case ContextField(offset, size, signed, name):
            if type_ is ADDRESS:
                type_ = U64
            if type_.size > size:
                type_ = integer(size, signed=signed)
            member = body.structs.member(body.context, name, type_.name, offset)
            return ContextMember(member, type_)
        case FunctionArgument(index):
            return _register(body.platform.registers.arguments[index], body)
        case FunctionReturn():
            return _register(body.platform.registers.returns, body)
        case TracingArgument(index):
            return ContextSlot(index, U64)
        case SyscallNumber():
            register = body.platform.registers.syscall_number
            return _saved_register(register, source.registers, "number", U32, body)
    raise AssertionError(source)


def _usdt_argument(source: UsdtArgument, type_: CType, body: Body) -> Value:
    """Return a static probe's argument: a sum of registers, or what lies at that address."""
    value: Value = Number(source.constant, S64 if source.constant < 0 else U64)
    for name, scale in ((source.register, 1), (source.index, source.scale)):
        if name:
            register = next(r for r in body.platform.registers.named if r.name == name)
            with body.outermost():
                part: Value = body.declare(name, U64, _register(register, body))
            if scale != 1:
                part = Operation("*", part, Number(scale, U64), U64)
            value = Operation("+", part, value, U64)
    own = integer(source.size, signed=source.signed)
    if source.dereference:
        variable = Variable(body.names.take("argument"), own)
        body.emit(Read(variable, Helper("pointer", (value,), ADDRESS), Memory.USER))
        value = variable
    else:
        value = body.declare("argument", own, value)
    if type_ is ADDRESS:
        return Helper("pointer", (widen(value, U64),), ADDRESS)
    return value if value.type == type_ else body.declare("argument", type_, value)


def _register(register: Register, body: Body) -> Value:
    tag = body.structs.declare("struct", "pt_regs", body.platform.registers.size)
    member = body.structs.member(tag, register.name, "u64", register.offset)
    return ContextMember(member, U64)


def _saved_register(
    register: Register,
    registers: FunctionArgument | TracingArgument,
    name: str,
    type_: CType,
    body: Body,
) -> Variable:
    """Return a register of those that a system call began with; `registers` points to them."""
    tag = body.structs.declare("struct", "pt_regs", body.platform.registers.size)
    # The number has 32 bits on arm64, and may be read only as what it is.
    held = U32 if register is body.platform.registers.syscall_number else U64
    member = body.structs.member(tag, register.name, held.name, register.offset)
    task = body.platform.typed_task
    if task is not None and task.registers and isinstance(registers, TracingArgument):
        value: Value = Member(_registers_of(task, tag, body), (member,), held)
        if type_ is ADDRESS:
            value = Helper("pointer", (value,), ADDRESS)
        return body.declare(name, type_, value)
    base = _registers_at(registers, tag, body)
    variable = Variable(body.names.take(name), type_)
    body.emit(Read(variable, MemberAddress(base, (member,), ADDRESS), Memory.KERNEL))
    return variable


def _registers_of(task: TypedTask, tag: str, body: Body) -> Variable:
    """Return the running task's registers, which take no helper to be read."""
    known = body.known("registers")
    if isinstance(known, Variable):
        return known
    type_ = pointer_to(tag)
    pointer = typed_pointer(task.pointer, task.struct, body)
    base = body.declare("regs", type_, Helper("saved_registers", (pointer,), type_))
    body.remember("registers", base)
    return base


def _registers_at(registers: FunctionArgument | TracingArgument, tag: str, body: Body) -> Variable:
    """Return an argument of the probe as a pointer to registers."""
    known = body.known(("registers", registers))
    if isinstance(known, Variable):
        return known
    type_ = pointer_to(tag)
    with body.outermost():
        raw = _context_value(registers, ADDRESS, body)
        base = body.declare("regs", type_, Helper("pointer", (raw,), type_))
        body.remember(("registers", registers), base)
    return base


# --- Memory ---------------------------------------------------------------------------------------


def _read_place(place: Place, body: Body) -> Value:
    name = place.path[-1].name if place.path else "value"
    for step in reversed(place.path):
        if not step.name.startswith("["):
            name = step.name
            break
    if place.bits is not None:
        return _read_bits(place, name, body)
    type_ = held_type(place.type)
    if isinstance(place.base, Builtin) and place.base.name == TYPED_TASK and place.struct:
        base = typed_pointer(place.base, place.struct, body)
        path = body.structs.path(place.struct, place.path, type_.name)
        return body.declare(name, type_, Member(base, path, type_))
    address = place_address(place, body, type_.name)
    variable = Variable(body.names.take(name), type_)
    body.emit(Read(variable, address, memory_of(place.space)))
    return variable


def _read_bits(place: Place, name: str, body: Body) -> Value:
    """Read the bytes a bit-field lies in, and cut the field out of them."""
    assert place.bits is not None
    first, count = place.bits
    size = next(s for s in (1, 2, 4, 8) if s * 8 >= first + count)
    storage = integer(size, signed=False)
    address = place_address(place, body, storage.name)
    variable = Variable(body.names.take(f"{name}_bits"), storage)
    body.emit(Read(variable, address, memory_of(place.space)))
    _, signed = width(place.type)
    wide = Convert(variable, U64)
    top = Operation("<<", wide, Number(64 - first - count, U64), U64)
    type_ = S64 if signed else U64
    shifted: Value = Convert(top, S64) if signed else top
    value = Operation(">>", shifted, Number(64 - count, U64), type_)
    return body.declare(name, held_type(place.type), value)


def place_address(place: Place, body: Body, last: str | None) -> Value:
    """Return a place's address; `last` is the C type read there, None for a struct or array."""
    if place.struct is None or not place.path:
        return body.value(place.base)
    base = typed_pointer(place.base, place.struct, body)
    path = body.structs.path(place.struct, place.path, last)
    return MemberAddress(base, path, ADDRESS)


def typed_pointer(expr: Expression, struct: Struct, body: Body) -> Variable:
    """Return the pointer as a variable of the struct's own pointer type."""
    tag = body.structs.tag(struct)
    key = ("pointer", expr, tag)
    known = body.known(key)
    if isinstance(known, Variable):
        return known
    type_ = pointer_to(tag)
    variable = _declare_pointer(expr, type_, body)
    body.remember(key, variable)
    return variable


def _declare_pointer(expr: Expression, type_: CType, body: Body) -> Variable:
    if isinstance(expr, Builtin) and expr.name in _TASKS:
        return body.declare("task", type_, Helper(_TASKS[expr.name], (), type_))
    in_memory = WrappedSyscallArgument | UsdtArgument
    if isinstance(expr, ArgumentValue) and not isinstance(expr.source, in_memory):
        name = expr.name or "value"
        with body.outermost():
            raw = _context_value(expr.source, ADDRESS, body)
            return body.declare(name, type_, Helper("pointer", (raw,), type_))
    if isinstance(expr, Place) and expr.bits is None and expr.path:
        address = place_address(expr, body, "void *")
        variable = Variable(body.names.take(expr.path[-1].name), type_)
        body.emit(Read(variable, address, memory_of(expr.space)))
        return variable
    value = body.value(expr)
    return body.declare("p", type_, value if value.type is ADDRESS else _as_pointer(value))


def _as_pointer(value: Value) -> Value:
    return Helper("pointer", (value,), ADDRESS)


def lower_address(expr: AddressOf | Offset, body: Body) -> Value:
    """Return an address: of a place, or a pointer moved by elements."""
    if isinstance(expr, AddressOf):
        base = place_address(expr.place, body, None)
        index = expr.index
    else:
        base = body.value(expr.base)
        if base.type is not ADDRESS and not base.type.name.endswith("*"):
            base = _as_pointer(base)
        index = expr.index
    if index is None or (isinstance(index, Constant) and index.value == 0):
        return base
    if isinstance(index, Constant) and isinstance(index.value, int):
        return Helper("moved", (base, Number(index.value * expr.stride, S64)), ADDRESS)
    offset = widen(body.value(index), S64)
    if expr.stride != 1:
        offset = Operation("*", offset, Number(expr.stride, S64), S64)
    return Helper("moved", (base, offset), ADDRESS)
