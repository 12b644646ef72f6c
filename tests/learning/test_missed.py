from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from pipeline.learning.missed import interval, missed
from pipeline.learning.opinions import opinions
from pipeline.records import TOPICS, Draw, Label
from tests.learning.answers import labels

DAY = "2026-11-23"


def _draws(*ids: str, size: int = 100, day: str = DAY, far: bool = True) -> list[Draw]:
    return [Draw(day, item_id, "far" if far else "near", size, len(ids), "m") for item_id in ids]


def _said(**answers: str) -> list[Label]:
    return [label for item_id, values in answers.items() for label in labels(item_id, values)]


def test_an_item_found_worthy_stands_for_as_many_as_it_was_drawn_from() -> None:
    draws = [*_draws("a", "b", size=100), *_draws("c", "d", size=8, far=False)]
    made = missed(draws, opinions(_said(a="000", b="010", c="100", d="000")))
    assert (made.judged, made.worthy, made.unflagged, made.unjudged) == (4, 2, 108, 0)
    assert made.estimate == 50 + 4
    assert made.low >= 2  # these two were seen
    assert made.high <= 106  # and these two


def test_a_draw_that_nobody_has_judged_is_taken_to_be_like_those_judged() -> None:
    made = missed(_draws("a", "b", "c", size=30), opinions(_said(a="100", b="000")))
    assert (made.judged, made.unflagged, made.estimate) == (2, 30, 15)


def test_of_a_stratum_that_nobody_has_judged_nothing_is_said() -> None:
    draws = [*_draws("a", size=30), *_draws("b", size=7, far=False), *_draws("c", size=50, day="2026-11-24")]
    made = missed(draws, opinions(_said(a="000")))
    assert (made.unflagged, made.unjudged) == (30, 57)
    assert missed([], {}) == missed(_draws(), {})
    nothing = missed(draws, {})
    assert (nothing.judged, nothing.unjudged) == (0, 87)
    assert (nothing.estimate, nothing.low, nothing.high) == (0, 0, 0)


def test_a_topic_is_counted_by_itself_and_any_topic_makes_an_item_worthy() -> None:
    said = opinions(_said(a="100", b="011", c="000"))
    draws = _draws("a", "b", "c", size=30)
    assert [missed(draws, said, topic).worthy for topic in (*TOPICS, "")] == [1, 1, 1, 2]


def test_an_item_is_judged_by_one_yes_or_by_three_noes() -> None:
    draws = _draws("a", "b", "c", size=30)
    made = missed(draws, opinions(_said(a="1..", b="00.", c="000")))
    assert (made.judged, made.worthy) == (2, 1)
    assert missed(draws, opinions(_said(a="1..", b="00.", c="000")), TOPICS[1]).judged == 2


def test_an_item_on_which_opinions_are_even_is_not_judged_yet() -> None:
    disputed = [*labels("a", "100", "an"), *labels("a", "000", "bình")]
    draws = _draws("a", "b", size=30)
    assert missed(draws, opinions([*disputed, *_said(b="000")])).judged == 1
    assert missed(draws, opinions([*disputed, *labels("a", "100", "chi")])).worthy == 1


def test_where_everything_was_judged_the_number_is_known() -> None:
    draws = [*_draws("a", "b", size=2), *_draws("c", size=1, far=False)]
    made = missed(draws, opinions(_said(a="100", b="000", c="000")))
    assert (made.estimate, made.low, made.high) == (1, 1, 1)
    assert interval([(40, 40, 3), (5, 5, 0)]) == (3, 3, 3)
    assert interval([]) == (0, 0, 0)


def test_what_is_known_for_certain_is_added_to_what_is_estimated() -> None:
    estimate, low, high = interval([(1000, 100, 5)])
    assert interval([(1000, 100, 5), (40, 40, 3)]) == (estimate + 3, low + 3, high + 3)


def test_where_none_was_found_the_interval_says_how_many_there_may_be_all_the_same() -> None:
    """None in n: up to 3.689 expected (Garwood 1936), each standing for ten."""
    estimate, low, high = interval([(1000, 100, 0)])
    assert (estimate, low) == (0, 0)
    assert high == pytest.approx(36.89, abs=0.01)


def test_with_equal_weights_the_interval_is_the_exact_one_of_a_poisson_count() -> None:
    """Five found: 1.623 to 11.668 (Garwood 1936)."""
    split = [(600, 60, 2), (400, 40, 3)]
    for counts in ([(1000, 100, 5)], split):
        estimate, low, high = interval(counts)
        assert estimate == pytest.approx(50)
        assert (low, high) == pytest.approx((16.23, 116.68), abs=0.01)


def test_with_unequal_weights_one_more_might_have_been_found_where_most_items_are() -> None:
    # The gamma distribution with mean 30 + m and variance 900 + q; m and q: mean weight of an item, and of its square.
    _, _, high = interval([(1000, 10, 0), (300, 10, 1)])
    mean, square = (1000 * 100 + 300 * 30) / 1300, (1000 * 100**2 + 300 * 30**2) / 1300
    assert high == pytest.approx(
        gamma.ppf(0.975, (30 + mean) ** 2 / (900 + square), scale=(900 + square) / (30 + mean))
    )


@st.composite
def _strata(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    made = []
    for _ in range(draw(st.integers(1, 6))):
        size = draw(st.integers(1, 500))
        judged = draw(st.integers(1, size))
        made.append((size, judged, draw(st.integers(0, judged))))
    return made


@settings(deadline=None)
@given(_strata())
def test_no_interval_contradicts_what_was_seen(counts: list[tuple[int, int, int]]) -> None:
    estimate, low, high = interval(counts)
    worthy = sum(worthy for _, _, worthy in counts)
    not_worthy = sum(judged - worthy for _, judged, worthy in counts)
    assert worthy <= low <= estimate + 1e-9
    assert estimate - 1e-9 <= high <= sum(size for size, _, _ in counts) - not_worthy


# Unflagged items a day, how many are drawn of them, and what part of them should have been flagged.
_NEAR, _FAR, _DRAWN = 40, 400, 6


def _week(random: np.random.Generator, rare: float) -> tuple[int, list[Draw], list[Label]]:
    """The true number of missed items in a week, its draws, and the answers about those that somebody got round to."""
    truly, draws, said = 0, list[Draw](), list[Label]()
    for day in range(7):
        for near, size, part in ((True, _NEAR, 20 * rare), (False, _FAR, rare)):
            worthy = random.random(size) < part
            truly += int(worthy.sum())
            drawn = random.choice(size, _DRAWN, replace=False)
            ids = {int(number): f"{day}{near}{number}" for number in drawn}
            draws += _draws(*ids.values(), size=size, day=f"2026-11-{16 + day}", far=not near)
            judged = [number for place, number in enumerate(ids) if place == 0 or random.random() < 0.6]
            said += [one for number in judged for one in labels(ids[number], "010" if worthy[number] else "000")]
    return truly, draws, said


@pytest.mark.parametrize("rare", [0.0005, 0.003])
def test_the_interval_holds_the_true_number_in_at_least_95_of_100_weeks(rare: float) -> None:
    """At 0.0005 four items are missed in a week, and three weeks in four find none of them."""
    random = np.random.default_rng(20261123)
    held, gaps, widths, empty = [], [], [], []
    for _ in range(300):
        truly, draws, said = _week(random, rare)
        made = missed(draws, opinions(said))
        assert made.unjudged == 0
        held.append(made.low <= truly <= made.high)
        gaps.append(made.estimate - truly)
        widths.append(made.high - made.low)
        empty.append(made.worthy == 0)
    assert np.mean(held) >= 0.95
    assert abs(np.mean(gaps)) < 3 * np.std(gaps) / len(gaps) ** 0.5  # on average the estimate is the truth
    assert np.mean(widths) < 7 * (_NEAR + _FAR) / 4  # it does not hold the truth by saying nothing
    assert 0 < np.mean(empty) < 1
