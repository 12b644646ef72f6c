"""The fast decoder, compiled and with numpy, against underthesea itself."""

from __future__ import annotations

import random
import sys
import threading
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from underthesea import word_tokenize
from underthesea.pipeline.word_tokenize import regex_tokenize

from pipeline.demo.press import OUTLETS, stories
from pipeline.text import segmenter, verify
from pipeline.text.segmenter import COMPILED, Segmenter

STORIES = [story for outlet in OUTLETS for story in stories(outlet.id)]
WAYS = [
    pytest.param(True, id="compiled", marks=pytest.mark.skipif(not COMPILED, reason="installed without a C compiler")),
    pytest.param(False, id="numpy"),
]
MADE = {compiled: Segmenter(compiled=compiled) for compiled in (False, *([True] if COMPILED else ()))}


@pytest.fixture(params=WAYS)
def fast(request: pytest.FixtureRequest) -> Segmenter:
    return MADE[request.param]


def same(text: str) -> None:
    """Both ways give underthesea's words in both formats, or leave the text to it."""
    as_text, as_list = word_tokenize(text, format="text"), word_tokenize(text)
    for made in MADE.values():
        assert made.words(text) in (as_text, None)
        assert made.split(text) in (as_list, None)


def test_every_article_of_the_fictional_press_is_split_as_underthesea_splits_it(fast: Segmenter) -> None:
    texts = ["\n".join([story.title, story.lead, *story.body]) for story in STORIES]
    assert [fast.words(text) for text in texts] == [word_tokenize(text, format="text") for text in texts]
    assert [fast.split(text) for text in texts[::5]] == [word_tokenize(text) for text in texts[::5]]


def test_texts_made_to_break_a_segmenter_do_not(fast: Segmenter) -> None:
    texts = verify.texts()[::3]
    assert [verify.compare(fast, text, as_list=True) for text in texts] == [None] * len(texts)
    assert sum(fast.words(text) is None for text in texts) < len(texts) / 20


def test_words_in_an_order_that_nobody_wrote_are_split_the_same(fast: Segmenter) -> None:
    shuffler = random.Random(23)  # noqa: S311 - an order, no secret
    tokens = " ".join(part for story in STORIES for part in story.body).split()
    for _ in range(60):
        shuffler.shuffle(tokens)
        text = " ".join(tokens[: shuffler.randrange(1, 120)])
        assert fast.words(text) == word_tokenize(text, format="text")


PIECES = ["Hà", "Nội", "HÀ", "nội", "12", "3,5", "v.v...", ":D", "Đ.", "“", "”,", "e-mail", "a@b.vn", "TP.HCM", "BOS", "EOS",
          "=", "T[0]=x", "hoà", "hòa", "\u0110a\u0306k", "́", "🙂", "https://bao.vn/a?b=1", "(H'Mông)", "_", "x_y", "Thus",
          "99999999999", "-5", "ð", "越南", "Москва", "๑", "ﬁ", "a" * 45, "ngư", "dân", "phát", "triển"]  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(PIECES), st.sampled_from([" ", "\n", "  ", "", "\u00a0", "\u3000"])), max_size=14
    )
)
def test_odd_tokens_at_any_place_are_split_the_same(pieces: list[tuple[str, str]]) -> None:
    same("".join(piece + space for piece, space in pieces))


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"])), st.sampled_from(["NFC", "NFD"]))
def test_any_text_is_split_the_same(text: str, form: str) -> None:
    same(unicodedata.normalize(form, text))  # type: ignore[arg-type]  # NFC and NFD are forms


@settings(max_examples=400, deadline=None)
@given(st.from_regex(segmenter._SIMPLE, fullmatch=True), st.sampled_from([" ", "", "\n", " \n"]))
def test_chunks_that_are_not_given_to_underthesea_s_patterns_have_its_tokens(chunk: str, after: str) -> None:
    assert list(MADE[False]._chunk("", chunk)[1]) == regex_tokenize.tokenize(chunk + after)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("aAzĐđưỪT.:D,'’-_/@&h1209()“”vx%s"), min_size=1, max_size=9))
def test_a_chunk_without_stop_and_colon_has_the_same_tokens_where_the_text_ends(chunk: str) -> None:
    inside = regex_tokenize.tokenize(chunk + " ")
    if not set(chunk) & set(".:"):
        assert regex_tokenize.tokenize(chunk) == inside
    same(f"x {chunk}")
    same(f"{chunk} x {chunk}\n")


def test_no_character_turns_into_white_space_or_out_of_it_when_it_is_normalised() -> None:
    # Else chunks could not be normalised one by one.
    for code in range(sys.maxunicode + 1):
        for form in (unicodedata.normalize("NFC", chr(code)),):
            assert form.isspace() == chr(code).isspace()
            assert form.isspace() or not any(map(str.isspace, form))


def test_what_is_remembered_is_bounded_and_forgetting_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segmenter, "_REMEMBERED", 50)
    monkeypatch.setattr(segmenter, "_COMPILED_CHUNKS", 8)
    texts = ["\n".join(story.body) for story in STORIES[:3]] + ["dài" * 20 + " " + "d" * 50_000 + " xong"]
    for compiled in MADE:
        small = Segmenter(compiled=compiled)
        for _ in range(2):
            assert [small.words(text) for text in texts] == [word_tokenize(text, format="text") for text in texts]
        for remembered in (small._inside, small._last, small._rows):
            assert 0 < len(remembered) <= 50
            assert max(map(len, remembered)) <= segmenter._LONG


def test_a_decision_that_is_too_close_is_left_to_underthesea(fast: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fast.words("ngư dân ra khơi") == "ngư_dân ra khơi"
    monkeypatch.setattr(segmenter, "_CLOSE", 1e9)
    assert (fast.words("ngư dân ra khơi"), fast.split("ngư dân ra khơi")) == (None, None)
    assert (fast.words("ngư"), fast.words(""), fast.split("")) == ("ngư", "", [])  # where there is nothing to decide


def test_a_true_tie_is_left_to_underthesea(fast: Segmenter) -> None:
    # Names that the model does not know, one after the other: two ways through them weigh exactly the same.
    assert fast.words("— Brenwick Aldermoor Quillon Tarsen Vexholm đã") is None


def test_words_of_someone_s_own_are_left_to_underthesea(fast: Segmenter, monkeypatch: pytest.MonkeyPatch) -> None:
    # word_tokenize(text, fixed_words=...) leaves its patterns behind for everyone.
    monkeypatch.setattr(regex_tokenize, "patterns", regex_tokenize.patterns)
    assert fast.words("ngư dân ra khơi") is not None
    word_tokenize("ngư dân ra khơi", fixed_words=["ra khơi"])
    assert fast.words("ngư dân ra khơi") is None


def test_marks_after_an_address_do_not_make_the_search_endless(fast: Segmenter) -> None:
    for address in ("http://a", "a.vn/", "http:/"):
        same(f"{address}{'.' * 9} {address}{'!' * 9}")
    began = time.monotonic()
    made = fast.words(f"xem http://a{'.' * 60} và a.vn/{',' * 60}")
    assert made is not None and made.startswith("xem http://a .")
    assert time.monotonic() - began < 5  # underthesea would be at it for longer than the sun burns


@pytest.mark.parametrize("line", ["Ngư dân bám biển. ", "Abc Def ", "越南 ", "🙂 ", "., ", "a"], ids=range(6))
def test_time_grows_with_the_length_of_a_line_and_no_faster(fast: Segmenter, line: str) -> None:
    def seconds(size: int) -> float:
        text = (line * (size // len(line) + 1))[:size]
        best = float("inf")
        for _ in range(3):
            began = time.perf_counter()
            fast.words(text)
            best = min(best, time.perf_counter() - began)
        return best

    seconds(10_000)
    assert seconds(200_000) < 80 * seconds(10_000)  # in theory 20 times; the square would be 400 times


def test_a_very_long_line_is_split_the_same(fast: Segmenter) -> None:
    text = " ".join(part for story in STORIES for part in story.body)
    text = f"{text} {text.upper()} {unicodedata.normalize('NFD', text)}"[:60_000]
    assert fast.words(text) in (word_tokenize(text, format="text"), None)


def test_threads_may_share_a_segmenter(fast: Segmenter) -> None:
    texts = ["\n".join(story.body) for story in STORIES]
    expected = [fast.words(text) for text in texts]
    shared = Segmenter(compiled=fast is MADE.get(True))
    found: dict[int, list[str | None]] = {}

    def work(number: int) -> None:
        found[number] = [shared.words(text) for text in texts]

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [found[number] for number in range(4)] == [expected] * 4


@pytest.mark.skipif(not COMPILED, reason="installed without a C compiler")
def test_the_compiled_decoder_refuses_tables_that_do_not_fit() -> None:
    from pipeline.text import decoder

    good = MADE[True]
    tables, ask = good._tables, good._inside

    def joined(text: str, known: bytearray, inside: object, entries: object, rows: object) -> object:
        model = (rows, entries, tables.worth, tables.triples, tables.prefixes, 1 << 20, tables.steps)
        return decoder.joined(text, known, inside, inside, model, 1e-9, 5e4, " ", "_")  # type: ignore[arg-type]

    known = bytearray(decoder.CHUNK * 8)
    assert joined("ngư dân", known, ask, tables.entries, tables.rows) == "ngư_dân"
    assert joined("ngư dân", known, ask, tables.entries[:1], tables.rows) is not None  # looks nowhere outside
    for bad in (bytearray(0), bytearray(decoder.CHUNK * 6), bytearray(decoder.CHUNK * 8 + 1)):
        with pytest.raises(ValueError, match="power of two"):
            joined("ngư dân", bad, ask, tables.entries, tables.rows)
    for wrong in ({"ngư": 1}, {"ngư": (b"", ("ngư",))}, {"ngư": (bytes(8), (b"x",))}, {"ngư": (bytes(8), ["x"])}):
        with pytest.raises(TypeError, match="a chunk is"):
            joined("ngư dân", bytearray(decoder.CHUNK * 8), wrong, tables.entries, tables.rows)
    for row in (-1, 1 << 40):
        there = {word: (row.to_bytes(8, sys.byteorder, signed=True), (word,)) for word in ("ngư", "dân")}
        with pytest.raises(IndexError):
            joined("ngư dân", bytearray(decoder.CHUNK * 8), there, tables.entries, tables.rows)
    with pytest.raises(KeyError):
        joined("ngư dân", bytearray(decoder.CHUNK * 8), {}, tables.entries, tables.rows)
