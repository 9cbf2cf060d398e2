"""`:set`: the options of `tracelang run`, and nothing that it would refuse."""

from __future__ import annotations

import pytest

from tests.unit.kernel.kernels import KERNELS
from tracelang.diagnostics import DiagnosticError
from tracelang.kernel.recorded import RecordedKernel
from tracelang.repl.commands import COMMANDS, Conversation, execute_command
from tracelang.repl.keys import is_unfinished
from tracelang.repl.settings import Settings
from tracelang.source import SourceFile


def test_settings_are_options_of_run() -> None:
    settings = Settings()
    settings.set("output", "json")
    settings.set("strlen", "64")
    settings.set("follow", "yes")
    settings.set("command", "sh -c 'date; date'")
    known = settings.options()
    assert (known.output, known.strlen, known.follow) == ("json", 64, True)
    assert known.command == "sh -c 'date; date'"
    settings.unset("output")
    settings.set("follow", "no")
    known = settings.options()
    assert (known.output, known.follow) == (None, False)


def test_params_of_scripts_are_given_to_those_that_have_them() -> None:
    settings = Settings()
    settings.set("param.min-time", "10ms")
    slow = SourceFile("<prompt>", "param min_time = 1ms syscall:openat capture comm")
    assert settings.params_of(slow) == {"min_time": "10ms"}
    assert settings.params_of(SourceFile("<prompt>", "syscall:openat capture comm")) == {}
    assert settings.params_of(SourceFile("<prompt>", "param min_time = ")) == {}
    assert any("param.min_time" in line and "10ms" in line for line in settings.describe())
    settings.unset("param.min_time")
    assert settings.params_of(slow) == {}
    with pytest.raises(DiagnosticError) as raised:
        settings.set("param.", "1")
    assert raised.value.diagnostics[0].code == "U120"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("outptu", "json", "U120"),
        ("output", "jsno", "U302"),
        ("strlen", "many", "U100"),
        ("quiet", "perhaps", "U121"),
    ],
)
def test_what_run_would_refuse_is_refused_at_once(name: str, value: str, code: str) -> None:
    settings = Settings()
    with pytest.raises(DiagnosticError) as raised:
        settings.set(name, value)
    assert raised.value.diagnostics[0].code == code
    assert settings.values == {}


def test_a_setting_is_called_as_its_option_is() -> None:
    settings = Settings()
    settings.set("no-cache", "yes")
    assert settings.options().cache is False
    with pytest.raises(DiagnosticError):
        settings.set("cache", "yes")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (":list kprobe:tcp_conn*", "kprobe:tcp_connect\n"),
        (":describe struct sock.sk_mark", "sk_mark"),
        (":explain kprobe:tcp_connect", "on Linux 6.1."),
        (":c kprobe:tcp_connect", "int "),
    ],
)
def test_commands_ask_the_kernel_that_is_open(
    line: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    execute_command(line, Conversation(Settings(), RecordedKernel(KERNELS / "debian-6.1")))
    assert shown in capsys.readouterr().out


def test_a_script_is_explained_as_the_settings_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    conversation = Conversation(Settings(), RecordedKernel(KERNELS / "debian-6.1"))
    conversation.last = "param least = 1 syscall:read where count > least"
    for line in (":set comm bash", ":set param.least 77", ":explain"):
        execute_command(line, conversation)
    shown = capsys.readouterr().out
    assert "bash" in shown
    assert "--least is 77" in shown
    with pytest.raises(DiagnosticError) as raised:
        execute_command(":explain syscall:read where", conversation)
    place = raised.value.diagnostics[0].primary
    assert place is not None
    assert place.span.source.name == "<prompt>"


def test_an_unknown_command_names_the_nearest() -> None:
    with pytest.raises(DiagnosticError) as raised:
        execute_command(":lsat", Conversation(Settings()))
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "U123"
    assert "`:last`" in diagnostic.help[0]


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    execute_command(":help", Conversation(Settings()))
    shown = capsys.readouterr().out
    assert all(command.form in shown for command in COMMANDS.values())


@pytest.mark.parametrize(
    ("text", "unfinished"),
    [
        ("syscall:openat", False),
        ("syscall:openat capture", True),
        ("syscall:openat capture comm,", True),
        ("syscall:openat where (uid ==", True),
        ("syscall:openat where uid ==) capture comm", False),
        ("span from tracepoint:a:b", True),
        ("span from tracepoint:a:b key c\nvia d: tracepoint:e:f key g", True),
        ("span from tracepoint:a:b probe begin", False),
        ("span from tracepoint:a:b to tracepoint:c:d", False),
        ("probe", True),
    ],
)
def test_enter_begins_a_new_line_only_where_a_text_goes_on(text: str, unfinished: bool) -> None:
    assert is_unfinished(text) == unfinished
