"""The language of a text, also of a title alone."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Language
from pipeline.text.language import language
from tests.text.titles import TITLES


@pytest.mark.parametrize(("lang", "title"), [(lang, title) for lang, titles in TITLES.items() for title in titles])
def test_a_title_tells_its_language(title: str, lang: Language) -> None:
    assert language(title) == lang


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_title_tells_its_language_in_either_form_of_unicode(form: Literal["NFC", "NFD"]) -> None:
    assert language(unicodedata.normalize(form, "Mưa lớn ở vùng núi, dân sơ tán")) == "vi"


def test_a_few_foreign_words_and_styles_do_not_hide_a_vietnamese_text() -> None:
    style = "div.lead {padding: 2px 4px; text-align: left; font: 14px serif; min-width: 80px} "

    assert language("Làng nghề Mẫu mở cửa hàng online, mỗi tháng bán hàng trăm chiếc nón lá " + style * 3) == "vi"


@given(st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_every_text_has_one_of_the_languages_we_know(text: str) -> None:
    assert language(text) in {"vi", "en", "zh", "lo", "other"}


@given(st.integers(1, 30))
@settings(max_examples=20, deadline=None)
def test_length_does_not_change_the_language(times: int) -> None:
    assert language("Người dân trồng thêm rừng ven biển. " * times) == "vi"
    assert language("Villagers have planted new forest along the coast. " * times) == "en"


@pytest.mark.slow
def test_the_titles_of_real_papers_tell_their_language(press: Path) -> None:
    """Of 16,000 titles a few are names alone ('Sunderland 2-1 Chelsea')."""
    right = all_of_them = 0
    for name in ("articles.jsonl", "feed_items.jsonl"):
        with (press / name).open(encoding="utf-8") as lines:
            for row in map(json.loads, lines):
                all_of_them += 1
                right += language(row["title"]) == row["lang"]
    assert right / all_of_them > 0.999
