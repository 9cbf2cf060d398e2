"""Compiling generated C by bcc, in a child process that LLVM may end as it likes.

Owns what is asked of the child (`child`), how long it may take, and what becomes of its answers.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import field
from types import TracebackType
from typing import Any, Final, Self

from tracelang.build.child import CompilerProcess
from tracelang.build.headers import HeaderFacts
from tracelang.build.machine import explain_no_child, explain_slow
from tracelang.build.messages import (
    ClangMessage,
    Places,
    defect,
    explain_end,
    explain_output,
    parse_clang,
)
from tracelang.build.object import BuiltObject, MapDefinition
from tracelang.build.relocate import UnresolvedError, extract_references
from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError
from tracelang.source import SourceFile, Span

TIME_LIMIT: Final = 300.0
"""Seconds a compilation may take; a small one takes 0.2, an emulated machine is 20 times slower."""

# Integers wrap around, as the language says; C leaves it open what signed ones do.
# A call of something undefined compiles to a jump to nowhere unless clang is told to mind.
# What bcc asks to be told for debuggers nobody reads, and it takes a tenth of the time.
_CFLAGS: Final = (
    "-Wall",
    "-Wextra",
    "-Wno-unused-parameter",
    "-fwrapv",
    "-g0",
    "-Werror=implicit-function-declaration",
)


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """C to compile: every function that is not static becomes a program.

    `sources` are the scripts its `#line`s name, `places` the rule each program was generated from.
    """

    text: str = field(repr=False)
    headers: HeaderFacts
    cflags: tuple[str, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    places: Mapping[str, Span] = field(default_factory=dict)


class Compiler:
    """A compiler process, started ahead of need, that serves any number of builds until closed."""

    def __init__(self, *, time_limit: float = TIME_LIMIT, python: str = sys.executable) -> None:
        self._time_limit = time_limit
        self._python = python
        self._child: CompilerProcess | None = None
        self.warnings: tuple[ClangMessage, ...] = ()
        """What clang warned of in the last build: each is a defect of the generated code."""

    def start(self) -> None:
        """Start the process, unless it runs, and return at once; raises DiagnosticError (T315)."""
        if self._child is None:
            try:
                self._child = CompilerProcess(self._python)
            except OSError as error:
                raise explain_no_child(error) from error

    def build(self, request: BuildRequest) -> BuiltObject:
        """Compile, and return what can be loaded; raises DiagnosticError (T31x, T40x, T90x)."""
        self.start()
        child = self._child
        assert child is not None
        places = Places(request.sources, request.places)
        try:
            flags = (*_CFLAGS, *request.cflags)
            deadline = time.monotonic() + self._time_limit
            reply = child.ask(request.text, flags, request.headers, deadline)
        except TimeoutError as error:
            self.close(kill=True)
            raise explain_slow(self._time_limit) from error
        except (EOFError, BrokenPipeError) as error:
            status, output = child.end(), child.output()
            self.close()
            raise explain_end(status, output, places) from error
        except DiagnosticError:
            self.close()
            raise
        output = child.output()
        self.warnings = tuple(m for m in parse_clang(output) if m.severity == "warning")
        if "failure" in reply:
            raise explain_output(output, places)
        return _read_object(reply)

    def close(self, *, kill: bool = False) -> None:
        """End the process and remove its files; harmless if done already."""
        child, self._child = self._child, None
        if child is not None:
            child.close(kill=kill)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close(kill=kind is not None)


def _read_object(reply: dict[str, Any]) -> BuiltObject:
    names = {row[6]: row[0] for row in reply["maps"]}
    try:
        programs = [extract_references(n, bytes.fromhex(h), names) for n, h in reply["programs"]]
    except UnresolvedError as error:
        raise defect("the code generated for this script is incomplete", str(error)) from error
    return BuiltObject(tuple(programs), tuple(MapDefinition(*row[:6]) for row in reply["maps"]))
