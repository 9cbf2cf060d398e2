"""Output files: whole or not there, added to safely, at the worst whole up to their last record.

A file is written beside its name, as `NAME.partial`, and takes the name when the run has ended. A
write that fails, as on a full disk, is undone up to the last whole record before it.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import io
import os
import stat
from pathlib import Path
from typing import Any, Final

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.sinks.protocol import Form

_HELD: Final = 1 << 18
"""Bytes that are kept back until they are worth a write, unless somebody asks to see them."""
_APPENDED: Final = (Form.LINES, Form.QUOTED_LINES)


class WholeRecords(io.BufferedIOBase):
    """Writes to a file descriptor. Every `write` must be of whole records."""

    def __init__(self, fd: int, form: Form) -> None:
        super().__init__()
        self._fd = fd
        self._form = form
        status = os.fstat(fd)
        self._regular = stat.S_ISREG(status.st_mode)
        self._held: list[bytes] = []
        self._held_size = 0
        self._written = os.lseek(fd, 0, os.SEEK_END) if self._regular else 0

    @property
    def size(self) -> int:
        """The bytes of the file, those kept back included."""
        return self._written + self._held_size

    @property
    def name(self) -> int:
        """The file descriptor, as for files that were opened by one."""
        return self._fd

    def writable(self) -> bool:
        """Tell that this can be written to."""
        return True

    def fileno(self) -> int:
        """Return the file descriptor."""
        return self._fd

    def tell(self) -> int:
        """Return where the next byte goes."""
        return self.size

    def write(self, data: Any, /) -> int:
        """Take whole records; raises `OSError` when they, or some before them, do not fit."""
        self._held.append(bytes(data))
        self._held_size += len(data)
        if self._held_size >= _HELD:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Write out what is kept back."""
        if not self._held:
            return
        held, self._held, self._held_size = self._held, [], 0
        data = memoryview(b"".join(held))
        done = 0
        try:
            while done < len(data):
                done += os.write(self._fd, data[done:])
        except OSError:
            self._undo(held, done)
            raise
        self._written += done

    def _undo(self, held: list[bytes], done: int) -> None:
        """Cut the file after its last whole record, of a write that got only so far."""
        kept = 0
        for records in held:
            if kept + len(records) > done:
                kept += _end_of_last(records[: done - kept], self._form)
                break
            kept += len(records)
        self._written += kept
        if self._regular:
            os.ftruncate(self._fd, self._written)

    def reserve(self, size: int) -> None:
        """Make sure that so many bytes more will fit; raises `OSError` (ENOSPC) if not."""
        if not self._regular or not hasattr(os, "posix_fallocate"):
            return
        try:
            os.posix_fallocate(self._fd, self.size, size)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL):
                raise

    def close(self) -> None:
        """Write what is kept back, give back what was reserved, and close."""
        if self.closed:
            return
        try:
            self.flush()
        finally:
            if self._regular:
                with contextlib.suppress(OSError):
                    os.ftruncate(self._fd, self._written)
            os.close(self._fd)
            super().close()


def _end_of_last(data: bytes, form: Form) -> int:
    """Return where the last whole record of cut-off bytes ends."""
    if form not in _APPENDED:
        return 0
    end = data.rfind(b"\n")
    while form is Form.QUOTED_LINES and end >= 0 and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, end)
    return end + 1


class OutputFile:
    """A file a run writes.

    `stream` is where records go as text; its `buffer` is a `WholeRecords` for those that are bytes.
    `heading` is the first line of a file that is added to.
    """

    def __init__(self, path: Path, form: Form, *, append: bool = False) -> None:
        """Open the file; raises U113 where that cannot be, U116 where it is in use."""
        self.path = path
        self.heading = ""
        self._partial: Path | None = None
        try:
            fd = self._open(form, append=append)
        except OSError as error:
            raise fail("U113", f"`{path}` cannot be written: {error.strerror}") from None
        self.records = WholeRecords(fd, form)
        self.stream = io.TextIOWrapper(
            self.records,
            encoding="utf-8",
            errors="surrogateescape",
            newline="",
            write_through=True,
        )
        self._empty = self.records.size

    def _open(self, form: Form, *, append: bool) -> int:
        there = self.path.resolve()
        if there.exists() and not stat.S_ISREG(there.stat().st_mode):
            return os.open(there, os.O_WRONLY)
        if append:
            return self._open_to_append(there, form)
        self._partial = there.with_name(f"{there.name}.partial")
        fd = os.open(self._partial, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o666)
        _lock(fd, self.path)
        os.ftruncate(fd, 0)
        if there.exists():
            _take_after(fd, there)
        return fd

    def _open_to_append(self, there: Path, form: Form) -> int:
        if form not in _APPENDED:
            raise fail(
                "U117",
                "an output of this form cannot be added to: it has a beginning and an end",
                help=["write several files: `--rotate 1h`"],
            )
        fd = os.open(there, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        _lock(fd, self.path)
        size = os.fstat(fd).st_size
        if size:
            self.heading = os.pread(fd, 1 << 16, 0).partition(b"\n")[0].decode(errors="replace")
            if os.pread(fd, 1, size - 1) != b"\n":
                # What a crash cut off stays, on a line of its own.
                os.write(fd, b"\n")
        return fd

    def finish(self, *, failed: bool = False) -> None:
        """Close the file and give it its name; after a failure only if there is anything in it.

        Raises `OSError` where the last records do not fit, and has given it its name even so.
        """
        try:
            self.stream.close()
        finally:
            self._give_name(withdraw=failed and self.records.size == self._empty)

    def _give_name(self, *, withdraw: bool) -> None:
        partial, self._partial = self._partial, None
        if partial is None:
            return
        if withdraw:
            partial.unlink()
        else:
            partial.replace(self.path.resolve())


def _lock(fd: int, path: Path) -> None:
    """Keep other runs from writing the same file (U116)."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise _in_use(path) from None


def _in_use(path: Path) -> DiagnosticError:
    return fail(
        "U116",
        f"another run is writing `{path}`",
        help=["give this one another name: `--out FILE`"],
    )


def _take_after(fd: int, before: Path) -> None:
    """Give a file the owner and mode of the one whose place it takes."""
    status = before.stat()
    with contextlib.suppress(OSError):
        os.fchown(fd, status.st_uid, status.st_gid)
        os.fchmod(fd, stat.S_IMODE(status.st_mode))
