"""Compiling by bcc: what comes back, and everything that LLVM and the machine may do instead."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.attach_program import FACTS
from tests.processes import SLOWNESS
from tracelang.build import object as data
from tracelang.build.compile import BuildRequest, Compiler
from tracelang.build.headers import HeaderFacts
from tracelang.build.object import ConstantReference, MapReference
from tracelang.diagnostics import Diagnostic, DiagnosticError
from tracelang.source import SourceFile, Span

SCRIPT = SourceFile("opens.trace", "probe syscall:openat\n  where foo\n  capture pid\n")
RULE = Span(SCRIPT, 0, 20)
RING = "BPF_RINGBUF_OUTPUT(events, 16);\n"
GOOD = (
    RING
    + """
int rule_1(void *ctx)
{
  u64 *event = events.ringbuf_reserve(8);
  if (!event) return 0;
  *event = bpf_pseudo_fd(0, 0x7ace0001) + 5;
  events.ringbuf_submit(event, 2);
  return 0;
}
"""
)
STACK = """
int rule_1(void *ctx)
{
  volatile char text[600];
  for (int i = 0; i < 600; i++) text[i] = i;
  return text[bpf_get_smp_processor_id() & 255];
}
"""
SIGNED_DIVISION = "int rule_1(void *ctx) { s64 n = bpf_ktime_get_ns(); return n / (n - 3); }"


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Compiler]:
    """A compiler whose directories are the test's; none may be left."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with Compiler() as started:
        yield started
    assert list(tmp_path.iterdir()) == []


def request(text: str, *cflags: str, headers: HeaderFacts = FACTS) -> BuildRequest:
    return BuildRequest(text, headers, cflags, (SCRIPT,), {"rule_1": RULE})


def refusal(compiler: Compiler, text: str) -> tuple[Diagnostic, int]:
    with pytest.raises(DiagnosticError) as caught:
        compiler.build(request(text))
    return caught.value.diagnostics[0], caught.value.status


def test_a_program_comes_with_its_maps_and_constants(compiler: Compiler) -> None:
    built = compiler.build(request(GOOD))
    (program,) = built.programs
    (ring,) = built.maps
    assert (ring.name, ring.type, ring.max_entries) == ("events", 27, 16 * FACTS.page_size)
    assert (program.name, program.maps) == ("rule_1", (MapReference(0, "events"),))
    assert program.constants == (ConstantReference(6, 1),)
    assert len(program.instructions) % 8 == 0
    assert compiler.warnings == ()


def test_the_headers_facts_reach_the_code(compiler: Compiler) -> None:
    text = """
#include <uapi/linux/ptrace.h>
_Static_assert(sizeof(struct pt_regs) == 24, "");
_Static_assert(PAGE_SIZE == 16384, "");
_Static_assert(LINUX_VERSION_CODE == KERNEL_VERSION(5, 10, 7), "");
#ifndef CONFIG_ARCH_HAS_SYSCALL_WRAPPER
int plain(void *ctx) { return 0; }
#else
int wrapped(void *ctx) { return 0; }
#endif
"""
    registers = "struct pt_regs { unsigned long a, b, c; };"
    for wrapper, name in ((True, "wrapped"), (False, "plain")):
        facts = HeaderFacts(16384, 0x050A07, wrapper, registers)
        assert [p.name for p in compiler.build(request(text, headers=facts)).programs] == [name]


def test_builds_are_the_same_every_time(compiler: Compiler) -> None:
    assert compiler.build(request(GOOD)) == compiler.build(request(GOOD))


def test_flags_reach_clang(compiler: Compiler) -> None:
    built = compiler.build(request("int N(void *ctx) { return 0; }", "-DN=rule_9"))
    assert built.programs[0].name == "rule_9"


def test_bccs_own_headers_cause_no_warnings_but_the_code_may(compiler: Compiler) -> None:
    compiler.build(request('#line 2 "opens.trace"\nint rule_1(void *ctx) { int i; return 0; }'))
    (warning,) = compiler.warnings
    assert (warning.file, warning.line, warning.severity) == ("opens.trace", 2, "warning")


def test_a_syntax_error_points_at_the_scripts_line(
    compiler: Compiler, capfd: pytest.CaptureFixture[str]
) -> None:
    bad = 'int rule_1(void *ctx)\n{\n#line 2 "opens.trace"\n  return foo + ;\n}'
    diagnostic, status = refusal(compiler, bad)
    assert (diagnostic.code, status) == ("T401", 1)
    assert diagnostic.primary is not None
    assert diagnostic.primary.span.text == "where foo"
    assert capfd.readouterr() == ("", "")


def test_a_stack_too_large_is_the_rules(
    compiler: Compiler, capfd: pytest.CaptureFixture[str]
) -> None:
    diagnostic, status = refusal(compiler, STACK)
    assert (diagnostic.code, status) == ("T402", 1)
    assert diagnostic.primary is not None
    assert diagnostic.primary.span is RULE
    assert capfd.readouterr() == ("", "")


def test_llvm_aborting_is_a_defect_with_a_report(
    compiler: Compiler, capfd: pytest.CaptureFixture[str]
) -> None:
    diagnostic, status = refusal(compiler, SIGNED_DIVISION)
    assert (diagnostic.code, status) == ("T901", 70)
    assert any("sdiv" in note for note in diagnostic.notes)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "#include <linux/sched.h>\nint rule_1(void *ctx) { return 0; }",
        "int rule_1(void *ctx) { return nonsense; }",
        "extern int elsewhere(int); int rule_1(void *ctx) { return elsewhere(1); }",
    ],
)
def test_generated_code_that_does_not_compile_is_a_defect(compiler: Compiler, text: str) -> None:
    diagnostic, status = refusal(compiler, text)
    assert (diagnostic.code, status) == ("T901", 70)
    assert diagnostic.notes


@pytest.mark.parametrize("bad", [STACK, SIGNED_DIVISION, "int rule_1("])
def test_the_next_build_works_whatever_the_last_one_did(compiler: Compiler, bad: str) -> None:
    good = compiler.build(request(GOOD))
    refusal(compiler, bad)
    assert compiler.build(request(GOOD)) == good


READS = """
BPF_PERF_OUTPUT(samples);
BPF_PERCPU_ARRAY(counts, u64, 3);
int rule_1(void *ctx)
{
  u64 value = 0;
  bpf_probe_read_kernel(&value, sizeof(value), ctx);
  bpf_probe_read_user(&value, sizeof(value), (void *)value);
  samples.perf_submit(ctx, &value, sizeof(value));
  return 0;
}
"""


def _code(built: data.BuiltObject) -> bytes:
    """Return the only program's code without the descriptors of maps, which differ by process."""
    (program,) = built.programs
    code = bytearray(program.instructions)
    for reference in program.maps:
        code[reference.instruction * 8 + 4 : reference.instruction * 8 + 8] = bytes(4)
    return bytes(code)


def test_the_compiler_sees_its_directory_only_and_needs_no_right_to_that(
    compiler: Compiler, tmp_path: Path
) -> None:
    # libbcc reads the whole list of symbols each time, unless it finds a shorter one.
    built = compiler.build(request(READS))
    (child,) = children()
    (directory,) = tmp_path.glob("tracelang-*")
    assert Path(f"/proc/{child}/root").readlink() == directory
    listed = (directory / "proc/kallsyms").read_text().splitlines()
    assert 0 < len(listed) < 100
    assert any(line.split()[2] == "bpf_probe_read_kernel" for line in listed)
    python = directory / "work" / "python"
    python.write_text(f'#!/bin/sh\nexec setpriv --bounding-set=-sys_chroot {sys.executable} "$@"\n')
    python.chmod(0o755)
    with Compiler(python=str(python)) as confined:
        same = confined.build(request(READS))
        assert (same.maps, _code(same)) == (built.maps, _code(built))
        (other,) = set(children()) - {child}
        assert Path(f"/proc/{other}/root").readlink() == Path("/")


def test_a_compiler_that_is_killed_is_replaced(compiler: Compiler) -> None:
    compiler.build(request(GOOD))
    (child,) = children()
    os.kill(child, signal.SIGKILL)
    diagnostic, status = refusal(compiler, GOOD)
    assert (diagnostic.code, status) == ("T313", 3)
    assert compiler.build(request(GOOD)).programs


def test_a_compiler_that_takes_too_long_is_stopped() -> None:
    with Compiler(time_limit=0.001) as compiler:
        diagnostic, status = refusal(compiler, GOOD)
        assert (diagnostic.code, status) == ("T314", 3)
        assert children() == []


def test_a_directory_that_cannot_be_made_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    with pytest.raises(DiagnosticError) as caught:
        Compiler().start()
    assert caught.value.diagnostics[0].code == "T315"
    assert str(tmp_path) in caught.value.diagnostics[0].notes[0]


def test_closing_may_be_repeated_and_starting_again_too() -> None:
    compiler = Compiler()
    compiler.close()
    compiler.start()
    try:
        compiler.start()
        assert len(children()) == 1
    finally:
        compiler.close()
    compiler.close()
    assert children() == []


def test_another_project_called_bcc_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "bcc"
    package.mkdir()
    (package / "__init__.py").write_text("import a_dependency_that_is_not_here\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Compiler() as compiler:
        diagnostic, status = refusal(compiler, GOOD)
    assert (diagnostic.code, status) == ("T311", 3)
    assert str(package) in diagnostic.notes[0]
    assert "pip uninstall bcc" in diagnostic.help[0]


def test_bcc_without_its_library_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "bcc"
    package.mkdir()
    (package / "__init__.py").write_text("from .libbcc import lib\n")
    (package / "libbcc.py").write_text("import ctypes\nlib = ctypes.CDLL('libnone.so.0')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Compiler() as compiler:
        diagnostic, status = refusal(compiler, GOOD)
    assert (diagnostic.code, status) == ("T310", 3)
    assert "libnone.so.0" in diagnostic.notes[0]


def test_a_virtual_environment_that_does_not_see_bcc_is_recognised(tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=False)
    with Compiler(python=str(tmp_path / "venv/bin/python")) as compiler:
        diagnostic, status = refusal(compiler, GOOD)
    assert (diagnostic.code, status) == ("T310", 3)
    assert any("python3-bpfcc" in h or "--system-site-packages" in h for h in diagnostic.help)


BUILD_WITHOUT_RIGHTS = """
import sys
from tests.live.test_build_live import GOOD, request
from tracelang.build.compile import Compiler
from tracelang.diagnostics import DiagnosticError
with Compiler() as compiler:
    try:
        compiler.build(request(GOOD))
    except DiagnosticError as error:
        print(error.diagnostics[0].code, *error.diagnostics[0].notes, *error.diagnostics[0].help)
"""


def test_missing_rights_are_told_with_the_remedy() -> None:
    nobody = 65534
    result = subprocess.run(
        [sys.executable, "-c", BUILD_WITHOUT_RIGHTS],
        user=nobody,
        group=nobody,
        extra_groups=[],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.startswith("T312 it lacks CAP_PERFMON and CAP_BPF")
    assert "sudo" in result.stdout
    assert result.stderr == ""


START_AND_WAIT = """
import tempfile, time
from tracelang.build.compile import Compiler
Compiler().start()
print(flush=True)
time.sleep(600)
"""


def test_the_compiler_does_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT],
        stdout=subprocess.PIPE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        parent.stdout.readline()
        assert len(list(tmp_path.iterdir())) == 1
        (child,) = children(parent.pid)
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 10 * SLOWNESS
    process = Path(f"/proc/{child}/cwd")
    while (list(tmp_path.iterdir()) or process.exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert list(tmp_path.iterdir()) == []
    assert not process.exists()


def children(parent: int | None = None) -> list[int]:
    """The compiler processes of this or another process."""
    found = Path(f"/proc/{parent or os.getpid()}/task/{parent or os.getpid()}/children")
    return [pid for pid in map(int, found.read_text().split()) if is_compiler(pid)]


def is_compiler(pid: int) -> bool:
    command = Path(f"/proc/{pid}/cmdline")
    while not command.read_bytes():
        if b"Z (zombie)" in Path(f"/proc/{pid}/status").read_bytes():
            return False  # of another test, which has not asked yet how it ended
        time.sleep(0.001)  # the kernel is still setting up the arguments
    return b"worker.py" in command.read_bytes()


def test_the_result_is_plain_data(compiler: Compiler) -> None:
    built = compiler.build(request(GOOD))
    names = {name: getattr(data, name) for name in dir(data)}
    assert eval(repr(built), names) == built
