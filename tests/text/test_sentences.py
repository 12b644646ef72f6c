"""Sentences: where they end, and where a full stop, a question mark or an ellipsis does not end one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.sentences import sentences

WHOLE = [
    "Họp ở TP. HCM về giá lúa.",
    "Đoàn đến TP. Tuy Hòa sáng nay.",
    "Nhà ở Q. Mẫu Thượng, P. Cầu Mới bị ngập.",
    "Công an H. Mẫu Sơn bắt giữ hai người.",
    "Theo PGS.TS. Nguyễn Văn Mẫu, lúa tốt.",
    "ThS. BS. Trần Thị Mẫu khuyên ngủ sớm.",
    "Ông A. B. nói vậy.",
    "Cựu tổng thống George W. Bush đến thăm.",
    "Nhà văn J. K. Rowling ra sách.",
    "Bài của N.T. Lan được giải.",
    "Ảnh: V. Minh.",
    "Trồng 1.250 ha rừng, tăng 4,6% so với 2.5.2025.",
    "Ngày 5.1.2026 cầu thông xe.",
    "Lúa, ngô, v.v. đều tốt.",
    "Xem https://bao.example/tin.html?x=1 để biết.",
    "Ông nói: “Tôi đi. Anh ở lại.” rồi cười.",
    "“Nước lên nhanh quá! Chạy đâu?”, bà kể.",
    '"Được chưa?" chị hỏi.',
    "Rừng, biển... đều đẹp.",
    "Rừng … Đẹp".replace(" … Đ", " … đ"),
    "1. Ra quân trồng rừng.",
    "b. Kết quả năm qua.",
    "IV. Kiến nghị với tỉnh.",
    "The U.S. Army left Khe Sanh.",
    "Mr. Sample met Dr. Example at 7 p.m. in Hue.",
    "Decree No. 20 takes effect.",
    "Gen. Sample flew home.",
    "He asked why? and left.",
    "Phim có trên V.League, K.League và VTV.vn nữa.",
]
SPLIT = [
    ["Mưa lớn.", "Nước lên!"],
    ["Họp ở TP. Mẫu.", "Tan lúc 5h."],
    ["Việc này do UBND TP.", "Theo đó, dân được đền bù."],
    ["Ông A. B. nói vậy.", "Rồi đi."],
    ["Trời nóng 38 độ C.", "Đêm xuống mới mát."],
    ["Đội vào bảng A.", "Hai đội còn lại về nước."],
    ["Công an tìm được chị H.", "Khi đó trời đã tối."],
    ["Trồng 1.250 ha.", "Xong."],
    ["Năm 2025.", "30 hộ thoát nghèo."],
    ["Ông nói: “Được!”", "Bà về."],
    ["“Tôi đi.", "Anh ở lại.”", "Bà về."],
    ["Lúa, ngô, v.v.", "Năm nay được mùa."],
    ["PGS. TS. Mẫu… nghĩ vậy?", "Ừ."],
    ["Ruộng ngập hết…", "Dân phải gặt non."],
    ["The U.S. Army left.", "Mr. Sample stayed."],
    ["He lives in the U.S.", "The others do not."],
    ["1. Trồng rừng.", "2. Giữ rừng."],
    ["Cầu đã xong (xem ảnh).", "(TTXVN)"],
    ["Xem tại bao.example.", "Rất dễ."],
    ["Biết hỏi ai... ?", "Không ai nói."],
    ["Ai đi?", "- Tôi đi.", "- Tôi ở."],
]


@pytest.mark.parametrize("sentence", WHOLE)
def test_a_stop_inside_a_sentence_does_not_end_it(sentence: str) -> None:
    assert [sentence[start:end] for start, end in sentences(sentence)] == [sentence]


@pytest.mark.parametrize("expected", SPLIT)
@pytest.mark.parametrize("between", [" ", "  ", "\u00a0"])
def test_sentences_can_be_cut_out_of_a_text_exactly(expected: list[str], between: str) -> None:
    text = between.join(expected)

    assert [text[start:end] for start, end in sentences(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tiêu đề không chấm\nDòng sau. \n\n  Dòng cuối ", ["Tiêu đề không chấm", "Dòng sau.", "Dòng cuối"]),
        ("Họp ở TP.\nMẫu", ["Họp ở TP.", "Mẫu"]),
        (" \n ", []),
        ("", []),
        ("...", ["..."]),
    ],
)
def test_a_line_break_ends_a_sentence(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nước rút hôm qua.Theo xã Mẫu, lúa hỏng.", ["Nước rút hôm qua.", "Theo xã Mẫu, lúa hỏng."]),
        ("Giá 300 USD.Trong đó thuế 5%.Đây là mức cao.", ["Giá 300 USD.", "Trong đó thuế 5%.", "Đây là mức cao."]),
        ("Bà kể “khổ lắm”.Rồi bà khóc…Cả nhà lặng đi.", ["Bà kể “khổ lắm”.", "Rồi bà khóc…", "Cả nhà lặng đi."]),
        ("Đi TP.Hà Mẫu, gặp ThS.Trần Mẫu, Q.Đông.", ["Đi TP.Hà Mẫu, gặp ThS.Trần Mẫu, Q.Đông."]),
        ("Đội S.Khánh Hòa đá với Node.Js và Booking.Com.", ["Đội S.Khánh Hòa đá với Node.Js và Booking.Com."]),
    ],
)
def test_sentences_whose_white_space_was_lost_are_told_apart_where_it_is_safe(text: str, expected: list[str]) -> None:
    assert [text[start:end] for start, end in sentences(text)] == expected


def check(text: str) -> None:
    spans = sentences(text)
    edges = [0, *(edge for span in spans for edge in span), len(text)]
    assert edges == sorted(edges)
    assert not "".join(text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)).strip()
    for start, end in spans:
        sentence = text[start:end]
        assert sentence == sentence.strip() != ""
        assert "\n" not in sentence


@given(st.one_of(st.text(max_size=60), st.text(st.sampled_from("aĐ .!?…\n”“\"'(),)T1v-TP"), max_size=60)))
@settings(max_examples=500, deadline=None)
def test_sentences_are_in_order_do_not_overlap_and_leave_nothing_out_but_white_space(text: str) -> None:
    check(text)


@given(st.lists(st.sampled_from([*WHOLE, *(sentence for some in SPLIT for sentence in some)]), max_size=8))
@settings(max_examples=200, deadline=None)
def test_a_sentence_on_its_own_is_cut_as_it_was_in_its_text(lines: list[str]) -> None:
    text = "\n".join(lines)
    check(text)

    for start, end in sentences(text):
        assert sentences(text[start:end]) == [(0, end - start)]


def test_the_sentences_of_real_articles_hold_all_of_their_text(press: Path) -> None:
    with (press / "articles.jsonl").open(encoding="utf-8") as lines:
        for _ in range(300):
            check(json.loads(next(lines))["text"])
