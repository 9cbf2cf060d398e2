"""`path`: a file's path, from the names a program collected on its way up to the root."""

from __future__ import annotations

from typing import Final

from tracelang.decoders.buffers import split_texts
from tracelang.decoders.definition import Definition, reading
from tracelang.decoders.escape import show_bytes
from tracelang.decoders.protocol import DecodeContext, Operand, Reading, Shape
from tracelang.decoders.text import CUT_MARK


def _read_path(_arguments: tuple[object, ...], context: DecodeContext) -> Reading:
    """Bind `path`: the names come leaf first; a way too long to be walked whole begins with `…`."""

    def show(raw: bytes) -> str:
        names, cut = split_texts(raw)
        # The root's own name is `/`; names without it are on no mounted file system, as of pipes;
        # no names at all are those of no file.
        line = "/".join(show_bytes(name) for name in reversed(names) if name != b"/")
        if not cut:
            return f"/{line}" if names[-1:] == [b"/"] else line
        context.on_cut()
        return f"{CUT_MARK}/{line}"

    return reading(show, machine=show, differs=False, shape=Shape.TEXT)


DECODERS: Final = (
    Definition(
        "path",
        "the full path of a `struct path`, `struct file` or `struct dentry`",
        _read_path,
        example="probe kprobe:vfs_open capture comm, path(path)",
        operand=Operand.BYTES,
        width=32,
    ),
)
