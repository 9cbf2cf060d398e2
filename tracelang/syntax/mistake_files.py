"""The files of `grammar/mistakes`: typical wrong scripts, each with the message it deserves.

A file is its own documentation, its own test and, where it has an `at`, its own implementation:

    What somebody does wrong, and why: prose, up to the first empty line.

    code: T130
    at: &&
    message: `&&` is not an operator of tracelang
    help: write `and`

    wrong 1:35
        probe syscall:openat where a == 0 && b == 1
    right
        probe syscall:openat where a == 0 and b == 1

`at` is a regular expression. Where the parser stops inside a match of it (or the script ends with
one), the file's message is given, at the match or at its group `place`. `{NAME}` in `message` and
`help` stands for the text of a group. A file without `at` is only a case of a mistake that
mistakes.py recognises. `wrong` says line and column; there may be several, and each `right` must be
a good script.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Final

from tracelang.dataclass import dataclass
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.resources import mistakes_directory
from tracelang.source import SourceFile, Span

_WINDOW: Final = 200
"""How far around the place a pattern may look, in characters."""

_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Example:
    """One script of a mistake file; `line` and `column` are 0 for a good one."""

    script: str
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake file."""

    name: str
    what: str
    code: str
    at: str
    message: str
    help: tuple[str, ...]
    examples: tuple[Example, ...]

    def find(self, source: SourceFile, offset: int) -> DiagnosticError | None:
        """Return the diagnostic if this mistake explains why the parser stopped at `offset`."""
        if not self.at:
            return None
        text = source.text
        pattern = re.compile(self.at, re.MULTILINE)
        for match in pattern.finditer(text, max(0, offset - _WINDOW), offset + _WINDOW):
            group = "place" if "place" in match.groupdict() else 0
            first, last = match.span(group)
            if first <= offset < match.end() or match.end() == offset == len(text.rstrip()):
                return self._explain(match, Span(source, first, last))
        return None

    def _explain(self, match: re.Match[str], span: Span) -> DiagnosticError:
        words = match.groupdict() | {"place": span.text}

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda hole: words.get(hole[1]) or "", text)

        return fail(self.code, fill(self.message), span, help=[fill(line) for line in self.help])


@cache
def read_mistakes() -> tuple[Mistake, ...]:
    """Return all mistake files, in order of their names."""
    return tuple(read_mistake(file) for file in sorted(mistakes_directory().glob("*.mistake")))


def read_mistake(file: Path) -> Mistake:
    """Return one mistake file; `ValueError` if it is malformed."""
    text = file.read_text(encoding="utf-8")
    what, _, rest = text.partition("\n\n")
    header, _, body = rest.partition("\n\n")
    fields: dict[str, list[str]] = {"code": [], "at": [], "message": [], "help": []}
    for line in header.splitlines():
        key, colon, value = line.partition(":")
        if not colon or key not in fields:
            raise ValueError(f"{file.name}: not a field: {line}")
        fields[key].append(value.strip())
    if not (len(fields["code"]) == len(fields["message"]) == 1 and len(fields["at"]) <= 1):
        raise ValueError(f"{file.name}: there must be one code, one message and at most one `at`")
    return Mistake(
        file.stem,
        " ".join(what.split()),
        fields["code"][0],
        "".join(fields["at"]),
        fields["message"][0],
        tuple(fields["help"]),
        tuple(_read_examples(file, body)),
    )


def _read_examples(file: Path, body: str) -> list[Example]:
    examples: list[Example] = []
    for block in re.split(r"^(?=\S)", body, flags=re.MULTILINE):
        if not block.strip():
            continue
        title, _, script = block.partition("\n")
        script = "\n".join(line[4:] for line in script.rstrip().split("\n"))
        if place := re.fullmatch(r"wrong (\d+):(\d+)", title):
            examples.append(Example(script, int(place[1]), int(place[2])))
        elif title == "right":
            examples.append(Example(script))
        else:
            raise ValueError(f"{file.name}: neither `wrong LINE:COLUMN` nor `right`: {title}")
    return examples
