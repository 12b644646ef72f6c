"""Amounts as the Vietnamese and the English press write them, with their places in the text, so that claims can be compared.

Vietnamese has a decimal comma and dots between thousands ('12.699 km2', '4,6%', '1,2 nghìn tỷ đồng'), English the reverse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.records import Language

_SCALES = {
    "trăm": 10**2, "nghìn": 10**3, "ngàn": 10**3, "vạn": 10**4, "triệu": 10**6, "tỷ": 10**9, "tỉ": 10**9,
    "hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "bn": 10**9, "tn": 10**12,
}  # fmt: skip
_PERCENT = frozenset({"phần trăm", "percent", "per cent"})
# What digits are part of is no amount: dates (5.1.2026, 10/12, 07-01-2026, năm 2026), times (14:42, 7h30), document numbers
# (237/2025/NĐ-CP), names (QL9, Covid-19, 5G), telephone numbers.
_AMOUNT = r"""
    (?<![\w/])(?<!\w[.,:])(?<![^\W\d_]-)(?<!-\d-)(?<!-\d\d-)(?<!-\d{{4}}-)(?!(?<=\d-)\d+-\d)
    (?<!ngày\ )(?<!tháng\ )(?<!năm\ )(?<!\bin\ )
    (?P<sign>(?<!\S)[-−])?
    (?P<money>(?:VN|US)?[$€£₫]|VNĐ|VND|USD)?
    (?P<digits>{digits})
    (?![\d/:]|[.,]\d|-\d+-\d|[GKD]\b|(?:st|nd|rd|th)\b)
    (?:[ \xa0]?(?P<scale>(?:{scales})(?:[ ](?:{scales})){{0,2}})\b)?
    (?:[ \xa0]?(?P<unit>%|‰|°[CF]?|phần[ ]trăm\b|per[ ]?cent\b|(?!(?:đến|tới|và|hoặc|to|and|or)\b)[^\W\d_]+[23²³]?(?!\w)))?
    (?!(?<=\d)\w)
"""
_VIETNAMESE = re.compile(
    _AMOUNT.format(
        # A decimal point is a slip that only a per cent sign or a scale makes plain: 1.5 may be the first of May.
        digits=r"\d{1,3}(?:\.\d{3}){1,5}(?:,\d{1,6})?|\d{1,3}\.\d{1,2}(?=[ ]?%|[ ](?:triệu|tỷ|tỉ)\b)|\d{1,15}(?:,\d{1,6})?",
        scales="trăm|nghìn|ngàn|vạn|triệu|tỷ|tỉ",
    ),
    re.VERBOSE | re.IGNORECASE,
)
_ENGLISH = re.compile(
    _AMOUNT.format(
        digits=r"\d{1,3}(?:,\d{3}){1,5}(?:\.\d{1,6})?|\d{1,15}(?:\.\d{1,6})?",
        scales="hundred|thousand|million|billion|trillion|bn|tn",
    ),
    re.VERBOSE | re.IGNORECASE,
)
_RANGE = re.compile(r"\s*[-–]\s*|\s(?:đến|tới|to)\s")


@dataclass(frozen=True, slots=True)
class Number:
    """One amount in a text."""

    start: int  # offsets of digits, scale and unit in the text
    end: int
    value: Decimal  # with its scale: 1,2 triệu is 1200000
    unit: str  # the sign or word that follows ('%', 'km2', 'người', 'đồng'), or the currency before; '' where none does


def numbers(text: str, lang: Language) -> list[Number]:
    """The amounts of a text (NFC) in figures, in order; `lang` decides what dot and comma mean (any but 'vi': as English).

    '1 tỷ 200 triệu đồng' is one amount; in '12,5 - 17,5 triệu đồng' both have scale and unit.
    """
    found: list[Number] = []
    scales: list[int] = []  # of those found; 1 where none is written
    for match in (_VIETNAMESE if lang == "vi" else _ENGLISH).finditer(text):
        number, scale = _read(match, lang)
        if found and not found[-1].unit:
            before, gap = found[-1], text[found[-1].end : number.start]
            if scales[-1] > scale > 1 and gap == " ":
                found[-1] = replace(number, start=before.start, value=before.value + number.value)
                scales[-1] = scale
                continue
            if scales[-1] == 1 and _RANGE.fullmatch(gap):
                found[-1] = replace(before, value=before.value * scale, unit=number.unit)
        found.append(number)
        scales.append(scale)
    return found


def _read(match: re.Match[str], lang: Language) -> tuple[Number, int]:
    digits = match["digits"]
    if lang != "vi":
        digits = digits.replace(",", "")
    elif re.fullmatch(r"\d+\.\d\d?", digits) is None:
        digits = digits.replace(".", "").replace(",", ".")
    scale = 1
    for word in (match["scale"] or "").lower().split():
        scale *= _SCALES[word]
    value = Decimal(digits) * scale * (-1 if match["sign"] else 1)
    unit = match["money"] or match["unit"] or ""
    end = (
        match.end("scale")
        if match["money"] and match["scale"]
        else match.end("digits")
        if match["money"]
        else match.end()
    )
    return Number(match.start(), end, value, "%" if unit.lower() in _PERCENT else unit), scale
