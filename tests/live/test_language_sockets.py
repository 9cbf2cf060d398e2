"""Real TCP connections, over IPv4 and IPv6: addresses, ports and states, shown and filtered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.runs import Event, python_command, trace
from tests.processes import TracelangCommand

STATES = [
    "", "TCP_ESTABLISHED", "TCP_SYN_SENT", "TCP_SYN_RECV", "TCP_FIN_WAIT1", "TCP_FIN_WAIT2",
    "TCP_TIME_WAIT", "TCP_CLOSE", "TCP_CLOSE_WAIT", "TCP_LAST_ACK", "TCP_LISTEN", "TCP_CLOSING",
]  # fmt: skip
WORK = """
import json, os, socket, sys
facts = []
places = (socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "127.9.8.7"), (socket.AF_INET6, "::1")
for family, host in places:
    server = socket.socket(family)
    server.bind((host, 0))
    server.listen()
    client = socket.socket(family)
    client.connect(server.getsockname())
    accepted, _ = server.accept()
    name, peer = client.getsockname(), client.getpeername()
    facts.append({"family": int(family), "saddr": name[0], "sport": name[1],
                  "daddr": peer[0], "dport": peer[1]})
    client.close()
    accepted.close()
    server.close()
json.dump(facts, open(sys.argv[1], "w"))
"""
FILTERS = [
    ("daddr(sk) == 127.0.0.1", {0}),
    ("daddr(sk) != 127.0.0.1", {1, 2}),
    ("daddr(sk) in 127.0.0.0/8", {0, 1}),
    ("daddr(sk) in 127.0.0.0/9", {0, 1}),
    ("daddr(sk) not in 127.0.0.0/8", {2}),
    ("daddr(sk) in 127.8.0.0/15", {1}),
    ("ip(sk.__sk_common.skc_daddr) in 127.9.8.7/32", {1}),
    ("ip(sk.__sk_common.skc_daddr) in (127.9.8.7, 10.0.0.0/8)", {1}),
    ("common.skc_family == AF_INET6 and ip(common.skc_v6_daddr) in ::/64", {2}),
    ("common.skc_family == AF_INET6 and ip(common.skc_v6_daddr) in fe80::/10", set()),
    ("common.skc_family == AF_INET6 and ip(common.skc_v6_daddr) == ::1", {2}),
    ("common.skc_family == AF_INET", {0, 1}),
    ("dport(sk) > 0 and dport(sk) <= 65535", {0, 1, 2}),
    ("dport(sk) == 22", set()),
]  # fmt: skip
SCRIPT = """
let common = sk.__sk_common
probe rawtracepoint:inet_sock_set_state
  capture saddr(sk) as saddr, daddr(sk) as daddr, sport(sk) as sport, dport(sk) as dport, oldstate,
    enum(newstate, TCP_ESTABLISHED) as state, common.skc_family as family,
    ip(common.skc_daddr) as four, ip(common.skc_v6_daddr) as six, sk.sk_protocol as protocol
probe tracepoint:sock:inet_sock_set_state
  capture ip(args.saddr) as saddr, ip(args.daddr) as daddr, args.sport as sport,
    args.dport as dport, oldstate, newstate, family, protocol, ip(saddr_v6) as saddr_v6,
    ip(daddr_v6) as daddr_v6, args.daddr as raw
probe syscall:connect
  capture uservaddr.sa_family as family,
    port(cast(uservaddr, struct sockaddr_in).sin_port) as dport,
    ip(cast(uservaddr, struct sockaddr_in).sin_addr) as four,
    ip(cast(uservaddr, struct sockaddr_in6).sin6_addr) as six,
    buf(uservaddr, addrlen) as whole, addrlen
"""


@pytest.fixture(scope="module")
def seen(
    tracelang: TracelangCommand, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[dict[str, Any]], list[Event]]:
    path = tmp_path_factory.mktemp("sockets") / "facts"
    rules = [
        "probe rawtracepoint:inet_sock_set_state "
        f"where newstate == TCP_SYN_SENT and ({text}) capture dport(sk) as dport"
        for text, _ in FILTERS
    ]
    events = trace(tracelang, SCRIPT + "\n".join(rules), "-c", f"{python_command(WORK)} {path}")
    return json.loads(path.read_text()), events


Seen = tuple[list[dict[str, Any]], list[Event]]


def test_sockets_are_read_through_the_kernel_s_types(seen: Seen) -> None:
    for fact in seen[0]:
        (event,) = [
            e
            for e in seen[1]
            if e["rule"] == 1
            and e["state_text"] == "TCP_ESTABLISHED"
            and e["sport"] == fact["sport"]
        ]
        assert {n: event[n] for n in fact} == fact
        own = "four" if fact["family"] == 2 else "six"
        assert event[own] == fact["daddr"]
        assert (event["protocol"], event["oldstate"], event["state"]) == (6, 2, 1)


def test_both_ends_go_through_tcp_s_states(seen: Seen) -> None:
    for fact in seen[0]:
        events = [e for e in seen[1] if e["rule"] == 2]
        client = [e["newstate_text"] for e in events if e["dport"] == fact["dport"]]
        assert client == [*STATES[2:0:-1], *STATES[4:6], "TCP_CLOSE"]
        server = [e["newstate_text"] for e in events if e["sport"] == fact["dport"]]
        assert server == [
            "TCP_LISTEN", "TCP_SYN_RECV", "TCP_ESTABLISHED", "TCP_CLOSE_WAIT", "TCP_LAST_ACK",
            "TCP_CLOSE", "TCP_CLOSE",
        ]  # fmt: skip


def test_a_tracepoint_s_format_decodes_states_and_families(seen: Seen) -> None:
    events = [e for e in seen[1] if e["rule"] == 2]
    assert len(events) >= 3 * 8
    for event in events:
        assert event["newstate_text"] == STATES[event["newstate"]]
        assert event["oldstate_text"] == STATES[event["oldstate"]]
        assert event["family_text"] == {2: "AF_INET", 10: "AF_INET6"}[event["family"]]
        assert event["protocol_text"] == "IPPROTO_TCP"
        if event["family"] == 2:
            assert event["daddr_v6"] == event["daddr"]  # mapped, and shown as what it is
            assert ".".join(map(str, event["raw"])) == event["daddr"]


def test_connect_s_address_is_read_from_the_process(seen: Seen) -> None:
    events = [e for e in seen[1] if e["rule"] == 3]
    for fact, event in zip(seen[0], events, strict=True):
        assert (event["family"], event["dport"]) == (fact["family"], fact["dport"])
        assert event["four" if fact["family"] == 2 else "six"] == fact["daddr"]
        whole = bytes.fromhex(event["whole"])
        assert len(whole) == event["addrlen"]
        assert int.from_bytes(whole[2:4], "big") == fact["dport"]


def test_addresses_are_filtered_in_the_kernel(seen: Seen) -> None:
    ports = [fact["dport"] for fact in seen[0]]
    for number, (condition, expected) in enumerate(FILTERS, 4):
        found = {ports.index(e["dport"]) for e in seen[1] if e["rule"] == number}
        assert found == expected, condition


def test_the_seed_program_for_connections(tracelang: TracelangCommand, tmp_path: Path) -> None:
    script = Path(__file__).parents[2] / "examples" / "who-calls-connect.trace"
    done = tracelang(script, "-o", "text", "-c", f"{python_command(WORK)} {tmp_path / 'facts'}")
    assert done.status == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[3] for line in lines[:2]] == ["127.0.0.1", "127.9.8.7"]
    assert len(lines) == 3
    assert lines[0][0] == "0.000000000"
