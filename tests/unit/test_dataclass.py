"""Our frozen dataclass behaves as the library's: each rule is tried on both."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, field, fields, is_dataclass, replace
from typing import Any

import pytest

from tracelang import dataclass as ours


def declare(dataclass: Callable[..., Any]) -> tuple[Any, Any]:
    """Return a class and one that inherits from it, made by the decorator."""

    @dataclass(frozen=True, slots=True)
    class Base:
        """A base."""

        x: int
        span: int | None = field(default=None, kw_only=True, compare=False, repr=False)

    @dataclass(frozen=True, slots=True)
    class Derived(Base):
        """What is derived."""

        name: str
        other: int = 3
        more: dict[str, int] = field(default_factory=dict)
        length: int = field(init=False, compare=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "length", len(self.name))

        @property
        def twice(self) -> str:
            """The name two times."""
            return self.name * 2

    return Base, Derived


MAKERS = pytest.mark.parametrize("dataclass", [dataclasses.dataclass, ours.dataclass])


@MAKERS
def test_values_are_given_by_position_and_by_name(dataclass: Callable[..., Any]) -> None:
    _, derived = declare(dataclass)
    value = derived(1, "a", span=9)
    assert (value.x, value.name, value.other, value.more, value.span) == (1, "a", 3, {}, 9)
    assert (value.length, value.twice) == (1, "aa")
    assert derived(1, name="a", other=4) == derived(1, "a", 4, {})
    assert derived(1, "a").more is not derived(1, "a").more
    assert derived.__doc__ == "What is derived."


@MAKERS
@pytest.mark.parametrize(
    ("args", "named"),
    [
        ((1,), {}),
        ((1, "a", 3, {}, 5), {}),
        ((1, "a"), {"name": "b"}),
        ((1, "a"), {"nonsense": 3}),
        ((), {"name": "a"}),
    ],
)
def test_wrong_values_are_refused(
    dataclass: Callable[..., Any], args: tuple[Any, ...], named: dict[str, Any]
) -> None:
    _, derived = declare(dataclass)
    with pytest.raises(TypeError):
        derived(*args, **named)


@MAKERS
def test_values_compare_and_hash_by_what_counts(dataclass: Callable[..., Any]) -> None:
    base, derived = declare(dataclass)
    assert base(1, span=2) == base(1, span=3)
    assert hash(base(1, span=2)) == hash(base(1, span=3))
    assert base(1) != base(2)
    assert base(1) != derived(1, "a")
    assert base(1) != 1
    assert len({base(1), base(1, span=5), base(2)}) == 2


@MAKERS
def test_values_are_shown_and_matched_by_their_fields(dataclass: Callable[..., Any]) -> None:
    base, derived = declare(dataclass)
    assert repr(derived(1, "a")).endswith("Derived(x=1, name='a', other=3, more={}, length=1)")
    assert derived.__match_args__ == ("x", "name", "other", "more")
    match base(7, span=1):
        case base(x):
            assert x == 7
        case _:
            pytest.fail("no match")


@MAKERS
def test_values_do_not_change(dataclass: Callable[..., Any]) -> None:
    base, _ = declare(dataclass)
    value = base(1)
    with pytest.raises(FrozenInstanceError):
        value.x = 2
    with pytest.raises(FrozenInstanceError):
        del value.x
    assert not hasattr(value, "__dict__")


@MAKERS
def test_the_library_takes_them_for_its_own(dataclass: Callable[..., Any]) -> None:
    base, derived = declare(dataclass)
    value: Any = derived(1, "a", span=9)
    assert is_dataclass(type(value))
    assert [f.name for f in fields(value)] == ["x", "span", "name", "other", "more", "length"]
    assert [f.kw_only for f in fields(value)][:2] == [False, True]
    changed = replace(value, name="bc", span=4)
    assert (changed.x, changed.name, changed.span, changed.length) == (1, "bc", 4, 2)
    with pytest.raises(TypeError):
        replace(value, nonsense=1)
    assert dataclasses.asdict(base(1)) == {"x": 1, "span": None}
    assert copy.copy(value) == copy.deepcopy(value) == value


@ours.dataclass(frozen=True, slots=True)
class Pickled:
    """At the top of a module, as pickle wants it."""

    x: int
    y: int = 2


def test_values_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Pickled(1, 3))) == Pickled(1, 3)


def test_what_is_not_meant_is_refused() -> None:
    with pytest.raises(TypeError):
        ours.dataclass(frozen=True, slots=False)
    with pytest.raises(TypeError):

        @ours.dataclass(frozen=True, slots=True)
        class _Mixed(dataclasses.make_dataclass("Theirs", ["x"])):  # type: ignore[misc]
            y: int


def test_making_a_class_does_not_import_the_library() -> None:
    source = (
        "import sys, tracelang.source, tracelang.mechanism; print('dataclasses' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", source],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
