"""Whether shifts of volume are found, and only those: by cases, by properties, and on simulated sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from pipeline.crawl.volume import WINDOW, _chances, expected_range, shift
from pipeline.records import DayCount

FIRST = date(2026, 9, 28)  # a Monday
WEEK = np.array([1.1, 1.1, 1.05, 1.05, 1.0, 0.7, 0.6])
SOURCES = 150
NOISE = (0.0, 0.01, 0.03, 0.06, 0.12)  # of a negative binomial: 0 is Poisson


def days(counts: Sequence[float | None]) -> list[DayCount]:
    """None: a day on which the source could not be read."""
    return [
        DayCount(FIRST + timedelta(days=number), round(count or 0), known=count is not None)
        for number, count in enumerate(counts)
    ]


def made(rng: np.random.Generator, factors: NDArray[np.float64], least: float = 3, most: float = 300) -> list[DayCount]:
    """A source of a random size with a weekly rhythm; a day in fifty cannot be read. `factors`: what its volume does."""
    rhythm = WEEK ** rng.uniform(0.3, 1.6)
    level = np.exp(rng.uniform(np.log(least), np.log(most))) * factors * rhythm[np.arange(len(factors)) % 7]
    noise = rng.choice(NOISE)
    counts = rng.poisson(rng.gamma(1 / noise, noise * level) if noise else level)
    return days(
        [None if unread else count for count, unread in zip(counts, rng.random(len(factors)) < 0.02, strict=True)]
    )


def looked_at_daily(source: list[DayCount], since: int) -> list[bool]:
    """For each day from one on, whether a shift is reported that day."""
    return [shift(source[: day + 1], SOURCES) is not None for day in range(since, len(source))]


def steady(weeks: int = 8, size: float = 40) -> list[float | None]:
    wobble = (1.0, 1.1, 0.9, 1.05, 0.95, 1.0, 1.08, 0.97, 1.03)
    return [size * WEEK[day % 7] * wobble[day % 9] for day in range(weeks * 7)]


# --- cases


def test_a_steady_source_with_quiet_weekends_has_not_shifted() -> None:
    assert not any(looked_at_daily(days(steady()), 0))


@pytest.mark.parametrize(("factor", "length"), [(0.5, 6), (0.5, 20), (2.0, 6), (0.0, 5), (4.0, 12)])
def test_a_source_that_gives_much_less_or_more_for_days_is_found_with_its_day(factor: float, length: int) -> None:
    counts = [count and count * factor ** (day >= WINDOW - length) for day, count in enumerate(steady())]
    found = shift(days(counts), SOURCES)
    assert found is not None
    assert abs((found.since - FIRST).days - (WINDOW - length)) <= 1
    assert found.before == pytest.approx(41, rel=0.1)
    assert found.after == pytest.approx(41 * factor, rel=0.15, abs=0.5)


def test_two_low_days_are_not_yet_a_shift() -> None:
    assert shift(days([*steady()[:-2], 1.0, 1.0]), SOURCES) is None


def test_a_small_change_is_none_however_sure_it_is() -> None:
    assert shift(days([100.0 + day % 3 for day in range(40)] + [80.0 + day % 3 for day in range(16)]), SOURCES) is None


def test_days_that_could_not_be_read_are_no_zeros() -> None:
    counts = [None if day >= WINDOW - 8 else count for day, count in enumerate(steady())]
    assert shift(days(counts), SOURCES) is None
    zeros = [count or 0.0 for count in counts]
    assert shift(days(zeros), SOURCES) is not None


def test_what_is_over_is_not_reported() -> None:
    usual = steady()
    dip = [count and count * (0.3 if 40 <= day < 50 else 1) for day, count in enumerate(usual)]
    assert shift(days(dip[:50]), SOURCES) is not None
    assert shift(days(dip[:53]), SOURCES) is None
    assert shift(days(dip), SOURCES) is None


def test_two_weeks_before_it_must_be_known() -> None:
    assert shift([], SOURCES) is None
    assert shift(days([40.0] * 13 + [2.0] * 4), SOURCES) is None
    assert shift(days([None] * 30 + [40.0] * 8 + [2.0] * 8), SOURCES) is None


def test_older_days_than_the_window_do_not_count() -> None:
    recent = days([*[900.0] * 30, *steady()])
    assert shift(recent, SOURCES) is None
    assert shift(recent[:30] + recent[30:50], SOURCES) is not None


def test_with_fewer_sources_less_proof_is_asked_for() -> None:
    counts = [count and count * (0.5 if day >= WINDOW - 3 else 1) for day, count in enumerate(steady())]
    assert shift(days(counts), SOURCES) is None
    assert shift(days(counts), 3) is not None


# --- the test itself


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=12, max_size=30, unique=True), st.integers(3, 8))
def test_the_chance_is_that_of_the_exact_test_of_mann_and_whitney(values: list[int], k: int) -> None:
    theirs = mannwhitneyu(values[-k:], values[:-k], method="exact")
    n = len(values)
    least = round(min(theirs.statistic, k * (n - k) - theirs.statistic))
    assert min(1, 2 * _chances(n)[k][least]) == pytest.approx(theirs.pvalue)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), max_size=70), st.integers(1, 500))
def test_any_counts_give_an_answer_that_holds_together(counts: list[int | None], sources: int) -> None:
    given_days = days(counts)
    found = shift(given_days, sources)
    if found is not None:
        assert found.since in {day.day for day in given_days if day.known}
        assert max(found.before, found.after) + 1 >= 1.41 * (min(found.before, found.after) + 1)
    least, most = expected_range(given_days, (2, 9), sources)
    assert 0 <= least <= most


# --- simulated sources: 3 to 300 items a day, Poisson and overdispersed.


def test_on_ordinary_sources_chance_is_reported_about_once_a_month() -> None:
    rng = np.random.default_rng(2026)
    alarms = 0
    for _ in range(100):
        told = looked_at_daily(made(rng, np.ones(WINDOW + 30)), WINDOW)
        alarms += sum(now and not before for before, now in zip([False, *told], told, strict=False))
    assert alarms <= 2  # 150 sources: one expected


@pytest.mark.parametrize(
    ("factor", "least", "days_to_find", "found"), [(0.5, 10, 9, 0.9), (2.0, 10, 6, 0.95), (2.0, 3, 12, 0.8)]
)
def test_halving_and_doubling_are_found_within_days(
    factor: float, least: float, days_to_find: float, found: float
) -> None:
    rng = np.random.default_rng(7)
    took = []
    for start in range(WINDOW, WINDOW + 42):
        factors = np.where(np.arange(start + 28) >= start, factor, 1.0)
        told = looked_at_daily(made(rng, factors, least, max(10 * least, 50) if least > 3 else 10), start)
        took.append(told.index(True) + 1 if True in told else np.inf)
    assert np.median(took) <= days_to_find
    assert np.mean(np.isfinite(took)) >= found


# --- what is normal


def test_until_four_weeks_are_known_what_is_configured_is_normal() -> None:
    assert expected_range([], (2, 9), SOURCES) == (2, 9)
    assert expected_range(days(steady(3)), (2, 9), SOURCES) == (2, 9)
    assert expected_range(days(steady(4)), (2, 9), SOURCES) != (2, 9)
    missing = [None if day % 7 == 0 and day < 21 else count for day, count in enumerate(steady(6))]
    assert expected_range(days(missing), (2, 9), SOURCES) == (2, 9)  # three Mondays known
    assert expected_range(days([*missing, 44.0]), (2, 9), SOURCES) != (2, 9)  # a Tuesday is judged


def test_a_weekend_is_compared_with_weekends() -> None:
    monday = expected_range(days(steady()), (0, 400), SOURCES)
    sunday = expected_range(days(steady()[:-1]), (0, 400), SOURCES)
    assert monday[0] > sunday[0]
    assert monday[1] > sunday[1]


def test_the_configured_range_widens_what_was_learned_and_never_narrows_it() -> None:
    history = days(steady())
    narrow, wide = expected_range(history, (41, 41), SOURCES), expected_range(history, (0, 4000), SOURCES)
    assert narrow[0] <= expected_range(history, (1000, 1000), SOURCES)[0]
    assert wide[0] < narrow[0] < 44 < narrow[1] < wide[1] < 400
    # A source that gives ten times what is configured is not told every day.
    assert expected_range(days([400.0 + day % 5 for day in range(WINDOW)]), (5, 60), SOURCES)[1] > 402


def test_about_one_ordinary_source_of_all_leaves_its_range_on_a_day() -> None:
    rng = np.random.default_rng(11)
    outside = checked = 0
    for _ in range(1500):
        source = made(rng, np.ones(WINDOW + 1))
        if source[-1].known:
            least, most = expected_range(source[:-1], (0, 400), SOURCES)
            checked += 1
            outside += not least <= source[-1].new <= most
    assert 1 <= outside <= 2 * checked / SOURCES
