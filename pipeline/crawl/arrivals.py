"""What answers mean: an answer as it came, live or from the archive, becomes a line of the ledger and the links it brought."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.catalogue import reason
from pipeline.crawl.archive import Archive, ArchivedResponse, Revisit
from pipeline.crawl.entries import Reading, given_up, read_entry
from pipeline.crawl.fetch import Ask, Reply
from pipeline.crawl.unpack import decoded
from pipeline.crawl.urls import url_key
from pipeline.records import Arrival, Fetch, Listing, Outcome, Page, Source, Validators, digest_id
from pipeline.workers import Workers

_ANY_SIZE = 1 << 28  # bytes; what is archived was under the limit when it came


def replay(archive: Archive, name: str, offset: int, sources: Iterable[Source], readers: Workers) -> Iterator[Arrival]:
    """The arrivals that the records of an archive file stand for, from an offset on: after a crash, or for a rebuild."""
    by_id = {source.id: source for source in sources}
    for archived in archive.since(name, offset):
        yield arrival_of(archived, by_id.get(archived.source_id), readers)


def arrival_of(archived: ArchivedResponse, source: Source | None, readers: Workers) -> Arrival:
    """What an archived answer stood for when it came; its source may be one that the office no longer has."""
    source = source or Source(
        id=archived.source_id, name=archived.source_id, home="", language="vi", scope="national", enabled=False
    )
    reply = _reply(archived)
    job = reading_job(reply, source, None)
    reading = read(*readers(read_entry, [job])) if job else Reading()
    made, _ = arrival(reply, source, Validators(payload_sha256=archived.payload_sha256), reading)
    return replace(made, fetch=replace(made.fetch, place=archived.place))


def payload_hash(archived: ArchivedResponse) -> str:
    """SHA-256 of the decoded body; of a revisit, of the body we had."""
    return archived.payload_sha256 if archived.revisit else hashlib.sha256(_reply(archived).body).hexdigest()


def _reply(archived: ArchivedResponse) -> Reply:
    outcome = _outcome(archived)
    reply = Reply(
        Ask(archived.source_id, archived.kind, archived.url),
        outcome,
        archived.requested_at,
        archived.seconds,
        archived.status,
        archived.final_url,
        archived.headers,
        archived.raw,
        reason="" if outcome in ("ok", "unchanged") else reason("fetch.status", status=archived.status),
    )
    if outcome != "ok":
        return reply
    try:
        body = decoded(archived.raw, reply.encoding, _ANY_SIZE)
    except ValueError:
        body = None  # what cannot be unpacked reads as an empty page; a recovery must not end at it
    return replace(reply, body=body or b"")


def _outcome(archived: ArchivedResponse) -> Outcome:
    """As it was when the answer came."""
    if archived.revisit or archived.status == 304:
        return "unchanged"
    if archived.status == 200:
        return "ok"
    if archived.status in (404, 410):
        return "missing"
    return "server" if archived.status >= 500 else "refused"


def reading_job(
    reply: Reply, source: Source, listing: Listing | None
) -> tuple[str, bytes, str, str, Source, Listing | None] | None:
    """The arguments of `read_entry` for an answer that announces articles; None for others, and where nothing is new.

    A sitemap is read also when it has not changed: an index leads to sitemaps that have.
    """
    kind = reply.ask.kind
    if kind not in ("feed", "sitemap", "listing"):
        return None
    if reply.outcome != "ok" and not (kind == "sitemap" and reply.outcome == "unchanged" and reply.body):
        return None
    return kind, reply.body, reply.header("content-type"), reply.final_url, source, listing


def read(outcome: Reading | Exception) -> Reading:
    """What a worker found in an entry point, or why it found nothing."""
    return given_up(outcome) if isinstance(outcome, Exception) else outcome


def arrival(
    reply: Reply, source: Source, known: Validators, reading: Reading
) -> tuple[Arrival, ArchivedResponse | None]:
    """The ledger's line with the links that came, and what goes into the archive. `known`: of the body we had."""
    ask = reply.ask
    outcome, why = reply.outcome, reply.reason
    archived, sha = None, ""
    if outcome == "ok":
        sha = hashlib.sha256(reply.body).hexdigest()
        if reading.outcome != "ok":
            outcome, why = reading.outcome, reading.reason
    elif outcome == "unchanged":
        sha = known.payload_sha256
    # Whatever answered is kept; of a body that broke off, or was too large, there is no whole to keep.
    if reply.status and (
        reply.outcome in ("ok", "unchanged") or (reply.raw and reply.outcome in ("missing", "refused", "server"))
    ):
        revisit: Revisit = "" if outcome != "unchanged" else "not-modified" if reply.status == 304 else "identical"
        archived = ArchivedResponse(
            source.id,
            ask.kind,
            ask.url,
            reply.final_url,
            reply.requested_at,
            reply.seconds,
            reply.status,
            reply.headers,
            reply.raw,
            request_headers=reply.request_headers,
            revisit=revisit,
            payload_sha256=sha if revisit else "",
        )
    if ask.kind == "robots" and outcome in ("missing", "refused"):
        why = reason("fetch.no_robots")
    if source.legacy_tls and not why and reply.final_url.startswith("https:"):
        why = reason("fetch.legacy_tls")
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
    return Arrival(fetch, reading.links if outcome != "unchanged" else ()), archived


def page_of(archived: ArchivedResponse) -> Page:
    """An archived page, ready to be read."""
    reply = _reply(archived)
    return Page(reply.final_url, reply.body, reply.header("content-type"), archived.requested_at)
