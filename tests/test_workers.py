"""Worker processes: one bad item does not take its neighbours with it."""

from __future__ import annotations

import os
import re

import pytest

from pipeline.line import workers

SECONDS = 60.0


def double(number: int) -> int:
    """A stage that fails on 13 and dies on 7."""
    if number == 7:
        os._exit(1)
    if number == 13:
        raise ValueError("thirteen")
    if number == 99:
        re.match(r"(?:a+)+b", "a" * 60)  # takes for ever
    return number * 2


@pytest.mark.parametrize("processes", [0, 1, 2])
def test_an_item_that_fails_is_its_own_result(processes: int) -> None:
    with workers(processes, SECONDS) as run:
        one, bad, two = run(double, [(1,), (13,), (2,)])
    assert (one, two) == (2, 4)
    assert isinstance(bad, ValueError)


def test_an_item_that_kills_its_process_is_lost_alone_and_work_goes_on() -> None:
    with workers(1, SECONDS) as run:
        results = run(double, [(1,), (7,), (2,), (3,)])
        assert [result for result in results if isinstance(result, int)] == [2, 4, 6]
        assert isinstance(results[1], Exception)
        assert run(double, [(4,)]) == [8]


def test_an_item_that_takes_too_long_is_given_up_and_its_worker_goes_on() -> None:
    with workers(1, 1.0) as run:
        one, bad, two = run(double, [(1,), (99,), (2,)])
    assert (one, two) == (2, 4)
    assert isinstance(bad, Exception) and bad.args == (1.0,)
