"""The fictional press, served."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from pipeline.demo.press import OUTLETS
from pipeline.demo.server import Press, serving
from tests.office import free_ports


@dataclass(frozen=True)
class Served:
    """A running press."""

    press: Press
    first_port: int
    started: datetime

    def base(self, outlet_id: str) -> str:
        return f"http://127.0.0.1:{self.first_port + [outlet.id for outlet in OUTLETS].index(outlet_id)}"


def wait_until_open(port: int) -> None:
    """Come back as soon as the last paper takes connections."""
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            time.sleep(0.01)
        else:
            return
    raise AssertionError(f"port {port} never opened")


def _serve() -> Iterator[Served]:
    first_port, started = free_ports(), datetime.now(UTC)
    with serving(first_port, started) as press:
        wait_until_open(first_port + len(OUTLETS) - 1)
        yield Served(press, first_port, started)


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A press for tests that do not mind what others have read."""
    yield from _serve()


@pytest.fixture
def fresh() -> Iterator[Served]:
    """A press of which nothing has been read yet."""
    yield from _serve()
