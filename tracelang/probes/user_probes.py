"""Static probes of programs and libraries as places to attach to: what `usdt:` means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tracelang.binaries.elf import ElfFile
from tracelang.binaries.errors import BinaryError
from tracelang.binaries.find import Binary, find_binaries
from tracelang.binaries.static_probes import StaticProbe, static_probes
from tracelang.binaries.symbols import symbols_named
from tracelang.mechanism import Mechanism
from tracelang.probes.binaries import errors_at, find_traceable
from tracelang.probes.usdt_arguments import read_arguments
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.sources import UsdtArgument
from tracelang.semantic.targets import is_pattern, match_names
from tracelang.semantic.types import Int, Space
from tracelang.syntax import ast


def resolve_probes(target: ast.Target, scope: TargetScope) -> tuple[ResolvedTarget, ...]:
    """Return every place of the probes a target means; without a provider, those of any."""
    provider = target.parts[1] if len(target.parts) == 3 else "*"
    name = target.parts[-1]
    with errors_at(target):
        binaries = find_traceable(target, scope)
        if target.offset:
            raise BinaryError(
                "T244", "a static probe has no offset", help_=("leave the offset away",)
            )
        found = [
            (binary, probe)
            for binary in binaries
            for probe in static_probes(binary.elf)
            if match_names(provider, (probe.provider,)) and match_names(name, (probe.name,))
        ]
        if not found:
            raise _explain_missing(binaries, target.parts)
        return tuple(_place(binary, probe) for binary, probe in found)


def _place(binary: Binary, probe: StaticProbe) -> ResolvedTarget:
    elf = binary.elf
    offset = elf.file_offset(probe.address, executable=True)
    semaphore = elf.file_offset(probe.semaphore) if probe.semaphore else 0
    if offset is None or semaphore is None:
        raise BinaryError(
            "T241", f"the probe `{probe.name}` lies outside of `{elf.path}`: the file is damaged"
        )
    sources, unreadable = read_arguments(
        probe.arguments, elf.machine, lambda symbol: _distance(elf, symbol, probe.address)
    )
    notes = [f"`{unreadable}`, arg{len(sources)}, cannot be read"] if unreadable else []
    return ResolvedTarget(
        probe=f"usdt:{elf.path}:{probe.provider}:{probe.name}",
        function=f"{probe.provider}:{probe.name}",
        mechanism=Mechanism.UPROBE,
        place=elf.path,
        arguments=tuple(_argument(index, source) for index, source in enumerate(sources)),
        positional=sources,
        offset=offset,
        semaphore=semaphore,
        space=Space.USER,
        notes=(*binary.notes, *notes),
    )


def _argument(index: int, source: UsdtArgument) -> Argument:
    return Argument(f"arg{index}", Int(source.size, source.signed), source)


def _distance(elf: ElfFile, symbol: str, address: int) -> int | None:
    """Return how far a variable lies from the probe at `address`."""
    places = {s.address for s in symbols_named(elf, symbol) if s.is_data}
    return places.pop() - address if len(places) == 1 else None


def _explain_missing(binaries: Sequence[Binary], parts: Sequence[str]) -> BinaryError:
    known = sorted({f"{p.provider}:{p.name}" for b in binaries for p in static_probes(b.elf)})
    file = Path(binaries[0].path).name if len(binaries) == 1 else parts[0]
    wanted = ":".join(parts[1:])
    if not known:
        return BinaryError(
            "T202",
            f"`{file}` has no static probes",
            notes=("it was built without them",),
            help_=(f"trace its functions: `uprobe:{parts[0]}:FUNCTION`",),
        )
    prefix = f"usdt:{parts[0]}:"
    near = () if is_pattern(wanted) else nearest(wanted, known) or _alike(parts[-1], known)
    help_ = did_you_mean(near, prefix)
    help_.append(f"see what there is: `tracelang list '{prefix}*'`")
    message = f"`{file}` has no static probe `{wanted}`"
    if is_pattern(wanted):
        message = f"no static probe of `{file}` matches `{wanted}`"
    return BinaryError("T202", message, help_=tuple(help_))


def _alike(name: str, known: Sequence[str]) -> tuple[str, ...]:
    """Return the probes, of whatever provider, whose own names are near."""
    by_name = {full.rpartition(":")[2]: full for full in known}
    return tuple(by_name[n] for n in ((name,) if name in by_name else nearest(name, by_name)))


def list_probes(binary: str, pattern: str, architecture: str) -> Iterator[str]:
    """Yield the full names of a binary's static probes whose `PROVIDER:NAME` matches, sorted.

    Raises `BinaryError` as `find_binaries` does.
    """
    for found in find_binaries(binary, architecture):
        known = {f"{p.provider}:{p.name}" for p in static_probes(found.elf)}
        yield from (f"usdt:{binary}:{name}" for name in match_names(pattern, known))
