"""What a compilation read of the machine holds as long as it would be read the same."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path

import pytest

from tracelang.decoders.protocol import Decoding
from tracelang.semantic.observed import (
    AddressesSeen,
    FileSeen,
    NameSeen,
    NumberSeen,
    Observed,
)

MACHINE = platform.machine()


def test_a_file_holds_until_something_is_done_to_it(tmp_path: Path) -> None:
    file = tmp_path / "file"
    assert FileSeen.now(str(file)).holds()
    absent = FileSeen.now(str(file))
    file.write_bytes(b"text")
    assert not absent.holds()
    seen = FileSeen.now(str(file))
    assert seen.holds()
    info = file.stat()
    file.write_bytes(b"t3xt")
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns))
    assert not seen.holds()


def test_a_name_holds_while_it_stands_for_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = shutil.which("true")
    assert true is not None
    name = NameSeen("true", MACHINE, (os.path.realpath(true),))
    assert name.holds()
    mine = tmp_path / "true"
    shutil.copy(true, mine)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert not name.holds()


def test_what_a_name_stands_for_is_observed_with_it(tmp_path: Path) -> None:
    for name in ("one.so", "two.so"):
        (tmp_path / name).write_bytes(b"no binary")
    observed = Observed()
    observed.binary(f"{tmp_path}/*.so", MACHINE)
    assert len(observed.all) == 3
    assert all(o.holds() for o in observed.all)
    (tmp_path / "three.so").write_bytes(b"no binary either")
    assert [o.holds() for o in observed.all] == [False, True, True]


def test_a_number_holds_while_the_decoder_reads_the_text_so() -> None:
    assert NumberSeen(Decoding("user"), "root", 0).holds()
    assert not NumberSeen(Decoding("user"), "root", 1).holds()
    assert not NumberSeen(Decoding("no such decoder"), "root", 0).holds()


def test_addresses_hold_within_one_boot() -> None:
    now = AddressesSeen.now()
    assert now.boot
    assert now.holds()
    assert not AddressesSeen("another boot", now.modules).holds()
    assert not AddressesSeen(now.boot, "another module 16384 0xffffffffc0000000").holds()
