"""underthesea's words, exactly."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from underthesea import word_tokenize

from pipeline.line import workers
from pipeline.records import Article, Version
from pipeline.text import verify
from pipeline.text import words as module
from pipeline.text.segmenter import COMPILED, Segmenter
from pipeline.text.words import SEGMENTER, VERDICTS, VERIFIED, identity, notice, read_verdicts, segment, trusted, words
from pipeline.text.words import write_verdict as write
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


def test_the_release_that_is_pinned_is_one_that_was_verified() -> None:
    assert identity() in VERIFIED
    assert trusted({}) and notice({}) == ""


def test_the_identity_changes_with_anything_that_makes_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in module._WORDS:
        for path in [*(module._PACKAGE / name).rglob("*"), module._PACKAGE / name]:
            if path.is_file():
                copy = tmp_path / path.relative_to(module._PACKAGE)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(module, "_PACKAGE", tmp_path)
    asked = identity.__wrapped__
    assert asked() == identity()
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert {"models.bin", "dictionary.bin", "features.bin", "regex_tokenize.py"} <= {path.name for path in files}
    for path in files:
        whole = path.read_bytes()
        path.write_bytes(whole + b" ")
        assert asked() != identity(), path
        path.write_bytes(whole)
    monkeypatch.setattr(module, "RELEASE", "9.6.0")
    assert asked() != identity()


def test_another_release_makes_its_words_itself_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "Ngư dân bám biển."
    monkeypatch.setattr(module, "identity", lambda: "another")
    monkeypatch.setattr(module, "word_tokenize", lambda text, format: f"{text} as {format}")
    assert not trusted({}) and "doctor --words" in notice({})
    assert words(text) == f"{text} as text"
    assert segment(version("vi", text, "", "")).made == "reference"
    assert trusted({"another": True}) and notice({"another": True}) == ""
    assert words(text, fast=True) == "Ngư_dân bám biển ."


def test_a_verified_release_that_was_found_to_differ_here_is_trusted_no_more() -> None:
    assert not trusted({identity(): False})


def test_a_release_that_cannot_be_read_makes_its_words_itself_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "identity", lambda: "another")
    monkeypatch.setattr("pipeline.text.crf.MODEL", Path("/nowhere"))
    monkeypatch.setattr(module, "fast_segmenter", module.fast_segmenter.__wrapped__)
    assert "/nowhere" in notice({})
    assert "doctor --words" not in notice({})  # there is nothing that it could compare
    assert words("Ngư dân bám biển.", fast=True) == word_tokenize("Ngư dân bám biển.", format="text")


def test_what_was_found_on_this_machine_is_remembered_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    assert read_verdicts(data) == {}
    write(data, equal=False)
    with monkeypatch.context() as patch:
        patch.setattr(module, "identity", lambda: "another")
        write(data, equal=True)
    assert read_verdicts(data) == {identity(): False, "another": True}
    assert [path.name for path in data.iterdir()] == [VERDICTS]


@pytest.mark.parametrize("content", ["", "{", "[]", "7", "\xff", '{"a": "true", "b": 1}'])
def test_a_damaged_file_of_verdicts_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / VERDICTS).write_bytes(content.encode("latin-1"))
    assert not any(read_verdicts(tmp_path).values())


def sampled(wanted: bool) -> str:
    """A text that is, or is not, among those that are checked in operation."""
    texts = (f"Ngư dân bám biển lần {number}." for number in range(100_000))
    return next(one for one in texts if (zlib.crc32(one.encode()) % module._CHECKED == 0) is wanted)


def test_a_share_of_texts_is_checked_and_where_they_differ_underthesea_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = {wanted: sampled(wanted) for wanted in (True, False)}
    assert {wanted: module._made(text, True)[1] for wanted, text in texts.items()} == {True: "checked", False: "fast"}
    assert all(words(text) == word_tokenize(text, format="text") for text in texts.values())

    monkeypatch.setattr(module, "word_tokenize", lambda text, format: f"{text} as {format}")
    assert module._made(texts[True], True) == (f"{texts[True]} as text", "differed")
    assert module._made(texts[False], True)[1] == "fast"


TIE = "— Brenwick Aldermoor Quillon Tarsen Vexholm nói"


def test_how_words_were_made_is_counted_by_the_part_that_weighs_most() -> None:
    plain, checked = sampled(False), sampled(True)
    assert segment(version("vi", plain, "", plain)).made == "fast"
    assert segment(version("vi", plain, checked, plain)).made == "checked"
    assert segment(version("vi", plain, checked, f"{plain}\n{TIE}")).made == "reference"
    assert segment(version("en", plain, checked, plain)).made == "plain"
    assert segment(version("vi", plain, "", plain), fast=False).made == "reference"


def test_the_count_comes_back_from_worker_processes() -> None:
    with workers(1, 60.0) as run:
        made = run(segment, [(version("vi", sampled(False), "", TIE), fast) for fast in (True, False)])
        made += run(segment, [(version("vi", sampled(False), "", ""), True)])
    assert [one.made for one in made if not isinstance(one, Exception)] == ["reference", "reference", "fast"]


def test_a_long_text_that_only_underthesea_can_decide_is_tagged_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f"{TEXTS[1]} {TIE}. {TEXTS[3]} " * 60
    expected = word_tokenize(text, format="text")
    assert len(text) > module._LONG
    asked: list[str] = []

    def asking(text: str) -> object:
        asked.append(text)
        return word_tokenize(text)

    asking.__module__ = word_tokenize.__module__
    monkeypatch.setattr(module, "word_tokenize", asking)
    monkeypatch.setattr(module, "_PIECE", 70)
    assert module._made(text, True) == (expected, "reference")
    assert max(map(len, asked)) < 10  # it was never given the whole


def test_marks_that_would_make_underthesea_search_without_end_are_never_given_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_CHECKED", 1)
    address = f"xem http://a{'.' * 60}"
    assert words(address).endswith(" . . .") or words(address).endswith(" " + "." * 60)
    assert module._made(f"{TIE} {address}", True)[1] == "reference"


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
@pytest.mark.parametrize("compiled", [True, False])
def test_both_decoders_give_underthesea_s_words_of_real_texts_in_both_formats(press: Path, compiled: bool) -> None:
    if compiled and not COMPILED:
        pytest.skip("installed without a C compiler")
    texts, decoder = real_texts(press)[::3], Segmenter(compiled=compiled)

    found = [verify.compare(decoder, text, as_list=True) for text in texts]

    assert [one for one in found if one] == []
    assert sum(decoder.words(text) is None for text in texts) <= 3


@pytest.mark.slow
def test_a_process_that_reads_every_real_article_stays_small_and_starts_at_once(press: Path) -> None:
    program = """
import json, sys, time
began = time.perf_counter()
from pipeline.text.words import words
words("Ngư dân bám biển.")
started = time.perf_counter() - began
for line in open(sys.argv[1], encoding="utf-8"):
    words(json.loads(line)["text"])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(started, int(peak.split()[1]) / 1024)
"""
    for _ in range(2):  # the first makes the tables
        done = subprocess.run(
            [sys.executable, "-c", program, str(press / "articles.jsonl")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=True,
        )
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 2
    assert megabytes < 200


@pytest.mark.slow
def test_the_command_gives_the_words_of_real_texts(press: Path) -> None:
    texts = [" ".join(text.split("\n")).replace("\r", " ") for text in real_texts(press)[::5]]

    assert run_words(texts) == [word_tokenize(text, format="text") for text in texts]
