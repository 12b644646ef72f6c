from __future__ import annotations

import numpy as np
import pytest

from pipeline.learning.evaluate import Mask, Share, share
from pipeline.learning.gate import FEW, Difference, compare, gate
from pipeline.records import TOPICS

MARGINS = dict.fromkeys(TOPICS, 0.05)
EVEN = [share(topic, 20, 20) for topic in TOPICS]


def _truth(items: int = 200, every: int = 4) -> Mask:
    """Each topic in every fourth item, in different ones."""
    return np.array([[(number + column) % every == 0 for column in range(3)] for number in range(items)])


def _without(flags: Mask, topic: int, part: float) -> Mask:
    """Flags that miss this part of a topic's items."""
    made = flags.copy()
    found = np.flatnonzero(made[:, topic])
    made[found[: round(len(found) * part)], topic] = False
    return made


def _difference(low: float, margin: float = 0.05, topic: str = TOPICS[0]) -> Difference:
    return Difference(topic, "frozen", 100, 0.8, 0.8, low, 0.1, margin)


def test_a_model_is_no_worse_than_itself() -> None:
    truth = _truth()
    ours = _without(truth, 0, 0.5)
    for measured in ("frozen", "blind"):
        for one in compare(measured, truth, ours, ours, MARGINS):
            assert (one.low, one.high, one.worse) == (0, 0, False)
            assert one.candidate == one.champion


def test_a_candidate_that_misses_much_more_of_a_topic_is_worse_in_that_topic_and_the_other_way_round_better() -> None:
    truth = _truth()
    ours = _without(truth, 1, 0.4)
    made = compare("frozen", truth, ours, truth, MARGINS)
    assert [one.worse for one in made] == [False, True, False]
    assert made[1].candidate == pytest.approx(2 * 0.6 / 1.6)  # F1 with precision 1 and recall 0.6
    assert (made[1].champion, made[1].items) == (1, 200)
    assert made[1].low < made[1].candidate - 1 < made[1].high < 0
    (_, better, _) = compare("frozen", truth, truth, ours, MARGINS)
    assert not better.worse
    assert better.low == pytest.approx(-made[1].high)


def test_the_blind_samples_are_measured_by_the_part_judged_rightly() -> None:
    """Also where nothing at all is worthy, as in most weeks."""
    nothing = np.zeros((100, 3), dtype=bool)
    ours = nothing.copy()
    ours[:10, 2] = True
    assert compare("frozen", nothing, ours, nothing, MARGINS) == []
    made = compare("blind", nothing, ours, nothing, MARGINS)
    assert [(one.candidate, one.champion, one.worse) for one in made] == [(1, 1, False), (1, 1, False), (0.9, 1, True)]


def test_both_are_measured_on_the_same_resamples() -> None:
    """Two models that miss nearly the same differ by little, however much either varies."""
    truth = _truth(400)
    theirs = _without(truth, 0, 0.5)
    ours = theirs.copy()
    ours[np.flatnonzero(ours[:, 0])[0], 0] = False
    one = compare("frozen", truth, ours, theirs, MARGINS)[0]
    assert one.high - one.low < 0.05
    assert not one.worse


def test_not_to_be_worse_has_to_be_shown_by_enough_items() -> None:
    """The same share of mistakes: within the margin on many items, possibly beyond it on few."""
    few, many = (
        compare("frozen", truth, _without(truth, 0, 0.04), truth, MARGINS)[0] for truth in (_truth(100), _truth(2000))
    )
    assert few.candidate == pytest.approx(many.candidate, abs=0.001)
    assert (few.worse, many.worse) == (True, False)


@pytest.mark.parametrize(("items", "told"), [(0, 0), (FEW - 1, 0), (FEW, 3)])
def test_too_few_items_say_nothing(items: int, told: int) -> None:
    truth = _truth(items).reshape(-1, 3)
    assert len(compare("frozen", truth, truth, truth, MARGINS)) == told


def test_a_topic_that_no_frozen_item_has_is_left_out() -> None:
    truth = _truth()
    truth[:, 1] = False
    assert [one.topic for one in compare("frozen", truth, truth, truth, MARGINS)] == [TOPICS[0], TOPICS[2]]


def test_a_topic_that_one_frozen_item_has_is_measured_without_a_warning() -> None:
    truth = np.zeros((FEW, 3), dtype=bool)
    truth[7, 0] = True
    (one,) = compare("frozen", truth, truth, truth, MARGINS)
    assert (one.candidate, one.low, one.high) == (1, 0, 0)


def test_each_topic_has_its_own_margin() -> None:
    truth = _truth()
    ours = _without(_without(truth, 0, 0.2), 1, 0.2)
    made = compare("frozen", truth, ours, truth, {**MARGINS, TOPICS[0]: 0.5})
    assert [one.worse for one in made] == [False, True, False]


def test_a_difference_is_worse_beyond_its_margin_and_not_at_it() -> None:
    assert [_difference(low).worse for low in (-0.051, -0.05, -0.01, 0.02)] == [True, False, False, False]


def test_the_gate_opens_where_nothing_speaks_against_it() -> None:
    assert gate("shipped", [_difference(-0.01)], EVEN, 0).open
    assert gate("shipped", [], [], 0).open  # too little to compare: a lead confirms


@pytest.mark.parametrize(
    ("differences", "pairs", "moves", "reasons"),
    [
        ([_difference(-0.2, topic=TOPICS[2])], EVEN, 0.0, ("worse_frozen:provincial_reputation",)),
        ([], [share(TOPICS[1], 94, 100)], 0.0, ("pairs:human_rights",)),
        ([], [share(TOPICS[1], 95, 100)], 0.0, ()),
        ([], EVEN, 1e-6, ("outlet:",)),
        (
            [_difference(-0.2), _difference(0.1, topic=TOPICS[1])], [share(TOPICS[1], 0, 100)], 0.5,
            ("worse_frozen:sovereignty", "pairs:human_rights", "outlet:"),
        ),
    ],
)  # fmt: skip
def test_whatever_speaks_against_a_candidate_keeps_the_gate_shut_and_is_named(
    differences: list[Difference], pairs: list[Share], moves: float, reasons: tuple[str, ...]
) -> None:
    verdict = gate("m1", differences, pairs, moves)
    assert (verdict.against, verdict.reasons, verdict.open) == ("m1", reasons, not reasons)
    assert (list(verdict.differences), list(verdict.pairs), verdict.outlet_moves) == (differences, pairs, moves)
