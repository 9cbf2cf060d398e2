"""The fixtures all tests share, and which tests this machine runs.

`live` tests run where root and a kernel with BTF are. With `TRACELANG_REQUIRE=live,vm,packaging` a
test of these marks that is skipped although the machine could run it fails: CI runs them so.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from tests import features
from tests.processes import TracelangCommand, Workloads
from tests.vm.machine import why_no_guest

_HERE = Path(__file__).parent
_MARK_OF_FOLDER = {"live": "live", "vm": "vm", "vm_cases": "vm", "packaging": "packaging"}
_EXCUSED = pytest.StashKey[bool]()


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark every test of a folder named after a mark."""
    folder = item.path.relative_to(_HERE).parts[0] if item.path.is_relative_to(_HERE) else ""
    if folder in _MARK_OF_FOLDER:
        item.add_marker(_MARK_OF_FOLDER[folder])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what this machine cannot run, saying why and how to force it."""
    inside = "TRACELANG_GUEST" in os.environ
    if item.get_closest_marker("vm") and not inside:
        if reason := why_no_guest():
            item.stash[_EXCUSED] = platform.machine() != "x86_64"
            pytest.skip(f"no guest: {reason}; TRACELANG_REQUIRE=vm makes this a failure")
        return
    if item.get_closest_marker("live") or inside:
        _skip_without_kernel(item)
    needs = item.get_closest_marker("needs")
    if needs and (lacking := features.lacking(needs.args)):
        item.stash[_EXCUSED] = True
        pytest.skip(
            f"this kernel does not offer {', '.join(lacking)}; tests/vm_cases runs on one that does"
        )


def _skip_without_kernel(item: pytest.Item) -> None:
    if reason := features.why_incapable():
        item.stash[_EXCUSED] = True
        pytest.skip(f"not live: {reason}")
    if reason := features.why_unprepared():
        pytest.skip(f"not live: {reason}; TRACELANG_REQUIRE=live makes this a failure")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure where the mark is required and the machine has no excuse."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and not item.stash.get(_EXCUSED, False):
        marks = [mark for mark in _required_marks() if item.get_closest_marker(mark)]
        if marks:
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"TRACELANG_REQUIRE={marks[0]}, yet: {reason}"
    return report


def _required_marks() -> list[str]:
    return [mark for mark in os.environ.get("TRACELANG_REQUIRE", "").split(",") if mark]


@pytest.fixture(scope="session")
def require_root() -> None:
    """Skip a test outside tests/live that needs root."""
    if os.geteuid() != 0:
        pytest.skip("not root; run it as root")


@pytest.fixture(scope="session")
def tracelang(tmp_path_factory: pytest.TempPathFactory) -> TracelangCommand:
    """The `tracelang` command as a real process: `tracelang("check", path).status`.

    Its build cache is the test run's own, so no test depends on what an earlier run left.
    """
    return TracelangCommand({"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))})


@pytest.fixture
def workloads(tmp_path: Path) -> Iterator[Workloads]:
    """Starts small processes to be traced, and ends them with the test."""
    with Workloads(tmp_path) as started:
        yield started
