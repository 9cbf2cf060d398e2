"""Boots a guest with Debian's own kernel and runs commands in it.

The guest sees this machine's root file system, read-only but for `/tmp`, `/run`, `/var` and `/etc`,
where what it writes is forgotten with it. So the same checkout, `.venv` and bcc serve inside. The
processor is emulated: Python runs there 10 to 20 times slower than here.
"""

from __future__ import annotations

import compileall
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import Final, Self

from tests.vm.machine import launcher, newest_kernel, why_no_guest

BOOT_TIMEOUT: Final = 180.0
"""Seconds until the guest must have started the command; booting takes 10 to 30."""
RUN_TIMEOUT: Final = 1200.0
"""Seconds until the guest must have ended, booting included; other tests may run beside it."""
SHARED_INSIDE: Final = "/run/tracelang-shared"
"""Where the guest finds the directory `Guest.shared`."""

_ROOT: Final = Path(__file__).parents[2]
_INIT: Final = Path(__file__).with_name("guest-init.sh")
# What lies in the host's own directories may belong to somebody else, even for the guest's root.
_ENVIRONMENT: Final = {
    "HOME": "/run/tracelang-home",
    "TMPDIR": "/run/tracelang-tmp",
    "PYTHONDONTWRITEBYTECODE": "1",
}
# Nothing here is needed, and udev spends eight seconds of emulation on loading it.
_UNWANTED_MODULES: Final = (
    "aesni_intel,ahci,ccp,cdrom,crc32_pclmul,crc32c_intel,crct10dif_pclmul,evdev,ghash_clmulni_intel,"
    "i2c_i801,i6300esb,iTCO_wdt,intel_rapl_msr,irqbypass,joydev,kvm,kvm_amd,kvm_intel,lpc_ich,pcspkr,"
    "psmouse,serio_raw,sg,sha1_ssse3,sha256_ssse3,sha512_ssse3,sr_mod"
)


class GuestError(Exception):
    """The guest did not boot, did not end in time or died; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a command run in the guest left behind."""

    stdout: str
    stderr: str
    status: int


class Guest:
    """One guest running one shell command; a context manager that leaves no process behind."""

    def __init__(
        self,
        command: str,
        *,
        timeout: float = RUN_TIMEOUT,
        environment: Mapping[str, str] | None = None,
        files: Mapping[str, str] | None = None,
    ) -> None:
        """Start booting. `command` runs in the checkout by `sh`; `files` go into `shared`."""
        # Compiling Python under emulation takes longer than the tests.
        compileall.compile_dir(_ROOT / "tracelang", quiet=2)
        self.shared = Path(tempfile.mkdtemp(prefix="tracelang-guest-"))
        for name, text in (files or {}).items():
            (self.shared / name).write_text(text)
        settings = _ENVIRONMENT | dict(environment or {})
        exports = "".join(f"export {name}={quote(value)}\n" for name, value in settings.items())
        (self.shared / "command").write_text(f'{exports}mkdir -p "$HOME" "$TMPDIR"\n{command}\n')
        self._started = time.monotonic()
        self._timeout = timeout
        self._process = self._boot()

    def _boot(self) -> subprocess.Popen[bytes]:
        kernel = newest_kernel()
        if kernel is None:
            raise GuestError(why_no_guest() or "no kernel")
        # Its own home: a user's settings of virtme-ng must not change the guest.
        home = str(self.shared)
        path = f"{launcher().parent}:{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
        # Should this process be killed outright, `timeout` is told and ends the guest.
        bound = (
            "setpriv",
            "--pdeathsig=TERM",
            "timeout",
            "--kill-after=5",
            f"{self._timeout + 10}",
        )
        with (self.shared / "console").open("wb") as console:
            return subprocess.Popen(
                [*bound, *_command_line(kernel, self.shared)],
                cwd=_ROOT,
                env=os.environ | {"PATH": path, "HOME": home, "XDG_CONFIG_HOME": home},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        """Return itself: the guest is booting already."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the guest and forget its files."""
        self.close()

    @property
    def group(self) -> int:
        """The process group that holds everything started for the guest."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the guest still runs."""
        return self._process.poll() is None

    @property
    def booted(self) -> bool:
        """Whether the guest got as far as the command."""
        return (self.shared / "booted").exists()

    def check_time(self) -> None:
        """Raise `GuestError` if the guest is past its time; call it while waiting."""
        waited = time.monotonic() - self._started
        if waited > self._timeout:
            raise GuestError(
                f"the guest did not end within {self._timeout:.0f} s\n{self.last_words()}"
            )
        if waited > BOOT_TIMEOUT and not self.booted:
            raise GuestError(
                f"the guest did not boot within {BOOT_TIMEOUT:.0f} s\n{self.last_words()}"
            )

    def wait(self) -> Result:
        """Wait for the command to end and return what it left; `GuestError` if the guest died."""
        while self.running:
            self.check_time()
            time.sleep(0.1)
        if not (self.shared / "status").exists():
            raise GuestError(f"the guest ended before the command did\n{self.last_words()}")
        return Result(self.read("stdout"), self.read("stderr"), int(self.read("status")))

    def read(self, name: str) -> str:
        """Return the text of a file of the shared directory, empty if there is none."""
        with contextlib.suppress(FileNotFoundError):
            return (self.shared / name).read_text(errors="replace")
        return ""

    def last_words(self) -> str:
        """Return the last lines of the guest's output and console, for messages."""
        tails = (
            (name, self.read(name)[-4000:].strip()) for name in ("console", "stdout", "stderr")
        )
        return "\n".join(f"--- guest's {name}\n{tail}" for name, tail in tails if tail)

    def kill(self) -> None:
        """Kill what still runs of the guest; what it wrote can still be read."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.group, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Kill what still runs of the guest and remove the shared directory."""
        self.kill()
        shutil.rmtree(self.shared, ignore_errors=True)


def run_in_guest(command: str, timeout: float = RUN_TIMEOUT) -> Result:
    """Boot a guest, run a shell command as root in this checkout, and return what it left.

    `timeout` is in seconds and includes booting. Raises `GuestError` when the guest does not boot,
    does not end in time, or dies. To bring files back use `Guest`: the command finds its directory
    `shared` as `SHARED_INSIDE`.
    """
    with Guest(command, timeout=timeout) as guest:
        return guest.wait()


def _command_line(kernel: Path, shared: Path) -> Iterator[str]:
    yield from (str(launcher()), "--run", str(kernel), "--user=root", "--cpus=2", "--memory=4G")
    # Software emulation and 9p work wherever QEMU does; KVM and virtiofs need rights and luck.
    yield from ("--disable-kvm", "--force-9p")
    yield from ("--append=mitigations=off", f"--append=modprobe.blacklist={_UNWANTED_MODULES}")
    yield f"--qemu-opts={_share('tracelang-root', Path('/'), writable=False)}"
    yield f"--qemu-opts={_share('tracelang-shared', shared, writable=True)}"
    yield from ("--", f"sh {quote(str(_INIT))}")


def _share(tag: str, directory: Path, *, writable: bool) -> str:
    options = "" if writable else ",readonly=on"
    return (
        f"-fsdev local,id={tag},path={directory},security_model=none,multidevs=remap{options} "
        f"-device virtio-9p-pci,fsdev={tag},mount_tag={tag}"
    )
