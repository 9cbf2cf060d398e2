"""The guest offers what the other tests of this folder rely on."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from tests import features


def test_it_is_a_kernel_with_everything() -> None:
    assert features.why_incapable() is None
    assert features.why_unprepared() is None


@pytest.mark.parametrize("feature", sorted(features.FEATURES))
def test_it_offers(feature: str) -> None:
    assert features.lacking((feature,)) == []


def test_loopback_is_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=10).close()


def test_temporary_files_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("text")
    assert (tmp_path / "file").read_text() == "text"
