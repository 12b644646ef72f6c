"""When entry points are asked: pure functions, so every rule is a sentence and every promise a property."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.schedule import ANSWERED, Pace, Visit, due, entries, may_ask_conditionally, next_at, observe
from pipeline.records import Listing, Outcome, Poll, Source
from tests.simulation import adaptive, asked_every, press, run

URL = "https://bao.vn/rss/home.rss"
NOON = datetime(2026, 11, 25, 5, 0, tzinfo=UTC)
PACE = Pace()
DAY = timedelta(days=1)
SPREAD = 1.1  # requests are moved apart by a tenth of their interval at most


def source(name: str = "bao", **other: object) -> Source:
    return Source(id=name, name=name, home="https://bao.vn", language="vi", scope="national", feeds=(URL,), **other)  # type: ignore[arg-type]


def after(*visits: Visit, pace: Pace = PACE) -> Poll:
    poll = None
    for visit in visits:
        poll = observe(poll, visit, "bao", URL, pace)
    assert poll is not None
    return poll


def on_time(share_known: float, times: int, pace: Pace = PACE) -> Poll:
    """An entry point that was asked on time, each time with this share of known entries."""
    poll = after(Visit(NOON, "ok", 30, 30), pace=pace)
    for _ in range(times):
        visit = Visit(next_at(poll, pace), "ok", 30, round(30 * share_known))
        poll = observe(poll, visit, "bao", URL, pace)
    return poll


# A flood that outruns what the hours of the day have taught; what may wait is set high, so that overlap alone speaks.
PATIENT = Pace(fresh=1e9)


def test_two_on_time_answers_with_few_known_entries_make_it_sooner_and_one_does_not() -> None:
    assert on_time(0.2, 1, PATIENT).interval == PATIENT.first
    assert on_time(0.2, 2, PATIENT).interval < 0.6 * PATIENT.first


def test_two_on_time_answers_with_mostly_known_entries_make_it_later_and_one_does_not() -> None:
    assert on_time(0.8, 1, PATIENT).interval == PATIENT.first
    assert on_time(0.8, 2, PATIENT).interval == 1.5 * PATIENT.first


def test_half_known_changes_nothing_and_breaks_a_row() -> None:
    poll = on_time(0.2, 1, PATIENT)
    poll = observe(poll, Visit(next_at(poll, PATIENT), "ok", 30, 15), "bao", URL, PATIENT)
    poll = observe(poll, Visit(next_at(poll, PATIENT), "ok", 30, 6), "bao", URL, PATIENT)
    assert poll.interval == PATIENT.first


def test_an_answer_that_came_late_because_the_machine_slept_teaches_nothing() -> None:
    poll = on_time(0.2, 1, PATIENT)
    slept = observe(poll, Visit(poll.asked_at + 2 * DAY, "ok", 30, 0), "bao", URL, PATIENT)
    assert (slept.interval, slept.rhythm) == (poll.interval, poll.rhythm)
    assert slept.leaning == 0


def test_asking_by_hand_right_after_an_answer_teaches_nothing() -> None:
    poll = on_time(0.8, 1)
    again = observe(poll, Visit(poll.asked_at + timedelta(seconds=5), "ok", 30, 30), "bao", URL, PACE)
    assert (again.interval, again.rhythm) == (poll.interval, poll.rhythm)


def test_an_entry_point_is_asked_when_it_is_wont_to_bring_news() -> None:
    """Thirty new entries between 8 and 10 in the morning, nothing else: the night is left alone, the morning is not."""
    poll = after(Visit(NOON, "ok", 30, 30))
    asked: list[datetime] = []
    while poll.asked_at < NOON + 12 * DAY:
        at = next_at(poll, PACE)
        new = sum(
            poll.asked_at < moment <= at
            for day in range(14)
            for moment in (NOON.replace(hour=1) + day * DAY + timedelta(minutes=4 * step) for step in range(30))
        )
        poll = observe(poll, Visit(at, "ok", 30, 30 - min(new, 30)), "bao", URL, PACE)
        asked.append(at)
    last = [moment for moment in asked if moment > NOON + 8 * DAY]
    morning = sum(moment.hour in (1, 2) for moment in last) / 4
    night = sum(15 <= moment.hour < 23 for moment in last) / 4
    assert morning >= 8
    assert night <= 2


@pytest.mark.parametrize(
    ("outcome", "weight"),
    [("missing", 1), ("refused", 1), ("unreadable", 1), ("server", 0.5), ("timeout", 0.5), ("dns", 0.25)],
)
def test_failures_weigh_by_kind(outcome: Outcome, weight: float) -> None:
    poll = after(Visit(NOON, "ok", 30, 30), Visit(NOON + DAY, outcome))
    assert poll.trouble == weight


def test_every_failure_has_a_weight() -> None:
    for outcome in get_args(Outcome):
        poll = after(Visit(NOON, "ok", 30, 30), Visit(NOON + DAY, outcome))
        assert (poll.trouble > 0) == (outcome not in ANSWERED)


def test_failures_back_off_and_a_whole_answer_makes_good() -> None:
    poll = on_time(0.5, 1)
    usual = next_at(poll, PACE) - poll.asked_at
    failed = observe(poll, Visit(next_at(poll, PACE), "refused"), "bao", URL, PACE)
    assert next_at(failed, PACE) - failed.asked_at > 1.5 * usual
    well = observe(failed, Visit(next_at(failed, PACE), "ok", 30, 15), "bao", URL, PACE)
    assert well.trouble == 0


def test_nothing_has_changed_does_not_clear_a_failure() -> None:
    failed = after(Visit(NOON, "ok", 30, 30), Visit(NOON + DAY, "refused"))
    poll = observe(failed, Visit(NOON + 2 * DAY, "unchanged", conditional=True), "bao", URL, PACE)
    assert poll.trouble == failed.trouble
    assert not may_ask_conditionally(poll)


def test_now_and_then_a_request_goes_without_conditions() -> None:
    poll = after(Visit(NOON, "ok", 30, 30))
    conditional = 0
    while may_ask_conditionally(poll):
        poll = observe(poll, Visit(next_at(poll, PACE), "unchanged", conditional=True), "bao", URL, PACE)
        conditional += 1
        assert conditional < 100
    assert conditional >= 10
    poll = observe(poll, Visit(next_at(poll, PACE), "unchanged", conditional=False), "bao", URL, PACE)
    assert may_ask_conditionally(poll)


def test_a_server_that_asks_to_wait_is_left_alone_but_not_for_ever() -> None:
    poll = after(Visit(NOON, "refused", wait=4 * 3600))
    assert next_at(poll, PACE) >= NOON + timedelta(hours=4)
    for_years = after(Visit(NOON, "refused", wait=1e9))
    assert next_at(for_years, PACE) <= NOON + SPREAD * DAY


def test_hours_and_days_a_feed_names_are_left_out() -> None:
    night = tuple(range(15, 24))
    poll = after(Visit(NOON.replace(hour=14, minute=30), "ok", 30, 20, skip_hours=night))
    assert next_at(poll, PACE).hour not in night
    weekend = after(Visit(datetime(2026, 11, 27, 23, 30, tzinfo=UTC), "ok", 30, 20, skip_days=(5,)))
    assert next_at(weekend, PACE) <= weekend.asked_at + SPREAD * DAY


def test_what_was_never_asked_is_due_first_and_the_longest_waiting_next() -> None:
    feeds = [replace(source(str(number)), feeds=(f"https://bao.vn/{number}.rss",)) for number in range(3)]
    polls = {
        "https://bao.vn/0.rss": Poll("https://bao.vn/0.rss", "0", NOON - DAY, None, 3600),
        "https://bao.vn/1.rss": Poll("https://bao.vn/1.rss", "1", NOON - 2 * DAY, None, 3600),
    }
    assert [one.source.id for one in due(feeds, polls, NOON, PACE)] == ["2", "1", "0"]
    fresh = {one.url: Poll(one.url, one.source.id, NOON, NOON, 3600) for one in due(feeds, {}, NOON, PACE)}
    assert due(feeds, fresh, NOON, PACE) == []


def test_all_entry_points_of_a_source_are_known_by_kind() -> None:
    made = replace(source(), sitemaps=("https://bao.vn/s.xml",), listings=(Listing("https://bao.vn/moi/"),))
    assert entries(made) == [("feed", URL), ("sitemap", "https://bao.vn/s.xml"), ("listing", "https://bao.vn/moi/")]


visits = st.builds(
    Visit,
    at=st.just(NOON),
    outcome=st.sampled_from(get_args(Outcome)),
    total=st.integers(0, 1000),
    known=st.integers(0, 1000),
    conditional=st.booleans(),
    wait=st.floats(0, 1e9),
    skip_hours=st.lists(st.integers(0, 23), max_size=24).map(tuple),
    skip_days=st.lists(st.integers(0, 6), max_size=7).map(tuple),
)


@given(st.lists(st.tuples(visits, st.floats(0, 3)), min_size=1, max_size=40))
def test_whatever_happens_no_source_is_given_up_and_none_is_pressed(history: list[tuple[Visit, float]]) -> None:
    """At least once a day (and a tenth), at most as often as `shortest` (less a tenth)."""
    poll, at = None, NOON
    for visit, lateness in history:
        poll = observe(poll, replace(visit, at=at, known=min(visit.known, visit.total)), "bao", URL, PACE)
        upcoming = next_at(poll, PACE)
        wait = (upcoming - at).total_seconds()
        assert 0.89 * PACE.shortest <= wait <= SPREAD * PACE.longest
        assert PACE.shortest <= poll.interval <= PACE.longest
        assert all(0 <= rate < 1e6 for rate in poll.rhythm)
        at = at + timedelta(seconds=wait * (1 + lateness))


def test_requests_that_fell_together_drift_apart() -> None:
    together = [observe(None, Visit(NOON, "ok", 30, 30), "bao", f"{URL}?{number}", PACE) for number in range(30)]
    assert len({next_at(poll, PACE) for poll in together}) > 25


def test_a_simulated_week_takes_fewer_requests_and_waits_no_longer() -> None:
    """The month with 150 sources is `python -m tests.simulation`; this is a small one with other random numbers."""
    sources = press(40, 9, seed=5)
    fixed, ours = run(sources, 9, asked_every(900)), run(sources, 9, adaptive(PACE))
    assert ours.requests_a_day < 0.34 * fixed.requests_a_day
    assert ours.median_minutes < fixed.median_minutes + 1.5
    assert ours.missed <= fixed.missed + 0.002 * ours.items
