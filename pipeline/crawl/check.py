"""`sources check`: each entry point of a source asked once, what it gave, and what to change in sources.toml."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pipeline.catalogue import reason
from pipeline.crawl.entries import Reading
from pipeline.crawl.fetch import Ask, Reply
from pipeline.crawl.visit import Visit, read
from pipeline.records import FetchKind, Link, Listing, Outcome, Page, Selectors, Source
from pipeline.text.encodings import decode
from pipeline.text.normalise import nfc

Robots = Literal["allowed", "none", "forbidden", "unknown", ""]  # "": not asked, the address itself will not do
Encoding = Literal["", "broken", "old"]  # sound UTF-8; letters lost; another encoding that could be read

_ROOT = re.compile(r"<(?![?!])(?:[\w.-]+:)?([\w-]+)")
_STALE = timedelta(days=14)  # a paper whose newest item is older publishes elsewhere
_KEYS: dict[FetchKind, str] = {"feed": "feeds", "sitemap": "sitemaps", "listing": "listings.url"}
_AHEAD = timedelta(hours=3)  # a date this far in the future is in the wrong zone


@dataclass(frozen=True, slots=True)
class EntryCheck:
    """What one address answered."""

    kind: FetchKind
    url: str
    outcome: Outcome
    reason: str  # why it could not be read, a stored reason; empty where it could
    status: int | None
    format: str  # rss, atom, rdf, json, news-sitemap, sitemap, sitemap-index, html or unknown; empty without a body
    items: int
    newest: datetime | None
    dated: float  # share of the items, 0..1
    titled: float
    full_text: float
    robots: Robots
    crawl_delay: float  # seconds, 0 where robots.txt asks for none
    seconds: float
    bytes: int  # as transferred
    moved_to: str  # the address that answered, where it is another
    permanent: bool  # the paper says that it moved for good
    encoding: Encoding
    etag: bool
    last_modified: bool
    advice: tuple[str, ...] = ()  # what to fix, stored reasons

    @property
    def readable(self) -> bool:
        """Whether a crawl would get something from here."""
        return self.outcome in ("ok", "incomplete")


@dataclass(frozen=True, slots=True)
class SourceCheck:
    """What one source answered, its newest article last."""

    source: Source
    entries: tuple[EntryCheck, ...]
    advice: tuple[str, ...]  # on the source as a whole, stored reasons

    @property
    def readable(self) -> bool:
        """Whether everything could be read."""
        return bool(self.entries) and all(entry.readable for entry in self.entries)


async def check_sources(
    sources: Sequence[Source],
    visit: Visit,
    now: datetime,
    has_article: Callable[[Page, Selectors], bool],
    told: Callable[[SourceCheck], None],
) -> None:
    """Ask all given sources side by side; `told` is called with each as soon as it is done.

    `has_article` says whether an article can be read from a page.
    """

    async def one(source: Source) -> None:
        told(await check_source(source, visit, now, has_article))

    async with asyncio.TaskGroup() as group:
        for source in sources:
            group.create_task(one(source))


async def check_source(
    source: Source, visit: Visit, now: datetime, has_article: Callable[[Page, Selectors], bool]
) -> SourceCheck:
    """Ask every entry point, the newest sitemap of an index, and the newest article announced."""
    checked: list[EntryCheck] = []
    readings: list[Reading] = []
    entries: list[tuple[FetchKind, str, bool]] = [("feed", url, True) for url in source.feeds]
    entries += [("sitemap", url, True) for url in source.sitemaps]
    entries += [("listing", listing.url, True) for listing in source.listings]
    while entries:
        kind, url, own = entries.pop(0)
        reply = await visit.get(Ask(source.id, kind, url))
        reading = read(reply, source)
        checked.append(judged(source, reply, reading, visit, now))
        readings.append(reading)
        if own and reading.children and not reading.links:
            entries.insert(0, (kind, reading.children[0], False))
    links = [link for reading in readings for link in reading.links]
    if links:
        # One without a date stands where the paper put it: first is newest.
        newest = max(links, key=lambda link: link.published.timestamp() if link.published else 0.0)
        reply = await visit.get(Ask(source.id, "article", newest.url))
        entry = judged(source, reply, read(reply, source), visit, now)
        if reply.outcome == "ok":
            page = Page(reply.final_url, reply.body, reply.header("content-type"), reply.requested_at)
            if not has_article(page, source.selectors):
                entry = replace(entry, outcome="unreadable", reason=reason("process.no_article"))
                entry = replace(entry, advice=(*entry.advice, reason("sources.fix_article", url=newest.url)))
        checked.append(entry)
    return SourceCheck(source, tuple(checked), tuple(_on_the_whole(source, readings, now)))


def judged(source: Source, reply: Reply, reading: Reading, visit: Visit, now: datetime) -> EntryCheck:
    """An answer as the report shows it."""
    url, links = reply.ask.url, reading.links
    moved = reply.final_url not in ("", url) and reply.status is not None
    entry = EntryCheck(
        kind=reply.ask.kind,
        url=url,
        outcome=reading.outcome,
        reason=reading.reason,
        status=reply.status,
        format=format_of(reply.body) if reply.body else "",
        items=len(links) or len(reading.children),
        newest=max((link.published for link in links if link.published), default=None),
        dated=_share(link.published is not None for link in links),
        titled=_share(bool(link.title) for link in links),
        full_text=_share(bool(link.full_text) for link in links),
        robots=_robots(reply, visit),
        crawl_delay=visit.crawl_delay(url),
        seconds=round(reply.seconds, 2),
        bytes=len(reply.raw),
        moved_to=reply.final_url if moved else "",
        permanent=moved and reply.permanent,
        encoding=encoding_of(reply.body, reply.header("content-type")),
        etag=bool(reply.header("etag")),
        last_modified=bool(reply.header("last-modified")),
    )
    listing = next((one for one in source.listings if one.url == url), None)
    return replace(entry, advice=tuple(_advice(source, entry, reply, listing, now)))


def _share(answers: Iterable[bool]) -> float:
    found = list(answers)
    return round(sum(found) / len(found), 3) if found else 0.0


def _robots(reply: Reply, visit: Visit) -> Robots:
    if reply.outcome == "address":
        return ""
    if reply.outcome == "robots":
        return "unknown" if "robots_unknown" in reply.reason else "forbidden"
    return "allowed" if visit.rules(reply.ask.url) else "none"


def format_of(body: bytes) -> str:
    """rss, atom, rdf, json, news-sitemap, sitemap, sitemap-index, html or unknown, by the first element."""
    start = decode(body[:8192])
    if start.lstrip("\ufeff \t\r\n").startswith("{"):
        return "json" if "jsonfeed.org/version" in start else "unknown"
    root = _ROOT.search(re.sub(r"<!--.*?-->", "", start, flags=re.S))
    match root[1].lower() if root else "":
        case "rss" | "html" as same:
            return same
        case "feed":
            return "atom"
        case "rdf":
            return "rdf"
        case "urlset":
            return "news-sitemap" if "sitemap-news" in start else "sitemap"
        case "sitemapindex":
            return "sitemap-index"
        case _:
            return "html" if re.search(r"<!doctype html", start, re.I) else "unknown"


def encoding_of(body: bytes, content_type: str) -> Encoding:
    """What is to be said about a body's encoding."""
    try:
        plain = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "broken" if "\ufffd" in decode(body, content_type) else "old"
    return "" if decode(body, content_type) == nfc(plain) else "old"


def _advice(source: Source, entry: EntryCheck, reply: Reply, listing: Listing | None, now: datetime) -> Iterable[str]:
    """What to change for one entry point."""
    key = _KEYS.get(entry.kind, "")
    if not entry.readable:
        yield _empty_listing(reply, source, listing) if listing and reply.body else _unread(source, entry, key)
    if entry.moved_to and entry.permanent and key:
        yield reason("sources.fix_moved", place=key, to=entry.moved_to)
    if entry.encoding == "broken":
        yield reason("sources.fix_encoding")
    if not entry.readable or not key:
        return
    if not entry.items:
        yield reason("sources.fix_empty", place=key, home=source.home)
    if entry.newest and now - entry.newest > _STALE:
        yield reason("sources.fix_stale", days=(now - entry.newest).days, place=key, home=source.home)
    if entry.newest and entry.newest - now > _AHEAD:
        yield reason("sources.fix_ahead", hours=round((entry.newest - now) / timedelta(hours=1)))
    if entry.items and entry.kind == "feed" and entry.dated < 0.5:
        yield reason("sources.fix_undated")
    if entry.items and entry.kind != "sitemap" and entry.titled < 0.5:
        yield reason("sources.fix_untitled", place="listings.links" if listing else key)
    if entry.full_text >= 0.5:
        yield reason("sources.fix_full_text")


def _unread(source: Source, entry: EntryCheck, key: str) -> str:
    """What to do about an address that cannot be read; `key` is empty for an article."""
    match entry.outcome:
        case "missing":
            if not key:
                return reason("sources.fix_gone", url=entry.url, place=_first_key(source))
            return reason("sources.fix_missing", place=key, home=source.home)
        case "robots" if entry.robots == "forbidden":
            return reason("sources.fix_robots", place=key) if key else reason("sources.fix_robots_article")
        case "network" if "fetch.network_tls" in entry.reason:
            return reason("sources.fix_tls")
        case "refused":
            return reason("sources.fix_refused", home=source.home)
        case "address" | "redirect":
            return reason("sources.fix_address", place=key or _first_key(source))
        case "too_large":
            return reason("sources.fix_too_large", place=key or _first_key(source))
        case "unreadable":
            return reason("sources.fix_unreadable", place=key, home=source.home)
        case _:
            return reason("sources.fix_later", home=source.home)


def _first_key(source: Source) -> str:
    return "feeds" if source.feeds else "sitemaps" if source.sitemaps else "listings.pattern"


def _empty_listing(reply: Reply, source: Source, listing: Listing) -> str:
    """Which of a listing's two sieves lets nothing through."""

    def found(trial: Listing) -> int:
        return len(read(reply, replace(source, listings=(trial,))).links)

    if listing.pattern and (n := found(replace(listing, pattern="."))):
        return reason("sources.fix_pattern", pattern=listing.pattern, n=n)
    if listing.links and (n := found(replace(listing, links=""))):
        return reason("sources.fix_links", links=listing.links, n=n)
    if listing.pattern and listing.links and (n := found(Listing(listing.url))):
        return reason("sources.fix_both", n=n)
    return reason("sources.fix_no_links", url=listing.url)


def _on_the_whole(source: Source, readings: Sequence[Reading], now: datetime) -> Iterable[str]:
    """Whether the expected range fits what was seen."""
    rate, day, whole = seen(readings, now)
    low, high = source.expected
    if day > high or rate > 2 * high:
        yield reason("sources.fix_max", max=high, rate=round(rate, 1), advised=expected_range(rate)[1])
    elif whole and rate < low:
        yield reason("sources.fix_min", min=low, rate=round(rate, 1), advised=expected_range(rate)[0])


def seen(readings: Sequence[Reading], now: datetime) -> tuple[float, int, bool]:
    """Items a day; different items of the last 24 hours; whether the dates go back two days or more.

    A feed that holds only the last hours is projected to a day, so the first number may be above the second.
    """
    rates, fresh, oldest = [0.0], set[str](), now
    for reading in readings:
        dated: list[tuple[datetime, Link]] = [
            (link.published, link) for link in reading.links if link.published and link.published <= now + _AHEAD
        ]
        recent = [(moment, link) for moment, link in dated if now - moment <= timedelta(days=7)]
        fresh |= {link.key for moment, link in recent if now - moment <= timedelta(days=1)}
        if dated:
            first = min(moment for moment, _ in dated)
            oldest = min(oldest, first)
            days = min(max((now - first) / timedelta(days=1), 0.25), 7.0)
            rates.append(len(recent) / days)
    return max(*rates, float(len(fresh))), len(fresh), now - oldest >= timedelta(days=2)


def expected_range(rate: float) -> tuple[int, int]:
    """A wide expected range for a source of so many items a day."""
    return int(rate / 4), max(math.ceil(rate * 3 / 10) * 10, 10)
