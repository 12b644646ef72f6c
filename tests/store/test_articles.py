from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from pipeline.records import Arrival, Link, Made, Unread, Version, Words, digest_id
from pipeline.store import articles
from pipeline.store.database import Database
from pipeline.store.ledger import Ledger
from tests.store.rows import (
    EXTRACTOR,
    MODEL,
    SEGMENTER,
    T0,
    failure,
    feed,
    fetch,
    hours,
    judgement,
    link,
    publish,
    reading,
)


def _write(database: Database, *read: tuple[Unread, Version], extractor: str = EXTRACTOR) -> None:
    articles.write_versions(database, extractor, read, [])


def _current(database: Database) -> list[tuple[str, datetime, datetime]]:
    return [
        (text, first, seen)
        for text, first, seen in database.rows("""
        SELECT v.text, a.first_seen, a.current_seen FROM articles a JOIN versions v ON v.id = a.current_version""")
    ]


@pytest.mark.parametrize("one_batch", [True, False])
def test_the_same_text_seen_twice_is_one_version_that_was_read_twice(database: Database, one_batch: bool) -> None:
    read = [reading(link("a"), "Như cũ.", T0), reading(link("a"), "Như cũ.", T0 + hours(5))]
    for batch in [read] if one_batch else [[one] for one in read]:
        _write(database, *batch)
    assert database.rows("SELECT text, seen_at FROM versions") == [("Như cũ.", T0)]
    assert database.rows("SELECT count(*) FROM readings") == [(2,)]
    assert _current(database) == [("Như cũ.", T0, T0 + hours(5))]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (0, 2, 1)])
@pytest.mark.parametrize("one_batch", [True, False])
def test_changed_text_is_a_second_version_and_the_last_seen_is_current(
    database: Database, order: tuple[int, ...], one_batch: bool
) -> None:
    """In whatever order a rebuild comes to them; the paper here takes its change back."""
    read = [reading(link("a"), text, T0 + hours(n)) for n, text in enumerate(["Trước.", "Sau khi sửa.", "Trước."])]
    read = [read[number] for number in order]
    for batch in [read] if one_batch else [[one] for one in read]:
        _write(database, *batch)
    assert sorted(text for (text,) in database.rows("SELECT text FROM versions")) == ["Sau khi sửa.", "Trước."]
    assert _current(database) == [("Trước.", T0, T0 + hours(2))]


def test_an_article_keeps_the_first_time_of_publication_it_was_given(database: Database) -> None:
    _write(database, reading(link("a"), "Một.", T0))
    _write(database, reading(link("a"), "Hai.", T0 + hours(1), published=T0 - hours(2)))
    _write(database, reading(link("a"), "Ba.", T0 + hours(2), published=T0))
    assert database.rows("SELECT published FROM articles") == [(T0 - hours(2),)]


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, max_tries=3, recheck=hours(6), watch=hours(72))


def _fetched(ledger: Ledger, told: Link, at: datetime = T0) -> None:
    ledger.record(feed(at - hours(1), told))
    ledger.record(Arrival(fetch(told, at)))
    ledger.flush()


def test_pages_are_offered_once_to_each_extractor_oldest_first(database: Database, ledger: Ledger) -> None:
    late, early = link("late", published=T0 - hours(9)), link("early")
    _fetched(ledger, late, T0 + hours(2))
    _fetched(ledger, early, T0)
    ledger.record(Arrival(fetch(link("failed"), T0, outcome="timeout")))
    ledger.flush()
    offered = articles.unread(database, EXTRACTOR, 10)
    assert [item.link for item in offered] == [early, late]
    assert [item.subject for item in offered] == [fetch(early, T0).id, fetch(late, T0 + hours(2)).id]
    assert articles.unread(database, EXTRACTOR, 1) == offered[:1]
    _write(database, reading(early, "Đã đọc.", T0))
    assert articles.unread(database, EXTRACTOR, 10) == offered[1:]
    assert articles.unread(database, "extractor-2", 10) == offered


def test_a_page_that_could_not_be_read_is_shown_and_left_to_the_next_extractor(
    database: Database, ledger: Ledger
) -> None:
    _fetched(ledger, link("a"))
    subject = fetch(link("a"), T0).id
    for _ in range(2):  # telling it twice is telling it once
        articles.write_versions(database, EXTRACTOR, [], [failure(subject, T0)])
    assert articles.unread(database, EXTRACTOR, 10) == []
    assert [item.subject for item in articles.unread(database, "extractor-2", 10)] == [subject]
    assert database.rows("SELECT stage, subject, producer, reason, failed_at FROM failures") == [
        ("extract", subject, EXTRACTOR, '{"key": "process.no_article"}', T0)
    ]


def test_an_announcement_stands_in_for_a_page_that_was_asked_and_never_came(database: Database, ledger: Ledger) -> None:
    told = link("a", title="Chỉ có tiêu đề")
    ledger.record(feed(T0, told, link("untitled", title=""), link("not-asked")))
    ledger.record(Arrival(fetch(told, T0 + hours(1), outcome="timeout")))
    ledger.record(Arrival(fetch(link("untitled"), T0 + hours(1), outcome="timeout")))
    ledger.flush()
    (item,) = articles.unread(database, EXTRACTOR, 10)
    assert (item.link, item.seen_at, item.place) == (told, T0 + hours(1), None)
    _write(database, reading(told, "", item.seen_at, "feed"))
    assert articles.unread(database, EXTRACTOR, 10) == []

    ledger.record(feed(T0 + hours(2), replace(told, title="Tiêu đề mới")))
    ledger.flush()
    assert [one.link.title for one in articles.unread(database, EXTRACTOR, 10)] == ["Tiêu đề mới"]
    ledger.record(Arrival(fetch(told, T0 + hours(3))))
    ledger.flush()
    assert [one.subject for one in articles.unread(database, EXTRACTOR, 10)] == [fetch(told, T0 + hours(3)).id]


def test_an_announcement_at_which_the_extractor_failed_is_not_offered_for_ever(
    database: Database, ledger: Ledger
) -> None:
    ledger.record(feed(T0, link("a")))
    ledger.record(Arrival(fetch(link("a"), T0 + hours(1), outcome="timeout")))
    ledger.flush()
    (item,) = articles.unread(database, EXTRACTOR, 10)
    articles.write_versions(database, EXTRACTOR, [], [failure(item.subject, T0)])
    assert articles.unread(database, EXTRACTOR, 10) == []


def test_an_announcement_has_the_same_name_in_the_store_as_outside(database: Database, ledger: Ledger) -> None:
    announced = link("a", title="Tàu cá “QT-1” về bến")
    ledger.record(feed(T0, announced))
    ledger.record(Arrival(fetch(announced, T0 + hours(1), outcome="timeout")))
    ledger.flush()
    (item,) = articles.unread(database, EXTRACTOR, 10)
    assert item.subject == digest_id(announced.key, announced.fingerprint)


def _words(version: Version) -> Words:
    return Words(version.id, "Tàu_cá", "", "Đoạn một .\nĐoạn hai .")


def _process(database: Database) -> None:
    """The stages after extraction, as a cycle runs them."""
    for version in articles.without_words(database, SEGMENTER, 100):
        articles.write_words(database, SEGMENTER, [_words(version)], [])
    for version, words in articles.without_flags(database, MODEL, 100):
        assert words.body
        articles.write_judgements(database, [judgement(version, ["sovereignty"])], [])


def test_each_stage_offers_what_lacks_its_output_until_it_is_written(database: Database) -> None:
    versions = [publish(database, name, T0 + hours(n), judged=False) for n, name in enumerate("abc")]
    assert articles.without_flags(database, MODEL, 10) == []  # words come first
    assert articles.without_words(database, SEGMENTER, 2) == versions[:2]  # whole, as they were written
    articles.write_words(database, SEGMENTER, [_words(versions[0])], [failure(versions[1].id, T0, "words", SEGMENTER)])
    assert articles.without_words(database, SEGMENTER, 10) == versions[2:]
    assert articles.without_words(database, "segmenter-2", 10) == versions
    assert articles.without_flags(database, MODEL, 10) == [(versions[0], _words(versions[0]))]
    articles.write_judgements(database, [judgement(versions[0])], [])
    assert articles.without_flags(database, MODEL, 10) == []
    assert articles.without_flags(database, "model-2", 10) == [(versions[0], _words(versions[0]))]


def test_a_version_that_no_stage_can_process_is_recorded_with_the_stage_that_failed(database: Database) -> None:
    version = publish(database, "a", T0, judged=False)
    articles.write_words(database, SEGMENTER, [_words(version)], [])
    articles.write_judgements(database, [], [failure(version.id, T0, "flags", MODEL)])
    assert articles.without_flags(database, MODEL, 10) == []
    assert database.rows("SELECT stage, producer FROM failures") == [("flags", MODEL)]


def test_writing_a_batch_twice_changes_nothing(database: Database) -> None:
    pair = reading(link("a"), "Thân bài.", T0)
    for _ in range(2):
        _write(database, pair)
        articles.write_words(database, SEGMENTER, [_words(pair[1])], [])
        articles.write_judgements(database, [judgement(pair[1], ["sovereignty"])], [])
    counted = {table: len(rows) for table, rows in _all_rows(database).items()}
    assert counted == {"readings": 1, "articles": 1, "versions": 1, "words": 1, "flags": 3, "failures": 0}


def test_how_words_were_made_is_counted(database: Database) -> None:
    ways: list[Made] = ["fast", "reference", "fast", "differed"]
    for number, way in enumerate(ways):
        version = publish(database, str(number), T0, judged=False)
        articles.write_words(database, SEGMENTER, [replace(_words(version), made=way)], [])
    assert articles.words_made(database) == {"fast": 2, "reference": 1, "differed": 1}
    database.run("UPDATE words SET made = NULL WHERE made = 'differed'")  # made before this was written down
    assert articles.words_made(database) == {"fast": 2, "reference": 1}


def test_vietnamese_versions_are_read_batch_by_batch_and_each_once(database: Database) -> None:
    versions = [publish(database, str(number), T0, judged=False) for number in range(5)]
    database.run("UPDATE versions SET lang = 'en' WHERE id = ?", [versions[2].id])
    read, after = [], ""
    while batch := articles.vietnamese(database, after, 2):
        read += batch
        after = batch[-1].id
    assert sorted(version.id for version in read) == sorted({version.id for version in versions} - {versions[2].id})


def test_a_newer_segmenters_words_replace_the_older_ones(database: Database) -> None:
    version = publish(database, "a", T0, judged=False)
    articles.write_words(database, SEGMENTER, [_words(version)], [])
    articles.write_words(database, "segmenter-2", [replace(_words(version), body="khác")], [])
    assert database.rows("SELECT segmenter, body FROM words") == [("segmenter-2", "khác")]


_STORED = ("readings", "articles", "versions", "words", "flags", "failures")


def _all_rows(database: Database) -> dict[str, list[str]]:
    return {table: sorted(map(str, database.rows(f"FROM {table}"))) for table in _STORED}


# An article corrected once and then set back, one that stayed, and one that only failed.
_READINGS = [
    (link("a"), "Trước.", T0),
    (link("a"), "Sau.", T0 + hours(10)),
    (link("b"), "Yên.", T0 + hours(2)),
    (link("b"), "Yên.", T0 + hours(12)),
    (link("c"), "Mới.", T0 + hours(11)),
]


def _extract(database: Database) -> None:
    """Read whatever is not read, with the text each fetch stands for."""
    texts = {fetch(about, at).id: text for about, text, at in _READINGS}
    while batch := articles.unread(database, EXTRACTOR, 2):
        read = [reading(item.link, texts[item.subject], item.seen_at) for item in batch if item.subject in texts]
        failed = [failure(item.subject, item.seen_at) for item in batch if item.subject not in texts]
        articles.write_versions(database, EXTRACTOR, read, failed)


@pytest.mark.parametrize("since", [None, T0 + hours(9), T0 + hours(10), T0 + hours(99)])
@pytest.mark.parametrize("stage", ["extract", "words", "flags"])
def test_forgetting_a_stage_and_doing_it_again_gives_the_same_rows(
    database: Database, ledger: Ledger, stage: articles.Stage, since: datetime | None
) -> None:
    for about, _, at in _READINGS:
        _fetched(ledger, about, at)
    _fetched(ledger, link("unreadable"), T0 + hours(11))
    _extract(database)
    _process(database)
    before = _all_rows(database)
    assert {table: len(rows) for table, rows in before.items()} == {
        "readings": 5,
        "articles": 3,
        "versions": 4,
        "words": 4,
        "flags": 12,
        "failures": 1,
    }

    articles.forget(database, stage, since)
    kept = _all_rows(database)
    assert kept["flags"] != before["flags"] or since == T0 + hours(99)
    if stage != "extract":
        assert kept["versions"] == before["versions"]
    if since is None and stage == "extract":
        assert not any(kept.values())
    _extract(database)
    _process(database)
    assert _all_rows(database) == before


def test_an_article_whose_latest_text_was_forgotten_falls_back_to_the_one_before(database: Database) -> None:
    _write(database, *(reading(about, text, at) for about, text, at in _READINGS))
    articles.forget(database, "extract", T0 + hours(9))
    assert sorted(text for text, _, _ in _current(database)) == ["Trước.", "Yên."]
    assert database.rows("SELECT count(*) FROM articles WHERE link_key = 'bao-a.vn/c'") == [(0,)]
