"""Lines of a body that are not the article's text: promotion, credits, bylines, lists of other articles.

A line is judged by its words where no template's name tells. No name is kept: an author's line is cut from the end and from
above the text, a photographer's from the end of a caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.text.dates import parse_shown

SENTENCE = 60  # characters; shorter lines may be labels
_LONG = 200  # characters; a longer paragraph is no headline and no promotion
_TOLD = 30  # characters; what stands before a credit and is shorter is a label: 'Bài, ảnh: …'
_CAPTION = 300  # characters
# Calls to read, follow, listen or send in. A sentence may begin with some of these words: 'Bình luận về việc này, …'.
_PROMO = re.compile(
    r"^[\s*•\-–]*(?:>>+|»|©|xem thêm|đọc thêm|mời (?:quý vị|các bạn|(?:quý )?(?:độc giả|thính giả|khán giả|bạn đọc))"
    r"|(?:tin|bài) liên quan|nguồn:? \[?link|copyright"
    r"|kính mời\b|nội dung đầy đủ .{0,60} đăng tải"
    r"|theo dõi .{0,40} trên (?:kênh|các kênh|google|facebook|zalo|youtube|tiktok|fanpage|ứng dụng|mạng)|chia sẻ bài viết"
    r"|(?:mời )?đón (?:đọc|xem)\b|kỳ (?:tới|sau)\s*:|bỏ qua .{0,60} và tiếp tục đọc|tham khảo thêm$|tin mới$|từ khóa\b"
    r"|bình luận\s*(?:\(\d+\))?$|nghe (?:bài|phóng sự|đọc|tin|podcast)\b.{0,20}$|(?:số )?lượt (?:đọc|xem|truy cập)"
    r"|\d[\d.,]* lượt (?:đọc|xem|truy cập)|(?:tác giả|vai trò), .{0,50}$|tường thuật từ .{0,50}$"
    r"|(?:xem|đọc|nghe|tải|đăng ký|theo dõi|gửi)\b[^.]{0,60} tại đây\.?$|[^.]{0,120}\. (?:xem|đọc) (?:thêm )?tại đây\.?$"
    r"|read more|see also|related(?: \w+)?\s*(?::|$)|more on this|sign up\b|subscribe\b|follow us\b|click here"
    r"|advertisement|our standards\s*:|(?:ảnh|video|clip|photo|photograph|image)\s*:)",
    re.I,
)
# Where one of these stands alone and only short lines follow, the article is over.
_OTHERS = re.compile(
    r"^(?:(?:các |những )?(?:tin|bài)(?: viết| tức)? (?:khác|mới hơn|cũ hơn|cùng (?:chuyên )?mục|liên quan|đã đưa|đọc nhiều)"
    r"|other news|more stories|more from|hủy đăng ký|nhà tài trợ|(?:chủ biên|tổng biên tập|giấy phép(?: xuất bản)?)\s*:"
    r"|giấy phép số)\b.{0,40}$",
    re.I,
)
# A line that is only a credit. 'Ảnh hưởng của bão' and 'Nguồn nước' begin like one.
_CREDIT = re.compile(
    r"^\(?(?:ảnh|photos?|nguồn|source|image|nguồn ảnh)(?:\s*:\s*[^.]{0,60}| (?:tư liệu|minh họa|internet|by .{1,60}))?\)?\.?$",
    re.I,
)
_LABEL = re.compile(r"^(?:Chụp lại hình ảnh|Nguồn hình ảnh|Image caption|Image source),?\s*")  # for screen readers
_SOURCE_BEHIND = re.compile(
    r"\s*\([^()]{0,40}\b(?:nguồn|photos?|image)\b[^()]{0,60}\)[\s.]*$", re.I
)  # of a caption only
_CREDIT_LENGTH = 80  # characters
# Ends a caption: '(Ảnh: …)', '- Ảnh: …', 'Photo: …'.
_CREDITED = re.compile(
    r"(?:[-–—]\s*)?\(?\b(?:ảnh|nguồn ảnh|photo|picture|image|credit|đồ họa|minh họa)(?:\s*:| by\b)[^()]{0,60}\)?[\s.]*$"
    r"|\s*©[^.]{2,60}$|(?<=[.!?…] )[A-Z]{3}[A-Z ]*/[^.]{2,80}$",
    re.I,
)
# A last line that is a name: two to four capitalised words, perhaps with an outlet or a dash, no full stop.
_UPPER = "A-Z" + "".join(char for char in map(chr, range(0xC0, 0x1F00)) if char.isupper())
_NAMES = rf"[{_UPPER}][\w.’']*(?:[\s\-–/,&]+(?:(?:và|and)\s+)?[{_UPPER}][\w.’']*){{0,6}}"
_BY = (
    r"(?i:bài và ảnh|bài, ảnh|tin, ảnh|tin và ảnh|bài|tin|ảnh|tác giả|thực hiện|phóng viên|pv|ctv|kỹ thuật|đồ họa|thiết kế"
    r"|biên tập|nội dung|by)\s*:?\s*"
)
_NAME_ABOVE = re.compile(rf"^(?:{_BY})?{_NAMES}$")
_NAME_LINE = re.compile(
    rf"^(?:{_BY})?{_NAMES}(?:\s*[-–;|]\s*{_BY}{_NAMES})*"
    r"(?:\s*\((?:tổng hợp|t/h|ghi|thực hiện)\))?$"
)
_REPORTERS = re.compile(
    r"^(?:(?:additional )?reporting|editing|writing|compiled|edited|written) by\b|^by\b.{3,80}(?:\d{4}|min read)", re.I
)
_BY_NAME = re.compile(rf"^[Bb]y\s+([{_UPPER}][\w.’']*(?:\s+[{_UPPER}][\w.’'\-]*){{1,3}})")
_ONLY_A_DATE = re.compile(r"^(?:thứ \w+|chủ nhật|ngày)?[\s,]*\d{1,2}[/.]\d{1,2}[/.]\d{4}.{0,15}$", re.I)
# 'Theo TTXVN' says where a text comes from and stays; with another name in brackets behind it the first is a person's.
_THEO_PERSON = re.compile(rf"^Theo {_NAMES}\s*\([^()]+\)$")


def tidy(
    paragraphs: list[str], captions: list[str], title: str, lead: str, authors: list[str]
) -> tuple[list[str], list[str]]:
    """The paragraphs without what is not the text, and the captions with those that stood among them."""
    kept: list[str] = []
    found = [*captions]
    seen = {title, lead, *captions}
    last = max((at for at, paragraph in enumerate(paragraphs) if len(paragraph) >= _LONG), default=-1)
    for at, line in enumerate(paragraphs):
        paragraph = line.rstrip(" ↩︎")  # the way back from a note
        if at > last and _OTHERS.match(paragraph):
            break  # a list of other articles, or the imprint, to the end
        if not paragraph or (paragraph in seen and (len(paragraph) > _TOLD or paragraph in (title, lead))):
            continue
        if len(paragraph) < _LONG and _PROMO.match(paragraph):
            continue
        if _CREDIT.match(paragraph):
            continue
        if len(paragraph) < _CAPTION and (credit := _credit(paragraph)):
            if credit.start() > _TOLD:
                found.append(paragraph)
            continue
        seen.add(paragraph)
        kept.append(paragraph)
    authors = [*authors]
    while kept and (_is_date_above(kept[0]) or _is_byline_above(kept[0])):
        if named := _BY_NAME.match(kept.pop(0)):
            authors.append(named[1])
    kept = without_lead(kept, lead)
    while kept and (_is_date_above(kept[0]) or _is_byline_above(kept[0])):
        kept.pop(0)
    while kept and len(kept[-1]) < _CAPTION and (_is_byline(kept[-1], authors) or _is_label(kept[-1])):
        kept.pop()
    return kept, list(_without_credits(found))


def without_lead(paragraphs: list[str], lead: str) -> list[str]:
    """A body that begins with the lead repeats it; the lead is kept apart."""
    if paragraphs and lead and paragraphs[0].rstrip(".… ") == lead.rstrip(".… "):
        return paragraphs[1:]
    return paragraphs


def _is_label(line: str) -> bool:
    return len(line) < SENTENCE and line.endswith(":")


def _is_date_above(line: str) -> bool:
    return len(line) < SENTENCE and parse_shown(line) is not None


def _is_byline_above(line: str) -> bool:
    if len(line) < SENTENCE and _NAME_ABOVE.match(line):
        return not line.isupper()
    return len(line) < _LONG and bool(_REPORTERS.match(line))


def _is_byline(line: str, authors: list[str]) -> bool:
    if _REPORTERS.match(line) or any(line.startswith(f"{author} ") for author in authors):
        return True
    if len(line) >= SENTENCE:
        return False
    return bool((_THEO_PERSON if line.startswith("Theo ") else _NAME_LINE).match(line))


def _credit(line: str) -> re.Match[str] | None:
    """Where the photographer's name begins at the end of a line."""
    tail = line[-_CREDIT_LENGTH:]
    return _CREDITED.search(line) if any(sign in tail for sign in (":", " by ", "©", "/")) else None


def _without_credits(captions: list[str]) -> Iterator[str]:
    """Captions in their order, each once, without the photographer's name; what is only a credit is none."""
    seen = {""}
    before = ""
    for caption in captions:
        line = _LABEL.sub("", caption)
        if _CREDIT.match(line) or _ONLY_A_DATE.match(line) or line in before:
            continue
        before = line
        told = _SOURCE_BEHIND.sub("", line[: credit.start()].rstrip() if (credit := _credit(line)) else line)
        if told not in seen:
            seen.add(told)
            yield told


def is_credited(line: str) -> bool:
    """Whether a line ends as captions do, with who took the picture."""
    return _credit(line) is not None
