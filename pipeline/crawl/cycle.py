"""One crawl cycle: ask every entry point, then every article that is due, and hand on what came as it comes.

What a cycle needs to know and what it learns goes through a `Memory`, which the store fulfils; the crawler knows no SQL.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pipeline.catalogue import reason
from pipeline.crawl.archive import Archive, ArchivedResponse
from pipeline.crawl.entries import Reading, read_feed, read_listing, read_sitemap
from pipeline.crawl.fetch import Ask, Fetcher, Reply, decoded
from pipeline.crawl.urls import url_key
from pipeline.records import ArchivePlace, Arrival, Fetch, FetchKind, Link, Listing, Page, Source, Validators, digest_id
from pipeline.settings import Crawl

_STUCK = 4  # requests in a row that a source does not answer before the rest is left to the next cycle
_INDEX_CHILDREN = 3  # sitemaps followed from a sitemap index


class Memory(Protocol):
    """What the crawler asks of the store and tells it."""

    def validators(self, url: str) -> Validators:
        """Of the last answer with a body; empty when there was none."""

    def due(self, source_id: str, limit: int) -> Sequence[Link]:
        """Articles to ask now: announced and never fetched, announced anew, or watched; newest first."""

    def record(self, arrival: Arrival) -> None:
        """Take in what came. Called in the order of the archive."""


@dataclass(frozen=True, slots=True)
class Step:
    """Progress of a cycle, for whoever watches."""

    source_id: str
    done: int  # requests of this source so far
    total: int  # requests of this source known so far


async def run_cycle(
    sources: Iterable[Source],
    memory: Memory,
    archive: Archive,
    limits: Crawl,
    agent: str,
    watch: Callable[[Step], None],
    stopping: Callable[[], bool],
) -> None:
    """Ask all given sources. Hosts run side by side, requests to one host one after another.

    `stopping` is asked before every request; when it says yes, what is under way ends and nothing more is asked.
    """
    by_id = {source.id: source for source in sources}
    last_reading: dict[str, Reading] = {}
    surprises: list[Exception] = []

    async def on_reply(reply: Reply) -> None:
        source = by_id[reply.ask.source_id]
        known = memory.validators(reply.ask.url) if reply.outcome == "ok" else Validators()
        arrival, reading, archived = _arrival(reply, source, known)
        if archived is not None:
            place = archive.append(archived)
            arrival = _placed(arrival, place)
        last_reading[reply.ask.url] = reading
        memory.record(arrival)

    async with Fetcher(limits, agent, on_reply=on_reply) as fetcher:

        async def visit(source: Source) -> None:
            entries = _entries(source)
            total, done, stuck = len(entries), 0, 0
            while entries and stuck < _STUCK and not stopping():
                kind, url, depth = entries.pop(0)
                # A sitemap is asked whole: an index that has not changed still leads to sitemaps that have.
                known = Validators() if kind == "sitemap" else memory.validators(url)
                reply = await fetcher.get(_ask(source, kind, url, known))
                stuck = stuck + 1 if reply.outcome in ("timeout", "network") else 0
                children = last_reading.pop(url, Reading()).children if depth == 0 else ()
                entries += [("sitemap", child, 1) for child in children[:_INDEX_CHILDREN]]
                total += len(children[:_INDEX_CHILDREN])
                done += 1
                watch(Step(source.id, done, total))
            due = memory.due(source.id, limits.max_articles)
            total += len(due)
            for link in due:
                if stuck >= _STUCK or stopping():
                    break
                reply = await fetcher.get(_ask(source, "article", link.url, memory.validators(link.url)))
                stuck = stuck + 1 if reply.outcome in ("timeout", "network") else 0
                last_reading.pop(link.url, None)
                done += 1
                watch(Step(source.id, done, total))

        async def visit_alone(source: Source) -> None:
            try:
                await visit(source)
            except (
                Exception
            ) as error:  # one paper's surprise must not end the cycle of all; it is raised when all are done
                surprises.append(error)

        async with asyncio.TaskGroup() as group:
            for source in by_id.values():
                group.create_task(visit_alone(source))
    if surprises:
        raise ExceptionGroup("unexpected while crawling", surprises)


def _entries(source: Source) -> list[tuple[FetchKind, str, int]]:
    """Kind, URL and depth of what a source announces; depth 1 is for sitemaps named by an index, followed no further."""
    found: list[tuple[FetchKind, str, int]] = [("feed", url, 0) for url in source.feeds]
    found += [("sitemap", url, 0) for url in source.sitemaps]
    found += [("listing", listing.url, 0) for listing in source.listings]
    return found


def _ask(source: Source, kind: FetchKind, url: str, known: Validators) -> Ask:
    return Ask(source.id, kind, url, known.etag, known.last_modified)


def replay(archive: Archive, name: str, offset: int, sources: Iterable[Source]) -> Iterator[Arrival]:
    """The arrivals that the records of an archive file stand for, from an offset on: after a crash, or for a rebuild."""
    by_id = {source.id: source for source in sources}
    for archived in archive.since(name, offset):
        source = by_id.get(archived.source_id) or Source(
            id=archived.source_id, name=archived.source_id, home="", language="vi", scope="national", enabled=False
        )
        reply = _reply(archived)
        arrival, _, _ = _arrival(reply, source, Validators())
        if archived.place is not None:
            yield _placed(arrival, archived.place)


def _reply(archived: ArchivedResponse) -> Reply:
    reply = Reply(
        Ask(archived.source_id, archived.kind, archived.url),
        "ok",
        archived.requested_at,
        archived.seconds,
        archived.status,
        archived.final_url,
        archived.headers,
        archived.raw,
    )
    body = decoded(archived.raw, reply.header("content-encoding"), 1 << 28)
    return Reply(
        reply.ask,
        "ok",
        reply.requested_at,
        reply.seconds,
        reply.status,
        reply.final_url,
        reply.headers,
        reply.raw,
        body or b"",
    )


def _arrival(reply: Reply, source: Source, known: Validators) -> tuple[Arrival, Reading, ArchivedResponse | None]:
    """What a reply means: the ledger's line, the links it brought, and what goes into the archive."""
    ask = reply.ask
    outcome, why = reply.outcome, reply.reason
    reading, archived, sha = Reading(), None, ""
    if outcome == "ok":
        sha = hashlib.sha256(reply.body).hexdigest()
        if sha == known.payload_sha256:
            outcome = "unchanged"
            reading = Reading(children=_read(reply, source).children) if ask.kind == "sitemap" else reading
        else:
            archived = ArchivedResponse(
                source.id,
                ask.kind,
                ask.url,
                reply.final_url,
                reply.requested_at,
                reply.seconds,
                reply.status or 200,
                reply.headers,
                reply.raw,
            )
            reading = _read(reply, source)
            if reading.outcome != "ok":
                outcome, why = reading.outcome, reading.reason
    if ask.kind == "robots" and outcome in ("missing", "refused"):
        why = reason("fetch.no_robots")
    fetch = Fetch(
        id=digest_id(ask.kind, ask.url, reply.requested_at.isoformat()),
        source_id=source.id,
        kind=ask.kind,
        url=ask.url,
        key=url_key(ask.url),
        requested_at=reply.requested_at,
        outcome=outcome,
        seconds=round(reply.seconds, 3),
        status=reply.status,
        final_url=reply.final_url,
        content_type=reply.header("content-type"),
        body_bytes=len(reply.raw),
        payload_sha256=sha,
        etag=reply.header("etag"),
        last_modified=reply.header("last-modified"),
        reason=why,
    )
    return Arrival(fetch, reading.links), reading, archived


def _read(reply: Reply, source: Source) -> Reading:
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


def _placed(arrival: Arrival, place: ArchivePlace) -> Arrival:
    return replace(arrival, fetch=replace(arrival.fetch, place=place))


def page_of(archived: ArchivedResponse) -> Page:
    """An archived page, ready to be read."""
    reply = _reply(archived)
    return Page(reply.final_url, reply.body, reply.header("content-type"), archived.requested_at)
