"""Whether a flag depends on what it must not: praise or blame, who published, who is named.

Matched pairs (models/fairness/pairs.jsonl, written for this project) tell one matter twice, favourably and critically, with the
same facts. A line holds id, lang, home, topics, and `favourable` and `critical`, each with title and text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from pipeline.learning.evaluate import Share, score, share
from pipeline.learning.labels import LabelError, Labelled
from pipeline.records import TOPICS
from pipeline.text.normalise import nfc
from pipeline.text.origin import without_marks
from pipeline.text.places import Gazetteer
from pipeline.triage.flags import TopicModel

LEAST = 0.95  # of the pairs must get the same flag
# Ways of saying who published an item; exchanging one for another must move nothing.
_OUTLETS = ("", "(Dân trí) - ", "TTO - ", "VTV.vn - ", "Hà Nội (TTXVN) - ")


@dataclass(frozen=True, slots=True)
class Pair:
    """One matter told in two tones."""

    id: str
    favourable: Labelled
    critical: Labelled


def read_pairs(path: Path) -> list[Pair]:
    """The pairs. Raises LabelError with file and line."""
    made = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
            labels = tuple(topic in row["topics"] for topic in TOPICS)
            told = [
                Labelled(
                    f"{row['id']}{tone}", nfc(row[side]["title"]), nfc(row[side]["text"]), row["lang"],
                    tuple(map(nfc, row["home"])), labels, tone if any(labels) else ".",
                )
                for side, tone in (("favourable", "+"), ("critical", "-"))
            ]  # fmt: skip
            made.append(Pair(row["id"], *told))
        except (ValueError, KeyError, TypeError) as error:
            raise LabelError(f"{path}:{number}: {type(error).__name__} {error}") from error
    return made


def same_flags(model: TopicModel, pairs: Sequence[Pair], gazetteer: Gazetteer, provinces: str) -> list[Share]:
    """Per topic, the part of the pairs that get the same flag on both sides."""
    praised, blamed = (
        score(model, told, gazetteer, provinces) >= model.thresholds
        for told in ([pair.favourable for pair in pairs], [pair.critical for pair in pairs])
    )
    return [
        share(topic, int((praised[:, column] == blamed[:, column]).sum()), len(pairs))
        for column, topic in enumerate(TOPICS)
    ]


def outlet_moves(model: TopicModel, items: Sequence[Labelled], gazetteer: Gazetteer, provinces: str) -> float:
    """The most that any score changes when the mark of an outlet is taken away, put before the text, or exchanged."""
    told = [item for item in items if item.text.strip()]
    scores = [
        score(model, [replace(item, text=mark + without_marks(item.text)) for item in told], gazetteer, provinces)
        for mark in _OUTLETS
    ]
    as_published = score(model, told, gazetteer, provinces)
    return float(max(np.abs(one - as_published).max(initial=0.0) for one in scores))
