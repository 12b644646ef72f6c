"""A newspaper on 127.0.0.1 whose every answer the test decides, and which remembers what it was asked."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True)
class Asked:
    """One request as the server saw it; times are those of time.monotonic."""

    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes
    arrived: float
    answered: float = 0.0  # just before the last byte was handed over


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server says. With `drip` the body is sent for ever: a chunk, a pause of so many seconds, a chunk.

    `raw` is sent instead of an HTTP answer, then the line is cut; with `drip` after it the body for ever.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    drip: float | None = None
    raw: bytes | None = None


Page = Answer | Callable[[Asked], Answer]


class Site:
    """One host: pages by path (404 for the rest) and the list of what was asked."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.port = port
        self.pages: dict[str, Page] = {}
        self.asked: list[Asked] = []
        self.under_way = 0
        self.most_at_once = 0
        self.lock = threading.Lock()

    def url(self, path: str) -> str:
        return self.base + path

    @property
    def paths(self) -> list[str]:
        """What was asked, in order, robots.txt left out."""
        return [asked.path for asked in self.asked if asked.path != "/robots.txt"]

    def answer(self, asked: Asked) -> Answer:
        page = self.pages.get(asked.path, Answer(404))
        return page(asked) if callable(page) else page


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: two would wait 40 ms for each other
    site: Site

    def log_message(self, format: str, *args: Any) -> None:
        del format, args

    def _serve(self) -> None:
        length = int(self.headers.get("content-length", 0))
        asked = Asked(
            self.command,
            self.path,
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
            time.monotonic(),
        )
        with self.site.lock:
            self.site.asked.append(asked)
            self.site.under_way += 1
            self.site.most_at_once = max(self.site.most_at_once, self.site.under_way)
        try:
            self._send(asked, self.site.answer(asked))
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = _serve

    def _send(self, asked: Asked, answer: Answer) -> None:
        if answer.raw is not None:
            self._leave(asked)
            self.wfile.write(answer.raw)
            self.wfile.flush()
            self._drip(answer)
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
            return
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.drip is None and "content-length" not in {name.lower() for name in answer.headers}:
            self.send_header("Content-Length", str(len(answer.body)))
        if answer.drip is not None:
            self.send_header("Connection", "close")
        self.end_headers()
        self._drip(answer)
        self._leave(asked)
        self.wfile.write(answer.body)

    def _drip(self, answer: Answer) -> None:
        while answer.drip is not None:  # until the client has had enough
            self.wfile.write(answer.body)
            self.wfile.flush()
            time.sleep(answer.drip)

    def _leave(self, asked: Asked) -> None:
        with self.site.lock:
            asked.answered = time.monotonic()
            self.site.under_way -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away in the middle is what many tests are about."""


@contextmanager
def serving() -> Iterator[Site]:
    """A running site on a free port."""
    handler = type("Handler", (_Handler,), {})
    with _Server(("127.0.0.1", 0), handler) as server:
        site = Site(server.server_port)
        handler.site = site  # type: ignore[attr-defined]  # one class of handlers for each server
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
