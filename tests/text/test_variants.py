"""Other spellings of a search: i and y, abbreviations; offered beside what was asked, never instead of it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.normalise import nfc, plain_key, tone_key
from pipeline.text.variants import LONGEST, MOST, alternatives


@pytest.mark.parametrize(
    ("query", "others"),
    [
        ("công ty Lý", ["công ty Lí", "công ti Lý", "công ti Lí"]),
        ("Mĩ Thủy", ["Mỹ Thủy"]),
        ("kĩ sư", ["kỹ sư"]),
        ("qui định", ["quy định"]),
        ("TỈ LỆ", ["TỶ LỆ"]),
        ("UBND tỉnh", ["ủy ban nhân dân tỉnh"]),
        ("ubnd", ["ủy ban nhân dân"]),
        ("Ủy ban nhân dân tỉnh", ["UBND tỉnh"]),
        ("Uỷ ban nhân dân", ["UBND"]),
        ("uy ban nhan dan", ["UBND"]),
        ("HĐND", ["hội đồng nhân dân"]),
        ("TTXVN", ["VNA", "thông tấn xã Việt Nam"]),
        ("BĐBP", ["bộ đội biên phòng"]),
        ("Sở NN&MT", ["Sở nông nghiệp và môi trường"]),
        ("QL9", ["QL 9", "quốc lộ 9"]),
        ("quốc lộ 1A", ["QL1A", "QL 1A"]),
        ("TT Mẫu", ["thị trấn Mẫu", "thông tin Mẫu"]),
        ("TP. HCM", ["TPHCM", "thành phố Hồ Chí Minh"]),
        ("QT", []),
        ("việt vui thi", []),  # i and y stand for one sound only where nothing follows
        ("di nghi thi", []),  # and not after these
        ("Mẫu", []),
        ("", []),
    ],
)
def test_a_query_is_given_its_other_spellings(query: str, others: list[str]) -> None:
    assert list(alternatives(query)) == [query, *others]


def test_a_decomposed_query_is_understood() -> None:
    assert alternatives(unicodedata.normalize("NFD", "kĩ sư")) == ("kĩ sư", "kỹ sư")


def test_alternatives_are_for_searching_and_have_other_keys() -> None:
    """So a place name keeps its key: what assigns places compares keys and never asks for alternatives."""
    keys = [tone_key(spelling) for spelling in alternatives("Mỹ Thủy")]

    assert len(set(keys)) == len(keys) == 2
    assert plain_key("Mĩ Thủy") != plain_key("Mỹ Thủy")


@given(
    st.one_of(
        st.text(max_size=80), st.lists(st.sampled_from(["mĩ", "tỷ", "TT", "UBND", "QL9"]), max_size=30).map(" ".join)
    )
)
@settings(max_examples=200, deadline=None)
def test_the_query_comes_first_and_alternatives_are_few_and_different(query: str) -> None:
    found = alternatives(query)

    assert found[0] == nfc(query)
    assert len(set(found)) == len(found) <= MOST


def test_a_text_is_no_query() -> None:
    text = "mĩ " * LONGEST

    assert alternatives(text) == (text,)
