"""How findings of `doctor` are laid out and handed on."""

from __future__ import annotations

from tracelang.cli.finding import Finding, Verdict, as_data, render_findings
from tracelang.render import Painter

FOUND = (
    Finding("kernel", "BTF", Verdict.OK, "there"),
    Finding("kernel", "tracefs", Verdict.MISSING, "not mounted", "mount -t tracefs tracefs /x"),
    Finding("software", "bcc", Verdict.LIMITED, "old"),
)


def test_findings_stand_under_their_headings_with_the_remedy_below() -> None:
    assert render_findings(FOUND, Painter(on=False)) == (
        "kernel\n"
        "  BTF      ok       there\n"
        "  tracefs  missing  not mounted\n"
        "                    → mount -t tracefs tracefs /x\n"
        "\n"
        "software\n"
        "  bcc      limited  old\n"
    )


def test_colours_are_put_on_request_only_and_do_not_move_anything() -> None:
    plain = render_findings(FOUND, Painter(on=False))
    coloured = render_findings(FOUND, Painter(on=True))
    assert "\x1b[" not in plain
    assert "\x1b[31mmissing  \x1b[0m" in coloured


def test_a_long_detail_is_folded_and_a_command_is_not() -> None:
    command = "sudo " + "word " * 40
    text = render_findings(
        [Finding("g", "name", Verdict.MISSING, "word " * 40, command)], Painter(on=False)
    )
    *details, remedy = text.splitlines()[1:]
    assert max(map(len, details)) <= 100
    assert len(details) > 1
    assert remedy.strip() == f"→ {command}".strip()


def test_as_data_everything_is_text() -> None:
    assert as_data(FOUND)[1] == {
        "group": "kernel",
        "name": "tracefs",
        "verdict": "missing",
        "detail": "not mounted",
        "remedy": "mount -t tracefs tracefs /x",
    }
