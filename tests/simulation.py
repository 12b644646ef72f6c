"""A simulated month: how many requests the schedule makes, and how long an item waits, against asking every 15 minutes.

Entry points are those of sources.toml, repeated with other random numbers until there are as many sources as wanted. What a
source publishes a day is drawn from a log-normal distribution (most a few dozen items, a few papers several hundred), over the
day of a newsroom and the week. A feed lists its last entries only, so an entry can be missed. Where a source has several feeds,
its first lists everything and the others its sections, as the papers' `home.rss` do; `--apart` simulates feeds that share
nothing, which is the harder case. The clock is simulated: `python -m tests.simulation` takes a minute and prints the table.
"""

from __future__ import annotations

import bisect
import heapq
import math
import random
import statistics
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from rich.console import Console
from rich.table import Table

from pipeline.crawl.schedule import Pace, Visit, entries, may_ask_conditionally, next_at, observe
from pipeline.crawl.sources import read_sources
from pipeline.records import Poll
from tests.conftest import ROOT

START = datetime(2026, 11, 1, 17, 0, tzinfo=UTC)  # midnight in Vietnam
# How a newsroom's day runs, by local hour; a flood in the morning, a second one in the late afternoon.
DAY = [2, 1, 1, 1, 2, 6, 12, 16, 18, 18, 17, 13, 10, 12, 15, 16, 17, 15, 12, 10, 9, 8, 6, 4]
WEEK = [1.1, 1.1, 1.1, 1.1, 1.05, 0.8, 0.7]
TICK = 60.0  # seconds between two looks of the schedule at what is due


@dataclass(frozen=True)
class EntryPoint:
    """A feed (or listing) with what it will publish."""

    source_id: str
    url: str
    window: int  # entries it lists
    published: tuple[tuple[float, int], ...]  # seconds from the start and number of the item, sorted
    down: tuple[tuple[float, float], ...]  # when it does not answer
    conditional: bool  # whether it answers 304


@dataclass(frozen=True)
class Result:
    """What a way of asking cost and gave."""

    requests_a_day: float
    median_minutes: float
    p95_minutes: float
    missed: int
    items: int
    busiest_minute: int  # requests in the minute with most of them


def press(count: int, days: int, seed: int, *, apart: bool = False) -> list[list[EntryPoint]]:
    """The entry points of `count` sources, source by source."""
    chance = random.Random(seed)  # noqa: S311 - a simulation
    enabled = [source for source in read_sources(ROOT / "sources.toml") if source.enabled]
    found: list[list[EntryPoint]] = []
    for number in range(count):
        source = enabled[number % len(enabled)]
        points = entries(source)
        daily = min(chance.lognormvariate(math.log(40), 1.0), 600)
        everything = list(enumerate(_publications(chance, daily, days)))
        home = len(points) > 1 and not apart
        weights = [chance.expovariate(1.0) for _ in points]
        chosen = chance.choices(range(1 if home else 0, len(points)), weights[1 if home else 0 :], k=len(everything))
        down: list[tuple[float, float]] = []
        if chance.random() < 0.1:
            begin = chance.uniform(0, days * 86_400)
            down = [(begin, begin + chance.expovariate(1 / 43_200))]
        found.append(
            [
                EntryPoint(
                    source.id,
                    f"{url}#{number}",
                    {"feed": chance.choice([20, 30, 50]), "sitemap": 500, "listing": 25}[kind],
                    tuple(
                        (stamp, item)
                        for (item, stamp), section in zip(everything, chosen, strict=True)
                        if section == place or (home and place == 0)
                    ),
                    tuple(down),
                    kind == "feed" and chance.random() < 0.5,
                )
                for place, (kind, url) in enumerate(points)
            ]
        )
    return found


def _publications(chance: random.Random, daily: float, days: int) -> list[float]:
    """A Poisson process with the rhythm of DAY and WEEK: seconds from the start."""
    stamps: list[float] = []
    for day in range(days):
        weekday = (START + timedelta(days=day, hours=7)).weekday()
        for hour, weight in enumerate(DAY):
            expected = daily * WEEK[weekday] * weight / sum(DAY)
            at = chance.expovariate(1.0)
            while at < expected:
                stamps.append(day * 86_400 + (hour + at / expected) * 3600)
                at += chance.expovariate(1.0)
    return sorted(stamps)


def asked_every(seconds: float) -> Callable[[Poll | None, Visit, EntryPoint], tuple[Poll, float]]:
    """The peer: a fixed interval, whatever comes."""

    def decide(_: Poll | None, visit: Visit, point: EntryPoint) -> tuple[Poll, float]:
        return Poll(point.url, point.source_id, visit.at, visit.at, seconds), seconds

    return decide


def adaptive(pace: Pace) -> Callable[[Poll | None, Visit, EntryPoint], tuple[Poll, float]]:
    """Ours."""

    def decide(poll: Poll | None, visit: Visit, point: EntryPoint) -> tuple[Poll, float]:
        after = observe(poll, visit, point.source_id, point.url, pace)
        return after, (next_at(after, pace) - visit.at).total_seconds()

    return decide


def run(
    sources: Sequence[Sequence[EntryPoint]],
    days: int,
    decide: Callable[[Poll | None, Visit, EntryPoint], tuple[Poll, float]],
    settle_days: int = 3,
) -> Result:
    """Ask all entry points for so many days; the first days, in which the schedule learns, are not counted."""
    counted = settle_days * 86_400.0
    requests, items, delays = 0, 0, list[float]()
    minutes: Counter[int] = Counter()
    start = 0.0
    for points in sources:
        start = (start + 7.0) % 900  # nobody starts everything in one second; a source's feeds are asked together
        queue = [(start, place) for place in range(len(points))]
        polls: list[Poll | None] = [None] * len(points)
        seen: dict[int, float] = {}
        while queue[0][0] < days * 86_400:
            at, place = heapq.heappop(queue)
            point, poll = points[place], polls[place]
            visit = _visit(point, at, seen, conditional=point.conditional and may_ask_conditionally(poll))
            requests += at >= counted
            minutes[int(at // 60)] += 1
            polls[place], wait = decide(poll, visit, point)
            heapq.heappush(queue, (math.ceil((at + wait) / TICK) * TICK, place))
        stamps = {item: stamp for point in points for stamp, item in point.published}
        end = days * 86_400 - 86_400.0  # what is published on the last day may be read after it
        chosen = [item for item, stamp in stamps.items() if counted <= stamp < end]
        items += len(chosen)
        delays += [seen[item] - stamps[item] for item in chosen if item in seen]
    ordered = sorted(delays)
    return Result(
        requests / (days - settle_days),
        statistics.median(ordered) / 60,
        ordered[int(len(ordered) * 0.95)] / 60,
        items - len(delays),
        items,
        max(count for minute, count in minutes.items() if minute * 60 >= counted),
    )


def _visit(point: EntryPoint, at: float, seen: dict[int, float], *, conditional: bool) -> Visit:
    moment = START + timedelta(seconds=at)
    if any(begin <= at < end for begin, end in point.down):
        return Visit(moment, "timeout")
    upto = bisect.bisect_right(point.published, (at, 1 << 60))
    listed = [item for _, item in point.published[max(upto - point.window, 0) : upto]]
    new = [item for item in listed if item not in seen]
    seen.update(dict.fromkeys(new, at))
    if conditional and not new:
        return Visit(moment, "unchanged", conditional=True)
    return Visit(moment, "ok", len(listed), len(listed) - len(new))


def main() -> None:
    days = 30
    sources = press(150, days, seed=11, apart="--apart" in sys.argv)
    table = Table(
        "way of asking", "requests/day", "of fixed", "median min", "p95 min", "missed", "items", "busiest minute"
    )
    base = run(sources, days, asked_every(900))
    ways = {"every 15 minutes": base}
    for fresh in [float(one) for one in sys.argv[1:] if one != "--apart"] or [Pace().fresh]:
        ways[f"adaptive, {fresh:g} may wait"] = run(sources, days, adaptive(Pace(fresh=fresh)))
    ways["overlap alone"] = run(sources, days, adaptive(Pace(fresh=1e9)))
    for name, one in ways.items():
        table.add_row(
            name,
            f"{one.requests_a_day:,.0f}",
            f"{one.requests_a_day / base.requests_a_day:.3f}",
            f"{one.median_minutes:.1f}",
            f"{one.p95_minutes:.1f}",
            f"{one.missed}",
            f"{one.items:,}",
            f"{one.busiest_minute}",
        )
    Console(width=120).print(f"{sum(map(len, sources))} entry points of 150 sources, {days} days", table)


if __name__ == "__main__":
    main()
