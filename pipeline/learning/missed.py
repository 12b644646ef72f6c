"""What did we miss: from the blind samples, how many unflagged items should have been flagged, with an interval.

Every day some unflagged items are drawn at random from two strata (`queue.blind_sample`), so each has a known probability of
being seen. An item found worthy stands for `size / judged` items of its stratum (Horvitz and Thompson 1952; drawn items that
nobody has judged are taken to be like those judged). Worthy items are rare, and the weights unequal: the interval is Fay and
Feuer's for a weighted sum of Poisson counts (Statistics in Medicine 16, 1997, equations 3-6), which covers at least what it
says also where none was found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from scipy.stats import chi2

from pipeline.learning.opinions import Opinion, Question
from pipeline.records import TOPICS, Draw, Missed

COVER = 0.95


def missed(draws: Iterable[Draw], opinions: Mapping[Question, Opinion], topic: str = "") -> Missed:
    """The estimate over these draws, of one topic or of any; items whose opinions are even are not judged yet."""
    strata: dict[tuple[str, str], list[Draw]] = defaultdict(list)
    for draw in draws:
        strata[draw.day, draw.stratum].append(draw)
    counts: list[tuple[int, int, int]] = []  # size, judged, worthy
    unjudged = 0
    for drawn in strata.values():
        answers = [
            answer
            for draw in drawn
            if (answer := _worthy(draw.item_id, opinions, (topic,) if topic else TOPICS)) is not None
        ]
        if answers:
            counts.append((drawn[0].size, len(answers), sum(answers)))
        else:
            unjudged += drawn[0].size
    estimate, low, high = interval(counts)
    return Missed(
        topic,
        judged=sum(judged for _, judged, _ in counts),
        worthy=sum(worthy for _, _, worthy in counts),
        unflagged=sum(size for size, _, _ in counts),
        estimate=estimate,
        low=low,
        high=high,
        unjudged=unjudged,
    )


def interval(counts: Iterable[tuple[int, int, int]]) -> tuple[float, float, float]:
    """Estimate and 95% interval of the worthy items among all, from (size, judged, worthy) of each stratum."""
    rows = list(counts)
    possible = sum(size - judged + worthy for size, judged, worthy in rows)  # the others were seen and are not worthy
    certain = sum(worthy for size, judged, worthy in rows if judged == size)
    rows = [
        (size, judged, worthy) for size, judged, worthy in rows if judged < size
    ]  # the others are known, not estimated
    if not rows:
        return float(certain), float(certain), float(certain)
    weights = [size / judged for size, judged, _ in rows]
    found = sum(weight * worthy for weight, (_, _, worthy) in zip(weights, rows, strict=True))
    spread = sum(weight**2 * worthy for weight, (_, _, worthy) in zip(weights, rows, strict=True))
    sizes = [size for size, _, _ in rows]
    # One more find would weigh as much as the mean item does: Fay and Feuer take the heaviest stratum, which a single day
    # judged in part makes useless; Tiwari and others (2006) the mean.
    usual = sum(size * weight for size, weight in zip(sizes, weights, strict=True)) / sum(sizes)
    squared = sum(size * weight**2 for size, weight in zip(sizes, weights, strict=True)) / sum(sizes)
    tail = (1 - COVER) / 2
    low = spread / (2 * found) * chi2.ppf(tail, 2 * found**2 / spread) if found else 0.0
    above, wider = found + usual, spread + squared
    high = wider / (2 * above) * chi2.ppf(1 - tail, 2 * above**2 / wider)
    # What was found is there, whatever the distribution says.
    seen = certain + sum(worthy for _, _, worthy in rows)
    return found + certain, max(float(low) + certain, float(seen)), min(float(high) + certain, float(possible))


def _worthy(item_id: str, opinions: Mapping[Question, Opinion], topics: Iterable[str]) -> bool | None:
    values = [opinions[item_id, topic].value if (item_id, topic) in opinions else None for topic in topics]
    if any(values):
        return True
    return None if None in values else False
