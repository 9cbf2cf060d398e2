"""Builtins written in tracelang itself: names and functions over `task` or a socket."""

from __future__ import annotations

from typing import Final

NAMES: Final = {
    "ppid": "task.real_parent.tgid",
    "pcomm": "task.real_parent.comm",
    "nspid": "task.signal.pids[PIDTYPE_TGID].numbers[task.signal.pids[PIDTYPE_TGID].level].nr",
    "netns": "task.nsproxy.net_ns.ns.inum",
    "mntns": "task.nsproxy.mnt_ns.ns.inum",
    "utsns": "task.nsproxy.uts_ns.ns.inum",
    "ipcns": "task.nsproxy.ipc_ns.ns.inum",
    "cgroupns": "task.nsproxy.cgroup_ns.ns.inum",
    "timens": "task.nsproxy.time_ns.ns.inum",
    "pidns": "task.thread_pid.numbers[task.thread_pid.level].ns.ns.inum",
    "userns": "task.real_cred.user_ns.ns.inum",
    "exe": "str(task.mm.exe_file.f_path.dentry.d_name.name)",
}
"""Each builtin's expression. `nspid` is the pid in the process's own namespace, the innermost."""

IN_PID_NAMESPACE: Final = {
    "ppid": (
        "task.real_parent.signal.pids[PIDTYPE_TGID].numbers[task.thread_pid.level].nr "
        "if task.real_parent.thread_pid.level >= task.thread_pid.level else 0"
    ),
}
"""What replaces expressions above where the tracer is in a pid namespace of its own: there numbers
are those that are seen in it, and a parent outside is 0, as /proc has it."""

FUNCTIONS: Final = {
    "sport": (("sk",), "sk.__sk_common.skc_num"),
    "dport": (("sk",), "port(sk.__sk_common.skc_dport)"),
    "saddr": (
        ("sk",),
        (
            "ip(sk.__sk_common.skc_v6_rcv_saddr) if sk.__sk_common.skc_family == AF_INET6 "
            "else ip(sk.__sk_common.skc_rcv_saddr)"
        ),
    ),
    "daddr": (
        ("sk",),
        (
            "ip(sk.__sk_common.skc_v6_daddr) if sk.__sk_common.skc_family == AF_INET6 "
            "else ip(sk.__sk_common.skc_daddr)"
        ),
    ),
}
"""Each a function's parameters and its expression."""
