"""Control groups by id, and containers by path."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.decoders.bound import bind, encode
from tracelang.decoders.cgroup import CgroupPaths, container_of, find_mount

_ID = "0123456789abcdef" * 4


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "system.slice" / "ssh.service").mkdir(parents=True)
    return tmp_path


def test_a_group_is_found_by_its_directorys_inode(tree: Path) -> None:
    paths = CgroupPaths(str(tree))
    assert paths[tree.stat().st_ino] == "/"
    assert paths[(tree / "system.slice/ssh.service").stat().st_ino] == "/system.slice/ssh.service"
    assert paths[1] == "1"


def test_a_new_group_is_found_and_a_gone_one_remembered(tree: Path) -> None:
    paths = CgroupPaths(str(tree))
    assert paths[1] == "1"
    fresh = tree / "fresh"
    fresh.mkdir()
    inode = fresh.stat().st_ino
    while paths[inode] != "/fresh":
        pass  # a walk of the tree is due soon
    fresh.rmdir()
    assert paths[inode] == "/fresh"


def test_a_path_has_its_id(tree: Path) -> None:
    paths = CgroupPaths(str(tree))
    assert paths.find("/system.slice") == (tree / "system.slice").stat().st_ino
    assert paths.find("/none") is None


def test_without_cgroup2_ids_stay_numbers() -> None:
    paths = CgroupPaths(None)
    assert paths[7] == "7"
    assert paths.find("/") is None


@pytest.fixture
def live_group() -> Iterator[Path]:
    mount = find_mount()
    if mount is None or not os.access(mount, os.W_OK):
        pytest.skip("needs a writable cgroup2 mount: run as root with cgroup2 mounted")
    group = Path(mount) / f"tracelang-test-{os.getpid()}"
    group.mkdir()
    yield group
    group.rmdir()


def test_a_group_of_this_machine(live_group: Path) -> None:
    inode = live_group.stat().st_ino
    assert bind("cgroup_path").text(inode) == f"/{live_group.name}"
    assert encode("cgroup_path", f"/{live_group.name}") == inode


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/system.slice/docker-{_ID}.scope", _ID[:12]),
        (f"/docker/{_ID}", _ID[:12]),
        (f"/kubepods.slice/kubepods-pod1.slice/cri-containerd-{_ID}.scope/init", _ID[:12]),
        ("/lxc/web/init.scope", "web"),
        ("/lxc.payload.web", "web"),
        ("/machine.slice/machine-debian.scope", "debian"),
        (r"/machine.slice/machine-my\x2dweb.scope/payload", "my-web"),
        ("/machine.slice/systemd-nspawn@debian.service/payload", "debian"),
        (f"/machine.slice/libpod-{_ID}.scope/container", _ID[:12]),
        (f"/kubepods.slice/crio-{_ID}.scope", _ID[:12]),
        ("/lxc.payload.web-1/system.slice/ssh.service", "web-1"),
        ("/lxc.monitor.web", ""),
        ("/user.slice/user-1000.slice", ""),
        ("/", ""),
    ],
)
def test_container(path: str, expected: str) -> None:
    assert container_of(path) == expected


def test_machines_get_nothing_outside_a_container() -> None:
    reading = bind("container")
    assert reading.machine is not None
    assert reading.machine(1) is None
