"""The tools for the network on this kernel: each shows what the workload did."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.live.runs import connections, python_command, run_tool, watching
from tests.processes import TracelangCommand


@pytest.mark.tool("tcpstates")
def test_tcpstates(tracelang: TracelangCommand, home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        address, port = server.getsockname()
        command = connections((address, port))
        events = run_tool(tracelang, "tcpstates", "--port", str(port), "-c", command)
        connection, (_, peer) = server.accept()
        connection.close()
    own = [event for event in events if event["dport"] == port]
    changes = [(event["was_text"], event["is_text"]) for event in own]
    assert changes[:2] == [("TCP_CLOSE", "TCP_SYN_SENT"), ("TCP_SYN_SENT", "TCP_ESTABLISHED")]
    assert {(e["saddr"], e["sport"], e["daddr"]) for e in own[1:]} == {(address, peer, address)}


TWO = """
import socket
for family, address in (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"):
    server = socket.create_server((address, 0), family=family, backlog=9)
    port = server.getsockname()[1]
    client = socket.create_connection((address, port))
    accepted, (_, rport, *_) = server.accept()
    print(address, rport, port)
server = socket.socket(socket.AF_UNIX)
server.bind("socket")
server.listen()
client = socket.socket(socket.AF_UNIX)
client.connect("socket")
server.accept()
"""


@pytest.mark.tool("tcpaccept")
def test_tcpaccept(tracelang: TracelangCommand, home: Path) -> None:
    facts = home / "facts"
    command = f"sh -c 'exec \"$@\" >{facts}' sh {python_command(TWO)}"
    events = run_tool(tracelang, "tcpaccept", "-c", command)
    seen = [f"{e['from']} {e['rport']} {e['port']}" for e in events]
    assert seen == facts.read_text().splitlines()
    assert [(e["address"], e["queue"], e["room"]) for e in events] == [
        ("127.0.0.1", 1, 9),
        ("::1", 1, 9),
    ]


@pytest.mark.tool("tcpconnect")
def test_tcpconnect(tracelang: TracelangCommand, home: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as four,
        socket.create_server(("::1", 0), family=socket.AF_INET6) as six,
    ):
        addresses = [server.getsockname()[:2] for server in (four, six)]
        command = connections(*addresses)
        events = run_tool(tracelang, "tcpconnect", "-c", command)
        port = str(addresses[1][1])
        (only,) = run_tool(tracelang, "tcpconnect", "--port", port, "-c", command)
    assert [(event["daddr"], event["dport"]) for event in events] == addresses
    assert only["daddr"] == "::1"


@pytest.mark.tool("tcpdrop")
def test_tcpdrop(tracelang: TracelangCommand, home: Path) -> None:
    with socket.socket() as closed, socket.socket(socket.AF_INET6) as closed6:
        closed.bind(("127.0.0.1", 0))
        closed6.bind(("::1", 0))
        addresses = [one.getsockname()[:2] for one in (closed, closed6)]
        refused = f"""
import socket
for address in {addresses}:
    try: socket.create_connection(address)
    except ConnectionRefusedError: pass
"""
        events = run_tool(tracelang, "tcpdrop", "-c", python_command(refused))
    dropped = [(e["daddr"], e["dport"]) for e in events if e["reason_text"] == "NO_SOCKET"]
    assert dropped == addresses
    assert all(e["saddr"] == e["daddr"] and e["sport"] for e in events)
    names = [{frame["name"] for frame in event["kstack"]} for event in events]
    assert ["tcp_v4_rcv" in names[0], "tcp_v6_rcv" in names[-1]] == [True, True]


@pytest.mark.tool("tcpretrans")
def test_tcpretrans(tracelang: TracelangCommand, home: Path) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address, port = full.getsockname()
        # The queue has room for one; the next one's first packet is dropped, and sent again.
        with socket.create_connection((address, port)), socket.socket() as late:
            late.setblocking(False)
            with watching(tracelang, "tcpretrans", 1, "--port", str(port)) as events:
                late.connect_ex((address, port))
            sport = late.getsockname()[1]
    (event,) = events
    assert (event["saddr"], event["sport"]) == ("127.0.0.1", sport)
    assert (event["daddr"], event["dport"]) == ("127.0.0.1", port)
    assert event["state_text"] == "TCP_SYN_SENT"


LIFE = """
import os, socket, time
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
client = socket.create_connection(("127.0.0.1", port))
accepted, _ = server.accept()
child = os.fork()
if not child:
    client.close()
    while accepted.recv(1000): pass
    time.sleep(0.1)
    accepted.sendall(b"x" * 500)
    os._exit(0)
accepted.close()
client.sendall(b"y" * 3000)
client.shutdown(socket.SHUT_WR)
while client.recv(1000): pass
client.close()
os.wait()
server.close()
try: socket.create_connection(("127.0.0.1", port))
except ConnectionRefusedError: print(os.getpid(), child, port)
"""


@pytest.mark.tool("tcplife")
def test_tcplife(tracelang: TracelangCommand, home: Path) -> None:
    facts = home / "facts"
    command = f"sh -c 'exec \"$@\" >{facts}' sh {python_command(LIFE)}"
    events = run_tool(tracelang, "tcplife", "-c", command)
    client, server, port = map(int, facts.read_text().split())
    lives = {(e["pid"], e["sent"], e["received"]): e for e in events}
    assert set(lives) == {(client, 3000, 500), (server, 500, 3000), (client, 0, 0)}
    asked, answered = lives[client, 3000, 500], lives[server, 500, 3000]
    assert (asked["dport"], answered["sport"]) == (port, port)
    assert (asked["sport"], asked["saddr"]) == (answered["dport"], answered["daddr"])
    assert all(event["ms"] >= 100 for event in (asked, answered))
    assert run_tool(tracelang, "tcplife", "--port", "1", "-c", command) == []
