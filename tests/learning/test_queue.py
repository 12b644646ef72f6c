from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.learning.queue import NEAR, Queued, blind_sample, chance, queue
from pipeline.records import TOPICS, Candidate, Draw, Label, digest_id
from tests.learning.answers import T0, item, label, labels

LIMITS = (0.5, 0.6, 0.4)
DAY = "2026-11-23"


def _candidate(item_id: str, *scores: float, flagged: bool = False, text: str = "") -> Candidate:
    return Candidate(item(item_id, text), T0, (*scores, 0.01, 0.01, 0.01)[:3], (flagged, False, False))


def _draw(item_id: str) -> Draw:
    return Draw(DAY, item_id, "far", 100, 5, "m")


def _queue(
    candidates: Sequence[Candidate],
    said: Sequence[Label] = (),
    draws: Sequence[Draw] = (),
    who: str = "an",
    size: int = 100,
    share: float = 0,
) -> list[Queued]:
    return queue(candidates, LIMITS, draws, said, who, size, share)


def _ids(queued: Sequence[Queued], drawn: str = "") -> list[str]:
    return [one.item.id for one in queued if drawn in ("", one.drawn)]


# The blind sample

_SCORE = st.floats(0, 1)
_CANDIDATES = st.lists(st.tuples(_SCORE, _SCORE, _SCORE, st.booleans()), max_size=40).map(
    lambda rows: [_candidate(f"c{n}", *scores, flagged=flagged) for n, (*scores, flagged) in enumerate(rows)]
)


@settings(deadline=None)
@given(_CANDIDATES, st.integers(0, 20), st.randoms(use_true_random=False))
def test_the_blind_sample_says_of_each_draw_from_how_many_it_was_drawn(
    candidates: list[Candidate], size: int, random: Random
) -> None:
    drawn = blind_sample(candidates, LIMITS, DAY, size, "m")
    unflagged = {one.item.id: one.scores for one in candidates if not any(one.flagged)}
    near = {
        name for name, scores in unflagged.items() if any(s >= NEAR * t for s, t in zip(scores, LIMITS, strict=True))
    }
    if size == 1:  # one cannot look into two strata: there is one
        near = set()
    assert len({draw.item_id for draw in drawn}) == len(drawn) == min(size, len(unflagged))
    for draw in drawn:
        assert draw.stratum == ("near" if draw.item_id in near else "far")
        assert draw.size == (len(near) if draw.stratum == "near" else len(unflagged) - len(near))
        assert draw.drawn == sum(other.stratum == draw.stratum for other in drawn)
        assert draw.probability == draw.drawn / draw.size <= 1
    if size > 1:  # each stratum that has items is looked into
        assert {draw.stratum for draw in drawn} == {"near" if name in near else "far" for name in unflagged}
    random.shuffle(candidates)
    assert blind_sample(candidates, LIMITS, DAY, size, "m") == drawn


def test_a_score_a_quarter_of_the_way_to_its_threshold_is_near() -> None:
    drawn = blind_sample([_candidate("below", 0.124), _candidate("at", 0.125)], LIMITS, DAY, 9, "m")
    assert {draw.item_id: draw.stratum for draw in drawn} == {"below": "far", "at": "near"}


def test_half_of_the_blind_sample_comes_from_each_stratum_and_one_fills_up_for_the_other() -> None:
    near, far = ([_candidate(f"{score}-{n}", score) for n in range(20)] for score in (0.4, 0.02))
    for some, counts in ((near + far, (3, 3)), (near[:1] + far, (1, 5)), (near + far[:2], (4, 2)), (near, (6, 0))):
        strata = Counter(draw.stratum for draw in blind_sample(some, LIMITS, DAY, 6, "m"))
        assert (strata["near"], strata["far"]) == counts


def test_every_item_of_a_stratum_is_drawn_as_often_as_another() -> None:
    candidates = [_candidate(f"c{n}", 0.02) for n in range(10)]
    days = 500
    times = Counter(draw.item_id for day in range(days) for draw in blind_sample(candidates, LIMITS, f"{day}", 3, "m"))
    assert len(times) == 10
    expected = days * 3 / 10
    assert (
        sum((count - expected) ** 2 / expected for count in times.values()) < 27.9
    )  # chi-squared, 9, one in a thousand


# The queue


@st.composite
def _desk(draw: st.DrawFn) -> tuple[list[Candidate], list[Label], list[Draw]]:
    """Candidates, some of them reprints, what three people have said, and what was drawn blind."""
    names = [f"c{n}" for n in range(draw(st.integers(0, 12)))]
    texts = ["Bão vào biển Đông đêm qua rất mạnh", "Giá lúa hôm nay lại tăng ở nhiều nơi"]
    candidates = [
        Candidate(
            item(name, draw(st.sampled_from(["", *texts]))),
            T0,
            draw(st.tuples(_SCORE, _SCORE, _SCORE)),
            (draw(st.booleans()), False, False),
        )
        for name in names
    ]
    known = [*names, "gone"]  # left the window since it was labelled or drawn
    said = draw(
        st.lists(
            st.builds(label, st.sampled_from(known), st.booleans(), st.sampled_from(["an", "bình", "chi"]),
                      st.sampled_from(TOPICS), st.integers(0, 9)),
            max_size=15,
        )
    )  # fmt: skip
    return candidates, said, [_draw(name) for name in known if draw(st.booleans())]


@settings(max_examples=200, deadline=None)
@given(_desk(), st.integers(0, 15), st.floats(0, 1))
def test_a_queue_is_never_longer_than_asked_and_never_brings_an_item_twice_to_a_person(
    desk: tuple[list[Candidate], list[Label], list[Draw]], size: int, share: float
) -> None:
    candidates, said, draws = desk
    made = _queue(candidates, said, draws, size=size, share=share)
    ids = _ids(made)
    assert len(ids) == len(set(ids)) <= size
    assert not set(ids) & {one.item_id for one in said if one.who == "an"}
    assert set(ids) <= {one.item.id for one in candidates}
    assert made == _queue(candidates, said, draws, size=size, share=share)
    assert made == _queue(candidates, said, draws, share=share)[:size]


@settings(max_examples=200, deadline=None)
@given(_desk())
def test_an_item_is_asked_about_for_the_reason_told(desk: tuple[list[Candidate], list[Label], list[Draw]]) -> None:
    candidates, said, draws = desk
    labelled, drawn = {one.item_id for one in said}, {draw.item_id for draw in draws}
    for one in _queue(candidates, said, draws, share=0.5):
        assert (one.item.id in labelled) == (one.drawn in ("second", "disagree"))
        assert one.drawn != "blind" or one.item.id in drawn


@settings(max_examples=200, deadline=None)
@given(_desk())
def test_every_blind_item_that_nobody_has_judged_is_asked_about_also_where_it_is_a_reprint(
    desk: tuple[list[Candidate], list[Label], list[Draw]],
) -> None:
    candidates, said, draws = desk
    waiting = {draw.item_id for draw in draws if draw.item_id != "gone"} - {one.item_id for one in said}
    assert waiting <= set(_ids(_queue(candidates, said, draws)))


def test_a_blind_item_passed_over_as_a_reprint_comes_when_it_is_its_turn() -> None:
    """It is the most uncertain of all, and the same story as the first of the blind sample."""
    story = "Bão vào biển Đông đêm qua rất mạnh"
    candidates = [_candidate("a", 0.1, text=story), _candidate("b", 0.5, text=story)]
    assert _ids(_queue(candidates, draws=[_draw("a"), _draw("b")])) == ["a", "b"]


def test_of_reprints_one_is_asked_about() -> None:
    story = "Sáng nay hàng trăm tàu cá của ngư dân đã về bến an toàn sau bão"
    candidates = [
        _candidate("a", 0.5, text=story),
        _candidate("b", 0.5, text=f"(TTXVN) - {story.upper()}."),
        _candidate("c", 0.5, text="Giá lúa hôm nay lại tăng ở nhiều nơi"),
    ]
    assert _ids(_queue(candidates)) == ["a", "c"]
    assert _ids(_queue(candidates, labels("a", "000"))) == ["b", "c"]


def test_a_queue_takes_from_its_lists_in_turn() -> None:
    candidates = [
        _candidate("blind", 0.02),
        _candidate("split", 0.02),
        _candidate("wrong", 0.99),
        _candidate("doubtful", 0.5),
        _candidate("top", 0.97, flagged=True),
        _candidate("other", 0.03),
    ]
    said = [*labels("split", "100", "bình"), *labels("split", "000", "chi"), *labels("wrong", "000", "bình")]
    made = _queue(candidates, said, [_draw("blind")])
    assert [(one.item.id, one.drawn) for one in made] == [
        ("blind", "blind"),
        ("split", "second"),
        ("wrong", "disagree"),
        ("doubtful", "uncertain"),
        ("top", "high"),
        ("other", "uncertain"),
    ]


def test_items_on_which_two_differ_come_before_other_second_opinions() -> None:
    names = [f"c{n}" for n in range(20)]
    disputed = {"c3", "c11", "c17"}
    said = [one for name in names for one in labels(name, "000", "bình")]
    said += [label(name, True, "chi", TOPICS[1]) for name in sorted(disputed)]
    seconds = _ids(_queue([_candidate(name, 0.02) for name in names], said, share=1), "second")
    assert set(seconds[:3]) == disputed
    assert seconds[3:] == sorted(set(names) - disputed, key=digest_id)


def test_a_disputed_item_goes_to_a_third_person_and_is_settled_then() -> None:
    candidates = [_candidate("x", 0.02)]
    said = [label("x", True, "an"), label("x", False, "bình")]
    assert [_ids(_queue(candidates, said, who=who)) for who in ("an", "bình", "chi")] == [[], [], ["x"]]
    assert _ids(_queue(candidates, [*said, label("x", True, "chi")], who="dũng", share=1)) == []


def test_a_second_opinion_is_asked_of_the_share_wanted_and_of_a_larger_share_the_same_ones() -> None:
    names = [f"c{n}" for n in range(300)]
    candidates = [_candidate(name, 0.02) for name in names]
    said = [label(name, False, "bình") for name in names]
    asked = [set(_ids(_queue(candidates, said, size=300, share=share))) for share in (0, 0.15, 0.5, 1)]
    assert asked[0] == set()
    assert asked[1] < asked[2] < asked[3] == set(names)
    assert 0.10 < len(asked[1]) / 300 < 0.20
    assert not set(_ids(_queue(candidates, said, who="bình", size=300, share=1)))


def test_an_items_chance_is_always_the_same_and_spread_evenly() -> None:
    chances = [chance(f"c{n}") for n in range(2000)]
    assert chances == [chance(f"c{n}") for n in range(2000)]
    tenths = Counter(int(one * 10) for one in chances)
    assert set(tenths) == set(range(10))
    assert max(tenths.values()) < 260  # of 200 expected


@pytest.mark.parametrize(
    ("answer", "score", "wrong"), [(True, 0.1, True), (False, 0.1, False), (False, 0.9, True), (True, 0.9, False)]
)
def test_where_model_and_analyst_differ_somebody_else_is_asked(answer: bool, score: float, wrong: bool) -> None:
    made = _queue([_candidate("x", score)], [label("x", answer, "bình")])
    assert _ids(made, "disagree") == ["x"] * wrong


def test_the_widest_disagreement_the_nearest_doubt_and_the_highest_score_come_first() -> None:
    candidates = [_candidate(f"{score}", score) for score in (0.2, 0.45, 0.7, 0.93, 0.99)]
    said = [label(one.item.id, False, "bình") for one in candidates]
    assert _ids(_queue(candidates, said), "disagree") == ["0.99", "0.93", "0.7"]
    made = _queue(candidates)
    assert [(one.item.id, one.drawn) for one in made[:3]] == [
        ("0.45", "uncertain"),
        ("0.99", "high"),
        ("0.7", "uncertain"),
    ]


def test_an_empty_desk_has_an_empty_queue() -> None:
    assert _queue([]) == []
    assert _queue([], [label("gone", True)], [_draw("gone")]) == []
    assert blind_sample([], LIMITS, DAY, 10, "m") == []
