"""`tracelang explain` on recorded kernels: targets, conditions, events and the run, in words."""

from __future__ import annotations

from pathlib import Path

from tests.unit.cli.commands import WITH_KPROBES, WITHOUT_KPROBES, Answer, Commands


def below(answer: Answer, head: str) -> list[str]:
    """The lines under a heading, without their margin."""
    start = next(n for n, line in enumerate(answer.lines) if line.strip().startswith(head))
    margin = len(answer.lines[start]) - len(answer.lines[start].lstrip())
    found = []
    for line in answer.lines[start + 1 :]:
        if len(line) - len(line.lstrip()) <= margin:
            break
        found.append(line.strip())
    return found


def test_each_condition_says_where_it_is_judged_and_what_it_reads(run: Commands) -> None:
    script = (
        'kprobe:tcp_connect where uid == 0 and sk.__sk_common.skc_num > 1024 and comm != "x" '
        "capture pid"
    )
    assert below(run("explain", script, kernel=WITH_KPROBES), "keeps") == [
        "uid == 0",
        "judged in the kernel; reads the running task",
        "sk.__sk_common.skc_num > 1024",
        "judged in the kernel; reads registers, then kernel memory",
        'comm != "x"',
        "judged in the kernel; reads the running task",
    ]


def test_text_of_the_process_is_read_there(run: Commands) -> None:
    script = 'syscall:openat where filename startswith "/etc" capture pid'
    assert below(run("explain", script, kernel=WITH_KPROBES), "keeps")[1] == (
        "judged in the kernel; reads the event's record, then the process's memory"
    )


def test_what_a_param_decides_costs_nothing(run: Commands, tmp_path: Path) -> None:
    script = tmp_path / "p.trace"
    script.write_text(
        "param who = 0\nprobe syscall:openat where who == 0 or pid == who capture pid\n"
    )
    free = run("explain", script, kernel=WITH_KPROBES)
    assert below(free, "keeps")[1] == "true already when the program is made: costs nothing"
    assert "  option --who is 0: a constant in the program" in free.lines
    paid = run("explain", script, "--who", "42", kernel=WITH_KPROBES)
    assert below(paid, "keeps")[1] == "judged in the kernel; reads the running task"
    assert "  option --who is 42: a constant in the program" in paid.lines


def test_the_mechanism_is_named_with_its_reason(run: Commands) -> None:
    script = "kprobe:sys_execve(path: str) capture path"
    by_kprobe = below(run("explain", script, kernel=WITH_KPROBES), "attached to")
    assert by_kprobe[0].split() == ["kprobe:sys_execve", "kprobe", "__x64_sys_execve"]
    assert by_kprobe[1].startswith("because this kernel has kprobes")
    preferred = run("explain", script, "--prefer", "fentry", kernel=WITH_KPROBES)
    assert below(preferred, "attached to") == [
        "kprobe:sys_execve  fentry __x64_sys_execve",
        "because `--prefer fentry` asks for it",
    ]
    by_tracepoint = below(run("explain", script, kernel=WITHOUT_KPROBES), "attached to")
    assert by_tracepoint[0] == "kprobe:sys_execve  tracepoint syscalls:sys_enter_execve"
    assert by_tracepoint[1].startswith(
        "through the call's tracepoint, as this kernel has no kprobes"
    )


def test_an_alternative_that_is_not_there_is_named(run: Commands) -> None:
    script = "kprobe:tcp_connect or syscall:connect capture pid"
    there = run("explain", script, kernel=WITH_KPROBES)
    assert "though asked for first" not in there.stdout
    missing = run("explain", script, kernel=WITHOUT_KPROBES)
    assert below(missing, "though asked for first") == ["kprobe:tcp_connect: not on this kernel"]
    assert below(missing, "attached to")[0].startswith("syscall:connect")


def test_the_event_is_laid_out(run: Commands) -> None:
    answer = run("explain", "syscall:openat capture ts, comm, pid, filename", kernel=WITH_KPROBES)
    size = next(line for line in answer.lines if "sends an event" in line)
    # 16 bytes of header, comm[16], pid, and 128 bytes of text with NUL and mark, rounded up to 8.
    assert size.strip() == "sends an event of 168 bytes"
    rows = [line.split()[:3] for line in below(answer, "sends an event")]
    assert rows[1:5] == [
        ["ts", "u64", "(header)"],
        ["comm", "text", "16"],
        ["pid", "u32", "4"],
        ["filename", "text", "130"],
    ]


def test_a_printed_value_is_a_field_once(run: Commands) -> None:
    script = 'syscall:openat capture comm, pid print "%s %d %d", comm, pid, cpu'
    answer = run("explain", script, kernel=WITH_KPROBES)
    assert [r.split()[0] for r in below(answer, "sends")[1:4]] == ["comm", "pid", "cpu"]
    assert below(answer, "shown by the format") == ['"%s %d %d"']


def test_pace_and_ends_are_told(run: Commands) -> None:
    script = (
        "stop after 10s stop after 100 events probe syscall:openat "
        "capture pid sample 1 in 10 limit 5/s"
    )
    answer = run("explain", script, kernel=WITH_KPROBES)
    assert below(answer, "passes on") == [
        "1 of each 10 events, chosen in the kernel",
        "at most 5 events a second; the rest are counted and reported",
    ]
    assert "  ends       after 10 s or after 100 events or by Ctrl-C" in answer.lines


def test_the_run_names_filter_and_transport(run: Commands) -> None:
    script = "syscall:openat capture pid"
    usual = run("explain", script, "--buffer", "8MiB", kernel=WITH_KPROBES)
    assert "  processes  all" in usual.lines
    assert any(line.startswith("  transport  a ring buffer of 8 MiB") for line in usual.lines)
    chosen = run("explain", script, "--comm", "curl", "--transport", "perf", kernel=WITH_KPROBES)
    assert "  processes  tasks called `curl`; judged first, in the kernel" in chosen.lines
    assert any(line.startswith("  transport  perf buffers") for line in chosen.lines)


def test_an_aggregate_names_its_keys_and_what_it_summarises(run: Commands) -> None:
    script = "syscall:openat aggregate count() as n, hist(flags) as h by comm every 1s top 5"
    answer = run("explain", script, kernel=WITH_KPROBES)
    lines = below(answer, "keeps in the kernel")
    assert [line.split()[:2] for line in lines[1:4]] == [
        ["comm", "key"],
        ["n", "count"],
        ["h", "hist"],
    ]
    assert lines[4] == "(shown every 1 s, starting afresh each time; the 5 largest)"


def test_many_targets_are_not_all_listed(run: Commands) -> None:
    answer = run("explain", "tracepoint:sched:* capture pid", kernel=WITH_KPROBES)
    lines = below(answer, "attached to")
    assert len(lines) == 9
    assert lines[-1].startswith("… and ")


def test_a_rule_that_never_fires_is_told(run: Commands) -> None:
    answer = run("explain", "syscall:openat where 1 == 2 capture pid", kernel=WITH_KPROBES)
    assert answer.status == 0
    assert below(answer, "keeps") == ["(never: what it asks is never true)"]
    assert "warning[T261]" in answer.stderr


def test_a_mistake_is_shown_instead_of_half_an_explanation(run: Commands) -> None:
    answer = run("explain", "syscall:openat capture filname", kernel=WITH_KPROBES)
    assert (answer.status, answer.stdout) == (1, "")
    assert "did you mean `filename`?" in answer.stderr


def test_an_unknown_option_is_a_usage_error(run: Commands) -> None:
    answer = run("explain", "syscall:openat", "--nosuch", "1", kernel=WITH_KPROBES)
    assert answer.status == 2
    assert answer.stdout == ""


def test_what_is_judged_before_a_span_begins_is_said(run: Commands) -> None:
    text = "span syscall:read where pid == 7 and count > 5 capture duration"
    answer = run("explain", text, kernel=WITHOUT_KPROBES)
    assert below(answer, "pid == 7")[0] == (
        "judged in the kernel, before the span begins; reads the running task"
    )
    assert "before" not in below(answer, "count > 5")[0]
