"""Marks of origin: who is named as the source of a text, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.origin import origin_marks, without_marks

BODY = "Cầu mới bắc qua sông Mẫu đã thông xe.\n"


@pytest.mark.parametrize(
    ("end", "mark", "name"),
    [
        ("Theo TTXVN", "Theo TTXVN", "TTXVN"),
        ("Người dân vui. (Theo VietnamPlus)", "(Theo VietnamPlus)", "TTXVN"),
        ("(TTXVN/Vietnam+)", "(TTXVN/Vietnam+)", "TTXVN"),
        ("Người dân vui./. Văn Mẫu (TTXVN)", "(TTXVN)", "TTXVN"),
        ("Người dân vui. TTXVN/Tin Tức", "TTXVN/Tin Tức", "TTXVN"),
        ("People are happy. — VNS", "— VNS", "TTXVN"),
        ("Theo báo Dân trí", "Theo báo Dân trí", "Dân trí"),
        ("Theo Văn Mẫu/VnExpress", "Theo Văn Mẫu/VnExpress", "VnExpress"),
        ("(Theo Reuters, AFP)", "(Theo Reuters, AFP)", "Reuters"),
        ("Nguồn: Tuổi Trẻ", "Nguồn: Tuổi Trẻ", "Tuổi Trẻ"),
        ("Dẫn nguồn: Nhân Dân.", "Dẫn nguồn: Nhân Dân", "Nhân Dân"),
        ("Nguồn: Tạp chí Mẫu", "Nguồn: Tạp chí Mẫu", ""),
        ("Theo báo Làng Mẫu", "Theo báo Làng Mẫu", ""),
        ("Văn Mẫu (tổng hợp)", "(tổng hợp)", "tổng hợp"),
        ("Tổng hợp", "Tổng hợp", "tổng hợp"),
        ("Văn Mẫu (tổng hợp từ TTXVN, AFP)", "(tổng hợp từ TTXVN, AFP)", "TTXVN"),
    ],
)
def test_a_credit_at_the_end_names_the_origin(end: str, mark: str, name: str) -> None:
    text = BODY + end

    (found,) = origin_marks(text)

    assert (found.kind, found.name, text[found.start : found.end].strip()) == ("credit", name, mark)


@pytest.mark.parametrize(
    ("text", "mark", "name"),
    [
        ("QTO - Chiều nay, cầu thông xe.", "QTO -", "Quảng Trị Online"),
        ("(Dân trí) - Cầu thông xe.", "(Dân trí) -", "Dân trí"),
        ("(PLO)- Cầu thông xe.", "(PLO)-", "Pháp luật TP.HCM"),
        ("TPO - Cầu thông xe.", "TPO -", "Tiền Phong"),
        ("VHO – Cầu thông xe.", "VHO –", "Văn Hóa"),
        ("(LLCT) - Cầu thông xe.", "(LLCT) -", "Lý luận chính trị"),
        ("Hà Mẫu (TTXVN) - Cầu thông xe.", "Hà Mẫu (TTXVN) -", "TTXVN"),
    ],
)
def test_a_dateline_names_whose_text_it_is(text: str, mark: str, name: str) -> None:
    (found,) = origin_marks(f"{text}\n{BODY}{BODY}{BODY}")

    assert (found.kind, found.name, text[found.start : found.end]) == ("dateline", name, mark)


@pytest.mark.parametrize(
    "end",
    [
        "Cầu mới. (Ảnh: TTXVN)",
        "Cầu mới. Ảnh: Reuters",
        "Nguồn ảnh: Báo QĐND",
        "Video: VTV",
        "Theo ông Mẫu, cầu dài 300 m.",
        "Theo TTXVN, cầu dài 300 m.",
        "Theo Trần Văn Mẫu",  # may be a person
        "Nguồn nước ở làng Mẫu đã cạn.",
        "Ông là phóng viên (phóng viên TTXVN tại Lào).",
        "Theo Thể thao văn hóa",  # a paper, and not the one whose name it ends with
        "",
    ],
)
def test_pictures_statements_and_persons_are_no_origin(end: str) -> None:
    assert origin_marks(BODY + end) == []


def test_a_credit_in_the_middle_of_a_text_is_of_something_else() -> None:
    assert origin_marks("Ông Mẫu nói.\n(TTXVN/Vietnam+)\n" + BODY * 3) == []


def test_a_text_can_have_a_dateline_and_a_credit() -> None:
    marks = origin_marks(f"(Dân trí) - {BODY}Theo TTXVN")

    assert [(mark.kind, mark.name) for mark in marks] == [("dateline", "Dân trí"), ("credit", "TTXVN")]


@given(
    st.one_of(
        st.text(max_size=100),
        st.lists(st.sampled_from(["Theo ", "TTXVN", "(", ")", "\n", "Nguồn: ", "a ", ".", "/", "— "])).map("".join),
    )
)
@settings(max_examples=300, deadline=None)
def test_marks_of_any_text_are_places_in_it(text: str) -> None:
    for mark in origin_marks(text):
        assert 0 <= mark.start < mark.end <= len(text)


def test_a_short_text_whose_first_line_begins_with_an_outlet_loses_no_more_than_that() -> None:
    text = "TTO - Hội nghị về quyền trẻ em họp ở Quảng Trị sáng nay.\nChủ tịch tỉnh đến dự."
    assert without_marks(text) == "Hội nghị về quyền trẻ em họp ở Quảng Trị sáng nay.\nChủ tịch tỉnh đến dự."
    assert without_marks("TTO - Một câu.") == "Một câu."
    assert without_marks("Một câu.\nTheo TTXVN") == "Một câu."
    assert without_marks("Một câu.") == "Một câu."
