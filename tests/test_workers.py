"""Worker processes: one bad item does not take its neighbours with it."""

from __future__ import annotations

import asyncio
import os
import re

import pytest

from pipeline.workers import TooLong, Workers

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
    with Workers(processes, wall_seconds=SECONDS) as run:
        one, bad, two = run(double, [(1,), (13,), (2,)])
    assert (one, two) == (2, 4)
    assert isinstance(bad, ValueError)


def test_an_item_that_kills_its_process_is_lost_alone_and_work_goes_on() -> None:
    with Workers(1, wall_seconds=SECONDS) as run:
        results = run(double, [(1,), (7,), (2,), (3,)])
        assert [result for result in results if isinstance(result, int)] == [2, 4, 6]
        assert isinstance(results[1], Exception)
        assert run(double, [(4,)]) == [8]


def test_an_item_that_takes_too_long_is_given_up_and_its_worker_goes_on() -> None:
    with Workers(1, wall_seconds=1.0) as run:
        one, bad, two = run(double, [(1,), (99,), (2,)])
    assert (one, two) == (2, 4)
    assert isinstance(bad, TooLong) and bad.args == (1.0,)


def test_a_regular_expression_that_never_ends_is_stopped_by_the_processor_time_it_used() -> None:
    with Workers(1, wall_seconds=SECONDS, cpu_seconds=0.5) as run:
        one, bad, two = run(double, [(1,), (99,), (2,)])
    assert (one, two) == (2, 4)
    assert isinstance(bad, TooLong) and bad.args == (0.5,)


def hoard(megabytes: int) -> int:
    return len(bytearray(megabytes << 20))


def test_a_job_that_wants_more_memory_than_it_may_have_fails_alone() -> None:
    with Workers(1, wall_seconds=SECONDS, megabytes=1024) as run:
        small, large = run(hoard, [(1,), (2048,)])
    assert small == 1 << 20
    assert isinstance(large, MemoryError)


def test_the_event_loop_goes_on_while_a_job_runs() -> None:
    async def both() -> tuple[int | Exception, int]:
        ticks = 0
        with Workers(1, wall_seconds=1.0) as run:
            job = asyncio.ensure_future(run.run(double, 99))
            while not job.done():
                await asyncio.sleep(0.05)
                ticks += 1
            return job.result(), ticks

    result, ticks = asyncio.run(both())
    assert isinstance(result, TooLong) and ticks > 5
