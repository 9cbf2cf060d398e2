"""What mkdocs does besides: decisions are found, and example scripts lie beside the pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from mkdocs.structure.files import File

ROOT: Final = Path(__file__).resolve().parents[1]
_EXAMPLE: Final = re.compile(r"\]\(((?:\.\./)+)(examples(?:/[^)#]*)?)\)")
_KINDS: Final = ("*.trace", "*.ipynb")


def on_config(config: Any) -> Any:
    """Add the decisions to the navigation: a new one needs nothing but its file."""
    pages = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    listed = ["decisions/README.md", *(f"decisions/{n}" for n in pages if n != "README.md")]
    config["nav"].append({"Decisions": listed})
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the example scripts, at the place they have in the repository."""
    for kind in _KINDS:
        for path in sorted((ROOT / "examples").rglob(kind)):
            name = str(path.relative_to(ROOT))
            files.append(File.generated(config, name, content=path.read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Let links to the examples lead there, those to a folder to the tools; name the lexer."""
    markdown = markdown.replace("```trace\n", "```tracelang\n")
    up = "../" * page.file.src_uri.count("/")

    def lead(found: re.Match[str]) -> str:
        target = found[2] if Path(found[2]).suffix else "tools.md"
        return f"]({up}{target})"

    return _EXAMPLE.sub(lead, markdown)
