"""Names as they were written: C++ and Rust symbols read back.

C++ is read by its own run-time library, which libbcc needs anyway; Rust by rust-demangler.
"""

from __future__ import annotations

import ctypes
import re
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from typing import Final

_CXX: Final = ("_Z", "__Z", "___Z")
_RUST: Final = re.compile(r"_R[A-Z0-9]|_ZN.*17h[0-9a-f]{16}E")
_RUST_HASH: Final = re.compile(r"::h[0-9a-f]{16}$")
_SUFFIX: Final = re.compile(r"\.(?:llvm\.|cold|part\.|constprop\.|isra\.|lto_priv\.).*")


@cache
def demangle(name: str) -> str:
    """Return the name a mangled symbol stands for; other names as they are."""
    suffix = _SUFFIX.search(name)
    plain = name[: suffix.start()] if suffix else name
    read = None
    if _RUST.match(plain):
        read = _read_rust(plain)
    if read is None and plain.startswith(_CXX):
        read = _read_cxx(plain)
    return name if read is None else read


def _read_rust(name: str) -> str | None:
    from rust_demangler import demangle as read  # only for programs in Rust

    try:
        with redirect_stdout(StringIO()):  # it talks while it fails
            return _RUST_HASH.sub("", read(name))
    except Exception:  # noqa: BLE001 - the name itself is as good as any reason
        return None


def _read_cxx(name: str) -> str | None:
    library = _cxx_library()
    if library is None:
        return None
    status = ctypes.c_int(-1)
    text = library.__cxa_demangle(name.encode(), None, None, ctypes.byref(status))
    if status.value != 0 or not text:
        return None
    try:
        return ctypes.string_at(text).decode(errors="replace")
    finally:
        ctypes.CDLL(None).free(ctypes.c_void_p(text))


@cache
def _cxx_library() -> ctypes.CDLL | None:
    try:
        library = ctypes.CDLL("libstdc++.so.6")
    except OSError:
        return None
    library.__cxa_demangle.restype = ctypes.c_void_p
    return library
