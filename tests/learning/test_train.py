from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.learning.labels import LabelError, Labelled, read_labelled
from pipeline.learning.train import Target, Trained, bag_of, readings_of, terms_and_weights, train, vectors, whole
from pipeline.records import HOME, TOPICS
from pipeline.settings import read_topics
from pipeline.text.places import Gazetteer
from pipeline.triage.features import NO_HOME
from pipeline.triage.flags import MODEL_FILE, load
from tests.conftest import ROOT
from tests.learning.made import PROVINCES, TARGETS, small_set

NOBODY = Gazetteer.from_names([], PROVINCES)


@pytest.fixture(scope="module")
def trained() -> Trained:
    return train(small_set(), NOBODY, PROVINCES, TARGETS)


def test_training_twice_gives_the_same_bytes(tmp_path: Path, trained: Trained) -> None:
    counted: list[int] = []
    again = train(small_set(), NOBODY, PROVINCES, TARGETS, counted.append)
    assert counted == list(range(1, len(small_set()) + 1))
    contents = []
    for name, one in (("first", trained), ("second", again)):
        (tmp_path / name).mkdir()
        one.model.save(tmp_path / name)
        contents.append((tmp_path / name / MODEL_FILE).read_bytes())
    assert contents[0] == contents[1]
    assert again.model.version == trained.model.version
    assert np.array_equal(again.held_out, trained.held_out)


def test_a_combination_of_topics_too_rare_for_every_fold_is_no_cause_for_a_warning() -> None:
    """Warnings are errors here; on a terminal the officer would read one in English on every `make train`."""
    items = small_set()
    items[0] = replace(items[0], labels=(True, True, True))
    train(items, NOBODY, PROVINCES, TARGETS)


def test_another_label_gives_another_model(trained: Trained) -> None:
    items = small_set()
    items[3] = replace(items[3], labels=(True, True, False))
    assert train(items, NOBODY, PROVINCES, TARGETS).model.version != trained.model.version


def test_the_model_says_of_each_item_what_it_was_taught(trained: Trained) -> None:
    model = trained.model
    for item in small_set():
        logits = model.logits(bag_of(item, NOBODY, PROVINCES))
        assert tuple(bool(one) for one in logits > 0) == item.labels, item.id


def test_an_item_of_a_province_is_not_the_image_of_another(trained: Trained) -> None:
    item = next(item for item in small_set() if item.labels[2])
    stranger = Labelled(item.id, item.title, item.text, item.lang, (), item.labels)
    here, there = (trained.model.logits(bag_of(one, NOBODY, PROVINCES))[2] for one in (item, stranger))
    assert here > 0 > there


@pytest.mark.parametrize("column", range(3))
def test_thresholds_are_the_highest_that_find_the_wanted_part_on_folds_not_seen(trained: Trained, column: int) -> None:
    threshold = trained.model.thresholds[column]
    scores = trained.held_out[:, column]
    right = np.array([item.labels[column] for item in trained.items])
    wanted = TARGETS[TOPICS[column]].recall
    assert np.mean(scores[right] >= threshold) >= wanted
    assert np.mean(scores[right] >= threshold + 0.001) < wanted
    assert threshold == round(threshold, 3)  # as it is printed on the card


def test_held_out_scores_come_from_models_that_had_not_seen_the_item() -> None:
    """A nonsense label shows: the model taught with it believes it, the folds without it do not."""
    items = small_set()
    odd = Labelled(
        "odd", "Giá lúa nhích lên", "Một chuyện riêng kỳ lạ về lúa. Kỳ lạ thật.", "vi", (), (True, False, False)
    )
    made = train([*items, odd], NOBODY, PROVINCES, TARGETS)
    taught = made.model.logits(bag_of(odd, NOBODY, PROVINCES))[0]
    assert made.held_out[-1, 0] < 0.5
    assert made.held_out[-1, 0] < 1 / (1 + np.exp(-taught))
    assert made.held_out.shape == (len(items) + 1, len(TOPICS))


def test_a_word_of_one_item_only_is_not_learnt() -> None:
    readings = [whole(readings_of(item, NOBODY, PROVINCES)) for item in small_set()]
    readings[0].bag["độc_nhất"] = 5
    terms, idf, weights, bias = terms_and_weights(readings)
    assert "độc_nhất" not in terms
    assert terms == sorted(set(terms))
    assert HOME in terms
    assert idf.shape == (len(terms),)
    assert weights.shape == (len(terms), 3)
    assert bias.shape == (3,)


def test_training_and_judging_do_the_same_arithmetic(trained: Trained) -> None:
    model = trained.model
    bags = [bag_of(item, NOBODY, PROVINCES) for item in small_set()]
    matrix = vectors(bags, model.vocabulary, model.idf)
    elsewhere = np.array([[NO_HOME in bag] for bag in bags])
    assert matrix @ model.weights + model.bias + elsewhere * model.no_home == pytest.approx(
        np.array([model.logits(bag) for bag in bags]), abs=1e-12
    )


def test_an_item_names_its_own_home_or_leaves_it_to_the_office() -> None:
    text = "Khách đến Đảo Én và Gò Mây."
    office = Gazetteer.from_names(["Gò Mây"], PROVINCES)
    for home, named in ((("Đảo Én",), 1), (("Đảo Én", "Gò Mây"), 2), ((), 0), (None, 1)):
        bag = bag_of(Labelled("x", "", text, "vi", home, (False, False, False)), office, PROVINCES)
        assert bag[HOME] == named, home
        assert bag[f"#home={named}"] == 1


@pytest.mark.slow
def test_the_shipped_model_is_what_training_on_the_seed_gives() -> None:
    models = ROOT / "models"
    items = [item for path in sorted((models / "seed").glob("*.jsonl")) for item in read_labelled(path)]
    tables = [(models / "gazetteer" / name).read_text(encoding="utf-8") for name in ("quang_tri.tsv", "provinces.tsv")]
    targets: dict[str, Target] = {
        topic.id: Target(topic.target_recall, topic.prevalence, topic.untitled_prevalence)
        for topic in read_topics(models / "topics.toml").topic
    }
    made = train(items, Gazetteer.from_tables(*tables), tables[1], targets)
    shipped = load(models / "current")
    assert made.model.version == shipped.version
    card = (models / "current" / "CARD.md").read_text(encoding="utf-8")
    assert shipped.version in card


def test_a_title_alone_is_scored_as_itself_and_its_reasons_still_sum_to_the_score(trained: Trained) -> None:
    item = replace(small_set()[0], text="")
    bag = bag_of(item, NOBODY, PROVINCES)
    terms, added, base = trained.model.parts(bag, title_only=True)
    assert len(terms) == len(added)
    assert base + added.sum(axis=0) == pytest.approx(trained.model.logits(bag, title_only=True))
    assert trained.model.logits(bag, title_only=True) != pytest.approx(trained.model.logits(bag))
    assert trained.held_out_titles.shape == trained.held_out.shape


def test_an_answer_nobody_gave_is_not_learnt_from() -> None:
    """An item whose answer has no weight changes nothing about that topic, whatever it says."""
    items = small_set()
    told = [replace(items[0], labels=(said, True, False), weights=(0.0, 1.0, 1.0)) for said in (True, False)]
    models = [train([one, *items[1:]], NOBODY, PROVINCES, TARGETS).model for one in told]
    assert np.array_equal(models[0].weights[:, 0], models[1].weights[:, 0])
    assert models[0].thresholds[0] == models[1].thresholds[0]


def test_an_item_that_counts_more_pulls_more() -> None:
    items = small_set()
    odd = replace(items[3], id="odd", labels=(True, False, False))
    light, heavy = (
        train([*items, replace(odd, weights=(weight,) * 3)], NOBODY, PROVINCES, TARGETS).model for weight in (0.1, 5.0)
    )
    bag = bag_of(odd, NOBODY, PROVINCES)
    assert heavy.logits(bag)[0] > light.logits(bag)[0]


def test_a_topic_with_hardly_any_items_is_told_by_name() -> None:
    items = [replace(item, labels=(number == 0, *item.labels[1:])) for number, item in enumerate(small_set())]
    with pytest.raises(LabelError, match="sovereignty: at least 5"):
        train(items, NOBODY, PROVINCES, TARGETS)
