"""`tracelang list`: the targets this machine offers, their fields, and a summary of the kinds."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final

from tracelang.cli import options
from tracelang.cli.fields import describe_fields, resolve_full_name
from tracelang.cli.target_glob import TargetGlob
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.kernel.view import KernelView
from tracelang.launch.inputs import read_inputs
from tracelang.launch.kernels import open_kernel
from tracelang.probes import load_probe_kinds
from tracelang.probes.offers import find_offer
from tracelang.registry import Registry, nearest
from tracelang.render import print_fitted
from tracelang.semantic.probe_kind import ProbeKind, TargetScope
from tracelang.semantic.type_table import TypeTable

_DESCRIPTION: Final = """\
List the targets that rules can be attached to, by full name, one a line.
Without GLOB: the kinds of target, and how many of each this machine offers."""

_EXAMPLES: Final = """\
A GLOB has *, ? and […]. With a colon it is for whole names, and aliases are understood:
  tracelang list 't:sched:*'            the scheduler's tracepoints
  tracelang list -v syscall:openat      a system call, with its arguments
  tracelang list 'uprobe:libc:get*'     functions of a library or program
Without a colon it matches anywhere (entries only; returns are `kretprobe:…`, `sysret:…`):
  tracelang list '*exec*'
The name of a script file lists the targets it means on this machine."""


def execute(arguments: list[str], running: KernelView | None = None) -> int:
    """Run the command; return its exit status. `running` is this kernel, if it is open already."""
    known = build_parser().parse_args(arguments)
    kernel = open_kernel(known.kernel, running)
    scope = TargetScope(kernel, TypeTable(kernel.btf if kernel.has_btf else None))
    lister = _Lister(scope, load_probe_kinds(), verbose=known.verbose)
    if not (known.glob or "").strip(":"):
        status = lister.summarize()
    elif _is_script(known.glob):
        status = lister.list_script(known.glob)
    else:
        status = lister.list_matching(known.glob)
    # Here, so that a reader who has seen enough is noticed where that is expected.
    sys.stdout.flush()
    return status


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(
        prog="tracelang list",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("glob", nargs="?", metavar="GLOB", help="which targets, or a script file")
    parser.add_argument("-v", dest="verbose", action="store_true", help="with their typed fields")
    options.add_kernel(parser)
    return parser


def _is_script(text: str) -> bool:
    return text.endswith(".trace") or ("/" in text and ":" not in text) or Path(text).is_file()


class _Lister:
    """Lists targets of one kernel."""

    def __init__(self, scope: TargetScope, kinds: Registry[ProbeKind], *, verbose: bool) -> None:
        self._scope = scope
        self._kinds = kinds
        self._verbose = verbose

    # --- By glob ---------------------------------------------------------------------------------

    def list_matching(self, text: str) -> int:
        """Print the targets that match; T202 when there are none."""
        glob = TargetGlob(text, self._kinds)
        kinds = self._offered(glob.kinds)
        found = False
        for kind in kinds:
            for name in glob.find(kind, self._scope):
                found = True
                print(name)
                if self._verbose:
                    self._print_fields(kind, name)
        if not found:
            raise self._nothing(text, glob, kinds)
        return 0

    def _offered(self, kinds: Iterable[ProbeKind]) -> list[ProbeKind]:
        """Return the kinds this kernel can do; say on standard error why the others are missing."""
        offered: list[ProbeKind] = []
        missing: dict[str, list[str]] = {}
        refused: dict[str, list[str]] = {}
        for kind in kinds:
            offer = find_offer(kind.name, self._scope.kernel.features)
            if offer.usable or offer.by_rights:
                offered.append(kind)
            if not offer.usable:
                (refused if offer.by_rights else missing).setdefault(offer.reason, []).append(
                    kind.name
                )
        for reason, names in missing.items():
            options.warn(f"{', '.join(names)}: none, this kernel has {reason}")
        for reason, names in refused.items():
            options.warn(f"{', '.join(names)}: not usable now: {reason}")
        return offered

    def _print_fields(self, kind: ProbeKind, name: str) -> None:
        try:
            places = resolve_full_name(kind, name, self._scope)
        except DiagnosticError as error:
            print(f"    (unknown: {error.diagnostics[0].message})")
            return
        for line in describe_fields(places[0]):
            print(f"    {line}")

    def _nothing(self, text: str, glob: TargetGlob, kinds: list[ProbeKind]) -> DiagnosticError:
        if not kinds:
            instead = "see what there is: `tracelang list`"
            return fail(
                "T202", f"this machine offers nothing that matches `{text}`", help=[instead]
            )
        # The last part is what is mistyped most; suggestions must be names that exist.
        wanted = glob.wanted.rpartition(":")[2].strip("*?")
        names = chain.from_iterable(k.names(self._scope) for k in kinds)
        by_last: dict[str, str] = {}
        for name in names:
            by_last.setdefault(name.rpartition(":")[2], name)
        near = [by_last[n] for n in nearest(wanted, by_last)] if wanted else []
        if wanted in by_last:
            near.insert(0, by_last[wanted])
        help_ = [f"did you mean {' or '.join(f'`{n}`' for n in near[:3])}?"] if near else []
        help_.append("see the kinds of target: `tracelang list`")
        return fail("T202", f"no target of this machine matches `{text}`", help=help_)

    # --- A script --------------------------------------------------------------------------------

    def list_script(self, path: str) -> int:
        """Print the targets a script means here; return the worst exit status of its rules."""
        # Late: only this needs the parser, which costs start-up.
        from tracelang.cli.script_targets import resolve_script
        from tracelang.render import show

        worst = 0
        for answer in resolve_script(read_inputs([path])[0], self._kinds, self._scope):
            if isinstance(answer, DiagnosticError):
                sys.stdout.flush()
                show(answer.diagnostics)
                worst = max(worst, answer.status)
                continue
            print(answer.probe)
            if self._verbose:
                for line in describe_fields(answer):
                    print(f"    {line}")
        return worst

    # --- The kinds -------------------------------------------------------------------------------

    def summarize(self) -> int:
        """Print what each kind is and how many targets of it there are."""
        kinds = list(self._kinds)
        width = max(len(kind.form) for kind in kinds) + 2
        for kind in kinds:
            aliases = f" (or {', '.join(f'{a}:' for a in kind.aliases)})" if kind.aliases else ""
            print_fitted(f"{kind.form:<{width}}{kind.summary}{aliases}")
            print_fitted(f"{'':<{width}}{self._count(kind)}")
            print_fitted(f"{'':<{width}}e.g. {kind.example}\n")
        print("`tracelang list GLOB` lists them: try `tracelang list 'tracepoint:sched:*'`.")
        return 0

    def _count(self, kind: ProbeKind) -> str:
        offer = find_offer(kind.name, self._scope.kernel.features)
        if not offer.usable and not offer.by_rights:
            return f"none here: this kernel has {offer.reason}"
        count = _UNCOUNTED.get(kind.name) or f"{sum(1 for _ in kind.names(self._scope)):,} here"
        return count if offer.usable else f"{count}, not usable now: {offer.reason}"


_UNCOUNTED: Final = {
    "uprobe": "every program and library: `tracelang list 'uprobe:BINARY:*'`",
    "uretprobe": "every program and library: `tracelang list 'uprobe:BINARY:*'`",
    "usdt": "those that programs were built with: `tracelang list 'usdt:BINARY:*'`",
    "profile": "any rate or period",
    "interval": "any period",
}
"""What is said of kinds whose targets cannot be counted."""
