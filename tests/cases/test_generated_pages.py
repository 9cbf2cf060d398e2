"""The reference and the man page say what the registries and parsers say."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from scripts import man_page, reference_page
from tracelang.cli.main import COMMANDS


def test_the_reference_is_up_to_date() -> None:
    written = reference_page.PAGE.read_text(encoding="utf-8")
    assert written == reference_page.page(), "run `make pages`"


def test_the_man_page_is_up_to_date() -> None:
    assert man_page.PAGE.read_text(encoding="utf-8") == man_page.page(), "run `make pages`"


def test_every_code_is_in_a_family_and_has_a_message() -> None:
    for code, texts in reference_page.messages().items():
        assert re.match(r"(T[12349]|U)\d+$", code), code
        assert texts


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_the_man_page_can_be_read() -> None:
    done = subprocess.run(
        ["man", "-l", "--warnings", str(man_page.PAGE)],
        env={"LC_ALL": "C.UTF-8", "MANWIDTH": "100", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    )
    plain = re.sub(r".\x08", "", done.stdout)
    assert done.stderr == ""
    for command in COMMANDS:
        assert f"tracelang {command}" in plain
    # What several commands take alike is said once.
    assert plain.count("the most bytes of a text that are kept") == 1
    assert "show this help message" not in plain


def test_every_decision_is_listed() -> None:
    folder = reference_page.ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    for page in sorted(folder.glob("[0-9]*.md")):
        title = page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        assert f"- [{title}]({page.name})\n" in listed
