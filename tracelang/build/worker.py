"""The child process that compiles: owns everything LLVM may do to a process.

Run as a script (`python -P worker.py REPLY_FD DIRECTORY`), so that it imports nothing of tracelang.
It reads one JSON request a line from standard input, answers each with one JSON line on the
descriptor REPLY_FD, and ends when standard input ends, removing DIRECTORY. Whatever bcc and clang
print stays on descriptors 1 and 2, which the parent has pointed at a file of its own: so the text
survives when LLVM ends the process.

For every compilation libbcc reads the kernel's whole list of symbols, to look for a few helper
functions: that took four fifths of the time. So DIRECTORY becomes the root of this process, where
there is a list of those only. A process that may not do that is as good, and slower.

    greeting {"version": "0.26.0"} or {"failure": ..., "detail": ...}
    request  {"text": C, "cflags": [...]}
    reply    {"programs": [[name, hex]...],
              "maps": [[name, type, key size, value size, entries, flags, fd]...]}
             or {"failure": "compile", "detail": ...}, all sizes in bytes
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

_READ_BY_LIBBCC: Final = {
    "/proc/kallsyms": rb"^\S+ \S bpf_probe_read\w*\n",
    "/sys/devices/system/cpu/possible": rb"^.*\n",
    "/sys/devices/system/cpu/online": rb"^.*\n",
}
"""The files that libbcc reads when it compiles, and the lines of them that matter."""


def serve(reply_fd: int, directory: Path) -> None:
    """Greet, then answer requests until standard input ends."""
    greeting, bcc = _import_bcc()
    with os.fdopen(reply_fd, "w", encoding="utf-8") as replies:
        _send(replies, greeting)
        if bcc is None:
            return
        old_root = _move_into(directory)
        try:
            for line in sys.stdin:
                _send(replies, _compile(bcc, json.loads(line)))
        finally:
            if old_root is not None:
                _move_back(old_root)


def _move_into(directory: Path) -> int | None:
    """Make a directory the root; return a descriptor of the old one, None if it is that still."""
    if not hasattr(os, "chroot"):
        return None
    old = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    try:
        for path, wanted in _READ_BY_LIBBCC.items():
            copy = directory / path.lstrip("/")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(b"".join(re.findall(wanted, Path(path).read_bytes(), re.MULTILINE)))
        os.chroot(directory)
    except OSError:
        os.close(old)
        return None
    os.chdir("/work")
    os.environ["BCC_KERNEL_SOURCE"] = "/source"
    return old


def _move_back(old: int) -> None:
    os.fchdir(old)
    os.chroot(".")


def _send(replies: Any, message: dict[str, Any]) -> None:
    replies.write(json.dumps(message) + "\n")
    replies.flush()


def _import_bcc() -> tuple[dict[str, Any], Any]:
    """Import bcc; the greeting says why if that fails, or if it is another project of that name."""
    spec = importlib.util.find_spec("bcc")
    if spec is None:
        return {"failure": "missing", "detail": ""}, None
    where = spec.origin or str(list(spec.submodule_search_locations or ()))
    try:
        if importlib.util.find_spec("bcc.libbcc") is None:
            return {"failure": "other", "detail": where}, None
        import bcc
        import bcc.libbcc
    except Exception as error:  # noqa: BLE001 - another project's package may raise anything
        kind = "library" if _looks_genuine(where) else "other"
        return {"failure": kind, "detail": where if kind == "other" else str(error)}, None
    return {"version": str(getattr(bcc, "__version__", "?"))}, bcc


def _looks_genuine(origin: str) -> bool:
    return (Path(origin).parent / "libbcc.py").exists()


def _compile(bcc: Any, request: dict[str, Any]) -> dict[str, Any]:
    # Only the C library knows what C and C++ have buffered: without this it comes after the reply.
    flush = ctypes.CDLL(None).fflush
    try:
        module = bcc.BPF(text=request["text"].encode(), cflags=request["cflags"])
    except Exception as error:  # noqa: BLE001 - bcc raises bare Exception; the text tells them apart
        return {"failure": "compile", "detail": str(error)}
    finally:
        flush(None)
    try:
        return _extract(bcc.libbcc.lib, module.module)
    finally:
        _release(module)


def _extract(lib: Any, module: Any) -> dict[str, Any]:
    programs = []
    for number in range(lib.bpf_num_functions(module)):
        name = lib.bpf_function_name(module, number)
        start, size = lib.bpf_function_start(module, name), lib.bpf_function_size(module, name)
        programs.append([name.decode(), ctypes.string_at(start, size).hex()])
    return {"programs": programs, "maps": _extract_maps(lib, module)}


def _extract_maps(lib: Any, module: Any) -> list[list[Any]]:
    # bcc's Python layer declares only some of these; what it leaves out gets its C types here.
    for function, result in (
        ("bpf_num_tables", ctypes.c_size_t),
        ("bpf_table_key_size_id", ctypes.c_size_t),
        ("bpf_table_leaf_size_id", ctypes.c_size_t),
        ("bpf_table_name", ctypes.c_char_p),
        ("bpf_table_fd_id", ctypes.c_int),
    ):
        getattr(lib, function).restype = result
        getattr(lib, function).argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    lib.bpf_num_tables.argtypes = [ctypes.c_void_p]
    return [
        [
            lib.bpf_table_name(module, number).decode(),
            lib.bpf_table_type_id(module, number),
            lib.bpf_table_key_size_id(module, number),
            lib.bpf_table_leaf_size_id(module, number),
            lib.bpf_table_max_entries_id(module, number),
            lib.bpf_table_flags_id(module, number),
            lib.bpf_table_fd_id(module, number),
        ]
        for number in range(lib.bpf_num_tables(module))
    ]


def _release(module: Any) -> None:
    """Free LLVM's memory and the maps bcc made; its atexit hook would keep them for ever."""
    module.cleanup()
    atexit.unregister(module.cleanup)


if __name__ == "__main__":
    try:
        serve(int(sys.argv[1]), Path(sys.argv[2]))
    finally:
        import shutil  # late: only the end needs it, and everybody waits for the start

        # The parent removes it as well: whoever is killed, the other is there.
        shutil.rmtree(sys.argv[2], ignore_errors=True)
