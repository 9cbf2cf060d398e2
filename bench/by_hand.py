"""The same programs written by hand in C and run by bcc: what there is to be matched.

`python -m bench.by_hand NAME PID` attaches to the entry of write(2) and waits to be interrupted.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Final

from tracelang.build.headers import HeaderFacts, write_headers

_HEAD: Final = """
struct arguments { char unused[16]; u64 fd; u64 buffer; u64 count; };
#define ONLY if (bpf_get_current_pid_tgid() >> 32 != PID) return 0
"""
_PROGRAMS: Final = {
    "filter": "int run(struct arguments *ctx) { ONLY; return 0; }",
    "count": """
BPF_PERCPU_ARRAY(counts, u64, 1);
int run(struct arguments *ctx) {
    ONLY;
    u32 zero = 0; u64 *n = counts.lookup(&zero);
    if (n) *n += 1;
    return 0;
}""",
    "comm": """
struct key { char comm[16]; };
BPF_PERCPU_HASH(counts, struct key, u64, 10240);
int run(struct arguments *ctx) {
    ONLY;
    struct key key = {}; u64 zero = 0;
    bpf_get_current_comm(key.comm, 16);
    u64 *n = counts.lookup_or_try_init(&key, &zero);
    if (n) *n += 1;
    return 0;
}""",
    "hist": """
BPF_PERCPU_ARRAY(counts, u64, 66);
int run(struct arguments *ctx) {
    ONLY;
    u64 value = ctx->count; u32 slot = value ? bpf_log2l(value) : 0; u64 *n = counts.lookup(&slot);
    if (n) *n += 1;
    return 0;
}""",
}


def main() -> None:
    """Attach, say so, wait for SIGINT."""
    name, pid = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        facts = HeaderFacts(os.sysconf("SC_PAGE_SIZE"), 0x060100, syscall_wrapper=True)
        write_headers(Path(directory), facts)
        os.environ["BCC_KERNEL_SOURCE"] = directory
        _run(name, pid)


def _run(name: str, pid: str) -> None:
    from bcc import BPF

    bpf = BPF(text=_HEAD.replace("PID", pid) + _PROGRAMS[name])
    bpf.attach_tracepoint("syscalls:sys_enter_write", fn_name="run")
    print("attached", flush=True)
    signal.sigwait({signal.SIGINT})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    main()
