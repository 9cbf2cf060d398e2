"""Code made at run time, named by the maps that programs leave for perf."""

from __future__ import annotations

import os
from pathlib import Path

from tracelang.symbols.generated import GeneratedCode

PID = 999_999_999  # no process has such a number
MAP = "7f00 20 py::work:/a b.py\nrubbish\n8000 10 other\n"


def test_a_map_names_the_functions_of_a_process(tmp_path: Path) -> None:
    (tmp_path / f"perf-{PID}.map").write_text(MAP)
    code = GeneratedCode(PID, tmp_path)
    assert code.frame(0x7F1F, 0x7F1F).full == "py::work:/a b.py+0x1f [generated]"
    assert code.frame(0x7F20, 0x7F20).label == "0x7f20"
    assert code.frame(0x8000, 0x8000).label == "other"


def test_links_pipes_and_files_of_others_are_not_believed(tmp_path: Path) -> None:
    file = tmp_path / f"perf-{PID}.map"
    (tmp_path / "real").write_text(MAP)
    file.symlink_to(tmp_path / "real")
    assert GeneratedCode(PID, tmp_path).frame(0x7F00, 0x7F00).name == ""
    file.unlink()
    os.mkfifo(file)
    assert GeneratedCode(PID, tmp_path).frame(0x7F00, 0x7F00).name == ""
    file.unlink()
    if os.geteuid() == 0:
        file.write_text(MAP)
        os.chown(file, 12345, 12345)
        assert GeneratedCode(PID, tmp_path).frame(0x7F00, 0x7F00).name == ""
