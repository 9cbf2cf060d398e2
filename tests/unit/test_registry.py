"""Names: registering them, and finding what was meant by one that is not there."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracelang.registry import Registry, did_you_mean, nearest


@dataclass(frozen=True)
class Thing:
    name: str


NAMES = st.text("abcdef_", min_size=1, max_size=12)


@given(NAMES, st.lists(NAMES, max_size=30), st.integers(1, 4))
def test_near_names_are_other_names_of_the_list(name: str, names: list[str], limit: int) -> None:
    found = nearest(name, names, limit=limit)
    assert len(found) <= limit
    assert set(found) <= set(names) - {name}


@given(st.data())
def test_one_slip_of_the_finger_is_understood(data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(("filename", "openat", "sched_switch", "child_pid")))
    at = data.draw(st.integers(0, len(word) - 1))
    slips = (
        word[:at] + word[at + 1 :],
        word[:at] + "x" + word[at:],
        word[:at] + "x" + word[at + 1 :],
    )
    wrong = data.draw(st.sampled_from(slips))
    if wrong != word:
        assert nearest(wrong, ("umask", word, "buf", "kthread"))[0] == word


@pytest.mark.parametrize(
    ("name", "names", "found"),
    [
        ("pid", ("bin", "uid", "pidd"), ("pidd", "uid")),
        ("openat", ("sys_openat", "close"), ("sys_openat",)),
        ("COMM", ("comm",), ("comm",)),
        ("count", ("cgroupns",), ()),
        ("zzz", ("comm", "pid"), ()),
        ("", ("comm",), ()),
    ],
)
def test_what_is_near(name: str, names: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert nearest(name, names) == found


def test_a_hint_names_them_all() -> None:
    assert did_you_mean(("a", "b"), "--") == ["did you mean `--a` or `--b`?"]
    assert did_you_mean(()) == []


def test_a_registry_keeps_the_order_and_refuses_a_second_of_the_same_name() -> None:
    registry: Registry[Thing] = Registry("thing")
    one, two = registry.register(Thing("one")), registry.register(Thing("two"))
    assert (registry.names(), list(registry)) == (("one", "two"), [one, two])
    assert registry.get("one") is one
    assert registry.get("three") is None
    assert "two" in registry
    assert "three" not in registry
    assert registry.suggest("tow") == ("two",)
    with pytest.raises(ValueError, match="thing 'one' is registered twice"):
        registry.register(Thing("one"))
