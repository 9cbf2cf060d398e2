"""Reading of `reject/*.case`: scripts and the diagnostics they deserve.

A case begins with its title behind `===`. Lines `NAME: VALUE` above the script set its conditions
(`kernel`, `param` as `NAME=VALUE`, `strlen`, `max-probes`, `prefer`). Each diagnostic expected, in
order, is a line `--- CODE LINE:COLUMN TEXT` below the script, TEXT being the first line of what is
underlined, and lines `message:`, `help:`, `note:` with a piece of it each. `--- CODE` alone is a
diagnostic without a place in the script.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.cases.compiling import Conditions

CASES: Final = Path(__file__).parent
_CONDITION: Final = re.compile(r"(kernel|param|strlen|max-probes|prefer): (.*)")
_EXPECTED: Final = re.compile(r"--- (\w+)(?: (\d+):(\d+)(?: (.*))?)?")


@dataclass(frozen=True, slots=True)
class Expected:
    """One diagnostic: `place` is (line, column), `marked` the first line of what is underlined."""

    code: str
    place: tuple[int, int] | None
    marked: str
    message: list[str] = field(default_factory=list)
    help: list[str] = field(default_factory=list)
    note: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Case:
    """A script that is refused."""

    file: str
    title: str
    script: str
    conditions: Conditions
    expected: tuple[Expected, ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.title}"


def read_rejections() -> tuple[Case, ...]:
    """Return every case of every file."""
    files = sorted((CASES / "reject").glob("*.case"))
    return tuple(case for file in files for case in read_file(file))


def read_file(file: Path) -> Iterator[Case]:
    """Yield the cases of one file; a malformed one is a `ValueError`."""
    titles: set[str] = set()
    for text in re.split(r"^=== ", file.read_text(encoding="utf-8"), flags=re.M)[1:]:
        title, _, body = text.partition("\n")
        if title in titles:
            raise ValueError(f"{file.name}: two cases called {title!r}")
        titles.add(title)
        yield _read_case(file.stem, title.strip(), body)


def _read_case(file: str, title: str, body: str) -> Case:
    head, *diagnostics = re.split(r"^(?=--- )", body, flags=re.M)
    lines = head.splitlines()
    given: dict[str, str] = {}
    params: dict[str, str] = {}
    while lines and (found := _CONDITION.fullmatch(lines[0])):
        if found[1] == "param":
            name, _, value = found[2].partition("=")
            params[name] = value
        else:
            given[found[1]] = found[2]
        lines.pop(0)
    conditions = Conditions(
        given.get("kernel", Conditions().kernel),
        params,
        int(given.get("strlen", "128")),
        int(given.get("max-probes", "512")),
        given.get("prefer", ""),
    )
    expected = tuple(_read_expected(title, text) for text in diagnostics)
    if not expected:
        raise ValueError(f"{file}: {title!r} expects nothing")
    return Case(file, title, "\n".join(lines).strip("\n") + "\n", conditions, expected)


def _read_expected(title: str, text: str) -> Expected:
    head, *lines = text.strip().splitlines()
    found = _EXPECTED.fullmatch(head)
    if found is None:
        raise ValueError(f"{title!r}: {head!r} is not `--- CODE LINE:COLUMN TEXT`")
    place = (int(found[2]), int(found[3])) if found[2] else None
    expected = Expected(found[1], place, found[4] or "")
    pieces = {"message": expected.message, "help": expected.help, "note": expected.note}
    for line in lines:
        name, colon, piece = line.partition(": ")
        if not colon or name not in pieces:
            raise ValueError(f"{title!r}: {line!r} is not `message:`, `help:` or `note:`")
        pieces[name].append(piece)
    return expected
