"""`make test`: all tests, in two processes.

Those that trace mostly wait: for a kernel to attach and detach, for a guest to answer. Meanwhile
those that only compute have a processor to themselves; what they say is shown when the others are
done. The options given go to both.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile

_WAITING = ("tests/live", "tests/vm", "tests/vm_cases", "tests/packaging")
_COMPUTING = ("tests/unit", "tests/cases")


def main() -> int:
    """Run them; return an exit status other than 0 if either of the two has one."""
    pytest = [sys.executable, "-m", "pytest", *sys.argv[1:]]
    with tempfile.TemporaryFile() as said:
        computing = subprocess.Popen(
            [*pytest, "-p", "no:cacheprovider", *_COMPUTING],
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        waiting = subprocess.run([*pytest, *_WAITING], check=False).returncode
        computed = computing.wait()
        said.seek(0)
        sys.stdout.write(said.read().decode(errors="replace"))
    return waiting or computed


if __name__ == "__main__":
    sys.exit(main())
