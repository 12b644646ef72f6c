"""Asking without keeping: for whoever wants to know what a paper answers before it is crawled. Nothing is written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from protego import Protego

from pipeline.crawl.entries import Reading, read_feed, read_listing, read_sitemap
from pipeline.crawl.fetch import ROBOT, Ask, Fetcher, Reply
from pipeline.records import Listing, Source
from pipeline.settings import Crawl


@dataclass(slots=True)
class Visit:
    """A polite way to ask, and the robots.txt files met on it."""

    get: Callable[[Ask], Awaitable[Reply]]
    robots: dict[str, Reply] = field(default_factory=dict)  # by host and port
    asked: int = 0  # requests, robots.txt included; redirects and repeats are not counted

    def rules(self, url: str) -> Protego | None:
        """The robots.txt that holds for an address; None where there is none, or it did not come."""
        reply = self.robots.get(urlsplit(url).netloc)
        return Protego.parse(reply.body[:512_000].decode("utf-8-sig", "replace")) if reply and reply.body else None

    def crawl_delay(self, url: str) -> float:
        """Seconds between two requests that robots.txt asks for; 0 where it asks for none."""
        rules = self.rules(url)
        return float(rules.crawl_delay(ROBOT) or 0) if rules else 0.0


@asynccontextmanager
async def visiting(limits: Crawl, agent: str) -> AsyncIterator[Visit]:
    """A visit, with robots.txt, delays and limits as in a crawl."""

    async def on_reply(reply: Reply) -> None:
        visit.asked += 1
        if reply.ask.kind == "robots":
            visit.robots[urlsplit(reply.ask.url).netloc] = reply

    async with Fetcher(limits, agent, on_reply=on_reply) as fetcher:
        visit = Visit(fetcher.get)
        yield visit


def read(reply: Reply, source: Source) -> Reading:
    """What an answered entry point announces; for other answers, and for articles, only the outcome."""
    if reply.outcome != "ok":
        return Reading(outcome=reply.outcome, reason=reply.reason)
    content_type = reply.header("content-type")
    match reply.ask.kind:
        case "feed":
            return read_feed(reply.body, content_type, reply.final_url, source)
        case "sitemap":
            return read_sitemap(reply.body, content_type, reply.final_url, source)
        case "listing":
            listing = next((one for one in source.listings if one.url == reply.ask.url), Listing(reply.ask.url))
            return read_listing(reply.body, content_type, reply.final_url, source, listing)
        case _:
            return Reading()
