"""Does the press of this week still look like the press of the weeks before, to the model?

Three measures a week, each compared with the weeks before it:
  stability   population stability index of each topic's scores against the earlier weeks together; above 0.25 by custom a
              change worth looking into (Siddiqi 2006)
  unknown     part of the words that the model has never seen
  recall      of what should have been flagged, the part that was: flagged items as far as people confirmed them, against the
              blind sample's estimate of those missed
The last two are told when they leave the band of the earlier weeks: median and four scaled median absolute deviations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from pipeline.records import TOPICS, Missed

_BINS = np.array([0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0])
_CHANGED = 0.25
_WIDTH = 4.0
_SCALE = 1.4826  # makes the median absolute deviation of normal values their standard deviation
_EARLIER = 4  # weeks that a band needs
_FEW = 100  # items of a week below which it says nothing
# Half-widths that a band has at least: most weeks find nothing missed, and the first find is no drift.
_LEAST = {"unknown": 0.01, "recall": 0.1}
_CONFIRMED = 10  # flagged items that people must have judged before their precision counts


@dataclass(frozen=True, slots=True)
class Week:
    """What was seen in a week. Filled in by the store, completed by `drift`."""

    week: str  # 2026-W47
    items: int
    scores: tuple[tuple[float, ...], ...]  # by topic
    flagged: int
    judged: int  # flagged items that people have judged
    confirmed: int  # of these, how many should be flagged
    words: int  # of a sample of the week's texts
    unknown_words: int
    missed: Missed


@dataclass(frozen=True, slots=True)
class Drift:
    """A week's measures; None where there is too little to say."""

    week: str
    items: int
    flagged: int
    stability: dict[str, float] | None  # by topic
    unknown: float | None
    recall: float | None
    warnings: tuple[str, ...] = ()  # stability, unknown, recall


def drift(weeks: Sequence[Week]) -> list[Drift]:
    """Measures and warnings of each week, oldest first."""
    made: list[Drift] = []
    for number, week in enumerate(weeks):
        earlier = [one for one in weeks[:number] if one.items >= _FEW]
        known = week.items >= _FEW
        one = Drift(
            week.week,
            week.items,
            week.flagged,
            _stability(week, earlier) if known and earlier else None,
            week.unknown_words / week.words if known and week.words else None,
            _recall(week),
        )
        warnings = []
        if one.stability and max(one.stability.values()) > _CHANGED:
            warnings.append("stability")
        warnings += [
            name
            for name, least in _LEAST.items()
            if _outside(getattr(one, name), [getattr(e, name) for e in made], least)
        ]
        made.append(replace(one, warnings=tuple(warnings)))
    return made


def _stability(week: Week, earlier: Sequence[Week]) -> dict[str, float]:
    return {
        topic: stability_index(
            np.concatenate([np.array(one.scores[column]) for one in earlier]), np.array(week.scores[column])
        )
        for column, topic in enumerate(TOPICS)
    }


def stability_index(
    before: np.ndarray[tuple[int], np.dtype[np.float64]], now: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> float:
    """Sum over bins of (share now - share before) x ln(share now / share before); empty bins count half an item."""
    shares = [
        np.maximum(np.histogram(scores, _BINS)[0], 0.5) / np.maximum(np.histogram(scores, _BINS)[0], 0.5).sum()
        for scores in (before, now)
    ]
    return float(((shares[1] - shares[0]) * np.log(shares[1] / shares[0])).sum())


def _recall(week: Week) -> float | None:
    if week.judged < _CONFIRMED or not week.missed.judged:
        return None
    hits = week.flagged * week.confirmed / week.judged
    return hits / (hits + week.missed.estimate) if hits + week.missed.estimate else None


def _outside(value: float | None, earlier: Sequence[float | None], least: float) -> bool:
    known = [one for one in earlier if one is not None]
    if value is None or len(known) < _EARLIER:
        return False
    middle = median(known)
    spread = _SCALE * median(abs(one - middle) for one in known)
    return abs(value - middle) > max(_WIDTH * spread, least)
