"""What is said about a source that was asked: what it gave, and which key of sources.toml to change."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.check import (
    EntryCheck,
    SourceCheck,
    check_sources,
    encoding_of,
    expected_range,
    format_of,
    judged,
    seen,
)
from pipeline.crawl.entries import Reading
from pipeline.crawl.fetch import Ask, Reply, user_agent
from pipeline.crawl.visit import Visit, visiting
from pipeline.records import Link, Listing, Page, Selectors, Source
from pipeline.settings import Crawl
from tests.crawl.front_pages import FRONTS
from tests.crawl.loopback import Answer, Site, serving

NOW = datetime.now(UTC)
STORY = b"<html><body><h1>B\xc3\xa0i</h1><p>n\xe1\xbb\x99i dung</p></body></html>"


def check(*sources: Source, readable: bool = True, **limits: Any) -> list[SourceCheck]:
    settings = {"delay_seconds": 0.0, "timeout_seconds": 5.0, "retries": 0, "allow_loopback": True, **limits}
    done: list[SourceCheck] = []

    def has_article(page: Page, selectors: Selectors) -> bool:
        return readable and not selectors.body and b"<h1>" in page.body

    async def run() -> None:
        async with visiting(Crawl(**settings), user_agent("1", "")) as visit:
            await check_sources(sources, visit, NOW, has_article, done.append)

    asyncio.run(run())
    return done


def paper(site: Site, **keys: Any) -> Source:
    return Source("bao", "Báo", site.url("/"), "vi", "national", **{"expected": (0, 1000), **keys})


def rss(site: Site, ages: list[timedelta | None], *, titles: bool = True) -> Answer:
    """A feed of items of these ages; None: an item without a date."""
    items = "".join(
        "<item>"
        + (f"<title>Tin {n}</title>" if titles else "")
        + f"<link>{site.base}/bai-{n}.html</link>"
        + (f"<pubDate>{format_datetime(NOW - age)}</pubDate>" if age is not None else "")
        + "</item>"
        for n, age in enumerate(ages)
    )
    headers = {"Content-Type": "application/rss+xml", "ETag": '"1"', "Last-Modified": "Mon, 23 Nov 2026 00:00:00 GMT"}
    return Answer(headers=headers, body=f"<rss version='2.0'><channel><title>B</title>{items}</channel></rss>".encode())


def hours(*numbers: float) -> list[timedelta | None]:
    return [timedelta(hours=n) for n in numbers]


def keys(entry: EntryCheck | SourceCheck) -> list[str]:
    return [json.loads(one)["key"].removeprefix("sources.") for one in entry.advice]


# --- a source in order


def test_a_feed_is_reported_with_all_that_it_gives_and_its_newest_article_is_asked(site: Site) -> None:
    site.pages |= {
        "/robots.txt": Answer(body=b"User-agent: *\nCrawl-delay: 0.01\nDisallow: /in/\n"),
        "/rss": rss(site, [timedelta(hours=5), timedelta(hours=2), None, timedelta(hours=9)]),
        "/bai-1.html": Answer(body=STORY),
    }
    (found,) = check(paper(site, feeds=(site.url("/rss"),)))
    feed, article = found.entries
    assert (feed.kind, feed.outcome, feed.format, feed.items) == ("feed", "ok", "rss", 4)
    assert feed.newest == (NOW - timedelta(hours=2)).replace(microsecond=0)
    assert (feed.dated, feed.titled, feed.full_text) == (0.75, 1.0, 0.0)
    assert (feed.robots, feed.crawl_delay) == ("allowed", 0.01)
    assert (feed.etag, feed.last_modified, feed.encoding) == (True, True, "")
    assert (feed.moved_to, feed.permanent, feed.status) == ("", False, 200)
    assert feed.bytes > 300 and 0 <= feed.seconds < 5
    assert (article.kind, article.url, article.outcome, article.etag) == (
        "article",
        site.url("/bai-1.html"),
        "ok",
        False,
    )
    assert (keys(feed), keys(article), keys(found), found.readable) == ([], [], [], True)
    assert site.paths == ["/rss", "/bai-1.html"]  # each once


def test_a_sitemap_index_is_followed_to_its_newest_sitemap(site: Site) -> None:
    space = "http://www.sitemaps.org/schemas/sitemap/0.9"
    site.pages |= {
        "/s.xml": Answer(
            body=f"<sitemapindex xmlns='{space}'><sitemap><loc>{site.base}/s1.xml</loc></sitemap></sitemapindex>".encode()
        ),
        "/s1.xml": Answer(
            body=f"<urlset xmlns='{space}'><url><loc>{site.base}/bai-1.html</loc></url></urlset>".encode()
        ),
        "/bai-1.html": Answer(body=STORY),
    }
    (found,) = check(paper(site, sitemaps=(site.url("/s.xml"),)))
    assert [(entry.kind, entry.format, entry.items) for entry in found.entries] == [
        ("sitemap", "sitemap-index", 1),
        ("sitemap", "sitemap", 1),
        ("article", "html", 0),
    ]
    assert found.readable


def test_sources_are_asked_side_by_side_and_told_as_they_are_done(site: Site) -> None:
    with serving() as other:
        other.pages["/rss"] = Answer(404)
        site.pages |= {"/rss": rss(site, hours(1)), "/bai-0.html": Answer(body=STORY)}
        done = check(
            paper(site, feeds=(site.url("/rss"),)), replace(paper(other, feeds=(other.url("/rss"),)), id="khac")
        )
        assert {one.source.id: one.readable for one in done} == {"bao": True, "khac": False}


# --- what to fix


@pytest.mark.parametrize(
    ("answer", "outcome", "key"),
    [
        (Answer(404), "missing", "fix_missing"),
        (Answer(403), "refused", "fix_refused"),
        (Answer(500), "server", "fix_later"),
        (Answer(raw=b""), "network", "fix_later"),
        (Answer(302, {"Location": "mailto:toasoan@bao.example"}), "redirect", "fix_address"),
        (Answer(302, {"Location": "http://10.0.0.1/"}), "address", "fix_address"),
        (Answer(body=b"<html><p>Trang n\xc3\xa0y kh\xc3\xb4ng c\xc3\xb2n</p></html>"), "unreadable", "fix_unreadable"),
        (Answer(body=b"<rss version='2.0'><channel><title>B</title></channel></rss>"), "ok", "fix_empty"),
        (Answer(body=b" " * 200_000), "too_large", "fix_too_large"),
    ],
)
def test_a_feed_that_cannot_be_read_is_told_with_what_to_do(site: Site, answer: Answer, outcome: str, key: str) -> None:
    site.pages["/rss"] = answer
    (found,) = check(paper(site, feeds=(site.url("/rss"),)), max_megabytes=0.1)
    (entry,) = found.entries
    assert (entry.outcome, keys(entry), found.readable) == (outcome, [key], outcome == "ok")


def test_what_robots_forbids_is_not_asked_and_the_key_to_change_is_named(site: Site) -> None:
    site.pages["/robots.txt"] = Answer(body=b"User-agent: *\nDisallow: /rss\nDisallow: /bai\n")
    site.pages["/tin"] = Answer(body=b"<a href='/bai-dai-nhieu-chu-123456.html'>B\xc3\xa0i</a>")
    (found,) = check(paper(site, feeds=(site.url("/rss"),), listings=(Listing(site.url("/tin")),)))
    feed, listing, article = found.entries
    assert (feed.robots, listing.robots, article.robots) == ("forbidden", "allowed", "forbidden")
    assert json.loads(feed.advice[0]) == {"key": "sources.fix_robots", "place": "feeds"}
    assert keys(article) == ["fix_robots_article"]
    assert site.paths == ["/tin"]


def test_without_robots_everything_may_be_asked_and_with_a_broken_one_nothing(site: Site) -> None:
    site.pages["/rss"] = rss(site, [])
    assert check(paper(site, feeds=(site.url("/rss"),)))[0].entries[0].robots == "none"
    site.pages["/robots.txt"] = Answer(503)
    entry = check(paper(site, feeds=(site.url("/rss"),)))[0].entries[0]
    assert (entry.robots, keys(entry)) == ("unknown", ["fix_later"])


@pytest.mark.parametrize(("status", "permanent"), [(301, True), (308, True), (302, False), (307, False)])
def test_an_address_that_moved_for_good_is_to_be_changed(site: Site, status: int, permanent: bool) -> None:
    site.pages |= {
        "/rss": Answer(301, {"Location": "/rss2"}),
        "/rss2": Answer(status, {"Location": "/moi"}),
        "/moi": rss(site, hours(1)),
        "/bai-0.html": Answer(body=STORY),
    }
    entry = check(paper(site, feeds=(site.url("/rss"),)))[0].entries[0]
    assert (entry.moved_to, entry.permanent) == (site.url("/moi"), permanent)
    assert keys(entry) == (["fix_moved"] if permanent else [])


@pytest.mark.parametrize(
    ("ages", "advice"),
    [
        ([timedelta(days=90), timedelta(days=91)], ["fix_stale"]),
        ([timedelta(days=13)], []),
        ([timedelta(hours=-7)], ["fix_ahead"]),
        ([None, None, timedelta(hours=1)], ["fix_undated"]),
    ],
)
def test_dates_tell_whether_a_feed_is_alive(site: Site, ages: list[timedelta | None], advice: list[str]) -> None:
    site.pages |= {"/rss": rss(site, ages)} | {f"/bai-{n}.html": Answer(body=STORY) for n in range(3)}
    assert keys(check(paper(site, feeds=(site.url("/rss"),)))[0].entries[0]) == advice


def test_items_without_titles_are_told(site: Site) -> None:
    site.pages |= {"/rss": rss(site, hours(1, 2), titles=False), "/bai-0.html": Answer(body=STORY)}
    assert keys(check(paper(site, feeds=(site.url("/rss"),)))[0].entries[0]) == ["fix_untitled"]


@pytest.mark.parametrize(
    ("links", "pattern", "advice"),
    [
        ("h3 a", "", []),
        ("a.khong-co", "", ["fix_links"]),
        ("h3 a", r"/khong-co/\d+", ["fix_pattern"]),
        ("a.khong-co", r"/khong-co/\d+", ["fix_both"]),
    ],
)
def test_a_listing_that_finds_nothing_says_which_sieve_is_to_blame(
    site: Site, links: str, pattern: str, advice: list[str]
) -> None:
    front = FRONTS[0]
    site.pages |= {"/tin": Answer(body=front.html.encode()), front.articles[0]: Answer(body=STORY)}
    found = check(paper(site, listings=(Listing(site.url("/tin"), links, pattern),)))[0]
    assert (keys(found.entries[0]), found.readable) == (advice, not advice)


def test_a_page_without_any_article_link_leads_to_discover(site: Site) -> None:
    site.pages["/tin"] = Answer(body=b"<div id=app></div><script src=/app.js></script>")
    assert keys(check(paper(site, listings=(Listing(site.url("/tin"), "h3 a"),)))[0].entries[0]) == ["fix_no_links"]
    del site.pages["/tin"]
    entry = check(paper(site, listings=(Listing(site.url("/tin"), "h3 a"),)))[0].entries[0]
    assert keys(entry) == ["fix_missing"] and "listings.url" in entry.advice[0]


def test_an_article_that_cannot_be_read_or_is_gone_makes_the_source_unreadable(site: Site) -> None:
    site.pages["/rss"] = rss(site, hours(1))
    source = paper(site, feeds=(site.url("/rss"),))
    gone = check(source)[0]
    assert (keys(gone.entries[1]), gone.readable) == (["fix_gone"], False)
    site.pages["/bai-0.html"] = Answer(body=STORY)
    empty = check(source, readable=False)[0]
    assert (empty.entries[1].outcome, keys(empty.entries[1]), empty.readable) == ("unreadable", ["fix_article"], False)


def entry_of(reading: Reading, body: bytes = b"<rss/>", **reply: Any) -> EntryCheck:
    ask = Ask("bao", "feed", "https://bao.example/rss")

    async def never(ask: Ask) -> Reply:
        raise AssertionError(ask)

    answer = Reply(
        ask, **{"outcome": "ok", "requested_at": NOW, "status": 200, "final_url": ask.url, "body": body, **reply}
    )
    source = Source("bao", "Báo", "https://bao.example/", "vi", "national", (ask.url,))
    return judged(source, answer, reading, Visit(never), NOW)


def test_a_feed_of_whole_articles_is_pointed_out() -> None:
    links = [
        Link("a", "https://bao.example/a", "bao", "A", published=NOW, full_text="đoạn" if n else "") for n in range(3)
    ]
    entry = entry_of(Reading(tuple(links)))
    assert (entry.full_text, keys(entry)) == (0.667, ["fix_full_text"])


def test_a_server_with_a_bad_certificate_is_told_about_tls() -> None:
    why = json.dumps({"key": "fetch.network_tls"})
    assert keys(entry_of(Reading(outcome="network", reason=why), b"", outcome="network", status=None)) == ["fix_tls"]


# --- the range of items a day


@pytest.mark.parametrize(
    ("ages", "expected", "advice"),
    [
        (hours(*range(24)), (5, 60), []),
        (hours(*(n / 2 for n in range(48))), (5, 20), ["fix_max"]),  # 48 in a day
        (hours(*(n / 60 for n in range(30))), (5, 40), ["fix_max"]),  # 30 in half an hour
        (hours(*(24 * n for n in range(10))), (50, 100), ["fix_min"]),  # one a day
        (hours(1, 2), (50, 100), []),  # a young feed says nothing about a slow day
    ],
)
def test_an_expected_range_that_does_not_fit_is_told(
    site: Site, ages: list[timedelta | None], expected: tuple[int, int], advice: list[str]
) -> None:
    site.pages |= {"/rss": rss(site, ages), "/bai-0.html": Answer(body=STORY)}
    found = check(paper(site, feeds=(site.url("/rss"),), expected=expected))[0]
    assert (keys(found), found.readable) == (advice, True)


@given(rate=st.floats(0, 5000))
def test_an_advised_range_holds_the_rate_it_was_made_from(rate: float) -> None:
    low, high = expected_range(rate)
    assert low <= rate <= high


def test_an_item_in_two_feeds_counts_once() -> None:
    link = Link("a", "https://bao.example/a", "bao", published=NOW - timedelta(hours=20))
    assert seen([Reading((link,)), Reading((link,))], NOW) == (pytest.approx(1.2), 1, False)


# --- bytes


@pytest.mark.parametrize(
    ("body", "format"),
    [
        (b'<?xml version="1.0"?><!-- <feed> --><rss version="2.0">', "rss"),
        (b"\xef\xbb\xbf  <rss>", "rss"),
        (b'<feed xmlns="http://www.w3.org/2005/Atom">', "atom"),
        (b'<a:feed xmlns:a="http://www.w3.org/2005/Atom">', "atom"),
        (b'<rdf:RDF xmlns:rdf="x">', "rdf"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": []}', "json"),
        (b'{"error": 404}', "unknown"),
        (b'<urlset xmlns:n="http://www.google.com/schemas/sitemap-news/0.9">', "news-sitemap"),
        (b"<urlset>", "sitemap"),
        (b"<sitemapindex>", "sitemap-index"),
        (b"<!DOCTYPE html><meta charset=utf-8>", "html"),
        (b"<HTML>", "html"),
        (b"", "unknown"),
        (b"\x00\xff<", "unknown"),
    ],
)
def test_the_format_is_told_by_the_first_element(body: bytes, format: str) -> None:
    assert format_of(body) == format


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        ("Báo Cồn Cát".encode(), ""),
        (b"", ""),
        (
            "<p>Báo Cồn Cát đăng tin về bến cá của xã ven biển, người dân phấn khởi</p>".encode("cp1258", "ignore"),
            "old",
        ),
        ("Báo Cồn Cát".encode() * 40 + b"\xff\xfe\xfa" + "Báo Cồn Cát".encode(), "broken"),
    ],
)
def test_what_is_wrong_with_an_encoding_is_told(body: bytes, encoding: str) -> None:
    assert encoding_of(body, "text/html") == encoding
    if encoding == "broken":
        assert keys(entry_of(Reading((Link("a", "https://b.example/a", "bao", "A", published=NOW),)), body)) == [
            "fix_encoding"
        ]
