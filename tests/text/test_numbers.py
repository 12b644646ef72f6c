"""Amounts: dot and comma as the language has them, scales, units, and what only looks like an amount."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Language
from pipeline.text.numbers import numbers


@pytest.mark.parametrize(
    ("text", "lang", "expected"),
    [
        ("1.845.335 người", "vi", [("1.845.335 người", 1845335, "người")]),
        ("rộng 12.699km2, dài", "vi", [("12.699km2", 12699, "km2")]),
        ("rộng 12,5 km² (xã Mẫu)", "vi", [("12,5 km²", "12.5", "km²")]),
        ("tăng 4,6% so với", "vi", [("4,6%", "4.6", "%")]),
        ("tăng 4,6 phần trăm", "vi", [("4,6 phần trăm", "4.6", "%")]),
        ("vốn 1,2 nghìn tỷ đồng.", "vi", [("1,2 nghìn tỷ đồng", 1_200_000_000_000, "đồng")]),
        ("hơn 3 tỉ đồng, 20 ngàn hộ", "vi", [("3 tỉ đồng", 3_000_000_000, "đồng"), ("20 ngàn hộ", 20_000, "hộ")]),
        ("1 tỷ 200 triệu đồng", "vi", [("1 tỷ 200 triệu đồng", 1_200_000_000, "đồng")]),
        (
            "12,5 - 17,5 triệu đồng",
            "vi",
            [("12,5", 12_500_000, "đồng"), ("17,5 triệu đồng", 17_500_000, "đồng")],
        ),
        ("từ 5 đến 7 triệu", "vi", [("5", 5_000_000, ""), ("7 triệu", 7_000_000, "")]),
        ("1.5 triệu USD, 0.5%", "vi", [("1.5 triệu USD", 1_500_000, "USD"), ("0.5%", "0.5", "%")]),
        ("lạnh -5 độ, 30°C", "vi", [("-5 độ", -5, "độ"), ("30°C", 30, "°C")]),
        ("1.234.567,89 đồng/tháng", "vi", [("1.234.567,89 đồng", "1234567.89", "đồng")]),
        ("năm 2025 có 30.000 lượt", "vi", [("30.000 lượt", 30_000, "lượt")]),
        ("1,845,335 people", "en", [("1,845,335 people", 1845335, "people")]),
        ("12.7 km", "en", [("12.7 km", "12.7", "km")]),
        ("up 4.6 per cent", "en", [("4.6 per cent", "4.6", "%")]),
        ("cost $2.5 billion", "en", [("$2.5 billion", 2_500_000_000, "$")]),
        ("raised VNĐ141 billion in 2025", "en", [("VNĐ141 billion", 141_000_000_000, "VNĐ")]),
        ("1.250 tonnes", "en", [("1.250 tonnes", "1.250", "tonnes")]),
        ("1,5 triệu", "en", []),  # no English number, and none is made of its parts
    ],
)
def test_amounts_are_read_as_their_language_writes_them(
    text: str, lang: Language, expected: list[tuple[str, int | str, str]]
) -> None:
    found = [(text[number.start : number.end], number.value, number.unit) for number in numbers(text, lang)]

    assert found == [(quoted, Decimal(value), unit) for quoted, value, unit in expected]


@pytest.mark.parametrize(
    "text",
    [
        "ngày 5.1.2026",
        "sáng 10/12/2025",
        "14:42",
        "lúc 7h30",
        "07-01-2026",
        "ngày 5 tháng 1 năm 2026",
        "QL9 và Covid-19",
        "mạng 5G, tivi 4K, U23",
        "Nghị định 237/2025/NĐ-CP",
        "điện thoại 024.3939.2026",
        "1234567890123456",
        "",
    ],
)
def test_dates_times_document_numbers_and_names_are_no_amounts(text: str) -> None:
    assert numbers(text, "vi") == []


@given(st.integers(0, 10**12), st.integers(0, 999), st.sampled_from(["vi", "en"]))
@settings(max_examples=200, deadline=None)
def test_every_amount_written_with_its_separators_is_read_back(whole: int, thousandths: int, lang: Language) -> None:
    english = f"{whole:,}.{thousandths:03}"
    text = f"có {english.translate(str.maketrans(',.', '.,')) if lang == 'vi' else english} kg"

    (number,) = numbers(text, lang)

    assert number.value == whole + Decimal(thousandths) / 1000
    assert (number.unit, text[number.start : number.end]) == ("kg", text[3:])


@given(
    st.one_of(st.text(max_size=60), st.text(st.sampled_from("0123456789.,-–:/% triệutỷkm²$đến"), max_size=60)),
    st.sampled_from(["vi", "en", "zh"]),
)
@settings(max_examples=400, deadline=None)
def test_amounts_of_any_text_stand_in_order_and_hold_a_digit(text: str, lang: Language) -> None:
    edge = 0
    for number in numbers(text, lang):
        assert edge <= number.start < number.end <= len(text)
        assert any(char.isdigit() for char in text[number.start : number.end])
        edge = number.end
