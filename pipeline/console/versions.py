"""Two versions of an article beside one another, and the order in which it changed, went and came back."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime

from pipeline.records import History, Version
from pipeline.text.difference import Piece, differences

Marked = tuple[Piece, ...]
_BREAK = re.compile(r"\n+")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed from one version to another; versions are counted from 1."""

    before: int
    after: int
    title: Marked
    lead: Marked
    text: Marked

    @property
    def paragraphs(self) -> list[list[Piece]]:
        """The text as it is shown."""
        shown: list[list[Piece]] = [[]]
        for piece in self.text:
            for number, line in enumerate(_BREAK.split(piece.text)):
                if number:
                    shown.append([])
                if line:
                    shown[-1].append(Piece(piece.kind, line))
        return [pieces for pieces in shown if pieces]

    def words(self, kind: str) -> int:
        """How many words were `removed` or `added`."""
        pieces = (*self.title, *self.lead, *self.text)
        return sum(len(_WORD.findall(piece.text)) for piece in pieces if piece.kind == kind)


@dataclass(frozen=True, slots=True)
class Event:
    """A line of an article's history: a version that came, or that it was not there."""

    at: datetime
    number: int  # of the version, from 1; 0: it was not there
    like: int  # the number of an earlier version with the same text; 0: none
    how: str  # how it was gone, see records.Removed; empty for a version


def compare(history: History, before: str = "", after: str = "") -> Comparison:
    """Two versions by their numbers as a reader writes them; the last two where these name no earlier and later one.

    An article with one version is compared with itself.
    """
    last = len(history.versions)
    one, other = max(last - 1, 1), last
    if before.isdecimal() and after.isdecimal() and len(before + after) < 10 and 0 < int(before) < int(after) <= last:
        one, other = int(before), int(after)
    old, new = (history.versions[number - 1].article for number in (one, other))
    return Comparison(
        one,
        other,
        differences(old.title, new.title),
        differences(old.lead, new.lead),
        differences(old.text, new.text),
    )


def events(history: History) -> list[Event]:
    """The history in the order seen; of removals one after another the first."""
    first: dict[str, int] = {}
    lines = []
    for number, version in enumerate(history.versions, 1):
        like = first.setdefault(version.id, number)
        lines.append(Event(version.seen_at, number, like if like != number else 0, ""))
    lines += [Event(removal.seen_at, 0, 0, removal.how) for removal in history.removals]
    lines.sort(key=lambda event: event.at)
    return [event for place, event in enumerate(lines) if event.number or not place or lines[place - 1].number]


def to_json(history: History, outlet: str, comparison: Comparison) -> str:
    """The same as data; times in ISO 8601, UTC."""
    told = {
        "id": history.article_id,
        "source_id": history.source_id,
        "outlet": outlet,
        "url": history.url,
        "gone": history.gone,
        "versions": [_version(number, version) for number, version in enumerate(history.versions, 1)],
        "removals": [{"seen_at": removal.seen_at.isoformat(), "how": removal.how} for removal in history.removals],
        "compared": asdict(comparison),
    }
    return json.dumps(told, ensure_ascii=False, indent=1)


def _version(number: int, version: Version) -> dict[str, object]:
    article = version.article
    return {
        "number": number,
        "id": version.id,
        "seen_at": version.seen_at.isoformat(),
        "title": article.title,
        "lead": article.lead,
        "text": article.text,
        "method": article.method,
    }
