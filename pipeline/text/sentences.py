"""Where sentences end in the Vietnamese and English press, so that a quotation can be cut out exactly."""

from __future__ import annotations

import re
from collections.abc import Iterator

# The end of a sentence, perhaps: stops, and the quotation marks and brackets that close on them. Scraped texts have often
# lost the white space that followed ('… hôm qua.Theo …').
_STOPS = re.compile(r"([.!?…]++)[”’\"')\]»]*+")
_WORD_BEFORE = re.compile(r"[^\s(\[“‘\"'«/]*$")
_NEXT = re.compile(r"\s*([,;:!?.…)]|[“‘\"'«(\[–—-]*\s*)([^\W_]*)(\.?)")
_GO_ON_WITH = frozenset(",;:!?.…)")
_LABEL = re.compile(r"\d{1,2}|[IVXivx]{1,4}|[^\W\d_]")  # '1.' or 'b.' at the start of an item of a list
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.)*[^\W\d_](?:[^\W\d_](?<=[Tt]h))?")  # A, N.T, G.S, and masked names (bà Th.)
# A full stop after these belongs to the word: titles, pages, numbers, months.
_ABBREVIATIONS = frozenset(
    "ThS Ths Th.S TS Ts T.S PGS GS BS Bs B.S KS Ks LS Ls BSCK BSCKI BSCKII NSƯT NSND NGƯT NGND DS "  # noqa: SIM905 - a list of words
    "CN Nxb NXB Tr tr St Mr Mrs Ms Dr Prof Gen Lt Lieut Col Capt Sgt Maj Adm Sen Gov Rep Rev Hon Pres No Nos vs Vs Fig e.g i.e "
    "Jan Feb Aug Sept Oct Nov Dec".split()
)
_DISTRICTS = frozenset("QPHXĐ")  # Q. Mẫu: quận; P. phường, H. huyện, X. xã, Đ. đường
# Before a letter that is no name: 38 độ C, thép loại A, vitamin C.
_LETTERED = frozenset(
    "độ loại bảng khu nhóm hạng lớp câu viện trường gan vitamin type class group grade plan khối phần mục điểm hepatitis".split()  # noqa: SIM905 - a list of words
)
_PERSONS = frozenset("ông bà anh chị em cháu cô chú bác cậu bé tên can cáo nhân văn thị".split())  # noqa: SIM905 - a list of words
# Words that open sentences and hardly ever names.
_OPENERS = frozenset(
    "Theo Tại Sau Trong Khi Khoảng Ngay Nhưng Do Cho Khu Cơ Trên Ngoài Riêng Ghi Xem Chi Hơn Hay Chia Nghe Trao Ra Qua Ai "  # noqa: SIM905 - a list of words
    "Song Sao Một Các Những Việc Kể Rồi Sở Phó Đây Đến Ông Bà Hiện Nếu Trước Về Từ Với Dự Chủ Chúng Người Tôi Tuy "
    "The He She It They We You In On At But And An This That These Those There For From After Before When While With As Its "
    "His Her Their Our According If Although However Since Under Meanwhile".split()
)
_PLACES = frozenset("TP Tp tp T.P TX Tx TT Tt".split())  # noqa: SIM905 - a list of words
_QUOTED = re.compile(r"[“«\"](?:(?<=“)[^“”\n]{1,300}”|(?<=«)[^«»\n]{1,300}»|(?<!\w\")(?<=\")[^\"\n]{1,300}\")")
_NEAR = 20  # characters before a stop in which the word before it is looked for
_GOES_ON = re.compile(r"\s*(?:[,;:)]|[–—-]?\s*([^\W\d_]))")


def sentences(text: str) -> list[tuple[int, int]]:
    """Offsets (start, end) of the sentences of a text, in order; together they hold all of it but white space.

    A line break ends a sentence. 'TP. HCM', 'ông A. B.', '5.1.2026', '1.250 ha', '1. ' at the start and 'v.v.' before a small
    letter do not; nor do stops inside a quotation after which the sentence goes on.
    """
    spans: list[tuple[int, int]] = []
    for line in re.finditer(r"[^\n]+", text):
        start, end = line.span()
        quotations = _embedded_quotations(text, start, end)
        quotation = next(quotations, None)
        for stops in _STOPS.finditer(text, start, end):
            while quotation and quotation[1] <= stops.start():
                quotation = next(quotations, None)
            inside = quotation and quotation[0] <= stops.start() and stops.end() <= quotation[1]
            if not inside and _ends(text, start, stops, end):
                spans.append((start, stops.end()))
                start = stops.end()
        spans.append((start, end))
    return [(s, e) for start, end in spans for s, e in [_trim(text, start, end)] if e > s]


def _embedded_quotations(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Quotations after which the sentence goes on: “Đi. Về.”, ông nói."""
    for quoted in _QUOTED.finditer(text, start, end):
        after = _GOES_ON.match(text, quoted.end(), end)
        if after and (not after[1] or after[1].islower()):
            yield quoted.span()


def _ends(text: str, start: int, stops: re.Match[str], end: int) -> bool:
    """Whether the sentence that began at `start` ends with these stops; the line ends at `end`."""
    if not (stops.end() == end or text[stops.end()].isspace() or text[stops.end()].isalpha()):
        return False
    following = _NEXT.match(text, stops.end(), end)
    between, word, stop = following.groups() if following else ("", "", "")
    if between in _GO_ON_WITH or word[:1].islower():
        return False
    if not word:
        return True
    at = stops.start()
    before = _WORD_BEFORE.findall(text[max(start, at - _NEAR) : at])[0]
    if stops[1] == "." and at - start < _NEAR and _LABEL.fullmatch(text[start:at].strip()):
        return False
    if not text[stops.end()].isspace():
        return _ends_unspaced(before, word)
    if stops[1] != "." or before.lower() == "v.v":
        return True
    if before in _PLACES:
        return word in _OPENERS and word != "Tuy"  # TP. Tuy Hòa
    if before in _ABBREVIATIONS or before.rpartition(".")[2] in _ABBREVIATIONS:
        return False
    if _INITIALS.fullmatch(before) and before[0].isupper():
        first = at - len(before)
        previous = text[max(start, first - _NEAR) : first].split()[-1:]
        return not (stop and len(word) == 1) and _ends_after_initials(previous[0] if previous else "", before, word)
    return True


def _ends_after_initials(previous: str, initials: str, word: str) -> bool:
    """'38 độ C. Đêm', 'chị H. Bếp' end there; 'ông A. B.', 'George W. Bush', 'Q. Hải Mẫu', 'N.T. Lan' do not."""
    if word in _OPENERS or previous in _LETTERED:
        return True
    named = previous[-1:].isalnum() and (previous.lower() in _PERSONS or previous[0].isupper())
    if previous in ("Ảnh", "ảnh") or (initials in _DISTRICTS and not named):
        return False
    return not word.isascii()  # names that go on after initials are mostly foreign


def _ends_unspaced(before: str, word: str) -> bool:
    """'hôm qua.Theo' and '300 USD.Trong' end there; 'TP.Hà Mẫu', 'Node.Js', 'U.S.A' and addresses do not."""
    before = before.rstrip("”’\"')]»")
    if len(word) < 2 or not word[1:].islower() or before in _ABBREVIATIONS or before in _PLACES:
        return False
    if before.isupper() and len(before) > 1:
        return word in _OPENERS
    whole = before.islower() or (len(before) > 2 and before.istitle()) or not before[-1:].isalpha()
    return whole and (word in _OPENERS or not (before.isascii() and word.isascii()))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
