"""`tracelang describe`: whatever a name stands for, in the kernel or in the language."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Final

from tracelang.cli import options
from tracelang.cli.describe_constant import describe_constant
from tracelang.cli.describe_target import describe_target, describe_targets_of
from tracelang.cli.describe_type import describe_type
from tracelang.decoders import load_decoders
from tracelang.diagnostics import DiagnosticError, fail
from tracelang.kernel.view import KernelView
from tracelang.launch.kernels import open_kernel
from tracelang.probes import load_probe_kinds
from tracelang.registry import nearest
from tracelang.render import print_fitted
from tracelang.semantic.probe_kind import TargetScope
from tracelang.semantic.type_table import TypeTable
from tracelang.semantic.words import WORDS

_DESCRIPTION: Final = """\
Say what a name stands for. NAME may be

  struct sock, union …, enum …     a type of the kernel; `sock` alone will do
  struct sock.__sk_common          a member, followed as far as you like
  tcp_connect                      a kernel function, and how it can be probed here
  sched:sched_switch               a tracepoint with its fields
  syscall:openat, kprobe:vfs_open  any target
  TCP_ESTABLISHED, ENOENT          a constant
  comm, ip, where                  a word of the language"""


def build_parser() -> options.Parser:
    """Return the parser of the command's options."""
    parser = options.Parser(
        prog="tracelang describe",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("name", nargs="+", metavar="NAME", help="what to describe")
    options.add_kernel(parser)
    return parser


def execute(arguments: list[str], running: KernelView | None = None) -> int:
    """Run the command; return its exit status. `running` is this kernel, if it is open already."""
    known = build_parser().parse_args(arguments)
    kernel = open_kernel(known.kernel, running)
    scope = TargetScope(kernel, TypeTable(kernel.btf if kernel.has_btf else None))
    name = " ".join(" ".join(known.name).split())
    found = list(describe(name, scope))
    if not found:
        raise _unknown(name, scope)
    print_fitted("\n\n".join(found))
    sys.stdout.flush()
    return 0


def describe(name: str, scope: TargetScope) -> Iterator[str]:
    """Yield a paragraph for each thing the name stands for: the language's own first."""
    if ":" in name:
        yield describe_target(name, scope)
        return
    word = _describe_word(name)
    if word is not None:
        yield word
    yield from describe_type(name, scope)
    yield from describe_constant(name, scope)
    yield from describe_targets_of(name, scope)


def _describe_word(name: str) -> str | None:
    word = WORDS.get(name)
    if word is not None:
        return _word(word.form, word.summary, word.example)
    kind = next((k for k in load_probe_kinds() if k.name == name), None)
    if kind is not None:
        return _word(kind.form, kind.summary, kind.example)
    decoder = load_decoders().get(name)
    if decoder is None or not decoder.example:
        return None
    more = "".join(f", {p.value.upper().replace(' ', '_')}" for p in decoder.parameters)
    return _word(f"{name}(VALUE{more})", decoder.summary, decoder.example)


def _word(form: str, summary: str, example: str) -> str:
    return f"{form}\n    {summary}\n    e.g. {example}"


def _unknown(name: str, scope: TargetScope) -> DiagnosticError:
    bare = name.partition(" ")[2] or name
    near = nearest(bare.partition(".")[0], _known_names(name.partition(" ")[0], scope))
    help_ = [f"did you mean {' or '.join(f'`{n}`' for n in near)}?"] if near else []
    notes = []
    if scope.types.btf is None:
        notes.append("this kernel does not describe its types (no BTF)")
    return fail("T235", f"nothing is called `{name}` here", notes=notes, help=help_)


def _known_names(keyword: str, scope: TargetScope) -> Iterator[str]:
    btf = scope.types.btf
    if btf is not None and keyword in ("struct", "union", "enum"):
        yield from btf.names(keyword)
        return
    yield from WORDS
    yield from (d.name for d in load_decoders() if d.example)
    yield from scope.kernel.syscalls()
    yield from (event for _, event in scope.kernel.tracepoints())
    if btf is not None:
        for kind in ("struct", "union", "enum", "typedef", "function"):
            yield from btf.names(kind)
    yield from (kind.name for kind in load_probe_kinds())
