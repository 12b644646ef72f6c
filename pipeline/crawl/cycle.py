"""One round of the crawler: ask the entry points that are due, then every article that is, and hand on what came as it comes.

What it needs to know and what it learns goes through a `Memory`, which the store fulfils; the crawler knows no SQL.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pipeline.crawl.archive import Archive
from pipeline.crawl.arrivals import arrival, read, reading_job
from pipeline.crawl.entries import Reading, read_entry
from pipeline.crawl.fetch import Ask, Fetcher, Hosts, Reply, retry_after
from pipeline.crawl.schedule import Due, Pace, Visit, observe
from pipeline.records import Arrival, FetchKind, Link, Listing, Outcome, Poll, Source, Validators
from pipeline.settings import Crawl
from pipeline.workers import Workers

_STUCK = 4  # requests in a row that a source does not answer before the rest is left to the next cycle
_UNREACHED = frozenset({"timeout", "network", "dns"})
_INDEX_CHILDREN = 3  # sitemaps followed from a sitemap index
# Seconds for which a cache header or a feed's ttl is believed: some say a day of feeds that change every few minutes.
_LONGEST_FRESH = 3600.0


class Memory(Protocol):
    """What the crawler asks of the store and tells it."""

    def validators(self, url: str) -> Validators:
        """Of the last answer with a body; empty when there was none."""

    def due(self, source_id: str, limit: int) -> Sequence[Link]:
        """Articles to ask now: announced and never fetched, announced anew, or watched; newest first."""

    def waiting(self) -> set[str]:
        """Sources with articles to ask now."""

    def known(self, links: Sequence[Link]) -> int:
        """How many of these links had been announced before."""

    def record(self, arrival: Arrival) -> None:
        """Take in what came. Called in the order of the archive."""

    def polls(self) -> dict[str, Poll]:
        """The state of every entry point that was ever asked, by URL."""

    def polled(self, poll: Poll) -> None:
        """Keep the state of an entry point."""


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a cycle, for whoever watches."""

    source_id: str
    done: int  # requests of this source so far
    total: int  # requests of this source known so far


@dataclass(frozen=True, slots=True)
class Announced:
    """What the answer of an entry point brought."""

    outcome: Outcome
    reading: Reading
    known: int  # of its links, how many had been announced before


class Cycle:
    """One round over what is due. Hosts run side by side, requests to one host one after another."""

    def __init__(
        self,
        sources: Iterable[Source],
        memory: Memory,
        archive: Archive,
        limits: Crawl,
        agent: str,
        hosts: Hosts,
        readers: Workers,
        watch: Callable[[Step], None],
        stopping: Callable[[], bool],
    ) -> None:
        """`stopping` is asked before every request; when it says yes, what is under way ends and nothing more is asked."""
        self._sources = {source.id: source for source in sources}
        self._memory = memory
        self._archive = archive
        self._limits = limits
        self._pace = pace_of(limits)
        self._fetcher = Fetcher(limits, agent, hosts, on_reply=self._on_reply)
        self._readers = readers
        self._watch = watch
        self._stopping = stopping
        self._polls = memory.polls()
        self._listings: dict[str, Listing] = {}  # by the address of each of their pages
        self._announced: dict[str, Announced] = {}  # by the address asked, until it is taken

    async def run(self, dues: Iterable[Due]) -> None:
        """Ask these entry points, then every article that is due. Raises what surprised it, when all else is done."""
        entries: dict[str, list[Due]] = {source_id: [] for source_id in self._memory.waiting() & self._sources.keys()}
        for due in dues:
            entries.setdefault(due.source.id, []).append(due)
        surprises: list[Exception] = []

        async def visit_alone(source: Source, asked: list[Due]) -> None:
            try:
                await self._visit(source, asked)
            except Exception as error:  # one paper's surprise must not end the cycle of all
                surprises.append(error)

        async with self._fetcher, asyncio.TaskGroup() as group:
            for source_id, asked in entries.items():
                group.create_task(visit_alone(self._sources[source_id], asked))
        if surprises:
            raise ExceptionGroup("unexpected while crawling", surprises)

    async def _visit(self, source: Source, entries: list[Due]) -> None:
        done, stuck = 0, 0
        for due in entries:
            if stuck >= _STUCK or self._stopping():
                return
            stuck = 0 if await self._ask_entry(due) else stuck + 1
            done += 1
            self._watch(Step(source.id, done, len(entries)))
        links = self._memory.due(source.id, self._limits.max_articles)
        for link in links:
            if stuck >= _STUCK or self._stopping():
                return
            reply = await self._fetcher.get(_ask(source, "article", link.url, self._memory.validators(link.url)))
            stuck = stuck + 1 if reply.outcome in _UNREACHED else 0
            done += 1
            self._watch(Step(source.id, done, len(entries) + len(links)))

    async def _ask_entry(self, due: Due) -> bool:
        """Ask an entry point, the sitemaps it names, and the pages that continue it. Whether it could be reached."""
        source = due.source
        listing = next((one for one in source.listings if one.url == due.url), Listing(due.url))
        # A sitemap is asked whole: an index that has not changed still leads to sitemaps that have.
        conditional = due.conditional and due.kind != "sitemap"
        known = self._memory.validators(due.url) if conditional else Validators()
        self._listings[due.url] = listing
        reply = await self._fetcher.get(_ask(source, due.kind, due.url, known))
        first = self._announced.pop(due.url, Announced(reply.outcome, Reading(), 0))
        parts = [first]
        for child in first.reading.children[:_INDEX_CHILDREN]:
            if not self._stopping():
                await self._fetcher.get(_ask(source, "sitemap", child, Validators()))
                parts.append(self._announced.pop(child, Announced("ok", Reading(), 0)))
        for _ in range(listing.pages - 1):
            # What follows a page without anything new has been read before.
            page = parts[-1]
            if not page.reading.next_page or page.known == len(page.reading.links) or self._stopping():
                break
            url = page.reading.next_page
            self._listings[url] = listing
            await self._fetcher.get(_ask(source, "listing", url, Validators()))
            parts.append(self._announced.pop(url, Announced("ok", Reading(), 0)))
        visit = Visit(
            reply.requested_at,
            first.outcome,
            sum(len(part.reading.links) for part in parts),
            sum(part.known for part in parts),
            conditional=bool(known.etag or known.last_modified),
            wait=max(retry_after(reply) or 0.0, min(_fresh_for(reply, first.reading), _LONGEST_FRESH)),
            skip_hours=first.reading.skip_hours,
            skip_days=first.reading.skip_days,
        )
        poll = observe(self._polls.get(due.url), visit, source.id, due.url, self._pace)
        self._polls[due.url] = poll
        self._memory.polled(poll)
        return reply.outcome not in _UNREACHED

    async def _on_reply(self, reply: Reply) -> None:
        source = self._sources[reply.ask.source_id]
        url = reply.ask.url
        known = self._memory.validators(url) if reply.outcome in ("ok", "unchanged") else Validators()
        if reply.outcome == "ok" and hashlib.sha256(reply.body).hexdigest() == known.payload_sha256:
            reply = replace(reply, outcome="unchanged")
        job = reading_job(reply, source, self._listings.get(url))
        reading = read(await self._readers.run(read_entry, *job)) if job else Reading()
        # From here on nothing may wait: the order of the ledger is the order of the archive.
        came, archived = arrival(reply, source, known, reading)
        if archived is not None:
            came = replace(came, fetch=replace(came.fetch, place=self._archive.append(archived)))
        if reply.ask.kind in ("feed", "sitemap", "listing"):
            self._announced[url] = Announced(came.fetch.outcome, reading, self._memory.known(reading.links))
        self._memory.record(came)


def pace_of(limits: Crawl) -> Pace:
    """The bounds of the schedule."""
    return Pace(limits.shortest_minutes * 60, limits.longest_hours * 3600, fresh=limits.fresh)


def _fresh_for(reply: Reply, reading: Reading) -> float:
    """Seconds for which server or feed say that nothing will change."""
    control = {
        name: value
        for name, _, value in (part.strip().partition("=") for part in reply.header("cache-control").lower().split(","))
    }
    age = control.get("max-age", "").strip('"')
    fresh = float(age) if age.isascii() and age.isdigit() and len(age) < 9 and "no-cache" not in control else 0.0
    return max(fresh, reading.ttl_minutes * 60.0)


def _ask(source: Source, kind: FetchKind, url: str, known: Validators) -> Ask:
    return Ask(source.id, kind, url, known.etag, known.last_modified, source.prime, source.legacy_tls)
