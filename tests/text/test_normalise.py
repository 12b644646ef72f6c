"""Spelling: what is stored stays as published; keys fold what readers take for the same word."""

from __future__ import annotations

import unicodedata
from typing import Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.text.normalise import (
    Key,
    clean_line,
    keyed,
    nfc,
    plain_key,
    sort_key,
    syllable_key,
    syllables,
    tone_key,
)

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
def test_syllables_are_offsets_that_cover_every_letter_and_digit_with_its_marks(text: str) -> None:
    spans = syllables(text)

    covered = {index for start, end in spans for index in range(start, end)}
    letters = {index for index, char in enumerate(text) if char.isalnum()}
    assert spans == sorted(spans) and all(start in letters and start < end for start, end in spans)
    assert letters <= covered
    assert all(unicodedata.category(text[index]) == "Mn" for index in covered - letters)


# What keys must cope with: decomposed letters, look-alikes, invisible signs, signs that are several letters, other scripts.
ODD = (
    TONES + "\u0302\u0306\u031b\u0340\u0345\u00a0\u3000\u200b\u200c\u200d\u00ad\u2060\ufeff\u034f\ufe0f\ud800\x00"
    "ÐðƉɖ½ﬁ²１２／…①⑴№㎡㍿ﷺǰŉΐßİſΆ≠가각ㅎㅏ\u1100\u1161\u11a8กຳົ่ກ\u0e33ক\u09c7\u09be़ｶ中あ👨"
)
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(st.characters(), max_size=40),  # with halves of surrogate pairs
    st.text(st.sampled_from("aăâbcdđeêghikoôơuưxyAĐÔƯ .,-\n" + ODD), max_size=40),
)


@given(TEXTS)
@settings(max_examples=600, deadline=None)
def test_a_key_does_not_depend_on_how_a_text_was_composed_and_is_its_own_key(text: str) -> None:
    key, plain = tone_key(text), plain_key(text)

    assert tone_key(key) == key and plain_key(plain) == plain == plain_key(key)
    for form in ("NFC", "NFD"):
        assert tone_key(unicodedata.normalize(form, text)) == key
        assert plain_key(unicodedata.normalize(form, text)) == plain
    assert tone_key(clean_line(text)) == key


@given(TEXTS)
@example("áạ ạá")  # marks out of Unicode's order
@settings(max_examples=600, deadline=None)
def test_a_key_with_offsets_is_the_same_key_and_every_syllable_leads_back_to_where_it_was_published(text: str) -> None:
    for key, make in ((keyed(text), tone_key), (keyed(text, "plain"), plain_key)):
        assert key.text == make(text) and key.published == text
        assert len(key.starts) == len(key.ends) == len(key.text)
        for syllable in set(key.text.split()):
            spans = list(key.find(syllable))
            assert len(spans) == key.text.split().count(syllable)
            for start, end in spans:
                assert syllable in make(text[start:end]).split()
        if key.text:
            start, end = key.span(0, len(key.text))
            assert make(text[start:end]) == key.text
            assert make(text[:start]) == make(text[end:]) == ""


@pytest.mark.parametrize(
    ("published", "query", "quotations"),
    [
        ("Ông nói: “Hoà giải  ở\u00a0xã Mẫu.”", "HÒA GIẢI Ở XÃ MẪU", ["Hoà giải  ở\u00a0xã Mẫu"]),
        ("Xã Ðakrông, rồi xã Đakrông", "đakrông", ["Ðakrông", "Đakrông"]),
        ("Cứ ½ số hộ, ﬁlm １２／５", "số hộ film 12 5", ["số hộ, ﬁlm １２／５"]),
        ("Cứ ½ số hộ", "1 2 số", ["½ số"]),
        ("Rừng 12,5 km²", "km2", ["km²"]),
        ("Đường\u200b s\u00adắt Bắc–Nam", "sắt bắc nam", ["s\u00adắt Bắc–Nam"]),
        ("Thanh Hoá, Thanh", "thanh", ["Thanh", "Thanh"]),
        ("Thanhnien", "thanh", []),  # whole syllables only
        ("ha ha ha", "ha ha", ["ha ha", "ha ha"]),
        ("Mẫu", "", []),
        ("", "mẫu", []),
    ],
)
def test_what_is_found_in_a_key_is_quoted_exactly(published: str, query: str, quotations: list[str]) -> None:
    key = keyed(published)

    assert [published[start:end] for start, end in key.find(tone_key(query))] == quotations


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_quotation_never_cuts_a_letter_from_its_marks(form: Literal["NFC", "NFD"]) -> None:
    published = unicodedata.normalize(form, "Chợ Hướng Hoá họp đến khuya")
    toned, plain = keyed(published), keyed(published, "plain")

    assert [published[slice(*span)] for span in toned.find(tone_key("Hướng Hóa"))] == [
        unicodedata.normalize(form, "Hướng Hoá")
    ]
    assert [published[slice(*span)] for span in plain.find("huong hoa")] == [unicodedata.normalize(form, "Hướng Hoá")]
    at = plain.text.index("uong")
    assert published[slice(*plain.span(at, at + 2))] == unicodedata.normalize(form, "ướ")


@pytest.mark.parametrize("span", [(0, 0), (2, 1), (-1, 2), (0, 4)])
def test_characters_that_a_key_does_not_have_have_no_place(span: tuple[int, int]) -> None:
    key: Key = keyed("Lìa")  # its key has four characters, the tone is one
    with pytest.raises(IndexError, match="of 3"):
        keyed("Lia").span(*span)
    assert key.span(0, 4) == (0, 3)


@given(TEXTS)
@example("E\u0300\r\u0316")
@settings(max_examples=400, deadline=None)
def test_a_cleaned_line_shows_the_same_and_cleaning_it_again_changes_nothing(text: str) -> None:
    line = clean_line(text)

    def shown(value: str) -> str:
        # White space first: between two marks it holds them in an order that they lose without it.
        return unicodedata.normalize("NFD", "".join(char for char in value if not char.isspace()))

    assert clean_line(line) == line == unicodedata.normalize("NFC", line)
    # Formats, controls, surrogates and what is no character is all that may be missing.
    kept = "".join(
        char for char in text if unicodedata.category(char) not in ("Cf", "Cc", "Cs", "Cn") and char != "\u034f"
    )
    visible = "".join(char for char in line if unicodedata.category(char) not in ("Cf", "Cc", "Cs", "Cn"))
    assert shown(visible) == shown(kept)


@pytest.mark.parametrize("line", ["👨\u200d👩\u200d👧 về quê", "می\u200cخواهم", "क्\u200dष"])
def test_a_joiner_that_a_reader_sees_stays(line: str) -> None:
    assert clean_line(line) == line


def test_a_joiner_among_vietnamese_letters_goes() -> None:
    assert clean_line("Xã\u200d Mẫ\u200cu") == "Xã Mẫu"
    assert clean_line("a\u200b\u0301") == "á"  # composed although something stood between


def test_every_mark_of_unicode_stays_with_its_letter_in_a_key_with_offsets() -> None:
    """What composes with the letter before it must be looked at with it; Unicode says which characters do."""
    seconds = {
        chr(int(parts[1], 16))
        for char in map(chr, range(0x1F000))
        if (parts := unicodedata.decomposition(char).split()) and len(parts) == 2 and not parts[0].startswith("<")
    }
    assert len(seconds) > 50
    for char in sorted(seconds):
        for letter in ("a", "A", "ư", "ก", "\u09c7", "\u1100", "カ"):
            text = f"x {letter}{char} x"
            assert keyed(text).text == tone_key(text)


def test_a_long_run_of_marks_is_put_in_order_as_unicode_says() -> None:
    run = "a" + "\u0301\u0323\u0f73" * 40 + "b" + "…" * 40

    assert nfc(run) == unicodedata.normalize("NFC", run)


ALPHABET = "a ă â b c d đ e ê g h i k l m n o ô ơ p q r s t u ư v x y".split()  # noqa: SIM905 - a list of letters


def test_letters_sort_in_the_order_of_the_vietnamese_alphabet() -> None:
    mixed = sorted(ALPHABET)  # by code point
    assert sorted(mixed, key=sort_key) == ALPHABET != mixed
    assert sorted(["ăn", "an", "âm", "az"], key=sort_key) == ["an", "az", "ăn", "âm"]


@pytest.mark.parametrize(
    "names",
    [
        ["ma", "mà", "mả", "mã", "má", "mạ"],
        ["Da", "Đa", "Đá", "Đe"],
        ["Cam", "Cảm", "Cam Lộ", "Cồn Cỏ", "Cửa Việt"],
        ["Hải Lăng", "Hiếu Giang", "Hoà", "Hòa", "Hướng Hiệp", "Hương Hóa", "Hướng Hóa"],
        ["Bến Hải", "Dakrong", "Đakrông", "Đông Hà", "Đồng Hới"],
    ],
)
def test_names_sort_by_letters_first_then_by_tones(names: list[str]) -> None:
    assert sorted(sorted(names, reverse=True), key=sort_key) == names
