"""The proof of `doctor`: a small program is compiled, loaded and run, as those of scripts are."""

from __future__ import annotations

import os
from typing import Final

from tracelang.build.compile import BuildRequest, Compiler
from tracelang.build.headers import HeaderFacts
from tracelang.build.object import BuiltObject
from tracelang.cli.finding import Finding, Verdict
from tracelang.diagnostics import DiagnosticError
from tracelang.kernel.view import KernelView
from tracelang.mechanism import Mechanism
from tracelang.runtime.bpf import run_program
from tracelang.runtime.libbcc import Libbcc
from tracelang.runtime.load import load_program
from tracelang.runtime.maps import create_maps

_GROUP: Final = "proof"
_NAME: Final = "a program"
_ANSWER: Final = 42
_PROGRAM: Final = """
BPF_PERCPU_ARRAY(counts, u64, 1);
int trial(void *ctx)
{
  u32 zero = 0;
  u64 *count = counts.lookup(&zero);
  if (!count) return 0;
  *count += 1;
  return bpf_pseudo_fd(0, 0x7ace0001);
}
"""
"""Its answer is constant 1, filled in when it is loaded."""


def try_tracing(kernel: KernelView) -> Finding:
    """Compile, load and run a program that counts in a map; MISSING where any of it fails."""
    facts = HeaderFacts(
        kernel.page_size, kernel.version_code, kernel.features.syscall_wrapper.present
    )
    try:
        with Compiler() as compiler:
            built = compiler.build(BuildRequest(_PROGRAM, facts))
        answer = _load_and_run(built)
    except DiagnosticError as error:
        problem = error.diagnostics[0]
        detail = "; ".join((problem.message, *problem.notes))
        return _missing(detail, problem.help[0] if problem.help else "")
    except OSError as error:
        return _missing(error.strerror or str(error), "")
    if answer != _ANSWER:
        return _missing(f"the program answers {answer} instead of {_ANSWER}", "")
    return Finding(_GROUP, _NAME, Verdict.OK, "compiled, loaded and run")


def _load_and_run(built: BuiltObject) -> int:
    library = Libbcc()
    maps = create_maps(library, built.maps)
    try:
        descriptors = {name: map_.fd for name, map_ in maps.items()}
        constants = {1: _ANSWER}
        program = load_program(library, built.programs[0], Mechanism.RUN, descriptors, constants)
        try:
            return run_program(program)
        finally:
            os.close(program)
    finally:
        for map_ in maps.values():
            map_.close()


def _missing(detail: str, remedy: str) -> Finding:
    return Finding(_GROUP, _NAME, Verdict.MISSING, detail, remedy)
