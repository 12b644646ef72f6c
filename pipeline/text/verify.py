"""Are the decoder's words those of underthesea? What `diembao doctor --words` compares.

Texts made to break a segmenter that only seems to do the same, and the comparison itself.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from underthesea import word_tokenize

from pipeline.text.segmenter import Segmenter

_PRESS = (
    "UBND tỉnh Quảng Trị họp lúc 7h30 ngày 5/1/2026 tại TP. Đông Hà; chi 1.250,5 tỷ đồng (tăng 4,6%), theo Nghị quyết 12/NQ-CP."
    " “Ngư dân Cửa Việt bám biển”, ông Nguyễn Văn A. nói với v.v... Hoà Bình, hòa bình, thuỷ điện, thủy điện."
)
_MARKS = [
    "...",
    "“”",
    ":D",
    ":))",
    "=>",
    "->",
    "<3",
    "♥‿♥",
    "°C",
    "--",
    "__",
    "a_b",
    "(((",
    "﹏",
    "‼",
    "·",
    "§",
    "½",
    "²",
]
_ODD = [
    "https://bao.example/tin?id=1&x=(2)#đầu",
    "ftp://a.b/c bao.example/x http:a",
    "a.b@bao.example @ban #tin",
    "H&M T.Ư Th.S ThS. Thus Thuscany ThaSX Mr. Mrs. Tp.HCM TP.HCM NĐ-CP e-mail",
    "A. A.B. ĐHQG. HN. abc. v.v. v.v v.v...",
    "43H-0530 29A1-123.45 4K 3x4 10X 0913-123-456",
    "20.08.2014 2014/08/20 10:20:50 1/2 12/2026 5-10 1.234.567,89 1_000 12,5% 7.",
    "2147483647 2147483648 99999999999999 -5 +5 00000000000005 ٣٤ ४",
    "H'Mông N’Thôn Hạ d'Ivoire rock'n'roll ' ’ x’",
    "Ða Krông ðất Ɖ ß ẞ İstanbul ΟΔΟΣ ǅ ﬁ Ⅷ ａｂｃ１２",
    "BOS EOS T[0]=x = == T[-1].lower=a",
    "越南 北京市 ภาษาไทย ລາວ العربية हिन्दी 한국어 Москва",
    "🙂 👨‍👩‍👧 🇻🇳 ❤️ e\u0301 a\u0306\u0301 \u0301 \u200b \u200d \ufeff x\u00ady",
    "— Brenwick Aldermoor Quillon Tarsen Vexholm nói — Ordley Fenwyck Brenwick Quillon -> Tarsen > Vexholm",  # ties
    "\u00a0đầu\u2003giữa\u3000cuối\u2028dòng\x1cphân\x85cách ",
]


def texts() -> list[str]:
    """The texts that were made for it: alone, together, decomposed, in capitals, cut off anywhere, very long."""
    found = ["", " ", "\n", *_MARKS, *_ODD, _PRESS, " ".join(_MARKS), "".join(_MARKS), " ".join(_ODD), "\n".join(_ODD)]
    whole = f"{_PRESS} {' '.join(_ODD)}"
    found += [unicodedata.normalize("NFD", whole), whole.upper(), whole.title(), whole.swapcase(), whole[::-1]]
    found += [_PRESS[:end] for end in range(1, len(_PRESS))]  # the end of a text has rules of its own
    found += [word + end for word in _PRESS.split() for end in (".", "...", ":", ",", "!", "\n", ". ", ":D", ")")]
    found += [" ".join(_PRESS.split()[start : start + size]) for start in range(20) for size in range(1, 6)]
    found += ["a" * 30_000, "." * 3_000, "Abc " * 3_000, "1" * 3_000, "( " * 2_000, "đ" * 41 + " x", f"{_PRESS} " * 200]
    return found


@dataclass(frozen=True, slots=True)
class Difference:
    """A text of which the two make different words."""

    text: str
    decoder: str  # its words in text format, from shortly before the first difference on
    underthesea: str


def compare(segmenter: Segmenter, text: str, *, as_list: bool = False) -> Difference | None:
    """The difference between the decoder's words and underthesea's, in text format and if wished as a list.

    What the decoder leaves to underthesea is no difference.
    """
    ours, theirs = segmenter.words(text), str(word_tokenize(text, format="text"))
    if ours is not None and ours != theirs:
        return _shown(text, ours, theirs)
    if as_list:
        split, reference = segmenter.split(text), list(word_tokenize(text))
        if split is not None and split != reference:
            return _shown(text, "|".join(split), "|".join(reference))
    return None


def _shown(text: str, ours: str, theirs: str) -> Difference:
    at = next((at for at, (a, b) in enumerate(zip(ours, theirs, strict=False)) if a != b), min(len(ours), len(theirs)))
    start, end = max(at - 40, 0), at + 40
    return Difference(text, ours[start:end], theirs[start:end])
