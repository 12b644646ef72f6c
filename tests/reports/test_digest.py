from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import HOME, OTHER, TOPICS, Flag, Term
from pipeline.reports.digest import build
from tests.reports.made import COVERAGE, SENTENCE, UNTIL, data, flag, item, row


def _titles() -> dict[str, list[str]]:
    return {section.topic: [row.title for row in section.rows] for section in build(data()).sections}


def test_building_is_pure_and_its_result_cannot_be_changed() -> None:
    one, before = data(), asdict(data())
    digest = build(one)
    assert digest == build(data())
    assert asdict(one) == before
    with pytest.raises(FrozenInstanceError):
        digest.flagged = 0  # type: ignore[misc]  # the point of the test


def test_an_item_stands_once_under_its_strongest_flag_and_shows_all_of_them() -> None:
    assert _titles() == {
        "sovereignty": ["Tin chắc", "Tin mới"],
        "human_rights": ["Tin không giờ"],
        "provincial_reputation": ["Tin hai"],
    }
    (both,) = build(data()).sections[2].rows
    assert both.topics == ("provincial_reputation", "human_rights")
    assert [one.topic for one in both.reasons] == list(both.topics)
    assert both.announced_only


def test_sections_come_in_the_order_of_the_topics_even_when_empty() -> None:
    digest = build(data(flagged=()))
    assert [section.topic for section in digest.sections] == list(TOPICS)
    assert (digest.flagged, [section.rows for section in digest.sections]) == (0, [(), (), ()])


def test_surer_items_come_first_and_newer_ones_among_equally_sure_ones() -> None:
    scores = {"a": (0.70, 10), "b": (0.66, 5), "c": (0.50, 1), "d": (0.86, 700), "e": (0.99, 800), "f": (0.64, 2)}
    flagged = tuple(item(name, flag(score=score), minutes_ago=ago) for name, (score, ago) in scores.items())
    rows = build(data(flagged=flagged)).sections[0].rows
    assert [one.id for one in rows] == ["d", "e", "b", "a", "c", "f"]
    assert [one.reasons[0].certainty for one in rows] == ["likely"] * 2 + ["probable"] * 2 + ["look"] * 2
    assert build(data(flagged=flagged[::-1])).sections[0].rows == rows


@pytest.mark.parametrize(
    ("score", "said"), [(0.85, "likely"), (0.8499, "probable"), (0.65, "probable"), (0.6499, "look"), (0.01, "look")]
)
def test_a_score_is_said_as_a_word(score: float, said: str) -> None:
    (one,) = build(data(flagged=(item("x", flag(score=score)),))).sections[0].rows
    assert one.reasons[0].certainty == said


def test_how_often_a_text_changed_is_one_less_than_its_versions() -> None:
    assert [one.changed for one in build(data()).sections[0].rows] == [0, 3]


def test_the_quoted_sentence_is_whole_and_its_marked_pieces_are_the_terms() -> None:
    (one,) = build(data(flagged=(item("x"),))).sections[0].rows
    pieces = one.reasons[0].sentence
    assert "".join(piece for piece, _ in pieces) == SENTENCE
    assert [piece for piece, marked in pieces if marked] == ["xâm phạm"]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30), st.lists(st.integers(0, 30), max_size=8, unique=True))
def test_any_marks_cut_a_sentence_into_pieces_that_make_it_again(sentence: str, cuts: list[int]) -> None:
    places = sorted(cut for cut in cuts if cut <= len(sentence))
    marks = tuple(zip(places[::2], places[1::2], strict=False))
    quoted = Flag("sovereignty", 0.9, True, (), sentence, marks)
    (one,) = build(data(flagged=(item("x", quoted),))).sections[0].rows
    pieces = one.reasons[0].sentence
    assert "".join(piece for piece, _ in pieces) == sentence
    assert [piece for piece, marked in pieces if marked] == [sentence[start:end] for start, end in marks]
    assert all(piece for piece, _ in pieces)


def test_terms_are_shown_as_a_person_reads_them() -> None:
    terms = [
        Term("tàu_cá", 3), Term("t:tàu_cá", 2.5), Term("tàu_cá việt_nam", 2), Term(f"{HOME} đón", 1.5), Term("#home=2", 1.4),
        Term("0", 1.3), Term("0 người", 1.2), Term(OTHER, 1.1), Term(f"{OTHER} kiện", 1.0), Term("biển", 0.9), Term("đảo", 0.8),
    ]  # fmt: skip
    shown = item("x", Flag("sovereignty", 0.9, True, tuple(terms), "", ()))
    (one,) = build(data(flagged=(shown,))).sections[0].rows
    assert one.reasons[0].terms[:2] == ("tàu cá việt nam", "đón")  # the shorter is inside the longer
    assert len(one.reasons[0].terms) == 5
    assert "kiện" in one.reasons[0].terms
    assert "0 người" not in one.reasons[0].terms  # which number it was, the model does not know
    assert not {HOME, OTHER, "#", "_", "t:"} & set("".join(one.reasons[0].terms))


def test_a_term_is_not_left_out_because_its_letters_stand_inside_another_word() -> None:
    shown = item("x", Flag("sovereignty", 0.9, True, (Term("giáo_viên", 3), Term("giá", 2), Term("viên", 1)), "", ()))
    (one,) = build(data(flagged=(shown,))).sections[0].rows
    assert one.reasons[0].terms == ("giáo viên", "giá")


def test_what_could_not_be_read_is_told_silent_sources_first() -> None:
    digest = build(data())
    assert [(one.name, one.silent, one.pages_failed, one.unread) for one in digest.unseen] == [
        ("Báo A im", True, 0, 0),
        ("Báo Chưa hỏi", False, 0, 0),
        ("Báo Lạ", False, 0, 4),
        ("Báo Nửa", False, 3, 0),
    ]
    assert (digest.sources, digest.sources_read) == (7, 5)
    assert build(data(coverage=COVERAGE[::-1])).unseen == digest.unseen
    assert build(data(coverage=(row("đủ"), row("một phần", entry_failed=1)))).unseen[0].name == "Báo một phần"


def test_a_source_that_gives_unusually_few_or_many_items_is_told_with_what_is_usual() -> None:
    assert build(data()).outside_range == (("Báo Thừa", 2345, 5, 60),)
    assert build(
        data(coverage=(row("ít", links_new=4), row("vừa", links_new=5), row("đủ", links_new=60)))
    ).outside_range == (("Báo ít", 4, 5, 60),)
    assert build(data(coverage=(row("im", entry_ok=0, links_new=0),))).outside_range == ()  # that is told already


def test_counts_are_taken_over_and_the_flagged_are_those_listed() -> None:
    digest = build(data())
    assert (digest.seen, digest.old, digest.judged) == (12_345, 1_234, 11_111)
    assert digest.flagged == sum(len(section.rows) for section in digest.sections) == 4
    assert digest.sample == data().sample


def test_an_undated_item_is_ordered_by_when_it_was_first_seen() -> None:
    undated = item("undated", published=None)
    older = item("older", minutes_ago=40)
    newer = replace(item("newer"), published=UNTIL - timedelta(minutes=20))
    rows = build(data(flagged=(undated, older, newer))).sections[0].rows
    assert [one.id for one in rows] == ["newer", "undated", "older"]
