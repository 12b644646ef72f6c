"""underthesea's words, exactly."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from underthesea import word_tokenize

from pipeline.records import Article, Version
from pipeline.text.words import SEGMENTER, segment, words
from tests.conftest import ROOT

TEXTS = [
    "Khánh thành cây cầu bắc qua sông Mẫu, người dân phấn khởi.",
    "UBND tỉnh họp lúc 7h30 ngày 5/1/2026 tại TP. Đông Hà; chi 1.250,5 tỷ đồng (tăng 4,6%).",
    unicodedata.normalize("NFD", "Đồng bào Bru - Vân Kiều trồng rừng ở miền tây."),
    "HOÀ BÌNH, hòa bình, hoà bình",
    "Xem https://bao.example/tin?id=1&x=2 hoặc thư tới a.b@bao.example #tin",
    "The villagers said: “Không đi!” — rồi họ ở lại…",
    "hàng rào;không có khoảng trắng,sau dấu phẩy.Câu sau",
    "dòng một\ndòng hai\tcột\u00a0cuối\u200b",
    "越南 ½ ² 😀 a\u0301",
    "a" * 300,
    "có_gạch_dưới __ _",
    "một",
    ".",
    " ",
    "",
]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_words_are_those_of_underthesea_to_the_byte(text: str) -> None:
    assert words(text) == word_tokenize(text, format="text")


@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [
                    "công",
                    "ty",
                    "Việt",
                    "Nam",
                    "hợp",
                    "tác",
                    "xã",
                    "nông",
                    "nghiệp",
                    "Quảng",
                    "Trị",
                    "phát",
                    "triển",
                    "TP.",
                    "12/5",
                    "1.250",
                    ",",
                    ".",
                    "“",
                    "”",
                    "%",
                ]
            ),
            st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
        ),
        max_size=25,
    ).map(" ".join)
)
@settings(max_examples=150, deadline=None)
def test_words_are_those_of_underthesea_on_any_text(text: str) -> None:
    assert words(text) == word_tokenize(text, format="text")


def test_the_same_text_gives_the_same_words_whatever_came_between() -> None:
    before = [words(text) for text in TEXTS]

    assert [words(text) for text in reversed(TEXTS)] == before[::-1]


def version(lang: str, title: str, lead: str, text: str) -> Version:
    article = Article(
        url="http://bao.example/a",
        title=title,
        lead=lead,
        text=text,
        section="",
        published=None,
        modified=None,
        lang="en" if lang == "en" else "vi",
        method="general",
        confidence=1.0,
    )
    return Version("v1", "a1", "bao", "f1", datetime(2026, 1, 5, tzinfo=UTC), article)


def test_an_article_is_segmented_part_by_part_and_keeps_its_paragraphs() -> None:
    made = segment(version("vi", "Phát triển nông nghiệp", "", "Hợp tác xã mở rộng.\n\nNông dân vui mừng.\n \n"))

    assert (made.version_id, made.title, made.lead) == ("v1", words("Phát triển nông nghiệp"), "")
    assert made.body.split("\n") == [words("Hợp tác xã mở rộng."), words("Nông dân vui mừng.")]
    assert "_" in made.title and "_" in made.body


def test_english_is_left_as_it_stands() -> None:
    made = segment(version("en", "New bridge opens", "A lead.", "First line.\n\nSecond line."))

    assert (made.title, made.lead, made.body) == ("New bridge opens", "A lead.", "First line.\nSecond line.")


def test_the_segmenter_names_the_release_whose_words_it_gives() -> None:
    from importlib.metadata import version as release

    assert SEGMENTER.startswith("underthesea-") and release("underthesea") in SEGMENTER


def run_words(lines: list[str], *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "words", *arguments],
        cwd=ROOT,
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        timeout=300,
        check=True,
    )
    return done.stdout.decode().removesuffix("\n").split("\n")


def test_the_command_answers_each_line_with_a_line(tmp_path: Path) -> None:
    lines = [text for text in TEXTS if not set(text) & set("\n\r")]
    (tmp_path / "texts.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    expected = [word_tokenize(line, format="text") for line in lines]
    assert "" in lines
    assert run_words(lines) == expected
    assert run_words([], str(tmp_path / "texts.txt")) == expected


def real_texts(press: Path) -> list[str]:
    """900 announcements spread over the year and 100 whole articles, as they stand."""
    with (press / "feed_items.jsonl").open(encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    with (press / "articles.jsonl").open(encoding="utf-8") as lines:
        articles = [json.loads(line) for line in lines]
    short = [f"{item['title']}. {item['summary']}" for item in items[:: len(items) // 900][:900]]
    return short + [article["text"] for article in articles[:: len(articles) // 100][:100]]


@pytest.mark.slow
def test_words_are_those_of_underthesea_on_a_thousand_real_texts(press: Path) -> None:
    texts = real_texts(press)
    assert len(texts) == 1000

    different = [text[:80] for text in texts if words(text) != word_tokenize(text, format="text")]

    assert different == []


@pytest.mark.slow
def test_the_command_gives_the_words_of_real_texts(press: Path) -> None:
    texts = [" ".join(text.split("\n")).replace("\r", " ") for text in real_texts(press)[::5]]

    assert run_words(texts) == [word_tokenize(text, format="text") for text in texts]
