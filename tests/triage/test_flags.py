from __future__ import annotations

import inspect
import io
import math
import zipfile
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ModelError
from pipeline.records import HOME, TOPICS, Article, Version, bare
from pipeline.text.normalise import tone_key
from pipeline.text.places import Gazetteer
from pipeline.text.words import segment, words
from pipeline.triage.features import NO_HOME, features
from pipeline.triage.flags import MODEL_FILE, TopicModel, load, make
from tests.conftest import ROOT
from tests.triage.judging import ITEMS, Item, gazetteer, hand_made, judged

SHIPPED = ROOT / "models" / "current"


@pytest.fixture(scope="module")
def shipped() -> TopicModel:
    return load(SHIPPED)


@pytest.fixture(params=["by hand", "shipped"])
def model(request: pytest.FixtureRequest, shipped: TopicModel) -> TopicModel:
    return hand_made() if request.param == "by hand" else shipped


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.title)
def test_the_reasons_are_terms_of_the_very_sum_that_makes_the_score(model: TopicModel, item: Item) -> None:
    bag = features(*item.split("Quảng Trị"), gazetteer("Quảng Trị"))
    raw = {
        term: (1 + math.log(count)) * model.idf[model.vocabulary[term]]
        for term, count in bag.items()
        if term in model.vocabulary
    }
    length = math.sqrt(sum(value**2 for value in raw.values()))
    assert length > 0
    for column, flag in enumerate(judged(model, item).flags):
        parts = {term: value / length * model.weights[model.vocabulary[term], column] for term, value in raw.items()}
        logit = model.bias[column] + (NO_HOME in bag) * model.no_home[column] + sum(parts.values())
        assert flag.topic == TOPICS[column]
        assert flag.score == pytest.approx(1 / (1 + math.exp(-logit)), abs=1e-12)
        assert flag.flagged == (flag.score >= model.thresholds[column])
        for_it = sorted((part for part in parts.values() if part > 0), reverse=True)
        assert [term.weight for term in flag.terms] == pytest.approx(for_it[: len(flag.terms)])  # strongest first
        assert flag.rest + sum(term.weight for term in flag.terms) == pytest.approx(logit)
        assert len(flag.terms) == min(len(for_it), 8)
        for term in flag.terms:
            assert term.weight == pytest.approx(parts[term.term])
    assert model.logits(bag) == pytest.approx([math.log(f.score / (1 - f.score)) for f in judged(model, item).flags])


def test_an_item_without_a_known_word_gets_the_bias_and_no_reasons() -> None:
    known = hand_made()
    empty = known.judge("v", "", "", ("", ""), gazetteer("Quảng Trị"))
    unknown = replace(known, vocabulary={"khác": 0}).judge("v", "x", "y", ("x", "y"), gazetteer("Quảng Trị"))
    assert [flag.score for flag in unknown.flags] == pytest.approx([1 / (1 + math.exp(1)), 0.268941421, 0.377540669])
    assert all(flag.terms == () and flag.sentence == "" and flag.marks == () for flag in unknown.flags)
    assert not any(flag.flagged for flag in empty.flags)


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.title)
def test_a_flag_quotes_a_sentence_exactly_and_marks_its_terms_in_it(model: TopicModel, item: Item) -> None:
    title, text = item.plain("Quảng Trị")
    for flag in judged(model, item).flags:
        if not flag.flagged:
            assert (flag.sentence, flag.marks) == ("", ())
            continue
        assert flag.sentence
        assert flag.sentence in text or flag.sentence == title
        # A name of the home province stands for many; it is not marked.
        named = (bare(term.term) for term in flag.terms if HOME not in term.term)
        keys = {tone_key(name) for name in named if not name.startswith("#")} - {""}
        previous = -1
        for start, end in flag.marks:
            assert previous < start < end <= len(flag.sentence)
            previous = end
            marked = f" {tone_key(flag.sentence[start:end])} "
            assert any(f" {key} " in marked for key in keys), marked
        if any(f" {key} " in f" {tone_key(flag.sentence)} " for key in keys):
            assert flag.marks


def test_the_sentence_with_most_reasons_is_quoted_with_the_words_that_decided() -> None:
    flag = judged(hand_made(), ITEMS[0]).flags[0]
    assert flag.flagged
    assert flag.sentence == "Tàu lạ xâm phạm vùng biển hai lần ."
    assert [flag.sentence[start:end] for start, end in flag.marks] == ["Tàu lạ xâm phạm vùng biển"]


def test_where_no_sentence_carries_a_reason_the_title_is_quoted() -> None:
    item = Item("Tàu lạ xâm_phạm vùng_biển", "Sáng nay trời quang . Không có gì thêm .")
    flag = judged(hand_made(), item).flags[0]
    assert flag.flagged
    assert flag.sentence == "Tàu lạ xâm phạm vùng biển"
    assert flag.marks == ((0, len(flag.sentence)),)


def test_words_are_found_in_the_sentence_however_their_tone_marks_and_capitals_are_written() -> None:
    marked = make(TOPICS, ["hòa_bình"], np.ones(1), np.full((1, 3), 9.0), np.full(3, -1.0), np.full(3, 0.5))
    text = "Không có gì. Ngày hội HOÀ BÌNH mở ra."
    flag = marked.judge("v", "Tin", text, ("Tin", "Ngày_hội Hòa_bình"), gazetteer("Quảng Trị")).flags[0]
    assert [flag.sentence[start:end] for start, end in flag.marks] == ["HOÀ BÌNH"]


_PIECES = st.sampled_from(
    ["Tàu lạ", "xâm phạm", "vùng biển", "vùng  biển", "Quảng Trị", "quyền trẻ em", "giá", "hoà", ".", "!", "\n", "…”",
     "<b>", "\u00ad", "\u200b", "TP.", "0", "😀", "_", "ﬁ", "İ"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=25), st.lists(_PIECES, max_size=6))
def test_whatever_the_text_a_flag_quotes_it_exactly_and_its_marks_lie_in_it(body: list[str], head: list[str]) -> None:
    title, text = " ".join(head), " ".join(body)
    split = tuple(part.replace("xâm phạm", "xâm_phạm").replace("vùng biển", "vùng_biển") for part in (title, text))
    for flag in hand_made().judge("v", title, text, (split[0], split[1]), gazetteer("Quảng Trị")).flags:
        assert 0 <= flag.score <= 1
        assert flag.sentence in text or flag.sentence == title
        flat = [place for mark in flag.marks for place in mark]
        assert flat == sorted(set(flat))
        assert all(0 <= place <= len(flag.sentence) for place in flat)


def test_neither_outlet_nor_address_nor_date_can_reach_the_model(shipped: TopicModel) -> None:
    assert list(inspect.signature(TopicModel.judge).parameters) == [
        "self", "version_id", "title", "text", "segmented", "gazetteer",
    ]  # fmt: skip
    assert list(inspect.signature(features).parameters) == ["title", "text", "gazetteer"]
    first = Version(
        "one", "a", "bao-nha-nuoc", "f", datetime(2026, 11, 1, tzinfo=UTC),
        Article("https://bao.example/chinh-tri/1.html", "Tàu lạ xâm phạm vùng biển", "", "Ngư dân Quảng Trị kể lại.",
                "Chính trị", datetime(2026, 11, 1, tzinfo=UTC), None, "vi", "selectors", 0.9),
    )  # fmt: skip
    elsewhere = replace(
        first.article, url="HTTPS://RFA.EXAMPLE/Nhan-Quyen?2", section="Nhân quyền", published=None, method="feed",
        confidence=0.1, captions=("Ảnh: Hoàng Sa",),
    )  # fmt: skip
    second = replace(
        first, id="two", source_id="DAI-NUOC-NGOAI", seen_at=datetime(2020, 1, 1, tzinfo=UTC), article=elsewhere
    )
    flags = []
    for version in (first, second):
        split = segment(version)
        flags.append(
            shipped.judge(
                version.id,
                version.article.title,
                version.article.text,
                (split.title, split.body),
                gazetteer("Quảng Trị"),
            ).flags
        )
    assert flags[0] == flags[1]


# Names of two capitalised syllables that none of the items mentions.
_ELSEWHERE = st.sampled_from(["Lào Cai", "Bắc Ninh", "Cà Mau", "Tây Ninh", "Gia Lai", "Sơn La", "Hưng Yên", "Phú Thọ"])


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(ITEMS), _ELSEWHERE)
def test_with_another_home_the_same_item_about_that_home_gets_the_same_score(item: Item, other: str) -> None:
    for chosen in (hand_made(), load(SHIPPED)):
        here, there = judged(chosen, item), judged(chosen, item, other)
        assert [flag.score for flag in here.flags] == [flag.score for flag in there.flags]
        assert [flag.terms for flag in here.flags] == [flag.terms for flag in there.flags]
        if item.title.count("{home}") + item.text.count("{home}"):
            stranger = chosen.judge("v", *item.plain(other), item.split(other), gazetteer("Quảng Trị"))
            assert stranger.flags[2].score < there.flags[2].score  # the gazetteer alone decides which place is home


def test_what_is_written_of_the_home_province_is_its_image_and_of_a_neighbour_is_not(shipped: TopicModel) -> None:
    """Through real words and the shipped gazetteer."""
    tables = [ROOT / "models" / "gazetteer" / name for name in ("quang_tri.tsv", "provinces.tsv")]
    home = Gazetteer.from_tables(*(table.read_text(encoding="utf-8") for table in tables))
    title, text = (
        "Quảng Trị bị phê bình vì chậm trả hồ sơ đất đai",
        "Người dân Đông Hà chờ sổ đỏ chín tháng ở Quảng Trị.",
    )
    there = [part.replace("Quảng Trị", "Lào Cai").replace("Đông Hà", "Sa Pa") for part in (title, text)]
    about_us = shipped.judge("v", title, text, (words(title), words(text)), home).flags[2]
    about_them = shipped.judge("v", there[0], there[1], (words(there[0]), words(there[1])), home).flags[2]
    assert about_us.flagged
    assert not about_them.flagged


def test_no_name_of_a_home_place_speaks_for_the_home_province_as_a_word(shipped: TopicModel) -> None:
    """Otherwise another province would inherit what was learnt about this one."""
    assert shipped.weights[shipped.vocabulary[HOME], 2] > 1
    table = (ROOT / "models" / "gazetteer" / "quang_tri.tsv").read_text(encoding="utf-8").splitlines()[1:]
    forms = [
        form.strip().lower() for row in table if row.split("\t")[2] == "sure" for form in row.split("\t")[3].split(";")
    ]
    assert "quảng trị" in forms
    written = [start + form.replace(" ", joint) for form in forms for start in ("", "t:") for joint in (" ", "_")]
    learnt = {term: shipped.weights[shipped.vocabulary[term], 2] for term in written if term in shipped.vocabulary}
    assert not {term: weight for term, weight in learnt.items() if weight > 0.2}
    assert "quảng_trị" not in learnt


# --- the file ----------------------------------------------------------------------------------------------------


def test_a_saved_model_is_loaded_whole_and_saved_again_with_the_same_bytes(tmp_path: Path, model: TopicModel) -> None:
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    model.save(folders[0])
    again = load(folders[0])
    assert (again.version, again.topics, again.vocabulary) == (model.version, model.topics, model.vocabulary)
    for name in ("idf", "weights", "bias", "thresholds"):
        assert np.array_equal(getattr(again, name), getattr(model, name)), name
    assert judged(again, ITEMS[0]) == judged(model, ITEMS[0])
    again.save(folders[1])
    assert (folders[0] / MODEL_FILE).read_bytes() == (folders[1] / MODEL_FILE).read_bytes()


def test_the_shipped_file_is_what_its_own_content_is_saved_as(tmp_path: Path, shipped: TopicModel) -> None:
    shipped.save(tmp_path)
    assert (tmp_path / MODEL_FILE).read_bytes() == (SHIPPED / MODEL_FILE).read_bytes()
    remade = make(
        shipped.topics, list(shipped.vocabulary), shipped.idf, shipped.weights, shipped.bias, shipped.thresholds,
        shipped.title_only, shipped.no_home,
    )  # fmt: skip
    assert remade.version == shipped.version
    assert (SHIPPED / MODEL_FILE).stat().st_size < 10_000_000


def test_every_part_of_a_model_shows_in_its_version() -> None:
    one = hand_made()
    terms = list(one.vocabulary)
    parts = (one.topics, terms, one.idf, one.weights, one.bias, one.thresholds, one.title_only, one.no_home)
    versions = {make(*parts).version}
    for index in range(2, 8):
        changed = list(parts)
        changed[index] = parts[index] + 1e-9  # type: ignore[operator]  # the last four are arrays
        versions.add(make(*changed).version)  # type: ignore[arg-type]
    versions.add(make(TOPICS[::-1], *parts[1:]).version)
    versions.add(make(TOPICS, [*terms[:-1], "khác"], *parts[2:]).version)
    assert len(versions) == 9
    assert make(*parts).version == one.version


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04", b"PK\x05\x06" + b"\0" * 18])
def test_a_file_that_is_no_model_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MODEL_FILE).write_bytes(content)
    with pytest.raises(ModelError, match=MODEL_FILE):
        load(tmp_path)


def test_a_missing_model_is_refused_and_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make train"):
        load(tmp_path)


@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.999])
def test_a_model_cut_off_is_refused(tmp_path: Path, part: float) -> None:
    hand_made().save(tmp_path)
    content = (tmp_path / MODEL_FILE).read_bytes()
    (tmp_path / MODEL_FILE).write_bytes(content[: int(len(content) * part)])
    with pytest.raises(ModelError, match=MODEL_FILE):
        load(tmp_path)


def _packed(tmp_path: Path) -> bytes:
    hand_made().save(tmp_path)
    return (tmp_path / MODEL_FILE).read_bytes()


def test_a_model_with_any_byte_changed_is_refused_or_is_the_same_model(tmp_path: Path) -> None:
    content, whole = _packed(tmp_path), hand_made()
    escaped: Counter[str] = Counter()
    for index in range(len(content)):
        changed = bytearray(content)
        changed[index] ^= 0xFF
        (tmp_path / MODEL_FILE).write_bytes(changed)
        try:
            found = load(tmp_path)
        except ModelError:
            continue
        except Exception as error:
            escaped[type(error).__name__] += 1
            continue
        assert (found.version, found.vocabulary) == (whole.version, whole.vocabulary)
        assert np.array_equal(found.weights, whole.weights)
    assert not escaped


def test_a_model_of_a_later_format_is_refused_with_both_formats_named(tmp_path: Path) -> None:
    (tmp_path / MODEL_FILE).write_bytes(skops.io.dumps({"format": 3}))
    with pytest.raises(ModelError, match=r"\b3\b.*\b2\b"):
        load(tmp_path)


@pytest.mark.parametrize("content", [["a list"], "text", {"format": 2, "run": Counter()}], ids=["list", "text", "type"])
def test_a_model_that_holds_something_else_is_refused(tmp_path: Path, content: object) -> None:
    (tmp_path / MODEL_FILE).write_bytes(skops.io.dumps(content))
    with pytest.raises(ModelError):
        load(tmp_path)


def test_a_model_that_would_run_code_is_not_loaded(tmp_path: Path) -> None:
    """Whatever the exception, nothing named in the file is imported and called."""
    out = io.BytesIO()
    loader = '"__class__": "system", "__module__": "os", "__loader__": "FunctionNode", "__id__": 1'
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(
            "schema.json", f'{{{loader}, "content": "touch {tmp_path}/ran", "protocol": 1, "_skops_version": "0"}}'
        )
    (tmp_path / MODEL_FILE).write_bytes(out.getvalue())
    with pytest.raises((ModelError, TypeError)):
        load(tmp_path)
    assert not (tmp_path / "ran").exists()
