from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.learning.evaluate import (
    calibration_error,
    figures,
    intervals,
    probabilities,
    recall_by,
    reliability,
    score,
    share,
    truth_of,
)
from pipeline.learning.train import bag_of, train
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer
from tests.learning.made import PROVINCES, TARGETS, small_set

HALF = np.array([0.5, 0.5, 0.5])


def test_figures_count_what_was_found_missed_and_flagged_in_vain() -> None:
    items = small_set()[:6]  # sovereignty at 0 and 4
    scores = np.zeros((6, 3))
    scores[:, 0] = [0.9, 0.8, 0.1, 0.7, 0.4, 0.2]  # one found, one missed, two in vain
    items[4] = replace(items[4], tone="+")
    made = figures(scores, items, HALF)
    one = made["sovereignty"]
    assert (one["items"], one["threshold"]) == (2, 0.5)
    assert (one["precision"], one["recall"], one["f1"]) == pytest.approx((1 / 3, 1 / 2, 2 / 5))
    assert one["average_precision"] == pytest.approx((1 / 1 + 2 / 4) / 2)
    assert (one["recall-"], one["recall+"]) == (1.0, 0.0)  # criticism found, praise missed: this must show
    assert "recall0" not in one
    assert made["human_rights"]["recall"] == 0
    assert made["macro"]["f1"] == pytest.approx(np.mean([made[topic]["f1"] for topic in TOPICS]))


def test_a_score_at_the_threshold_is_a_flag() -> None:
    items = small_set()[:4]
    made = figures(np.full((4, 3), 0.5), items, HALF)
    assert made["sovereignty"]["recall"] == 1
    assert made["sovereignty"]["precision"] == pytest.approx(1 / 4)


def test_thresholds_may_be_those_of_each_item() -> None:
    """In cross-validation every fold has its own."""
    items = small_set()[:4]
    scores = np.full((4, 3), 0.5)
    limits = np.full((4, 3), 0.4)
    limits[0, 0] = 0.6  # the one item about sovereignty
    made = figures(scores, items, limits)
    assert made["sovereignty"]["recall"] == 0
    assert made["sovereignty"]["threshold"] == pytest.approx((0.6 + 0.4 * 3) / 4)


def test_intervals_lie_around_the_figure_and_narrow_with_more_items() -> None:
    items = small_set()
    random = np.random.default_rng(1)
    scores = np.clip(truth_of(items) * 0.4 + random.random((len(items), 3)) * 0.6, 0, 1)
    widths = []
    for times in (1, 16):
        many, told = items * times, np.tile(scores, (times, 1))
        made, around = figures(told, many, HALF), intervals(told, many, HALF)
        for topic in TOPICS:
            for name in ("average_precision", "f1"):
                low, high = around[topic][name]
                assert low <= made[topic][name] <= high
        widths.append(around[TOPICS[0]]["f1"][1] - around[TOPICS[0]]["f1"][0])
    assert widths[1] < widths[0]


def test_a_share_has_wilsons_interval() -> None:
    one = share("x", 8, 10)
    assert (one.low, one.high) == pytest.approx((0.4902, 0.9433), abs=5e-4)  # Newcombe 1998, method 3
    assert share("x", 0, 10).low == 0
    assert share("x", 10, 10).high == 1


def test_recall_is_told_for_each_group() -> None:
    items = [replace(item, year=2020 + number % 2) for number, item in enumerate(small_set())]
    scores = np.zeros((len(items), 3))
    made = list(recall_by("year", scores, items, HALF))
    assert {topic for topic, _ in made} == set(TOPICS)
    assert sum(found.of for _, found in made) == int(truth_of(items).sum())
    assert all(found.found == 0 for _, found in made)


def test_scores_that_mean_what_they_say_have_no_calibration_error() -> None:
    scores = np.array([0.25] * 4 + [0.75] * 4)
    honest = np.array([True, False, False, False, True, True, True, False])
    assert calibration_error(scores, honest) == pytest.approx(0)
    assert [(one.items, one.observed) for one in reliability(scores, honest)] == [(4, 0.25), (4, 0.75)]
    assert calibration_error(scores, ~honest) == pytest.approx(0.5)
    assert calibration_error(np.array([1.0]), np.array([True])) == 0  # the last bin holds 1 itself


def test_scores_of_items_and_of_their_features_are_the_same() -> None:
    nobody = Gazetteer.from_names([], PROVINCES)
    items = small_set()
    model = train(items, nobody, PROVINCES, TARGETS).model
    bags = [bag_of(item, nobody, PROVINCES) for item in items]
    assert np.array_equal(score(model, items, nobody, PROVINCES), probabilities(model, bags))
    titles = [replace(item, text="") for item in items]
    assert np.array_equal(
        score(model, titles, nobody, PROVINCES),
        probabilities(model, [bag_of(item, nobody, PROVINCES) for item in titles], title_only=True),
    )
