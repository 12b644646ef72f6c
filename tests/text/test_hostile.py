"""Hostile texts: 200,000 times the same, any halves of characters; time grows with the text and nothing breaks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.dates import parse_shown, parse_stamp
from pipeline.text.encodings import decode
from pipeline.text.language import language
from pipeline.text.legacy import from_legacy, is_vietnamese
from pipeline.text.normalise import clean_line, keyed, nfc, plain_key, sort_key, syllables, tone_key
from pipeline.text.numbers import numbers
from pipeline.text.origin import origin_marks
from pipeline.text.sentences import sentences
from pipeline.text.variants import alternatives

LENGTH = 200_000
NOW = datetime(2026, 1, 5, tzinfo=UTC)

READERS: dict[str, Callable[[str], object]] = {
    "nfc": nfc,
    "clean_line": clean_line,
    "syllables": syllables,
    "tone_key": tone_key,
    "plain_key": plain_key,
    "keyed": lambda text: list(keyed(text).find(tone_key(text[:2]))),
    "sort_key": sort_key,
    "sentences": sentences,
    "numbers": lambda text: (numbers(text, "vi"), numbers(text, "en")),
    "origin_marks": origin_marks,
    "alternatives": alternatives,
    "language": language,
    "parse_shown": lambda text: parse_shown(text, NOW),
    "parse_stamp": parse_stamp,
    "from_legacy": from_legacy,
    "is_vietnamese": is_vietnamese,
    "decode utf-8": lambda text: decode(text.encode("utf-8", "replace")),
    "decode other": lambda text: decode(text.encode("cp1252", "replace") + b"\xe9"),
}
# One of each class of character, and the starts of what the readers look for, never ended.
CLASSES = (
    *("a", "A", "1", "ệ", "½", "ﬁ", "中", "あ", "ກຳ", "가", "ㅎ", "ﾞ", "ß", "İ", "😀\u200d", "\ud800"),
    *(" ", "\n", "\t", "\u00a0", "\x00", "\u200b", ".", "!", "…", "“", '"', "'", "(", "-", "/", ":", "&", "[", "\\"),
    *("\u0301", "\u0323\u0301", "\u0f73", "ﾞ\u0323", "\u0345\u0301"),  # marks, in and out of order
    *(
        "A. ",
        "TP. ",
        "1. ",
        ". ",
        "“a.” ",
        "a”",
        "e.A",
        "1,",
        "1.",
        "1.000",
        "-1",
        "1/",
        "1 tỷ ",
        "Theo ",
        "Nguồn: ",
        "TTXVN/",
    ),
    *("ngày ", "1 tháng ", "1h", "mĩ ", "ủy ban nhân ", "<", "<script", "<!--", "®µ", "ñø", "aø", "dd e^a`"),
)
WORST = ("\u0323\u0301", "\u0f73", "A. ", "“a.” ", ".", "1.", " ", "<script", "dd e^a`", "ñø", "a")


@pytest.mark.parametrize("piece", WORST)
def test_long_runs_of_what_is_hard_are_read_in_time(piece: str) -> None:
    """At a quarter of the length. Quadratic readers would need minutes: the marks alone took thirty seconds once."""
    text = piece * (LENGTH // 4 // len(piece))
    for name, read in READERS.items():
        began = time.perf_counter()
        read(text)
        assert time.perf_counter() - began < 4, name


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_time_grows_with_the_text_and_no_faster(name: str) -> None:
    for piece in CLASSES:
        text = piece * (LENGTH // len(piece))
        began = time.perf_counter()
        READERS[name](text)
        assert time.perf_counter() - began < 10, piece


@pytest.mark.parametrize("name", READERS)
@given(
    text=st.one_of(st.text(st.characters(), max_size=60), st.lists(st.sampled_from(CLASSES), max_size=20).map("".join))
)
@settings(max_examples=60, deadline=None)
def test_no_text_breaks_a_reader(name: str, text: str) -> None:
    READERS[name](text)
