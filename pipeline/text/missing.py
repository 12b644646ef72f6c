"""Whether a page that came says that the article asked for is not there: a "soft 404".

Cautious: an article that is called gone is shown as taken down by its paper. A page is believed to say so only by sending the
reader to its front or section page, or in a heading or line of its own where there is hardly any text.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from pipeline.records import Article, Page
from pipeline.text.encodings import utf8
from pipeline.text.extract import ARTICLE_NAME, FRONT_PATH
from pipeline.text.markup import parse
from pipeline.text.normalise import clean_line

_LITTLE = 400  # characters of text that such a page may show: what to do now
_LONGEST = 200  # characters of a heading or line that says so
_UNSURE = 0.5  # of confidence; below it the text may be that of a list of articles
_ENDING = re.compile(r"\.\w{2,5}$")
_ERROR_PATH = re.compile(
    r"/(?:404|not-?found|page-?not-?found|error(?:-?404)?|loi-?404|khong-tim-thay(?:-trang)?)(?:\.\w+)?", re.I
)

_THING = r"(?:trang|trang web|bài|bài viết|bài báo|tin|tin bài|nội dung|đường dẫn|liên kết|địa chỉ)(?: này)?"
_WANTED = (
    r"(?:(?: mà)? (?:bạn|quý vị|quý khách|quý độc giả|quý bạn đọc|bạn đọc|độc giả)(?: đang| vừa| muốn| cần)*"
    r" (?:tìm|tìm kiếm|truy cập|yêu cầu|xem|đọc))?"
)
_GONE = (
    r"(?:(?:hiện )?không(?: còn)? (?:tồn tại|tìm thấy|được tìm thấy|có|khả dụng)(?: nữa| trên hệ thống)?|không còn"
    r"|(?:đã )?(?:bị |được )?(?:xóa|xoá|gỡ|gỡ xuống|xóa bỏ|gỡ bỏ)(?: khỏi hệ thống)?|đã (?:bị )?(?:di chuyển|thay đổi))"
)
_SORRY = r"(?:(?:xin lỗi|rất tiếc|oops|sorry|we're sorry|thông báo)\W+)*"
_NUMBER = r"(?:(?:lỗi|error|http)\W+)*404(?:\W+(?:error|lỗi|not found))*"
_SAYING = re.compile(
    rf"{_SORRY}(?:{_NUMBER}\W*|(?:{_NUMBER}\W+)?(?:"
    rf"(?:chúng tôi )?không tìm thấy {_THING}{_WANTED}"
    rf"|{_THING}{_WANTED} {_GONE}(?:(?:,| hoặc| hay|/)+ ?{_GONE})*"
    r"|(?:the |this )?(?:page|article|story)(?: (?:that )?you(?: are|'re) looking for| (?:you )?requested)?"
    r" (?:was not found|not found|could not be found|cannot be found|can't be found|does not exist|doesn't exist"
    r"|no longer exists|is no longer available|has been removed)"
    rf")\W*(?:{_NUMBER}\W*)?)",
    re.I,
)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_PARTS = re.compile(r"\s+[-–—·:]+\s+|\s*[|»]+\s*")  # of a title: what it is about, and the name of the paper
_WHAT_NOW = re.compile(
    r"trang chủ|quay (?:lại|về)|trở (?:lại|về)|kiểm tra lại|đường dẫn|home ?page|go back|search", re.I
)
_NOT_TOLD = "script,style,noscript,template,a,nav,footer,aside,form,[hidden]"


def is_gone(page: Page, article: Article | None, asked: str) -> bool:
    """Whether a page, from which this article could be read or none, says that what was asked for is not there."""
    if not page.body:
        return False
    if _sent_away(asked, page.url, article):
        return True
    if article is not None and (len(article.text) > _LITTLE or not _WHAT_NOW.search(article.text)):
        return False
    return _says_so(parse(utf8(page.body, page.content_type)))


def _sent_away(asked: str, answered: str, article: Article | None) -> bool:
    """Whether the reader was sent to the front page, a page for errors, or the section in which the article stood."""
    try:
        wanted, given = urlsplit(asked), urlsplit(answered)
    except ValueError:
        return False
    wanted_path, path = wanted.path.rstrip("/"), given.path.rstrip("/")
    if path == wanted_path:  # 'paper.vn/?p=7' may end at the front page too
        return not path and bool(wanted.query) and not given.query
    if not path or FRONT_PATH.fullmatch(path):
        return not given.query
    if _ERROR_PATH.fullmatch(path):
        return True
    section = _ENDING.sub("", path)
    return (
        (article is None or article.confidence < _UNSURE)
        and bool(ARTICLE_NAME.search(wanted_path))
        and not ARTICLE_NAME.search(f"{path}?{given.query}")
        and wanted_path.startswith(f"{section}/")
    )


def _says_so(tree: LexborHTMLParser) -> bool:
    for node in reversed(tree.css(_NOT_TOLD)):  # the inner ones first
        node.decompose()
    headings = [clean_line(node.text(separator=" ")) for node in tree.css("h1")]
    if any(_is_saying(heading) for heading in headings):
        return True
    for node in tree.css("title"):
        parts = [part for part in _PARTS.split(clean_line(node.text())) if part]
        others = [part for part in parts if not _is_saying(part)]
        # An article's headline may begin with such words and go on.
        if len(others) < min(len(parts), 2) and not any(
            part in heading for part in parts for heading in headings if part not in others
        ):
            return True
    if any(len(heading) > 15 for heading in headings) or tree.body is None:
        return False
    return any(map(_is_saying, tree.body.text(separator="\n").split("\n")))


def _is_saying(line: str) -> bool:
    """Whether a line begins by saying that something is not there, and says nothing else but what to do now."""
    sentences = _SENTENCE.split(clean_line(line[: 2 * _LONGEST]), 2)
    for beginning in (sentences[0], " ".join(sentences[:2])):  # "Xin lỗi! Không tìm thấy trang này."
        parts = [part for part in _PARTS.split(beginning) if part]
        if len(beginning) <= _LONGEST and (
            _SAYING.fullmatch(beginning) or (parts and all(map(_SAYING.fullmatch, parts)))
        ):
            return True
    return False
