"""What can be said at the prompt besides scripts: words that begin with a colon."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tracelang.diagnostics import fail
from tracelang.kernel.view import KernelView
from tracelang.launch.inputs import read_inputs
from tracelang.launch.kernels import open_kernel
from tracelang.launch.processes import choose_processes
from tracelang.pipeline import Compilation
from tracelang.registry import did_you_mean, nearest
from tracelang.render import print_fitted
from tracelang.repl.settings import SOURCE_NAME, Settings
from tracelang.source import SourceFile


@dataclass(slots=True)
class Conversation:
    """What a command may look at and change.

    `kernel` is the running kernel, None where it is not open yet. `last` is the script that was run
    last, `draft` the text the next prompt begins with; `over` ends the session.
    """

    settings: Settings
    kernel: KernelView | None = None
    last: str = ""
    draft: str = ""
    over: bool = False

    def script(self, given: str) -> str:
        """Return the script a command is about: the one given, else the last."""
        if given.strip():
            return given
        if not self.last:
            raise fail("U122", "there is no script yet", help=["write one, or name it here"])
        return self.last


@dataclass(frozen=True, slots=True)
class Command:
    """A command: what it takes, what it does, in a line, and how."""

    form: str
    summary: str
    run: Callable[[Conversation, str], None]


def execute_command(line: str, conversation: Conversation) -> None:
    """Run a line that begins with a colon; raises `DiagnosticError`."""
    name, _, rest = line.strip()[1:].partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        near = did_you_mean(nearest(name, COMMANDS), prefix=":")
        raise fail("U123", f"there is no command `:{name}`", help=[*near, "`:help` shows them"])
    command.run(conversation, rest.strip())


# What a command needs is imported when it is first asked for: the prompt is to be there at once.


def _list(conversation: Conversation, rest: str) -> None:
    from tracelang.cli import list as command

    command.execute(_words(rest), conversation.kernel)


def _describe(conversation: Conversation, rest: str) -> None:
    from tracelang.cli import describe as command

    command.execute(_words(rest), conversation.kernel)


def _doctor(_conversation: Conversation, rest: str) -> None:
    from tracelang.cli import doctor as command

    command.execute(_words(rest))


def _words(rest: str) -> list[str]:
    try:
        return shlex.split(rest)
    except ValueError as error:
        raise fail("U124", f"`{rest}` cannot be split into words: {error}") from None


def _explain(conversation: Conversation, rest: str) -> None:
    from tracelang.cli.explain import explain

    explain(_compilation(conversation, rest), conversation.settings.options().buffer)


def _c(conversation: Conversation, rest: str) -> None:
    print(_compilation(conversation, rest).artifact.c_text, end="")


def _compilation(conversation: Conversation, rest: str) -> Compilation:
    """Return the compilation of a text or file, or of the last script, as the settings have it."""
    text = conversation.script(rest)
    source = SourceFile(SOURCE_NAME, text) if text == "-" else read_inputs([text], "prompt")[0]
    wanted = conversation.settings.launch_options(source)
    processes, _ = choose_processes(wanted)
    kernel = open_kernel(None, conversation.kernel)
    return Compilation([source], kernel, wanted.for_compiling(processes))


def _last(conversation: Conversation, _rest: str) -> None:
    conversation.draft = conversation.script("")


def _save(conversation: Conversation, rest: str) -> None:
    _write(conversation, rest, mode="x")


def _replace(conversation: Conversation, rest: str) -> None:
    _write(conversation, rest, mode="w")


def _write(conversation: Conversation, rest: str, mode: str) -> None:
    script, path = conversation.script(""), _path(rest, "save")
    try:
        with path.open(mode, encoding="utf-8") as file:
            file.write(script.rstrip() + "\n")
    except FileExistsError:
        help_ = [f"replace it by `:save! {path}`"]
        raise fail("U125", f"there is already a file `{path}`", help=help_) from None
    except OSError as error:
        raise fail("U113", f"`{path}` cannot be written: {error.strerror}") from None
    print(f"saved; run it by `tracelang {path}`")


def _load(conversation: Conversation, rest: str) -> None:
    path = _path(rest, "load")
    try:
        conversation.draft = path.read_text(encoding="utf-8").rstrip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise fail("U112", f"`{path}` cannot be read: {reason}") from None


def _path(rest: str, command: str) -> Path:
    if not rest:
        raise fail("U100", "no file is named", help=[f"write `:{command} FILE`"])
    return Path(rest).expanduser()


def _set(conversation: Conversation, rest: str) -> None:
    name, _, value = rest.partition(" ")
    if not name:
        print_fitted("\n".join(conversation.settings.describe()))
        return
    conversation.settings.set(name, _unquoted(value.strip()))


def _unquoted(value: str) -> str:
    """Return a value without the quotes around all of it, which nobody needs here."""
    try:
        words = shlex.split(value)
    except ValueError:
        return value
    return words[0] if len(words) == 1 and value[:1] in "'\"" else value


def _unset(conversation: Conversation, rest: str) -> None:
    conversation.settings.unset(rest)


def _quit(conversation: Conversation, _rest: str) -> None:
    conversation.over = True


def _help(_conversation: Conversation, _rest: str) -> None:
    width = max(len(command.form) for command in COMMANDS.values()) + 2
    print("\n".join([_BEFORE, *(f"  {c.form:<{width}}{c.summary}" for c in COMMANDS.values())]))


_BEFORE: Final = """\
A script runs until Ctrl-C:  syscall:openat where uid == 0 capture comm, filename

  Enter         run it, when it is complete; else a new line
  Alt-Enter     a new line in any case
  Tab           what can stand here: targets, fields, members, words
  Up, Ctrl-R    earlier scripts, of other sessions too
  Ctrl-C        end the trace; at the prompt: forget what is typed
  Ctrl-D        leave
"""

COMMANDS: Final[Mapping[str, Command]] = MappingProxyType(
    {
        "list": Command(":list [GLOB]", "targets this machine offers", _list),
        "describe": Command(":describe NAME", "a struct, function, target or word", _describe),
        "explain": Command(
            ":explain [SCRIPT]", "what a script does and how: the last one's", _explain
        ),
        "c": Command(":c [SCRIPT]", "the C it comes to", _c),
        "last": Command(":last", "the last script again, to be changed", _last),
        "save": Command(":save FILE", "keep the last script", _save),
        "save!": Command(":save! FILE", "the same, and replace a file", _replace),
        "load": Command(":load FILE", "a script from a file, to be changed", _load),
        "set": Command(":set NAME VALUE", "an option of `tracelang run`; alone: all", _set),
        "unset": Command(":unset NAME", "put it back", _unset),
        "doctor": Command(":doctor", "what this machine allows", _doctor),
        "help": Command(":help", "this", _help),
        "quit": Command(":quit", "leave", _quit),
    }
)
"""Every command by its name."""
