"""Bytes to text: the bytes are believed before what is declared about them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.encodings import decode, utf8

SENTENCE = "Cầu mới bắc qua sông Mẫu, người dân đi lại dễ hơn nhiều."
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def cp1258(text: str) -> bytes:
    """As old Vietnamese pages are: base letters with their hat, then the tone as a character of its own."""
    out = bytearray()
    for char in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", char)
        base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES))
        out += (base + "".join(part for part in parts if part in _TONES)).encode("cp1258")
    return bytes(out)


@pytest.mark.parametrize(
    ("start", "header"),
    [
        ("", "text/html; charset=ISO-8859-1"),
        ("", "text/html; charset=windows-1258"),
        ('<?xml version="1.0" encoding="ISO-8859-1"?>', "application/xml"),
        ('<meta charset="windows-1252">', ""),
        ('<meta charset="utf-16">', ""),
        ("", ""),
    ],
)
def test_what_is_valid_utf_8_is_read_as_utf_8_whatever_is_declared(start: str, header: str) -> None:
    assert decode((start + SENTENCE).encode(), header) == start + SENTENCE


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_and_is_not_part_of_the_text(encoding: str) -> None:
    assert decode(SENTENCE.encode(encoding), "text/html; charset=windows-1258") == SENTENCE


def test_big_endian_utf_16_is_known_by_its_mark() -> None:
    assert decode(b"\xfe\xff" + SENTENCE.encode("utf-16-be")) == SENTENCE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_markup_in_utf_16_is_known_without_a_mark(encoding: str) -> None:
    body = f"<p>{SENTENCE}</p>".encode(encoding)
    assert decode(body, "text/xml; charset=utf-8") == utf8(body).decode() == f"<p>{SENTENCE}</p>"


@pytest.mark.parametrize(
    ("body", "header", "expected"),
    [
        (cp1258(SENTENCE), "text/html; charset=windows-1258", SENTENCE),
        (cp1258("<meta charset='windows-1258'>" + SENTENCE), "", "<meta charset='windows-1258'>" + SENTENCE),
        (
            cp1258('<META http-equiv="Content-Type" content="text/html; charset=windows-1258">' + SENTENCE),
            "text/html",
            '<META http-equiv="Content-Type" content="text/html; charset=windows-1258">' + SENTENCE,
        ),
        (
            '<?xml version="1.0" encoding="gb18030"?><t>越南中部遭遇暴雨</t>'.encode("gb18030"),
            "application/xml",
            '<?xml version="1.0" encoding="gb18030"?><t>越南中部遭遇暴雨</t>',
        ),
        # The server's word comes before the page's.
        (cp1258("<meta charset='gb18030'>" + SENTENCE), 'text/html; charset="windows-1258"', None),
    ],
)
def test_a_declared_legacy_encoding_is_believed_where_the_bytes_are_not_utf_8(
    body: bytes, header: str, expected: str | None
) -> None:
    decoded = decode(body, header)

    assert decoded == expected if expected else decoded.endswith(SENTENCE)


@pytest.mark.parametrize("body", [unicodedata.normalize("NFD", SENTENCE).encode(), cp1258(SENTENCE)])
def test_letters_come_out_composed(body: bytes) -> None:
    assert decode(body, "text/html; charset=windows-1258") == SENTENCE


@pytest.mark.parametrize("kept", range(1, 3))
def test_a_page_cut_off_inside_a_letter_loses_that_letter_only(kept: int) -> None:
    whole = "người dân đi bộ".encode()

    assert decode(whole + "ễ".encode()[:kept]) == "người dân đi bộ"


def test_a_few_broken_bytes_in_declared_utf_8_spoil_nothing_else() -> None:
    body = (SENTENCE * 10).encode() + b"\xff" + SENTENCE.encode() + b"<p>"

    assert decode(body, "text/html; charset=utf-8") == SENTENCE * 10 + "\ufffd" + SENTENCE + "<p>"


@pytest.mark.parametrize("header", ["", "text/html; charset=ISO-8859-1"])
def test_a_few_broken_bytes_in_undeclared_utf_8_spoil_nothing_else(header: str) -> None:
    body = (SENTENCE * 10).encode() + b"\xff" + SENTENCE.encode() + b"<p>"

    assert decode(body, header) == SENTENCE * 10 + "\ufffd" + SENTENCE + "<p>"


def test_a_page_that_says_iso_8859_1_is_read_as_windows_1252_as_browsers_do() -> None:
    assert decode(b"\x93Caf\xe9\x94 \x96 d\xe9j\xe0 vu", "text/html; charset=ISO-8859-1") == "“Café” – déjà vu"


@pytest.mark.parametrize(
    "name",
    [
        "khong-co",
        "utf8mb4",
        "none",
        "undefined",
        "hex",  # a codec of Python, and no text
        "zip",
        "rot13",
    ],
)
def test_a_declared_encoding_that_does_not_exist_is_passed_over(name: str) -> None:
    plain = b"<p>Plain words, then one letter that is not UTF-8: caf\xe9 and more plain words.</p>"

    assert "Plain words, then one letter" in decode(plain, f"text/html; charset={name}")


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ufeff")), st.sampled_from(["", "latin-1"]))
@settings(max_examples=200, deadline=None)
def test_any_text_sent_as_utf_8_comes_back_composed(text: str, declared: str) -> None:
    assert decode(text.encode(), f"text/html; charset={declared}") == unicodedata.normalize("NFC", text)


@given(st.binary(max_size=400), st.sampled_from(["", "utf-8", "windows-1258", "utf-16", "big5", "x-unknown", "\u0661"]))
@settings(max_examples=150, deadline=None)
def test_no_bytes_are_refused(body: bytes, declared: str) -> None:
    text = decode(body, f"text/html; charset={declared}")

    assert text == unicodedata.normalize("NFC", text)
    assert bool(text) or len(body) <= 4  # nothing is dropped but marks and a letter cut in two


LONG = "<p>Cây cầu mới nối hai bờ sông, dài một trăm mét và rộng bảy mét.</p>" * 1_500


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (LONG.encode(), LONG),
        (b"\xef\xbb\xbf" + LONG.encode(), LONG),
        (b"a" + LONG.encode(), f"a{LONG}"),  # the look ends inside a letter
        (b"aa" + LONG.encode(), f"aa{LONG}"),
        (b" " * 70_000 + LONG.encode("cp1258", "ignore"), None),  # its letters begin late
        (LONG.encode("utf-16"), LONG),
        (LONG[:300].encode(), LONG[:300]),
    ],
    ids=["long", "mark", "cut", "cut elsewhere", "late", "utf-16", "short"],
)
def test_a_page_as_utf_8_is_itself_or_decoded(body: bytes, expected: str | None) -> None:
    page = utf8(body)

    assert page.decode("utf-8") == (decode(body) if expected is None else expected)


def test_a_long_page_with_a_broken_letter_far_down_stays_as_it_is() -> None:
    body = LONG.encode() + b"<p>h\xe1\xbb c</p>"

    assert utf8(body) == body
    assert utf8(LONG[:300].encode() + b"<p>h\xe1\xbb c</p>").decode("utf-8").endswith("<p>h\ufffd c</p>")
