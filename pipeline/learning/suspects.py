"""Labels worth a second look: those that a model which has not seen the item contradicts most.

Only the order is used, and a person reads each one: a surprising label is as often a new kind of item as a mistake. (cleanlab's
confident learning, on two classes with calibrated held-out scores, draws the same list with a cut-off; it is not needed here.)
"""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.learning.train import Trained
from pipeline.records import TOPICS


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label and what the model of the other folds says."""

    id: str
    topic: str
    label: bool
    score: float  # 0..1, of a model that had not seen the item
    title: str


def suspects(trained: Trained) -> list[Suspect]:
    """All labels that the model contradicts, the strongest contradiction first."""
    found = [
        Suspect(item.id, topic, item.labels[column], float(scores[column]), item.title)
        for item, scores in zip(trained.items, trained.held_out, strict=True)
        for column, topic in enumerate(TOPICS)
        if item.weights[column] and item.labels[column] != (scores[column] >= trained.model.thresholds[column])
    ]
    return sorted(found, key=lambda one: (one.score if one.label else 1 - one.score, one.id, one.topic))
