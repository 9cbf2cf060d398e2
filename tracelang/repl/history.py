"""What was typed in earlier sessions: a file that only its user can read."""

from __future__ import annotations

import os

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from tracelang.private_cache import state_directory


class _ScriptHistory(FileHistory):
    """A history in which a text that is run again is there once."""

    def append_string(self, string: str) -> None:
        """Add a text, unless it is the one that was added last."""
        if string.strip() and self.get_strings()[-1:] != [string]:
            super().append_string(string)


def open_history() -> History:
    """Return this user's history; one that is forgotten at the end where no place is safe."""
    directory = state_directory()
    if directory is None:
        return InMemoryHistory()
    file = directory / "history"
    try:
        # Others may not read what was asked of this machine.
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError:
        return InMemoryHistory()
    return _ScriptHistory(str(file))
