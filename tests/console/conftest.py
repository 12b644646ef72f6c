"""The console, served over a line whose store holds a small day."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn

from pipeline.console.app import make_console
from pipeline.line import Line
from pipeline.records import Source
from pipeline.settings import Settings, read_settings
from tests.browsing import browser
from tests.conftest import ROOT
from tests.store.rows import feed, link, publish

__all__ = ["browser"]

SOURCES = tuple(
    Source(source_id, name, f"https://{source_id}.vn/", "vi", "national", feeds=(f"https://{source_id}.vn/rss",))
    for source_id, name in (("bao-a", "Báo A"), ("bao-b", "Báo B <b>đậm</b>"))
)


def _settings(data: str) -> Settings:
    settings = read_settings(ROOT / "diembao.toml")
    return settings.model_copy(update={"data": data})


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """An office that has read three items today, two of them flagged."""
    opened = Line(_settings(str(tmp_path_factory.mktemp("office"))), SOURCES)
    now = datetime.now(UTC)
    # The digest is made with the model that is installed.
    model = opened.digest(now - timedelta(days=1), now).model
    opened.ledger.record(feed(now - timedelta(hours=3), link("a")))
    opened.ledger.flush()
    for name, topics in (("a", ["sovereignty", "human_rights"]), ("b", ["provincial_reputation"]), ("c", [])):
        publish(
            opened.database,
            name,
            now - timedelta(hours=2),
            flagged=topics,
            model=model,
            title=f"Tin <i>{name}</i> & hết",
        )
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def empty_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """An office before its first crawl."""
    opened = Line(_settings(str(tmp_path_factory.mktemp("office"))), SOURCES)
    yield opened
    opened.close()


def _served(line: Line) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(make_console(line), log_level="critical", lifespan="off", server_header=False)
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture(scope="module")
def port(line: Line) -> Iterator[int]:
    """The port of the console over the small day."""
    yield from _served(line)


@pytest.fixture(scope="module")
def empty_port(empty_line: Line) -> Iterator[int]:
    """The port of the console of an office that has read nothing."""
    yield from _served(empty_line)
