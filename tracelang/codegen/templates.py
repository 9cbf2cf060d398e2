"""The templates: where they lie, how they are read, and the macros of a folder of them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from jinja2.runtime import Macro

from tracelang.private_cache import cache_directory

_MACRO: Final = re.compile(r"{%-? macro (\w+)\(")

PRELUDE: Final = (
    "pointers",
    "task",
    "membership",
    "counting",
    "memory",
    "texts",
    "typed_task",
    "lists",
    "paths",
    "stacks",
    "words",
    "division",
    "signs",
    "buckets",
)
"""The files of the functions programs call, in the order they are written out."""

STATEMENTS: Final = (
    "plain",
    "reading",
    "searching",
    "aggregating",
    "bucketing",
    "spanning",
    "finishing",
    "watching",
    "stacking",
)
"""The files of the Plan's statements."""

CALLED: Final[Mapping[str, tuple[str, ...]]] = {
    "copy_comm": ("until_nul",),
    "read_counted_kernel": ("read_kernel",),
    "read_counted_user": ("read_user",),
    "read_counted_any": ("read_any", "read_kernel", "read_user"),
    "read_text_kernel": ("count",),
    "read_text_user": ("count",),
    "read_text_any": ("count", "read_text_kernel", "read_text_user"),
    "stack_number": ("count",),
    "take_stack": ("count", "stack_number", "current_pid"),
    "take_address": ("count", "stack_number", "current_pid"),
    "power_bucket_u64": ("highest_bit",),
    "power_bucket_s64": ("highest_bit", "power_bucket_u64"),
    "linear_bucket_u64": ("linear_bucket_s64",),
    "log_linear_bucket_u64": ("highest_bit",),
    "log_linear_bucket_s64": ("highest_bit", "log_linear_bucket_u64"),
}
"""What functions of the prelude call themselves, directly or not."""


def make_environment(templates: Path) -> Environment:
    """Return the environment all templates share: a name that is not there is an error."""
    return Environment(
        loader=FileSystemLoader(templates),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )


def bytecode_cache(filters: Path) -> FileSystemBytecodeCache | None:
    """Return where compiled templates are kept: compiling them takes a tenth of a second.

    What jinja compiles depends on the filters as well, so their file is part of the place.
    """
    version = zlib.crc32(filters.read_bytes())
    directory = cache_directory(f"templates-{version:08x}")
    return FileSystemBytecodeCache(str(directory)) if directory is not None else None


def load_macros(
    environment: Environment, folder: str, files: tuple[str, ...]
) -> Mapping[str, Macro]:
    """Return the macros of a folder's files by name, in the order they are written."""
    macros: dict[str, Macro] = {}
    for file in files:
        name = f"{folder}/{file}.c.j2"
        module = environment.get_template(name).module
        for macro in _MACRO.findall(_source(environment, name)):
            macros[macro] = getattr(module, macro)
    return macros


def write_prelude(environment: Environment, used: set[str]) -> list[str]:
    """Return the text of the functions that are used and those they call, in a fixed order."""
    wanted = used.union(*(CALLED.get(name, ()) for name in used))
    macros = load_macros(environment, "prelude", PRELUDE)
    return [str(macro()).strip() for name, macro in macros.items() if name in wanted]


def _source(environment: Environment, name: str) -> str:
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]
