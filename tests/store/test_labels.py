from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline.learning.opinions import opinions
from pipeline.records import TOPICS, Draw, Label, LabelItem, Version, Words
from pipeline.store import articles, labels
from pipeline.store.database import Database
from tests.store.rows import EXTRACTOR, MODEL, SEGMENTER, T0, hours, judgement, link, publish, reading

SINCE, UNTIL = T0, T0 + hours(24)
OLDEST = UNTIL - timedelta(days=3)
INSIDE = T0 + hours(5)
YES = Label("x", TOPICS[0], True, "an", T0, "1", "blind")
ITEM = LabelItem("x", "Tàu cá về bến", "Cả làng ra đón.", "vi")


def _draw(item_id: str, day: str = "2026-11-23", size: int = 100) -> Draw:
    return Draw(day, item_id, "far", size, 5, MODEL)


def _current(database: Database, model: str = MODEL) -> list[str]:
    return [one.item.title for one in labels.candidates(database, SINCE, UNTIL, OLDEST, model)]


# Answers


def test_an_answer_comes_back_as_it_was_given(database: Database) -> None:
    assert labels.labels(database) == []
    assert labels.write_labels(database, [YES], [ITEM]) == 1
    assert labels.labels(database) == [YES]
    assert labels.items(database, ["x"]) == {"x": ITEM}


def test_the_same_answer_twice_is_one_in_one_batch_and_in_two_and_in_any_time_zone(database: Database) -> None:
    assert labels.write_labels(database, [YES, YES]) == 1
    assert labels.write_labels(database, [YES, replace(YES, guide="2", drawn="import")]) == 0
    database.run("SET TimeZone = 'Asia/Ho_Chi_Minh'")
    assert labels.write_labels(database, labels.labels(database)) == 0
    database.run("SET TimeZone = 'America/Lima'")
    (kept,) = labels.labels(database)
    assert (kept, kept.id) == (YES, YES.id)


@pytest.mark.parametrize(
    "other",
    [
        {"item_id": "y"}, {"topic": TOPICS[1]}, {"value": False}, {"who": "bình"}, {"at": T0 + timedelta(microseconds=1)},
    ],
    ids=str,
)  # fmt: skip
def test_any_other_answer_is_one_more(database: Database, other: dict[str, object]) -> None:
    assert labels.write_labels(database, [YES]) == 1
    assert labels.write_labels(database, [replace(YES, **other)]) == 1  # type: ignore[arg-type]  # one field each
    assert len(labels.labels(database)) == 2


def test_a_person_who_changes_her_mind_adds_a_row_and_the_latest_counts(database: Database) -> None:
    later = replace(YES, value=False, at=T0 + hours(2))
    labels.write_labels(database, [later])
    labels.write_labels(database, [YES])  # an older file comes in afterwards
    assert labels.labels(database) == [YES, later]
    assert opinions(labels.labels(database))["x", TOPICS[0]].value is False


def test_what_was_written_stays_when_a_later_batch_is_refused(database: Database) -> None:
    labels.write_labels(database, [YES], [ITEM])
    other, broken = replace(YES, who="bình"), replace(YES, who="chi", guide=None)  # type: ignore[arg-type]
    with pytest.raises(duckdb.Error):
        labels.write_labels(database, [other, broken], [replace(ITEM, id="y")])
    assert labels.labels(database) == [YES]
    assert labels.items(database, ["x", "y"]) == {"x": ITEM}  # all or nothing


def test_an_item_keeps_the_text_that_was_read_when_it_was_first_labelled(database: Database) -> None:
    labels.write_labels(database, [YES], [ITEM])
    labels.write_labels(database, [replace(YES, who="bình")], [replace(ITEM, title="Tựa khác", text="Bản đã sửa.")])
    assert labels.items(database, ["x"]) == {"x": ITEM}


def test_an_item_is_told_as_labelled_and_otherwise_as_the_store_has_it(database: Database) -> None:
    one, other = publish(database, "a", INSIDE), publish(database, "b", INSIDE)
    labels.write_labels(database, [], [LabelItem(one.id, "Như đã đọc", "Chữ đã đọc.", "vi")])
    found = labels.items(database, [one.id, other.id, other.id, "nobody"])
    assert {name: item.title for name, item in found.items()} == {one.id: "Như đã đọc", other.id: "Tin b"}
    assert labels.items(database, []) == {}
    assert set(labels.items(database, [other.id])) == {other.id}  # what was asked before is forgotten


def test_the_text_of_an_item_is_what_the_model_read(database: Database) -> None:
    unread, version = reading(link("a"), "Đoạn một.", INSIDE)
    led = replace(version, article=replace(version.article, lead="Sa-pô."))
    articles.write_versions(database, EXTRACTOR, [(unread, led)], [])
    articles.write_judgements(database, [judgement(led)], [])
    assert labels.items(database, [led.id])[led.id].text == "Sa-pô.\nĐoạn một."
    assert [one.item.text for one in labels.candidates(database, SINCE, UNTIL, OLDEST, MODEL)] == ["Sa-pô.\nĐoạn một."]


def test_a_snapshot_can_be_read_while_another_process_owns_the_store(database: Database, tmp_path: Path) -> None:
    labels.write_labels(database, [YES], [ITEM])
    labels.keep_draws(database, [_draw("x")])
    database.publish_snapshot()
    snapshot = Database.snapshot(tmp_path)
    try:
        assert labels.labels(snapshot) == [YES]
        assert labels.items(snapshot, ["x"]) == {"x": ITEM}
        assert labels.draws(snapshot, "2026-11-23", "2026-11-23") == [_draw("x")]
    finally:
        snapshot.close()


# Blind samples


def test_a_days_sample_stays_as_it_was_drawn_the_first_time(database: Database) -> None:
    labels.keep_draws(database, [_draw("a"), _draw("b")])
    labels.keep_draws(database, [_draw("a", size=7), _draw("c", size=7)])
    assert set(labels.draws(database, "2026-11-23", "2026-11-23")) == {_draw("a"), _draw("b")}
    labels.keep_draws(database, [])
    labels.keep_draws(database, [_draw("a", "2026-11-24", 7)])  # another day is another sample
    assert len(labels.draws(database, "2026-11-23", "2026-11-24")) == 3


def test_samples_of_a_period_come_with_both_ends_newest_day_first_and_always_in_one_order(database: Database) -> None:
    days = [f"2026-11-{day}" for day in range(20, 25)]
    for day in random.Random(1).sample(days, len(days)):  # noqa: S311 - any order will do
        labels.keep_draws(database, [_draw(name, day) for name in "abc"])
    found = labels.draws(database, days[1], days[3])
    assert [draw.day for draw in found] == [day for day in reversed(days[1:4]) for _ in "abc"]
    assert len({tuple(draw.item_id for draw in found if draw.day == day) for day in days[1:4]}) == 1


# Candidates


def test_scores_and_flags_stand_in_the_order_of_the_topics_however_they_were_written(database: Database) -> None:
    version = publish(database, "a", INSIDE, judged=False)
    given = dict(zip(TOPICS, (0.9, 0.2, 0.7), strict=True))
    for topic in (TOPICS[2], TOPICS[0], TOPICS[1]):
        whole = judgement(version)
        flags = tuple(
            replace(flag, score=given[topic], flagged=given[topic] > 0.5) for flag in whole.flags if flag.topic == topic
        )
        articles.write_judgements(database, [replace(whole, flags=flags)], [])
    (one,) = labels.candidates(database, SINCE, UNTIL, OLDEST, MODEL)
    assert (one.scores, one.flagged) == ((0.9, 0.2, 0.7), (True, False, True))
    assert (one.item.id, one.item.title, one.item.lang, one.seen_at) == (version.id, "Tin a", "vi", INSIDE)


def test_candidates_are_the_present_texts_of_the_period_that_this_model_has_judged(database: Database) -> None:
    publish(database, "plain", INSIDE)
    publish(database, "flagged", INSIDE, flagged=["sovereignty"])
    publish(database, "waiting", INSIDE, judged=False)
    publish(database, "otherwise", INSIDE, model="model-2")
    publish(database, "yesterday", SINCE)
    publish(database, "tomorrow", UNTIL + timedelta(seconds=1))
    publish(database, "old", INSIDE, published=OLDEST)
    publish(database, "changed", INSIDE, title="Bản đầu")
    publish(database, "changed", INSIDE + hours(1), title="Bản đã sửa")
    assert sorted(_current(database)) == ["Bản đã sửa", "Tin flagged", "Tin plain"]
    assert _current(database, "model-2") == ["Tin otherwise"]
    assert _current(database, "model-3") == []


def test_a_version_judged_by_two_models_has_the_scores_of_the_one_asked_for(database: Database) -> None:
    version = publish(database, "a", INSIDE, flagged=TOPICS)
    articles.write_judgements(database, [judgement(version, model="model-2")], [])
    for model, flagged in ((MODEL, True), ("model-2", False)):
        (one,) = labels.candidates(database, SINCE, UNTIL, OLDEST, model)
        assert one.flagged == (flagged,) * 3


# Words


def _spoken(database: Database, name: str, seen_at: datetime = INSIDE) -> Version:
    """An article whose words are there."""
    version = publish(database, name, seen_at)
    articles.write_words(database, SEGMENTER, [Words(version.id, f"Tin {name}", "sa_pô", "tàu_cá về")], [])
    return version


def test_a_sample_of_words_is_of_the_period_and_as_large_as_asked(database: Database) -> None:
    for name in "abcdefgh":
        _spoken(database, name)
    _spoken(database, "yesterday", SINCE)
    publish(database, "wordless", INSIDE)
    everything = labels.words_sample(database, SINCE, UNTIL, OLDEST, 100)
    assert sorted(everything) == [f"Tin {name}\nsa_pô\ntàu_cá về" for name in "abcdefgh"]
    assert labels.words_sample(database, SINCE, UNTIL, OLDEST, 3) == everything[:3]
    assert labels.words_sample(database, SINCE, UNTIL, OLDEST, 0) == []


def test_a_sample_of_words_is_the_same_in_whatever_order_the_articles_came(tmp_path: Path) -> None:
    samples = []
    for folder, names in (("one", "abcdefgh"), ("other", "hgfedcba")):
        opened = Database(tmp_path / folder)
        for name in names:
            _spoken(opened, name)
        samples.append(labels.words_sample(opened, SINCE, UNTIL, OLDEST, 4))
        opened.close()
    assert samples[0] == samples[1]
    assert len(samples[0]) == 4
