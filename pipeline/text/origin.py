"""Syndication marks: what a text itself says about where it comes from ('(TTXVN/Vietnam+)', 'Theo Dân trí', 'QTO -').

Thirty reprints of one agency story are one origin; the marks tell them apart from thirty reports. Only agencies and papers are
read out of them, never a reporter's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# Name -> other spellings, as they stand in marks. An agency's own papers count as the agency.
_NAMES = {
    "TTXVN": "Thông tấn xã Việt Nam|VNA|VNS|Viet Nam News|Vietnam News|VietnamPlus|Vietnam+|Tin Tức",
    "VnExpress": "VNE|vnexpress.net",
    "Dân trí": "dantri.com.vn",
    "Tuổi Trẻ": "TTO|Tuổi Trẻ Online",
    "Thanh Niên": "TNO|Thanh Niên Online",
    "Tiền Phong": "TPO",
    "Pháp luật TP.HCM": "PLO|Pháp luật TPHCM|Pháp luật thành phố Hồ Chí Minh",
    "Sài Gòn Giải Phóng": "SGGP|SGGPO",
    "Người Lao Động": "NLĐ|NLĐO|NLD",
    "Lao Động": "LĐO",
    "Nhân Dân": "NDĐT",
    "Quân đội nhân dân": "QĐND|QĐND Online",
    "Công an nhân dân": "CAND|ANTV",
    "Quảng Trị Online": "QTO|Báo Quảng Trị",
    "Văn Hóa": "VHO|Văn hóa Online",
    "Báo Chính phủ": "VGP|Báo điện tử Chính phủ|baochinhphu.vn",
    "Lý luận chính trị": "LLCT",
    "VOV": "VOV.VN|VOV News",
    "VTV": "VTV.vn|VTV News",
    "VTC": "VTC News",
    "VietNamNet": "Vietnamnet.vn",
    "Zing": "Zing News|Znews|Zing.vn",
    "Giáo dục và Thời đại": "GD&TĐ|Giáo dục & Thời đại",
    "Bảo vệ pháp luật": "BVPL",
    "Reuters": "",
    "AFP": "",
    "AP": "Associated Press",
    "BBC": "BBC News",
    "RFA": "Radio Free Asia|Đài Á Châu Tự Do",
    "VOA": "Voice of America",
    "RFI": "Radio France Internationale",
    "NHK": "",
    "ABC": "ABC News",
    "CNA": "Channel News Asia|CNA.asia",
    "KBS": "",
    "CNBC": "",
    "NBC": "NBC News",
    "CBS": "CBS News",
    "DPA": "",
    "EFE": "",
    "SCMP": "South China Morning Post",
    "UCA News": "UCAN",
    "CNN": "",
    "Tân Hoa Xã": "Xinhua|THX",
    "Yonhap": "",
    "Kyodo": "Kyodo News",
    "Sputnik": "Sputnik News",
    "TASS": "ITAR-TASS",
    "Bloomberg": "",
}
_BY_SPELLING = {
    spelling.casefold(): name
    for name, others in _NAMES.items()
    for spelling in [name, *filter(None, others.split("|"))]
}
# Spellings that are one word and name nothing else: 'TTXVN', 'VTV.vn', 'VnExpress'; also as a segmenter joins them: 'BBC_News'.
ONE_WORD = frozenset(
    spelling.replace(" ", "_")
    for spelling in _BY_SPELLING
    if spelling.isascii() or " " not in spelling
    if len(spelling) > 2
) - {"zing", "tass"}
_ANY = "|".join(re.escape(spelling) for spelling in sorted(_BY_SPELLING, key=len, reverse=True))
_KNOWN = re.compile(rf"(?<![\w.])({_ANY})(?!\w)", re.I)
_HEAD = 80  # characters of a text in which its dateline stands
_TAIL = 120  # characters of a line's end in which a credit stands
_LINES = 3  # last lines looked at
# As in QTO - …, (Dân trí) - …, Hà Nội (TTXVN) - …
_DATELINE = re.compile(rf"\s*(?:(?:[^()\n–—-]{{2,40}}\s)?\((?P<a>{_ANY})\)|(?P<b>{_ANY}))\s*[–—-]", re.I)
# 'Theo TTXVN', '(Theo báo …)', '(TTXVN/Vietnam+)', 'Nguồn: …', '— VNS', 'Tổng hợp'; at the end of a line
_CREDIT = re.compile(
    r"(?P<mark>(?:(?:\(\s*|(?<!\w))"
    r"(?P<word>theo báo|theo|(?:dẫn )?nguồn(?: tin)?\s*:|tổng hợp(?: từ| theo)?|source\s*:)(?!\w)"
    r"|[(—–-]|(?<=[.!?…/”\"]\s)|^)\s*(?:báo\s+)?(?P<who>(?:[^\n()\[\]“”\"!?….]|\.(?=\w)){0,60})\)?)[\s./]*$",
    re.I,
)
_PICTURE = re.compile(r"(?<!\w)(?:ảnh|hình|photo|video|clip|đồ họa|đồ hoạ)(?!\w)", re.I)
_COMPILED = "tổng hợp"


@dataclass(frozen=True, slots=True)
class OriginMark:
    """One mark of origin in a text."""

    kind: Literal["dateline", "credit"]  # before the text, or after it
    name: str  # of the agency or paper, in one spelling; 'tổng hợp': several; '': one that is not in the table
    start: int  # offsets of the mark in the text
    end: int


def origin_marks(text: str) -> list[OriginMark]:
    """The marks of a text (NFC): its dateline and the credits of its last three lines. Credits of pictures are none."""
    marks: list[OriginMark] = []
    if head := _DATELINE.match(text[:_HEAD]):
        known = head["a"] or head["b"]
        marks.append(OriginMark("dateline", _BY_SPELLING[known.casefold()], head.start(), head.end()))
    for start, end in _last_lines(text):
        begin = max(start, end - _TAIL)
        for credit in _CREDIT.finditer(text[begin:end]):
            if marks and begin + credit.start() < marks[0].end:
                continue  # the dateline of a text of one line
            picture = _PICTURE.search(text[begin:end], max(0, credit.start() - 12), credit.end())
            if not picture and (name := _credited(credit)) is not None:
                marks.append(OriginMark("credit", name, begin + credit.start(), begin + credit.end("mark")))
    return marks


def without_marks(text: str) -> str:
    """The text without its marks of origin: what is judged must not tell who published it."""
    for mark in reversed(origin_marks(text)):
        text = text[: mark.start] + text[mark.end :]
    return text.strip()


def _credited(credit: re.Match[str]) -> str | None:
    """The name in a credit; None where it is no credit."""
    word, who = (credit["word"] or "").lower(), credit["who"].strip(" /-")
    # '(TTXVN)' and 'Theo …/VnExpress', not '(phóng viên TTXVN tại Lào)' nor the end of another paper's name.
    if (known := _KNOWN.search(who)) and (known.start() == 0 or who[: known.start()].rstrip()[-1] in "/,"):
        more = who[known.end() :].lstrip(" /,&+-–")
        return None if more[:1].islower() else _BY_SPELLING[known[1].casefold()]  # 'Theo TTXVN, cầu dài 300 m'
    if word.startswith(_COMPILED):
        return _COMPILED
    # After a bare 'Theo' an unknown name may be a person's; and unknown names are not handed on, they may hold one.
    return "" if word not in ("", "theo") and who[:1].isupper() else None


def _last_lines(text: str) -> list[tuple[int, int]]:
    lines: list[tuple[int, int]] = []
    end = len(text)
    while end > 0 and len(lines) < _LINES:
        start = text.rfind("\n", 0, end) + 1
        if not text[start:end].isspace() and start < end:
            lines.append((start, end))
        end = start - 1
    return lines[::-1]
