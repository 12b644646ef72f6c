from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from pipeline.catalogue import Shown
from pipeline.learning import evaluate
from pipeline.learning.candidate import against, measure
from pipeline.learning.card import CARD, Card, Measured, shut_reasons, write_card
from pipeline.learning.evaluate import figures, score, share
from pipeline.learning.train import Trained, train
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer
from tests.learning.made import PROVINCES, TARGETS, small_set

NOBODY = Gazetteer.from_names([], PROVINCES)
MARGINS = dict.fromkeys(TOPICS, 0.05)


@pytest.fixture(params=["vi", "en"])
def shown(request: pytest.FixtureRequest) -> Shown:
    return Shown(request.param, ZoneInfo("Asia/Ho_Chi_Minh"))


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here it matters that intervals are printed, not how fine they are."""
    monkeypatch.setattr(evaluate, "RESAMPLES", 40)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(small_set(), NOBODY, PROVINCES, TARGETS)


@pytest.fixture(scope="module")
def measured(trained: Trained) -> Measured:
    items = small_set()
    flags = np.ones((len(items), 3), dtype=bool)
    return measure("thật.jsonl", trained, items, TARGETS, NOBODY, PROVINCES, flags)


def test_the_card_prints_the_models_own_figures_and_what_it_was_made_from(
    tmp_path: Path, shown: Shown, trained: Trained, measured: Measured
) -> None:
    data = tmp_path / "dữ liệu.jsonl"
    data.write_text("một\n", encoding="utf-8")
    path = write_card(
        tmp_path, Card(trained, [data], [measured], [share(topic, 19, 20) for topic in TOPICS], 0.0), shown
    )
    assert path == tmp_path / CARD
    card = path.read_text("utf-8")
    assert trained.model.version in card
    assert "| dữ liệu.jsonl | " in card
    assert "thật.jsonl" in card
    assert "19/20" in card
    assert measured.crossed is not None and measured.titles is not None and measured.crossed_thresholds is not None
    for scores, limits in (
        (trained.held_out, trained.model.thresholds),
        (measured.scores, trained.model.thresholds),
        (measured.titles, trained.model.thresholds),
        (measured.crossed, measured.crossed_thresholds),
    ):
        made = figures(scores, small_set(), limits)
        for topic in TOPICS:
            wanted = [shown.number(made[topic][name], 3) for name in ("average_precision", "f1", "precision", "recall")]
            rows = [line for line in card.splitlines() if line.startswith(f"| {shown.text(f'topic.{topic}')} | ")]
            assert any(all(f" {value} " in row for value in wanted) for row in rows), (topic, wanted)


def test_learning_from_the_measured_items_is_scored_by_folds_that_had_not_seen_them(
    trained: Trained, measured: Measured
) -> None:
    odd = replace(small_set()[3], id="odd", labels=(True, False, False))
    made = measure("x", trained, [*small_set(), odd], TARGETS, NOBODY, PROVINCES, np.zeros((1, 3), dtype=bool))
    assert made.crossed is not None
    assert made.crossed[-1, 0] < 0.5
    assert measured.crossed is not None and measured.crossed.shape == (len(small_set()), 3)


def test_a_candidate_is_shown_beside_the_model_at_work(tmp_path: Path, shown: Shown, trained: Trained) -> None:
    """Taught that sovereignty is something else, the candidate loses it: the gate is shut, and the card says why and where."""
    blinded = [replace(item, labels=(item.labels[1] and not item.labels[0], *item.labels[1:])) for item in small_set()]
    worse = train(blinded, NOBODY, PROVINCES, TARGETS)
    frozen = [replace(item, id=f"{item.id}-{copy}") for copy in range(3) for item in small_set()]
    pairs = [share(topic, 20, 20) for topic in TOPICS]
    made = against(trained.model, "shipped", worse.model, frozen, [], MARGINS, pairs, 0.0, NOBODY, PROVINCES)
    assert not made.gate.open
    assert "worse_frozen:sovereignty" in made.gate.reasons
    card = write_card(tmp_path, Card(worse, [], [], pairs, 0.0, made), shown).read_text("utf-8")
    for reason in shut_reasons(made.gate, shown):
        assert f"- {reason}" in card
    changed = int((made.before != made.after).sum())
    assert changed > 0
    assert f"({shown.number(changed)})" in card
    assert card.count(small_set()[0].title.replace("*", "")) >= 1
    same = against(trained.model, "shipped", trained.model, frozen, [], MARGINS, pairs, 0.0, NOBODY, PROVINCES)
    assert same.gate.open
    assert shown.text("card.gate_open", model=trained.model.version) in write_card(
        tmp_path, Card(trained, [], [], pairs, 0.0, same), shown
    ).read_text("utf-8")


def test_scores_of_the_frozen_set_are_told_under_their_own_heading(
    tmp_path: Path, shown: Shown, trained: Trained
) -> None:
    items = small_set()
    own = Measured("", items, score(trained.model, items, NOBODY, PROVINCES))
    card = write_card(tmp_path, Card(trained, [], [own], [], 0.0), shown).read_text("utf-8")
    assert f"## {shown.text('card.frozen', n=shown.number(len(items)))}" in card
    for group in ("tone", "lang", "kind", "year"):  # an office has no other items to look at
        assert shown.text("card.groups", group=shown.text(f"card.group_{group}")) in card
    assert shown.text("card.calibration") in card


def test_a_title_cannot_break_the_table(tmp_path: Path, shown: Shown, trained: Trained) -> None:
    items = [replace(item, title=f"{item.title} | <b>`[x](y)*") for item in small_set()]
    swapped = [replace(item, labels=(item.labels[1], *item.labels[1:])) for item in items]
    blinded = train(swapped, NOBODY, PROVINCES, TARGETS)
    made = against(trained.model, "shipped", blinded.model, items * 3, [], MARGINS, [], 0.0, NOBODY, PROVINCES)
    card = write_card(tmp_path, Card(blinded, [], [], [], 0.0, made), shown).read_text("utf-8")
    told = [line for line in card.splitlines() if "(y)" in line]
    assert told
    assert all(r"\| \<b>\`\[x\](y)\*" in line for line in told)
