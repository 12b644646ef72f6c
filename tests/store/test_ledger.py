from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from pipeline.catalogue import reason
from pipeline.records import ArchivePlace, Arrival, Link, Outcome, Source, Validators
from pipeline.store import articles
from pipeline.store.database import Database
from pipeline.store.ledger import Ledger, coverage, place_of
from tests.store.rows import EXTRACTOR, T0, failure, feed, fetch, hours, judgement, link, reading

NOW = datetime.now(UTC)
MAX_TRIES = 3


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return _ledger(database)


def _ledger(database: Database) -> Ledger:
    return Ledger(database, max_tries=MAX_TRIES, recheck=hours(6), watch=timedelta(days=3))


def _record(ledger: Ledger, *arrivals: Arrival) -> None:
    """Each in a batch of its own, as in separate cycles."""
    for arrival in arrivals:
        ledger.record(arrival)
        ledger.flush()


def _came(about: Link, hours_ago: float, outcome: Outcome = "ok") -> Arrival:
    return Arrival(fetch(about, NOW - hours(hours_ago), outcome=outcome))


def _due(ledger: Ledger, source: str = "bao-a", limit: int = 100) -> list[str]:
    return [one.key.split("/")[1] for one in ledger.due(source, limit)]


def test_an_announced_article_is_due_for_its_own_source_until_its_page_came(ledger: Ledger) -> None:
    told = link("a", published=NOW - hours(3))
    ledger.record(feed(NOW - hours(2), told))
    assert ledger.due("bao-a", 10) == [told]  # even before its batch is full, and with all that was announced
    assert ledger.due("bao-b", 10) == []
    ledger.record(_came(told, 1))
    assert _due(ledger) == []


def test_a_page_that_is_unchanged_has_come(ledger: Ledger) -> None:
    _record(ledger, feed(NOW - hours(2), link("a")), _came(link("a"), 1, "unchanged"))
    assert _due(ledger) == []


@pytest.mark.parametrize("one_batch", [True, False])
@pytest.mark.parametrize("outcome", ["timeout", "server", "missing", "network", "robots"])
def test_a_failing_page_is_asked_until_it_failed_too_often(ledger: Ledger, outcome: Outcome, one_batch: bool) -> None:
    _record(ledger, feed(NOW - hours(9), link("a")))
    for number in range(MAX_TRIES):
        if not one_batch:
            assert _due(ledger) == ["a"]
        ledger.record(_came(link("a"), 5 - number, outcome))
    assert _due(ledger) == []
    _record(ledger, feed(NOW, link("a", title="Đổi tiêu đề")))
    assert _due(ledger) == []  # what was never read is not asked again for a new headline


def test_an_hour_of_trouble_does_not_lose_a_page_for_good(ledger: Ledger) -> None:
    _record(
        ledger, feed(NOW - hours(20), link("a")), *(_came(link("a"), 12 - n, "server") for n in range(MAX_TRIES + 1))
    )
    assert _due(ledger) == ["a"]  # it failed often, and is asked again some hours later


def test_a_page_that_came_at_last_may_fail_as_often_again(ledger: Ledger) -> None:
    _record(ledger, feed(NOW - hours(9), link("a")), _came(link("a"), 8, "timeout"), _came(link("a"), 7, "timeout"))
    _record(ledger, _came(link("a"), 6), feed(NOW - hours(5), link("a", title="Mới")))
    for number in range(MAX_TRIES):
        assert _due(ledger) == ["a"]
        _record(ledger, _came(link("a"), 4 - number, "timeout"))
    assert _due(ledger) == []


def test_an_article_is_due_again_when_its_source_announces_it_with_a_change(ledger: Ledger) -> None:
    _record(ledger, feed(NOW - hours(9), link("a")), _came(link("a"), 8), feed(NOW - hours(7), link("a")))
    assert _due(ledger) == []  # announced as before
    _record(ledger, feed(NOW - hours(6), link("a", title="Đính chính")))
    assert [one.title for one in ledger.due("bao-a", 10)] == ["Đính chính"]
    _record(ledger, _came(link("a"), 5))
    assert _due(ledger) == []
    _record(ledger, feed(NOW - hours(4), link("a", title="Đính chính", updated=NOW - hours(4))))
    assert _due(ledger) == ["a"]  # a new time of change is a change


def test_a_page_that_never_came_is_given_up_after_two_weeks(ledger: Ledger) -> None:
    _record(ledger, feed(NOW - timedelta(days=15), link("old")), feed(NOW - timedelta(days=13), link("young")))
    assert _due(ledger) == ["young"]


@pytest.mark.parametrize(
    ("first_seen", "last_asked", "flagged", "expected"),
    [
        (hours(48), hours(7), True, ["a"]),
        (hours(48), hours(7), False, []),  # nothing in it to watch
        (hours(48), hours(5), True, []),  # looked at a while ago
        (hours(73), hours(7), True, []),  # no longer young
    ],
)
def test_a_flagged_article_is_looked_at_again_now_and_then_while_it_is_young(
    database: Database,
    ledger: Ledger,
    first_seen: timedelta,
    last_asked: timedelta,
    flagged: bool,
    expected: list[str],
) -> None:
    told = link("a")
    _record(ledger, feed(NOW - first_seen, told), Arrival(fetch(told, NOW - last_asked)))
    item, version = reading(told, "Thân bài.", NOW - last_asked)
    articles.write_versions(database, EXTRACTOR, [(item, version)], [])
    articles.write_judgements(database, [judgement(version, ["human_rights"] if flagged else [])], [])
    assert _due(ledger) == expected


def test_what_is_due_comes_newest_first_and_no_more_than_asked(ledger: Ledger) -> None:
    ages = {"old": 30, "new": 1, "mid": 10}
    links = [link(name, published=NOW - hours(age)) for name, age in ages.items()]
    ledger.record(feed(NOW - hours(5), *links, link("undated")))
    assert _due(ledger) == ["new", "undated", "mid", "old"]
    assert _due(ledger, limit=2) == ["new", "undated"]


def test_a_link_that_a_second_source_announces_later_stays_with_the_first(database: Database, ledger: Ledger) -> None:
    first = link("a", title="Theo báo A")
    second = replace(first, source_id="bao-b", title="Theo báo B", url="https://bao-b.vn/?to=a")
    _record(ledger, feed(NOW - hours(9), first), _came(first, 8), feed(NOW - hours(7), second, source="bao-b"))
    assert database.rows("SELECT source_id, title, url FROM links") == [("bao-a", "Theo báo A", first.url)]
    assert _due(ledger) == []  # another paper's other headline is not a change
    assert _due(ledger, "bao-b") == []


def test_a_link_that_two_sources_announce_in_one_batch_stays_with_the_first(database: Database, ledger: Ledger) -> None:
    first = link("a", title="Theo báo A")
    second = replace(first, source_id="bao-b", title="Theo báo B")
    ledger.record(feed(NOW - hours(2), first))
    ledger.record(feed(NOW - hours(1), second, source="bao-b"))
    assert _due(ledger) == ["a"]
    assert database.rows("SELECT source_id, title FROM links") == [("bao-a", "Theo báo A")]


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_change_is_not_hidden_by_another_source_in_the_same_batch(
    database: Database, ledger: Ledger, ours_first: bool
) -> None:
    _record(ledger, feed(NOW - hours(9), link("a")), _came(link("a"), 8))
    changed = link("a", title="Đính chính")
    ours, theirs = (
        feed(NOW - hours(2), changed),
        feed(NOW - hours(1), replace(changed, source_id="bao-b"), source="bao-b"),
    )
    for arrival in (ours, theirs) if ours_first else (theirs, ours):
        ledger.record(arrival)
    assert _due(ledger) == ["a"]
    assert database.rows("SELECT source_id, title FROM links") == [("bao-a", "Đính chính")]


def test_the_first_known_time_of_publication_and_the_first_sight_are_kept(database: Database, ledger: Ledger) -> None:
    _record(
        ledger,
        feed(NOW - hours(9), link("a")),
        feed(NOW - hours(8), link("a", published=NOW - hours(10))),
        feed(NOW - hours(7), link("a", published=NOW - hours(1))),
        feed(NOW - hours(6), link("a")),
    )
    assert database.rows("SELECT published, first_seen, last_seen FROM links") == [
        (NOW - hours(10), NOW - hours(9), NOW - hours(6))
    ]


def _archived(number: int, title: str = "Tin") -> Arrival:
    place = ArchivePlace("20261120.warc.gz", number * 100, 100)
    return feed(T0 + timedelta(minutes=number), link(f"a{number}", title=title), place=place)


def test_the_archive_is_never_taken_in_further_than_the_rows_go(database: Database, ledger: Ledger) -> None:
    for number in range(250):
        ledger.record(_archived(number))
        held = database.rows("SELECT coalesce(max(warc_offset + warc_length), 0) FROM fetches")[0][0]
        assert ledger.taken_to().get("20261120.warc.gz", 0) == held
    ledger.flush()
    ledger.flush()
    assert ledger.taken_to() == {"20261120.warc.gz": 25_000}
    assert database.rows("SELECT count(*) FROM fetches") == [(250,)]
    assert _ledger(database).taken_to() == {"20261120.warc.gz": 25_000}


def test_a_batch_that_cannot_be_written_leaves_neither_rows_nor_position(database: Database, ledger: Ledger) -> None:
    ledger.record(_archived(0))
    ledger.record(_archived(1, title="nửa ký tự \ud83d"))  # half of an emoji: not text that can be stored
    with pytest.raises(UnicodeEncodeError):
        ledger.flush()
    assert database.rows("SELECT count(*) FROM fetches") == [(0,)]
    assert ledger.taken_to() == {}


def test_after_a_batch_that_could_not_be_written_the_position_does_not_step_over_it(
    database: Database, ledger: Ledger
) -> None:
    database.run("ALTER TABLE archive_files ADD COLUMN full_disk TEXT")  # whatever it is that stops a write for a while
    ledger.record(_archived(0))
    with pytest.raises(duckdb.Error):
        ledger.flush()
    database.run("ALTER TABLE archive_files DROP COLUMN full_disk")
    ledger.record(_archived(1))
    ledger.flush()
    kept = {offset for (offset,) in database.rows("SELECT warc_offset FROM fetches")}
    assert ledger.taken_to() == {} or kept == {0, 100}


def test_the_same_arrival_taken_in_twice_is_one_row(database: Database, ledger: Ledger) -> None:
    _record(ledger, _archived(0), _archived(0))
    assert database.rows("SELECT count(*) FROM fetches") == [(1,)]
    assert database.rows("SELECT count(*) FROM links") == [(1,)]


@pytest.mark.parametrize("written", [True, False])
def test_validators_are_those_of_the_last_full_answer(ledger: Ledger, written: bool) -> None:
    url = "https://bao-a.vn/rss"
    assert ledger.validators(url) == Validators()

    def answer(at: datetime, outcome: Outcome, mark: str) -> Arrival:
        got = fetch(url, at, "feed", outcome)
        return Arrival(replace(got, etag=mark, last_modified=f"m{mark}", payload_sha256=f"s{mark}"))

    for arrival in (answer(T0, "ok", "1"), answer(T0 + hours(1), "ok", "2"), answer(T0 + hours(2), "server", "")):
        ledger.record(arrival)
    if written:
        ledger.flush()
    assert ledger.validators(url) == Validators("2", "m2", "s2")


def test_a_body_is_found_in_the_archive_by_its_fetch(database: Database, ledger: Ledger) -> None:
    archived, plain = _archived(3), feed(T0, source="bao-b")
    _record(ledger, archived, plain)
    assert place_of(database, archived.fetch.id) == archived.fetch.place
    assert place_of(database, plain.fetch.id) is None
    assert place_of(database, "unknown") is None


def _source(source_id: str, enabled: bool = True) -> Source:
    return Source(source_id, source_id.upper(), "", "vi", "national", expected=(2, 9), enabled=enabled)


def _fill(ledger: Ledger, arrivals: Sequence[Arrival]) -> None:
    for arrival in arrivals:
        ledger.record(arrival)
    ledger.flush()


def test_coverage_counts_what_each_enabled_source_was_asked_and_gave(database: Database, ledger: Ledger) -> None:
    slow, gone = reason("fetch.timeout", seconds=3), reason("fetch.status", status=404)
    a, b = link("a"), link("b")
    _fill(
        ledger,
        [
            Arrival(fetch("https://bao-a.vn/robots.txt", T0, "robots", "missing", reason=gone)),
            feed(T0, a, b),
            Arrival(fetch("https://bao-a.vn/2.rss", T0, "feed", "unchanged")),
            Arrival(fetch("https://bao-a.vn/3.rss", T0, "feed", "incomplete")),
            Arrival(fetch("https://bao-a.vn/map", T0, "sitemap", "timeout", reason=slow)),
            Arrival(fetch(a, T0)),
            Arrival(fetch(b, T0, outcome="timeout", reason=slow)),
            Arrival(fetch(b, T0 + hours(1), outcome="missing", reason=gone)),
            Arrival(fetch("https://bao-b.vn/rss", T0, "feed", "server", source="bao-b")),
        ],
    )
    articles.write_versions(database, EXTRACTOR, [], [failure("f1", T0), failure("f2", T0)])
    rows = {
        row.source_id: row
        for row in coverage(
            database,
            [_source("bao-a"), _source("bao-b"), _source("bao-c"), _source("off", enabled=False)],
            T0 - hours(1),
            T0 + hours(2),
        )
    }
    assert list(rows) == ["bao-a", "bao-b", "bao-c"]
    full = rows["bao-a"]
    assert (full.asked, full.entry_ok, full.entry_failed, full.links_new) == (7, 3, 1, 2)
    assert (full.pages_ok, full.pages_failed, full.unread) == (1, 1, 2)  # a page asked twice in vain is one page
    assert full.reasons == (slow, failure("f1", T0).reason, gone)  # most frequent first; robots.txt apart
    assert (full.last_ok, full.expected_min, full.expected_max, full.silent) == (T0, 2, 9, False)
    assert rows["bao-b"].silent
    assert rows["bao-b"].last_ok is None
    assert (rows["bao-c"].asked, rows["bao-c"].silent, rows["bao-c"].reasons) == (0, False, ())


def test_coverage_takes_in_the_end_of_the_period_and_not_its_beginning(database: Database, ledger: Ledger) -> None:
    _fill(ledger, [feed(T0, link("a")), feed(T0 + hours(24), link("b"))])
    for since, until, new in (
        (T0 - hours(24), T0, 1),
        (T0, T0 + hours(24), 1),
        (T0 + hours(24), T0 + hours(48), 0),
    ):
        (row,) = coverage(database, [_source("bao-a")], since, until)
        assert (row.asked, row.links_new) == (new, new)
    assert row.last_ok == T0 + hours(24)  # the last answer ever, also before the period
