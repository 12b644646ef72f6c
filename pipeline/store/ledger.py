"""The coverage ledger and the announced links: what was asked, what came, what is due."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

<<<<<<< HEAD
from pipeline.records import ArchivePlace, Arrival, CoverageRow, Fetch, Link, Poll, Source, Validators
=======
from pipeline.records import ArchivePlace, Arrival, CoverageRow, Fetch, Link, Source, Validators, WarcFile
>>>>>>> 4f3fc0e (WARC files of others are read for pages of our outlets: in parts, in processes, into our own archive)
from pipeline.store.database import Database

_BATCH = 100  # arrivals held back at most; what is held back is in the archive already
_SLOW_RETRY = timedelta(hours=6)  # between two tries of a page that has failed often: an hour of trouble loses nothing
_FRESH_DAYS = 14  # an announced page that never came is given up after this

# See Ledger.due. The hours at which a watched article is looked at again count from its first announcement; one that was
# passed while the machine was off is made up for once.
_DUE = """(
    (got_at IS NULL AND first_seen > ? AND (tries < ? OR asked_at < ?))
    OR (got_at IS NOT NULL AND changed_at > got_at AND (tries < ? OR asked_at < ?))
    OR (got_at IS NOT NULL
        AND asked_at < (SELECT max(first_seen + to_seconds(hours * 3600)) FROM (SELECT unnest(?::DOUBLE[]) AS hours)
                        WHERE first_seen + to_seconds(hours * 3600) <= ?)
        AND key IN (SELECT link_key FROM articles JOIN flags ON version_id = current_version WHERE flagged)))"""


class Ledger:
    """The crawler's memory."""

    def __init__(self, database: Database, *, max_tries: int, recheck_hours: Sequence[float]) -> None:
        """`recheck_hours`: hours after its first announcement at which a watched article is looked at again."""
        self._database = database
        self._max_tries = max_tries
        self._recheck_hours = list(recheck_hours)
        self._pending: list[Arrival] = []
<<<<<<< HEAD
        self._polls: dict[str, Poll] = {}  # not written yet
=======
        self._read: dict[str, WarcFile] = {}  # of others, by id: how far they were read for what is pending
>>>>>>> 4f3fc0e (WARC files of others are read for pages of our outlets: in parts, in processes, into our own archive)

    def validators(self, url: str) -> Validators:
        """Of the last full answer; empty when there was none. What was asked only for cookies was not read: it counts as none."""
        for arrival in reversed(self._pending):
            fetch = arrival.fetch
            if fetch.url == url and fetch.outcome == "ok" and fetch.kind != "prime":
                return Validators(fetch.etag, fetch.last_modified, fetch.payload_sha256)
        found = self._database.rows(
            "SELECT etag, last_modified, payload_sha256 FROM fetches WHERE url = ? AND outcome = 'ok' AND kind <> 'prime'"
            " ORDER BY requested_at DESC LIMIT 1",
            [url],
        )
        return Validators(*found[0]) if found else Validators()

    def polls(self) -> dict[str, Poll]:
        """The state of every entry point that was ever asked, by URL."""
        rows = self._database.rows("SELECT url, source_id, asked_at, answered_at, interval, state FROM polls")
        return {row[0]: _poll(*row) for row in rows} | self._polls

    def polled(self, poll: Poll) -> None:
        """Keep the state of an entry point; written with the next arrivals."""
        self._polls[poll.url] = poll

    def known(self, links: Sequence[Link]) -> int:
        """How many of these links had been announced before."""
        waiting = {link.key for arrival in self._pending for link in arrival.links}
        keys = [link.key for link in links if link.key not in waiting]
        (found,) = self._database.rows(
            """SELECT count(*) FROM (SELECT unnest(?::TEXT[]) AS key) AS asked
            WHERE EXISTS (SELECT 1 FROM links l WHERE l.key = asked.key)
               OR EXISTS (SELECT 1 FROM aliases a WHERE a.key = asked.key)""",
            [keys],
        )[0]
        return len(links) - len(keys) + int(found)

    def record(self, arrival: Arrival) -> None:
        """Take in an arrival; written with its neighbours, in order."""
        self._pending.append(arrival)
        if len(self._pending) >= _BATCH:
            self.flush()

    def record_backfill(self, arrivals: Sequence[Arrival], file: WarcFile) -> None:
        """Take in pages from a file of others and how far it has been read for them, as one."""
        self.flush()
        self._pending += arrivals
        self._read[file.id] = file
        self.flush()

    def flush(self) -> None:
<<<<<<< HEAD
        """Write what is held back, with how far the archive has been taken in, in one transaction."""
        batch, polls = list(self._pending), dict(self._polls)
        if not batch and not polls:
=======
        """Write what is held back, with how far the archive and files of others have been taken in, in one transaction."""
        batch, read = list(self._pending), dict(self._read)
        if not batch and not read:
>>>>>>> 4f3fc0e (WARC files of others are read for pages of our outlets: in parts, in processes, into our own archive)
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
                "INSERT OR REPLACE INTO polls SELECT * FROM batch",
                [_poll_row(poll) for poll in polls.values()],
                ["asked_at", "answered_at"],
            )
            self._database.insert(
                "INSERT INTO archive_files SELECT * FROM batch"
                " ON CONFLICT DO UPDATE SET taken_to = greatest(taken_to, excluded.taken_to)",
                _positions(fetches),
            )
<<<<<<< HEAD
        # Only now: what could not be written is tried again, and nothing steps over it.
        del self._pending[: len(batch)]
        for url, poll in polls.items():
            if self._polls.get(url) is poll:
                del self._polls[url]
=======
            self._database.insert(
                "INSERT OR REPLACE INTO warc_files SELECT * FROM batch", [_file_row(file) for file in read.values()]
            )
        # Only now: what could not be written is tried again, and nothing steps over it.
        del self._pending[: len(batch)]
        self._read.clear()
>>>>>>> 4f3fc0e (WARC files of others are read for pages of our outlets: in parts, in processes, into our own archive)

    def _write_links(self, batch: Sequence[Arrival]) -> None:
        """A link belongs to the source that announced it first; only that source's announcements change it."""
        first = self._same_entries(batch)
        owners: dict[str, str] = {}
        told: dict[tuple[str, str], dict[str, object]] = {}
        for arrival in batch:
            for announced in arrival.links:
                link = replace(announced, key=first.get(announced.key, announced.key))
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
                title = batch.title, summary = batch.summary, fingerprint = batch.fingerprint, url = batch.url,
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
        self._database.insert(
            """
            INSERT OR REPLACE INTO full_texts
            SELECT DISTINCT ON (key) key, full_text, last_seen FROM batch WHERE full_text <> '' ORDER BY key, last_seen DESC""",
            list(told.values()),
            stamps,
        )

    def _same_entries(self, batch: Sequence[Arrival]) -> dict[str, str]:
        """For links whose entry was announced under another address before, the key of that address: the article is the
        same, whatever its address is now. A feed's own name for an entry is believed only where the entry also kept its
        title or its time of publication, for some feeds number their entries by position.
        """
        links = {link.key: link for arrival in batch for link in arrival.links}
        keys = [{"key": key} for key in links]
        named = [
            {"source_id": link.source_id, "guid": link.guid, "key": link.key} for link in links.values() if link.guid
        ]
        self._database.insert(
            "INSERT INTO guids SELECT DISTINCT ON (source_id, guid) * FROM batch ON CONFLICT DO NOTHING", named
        )
        moved = self._database.select(
            """
            SELECT batch.key, l.key, l.title, l.published FROM batch
            JOIN guids g ON g.source_id = batch.source_id AND g.guid = batch.guid AND g.key <> batch.key
            JOIN links l ON l.key = g.key
            WHERE NOT EXISTS (SELECT 1 FROM links o WHERE o.key = batch.key)""",
            named,
        )
        self._database.insert(
            "INSERT INTO aliases SELECT * FROM batch ON CONFLICT DO NOTHING",
            [
                {"key": key, "first": first}
                for key, first, title, published in moved
                if title == links[key].title or (published and published == links[key].published)
            ],
        )
        return dict(self._database.select("SELECT a.key, a.first FROM batch JOIN aliases a ON a.key = batch.key", keys))

    def _write_asked(self, fetches: Sequence[Fetch]) -> None:
        pages = [fetch for fetch in fetches if fetch.kind == "article"]
        first = dict(
            self._database.select(
                "SELECT a.key, a.first FROM batch JOIN aliases a ON a.key = batch.key",
                [{"key": page.key} for page in pages],
            )
        )
        self._database.insert(
            """
            INSERT INTO removals
            SELECT b.key, max(b.seen_at), arg_max(b.how, b.seen_at) FROM batch b JOIN links l ON l.key = b.key
            WHERE l.got_at < b.seen_at
              AND NOT EXISTS (SELECT 1 FROM removals r WHERE r.key = b.key AND r.seen_at > l.got_at)
            GROUP BY b.key ON CONFLICT DO NOTHING""",
            [
                {"key": first.get(page.key, page.key), "seen_at": page.requested_at, "how": str(page.status)}
                for page in pages
                if page.outcome == "missing"
            ],
            ["seen_at"],
        )
        asked: dict[str, dict[str, object]] = {}
        failed: Counter[str] = Counter()
        for page in pages:
            key = first.get(page.key, page.key)
            came = page.outcome in ("ok", "unchanged")
            failed[key] = 0 if came else failed[key] + 1
            got_at = page.requested_at if came else asked.get(key, {}).get("got_at")
            asked[key] = {"key": key, "asked_at": page.requested_at, "got_at": got_at, "failed": failed[key]}
        self._database.insert(
            """
            UPDATE links SET asked_at = greatest(links.asked_at, batch.asked_at),
                got_at = greatest(links.got_at, batch.got_at),
                tries = CASE WHEN batch.got_at IS NOT NULL THEN batch.failed ELSE links.tries + batch.failed END
            FROM batch WHERE links.key = batch.key
            """,
            list(asked.values()),
            ["asked_at", "got_at"],
        )

    def due(self, source_id: str, limit: int) -> list[Link]:
        """Articles of a source to ask now, newest first.

        Announced and never fetched (seldom once it has failed often); announced anew with a change; or flagged: those are
        looked at again at growing distances, because a correction changes the page, not the feed.
        """
        self.flush()
        found = self._database.dicts(
            f"""
            SELECT key, url, source_id, title, summary, published, updated FROM links WHERE source_id = ? AND {_DUE}
            ORDER BY coalesce(published, first_seen) DESC, key LIMIT ?""",
            [source_id, *self._due_at(datetime.now(UTC)), limit],
        )
        return [Link(**row) for row in found]

<<<<<<< HEAD
    def waiting(self) -> set[str]:
        """Sources with articles to ask now."""
        self.flush()
        now = self._due_at(datetime.now(UTC))
        return {row[0] for row in self._database.rows(f"SELECT DISTINCT source_id FROM links WHERE {_DUE}", now)}

    def _due_at(self, now: datetime) -> list[object]:
        slow = now - _SLOW_RETRY
        return [
            now - timedelta(days=_FRESH_DAYS),
            self._max_tries,
            slow,
            self._max_tries,
            slow,
            self._recheck_hours,
            now,
        ]
=======
    def known(self, fetch_ids: Sequence[str]) -> set[str]:
        """Which of these fetches are in the ledger."""
        self.flush()
        found = self._database.rows("SELECT id FROM fetches WHERE id IN (SELECT unnest(?))", [list(fetch_ids)])
        return {fetch_id for (fetch_id,) in found}

    def warc_file(self, file: WarcFile) -> WarcFile:
        """A file of others as far as it has been read; as given where it never was."""
        found = self._database.rows("SELECT done_to, told FROM warc_files WHERE id = ?", [file.id])
        if not found:
            return file
        told = json.loads(found[0][1])
        return WarcFile(
            file.id,
            file.name,
            file.size,
            found[0][0],
            told["counts"],
            told["sources"],
            datetime.fromisoformat(told["first"]) if told["first"] else None,
            datetime.fromisoformat(told["last"]) if told["last"] else None,
            tuple(told["damage"]),
        )
>>>>>>> 4f3fc0e (WARC files of others are read for pages of our outlets: in parts, in processes, into our own archive)

    def taken_to(self) -> dict[str, int]:
        """How far each archive file has been taken in, by name, in bytes."""
        return dict(self._database.rows("SELECT name, taken_to FROM archive_files"))


def _file_row(file: WarcFile) -> dict[str, object]:
    told = asdict(file)
    row = {name: told.pop(name) for name in ("id", "name", "size", "done_to")}
    return {**row, "told": json.dumps(told, default=datetime.isoformat, ensure_ascii=False)}


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


def _poll_row(poll: Poll) -> dict[str, object]:
    state = asdict(poll)
    row = {name: state.pop(name) for name in ("url", "source_id", "asked_at", "answered_at", "interval")}
    state["not_before"] = poll.not_before and poll.not_before.isoformat()
    return {**row, "state": json.dumps(state)}


def _poll(
    url: str, source_id: str, asked_at: datetime, answered_at: datetime | None, interval: float, state: str
) -> Poll:
    rest = json.loads(state)
    return Poll(
        url,
        source_id,
        asked_at.astimezone(UTC),
        answered_at and answered_at.astimezone(UTC),
        interval,
        tuple(rest["rhythm"]),
        rest["leaning"],
        rest["trouble"],
        rest["trusting"],
        rest["not_before"] and datetime.fromisoformat(rest["not_before"]),
        tuple(rest["skip_hours"]),
        tuple(rest["skip_days"]),
    )


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
