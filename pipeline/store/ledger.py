"""The coverage ledger and the announced links: what was asked, what came, what is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from pipeline.records import ArchivePlace, Arrival, CoverageRow, Fetch, Link, Source, Validators
from pipeline.store.database import Database

_BATCH = 100  # arrivals held back at most; what is held back is in the archive already
_SLOW_RETRY = timedelta(hours=6)  # between two tries of a page that has failed often: an hour of trouble loses nothing
_FRESH_DAYS = 14  # an announced page that never came is given up after this


class Ledger:
    """The crawler's memory."""

    def __init__(self, database: Database, *, max_tries: int, recheck: timedelta, watch: timedelta) -> None:
        self._database = database
        self._max_tries = max_tries
        self._recheck = recheck
        self._watch = watch
        self._pending: list[Arrival] = []

    def validators(self, url: str) -> Validators:
        """Of the last full answer; empty when there was none."""
        for arrival in reversed(self._pending):
            if arrival.fetch.url == url and arrival.fetch.outcome == "ok":
                return Validators(arrival.fetch.etag, arrival.fetch.last_modified, arrival.fetch.payload_sha256)
        found = self._database.rows(
            "SELECT etag, last_modified, payload_sha256 FROM fetches WHERE url = ? AND outcome = 'ok'"
            " ORDER BY requested_at DESC LIMIT 1",
            [url],
        )
        return Validators(*found[0]) if found else Validators()

    def record(self, arrival: Arrival) -> None:
        """Take in an arrival; written with its neighbours, in order."""
        self._pending.append(arrival)
        if len(self._pending) >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write what is held back, with how far the archive has been taken in, in one transaction."""
        batch = list(self._pending)
        if not batch:
            return
        fetches = [arrival.fetch for arrival in batch]
        with self._database.transaction():
            self._database.insert(
                "INSERT INTO fetches SELECT * FROM batch ON CONFLICT DO NOTHING",
                [_fetch_row(fetch) for fetch in fetches],
                ["requested_at"],
            )
            self._write_links(batch)
            self._write_asked(fetches)
            self._database.insert(
                "INSERT INTO archive_files SELECT * FROM batch"
                " ON CONFLICT DO UPDATE SET taken_to = greatest(taken_to, excluded.taken_to)",
                _positions(fetches),
            )
        del self._pending[: len(batch)]  # only now: what could not be written is tried again, and nothing steps over it

    def _write_links(self, batch: Sequence[Arrival]) -> None:
        """A link belongs to the source that announced it first; only that source's announcements change it."""
        owners: dict[str, str] = {}
        told: dict[tuple[str, str], dict[str, object]] = {}
        for arrival in batch:
            for link in arrival.links:
                owners.setdefault(link.key, link.source_id)
                row = _link_row(link, arrival.fetch.requested_at)
                if before := told.get((link.key, link.source_id)):
                    row |= {"first_seen": before["first_seen"], "published": before["published"] or row["published"]}
                told[link.key, link.source_id] = row
        stamps = ["published", "updated", "first_seen", "last_seen"]
        self._database.insert(
            """
            INSERT INTO links
            SELECT key, url, source_id, title, summary, published, updated, fingerprint, first_seen, last_seen,
                   first_seen, NULL, NULL, 0 FROM batch
            ON CONFLICT DO NOTHING""",
            [told[key, source_id] for key, source_id in owners.items()],
            stamps,
        )
        self._database.insert(
            """
            UPDATE links SET
                changed_at = CASE WHEN links.fingerprint = batch.fingerprint THEN changed_at ELSE batch.last_seen END,
                title = batch.title, summary = batch.summary, fingerprint = batch.fingerprint,
                updated = coalesce(batch.updated, links.updated)
            FROM batch WHERE links.key = batch.key AND links.source_id = batch.source_id""",
            list(told.values()),
            stamps,
        )
        self._database.insert(
            """
            UPDATE links SET published = coalesce(links.published, seen.published),
                last_seen = greatest(links.last_seen, seen.last_seen)
            FROM (SELECT key, min(published) AS published, max(last_seen) AS last_seen FROM batch GROUP BY key) AS seen
            WHERE links.key = seen.key""",
            list(told.values()),
            stamps,
        )

    def _write_asked(self, fetches: Sequence[Fetch]) -> None:
        asked: dict[str, dict[str, object]] = {}
        failed: Counter[str] = Counter()
        for fetch in fetches:
            if fetch.kind == "article":
                came = fetch.outcome in ("ok", "unchanged")
                failed[fetch.key] = 0 if came else failed[fetch.key] + 1
                got_at = fetch.requested_at if came else asked.get(fetch.key, {}).get("got_at")
                asked[fetch.key] = {
                    "key": fetch.key,
                    "asked_at": fetch.requested_at,
                    "got_at": got_at,
                    "failed": failed[fetch.key],
                }
        self._database.insert(
            """
            UPDATE links SET asked_at = batch.asked_at, got_at = coalesce(batch.got_at, links.got_at),
                tries = CASE WHEN batch.got_at IS NOT NULL THEN batch.failed ELSE links.tries + batch.failed END
            FROM batch WHERE links.key = batch.key
            """,
            list(asked.values()),
            ["asked_at", "got_at"],
        )

    def due(self, source_id: str, limit: int) -> list[Link]:
        """Articles of a source to ask now, newest first.

        Announced and never fetched (seldom once it has failed often); announced anew with a change; or flagged and still young:
        those are looked at again now and then, because a correction changes the page, not the feed.
        """
        self.flush()
        now = datetime.now(UTC)
        found = self._database.dicts(
            """
            SELECT key, url, source_id, title, summary, published, updated FROM links
            WHERE source_id = ? AND (
                (got_at IS NULL AND first_seen > ? AND (tries < ? OR asked_at < ?))
                OR (got_at IS NOT NULL AND changed_at > got_at AND (tries < ? OR asked_at < ?))
                OR (asked_at < ? AND first_seen > ? AND key IN (
                    SELECT link_key FROM articles JOIN flags ON version_id = current_version WHERE flagged)))
            ORDER BY coalesce(published, first_seen) DESC, key LIMIT ?
            """,
            [
                source_id,
                now - timedelta(days=_FRESH_DAYS),
                self._max_tries,
                now - _SLOW_RETRY,
                self._max_tries,
                now - _SLOW_RETRY,
                now - self._recheck,
                now - self._watch,
                limit,
            ],
        )
        return [Link(**row) for row in found]

    def taken_to(self) -> dict[str, int]:
        """How far each archive file has been taken in, by name, in bytes."""
        return dict(self._database.rows("SELECT name, taken_to FROM archive_files"))


def _fetch_row(fetch: Fetch) -> dict[str, object]:
    row = asdict(fetch)
    place = row.pop("place")
    why = row.pop("reason")
    return {
        **row,
        "warc_file": place and place["file"],
        "warc_offset": place and place["offset"],
        "warc_length": place and place["length"],
        "reason": why,
    }


def _link_row(link: Link, seen: datetime) -> dict[str, object]:
    return {**asdict(link), "fingerprint": link.fingerprint, "first_seen": seen, "last_seen": seen}


def _positions(fetches: Iterable[Fetch]) -> list[dict[str, object]]:
    ends: dict[str, int] = {}
    for fetch in fetches:
        if fetch.place:
            ends[fetch.place.file] = max(ends.get(fetch.place.file, 0), fetch.place.offset + fetch.place.length)
    return [{"name": name, "taken_to": end} for name, end in ends.items()]


def place_of(database: Database, fetch_id: str) -> ArchivePlace | None:
    """Where the body of a fetch lies."""
    found = database.rows("SELECT warc_file, warc_offset, warc_length FROM fetches WHERE id = ?", [fetch_id])
    return ArchivePlace(*found[0]) if found and found[0][0] else None


def coverage(database: Database, sources: Sequence[Source], since: datetime, until: datetime) -> list[CoverageRow]:
    """One row for each enabled source, over requests made in (since, until]."""
    counts = {
        row["source_id"]: row
        for row in database.dicts(
            """
        SELECT source_id,
            count(*) FILTER (kind <> 'robots') AS asked,
            count(*) FILTER (kind IN ('feed', 'sitemap', 'listing') AND outcome IN ('ok', 'unchanged', 'incomplete')) AS entry_ok,
            count(*) FILTER (kind IN ('feed', 'sitemap', 'listing') AND outcome NOT IN ('ok', 'unchanged', 'incomplete'))
                AS entry_failed,
            count(*) FILTER (kind = 'article' AND outcome IN ('ok', 'unchanged')) AS pages_ok,
            count(DISTINCT key) FILTER (kind = 'article' AND outcome NOT IN ('ok', 'unchanged')) AS pages_failed
        FROM fetches WHERE requested_at > ? AND requested_at <= ? GROUP BY source_id""",
            [since, until],
        )
    }
    last = dict(
        database.rows(
            """
        SELECT source_id, max(requested_at) FROM fetches
        WHERE kind IN ('feed', 'sitemap', 'listing') AND outcome IN ('ok', 'unchanged', 'incomplete') AND requested_at <= ?
        GROUP BY source_id""",
            [until],
        )
    )
    links = dict(
        database.rows(
            "SELECT source_id, count(*) FROM links WHERE first_seen > ? AND first_seen <= ? GROUP BY source_id",
            [since, until],
        )
    )
    unread = dict(
        database.rows(
            "SELECT source_id, count(DISTINCT subject) FROM failures WHERE failed_at > ? AND failed_at <= ? GROUP BY source_id",
            [since, until],
        )
    )
    reasons: dict[str, list[str]] = {}
    for source_id, why in database.rows(
        """
            SELECT source_id, reason FROM (
                SELECT source_id, reason FROM fetches
                WHERE requested_at > ? AND requested_at <= ? AND reason <> ''
                  AND (kind <> 'robots' OR outcome NOT IN ('ok', 'unchanged', 'missing', 'refused'))
                UNION ALL
                SELECT source_id, reason FROM failures WHERE failed_at > ? AND failed_at <= ?)
            GROUP BY source_id, reason ORDER BY count(*) DESC, reason""",
        [since, until, since, until],
    ):
        reasons.setdefault(source_id, []).append(why)
    nothing = {"asked": 0, "entry_ok": 0, "entry_failed": 0, "pages_ok": 0, "pages_failed": 0}
    rows = []
    for source in sources:
        if source.enabled:
            count = {name: counts.get(source.id, nothing)[name] for name in nothing}
            rows.append(
                CoverageRow(
                    source_id=source.id,
                    name=source.name,
                    **count,
                    links_new=links.get(source.id, 0),
                    unread=unread.get(source.id, 0),
                    last_ok=last.get(source.id),
                    expected_min=source.expected[0],
                    expected_max=source.expected[1],
                    reasons=tuple(reasons.get(source.id, ())),
                )
            )
    return rows
