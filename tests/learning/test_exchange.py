from __future__ import annotations

import csv
import io
import json
from datetime import UTC, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.learning.exchange import Format, Sheet, answers, read, sheets, write
from pipeline.learning.labels import LabelError
from pipeline.records import TOPICS, Drawn, LabelItem, Language
from pipeline.text.normalise import nfc
from tests.learning.answers import T0, item, label, labels

VIETNAMESE = LabelItem("a1", "Tàu cá về bến; cả làng ra đón", 'Ông nói: "Được mùa",\nrồi cười.\n\nHết.', "vi")
ANSWERED = Sheet(VIETNAMESE, dict(zip(TOPICS, (False, True, False), strict=True)), "an", T0, "2", "blind")
HEAD = ";".join(("id", "title", "text", *TOPICS))

_TEXT = st.text(max_size=20).map(nfc) | st.sampled_from(
    ["=1+1", "'=1+1", "''@x", "'", "-5 độ", "+84", "\tthụt", "\r\n", "x\ry", "'Đẹp'", "a;b,c", '"', "\ufeff"]
)  # fmt: skip
_MOMENT = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=7))])).filter(
    lambda moment: 1 < moment.year < 9999
)
_ITEM = st.builds(LabelItem, _TEXT.filter(str.strip), _TEXT, _TEXT, st.sampled_from(get_args(Language)))
_ANSWERS = st.dictionaries(st.sampled_from(TOPICS), st.booleans())
_ALL_ANSWERS = st.fixed_dictionaries({topic: st.booleans() for topic in TOPICS})
_WHO = _TEXT.map(str.strip)
_DRAWN = st.sampled_from(get_args(Drawn))


@settings(deadline=None)
@given(st.lists(st.builds(Sheet, _ITEM, _ANSWERS, _WHO, st.none() | _MOMENT, _TEXT, _DRAWN), max_size=4))
@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_what_is_written_is_read_again(kind: Format, given_sheets: list[Sheet]) -> None:
    assert read(write(given_sheets, kind), kind, "nhãn") == given_sheets


@settings(deadline=None)
@given(st.lists(st.builds(Sheet, _ITEM, _ALL_ANSWERS, _WHO, st.none() | _MOMENT, st.just(""), _DRAWN), max_size=4))
def test_what_is_written_for_label_studio_is_read_again(given_sheets: list[Sheet]) -> None:
    """But for the version of the guide, which Label Studio has no place for."""
    assert read(write(given_sheets, "studio"), "studio", "nhãn") == given_sheets


@pytest.mark.parametrize("kind", get_args(Format))
def test_a_text_longer_than_a_csv_cell_usually_may_be_comes_back_whole(kind: Format) -> None:
    long = Sheet(LabelItem("x", "Nghị định", "chữ " * 50_000, "vi"), ANSWERED.answers)
    assert read(write([long], kind), kind, "nhãn") == [long]


@settings(deadline=None)
@given(st.binary(max_size=60) | _TEXT.map(lambda text: f"{HEAD}\n{text}".encode()), st.sampled_from(get_args(Format)))
def test_whatever_stands_in_a_file_it_is_sheets_or_a_named_error(content: bytes, kind: Format) -> None:
    try:
        read(content, kind, "nhãn.tệp")
    except LabelError as error:
        assert str(error).startswith("nhãn.tệp:")


# CSV


def test_a_spreadsheet_sees_utf8_semicolons_and_vietnamese_as_written() -> None:
    content = write([ANSWERED], "csv")
    assert content.startswith(b"\xef\xbb\xbfid;title;text;lang;")
    (row,) = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert (row["title"], row["text"]) == (VIETNAMESE.title, VIETNAMESE.text)
    assert [row[topic] for topic in TOPICS] == ["0", "1", "0"]
    assert (row["who"], row["at"], row["drawn"]) == ("an", "2026-11-20T01:00:00+00:00", "blind")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "'=", "''-"])
def test_no_cell_is_a_formula_to_a_spreadsheet(start: str) -> None:
    danger = f"{start}HYPERLINK(1)"
    content = write([Sheet(LabelItem(danger, danger, danger, "vi"), {}, danger, None, danger)], "csv")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[1].count(f"'{danger}") == 5
    # Only a CSV needs that: in JSON a text is as it is.
    assert b"'" not in write([Sheet(LabelItem("x", "=1", "@x", "vi"), {})], "jsonl")


@pytest.mark.parametrize("comma", [";", ","])
@pytest.mark.parametrize("start", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_semicolons_and_commas_marks_at_the_start_and_either_line_end_are_read(
    comma: str, start: str, end: str
) -> None:
    rows = [HEAD.split(";"), ["a1", "Tàu cá", '"Bến; cảng, chợ"', "1", "0", ""], ["a2", "Lúa", "", "", "", ""]]
    content = start + "".join(comma.join(row) + end for row in rows)
    one, two = read(content.encode(), "csv", "nhãn.csv")
    assert (one.item.title, one.item.text) == ("Tàu cá", "Bến; cảng, chợ")
    assert one.answers == {TOPICS[0]: True, TOPICS[1]: False}
    assert (two.item.id, two.answers) == ("a2", {})


@pytest.mark.parametrize(
    ("written", "answer"),
    [
        *((word, True) for word in ("1", "x", "X", "có", "CÓ", "co\u0301", " yes ", "TRUE")),
        *((word, False) for word in ("0", "không", "Không", "kho\u0302ng", "no", "FALSE")),
        *((word, None) for word in ("", "  ")),
    ],
)
def test_answers_are_read_as_people_write_them(written: str, answer: bool | None) -> None:
    (sheet,) = read(f"{HEAD}\na1;Tin;;{written};;\n".encode(), "csv", "nhãn.csv")
    assert sheet.answers.get(TOPICS[0]) is answer


def test_empty_rows_of_a_spreadsheet_are_nothing() -> None:
    content = f"{HEAD}\n\n;;;;;\na1;Tin;;1;;\n;;;;;\n\n"
    assert [sheet.item.id for sheet in read(content.encode(), "csv", "nhãn.csv")] == ["a1"]


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        ("", 1, "id"),
        ("id;title\n", 1, "human_rights, provincial_reputation, sovereignty"),
        (f"{HEAD}\na1;Tin;;1;0;0\n;Tin;;1;0;0\n", 3, "id"),
        (f"{HEAD}\na1;Tin;;1;0;0\na2;Tin;;có lẽ;0;0\n", 3, "có lẽ"),
        (f'{HEAD}\n\na1;"Hai\ndòng";;1;0;0\n\na2;Tin;;2;0;0\n', 6, "“2”"),
        (f"{HEAD}\na1;Tin;Bến; cảng;1;0;0\n", 2, "nhiều ô hơn số cột"),
        (f'{HEAD}\na1;"Tin;;1;0;0\na2;Tin;;1;0;0\n', 2, "không đóng"),
        (f"{HEAD};lang\na1;Tin;;1;0;0;xx\n", 2, "vi, en, zh, lo, other"),
        (f"{HEAD};drawn\na1;Tin;;1;0;0;lot\n", 2, "drawn “lot”"),
        (f"{HEAD};at\na1;Tin;;1;0;0;2026-11-20 08:00\n", 2, "2026-11-20T08:00+07:00"),
        (f"{HEAD};at\na1;Tin;;1;0;0;hôm qua\n", 2, "hôm qua"),
        (f"{HEAD};at\na1;Tin;;1;0;0;0001-01-01T00:00+07:00\n", 2, "0001-01-01"),
    ],
)
def test_a_mistake_in_a_csv_is_named_by_file_and_line(content: str, line: int, said: str) -> None:
    with pytest.raises(LabelError) as refused:
        read(content.encode(), "csv", "nhãn.csv")
    assert str(refused.value).startswith(f"nhãn.csv:{line}: ")
    assert said in str(refused.value)


@pytest.mark.parametrize("kind", get_args(Format))
def test_a_file_that_is_not_utf8_is_named_with_its_line_and_what_to_do(kind: Format) -> None:
    with pytest.raises(LabelError, match=r"nhãn\.tệp:3: .*CSV UTF-8"):
        read(f"{HEAD}\na1;Tin;;1;0;0\n".encode() + "a2;Tàu cá".encode("cp1258"), kind, "nhãn.tệp")


# JSON lines


_NO_IDS: list[object] = ["", " ", None, [], 1.5]
_NO_ANSWERS: list[object] = [2, "maybe", [], 0.5]


def _line(**changed: object) -> str:
    return json.dumps({"id": "a1", "title": "Tàu cá", "text": "", **dict.fromkeys(TOPICS, 0), **changed})


def test_a_seed_line_is_read_and_what_it_does_not_say_is_found_out_or_left_open() -> None:
    (sheet,) = read(f"{_line(home=['Quảng Trị'], sovereignty=1, human_rights=None)}\n\n".encode(), "jsonl", "nhãn")
    assert sheet == Sheet(LabelItem("a1", "Tàu cá", "", "vi"), {TOPICS[0]: True, TOPICS[2]: False})
    (english,) = read(_line(title="The fishermen are back in the harbour").encode(), "jsonl", "nhãn")
    assert english.item.lang == "en"
    (numbered,) = read(_line(id=0).encode(), "jsonl", "nhãn")
    assert numbered.item.id == "0"


def test_decomposed_letters_are_read_as_composed_ones() -> None:
    (sheet,) = read(_line(title="Qua\u0309ng", text="bie\u0302\u0309n", who="bi\u0300nh").encode(), "jsonl", "nhãn")
    assert (sheet.item.title, sheet.item.text, sheet.who) == ("Quảng", "biển", "bình")


@pytest.mark.parametrize(
    "bad",
    [
        "không phải JSON", '{"id": ', "[]", '"text"', "3", "[" * 100_000, "{}",
        *(_line(id=value) for value in _NO_IDS),
        *(_line(sovereignty=value) for value in _NO_ANSWERS),
        _line(title=5), _line(title=["Tin"]), _line(title="\ud800"),
        _line(who=7), _line(lang="tiếng Việt"), _line(at="2026-11-20"),
    ],
    ids=lambda bad: bad[:60],
)  # fmt: skip
def test_a_line_that_cannot_be_used_is_named_by_file_and_line(bad: str) -> None:
    with pytest.raises(LabelError) as refused:
        read(f"{_line()}\n\n{bad}\n{_line()}\n".encode(), "jsonl", "nhãn.jsonl")
    assert str(refused.value).startswith("nhãn.jsonl:3: ")
    assert all(topic in str(refused.value) for topic in TOPICS)


# Label Studio


def _choices(*topics: str, name: str = "topics") -> dict[str, Any]:
    return {"from_name": name, "to_name": "text", "type": "choices", "value": {"choices": list(topics)}}


def _read_task(*annotations: object, **data: object) -> list[Sheet]:
    task = {"id": 7, "data": {"id": "a1", "title": "Tàu cá", "text": "", **data}, "annotations": list(annotations)}
    return read(json.dumps([task]).encode(), "studio", "nhãn.json")


def test_an_annotation_without_choices_says_no_three_times() -> None:
    for result in ([], [_choices()]):
        (sheet,) = _read_task({"result": result})
        assert sheet.answers == dict.fromkeys(TOPICS, False)


def test_annotations_that_were_skipped_and_tasks_without_one_are_no_answers() -> None:
    assert _read_task() == []
    assert _read_task({"result": [], "was_cancelled": True}) == []
    (sheet,) = _read_task({"result": [], "was_cancelled": True}, {"result": [_choices(TOPICS[1])], "completed_by": 3})
    assert (sheet.who, sheet.answers[TOPICS[1]]) == ("3", True)
    assert read(b'[{"data": {"id": "a1"}}]', "studio", "nhãn.json") == []


def test_each_annotation_is_one_persons_answers_and_other_questions_are_nobodys_business() -> None:
    one, two = _read_task(
        {"result": [_choices(TOPICS[0], TOPICS[2])], "completed_by": {"id": 1, "email": "an@so.vn"}},
        {"result": [_choices("khó", name="mood")], "completed_by": {"id": 2}},
    )
    assert (one.who, list(one.answers.values())) == ("an@so.vn", [True, False, True])
    assert (two.who, list(two.answers.values())) == ("2", [False, False, False])


def test_an_annotation_was_answered_when_it_was_last_changed() -> None:
    made = {"result": [], "created_at": "2026-11-20T01:00:00.000000Z"}
    (before,), (after,) = _read_task(made), _read_task({**made, "updated_at": "2026-11-20T02:00:00.000000Z"})
    assert (before.at, after.at) == (T0, T0 + timedelta(hours=1))


def test_who_answered_in_part_does_not_come_out_of_label_studio_with_three_answers() -> None:
    (task,) = json.loads(write([Sheet(VIETNAMESE, {TOPICS[0]: True}, "an", T0)], "studio"))
    assert "annotations" not in task
    assert task["data"]["text"] == VIETNAMESE.text


@pytest.mark.parametrize(
    ("content", "number"),
    [
        ("{}", 1),
        ("[", 1),
        ("[7]", 1),
        ('[{"data": {"id": "a1"}}, {"data": {}, "annotations": [{"result": []}]}]', 2),
        ('[{"data": {"id": "a1"}}, {"annotations": []}]', 2),
        ('[{"data": {"id": "a1"}}, {"data": {"id": "a2"}, "annotations": [7]}]', 2),
        ('[{"data": {"id": "a1"}}, {"data": {"id": "a2"}, "annotations": [{}]}]', 2),
        (json.dumps([{"data": {"id": "a1"}, "annotations": [{"result": [_choices("sport")]}]}]), 1),
    ],
)
def test_a_task_that_cannot_be_used_is_named_by_file_and_number(content: str, number: int) -> None:
    with pytest.raises(LabelError, match=rf"^nhãn\.json:{number}: "):
        read(content.encode(), "studio", "nhãn.json")


# Between the store and a file


def test_a_sheet_holds_the_latest_answers_of_one_person_about_one_item() -> None:
    said = [
        *labels("x", "100", "an"),
        *labels("x", "011", "bình"),
        *labels("x", "0..", "an", hour=2),
        *labels("y", "1.."),
    ]
    said.append(label("gone", True))
    made = {(sheet.item.id, sheet.who): sheet for sheet in sheets({"x": item("x"), "y": item("y")}, said)}
    assert set(made) == {("x", "an"), ("x", "bình"), ("y", "an")}
    assert list(made["x", "an"].answers.values()) == [False, False, False]
    assert made["x", "an"].at == T0 + timedelta(hours=2)
    assert made["y", "an"].answers == {TOPICS[0]: True}  # what was not answered is not a no


def test_answers_that_went_out_and_come_in_again_are_the_same_answers() -> None:
    said = [*labels("x", "101", "an"), *labels("y", "0.1", "bình", hour=1)]
    for kind in ("jsonl", "csv"):
        content = write(sheets({"x": item("x"), "y": item("y")}, said), kind)
        again = answers(read(content, kind, "nhãn"), "chi", T0 + timedelta(days=9), "9")
        assert {one.id for one in again} == {one.id for one in said}
        assert {(one.who, one.guide, one.drawn) for one in again} == {(who, "1", "uncertain") for who in ("an", "bình")}


def test_who_when_and_guide_are_as_given_where_a_file_does_not_say() -> None:
    (one,) = answers(read(f"{HEAD}\na1;Tin;;;1;\n".encode(), "csv", "nhãn.csv"), "chi", T0, "9")
    assert (one.topic, one.value, one.who, one.at, one.guide, one.drawn) == (TOPICS[1], True, "chi", T0, "9", "import")
