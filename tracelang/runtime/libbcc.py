"""The typed boundary to libbcc: loading, maps and attaching, without clang.

Owns the ctypes declarations and the turning of libbcc's failures into `BpfError`. The functions
used here have had the same C signature from libbcc 0.26 on. What drifted is avoided:
`bpf_attach_uprobe` gained an argument, and it and `bpf_attach_kprobe` fall back to probes in
tracefs, which outlive the process; so both are done by `bpf_attach_perf_event_raw`. How functions
are named for fentry changed too, which `load_tracing` settles.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import resource
from collections.abc import Iterator
from typing import Final

# libbcc without LLVM (2 ms to map instead of 25), else all of it.
_LIBRARIES: Final = ("libbcc_bpf.so.0", "libbcc.so.0")

# BPF_PROG_TYPE_TRACING
_TRACING: Final = 26

_ANY_PROCESS: Final = -1
_NO_GROUP: Final = -1

_INT: Final = ctypes.c_int
_TEXT: Final = ctypes.c_char_p
_POINTER: Final = ctypes.c_void_p
_ARGUMENTS: Final = {
    "bcc_create_map": [_INT, _TEXT, _INT, _INT, _INT, _INT],
    "bcc_prog_load": [
        *(_INT, _TEXT, _POINTER, _INT, _TEXT),
        *(ctypes.c_uint, _INT, _POINTER, ctypes.c_uint),
    ],
    "bpf_lookup_elem": [_INT, _POINTER, _POINTER],
    "bpf_update_elem": [_INT, _POINTER, _POINTER, ctypes.c_ulonglong],
    "bpf_delete_elem": [_INT, _POINTER],
    "bpf_get_next_key": [_INT, _POINTER, _POINTER],
    "bpf_attach_raw_tracepoint": [_INT, _TEXT],
    "bpf_attach_kfunc": [_INT],
    "bpf_attach_perf_event_raw": [_INT, _POINTER, _INT, _INT, _INT, ctypes.c_ulong],
}


class BpfError(OSError):
    """A call that the kernel or libbcc refused.

    `printed` is what libbcc said about it, `log` the verifier's log if one was asked for.
    """

    def __init__(self, number: int, printed: str, log: str = "") -> None:
        super().__init__(number, os.strerror(number))
        self.printed = printed
        self.log = log


class Libbcc:
    """libbcc, mapped once. Raises OSError if it is not installed."""

    def __init__(self) -> None:
        self._lib = _open_library()
        for name, arguments in _ARGUMENTS.items():
            function = getattr(self._lib, name)
            function.argtypes = arguments
            function.restype = _INT
        self._short_names = False

    def create_map(
        self, kind: int, name: str, key_size: int, value_size: int, entries: int, flags: int
    ) -> int:
        """Create a map (BPF_MAP_CREATE); return its descriptor."""
        # The kernel keeps 15 characters of a name; libbcc does not cut, and the call would fail.
        short = name.encode()[:15]
        return self._call("bcc_create_map", kind, short, key_size, value_size, entries, flags)

    def load(
        self, kind: int, name: str, instructions: bytes, *, log_level: int = 0, log_size: int = 0
    ) -> int:
        """Load a program (BPF_PROG_LOAD); the error's `log` is the verifier's, if asked for."""
        log = ctypes.create_string_buffer(log_size) if log_size else None
        try:
            return self._call(
                "bcc_prog_load",
                *(kind, name.encode(), instructions, len(instructions), b"GPL", 0),
                *(log_level, log, log_size),
            )
        except BpfError as error:
            error.log = log.value.decode(errors="replace") if log else ""
            raise

    def load_tracing(
        self,
        module: str,
        function: str,
        instructions: bytes,
        *,
        at_exit: bool,
        log_level: int = 0,
        log_size: int = 0,
    ) -> int:
        """Load a program for the entry (fentry) or exit (fexit) of a function of `module`.

        libbcc finds the function by the program's name. Up to 0.26 that is `kfunc__FUNCTION`,
        later `kfunc__MODULE__FUNCTION`; the long one is tried first, as 0.26 merely does not find
        it, while the short one makes later ones follow a null pointer.
        """
        prefix = "kretfunc" if at_exit else "kfunc"
        long = f"{module}__{function}"
        if not self._short_names:
            try:
                return self._load_tracing(f"{prefix}__{long}", instructions, log_level, log_size)
            except BpfError as error:
                if f"bpf: {long} is not found" not in error.printed or module != "vmlinux":
                    raise
                self._short_names = True
        return self._load_tracing(f"{prefix}__{function}", instructions, log_level, log_size)

    def _load_tracing(self, name: str, code: bytes, log_level: int, log_size: int) -> int:
        return self.load(_TRACING, name, code, log_level=log_level, log_size=log_size)

    def lookup(self, fd: int, key: bytes, value: ctypes.Array[ctypes.c_char]) -> bool:
        """Read the value of `key` into `value`; say whether there is one."""
        return bool(self._lib.bpf_lookup_elem(fd, key, value) == 0)

    def update(self, fd: int, key: bytes, value: bytes, flags: int = 0) -> None:
        """Set the value of `key`."""
        if self._lib.bpf_update_elem(fd, key, value, flags) < 0:
            raise BpfError(ctypes.get_errno(), "")

    def delete(self, fd: int, key: bytes) -> bool:
        """Remove `key`; say whether it was there."""
        return bool(self._lib.bpf_delete_elem(fd, key) == 0)

    def next_key(self, fd: int, key: bytes | None, following: ctypes.Array[ctypes.c_char]) -> bool:
        """Put the key after `key`, or the first, into `following`; say whether there is one."""
        return bool(self._lib.bpf_get_next_key(fd, key, following) == 0)

    def attach_raw_tracepoint(self, program: int, event: str) -> int:
        """Attach to a raw tracepoint; closing the returned descriptor detaches, as with all."""
        return self._call("bpf_attach_raw_tracepoint", program, event.encode())

    def attach_tracing(self, program: int) -> int:
        """Attach a program that was loaded for its function (fentry, fexit)."""
        return self._call("bpf_attach_kfunc", program)

    def attach_perf(self, program: int, attributes: bytes, cpu: int) -> int:
        """Open a perf event (`struct perf_event_attr`), attach the program to it and enable it."""
        return self._call(
            "bpf_attach_perf_event_raw",
            *(program, attributes, _ANY_PROCESS, cpu, _NO_GROUP, 0),
        )

    def _call(self, name: str, *arguments: object) -> int:
        try:
            return self._call_once(name, *arguments)
        except OSError as error:
            if error.errno != errno.EMFILE or not raise_file_limit():
                raise BpfError(error.errno or 0, getattr(error, "printed", "")) from error
        return self._call_once(name, *arguments)

    def _call_once(self, name: str, *arguments: object) -> int:
        printed: list[str] = []
        with _captured_stderr(printed):
            result = int(getattr(self._lib, name)(*arguments))
            number = ctypes.get_errno()
        if result < 0:
            raise BpfError(number, printed[0])
        return result


def _open_library() -> ctypes.CDLL:
    for name in _LIBRARIES[:-1]:
        with contextlib.suppress(OSError):
            return ctypes.CDLL(name, use_errno=True)
    return ctypes.CDLL(_LIBRARIES[-1], use_errno=True)


@contextlib.contextmanager
def _captured_stderr(printed: list[str]) -> Iterator[None]:
    """Keep what C code writes to descriptor 2 in the meantime off the terminal."""
    file = os.memfd_create("libbcc")
    try:
        saved = os.dup(2)
        try:
            os.dup2(file, 2)
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            printed.append(os.pread(file, os.fstat(file).st_size, 0).decode(errors="replace"))
    finally:
        os.close(file)


def raise_file_limit() -> bool:
    """Allow this process as many open files as it may have; say whether that is more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == hard:
        return False
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return True
