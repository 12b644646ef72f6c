"""The items that the model is made from: written for this project, labelled, and without a line of anybody's newspaper."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipeline.learning.agreement import agreement
from pipeline.learning.labels import read_labelled
from pipeline.records import TOPICS, Label
from pipeline.text.normalise import tone_key
from tests.conftest import ROOT
from tests.learning.real_material import RUN, real_runs, runs

FILES = sorted((ROOT / "models" / "seed").glob("*.jsonl"))
FROZEN: list[dict[str, Any]] = [
    json.loads(line) for line in (ROOT / "models" / "frozen.jsonl").read_text("utf-8").splitlines()
]
ROWS: list[dict[str, Any]] = [json.loads(line) for path in FILES for line in path.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_line_is_a_valid_item_that_says_it_was_written_for_this_project(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    items = read_labelled(path)
    assert len(items) == len(lines)
    for item, row in zip(items, map(json.loads, lines), strict=True):
        assert item.title.strip() or item.text.strip()
        assert (item.title, item.text) == (row["title"], row["text"])  # NFC as it stands
        assert item.lang in ("vi", "en")
        assert item.tone in "+-0."
        assert (item.tone == ".") == (not any(item.labels)), item.id
        assert "written for this project" in row["provenance"]
        assert not {"author", "byline", "url", "outlet"} & set(row)


def test_there_are_enough_items_and_none_stands_there_twice() -> None:
    assert len(ROWS) >= 3_000
    assert [name for name, count in Counter(row["id"] for row in ROWS).items() if count > 1] == []
    texts = Counter(tone_key(f"{row['title']} {row['text']}") for row in ROWS)
    assert [text for text, count in texts.items() if count > 1] == []
    languages = Counter(row["lang"] for row in ROWS)
    assert languages["vi"] >= 2_500
    assert languages["en"] >= 300


def test_no_item_is_nearly_another() -> None:
    """Two items that share a fifth of their runs of five syllables teach the same thing twice."""
    everything = ROWS + FROZEN
    by_run: dict[int, list[int]] = defaultdict(list)
    near: list[tuple[str, str]] = []
    lengths: list[int] = []
    for number, row in enumerate(everything):
        syllables = tone_key(f"{row['title']} {row['text']}").split()
        own = {hash(tuple(syllables[at : at + 5])) for at in range(len(syllables) - 4)}
        shared = Counter(other for run in own for other in by_run[run])
        near += [
            (everything[other]["title"], row["title"])
            for other, count in shared.items()
            if count >= 6 and count > 0.2 * min(len(own), lengths[other])
        ]
        lengths.append(len(own))
        for run in own:
            by_run[run].append(number)
    assert near == []


def test_the_frozen_set_was_labelled_twice_and_is_not_in_the_seed() -> None:
    assert len(FROZEN) == 300
    assert not {row["id"] for row in FROZEN} & {row["id"] for row in ROWS}
    for row in FROZEN:
        assert row["second_by"] != row["labelled_by"]
        first = row.get("first", row)
        differ = any(first[topic] != row["second"][topic] for topic in TOPICS)
        assert differ == ("decided_by" in row)
        if not differ:
            assert all(row[topic] == row["second"][topic] for topic in TOPICS)


def test_the_readme_prints_the_agreement_of_the_frozen_set() -> None:
    at = datetime(2026, 11, 25, tzinfo=UTC)
    given = [
        Label(row["id"], topic, bool(answers[topic]), who, at, row["guide"], "second")
        for row in FROZEN
        for who, answers in (("first", row.get("first", row)), ("second", row["second"]))
        for topic in TOPICS
    ]
    readme = (ROOT / "models" / "seed" / "README.md").read_text(encoding="utf-8")
    for one in agreement(given):
        assert f"| {one.topic} | {one.value:.3f} | {one.low:.3f} - {one.high:.3f} |" in readme


def test_there_are_at_least_as_many_hard_negatives_as_positives() -> None:
    """A hard negative has the words of a topic, or names a home province, and is about none of the topics."""
    positives = sum(any(row[topic] for topic in TOPICS) for row in ROWS)
    bait = re.compile("|".join(pattern for pattern in _BAIT.values()))
    hard = sum(
        bool(row["home"]) or bool(bait.search(f"{row['title']} {row['text']}".lower()))
        for row in ROWS
        if not any(row[topic] for topic in TOPICS)
    )
    negatives = len(ROWS) - positives
    assert negatives >= positives
    # Of one topic's point of view the items of the other two are negatives too, and most have its words.
    for topic in TOPICS:
        about = sum(row[topic] for row in ROWS)
        assert hard >= about, (topic, hard, about)


def test_the_names_of_an_items_home_stand_in_its_text() -> None:
    missing = [
        (row["id"], name)
        for row in ROWS
        for name in row["home"]
        if f" {tone_key(name)} " not in f" {tone_key(row['title'] + ' / ' + row['text'])} "
    ]
    assert missing == []


def test_an_item_about_a_provinces_image_names_that_province() -> None:
    assert [row["id"] for row in ROWS if row["provincial_reputation"] and not row["home"]] == []


# Words by which a keyword list would flag a topic; an item that has them and is not about it teaches the difference.
_BAIT = {
    "sovereignty": r"biển đông|hoàng sa|trường sa|chủ quyền|biên giới|south china sea|sovereignty|border",
    "human_rights": r"nhân quyền|tôn giáo|chùa|giáo xứ|nhà thờ|dân tộc|trẻ em|phụ nữ|khuyết tật|dân chủ|tù\b"
    r"|rights|church|pagoda|temple|monk|democra|prison|children|women|ethnic",
}


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_has_items_about_it_and_items_that_only_look_like_it(topic: str, lang: str) -> None:
    ours = [row for row in ROWS if row["lang"] == lang]
    about = [row for row in ours if row[topic]]
    if topic == "provincial_reputation":  # a home province is named, and it is not about its image
        lookalikes = [row for row in ours if not row[topic] and row["home"]]
    else:
        bait = re.compile(_BAIT[topic])
        lookalikes = [row for row in ours if not row[topic] and bait.search(f"{row['title']} {row['text']}".lower())]
    least = 40 if lang == "vi" else 8
    assert len(about) >= least
    assert len(lookalikes) >= least


@pytest.mark.parametrize("topic", TOPICS)
def test_each_topic_has_praise_and_criticism_so_that_neither_is_the_topic(topic: str) -> None:
    tones = Counter(row["tone"] for row in ROWS if row[topic])
    assert min(tones["+"], tones["-"], tones["0"]) >= 0.25 * sum(tones.values()), tones


def test_a_run_of_twelve_syllables_is_found_through_capitals_tone_marks_and_punctuation() -> None:
    written = "Hoà bình là điều mà mọi người dân vùng biển này luôn mong."
    assert len(runs(written)) == 13 - RUN + 1
    assert runs(written) == runs("HÒA BÌNH, là điều... mà mọi người dân vùng biển (này) luôn mong!")
    assert not runs(" ".join(written.split()[: RUN - 1]))


@pytest.mark.slow
def test_no_item_shares_a_run_of_twelve_syllables_with_the_real_press(press: Path, gold: Path) -> None:
    real = real_runs(press, gold)  # remembered: the matched pairs are compared with the same
    assert len(real) > 100_000
    assert [row["id"] for row in ROWS + FROZEN if (runs(row["title"]) | runs(row["text"])) & real] == []
