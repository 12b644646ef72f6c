"""Training: labelled items to a `TopicModel`, the same bytes from the same items.

Every item about its home province is also learnt as its neighbour would read it: the same text, with a home that it does not
name, is not about that home's image. Without this the model takes any local news for news of the home province (measured on
the development gold: average precision .875 without, .913 with).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from pipeline.learning.labels import Labelled
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer
from pipeline.text.words import words
from pipeline.triage.features import features
from pipeline.triage.flags import TopicModel, make

FOLDS = 5
_MIN_ITEMS = 2  # a term must occur in this many items
_STRENGTH = 20.0  # inverse of the regularisation
_SEED = 20261123

_IMAGE = TOPICS.index("provincial_reputation")

Bag = Counter[str]


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with the scores that each training item got from folds that had not seen it."""

    model: TopicModel
    items: Sequence[Labelled]
    held_out: NDArray[np.float64]  # (items, topics) 0..1


def bag_of(item: Labelled, home: Gazetteer, provinces: str) -> Bag:
    """Features of a labelled item, with its own home where it names one."""
    gazetteer = home if item.home is None else Gazetteer.from_names(item.home, provinces)
    split = words if item.lang == "vi" else str
    return features(split(item.title) if item.title else "", split(item.text) if item.text else "", gazetteer)


def train(
    items: Sequence[Labelled],
    home: Gazetteer,
    provinces: str,
    target_recall: Mapping[str, float],
    watch: Callable[[int], object] = lambda _: None,
) -> Trained:
    """Train on items; thresholds are the highest that reach the target recall on held-out folds."""
    readings: list[list[Bag]] = []
    for done, item in enumerate(items, 1):
        readings.append([bag_of(item, home, provinces)])
        if item.labels[_IMAGE] and item.home:
            readings[-1].append(bag_of(replace(item, home=()), home, provinces))
        watch(done)
    truth = np.array([item.labels for item in items], dtype=np.int64)
    held_out = cross_scores(readings, truth)
    thresholds = np.array(
        [_threshold(held_out[:, column], truth[:, column], target_recall[topic]) for column, topic in enumerate(TOPICS)]
    )
    terms, idf, weights, bias = fit(*_flat(readings, truth, range(len(items))))
    return Trained(make(TOPICS, terms, idf, weights, bias, thresholds), items, held_out)


def fit(
    bags: Sequence[Bag], truth: NDArray[np.int64]
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Terms in order, their idf, weights (terms, topics) and biases (topics,)."""
    spread = Counter(term for bag in bags for term in bag)
    terms = sorted(term for term, count in spread.items() if count >= _MIN_ITEMS)
    idf = np.array([math.log((1 + len(bags)) / (1 + spread[term])) + 1 for term in terms])
    matrix = vectors(bags, {term: row for row, term in enumerate(terms)}, idf)
    weights, bias = np.zeros((len(terms), truth.shape[1])), np.zeros(truth.shape[1])
    for column in range(truth.shape[1]):
        learner = LogisticRegression(C=_STRENGTH, class_weight="balanced", solver="liblinear", random_state=_SEED)
        learner.fit(matrix, truth[:, column])
        weights[:, column], bias[column] = learner.coef_[0], learner.intercept_[0]
    return terms, idf, weights, bias


def vectors(bags: Sequence[Bag], vocabulary: Mapping[str, int], idf: NDArray[np.float64]) -> csr_matrix:
    """(items, terms), rows of length 1; the same arithmetic as TopicModel.vector."""
    indices: list[int] = []
    values: list[float] = []
    ends = [0]
    for bag in bags:
        row = [
            (vocabulary[term], (1 + math.log(count)) * idf[vocabulary[term]])
            for term, count in bag.items()
            if term in vocabulary
        ]
        length = math.sqrt(sum(value * value for _, value in row)) or 1.0
        indices += [index for index, _ in row]
        values += [value / length for _, value in row]
        ends.append(len(indices))
    return csr_matrix((values, indices, ends), shape=(len(bags), len(vocabulary)))


def cross_scores(readings: Sequence[Sequence[Bag]], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """Scores of each item (its first reading) by models of the other folds, stratified by the combination of labels."""
    kinds = truth @ (2 ** np.arange(truth.shape[1]))
    rare = [kind for kind, count in Counter(kinds.tolist()).items() if count < FOLDS]
    # Combinations too rare for every fold are spread as one, or with the items of no topic where even together they are rare.
    together = sum(int((kinds == kind).sum()) for kind in rare)
    kinds[np.isin(kinds, rare)] = -1 if together >= FOLDS else 0
    scores = np.zeros(truth.shape)
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=_SEED).split(kinds, kinds):
        terms, idf, weights, bias = fit(*_flat(readings, truth, seen))
        matrix = vectors([readings[i][0] for i in unseen], {term: row for row, term in enumerate(terms)}, idf)
        scores[unseen] = 1 / (1 + np.exp(-(matrix @ weights + bias)))
    return scores


def _flat(
    readings: Sequence[Sequence[Bag]], truth: NDArray[np.int64], chosen: Iterable[int]
) -> tuple[list[Bag], NDArray[np.int64]]:
    """All readings of the chosen items with their labels; from elsewhere an item is not about the home's image."""
    bags, labels = list[Bag](), list[NDArray[np.int64]]()
    for index in chosen:
        for number, bag in enumerate(readings[index]):
            bags.append(bag)
            labels.append(truth[index].copy())
            if number:
                labels[-1][_IMAGE] = 0
    return bags, np.array(labels)


def _threshold(scores: NDArray[np.float64], truth: NDArray[np.int64], recall: float) -> float:
    """The highest threshold that finds this part of the positives, rounded down to three digits."""
    positives = np.sort(scores[truth == 1])[::-1]
    return math.floor(float(positives[math.ceil(recall * len(positives)) - 1]) * 1000) / 1000
