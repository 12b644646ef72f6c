"""Worker processes: one bad item does not take its neighbours with it."""

from __future__ import annotations

import os

import pytest

from pipeline.line import workers


def double(number: int) -> int:
    """A stage that fails on 13 and dies on 7."""
    if number == 7:
        os._exit(1)
    if number == 13:
        raise ValueError("thirteen")
    return number * 2


@pytest.mark.parametrize("processes", [0, 1, 2])
def test_an_item_that_fails_is_its_own_result(processes: int) -> None:
    with workers(processes) as run:
        one, bad, two = run(double, [(1,), (13,), (2,)])
    assert (one, two) == (2, 4)
    assert isinstance(bad, ValueError)


def test_an_item_that_kills_its_process_is_lost_alone_and_work_goes_on() -> None:
    with workers(1) as run:
        results = run(double, [(1,), (7,), (2,), (3,)])
        assert [result for result in results if isinstance(result, int)] == [2, 4, 6]
        assert isinstance(results[1], Exception)
        assert run(double, [(4,)]) == [8]
