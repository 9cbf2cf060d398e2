"""Statements that read memory and put together bytes and texts."""

from __future__ import annotations

from tracelang.dataclass import dataclass
from tracelang.plan.code.values import Buffer, MemberAddress, Memory, Value, Variable


@dataclass(frozen=True, slots=True)
class Read:
    """A new local variable read from memory; 0 where the address cannot be read."""

    variable: Variable
    address: Value
    memory: Memory


@dataclass(frozen=True, slots=True)
class ReadBytes:
    """Fill `length` bytes of a buffer, from `at` on, from memory."""

    buffer: Buffer
    at: int
    length: int
    address: Value
    memory: Memory


@dataclass(frozen=True, slots=True)
class ReadCounted:
    """Fill a buffer with a u32 count and up to `most` bytes from memory."""

    buffer: Buffer
    most: int
    count: Value
    address: Value
    memory: Memory


@dataclass(frozen=True, slots=True)
class ReadTexts:
    """Fill a buffer with up to `most` texts that an array of pointers leads to, after a u32 head.

    `room` is where the last of them may begin, `each` what one may take with its NUL.
    """

    buffer: Buffer
    room: int
    each: int
    most: int
    address: Value
    memory: Memory


@dataclass(frozen=True, slots=True)
class ReadPath:
    """Fill a buffer with the names from a dentry up to the root, a u32 head in front."""

    buffer: Buffer
    room: int
    dentry: Value
    mount: Value


@dataclass(frozen=True, slots=True)
class ReadText:
    """Fill a buffer with NUL-ended text of at most `capacity` bytes, NUL included.

    `length`, where it is not None, becomes the text's bytes without the NUL.
    """

    buffer: Buffer
    capacity: int
    address: Value
    memory: Memory
    length: Variable | None = None


@dataclass(frozen=True, slots=True)
class CurrentComm:
    """Fill a buffer of 16 bytes with the running task's name.

    `name` is where the task has it, if it can be read directly.
    """

    buffer: Buffer
    name: MemberAddress | None = None


@dataclass(frozen=True, slots=True)
class CopyText:
    """Copy a buffer's text into another; `length` becomes its bytes without the NUL."""

    target: Buffer
    source: Buffer
    length: Variable | None = None


@dataclass(frozen=True, slots=True)
class CopyBytes:
    """Copy all of a buffer into another one of the same size."""

    target: Buffer
    source: Buffer


@dataclass(frozen=True, slots=True)
class SetBytes:
    """Put constant bytes into a buffer, from `at` on."""

    buffer: Buffer
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class PutWord:
    """Put a 4-byte value into a buffer, at `at`."""

    buffer: Buffer
    at: int
    value: Value


@dataclass(frozen=True, slots=True)
class TextSearch:
    """Set `found` to whether the text matches `segments`: parts of a pattern between `*`.

    `start` and `end` say whether the first is at the start and the last at the end. `?` in a
    segment is any byte, given as None.
    """

    found: Variable
    buffer: Buffer
    length: Variable
    segments: tuple[tuple[int | None, ...], ...]
    start: bool
    end: bool


@dataclass(frozen=True, slots=True)
class TextEqual:
    """Set `found` to whether two texts are equal."""

    found: Variable
    left: Buffer
    right: Buffer
