"""Programs and libraries with known contents, built for the tests.

The bytes of `MARKED` and of the static probes are texts, so that a test can find them in the file
by searching for the text: the truth about file offsets, without any ELF reader.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

MARKED: Final = b"these bytes are the function `marked`"
FIRST: Final = b"the first place of the probe"
SECOND: Final = b"the second place of the probe"
SEMAPHORE: Final = b"\x00\x00semaphore"
"""The counter, and a text right behind it."""


def note(provider: str, name: str, label: str, semaphore: str, arguments: str) -> str:
    """Return the assembly of one `.note.stapsdt` note."""
    return f"""
    .pushsection .note.stapsdt,"","note"
    .balign 4
    .4byte 992f-991f, 994f-993f, 3
991: .asciz "stapsdt"
992: .balign 4
993: .8byte {label}
    .8byte _.stapsdt.base
    .8byte {semaphore}
    .asciz "{provider}"
    .asciz "{name}"
    .asciz "{arguments}"
994: .balign 4
    .popsection
"""


PROGRAM_ASSEMBLY: Final = f"""
    .pushsection .stapsdt.base,"aG","progbits",.stapsdt.base,comdat
    .weak _.stapsdt.base
_.stapsdt.base: .space 1
    .size _.stapsdt.base, 1
    .popsection
    .text
    .globl marked
    .type marked, %function
marked: .ascii "{MARKED.decode()}"
    .size marked, .-marked
    .globl also_marked
    .set also_marked, marked
    .type moved.cold, %function
moved.cold: .space 16
    .size moved.cold, 16
first: .ascii "{FIRST.decode()}"
second: .ascii "{SECOND.decode()}"
    .balign 16
    .section .probes,"aw"
    .balign 2
probe_semaphore: .2byte 0
    .ascii "semaphore"
    {note("shop", "sold", "first", "probe_semaphore", "-4@$5 8@%rdi")}
    {note("shop", "sold", "second", "probe_semaphore", "-4@$6 8@counter(%rip)")}
    {note("shop", "closed", "second", "0", "")}
    .section .note.GNU-stack,"","progbits"
"""

PROGRAM_C: Final = """
int counter = 3;
extern int puts(const char *);
static __attribute__((noinline)) int helper(int x) { return x * counter; }
int work(int a, long b) { return helper(a) + (int)b; }
int work_again(int a, long b) __attribute__((alias("work")));
static int seven(void) { return 7; }
static int (*choose(void))(void) { return seven; }
int chosen(void) __attribute__((ifunc("choose")));
int main(void) { puts("working"); return work(chosen(), 4); }
"""

LIBRARY_C: Final = """
int old_answer(void) { return 41; }
int new_answer(void) { return 42; }
__asm__(".symver old_answer,answer@SHOP_1");
__asm__(".symver new_answer,answer@@SHOP_2");
"""

LIBRARY_VERSIONS: Final = "SHOP_1 { global: answer; local: *; }; SHOP_2 { global: answer; } SHOP_1;"


def compile_c(folder: Path, name: str, sources: dict[str, str], *flags: str) -> Path:
    """Compile sources, by file name, into `folder/name`; skips the test where there is no gcc."""
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("no gcc")
    paths = []
    for source, text in sources.items():
        paths.append(folder / source)
        paths[-1].write_text(text)
    output = folder / name
    subprocess.run([gcc, *flags, "-o", output, *paths], check=True, cwd=folder)
    return output


def build_program(folder: Path, *flags: str) -> Path:
    """Compile the program; with `-s` it is stripped."""
    sources = {"program.c": PROGRAM_C, "marked.s": PROGRAM_ASSEMBLY}
    return compile_c(folder, "shop", sources, "-O1", "-rdynamic", *flags)


def build_library(folder: Path) -> Path:
    """Compile the library that has `answer` in two versions."""
    (folder / "versions").write_text(LIBRARY_VERSIONS)
    flags = ("-O1", "-shared", "-fPIC", "-Wl,--version-script=versions")
    return compile_c(folder, "libshop.so.1", {"library.c": LIBRARY_C}, *flags)
