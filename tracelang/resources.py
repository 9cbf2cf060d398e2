"""The only finder of the data that belongs to tracelang: its grammar, code templates and examples.

In a checkout they lie beside the package; in an installed wheel they are package data under
`_data`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent


@cache
def _data_directory(name: str) -> Path:
    """Return the directory `name`, or raise `FileNotFoundError`: the installation is incomplete."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"tracelang's own data directory {name!r} is missing: reinstall it")


def code_directories() -> tuple[str, ...]:
    """Return the directories of all that decides what a script compiles to."""
    return (str(_PACKAGE), str(_data_directory("grammar")), str(template_directory()))


def grammar_text(name: str) -> str:
    """Return the text of a file of the grammar directory, such as `tracelang.lark`."""
    return (_data_directory("grammar") / name).read_text(encoding="utf-8")


def mistakes_directory() -> Path:
    """Return the directory of typical wrong scripts, one `.mistake` file each."""
    return _data_directory("grammar") / "mistakes"


def template_directory() -> Path:
    """Return the directory of the code templates (`*.j2`)."""
    return _data_directory("codegen_templates")


def page_file(name: str) -> str:
    """Return the text of a file that web pages are made from."""
    return (_data_directory("page_templates") / name).read_text(encoding="utf-8")


def examples_directory() -> Path:
    """Return the directory of the example scripts (`*.trace`)."""
    return _data_directory("examples")
