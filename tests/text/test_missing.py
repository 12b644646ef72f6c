from __future__ import annotations

import time
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import Page
from pipeline.text.extract import extract
from pipeline.text.missing import is_gone
from tests.text.recordings import expectation

ASKED = "https://bao-a.vn/thoi-su/tau-ca-ve-ben-sau-bao-so-7-123456.html"
TEXT = (
    "Sáng nay, ba tàu cá của ngư dân đã cập cảng an toàn sau gần một tuần tránh bão ở đảo Cồn Cỏ, ban quản lý cảng cho biết.",
    "Theo ban quản lý, các tàu đều đủ dầu và nước ngọt; thuyền viên khỏe mạnh, không ai phải vào bệnh viện điều trị.",
    "Đồn biên phòng cửa khẩu cảng nhắc chủ tàu kiểm tra máy móc, phao cứu sinh và bộ đàm trước khi ra khơi chuyến tới.",
    "Dự báo hai ngày tới vùng biển này có gió cấp 5, giật cấp 6; tàu nhỏ không nên ra khơi trong thời gian này.",
)
MENU = "<nav><a href='/'>Trang chủ</a> <a href='/thoi-su'>Thời sự</a></nav>"
OTHERS = "<h2>Tin mới</h2>" + "".join(
    f"<h3><a href='/tin-{n}'>Cầu mới qua sông thông xe sớm {n} tháng</a></h3>" for n in range(6)
)


def page(title: str, h1: str = "", *lines: str, url: str = ASKED, others: str = "") -> Page:
    heading = f"<h1>{escape(h1)}</h1>" if h1 else ""
    body = "".join(f"<p>{escape(line)}</p>" for line in lines)
    html = (
        f"<html><head><title>{escape(title)}</title></head><body>{MENU}{heading}<div>{body}</div>{others}</body></html>"
    )
    return Page(url, html.encode(), "text/html; charset=utf-8")


def gone(made: Page, asked: str = ASKED) -> bool:
    return is_gone(made, extract(made), asked)


@pytest.mark.parametrize(
    "made",
    [
        page("Không tìm thấy trang | Báo A"),
        page("Báo A - Không tìm thấy trang"),
        page("404", "404"),
        page("404 | Báo A điện tử"),
        page("404 Not Found", "404 Not Found"),
        page("Error 404 - Báo A", "Lỗi 404", "Vui lòng quay lại trang chủ."),
        page("Báo A", "Lỗi 404: Không tìm thấy trang", others=OTHERS),
        page("Báo A", "404 - Trang không tồn tại", others=OTHERS),
        page("Page not found - The Paper", "Page not found"),
        page("The Paper", "Sorry, the page you are looking for was not found."),
        page("The Paper", "The article you requested is no longer available"),
        page("Trang không tồn tại"),
        page("Báo A", "Trang bạn đang tìm kiếm không tồn tại", others=OTHERS),
        page("Báo A", "Rất tiếc, trang bạn yêu cầu không tồn tại!", others=OTHERS),
        page("Báo A", "Xin lỗi! Không tìm thấy trang này."),
        page("Báo A", "", "Bài viết không tồn tại hoặc đã bị xóa", others=OTHERS),
        page("Báo A", "", "Bài viết này không còn tồn tại hoặc đã bị gỡ bỏ.", "Mời bạn đọc các tin khác."),
        page("Báo A", "", "Nội dung bạn yêu cầu không tồn tại hoặc đã bị gỡ. Vui lòng kiểm tra lại đường dẫn."),
        page("Bài viết đã bị gỡ | Báo A", "Bài viết đã bị gỡ"),
        page("Cổng thông tin điện tử", "Bài viết không tồn tại, đã bị xóa hoặc đã thay đổi"),
        page("Báo A", "Không tìm thấy đường dẫn này", "Đường dẫn này không có. Mời bạn quay lại trang chủ hoặc tìm bài khác."),
        page("Báo A", "Trang không tìm thấy", "Trang mà quý độc giả đang tìm không còn. Hãy trở về trang chủ để đọc tin mới."),
        # Sent to the front page, whatever it shows, or to the section.
        page("Báo A", "Tin nóng", *TEXT, url="https://bao-a.vn/"),
        page("Báo A", "Tin nóng", *TEXT, url="https://www.bao-a.vn"),
        page("Báo A", "", url="https://bao-a.vn/trang-chu.html"),
        page("Báo A", "", url="https://bao-a.vn/vi/"),
        page("Thời sự", "Thời sự", url="https://bao-a.vn/thoi-su/", others=OTHERS),
        page("Thời sự", "Thời sự", url="https://bao-a.vn/thoi-su.html", others=OTHERS),
        page("Báo A", "Có lỗi", url="https://bao-a.vn/404.html"),
        page("Báo A", "", *TEXT, url="https://bao-a.vn/error?from=/thoi-su/tau-ca"),
    ],
)  # fmt: skip
def test_a_page_that_says_its_article_is_gone(made: Page) -> None:
    assert gone(made)


@pytest.mark.parametrize(
    "made",
    [
        page("Tàu cá về bến | Báo A", "Tàu cá về bến sau bão", *TEXT),
        # About pages that are not there, and about persons and things that were not found.
        page("Lỗi 404 là gì và cách khắc phục | Báo A", "Lỗi 404 là gì và cách khắc phục", *TEXT),
        page("404", "404", *TEXT),  # a film, say
        page("Không tìm thấy trang | Báo A", "Không tìm thấy trang", *TEXT),
        page("Không tìm thấy nạn nhân thứ ba | Báo A", "Không tìm thấy nạn nhân thứ ba", TEXT[0]),
        page("Không tìm thấy trang phục cưới bị mất", "Không tìm thấy trang phục cưới bị mất", TEXT[0]),
        page("Không tìm thấy tin nhắn đe dọa", "Không tìm thấy tin nhắn đe dọa", TEXT[0]),
        page("Trang trại không tồn tại trên giấy tờ", "Trang trại không tồn tại trên giấy tờ", TEXT[0]),
        page("Bài viết đã bị gỡ: đài xin lỗi khán giả", "Bài viết đã bị gỡ: đài xin lỗi khán giả", TEXT[0]),
        page("Bài viết đã bị gỡ - đài xin lỗi | Báo A", "Bài viết đã bị gỡ - đài xin lỗi"),
        page("404 hộ dân được cấp đất | Báo A", "404 hộ dân được cấp đất"),
        page("Cầu 404 thông xe", "Cầu 404 thông xe", TEXT[0]),
        page("Page not found: how links rot | The Paper", "Page not found: how links rot", TEXT[0]),
        page("Nội dung bị xóa trong sổ đỏ", "Nội dung bị xóa trong sổ đỏ", TEXT[0]),
        page("Tin không có thật về bão", "Tin không có thật về bão", TEXT[0]),
        page("Gỡ bỏ bài viết không tồn tại trên mạng", "", TEXT[0]),
        page("Báo A", "Bão số 7 không còn", TEXT[0]),
        # Pages from which nothing can be read for other reasons.
        page("Phóng sự ảnh: Bão số 7 | Báo A", "Phóng sự ảnh: Bão số 7 đổ bộ", "Không tìm thấy nội dung này"),
        page("Video: Đua thuyền trên sông | Báo A", "Video: Đua thuyền trên sông"),
        page("Báo A", "", "Bình luận", "Không tìm thấy bình luận nào"),
        page("Đang kiểm tra trình duyệt", "", "Vui lòng đợi"),
        page("403 Forbidden", "403 Forbidden"),
        page("500 Internal Server Error", "500"),
        page("Báo A", "Báo đang bảo trì", "Mời bạn quay lại trang chủ sau."),
        Page(ASKED, b""),
        Page("http://[", b"<p>x</p>"),
        # Sent to another address of the article, or to another article.
        page("Tàu cá về bến | Báo A", "Tàu cá về bến", *TEXT, url="https://bao-a.vn/tau-ca-ve-ben-sau-bao-so-7-123456.html"),
        page("Tàu cá về bến | Báo A", "Tàu cá về bến", *TEXT, url="https://m.bao-a.vn/thoi-su/tau-ca-123456.html"),
        page("Tàu cá về bến | Báo A", "Tàu cá về bến", *TEXT, url="https://bao-a.vn/?p=123456"),
        page("Tàu cá về bến | Báo A", "Tàu cá về bến", *TEXT, url=f"{ASKED}?trang=1"),
    ],
)  # fmt: skip
def test_a_page_that_does_not(made: Page) -> None:
    assert not gone(made)


@pytest.mark.parametrize(
    ("asked", "answered", "so"),
    [
        ("https://bao-a.vn/?p=123456", "https://bao-a.vn/", True),
        ("https://bao-a.vn/?p=123456", "https://bao-a.vn/?p=123456", False),
        ("https://bao-a.vn/", "https://bao-a.vn/", False),
        ("https://bao-a.vn/404", "https://bao-a.vn/404", False),
        ("https://bao-a.vn/p/77", "https://bao-a.vn/p", False),  # who knows what /p is
        ("https://bao-a.vn/thoi-su/123456", "https://bao-a.vn/the-thao", False),
        ("https://bao-a.vn/tin-cu/tau-123456.html", "https://bao-a.vn/tin-cu-123456", False),
        ("https://bao-a.vn/tin/tau-123456/trang-2", "https://bao-a.vn/tin/tau-123456", False),
        ("https://bao-a.vn/tin/tau-123456", "https://bao-a.vn/tin", True),
    ],
)
def test_where_the_reader_was_sent(asked: str, answered: str, so: bool) -> None:
    assert gone(page("Báo A", "", url=answered), asked) == so


def test_a_section_that_could_be_read_as_an_article_is_taken_for_one() -> None:
    assert not gone(page("Tàu cá về bến", "Tàu cá về bến", *TEXT, url="https://bao-a.vn/thoi-su"))


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parent / "recorded").glob("*.html")), ids=lambda path: path.stem
)
def test_of_the_recorded_pages_one_is_gone(path: Path) -> None:
    expected = expectation(path.with_suffix(".toml"))
    told = gone(Page(expected.url, path.read_bytes(), expected.content_type), expected.url)
    assert told == (path.stem == "missing_page")


@settings(max_examples=200, deadline=None)
@given(
    html=st.lists(
        st.sampled_from(["<h1>", "</h1>", "<title>", "404", "không tìm thấy", " trang", "!", " - ", "<a>", "x"])
    )
)
def test_no_markup_breaks_it(html: list[str]) -> None:
    assert isinstance(gone(Page(ASKED, "".join(html).encode())), bool)


@pytest.mark.parametrize(
    "line", ["404 " * 60, "sorry! " * 40, "404" + ".!" * 90, "không tìm thấy trang " * 9, "lỗi lỗi " * 30]
)
def test_no_page_holds_it_up(line: str) -> None:
    made = Page(ASKED, ("<title>x</title>" + f"<p>{line}</p>" * 3_000).encode())
    start = time.perf_counter()
    is_gone(made, None, ASKED)
    assert time.perf_counter() - start < 10
