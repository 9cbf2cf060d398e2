"""A whole script in words: its options, its rules one by one, and the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tracelang.explain.rule import Explainer, RuleText
from tracelang.launch.options import default_buffer
from tracelang.syntax import ast

if TYPE_CHECKING:
    from tracelang.pipeline import Compilation
    from tracelang.plan.process_filter import ProcessFilter
    from tracelang.render import Painter

_BOLD: Final = "1"
_SECOND: Final = 10**9


def explain_script(compilation: Compilation, buffer: int | None, paint: Painter) -> Iterator[str]:
    """Yield the lines of the explanation; `buffer` is the size asked for, if one is."""
    kernel, model, plan = compilation.kernel, compilation.model, compilation.plan
    yield f"{compilation.name} on Linux {kernel.release} ({kernel.architecture})"
    for param in model.params:
        value = compilation.options.binding.arguments.get(param.name, param.default)
        yield f"  option --{param.name.replace('_', '-')} is {value}: a constant in the program"
    written = [
        item for item in compilation.ast.items if isinstance(item, ast.ProbeRule | ast.SpanRule)
    ]
    explainer = Explainer(kernel, compilation.decoders, compilation.options.binding.prefer)
    for rule in model.rules:
        text = RuleText(written[rule.number], rule, plan.outputs[rule.number])
        span = rule.span
        head = f"rule {rule.number + 1}" + (
            f", line {span.line}" if "\n" in span.source.text.strip() else ""
        )
        yield ""
        yield paint(head, _BOLD)
        yield from explainer.explain(text)
    yield ""
    yield paint("the run", _BOLD)
    yield f"  processes  {_processes(compilation.options.processes)}"
    for call in model.calls:
        places = f"{len(call.entries):,} entr{'y' if len(call.entries) == 1 else 'ies'}"
        yield f"  watched    {call.written}: {places} and the return of each; threads that end"
    yield f"  transport  {_transport(plan.transport, buffer or default_buffer())}"
    yield f"  ends       {_end(plan.stop_after, plan.stop_events)}"


def _processes(wanted: ProcessFilter) -> str:
    parts = []
    if wanted.follow:
        parts.append("those followed: the processes named and their descendants")
    elif wanted.pid:
        parts.append("the process that `-p` names, its number filled in at loading")
    if wanted.cgroup is not None:
        parts.append(f"members of the cgroup with id {wanted.cgroup} and of those below it")
    if wanted.comm is not None:
        parts.append(f"tasks called `{wanted.comm}`")
    if not parts:
        return "all"
    return f"{', and '.join(parts)}; judged first, in the kernel"


def _transport(name: str, size: int) -> str:
    amount = f"{size // (1 << 20)} MiB" if size >= 1 << 20 else f"{size:,} bytes"
    if name == "ring":
        return (
            f"a ring buffer of {amount} for all processors, emptied by a timer; losses are counted"
        )
    return f"perf buffers of {amount} together, one for each processor; losses are counted"


def _end(after: int | None, events: int | None) -> str:
    parts = []
    if after is not None:
        parts.append(f"after {after / _SECOND:g} s")
    if events is not None:
        parts.append(f"after {events:,} events")
    return " or ".join([*parts, "by Ctrl-C"])
