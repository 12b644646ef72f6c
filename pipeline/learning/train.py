"""Training: labelled items to a `TopicModel`, the same bytes from the same items.

Every item is read several times. About its home province: also as its neighbour would read it, the same text with a home that
it does not name, and then it is not about that home's image (measured on the development gold: without this the model takes
any local news for news of the home province). And by its title alone, with less weight, because some items have no more when
they are judged.

Linear support vectors (squared hinge, liblinear) were chosen over logistic regression by cross-validation; a sigmoid fitted to
the scores of folds that had not seen the item (Platt 1999) makes probabilities of them. It is linear too and goes into the
weights. Seed items are not as frequent as in the press: the sigmoid is fitted at the prevalence that topics.toml expects.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from pipeline.learning.labels import LabelError, Labelled
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer
from pipeline.text.words import told_words, words
from pipeline.triage.features import NO_HOME, features
from pipeline.triage.flags import TopicModel, make

FOLDS = 5
_MIN_ITEMS = 2  # a term must occur in this many items
_STRENGTH = 3.0  # inverse of the regularisation
_TITLE_WEIGHT = 0.3  # of an item read by its title alone
_SEED = 20261123

_IMAGE = TOPICS.index("provincial_reputation")

Bag = Counter[str]
Matrix = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Target:
    """What a topic's scores are set to."""

    recall: float  # part of the topic's items that its threshold must find, on folds that have not seen them
    prevalence: (
        float  # part of the items in the stream that are about it; of the province's image: of those that name it
    )
    untitled: float = 0.07  # for the province's image: the same of items whose title does not name it


@dataclass(frozen=True, slots=True)
class Trained:
    """A model with the probabilities that each training item got from folds that had not seen it."""

    model: TopicModel
    items: Sequence[Labelled]
    held_out: Matrix  # (items, topics) 0..1
    held_out_titles: Matrix  # the same from the titles alone


@dataclass(frozen=True, slots=True)
class Reading:
    """An item as it may be read."""

    bag: Bag
    labels: tuple[bool, ...]
    weights: tuple[float, ...]  # by topic; 0: nobody has said
    title_only: bool


def bag_of(item: Labelled, home: Gazetteer, provinces: str) -> Bag:
    """Features of a labelled item, with its own home where it names one."""
    gazetteer = home if item.home is None else _of_names(item.home, provinces)
    title = words(item.title) if item.lang == "vi" and item.title else item.title
    return features(title, told_words(item.text, item.lang), gazetteer)


@lru_cache(maxsize=256)
def _of_names(names: tuple[str, ...], provinces: str) -> Gazetteer:
    """Remembered: an item is read several times in a row, and building took half the time of training."""
    return Gazetteer.from_names(names, provinces)


def train(
    items: Sequence[Labelled],
    home: Gazetteer,
    provinces: str,
    targets: Mapping[str, Target],
    watch: Callable[[int], object] = lambda _: None,
) -> Trained:
    """Train on items; thresholds are the highest that reach the target recall on held-out folds."""
    readings: list[list[Reading]] = []
    for done, item in enumerate(items, 1):
        readings.append(readings_of(item, home, provinces))
        watch(done)
    return learn(items, readings, targets)


def learn(items: Sequence[Labelled], readings: Sequence[Sequence[Reading]], targets: Mapping[str, Target]) -> Trained:
    """`train` from readings that have been made already. Raises LabelError where a topic has too few items."""
    asked = np.array([item.weights for item in items]) > 0
    truth = np.array([item.labels for item in items], dtype=np.int64) * asked  # what nobody said moves no fold
    for column, topic in enumerate(TOPICS):
        if not FOLDS <= truth[:, column].sum() <= asked[:, column].sum() - FOLDS:
            raise LabelError(f"{topic}: at least {FOLDS} items must be about it and {FOLDS} not")
    home_named = np.array([NO_HOME not in whole(one).bag for one in readings])
    title_named = np.array([NO_HOME not in title_of(one).bag for one in readings])
    raw, raw_titles = _cross_scores(readings, truth)
    terms, idf, weights, bias = terms_and_weights([reading for one in readings for reading in one])
    thresholds, title_only, no_home = np.zeros(len(TOPICS)), np.zeros((2, 2, len(TOPICS))), np.zeros(len(TOPICS))
    held_out, held_out_titles = np.zeros(raw.shape), np.zeros(raw.shape)
    for column, topic in enumerate(TOPICS):
        target, known = targets[topic], asked[:, column]
        # Items that do not name home are not about its image: the prevalence is among those that do.
        image = column == _IMAGE
        scale, shift = _platt(
            *_chosen(raw, truth, column, known & home_named if image else known), prevalence=target.prevalence
        )
        if image:
            unnamed = known & ~home_named
            no_home[column] = _lowered(raw[unnamed, column] * scale + shift, truth[unnamed, column])
        held_out[:, column] = _sigmoid(raw[:, column] * scale + shift + no_home[column] * ~home_named)
        # A title often leaves out the place: what those are about is fitted by itself.
        for kind, named in enumerate((title_named, ~title_named)):
            chosen = known & named if image else known
            prevalence = target.untitled if image and kind else target.prevalence
            a, b = _platt(*_chosen(raw_titles, truth, column, chosen), prevalence=prevalence)
            # The model multiplies the log-odds of a full text; here they are those of the raw score.
            title_only[kind, :, column] = a / scale, b - shift * a / scale
            held_out_titles[named, column] = _sigmoid(raw_titles[named, column] * a + b)
        weights[:, column] *= scale
        bias[column] = bias[column] * scale + shift
        thresholds[column] = _threshold(held_out[known, column], truth[known, column], target.recall)
    model = make(TOPICS, terms, idf, weights, bias, thresholds, title_only, no_home)
    return Trained(model, items, held_out, held_out_titles)


def readings_of(item: Labelled, home: Gazetteer, provinces: str) -> list[Reading]:
    """An item as it may be read, the whole of it first."""
    return list(_readings(item, home, provinces))


def _readings(item: Labelled, home: Gazetteer, provinces: str) -> Iterable[Reading]:
    for told, part in ((item, 1.0), (replace(item, text=""), _TITLE_WEIGHT)):
        if part < 1 and not (item.title and item.text):
            continue
        weights = tuple(weight * part for weight in item.weights)
        yield Reading(bag_of(told, home, provinces), item.labels, weights, title_only=not told.text)
        if item.labels[_IMAGE] and item.home:
            elsewhere = tuple(label and column != _IMAGE for column, label in enumerate(item.labels))
            yield Reading(bag_of(replace(told, home=()), home, provinces), elsewhere, weights, title_only=not told.text)


def terms_and_weights(readings: Sequence[Reading]) -> tuple[list[str], Matrix, Matrix, Matrix]:
    """Terms in order, their idf, weights (terms, topics) and biases (topics,)."""
    bags = [reading.bag for reading in readings]
    spread = Counter(term for bag in bags for term in bag)
    terms = sorted(term for term, count in spread.items() if count >= _MIN_ITEMS)
    idf = np.array([math.log((1 + len(bags)) / (1 + spread[term])) + 1 for term in terms])
    matrix = vectors(bags, {term: row for row, term in enumerate(terms)}, idf)
    truth = np.array([reading.labels for reading in readings], dtype=np.int64)
    shares = np.array([reading.weights for reading in readings])
    weights, bias = np.zeros((len(terms), len(TOPICS))), np.zeros(len(TOPICS))
    for column in range(len(TOPICS)):
        asked = np.flatnonzero(shares[:, column])
        learner = LinearSVC(C=_STRENGTH, random_state=_SEED)
        learner.fit(matrix[asked], truth[asked, column], sample_weight=shares[asked, column])
        weights[:, column], bias[column] = learner.coef_[0], learner.intercept_[0]
    return terms, idf, weights, bias


def vectors(bags: Sequence[Bag], vocabulary: Mapping[str, int], idf: Matrix) -> csr_matrix:
    """(items, terms), rows of length 1; the same arithmetic as TopicModel.vector."""
    indices: list[int] = []
    values: list[float] = []
    ends = [0]
    scale = idf.tolist()  # reading single numbers out of an array took most of the time of training
    for bag in bags:
        row = [
            (index, (1 + math.log(count)) * scale[index])
            for term, count in bag.items()
            if (index := vocabulary.get(term)) is not None
        ]
        length = math.sqrt(sum(value * value for _, value in row)) or 1.0
        indices += [index for index, _ in row]
        values += [value / length for _, value in row]
        ends.append(len(indices))
    return csr_matrix((values, indices, ends), shape=(len(bags), len(vocabulary)))


def _cross_scores(readings: Sequence[Sequence[Reading]], truth: NDArray[np.int64]) -> tuple[Matrix, Matrix]:
    """Raw scores (items, topics) of each item and of its title alone, by models of the other folds, stratified by the
    combination of labels.
    """
    kinds = truth @ (2 ** np.arange(truth.shape[1]))
    rare = [kind for kind, count in Counter(kinds.tolist()).items() if count < FOLDS]
    # Combinations too rare for every fold are spread as one, or with the items of no topic where even together they are rare.
    together = sum(int((kinds == kind).sum()) for kind in rare)
    kinds[np.isin(kinds, rare)] = -1 if together >= FOLDS else 0
    scores, titles = np.zeros(truth.shape), np.zeros(truth.shape)
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=_SEED).split(kinds, kinds):
        terms, idf, weights, bias = terms_and_weights([reading for index in seen for reading in readings[index]])
        vocabulary = {term: row for row, term in enumerate(terms)}
        for place, first in ((scores, whole), (titles, title_of)):
            place[unseen] = vectors([first(readings[index]).bag for index in unseen], vocabulary, idf) @ weights + bias
    return scores, titles


def whole(readings: Sequence[Reading]) -> Reading:
    """The item itself."""
    return readings[0]


def title_of(readings: Sequence[Reading]) -> Reading:
    """Its title alone; the item itself where it has nothing else."""
    return next((reading for reading in readings if reading.title_only), readings[0])


def _platt(scores: Matrix, truth: NDArray[np.int64], prevalence: float) -> tuple[float, float]:
    """Scale and shift that make log-odds of raw scores, where this part of the items is positive."""
    if len(np.unique(truth)) < 2:
        return 1.0, 0.0
    share = truth.mean()
    weights = np.where(truth == 1, prevalence / share, (1 - prevalence) / (1 - share))
    fitted = LogisticRegression(C=1e6).fit(scores[:, None], truth, sample_weight=weights)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def _chosen(scores: Matrix, truth: NDArray[np.int64], column: int, rows: Mask) -> tuple[Matrix, NDArray[np.int64]]:
    return scores[rows, column], truth[rows, column]


def _lowered(logits: Matrix, truth: NDArray[np.int64]) -> float:
    """How far log-odds must come down for their probabilities to sum to the positives, as if half of one more had been; 0
    where they are as low already.
    """
    if not len(truth):
        return 0.0
    part = (truth.sum() + 0.5) / (len(truth) + 1)
    if _sigmoid(logits).mean() <= part:
        return 0.0
    return float(brentq(lambda added: _sigmoid(logits + added).mean() - part, -50.0, 0.0))


def _sigmoid(logits: Matrix) -> Matrix:
    made: Matrix = 1 / (1 + np.exp(-logits))
    return made


def _threshold(scores: Matrix, truth: NDArray[np.int64], recall: float) -> float:
    """The highest threshold that finds this part of the positives, rounded down to three digits."""
    positives = np.sort(scores[truth == 1])[::-1]
    return math.floor(float(positives[math.ceil(recall * len(positives)) - 1]) * 1000) / 1000
