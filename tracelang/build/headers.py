"""The stub kernel headers that libbcc compiles against instead of installed ones.

Owns the list of files libbcc insists on (the same from 0.26 to the newest) and their contents:
plain facts about the running kernel, no declarations of its structures.
"""

from __future__ import annotations

from pathlib import Path

from tracelang.dataclass import dataclass

_TYPES = """\
#pragma once
typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u8 u8;
typedef __s8 s8;
typedef __u16 u16;
typedef __s16 s16;
typedef __u32 u32;
typedef __s32 s32;
typedef __u64 u64;
typedef __s64 s64;
typedef __u16 __be16;
typedef __u16 __le16;
typedef __u32 __be32;
typedef __u32 __le32;
typedef __u64 __be64;
typedef __u64 __le64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef __u64 __aligned_u64 __attribute__((aligned(8)));
typedef _Bool bool;
typedef unsigned long size_t;
typedef unsigned long uintptr_t;
#define NULL ((void *)0)
#define true 1
#define false 0
"""

# bcc rounds the number of entries of some maps in array bounds, so this must fold to a constant.
_LOG2 = """\
#pragma once
#define roundup_pow_of_two(n) ((n) <= 1 ? 1UL : 1UL << (64 - __builtin_clzll((n) - 1ULL)))
"""


@dataclass(frozen=True, slots=True)
class HeaderFacts:
    """What the generated C may depend on.

    `page_size` is in bytes; `version` is `LINUX_VERSION_CODE` (65536 * major + 256 * minor + patch,
    the patch at most 255); `syscall_wrapper` says whether system calls take a pointer to registers
    (`CONFIG_ARCH_HAS_SYSCALL_WRAPPER`); `pt_regs` is the C text that declares `struct pt_regs`, to
    be included as `<uapi/linux/ptrace.h>`, or empty if no program reads registers.
    """

    page_size: int
    version: int
    syscall_wrapper: bool
    pt_regs: str = ""


def render_headers(facts: HeaderFacts) -> dict[str, str]:
    """Return the text of each header by its path below the include directory."""
    config = ["CONFIG_BPF_SYSCALL"]
    if facts.syscall_wrapper:
        config.append("CONFIG_ARCH_HAS_SYSCALL_WRAPPER")
    version = (
        f"#pragma once\n#define LINUX_VERSION_CODE {facts.version}\n"
        "#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + ((c) > 255 ? 255 : (c)))\n"
    )
    ptrace = f"#pragma once\n#include <linux/types.h>\n{facts.pt_regs.rstrip()}\n"
    return {
        "linux/kconfig.h": "".join(f"#define {name} 1\n" for name in config),
        "linux/types.h": _TYPES,
        "linux/bpf_common.h": "",
        "linux/version.h": version,
        "linux/log2.h": _LOG2,
        "asm/page.h": f"#pragma once\n#define PAGE_SIZE {facts.page_size}UL\n",
        "uapi/linux/bpf.h": "",
        "uapi/linux/if_packet.h": "",
        "uapi/linux/ptrace.h": ptrace,
    }


def write_headers(directory: Path, facts: HeaderFacts) -> None:
    """Write the headers where `BCC_KERNEL_SOURCE=directory` makes libbcc find them.

    Raises OSError.
    """
    for path, text in render_headers(facts).items():
        file = directory / "include" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
