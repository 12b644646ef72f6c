"""Lines of a body that are not the article's text: promotion, credits, bylines, lists of other articles.

A line is judged by its words where no template's name tells. No name is kept: an author's line is cut from the end and from
above the text, a photographer's from the end of a caption.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.text.dates import parse_shown
from pipeline.text.origin import origin_marks

SENTENCE = 60  # characters; shorter lines may be labels
_LONG = 200  # characters; a longer paragraph is no headline and no promotion
_TOLD = 30  # characters; what stands before a credit and is shorter is a label: 'Bài, ảnh: …'
_CAPTION = 300  # characters
# Calls to read, follow, listen or send in, and labels of what is not text.
_PROMO = re.compile(
    r"^[\s*•\-–]*(?:>>+|»|©|(?:xem|đọc) thêm\s*:|nguồn:? \[?link|copyright (?:©|\(c\)|\d{4})"
    r"|mời (?:quý vị|các bạn|(?:quý )?(?:độc giả|thính giả|khán giả|bạn đọc)).{0,20}"
    r"\b(?:đón|xem|đọc|nghe|theo dõi|gửi|tham gia|tham khảo|bấm|truy cập|chia sẻ|tải|gọi|đặt|bình luận|cùng|vào)\b"
    r"|theo dõi .{0,40} trên (?:kênh|các kênh|google|facebook|zalo|youtube|tiktok|fanpage|ứng dụng|mạng)\b(?!.*, (?-i:[a-zđ]))"
    r"|(?:mời )?đón đọc\b|mời đón xem\b|kỳ (?:tới|sau)\s*:|bỏ qua .{0,60} và tiếp tục đọc|tham khảo thêm$|tin mới$"
    r"|bình luận\s*(?:\(\d+\))?$|nghe (?:bài|phóng sự|đọc|tin|podcast)\b.{0,20}$|từ khóa\s*:"
    r"|(?:xem|đọc|nghe|tải|đăng ký|theo dõi|gửi|chia sẻ)\b(?:(?! được )[^.]){0,60} tại đây\.?$"
    r"|[^.]{0,120}\. (?:xem|đọc) (?:thêm )?tại đây\.?$"
    r"|(?:read more|see also|related(?: \w+)?)\s*:|sign up\b|subscribe (?:to|now|for|here)\b|follow us\b|click here"
    r"|kính mời\b.{0,40}\bđọc\b|nội dung đầy đủ .{0,60} đăng tải|our standards\s*:"
    r"|(?:ảnh|video|clip|photo|photograph|image)\s*:)",
    re.I,
)
# What also begins sentences of an article: 'Chia sẻ bài viết sai sự thật, một người bị phạt.' They end in a full stop.
_LABELS = re.compile(
    r"^[\s*•\-–]*(?:xem thêm|đọc thêm|(?:tin|bài) liên quan|copyright|chia sẻ bài viết|đón xem|từ khóa"
    r"|(?:số |\d[\d.,]* )?lượt (?:đọc|xem|truy cập)|(?:tác giả|vai trò),.{0,50}$|tường thuật từ.{0,50}$"
    r"|read more|see also|related(?: \w+)?$|more on this|subscribe|advertisement)(?!\w)",
    re.I,
)
_STOPS = (".", "!", "?", "…", ".”", '."')
# Where one of these stands alone and only short lines follow, the article is over.
_OTHERS = re.compile(
    r"^(?:(?:(?:các |những )?(?:tin|bài)(?: viết| tức)? (?:khác|mới hơn|cũ hơn|cùng (?:chuyên )?mục|liên quan|đã đưa|đọc nhiều)"
    r"|other news|more stories|more from|hủy đăng ký|nhà tài trợ|giấy phép số)\b"
    r"|(?:chủ biên|tổng biên tập|giấy phép(?: xuất bản)?)\s*:).{0,40}$",
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
# Ends a caption: '(Ảnh: …)', '- Ảnh: …', 'Photo: …'. 'Công an công bố một bức ảnh: …' and 'a picture by …' are text.
_CREDITED = re.compile(
    r"(?:[-–—]\s*\(?|\(|^(?:\w+(?:\s*[,&–-]\s*| và ))?|(?<=[.!?…”\"’)])\s*|(?<=\s)(?=[A-ZẢĐ]))"
    r"(?i:ảnh(?: minh họa| tư liệu)?|nguồn ảnh|photo|photograph|picture|image|credit|đồ họa|minh họa)(?i:\s*:| by\b)"
    r"[^()]{0,60}\)?[\s.]*$|\s*©[^.]{2,60}$|(?<=[.!?…] )[A-Z]{3}[A-Z ]*/[^.]{2,80}$"
)
# A last line that is a name: two to four capitalised words, perhaps with an outlet or a dash, no full stop.
_UPPER = "A-Z" + "".join(char for char in map(chr, range(0xC0, 0x1F00)) if char.isupper())
_NAMES = rf"[{_UPPER}][\w.’']*(?:[\s\-–/,&]+(?:(?:và|and)\s+)?[{_UPPER}][\w.’']*){{0,6}}"
_BY = (
    r"(?i:(?:bài|tin)(?: và|\s*[,&–-])\s*ảnh|bài|tin|ảnh|ghi|tác giả|thực hiện|phóng viên|pv|ctv|kỹ thuật|đồ họa|thiết kế"
    r"|biên tập|nội dung|by)\s*:?\s*"
)
_NAME_ABOVE = re.compile(rf"^(?:{_BY})?{_NAMES}$")
_NAME_LINE = re.compile(
    rf"^(?:{_BY})?{_NAMES}(?:\s*[-–;|]\s*{_BY}{_NAMES})*"
    r"(?:\s*\((?:tổng hợp|t/h|ghi|thực hiện)\))?$"
)
_REPORTERS = re.compile(r"^\(?(?:(?:additional )?reporting|editing|writing|compiled|edited|written) by\b", re.I)
_BY_LINE = 120  # characters
_BYLINES = 3  # lines
_ONE_WORD = re.compile(r"\w+[.!?…]+")  # 'Đúng.' is an answer
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
        if at > last and _OTHERS.match(paragraph) and not paragraph.endswith(_STOPS):
            break  # a list of other articles, or the imprint, to the end
        if not paragraph or (paragraph in seen and (len(paragraph) > _TOLD or paragraph in (title, lead))):
            continue
        if len(paragraph) < _LONG and _is_promotion(paragraph):
            continue
        if _CREDIT.match(paragraph) and not (at == len(paragraphs) - 1 and _is_origin(paragraph)):
            continue
        if len(paragraph) < _CAPTION and (credit := _credit(paragraph)):
            if credit.start() > _TOLD:
                found.append(paragraph)
            continue
        if len(paragraph) < _CAPTION and paragraph.startswith("Trong ảnh:"):
            found.append(paragraph)
            continue
        seen.add(paragraph)
        kept.append(paragraph)
    known = [*authors]
    above = _count_above(kept)
    known += [named[1] for line in kept[:above] if (named := _BY_NAME.match(line))]
    kept = without_lead(kept[above:], lead)
    kept = kept[_count_above(kept) :]
    while kept and _is_label(kept[-1]):
        kept.pop()
    return kept[: len(kept) - _count_below(kept, known)], list(_without_credits(found))


def without_lead(paragraphs: list[str], lead: str) -> list[str]:
    """A body that begins with the lead repeats it; the lead is kept apart."""
    if paragraphs and lead and paragraphs[0].rstrip(".… ") == lead.rstrip(".… "):
        return paragraphs[1:]
    return paragraphs


def _is_promotion(line: str) -> bool:
    return bool(_PROMO.match(line) or (not line.endswith(_STOPS) and _LABELS.match(line)))


def _is_origin(line: str) -> bool:
    """Whether a line is nothing but the agency or paper that a text comes from: 'Nguồn: TTXVN', '— VNS'."""
    return len(line) < SENTENCE and any(
        mark.kind == "credit" and mark.name and mark.start == 0 and not re.search("[/,]", line)
        for mark in origin_marks(line)
    )


def _count_above(lines: list[str]) -> int:
    """How many lines at the beginning are dates and bylines."""
    return next(
        (at for at, line in enumerate(lines) if not (_is_date_above(line) or _is_byline_above(line))), len(lines)
    )


def _count_below(lines: list[str], authors: list[str]) -> int:
    """How many lines at the end are bylines. After a colon, or where there are many, they are a list of names or places."""
    count = next(
        (at for at, line in enumerate(reversed(lines)) if not _is_byline(line, authors)),
        len(lines),
    )
    before = lines[-count - 1] if count < len(lines) else ""
    return 0 if count > _BYLINES or before.endswith(":") else count


def _is_label(line: str) -> bool:
    return len(line) < SENTENCE and line.endswith(":")


def _is_date_above(line: str) -> bool:
    return len(line) < SENTENCE and not line.endswith(_STOPS) and parse_shown(line) is not None


def _is_byline_above(line: str) -> bool:
    if len(line) < SENTENCE and _NAME_ABOVE.match(line):
        return not line.isupper()
    return len(line) < _LONG and (bool(_REPORTERS.match(line)) or _is_dated_byline(line))


def _is_dated_byline(line: str) -> bool:
    """'By Jane Sample, March 3, 2026 | 5 min read', not 'By the end of 2026 the bridge …'."""
    return (
        len(line) < _BY_LINE
        and not line.endswith(_STOPS)
        and bool(_BY_NAME.match(line))
        and ("min read" in line or parse_shown(line) is not None)
    )


def _is_byline(line: str, authors: list[str]) -> bool:
    if len(line) >= _CAPTION:
        return False
    if _REPORTERS.match(line) or _is_dated_byline(line) or any(line.startswith(f"{author} ") for author in authors):
        return True
    if len(line) >= SENTENCE or _is_origin(line) or _ONE_WORD.fullmatch(line):
        return False
    return bool((_THEO_PERSON if line.startswith("Theo ") else _NAME_LINE).match(line.strip("*•-–— ")))


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
