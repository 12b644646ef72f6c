from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pipeline.learning.queue import blind_sample
from pipeline.records import TOPICS, PlainItem
from pipeline.store import articles, labels, news
from pipeline.store.database import Database
from tests.store.rows import EXTRACTOR, MODEL, T0, hours, judgement, link, publish, reading

SINCE, UNTIL = T0, T0 + hours(24)
OLDEST = UNTIL - timedelta(days=3)
OUTLETS = {"bao-a": "Báo A"}
INSIDE = T0 + hours(5)


def _counts(database: Database, model: str = MODEL) -> dict[str, int]:
    return news.counts(database, SINCE, UNTIL, OLDEST, model)


def _flagged(database: Database, model: str = MODEL) -> list[str]:
    items = news.flagged(database, SINCE, UNTIL, OLDEST, model, EXTRACTOR, OUTLETS)
    return [item.url.rsplit("/", 1)[1] for item in items]


def _sample(database: Database, size: int = 100, until: datetime = UNTIL, model: str = MODEL) -> list[PlainItem]:
    found = labels.candidates(database, SINCE, until, OLDEST, model)
    draws = blind_sample(found, [0.5] * len(TOPICS), f"{until:%Y-%m-%d}", size, model)
    return news.plain(database, [draw.item_id for draw in draws], OUTLETS)


def test_counts_tell_seen_old_judged_and_flagged_apart(database: Database) -> None:
    publish(database, "flagged", INSIDE, flagged=["sovereignty", "human_rights"], published=INSIDE)
    publish(database, "plain", INSIDE)
    publish(database, "waiting", INSIDE, judged=False)
    publish(database, "old", INSIDE, flagged=["sovereignty"], published=OLDEST - hours(1))
    publish(database, "yesterday", SINCE - hours(1), flagged=["sovereignty"])
    assert _counts(database) == {"seen": 4, "old": 1, "judged": 2, "flagged": 1}
    assert _counts(database, "model-2") == {"seen": 4, "old": 1, "judged": 0, "flagged": 0}


def test_an_empty_store_counts_nothing(database: Database) -> None:
    assert _counts(database) == {"seen": 0, "old": 0, "judged": 0, "flagged": 0}
    assert _flagged(database) == []
    assert _sample(database) == []


@pytest.mark.parametrize(
    ("seen_at", "listed"),
    [(SINCE, False), (SINCE + timedelta(microseconds=1), True), (UNTIL, True), (UNTIL + timedelta(seconds=1), False)],
)
def test_a_period_takes_in_its_end_and_not_its_beginning(database: Database, seen_at: datetime, listed: bool) -> None:
    publish(database, "a", seen_at, flagged=["human_rights"])
    publish(database, "b", seen_at)
    assert _flagged(database) == ["a"] * listed
    assert [item.title for item in _sample(database)] == ["Tin b"] * listed
    assert _counts(database)["seen"] == 2 * listed


@pytest.mark.parametrize(
    ("published", "listed"),
    [(OLDEST, False), (OLDEST + timedelta(seconds=1), True), (None, True), (UNTIL + hours(9), True)],
)
def test_old_items_are_counted_and_not_listed_and_undated_ones_are_listed(
    database: Database, published: datetime | None, listed: bool
) -> None:
    publish(database, "a", INSIDE, flagged=["human_rights"], published=published)
    publish(database, "b", INSIDE, published=published)
    assert _flagged(database) == ["a"] * listed
    assert len(_sample(database)) == listed
    assert _counts(database) == {"seen": 2, "old": 2 * (not listed), "judged": 2 * listed, "flagged": 1 * listed}


def test_flagged_items_come_newest_first_with_all_that_a_report_needs(database: Database) -> None:
    publish(database, "early", INSIDE, flagged=["sovereignty"], published=INSIDE - hours(9))
    publish(database, "late", INSIDE, flagged=["human_rights"], published=INSIDE - hours(1), source="bao-x")
    first, second = news.flagged(database, SINCE, UNTIL, OLDEST, MODEL, EXTRACTOR, OUTLETS)
    assert (first.outlet, second.outlet) == ("bao-x", "Báo A")  # a source that left the list is named by its id
    assert (second.title, second.lead, second.lang) == ("Tin early", "Đoạn một.", "vi")  # no lead: first paragraph
    assert (second.published, second.first_seen, second.versions) == (INSIDE - hours(9), INSIDE, 1)
    (flag,) = second.flags  # the topics that were not flagged are not a report's business
    assert (flag.topic, flag.score, flag.flagged) == ("sovereignty", 0.9, True)
    assert [(term.term, term.weight) for term in flag.terms] == [("tàu_cá", 1.5), ("biển", 0.25)]
    assert [flag.sentence[start:end] for start, end in flag.marks] == ["Tàu cá", "biển"]


def test_only_the_current_text_counts(database: Database) -> None:
    publish(database, "a", INSIDE, flagged=["sovereignty"], text="Bản đầu.")
    publish(database, "a", INSIDE + hours(1), text="Bản đã sửa.")
    assert _flagged(database) == []
    assert _counts(database) == {"seen": 1, "old": 0, "judged": 1, "flagged": 0}
    publish(database, "a", INSIDE + hours(2), flagged=["sovereignty"], text="Bản sửa lần nữa.")
    (item,) = news.flagged(database, SINCE, UNTIL, OLDEST, MODEL, EXTRACTOR, OUTLETS)
    assert item.versions == 3


def _announced(database: Database, name: str, canonical: str = "") -> None:
    """An announcement whose page did not come, flagged by its headline; its article has the announced address."""
    told = link(name)
    item, version = reading(link(canonical) if canonical else told, "", INSIDE, "feed")
    pair = (item if not canonical else type(item)(item.subject, told, INSIDE), version)
    articles.write_versions(database, EXTRACTOR, [pair], [])
    articles.write_judgements(database, [judgement(version, ["sovereignty"])], [])


def test_a_page_that_cannot_be_read_any_more_does_not_take_its_text_away(database: Database) -> None:
    publish(database, "a", INSIDE - hours(1), flagged=["sovereignty"], text="Thân bài.")
    _announced(database, "a")  # an hour later the page is a wall, and only the announcement can be read
    (item,) = news.flagged(database, SINCE, UNTIL, OLDEST, MODEL, EXTRACTOR, OUTLETS)
    assert (item.method, item.versions) == ("general", 1)


def test_a_page_that_comes_late_is_news_on_the_day_it_comes(database: Database) -> None:
    _announced(database, "a")
    late = UNTIL + hours(2)
    publish(database, "a", late, flagged=["sovereignty"], text="Thân bài.")
    assert [item.method for item in news.flagged(database, UNTIL, late, OLDEST, MODEL, EXTRACTOR, OUTLETS)] == [
        "general"
    ]


def test_an_announcement_is_listed_where_no_page_ever_came(database: Database) -> None:
    _announced(database, "a")
    (item,) = news.flagged(database, SINCE, UNTIL, OLDEST, MODEL, EXTRACTOR, OUTLETS)
    assert (item.method, item.lead) == ("feed", "")
    assert _counts(database)["flagged"] == 1


def _moved(database: Database) -> None:
    """The page came in the end, under another canonical address than the one announced."""
    _announced(database, "a", canonical="announced-address")
    item, version = reading(link("canonical-address"), "Thân bài.", INSIDE + hours(1))
    pair = (type(item)(item.subject, link("a"), item.seen_at), version)
    articles.write_versions(database, EXTRACTOR, [pair], [])
    articles.write_judgements(database, [judgement(version, ["sovereignty"])], [])


def test_an_announcement_is_not_listed_beside_its_page(database: Database) -> None:
    _moved(database)
    assert _flagged(database) == ["canonical-address"]
    assert (_counts(database)["judged"], _counts(database)["flagged"]) == (1, 1)


def test_an_announcement_is_not_counted_beside_its_page(database: Database) -> None:
    _moved(database)
    assert _counts(database)["seen"] == 1


def test_a_page_that_came_after_its_announcement_is_not_said_to_have_changed(database: Database) -> None:
    _announced(database, "a")
    publish(database, "a", INSIDE + hours(1), flagged=["sovereignty"], text="Thân bài.")
    (item,) = news.flagged(database, SINCE, UNTIL, OLDEST, MODEL, EXTRACTOR, OUTLETS)
    assert (item.method, item.versions) == ("general", 1)


def test_the_blind_sample_is_drawn_from_judged_items_without_a_flag(database: Database) -> None:
    for number in range(12):
        publish(database, f"plain{number}", INSIDE, published=INSIDE)
        publish(database, f"flagged{number}", INSIDE, flagged=["provincial_reputation"])
        publish(database, f"waiting{number}", INSIDE, judged=False)
    everything = _sample(database)
    assert sorted(item.title for item in everything) == sorted(f"Tin plain{number}" for number in range(12))
    assert (everything[0].outlet, everything[0].lead, everything[0].published) == ("Báo A", "Đoạn một.", INSIDE)
    assert _sample(database, model="model-2") == []
    assert _sample(database, 0) == []


def test_the_blind_sample_is_the_same_all_day_and_another_on_another_day(database: Database) -> None:
    for number in range(30):
        publish(database, f"plain{number}", INSIDE)
    drawn = _sample(database, 5)
    assert len(drawn) == 5
    assert _sample(database, 5) == drawn
    assert _sample(database, 10)[:5] == drawn  # a larger sample holds the smaller
    assert _sample(database, 5, UNTIL + timedelta(minutes=5)) == drawn  # the page is opened again
    others = {tuple(item.title for item in _sample(database, 5, UNTIL + hours(24 * n))) for n in range(1, 4)}
    assert tuple(item.title for item in drawn) not in others
    assert len(others) == 3
