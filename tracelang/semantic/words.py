"""The words of the language that are no decoders: their form, meaning, and an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tracelang.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A builtin name, function, clause or declaration; `example` is a script or a part of one."""

    form: str
    summary: str
    example: str = ""


_NAMES: Final[Mapping[str, Word]] = {
    "pid": Word("pid", "the process (the kernel's tgid)", "syscall:openat where pid == 42"),
    "tid": Word("tid", "the thread", "syscall:openat capture pid, tid"),
    "ppid": Word("ppid", "the parent process", "syscall:execve capture comm, pid, ppid"),
    "uid": Word("uid", "the real user, as a number", "syscall:openat where uid == 0"),
    "gid": Word("gid", "the real group, as a number", "syscall:openat capture comm, gid"),
    "user": Word("user", "the real user, by name", "syscall:execve capture user, filename"),
    "comm": Word("comm", "the task's name, up to 15 bytes", 'syscall:openat where comm == "bash"'),
    "pcomm": Word("pcomm", "the parent's name", "syscall:execve capture pcomm, filename"),
    "exe": Word("exe", "the name of the program's file", "syscall:connect capture exe, pid"),
    "cpu": Word("cpu", "the processor the event fired on", "profile:99hz capture cpu, comm"),
    "ts": Word("ts", "nanoseconds of the monotonic clock", "syscall:openat capture ts, comm"),
    "time": Word("time", "the wall clock, local time", "syscall:openat capture time, comm"),
    "elapsed": Word(
        "elapsed", "seconds since the first event shown", "syscall:openat capture elapsed, comm"
    ),
    "func": Word("func", "the function or event that fired", "syscall:open* capture func, comm"),
    "probe": Word("probe", "the probe that fired, in full", "syscall:open* capture probe, comm"),
    "args": Word(
        "args.NAME",
        "a target's own field, also where a builtin hides it",
        "syscall:kill capture args.pid",
    ),
    "retval": Word(
        "retval", "what a function or system call returned", "sysret:openat where retval < 0"
    ),
    "duration": Word(
        "duration",
        "from a span's beginning to its end",
        "span syscall:openat where duration > 10ms",
    ),
    "task": Word(
        "task", "the running task, a `struct task_struct *`", "syscall:openat capture task.on_cpu"
    ),
    "kstack": Word(
        "kstack",
        "the kernel's call stack; `kstack(N)` the innermost N",
        "profile:99hz aggregate count() by kstack",
    ),
    "ustack": Word(
        "ustack",
        "the process's call stack; `ustack(N)` the innermost N",
        "profile:99hz aggregate count() by ustack",
    ),
    "cgroup": Word("cgroup", "the control group's path", "syscall:execve capture cgroup, comm"),
    "cgroup_id": Word(
        "cgroup_id", "the control group's number", "syscall:execve capture cgroup_id"
    ),
    "container": Word(
        "container", "the container, by its short id", "syscall:execve capture container, comm"
    ),
    "nspid": Word(
        "nspid", "the pid as its own namespace sees it", "syscall:execve capture pid, nspid"
    ),
}

_NAMESPACES: Final = {
    "netns": "network",
    "mntns": "mount",
    "pidns": "pid",
    "userns": "user",
    "utsns": "host name (UTS)",
    "ipcns": "IPC",
    "cgroupns": "cgroup",
    "timens": "time",
}

_FUNCTIONS: Final[Mapping[str, Word]] = {
    "str": Word(
        "str(POINTER[, BYTES])",
        "text in memory, up to its NUL",
        "syscall:openat capture str(filename, 64)",
    ),
    "buf": Word(
        "buf(POINTER, BYTES)", "bytes in memory", "syscall:write capture buf(args.buf, 16)"
    ),
    "cast": Word(
        "cast(VALUE, TYPE)",
        "the value as another type",
        "kprobe:tcp_connect capture cast(sk, struct tcp_sock).snd_cwnd",
    ),
    "container_of": Word(
        "container_of(POINTER, struct NAME, MEMBER)",
        "the struct that a member is part of",
        "container_of(inode, struct socket_alloc, vfs_inode).socket",
    ),
    "symbol": Word(
        "symbol(NAME)", "a variable of the kernel", "interval:1s capture symbol(jiffies)"
    ),
    "inside": Word(
        "inside(TARGETS)",
        "whether the thread is within one of these functions or system calls",
        "syscall:openat where inside(syscall:execve) capture filename",
    ),
    "first_of": Word(
        "first_of(A, B, …)",
        "the first expression that fits this kernel",
        "first_of(task.__state, task.state)",
    ),
    "ip": Word(
        "ip(ADDRESS)",
        "an IPv4 or IPv6 address, from 4 or 16 bytes",
        "kprobe:tcp_connect capture ip(sk.__sk_common.skc_daddr)",
    ),
    "usym": Word(
        "usym(ADDRESS)",
        "the function of the running process that an address is in",
        "uprobe:libc:qsort aggregate count() by comm, usym(arg3)",
    ),
    "port": Word(
        "port(NUMBER)",
        "a port in network order, as a number",
        "kprobe:tcp_connect capture port(sk.__sk_common.skc_dport)",
    ),
    "enum": Word(
        "enum(VALUE, A_CONSTANT_OF_IT)",
        "the name of a value, by the enum that holds the constant",
        "enum(sk.__sk_common.skc_state, TCP_ESTABLISHED)",
    ),
    "saddr": Word("saddr(SOCK)", "a socket's own address", "kprobe:tcp_connect capture saddr(sk)"),
    "daddr": Word("daddr(SOCK)", "a socket's peer address", "kprobe:tcp_connect capture daddr(sk)"),
    "sport": Word("sport(SOCK)", "a socket's own port", "kprobe:tcp_connect capture sport(sk)"),
    "dport": Word("dport(SOCK)", "a socket's peer port", "kprobe:tcp_connect capture dport(sk)"),
}

_AGGREGATES: Final[Mapping[str, Word]] = {
    name: Word(form, summary, f"syscall:read aggregate {example} by comm")
    for name, form, summary, example in (
        ("count", "count()", "how many events", "count()"),
        ("sum", "sum(X)", "the sum", "sum(count)"),
        ("avg", "avg(X)", "the mean", "avg(count)"),
        ("min", "min(X)", "the smallest", "min(count)"),
        ("max", "max(X)", "the largest", "max(count)"),
        ("stats", "stats(X)", "count, mean, smallest and largest", "stats(count)"),
        ("last", "last(X)", "the latest", "last(count)"),
        ("distinct", "distinct(X)", "how many different numbers", "distinct(fd)"),
        ("hist", "hist(X)", "a histogram by powers of two", "hist(count)"),
        (
            "lhist",
            "lhist(X, LOW, HIGH, STEP)",
            "a histogram with equal steps",
            "lhist(count, 0, 4096, 512)",
        ),
        ("p50", "p50(X)", "the median, within 3 %", "p50(count)"),
        ("p90", "p90(X)", "what 90 % are below, within 3 %", "p90(count)"),
        ("p99", "p99(X)", "what 99 % are below, within 3 %", "p99(count)"),
        (
            "percentile",
            "percentile(X, P)",
            "what P % are below, within 3 %",
            "percentile(count, 99.9)",
        ),
    )
}

_CLAUSES: Final[Mapping[str, Word]] = {
    "where": Word(
        "where EXPR",
        "keep only events for which it is true; judged in the kernel",
        "syscall:openat where uid == 0",
    ),
    "capture": Word(
        "capture EXPR [as NAME], …",
        "the fields of the event, in order",
        "syscall:openat capture comm, filename",
    ),
    "aggregate": Word(
        "aggregate FN(…) [as NAME], … [by EXPR, …]",
        "summarise in the kernel instead of showing each event",
        "syscall:openat aggregate count() by comm",
    ),
    "every": Word(
        "every DURATION [reset|keep]",
        "show the aggregate periodically",
        "syscall:openat aggregate count() by comm every 1s",
    ),
    "top": Word(
        "top N [by NAME]",
        "show the N largest rows of an aggregate",
        "syscall:openat aggregate count() by comm top 5",
    ),
    "sample": Word("sample N in M", "keep N of each M events", "syscall:openat sample 1 in 100"),
    "limit": Word(
        "limit N/s",
        "pass at most N events a second, and count the rest",
        "syscall:openat limit 100/s",
    ),
    "print": Word(
        'print "FORMAT" [, EXPR, …]',
        "show each event by a format as in C",
        'syscall:openat print "%-16s %d", comm, pid',
    ),
    "span": Word(
        "span TARGETS …",
        "one event from the entry of a call to its return",
        "span syscall:openat capture comm, us(duration)",
    ),
    "via": Word(
        "via LABEL: TARGETS [when EXPR] [key EXPR, …]",
        "a stage on a span's way, read as LABEL.x; LABEL.duration is the time from the start to it",
        "span from syscall:openat via half: syscall:read to syscall:close capture half.duration",
    ),
    "param": Word(
        'param NAME [: TYPE] = DEFAULT ["help"]', "an option of the script", "param min = 1ms"
    ),
    "let": Word("let NAME = EXPR", "a name for an expression", "let failed = retval < 0"),
    "table": Word(
        'table NAME { 1: "READ", else: "?" }',
        "words for numbers: NAME(expr)",
        'table how { 0: "read", else: "write" }',
    ),
    "stop": Word(
        "stop after 10s | stop after 100 events", "when to end by itself", "stop after 10s"
    ),
}

GROUPS: Final[Mapping[str, Mapping[str, Word]]] = {
    "names": {
        **_NAMES,
        **{
            name: Word(
                name,
                f"the {what} namespace's inode number, as in /proc/PID/ns",
                f"tracepoint:sched:sched_process_fork capture comm, {name}",
            )
            for name, what in _NAMESPACES.items()
        },
    },
    "functions": _FUNCTIONS,
    "aggregates": _AGGREGATES,
    "clauses": _CLAUSES,
}
"""The words by what they are."""

WORDS: Final[Mapping[str, Word]] = {
    name: word for group in GROUPS.values() for name, word in group.items()
}
"""Every word by itself."""
