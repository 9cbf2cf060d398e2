"""What can be wrong with a binary, in words for the user but without a place in a script."""

from __future__ import annotations


class BinaryError(Exception):
    """A binary that cannot be traced as asked. The probe kinds make a `DiagnosticError` of it.

    `code` is the diagnostic's code, `notes` explain, `help_` holds the fixes.
    """

    def __init__(
        self, code: str, message: str, *, notes: tuple[str, ...] = (), help_: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.notes = notes
        self.help_ = help_
