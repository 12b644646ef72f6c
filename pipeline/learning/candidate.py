"""From seed and analysts' labels to a candidate: what it may learn from, what it is tested on, and what it would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from sklearn.model_selection import StratifiedKFold

from pipeline.learning.card import Comparison, Measured
from pipeline.learning.evaluate import Mask, Share, probabilities, score, truth_of
from pipeline.learning.gate import compare, gate
from pipeline.learning.labels import Labelled
from pipeline.learning.opinions import Opinion, Question
from pipeline.learning.queue import chance
from pipeline.learning.train import FOLDS, Target, Trained, learn, readings_of, title_of, whole
from pipeline.records import TOPICS, LabelItem
from pipeline.text.places import Gazetteer
from pipeline.triage.flags import TopicModel

_SEED = 20261125


@dataclass(frozen=True, slots=True)
class Weighing:
    """How analysts' answers count in training; those of the seed count 1."""

    single: float  # answered by one person
    agreed: float  # by two or more, all the same
    outvoted: float  # by a majority
    half_life_days: float  # after which an answer counts half
    frozen_share: float  # of labelled items, kept for testing, never trained on


def analysts_items(
    items: Mapping[str, LabelItem], opinions: Mapping[Question, Opinion], weighing: Weighing, now: datetime
) -> tuple[list[Labelled], list[Labelled]]:
    """Labelled items of an office: those to learn from, and those kept for testing, which an item's id decides for ever.

    To learn from, an item needs one decided answer; to test with, all three.
    """
    learn_from, frozen = [], []
    for item_id, item in sorted(items.items()):
        given = [opinions.get((item_id, topic)) for topic in TOPICS]
        decided = [opinion if opinion is not None and opinion.value is not None else None for opinion in given]
        labels = tuple(bool(opinion and opinion.value) for opinion in decided)
        weights = tuple(_weight(opinion, weighing, now) for opinion in decided)
        made = Labelled(item_id, item.title, item.text, item.lang, None, labels, weights=weights)
        if chance(item_id) < weighing.frozen_share:
            if all(weights):
                frozen.append(made)
        elif any(weights):
            learn_from.append(made)
    return learn_from, frozen


def _weight(opinion: Opinion | None, weighing: Weighing, now: datetime) -> float:
    if opinion is None:
        return 0.0
    trust = weighing.agreed if opinion.agreed else weighing.outvoted if opinion.yes and opinion.no else weighing.single
    age = max((now - opinion.at).total_seconds() / 86_400, 0.0)
    return float(trust * 0.5 ** (age / weighing.half_life_days))


def measure(
    name: str,
    trained: Trained,
    items: Sequence[Labelled],
    targets: Mapping[str, Target],
    gazetteer: Gazetteer,
    provinces: str,
    keywords: Mask,
) -> Measured:
    """Everything a card says about real labelled items, also when they are learnt from (five folds of them)."""
    readings = [readings_of(item, gazetteer, provinces) for item in items]
    learnt = [readings_of(item, gazetteer, provinces) for item in trained.items]
    crossed, limits = np.zeros((len(items), len(TOPICS))), np.zeros((len(items), len(TOPICS)))
    kinds = truth_of(items) @ (2 ** np.arange(len(TOPICS)))
    for number in {kind for kind in kinds.tolist() if (kinds == kind).sum() < FOLDS}:
        kinds[kinds == number] = 0  # too rare to be spread over the folds
    for seen, unseen in StratifiedKFold(FOLDS, shuffle=True, random_state=_SEED).split(kinds, kinds):
        model = learn(
            [*trained.items, *(items[index] for index in seen)],
            [*learnt, *(readings[index] for index in seen)],
            targets,
        ).model
        crossed[unseen] = probabilities(model, [whole(readings[index]).bag for index in unseen])
        limits[unseen] = model.thresholds
    return Measured(
        name,
        items,
        probabilities(trained.model, [whole(one).bag for one in readings]),
        titles=probabilities(trained.model, [title_of(one).bag for one in readings], title_only=True),
        crossed=crossed,
        crossed_thresholds=limits,
        keywords=keywords,
    )


def against(
    champion: TopicModel,
    named: str,
    candidate: TopicModel,
    frozen: Sequence[Labelled],
    blind: Sequence[Labelled],
    margins: Mapping[str, float],
    pairs: Sequence[Share],
    outlet_moves: float,
    gazetteer: Gazetteer,
    provinces: str,
) -> Comparison:
    """The candidate beside the model at work (`named` in the log); `blind` are judged items of the last blind samples."""
    differences = []
    flags: dict[str, tuple[Mask, Mask]] = {}
    for measured, items in (("frozen", frozen), ("blind", blind)):
        before, after = (
            score(model, items, gazetteer, provinces).reshape(-1, len(TOPICS)) >= model.thresholds
            for model in (champion, candidate)
        )
        flags[measured] = (before, after)
        differences += compare(measured, truth_of(items).reshape(-1, len(TOPICS)), after, before, margins)
    verdict = gate(named, differences, pairs, outlet_moves)
    return Comparison(champion, verdict, frozen, *flags["frozen"])
