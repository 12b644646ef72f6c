"""What is proposed for a section page finds its articles, and only those."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.crawl.fetch import Ask, Reply
from pipeline.crawl.listing import propose_listing
from pipeline.crawl.visit import read
from pipeline.records import Link, Listing, Source
from tests.crawl.front_pages import FRONTS, ONLY_MENU, SLUGS, TITLES, Front


def links(html: bytes, listing: Listing) -> tuple[Link, ...]:
    """As a crawl reads them."""
    paper = Source("bao", "Báo", listing.url, "vi", "national", listings=(listing,))
    ask = Ask("bao", "listing", listing.url)
    return read(Reply(ask, "ok", datetime.now(UTC), status=200, final_url=listing.url, body=html), paper).links


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_every_article_is_found_with_its_title_and_nothing_else(front: Front) -> None:
    url = "https://bao.vn" + front.path
    made = propose_listing(front.html.encode(), "", url)
    assert made is not None
    assert (made.listing.url, made.listing.links, made.articles, made.titled) == (url, front.links, len(SLUGS), 1.0)
    found = links(front.html.encode(), made.listing)
    assert [urlsplit(link.url).path for link in found] == list(front.articles)
    assert [link.title for link in found] == list(TITLES)


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_the_pattern_alone_lets_no_menu_and_no_topic_through(front: Front) -> None:
    url = "https://bao.vn" + front.path
    made = propose_listing(front.html.encode(), "", url)
    assert made is not None
    found = links(front.html.encode(), Listing(url, pattern=made.listing.pattern))
    assert [urlsplit(link.url).path for link in found] == list(front.articles)


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_the_next_page_is_found_where_there_is_one(front: Front) -> None:
    url = "https://bao.vn" + front.path
    made = propose_listing(front.html.encode(), "", url)
    assert made is not None
    assert bool(made.listing.next) == bool(front.next)
    if front.next:
        node = LexborHTMLParser(front.html).css_first(made.listing.next)
        assert node is not None
        assert urljoin(url, node.attributes["href"] or "") == "https://bao.vn" + front.next


def test_the_pattern_fits_tomorrow_s_articles_too() -> None:
    made = propose_listing(FRONTS[0].html.encode(), "", "https://bao.vn/thoi-su")
    assert made is not None and made.listing.pattern == r"-\d{6,}\.html$"


def test_other_sections_of_the_menu_are_told() -> None:
    made = propose_listing(FRONTS[0].html.encode(), "", "https://bao.vn/thoi-su")
    assert made is not None
    assert made.sections == ("https://bao.vn/kinh-te", "https://bao.vn/van-hoa", "https://bao.vn/toa-soan")


def test_addresses_in_capital_letters_are_found_again() -> None:
    html = FRONTS[0].html.replace(".html", ".HTML")
    made = propose_listing(html.encode(), "", "https://bao.vn/thoi-su")
    assert made is not None
    assert len(links(html.encode(), made.listing)) == len(SLUGS)


@pytest.mark.parametrize("html", ["", "   ", "<p>không có gì</p>", ONLY_MENU, "<a href='/x'>" * 3])
def test_where_nothing_repeats_like_articles_nothing_is_proposed(html: str) -> None:
    assert propose_listing(html.encode(), "", "https://bao.vn/") is None


def test_links_to_elsewhere_are_not_articles_of_this_paper() -> None:
    html = FRONTS[0].html.replace('href="/', 'href="https://khac.vn/')
    assert propose_listing(html.encode(), "", "https://bao.vn/thoi-su") is None


PIECES = st.sampled_from(
    ["<a href='", "/a-b-c-d-e-123456.html", "'>", TITLES[0], "</a>", "<div class='x'>", "</div>", "<h3>", "\xff", "/",
     "<base href='//'>", "<a class='next' href='/thoi-su?p=2'>", "<li class=\"a'b\">", "1" * 300, "<nav>",
     "<a rel=next title='\"' href='?'>"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(pieces=st.lists(PIECES, max_size=40))
def test_no_page_crashes_the_proposal_and_what_is_proposed_finds_something(pieces: list[str]) -> None:
    html = "".join(pieces).encode("latin-1", "replace")
    made = propose_listing(html, "", "https://bao.vn/thoi-su")
    if made is not None:
        assert links(html, made.listing)


def test_a_page_made_to_take_long_does_not() -> None:
    slug = "a1" * 900
    many = "".join(f"<div class='c{n}'><h3><a href='/{slug}{n}'>{TITLES[n % 12]}</a></h3></div>" for n in range(3000))
    propose_listing(many.encode(), "", "https://bao.vn/")  # seconds at most; the square of it would be minutes


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "url", "fewest"),
    [
        ("meth04_baochinhphu_list", "https://baochinhphu.vn/chinh-sach-va-cuoc-song/chinh-sach-moi.htm", 30),
        ("meth04_tuoitre_list", "https://tuoitre.vn/kinh-doanh.htm", 15),
        ("meth04_vietnamnet_list", "https://vietnamnet.vn/kinh-doanh", 25),
        ("meth04_vnexpress_list", "https://vnexpress.net/kinh-doanh", 45),
        ("son601008_dantri_2019_home", "https://dantri.com.vn/", 100),
    ],
)
def test_real_section_pages_are_read_by_what_is_proposed_for_them(
    press: Path, name: str, url: str, fewest: int
) -> None:
    body = (press / "html" / f"{name}.html").read_bytes()
    made = propose_listing(body, "", url)
    assert made is not None
    found = links(body, made.listing)
    assert len(found) >= fewest
    assert sum(len(link.title.split()) >= 4 for link in found) >= 0.98 * len(found)
