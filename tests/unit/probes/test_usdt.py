from __future__ import annotations

import platform
from pathlib import Path

import pytest

from tests.unit.binaries.programs import FIRST, SECOND, SEMAPHORE
from tests.unit.probes.user_targets import refusal, resolve, scope
from tracelang.binaries.elf import open_elf
from tracelang.binaries.symbols import symbols_named
from tracelang.mechanism import Mechanism
from tracelang.probes.usdt import KINDS
from tracelang.probes.user_probes import list_probes
from tracelang.semantic.sources import UsdtArgument
from tracelang.semantic.types import Int, Space

MACHINE = platform.machine()
on_x86 = pytest.mark.skipif(MACHINE != "x86_64", reason="the operands are those of x86-64")


def test_every_place_of_a_probe(program: Path) -> None:
    first, second = resolve(f"usdt:{program}:shop:sold")
    raw = program.read_bytes()
    assert (first.offset, second.offset) == (raw.index(FIRST), raw.index(SECOND))
    assert first.semaphore == second.semaphore == raw.index(SEMAPHORE)
    assert first.probe == second.probe == f"usdt:{program}:shop:sold"
    assert (first.function, first.place, first.mechanism) == (
        "shop:sold",
        str(program),
        Mechanism.UPROBE,
    )
    assert first.space is Space.USER


@on_x86
def test_each_place_has_its_own_arguments(program: Path) -> None:
    first, second = resolve(f"usdt:{program}:shop:sold")
    assert first.positional == (
        UsdtArgument(4, signed=True, constant=5),
        UsdtArgument(8, signed=False, register="di"),
    )
    assert [(a.name, a.type) for a in first.arguments] == [
        ("arg0", Int(4, signed=True)),
        ("arg1", Int(8, signed=False)),
    ]
    assert tuple(a.source for a in second.arguments) == second.positional


@on_x86
def test_a_variable_is_reached_from_the_probe_itself(program: Path) -> None:
    argument = resolve(f"usdt:{program}:shop:sold")[1].positional[1]
    assert isinstance(argument, UsdtArgument)
    assert (argument.register, argument.dereference) == ("ip", True)
    elf, raw = open_elf(str(program)), program.read_bytes()
    (counter,) = {s.address for s in symbols_named(elf, "counter")}
    probe = counter - argument.constant
    assert elf.file_offset(probe, executable=True) == raw.index(SECOND)


@on_x86
def test_a_variable_that_was_stripped_cannot_be_read(program: Path, tmp_path: Path) -> None:
    path = tmp_path / "shop"
    path.write_bytes(program.read_bytes().replace(b"counter(%rip)", b"cuonter(%rip)"))
    place = resolve(f"usdt:{path}:shop:sold")[1]
    assert place.positional == (UsdtArgument(4, signed=True, constant=6),)
    assert place.notes == ("`8@cuonter(%rip)`, arg1, cannot be read",)


def test_the_provider_may_be_left_out_and_wildcards_used(program: Path) -> None:
    (closed,) = resolve(f"U:{program}:closed")
    assert (closed.function, closed.semaphore, closed.arguments) == ("shop:closed", 0, ())
    assert len(resolve(f"usdt:{program}:s*:*")) == 3


def test_missing_probes_are_explained(program: Path, library: Path) -> None:
    error = refusal(f"usdt:{program}:shop:slod")
    assert error.code == "T202"
    assert error.help[0].startswith(f"did you mean `usdt:{program}:shop:sold`")
    elsewhere = refusal(f"usdt:{program}:warehouse:sold")
    assert elsewhere.help[0] == f"did you mean `usdt:{program}:shop:sold`?"
    assert "has no static probes" in refusal(f"usdt:{library}:shop:sold").message
    assert "matches `x*:*`" in refusal(f"usdt:{program}:x*:*").message


def test_a_probe_has_no_offset(program: Path) -> None:
    assert refusal(f"usdt:{program}:shop:sold+4").code == "T244"


def test_a_kernel_without_uprobes_has_no_static_probes(program: Path) -> None:
    assert refusal(f"usdt:{program}:shop:sold", scope(uprobes=False)).code == "T363"


def test_one_binarys_probes_are_listed(program: Path) -> None:
    assert list(list_probes(str(program), "*", MACHINE)) == [
        f"usdt:{program}:shop:closed",
        f"usdt:{program}:shop:sold",
    ]
    assert list(list_probes(str(program), "shop:c*", MACHINE)) == [f"usdt:{program}:shop:closed"]
    assert list(KINDS[0].names(scope())) == []
