"""Which blocks of a page are its article: by their worth, their neighbours and the names that templates give."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.blocks import STEP
from pipeline.text.body import Body, read_body

STORY = [
    "Bến đò Cồn Nhạn hoạt động trở lại từ sáng nay, sau ba tuần dừng vì nước lên quá báo động hai.",
    "Chủ bến cho biết mỗi ngày có chừng bốn trăm lượt khách, phần lớn là học sinh và tiểu thương.",
    "Xã cử hai dân quân trực bến, phát áo phao và ghi số người lên mỗi chuyến vào sổ.",
    "Giá vé vẫn giữ như cũ, ba nghìn đồng một người và năm nghìn đồng nếu kèm xe đạp.",
]
OTHER = "Một bài khác của báo, dài vừa phải, kể chuyện một làng nghề đang tìm cách giữ thợ trẻ ở lại."


def read(html: str) -> Body:
    root = LexborHTMLParser(f"<body>{html}</body>").body
    assert root is not None
    return read_body(root)


def story(paragraphs: list[str] = STORY) -> str:
    return "".join(f"<p>{text}</p>" for text in paragraphs)


def teasers(count: int) -> str:
    return "".join(
        f"<div><h3><a href=/{n}>Tiêu đề một bài khác, bài số {n}</a></h3><p>{OTHER} {n}</p></div>" for n in range(count)
    )


@pytest.mark.parametrize(
    "html",
    [
        f"<div><h1>Bến đò</h1><div>{story()}</div></div>",
        f"<div class=sidebar-1><h1>Bến đò</h1><div>{story()}</div></div><div>{teasers(9)}</div>",
        f"<div class=article__body>{story()}</div><div>{story([OTHER] * 3)}</div>",
        f"<div class=page-content><div class=article-body>{story()}</div><div class=fb-share><a href=/>Chia sẻ</a></div></div>",
        f"<div itemprop=articleBody>{story()}</div><div>{teasers(2)}</div>",
        f"<div><div class=cms-body>{story(STORY[:2])}</div><div class=ad>Quảng cáo</div>"
        f"<div class=cms-body>{story(STORY[2:])}</div></div>",
        f"<article><div class=post-body>{story()}</div></article><article><div class=post-body>{story([OTHER])}</div></article>",
        f"<div>{story(STORY[:2])}<div>{teasers(3)}</div>{story(STORY[2:])}</div>",
        f"<div>{story(STORY[:2])}<div class=VCSortable type=RelatedOneNews><p>{OTHER}</p></div>{story(STORY[2:])}</div>",
        f"<div>{story()}<div class=tinLienQuan><p>{OTHER}</p><p>{OTHER}</p></div></div>",
        f"<div>{story()}<p style='display: none'>{OTHER}</p><p hidden>{OTHER}</p></div>",
        f"<div>{story()}<h3>Đọc nhiều</h3><ul><li><a href=/x>{OTHER}</a></li></ul></div>",
    ],
)
def test_the_article_is_read_and_what_stands_around_it_is_not(html: str) -> None:
    assert read(html).paragraphs == STORY


def test_rows_of_data_are_lines_and_cells_of_a_layout_are_not() -> None:
    data = "<table><tr><th>Bến</th><th>Khách</th></tr><tr><td><p>Cồn Nhạn</p></td><td><p>400</p></td></tr></table>"
    layout = f"<table><tr><td>{story()}</td><td><a href=/>Trang chủ</a></td></tr></table>"

    assert read(f"<div>{story()}{data}</div>").paragraphs == [*STORY, "Bến Khách", "Cồn Nhạn 400"]
    assert read(layout).paragraphs == STORY


@pytest.mark.parametrize("wrapper", ["figure", "figure class=wp-block-table"])
def test_a_figure_is_its_caption_unless_it_frames_a_table_or_a_quotation(wrapper: str) -> None:
    tag = wrapper.split(maxsplit=1)[0]
    quoted = f"<{wrapper}><blockquote>Đò về là nhà có người.</blockquote></{tag}>"

    body = read(f"<div>{story()}<figure><img><figcaption>Bến đò sáng nay.</figcaption></figure>{quoted}</div>")

    assert body.paragraphs == [*STORY, "Đò về là nhà có người."]
    assert body.captions == ["Bến đò sáng nay."]


def test_a_quotation_keeps_its_speaker_and_a_paragraph_its_buttons_do_not_make_a_teaser() -> None:
    quote = "<div class=quote><p>Đò về là nhà có người đợi cơm.</p><div class=quote__author><p>Bà Thử Bến, chủ đò</p></div></div>"
    live = "".join(
        f"<div><h3>0{n}:00</h3><p>{text}</p><div class=share><a href=/>Chia sẻ mục này</a></div></div>"
        for n, text in enumerate(STORY)
    )

    assert read(f"<div>{story()}{quote}</div>").paragraphs[-2:] == [
        "Đò về là nhà có người đợi cơm.",
        "Bà Thử Bến, chủ đò",
    ]
    assert [line for line in read(f"<div>{live}</div>").paragraphs if len(line) > 10] == STORY


def test_headline_lead_date_and_trail_are_noted_and_the_nearest_above_the_text_comes_first() -> None:
    notes = read(
        "<div class=date>Thứ Ba, 03/11/2026</div>"
        "<nav class=breadcrumb><a href=/>Trang chủ</a><a href=/x>Xã hội</a><a href=/x/y>Bến đò</a></nav>"
        "<div class=news-title>Bến đò mở lại</div><span class=ngaydang>02/11/2026 08:00</span>"
        f"<p class=sapo>Sau ba tuần, đò lại sang sông.</p><div>{story()}</div>"
        "<div class=sapo>Lời dẫn của một bài khác ở cuối trang.</div><div class=news-title>Bài khác</div>"
    ).notes

    assert notes["title"] == ["Bến đò mở lại"]
    assert notes["lead"] == ["Sau ba tuần, đò lại sang sông."]
    assert notes["date"][:2] == ["02/11/2026 08:00", "Thứ Ba, 03/11/2026"]
    assert notes["trail"] == [STEP.join(["Xã hội", "Bến đò"])]  # without the front page


COMMENT = "Bạn đọc: tôi thấy bến đò này nguy hiểm lắm, mong xã xem lại giúp bà con hai bờ."


@pytest.mark.parametrize(
    "name",
    [
        *(
            "comments",
            "list-comment",
            "ykienbandoc",
            "box-y-kien",
            "phan-hoi",
            "cmt_list",
            "usercomment",
            "commentwrap",
        ),
        *("disqus_thread", "respond", "thaoluan", "boxBinhLuan", "comments-open' id='comments"),
    ],
)
def test_readers_comments_are_not_read_whatever_templates_call_them(name: str) -> None:
    comments = f"<div class='{name}'>{f'<div><p>{COMMENT}</p></div>' * 3}</div>"

    assert read(f"<h1>Bến đò</h1><div>{story()}{comments}</div>").paragraphs == STORY


@pytest.mark.parametrize(
    "html",
    [
        f"<table><tr><td>{story()}</td></tr><tr><td class=comments><p>{COMMENT}</p></td></tr></table>",
        f"<table><tr><td>{story()}</td></tr><tr><td hidden><p>{COMMENT}</p></td></tr></table>",
        f"<div>{story()}<div class=comments><h1>Bình luận</h1><p>{COMMENT}</p></div></div>",
        f"<article>{story()}</article><div>{f'<article class=comment><p>{COMMENT}</p></article>' * 3}</div>",
        f"<article>{story()}<section>{f'<article class=comment><p>{COMMENT}</p></article>' * 3}</section></article>",
    ],
    ids=["a cell", "a hidden cell", "a headline of their own", "articles", "articles in the article"],
)
def test_comments_are_told_in_cells_under_headlines_of_their_own_and_as_articles(html: str) -> None:
    assert read(f"<h1>Bến đò mở lại</h1>{html}").paragraphs == STORY


@pytest.mark.parametrize("name", ["has-comments", "news-content comments-open", "no-comments"])
def test_a_body_that_says_whether_it_has_comments_is_none(name: str) -> None:
    assert read(f"<h1>Bến đò</h1><div class='{name}'>{story()}</div>").paragraphs == STORY


def test_a_date_beside_another_articles_headline_is_that_articles() -> None:
    others = "".join(
        f"<div><a href=/{n}>Một bài khác của báo ta, số {n}</a><span class=date>0{n}/02/2024</span></div>"
        for n in (1, 2)
    )

    assert read(f"<div><div>{story()}</div><div>{others}</div></div>").notes["date"] == []
    assert read(f"<div><div>{story()}</div><div class=date>05/02/2024</div></div>").notes["date"] == ["05/02/2024"]


@given(
    st.lists(
        st.sampled_from([*STORY, OTHER, "<b>", "</b>", "<br>", "<a href=/>", "</a>", "<td>", "<li>", "<p>", "<tr>"]),
        max_size=40,
    )
)
@settings(max_examples=150, deadline=None)
def test_every_line_stands_on_the_page_and_is_one_line(parts: list[str]) -> None:
    html = f"<div>{' '.join(parts)}</div>"
    root = LexborHTMLParser(f"<body>{html}</body>").body
    assert root is not None

    body = read_body(root)

    shown = "".join(root.text().split())
    for line in body.paragraphs:
        assert line == " ".join(line.split())
        assert "".join(line.split()) in shown
    assert 0 <= body.share <= 1


@pytest.mark.parametrize(
    "html",
    [
        "<div class=article-body>" * 20_000 + story(),
        f"<div class=article-body>{story()}</div>" * 5_000,
        "<div class='date summary'>2026" * 20_000,
        f"<div class=comments>{'<p class=caption>x' * 50_000}",
        "<table>" + "<tr><td class=caption>" * 20_000,
        "<h1>x</h1><div>" * 20_000,
        "<article><h1>x</h1></article>" * 60_000,
        "<figure>" + "<div class=caption>x" * 20_000,
        "".join(f"<p>Dòng {n}</p>" * 5 + f"<img><p><i>Ảnh {n}</i></p>" for n in range(12_000)),
    ],
    ids=[
        "nested bodies",
        "many bodies",
        "nested dates",
        "captions in comments",
        "nested cells",
        "many headlines",
        "many articles",
        "captions in captions",
        "many pictures",
    ],
)
def test_no_page_takes_long(html: str) -> None:
    began = time.process_time()

    read(html)

    assert time.process_time() - began < 10  # seconds; the square of any of these would take minutes
