"""Long runs without Python's collector: what is left in cycles goes now and then."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from tracelang.cli.garbage import GarbageWatch


class Cycle:
    """An object that only a collector frees."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


@pytest.mark.usefixtures("without_collector")
def test_cycles_of_a_long_run_are_freed() -> None:
    now = [0.0]
    watch = GarbageWatch(lambda: now[0])
    kept = Cycle()
    lost = weakref.ref(Cycle())
    now[0] = 9.0
    watch.look()
    assert lost() is not None, "it is too early"
    now[0] = 10.0
    watch.look()
    assert lost() is None
    assert kept.itself is kept


def test_where_the_collector_is_on_nothing_is_set_aside() -> None:
    before = gc.get_freeze_count()
    GarbageWatch().look()
    assert gc.get_freeze_count() == before
