from __future__ import annotations

import platform
from pathlib import Path

import pytest

from tests.unit.binaries.programs import MARKED, compile_c
from tests.unit.probes.user_targets import refusal, resolve, scope
from tracelang.binaries.errors import BinaryError
from tracelang.mechanism import Mechanism
from tracelang.probes.uprobe import KINDS
from tracelang.probes.user_functions import list_symbols
from tracelang.semantic.sources import FunctionArgument, FunctionReturn
from tracelang.semantic.types import S64, Space

MACHINE = platform.machine()
on_x86 = pytest.mark.skipif(MACHINE != "x86_64", reason="the instructions are those of x86-64")

COLD_C = """
extern void exit(int);
__attribute__((cold, noinline)) static void complain(int n) { exit(n); }
int main(int n, char **words) { if (n > 3) complain(n); return n; }
"""
GO_ASSEMBLY = (
    '.section .note.go.buildid,"a","note"\n.ascii "go"\n.section .note.GNU-stack,"","progbits"\n'
)


def test_the_entry_of_a_function(program: Path) -> None:
    (place,) = resolve(f"uprobe:{program}:marked")
    assert place.probe == f"uprobe:{program}:marked"
    assert (place.function, place.place, place.mechanism) == (
        "marked",
        str(program),
        Mechanism.UPROBE,
    )
    assert place.offset == program.read_bytes().index(MARKED)
    assert place.space is Space.USER
    assert place.arguments == ()
    assert place.returns is None
    count = {"x86_64": 6, "aarch64": 8}[MACHINE]
    assert place.positional == tuple(FunctionArgument(i) for i in range(count))


def test_the_return_of_a_function(program: Path) -> None:
    (place,) = resolve(f"ur:{program}:work")
    assert place.probe == f"uretprobe:{program}:work"
    assert place.mechanism is Mechanism.URETPROBE
    assert place.positional == ()
    assert place.returns is not None
    assert (place.returns.name, place.returns.type) == ("retval", S64)
    assert place.returns.source == FunctionReturn()


def test_a_library_by_its_short_name() -> None:
    (place,) = resolve("uprobe:libc:getaddrinfo")
    assert Path(place.place).name == "libc.so.6"
    assert place.probe == f"uprobe:{place.place}:getaddrinfo"


def test_wildcards_take_each_address_once(program: Path) -> None:
    found = resolve(f"uprobe:{program}:work*")
    assert [p.function for p in found] == ["work"]
    found = resolve(f"uprobe:{program}:[mw]*")
    assert sorted(p.function for p in found) == ["main", "marked", "work"]
    assert len({p.offset for p in found}) == 3


def test_an_alias_is_found_by_its_own_name(program: Path) -> None:
    (again,) = resolve(f"uprobe:{program}:work_again")
    (work,) = resolve(f"uprobe:{program}:work")
    assert again.function == "work_again"
    assert again.offset == work.offset


def test_wildcards_in_the_binary(program: Path) -> None:
    (place,) = resolve(f"uprobe:{program.parent}/sh*:work")
    assert place.place == str(program)
    error = refusal(f"uprobe:{program.parent}/sh*:wrk")
    assert (error.code, "no function `wrk`" in error.message) == ("T202", True)


def test_all_versions_of_a_function_or_one(library: Path) -> None:
    both = resolve(f"uprobe:{library}:answer")
    (old,) = resolve(f"uprobe:{library}:answer@SHOP_1")
    (new,) = resolve(f"uprobe:{library}:answer@@SHOP_2")
    assert {p.offset for p in both} == {old.offset, new.offset}
    assert len(both) == 2


def test_an_indirect_function_says_what_is_traced(program: Path) -> None:
    (place,) = resolve(f"uprobe:{program}:chosen")
    assert "IFUNC" in place.notes[0]


@on_x86
def test_an_offset_at_an_instruction(tmp_path: Path) -> None:
    assembly = ".globl main\n.type main,@function\nmain: push %rbp\nmov %rsp,%rbp\npop %rbp\nret\n"
    assembly += '.size main,.-main\n.section .note.GNU-stack,"","progbits"\n'
    path = compile_c(tmp_path, "offsets", {"main.s": assembly})
    (entry,) = resolve(f"uprobe:{path}:main")
    (place,) = resolve(f"uprobe:{path}:main+4")
    assert place.offset == entry.offset + 4
    assert place.probe == f"uprobe:{path}:main+0x4"
    assert place.positional == ()
    error = refusal(f"uprobe:{path}:main+2")
    assert error.code == "T245"
    assert error.help == ("instructions begin at +0x1 and +0x4",)


def test_an_offset_beyond_the_function_is_refused(program: Path) -> None:
    error = refusal(f"uprobe:{program}:marked+{len(MARKED)}")
    assert error.code == "T244"
    assert f"{len(MARKED):#x} bytes long" in error.message


def test_a_return_has_no_offset(program: Path) -> None:
    assert refusal(f"uretprobe:{program}:marked+1").code == "T246"


def test_what_is_not_called_has_no_return(program: Path) -> None:
    assert refusal(f"uretprobe:{program}:_start").code == "T246"
    assert refusal(f"uretprobe:{program}:moved.cold").code == "T246"
    returns = {p.function for p in resolve(f"uretprobe:{program}:*")}
    entries = {p.function for p in resolve(f"uprobe:{program}:*")}
    assert {"_start", "moved.cold", "work"} & returns == {"work"}
    assert {"_start", "moved.cold", "work"} & entries == {"_start", "work"}


def test_the_compilers_own_fragments_are_known_as_such(tmp_path: Path) -> None:
    path = compile_c(tmp_path, "cold", {"cold.c": COLD_C}, "-O2")
    moved = [name for name in list_symbols(str(path), "*", MACHINE) if ".cold" in name]
    if not moved:
        pytest.skip("this compiler moves nothing out of `main`")
    assert refusal(f"uretprobe:{moved[0].removeprefix('uprobe:')}").code == "T246"


def test_returns_of_go_programs_are_refused(tmp_path: Path) -> None:
    sources = {"main.c": "int main(void) { return 0; }", "go.s": GO_ASSEMBLY}
    path = compile_c(tmp_path, "gopher", sources)
    error = refusal(f"uretprobe:{path}:main")
    assert (error.code, "Go" in error.message) == ("T246", True)
    assert len(resolve(f"uprobe:{path}:main")) == 1


def test_a_missing_function_suggests_a_near_one(program: Path) -> None:
    error = refusal(f"uprobe:{program}:wrok")
    assert error.code == "T202"
    assert error.help[0] == f"did you mean `uprobe:{program}:work`?"
    assert refusal(f"uprobe:{program}:zz*").code == "T202"


def test_errors_of_the_binary_point_at_the_target(tmp_path: Path) -> None:
    assert refusal(f"uprobe:{tmp_path}/nothing:f").code == "T240"
    assert refusal(f"uprobe:{tmp_path}:f").code == "T241"


def test_another_architecture_is_refused(program: Path) -> None:
    other = "aarch64" if MACHINE == "x86_64" else "x86_64"
    assert refusal(f"uprobe:{program}:work", scope(architecture=other)).code == "T243"


def test_a_kernel_without_uprobes_says_so(program: Path) -> None:
    error = refusal(f"uprobe:{program}:work", scope(uprobes=False))
    assert (error.code, error.status) == ("T363", 3)
    assert "event_source" in error.notes[0]


def test_an_incomplete_target_shows_the_form() -> None:
    assert refusal("uprobe:libc").help == ("write `uprobe:BINARY:FUNCTION`",)


def test_one_binarys_functions_are_listed(program: Path) -> None:
    listed = list(list_symbols(str(program), "work*", MACHINE))
    assert listed == [f"uprobe:{program}:work", f"uprobe:{program}:work_again"]
    assert list_symbols("libc", "getaddrinfo", MACHINE, "uretprobe").__next__() == (
        "uretprobe:libc:getaddrinfo"
    )
    with pytest.raises(BinaryError):
        list(list_symbols("/nothing", "*", MACHINE))
    assert [list(kind.names(scope())) for kind in KINDS] == [[], []]
