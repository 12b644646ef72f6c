"""Where listed names stand: spelling, capitals, what may part their syllables, and the words before them."""

from __future__ import annotations

import unicodedata

import pytest

from tests.text.gazetteers import invented, quang_tri

INVENTED = invented()


def found(text: str) -> list[tuple[str, str]]:
    """(surface, unit's name) of the mentions of a text."""
    return [(text[mention.start : mention.end], mention.unit.name) for mention in INVENTED.find(text)]


@pytest.mark.parametrize(
    "name",
    [
        "Hòa Thủy",
        "Hoà Thuỷ",
        "HÒA THỦY",
        unicodedata.normalize("NFD", "Hòa Thủy"),
        "Hòa-Thủy",
        "Hòa – Thủy",
        "Hòa\u00a0Thủy",
        "Hòa\nThủy",
        "Hòa_Thủy",
        "Hòa  Thủy",
        "Hòa\u200bThủy",
        "H\u00adòa Th\u00adủy",
        "Hòa-thủy",
    ],
)
@pytest.mark.parametrize("around", ["{}", "ở {}, hôm nay", "“{}”", "({})", "huyện_{}_mùa lũ", "Huyện {}.\nTin khác"])
def test_a_name_is_found_however_its_tones_letters_and_gaps_are_written(name: str, around: str) -> None:
    assert found(around.format(name)) == [(name, "Huyện Hòa Thủy")]


@pytest.mark.parametrize("name", ["Đắk Rông", "Ðắk Rông", "ĐAKRONG", "Đakrong"])
def test_every_form_of_a_name_and_the_look_alike_of_d_lead_to_the_unit(name: str) -> None:
    assert found(name) == [(name, "Xã Đắk Rông")]


@pytest.mark.parametrize(
    "text",
    [
        "hòa thủy",
        "Hòa thủy",
        "hòa Thủy",
        "Hòa Thủ y",
        "Chòa Thủy",
        "Hòa Thủyy",
        "xHòa Thủy",
        "Hoa Thủy",
        "Hòa Thúy",
        "Hòa và Thủy",
        "Hòa, Thủy",
        "Hòa. Thủy",
        "Hòa (Thủy)",
        "Hòa/Thủy",
        "Hòa\n\nThủy",
        "Hòa — — Thủy",
    ],
)
def test_parts_of_words_small_letters_other_tones_and_punctuation_are_no_name(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("name", ["đôi bờ Thượng - Hạ", "Đôi bờ Thượng – Hạ", "đôi bờ Thượng-Hạ", "ĐÔI BỜ THƯỢNG HẠ"])
def test_a_common_noun_before_a_name_may_be_small_and_dashes_do_not_matter(name: str) -> None:
    assert found(f"thăm {name} sáng nay") == [(name, "Đôi bờ Thượng - Hạ")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dọc sông Vàng", [("sông Vàng", "Sông Vàng")]),
        ("Sông\u00a0Vàng", [("Sông\u00a0Vàng", "Sông Vàng")]),
        ("sông, Vàng", []),
        ("giá Vàng", []),
        ("bờ sông sông Vàng", [("sông Vàng", "Sông Vàng")]),
    ],
)
def test_a_river_of_one_syllable_needs_its_common_noun_right_before(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_the_longest_name_wins_and_what_only_contains_a_name_is_none() -> None:
    assert found("xã Nam Hòa Thủy") == [("Nam Hòa Thủy", "Xã Nam Hòa Thủy")]
    assert found("biển Đông Hải Dương") == []
    assert found("biển Đông Hải") == [("Đông Hải", "Đông Hải")]


def test_a_full_stop_belongs_to_an_abbreviation_and_parts_sentences() -> None:
    assert found("Ra TP.MT, ra TP. MT") == [("TP.MT", "TP.MT"), ("TP. MT", "TP.MT")]
    assert found("Họp ở Thành phố. Mai Thượng nắng") == []


@pytest.mark.parametrize(
    ("text", "lang", "names"),
    [
        ("Floods in Song Mau and Dong Hai, officials said", None, ["Tỉnh Sông Mẫu", "Đông Hải"]),
        ("Song Mau", "en", ["Tỉnh Sông Mẫu"]),
        ("Song Mau", "vi", []),
        ("Ban nhạc Song Mau của nhóm bạn trẻ ra mắt", None, []),
        ("Ban nhạc Song Mau của nhóm bạn trẻ ra mắt", "en", ["Tỉnh Sông Mẫu"]),
        ("The Upper and Lower Banks reopened for the visitors", None, ["Đôi bờ Thượng - Hạ"]),
        ("Sông Mẫu", "en", ["Tỉnh Sông Mẫu"]),
    ],
)
def test_english_spellings_count_in_texts_that_are_not_vietnamese(text: str, lang: str, names: list[str]) -> None:
    assert [mention.unit.name for mention in INVENTED.find(text, lang=lang)] == names  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("xã Vĩnh Linh", "xã"),
        ("XÃ VĨNH LINH", "xã"),
        ("H. Vĩnh Linh", "huyện"),
        ("H.Vĩnh Linh", "huyện"),
        ("huyện_Vĩnh_Linh", "huyện"),
        ("Vinh Linh District has been hit by a storm", "huyện"),
        ("thị xã Vĩnh Linh", "thị xã"),
        ("hợp tác xã Vĩnh Linh", ""),
        ("xã. Vĩnh Linh", ""),
        ("ở xã\nVĩnh Linh", ""),
        ("đất Vĩnh Linh", ""),
        ("Sở TT&TT Vĩnh Linh", ""),
        ("xã “Vĩnh Linh”", "xã"),
    ],
)
def test_the_level_word_is_read_before_the_name_or_in_english_after_it(text: str, level: str) -> None:
    assert [mention.why.level for mention in quang_tri().find(text)] == [level]
