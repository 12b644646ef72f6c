from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import HOME, OTHER, Article, Version
from pipeline.text.words import segment
from pipeline.triage.features import features
from tests.triage.judging import gazetteer

OURS = gazetteer("Quảng Trị")


def _counts(title: str, text: str) -> dict[str, int]:
    return dict(features(title, text, OURS))


def test_an_item_becomes_words_pairs_title_words_and_places() -> None:
    assert _counts("Tàu_cá gặp nạn", "Tàu_cá của Quảng_Trị gặp nạn , 12 người ở Cà_Mau cứu .") == {
        "tàu_cá": 2, "gặp": 2, "nạn": 2, "người": 1, "cứu": 1, "0": 1,
        "tàu_cá gặp": 1, "gặp nạn": 2, f"{HOME} gặp": 1, "0 người": 1, f"{OTHER} cứu": 1,
        "t:tàu_cá": 1, "t:gặp": 1, "t:nạn": 1,
        HOME: 1, OTHER: 1, "#home=1": 1, "#others=1": 1,
    }  # fmt: skip


def test_a_home_named_in_the_title_is_told_apart_from_one_named_in_the_text() -> None:
    assert _counts("Quảng_Trị đón khách", "")["#home_title"] == 1
    assert "#home_title" not in _counts("Đón khách", "Ở Quảng_Trị")


@pytest.mark.parametrize(
    ("names", "bucket"), [(0, "#home=0"), (1, "#home=1"), (3, "#home=3"), (4, "#home=4+"), (9, "#home=4+")]
)
def test_how_often_home_is_named_is_counted_up_to_four(names: int, bucket: str) -> None:
    bag = _counts("", "Quảng_Trị . " * names)
    assert bag[bucket] == 1
    assert bag.get(HOME, 0) == names
    assert sum(term.startswith("#home=") for term in bag) == 1


def test_another_province_named_twice_is_one_other_province() -> None:
    assert _counts("", "Cà_Mau , Cà_Mau , Sơn_La")["#others=2"] == 1


def test_punctuation_and_function_words_part_neighbours() -> None:
    assert "nhanh mạnh" not in _counts("", "nhanh , mạnh")
    assert "nhanh mạnh" not in _counts("", "nhanh và mạnh")
    assert "nhanh mạnh" in _counts("", "nhanh mạnh")
    assert "title body" not in _counts("title", "body")  # nor do title and text run together


@pytest.mark.parametrize("name", ["Quảng_Trị", "Quảng Trị", "tỉnh_Quảng_Trị", "Quảng_Trị_"])
def test_a_name_is_found_however_the_segmenter_cut_it(name: str) -> None:
    bag = _counts("", f"khách đến {name} nhiều")
    assert bag[HOME] == 1
    assert not any("trị" in term for term in bag)


def test_every_number_is_the_same_term() -> None:
    assert _counts("", "12 tàu") == _counts("", "3.450 tàu") == _counts("", "2026/QĐ tàu")


def test_an_english_word_is_the_same_before_a_comma_a_stop_and_a_quotation_mark() -> None:
    article = Article("", "Patrol at sea", "", "At sea, at “sea”. At sea.", "", None, None, "en", "general", 1.0)
    split = segment(Version("v", "a", "s", "f", datetime(2026, 1, 1, tzinfo=UTC), article))
    bag = features(split.title, split.body, OURS)
    assert bag["sea"] == 4
    assert not [term for term in bag if "," in term or "." in term or "”" in term]


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert _counts("", "mở " * 350 + "đóng") == _counts("", "mở " * 350 + "khép")


_WORD = st.text(st.sampled_from("aăâbcđeêghiklmnoôơpqrstuưvxyáàảãạ_.-,()“”0 7\n\u200b⌂◇#:"), max_size=12)
_WORDS = _WORD | st.sampled_from(["#home=4+", "#home=3", "#others=2", "⌂", "◇"])


@settings(max_examples=150, deadline=None)
@given(st.lists(_WORDS, max_size=20), st.lists(_WORDS, max_size=5))
def test_any_text_gives_counted_terms_that_do_not_depend_on_white_space(body: list[str], head: list[str]) -> None:
    bag = features(" ".join(head), " ".join(body), OURS)
    assert all(count >= 1 for count in bag.values())
    assert all(term == term.strip() and term for term in bag)
    assert bag == features("  ".join(head), "\n".join(body), OURS)
    # Nothing that a page says can pass for what is counted about places.
    assert {term for term in bag if term.startswith(("#home=", "#others="))} == {"#home=0", "#others=0"}
    assert not {HOME, OTHER} & set(bag)
