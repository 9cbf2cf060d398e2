"""Call stacks of kernel functions by kprobe and fentry, and of the process behind them."""

from __future__ import annotations

from pathlib import Path

from tests.live.runs import events_of
from tests.processes import TracelangCommand
from tests.unit.binaries.programs import compile_c

PROGRAM = r"""
#include <fcntl.h>
#include <sys/syscall.h>
#define HERE __asm__ volatile("" ::: "memory")

static inline __attribute__((always_inline)) long call(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c)
                     : "rcx", "r11", "memory");
    return result;
}

__attribute__((noinline)) long inner(void)
{
    long r = call(SYS_openat, AT_FDCWD, (long)"/proc/self/stat", O_RDONLY);
    HERE;
    return r;
}
__attribute__((noinline)) long outer(void) { long r = inner(); HERE; return r; }
int main(void) { return outer() < 0; }
"""
SCRIPT = """
    probe kprobe:vfs_open where comm == "opener" and path.dentry.d_name.name == "stat"
    capture kstack, ustack, ksym(file.f_op) as ops
    probe fentry:vfs_open where comm == "opener" and path.dentry.d_name.name == "stat"
    capture kstack(3), ustack(2)
"""


def names(stack: list[dict[str, object]]) -> list[object]:
    return [frame.get("name") for frame in stack]


def test_a_function_is_on_top_of_its_own_stack(tracelang: TracelangCommand, tmp_path: Path) -> None:
    program = compile_c(tmp_path, "opener", {"opener.c": PROGRAM}, "-O0", "-fno-omit-frame-pointer")
    done = tracelang(SCRIPT, "-o", "json", "-c", str(program), timeout=300)
    assert done.status == 0, done.stderr
    kprobe, fentry = sorted(events_of(done), key=lambda event: event["rule"])
    stack = names(kprobe["kstack"])
    assert stack[0] == "vfs_open"
    assert stack[-2:] == ["do_syscall_64", "entry_SYSCALL_64_after_hwframe"]
    assert "path_openat" in stack
    assert names(kprobe["ustack"])[:3] == ["inner", "outer", "main"]
    assert names(fentry["ustack"]) == ["inner", "outer"]
    assert len(fentry["kstack"]) == 3
    assert "bpf" not in str(fentry["kstack"])
