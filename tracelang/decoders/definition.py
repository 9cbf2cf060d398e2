"""How a decoder is defined: one `Definition` value, and the dictionary that makes reading cheap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from tracelang.dataclass import dataclass
from tracelang.decoders.protocol import DecodeContext, Operand, Parameter, Reading, Shape

Raw = TypeVar("Raw", bound=int | bytes)
Value = TypeVar("Value")

MEMO_ENTRIES: Final = 4096
"""Values remembered for one column: enough for every process name of a busy machine."""


class Memo(dict[Raw, Value]):
    """Raw values and what they read: `memo[raw]` is one hit, `read` runs at first sight only.

    When it is full it starts afresh, so its size is bounded whatever the events bring. Values that
    are not `worth` it are read anew each time.
    """

    __slots__ = ("_read", "_worth")
    _read: Callable[[Raw], Value]
    _worth: Callable[[Raw], bool]

    def __init__(self, read: Callable[[Raw], Value], worth: Callable[[Raw], bool]) -> None:
        super().__init__()
        self._read = read
        self._worth = worth

    def __missing__(self, raw: Raw) -> Value:
        value = self._read(raw)
        if self._worth(raw):
            if len(self) >= MEMO_ENTRIES:
                self.clear()
            self[raw] = value
        return value


def always(_raw: object) -> bool:
    """Find every value worth remembering."""
    return True


def remember(
    read: Callable[[Raw], Value], worth: Callable[[Raw], bool] = always
) -> Callable[[Any], Value]:
    """Return `read` behind a bounded dictionary; a value `worth` it must always read the same."""
    return Memo(read, worth).__getitem__


def is_remembered(read: Callable[[Any], object], raw: object) -> bool:
    """Tell whether `read` is one that remembers, and has read `raw` already."""
    memo = getattr(read, "__self__", None)
    return isinstance(memo, Memo) and raw in memo


def reading(
    text: Callable[[Any], str],
    *,
    number: Callable[[Any], int | float] | None = None,
    machine: Callable[[Any], object] | None = None,
    differs: bool = True,
    scaled: Callable[[Any], int] | None = None,
    digits: int = 0,
    shape: Shape = Shape.INTEGER,
) -> Reading:
    """Build a `Reading` from functions that take the raw value as int or bytes."""
    return Reading(text, number, machine, differs, scaled, digits, shape)


def accept(_arguments: tuple[object, ...]) -> str | None:
    """Find nothing wrong with the arguments."""
    return None


def encode_nothing(_text: str, _arguments: tuple[object, ...]) -> int | None:
    """Say that no text stands for one raw value."""
    return None


@dataclass(frozen=True, slots=True)
class Definition:
    """A `Decoder` put together from functions; an internal one has no example.

    `read` binds (arguments, context), `refuse` is the decoder's `check`, `find` its `encode`;
    `local` says that it reads values as this machine does at this moment.
    """

    name: str
    summary: str
    read: Callable[[tuple[object, ...], DecodeContext], Reading]
    example: str = ""
    operand: Operand = Operand.INTEGER
    parameters: tuple[Parameter, ...] = ()
    width: int = 8
    right: bool = False
    refuse: Callable[[tuple[object, ...]], str | None] = accept
    find: Callable[[str, tuple[object, ...]], int | None] = encode_nothing
    local: bool = False

    def check(self, arguments: tuple[object, ...]) -> str | None:
        """Say what is wrong with the constant arguments, or None."""
        return self.refuse(arguments)

    def bind(self, arguments: tuple[object, ...], context: DecodeContext) -> Reading:
        """Return the functions that read a raw value in this run."""
        return self.read(arguments, context)

    def encode(self, text: str, arguments: tuple[object, ...]) -> int | None:
        """Return the raw value that reads as `text`, or None."""
        return self.find(text, arguments)
