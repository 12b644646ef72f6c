"""Records as the crawler and the stages would hand them to the store, with only what a test cares about spelled out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from pipeline.records import (
    TOPICS,
    ArchivePlace,
    Arrival,
    Article,
    Failure,
    Fetch,
    FetchKind,
    Flag,
    Judgement,
    Link,
    Method,
    Outcome,
    Term,
    Unread,
    Version,
    digest_id,
)
from pipeline.store import articles
from pipeline.store.database import Database

T0 = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
EXTRACTOR, SEGMENTER, MODEL = "extractor-1", "segmenter-1", "model-1"


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def link(
    name: str,
    source: str = "bao-a",
    title: str = "Tin",
    published: datetime | None = None,
    updated: datetime | None = None,
) -> Link:
    return Link(
        f"{source}.vn/{name}", f"https://{source}.vn/{name}", source, title, published=published, updated=updated
    )


def fetch(
    about: Link | str,
    at: datetime,
    kind: FetchKind = "article",
    outcome: Outcome = "ok",
    source: str = "",
    place: ArchivePlace | None = None,
    reason: str = "",
) -> Fetch:
    url = about if isinstance(about, str) else about.url
    return Fetch(
        id=digest_id(kind, url, at.isoformat()),
        source_id=source or ("bao-a" if isinstance(about, str) else about.source_id),
        kind=kind,
        url=url,
        key=url if isinstance(about, str) else about.key,
        requested_at=at,
        outcome=outcome,
        status=200 if outcome == "ok" else None,
        final_url=url,
        content_type="text/html",
        place=place,
        reason=reason,
    )


def feed(at: datetime, *links: Link, source: str = "bao-a", place: ArchivePlace | None = None) -> Arrival:
    """A feed that came and announced these links."""
    return Arrival(fetch(f"https://{source}.vn/rss", at, "feed", source=source, place=place), links)


def article(url: str, text: str, title: str, method: Method, published: datetime | None) -> Article:
    return Article(
        url=url,
        title=title,
        lead="",
        text=text,
        section="",
        published=published,
        modified=None,
        lang="vi",
        method=method,
        confidence=0.9,
        captions=("Ảnh: một con thuyền",),
    )


def reading(
    about: Link,
    text: str,
    seen_at: datetime,
    method: Method = "general",
    published: datetime | None = None,
    title: str = "",
) -> tuple[Unread, Version]:
    """A subject and the version read from it. The canonical address is the link's."""
    named = title or about.title
    made = article(about.url, text, named, method, published)
    article_id = digest_id(about.key)
    subject = digest_id(about.key, about.fingerprint) if method == "feed" else fetch(about, seen_at).id
    version = Version(digest_id(article_id, named, text), article_id, about.source_id, subject, seen_at, made)
    return Unread(subject, about, seen_at, "text/html", None), version


def judgement(version: Version, flagged: Sequence[str] = (), score: float = 0.9, model: str = MODEL) -> Judgement:
    """Flags of a version: these topics flagged, the others not."""
    return Judgement(
        version.id,
        model,
        tuple(
            Flag(topic, score, True, (Term("tàu_cá", 1.5), Term("biển", 0.25)), "Tàu cá ra biển.", ((0, 6), (10, 14)))
            if topic in flagged
            else Flag(topic, 0.05, False, (), "")
            for topic in TOPICS
        ),
    )


def failure(subject: str, at: datetime, stage: articles.Stage = "extract", producer: str = EXTRACTOR) -> Failure:
    return Failure(stage, subject, producer, "bao-a", "https://bao-a.vn/x", '{"key": "process.no_article"}', at)


def publish(
    database: Database,
    name: str,
    seen_at: datetime,
    *,
    flagged: Sequence[str] = (),
    published: datetime | None = None,
    source: str = "bao-a",
    text: str = "Đoạn một.\n\nĐoạn hai.",
    judged: bool = True,
    score: float = 0.9,
    model: str = MODEL,
    title: str = "",
) -> Version:
    """Write an article with its judgement, as a cycle would have left it."""
    item, version = reading(link(name, source, title or f"Tin {name}"), text, seen_at, published=published)
    articles.write_versions(database, EXTRACTOR, [(item, version)], [])
    if judged:
        articles.write_judgements(database, [judgement(version, flagged, score, model)], [])
    return version
