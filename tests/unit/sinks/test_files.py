"""Output files: there when complete, added to safely, whole up to the last record at the worst."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.small_disk import small_disk
from tracelang.diagnostics import DiagnosticError
from tracelang.sinks.files import OutputFile
from tracelang.sinks.protocol import Form


def test_a_file_has_its_name_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text("before\n")
    path.chmod(0o640)
    file = OutputFile(path, Form.LINES)
    file.stream.write("after\n")
    file.records.flush()
    assert path.read_text() == "before\n"
    assert (tmp_path / "events.json.partial").read_text() == "after\n"
    file.finish()
    assert path.read_text() == "after\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["events.json"]  # noqa: PTH208 - the names


def test_a_run_that_fails_before_its_first_record_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text("before\n")
    OutputFile(path, Form.LINES).finish(failed=True)
    assert path.read_text() == "before\n"
    assert not (tmp_path / "events.json.partial").exists()


def test_a_link_still_points_to_the_file_that_is_written(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("file")
    file = OutputFile(tmp_path / "link", Form.LINES)
    file.stream.write("x\n")
    file.finish()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "x\n"


def test_adding_keeps_what_a_crash_cut_off_on_a_line_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text('{"a":1}\n{"a":')
    file = OutputFile(path, Form.LINES, append=True)
    assert file.heading == '{"a":1}'
    file.stream.write('{"a":2}\n')
    file.finish()
    assert path.read_text().splitlines() == ['{"a":1}', '{"a":', '{"a":2}']


@pytest.mark.parametrize("append", [False, True])
def test_two_runs_never_write_one_file(tmp_path: Path, append: bool) -> None:
    first = OutputFile(tmp_path / "f", Form.LINES, append=append)
    with pytest.raises(DiagnosticError) as error:
        OutputFile(tmp_path / "f", Form.LINES, append=append)
    assert error.value.diagnostics[0].code == "U116"
    first.finish()
    OutputFile(tmp_path / "f", Form.LINES, append=append).finish()


@pytest.mark.parametrize("form", [Form.BINARY, Form.DOCUMENT])
def test_what_has_an_end_cannot_be_added_to(tmp_path: Path, form: Form) -> None:
    with pytest.raises(DiagnosticError) as error:
        OutputFile(tmp_path / "f", form, append=True)
    assert error.value.diagnostics[0].code == "U117"


# --- A full disk ----------------------------------------------------------------------------------


@pytest.fixture
def small(require_root: None, tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    with small_disk(tmp_path, "64k") as place:
        yield place


@pytest.mark.parametrize("append", [False, True])
def test_a_full_disk_leaves_whole_lines(small: Path, append: bool) -> None:
    file = OutputFile(small / "f", Form.LINES, append=append)
    line = "x" * 99 + "\n"
    file.stream.write(line * 10)
    file.records.flush()
    with pytest.raises(OSError, match="No space left"):
        file.stream.write(line * 5000)
    file.finish(failed=True)
    text = (small / "f").read_text()
    assert set(text.splitlines(keepends=True)) == {line}
    assert len(text) > 60_000


def test_a_full_disk_leaves_whole_quoted_records(small: Path) -> None:
    file = OutputFile(small / "f", Form.QUOTED_LINES)
    record = '1,"one\n' + "\n" * 900 + 'two ""2"""\r\n'
    with pytest.raises(OSError, match="No space left"):
        file.stream.write(record * 5000)
    file.finish(failed=True)
    text = (small / "f").read_bytes().decode()
    assert text == record * (len(text) // len(record))
    assert len(text) > 60_000


def write_for_ever(file: OutputFile) -> None:
    while True:
        file.stream.buffer.write(b"0123456789")
        file.records.flush()


def test_bytes_are_cut_between_writes(small: Path) -> None:
    file = OutputFile(small / "f", Form.BINARY)
    with pytest.raises(OSError, match="No space left"):
        write_for_ever(file)
    file.finish(failed=True)
    assert (small / "f").read_bytes() == b"0123456789" * ((64 << 10) // 10)


def test_what_is_reserved_can_be_written_on_a_disk_that_is_full_by_then(small: Path) -> None:
    file = OutputFile(small / "f", Form.BINARY)
    file.records.reserve(10_000)
    with pytest.raises(OSError, match="No space left"):
        (small / "other").write_bytes(bytes(64 << 10))
    file.stream.buffer.write(b"x" * 8_000)
    file.finish()
    assert (small / "f").read_bytes() == b"x" * 8_000
