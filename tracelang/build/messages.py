"""What goes wrong while compiling, in the user's words.

Owns reading what clang, LLVM and libbcc print. The text itself reaches nobody but for defects,
where it is part of the report.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Mapping, Sequence
from typing import Final

from tracelang.build.rights import explain_denial
from tracelang.dataclass import dataclass
from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from tracelang.source import SourceFile, Span

_LOCATED: Final = re.compile(
    r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): "
    r"(?P<severity>fatal error|error|warning): (?P<text>.*)$",
    re.MULTILINE,
)
_STACK: Final = re.compile(r"in function (?P<program>\w+).*BPF stack limit")
_IN_FUNCTION: Final = re.compile(r"^In function: (?P<program>\w+)", re.MULTILINE)
_MAP: Final = re.compile(r"could not open bpf map: (?P<map>[^,]+), error: (?P<error>.*)")
_REPORT_LINES: Final = 12
_REPORT_WIDTH: Final = 160

DEFECT_HELP: Final = (
    "this is a defect of tracelang: please report it with the script and the lines above"
)


@dataclass(frozen=True, slots=True)
class ClangMessage:
    """One of clang's messages: file and 1-based line by the last `#line`, column of the C."""

    file: str
    line: int
    column: int
    severity: str
    text: str


@dataclass(frozen=True, slots=True)
class Places:
    """Where the generated C came from: the scripts named in `#line`, and each program's rule."""

    sources: Sequence[SourceFile] = ()
    programs: Mapping[str, Span] | None = None

    def line(self, name: str, line: int) -> Span | None:
        """Return the text of that line of the script called `name`, without its indentation."""
        source = next((s for s in self.sources if s.name == name), None)
        if source is None or not 1 <= line <= source.text.count("\n") + 1:
            return None
        start = sum(len(t) + 1 for t in source.text.split("\n")[: line - 1])
        text = source.line_text(line)
        start += len(text) - len(text.lstrip())
        return Span(source, start, start + max(len(text.strip()), 1))

    def program(self, name: str) -> Span | None:
        """Return the place of the rule that `name` was generated from."""
        return (self.programs or {}).get(name)


def parse_clang(output: str) -> tuple[ClangMessage, ...]:
    """Return clang's errors and warnings, each once although bcc compiles everything twice."""
    found = (
        ClangMessage(m["file"], int(m["line"]), int(m["column"]), m["severity"], m["text"])
        for m in _LOCATED.finditer(output)
    )
    return tuple(dict.fromkeys(found))


def explain_output(output: str, places: Places) -> DiagnosticError:
    """Return the error for a compilation that failed, from what was printed meanwhile."""
    if match := _STACK.search(output):
        return _too_much_data(places.program(match["program"]))
    if match := _MAP.search(output):
        return _no_map(match["map"], match["error"])
    errors = [m for m in parse_clang(output) if m.severity != "warning"]
    diagnostics = [d for m in errors if (d := _explain_clang(m, places))]
    if diagnostics:
        return DiagnosticError(*diagnostics)
    program = _IN_FUNCTION.search(output)
    span = places.program(program["program"]) if program else None
    return defect("the code generated for this script does not compile", output, span)


def explain_end(status: int, output: str, places: Places) -> DiagnosticError:
    """Return the error for a compiler that ended without an answer.

    `status` is its exit status, or minus the signal.
    """
    if status == -signal.SIGKILL:
        return fail(
            "T313",
            "the compiler was killed before it was done",
            notes=("the kernel does so when memory runs out; compiling takes about 100 MB",),
            help=("free some memory, or raise the memory limit it runs under, and try again",),
        )
    return explain_output(output, places)


def defect(message: str, output: str, span: Span | None = None) -> DiagnosticError:
    """Return the error for a failure of ours, with as much of `output` as a report needs."""
    lines = [line for line in output.splitlines() if line.strip()][:_REPORT_LINES]
    notes = [line[:_REPORT_WIDTH] for line in lines]
    return fail("T901", message, span, notes=notes, help=(DEFECT_HELP,))


def _too_much_data(span: Span | None) -> DiagnosticError:
    return fail(
        "T402",
        "this rule keeps too much data for the kernel's 512-byte BPF stack",
        span,
        help=(
            "use fewer or shorter keys in `by` and `key`, or a smaller `--strlen`",
            "split the rule in two",
        ),
    )


def _no_map(name: str, error: str) -> DiagnosticError:
    if error in {"Operation not permitted", "Permission denied"}:
        return explain_denial("T312", "create BPF maps")
    return fail(
        "T316",
        f"this kernel cannot create the map `{name}`: {error.lower()}",
        help=("a smaller `--buffer` needs less memory; `tracelang doctor` shows what is missing",),
    )


def _explain_clang(message: ClangMessage, places: Places) -> Diagnostic | None:
    span = places.line(message.file, message.line)
    if span is None:
        return None
    return Diagnostic(
        "T401",
        "the kernel's C compiler cannot translate this line",
        Label(span),
        notes=(f"it says: {message.text}",),
        help=("if the line looks right, please report it with the script",),
    )
