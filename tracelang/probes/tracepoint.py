"""`tracepoint:`: a kernel tracepoint, with the fields of its format file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import Decoding
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.kernel.tracefs import FieldKind, TracepointField, TracepointFormat
from tracelang.mechanism import Mechanism
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import ContextField, DynamicField, EmbeddedField, Source
from tracelang.semantic.targets import expect_parts, match_names, no_such_target
from tracelang.semantic.types import Array, Flavour, Int, Pointer, Space, Struct, Text, Type
from tracelang.syntax import ast

# A rule keeps as much of it as of any text.
_DYNAMIC_TEXT: Final = Text(4096)
_CHAR: Final = Int(1, signed=True, name="char", flavour=Flavour.CHAR)


@dataclass(frozen=True, slots=True)
class TracepointKind:
    """A static event of the kernel."""

    name: str = "tracepoint"
    aliases: tuple[str, ...] = ("t",)
    form: str = "tracepoint:CATEGORY:EVENT"
    summary: str = "a kernel tracepoint, with the fields of its format"
    example: str = "tracepoint:sched:sched_process_fork capture comm, pid, child_pid"

    def resolve(self, target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
        """Return the events, each with its fields; common fields are left to the builtins."""
        expect_parts(target, 2, 2, self.form)
        category, event = target.parts
        pairs = [
            (c, e)
            for c, e in scope.kernel.tracepoints()
            if match_names(category, (c,)) and match_names(event, (e,))
        ]
        if not pairs:
            raise self._missing(target, scope)
        return tuple(self._place(target, c, e, scope) for c, e in sorted(pairs))

    def _missing(self, target: ast.Target, scope: TargetScope) -> Exception:
        category, event = target.parts
        points = tuple(scope.kernel.tracepoints())
        if not points:
            return cannot_list(target)
        in_category = [e for c, e in points if c == category]
        if in_category:
            what = f"tracepoint `{category}:{event}`"
            return no_such_target(target, what, in_category, f"tracepoint:{category}:")
        elsewhere = [f"{c}:{e}" for c, e in points if e == event]
        names = elsewhere or [f"{c}:{e}" for c, e in points]
        near = elsewhere[:3] or nearest(f"{category}:{event}", names)
        help_ = did_you_mean(near, "tracepoint:")
        return fail(
            "T202",
            f"tracepoint `{category}:{event}` does not exist on this kernel",
            target.span,
            notes=[f"no loaded part of this kernel has a category `{category}`"],
            help=[*help_, "see what there is: `tracelang list 'tracepoint:*'`"],
        )

    def _place(
        self, target: ast.Target, category: str, event: str, scope: TargetScope
    ) -> ResolvedTarget:
        format_ = scope.kernel.tracepoint(category, event)
        if format_ is None:
            raise fail("T303", f"the format of `{category}:{event}` cannot be read", target.span)
        space = Space.USER if category == "syscalls" else Space.KERNEL
        arguments = tuple(
            _argument(field, format_, space, scope)
            for field in format_.fields
            if not field.common and field.name != "__syscall_nr"
        )
        return ResolvedTarget(
            f"tracepoint:{category}:{event}",
            event,
            Mechanism.TRACEPOINT,
            f"{category}:{event}",
            arguments,
            space=space,
        )

    def names(self, scope: TargetScope) -> Iterator[str]:
        """Yield every tracepoint."""
        return (f"tracepoint:{c}:{e}" for c, e in sorted(scope.kernel.tracepoints()))


def cannot_list(target: ast.Target) -> DiagnosticError:
    """Build the error for a kernel whose tracepoints this process cannot see."""
    return fail(
        "T302",
        "this kernel's tracepoints cannot be listed",
        target.span,
        notes=["tracefs is not mounted, or this process may not read it: root may"],
        help=["run as root; tracefs is then mounted where it is not"],
    )


def _argument(
    field: TracepointField, format_: TracepointFormat, space: Space, scope: TargetScope
) -> Argument:
    type_, source = _read(field, space, scope)
    return Argument(field.name, type_, source, _decoding(field, format_))


def _read(field: TracepointField, space: Space, scope: TargetScope) -> tuple[Type, Source]:
    embedded = EmbeddedField(field.offset, field.size, field.name)
    match field.kind:
        case FieldKind.DATA_LOC | FieldKind.REL_LOC:
            relative = field.kind is FieldKind.REL_LOC
            return _DYNAMIC_TEXT, DynamicField(field.offset, field.name, relative)
        case FieldKind.CHAR_ARRAY:
            return Array(_CHAR, field.size, 1), embedded
        case FieldKind.ARRAY:
            size = field.size // field.count if field.count else 1
            element = scope.types.from_c(field.element_type, space, size, signed=field.signed)
            return Array(element, field.count, size), embedded
        case FieldKind.STRUCT:
            return Struct(0, field.type_text.removeprefix("struct ").strip(), field.size), embedded
    type_ = scope.types.from_c(field.type_text, space, field.size, signed=field.signed)
    if isinstance(type_, Pointer) and field.kind is not FieldKind.POINTER:
        type_ = Int(field.size, field.signed, field.type_text)
    return type_, ContextField(field.offset, field.size, field.signed, field.name)


def _decoding(field: TracepointField, format_: TracepointFormat) -> Decoding | None:
    """Return how the format itself reads a field: by symbolic names or flag names."""
    for name, decoder, table in format_.decodings:
        if name == field.name:
            return Decoding(decoder, (table,))
    return None


KINDS: Final = (TracepointKind(),)
