"""Threads give results in order, and errors where they belong."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from proto_utils.errors import CorruptionError, UnsupportedError
from proto_utils.threads import in_order, num_places, num_threads, set_num_threads


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    yield
    set_num_threads(None)


def test_how_many_is_said_by_the_machine_or_the_user():
    assert 1 <= num_threads() <= 8
    set_num_threads(12)
    assert num_threads() == 12
    set_num_threads(None)
    assert num_threads() <= 8
    with pytest.raises(UnsupportedError, match="0 threads"):
        set_num_threads(0)


@pytest.mark.parametrize(("num_cores", "beside", "alone"), [(1, 1, 1), (2, 1, 2), (5, 4, 5), (64, 8, 8)])
def test_a_caller_that_works_has_a_core(monkeypatch: pytest.MonkeyPatch, num_cores: int, beside: int, alone: int):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(num_cores)), raising=False)
    assert (num_threads(beside_caller=True), num_threads()) == (beside, alone)
    assert num_places() == (beside + 2 if beside > 1 else 1)
    set_num_threads(2)
    assert num_threads(beside_caller=True) == num_threads() == 2
    assert num_places() == 4


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("num_items", [0, 1, 2, 3, 50])
def test_results_come_in_order(count, num_items):
    set_num_threads(count)
    assert list(in_order(lambda item: item * item, range(num_items))) == [item * item for item in range(num_items)]


def test_several_work_at_a_time():
    set_num_threads(3)
    barrier = threading.Barrier(3, timeout=60)
    assert len({*in_order(lambda _: (barrier.wait(), threading.get_ident())[1], range(3))}) == 3


def test_one_thread_starts_none():
    set_num_threads(1)
    assert {*in_order(lambda _: threading.get_ident(), range(3))} == {threading.get_ident()}


def test_few_items_are_drawn_ahead():
    set_num_threads(2)
    drawn: list[int] = []

    def items() -> Iterator[int]:
        for number in range(100):
            drawn.append(number)
            yield number

    results = in_order(lambda item: item, items())
    for number in range(10):
        assert next(results) == number
        assert len(drawn) <= number + 4
    results.close()  # type: ignore[attr-defined]
    assert len(drawn) < 20


@pytest.mark.parametrize("count", [1, 2, 3])
def test_errors_come_in_their_turn(count):
    set_num_threads(count)

    def refuse_seven(item: int) -> int:
        if item == 7:
            raise CorruptionError("seven")
        return item

    results = in_order(refuse_seven, range(20))
    assert [next(results) for _ in range(7)] == list(range(7))
    with pytest.raises(CorruptionError, match="seven"):
        next(results)


def test_without_threads_an_item_is_done_with_before_the_next_is_drawn():
    set_num_threads(1)
    place = [0]

    def items() -> Iterator[list[int]]:
        for number in range(5):
            place[0] = number
            yield place

    assert num_places() == 1
    assert list(in_order(lambda item: item[0], items())) == list(range(5))


def test_with_threads_no_two_have_a_place():
    set_num_threads(3)
    places = [[0] for _ in range(num_places())]

    def items() -> Iterator[list[int]]:
        for number in range(1000):
            places[number % len(places)][0] = number
            yield places[number % len(places)]

    assert [item[0] for item in in_order(lambda item: item, items())] == list(range(1000))


def test_threads_end_with_the_work():
    set_num_threads(4)
    before = threading.active_count()
    results = in_order(lambda item: item, range(100))
    next(results)
    assert threading.active_count() == before + 4
    results.close()  # type: ignore[attr-defined]
    assert threading.active_count() == before


def test_errors_of_the_items_end_the_threads():
    set_num_threads(2)
    before = threading.active_count()

    def items() -> Iterator[int]:
        yield from (1, 2, 3)
        raise CorruptionError("no more")

    with pytest.raises(CorruptionError, match="no more"):
        list(in_order(lambda item: item, items()))
    assert threading.active_count() == before
