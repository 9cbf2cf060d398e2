"""`tracelang record-kernel`: what it refuses before it writes anything."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.commands import Commands


def test_a_directory_with_other_things_is_left_alone(run: Commands, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    answer = run("record-kernel", tmp_path)
    assert (answer.status, answer.stdout) == (2, "")
    assert "error[U114]" in answer.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_no_directory(run: Commands, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    answer = run("record-kernel", file)
    assert answer.status == 2
    assert "is not a directory" in answer.stderr
