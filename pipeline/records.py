"""Every record that crosses from one room to another.

All are immutable. Times are aware datetimes in UTC. Text is as published, NFC. Ids are lower-case hexadecimal digests of
what they name, so that a rebuild from the archive gives the same ids.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

TOPICS = ("sovereignty", "human_rights", "provincial_reputation")

# What the model reads instead of names.
HOME = "⌂"  # any name of the home province, its units and landmarks
OTHER = "◇"  # the name of another province
PERSON = "☺"  # the name of a person


def bare(term: str) -> str:
    """A term of the model without the mark of its field (title, lead)."""
    return term[2:] if term.startswith(("t:", "l:")) else term


Language = Literal["vi", "en", "zh", "lo", "other"]
Scope = Literal["provincial", "provincial-official", "neighbouring", "national", "foreign-language", "foreign"]
Method = Literal["selectors", "general", "fallback", "feed"]  # how a text was read from its page
FetchKind = Literal["robots", "feed", "sitemap", "listing", "article"]
Outcome = Literal[
    "ok",  # a body came (status 200)
    "unchanged",  # 304, or a body with the hash we already had
    "missing",  # 404, 410
    "refused",  # 401, 403, 429 and other 4xx
    "server",  # 5xx after all retries
    "robots",  # robots.txt forbids it: not asked
    "timeout",  # the total time limit
    "too_large",  # the size limit, before or after decompression
    "address",  # not a public address, a scheme other than http(s), or credentials in the URL
    "redirect",  # too many redirects, or one without a target
    "network",  # DNS, TLS, connection
    "unreadable",  # it came, but what came is not a feed, sitemap or page
    "incomplete",  # a feed broken off in the middle: what could be read was read
]
Made = Literal[  # how words were made
    "plain",  # not Vietnamese: left as it stands
    "fast",  # by the decoder
    "checked",  # by the decoder and by underthesea, which gave the same
    "reference",  # by underthesea: its release is not verified, or the decision was too close for the decoder
    "differed",  # by underthesea, whose words were not the decoder's
]


Drawn = Literal[  # how an item came to be labelled
    "uncertain",  # its score is near the threshold
    "high",  # among the highest scores
    "blind",  # the daily blind sample of unflagged items, drawn with known probability
    "disagree",  # model and analyst say different things
    "second",  # for a second opinion, or a third where two differ
    "import",  # it came in with a file
]


def digest_id(*parts: str) -> str:
    """16 hexadecimal digits that name the parts, the same on every machine."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Listing:
    """A section page that is read for links, for outlets without a feed."""

    url: str
    links: str = ""  # CSS selector of the links; empty: every link on the page
    pattern: str = ""  # regular expression the link's path must match; empty: paths that look like an article


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS selectors that win over the general extractor where a source gives them."""

    title: str = ""
    lead: str = ""
    body: str = ""  # the element that holds the paragraphs
    published: str = ""
    drop: str = ""  # elements removed before reading


@dataclass(frozen=True, slots=True)
class Source:
    """One outlet, as sources.toml describes it."""

    id: str
    name: str
    home: str
    language: Language
    scope: Scope
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    listings: tuple[Listing, ...] = ()
    selectors: Selectors = Selectors()
    expected: tuple[int, int] = (0, 10_000)  # items a day: fewer or more is worth a look
    enabled: bool = True
    reason: str = ""  # why it is not enabled
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """An article that a feed, sitemap or listing page announced."""

    key: str  # the URL in one spelling; what makes two links the same article
    url: str  # as announced
    source_id: str
    title: str = ""
    summary: str = ""  # plain text
    published: datetime | None = None
    updated: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """Changes when the outlet changes what it says about the article."""
        # Not the summary: section feeds of one paper shorten it differently.
        return digest_id(self.title, self.updated.isoformat() if self.updated else "")


@dataclass(frozen=True, slots=True)
class ArchivePlace:
    """Where a record lies in the archive."""

    file: str  # name inside the archive folder
    offset: int  # bytes
    length: int  # bytes, compressed


@dataclass(frozen=True, slots=True)
class Fetch:
    """One request and what came of it: a line of the coverage ledger."""

    id: str
    source_id: str
    kind: FetchKind
    url: str
    key: str
    requested_at: datetime
    outcome: Outcome
    seconds: float = 0.0
    status: int | None = None
    final_url: str = ""
    content_type: str = ""
    body_bytes: int = 0  # as transferred
    payload_sha256: str = ""  # of the decoded body; empty when none came
    etag: str = ""
    last_modified: str = ""
    place: ArchivePlace | None = None
    reason: str = ""  # catalogue key and values of what went wrong, see catalogue.reason


@dataclass(frozen=True, slots=True)
class Arrival:
    """A fetch together with the links it brought; written to the store as one."""

    fetch: Fetch
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave us to ask "has it changed?"; empty where it gave nothing."""

    etag: str = ""
    last_modified: str = ""
    payload_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A fetched page, ready to be read."""

    url: str  # the address that answered
    body: bytes  # decoded from any content encoding
    content_type: str = ""
    seen_at: datetime | None = None  # when it answered; '5 giờ trước' counts from there


@dataclass(frozen=True, slots=True)
class Article:
    """What was read from a page. No author: a byline is never data here."""

    url: str  # canonical
    title: str
    lead: str
    text: str  # body paragraphs, separated by blank lines, without the lead
    section: str
    published: datetime | None
    modified: datetime | None
    lang: Language
    method: Method
    confidence: float  # 0..1
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Version:
    """An article's text as it stood when we saw it."""

    id: str
    article_id: str
    source_id: str
    fetch_id: str  # the fetch it was read from; for method "feed" the feed's
    seen_at: datetime
    article: Article


@dataclass(frozen=True, slots=True)
class Unread:
    """A subject that the extractor has not read: a fetched page, or an announcement whose page did not come."""

    subject: str  # fetch id, or digest of link key and fingerprint
    link: Link  # as announced; for a page nobody announced only key, url and source are filled
    seen_at: datetime
    content_type: str = ""
    place: ArchivePlace | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """underthesea's words of one version, tokens joined by spaces, syllables inside a token by '_'."""

    version_id: str
    title: str
    lead: str
    body: str
    made: Made = "fast"  # of its parts the one last named in Made


@dataclass(frozen=True, slots=True)
class Term:
    """A term of the model with what it added to the score, in log-odds."""

    term: str
    weight: float


@dataclass(frozen=True, slots=True)
class Flag:
    """The model's answer to one topic question. A reason to read, never a verdict."""

    topic: str
    score: float  # 0..1
    flagged: bool
    terms: tuple[Term, ...]  # strongest first
    sentence: str  # quoted exactly from the text; empty when not flagged
    marks: tuple[tuple[int, int], ...] = ()  # where the terms stand in the sentence, [start, end)
    rest: float = 0.0  # log-odds: with the terms above it sums to those of the score


@dataclass(frozen=True, slots=True)
class Judgement:
    """All flags of one version under one model."""

    version_id: str
    model: str
    flags: tuple[Flag, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """An item that a stage could not process. It is shown, and tried again by a newer version of the stage."""

    stage: Literal["extract", "words", "flags"]
    subject: str  # fetch id or version id
    producer: str  # version of the stage
    source_id: str
    url: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """What one source was asked and gave in a period."""

    source_id: str
    name: str
    asked: int  # requests made, robots.txt not counted
    entry_ok: int  # feeds, sitemaps and listing pages read (unchanged counts)
    entry_failed: int
    links_new: int
    pages_ok: int
    pages_failed: int
    unread: int  # pages that came and could not be read
    last_ok: datetime | None  # the last answer of any entry point, ever
    expected_min: int
    expected_max: int
    reasons: tuple[str, ...]  # one for each distinct failure, most frequent first

    @property
    def silent(self) -> bool:
        """Nothing of what this source announces could be read in the period."""
        return self.entry_ok == 0 and self.entry_failed > 0


@dataclass(frozen=True, slots=True)
class FlaggedItem:
    """A flagged article as reports need it."""

    article_id: str
    version_id: str
    source_id: str
    outlet: str
    url: str
    lang: Language
    title: str
    lead: str
    published: datetime | None
    first_seen: datetime
    versions: int  # how often the text has changed, plus one
    method: str
    flags: tuple[Flag, ...]  # the flagged topics only


@dataclass(frozen=True, slots=True)
class PlainItem:
    """An unflagged article, for the blind sample."""

    article_id: str
    version_id: str
    outlet: str
    url: str
    title: str
    lead: str
    published: datetime | None


@dataclass(frozen=True, slots=True)
class Label:
    """One person's answer to one topic question about one item. An event: a later answer does not replace it."""

    item_id: str  # version id; for an item that came with a file, the id it had there
    topic: str
    value: bool
    who: str  # the analyst's user name
    at: datetime
    guide: str  # version of the labelling guide
    drawn: Drawn

    @property
    def id(self) -> str:
        """The same answer read in twice is one event."""
        return digest_id(self.item_id, self.topic, str(int(self.value)), self.who, self.at.astimezone(UTC).isoformat())


@dataclass(frozen=True, slots=True)
class LabelItem:
    """What was read when it was labelled. Kept: the store may drop a version, a label must not lose its text."""

    id: str
    title: str
    text: str
    lang: Language


@dataclass(frozen=True, slots=True)
class Candidate:
    """A judged item that may be labelled."""

    item: LabelItem
    seen_at: datetime
    scores: tuple[float, ...]  # 0..1, in the order of TOPICS
    flagged: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Draw:
    """An item of a day's blind sample: from how many it was drawn, and how likely that was."""

    day: str  # 2026-11-23, the edition in which it is shown
    item_id: str
    stratum: Literal["near", "far"]  # near: its best score comes close to a threshold
    size: int  # unflagged items in its stratum that day
    drawn: int  # of these, how many were drawn
    model: str

    @property
    def probability(self) -> float:
        """That an item of its stratum was drawn."""
        return self.drawn / self.size


@dataclass(frozen=True, slots=True)
class Missed:
    """How many unflagged items of a period should have been flagged, estimated from its blind samples."""

    topic: str  # empty: any topic
    judged: int  # drawn items that somebody has judged
    worthy: int  # of these, how many should have been flagged
    unflagged: int  # items that the judged ones stand for
    estimate: float  # of these, how many should have been flagged
    low: float  # 95% interval
    high: float
    unjudged: int  # unflagged items of strata of which nobody has judged any: nothing is said about them
