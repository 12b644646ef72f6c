"""Feeds, sitemaps and section pages, as the press really serves them."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.crawl.entries import Reading, read_feed, read_listing, read_sitemap
from pipeline.records import Listing, Source
from pipeline.text.normalise import clean_line
from tests.crawl.loopback import Answer, Site

SOURCE = Source(
    id="bao-thu", name="Báo Thử", home="https://bao.example/", language="vi", scope="national", feeds=(), enabled=True
)
FEED = "https://bao.example/rss/moi.rss"
SITEMAP = "https://bao.example/sitemap.xml"
PAGE = "https://bao.example/thoi-su/"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'


def feed(body: bytes | str, content_type: str = "application/rss+xml") -> Reading:
    return read_feed(body.encode() if isinstance(body, str) else body, content_type, FEED, SOURCE)


def sitemap(body: bytes | str) -> Reading:
    return read_sitemap(body.encode() if isinstance(body, str) else body, "application/xml", SITEMAP, SOURCE)


def listing(body: bytes | str, links: str = "", pattern: str = "", content_type: str = "text/html") -> Reading:
    page = body.encode() if isinstance(body, str) else body
    return read_listing(page, content_type, PAGE, SOURCE, Listing(PAGE, links, pattern))


def rss(*items: str, head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    return f'{head}<rss version="2.0"><channel><title>Bao Thu</title>{"".join(items)}</channel></rss>'


def item(title: str = "Chợ phiên", link: str = "https://bao.example/cho-phien-1.html", more: str = "") -> str:
    return f"<item><title>{title}</title><link>{link}</link>{more}</item>"


def titles(reading: Reading) -> list[str]:
    return [link.title for link in reading.links]


def urls(reading: Reading) -> list[str]:
    return [link.url for link in reading.links]


# --- feeds


def test_an_rss_item_gives_link_title_summary_and_time() -> None:
    reading = feed(
        rss(
            item(
                "Chợ phiên họp lại",
                more="<description>&lt;a href='x'&gt;&lt;img src='y'&gt;&lt;/a&gt;Sau ba ngày mưa.</description>"
                "<pubDate>Mon, 23 Nov 2026 07:30:00 +0700</pubDate>",
            )
        )
    )
    (link,) = reading.links
    assert (reading.outcome, link.url, link.key) == (
        "ok",
        "https://bao.example/cho-phien-1.html",
        "bao.example/cho-phien-1.html",
    )
    assert (link.title, link.summary, link.source_id) == ("Chợ phiên họp lại", "Sau ba ngày mưa.", "bao-thu")
    assert (link.published, link.updated) == (datetime(2026, 11, 23, 0, 30, tzinfo=UTC), None)


def test_an_atom_entry_gives_its_alternate_link_and_both_times() -> None:
    reading = feed(
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><title type="html">A &amp;amp; B</title>'
        '<link rel="self" href="/tu-than"/><link rel="alternate" href="/bai-1"/><id>tag:bao.example,2026:1</id>'
        "<published>2026-11-23T07:30:00+07:00</published><updated>2026-11-23T02:00:00Z</updated>"
        "<summary>Tóm tắt</summary></entry></feed>"
    )
    (link,) = reading.links
    assert (link.url, link.title, link.summary) == ("https://bao.example/bai-1", "A & B", "Tóm tắt")
    assert link.published == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert link.updated == datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://bao.example/"><title>x</title></channel>'
    '<item rdf:about="https://bao.example/1"><title>Một</title><link>https://bao.example/1</link>'
    "<dc:date>2026-11-23T07:30:00+07:00</dc:date></item></rdf:RDF>"
)


def test_an_rdf_item_gives_link_and_title() -> None:
    assert [(link.url, link.title) for link in feed(RDF).links] == [("https://bao.example/1", "Một")]


def test_an_rdf_item_was_published_when_its_dublin_core_date_says() -> None:
    assert feed(RDF).links[0].published == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stamp", "hour"),
    [
        ("Mon, 23 Nov 2026 07:30:00 +07", 0),
        ("Mon, 23 Nov 2026 07:30:00 +07:00", 0),
        ("Mon, 23 Nov 26 07:30:00 +0700", 0),
        ("Mon, 23 Nov 2026 07:30:00 GMT", 7),
        ("Mon, 23 Nov 2026 07:30:00", 0),
        ("2026-11-23T07:30:00", 0),
        ("2026-11-23 07:30:00 +07:00", 0),
        ("11/23/2026 7:30:00 AM", 0),
        ("11/23/2026 7:30:00 PM", 12),
        ("23/11/2026 07:30", 0),
    ],
)
def test_times_of_feeds_are_understood_and_a_time_without_a_zone_is_vietnamese(stamp: str, hour: int) -> None:
    (link,) = feed(rss(item(more=f"<pubDate>{stamp}</pubDate>"))).links
    assert link.published == datetime(2026, 11, 23, hour, 30, tzinfo=UTC)


@pytest.mark.parametrize("stamp", ["", "hôm qua", "32/13/2026 25:61", "9999999999", "Mon, 99 Nov 99999 99:99:99 +9999"])
def test_an_unreadable_time_is_no_time_and_the_item_stays(stamp: str) -> None:
    (link,) = feed(rss(item(more=f"<pubDate>{stamp}</pubDate>"))).links
    assert link.published is None


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("Nh&amp;apos;n &amp;amp; &amp;quot;Gió&amp;quot;", 'Nh\'n & "Gió"'),
        ("M&amp;#432;a l&amp;#7899;n", "Mưa lớn"),
        ("<![CDATA[Cầu <b>mới</b>  &amp; đường]]>", "Cầu mới & đường"),
        ("Giá &lt; 5 triệu", "Giá < 5 triệu"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Tin", "Tin"),
        ("Chợ\u00a0\u200bphiên\n\t họp", "Chợ phiên họp"),
        (unicodedata.normalize("NFD", "Đông Hà, Hướng Hóa"), "Đông Hà, Hướng Hóa"),
    ],
)
def test_titles_become_one_plain_line(markup: str, title: str) -> None:
    assert titles(feed(rss(item(markup)))) == [title]


# What XML, the two rounds of unescaping and feedparser's repair of doubly encoded UTF-8 leave alone.
plain_text = st.text(
    st.characters(exclude_categories=["C"], exclude_characters=["<", "&", *map(chr, range(0x80, 0xC0))])
    | st.sampled_from("ăâđêôơưạảấầẩẫậ\u0301\u0323'\">"),
    max_size=60,
)


@settings(max_examples=100, deadline=None)
@given(title=plain_text, summary=plain_text)
def test_any_text_comes_through_as_one_clean_composed_line(title: str, summary: str) -> None:
    body = rss(item(escape(title), more=f"<description>{escape(summary)}</description>"))
    (link,) = feed(body).links
    assert (link.title, link.summary) == (clean_line(title), clean_line(summary))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (rss(item("Quảng Trị")).replace("UTF-8", "iso-8859-1").encode(), "text/xml; charset=us-ascii"),
        (rss(item("Quảng Trị"), head="").encode(), "text/xml"),
        (b"\xef\xbb\xbf" + rss(item("Quảng Trị")).encode(), "application/rss+xml"),
        (("\n" + rss(item("Quảng Trị"))).encode(), "application/rss+xml"),
        (rss(item("Quảng Trị")).replace("UTF-8", "utf-16").encode("utf-16"), "text/xml; charset=utf-8"),
        (rss(item("Qua\u0309ng Tri\u0323")).replace("UTF-8", "windows-1258").encode("cp1258"), "text/xml"),
        (rss(item("Quảng Trị")).encode(), "text/xml; charset=klingon"),
    ],
    ids=["wrong declaration", "no declaration", "byte order mark", "line before it", "UTF-16", "cp1258", "unknown"],
)
def test_the_bytes_are_believed_before_the_declaration(body: bytes, content_type: str) -> None:
    reading = feed(body, content_type)
    assert (reading.outcome, titles(reading)) == ("ok", ["Quảng Trị"])


def test_a_feed_that_breaks_off_gives_what_came_before_and_says_so() -> None:
    whole = rss(*(item(f"Tin {n}", f"https://bao.example/tin-{n}") for n in range(5)))
    reading = feed(whole[: whole.index("<title>Tin 3")])
    assert reading.outcome == "incomplete"
    assert titles(reading)[:3] == ["Tin 0", "Tin 1", "Tin 2"]
    assert reading.reason


def test_a_body_that_names_a_file_of_this_machine_or_an_address_is_not_followed(tmp_path: Path, site: Site) -> None:
    """Feedparser opens what a string names; what a server sends must never make us read anything else."""
    inside = tmp_path / "inside.rss"
    inside.write_bytes(
        b"<rss version='2.0'><channel><item><title>A</title><link>https://x.vn/a</link></item></channel></rss>"
    )
    site.pages["/rss"] = Answer(body=inside.read_bytes())
    assert len(read_feed(inside.read_bytes(), "", FEED, SOURCE).links) == 1
    for body in (str(inside), inside.as_uri(), site.url("/rss")):
        reading = read_feed(body.encode(), "", FEED, SOURCE)
        assert (reading.links, reading.outcome) == ((), "unreadable")
    assert site.asked == []


def test_one_article_announced_twice_is_one_link() -> None:
    twice = rss(item("Một"), item("Một lần nữa", "http://www.bao.example/cho-phien-1.html?utm_source=rss"))
    assert titles(feed(twice)) == ["Một"]


def test_an_item_without_a_link_is_found_by_its_guid() -> None:
    assert urls(feed(rss("<item><title>A</title><guid>https://bao.example/g</guid></item>"))) == [
        "https://bao.example/g"
    ]


def test_links_that_lead_out_of_the_web_are_dropped() -> None:
    bad = ("javascript:alert(1)", "file:///etc/passwd", "mailto:a@b.example", "https://u:p@bao.example/x", "http://[")
    assert urls(feed(rss(*(item(link=link) for link in bad), item()))) == ["https://bao.example/cho-phien-1.html"]


@pytest.mark.parametrize(
    ("read", "body"),
    [
        (feed, rss("<item><title>Không có liên kết</title></item>")),
        (feed, rss(item(link=""))),
        (feed, rss(item("Một", "https://bao.example/1"), "<item><title>Đứt")[:-16]),
        (sitemap, f"<urlset {NS}><url><loc></loc></url></urlset>"),
        (sitemap, f"<sitemapindex {NS}><sitemap><loc/></sitemap></sitemapindex>"),
    ],
)
def test_an_entry_without_an_address_is_not_a_link_to_the_feed_itself(
    read: Callable[[str], Reading], body: str
) -> None:
    reading = read(body)
    assert FEED not in urls(reading)
    assert SITEMAP not in (*urls(reading), *reading.children)


@pytest.mark.parametrize("body", ["<!doctype html><html><body><p>Trang đang bảo trì</p></body></html>", "{}", "x"])
def test_what_is_no_feed_is_unreadable_and_not_an_empty_feed(body: str) -> None:
    reading = feed(body)
    assert (reading.outcome, reading.links) == ("unreadable", ())


def test_a_feed_without_items_is_a_feed() -> None:
    assert feed(rss()) == Reading()


# --- hostile feeds


TEN_TIMES = "".join(f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in pairwise("abcdefghi"))
BOMB = f"<!DOCTYPE x [<!ENTITY a 'ha'>{TEN_TIMES}]>"
LONG = f"<!DOCTYPE x [<!ENTITY a '{'x' * 50_000}'>]>"


@pytest.mark.parametrize(("doctype", "entity"), [(BOMB, "&i;"), (LONG, "&a;" * 5_000)], ids=["nested", "quadratic"])
def test_an_entity_bomb_does_not_go_off(doctype: str, entity: str) -> None:
    of_feed = feed(rss(item(entity), head=doctype))
    of_sitemap = sitemap(f"{doctype}<urlset {NS}><url><loc>https://bao.example/{entity}</loc></url></urlset>")
    assert sum(len(link.title + link.url) for link in (*of_feed.links, *of_sitemap.links)) < 20_000


def test_an_external_entity_is_not_fetched(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mat-khau-cua-phong")
    doctype = f"<!DOCTYPE x [<!ENTITY a SYSTEM '{secret.as_uri()}'>]>"
    of_feed = feed(rss(item("A &a; B"), head=doctype))
    of_sitemap = sitemap(f"{doctype}<urlset {NS}><url><loc>https://bao.example/x?&a;</loc></url></urlset>")
    assert of_feed.links
    assert "mat-khau" not in repr((of_feed, of_sitemap))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        rss(item("a&#xD800;b &lt;b&gt;c")).encode(),
        rss(item("a&#99999999999;b")).encode(),
        rss(item(), head='<?xml version="1.0" encoding="hex"?>').encode() + b"\xff" * 9,
        rss(item("\\ud800"), head='<?xml version="1.0" encoding="unicode_escape"?>').encode() + b"\xff" * 9,
    ],
    ids=["empty", "blank", "surrogate", "huge reference", "codec that is none", "escapes"],
)
def test_no_feed_stops_the_cycle(body: bytes) -> None:
    assert feed(body).outcome in ("ok", "incomplete", "unreadable")


@pytest.mark.parametrize(
    "body",
    [
        rss("<a>" * 20_000),
        rss(item(more="<description>" + "&lt;div&gt;" * 5_000 + "</description>")),
        "<rss>" + "<" * 20_000,
        rss("<![" * 20_000),
        "<!DOCTYPE " * 10_000,
        rss(item("&" * 20_000)),
        rss(item("a\0b")),
        rss(item(link="https://bao.example/" + "%" * 500)),
    ],
    ids=["deep", "deep summary", "angles", "sections", "doctypes", "ampersands", "zero byte", "percents"],
)
def test_a_feed_that_is_broken_on_purpose_still_gives_a_reading(body: str) -> None:
    reading = feed(body)
    assert reading.outcome in ("ok", "incomplete", "unreadable")
    assert (reading.outcome == "ok") == (not reading.reason)


WHOLE = rss(*(item(f"Tin số {n}", f"https://bao.example/tin-{n}", "<pubDate>23/11/2026</pubDate>") for n in range(3)))


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(10, len(WHOLE.encode())),
    skip=st.integers(0, 40),
    junk=st.binary(max_size=12)
    | st.sampled_from([b"<", b"&", b"]]>", b"<![CDATA[", b"<!--", b"</item>", b"<?", b"\0"]),
)
@example(at=WHOLE.encode().index(b"</link>"), skip=0, junk=b"</item>")
def test_a_feed_damaged_anywhere_still_gives_a_reading(at: int, skip: int, junk: bytes) -> None:
    body = WHOLE.encode()
    reading = feed(body[:at] + junk + body[at + skip :])
    assert len(reading.links) <= 4
    assert all(link.url.startswith("http") for link in reading.links)


# --- sitemaps


def test_a_news_sitemap_gives_address_title_and_times() -> None:
    reading = sitemap(
        f"<urlset {NS}><url><loc> https://bao.example/cau-moi?a=1&amp;b=2 </loc><lastmod>2026-11-23T02:00:00Z</lastmod>"
        "<n:news><n:publication_date>2026-11-23T07:30:00+07:00</n:publication_date>"
        "<n:title><![CDATA[Cầu mới &amp; đường mới]]></n:title></n:news></url>"
        "<url><loc>/chi-co-dia-chi</loc></url></urlset>"
    )
    first, second = reading.links
    assert (reading.outcome, first.url, first.title) == (
        "ok",
        "https://bao.example/cau-moi?a=1&b=2",
        "Cầu mới & đường mới",
    )
    assert (first.published, first.updated) == (
        datetime(2026, 11, 23, 0, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
    )
    assert (second.url, second.title, second.published) == ("https://bao.example/chi-co-dia-chi", "", None)


def test_a_sitemap_index_names_its_newest_children_first_and_only_those_of_the_same_host() -> None:
    children = [("a.xml", "2026-11-21"), ("c.xml", "2026-11-23"), ("b.xml", "2026-11-22")]
    body = "".join(f"<sitemap><loc>/{name}</loc><lastmod>{day}</lastmod></sitemap>" for name, day in children)
    reading = sitemap(
        f"<sitemapindex {NS}>{body}<sitemap><loc>https://khac.example/x.xml</loc></sitemap></sitemapindex>"
    )
    assert reading.children == tuple(f"https://bao.example/{name}.xml" for name in "cba")
    assert reading.links == ()


def test_a_sitemap_that_breaks_off_gives_what_came_before_and_says_so() -> None:
    reading = sitemap(f"<urlset {NS}><url><loc>https://bao.example/1</loc></url><url><loc>https://bao.ex")
    assert (reading.outcome, urls(reading)[:1]) == ("incomplete", ["https://bao.example/1"])
    assert reading.reason


@pytest.mark.parametrize("body", [b"", b" \n", b"abc", b"<html><body>x</body></html>", b"<!-- x -->", b"{}"])
def test_what_is_no_sitemap_is_unreadable(body: bytes) -> None:
    assert sitemap(body).outcome == "unreadable"


@pytest.mark.parametrize("body", [b"\0\0\0", b"\0<urlset/>"])
def test_zero_bytes_for_a_sitemap_do_not_stop_the_cycle(body: bytes) -> None:
    assert sitemap(body).outcome == "unreadable"


# --- section pages


def test_a_section_page_gives_each_article_once_with_its_longest_link_text() -> None:
    reading = listing(
        '<a href="/thoi-su/cho-phien-hop-lai-sau-mua.html"><img alt="x"></a>'
        '<a href="/thoi-su/cho-phien-hop-lai-sau-mua.html">Chợ phiên <b>họp lại</b></a>'
        '<a href="/thoi-su/cho-phien-hop-lai-sau-mua.html#binh-luan">3</a>'
        '<a href="/thoi-su/2026112345.html" title="Từ thuộc tính"></a>'
    )
    assert [(link.url, link.title) for link in reading.links] == [
        ("https://bao.example/thoi-su/cho-phien-hop-lai-sau-mua.html", "Chợ phiên họp lại"),
        ("https://bao.example/thoi-su/2026112345.html", "Từ thuộc tính"),
    ]


def test_without_a_pattern_only_addresses_that_look_like_articles_of_this_host_count() -> None:
    hrefs = [
        "/",
        "/lien-he",
        "/thoi-su/?trang=2",
        "https://khac.example/cho-phien-hop-lai-sau-mua",
        "javascript:mo-cua-so-lon-ra()",
        "cau-moi-qua-song-da-thong-xe",
    ]
    reading = listing("".join(f'<a href="{href}">x</a>' for href in hrefs))
    assert urls(reading) == ["https://bao.example/thoi-su/cau-moi-qua-song-da-thong-xe"]


def test_selector_and_pattern_of_a_source_decide_where_they_are_given() -> None:
    page = '<div class="tin"><a href="/a/1">Một</a><a href="/b/2">Hai</a></div><a href="/a/3">Ba</a>'
    assert titles(listing(page, links=".tin a", pattern="^/a/")) == ["Một"]


def test_links_are_taken_relative_to_the_page_s_base() -> None:
    page = '<base href="/goc/"><a href="cau-moi-qua-song-da-thong-xe">x</a>'
    assert urls(listing(page)) == ["https://bao.example/goc/cau-moi-qua-song-da-thong-xe"]


def test_a_section_page_without_articles_is_told_so() -> None:
    reading = listing("<p>Không tìm thấy trang</p>")
    assert (reading.outcome, reading.links) == ("unreadable", ())
    assert reading.reason


def test_an_address_longer_than_any_real_one_is_not_an_article() -> None:
    long = "/thoi-su/cau-moi-qua-song-da-thong-xe-" + "a" * 5_000
    assert listing(f'<a href="{long}">x</a>').links == ()


@settings(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60) | st.text("<>a=\"'/hrefbs :-#&;!", max_size=80).map(str.encode))
def test_no_bytes_break_the_reading_of_a_section_page(body: bytes) -> None:
    reading = listing(body + b'<a href="/cau-moi-qua-song-da-thong-xe">x</a>')
    assert reading.outcome in ("ok", "unreadable")


def test_no_entry_point_gives_more_than_a_thousand_links() -> None:
    many = range(1_200)
    for reading in (
        feed(rss(*(item(link=f"https://bao.example/{n}") for n in many))),
        sitemap(f"<urlset {NS}>" + "".join(f"<url><loc>/{n}</loc></url>" for n in many) + "</urlset>"),
        listing("".join(f'<a href="/{n:07}">x</a>' for n in many)),
    ):
        assert len(reading.links) == 1_000


# --- the real press


@pytest.mark.slow
def test_every_real_feed_gives_all_its_items_with_title_and_time(press: Path) -> None:
    paths = sorted((press / "feeds").rglob("*.rss"))
    assert len(paths) == 13
    for path in paths:
        body = path.read_bytes()
        reading = feed(body)
        items = [node for node in etree.fromstring(body).iterfind(".//item") if (node.findtext("link") or "").strip()]
        assert (reading.outcome, len(reading.links)) == ("ok", len(items)), path.name
        for link in reading.links:
            assert link.title, path.name
            assert link.published is not None, path.name
            assert 2015 < link.published.year < 2027, path.name
            assert "&amp;" not in link.title
            assert "&apos;" not in link.title


@pytest.mark.slow
def test_no_file_of_the_torture_collection_raises_or_hangs(press: Path) -> None:
    paths = sorted((press / "torture" / "feeds").iterdir())
    assert len(paths) > 1_000
    outcomes = []
    for path in paths:
        body, started = path.read_bytes(), time.monotonic()
        outcomes += [feed(body).outcome, sitemap(body).outcome, listing(body).outcome]
        assert time.monotonic() - started < 5, path.name
    assert outcomes.count("ok") > 500
