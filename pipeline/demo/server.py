"""The fictional press over HTTP on loopback, one port a paper."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import socket
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from functools import cache

import uvicorn
from jinja2 import Environment, PackageLoader, select_autoescape
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from pipeline.demo.press import (
    EMPTY,
    FORBIDDEN,
    GONE,
    MOVED,
    OUTLETS,
    SLOW,
    SLOW_SECONDS,
    STUCK,
    STUCK_SECONDS,
    Outlet,
    Story,
    corrected,
    stories,
)
from pipeline.records import Listing, Source

_FEEDS = {"rss": ("/rss/home.rss", "/rss/thoi-su.rss"), "atom": ("/atom.xml",), "sitemap": ("/news-sitemap.xml",)}
_VIETNAM = timezone(timedelta(hours=7))


class Press:
    """The state of the fictional press: when it started, and which articles have been read since."""

    def __init__(self, started: datetime, ports: dict[int, Outlet]) -> None:
        self.started = started
        self.ports = ports
        self.read: set[str] = set()
        self.requests: list[tuple[str, str, int]] = []  # outlet id, path, status

    def app(self) -> Starlette:
        """All papers as one ASGI application; the port tells which is asked."""
        return Starlette(routes=[Route("/{path:path}", self._answer)])

    async def _answer(self, request: Request) -> Response:
        outlet = self.ports[request.scope["server"][1]]
        response = await self._page(outlet, request)
        self.requests.append((outlet.id, request.url.path, response.status_code))
        return response

    async def _page(self, outlet: Outlet, request: Request) -> Response:
        base, path = str(request.base_url).rstrip("/"), request.url.path
        if path == "/robots.txt":
            return Response("User-agent: *\nDisallow: /noi-bo/\n", media_type="text/plain")
        if path in _FEEDS.get(outlet.kind, ()):
            return self._sent(
                outlet,
                request,
                self._feed(outlet, base, only="thoi-su" if "thoi-su" in path else ""),
                "application/xml",
            )
        if path == "/moi-nhat/" and outlet.kind == "listing":
            return self._sent(outlet, request, self._listing(outlet, base), "text/html; charset=utf-8")
        for story in stories(outlet.id):
            if path == _old_path(story) and story.id == MOVED:
                return RedirectResponse(base + _path(story), 301)
            if path == _path(story):
                return await self._article(outlet, request, base, story)
        return Response("Không tìm thấy trang", 404, media_type="text/plain")

    async def _article(self, outlet: Outlet, request: Request, base: str, story: Story) -> Response:
        if story.id == GONE:
            return Response("Bài đã gỡ", 404, media_type="text/plain")
        if story.id in (SLOW, STUCK):
            await asyncio.sleep(SLOW_SECONDS if story.id == SLOW else STUCK_SECONDS)
        shown = corrected(story) if story.id in self.read else story
        self.read.add(story.id)
        html = (
            _templates()
            .get_template(f"{outlet.layout}.html")
            .render(
                outlet=outlet,
                story=shown,
                url=base + _path(story),
                published=self._time(story).astimezone(_VIETNAM),
                empty=story.id == EMPTY,
                others=[(other.title, base + _path(other)) for other in stories(outlet.id)[:5]],
            )
        )
        return self._sent(outlet, request, html, "text/html; charset=utf-8")

    def _sent(self, outlet: Outlet, request: Request, text: str, media_type: str) -> Response:
        body = (unicodedata.normalize("NFD", text) if outlet.nfd else text).encode("utf-8")
        etag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        headers = {"ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        if outlet.gzip and "gzip" in request.headers.get("accept-encoding", ""):
            body = gzip.compress(body, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers=headers, media_type=media_type)

    def _time(self, story: Story) -> datetime:
        return self.started - timedelta(minutes=story.minutes_ago)

    def _announced(self, story: Story) -> Story:
        # A paper that corrects quietly does not announce it.
        known = corrected(story) if story.id in self.read else story
        return known if known.title != story.title else story

    def _feed(self, outlet: Outlet, base: str, only: str) -> str:
        rows = []
        for story in stories(outlet.id):
            if not only or story.section == only:
                told = self._announced(story)
                path = _old_path(story) if story.id == MOVED else _path(story)
                # Section feeds carry trackers, so that one article has two addresses.
                rows.append(
                    (
                        told,
                        base + path + ("?utm_source=rss&utm_medium=thoi-su" if only else ""),
                        self._stamp(outlet, self._time(story)),
                    )
                )
        template = {"rss": "feed.rss", "atom": "feed.atom", "sitemap": "sitemap.xml"}[outlet.kind]
        text = _templates().get_template(template).render(outlet=outlet, base=base, rows=rows)
        return text[: int(len(text) * 0.93)] if outlet.cut_feed else text

    def _listing(self, outlet: Outlet, base: str) -> str:
        rows = [(story, base + _path(story)) for story in stories(outlet.id)]
        return _templates().get_template("listing.html").render(outlet=outlet, rows=rows)

    def _stamp(self, outlet: Outlet, moment: datetime) -> str:
        if outlet.kind != "rss":
            return moment.astimezone(_VIETNAM).isoformat(timespec="seconds")
        if outlet.zone == "GMT":
            return format_datetime(moment.astimezone(UTC), usegmt=True)
        return format_datetime(moment.astimezone(_VIETNAM)).replace("+0700", outlet.zone)


def _path(story: Story) -> str:
    folder = "/noi-bo" if story.id == FORBIDDEN else f"/{story.section}"
    return f"{folder}/{story.slug}.html"


def _old_path(story: Story) -> str:
    return f"/tin-cu/{story.slug}.html"


@cache
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("pipeline.demo"),
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=select_autoescape(("html", "rss", "atom", "xml")),
    )


def sources(first_port: int) -> tuple[Source, ...]:
    """The papers as sources, marked as fictional; each lives on the next port."""
    made = []
    for number, outlet in enumerate(OUTLETS):
        base = f"http://127.0.0.1:{first_port + number}"
        feeds: tuple[str, ...] = {"rss": (f"{base}/rss/home.rss",), "atom": (f"{base}/atom.xml",)}.get(outlet.kind, ())
        if outlet.id == "truong_xuan":
            feeds += (f"{base}/rss/thoi-su.rss",)
        made.append(
            Source(
                id=outlet.id.replace("_", "-"),
                name=f"{outlet.name} (hư cấu)",
                home=f"{base}/",
                language="en" if outlet.language == "en" else "vi",
                scope=outlet.scope,  # type: ignore[arg-type]  # OUTLETS uses Scope's words
                feeds=feeds,
                sitemaps=(f"{base}/news-sitemap.xml",) if outlet.kind == "sitemap" else (),
                listings=(Listing(f"{base}/moi-nhat/", links="h2 a"),) if outlet.kind == "listing" else (),
                expected=(5, 60),
            )
        )
    return tuple(made)


@contextmanager
def serving(first_port: int, started: datetime) -> Iterator[Press]:
    """Serve the press from a thread for the length of a with block. OSError where a port is taken."""
    sockets = []
    try:
        for number in range(len(OUTLETS)):
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sockets.append(listener)
            listener.bind(("127.0.0.1", first_port + number))
            listener.listen()  # so that nobody is refused before the server has started
    except OSError:
        for listener in sockets:
            listener.close()
        raise
    press = Press(started, {first_port + number: outlet for number, outlet in enumerate(OUTLETS)})
    server = uvicorn.Server(
        uvicorn.Config(press.app(), log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True, name="demo press")
    thread.start()
    try:
        yield press
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        for listener in sockets:
            listener.close()
