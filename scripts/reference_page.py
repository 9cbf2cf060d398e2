"""Writes docs/reference.md: every word of the language and the command, from what implements it.

`tests/cases/test_generated_pages.py` keeps the page equal to what this program writes.
"""

from __future__ import annotations

import ast as python
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from scripts import commands
from tracelang.decoders import load_decoders
from tracelang.decoders.flag_sets import FLAG_SETS
from tracelang.decoders.protocol import Decoder, Parameter
from tracelang.probes import load_probe_kinds
from tracelang.semantic.params import EXPECTED
from tracelang.semantic.words import GROUPS, Word
from tracelang.sinks import load_sinks
from tracelang.syntax.mistake_files import read_mistakes

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "reference.md"
_HEAD: Final = """\
# Reference

<!-- Written by scripts/reference_page.py -->

Every word there is, from the parts of tracelang that implement them.
[The language](language.md) explains how they go together; `tracelang describe WORD` shows one of
them.
"""
_FAMILIES: Final = {
    "T1": "The text is no script (exit status 1)",
    "T2": "A name, type, target or combination is wrong (exit status 1)",
    "T4": "The kernel's verifier or the compiler refuses it (exit status 1)",
    "U": "The command line is wrong (exit status 2)",
    "T3": "The machine cannot (exit status 3)",
    "T9": "A defect of tracelang (exit status 70)",
}


def page() -> str:
    """Return the whole page."""
    sections = (
        _kinds(),
        _words("Clauses and declarations", "clauses"),
        _words("Names", "names"),
        _words("Functions", "functions"),
        _words("Aggregates", "aggregates"),
        _decoders(),
        _flag_sets(),
        _params(),
        _sinks(),
        _commands(),
        _codes(),
    )
    return "\n".join([_HEAD, *("\n".join(section) + "\n" for section in sections)])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _kinds() -> Iterator[str]:
    yield "## Probe kinds\n"
    rows = (
        (_code(kind.form), " ".join(map(_code, kind.aliases)), kind.summary, _code(kind.example))
        for kind in load_probe_kinds()
    )
    yield from _table(("written", "short", "what it is", "for example"), rows)


def _words(title: str, group: str) -> Iterator[str]:
    yield f"## {title}\n"
    rows = (_word(word) for word in GROUPS[group].values())
    yield from _table(("written", "meaning", "for example"), rows)


def _word(word: Word) -> tuple[str, str, str]:
    return _code(word.form), word.summary, _code(word.example)


def _decoders() -> Iterator[str]:
    yield "## Decoders\n"
    found = [d for d in load_decoders() if d.example and d.name not in GROUPS["functions"]]
    rows = ((_code(_form(d)), d.summary, _code(d.example)) for d in found)
    yield from _table(("written", "what a person reads", "for example"), rows)


def _form(decoder: Decoder) -> str:
    words = ["WORD" if p is Parameter.WORD else "N" for p in decoder.parameters]
    return f"{decoder.name}({', '.join(['VALUE', *words])})"


def _flag_sets() -> Iterator[str]:
    yield "## Sets of flags\n\nFor `flags(VALUE, SET)`.\n"
    rows = ((_code(name), ", ".join(_flags(name))) for name in FLAG_SETS)
    yield from _table(("set", "some of its flags"), rows)


def _flags(name: str) -> list[str]:
    found = FLAG_SETS[name]()
    return [text for _, text in (*found.field.items(), *found.bits)][:6]


def _params() -> Iterator[str]:
    yield "## Types of params\n"
    rows = ((_code(name), expected) for name, expected in EXPECTED.items())
    yield from _table(("type", "takes"), rows)


def _sinks() -> Iterator[str]:
    yield "## Outputs\n"
    yield from _table(("`-o`", "writes"), ((_code(s.name), s.summary) for s in load_sinks()))


def _commands() -> Iterator[str]:
    yield "## Commands"
    for name, summary, parser in commands.parsers():
        yield f"\n### tracelang {name}\n\n{summary[:1].upper()}{summary[1:]}.\n"
        rows = [option for _, options in commands.groups(parser) for option in options]
        yield from _table(("option", "meaning"), ((_code(words), text) for words, text in rows))


# --- Codes of messages ----------------------------------------------------------------------------


def _codes() -> Iterator[str]:
    yield "## Messages\n\nWhat stands for a name or number is shown as `…`."
    found = messages()
    for family, title in _FAMILIES.items():
        yield f"\n### {title}\n"
        rows = (
            (_code(code), "; ".join(texts))
            for code, texts in sorted(found.items())
            if code.startswith(family)
        )
        yield from _table(("code", "says"), rows)


def messages() -> dict[str, list[str]]:
    """Return the messages of every code: those the source raises, and the typical mistakes'."""
    found: dict[str, list[str]] = {}
    for path in sorted((ROOT / "tracelang").rglob("*.py")):
        for code, text in _raised(python.parse(path.read_text(encoding="utf-8"))):
            if text and text not in found.setdefault(code, []):
                found[code].append(text)
            found.setdefault(code, [])
    for mistake in read_mistakes():
        text = _placeholders(mistake.message)
        if text not in found.setdefault(mistake.code, []):
            found[mistake.code].append(text)
    return {code: texts or ["(the message depends on the case)"] for code, texts in found.items()}


def _raised(tree: python.Module) -> Iterator[tuple[str, str]]:
    """Yield the code and message of each call that makes a diagnostic."""
    for call in python.walk(tree):
        if not isinstance(call, python.Call) or not call.args:
            continue
        first = call.args[0]
        if isinstance(first, python.Constant) and _is_code(first.value):
            message = call.args[1] if len(call.args) > 1 else None
            yield str(first.value), _text(message)


def _is_code(value: object) -> bool:
    return isinstance(value, str) and len(value) == 4 and value[0] in "TU" and value[1:].isdigit()


def _text(message: python.expr | None) -> str:
    """Return a message's text with `…` for what it is filled with; "" if it is made elsewhere."""
    match message:
        case python.Constant(value=str(text)):
            return text
        case python.JoinedStr(values):
            return "".join(_text(v) or "…" for v in values)
    return ""


def _placeholders(message: str) -> str:
    return re.sub(r"\{\w*\}", "…", message)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
