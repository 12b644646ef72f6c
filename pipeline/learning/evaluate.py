"""Figures of a model on labelled items."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from pipeline.learning.labels import Labelled
from pipeline.learning.train import bag_of
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer
from pipeline.triage.flags import TopicModel

Figures = dict[str, dict[str, float]]


def measure(model: TopicModel, items: Sequence[Labelled], gazetteer: Gazetteer, provinces: str) -> Figures:
    """Per topic and macro: items, average precision, and precision, recall, F1 at the model's own thresholds; recall on
    favourable, neutral and critical items (`recall+`, `recall0`, `recall-`) where there are any.
    """
    logits = np.array([model.logits(bag_of(item, gazetteer, provinces)) for item in items])
    return figures(1 / (1 + np.exp(-logits)), items, model.thresholds)


def figures(scores: NDArray[np.float64], items: Sequence[Labelled], thresholds: NDArray[np.float64]) -> Figures:
    """The figures of `measure` from scores (items, topics)."""
    truth = np.array([item.labels for item in items])
    tones = np.array([item.tone for item in items])
    made: Figures = {}
    for column, topic in enumerate(TOPICS):
        right, flagged = truth[:, column], scores[:, column] >= thresholds[column]
        hits = float((flagged & right).sum())
        precision, recall = hits / max(flagged.sum(), 1), hits / max(right.sum(), 1)
        made[topic] = {
            "items": float(right.sum()),
            "average_precision": float(average_precision_score(right, scores[:, column])),
            "precision": precision,
            "recall": recall,
            "f1": 2 * precision * recall / max(precision + recall, 1e-9),
            "threshold": float(thresholds[column]),
        }
        for tone in "+0-":
            toned = right & (tones == tone)
            if toned.any():
                made[topic][f"recall{tone}"] = float(flagged[toned].mean())
    made["macro"] = {
        name: float(np.mean([made[topic][name] for topic in TOPICS])) for name in ("average_precision", "f1")
    }
    return made
