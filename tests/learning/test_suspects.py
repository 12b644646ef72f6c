from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipeline.learning.labels import Labelled
from pipeline.learning.suspects import Suspect, suspects
from pipeline.learning.train import Trained, train
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer
from pipeline.triage.flags import TopicModel
from tests.learning.made import PROVINCES, TARGETS, small_set

NONE = np.zeros((0, 3))
MODEL = TopicModel(
    "m", TOPICS, {}, np.zeros(0), NONE, np.zeros(3), np.array([0.5, 0.6, 0.4]), np.zeros((2, 2, 3)), np.zeros(3)
)


def _labelled(name: str, *labels: bool, weights: tuple[float, ...] = (1, 1, 1)) -> Labelled:
    return Labelled(name, f"Tin {name}", "", "vi", None, labels, weights=weights)


def _suspects(*rows: tuple[Labelled, tuple[float, float, float]]) -> list[Suspect]:
    """Of items with their held-out scores."""
    scores = np.array([held_out for _, held_out in rows]).reshape(-1, 3)
    return suspects(Trained(MODEL, [item for item, _ in rows], scores, scores))


def test_a_label_on_that_side_of_its_threshold_where_the_score_is_is_not_suspect() -> None:
    yes, no = _labelled("a", True, True, True), _labelled("b", False, False, False)
    assert _suspects((yes, (0.5, 0.6, 0.4)), (no, (0.49, 0.59, 0.39))) == []
    assert _suspects() == []


def test_a_label_that_the_model_contradicts_is_told_with_what_the_model_says() -> None:
    assert _suspects((_labelled("a", True, False, False), (0.1, 0.2, 0.4))) == [
        Suspect("a", TOPICS[0], True, 0.1, "Tin a"),
        Suspect("a", TOPICS[2], False, 0.4, "Tin a"),
    ]


def test_the_strongest_contradiction_comes_first_whichever_way_it_goes() -> None:
    made = _suspects(
        (_labelled("a", True, False, False), (0.30, 0, 0)),
        (_labelled("b", False, False, False), (0.95, 0, 0)),
        (_labelled("c", True, False, False), (0.02, 0, 0)),
        (_labelled("d", False, False, False), (0.51, 0, 0)),
    )
    assert [(one.id, one.label) for one in made] == [("c", True), ("b", False), ("a", True), ("d", False)]


def test_a_question_that_nobody_answered_has_no_label_to_doubt() -> None:
    made = _suspects((_labelled("a", False, False, False, weights=(0, 0.7, 0)), (0.9, 0.9, 0.9)))
    assert [one.topic for one in made] == [TOPICS[1]]


def test_a_wrong_label_among_right_ones_is_the_first_suspect() -> None:
    """It does not vouch for itself: the model that doubts it has not seen it."""
    items = small_set()
    items[4] = replace(items[4], labels=(False, False, True))  # a strange vessel at sea
    found = suspects(train(items, Gazetteer.from_names([], PROVINCES), PROVINCES, TARGETS))
    assert (found[0].id, found[0].topic, found[0].label) == (items[4].id, TOPICS[0], False)
    assert found[0].score > TARGETS[TOPICS[0]].prevalence
