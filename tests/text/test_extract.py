"""A page to its article: what the paper wrote, and nothing of what stands around it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
import unicodedata
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.demo.press import EMPTY, FORBIDDEN, GONE, OUTLETS, SLOW, STUCK, Outlet, stories
from pipeline.demo.server import Press
from pipeline.records import Article, Page, Selectors
from pipeline.text.extract import extract
from tests.conftest import ROOT, SHARED

URL = "https://bao.example/thoi-su/cau-moi-100.html"
TITLE = "Khánh thành cây cầu qua sông Mẫu"
LEAD = "Sau mười tám tháng thi công, cây cầu nối hai bờ sông Mẫu đã đón những chuyến xe đầu tiên."
BODY = [
    "Sáng 5/1, xã Mẫu khánh thành cây cầu bắc qua sông Mẫu, nối hai thôn vốn cách nhau gần mười cây số đường vòng.",
    "Cây cầu dài 120 m, rộng 7 m, do người dân góp đất và ngân sách xã chi trả, khởi công từ giữa năm ngoái.",
    "Theo ban quản lý, công trình vượt tiến độ hai tháng, dù mùa mưa năm nay kéo dài hơn mọi năm.",
    "Từ nay học sinh thôn ngoài không phải đi đò, còn bà con chở lúa về kho trong ngày, kể cả khi nước lên.",
    "Cây cầu cũ bằng tre vẫn được giữ lại một đoạn, để con cháu biết ông bà từng qua sông ra sao.",
    "Anh Thử, người chạy xe chở hàng, tính mỗi chuyến bớt được nửa giờ và gần hai lít dầu.",
    "Xã cũng đã cắm biển hạn chế tải trọng, giao dân quân trực hai đầu cầu trong tháng đầu tiên.",
    "Đường dẫn phía bờ nam còn một đoạn chừng trăm mét chưa trải nhựa, hẹn xong trước mùa mưa.",
    "Trong tháng tới, xã sẽ trồng cây dọc hai đầu cầu và lắp thêm đèn chiếu sáng cho người đi bộ.",
]
TEXT = "\n\n".join(BODY)
PUBLISHED = datetime(2026, 1, 5, 1, 7, tzinfo=UTC)
COMMENT = "Bạn đọc {}: tôi thấy cây cầu này xây lâu quá, đi lại khó khăn, mong xã xem lại việc này giúp bà con."


def paragraphs(texts: list[str]) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


def page(body: str, head: str = "", url: str = URL) -> Page:
    return Page(url, f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode())


def article(body: str, head: str = "", selectors: Selectors | None = None) -> Article:
    read = extract(page(body, head), selectors or Selectors())
    assert read is not None
    return read


def listing(count: int, summaries: bool = True) -> str:
    return "".join(
        f"<div class=item><h3><a href='/tin-{number}.html'>Một tiêu đề tin trong ngày, số {number}</a></h3>"
        + (f"<p>{BODY[number % len(BODY)]} Đó là tin thứ {number}.</p></div>" if summaries else "</div>")
        for number in range(count)
    )


MENU = "<div class=menu><a href=/>Trang chủ</a> <a href=/thoi-su/>Thời sự</a> <a href=/kinh-te/>Kinh tế</a></div>"
RELATED = "<div class=related><h3>Tin liên quan</h3>" + "".join(
    f"<p><a href=/lq-{number}.html>Một bài khác của báo về giao thông nông thôn, bài {number}</a></p>"
    for number in range(6)
)
FOOTER = "<footer><p>Báo Mẫu. Tòa soạn ở số 1 đường Mẫu, thành phố Mẫu. Giữ bản quyền nội dung.</p></footer>"
HEADING = f"<h1>{TITLE}</h1>"
SAPO = f"<p class=sapo><b>{LEAD}</b></p>"
DESCRIBED = f'<meta property="og:description" content="{LEAD}">'

LAYOUTS = {
    "article element": f"<main><article><header>{HEADING}</header>{paragraphs(BODY)}</article></main>",
    "blocks in blocks": f"<div id=wrap><div class=col>{HEADING}{SAPO}<div class=detail>{paragraphs(BODY)}</div></div></div>",
    "lines parted by br": f"<div>{HEADING}<div class=noidung>{'<br><br>'.join(BODY)}</div></div>",
    "old table": f"<table><tr><td>{HEADING}{paragraphs(BODY)}</td><td width=200>{MENU}</td></tr></table>",
    "one form around all": f"<form id=aspnetForm><div>{HEADING}<div class=body>{paragraphs(BODY)}</div></div></form>",
    "each paragraph a div": f"<div>{HEADING}<div class=b>{''.join(f'<div>{text}</div>' for text in BODY)}</div></div>",
    "parted sections": f"<div>{HEADING}<div class=b><section>{paragraphs(BODY[:2])}</section>"
    f"<aside><a href=/x>Bài khác</a></aside><section>{paragraphs(BODY[2:])}</section></div></div>",
    "no tags closed": f"<div>{HEADING}<div class=b>" + "".join(f"<p>{text}" for text in BODY),
    "words in bold and links": f"<div>{HEADING}<div class=b>"
    + paragraphs([re.sub(r"(sông Mẫu|xã)", r"<b><a href=/t>\1</a></b>", text) for text in BODY]),
    "ad names on the wrapper": f"<div class='main has-ads widget'>{HEADING}<div class=b>{paragraphs(BODY)}</div></div>",
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_article_is_read_from_every_layout_and_nothing_around_it(layout: str) -> None:
    read = article(f"{MENU}{LAYOUTS[layout]}{RELATED}</div>{FOOTER}", DESCRIBED)

    assert (read.title, read.lead, read.text) == (TITLE, LEAD, TEXT)
    assert (read.lang, read.url) == ("vi", URL)
    assert read.confidence > 0.5


def test_text_comes_composed_on_single_lines_without_invisible_characters() -> None:
    body = paragraphs([unicodedata.normalize("NFD", text).replace(" ", " \n\u200b ", 1) for text in BODY])

    assert article(HEADING + f"<div>{body}</div>").text == TEXT


@pytest.mark.parametrize(
    ("head", "above"),
    [(DESCRIBED, ""), (f'<meta name="description" content="{LEAD}">', ""), ("", SAPO), (DESCRIBED, SAPO)],
)
def test_the_lead_stands_apart_from_the_text_and_so_does_the_line_with_the_date(head: str, above: str) -> None:
    read = article(f"{HEADING}<div><p>Thứ Hai, 05/01/2026, 08:07</p>{above}{paragraphs(BODY)}</div>", head)

    assert (read.lead, read.text) == (LEAD, TEXT)


def test_lists_quotes_and_subheadings_are_part_of_the_article() -> None:
    item = "Làn xe thô sơ rộng 1,5 m ở mỗi bên, có lan can thép."
    quote = "Tôi chờ cây cầu này từ thuở còn đi học, bà Mẫu nói."

    read = article(
        f"{HEADING}<div>{paragraphs(BODY[:3])}<h2>Hai bờ gần lại</h2><ul><li>{item}</li></ul>"
        f"<blockquote>{quote}</blockquote>{paragraphs(BODY[3:])}</div>"
    )

    assert read.text.split("\n\n") == [*BODY[:3], "Hai bờ gần lại", item, quote, *BODY[3:]]


def test_captions_are_kept_apart_from_the_text() -> None:
    figure = "<figure><img src=a.jpg><figcaption>Cầu Mẫu nhìn từ bờ bắc.</figcaption></figure>"

    read = article(f"{HEADING}<div>{paragraphs(BODY[:2])}{figure}{paragraphs(BODY[2:])}</div>")

    assert (read.text, read.captions) == (TEXT, ("Cầu Mẫu nhìn từ bờ bắc.",))


@pytest.mark.parametrize(
    "promotion",
    [
        "<p>Xem thêm: Những cây cầu mới trong năm</p>",
        "<p>>> Mời bạn đọc theo dõi bản tin tối</p>",
        "<p>Theo dõi Báo Mẫu trên kênh tin nhanh</p>",
        "<p>Read more: New bridges of the year</p>",
        "<p><a href=/x>Những cây cầu mới trong năm được mong đợi nhất</a></p>",
        "<ul><li><a href=/x>Những cây cầu mới trong năm được mong đợi nhất</a></li></ul>",
        "<p>Ảnh: Tư liệu</p>",
        "<div class=newsletter><p>Đăng ký nhận bản tin của chúng tôi mỗi sáng, hoàn toàn miễn phí.</p></div>",
        "<script>var text = 'Một đoạn văn dài trong mã, không phải là của bài báo này.';</script>",
        "<style>p { content: 'Một đoạn văn dài trong kiểu chữ, không phải của bài.'; }</style>",
        "<!-- <p>Một đoạn văn dài trong chú thích của người làm trang, không phải của bài.</p> -->",
    ],
)
def test_promotion_credits_and_code_between_paragraphs_are_left_out(promotion: str) -> None:
    assert article(f"{HEADING}<div>{paragraphs(BODY[:2])}{promotion}{paragraphs(BODY[2:])}</div>").text == TEXT


def test_a_lead_that_opens_the_text_and_a_paragraph_that_comes_twice_stand_once() -> None:
    read = article(f"{HEADING}<div>{paragraphs([TITLE, LEAD, *BODY, BODY[1]])}</div>", DESCRIBED)

    assert (read.lead, read.text) == (LEAD, TEXT)


@pytest.mark.parametrize(
    ("block", "item", "count"),
    [
        ("box-comment", "item", 3),
        ("binhluan", "item", 3),
        ("comments", "comment-item", 80),
        ("fb-comments", "comment", 80),
        ("box-comment", "item", 80),
        ("binhluan", "item", 80),
    ],
)
def test_readers_comments_are_never_read_however_many_there_are(block: str, item: str, count: int) -> None:
    comments = "".join(f"<div class={item}><p>{COMMENT.format(number)}</p></div>" for number in range(count))

    read = article(
        f"<div class=main>{HEADING}<div class=detail>{paragraphs(BODY)}</div><div id={block}>{comments}</div></div>"
    )

    assert read.text == TEXT


def test_comments_under_a_film_are_no_article() -> None:
    comments = "".join(f"<div class=comment><p>{COMMENT.format(number)}</p></div>" for number in range(30))

    assert extract(page(f"{HEADING}<video src=v.mp4></video><div class=comments>{comments}</div>")) is None


@pytest.mark.parametrize(
    "line",
    [
        "<p><strong>Nguyễn Văn Mẫu</strong></p>",
        "<p style='text-align:right'>LÊ THỊ MẪU</p>",
        "<p>Nguyễn Mẫu - Trần Thử</p>",
        "<p>PV Nguyễn Mẫu</p>",
        "<p>Jane Sample</p>",
        "<p>By Jane Sample</p>",
        "<p class=author>Nguyễn Văn Mẫu, phóng viên thường trú của báo tại tỉnh</p>",
        "<div class='byline'>Nguyễn Văn Mẫu</div>",
        "<p>Đức Mẫu</p>",
        "<p>Nguyễn Văn Đức Mẫu</p>",
        "<p>Bài và ảnh: Lê Mẫu</p>",
        "<p>Tác giả: Lê Mẫu</p>",
    ],
)
def test_the_name_under_an_article_is_not_kept(line: str) -> None:
    assert article(f"{HEADING}<div>{paragraphs(BODY)}{line}</div>").text == TEXT


@pytest.mark.parametrize("line", ["By Jane Sample", "Bài và ảnh: Lê Mẫu", "Phóng viên Nguyễn Mẫu"])
def test_the_name_above_an_article_is_not_kept(line: str) -> None:
    assert article(f"{HEADING}<div><p>{line}</p>{paragraphs(BODY)}</div>").text == TEXT


@pytest.mark.parametrize("line", ["Theo TTXVN", "(Theo Hãng tin Mẫu)", "Cầu mở cửa từ sáng mai."])
def test_the_origin_and_a_short_last_sentence_stay(line: str) -> None:
    assert article(f"{HEADING}<div>{paragraphs([*BODY, line])}</div>").text == f"{TEXT}\n\n{line}"


def test_no_field_of_an_article_holds_its_author() -> None:
    data = {"@type": "NewsArticle", "headline": TITLE, "author": {"@type": "Person", "name": "Ngô Thử Bút"}}
    head = f'<meta name="author" content="Ngô Thử Bút"><script type="application/ld+json">{json.dumps(data)}</script>'

    read = article(f"{HEADING}<p class=author>Ngô Thử Bút</p><div>{paragraphs(BODY)}</div>", head)

    assert "Thử Bút" not in str(asdict(read))
    assert not {name for name in asdict(read) if "author" in name or "byline" in name}


def linked_data(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


@pytest.mark.parametrize(
    ("head", "heading", "title"),
    [
        (f"<title>{TITLE} | Báo Mẫu</title>", "", TITLE),
        (f'<meta property="og:title" content="{TITLE} | Báo Mẫu">', HEADING, TITLE),
        (f'<meta property="og:title" content="{TITLE}">', "<h1>Báo Mẫu điện tử</h1>", TITLE),
        (linked_data(headline=TITLE.replace("ầ", "&#7847;")), "", TITLE),
        ("<title>Trang chủ</title>", f"<h1>\n  {TITLE}\u00a0</h1>", TITLE),
        ("", "", BODY[0]),
    ],
)
def test_the_title_is_the_headline_without_the_papers_name(head: str, heading: str, title: str) -> None:
    assert article(f"{heading}<div>{paragraphs(BODY)}</div>", head).title == title


STAMP = "2026-01-05T08:07:00+07:00"
OTHER_STAMP = "2020-02-02T02:02:00Z"


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        (f'<meta property="article:published_time" content="{STAMP}">' + linked_data(datePublished=OTHER_STAMP), ""),
        (linked_data(datePublished=STAMP), "<span class=date>2/2/2020</span>"),
        ('<meta name="pubdate" content="2026-01-05 08:07 +07:00">', "<time datetime='2020-02-02'></time>"),
        ("", f"<time datetime='{STAMP}'>hôm nay</time>"),
        ("", "<span class='post-date'>Thứ Hai, 05/01/2026, 08:07 (GMT+7)</span>"),
        ("", "<span class=time>5 giờ trước</span><p class=ngaydang>08:07 5.1.2026</p>"),
        ('<meta property="article:published_time" content="mới đây">', "<div class=time>8h07 - 5/1/2026</div>"),
    ],
)
def test_the_date_is_the_best_the_page_gives(head: str, shown: str) -> None:
    assert article(f"{HEADING}{shown}<div>{paragraphs(BODY)}</div>", head).published == PUBLISHED


def test_a_date_told_by_the_hours_since_counts_from_when_the_page_was_seen() -> None:
    body = f"{HEADING}<span class=time>5 giờ trước</span><div>{paragraphs(BODY)}</div>".encode()

    seen = extract(Page(URL, body, "", PUBLISHED + timedelta(hours=5)))
    unknown = extract(Page(URL, body))

    assert seen is not None and seen.published == PUBLISHED
    assert unknown is not None and unknown.published is None


def test_letters_of_an_old_font_inside_utf_8_are_read() -> None:
    typed = "Hµ Néi ®· kh¸nh thµnh c©y cÇu míi, nèi hai bê s«ng MÉu sau m­êi t¸m th¸ng thi c«ng vµ ®ãn nh÷ng chuyÕn xe ®Çu tiªn. "

    read = article(f"<h1>C©y cÇu míi</h1><div><p>{typed * 2}</p><p>{typed * 3}</p></div>")

    assert read.title == "Cây cầu mới"
    assert read.text.startswith("Hà Nội đã khánh thành cây cầu mới, nối hai bờ sông Mẫu sau mười tám tháng")


def test_a_page_without_a_date_gets_none_and_a_later_change_is_kept_apart() -> None:
    assert article(f"{HEADING}<div>{paragraphs(BODY)}</div>").published is None

    read = article(
        f"{HEADING}<div>{paragraphs(BODY)}</div>", linked_data(datePublished=STAMP, dateModified="2026-01-06T00:00:00Z")
    )
    assert (read.published, read.modified) == (PUBLISHED, datetime(2026, 1, 6, tzinfo=UTC))


def test_a_date_after_the_page_was_seen_is_no_date_of_publication() -> None:
    event = f"{HEADING}<p>Hội nghị sẽ họp ngày 20/12/2026</p><div>{paragraphs(BODY)}</div>"
    typed = '<meta property="article:published_time" content="2062-01-05T08:07:00+07:00">'
    seen = datetime(2026, 1, 5, 8, tzinfo=UTC)

    for body, head in ((event, ""), (HEADING + paragraphs(BODY), typed)):
        read = extract(replace(page(body, head), seen_at=seen))
        assert read is not None and read.published is None


@pytest.mark.parametrize(
    "author",
    [
        {"@type": "Organization", "name": "Ban quản lý"},
        {"@type": "Person", "name": "Ban"},
        [{"@type": "Person", "name": "Ban"}],
    ],
)
def test_a_paragraph_that_begins_like_an_office_or_a_pen_name_is_no_line_about_the_author(author: object) -> None:
    last = "Ban quản lý sẽ trồng cây dọc hai đầu cầu trong tháng tới, khi trời thôi mưa."

    assert article(f"{HEADING}<div>{paragraphs([*BODY, last])}</div>", linked_data(author=author)).text.endswith(last)


def test_an_address_that_is_none_does_not_stop_the_reader() -> None:
    head = '<meta property="og:url" content="http://[x">'

    assert extract(page(GOOD, head, url="")) is not None


def test_a_papers_name_in_a_heading_is_not_the_title() -> None:
    head = f'<meta property="og:title" content="{TITLE} - Báo Quê Mẫu">'

    for own in (f"<h1>{TITLE}</h1>", f"<h2>{TITLE}</h2>"):
        assert article(f"<h1>Báo Quê Mẫu</h1>{own}<div>{paragraphs(BODY)}</div>", head).title.startswith(TITLE)


def test_the_section_is_read_where_the_page_names_it() -> None:
    body = f"{HEADING}<div>{paragraphs(BODY)}</div>"

    assert article(body, '<meta property="article:section" content="Thời sự">').section == "Thời sự"
    assert article(body, linked_data(articleSection="Thời sự")).section == "Thời sự"
    assert article(body).section == ""


def test_several_sections_of_linked_data_are_joined() -> None:
    head = linked_data(articleSection=["Thời sự", "Giao thông"])

    assert article(f"{HEADING}<div>{paragraphs(BODY)}</div>", head).section == "Thời sự, Giao thông"


@pytest.mark.parametrize(
    ("canonical", "url"),
    [
        ("/thoi-su/cau-moi.html", "https://bao.example/thoi-su/cau-moi.html"),
        ("https://bao.example/a.html", "https://bao.example/a.html"),
        ("https://other.example/a.html", URL),  # nobody speaks for another's pages
        ("https://bao.example:99999/thoi-su/cau-moi-100.html", URL),  # nor for another server
        ("https://bao.example/", URL),
        ("http://[", URL),
        ("", URL),
        ("#", URL),
        ("javascript:void(0)", URL),
        ("ftp://bao.example/thoi-su/cau-moi-100.html", URL),
        ("https://ai:mat-khau@bao.example/thoi-su/cau-moi-100.html", URL),
        ("/index.html", URL),
        ("/vi/trang-chu.aspx", URL),
        ("https://bao.example/" + "a-b-c-d-e-" * 200, URL),
    ],
)
def test_a_page_is_believed_about_its_own_address_only(canonical: str, url: str) -> None:
    assert article(f"{HEADING}<div>{paragraphs(BODY)}</div>", f'<link rel="canonical" href="{canonical}">').url == url


def test_a_sources_selectors_win_over_the_general_rules() -> None:
    body = (
        f"<h1>Chuyên mục Giao thông nông thôn</h1><h2 class=t>{TITLE}</h2><p class=l>{LEAD}</p><i class=d>08:07 5/1/2026</i>"
        f"<div class=x>{paragraphs(BODY)}<p class=q>Một câu đố vui dành cho bạn đọc nhỏ tuổi của báo hôm nay.</p></div>"
        f"<div>{paragraphs(BODY[::-1])}</div>"
    )

    read = article(body, "", Selectors(title=".t", lead=".l", body=".x", published=".d", drop=".q"))

    assert (read.title, read.lead, read.text) == (TITLE, LEAD, TEXT)
    assert (read.published, read.method) == (PUBLISHED, "selectors")


@pytest.mark.parametrize("field", ["body", "title", "lead", "published", "drop"])
def test_a_selector_that_is_none_leaves_the_general_rules_to_work(field: str) -> None:
    read = article(GOOD, DESCRIBED, Selectors(**{field: "div[["}))

    assert (read.title, read.text) == (TITLE, TEXT)


def test_dropped_elements_may_lie_in_one_another() -> None:
    nested = "<div class=x><p class=x>Một dòng thừa, dài vừa phải, trong một khối thừa.</p></div>"

    assert article(f"{HEADING}<div>{nested}{paragraphs(BODY)}</div>", selectors=Selectors(drop=".x, .x *")).text == TEXT


def test_selectors_that_find_nothing_leave_the_general_rules_to_work() -> None:
    read = article(f"{HEADING}<div>{paragraphs(BODY)}</div>", "", Selectors(title=".gone", body=".gone", drop=".gone"))

    assert (read.title, read.text) == (TITLE, TEXT)


@pytest.mark.parametrize(
    ("body", "head", "url"),
    [
        ("", "", URL),
        ("<script>let a = 1</script>", "", URL),
        ("<h1>Không tìm thấy trang</h1><p>Trang bạn tìm không còn nữa.</p>", "", URL),
        (f"{HEADING}<video src=v.mp4></video>", DESCRIBED, URL),
        (listing(30), "", "https://bao.example/thoi-su/"),
        (listing(30), '<meta property="og:type" content="website">', "https://bao.example/thoi-su/"),
        (listing(6), "", "https://bao.example/"),
        ("".join(f"<p><a href=/{n}>Một tiêu đề tin, bài số {n} của ngày</a></p>" for n in range(40)), "", URL),
        (MENU + RELATED + "</div>" + FOOTER, "", URL),
        (  # headlines with their summaries, side by side and in no boxes
            "<div>"
            + "".join(
                f"<h3><a href=/{n}>Một tiêu đề tin trong ngày, số {n}</a></h3><p>{BODY[n % 9]} {n}</p>"
                for n in range(20)
            )
            + "</div>",
            '<meta property="og:type" content="article">',
            "https://bao.example/thoi-su/",
        ),
    ],
)
def test_a_page_without_an_article_gives_none(body: str, head: str, url: str) -> None:
    assert extract(page(body, head, url)) is None


def test_an_article_followed_by_many_headlines_is_still_an_article() -> None:
    read = article(
        f"<article class='post has-ads widget'>{HEADING}<div>{paragraphs(BODY)}</div></article>"
        f"<div class=more>{listing(80, summaries=False)}</div>",
        '<meta property="og:type" content="article">',
    )

    assert (read.title, read.text) == (TITLE, TEXT)


# Hostile and broken pages.

DEPTH = 20_000
GOOD = f"{HEADING}<div>{paragraphs(BODY)}</div>"
HOSTILE = {
    "text at the bottom of nesting": "<div>" * DEPTH + GOOD,
    "nested spans": f"{GOOD}<p>{'<span>' * DEPTH}x",
    "nested advertisements": f"{GOOD}{'<div class=ads>' * DEPTH}x",
    "broken linked data": f'<script type="application/ld+json">{{"@type": "NewsArticle",,</script>{GOOD}',
    "nested linked data": f'<script type="application/ld+json">{"[" * 100_000}</script>{GOOD}',
    "nested graphs": '<script type="application/ld+json">' + '{"@graph":' * 700 + "1" + "}" * 700 + f"</script>{GOOD}",
    "linked data of wrong types": linked_data(headline=[1], datePublished=5, articleSection=[None, {}]) + GOOD,
    "linked data that is no object": f'<script type="application/ld+json">[1, null, "@type"]</script>{GOOD}',
    "a megabyte in an attribute": f"<div class='{'a ' * 500_000}' data-x='{'y' * 1_000_000}'>x</div>{GOOD}",
    "nested lists": f"{GOOD}{'<ul><li>' * 40_000}x",
    "nested comments": f"{GOOD}{'<div class=comments>' * 40_000}x",
    "other ends than beginnings": f"{GOOD}{'<div></b>' * 40_000}x",
    "thousands of attributes": f"<div {' '.join(f'a{number}=x' for number in range(5_000))}>x</div>{GOOD}",
    "a megabyte of title": f"<title>{'t' * 1_000_000}</title>{GOOD}",
    "tags without end": GOOD + "<" * 50_000 + "<!--" * 1_000,
    "impossible dates": f'<meta property="article:published_time" content="{"9" * 5_000}">{GOOD}',
    "zero bytes": f"\0{GOOD}\0",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_does_not_stop_the_reader_and_keeps_its_text(name: str) -> None:
    began = time.process_time()

    read = extract(Page(URL, HOSTILE[name].encode()))

    assert time.process_time() - began < 10  # seconds; parsing takes the square of the depth: half a minute and more
    assert read is not None
    assert BODY[0] in read.text and BODY[-1] in read.text


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(f"<div>{paragraphs(BODY)}{'<div>' * DEPTH}x", id="nesting beside the text"),
        pytest.param(
            f"<div>{paragraphs(BODY)}{'<div>' * DEPTH}{paragraphs(BODY)}{'</div>' * DEPTH}</div>",
            id="text at both ends of nesting",
        ),
        pytest.param(
            f"<html class=caption>{GOOD}",
            id="the root is named like a caption",
        ),
    ],
)
def test_no_shape_of_a_page_stops_the_reader(body: str) -> None:
    try:
        read = extract(Page(URL, body.encode()))
    except RecursionError:
        read = None  # caught here: to print it, pytest would compare the locals of a thousand frames for minutes

    assert read is not None
    assert BODY[0] in read.text


def test_the_slower_reader_is_spared_pages_of_nothing_but_tags(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr("trafilatura.bare_extraction", lambda html, **_: asked.append(len(html)))

    for count in (90_000, 110_000):
        assert extract(page("<br>" * count)) is None

    assert len(asked) == 1


def test_bytes_that_are_no_text_do_not_stop_the_reader() -> None:
    broken = f"{HEADING}<div>{paragraphs(BODY)}<p>".encode() + b"\xff\xfe\x80\xc3" + b"</p></div>"

    read = extract(Page(URL, broken, "text/html; charset=utf-8"))

    assert read is not None and BODY[0] in read.text and BODY[-1] in read.text


@given(st.binary(max_size=2_000), st.sampled_from([URL, ""]))
@settings(max_examples=100, deadline=None)
def test_a_body_that_is_no_page_at_all_does_not_stop_the_reader(body: bytes, url: str) -> None:
    read = extract(Page(url, body))

    assert read is None or (read.title and read.text)


def test_what_is_read_can_always_be_written_down() -> None:
    data = f'<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "\\ud800 {TITLE}"}}</script>'

    read = article(f"<div>{paragraphs(BODY)}</div>", data)

    assert json.dumps(asdict(read), ensure_ascii=False, default=str).encode()


TAGS = [
    "div",
    "p",
    "nav",
    "aside",
    "article",
    "main",
    "table",
    "tr",
    "td",
    "ul",
    "li",
    "b",
    "a",
    "span",
    "figure",
    "figcaption",
    "form",
    "h1",
    "h2",
    "blockquote",
    "pre",
    "br",
]
SOUP = st.lists(
    st.one_of(
        st.sampled_from(TAGS).map(lambda tag: f"<{tag}>"),
        st.sampled_from(TAGS).map(lambda tag: f"</{tag}>"),
        st.sampled_from(TAGS).map(lambda tag: f"<{tag} class='ads comments'>"),
        st.sampled_from(
            [*BODY, "<!--", "-->", "<![CDATA[", "&#0;", "&#xD800;", "&amp;", "<script>", "<meta ", "<svg>"]
        ),
        st.sampled_from(["<link rel=canonical href='http://[::'>", "<time datetime='x'>5.1.2026", "<template>"]),
        st.text(max_size=5),
    ),
    max_size=60,
).map("".join)


@given(SOUP, st.sampled_from([URL, "", "https://bao.example/"]))
@settings(max_examples=250, deadline=None)
def test_no_soup_of_tags_stops_the_reader_and_an_article_always_has_title_and_text(soup: str, url: str) -> None:
    read = extract(Page(url, soup.encode("utf-8", "replace")))

    if read is not None:
        assert read.title and read.text
        assert 0 <= read.confidence <= 1
        assert all(line and line == " ".join(line.split()) for line in read.text.split("\n\n"))
        assert read.text == unicodedata.normalize("NFC", read.text)


# The fictional press: eight papers, six layouts, over HTTP.

STARTED = datetime(2026, 1, 5, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def papers() -> Iterator[dict[str, str]]:
    """The base address of each fictional paper."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in OUTLETS]
    ports = [listener.getsockname()[1] for listener in sockets]
    press = Press(STARTED, dict(zip(ports, OUTLETS, strict=True)))
    server = uvicorn.Server(uvicorn.Config(press.app(), log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": sockets}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield {outlet.id: f"http://127.0.0.1:{port}" for outlet, port in zip(OUTLETS, ports, strict=True)}
    server.should_exit = True
    thread.join(timeout=10)
    for listener in sockets:
        listener.close()


def fetched(url: str) -> Page:
    with urllib.request.urlopen(url, timeout=10) as response:
        return Page(url, response.read(), response.headers.get("content-type", ""))


def squeezed(text: str) -> str:
    return unicodedata.normalize("NFC", " ".join(text.split()))


@pytest.mark.parametrize("outlet", OUTLETS, ids=lambda outlet: outlet.id)
def test_every_article_of_the_fictional_press_is_read_whole(outlet: Outlet, papers: dict[str, str]) -> None:
    told = [story for story in stories(outlet.id) if story.id not in (GONE, SLOW, STUCK, EMPTY)]
    assert len(told) >= 15
    for story in told:
        folder = "noi-bo" if story.id == FORBIDDEN else story.section
        read = extract(fetched(f"{papers[outlet.id]}/{folder}/{story.slug}.html"))

        assert read is not None, story.id
        assert read.title == squeezed(story.title)
        # All of the article in its order, and none of the menus, headlines, comments and notices around it.
        assert squeezed(f"{read.lead} {read.text}") == squeezed(" ".join([story.lead, *story.body])), story.id
        assert read.published is not None
        assert abs(read.published - (STARTED - timedelta(minutes=story.minutes_ago))) < timedelta(minutes=1)
        assert read.lang == outlet.language


def test_the_fictional_presss_listing_and_video_pages_give_none(papers: dict[str, str]) -> None:
    assert extract(fetched(f"{papers['song_hieu']}/moi-nhat/")) is None
    video = next(story for story in stories("duyen_hai") if story.id == EMPTY)
    assert extract(fetched(f"{papers['duyen_hai']}/{video.section}/{video.slug}.html")) is None


# Real pages: they stay where they are.


def run_extract(files: list[Path], output: Path) -> list[dict[str, str]]:
    subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "extract", *map(str, files), "-o", str(output)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=300,
    )
    return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]


@pytest.mark.slow
def test_real_vietnamese_articles_give_title_text_and_date(press: Path, tmp_path: Path) -> None:
    files = [path for path in sorted((press / "html").glob("*.html")) if "_article" in path.name or "_sub" in path.name]
    assert len(files) >= 5

    rows = run_extract(files, tmp_path / "out.jsonl")

    assert [Path(row["file"]) for row in rows] == files
    for row in rows:
        assert len(row["title"]) > 20, row["file"]
        assert len(row["text"]) >= 1000, row["file"]
        assert row["published"] and datetime.fromisoformat(row["published"]).utcoffset() == timedelta(0)
        assert (row["lang"], row["method"]) == ("vi", "general")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["_list", "_home"])
def test_real_section_and_front_pages_give_none_also_without_their_address(kind: str, press: Path) -> None:
    files = [path for path in (press / "html").glob("*.html") if kind in path.name]
    assert files

    assert {path.name: extract(Page("", path.read_bytes())) for path in files} == dict.fromkeys(
        [path.name for path in files]
    )


@pytest.mark.slow
def test_extraction_keeps_its_floor_on_the_pages_a_person_marked(press: Path, tmp_path: Path) -> None:
    score = SHARED / "bench" / "extraction_score.py"
    if not score.is_file():
        pytest.skip(f"no scoring script at {score}")
    files = sorted((press / "extraction" / "html").glob("*.gz"))
    run_extract(files, tmp_path / "out.jsonl")

    done = subprocess.run(
        [sys.executable, str(score), str(press / "extraction" / "gold.json"), str(tmp_path / "out.jsonl")],
        capture_output=True,
        text=True,
        check=True,
    )

    match = re.search(r"F1 ([\d.]+)", done.stdout)
    assert match and float(match[1]) >= 0.935, done.stdout


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("https://bao.example/chi-tiet.aspx?id=1", "https://bao.example/chi-tiet.aspx"),
        ("https://bao.example/cau-moi-qua-song-da-thong-xe.html", "https://bao.example/thoi-su"),
        ("https://bao.example/tin?id=123", "https://bao.example/tin?lang=vi"),
        ("https://bao.example/tin?cat=5&id=123", "https://bao.example/tin?cat=5"),
        ("https://bao.example/tin?bai=cau", "https://bao.example/tin?lang=vi"),
        ("https://bao.example/xem-tin-tuc-su-kien.aspx?id=1", "https://bao.example/xem-tin-tuc-su-kien.aspx"),
        ("https://bao.example/tin/cau", "https://bao.example/tin"),
        ("https://bao.example/tin/cau", "https://bao.example/index.php"),
        ("https://bao.example/tin/cau", "https://bao.example/en"),
        # A paper on a host that lets out names is not its neighbour's keeper, nor is one office another's.
        ("https://bao-a.blogspot.com/cau.html", "https://bao-b.blogspot.com/cau-moi-qua-song-da-thong.html"),
        ("https://bao-a.vn/cau.html", "https://bao-b.vn/cau-moi-qua-song-da-thong.html"),
        ("https://bao-a.com.vn/cau.html", "https://bao-b.com.vn/cau-moi-qua-song-da-thong.html"),
        ("https://m.bao-a.vn/cau-1-2-3-4.html", "https://www.bao-a.vn/"),
        ("https://m.bao-a.vn/cau-1-2-3-4.html", "https://www.bao-a.vn:8443/cau-1-2-3-4.html"),
    ],
)
def test_a_canonical_address_that_several_articles_share_is_not_believed(address: str, canonical: str) -> None:
    html = f'<link rel="canonical" href="{canonical}">{HEADING}<div>{paragraphs(BODY)}</div>'
    read = extract(Page(address, html.encode()))
    assert read is not None and read.url == address


@pytest.mark.parametrize(
    ("address", "canonical"),
    [
        ("https://m.bao-a.vn/cau-123456.html", "https://www.bao-a.vn/cau-123456.html"),
        ("https://amp.bao-a.com.vn/cau-123456.amp", "https://bao-a.com.vn/cau-123456.html"),
        ("https://bao-a.vn/tin?cat=5&id=123&from=rss", "https://bao-a.vn/tin?id=123"),
        ("https://bao-a.vn/tin?bai=cau&lang=vi", "https://bao-a.vn/tin?bai=cau"),
        ("https://bao-a.vn/p/77", "https://bao-a.vn/thoi-su/cau"),
    ],
)
def test_a_page_for_telephones_names_the_article_on_its_papers_plain_host(address: str, canonical: str) -> None:
    html = f'<link rel="canonical" href="{canonical}">{HEADING}<div>{paragraphs(BODY)}</div>'
    read = extract(Page(address, html.encode()))
    assert read is not None and read.url == canonical
