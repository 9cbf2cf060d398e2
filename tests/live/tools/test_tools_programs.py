"""The tools for libraries and programs on this kernel: each shows what the workload did."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.live.runs import python_command, run_summary, run_tool
from tests.processes import TracelangCommand


@pytest.mark.tool("lookups")
def test_lookups(tracelang: TracelangCommand, home: Path) -> None:
    source = "import socket; socket.getaddrinfo('localhost', 80)"
    (event,) = run_tool(tracelang, "lookups", "-c", python_command(source))
    assert (event["node"], event["service"]) == ("localhost", "80")


@pytest.mark.tool("bashreadline")
def test_bashreadline(tracelang: TracelangCommand, home: Path) -> None:
    if shutil.which("bash") is None:
        pytest.skip("no bash; install it to have this test run")
    source = """
import os, pty
pid, terminal = pty.fork()
if not pid: os.execlp("bash", "bash", "--norc", "-i")
os.write(terminal, b"echo one two\\nexit\\n")
try:
    while os.read(terminal, 4096): pass
except OSError: os.waitpid(pid, 0)
"""
    events = run_tool(tracelang, "bashreadline", "-c", python_command(source))
    assert [event["command"] for event in events] == ["echo one two", "exit"]


@pytest.mark.tool("gethostlatency")
def test_gethostlatency(tracelang: TracelangCommand, home: Path) -> None:
    source = """
import ctypes, socket
socket.getaddrinfo("localhost", 80)
libc = ctypes.CDLL(None)
libc.gethostbyname(b"127.0.0.1")
libc.gethostbyname2(b"127.0.0.2", 2)
"""
    events = run_tool(tracelang, "gethostlatency", "-c", python_command(source))
    assert [event["host"] for event in events] == ["localhost", "127.0.0.1", "127.0.0.2"]
    assert all(event["ms"] > 0 for event in events)
    patient = ("gethostlatency", "--least", "1h", "-c", python_command(source))
    assert run_tool(tracelang, *patient) == []


TALK = """
import os, socket, ssl, threading, time
def context(side):
    made = ssl.SSLContext(side)
    made.maximum_version = ssl.TLSVersion.TLSv1_2
    made.check_hostname = False
    made.verify_mode = ssl.CERT_NONE
    made.set_ciphers("AECDH:@SECLEVEL=0")  # without certificates
    return made
here, there = socket.socketpair()
def serve():
    served = context(ssl.PROTOCOL_TLS_SERVER).wrap_socket(there, server_side=True)
    assert served.recv(100) == b"question"
    time.sleep(0.1)
    served.sendall(b"answer")
server = threading.Thread(target=serve)
server.start()
asking = context(ssl.PROTOCOL_TLS_CLIENT).wrap_socket(here)
asking.sendall(b"question")
assert asking.recv(100) == b"answer"
server.join()
"""


@pytest.mark.tool("sslsnoop")
def test_sslsnoop(tracelang: TracelangCommand, home: Path) -> None:
    events = run_tool(tracelang, "sslsnoop", "-c", python_command(TALK))
    done = sorted(event["func"].removesuffix("_ex") for event in events if event["result"] == 1)
    assert done == ["SSL_do_handshake"] * 2 + ["SSL_read"] * 2 + ["SSL_write"] * 2
    # The reader of the answer waits for as long as the other one sleeps.
    assert max(event["us"] for event in events if "read" in event["func"]) >= 100_000
    assert run_tool(tracelang, "sslsnoop", "--pid", "1", "-c", "true") == []


@pytest.mark.tool("ssllatency")
def test_ssllatency(tracelang: TracelangCommand, home: Path) -> None:
    rows = run_summary(tracelang, "ssllatency", "-c", python_command(TALK))
    calls = {row["func"].removesuffix("_ex"): row for row in rows}
    assert {name: row["calls"] for name, row in calls.items()} == {
        "SSL_do_handshake": 2,
        "SSL_read": 2,
        "SSL_write": 2,
    }
    assert max(high for _, high, n in calls["SSL_read"]["us"] if n) > 100_000


@pytest.mark.tool("threadsnoop")
def test_threadsnoop(tracelang: TracelangCommand, home: Path) -> None:
    source = """
import ctypes
libc = ctypes.CDLL(None)
for start in (libc.getppid, libc.rand, libc.getppid):
    thread = ctypes.c_ulong()
    libc.pthread_create(ctypes.byref(thread), None, start, None)
    libc.pthread_join(thread, None)
"""
    events = run_tool(tracelang, "threadsnoop", "-c", python_command(source))
    starts = [event["start"] for event in events]
    assert ["getppid" in starts[0], "rand" in starts[1], "getppid" in starts[2]] == [True] * 3
    assert len({event["pid"] for event in events}) == 1
