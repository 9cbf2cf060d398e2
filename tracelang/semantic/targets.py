"""Targets: from what a rule names to the places it attaches to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Final

from tracelang.diagnostics import Diagnostic, DiagnosticError, Label, fail
from tracelang.mechanism import Mechanism
from tracelang.registry import Registry, did_you_mean, nearest
from tracelang.semantic.model import Argument, ResolvedTarget
from tracelang.semantic.options import MOST_PROBES
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.types import U64, Pointer, Space, Type
from tracelang.semantic.written_types import find_type
from tracelang.source import Span
from tracelang.syntax import ast

RETURN_OF: Final = {
    "syscall": "sysret",
    "kprobe": "kretprobe",
    "fentry": "fexit",
    "uprobe": "uretprobe",
}
"""For each kind that fires at an entry, the one that fires at the return."""

_TOO_MANY: Final = "T230"
_WITH_OFFSET: Final = (Mechanism.KPROBE, Mechanism.UPROBE)


def resolve_targets(
    choices: Iterable[ast.TargetChoice],
    kinds: Registry[ProbeKind],
    scope: TargetScope,
    most: int = MOST_PROBES,
) -> tuple[ResolvedTarget, ...]:
    """Return every place a rule's targets mean, in order and each once.

    Raises T202 and others for what does not exist, T230 for more than `most` places.
    """
    found: dict[tuple[object, ...], ResolvedTarget] = {}
    choices = tuple(choices)
    for choice in choices:
        for target in _choose(choice, kinds, scope):
            key = (target.mechanism, target.place, target.offset, target.probe)
            found.setdefault(key, target)
    check_number(len(found), most, choices[0].span.to(choices[-1].span))
    return tuple(found.values())


def check_number(found: int, most: int, span: Span) -> None:
    """Raise T230 when there are more than `most` places; kinds ask before describing thousands."""
    if found > most:
        raise fail(
            _TOO_MANY,
            f"these are {found} probes, more than the limit of {most}",
            span,
            help=[f"narrow the targets, or raise the limit: `--max-probes {found}`"],
        )


def _choose(
    choice: ast.TargetChoice, kinds: Registry[ProbeKind], scope: TargetScope
) -> tuple[ResolvedTarget, ...]:
    """Return the places of the first option this kernel has."""
    errors: list[Diagnostic] = []
    for option in choice.options:
        try:
            return resolve_target(option, kinds, scope)
        except DiagnosticError as error:
            if any(d.code == _TOO_MANY for d in error.diagnostics):
                raise  # it is there, and the next option is not what was meant
            errors.extend(error.diagnostics)
    if len(choice.options) == 1:
        raise DiagnosticError(*errors)
    first = errors[0]
    raise DiagnosticError(
        replace(
            first,
            message="this kernel has none of these targets",
            primary=Label(choice.span),
            notes=tuple(d.message for d in errors),
            help=tuple(dict.fromkeys(line for d in errors for line in d.help)),
        )
    )


def resolve_target(
    target: ast.Target, kinds: Registry[ProbeKind], scope: TargetScope
) -> tuple[ResolvedTarget, ...]:
    """Return the places one target means, with the arguments it names itself."""
    kind = find_kind(target, kinds)
    places = kind.resolve(target, scope)
    if target.offset and any(p.mechanism not in _WITH_OFFSET for p in places):
        raise fail(
            "T238",
            f"`{places[0].probe}` is no place inside a function, where an offset leads",
            target.span,
            help=["offsets go with `kprobe:FUNCTION+0x10` and `uprobe:BINARY:FUNCTION+0x10`"],
        )
    return tuple(replace(_declare(p, target, scope), span=target.span) for p in places)


def find_kind(target: ast.Target, kinds: Registry[ProbeKind]) -> ProbeKind:
    """Return the kind a target names, by its name or an alias (T231 for an unknown one)."""
    for kind in kinds:
        if target.kind == kind.name or target.kind in kind.aliases:
            return kind
    near = did_you_mean(nearest(target.kind, kinds.names()), suffix=":")
    raise fail(
        "T231",
        f"there is no probe kind `{target.kind}`",
        target.span,
        help=[" ".join([*near, f"the kinds are: {', '.join(kinds.names())}"])],
    )


def _declare(place: ResolvedTarget, target: ast.Target, scope: TargetScope) -> ResolvedTarget:
    """Replace a place's arguments by those the script names in parentheses, by position."""
    if target.arguments is None:
        return place
    if not place.positional and target.arguments:
        raise fail(
            "T232",
            f"`{place.probe}` has no arguments by position",
            target.arguments[0].span,
            help=["leave the parentheses away and use its fields by name"],
        )
    declared = []
    for index, argument in enumerate(target.arguments):
        if argument.name == "_":
            continue
        if index >= len(place.positional):
            count = len(place.positional)
            raise fail(
                "T232",
                f"`{place.probe}` has {count} argument{'s' * (count != 1)} that can be read",
                argument.span,
                help=["take this one away"],
            )
        type_ = _declared_type(argument, place, index, scope)
        declared.append(Argument(argument.name, type_, place.positional[index]))
    names = {a.name for a in declared}
    rest = tuple(a for a in place.arguments if a.name not in names)
    return replace(place, arguments=(*declared, *rest))


def _declared_type(
    argument: ast.TargetArgument, place: ResolvedTarget, index: int, scope: TargetScope
) -> Type:
    if argument.type is None:
        known = [a.type for a in place.arguments if a.source == place.positional[index]]
        return known[0] if known else U64
    space = Space.EITHER if place.space is Space.KERNEL else place.space
    if argument.type.name == "str" and not argument.type.keyword:
        return Pointer(0, space, "char *")
    return find_type(argument.type, place.space, scope.types, "str")


def match_names(pattern: str, names: Iterable[str]) -> list[str]:
    """Return the names that a pattern with `*`, `?` and `[…]` matches, sorted."""
    if not is_pattern(pattern):
        return [pattern] if pattern in names else []
    return sorted(name for name in names if fnmatchcase(name, pattern))


def is_pattern(text: str) -> bool:
    """Tell whether a target's part has wildcards."""
    return any(char in text for char in "*?[")


def no_such_target(
    target: ast.Target, what: str, names: Iterable[str], prefix: str, *more: str
) -> DiagnosticError:
    """Build the error for a target that does not exist, with the nearest that do.

    `names` are the last parts it could have had; `prefix` is put before a suggestion, and `more` is
    further help.
    """
    last = target.parts[-1] if target.parts else ""
    near = nearest(last, names)
    help_ = did_you_mean(near, prefix)
    help_ += [f"see what there is: `tracelang list '{prefix}*'`", *more]
    verb = "matches nothing" if is_pattern(last) else "does not exist on this kernel"
    return fail("T202", f"{what} {verb}", target.span, help=help_)


def expect_parts(target: ast.Target, low: int, high: int, form: str) -> None:
    """Raise T233 unless the target has a fitting number of parts, none of them empty."""
    if low <= len(target.parts) <= high and all(target.parts):
        return
    trouble = "has too many parts" if len(target.parts) > high else "is not a complete target"
    raise fail("T233", f"`{target}` {trouble}", target.span, help=[f"write `{form}`"])
