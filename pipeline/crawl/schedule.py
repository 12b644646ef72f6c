"""When to ask each entry point. Pure: the same sources, history and moment give the same answer.

The interval of an entry point follows the overlap of its answers, as in Media Cloud's rss-fetcher: where most of what it lists
is new it is asked sooner, where most is known later. By that rule alone an interval grows until a third of the list is new at
each visit: a simulated month (tests/simulation.py) took 90 minutes in the median and lost what the morning's flood pushed off
the lists after a quiet night. So each entry point also remembers at which hours it brings new entries, and is asked when
`Pace.fresh` of them are to be expected, if that is sooner.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from pipeline.records import Outcome, Poll, Source

EntryKind = Literal["feed", "sitemap", "listing"]
_FEW, _MOST = 1 / 3, 2 / 3  # parts of the entries already known: below is sooner, from there on later
_SOONER, _LATER = 0.5, 1.5
_TURN = 2  # on-time answers that must point the same way
_ON_TIME = 1.5  # an answer that came after more than this many intervals says little: the machine slept
_UNKNOWN = 1.0  # entries an hour, before anything is known
_LEARNING = 0.2  # weight of a day against those before it
_SPREAD = 0.1  # part of the interval by which requests are moved apart
_TRUSTED = 20  # conditional requests in a row before one goes without conditions
_HARD, _SOFT, _NAME = 1.0, 0.5, 0.25  # weights of failures
_WEIGHTS: Mapping[Outcome, float] = {
    "missing": _HARD,
    "refused": _HARD,
    "robots": _HARD,
    "address": _HARD,
    "redirect": _HARD,
    "too_large": _HARD,
    "unreadable": _HARD,
    "server": _SOFT,
    "timeout": _SOFT,
    "network": _SOFT,
    "dns": _NAME,
}
ANSWERED = frozenset({"ok", "unchanged", "incomplete"})


@dataclass(frozen=True, slots=True)
class Pace:
    """Bounds of the schedule, from configuration."""

    shortest: float = 600.0  # seconds between two requests of one entry point, at least
    longest: float = 86_400.0  # and at most, whatever happens: no source is ever given up
    first: float = 3_600.0  # the interval before anything is known
    fresh: float = 0.9  # new entries that may wait before a busy entry point is asked again


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request of an entry point taught us."""

    at: datetime
    outcome: Outcome
    total: int = 0  # entries it listed
    known: int = 0  # of these, how many had been announced before
    conditional: bool = False  # it was asked whether anything had changed
    wait: float = 0.0  # seconds for which the server or the feed asks not to come again
    skip_hours: tuple[int, ...] = ()  # hours of the day, UTC, in which the feed need not be asked
    skip_days: tuple[int, ...] = ()  # 0 is Monday


@dataclass(frozen=True, slots=True)
class Due:
    """An entry point that is to be asked."""

    source: Source
    kind: EntryKind
    url: str
    at: datetime  # since when
    conditional: bool  # whether the server may answer that nothing has changed


def observe(poll: Poll | None, visit: Visit, source_id: str, url: str, pace: Pace) -> Poll:
    """The state of an entry point after a visit."""
    if poll is None:
        poll = Poll(url, source_id, visit.at, None, pace.first)
        gap = 0.0
    else:
        gap = max((visit.at - poll.asked_at).total_seconds(), 0.0)
    seen = replace(
        poll,
        asked_at=visit.at,
        trusting=poll.trusting + 1 if visit.conditional and visit.outcome in ANSWERED else 0,
        not_before=visit.at + timedelta(seconds=min(visit.wait, pace.longest)) if visit.wait > 0 else None,
    )
    if visit.outcome not in ANSWERED:
        # Counted up to what a wait of `longest` needs: a source that comes back after a year is soon itself again.
        return replace(seen, trouble=min(poll.trouble + _WEIGHTS[visit.outcome], _most_trouble(pace)), leaning=0)
    if visit.outcome == "unchanged":
        # "Nothing has changed" tells nothing about a failure: the server may repeat what it said before it.
        seen = replace(seen, answered_at=visit.at)
        share, new = 1.0, 0
    else:
        seen = replace(seen, answered_at=visit.at, trouble=0.0, skip_hours=visit.skip_hours, skip_days=visit.skip_days)
        share, new = (visit.known / visit.total if visit.total else 1.0), visit.total - visit.known
    if not gap or gap > _ON_TIME * _after(poll, pace) or gap < pace.shortest / 2:
        return replace(seen, leaning=0)
    seen = replace(seen, rhythm=_learned(poll, visit.at, new))
    way = -1 if share < _FEW else 1 if share >= _MOST else 0
    leaning = poll.leaning + way if way * poll.leaning >= 0 else way
    if not way:
        return replace(seen, leaning=0)
    if abs(leaning) < _TURN:
        return replace(seen, leaning=leaning)
    # Sooner than it was truly asked, whatever asked for that; later than overlap alone would have it.
    interval = min(poll.interval, gap) * _SOONER if way < 0 else poll.interval * _LATER
    return replace(seen, leaning=0, interval=min(max(interval, pace.shortest), pace.longest))


def _learned(poll: Poll, until: datetime, new: int) -> tuple[float, ...]:
    """The rhythm with what came between the last request and this one, spread evenly over the hours between."""
    rhythm = list(poll.rhythm or (_UNKNOWN,) * 24)
    at, rate = poll.asked_at, new / ((until - poll.asked_at).total_seconds() / 3600)
    while at < until:
        end = min(at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1), until)
        share = _LEARNING * (end - at).total_seconds() / 3600
        rhythm[at.hour] += share * (rate - rhythm[at.hour])
        at = end
    return tuple(rhythm)


def _most_trouble(pace: Pace) -> float:
    return max(math.log2(pace.longest / pace.shortest), 1.0)


def _after(poll: Poll, pace: Pace) -> float:
    """Seconds from one request to the next, as things stand."""
    interval = max(min(poll.interval, _until_fresh(poll, pace)), pace.shortest)
    return min(interval * 2**poll.trouble, pace.longest)


def _until_fresh(poll: Poll, pace: Pace) -> float:
    """Seconds until as many new entries as may wait are to be expected, by the hours of the day as they have been."""
    rhythm = poll.rhythm or (_UNKNOWN,) * 24
    at, waiting, seconds = poll.asked_at, 0.0, 0.0
    while seconds < pace.longest:
        left = 3600 - (at.minute * 60 + at.second)
        rate = rhythm[at.hour] / 3600
        if waiting + rate * left >= pace.fresh:
            return seconds + (pace.fresh - waiting) / rate
        waiting, seconds, at = waiting + rate * left, seconds + left, at + timedelta(seconds=left)
    return pace.longest


def next_at(poll: Poll, pace: Pace) -> datetime:
    """When an entry point is to be asked next; never later than `longest` after the last request, but for the spread."""
    after = _after(poll, pace)
    # The same request always gives the same moment, different ones lie apart.
    digest = hashlib.sha256(f"{poll.url} {poll.asked_at.isoformat()}".encode()).digest()
    spread = 1 + _SPREAD * (int.from_bytes(digest[:4], "big") / 2**31 - 1)
    at = poll.asked_at + timedelta(seconds=after * spread)
    last = max(at, poll.asked_at + timedelta(seconds=pace.longest))
    if poll.not_before:
        at = max(at, poll.not_before)
    # An hour or a day in which the feed says it need not be asked is waited out.
    while (at.hour in poll.skip_hours or at.weekday() in poll.skip_days) and at < last:
        at = at.replace(minute=int(spread * 25), second=0, microsecond=0) + timedelta(hours=1)
    return min(at, last)


def entries(source: Source) -> list[tuple[EntryKind, str]]:
    """The entry points of a source, in the order of the file."""
    found: list[tuple[EntryKind, str]] = [("feed", url) for url in source.feeds]
    found += [("sitemap", url) for url in source.sitemaps]
    found += [("listing", listing.url) for listing in source.listings]
    return found


def due(sources: Iterable[Source], polls: Mapping[str, Poll], now: datetime, pace: Pace) -> list[Due]:
    """The entry points of these sources that are to be asked now, those that have waited longest first."""
    found = []
    for source in sources:
        for kind, url in entries(source):
            poll = polls.get(url)
            at = next_at(poll, pace) if poll else datetime.min.replace(tzinfo=UTC)
            if at <= now:
                found.append(Due(source, kind, url, at, conditional=may_ask_conditionally(poll)))
    return sorted(found, key=lambda one: (one.at, one.url))


def everything(sources: Iterable[Source], polls: Mapping[str, Poll], now: datetime) -> list[Due]:
    """All entry points of these sources, whatever their intervals; who asked not to be asked yet is left alone."""
    return [
        Due(source, kind, url, now, conditional=may_ask_conditionally(poll))
        for source in sources
        for kind, url in entries(source)
        for poll in [polls.get(url)]
        if not (poll and poll.not_before and poll.trouble and poll.not_before > now)
    ]


def may_ask_conditionally(poll: Poll | None) -> bool:
    """Whether the server may answer that nothing has changed: not after a failure, and now and then not at all."""
    return poll is not None and not poll.trouble and poll.trusting < _TRUSTED
