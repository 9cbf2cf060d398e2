"""Rendering: from a Plan to C and ctypes, through the templates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from jinja2 import Template, pass_context
from jinja2.runtime import Context

from tracelang.build.object import (
    CONSTANT_MAGIC,
    PID_CONSTANT,
    TARGET_CONSTANT,
    TARGET_IN_COOKIE,
)
from tracelang.codegen.artifact import GENERATED_NAME, Artifact
from tracelang.codegen.literals import c_string
from tracelang.codegen.templates import (
    STATEMENTS,
    bytecode_cache,
    load_macros,
    make_environment,
    write_prelude,
)
from tracelang.codegen.values import ValueWriter
from tracelang.dataclass import dataclass
from tracelang.plan.c_types import CType
from tracelang.plan.code.reading import TextSearch
from tracelang.plan.code.statements import Line, Statement
from tracelang.plan.code.values import Buffer, Home, Variable
from tracelang.plan.ir import COUNTERS_PER_RULE, Counter, Plan, Program, StructMember
from tracelang.plan.stacks import STACKS_SEEN
from tracelang.semantic.types import MOST_FRAMES

_CTYPES: Final = {
    "u8": "c_uint8",
    "u16": "c_uint16",
    "u32": "c_uint32",
    "u64": "c_uint64",
    "s8": "c_int8",
    "s16": "c_int16",
    "s32": "c_int32",
    "s64": "c_int64",
}
_INDENT: Final = "    "
_OF_A_RULE: Final = ("ReadText", "Submit", "TakeStack", "TakeAddress")
"""Statements that count for the rule their program is of."""


@dataclass(frozen=True, slots=True)
class PidNamespace:
    """The pid namespace numbers are shown in, when it is not the initial one."""

    device: int
    inode: int


def render(plan: Plan, templates: Path, pid_namespace: PidNamespace | None = None) -> Artifact:
    """Return the C and ctypes text of a Plan. The same Plan always gives the same text."""
    return _Renderer(plan, templates, pid_namespace).render()


@dataclass(frozen=True, slots=True)
class _RenderedProgram:
    name: str
    context: str
    origin: str
    text: str
    finish: str = ""
    span: str = ""


@dataclass(frozen=True, slots=True)
class _Uses:
    counters: int
    samples: bool
    limits: bool
    follow: bool
    epochs: bool
    stacks: int
    together: int


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Entries of hashes as they are compiled; the loader makes them as large as the run wants."""

    cells: int = 64
    buckets: int = 64


@dataclass(frozen=True, slots=True)
class _Part:
    """One part of a text pattern, ready for the search's loop."""

    segment: tuple[int | None, ...]
    buffer: str
    capacity: int
    tied_to_start: bool
    tied_to_end: bool

    @property
    def size(self) -> int:
        """Its bytes."""
        return len(self.segment)

    @property
    def last_position(self) -> int:
        """The last place where it could begin."""
        return self.capacity - 1 - self.size

    def test_at(self, position: str) -> str:
        """Return the C condition that it stands at `position`."""
        tests = [
            f"{self.buffer}[{position} + {k}] == {byte if byte < 128 else byte - 256}"
            for k, byte in enumerate(self.segment)
            if byte is not None
        ]
        return " && ".join(tests) or "1"


def _together(plan: Plan) -> int:
    """Return how many buckets share an entry of a hash, 0 if none do."""
    buckets = (b for o in plan.outputs if o.aggregate is not None for b in o.aggregate.buckets)
    return max((b.together for b in buckets if b.keyed and b.together > 1), default=0)


class _Renderer:
    def __init__(self, plan: Plan, templates: Path, pid_namespace: PidNamespace | None) -> None:
        self._plan = plan
        self._used: dict[str, None] = {}
        self._values = ValueWriter(self._use)
        self._environment = make_environment(templates)
        self._environment.bytecode_cache = bytecode_cache(Path(__file__))
        self._environment.filters.update(
            bare=self._values.bare,
            write=self._values.write,
            negated=self._values.negated,
            declared=_declared,
            used=self._use_in_template,
            named=self._values.buffer,
            at=self._buffer_at,
            block=self._block,
            counter=_counter,
            parts=self._parts,
            c_string=c_string,
            comment=_comment,
            place_macro=_place_macro,
            ctypes_name=_ctypes_name,
        )
        self._environment.globals.update(
            pid_namespace=pid_namespace,
            target_constant=f"{CONSTANT_MAGIC + TARGET_CONSTANT:#x}",
            pid_constant=f"{CONSTANT_MAGIC + PID_CONSTANT:#x}",
            target_in_cookie=f"{TARGET_IN_COOKIE:#x}",
            transport=plan.transport,
            most_frames=MOST_FRAMES,
        )
        self._statements = load_macros(self._environment, "statements", STATEMENTS)
        self._transport = self._module(f"transport_{plan.transport}.c.j2")
        self._rule = 0

    def _module(self, name: str) -> object:
        template: Template = self._environment.get_template(name)
        return template.module

    def render(self) -> Artifact:
        programs = [self._program(p) for p in self._plan.programs]
        if self._plan.follow is not None:
            self._use("is_followed")
        uses = _Uses(
            max(1, COUNTERS_PER_RULE * len(self._plan.outputs)),
            any(self._plan.samples),
            any(limit is not None for limit in self._plan.limits),
            "is_followed" in self._used or self._plan.follow is not None,
            any(o.aggregate is not None and o.aggregate.reset for o in self._plan.outputs),
            STACKS_SEEN if self._used.keys() & {"take_stack", "take_address"} else 0,
            _together(self._plan),
        )
        text = self._environment.get_template("program.c.j2").render(
            plan=self._plan,
            programs=programs,
            sizes=_Sizes(),
            prelude=write_prelude(self._environment, set(self._used)),
            scratch=[p for p in self._plan.programs if p.scratch],
            uses=uses,
        )
        ctypes_text = self._environment.get_template("records.py.j2").render(plan=self._plan)
        return Artifact(_number_lines(text), ctypes_text)

    # --- Programs ---------------------------------------------------------------------------------

    def _program(self, program: Program) -> _RenderedProgram:
        self._rule = program.rule
        body, finish = self._block(program.body), self._block(program.finish)
        if program.scratch:
            scratch = self._scratch(program)
            body = f"{scratch}\n{body}" if not finish or "scratch->" in body else body
            finish = f"{scratch}\n{finish}" if "scratch->" in finish else finish
        span = f"rule_{program.rule + 1}"
        return _RenderedProgram(program.name, program.context, program.origin, body, finish, span)

    def _scratch(self, program: Program) -> str:
        name = program.name
        return (
            f"{_INDENT}u32 zero = 0;\n"
            f"{_INDENT}struct {name}_scratch *scratch =\n"
            f"{_INDENT * 2}__builtin_assume_aligned({name}_memory.lookup(&zero), 8);\n\n"
            f"{_INDENT}if (!scratch)\n{_INDENT * 2}return 0;"
        )

    def _block(self, statements: Iterable[Statement]) -> str:
        lines: list[str] = []
        place: Line | None = None
        for statement in statements:
            if isinstance(statement, Line):
                if statement == place:
                    continue
                place = statement
            for line in self._statement(statement).splitlines():
                blank = line.startswith("#line") or not line.strip()
                lines.append(line.strip() if blank else _INDENT + line)
        return "\n".join(line for line in lines if line)

    def _statement(self, statement: Statement) -> str:
        """Render a statement by the macro of its name; first filling declares a stack buffer."""
        name = type(statement).__name__
        macro = self._statements.get(name) or getattr(self._transport, name)
        needs_rule = name in _OF_A_RULE and "rule" in macro.arguments
        text = str(macro(statement, self._rule) if needs_rule else macro(statement))
        target = getattr(statement, "buffer", None) or getattr(statement, "target", None)
        if isinstance(target, Buffer) and target.home is Home.STACK and self._fills(statement):
            return f"char {target.name}[{target.size}] __attribute__((aligned(8))) = {{}};\n{text}"
        return text

    @staticmethod
    def _fills(statement: Statement) -> bool:
        return type(statement).__name__ in ("CurrentComm", "ReadText", "ReadBytes", "SetBytes")

    def _parts(self, search: TextSearch) -> list[_Part]:
        count = len(search.segments)
        return [
            _Part(
                segment,
                self._values.buffer(search.buffer),
                search.buffer.size,
                search.start and index == 0,
                search.end and index == count - 1,
            )
            for index, segment in enumerate(search.segments)
        ]

    def _buffer_at(self, buffer: Buffer, offset: int) -> str:
        name = self._values.buffer(buffer)
        return f"{name} + {offset}" if offset else name

    # --- The prelude ------------------------------------------------------------------------------

    def _use(self, name: str) -> str:
        self._used[name] = None
        return name

    # With the context as an argument jinja cannot work a constant's filter out when it compiles.
    @pass_context
    def _use_in_template(self, _context: Context, name: str) -> str:
        return self._use(name)


def _number_lines(text: str) -> str:
    """Fill in the `#line` directives that lead from the script back to the generated text."""
    lines = re.sub(r"\n{3,}", "\n\n", text).splitlines()
    for number, line in enumerate(lines, 1):
        if line == "#line @GENERATED@":
            lines[number - 1] = f"#line {number + 1} {c_string(GENERATED_NAME)}"
    return "\n".join(lines) + "\n"


def _declared(variable: Variable) -> str:
    name = variable.type.name
    return f"{name}{variable.name}" if name.endswith("*") else f"{name} {variable.name}"


def _counter(rule: int, name: str) -> int:
    return rule * COUNTERS_PER_RULE + Counter[name].value


def _comment(text: str) -> str:
    """Return text that cannot end a comment."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("*/", "* /").replace('"""', "'''").replace("\\", "/")


def _place_macro(member: StructMember) -> str:
    """Return the macro for a member: the packed one where its offset is not aligned."""
    sizes = {
        "u8": 1,
        "s8": 1,
        "u16": 2,
        "s16": 2,
        "u32": 4,
        "s32": 4,
        "u64": 8,
        "s64": 8,
        "void *": 8,
    }
    return "AT" if member.offset % sizes.get(member.type, 1) == 0 else "AT_PACKED"


def _ctypes_name(type_: CType) -> str:
    if type_.length:
        kind = "c_char" if type_.name == "char" else "c_uint8"
        return f"ctypes.{kind} * {type_.length}"
    return f"ctypes.{_CTYPES[type_.name]}"
