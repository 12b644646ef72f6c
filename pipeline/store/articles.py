"""What the stages read and write: pages to read, versions, words, flags, failures.

"What must be done" is always a query for rows that lack a producer's output, so every stage can be stopped and run again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from pipeline.records import (
    ArchivePlace,
    Article,
    Failure,
    Judgement,
    Link,
    Unread,
    Version,
    Words,
)
from pipeline.store.database import Database

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
Stage = Literal["extract", "words", "flags"]

_VERSION = (
    "v.id, v.article_id, v.source_id, v.fetch_id, v.seen_at, v.url, v.title, v.lead, v.text, v.section, v.published,"
    " v.modified, v.lang, v.method, v.confidence, v.captions"
)


def unread(database: Database, extractor: str, limit: int) -> list[Unread]:
    """Subjects that this extractor has neither read nor failed at, oldest first."""
    pages = database.rows(
        """
        SELECT f.id, f.requested_at, f.content_type, f.warc_file, f.warc_offset, f.warc_length, f.key, f.url,
               f.source_id, l.title, l.summary, l.published, l.updated
        FROM fetches f LEFT JOIN links l ON l.key = f.key
        WHERE f.kind = 'article' AND f.outcome = 'ok'
          AND NOT EXISTS (SELECT 1 FROM readings r WHERE r.subject = f.id AND r.extractor = ?)
          AND NOT EXISTS (SELECT 1 FROM failures x WHERE x.stage = 'extract' AND x.subject = f.id AND x.producer = ?)
        ORDER BY f.requested_at, f.id LIMIT ?""",
        [extractor, extractor, limit],
    )
    found = [
        Unread(
            subject,
            Link(key, url, source, title or "", summary or "", published, updated),
            at,
            content_type,
            ArchivePlace(file, offset, length),
        )
        for subject, at, content_type, file, offset, length, key, url, source, title, summary, published, updated in pages
    ]
    if len(found) < limit:
        found += _announced_only(database, extractor, limit - len(found))
    return found


def _announced_only(database: Database, extractor: str, limit: int) -> list[Unread]:
    """Links whose page was asked and never came: their title and summary are all we have."""
    # The subject is records.digest_id(key, fingerprint), computed where the rows are.
    rows = database.rows(
        """
        WITH waiting AS (
            SELECT substr(sha256(key || chr(31) || fingerprint), 1, 16) AS subject,
                   key, url, source_id, title, summary, published, updated, asked_at
            FROM links WHERE got_at IS NULL AND asked_at IS NOT NULL AND title <> '')
        SELECT * FROM waiting w
        WHERE NOT EXISTS (SELECT 1 FROM readings r WHERE r.subject = w.subject AND r.extractor = ?)
          AND NOT EXISTS (SELECT 1 FROM failures x WHERE x.stage = 'extract' AND x.subject = w.subject AND x.producer = ?)
        ORDER BY asked_at, key LIMIT ?""",
        [extractor, extractor, limit],
    )
    return [Unread(subject, Link(*link), asked_at) for subject, *link, asked_at in rows]


def write_versions(
    database: Database, extractor: str, read: Sequence[tuple[Unread, Version]], failures: Sequence[Failure]
) -> None:
    """Write what a batch of subjects gave, in one transaction. The same text twice is one version."""
    with database.transaction():
        database.insert(
            "INSERT INTO readings SELECT * FROM batch ON CONFLICT DO NOTHING",
            [
                {
                    "subject": item.subject,
                    "extractor": extractor,
                    "article_id": version.article_id,
                    "version_id": version.id,
                    "seen_at": version.seen_at,
                }
                for item, version in read
            ],
            ["seen_at"],
        )
        rows = {version.id: _version_row(version, extractor) for _, version in reversed(read)}
        database.insert(
            "INSERT INTO versions SELECT * FROM batch ON CONFLICT DO NOTHING",
            list(rows.values()),
            ["seen_at", "published", "modified"],
        )
        articles: dict[str, dict[str, Any]] = {}
        # A page that could not be read, or never came, is stood in for by its announcement: that outranks no page.
        for item, version in sorted(read, key=lambda pair: (pair[1].article.method != "feed", pair[1].seen_at)):
            first = min(articles.get(version.article_id, {}).get("first_seen", version.seen_at), version.seen_at)
            articles[version.article_id] = {
                "id": version.article_id,
                "source_id": version.source_id,
                "link_key": item.link.key,
                "url": version.article.url,
                "first_seen": first,
                "published": version.article.published or item.link.published,
                "current_version": version.id,
                "current_seen": _NEVER if version.article.method == "feed" else version.seen_at,
            }
        database.insert(
            """
            INSERT INTO articles SELECT * FROM batch ON CONFLICT (id) DO UPDATE SET
                current_version = CASE WHEN excluded.current_seen >= current_seen
                                       THEN excluded.current_version ELSE current_version END,
                current_seen = greatest(current_seen, excluded.current_seen),
                -- A page that comes after its announcement is news on the day it comes.
                first_seen = CASE WHEN epoch(current_seen) = 0 AND epoch(excluded.current_seen) > 0
                                  THEN excluded.first_seen ELSE least(first_seen, excluded.first_seen) END,
                published = coalesce(published, excluded.published)""",
            list(articles.values()),
            ["first_seen", "published", "current_seen"],
        )
        write_failures(database, failures)


def _version_row(version: Version, extractor: str) -> dict[str, Any]:
    article = version.article
    return {
        "id": version.id,
        "article_id": version.article_id,
        "source_id": version.source_id,
        "fetch_id": version.fetch_id,
        "seen_at": version.seen_at,
        "url": article.url,
        "title": article.title,
        "lead": article.lead,
        "text": article.text,
        "section": article.section,
        "captions": list(article.captions),
        "published": article.published,
        "modified": article.modified,
        "lang": article.lang,
        "method": article.method,
        "confidence": article.confidence,
        "extractor": extractor,
    }


def write_failures(database: Database, failures: Sequence[Failure]) -> None:
    """Record items that a stage could not process."""
    database.insert(
        "INSERT INTO failures SELECT * FROM batch ON CONFLICT DO NOTHING",
        [
            {
                "stage": failure.stage,
                "subject": failure.subject,
                "producer": failure.producer,
                "source_id": failure.source_id,
                "url": failure.url,
                "reason": failure.reason,
                "failed_at": failure.at,
            }
            for failure in failures
        ],
        ["failed_at"],
    )


def without_words(database: Database, segmenter: str, limit: int) -> list[Version]:
    """Versions that this segmenter has not split, oldest first."""
    return [
        _version(row)
        for row in database.rows(
            f"""
        SELECT {_VERSION} FROM versions v
        WHERE NOT EXISTS (SELECT 1 FROM words w WHERE w.version_id = v.id AND w.segmenter = ?)
          AND NOT EXISTS (SELECT 1 FROM failures x WHERE x.stage = 'words' AND x.subject = v.id AND x.producer = ?)
        ORDER BY v.seen_at, v.id LIMIT ?""",
            [segmenter, segmenter, limit],
        )
    ]


def write_words(database: Database, segmenter: str, batch: Sequence[Words], failures: Sequence[Failure]) -> None:
    """Write the words of versions; a newer segmenter's replace the older's."""
    with database.transaction():
        database.insert(
            "INSERT OR REPLACE INTO words BY NAME SELECT * FROM batch",
            [
                {
                    "version_id": words.version_id,
                    "segmenter": segmenter,
                    "title": words.title,
                    "lead": words.lead,
                    "body": words.body,
                    "made": words.made,
                }
                for words in batch
            ],
        )
        write_failures(database, failures)


def words_made(database: Database) -> dict[str, int]:
    """How many versions had their words made in which way (records.Made); those of which it is not known are left out."""
    return dict(database.rows("SELECT made, count(*) FROM words WHERE made IS NOT NULL GROUP BY made"))


def vietnamese(database: Database, after: str, limit: int) -> list[Version]:
    """The next versions in Vietnamese by id, to be read one batch after the other."""
    return [
        _version(row)
        for row in database.rows(
            f"SELECT {_VERSION} FROM versions v WHERE v.lang = 'vi' AND v.id > ? ORDER BY v.id LIMIT ?", [after, limit]
        )
    ]


def without_flags(database: Database, model: str, limit: int) -> list[tuple[Version, Words]]:
    """Versions with words that this model has not judged, oldest first."""
    rows = database.rows(
        f"""
        SELECT {_VERSION}, w.title, w.lead, w.body FROM versions v JOIN words w ON w.version_id = v.id
        WHERE NOT EXISTS (SELECT 1 FROM flags g WHERE g.version_id = v.id AND g.model = ?)
          AND NOT EXISTS (SELECT 1 FROM failures x WHERE x.stage = 'flags' AND x.subject = v.id AND x.producer = ?)
        ORDER BY v.seen_at, v.id LIMIT ?""",
        [model, model, limit],
    )
    return [(_version(row), Words(row[0], *row[-3:])) for row in rows]


def write_judgements(database: Database, batch: Sequence[Judgement], failures: Sequence[Failure]) -> None:
    """Write the flags of versions."""
    with database.transaction():
        database.insert(
            "INSERT INTO flags BY NAME SELECT * FROM batch ON CONFLICT DO NOTHING",
            [
                {
                    "version_id": judgement.version_id,
                    "model": judgement.model,
                    "topic": flag.topic,
                    "score": flag.score,
                    "flagged": flag.flagged,
                    "terms": json.dumps([[t.term, t.weight] for t in flag.terms], ensure_ascii=False),
                    "sentence": flag.sentence,
                    "marks": json.dumps(flag.marks),
                    "rest": flag.rest,
                }
                for judgement in batch
                for flag in judgement.flags
            ],
        )
        write_failures(database, failures)


def forget(database: Database, stage: Stage, since: datetime | None) -> None:
    """Drop what a stage and those after it produced, from pages seen since a moment (None: ever), to be made again.

    The archive, the ledger and the links stay: everything dropped is a function of them.
    """
    tables = {"extract": ("flags", "words", "versions"), "words": ("flags", "words"), "flags": ("flags",)}[stage]
    chosen = "SELECT id FROM versions WHERE ? IS NULL OR seen_at >= ?"
    with database.transaction():
        ids = [row[0] for row in database.rows(chosen, [since, since])]
        batch = [{"id": version_id} for version_id in ids]
        if stage == "extract":
            database.insert("DELETE FROM readings WHERE version_id IN (SELECT id FROM batch)", batch)
            database.insert(
                """DELETE FROM articles WHERE id IN (
                SELECT article_id FROM versions WHERE id IN (SELECT id FROM batch))
                AND id NOT IN (SELECT article_id FROM versions WHERE id NOT IN (SELECT id FROM batch))""",
                batch,
            )
        for table in tables:
            column = "id" if table == "versions" else "version_id"
            database.insert(f"DELETE FROM {table} WHERE {column} IN (SELECT id FROM batch)", batch)
        if stage == "extract":
            # Articles whose latest text went get the latest of what stays.
            database.run("""
                UPDATE articles SET current_version = kept.version_id, current_seen = kept.seen_at
                FROM (SELECT r.article_id, max(r.seen_at) AS seen_at,
                             arg_max(r.version_id, CASE WHEN v.method = 'feed' THEN TIMESTAMPTZ '1970-01-01 00:00:00+00'
                                                        ELSE r.seen_at END) AS version_id
                      FROM readings r JOIN versions v ON v.id = r.version_id GROUP BY r.article_id) AS kept
                WHERE articles.id = kept.article_id AND articles.current_version NOT IN (SELECT id FROM versions)""")
        later = {"extract": ("extract", "words", "flags"), "words": ("words", "flags"), "flags": ("flags",)}[stage]
        database.run(
            f"DELETE FROM failures WHERE stage IN ({', '.join('?' * len(later))}) AND (? IS NULL OR failed_at >= ?)",
            [*later, since, since],
        )


def _version(row: tuple[Any, ...]) -> Version:
    (
        version_id,
        article_id,
        source_id,
        fetch_id,
        seen_at,
        url,
        title,
        lead,
        text,
        section,
        published,
        modified,
        lang,
        method,
        confidence,
        captions,
    ) = row[:16]
    return Version(
        version_id,
        article_id,
        source_id,
        fetch_id,
        seen_at,
        Article(url, title, lead, text, section, published, modified, lang, method, confidence, tuple(captions)),
    )
