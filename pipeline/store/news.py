"""What reports count and list."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pipeline.records import Flag, FlaggedItem, PlainItem, Term
from pipeline.store.articles import gone, tellings
from pipeline.store.database import Database

# The current text of every article first seen in a period; announcements stand in only where no page ever came.
_SEEN = """
    FROM articles a JOIN versions v ON v.id = a.current_version
    WHERE a.first_seen > ? AND a.first_seen <= ?
      AND NOT (v.method = 'feed' AND EXISTS (
          SELECT 1 FROM articles o JOIN versions ov ON ov.id = o.current_version
          WHERE o.link_key = a.link_key AND o.id <> a.id AND ov.method <> 'feed'))"""
# Of these, what is young enough to be listed.
CURRENT = f"{_SEEN} AND (a.published IS NULL OR a.published > ?)"


def counts(database: Database, since: datetime, until: datetime, oldest: datetime, model: str) -> dict[str, int]:
    """Articles first seen in (since, until]: `seen`, `old` (published before `oldest`, not listed), and, of those not
    old, `judged` and `flagged`.
    """
    everything = database.rows(f"SELECT count(*), count(*) FILTER (a.published <= ?) {_SEEN}", [oldest, since, until])[
        0
    ]
    judged = database.rows(
        f"""
        SELECT count(*), count(*) FILTER (top) FROM (
            SELECT a.id, (SELECT bool_or(flagged) FROM flags g WHERE g.version_id = v.id AND g.model = ?) AS top
            {CURRENT}) WHERE top IS NOT NULL""",
        [model, since, until, oldest],
    )[0]
    return {"seen": everything[0], "old": everything[1], "judged": judged[0], "flagged": judged[1]}


def flagged(
    database: Database,
    since: datetime,
    until: datetime,
    oldest: datetime,
    model: str,
    extractor: str,
    outlets: Mapping[str, str],
) -> list[FlaggedItem]:
    """Flagged articles first seen in (since, until] and published after `oldest`, newest first."""
    rows = database.dicts(
        f"""
        SELECT a.id, v.id AS version_id, a.source_id, v.url, v.lang, v.title, v.lead, v.text, a.published, a.first_seen,
               v.method
        {CURRENT} AND EXISTS (SELECT 1 FROM flags g WHERE g.version_id = v.id AND g.model = ? AND g.flagged)
        ORDER BY coalesce(a.published, a.first_seen) DESC, a.id""",
        [since, until, oldest, model],
    )
    ids = [row["id"] for row in rows]
    told = Counter(article_id for article_id, *_ in tellings(database, ids, extractor))
    removed = gone(database, ids)
    flags: dict[str, list[Flag]] = {}
    for version_id, topic, score, terms, sentence, marks in database.rows(
        f"""
            SELECT g.version_id, g.topic, g.score, g.terms, g.sentence, g.marks
            FROM flags g WHERE g.model = ? AND g.flagged AND g.version_id IN (SELECT v.id {CURRENT})
            ORDER BY g.score DESC""",
        [model, since, until, oldest],
    ):
        flags.setdefault(version_id, []).append(
            Flag(
                topic,
                score,
                True,
                tuple(Term(*term) for term in json.loads(terms)),
                sentence,
                tuple((start, end) for start, end in json.loads(marks)),
            )
        )
    return [
        FlaggedItem(
            article_id=row["id"],
            version_id=row["version_id"],
            source_id=row["source_id"],
            outlet=outlets.get(row["source_id"], row["source_id"]),
            url=row["url"],
            lang=row["lang"],
            title=row["title"],
            lead=_lead(row),
            published=row["published"],
            first_seen=row["first_seen"],
            versions=told[row["id"]],
            method=row["method"],
            flags=tuple(flags[row["version_id"]]),
            gone=removed.get(row["id"], ""),
        )
        for row in rows
    ]


def plain(database: Database, version_ids: Sequence[str], outlets: Mapping[str, str]) -> list[PlainItem]:
    """These versions in this order, as a list shows them; those that the store no longer has are left out."""
    found = {
        row["version_id"]: PlainItem(
            row["id"],
            row["version_id"],
            outlets.get(row["source_id"], row["source_id"]),
            row["url"],
            row["title"],
            _lead(row),
            row["published"],
        )
        for row in database.dicts(
            """
            SELECT a.id, v.id AS version_id, a.source_id, v.url, v.title, v.lead, v.text, a.published
            FROM versions v JOIN articles a ON a.id = v.article_id WHERE list_contains(?, v.id)""",
            [list(version_ids)],
        )
    }
    return [found[version_id] for version_id in version_ids if version_id in found]


def _lead(row: Mapping[str, Any]) -> str:
    """The lead, or the first paragraph where a page has none."""
    return str(row["lead"] or row["text"].split("\n", 1)[0])
