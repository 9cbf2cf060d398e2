"""A program whose every call is known: functions, a static probe and system calls to trace."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.unit.binaries.programs import compile_c, note

ASSEMBLY: Final = f"""
    .pushsection .stapsdt.base,"aG","progbits",.stapsdt.base,comdat
    .weak _.stapsdt.base
_.stapsdt.base: .space 1
    .size _.stapsdt.base, 1
    .popsection
    .text
    .globl sell
    .type sell, %function
sell:
    endbr64
sold: nop
    leal 1(%rdi), %eax
    ret
    .size sell, .-sell
    {note("shop", "sold", "sold", "0", "-4@%edi 8@%rsi -8@%rdx -2@$-5 1@2(%rsi) 8@(%rsp)")}
    {note("shop", "never", "sold", "0", "")}
    .section .note.GNU-stack,"","progbits"
"""

C: Final = r"""
#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <unistd.h>

int sell(int count, const char *what, long price);

__attribute__((noinline)) long handle(
    int id, const char *text, struct sockaddr_in *to, unsigned char small, short low,
    unsigned long big)
{
    __asm__ volatile("" : : "r"(text), "r"(to), "r"(small), "r"(low), "r"(big) : "memory");
    return id < 0 ? LONG_MIN : id * 2L;
}

__attribute__((noinline)) int deeper(int depth)
{
    int below = depth ? deeper(depth - 1) : 0;
    __asm__ volatile("" : "+r"(below));
    return below + 1;
}

int main(int argc, char **argv)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(4711)};

    if (argc > 1)
        read(0, (char[1]){0}, 1);
    inet_pton(AF_INET, "10.20.30.40", &to.sin_addr);
    handle(21, "first", &to, 200, -2, ULONG_MAX);
    handle(-3, "second", 0, 0, SHRT_MIN, 1UL << 63);
    getpgid(0);
    getpgid(-1);
    for (int i = 0; i < 3; i++)
        sell(i - 1, "apple", -5000000000L * i);
    deeper(3);
    return 0;
}
"""


def build_shop(folder: Path) -> Path:
    """Compile the program; with an argument it first waits for a byte of input."""
    return compile_c(
        folder, "shop", {"shop.c": C, "sell.s": ASSEMBLY}, "-O1", "-w", "-fcf-protection=none"
    )
