from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.learning.drift import Drift, Week, drift, stability_index
from pipeline.records import TOPICS, Missed


def _missed(estimate: float, judged: int = 40) -> Missed:
    return Missed("", judged, 1, 1000, estimate, 0, 100, 0)


def _week(
    number: int, *, shift: float = 0, items: int = 200, unknown: int = 50, confirmed: int = 16, missed: float = 4
) -> Week:
    """Scores like those of any other week, moved by `shift`."""
    random = np.random.default_rng(number)
    scores = tuple(tuple(np.clip(random.beta(1, 8, items) + shift, 0, 1).tolist()) for _ in TOPICS)
    return Week(f"2026-W{number:02}", items, scores, 20, 20, confirmed, 1000, unknown, _missed(missed))


QUIET = [_week(number, unknown=50 + number % 3, confirmed=14 + number % 3) for number in range(1, 9)]


def _last(week: Week, before: list[Week] = QUIET) -> Drift:
    return drift([*before, week])[-1]


def test_weeks_like_each_other_warn_of_nothing() -> None:
    made = drift(QUIET)
    assert [one.week for one in made] == [week.week for week in QUIET]
    assert [one.warnings for one in made] == [()] * len(QUIET)
    assert drift([]) == []


def test_scores_spread_otherwise_than_in_the_weeks_before_are_told() -> None:
    moved = _last(_week(9, shift=0.3))
    assert moved.warnings == ("stability",)
    assert moved.stability is not None
    assert set(moved.stability) == set(TOPICS)
    assert min(moved.stability.values()) > 0.25


def test_one_topic_that_has_moved_is_enough() -> None:
    moved, still = _week(9, shift=0.3), _week(9)
    made = _last(replace(still, scores=(*still.scores[:2], moved.scores[2])))
    assert made.warnings == ("stability",)
    assert made.stability is not None
    assert [value > 0.25 for value in made.stability.values()] == [False, False, True]


@pytest.mark.parametrize(("unknown", "warned"), [(300, True), (0, True), (51, False), (58, False)])
def test_a_part_of_unknown_words_outside_the_band_of_the_weeks_before_is_told(unknown: int, warned: bool) -> None:
    made = _last(_week(9, unknown=unknown))
    assert made.unknown == unknown / 1000
    assert made.warnings == ("unknown",) * warned


def test_recall_that_leaves_its_band_is_told() -> None:
    """Twenty flagged, sixteen of them rightly: with four missed, four in five were found."""
    assert _last(_week(9)).recall == pytest.approx(16 / 20)
    fallen = _last(_week(9, missed=48))
    assert fallen.recall == pytest.approx(16 / 64)
    assert fallen.warnings == ("recall",)


def test_confirmed_flags_stand_for_those_that_nobody_has_judged() -> None:
    made = _last(replace(_week(9, missed=10), flagged=60, judged=20, confirmed=10))
    assert made.recall == pytest.approx(30 / 40)


def test_recall_is_not_told_where_people_have_judged_too_little() -> None:
    week = _week(9)
    for little in (
        replace(week, judged=9, confirmed=9),
        replace(week, missed=_missed(0, judged=0)),
        replace(week, confirmed=0, missed=_missed(0)),
    ):
        assert _last(little).recall is None
        assert "recall" not in _last(little).warnings


def test_the_first_week_has_nothing_to_be_compared_with() -> None:
    (first,) = drift([_week(1, shift=0.5)])
    assert (first.stability, first.warnings) == (None, ())
    assert first.unknown == 0.05


def test_a_band_needs_four_weeks() -> None:
    odd = _week(9, unknown=900)
    assert [_last(odd, QUIET[:number]).warnings for number in (3, 4)] == [(), ("unknown",)]


def test_a_week_of_few_items_says_nothing_and_is_nothing_to_compare_with() -> None:
    few = _week(9, items=99, shift=0.5, unknown=900)
    assert (_last(few).stability, _last(few).unknown, _last(few).warnings) == (None, None, ())
    assert _last(_week(2), [few]).stability is None
    assert _last(_week(9), [*QUIET, few]) == _last(_week(9))
    empty = Week("2026-W10", 0, ((), (), ()), 0, 0, 0, 0, 0, _missed(0, judged=0))
    assert _last(empty) == Drift("2026-W10", 0, 0, None, None, None)


def test_a_band_of_no_width_is_a_hundredth_wide() -> None:
    same = [_week(number) for number in range(1, 6)]
    assert [_last(_week(9, unknown=unknown), same).warnings for unknown in (59, 61)] == [(), ("unknown",)]


def test_one_odd_week_does_not_widen_the_band() -> None:
    odd = [*QUIET, _week(9, unknown=600)]
    assert _last(_week(10, unknown=100), odd).warnings == ("unknown",)


def test_the_stability_index_is_the_one_of_credit_scoring() -> None:
    """Half below 0.01 and half above 0.9, then one to three: (0.25-0.5)·ln(0.25/0.5) + (0.75-0.5)·ln(0.75/0.5)."""
    before, now = np.repeat([0.001, 0.95], 5000), np.repeat([0.001, 0.95], [2500, 7500])
    assert stability_index(before, now) == pytest.approx(0.25 * np.log(2) + 0.25 * np.log(1.5), abs=2e-3)
    assert stability_index(before, before) == 0
    assert stability_index(now, before) == pytest.approx(stability_index(before, now))


def test_bins_that_nobody_is_in_any_more_do_not_make_it_infinite() -> None:
    ends = np.array([0.0, 1.0])
    assert 0.25 < stability_index(np.full(200, ends[0]), np.full(200, ends[1])) < 100
    assert stability_index(ends, ends) == 0  # both ends are in a bin
