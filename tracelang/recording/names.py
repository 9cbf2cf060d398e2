"""Names that only the recording machine knew: users, control groups, devices, error numbers.

Decoders that are `local` are asked while recording, once for each value, and replaced by what they
said when the recording is read.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from tracelang.decoders.definition import Definition
from tracelang.decoders.frames import Frame, Frames
from tracelang.decoders.protocol import DecodeContext, Decoder, Decoding, Reading, Shape
from tracelang.decoders.stacks import as_objects
from tracelang.plan.ir import Column, RuleOutput
from tracelang.recording.values import from_json, to_json
from tracelang.registry import Registry
from tracelang.sinks.protocol import Row

_MOST: Final = 1 << 20
"""Values of a recording that are given names; later ones are shown as numbers."""

_NUMBERED: Final = ("kstack", "ustack", "usym")
"""Decoders of numbers that mean nothing by themselves."""

Key = tuple[str, tuple[object, ...]]
"""A decoder and its arguments."""


@dataclass(frozen=True, slots=True)
class _Asked:
    index: int
    slot: int
    reading: Reading


class NameTaker:
    """Asks local decoders for the names of values as they pass. `kinds` describe the decoders."""

    def __init__(
        self,
        outputs: Sequence[RuleOutput],
        decoders: Registry[Decoder],
        contexts: Mapping[int, DecodeContext],
    ) -> None:
        self.kinds: list[Mapping[str, Any]] = []
        self._indexes: dict[Key, int] = {}
        self._known: set[tuple[int, object]] = set()
        self._asked = {o.rule: self._of(o, decoders, contexts[o.rule]) for o in outputs}

    def _of(
        self, output: RuleOutput, decoders: Registry[Decoder], context: DecodeContext
    ) -> list[_Asked]:
        asked = []
        for column in (*output.columns, *output.arguments):
            decoder = decoders.get(column.decoding.decoder)
            if decoder is not None and decoder.local:
                reading = decoder.bind(column.decoding.arguments, context)
                asked.append(_Asked(self._index(column, reading), column.slot, reading))
        return asked

    def _index(self, column: Column, reading: Reading) -> int:
        key = (column.decoding.decoder, column.decoding.arguments)
        if key not in self._indexes:
            self._indexes[key] = len(self.kinds)
            self.kinds.append(
                {
                    "decoder": key[0],
                    "arguments": to_json(key[1]),
                    "differs": reading.differs,
                    "shape": reading.shape.name,
                }
            )
        return self._indexes[key]

    def take(self, rule: int, rows: Sequence[Row]) -> list[Any]:
        """Return the names of values seen for the first time, as JSON."""
        found = []
        for asked in self._asked[rule]:
            for raw in {row[asked.slot] for row in rows}:
                if (asked.index, raw) not in self._known and len(self._known) < _MOST:
                    self._known.add((asked.index, raw))
                    found.append(_named(asked, raw))
        return found


def _named(asked: _Asked, raw: object) -> Any:
    reading = asked.reading
    named = {"of": asked.index, "value": to_json(raw), "text": reading.text(raw)}
    if reading.frames is not None:
        named["frames"] = [[f.name, f.module, f.offset, f.is_kernel] for f in reading.frames(raw)]
    elif reading.machine is not None:
        named["machine"] = to_json(reading.machine(raw))
    return named


class Names:
    """What a recording's local decoders said."""

    def __init__(self, kinds: Sequence[Mapping[str, Any]]) -> None:
        self._kinds = kinds
        self._keys = [(str(k["decoder"]), from_json(k["arguments"])) for k in kinds]
        self._texts: dict[Key, dict[object, str]] = {key: {} for key in self._keys}
        self._machine: dict[Key, dict[object, object]] = {key: {} for key in self._keys}
        self._frames: dict[Key, dict[object, Frames]] = {key: {} for key in self._keys}

    def add(self, payload: bytes) -> None:
        """Add a block of names."""
        for named in json.loads(payload):
            key, raw = self._keys[named["of"]], from_json(named["value"])
            self._texts[key][raw] = named["text"]
            if "frames" in named:
                frames = tuple(Frame(*frame) for frame in named["frames"])
                self._frames[key][raw] = frames
                self._machine[key][raw] = as_objects(frames)
            elif "machine" in named:
                self._machine[key][raw] = from_json(named["machine"])

    def replace_in(self, decoders: Iterable[Decoder]) -> Registry[Decoder]:
        """Return the decoders, with the recorded ones in place of those that are local."""
        registry: Registry[Decoder] = Registry("decoder")
        recorded = {name for name, _ in self._keys}
        for decoder in decoders:
            registry.register(self._recorded(decoder) if decoder.name in recorded else decoder)
        return registry

    def _recorded(self, decoder: Decoder) -> Decoder:
        def bind(arguments: tuple[object, ...], _context: DecodeContext) -> Reading:
            return self._read((decoder.name, arguments))

        def find(text: str, arguments: tuple[object, ...]) -> int | None:
            return self._find(text, (decoder.name, arguments), decoder.encode)

        return Definition(
            decoder.name,
            decoder.summary,
            bind,
            decoder.example,
            decoder.operand,
            decoder.parameters,
            decoder.width,
            decoder.right,
            decoder.check,
            find,
            decoder.local,
        )

    def _read(self, key: Key) -> Reading:
        texts, machine = self._texts.get(key, {}), self._machine.get(key, {})
        kind: Mapping[str, Any] = next(
            (k for k, known in zip(self._kinds, self._keys, strict=True) if known == key), {}
        )
        shape = Shape[kind.get("shape", "INTEGER")]

        def text(raw: object) -> str:
            return texts.get(raw) or ("" if raw in texts else str(raw))

        frames = self._frames.get(key, {})
        return Reading(
            text,
            machine=None if shape is Shape.INTEGER else machine.get,
            differs=bool(kind.get("differs", True)),
            shape=shape,
            frames=(lambda raw: frames.get(raw, ())) if shape is Shape.FRAMES else None,
        )

    def _find(
        self,
        text: str,
        key: Key,
        otherwise: Callable[[str, tuple[object, ...]], int | None],
    ) -> int | None:
        for raw, known in self._texts.get(key, {}).items():
            if known == text and isinstance(raw, int):
                return raw
        # Names that never came up are those of this machine, where it has them.
        with suppress(OSError):
            return otherwise(text, key[1])
        return None


def stacks_alike(
    decoders: Registry[Decoder],
) -> Callable[[Decoding | None], Callable[[int], int] | None]:
    """Return which number of a stack stands for all that read the same, as in a run."""

    def find(decoding: Decoding | None) -> Callable[[int], int] | None:
        decoder = decoders.get(decoding.decoder) if decoding is not None else None
        if decoding is None or decoder is None or decoding.decoder not in _NUMBERED:
            return None
        nothing = DecodeContext(lambda _ts: 0, lambda: 0, 0, lambda: None)
        text = decoder.bind(decoding.arguments, nothing).text
        first: dict[str, int] = {}
        return lambda raw: first.setdefault(text(raw), raw)

    return find
