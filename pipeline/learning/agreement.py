"""How far people agree: Cohen's kappa of each pair, Krippendorff's alpha of all, per topic, with bootstrap intervals.

Kappa from scikit-learn (Cohen 1960), alpha (nominal, missing answers allowed; Krippendorff 2011) from the package of that
name. Intervals are percentiles over resampled items. Where nobody ever says yes, or everybody always does, neither is defined.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import krippendorff
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from pipeline.learning.opinions import latest
from pipeline.records import TOPICS, Label

RESAMPLES = 500
_COVER = 0.95
_SEED = 20261125

Answers = NDArray[np.float64]  # (persons, items): 1, 0, or nan where the person was not asked


@dataclass(frozen=True, slots=True)
class Agreement:
    """One coefficient."""

    topic: str
    who: tuple[str, ...]  # two: Cohen's kappa of the pair; all: Krippendorff's alpha
    items: int  # answered by at least two of them
    value: float  # 1 agree always, 0 as by chance; nan: not defined
    low: float  # 95% interval
    high: float


def agreement(labels: Iterable[Label]) -> list[Agreement]:
    """Per topic: alpha of all who share items, then kappa of each pair who do."""
    answers = latest(labels)
    people = sorted({who for given in answers.values() for who in given})
    made: list[Agreement] = []
    for topic in TOPICS:
        asked = [given for (_, about), given in sorted(answers.items()) if about == topic and len(given) > 1]
        if not asked:
            continue
        table = np.array([[_answer(given.get(who)) for given in asked] for who in people])
        shared = [index for index in range(len(people)) if not np.isnan(table[index]).all()]
        if len(shared) > 2:
            made.append(_measured(topic, tuple(people[index] for index in shared), table[shared], _alpha))
        for pair in itertools.combinations(shared, 2):
            both = table[list(pair)]
            both = both[:, ~np.isnan(both).any(axis=0)]
            if both.size:
                made.append(_measured(topic, (people[pair[0]], people[pair[1]]), both, _kappa))
    return made


def _answer(label: Label | None) -> float:
    return math.nan if label is None else float(label.value)


def _measured(topic: str, who: tuple[str, ...], table: Answers, measure: Callable[[Answers], float]) -> Agreement:
    random = np.random.default_rng(_SEED)
    items = table.shape[1]
    again = [measure(table[:, random.integers(0, items, items)]) for _ in range(RESAMPLES)]
    defined = [value for value in again if not math.isnan(value)]
    low, high = np.quantile(defined, [(1 - _COVER) / 2, (1 + _COVER) / 2]) if defined else (math.nan, math.nan)
    return Agreement(topic, who, items, measure(table), float(low), float(high))


def _kappa(both: Answers) -> float:
    if np.unique(both).size < 2:
        return math.nan
    return float(cohen_kappa_score(both[0], both[1]))


def _alpha(table: Answers) -> float:
    asked = table[:, (~np.isnan(table)).sum(axis=0) > 1]
    if np.unique(asked[~np.isnan(asked)]).size < 2:
        return math.nan
    return float(krippendorff.alpha(reliability_data=table, level_of_measurement="nominal"))
