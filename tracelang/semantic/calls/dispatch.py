"""Function calls: which function a name means, and what a script may call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tracelang.diagnostics import DiagnosticError, fail
from tracelang.registry import did_you_mean, nearest
from tracelang.semantic import aggregates, prelude
from tracelang.semantic.calls.decoding import (
    resolve_decoder,
    resolve_enum,
    resolve_ip,
    resolve_join,
    resolve_path,
    resolve_port,
    resolve_prelude_function,
    resolve_table,
)
from tracelang.semantic.calls.memory import resolve_buf, resolve_str
from tracelang.semantic.calls.stacks import resolve_stack, resolve_usym
from tracelang.semantic.calls.typing import (
    resolve_cast,
    resolve_container_of,
    resolve_first_of,
    resolve_symbol,
)
from tracelang.semantic.expressions import (
    Expression,
)
from tracelang.semantic.names import Resolves
from tracelang.syntax import ast


def resolve_call(call: ast.Call, resolver: Resolves) -> Expression:
    """Return the value of a call, or raise what is wrong with it."""
    scope = resolver.scope.script
    if call.function in scope.tables:
        return resolve_table(call, scope.tables[call.function], resolver)
    if call.function in _FORMS:
        return _FORMS[call.function](call, resolver)
    if call.function in prelude.FUNCTIONS:
        return resolve_prelude_function(call, resolver)
    decoder = scope.decoders.get(call.function)
    if decoder is not None and decoder.example:
        return resolve_decoder(call, decoder, resolver)
    raise _unknown_function(call, resolver)


def function_names(resolver: Resolves) -> tuple[str, ...]:
    """Return every function a script may call in the resolver's scope."""
    script = resolver.scope.script
    words = tuple(d.name for d in script.decoders if d.example)
    return (*_FORMS, *prelude.FUNCTIONS, *words, *script.tables)


def _unknown_function(call: ast.Call, resolver: Resolves) -> DiagnosticError:
    if call.function in aggregates.FUNCTIONS:
        return fail(
            "T220",
            f"`{call.function}` is an aggregate; it stands in an `aggregate` clause",
            call.function_span,
            help=[f"write `aggregate {call.function}(…) by …`"],
        )
    near = nearest(call.function, function_names(resolver))
    hint = did_you_mean(near)
    if not hint:
        hint = [f"the functions are: {', '.join(sorted(function_names(resolver)))}"]
    return fail("T220", f"there is no function `{call.function}`", call.function_span, help=hint)


_FORMS: Final[Mapping[str, Callable[[ast.Call, Resolves], Expression]]] = {
    "str": resolve_str,
    "buf": resolve_buf,
    "cast": resolve_cast,
    "container_of": resolve_container_of,
    "symbol": resolve_symbol,
    "first_of": resolve_first_of,
    "ip": resolve_ip,
    "port": resolve_port,
    "enum": resolve_enum,
    "join": resolve_join,
    "path": resolve_path,
    "kstack": resolve_stack,
    "ustack": resolve_stack,
    "usym": resolve_usym,
}
