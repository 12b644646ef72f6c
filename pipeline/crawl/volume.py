"""How many new items a source gives a day: what is normal for it, and since when it gives fewer or more.

Pure. Counts are in editions of 24 hours, oldest first; a day on which the source could not be read says nothing and is left
out (it is not a zero). Papers publish less at weekends: a day is compared with the median of its weekday, on a logarithmic
scale, on which halving and doubling are equally far.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from pipeline.records import DayCount, Shift

WINDOW = 56  # days looked at: eight weeks
_BEFORE = 14  # known days before a shift at least: two of each weekday
_AFTER = (3, 28)  # known days since a shift: "for days", and after four weeks the new volume is what is normal
_HALF_WAY = np.log(2) / 2  # nearer to halved or doubled than to unchanged
_LIKE_DAYS = 4  # known days of a weekday from which on they say what is normal
_MONTH = 30


def shift(days: Sequence[DayCount], sources: int) -> Shift | None:
    """Since when this source gives about half, or twice, what it gave before, or further from it; None where it does not.

    The ranks of the days since a moment are compared with those before (Mann-Whitney, exact), for every moment that leaves
    enough days on either side. The one stated choice is how often chance may be reported: once a month over all `sources`,
    looked at daily; the probability is corrected (Bonferroni) for sources, days and moments. What is over is not reported:
    the last three days must belong to the new volume.
    """
    recent = days[-WINDOW:]
    known, at, usual = _level(recent)
    n = len(known)
    most = min(_AFTER[1], n - _BEFORE)
    if most < _AFTER[0]:
        return None
    lengths = np.arange(_AFTER[0], most + 1)
    sums = np.cumsum(rankdata(known)[::-1])[lengths - 1] - lengths * (lengths + 1) / 2
    chances = _chances(n)
    by_chance = [
        2 * chances[k][math.ceil(min(u, k * (n - k) - u))] for k, u in zip(lengths.tolist(), sums.tolist(), strict=True)
    ]
    best = int(np.argmin(by_chance))
    if by_chance[best] * len(lengths) * sources * _MONTH > 1:
        return None
    first = n - int(lengths[best])
    before, after, latest = np.median(known[:first]), np.median(known[first:]), np.median(known[-_AFTER[0] :])
    if abs(after - before) < _HALF_WAY or abs(latest - after) >= abs(latest - before):
        return None
    return Shift(recent[at[first]].day, _items(usual + before), _items(usual + after))


def expected_range(days: Sequence[DayCount], configured: tuple[int, int], sources: int) -> tuple[int, int]:
    """Fewest and most new items that are normal for the day after `days`.

    What sources.toml says, until four days of that weekday are known. Then the median of those days, give or take what this
    source's days differ from their weekday's median (a robust deviation, never less than what chance alone does to counts),
    so wide that about one of `sources` leaves it on an ordinary day. The configured range counts as one more week where it is
    wider; where it is narrower, the source has shown that it is mistaken.
    """
    recent = days[-WINDOW:]
    known, _, _ = _level(recent)
    like = [np.log1p(day.new) for day in recent[len(recent) % 7 :: 7] if day.known]
    if len(like) < _LIKE_DAYS:
        return configured
    middle = float(np.median(like))
    spread = max(1.4826 * float(np.median(np.abs(known))), float(np.exp(-middle / 2)))
    # The median itself is known only so far: its error is that of a median of so many days.
    reach = float(norm.isf(0.5 / sources)) * spread * (1 + np.pi / 2 / len(like)) ** 0.5
    weeks = len(like)
    least, most = middle - reach, middle + reach
    least = min(least, (weeks * least + np.log1p(configured[0])) / (weeks + 1))
    most = max(most, (weeks * most + np.log1p(configured[1])) / (weeks + 1))
    return int(np.floor(_items(least))), int(np.ceil(_items(most)))


def _level(days: Sequence[DayCount]) -> tuple[NDArray[np.float64], NDArray[np.intp], float]:
    """Of the known days how far each is from its weekday's median, in logarithms; their places; and the usual logarithm."""
    counts = np.array([np.log1p(day.new) if day.known else np.nan for day in days])
    usual = []
    for weekday in range(7):
        same = counts[weekday::7]
        if not np.isnan(same).all():
            usual.append(float(np.nanmedian(same)))
            counts[weekday::7] = same - usual[-1]
    at = np.flatnonzero(~np.isnan(counts))
    return counts[at], at, float(np.median(usual)) if usual else 0.0


def _items(logarithm: float) -> float:
    return max(0.0, float(np.expm1(logarithm)))


@cache
def _chances(n: int) -> list[NDArray[np.float64]]:
    """For k of n days: how probable it is by chance that the sum of their ranks exceeds the least possible by s or less.

    Counted exactly, for days without equal counts; with equal counts it is, if anything, less probable.
    """
    most = min(_AFTER[1], n)
    ways = np.zeros((most + 1, n * most + 1))
    ways[0, 0] = 1
    for rank in range(1, n + 1):
        for k in range(min(rank, most), 0, -1):
            ways[k, rank:] += ways[k - 1, :-rank]
    sums = [ways[k, k * (k + 1) // 2 :][: k * (n - k) + 1] for k in range(most + 1)]
    return [np.cumsum(row) / row.sum() for row in sums]
