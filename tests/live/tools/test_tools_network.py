"""The tools for the network on this kernel: each shows what the workload did."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests.live.runs import connections, python_command, run_tool
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


@pytest.mark.tool("bindsnoop")
def test_bindsnoop(tracelang: TracelangCommand, home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = f"""
import socket
socket.socket().bind(("127.0.0.1", {port}))
socket.socket(socket.AF_INET6).bind(("::1", {port}))
socket.socket(socket.AF_UNIX).bind("socket")
"""
    events = run_tool(tracelang, "bindsnoop", "-c", python_command(source))
    assert [(e["address"], e["port"]) for e in events] == [("127.0.0.1", port), ("::1", port)]
