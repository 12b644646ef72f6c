"""Pure functions in processes of their own, so that a hostile page costs one item and never the line.

A job that fails, dies, or takes too long is its own result; its neighbours do not notice.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessPool

R = TypeVar("R")


class TooLong(Exception):
    """A job took its worker longer than the limit in seconds, which is its argument."""


class Workers:
    """A few worker processes, started when first needed. Use as a context manager, or close."""

    def __init__(self, processes: int, *, wall_seconds: float, cpu_seconds: float = 0, megabytes: int = 0) -> None:
        """Limits are for one job; 0 is no limit. Memory counts as the process' address space.

        With no processes at all, jobs run in this one and nothing limits them: for tests and very small machines.
        """
        self._processes = processes
        self._wall, self._cpu, self._megabytes = wall_seconds, cpu_seconds, megabytes
        self._pool: ProcessPool | None = None
        self._closed = False

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __call__(self, function: Callable[..., R], jobs: Sequence[tuple[Any, ...]]) -> list[R | Exception]:
        """Results in the order of the jobs; what a job raised is its result."""
        if not self._processes:
            return [_guarded(function, job, 0) for job in jobs]
        return [self._result(future) for future in [self._schedule(function, job) for job in jobs]]

    async def run(self, function: Callable[..., R], *job: Any) -> R | Exception:
        """The result of one job, or what it raised, without holding up the event loop."""
        if not self._processes:
            return _guarded(function, job, 0)
        future = self._schedule(function, job)
        waited = asyncio.wrap_future(future)
        await asyncio.wait([waited])
        waited.exception()  # seen: `_result` tells it
        return self._result(future)

    def close(self) -> None:
        """End the processes, whatever they are doing; jobs that did not finish give CancelledError."""
        self._closed = True
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it unannotated
            self._pool.join()
            self._pool = None

    def _schedule(self, function: Callable[..., R], job: tuple[Any, ...]) -> Future[R | Exception]:
        if self._closed:
            cancelled: Future[R | Exception] = Future()
            cancelled.cancel()
            return cancelled
        if self._pool is None:
            self._pool = ProcessPool(
                self._processes,
                context=multiprocessing.get_context("spawn"),
                initializer=_begin,
                initargs=(self._megabytes,),
            )
        future: Future[R | Exception] = self._pool.schedule(
            _guarded, args=(function, job, self._cpu), timeout=self._wall or None
        )
        return future

    def _result(self, future: Future[R | Exception]) -> R | Exception:
        try:
            return future.result()
        except TimeoutError:
            return TooLong(self._wall)
        except CancelledError as error:  # closed while the job ran
            return error
        except ProcessExpired as error:
            return TooLong(self._cpu) if self._cpu and error.exitcode == -signal.SIGPROF else error


def _begin(megabytes: int) -> None:
    """A worker keeps to its memory, and does not outlive a line that was killed."""
    if megabytes:
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _guarded(function: Callable[..., R], job: tuple[Any, ...], cpu_seconds: float) -> R | Exception:
    # The kernel ends a process that runs out of its time, also inside a regular expression, where Python sees no signal.
    if cpu_seconds:
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        return function(*job)
    except Exception as error:
        return error
    finally:
        if cpu_seconds:
            signal.setitimer(signal.ITIMER_PROF, 0)
