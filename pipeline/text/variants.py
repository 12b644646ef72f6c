"""Other ways to write what someone searches for: i for y, and abbreviations for full names. For searching only.

Nothing stored is rewritten with them, and no place is assigned by them: official names have one spelling (Mỹ Thủy).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice, product

from pipeline.text.normalise import nfc, plain_key, syllables, tone_key

MOST = 32  # alternatives of one query; a search engine is asked for each
LONGEST = 500  # characters of a query that is given alternatives; what is longer is a text

# Names of one thing. 'TT' and 'BTV' are two things each; 'QT' (Quảng Trị, quốc tế, quản trị …) is too many and is left out.
# Source: abbreviations of the provincial press, as listed in the project's notes on Vietnamese text.
_SAME = (
    ("BĐBP", "bộ đội biên phòng"),
    ("BTV", "ban thường vụ"),
    ("BTV", "biên tập viên"),
    ("BTVTU", "ban thường vụ tỉnh ủy"),
    ("CAND", "công an nhân dân"),
    ("CTV", "cộng tác viên"),
    ("GPMB", "giải phóng mặt bằng"),
    ("HCM", "Hồ Chí Minh"),
    ("HĐND", "hội đồng nhân dân"),
    ("KCN", "khu công nghiệp"),
    ("KKT", "khu kinh tế"),
    ("LLCT", "lý luận chính trị"),
    ("MTTQ", "mặt trận tổ quốc"),
    ("NN&MT", "nông nghiệp và môi trường"),
    ("PLO", "pháp luật online"),
    ("PV", "phóng viên"),
    ("QĐND", "quân đội nhân dân"),
    ("QL", "quốc lộ"),
    ("QTO", "Quảng Trị online"),
    ("TAND", "tòa án nhân dân"),
    ("THPT", "trung học phổ thông"),
    ("TP", "thành phố"),
    ("TPHCM", "TP HCM", "thành phố Hồ Chí Minh"),
    ("TT", "thị trấn"),
    ("TT", "thông tin"),
    ("TTXVN", "VNA", "thông tấn xã Việt Nam"),
    ("TX", "thị xã"),
    ("UBND", "ủy ban nhân dân"),
    ("VGP", "báo điện tử Chính phủ"),
    ("VHO", "văn hóa online"),
    ("VHTTDL", "văn hóa thể thao và du lịch"),
    ("VKSND", "viện kiểm sát nhân dân"),
)
# i and y stand for one sound where nothing follows, after these: hi/hy, kĩ/kỹ, lí/lý, mĩ/mỹ, sĩ/sỹ, tỉ/tỷ, qui/quy, vi/vy.
# Source: Bộ Giáo dục, Quyết định 240/QĐ (1984) on h k l m s t; qu and v are written both ways in the press.
_I_OR_Y = re.compile(r"(?P<onset>h|k|l|m|qu|s|t|v)(?P<vowel>[iyíýìỳỉỷĩỹịỵ])", re.IGNORECASE)
_OTHER = str.maketrans("iíìỉĩịyýỳỷỹỵIÍÌỈĨỊYÝỲỶỸỴ", "yýỳỷỹỵiíìỉĩịYÝỲỶỸỴIÍÌỈĨỊ")
_SYLLABLES = max(len(syllables(name)) for names in _SAME for name in names)


def _called(key: Callable[[str], str]) -> dict[str, tuple[str, ...]]:
    """Key of a name -> its other names."""
    others: dict[str, list[str]] = {}
    for names in _SAME:
        for name in names:
            others.setdefault(key(name), []).extend(other for other in names if other != name)
    return {name: tuple(more) for name, more in others.items()}


_CALLED, _CALLED_PLAIN = _called(tone_key), _called(plain_key)
_ROAD = re.compile(r"\b(QL) ?(?=\d)", re.IGNORECASE)  # 'QL9' and 'QL 9' have different keys


def alternatives(query: str) -> tuple[str, ...]:
    """The query and its other spellings, itself first, at most MOST; each is to be searched by its key.

    'công ty Lý' gives also 'công ti Lý', 'công ty Lí', 'công ti Lí'; 'UBND tỉnh' also 'ủy ban nhân dân tỉnh', and the other
    way round; 'QL9' also 'quốc lộ 9'. A query without tones ('uy ban nhan dan') is understood too.
    """
    query = nfc(query)
    if len(query) > LONGEST:
        return (query,)
    spellings = islice(("".join(chosen) for chosen in product(*_parts(_ROAD.sub(r"\1 ", query)))), MOST)
    found = (other for spelling in spellings for other in (_ROAD.sub(r"\1", spelling), _ROAD.sub(r"\1 ", spelling)))
    return tuple(dict.fromkeys([query, *found]))[:MOST]


def _parts(query: str) -> Iterator[tuple[str, ...]]:
    """The query cut into pieces, each with its alternatives, as written first."""
    spans = syllables(query)
    at = index = 0
    while index < len(spans):
        size, others = _abbreviated(query, spans[index : index + _SYLLABLES])
        start, end = spans[index][0], spans[index + size - 1][1]
        written = query[start:end]
        if size == 1 and _I_OR_Y.fullmatch(written):
            others = (*others, written[:-1] + written[-1].translate(_OTHER))
        yield (query[at:start],)
        yield (written, *others)
        at, index = end, index + size
    yield (query[at:],)


def _abbreviated(query: str, spans: list[tuple[int, int]]) -> tuple[int, tuple[str, ...]]:
    """How many of the next syllables are one entry of the table, the longest first, and what else it is called."""
    for size in range(len(spans), 0, -1):
        written = query[spans[0][0] : spans[size - 1][1]]
        others = _CALLED.get(tone_key(written)) or (
            _CALLED_PLAIN.get(plain_key(written)) if written.isascii() else None
        )
        if others:
            return size, others
    return 1, ()
