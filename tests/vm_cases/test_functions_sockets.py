"""Sockets as kernel functions see them: addresses and ports, of IPv4 and IPv6 alike."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.live.runs import events_of
from tests.processes import TracelangCommand, finish

FIELDS = "capture pid, comm, saddr(sk), daddr(sk), sport(sk), dport(sk)"
SCRIPT = f"""
probe kprobe:tcp_connect {FIELDS}
probe fexit:tcp_connect {FIELDS}, retval
probe kprobe:tcp_connect where daddr(sk) in 127.0.0.0/8 {FIELDS}
probe kprobe:tcp_connect where sk.__sk_common.skc_family == AF_INET6 and daddr(sk) == ::1 {FIELDS}
"""
WORKLOAD = "bash -c 'echo $$ >bash.pid; exec 3<>/dev/tcp/127.0.0.1/{}; exec 4<>/dev/tcp/::1/{}'"


@pytest.fixture(scope="module")
def trace(
    tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]:
    """The events, and the two connections as their other end saw them."""
    home = tmp_path_factory.mktemp("sockets")
    with (
        socket.create_server(("127.0.0.1", 0)) as server4,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as server6,
    ):
        servers = (server4, server6)
        ports = [server.getsockname()[1] for server in servers]
        started = tracelang.start(SCRIPT, "-o", "json", "-c", WORKLOAD.format(*ports), cwd=home)
        completed = finish(started)
        assert completed.status == 0, completed.stderr
        peers = [accept(server) for server in servers]
    pid = int((home / "bash.pid").read_text())
    expected = [
        {
            "pid": pid,
            "comm": "bash",
            "saddr": address,
            "daddr": address,
            "sport": peer,
            "dport": port,
        }
        for (address, peer), port in zip(peers, ports, strict=True)
    ]
    return events_of(completed), expected


def accept(server: socket.socket) -> tuple[str, int]:
    """Return the address and port of who has connected."""
    server.settimeout(10)
    connection, (address, port, *_) = server.accept()
    connection.close()
    return address, port


def of_rule(events: Sequence[Mapping[str, Any]], rule: int) -> list[Mapping[str, Any]]:
    fields = ("pid", "comm", "saddr", "daddr", "sport", "dport")
    return [{name: e[name] for name in fields} for e in events if e["rule"] == rule]


Trace = tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]


@pytest.mark.parametrize("rule", [1, 2])
def test_both_ends_of_a_connection(trace: Trace, rule: int) -> None:
    events, expected = trace
    assert of_rule(events, rule) == expected


def test_a_function_returns_beside_its_arguments(trace: Trace) -> None:
    events, _ = trace
    assert [event["retval"] for event in events if event["rule"] == 2] == [0, 0]


@pytest.mark.parametrize(("rule", "which"), [(3, 0), (4, 1)])
def test_addresses_are_compared_in_the_kernel(trace: Trace, rule: int, which: int) -> None:
    events, expected = trace
    assert of_rule(events, rule) == [expected[which]]
