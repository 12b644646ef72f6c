from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipeline.catalogue import Shown
from pipeline.learning.card import CARD, write_card
from pipeline.learning.evaluate import figures, measure
from pipeline.learning.train import train
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
    scores = np.full((4, 3), 0.5)
    made = figures(scores, items, HALF)
    assert made["sovereignty"]["recall"] == 1
    assert made["sovereignty"]["precision"] == pytest.approx(1 / 4)


@pytest.fixture(params=["vi", "en"])
def shown(request: pytest.FixtureRequest) -> Shown:
    return Shown(request.param, ZoneInfo("Asia/Ho_Chi_Minh"))


def test_the_card_prints_the_models_own_figures_and_what_it_was_made_from(tmp_path: Path, shown: Shown) -> None:
    nobody = Gazetteer.from_names([], PROVINCES)
    trained = train(small_set(), nobody, PROVINCES, TARGETS)
    data = tmp_path / "dữ liệu.jsonl"
    data.write_text("một\n", encoding="utf-8")
    gold = small_set()[:4]
    card = write_card(tmp_path, trained, [data], (tmp_path / "thật.jsonl", gold), nobody, PROVINCES, shown).read_text(
        "utf-8"
    )
    assert trained.model.version in card
    assert "| dữ liệu.jsonl | " in card
    for made in (
        figures(trained.held_out, trained.items, trained.model.thresholds),
        measure(trained.model, gold, nobody, PROVINCES),
    ):
        for topic in TOPICS:
            (row,) = {line for line in card.splitlines() if shown.text(f"topic.{topic}") in line} & {
                line for line in card.splitlines() if f"| {shown.number(made[topic]['items'])} |" in line
            }
            for name in ("average_precision", "f1", "precision", "recall", "threshold"):
                assert f" {shown.number(made[topic][name], 3)} " in row, name
    without = write_card(tmp_path, trained, [data], None, nobody, PROVINCES, shown)
    assert without == tmp_path / CARD
    assert "thật.jsonl" not in without.read_text("utf-8")
