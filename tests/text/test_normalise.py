"""Spelling: what is stored stays as published; keys fold what readers take for the same word."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.text.normalise import clean_line, nfc, plain_key, sentences, syllable_key, syllables, tone_key

TONES = "\u0300\u0301\u0303\u0309\u0323"
VOWELS = "aăâeêioôơuưy"


@pytest.mark.parametrize(
    ("published", "stored"),
    [
        ("Gio\u0300", "Giò"),
        ("e\u0323\u0302", "ệ"),
        ("e\u0302\u0323", "ệ"),
        ("a\u0340e\u0341", "àé"),
        ("hoà hòa", "hoà hòa"),  # both spellings stay
    ],
)
def test_stored_text_is_composed_and_otherwise_as_published(published: str, stored: str) -> None:
    assert nfc(published) == stored
    assert clean_line(published) == stored


def test_a_line_of_a_page_loses_white_space_and_what_cannot_be_seen() -> None:
    invisible = "\u200b\u200c\u200d\u200e\u2060\ufeff\u00ad\u202a\u202c"

    assert clean_line(f"\n\tXã\u00a0 {invisible}Mẫu {invisible} \r\n đẹp\u3000") == "Xã Mẫu đẹp"


@pytest.mark.parametrize(
    "line", ["12,5 km² và ½ số hộ", "ﬁ １２／５", "Ðakrông", "hoà bình, hòa bình", "Mĩ Lý", "«“…”»"]
)
def test_letters_and_signs_of_a_line_are_never_rewritten(line: str) -> None:
    assert clean_line(line) == line


@pytest.mark.parametrize("hostile", ["\x01", "\x08", "\x7f", "\x9d", "\ud800", "\ufffe"])
def test_a_line_of_a_page_holds_nothing_that_a_document_cannot_hold(hostile: str) -> None:
    assert clean_line(f"Xã {hostile}Mẫu") == "Xã Mẫu"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hòa", "hoà"),
        ("khỏe", "khoẻ"),
        ("Thủy", "Thuỷ"),
        ("HÓA", "hoá"),
        ("quý", "Quý"),
        ("Đông", "Ðông"),  # Eth
        ("đông", "ɖông"),
        ("ĐÔNG", "Ɖông"),
        ("Việt", "Vie\u0323\u0302t"),
        ("１２", "12"),
    ],
)
def test_spellings_that_readers_take_for_the_same_share_a_key(one: str, other: str) -> None:
    assert syllable_key(one) == syllable_key(other)


def test_tones_hats_and_the_bar_of_d_keep_syllables_apart() -> None:
    words = [
        "ma",
        "má",
        "mà",
        "mả",
        "mã",
        "mạ",
        "mă",
        "mâ",
        "mắ",
        "mấ",
        "da",
        "đa",
        "dá",
        "đá",
        "tu",
        "tư",
        "to",
        "tô",
        "tơ",
        "hoa",
        "hòa",
        "quy",
        "quý",
    ]

    assert len({syllable_key(word) for word in words}) == len(words)


@given(st.sampled_from(["h", "th", "kh", "đ", ""]), st.text(VOWELS, min_size=1, max_size=3), st.sampled_from(TONES))
@settings(max_examples=200, deadline=None)
def test_the_key_does_not_depend_on_which_vowel_carries_the_tone(onset: str, vowels: str, tone: str) -> None:
    spellings = {
        unicodedata.normalize(form, onset + vowels[: place + 1] + tone + vowels[place + 1 :])
        for place in range(len(vowels))
        for form in ("NFC", "NFD")
    }

    keys = {key for spelling in spellings for key in (syllable_key(spelling), syllable_key(spelling.upper()))}

    assert len(keys) == 1
    assert keys != {syllable_key(onset + vowels)}


@pytest.mark.parametrize(
    ("text", "same", "plain"),
    [
        ("Đồng Hới", "ĐỒNG  HỚI", "dong hoi"),
        ("ĐA KRÔNG", "Ða Krông", "da krong"),
        ("Bru - Vân Kiều", "Bru–Vân Kiều", "bru van kieu"),
        ("Hiền Lương–Bến\u00a0Hải", "Hiền Lương - Bến Hải", "hien luong ben hai"),
        ("Mỹ Thuỷ", "Mỹ Thủy", "my thuy"),
        ("１２／５", "12/5", "12 5"),
        ("Đường\u200b 9, đi!", "đường 9 đi", "duong 9 di"),
        ("…", "", ""),
    ],
)
def test_a_text_has_a_key_with_tones_and_one_without(text: str, same: str, plain: str) -> None:
    assert tone_key(text) == tone_key(same)
    assert plain_key(text) == plain
    assert len(tone_key(text).split(" ")) == len(plain.split(" "))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Hướng Hóa", "Hương Hóa"),
        ("Đồng Trạch", "Đông Trạch"),
        ("Đông Lễ", "Đồng Lê"),
        ("Quảng Phú", "Quang Phú"),
        ("Quảng Tiên", "Quảng Tiến"),
    ],
)
def test_places_that_only_tones_tell_apart_stay_apart_in_the_key_with_tones(one: str, other: str) -> None:
    assert tone_key(one) != tone_key(other)
    assert plain_key(one) == plain_key(other)


@given(st.text(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyAĐÔƯ, .-\u200b" + TONES), max_size=40))
@settings(max_examples=300, deadline=None)
def test_searching_without_tones_finds_what_was_written_with_them(text: str) -> None:
    plain = plain_key(text)

    assert plain.isascii()
    assert plain == plain.lower() == " ".join(plain.split())
    assert plain_key(plain) == plain == plain_key(unicodedata.normalize("NFD", text)) == plain_key(text.upper())


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_syllables_are_offsets_that_cover_every_letter_and_digit(text: str) -> None:
    spans = syllables(text)

    covered = {index for start, end in spans for index in range(start, end)}
    assert spans == sorted(spans) and all(start < end for start, end in spans)
    assert covered == {index for index, char in enumerate(text) if char.isalnum()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mưa lớn. Nước lên!", ["Mưa lớn.", "Nước lên!"]),
        ("Họp ở TP. Mẫu. Tan lúc 5h.", ["Họp ở TP. Mẫu.", "Tan lúc 5h."]),
        ("Ông A. B. nói vậy. Rồi đi.", ["Ông A. B. nói vậy.", "Rồi đi."]),
        ("Trồng 1.250 ha. Xong.", ["Trồng 1.250 ha.", "Xong."]),
        ("Ông nói: “Được!” Bà về.", ["Ông nói: “Được!”", "Bà về."]),
        ("Lúa, ngô, v.v. đều tốt.", ["Lúa, ngô, v.v. đều tốt."]),
        ("PGS. TS. Mẫu… nghĩ vậy? Ừ.", ["PGS. TS. Mẫu… nghĩ vậy?", "Ừ."]),
        ("The U.S. Army left. Mr. Sample stayed.", ["The U.S. Army left.", "Mr. Sample stayed."]),
        ("Tiêu đề không chấm\nDòng sau. \n\n  Dòng cuối ", ["Tiêu đề không chấm", "Dòng sau.", "Dòng cuối"]),
        (" \n ", []),
    ],
)
def test_sentences_can_be_cut_out_of_a_text_exactly(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


@given(st.text(st.sampled_from("aĐ .!?…\n”)T1v"), max_size=60))
@settings(max_examples=300, deadline=None)
def test_sentences_leave_nothing_of_a_text_out_but_white_space(text: str) -> None:
    spans = sentences(text)
    assume(spans)

    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert edges == sorted(edges)
    assert not "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)).strip()
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
