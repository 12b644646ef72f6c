"""Feeds, sitemaps and section pages, as the press really serves them."""

from __future__ import annotations

import gzip
import json
import pickle
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import feedparser
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.crawl.entries import Reading, given_up, read_entry
from pipeline.crawl.urls import absolute, url_key
from pipeline.records import Listing, Source
from pipeline.text.normalise import clean_line
from pipeline.workers import TooLong, Workers
from tests.text.test_legacy import PARAGRAPH, tcvn3, vni

SOURCE = Source(
    id="bao-thu", name="Báo Thử", home="https://bao.example/", language="vi", scope="national", feeds=(), enabled=True
)
FEED = "https://bao.example/rss/moi.rss"
SITEMAP = "https://bao.example/sitemap.xml"
PAGE = "https://bao.example/thoi-su/"
NS = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'


def feed(body: bytes | str, content_type: str = "application/rss+xml") -> Reading:
    return read_entry("feed", body.encode() if isinstance(body, str) else body, content_type, FEED, SOURCE)


def sitemap(body: bytes | str) -> Reading:
    return read_entry("sitemap", body.encode() if isinstance(body, str) else body, "application/xml", SITEMAP, SOURCE)


def listing(body: bytes | str, links: str = "", pattern: str = "", content_type: str = "text/html") -> Reading:
    page = body.encode() if isinstance(body, str) else body
    return read_entry("listing", page, content_type, PAGE, SOURCE, Listing(PAGE, links, pattern))


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
    assert feed(rss()) == Reading(kind="rss")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (rss(item()), "rss"),
        (rss(item()).replace(' version="2.0"', ' version="0.91"'), "rss"),
        ('<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="https://bao.example/1"/></entry></feed>', "atom"),
        ('<entry xmlns="http://www.w3.org/2005/Atom"><link href="https://bao.example/1"/></entry>', "atom"),
        (RDF, "rdf"),
        ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://my.netscape.com/rdf/simple/0.9/">'
         "<item><title>x</title><link>https://bao.example/1</link></item></rdf:RDF>", "rdf"),
        (f"<html><body>{rss(item(), head='')}</body></html>", "rss"),
    ],
)  # fmt: skip
def test_the_kind_of_a_feed_is_found_from_its_content(body: str, kind: str) -> None:
    reading = feed(body)
    assert (reading.kind, reading.outcome, len(reading.links)) == (kind, "ok", 1)


def test_an_entry_keeps_the_name_that_its_feed_gives_it() -> None:
    more = '<guid isPermaLink="false"> bai-1 </guid>'
    assert [link.guid for link in feed(rss(item(more=more), item(link="https://bao.example/2"))).links] == ["bai-1", ""]
    atom = '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>tag:bao.example,2026:1</id><link href="/1"/></entry></feed>'
    assert feed(atom).links[0].guid == "tag:bao.example,2026:1"


def test_a_name_that_is_endless_or_borne_by_two_entries_is_none() -> None:
    def named(n: int, guid: str) -> str:
        return item(f"Tin {n}", f"https://bao.example/{n}", f'<guid isPermaLink="false">{guid}</guid>')

    links = feed(rss(named(1, "x" * 501), named(2, "bao"), named(3, "bao"), named(4, "rieng"))).links
    assert [link.guid for link in links] == ["", "", "", "rieng"]


def test_the_address_behind_a_counter_of_clicks_is_taken() -> None:
    counted = '<f:origLink xmlns:f="http://rssnamespace.org/feedburner/ext/1.0">https://bao.example/1</f:origLink>'
    assert urls(feed(rss(item(link="https://dem.example/~r/1", more=counted)))) == ["https://bao.example/1"]


@pytest.mark.parametrize(
    "link",
    [
        '<link type="text/html; charset=utf-8" href="https://bao.example/1"/>',
        '<link type="" href="https://bao.example/1"/>',
        '<link rel="alternate" type="application/atom+xml" href="/khac.atom"/><link href="https://bao.example/1"/>',
        '<content type="text/html" src="https://bao.example/1"/>',
        "<id>https://bao.example/1</id>",
    ],
)
def test_an_atom_entry_is_found_however_it_gives_its_page(link: str) -> None:
    assert urls(feed(f'<feed xmlns="http://www.w3.org/2005/Atom"><entry>{link}</entry></feed>')) == [
        "https://bao.example/1"
    ]


def test_without_an_address_of_its_own_a_file_s_links_are_taken_relative_to_what_it_says() -> None:
    def of_file(body: str) -> list[str]:
        return urls(read_entry("feed", body.encode(), "", "", SOURCE))

    home = "<link>https://bao.example/goc/</link>"
    assert of_file(rss(home, item(link="bai-1"))) == ["https://bao.example/goc/bai-1"]
    assert of_file(rss(item(link="bai-1"), item(link="https://bao.example/2"))) == ["https://bao.example/2"]
    based = '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://bao.example/goc/"><entry><link href="1"/></entry></feed>'
    assert of_file(based) == ["https://bao.example/goc/1"]


@pytest.mark.parametrize("encode", [tcvn3, vni])
@pytest.mark.parametrize("declared", ["utf-8", "iso-8859-1", "windows-1252", "x-user-defined"])
@pytest.mark.parametrize("cdata", [False, True])
def test_a_feed_typed_for_old_fonts_comes_in_unicode(
    encode: Callable[[str], bytes], declared: str, cdata: bool
) -> None:
    title = "<![CDATA[TEXT]]>" if cdata else "TEXT"
    body = rss(item(title), head=f'<?xml version="1.0" encoding="{declared}"?>').encode()
    assert titles(feed(body.replace(b"TEXT", encode(PARAGRAPH)))) == [PARAGRAPH]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_a_feed_in_wide_letters_is_read_with_and_without_a_mark(encoding: str) -> None:
    assert titles(feed(rss(item("Quảng Trị")).encode(encoding))) == ["Quảng Trị"]


# --- what a feed says about when to ask it


def rhythm(*parts: str) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
    reading = feed(rss(*parts, item()).replace("<rss", '<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"'))
    return reading.ttl_minutes, reading.skip_hours, reading.skip_days


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("", 0),
        ("<ttl> 15 </ttl>", 15),
        ("<ttl>-5</ttl>", 0),
        ("<ttl>mười</ttl>", 0),
        ("<ttl/>", 0),
        ("<ttl>999999999</ttl>", 7 * 24 * 60),
        ("<ttl>99999999999999999999999</ttl>", 0),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", 30),
        ("<sy:updatePeriod>\n hourly\n </sy:updatePeriod>", 60),
        ("<sy:updateFrequency>4</sy:updateFrequency>", 6 * 60),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", 60),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>9999</sy:updateFrequency>", 1),
        ("<sy:updatePeriod>khi nào có</sy:updatePeriod>", 0),
        ("<ttl>5</ttl><sy:updatePeriod>daily</sy:updatePeriod>", 5),
    ],
)
def test_how_long_a_feed_stays_the_same(said: str, minutes: int) -> None:
    assert rhythm(said) == (minutes, (), ())


def test_hours_and_days_that_a_feed_skips() -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in (23, 1, "x", 1, 24, ""))
    days = "<day>Sunday</day><day> monday </day><day>Chủ nhật</day>"
    assert rhythm(f"<skipHours>{hours}</skipHours><skipDays>{days}</skipDays>") == (0, (0, 1, 23), (0, 6))


def test_a_feed_that_skips_always_skips_never() -> None:
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(24))
    days = "".join(f"<day>{d}day</day>" for d in ("Mon", "Tues", "Wednes", "Thurs", "Fri", "Satur", "Sun"))
    assert rhythm(f"<skipHours>{hours}</skipHours>", f"<skipDays>{days}</skipDays>") == (0, (), ())


# --- articles that stand whole in their feed

LINE = "Sáng nay người dân hai bên bờ sông đã qua lại trên cây cầu mới, kết thúc nhiều năm đi đò vào mùa nước lớn. " * 2
CONTENT = 'xmlns:c="http://purl.org/rss/1.0/modules/content/"'


def full_text(markup: str) -> str:
    body = rss(item(more=f"<description>Tóm tắt</description><c:encoded>{escape(markup)}</c:encoded>"))
    (link,) = feed(body.replace("<rss", f"<rss {CONTENT}")).links
    assert link.summary == "Tóm tắt"
    return link.full_text


def test_a_whole_article_comes_as_plain_paragraphs() -> None:
    markup = (
        f"<script>doc()</script><p>Một. {LINE}</p><figure><img src=x><figcaption>Ảnh: A</figcaption></figure>"
        f"<!-- bỏ --><h2>Giữa</h2>\n<p>Hai\n &amp; <b>b</b>a.&nbsp;{LINE}</p>Ba. {LINE}<br/>Bốn."
        '<ul><li><a href="/x">Xem bài khác</a></li></ul><ul><li>Điều kể ra</li></ul>'
    )
    line = LINE.strip()
    assert full_text(markup).split("\n\n") == [
        f"Một. {line}", "Giữa", f"Hai & ba. {line}", f"Ba. {line}", "Bốn.", "Điều kể ra",
    ]  # fmt: skip


def test_tables_of_an_article_keep_their_cells_apart() -> None:
    markup = (
        f"<p>{LINE}</p><p>{LINE}</p><p>{LINE}</p><table><tr><td>Một</td><td>1</td></tr><tr><th>Hai</th></tr></table>"
    )
    assert full_text(markup).split("\n\n")[3:] == ["Một", "1", "Hai"]


@pytest.mark.parametrize(
    "markup",
    [
        "",
        "<p>Ngắn.</p>" * 20,
        f"<p>{LINE * 5}</p>",
        f"<p>{LINE}</p><p>{LINE}</p><p>{LINE}</p><p>Còn nữa [&hellip;]</p>",
        f"<p>{LINE}</p><p>{LINE}</p><p>{LINE}</p><p><a href='/1'>Đọc tiếp »</a></p>",
    ],
    ids=["nothing", "short", "one paragraph", "beginning", "read on"],
)
def test_what_is_no_whole_article_is_none(markup: str) -> None:
    assert full_text(markup) == ""


def test_an_article_escaped_twice_is_one_and_the_footer_of_its_program_is_not_part_of_it() -> None:
    footer = "<p>The post <a href='/1'>Cầu mới</a> appeared first on <a href='/'>Báo Thử</a>.</p>"
    markup = f"<p>{LINE}</p><p>{LINE}</p><p>{LINE}</p>{footer}"
    assert full_text(markup) == full_text(escape(markup)) == "\n\n".join([LINE.strip()] * 3)


def test_a_text_has_an_end() -> None:
    text = full_text(f"<p>{LINE}</p>" * 1_000)
    assert 49_000 < len(text) <= 50_000
    assert text.endswith(LINE.strip())


def test_whole_articles_of_atom_and_json_are_found() -> None:
    paragraphs = f"<p>{LINE}</p>" * 3
    inside = f'<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div></content>'
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link href="/1"/>{inside}</entry></feed>'
    in_json = json_feed(
        {"id": "1", "url": "/1", "content_html": paragraphs},
        {"id": "2", "url": "/2", "content_text": f"{LINE}\n\n" * 3},
    )
    found = [link.full_text for link in (*feed(atom).links, *feed(in_json).links)]
    assert found == ["\n\n".join([LINE.strip()] * 3)] * 3


# --- broken feeds


@pytest.mark.parametrize(
    "broken",
    [
        "<item><title>Hỏng",
        "<item><title><![CDATA[Hỏng</title><link>https://bao.example/h</link></item>",
        "<item><title>Hỏng <b>đậm</title><link>https://bao.example/h</link></item>",
        "<item><title>Hỏng &nbsp; & AT&T &#0; &#xD800; <</title><link>https://bao.example/h</link></item>",
        "<item><title>Hỏng</tilte><link>https://bao.example/h</link></item>",
        "<item><title>Hỏng</title><lạ:phần>x</lạ:phần><la:phan la:y='1'/><link>https://bao.example/h</link></item>",
        "<item x=1 y><title>Hỏng\x0b\x00\ufffe</title><link>https://bao.example/h</link></item>",
        "</channel></item>",
        "<!-- <item><title>Bỏ đi</title><link>https://bao.example/bo-di</link></item> --><<",
    ],
)
def test_a_damaged_entry_costs_no_other_entry(broken: str) -> None:
    good = [item(f"Tin & số {n}".replace("&", "&amp;"), f"https://bao.example/{n}") for n in range(4)]
    reading = feed(rss(*good[:2], broken, *good[2:]))
    assert reading.outcome == "incomplete"
    found = {link.url: link.title for link in reading.links}
    assert {url: title for url, title in found.items() if not url.endswith("/h")} == {
        f"https://bao.example/{n}": f"Tin & số {n}" for n in range(4)
    }
    if "example/h<" in broken:
        assert found["https://bao.example/h"].startswith("Hỏng")


def test_signs_that_xml_does_not_know_are_told_and_stay_in_titles_and_addresses() -> None:
    more = "<pubDate>23/11/2026</pubDate><description>1 < 2 <p>a</description>"
    reading = feed(rss(item("Thu &amp; chi&nbsp;&rarr; AT&T", "https://bao.example/?a=1&b=2&copy=3", more)))
    (link,) = reading.links
    assert (link.title, link.url, link.summary) == (
        "Thu & chi → AT&T",
        "https://bao.example/?a=1&b=2&copy=3",
        "1 < 2 a",
    )
    assert link.published == datetime(2026, 11, 22, 17, tzinfo=UTC)


def test_a_prefix_that_is_never_declared_is_understood_where_all_use_it_alike() -> None:
    body = rss(
        item(
            more=f"<dc:date>2026-11-23T00:30:00Z</dc:date><content:encoded>{escape('<p>' + LINE) * 4}</content:encoded>"
        )
    )
    (link,) = feed(body).links
    assert link.published == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert link.full_text.count("Sáng nay") == 8


def test_an_atom_entry_with_tags_that_never_close_is_read_without_what_it_quotes() -> None:
    quoted = '<source><title>Báo khác</title><link href="https://khac.example/"/></source>'
    entry = f'<entry><title>Cầu <b>mới</title><link href="/1"/>{quoted}<updated>2026-11-23T00:30:00Z</updated></entry>'
    (link,) = feed(f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>').links
    assert (link.url, link.title) == ("https://bao.example/1", "Cầu mới")
    assert link.published == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)


def test_warnings_of_a_program_before_the_feed_do_not_hide_it() -> None:
    reading = feed("<br />\n<b>Warning</b>: mysql_query() in x.php<br />" + rss(item("Tin"), head=""))
    assert (reading.kind, titles(reading)) == ("rss", ["Tin"])


def test_an_entry_that_makes_feedparser_stumble_costs_no_other_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = feedparser.parse

    def stumbling(body: BytesIO, **options: object) -> object:
        if "vấp" in body.getvalue().decode():
            raise KeyError("term")
        return parse(body, **options)

    monkeypatch.setattr(feedparser, "parse", stumbling)
    assert titles(feed(rss(item("Một", "/1"), item("vấp", "/2"), item("Ba", "/3")))) == ["Một", "Ba"]


# --- hostile feeds


def test_a_feed_that_names_a_file_is_not_that_file(tmp_path: Path) -> None:
    secret = tmp_path / "mat.xml"
    secret.write_text(rss(item("Bí mật")))
    assert feed(str(secret)).links == ()


@pytest.mark.parametrize(
    "entry",
    [
        item(more="<author>x@" + "a." * 100_000 + "</author>"),
        item(more="".join(f"<category>{n}</category>" for n in range(20_000))),
        item("a", "https://bao.example/1", "<pubDate>" + "1/" * 200_000 + "</pubDate>"),
        "<item>" * 50_000,
        "<item><link>x</link>" * 20_000,
        " " * 2_000_000 + "<",
        "<![CDATA[" * 50_000,
        "<!--" * 50_000,
    ],
    ids=["labels", "categories", "date", "open", "open links", "blank", "sections", "comments"],
)
def test_what_takes_the_square_elsewhere_is_read_in_time(entry: str) -> None:
    with Workers(1, wall_seconds=60, cpu_seconds=20) as workers:
        (reading,) = workers(read_entry, [("feed", rss(entry).encode(), "", FEED, SOURCE)])
    assert isinstance(reading, Reading)


def test_a_feed_that_still_takes_too_long_is_given_up_and_told() -> None:
    bomb = rss("<item><AUTHOR>x@" + "a." * 100_000 + "</AUTHOR></item>").encode()
    jobs = [("feed", body, "", FEED, SOURCE) for body in (bomb, WHOLE.encode())]
    with Workers(1, wall_seconds=60, cpu_seconds=0.3, megabytes=1024) as workers:
        given, whole = workers(read_entry, jobs)
    assert isinstance(given, TooLong)
    assert "0.3" in given_up(given).reason and given_up(given).outcome == "unreadable"
    assert whole == feed(WHOLE)


def test_a_reader_that_died_is_told() -> None:
    assert given_up(MemoryError()).outcome == "unreadable"
    assert "MemoryError" in given_up(MemoryError()).reason


def test_readings_and_what_they_are_made_from_travel_between_processes() -> None:
    assert pickle.loads(pickle.dumps((feed(WHOLE), read_entry, SOURCE))) == (feed(WHOLE), read_entry, SOURCE)  # noqa: S301 - our own


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


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, len(WHOLE.encode())))
def test_a_feed_cut_off_anywhere_keeps_the_entries_that_were_whole(at: int) -> None:
    body = WHOLE.encode()
    whole = body[:at].count(b"</item>")
    reading = feed(body[:at])
    assert titles(reading)[:whole] == [f"Tin số {n}" for n in range(whole)]
    assert set(urls(reading)) <= {f"https://bao.example/tin-{n}" for n in range(3)}
    assert (reading.outcome == "ok") == (at == len(body))


@settings(max_examples=300, deadline=None)
@given(
    kind=st.sampled_from(["feed", "sitemap", "listing"]),
    start=st.sampled_from([b"", b"<rss><item>", b"<feed", b'{"version":"https://jsonfeed.org/version/1","items":[',
                           b"<urlset><url>", b"<?xml version='1.0' encoding='", b"\x1f\x8b\x08", b"https://a/", b"\xff\xfe"]),
    body=st.binary(max_size=80) | st.text("<>/&;![]-='\":{}, itemlnkrsCDATA#x", max_size=80).map(str.encode),
    content_type=st.sampled_from(["", "text/xml; charset=utf-16", "application/json", "x;charset=zip"]),
    url=st.sampled_from([FEED, ""]),
)  # fmt: skip
def test_any_bytes_give_a_reading(kind: Any, start: bytes, body: bytes, content_type: str, url: str) -> None:
    reading = read_entry(kind, start + body, content_type, url, SOURCE)
    assert (reading.outcome == "ok") == (not reading.reason)
    assert all(link.url.startswith("http") for link in reading.links)
    assert reading.outcome != "incomplete" or reading.links


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


@pytest.mark.parametrize(
    "namespace",
    ["", 'xmlns="http://www.google.com/schemas/sitemap/0.84"', 'xmlns="https://www.sitemaps.org/schemas/x"'],
)
def test_a_sitemap_of_another_or_no_namespace_is_read_all_the_same(namespace: str) -> None:
    reading = sitemap(f"<urlset {namespace}><url><loc>https://bao.example/1</loc></url></urlset>")
    assert (reading.kind, urls(reading)) == ("sitemap", ["https://bao.example/1"])


def test_of_a_long_sitemap_the_newest_are_kept_in_its_order() -> None:
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 11) for day in range(1, 29)]
    old_first = [(f"/{day}-{n}", day) for day in days for n in range(10)]
    body = "".join(f"<url><loc>{path}</loc><lastmod>{day}</lastmod></url>" for path, day in old_first)
    assert urls(sitemap(f"<urlset {NS}>{body}</urlset>")) == [
        f"https://bao.example{path}" for path, _ in old_first[-1000:]
    ]


def test_the_date_of_publication_counts_before_that_of_a_change() -> None:
    def entry(n: int, published: str, changed: str) -> str:
        news = f"<n:news><n:publication_date>{published}</n:publication_date></n:news>"
        return f"<url><loc>/{n}</loc><lastmod>{changed}</lastmod>{news}</url>"

    changed_all = "".join(entry(n, f"2026-10-{n % 20 + 1:02}", "2026-11-23") for n in range(1_020))
    fresh = entry(5_000, "2026-11-22", "2026-11-22")
    assert "https://bao.example/5000" in urls(sitemap(f"<urlset {NS}>{changed_all}{fresh}</urlset>"))


def test_children_of_the_same_registrable_site_are_followed_and_undated_ones_by_their_number() -> None:
    names = [
        "https://static.baothu.com.vn/s9.xml",
        "https://static.baothu.com.vn/s10.xml",
        "https://kha.com.vn/s11.xml",
    ]
    body = "".join(f"<sitemap><loc>{name}</loc></sitemap>" for name in names)
    index = f"<sitemapindex {NS}>{body}</sitemapindex>".encode()
    reading = read_entry("sitemap", index, "", "https://www.baothu.com.vn/sitemap.xml", SOURCE)
    assert (reading.kind, reading.children) == ("index", (names[1], names[0]))


def test_a_sitemap_may_be_plain_text() -> None:
    reading = sitemap("https://bao.example/1\r\n\nhttps://bao.example/2\n")
    assert (reading.kind, urls(reading)) == ("sitemap", ["https://bao.example/1", "https://bao.example/2"])
    assert sitemap("https://bao.example/1\nlỗi máy chủ").outcome == "unreadable"


def test_feeds_and_sitemaps_are_told_apart_by_what_came() -> None:
    assert sitemap(rss(item())).kind == "rss"
    assert feed(f"<urlset {NS}><url><loc>https://bao.example/1</loc></url></urlset>").kind == "sitemap"


def test_an_address_cut_off_at_the_end_of_a_sitemap_is_no_address() -> None:
    assert urls(sitemap(f"<urlset {NS}><url><loc>https://bao.example/1</loc></url><url><loc>https://bao.ex")) == [
        "https://bao.example/1"
    ]


# --- files sent packed


@pytest.mark.parametrize("read", [feed, sitemap])
def test_a_file_sent_as_gzip_is_unpacked(read: Callable[[bytes], Reading]) -> None:
    assert titles(read(gzip.compress(rss(item("Quảng Trị")).encode()))) == ["Quảng Trị"]


def test_a_packed_file_in_several_parts_or_cut_off_is_read_as_far_as_it_goes() -> None:
    body = WHOLE.encode()
    assert feed(gzip.compress(body[:100]) + gzip.compress(body[100:])) == feed(body)
    assert feed(gzip.compress(body)[:-9]).links == feed(body).links
    assert feed(b"\x1f\x8b" + b"x" * 40).outcome == "unreadable"


def test_a_packed_bomb_is_unpacked_up_to_a_limit() -> None:
    assert feed(gzip.compress(b"<rss>" + b" " * (200 << 20))).outcome == "unreadable"


# --- JSON feeds


def json_feed(*items: object, **more: object) -> str:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items, **more}, ensure_ascii=False)


def test_a_json_feed_gives_links_with_everything_it_says() -> None:
    reading = feed(
        json_feed(
            {
                "id": "bai-1",
                "url": "https://bao.example/1",
                "title": "Chợ phiên",
                "summary": "Sau ba ngày <b>mưa</b> lớn.",
                "date_published": "2026-11-23T07:30:00+07:00",
                "date_modified": "2026-11-23T02:00:00Z",
            },
            {"id": 2, "external_url": "https://bao.example/2", "content_text": "Tóm tắt"},
            {"id": "https://bao.example/3", "content_html": "<p>Ba</p>"},
        ),
        "application/feed+json",
    )
    first, second, third = reading.links
    assert (reading.kind, reading.outcome) == ("json", "ok")
    assert (first.url, first.title, first.summary, first.guid) == (
        "https://bao.example/1",
        "Chợ phiên",
        "Sau ba ngày mưa lớn.",
        "bai-1",
    )
    assert first.published == datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
    assert first.updated == datetime(2026, 11, 23, 2, tzinfo=UTC)
    assert (second.url, second.summary, second.guid) == ("https://bao.example/2", "Tóm tắt", "2")
    assert (third.url, third.summary) == ("https://bao.example/3", "Ba")


any_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("https://bao.example/x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
JSON_KEYS = ["id", "url", "external_url", "title", "summary", "content_html", "content_text", "date_published"]


@settings(max_examples=150, deadline=None)
@given(wrong=st.dictionaries(st.sampled_from(JSON_KEYS), any_json) | any_json)
def test_an_item_of_wrong_types_costs_no_other_item(wrong: object) -> None:
    good = {"id": "a", "url": "https://bao.example/good"}
    assert "https://bao.example/good" in urls(feed(json_feed(wrong, good)))


JSON = json_feed(
    *({"id": str(n), "url": f"https://bao.example/{n}", "authors": [{"name": "x", "url": "/"}] * 2} for n in range(4))
)


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, len(JSON.encode())))
def test_a_json_feed_cut_off_anywhere_keeps_the_items_that_were_whole(at: int) -> None:
    start = JSON[:at]
    whole = [n for n in range(4) if (end := JSON.find(f'{{"id": "{n + 1}"')) and at >= (end if end > 0 else len(JSON))]
    reading = feed(start)
    assert reading.outcome in ("ok", "incomplete", "unreadable")
    assert set(urls(reading)) >= {f"https://bao.example/{n}" for n in whole}
    assert all(url.startswith("https://bao.example/") for url in urls(reading))


def test_a_damaged_item_of_a_json_feed_costs_no_other_item() -> None:
    damaged = JSON.replace('{"id": "1", "url"', '{"id": "1" "url"')
    reading = feed(damaged)
    assert (reading.outcome, urls(reading)) == ("incomplete", [f"https://bao.example/{n}" for n in (0, 2, 3)])


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"version": "https://jsonfeed.org/version/2", "items": []}',
        '{"version": "https://khac.example/version/1", "items": [{"id": "1", "url": "https://bao.example/1"}]}',
    ],
)
def test_json_that_is_no_feed_is_unreadable(body: str) -> None:
    assert feed(body).outcome == "unreadable"


def test_json_too_deep_to_read_stops_nothing() -> None:
    assert feed(JSON[:-2] + "," + "[" * 300_000).outcome == "incomplete"


# --- section pages


def test_the_next_page_is_what_its_selector_points_at_on_the_same_host() -> None:
    page = '<base href="/thoi-su/"><a class="sau" href="{}">Trang sau</a><a href="/cau-moi-qua-song-da-thong-xe">x</a>'

    def next_page(href: str, selector: str = "a.sau") -> str:
        given = Listing(PAGE, "", "", selector)
        return read_entry("listing", page.format(href).encode(), "text/html", PAGE, SOURCE, given).next_page

    assert next_page("?trang=2") == "https://bao.example/thoi-su/?trang=2"
    assert next_page("https://khac.example/2") == ""
    assert next_page("javascript:sau()") == ""
    assert next_page("/thoi-su/") == ""
    assert next_page("?trang=2", "a.khong-co") == ""


def test_a_listing_is_read_as_its_source_says_where_nobody_else_does() -> None:
    source = Source(id="a", name="A", home="", language="vi", scope="national", listings=(Listing(PAGE, ".tin a"),))
    page = b'<a href="/cau-moi-qua-song-da-thong-xe">x</a><p class=tin><a href="/cho-phien-hop-lai-sau-mua">y</a>'
    assert titles(read_entry("listing", page, "", PAGE, source)) == ["y"]


@pytest.mark.parametrize("tag", ["div", "b", "p><font", "table", "a href=/tin-moi-nhat-cua-hom-nay"])
def test_a_section_page_of_endless_depth_ends(tag: str) -> None:
    reading = listing(f"<{tag}>" * 50_000)
    assert reading.outcome in ("ok", "unreadable")
    assert (reading.outcome == "ok") == (not reading.reason)


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


def alone(body: bytes) -> list[str]:
    """Keys of the links that feedparser finds by itself."""
    found = [absolute(FEED, str(entry.get("link") or "")) for entry in feedparser.parse(BytesIO(body)).entries]
    return sorted({url_key(url) for url in found if url})


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["feeds", "torture/feeds"])
def test_no_link_is_lost_that_feedparser_alone_finds(press: Path, folder: str) -> None:
    for path in sorted(path for path in (press / folder).rglob("*") if path.suffix in (".rss", ".xml")):
        body = path.read_bytes()
        assert len(feed(body, "").links) >= len(alone(body)), path.name


@pytest.mark.slow
def test_a_real_feed_damaged_anywhere_loses_only_what_was_hit(press: Path) -> None:
    body = (press / "feeds" / "vnexpress_2017-08-30.rss").read_bytes()
    places = [(found.start(), found.end()) for found in re.finditer(rb"<item>.*?</item>", body, re.DOTALL)]
    assert len(places) > 20
    junk = (b"", b"<", b"&", b"]]>", b"<![CDATA[", b"<!--", b"</item>", b"<item>", b"\0", b"\xff", b"<b>", b'"')
    dice = random.Random(5)  # noqa: S311 - the same damage every time
    for _ in range(200):
        at, cut = dice.randrange(len(body)), dice.choice((0, 1, 5, 40, len(body)))
        found = {link.key for link in feed(body[:at] + dice.choice(junk) + body[at + cut :]).links}
        for start, end in places:
            if end <= at or start >= at + cut:
                (link,) = feed(rss(body[start:end].decode())).links
                assert link.key in found, (at, cut)


@pytest.mark.slow
def test_every_file_of_the_torture_collection_is_read_or_refused_within_two_seconds(press: Path) -> None:
    paths = sorted((press / "torture" / "feeds").iterdir())
    assert len(paths) > 1_000
    with Workers(2, wall_seconds=20, cpu_seconds=2, megabytes=1024) as workers:
        for kind in ("feed", "sitemap", "listing"):
            readings = workers(read_entry, [(kind, path.read_bytes(), "", FEED, SOURCE) for path in paths])
            for path, reading in zip(paths, readings, strict=True):
                assert isinstance(reading, Reading), (path.name, reading)
                assert (reading.outcome == "ok") == (not reading.reason), path.name
            made = Counter(reading.kind for reading in readings if isinstance(reading, Reading))
            if kind != "listing":
                # The rest is no feed: maps (KML), search descriptions, service documents.
                assert made.total() - made["unknown"] >= 890, made
