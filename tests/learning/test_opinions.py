from __future__ import annotations

import itertools
from datetime import timedelta

from pipeline.learning.opinions import Opinion, latest, opinions
from pipeline.records import TOPICS
from tests.learning.answers import T0, label

QUESTION = ("x", TOPICS[0])


def test_nobody_has_said_anything_about_what_was_not_asked() -> None:
    assert opinions([]) == {}
    assert latest([]) == {}


def test_of_one_persons_answers_the_latest_counts_in_whatever_order_they_come() -> None:
    given = [label("x", True, hour=1), label("x", False, hour=3), label("x", True, hour=2)]
    for order in itertools.permutations(given):
        assert latest(order) == {QUESTION: {"an": given[1]}}
        assert opinions(order) == {QUESTION: Opinion(0, 1, T0 + timedelta(hours=3))}


def test_answers_of_the_same_moment_come_to_the_same_in_whatever_order_they_come() -> None:
    one, other = label("x", True), label("x", False)
    assert opinions([one, other]) == opinions([other, one])


def test_where_two_differ_nobody_has_decided_until_a_third_does() -> None:
    two = [label("x", True, "an"), label("x", False, "bình")]
    assert opinions(two)[QUESTION].value is None
    for third in (True, False):
        assert opinions([*two, label("x", third, "chi")])[QUESTION].value is third


def test_a_person_who_changes_her_mind_ends_a_dispute() -> None:
    said = [label("x", True, "an"), label("x", False, "bình"), label("x", True, "bình", hour=1)]
    assert opinions(said)[QUESTION] == Opinion(2, 0, T0 + timedelta(hours=1))


def test_agreed_are_two_who_say_the_same_and_not_one_alone_nor_a_majority() -> None:
    alone = [label("x", False, "an")]
    both = [*alone, label("x", False, "bình")]
    majority = [*both, label("x", True, "chi")]
    assert [opinions(given)[QUESTION].agreed for given in (alone, both, majority)] == [False, True, False]
    assert [opinions(given)[QUESTION].value for given in (alone, both, majority)] == [False, False, False]


def test_items_and_topics_are_questions_of_their_own() -> None:
    said = opinions([label("x", True), label("y", False), label("x", False, topic=TOPICS[1])])
    assert {question: opinion.value for question, opinion in said.items()} == {
        ("x", TOPICS[0]): True,
        ("y", TOPICS[0]): False,
        ("x", TOPICS[1]): False,
    }
