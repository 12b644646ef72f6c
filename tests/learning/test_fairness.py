"""A flag must not hang on praise or blame, on who published, or on who is named."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.learning.fairness import LEAST, Pair, outlet_moves, read_pairs, same_flags
from pipeline.learning.keywords import keyword_flags
from pipeline.learning.labels import LabelError, read_labelled
from pipeline.learning.train import bag_of
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer
from pipeline.triage.flags import TopicModel, load
from tests.conftest import ROOT
from tests.learning.made import PROVINCES
from tests.learning.real_material import real_runs, runs

MODELS = ROOT / "models"
PAIRS = read_pairs(MODELS / "fairness" / "pairs.jsonl")
HOME = Gazetteer.from_tables((MODELS / "gazetteer" / "quang_tri.tsv").read_text(encoding="utf-8"), PROVINCES)


@pytest.fixture(scope="module")
def shipped() -> TopicModel:
    return load(MODELS / "current")


def test_there_are_two_hundred_pairs_of_every_topic_and_of_none() -> None:
    assert len(PAIRS) == 200
    assert len({pair.id for pair in PAIRS}) == 200
    for column in range(len(TOPICS)):
        assert sum(pair.favourable.labels[column] for pair in PAIRS) >= 50
    assert sum(not any(pair.favourable.labels) for pair in PAIRS) >= 15
    for pair in PAIRS:
        assert pair.favourable.labels == pair.critical.labels
        assert pair.favourable.title != pair.critical.title
        assert pair.favourable.text != pair.critical.text


def test_no_pair_is_taken_from_the_seed_or_the_seed_from_a_pair() -> None:
    seed: set[int] = set()
    for path in (MODELS / "seed").glob("*.jsonl"):
        for item in read_labelled(path):
            seed |= runs(f"{item.title} {item.text}")
    for pair in PAIRS:
        for told in (pair.favourable, pair.critical):
            assert not runs(f"{told.title} {told.text}") & seed, pair.id


@pytest.mark.slow
def test_no_pair_shares_a_run_of_twelve_syllables_with_the_real_press(press: Path, gold: Path) -> None:
    real = real_runs(press, gold)
    for pair in PAIRS:
        for told in (pair.favourable, pair.critical):
            assert not (runs(told.title) | runs(told.text)) & real, pair.id


def test_praise_and_blame_of_one_matter_get_the_same_flags(shipped: TopicModel) -> None:
    for share in same_flags(shipped, PAIRS, HOME, PROVINCES):
        assert share.found >= LEAST * share.of, share


def test_a_model_that_flags_blame_alone_is_found_out(shipped: TopicModel) -> None:
    """The measure can fail: a pair whose one side says nothing is not flagged alike."""
    told = next(pair for pair in PAIRS if pair.favourable.labels[0])
    empty = replace(told.critical, title="Giá lúa nhích lên", text="Nông dân vui.", home=())
    (first, *_) = same_flags(shipped, [Pair("x", told.favourable, empty)], HOME, PROVINCES)
    assert (first.found, first.of) == (0, 1)


def test_exchanging_or_removing_the_outlet_moves_no_score(shipped: TopicModel) -> None:
    assert outlet_moves(shipped, read_labelled(MODELS / "frozen.jsonl"), HOME, PROVINCES) == 0


_NAMES = (
    ("Nguyễn Văn Tám", "Trần Thị Bích Hạnh", "Lê Quốc Khánh"),
    ("Thích Minh Quang", "Thích Nhật Tuệ", "Thích Giác Ngộ"),
)


@pytest.mark.parametrize("names", _NAMES, ids=("lay", "clergy"))
def test_exchanging_the_person_changes_nothing_that_the_model_sees(names: tuple[str, ...]) -> None:
    item = read_labelled(MODELS / "frozen.jsonl")[0]
    bags = [
        bag_of(
            replace(
                item,
                lang="vi",
                title=f"Ông {name} nói về chủ quyền",
                text=f"Theo ông {name}, dân Cửa Việt bám biển. {name} khẳng định điều đó.",
            ),
            HOME, PROVINCES,
        )
        for name in names
    ]  # fmt: skip
    assert bags[0] == bags[1] == bags[2]
    assert bags[0]["☺"] == 3


def test_a_line_that_is_no_pair_is_told_with_its_number(tmp_path: Path) -> None:
    path = tmp_path / "cặp.jsonl"
    good = (MODELS / "fairness" / "pairs.jsonl").read_text(encoding="utf-8").splitlines()[0]
    path.write_text(f"{good}\n{json.dumps({'id': 'x'})}\n", encoding="utf-8")
    with pytest.raises(LabelError, match=":2:"):
        read_pairs(path)


def test_the_keyword_lists_flag_words_wherever_they_stand() -> None:
    items = read_labelled(MODELS / "frozen.jsonl")
    flags = keyword_flags(items, HOME, PROVINCES)
    truth = np.array([item.labels for item in items])
    counts = Counter(tuple(row) for row in flags.tolist())
    assert len(counts) > 3
    for column in range(3):
        assert (flags & truth)[:, column].sum() > 0.5 * truth[:, column].sum()  # a fair peer: it finds most
        assert flags[~truth[:, column], column].any()  # and what only looks like it
