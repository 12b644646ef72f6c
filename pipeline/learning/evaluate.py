"""Figures of a model on labelled items, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score

from pipeline.learning.labels import Labelled
from pipeline.learning.train import Bag, bag_of
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer
from pipeline.triage.flags import TopicModel

RESAMPLES = 1000
COVER = 0.95
_BINS = 10  # of the reliability curve
_SEED = 20261125

Scores = NDArray[np.float64]  # (items, topics) 0..1
Mask = NDArray[np.bool_]
Figures = dict[str, dict[str, float]]
Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Share:
    """Part of a group of items, with a 95% interval (Wilson 1927)."""

    name: str
    found: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Bin:
    """A point of the reliability curve: items whose scores lie together."""

    items: int
    expected: float  # their mean score
    observed: float  # the part of them that has the topic


def score(model: TopicModel, items: Sequence[Labelled], gazetteer: Gazetteer, provinces: str) -> Scores:
    """The model's probabilities (items, topics)."""
    logits = [model.logits(bag_of(item, gazetteer, provinces), title_only=not item.text.strip()) for item in items]
    made: Scores = 1 / (1 + np.exp(-np.array(logits)))
    return made


def probabilities(model: TopicModel, bags: Iterable[Bag], *, title_only: bool = False) -> Scores:
    """The same from features."""
    made: Scores = 1 / (1 + np.exp(-np.array([model.logits(bag, title_only=title_only) for bag in bags])))
    return made


def truth_of(items: Sequence[Labelled]) -> Mask:
    """The labels (items, topics)."""
    return np.array([item.labels for item in items], dtype=bool)


def figures(scores: Scores, items: Sequence[Labelled], thresholds: NDArray[np.float64]) -> Figures:
    """Per topic and macro: items, average precision, and precision, recall, F1 at the thresholds (of the topics, or of each item
    and topic), expected calibration error; recall on favourable, neutral and critical items (`recall+`, `recall0`, `recall-`)
    where there are any.
    """
    limits = np.broadcast_to(thresholds, scores.shape)
    truth, tones = truth_of(items), np.array([item.tone for item in items])
    made: Figures = {}
    for column, topic in enumerate(TOPICS):
        right, flagged = truth[:, column], scores[:, column] >= limits[:, column]
        precision, recall, f1 = rates(right, flagged)
        made[topic] = {
            "items": float(right.sum()),
            "average_precision": float(average_precision_score(right, scores[:, column])),
            "precision": precision,
            "recall": recall,
            "f1": f1,
            "threshold": float(limits[:, column].mean()),
            "calibration_error": calibration_error(scores[:, column], right),
        }
        for tone in "+0-":
            toned = right & (tones == tone)
            if toned.any():
                made[topic][f"recall{tone}"] = float(flagged[toned].mean())
    names = ("average_precision", "f1", "calibration_error")
    made["macro"] = {name: float(np.mean([made[topic][name] for topic in TOPICS])) for name in names}
    return made


def rates(right: Mask, flagged: Mask) -> tuple[float, float, float]:
    """Precision, recall and F1."""
    hits = float((flagged & right).sum())
    precision, recall = hits / max(flagged.sum(), 1), hits / max(right.sum(), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def resampled(items: int, measure: Callable[[NDArray[np.int64]], float]) -> Interval:
    """The 95% interval of a measure over resamples of item numbers; resamples for which it is not defined are left out."""
    random = np.random.default_rng(_SEED)
    values = [measure(random.integers(0, items, items)) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(values, [(1 - COVER) / 2, (1 + COVER) / 2])
    return float(low), float(high)


def intervals(
    scores: Scores, items: Sequence[Labelled], thresholds: NDArray[np.float64]
) -> dict[str, dict[str, Interval]]:
    """Intervals of average precision and F1 per topic."""
    truth = truth_of(items)
    made: dict[str, dict[str, Interval]] = {}
    for column, topic in enumerate(TOPICS):
        right, given = truth[:, column], scores[:, column]
        flagged = (scores >= thresholds)[:, column]

        def average(chosen: NDArray[np.int64], right: Mask = right, given: Scores = given) -> float:
            return float(average_precision_score(right[chosen], given[chosen])) if right[chosen].any() else np.nan

        def f1(chosen: NDArray[np.int64], right: Mask = right, flagged: Mask = flagged) -> float:
            return rates(right[chosen], flagged[chosen])[2] if right[chosen].any() else np.nan

        made[topic] = {
            "average_precision": resampled(len(items), average),
            "f1": resampled(len(items), f1),
        }
    return made


def share(name: str, found: int, of: int) -> Share:
    """A part with its interval."""
    around = binomtest(found, of).proportion_ci(COVER, "wilson")
    return Share(name, found, of, float(around.low), float(around.high))


GROUPS: dict[str, Callable[[Labelled], str]] = {
    "tone": lambda item: item.tone,
    "lang": lambda item: item.lang,
    "kind": lambda item: item.kind,
    "year": lambda item: str(item.year or ""),
}


def recall_by(
    group: str, scores: Scores, items: Sequence[Labelled], thresholds: NDArray[np.float64]
) -> Iterator[tuple[str, Share]]:
    """Topic and recall for each value of an attribute, in the values' order."""
    truth, flagged = truth_of(items), scores >= thresholds
    values = np.array([GROUPS[group](item) for item in items])
    for column, topic in enumerate(TOPICS):
        for value in sorted(set(values[truth[:, column]].tolist())):
            chosen = truth[:, column] & (values == value)
            yield topic, share(value, int(flagged[chosen, column].sum()), int(chosen.sum()))


def reliability(scores: Scores, right: Mask) -> list[Bin]:
    """One topic's scores against what was true, in ten equal steps of the score; empty steps are left out."""
    step = np.minimum((scores * _BINS).astype(int), _BINS - 1)
    return [
        Bin(int(chosen.sum()), float(scores[chosen].mean()), float(right[chosen].mean()))
        for number in range(_BINS)
        if (chosen := step == number).any()
    ]


def calibration_error(scores: Scores, right: Mask) -> float:
    """Expected calibration error of one topic: mean distance between score and truth over the reliability curve."""
    bins = reliability(scores, right)
    return sum(one.items * abs(one.expected - one.observed) for one in bins) / len(scores)
