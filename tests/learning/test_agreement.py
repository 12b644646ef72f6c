from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from pipeline.learning.agreement import agreement
from pipeline.records import TOPICS, Label
from tests.learning.answers import label

PEOPLE = ("an", "bình", "chi")


def _table(rows: Sequence[str], topic: str = TOPICS[0]) -> list[Label]:
    """Answers from a row of '1', '0' and '.' (not asked) for each person, a column an item."""
    return [
        label(f"i{number:03}", value == "1", who, topic)
        for who, row in zip(PEOPLE, rows, strict=False)
        for number, value in enumerate(row)
        if value != "."
    ]


def test_kappa_of_two_is_cohens() -> None:
    """20 times both yes, 15 both no, 5 and 10 differing: observed 0.70, by chance 0.50."""
    (one,) = agreement(_table(["1" * 25 + "0" * 25, "1" * 20 + "0" * 5 + "1" * 10 + "0" * 15]))
    assert (one.topic, one.who, one.items) == (TOPICS[0], ("an", "bình"), 50)
    assert one.value == pytest.approx(0.4)
    assert 0 < one.low < 0.4 < one.high < 0.7


def test_alpha_of_all_is_krippendorffs_also_where_answers_are_missing() -> None:
    """Coincidences 3 of yes, 5 of no, 2 mixed: observed disagreement 2/10, expected 2·4·6 / (10·9)."""
    alpha, *kappas = agreement(_table(["1010", "100.", ".010"]))
    assert (alpha.who, alpha.items) == (PEOPLE, 4)
    assert alpha.value == pytest.approx(1 - (2 / 10) / (48 / 90))
    assert [(kappa.who, kappa.items) for kappa in kappas] == [
        (("an", "bình"), 3), (("an", "chi"), 3), (("bình", "chi"), 2),
    ]  # fmt: skip


def test_who_always_agrees_has_one_and_who_says_the_opposite_minus_one() -> None:
    (same,) = agreement(_table(["1100", "1100"]))
    (opposite,) = agreement(_table(["1100", "0011"]))
    assert (same.value, same.low, same.high) == (1, 1, 1)
    assert opposite.value == pytest.approx(-1)


@pytest.mark.parametrize("always", ["0000", "1111"])
def test_where_all_say_the_same_of_everything_nothing_is_defined_and_nobody_is_warned(always: str) -> None:
    found = agreement(_table([always] * 3))
    assert len(found) == 4
    assert all(math.isnan(figure) for one in found for figure in (one.value, one.low, one.high))


def test_people_who_share_no_item_are_not_compared() -> None:
    assert agreement([]) == []
    assert agreement(_table(["1010"])) == []
    assert agreement(_table(["10..", "..10"])) == []
    (one,) = agreement(_table(["1011..", "1001..", "....10"]))  # the third shares nothing: no alpha of three either
    assert one.who == ("an", "bình")


def test_each_topic_is_measured_by_itself() -> None:
    mixed = [*_table(["1100", "1100"], TOPICS[2]), *_table(["1100", "0011"], TOPICS[0])]
    assert [(one.topic, round(one.value)) for one in agreement(mixed)] == [(TOPICS[0], -1), (TOPICS[2], 1)]


def test_the_latest_answers_are_compared() -> None:
    first = _table(["1100", "1010"])
    (one,) = agreement([*first, label("i001", True, "bình", hour=1), label("i002", False, "bình", hour=1)])
    assert one.value == 1


def test_the_interval_is_the_same_each_time_and_narrows_with_more_items() -> None:
    few, again, many = (agreement(_table(["110010" * n, "110001" * n]))[0] for n in (4, 4, 40))
    assert few == again
    assert few.value == pytest.approx(many.value)
    assert many.high - many.low < (few.high - few.low) / 2
