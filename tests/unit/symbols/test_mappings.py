"""What processes had mapped, at any time: execs, forks, ends, and what was there before."""

from __future__ import annotations

from collections.abc import Callable

from tracelang.symbols.mappings import AddressSpaces, Mapping, parse_maps

PROGRAM = Mapping(0x1000, 0x2000, 0, 7, "/bin/program")
LIBRARY = Mapping(0x8000, 0x9000, 0x3000, 8, "/lib/library")
OTHER = Mapping(0x1000, 0x2000, 0, 9, "/bin/other")


def nothing(_pid: int) -> tuple[Mapping, ...]:
    return ()


def having(**maps: Mapping) -> Callable[[int], tuple[Mapping, ...]]:
    return lambda pid: tuple(m for name, m in maps.items() if name == f"p{pid}")


def test_a_mapping_counts_from_when_it_was_made() -> None:
    spaces = AddressSpaces(nothing)
    spaces.execed(1, 100)
    spaces.mapped(1, 110, PROGRAM)
    spaces.mapped(1, 120, LIBRARY)
    assert spaces.find(1, 115, 0x1800) is PROGRAM
    assert spaces.find(1, 115, 0x8000) is None
    assert spaces.find(1, 120, 0x8FFF) is LIBRARY
    assert spaces.find(1, 120, 0x9000) is None


def test_each_time_has_the_program_that_ran_then() -> None:
    spaces = AddressSpaces(nothing)
    spaces.execed(1, 100)
    spaces.mapped(1, 101, PROGRAM)
    spaces.execed(1, 200)
    spaces.mapped(1, 201, OTHER)
    assert spaces.find(1, 150, 0x1000) is PROGRAM
    assert spaces.find(1, 250, 0x1000) is OTHER


def test_in_the_course_of_an_exec_the_old_program_still_counts() -> None:
    spaces = AddressSpaces(nothing)
    spaces.execed(1, 100)
    spaces.mapped(1, 101, LIBRARY)
    spaces.execed(1, 200)
    assert spaces.find(1, 205, 0x8000) is LIBRARY


def test_a_child_has_what_its_parent_had_then_also_when_both_have_ended() -> None:
    spaces = AddressSpaces(nothing)
    spaces.execed(1, 100)
    spaces.mapped(1, 101, PROGRAM)
    spaces.forked(2, 1, 150)
    spaces.forked(3, 2, 160)
    spaces.mapped(1, 170, LIBRARY)
    spaces.exited(1, 180)
    spaces.exited(2, 180)
    spaces.forget_ended(1000)
    assert spaces.find(3, 500, 0x1000) is PROGRAM
    assert spaces.find(3, 500, 0x8000) is None


def test_what_was_there_before_is_looked_up_once_when_it_is_needed() -> None:
    asked = []

    def read(pid: int) -> tuple[Mapping, ...]:
        asked.append(pid)
        return (PROGRAM,)

    spaces = AddressSpaces(read)
    assert spaces.find(5, 10, 0x1000) is PROGRAM
    assert spaces.find(5, 11, 0x5000) is None
    assert asked == [5]


def test_a_program_is_not_taken_for_the_one_before_it() -> None:
    spaces = AddressSpaces(having(p1=OTHER))
    spaces.execed(1, 100)  # something ran before, of which nothing is known
    assert spaces.find(1, 50, 0x1000) is None


def test_a_number_used_again_is_another_process() -> None:
    spaces = AddressSpaces(nothing)
    spaces.execed(1, 100)
    spaces.mapped(1, 101, PROGRAM)
    spaces.exited(1, 110)
    spaces.forked(1, 9, 200)
    assert spaces.find(1, 210, 0x1000) is None


def test_maps_are_read_as_proc_has_them() -> None:
    text = (
        "5581a000-5581b000 r--p 00000000 fe:01 131 /usr/bin/a b\n"
        "5581b000-5581c000 r-xp 00001000 fe:01 131 /usr/bin/a b\n"
        "7f000000-7f001000 rwxp 00000000 00:00 0 \n"
        "7ffc0000-7ffc2000 r-xp 00000000 00:00 0 [vdso]\n"
    )
    assert parse_maps(text) == (
        Mapping(0x5581B000, 0x5581C000, 0x1000, 131, "/usr/bin/a b"),
        Mapping(0x7F000000, 0x7F001000, 0, 0, ""),
        Mapping(0x7FFC0000, 0x7FFC2000, 0, 0, "[vdso]"),
    )
