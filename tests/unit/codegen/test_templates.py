"""The templates and the code that uses them agree: names, statements, and no loose ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest
from jinja2 import StrictUndefined, UndefinedError
from jinja2.runtime import Macro

from tracelang.codegen.templates import (
    CALLED,
    PRELUDE,
    STATEMENTS,
    load_macros,
    make_environment,
    write_prelude,
)
from tracelang.plan import identifiers
from tracelang.plan.code.statements import Statement
from tracelang.resources import template_directory

TEMPLATES = template_directory()
GLOBALS = {
    "pid_namespace": None,
    "target_constant": "0x1",
    "pid_constant": "0x3",
    "target_in_cookie": "0x2",
    "transport": "ring",
    "most_frames": 127,
}
"""What a Plan and a run decide about the templates."""
LONGEST = 90
"""Lines of the longest template: a concern that needs more is two concerns."""
_DECLARED = re.compile(
    r"^\s*(?:for \()?(?:const )?(?:(?:[us]\d+|bool|char|void)\b|struct [\w{}. |]+?)"
    r" ?\*?\*?(\w+)(?: =|;|\[)",
    re.M,
)


def prelude_macros() -> Mapping[str, Macro]:
    environment = make_environment(TEMPLATES)
    environment.filters["used"] = str
    environment.globals.update(GLOBALS)
    return load_macros(environment, "prelude", PRELUDE)


def functions() -> dict[str, str]:
    """Return the text of each function a program can call; macros with parameters make several."""
    return {name: str(macro()) for name, macro in prelude_macros().items() if not macro.arguments}


def declared_in_programs() -> Iterator[str]:
    """Yield the names that statements declare in a program under a name of their own."""
    files = [*TEMPLATES.glob("statements/*.j2"), *TEMPLATES.glob("transport_*.j2")]
    for file in files:
        yield from _DECLARED.findall(file.read_text(encoding="utf-8"))


def test_no_variable_of_a_script_can_collide_with_generated_names() -> None:
    reserved = identifiers.PRELUDE
    assert set(functions()) <= reserved
    words = set(declared_in_programs())
    assert {"call", "first", "i"} <= words, "the pattern finds nothing"
    taken = {name for name in words if identifiers.c_identifier(name) == name}
    # Inside braces of their own these hide a script's variable that no line there reads.
    assert taken - reserved <= {"at", "found"}
    maps = re.findall(r"^BPF_\w+\((\w+)[,)]", (TEMPLATES / "maps.c.j2").read_text(), re.M)
    assert {"events", "counters", "followed"} <= set(maps) <= reserved


def test_no_name_is_reserved_without_a_reason() -> None:
    text = "\n".join(f.read_text(encoding="utf-8") for f in TEMPLATES.rglob("*.j2"))
    written = set(re.findall(r"\w+", text)) | set(functions())
    assert written >= identifiers.PRELUDE


def test_every_statement_of_the_plan_has_a_macro_and_every_macro_a_statement() -> None:
    environment = make_environment(TEMPLATES)
    filters = "bare declared negated used named at block counter parts c_string"
    environment.filters.update(dict.fromkeys((*filters.split(), *all_filters()), str))
    known = set(load_macros(environment, "statements", STATEMENTS))
    wanted = {kind.__name__ for kind in get_args(Statement)}
    for transport in ("ring", "perf"):
        macros = dir(environment.get_template(f"transport_{transport}.c.j2").module)
        assert wanted <= known.union(macros)
    assert {name for name in known if name[0].isupper()} <= wanted


def all_filters() -> set[str]:
    text = "\n".join(f.read_text(encoding="utf-8") for f in TEMPLATES.rglob("*.j2"))
    return set(re.findall(r"\| ?(\w+)", text))


def test_the_files_of_the_folders_are_those_that_are_read() -> None:
    for folder, files in (("prelude", PRELUDE), ("statements", STATEMENTS)):
        assert {f.name for f in (TEMPLATES / folder).iterdir()} == {f"{n}.c.j2" for n in files}


@pytest.mark.parametrize("name", sorted(functions()))
def test_a_function_brings_what_it_calls(name: str) -> None:
    texts = functions()
    called = {n for n in texts if n != name and re.search(rf"\b{n}\(", texts[name])}
    assert called <= set(CALLED.get(name, ()))


def test_functions_are_written_before_they_are_called() -> None:
    environment = make_environment(TEMPLATES)
    environment.filters["used"] = str
    environment.globals.update(GLOBALS)
    everything = write_prelude(environment, set(functions()))
    seen: set[str] = set()
    for text in everything:
        found = re.search(r"^static __always_inline .*?(\w+)\(", text, re.M)
        assert found is not None
        seen.add(found[1])
        called = {n for n in functions() if re.search(rf"\b{n}\(", text.partition("{")[2])}
        assert called <= seen


def test_only_what_is_used_is_written() -> None:
    environment = make_environment(TEMPLATES)
    environment.globals.update(GLOBALS)
    assert write_prelude(environment, set()) == []
    (text,) = write_prelude(environment, {"now"})
    assert text.startswith("static __always_inline u64 now(void)")
    assert len(write_prelude(environment, {"read_text_any"})) == 4


def test_a_name_that_is_not_there_is_an_error() -> None:
    environment = make_environment(TEMPLATES)
    assert environment.undefined is StrictUndefined
    with pytest.raises(UndefinedError):
        environment.from_string("{{ nothing }}").render()


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.j2")), ids=lambda f: f.name)
def test_a_template_is_about_one_thing_and_says_which(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= LONGEST
    assert text.startswith(("{#- ", '"""'))
