"""The fast decoder against underthesea itself."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from underthesea import word_tokenize

from pipeline.demo.press import OUTLETS, stories
from pipeline.text import segmenter
from pipeline.text.segmenter import Segmenter

STORIES = [story for outlet in OUTLETS for story in stories(outlet.id)]


@pytest.fixture(scope="module")
def fast() -> Segmenter:
    return Segmenter()


def test_every_article_of_the_fictional_press_is_split_as_underthesea_splits_it(fast: Segmenter) -> None:
    texts = ["\n".join([story.title, story.lead, *story.body]) for story in STORIES]
    assert [fast.words(text) for text in texts] == [word_tokenize(text, format="text") for text in texts]


def test_words_in_an_order_that_nobody_wrote_are_split_the_same(fast: Segmenter) -> None:
    shuffler = random.Random(23)  # noqa: S311 - an order, no secret
    tokens = " ".join(part for story in STORIES for part in story.body).split()
    for _ in range(60):
        shuffler.shuffle(tokens)
        text = " ".join(tokens[: shuffler.randrange(1, 120)])
        assert fast.words(text) == word_tokenize(text, format="text")


PIECES = ["Hà", "Nội", "HÀ", "nội", "12", "3,5", "v.v...", ":D", "Đ.", "“", "”,", "e-mail", "a@b.vn", "TP.HCM", "BOS", "EOS",
          "=", "T[0]=x", "hoà", "hòa", "\u0110a\u0306k", "́", "🙂", "https://bao.vn/a?b=1", "(H'Mông)", "_", "x_y"]  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", "\n", "  ", "", "\u00a0"])), max_size=12))
def test_odd_tokens_at_any_place_are_split_the_same(fast: Segmenter, pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + space for piece, space in pieces)
    assert fast.words(text) == word_tokenize(text, format="text")


def test_what_is_remembered_is_bounded_and_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenter, "_KNOWN", 50)
    monkeypatch.setattr(segmenter, "_CHUNKS", 50)
    small, text = Segmenter(), "\n".join(STORIES[0].body)
    for _ in range(3):
        assert small.words(text) == word_tokenize(text, format="text")
    assert len(small._chunks) <= 50


def test_a_decision_that_is_too_close_is_left_to_underthesea(fast: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def reference(text: str, *, format: str) -> str:
        asked.append(f"{text} as {format}")
        return "như thế"

    monkeypatch.setattr(segmenter, "_CLOSE", 1e9)
    monkeypatch.setattr(segmenter, "word_tokenize", reference)
    assert (fast.words("ngư dân ra khơi"), asked) == ("như thế", ["ngư dân ra khơi as text"])


def test_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="another model"):
        segmenter._read_model(b"lCRF" + bytes(60))
