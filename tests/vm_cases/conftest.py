"""Runs the tests of this folder in the guest, all in one boot, each shown as a test of the host.

On the host every collected test is replaced by a `GuestTest` that waits for its result. In the
guest, where `TRACELANG_GUEST` names the file for the results, the tests run as they stand and this
file writes them down.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from shlex import quote

import pytest

from tests.vm.guest import SHARED_INSIDE, Guest, GuestError
from tests.vm.machine import why_no_guest

_HERE = Path(__file__).parent
_REPORTS = "reports.jsonl"
_RUN = pytest.StashKey["GuestRun"]()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On the host, let each test still selected stand for its result in the guest."""
    if "TRACELANG_GUEST" in os.environ:
        return
    chosen = [item for item in items if _HERE in item.path.parents]
    config.stash[_RUN] = GuestRun([item.nodeid for item in chosen])
    items[:] = [GuestTest.standing_for(item) if item in chosen else item for item in items]


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Boot before the first test: the guest runs beside all the tests of the host."""
    run = session.config.stash.get(_RUN, None)
    if run is not None and not session.config.option.collectonly and why_no_guest() is None:
        run.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the guest, also after Ctrl-C."""
    run = config.stash.get(_RUN, None)
    if run is not None:
        run.close()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """In the guest, write down a phase's outcome for the host."""
    destination = os.environ.get("TRACELANG_GUEST")
    if destination is None:
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longreprtext
    line = {
        "test": report.nodeid,
        "phase": report.when,
        "outcome": "xfailed" if report.skipped and hasattr(report, "wasxfail") else report.outcome,
        "text": reason,
        "output": [list(section) for section in report.sections],
    }
    with Path(destination).open("a") as file:
        file.write(json.dumps(line) + "\n")


class GuestTest(pytest.Item):
    """Stands on the host for a test that runs in the guest."""

    @classmethod
    def standing_for(cls, item: pytest.Item) -> GuestTest:
        """Return the stand-in of a collected test, without its marks: the guest obeys those."""
        assert item.parent is not None
        stand_in: GuestTest = cls.from_parent(item.parent, name=item.name)
        stand_in.add_marker("vm")
        return stand_in

    def runtest(self) -> None:
        """Wait for the test's result and take it on."""
        outcome, text, output = self.config.stash[_RUN].wait_for(self.nodeid)
        for title, section in output:
            self.add_report_section("call", f"guest, {title}", section)
        if outcome == "skipped":
            pytest.skip(text)
        if outcome == "xfailed":
            pytest.xfail(text)
        if outcome == "failed":
            raise GuestTestError(text)

    def repr_failure(  # type: ignore[override] # the base class's union of internal types
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> object:
        """Show the guest's own account of a failure instead of where it was passed on."""
        if isinstance(excinfo.value, (GuestTestError, GuestError)):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Say where the test stands."""
        return self.path, None, self.name


class GuestTestError(Exception):
    """A test failed in the guest; the message is the guest's report of it."""


class GuestRun:
    """The one boot that runs all chosen tests."""

    def __init__(self, tests: list[str]) -> None:
        self._tests = tests
        self._guest: Guest | None = None

    def start(self) -> None:
        """Boot, if there is anything to run and it has not been done."""
        if self._tests and self._guest is None:
            self._guest = self._boot()

    def wait_for(self, test: str) -> tuple[str, str, list[tuple[str, str]]]:
        """Return a test's outcome, text and captured output; `GuestError` if the guest died."""
        self.start()
        guest = self._guest
        assert guest is not None
        while True:
            # Asked before reading, so that the last results of an ended guest are seen.
            ended = not guest.running
            result = _result_of(test, guest.read(_REPORTS))
            if result is not None:
                return result
            if ended:
                raise GuestError(f"the guest ended without this result\n{guest.last_words()}")
            _check_time(guest)
            time.sleep(0.2)

    def close(self) -> None:
        """End the guest if it runs."""
        if self._guest is not None:
            self._guest.close()

    def _boot(self) -> Guest:
        pytest_command = f"{quote(sys.executable)} -m pytest -p no:cacheprovider --tb=short -q"
        return Guest(
            # A kernel command line would be too short for all their names.
            f"{pytest_command} @{SHARED_INSIDE}/tests",
            files={"tests": "\n".join(self._tests), _REPORTS: ""},
            environment={
                "TRACELANG_GUEST": f"{SHARED_INSIDE}/{_REPORTS}",
                "TRACELANG_REQUIRE": "vm",
            },
        )


def _check_time(guest: Guest) -> None:
    try:
        guest.check_time()
    except GuestError:
        guest.kill()
        raise


def _result_of(test: str, reports: str) -> tuple[str, str, list[tuple[str, str]]] | None:
    """Return a test's result from the report file's complete lines, None if it has not ended."""
    lines = [json.loads(line) for line in reports.split("\n")[:-1]]
    phases = [line for line in lines if line["test"] == test]
    if not any(line["phase"] == "teardown" for line in phases):
        return None
    decisive = next((p for p in phases if p["outcome"] != "passed"), phases[0])
    output: Iterable[tuple[str, str]] = ((title, text) for title, text in decisive["output"])
    return decisive["outcome"], decisive["text"], list(output)
