"""The tools for connections and network devices: bytes, ports and times against a conversation."""

from __future__ import annotations

import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from tests.live.runs import python_command, run_summary, run_tool, summing
from tests.processes import TracelangCommand

# One process talks to itself: 3,000 bytes there, 500 back.
TALK = """
import socket, time
server = socket.create_server(("127.0.0.1", 0))
port = server.getsockname()[1]
near = socket.create_connection(("127.0.0.1", port))
far, peer = server.accept()
for n in range(3): near.sendall(b"x" * 1000)
got = 0
while got < 3000: got += len(far.recv(4096))
far.sendall(b"y" * 500)
near.recv(4096)
{more}
near.close()
far.close()
open("ports", "w").write(f"{{port}} {{peer[1]}}")
"""


def talk(more: str = "") -> str:
    return python_command(TALK.format(more=more))


def ports(home: Path) -> tuple[int, int]:
    """Return the server's port and its peer's."""
    port, peer = (home / "ports").read_text().split()
    return int(port), int(peer)


@pytest.mark.tool("tcptop")
def test_tcptop(tracelang: TracelangCommand, home: Path) -> None:
    rows = run_summary(tracelang, "tcptop", "-c", talk())
    port, peer = ports(home)
    sides = {(r["sport"], r["dport"]): [0, 0] for r in rows}
    for row in rows:
        sides[row["sport"], row["dport"]][0] += row["sent"]
        sides[row["sport"], row["dport"]][1] += row["received"]
    assert sides == {(peer, port): [3000, 500], (port, peer): [500, 3000]}
    assert {(row["saddr"], row["daddr"]) for row in rows} == {("127.0.0.1", "127.0.0.1")}
    assert run_summary(tracelang, "tcptop", "--port", "1", "-c", talk()) == []


@pytest.mark.tool("tcpsubnet")
def test_tcpsubnet(tracelang: TracelangCommand, home: Path) -> None:
    rows = run_summary(tracelang, "tcpsubnet", "--bits", "8", "-c", talk())
    assert {row["network"] for row in rows} == {"127.0.0.0"}
    assert sum(row["sent"] for row in rows) == 3500


@pytest.mark.tool("tcpconnlat")
def test_tcpconnlat(tracelang: TracelangCommand, home: Path) -> None:
    (event,) = run_tool(tracelang, "tcpconnlat", "-c", talk())
    port, peer = ports(home)
    assert (event["sport"], event["dport"]) == (peer, port)
    assert (event["saddr"], event["daddr"]) == ("127.0.0.1", "127.0.0.1")
    assert event["us"] > 0
    assert run_tool(tracelang, "tcpconnlat", "--min", "10s", "-c", talk()) == []


@pytest.mark.tool("tcptracer")
def test_tcptracer(tracelang: TracelangCommand, home: Path) -> None:
    events = run_tool(tracelang, "tcptracer", "-c", talk())
    port, peer = ports(home)
    seen = [(event["rule"], event["sport"], event["dport"]) for event in events]
    assert seen == [(1, peer, port), (2, port, peer), (3, peer, port), (3, port, peer)]
    assert len({event["pid"] for event in events}) == 1


@pytest.mark.tool("tcprtt")
def test_tcprtt(tracelang: TracelangCommand, home: Path) -> None:
    (row,) = run_summary(tracelang, "tcprtt", "-c", talk())
    # Each side had at least one packet of the other.
    assert sum(n for _, _, n in row["us"]) >= 2
    assert row["mean_us"] > 0
    assert run_summary(tracelang, "tcprtt", "--port", "1", "-c", talk()) == []


@pytest.mark.tool("tcpcong")
def test_tcpcong(tracelang: TracelangCommand, home: Path) -> None:
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("no unshare or ip; install util-linux and iproute2 to have this test run")
    # In a network of its own, whose only device goes down in mid-conversation: what is sent then
    # is not answered until it is up again.
    lost = """
import os
os.system("ip link set lo down")
far.sendall(b"z" * 100)
time.sleep(0.5)
os.system("ip link set lo up")
near.recv(4096)
time.sleep(0.2)
"""
    (home / "work.sh").write_text(f"ip link set lo up; exec {talk(lost)}")
    # Its timers run while any process does.
    with summing(tracelang, "tcpcong") as rows:
        subprocess.run(["unshare", "--net", "sh", "work.sh"], check=True, cwd=home)
    port, peer = ports(home)
    states = {
        row["state_text"]: row for row in rows if (row["sport"], row["dport"]) == (port, peer)
    }
    assert states["loss"]["total"] >= 100_000_000
    assert states["open"]["count"] >= 1


@pytest.mark.tool("netqtop")
def test_netqtop(tracelang: TracelangCommand, home: Path) -> None:
    source = """
import socket
there = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
there.bind(("127.0.0.1", 0))
here = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for n in range(30): here.sendto(b"x" * 1600, there.getsockname())
for n in range(20): here.sendto(b"x", there.getsockname())
"""
    rows = run_summary(tracelang, "netqtop", "--device", "l*", "-c", python_command(source))
    assert {row["device"] for row in rows} == {"lo"}
    sums = [sum(row[n] for row in rows) for n in ("packets", "below_64", "from_1500", "bytes")]
    # To each packet come 20 bytes of IP, 8 of UDP and 14 of Ethernet.
    assert sums == [50, 20, 30, 30 * 1642 + 20 * 43]
    nothing = run_summary(tracelang, "netqtop", "--device", "e*", "-c", python_command(source))
    assert nothing == []


@pytest.mark.tool("solisten")
def test_solisten(tracelang: TracelangCommand, home: Path) -> None:
    source = """
import socket
one = socket.create_server(("127.0.0.1", 0), backlog=7)
two = socket.create_server(("::1", 0), family=socket.AF_INET6, backlog=9)
open("ports", "w").write(f"{one.getsockname()[1]} {two.getsockname()[1]}")
"""
    events = run_tool(tracelang, "solisten", "-c", python_command(source))
    one, two = ports(home)
    seen = [(e["address"], e["port"], e["backlog"], e["result"]) for e in events]
    assert seen == [("127.0.0.1", one, 7, 0), ("::1", two, 9, 0)]


@pytest.mark.tool("bindsnoop")
def test_bindsnoop(tracelang: TracelangCommand, home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = f"""
import socket
socket.socket().bind(("127.0.0.1", {port}))
socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).bind(("::1", 0))
socket.socket(socket.AF_UNIX).bind("socket")
taken = socket.create_server(("127.0.0.1", 0))
try: socket.socket().bind(taken.getsockname())
except OSError: pass
"""
    command = python_command(source)
    one, two, three, refused = run_tool(tracelang, "bindsnoop", "-c", command)
    assert (one["address"], one["asked"], one["port"]) == ("127.0.0.1", port, port)
    assert (one["protocol_text"], two["protocol_text"]) == ("IPPROTO_TCP", "IPPROTO_UDP")
    assert (two["address"], two["asked"], two["result_text"]) == ("::1", 0, "0")
    assert two["port"] != 0
    assert (refused["asked"], refused["port"]) == (three["port"], 0)
    assert refused["result_text"] == "EADDRINUSE"
    only = run_tool(tracelang, "bindsnoop", "--port", str(port), "-c", command)
    assert [event["port"] for event in only] == [port]
