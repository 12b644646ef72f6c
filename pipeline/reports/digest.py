"""The daily digest (điểm báo ngày) as a typed report."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from pipeline.catalogue import Shown
from pipeline.records import HOME, OTHER, PERSON, TOPICS, CoverageRow, Flag, FlaggedItem, Missed, PlainItem, Shift, bare
from pipeline.reports.coverage import figures

LETTERS = {"sovereignty": "C", "human_rights": "N", "provincial_reputation": "U"}
_TERMS_SHOWN = 5
_NEWS_DAYS = 14  # a shift of volume is told in the digest for two weeks; after that it is in the table of sources
_APART = 3  # sources whose volume changed alike are told one by one up to so many
_NAMED = 6  # and named in one line up to so many
_LIKELY, _PROBABLE = 0.85, 0.65  # probabilities said as words: likely, probable, to be looked at


@dataclass(frozen=True, slots=True)
class DigestData:
    """Everything a digest is made of, read from the store at one moment."""

    province: str
    body: str
    superior: str
    since: datetime
    until: datetime
    oldest: datetime  # items published before are counted, not listed
    model: str
    counts: Mapping[str, int]  # seen, old, judged, flagged; see store.news.counts
    coverage: tuple[CoverageRow, ...]
    flagged: tuple[FlaggedItem, ...]
    sample: tuple[PlainItem, ...]
    missed: Missed  # over the last `missed_days` days
    missed_days: int


@dataclass(frozen=True, slots=True)
class Unseen:
    """A source that could not be read, or was read only in part."""

    source_id: str
    name: str
    silent: bool  # nothing it announces could be read
    pages_failed: int  # pages that did not come
    unread: int  # pages that came and hold no article we could read
    last_ok: datetime | None
    reasons: tuple[str, ...]  # stored reasons, see catalogue.reason
    nothing: str  # why nothing came, where the reasons do not say it; a stored reason


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an item was flagged for one topic."""

    topic: str
    certainty: str  # likely, probable, look
    score: float
    sentence: tuple[tuple[str, bool], ...]  # the quoted sentence in pieces; True: a term of the model
    opening: str  # quotation marks that the sentence lacks
    closing: str
    terms: tuple[str, ...]  # as a person reads them


@dataclass(frozen=True, slots=True)
class Row:
    """An item of the digest."""

    id: str
    url: str  # empty where the address may not become a link
    outlet: str
    title: str
    lead: str
    lang: str
    published: datetime | None
    first_seen: datetime
    changed: int  # how often its text changed since we first saw it
    announced_only: bool  # the page did not come: title and summary of the feed
    topics: tuple[str, ...]  # all its flags, strongest first
    reasons: tuple[Reason, ...]
    quotes_all: bool  # the quotation is the whole lead: it need not be read twice


@dataclass(frozen=True, slots=True)
class Section:
    """The items whose strongest flag is this topic."""

    topic: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Digest:
    """A digest, ready to be rendered."""

    province: str
    body: str
    superior: str
    since: datetime
    until: datetime
    model: str
    seen: int
    old: int
    judged: int
    flagged: int
    sources: int  # enabled
    sources_read: int
    asked: int  # requests made
    unseen: tuple[Unseen, ...]  # silent ones first
    shifts: tuple[tuple[str, Shift], ...]  # sources that began to give much less or more, greatest loss first
    outside_range: tuple[tuple[str, int, int, int], ...]  # name, new links, expected min, max; fewest first
    sections: tuple[Section, ...]
    sample: tuple[PlainItem, ...]
    missed: Missed
    missed_days: int


def build(data: DigestData) -> Digest:
    """Order the data into the document. Pure: the same data gives the same digest."""
    unseen = [
        Unseen(
            row.source_id,
            row.name,
            row.silent,
            row.pages_failed,
            row.unread,
            row.last_ok,
            row.reasons,
            row.nothing if (row.silent or row.asked == 0) and row.nothing not in row.reasons else "",
        )
        for row in data.coverage
        if row.silent or row.pages_failed or row.unread or row.entry_failed or row.asked == 0
    ]
    shifts = [
        (row.name, row.shift)
        for row in data.coverage
        if row.shift and not row.silent and (data.until.date() - row.shift.since).days <= _NEWS_DAYS
    ]
    rows = [_row(item) for item in data.flagged]
    sections = tuple(
        Section(topic, tuple(sorted((row for row in rows if row.topics[0] == topic), key=_order))) for topic in TOPICS
    )
    return Digest(
        province=data.province,
        body=data.body,
        superior=data.superior,
        since=data.since,
        until=data.until,
        model=data.model,
        seen=data.counts["seen"],
        old=data.counts["old"],
        judged=data.counts["judged"],
        flagged=len(rows),
        sources=len(data.coverage),
        sources_read=sum(row.entry_ok > 0 for row in data.coverage),
        asked=sum(row.asked for row in data.coverage),
        unseen=tuple(sorted(unseen, key=lambda one: (not one.silent, one.name))),
        shifts=tuple(sorted(shifts, key=lambda one: (1 + one[1].after) / (1 + one[1].before))),
        outside_range=tuple(
            (row.name, row.links_new, row.expected_min, row.expected_max)
            for row in sorted(data.coverage, key=lambda row: row.links_new)
            if row.outside_range
        ),
        sections=sections,
        sample=tuple(replace(item, url=_web(item.url)) for item in data.sample),
        missed=data.missed,
        missed_days=data.missed_days,
    )


def _as_written(words: str, sentence: str) -> str:
    """A term as the sentence writes it ('Hoàng Sa'), where it stands there."""
    at = sentence.lower().find(words)
    return sentence[at : at + len(words)] if at >= 0 and len(sentence.lower()) == len(sentence) else words


def _web(url: str) -> str:
    """The address if it may become a link: http or https, nothing that is no character of an address; else empty."""
    return url if re.fullmatch(r"https?://[^\x00-\x1f\x7f-\x9f\ufffe\uffff]+", url) else ""


def _order(row: Row) -> tuple[int, float]:
    """Surer flags first, then newer items."""
    return (
        ("likely", "probable", "look").index(row.reasons[0].certainty),
        -(row.published or row.first_seen).timestamp(),
    )


def _row(item: FlaggedItem) -> Row:
    flags = sorted(item.flags, key=lambda flag: -flag.score)
    return Row(
        id=item.article_id,
        url=_web(item.url),
        outlet=item.outlet,
        title=item.title,
        lead=item.lead,
        lang=item.lang,
        published=item.published,
        first_seen=item.first_seen,
        changed=item.versions - 1,
        announced_only=item.method == "feed",
        topics=tuple(flag.topic for flag in flags),
        reasons=tuple(_reason(flag) for flag in flags),
        quotes_all=bool(item.lead) and flags[0].sentence.strip() == item.lead.strip(),
    )


def _reason(flag: Flag) -> Reason:
    certainty = "likely" if flag.score >= _LIKELY else "probable" if flag.score >= _PROBABLE else "look"
    pieces: list[tuple[str, bool]] = []
    position = 0
    for start, end in flag.marks:
        pieces += [(flag.sentence[position:start], False), (flag.sentence[start:end], True)]
        position = end
    pieces.append((flag.sentence[position:], False))
    # The quotation marks that the sentence lacks: it may hold one of a pair whose other stands in the next sentence.
    opened, closed = flag.sentence.count("“"), flag.sentence.count("”")
    plain = not (opened or closed or flag.sentence.startswith(('"', "‘", "«")))
    return Reason(
        topic=flag.topic,
        certainty=certainty,
        score=flag.score,
        sentence=tuple(piece for piece in pieces if piece[0]),
        opening="“" if plain or closed > opened else "",
        closing="”" if plain or opened > closed else "",
        terms=_terms(flag),
    )


def _terms(flag: Flag) -> tuple[str, ...]:
    """The strongest terms as a person reads them; shorter ones inside longer ones are not repeated."""
    shown: list[str] = []
    for term in flag.terms:
        words = [word for word in bare(term.term).split() if word not in (HOME, OTHER, PERSON, "0")]
        if term.term.startswith("#") or not any(char.isalpha() for word in words for char in word):
            continue
        plain = _as_written(" ".join(words).replace("_", " "), flag.sentence)
        if not any(f" {plain} " in f" {other} " for other in shown):
            shown = [other for other in shown if f" {other} " not in f" {plain} "] + [plain]
    return tuple(shown[:_TERMS_SHOWN])


def to_json(digest: Digest) -> str:
    """The digest as JSON; times in ISO 8601, UTC."""
    return json.dumps(asdict(digest), ensure_ascii=False, indent=1, default=_stamp)


def _stamp(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def issues(digest: Digest, shown: Shown) -> list[tuple[str, str, str]]:
    """What could not be read: source, what is missing, why and since when. Sources in the same trouble share a line."""
    alike: dict[tuple[str, str], list[str]] = {}
    for one in digest.unseen:
        alike.setdefault((_missing(one, shown), _cause(one, shown)), []).append(one.name)
    return [
        (
            names[0] if len(names) == 1 else shown.text("digest.many_sources", n=len(names)),
            what if len(names) == 1 else f"{what}: {', '.join(names)}",
            why,
        )
        for (what, why), names in alike.items()
    ]


def _missing(one: Unseen, shown: Shown) -> str:
    what = []
    if one.silent:
        what.append(shown.text("digest.silent"))
    elif not (one.pages_failed or one.unread or one.reasons):
        what.append(shown.text("digest.not_asked"))
    if one.pages_failed:
        what.append(shown.text("digest.pages_failed", n=shown.number(one.pages_failed)))
    if one.unread:
        what.append(shown.text("digest.unread", n=shown.number(one.unread)))
    return ", ".join(what) or shown.text("digest.partly")


def _cause(one: Unseen, shown: Shown) -> str:
    # In a fixed order, so that sources in the same trouble are told together; and without the consequence of a cause.
    network = any('"fetch.network' in reason for reason in one.reasons)
    told = [reason for reason in one.reasons if not (network and '"fetch.robots_unknown"' in reason)]
    causes = sorted(dict.fromkeys(shown.say(reason) for reason in told[:3]))
    if one.nothing:
        causes.append(shown.say(one.nothing))
    if one.silent:
        last = shown.moment(one.last_ok) if one.last_ok else shown.text("digest.never_read")
        causes.append(shown.text("digest.last_read", when=last))
    return "; ".join(causes)


def shift_lines(digest: Digest, shown: Shown) -> list[str]:
    """Sources whose volume has shifted. Many at once, as in the days of Tết, share a line."""
    lines = []
    for key, some in (
        ("digest.shifts_fewer", [one for one in digest.shifts if one[1].after < one[1].before]),
        ("digest.shifts_more", [one for one in digest.shifts if one[1].after > one[1].before]),
    ):
        if len(some) <= _APART:
            lines += [shown.text("digest.shift", name=name, **figures(shift, shown)) for name, shift in some]
        else:
            names = [shown.text("digest.shift_short", name=name, **figures(shift, shown)) for name, shift in some]
            lines.append(shown.text(key, n=len(some), names=_first(names, shown)))
    return lines


def outside_lines(digest: Digest, shown: Shown) -> list[str]:
    """Sources that gave unusually few or many items in this period."""
    lines = []
    for key, some in (
        ("digest.fewer", [one for one in digest.outside_range if one[1] < one[2]]),
        ("digest.more", [one for one in digest.outside_range if one[1] > one[3]]),
    ):
        told = [
            (name, {"got": shown.number(got), "min": shown.number(least), "max": shown.number(most)})
            for name, got, least, most in some
        ]
        if len(told) <= _APART:
            lines += [shown.text("digest.outside_range", name=name, **numbers) for name, numbers in told]
        else:
            names = [shown.text("digest.outside_short", name=name, **numbers) for name, numbers in told]
            lines.append(shown.text(key, n=len(told), names=_first(names, shown)))
    return lines


def _first(names: Sequence[str], shown: Shown) -> str:
    """Names in a line, as many as one takes in at a glance."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    return shown.text("digest.and_others", names=", ".join(names[:_NAMED]), n=len(names) - _NAMED)


def missed_line(digest: Digest, shown: Shown) -> str:
    """The sentence on what the flags may have missed, with its interval; why there is none where nothing was judged."""
    made = digest.missed
    if not made.judged:
        return shown.text("digest.missed_unknown")
    said = shown.text(
        "digest.missed",
        days=digest.missed_days,
        estimate=shown.number(round(made.estimate)),
        low=shown.number(int(made.low)),
        high=shown.number(math.ceil(made.high)),
        unflagged=shown.number(made.unflagged),
        judged=shown.number(made.judged),
        worthy=shown.number(made.worthy),
    )
    return said + (" " + shown.text("digest.missed_unjudged", n=shown.number(made.unjudged)) if made.unjudged else "")
