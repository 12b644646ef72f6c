"""Given one address, what a paper offers is found; politely, and within bounds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from pipeline.crawl.discover import Discovery, discover, language_of
from pipeline.crawl.fetch import Ask, Reply, user_agent
from pipeline.crawl.sources import read_sources
from pipeline.crawl.visit import Visit, visiting
from pipeline.crawl.written import block, mistake, table_of
from pipeline.settings import Crawl
from tests.crawl.front_pages import FRONTS, ONLY_MENU, SLUGS, TITLES, Front
from tests.crawl.loopback import Answer, Site, serving

NOW = datetime.now(UTC)
HTML = {"Content-Type": "text/html; charset=utf-8"}


def look(url: str, taken: tuple[str, ...] = ()) -> Discovery:
    limits = Crawl(delay_seconds=0.0, timeout_seconds=5.0, retries=0, allow_loopback=True)

    async def run() -> Discovery:
        async with visiting(limits, user_agent("1", "")) as visit:
            return await discover(url, visit, NOW, taken, lambda _: None)

    return asyncio.run(run())


def notes(found: Discovery, site: Site) -> dict[str, str]:
    """Path to the key of why it is left out; empty where it is proposed."""
    return {
        one.url.removeprefix(site.base): one.note and json.loads(one.note)["key"].split(".")[1] for one in found.tried
    }


def feed(
    site: Site, stories: Iterable[int] = range(12), *, age: timedelta = timedelta(hours=1), folder: str = ""
) -> Answer:
    """An RSS feed; the stories are an hour apart, the first of so much age."""
    items = "".join(
        f"<item><title>{TITLES[n % 12]}</title><link>{site.base}{folder}/{SLUGS[n % 12]}-{700100 + n}.html</link>"
        f"<pubDate>{format_datetime(NOW - age - n * timedelta(hours=1))}</pubDate></item>"
        for n in stories
    )
    body = (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Báo</title>{items}</channel></rss>'
    )
    return Answer(headers={"Content-Type": "application/rss+xml"}, body=body.encode())


def page(body: str, head: str = "") -> Answer:
    return Answer(
        headers=HTML, body=f'<!DOCTYPE html><html lang="vi"><head>{head}</head><body>{body}</body></html>'.encode()
    )


# --- feeds


def test_feeds_named_in_the_head_are_found_and_comments_and_writers_left_alone(site: Site, tmp_path: Path) -> None:
    site.pages |= {
        "/": page(
            '<a href="https://www.facebook.com/bao/rss">Facebook</a><a href="/author/lan/feed/">Lan</a>',
            '<meta property="og:site_name" content="Báo Cồn Cát"><title>Trang chủ</title>'
            '<link rel="alternate" type="application/rss+xml" title="Báo Cồn Cát" href="/feed/">'
            '<link rel="alternate" type="application/rss+xml" title="Dòng phản hồi" href="/feed/2/">'
            '<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed/">'
            '<link rel="alternate" hreflang="en" href="/en/">',
        ),
        "/feed/": feed(site),
    }
    found = look(site.url("/"), taken=("127-0-0-1",))
    assert found.source is not None
    assert (found.source.id, found.source.name, found.source.home) == ("127-0-0-1-2", "Báo Cồn Cát", site.url("/"))
    assert (found.source.language, found.source.scope, found.source.enabled) == ("vi", "national", True)
    assert (found.source.feeds, found.source.listings, found.source.sitemaps) == ((site.url("/feed/"),), (), ())
    assert not {"/feed/2/", "/comments/feed/", "/author/lan/feed/", "/en/"} & set(site.paths)
    low, high = found.source.expected  # an item an hour
    assert low <= 24 <= high
    (tmp_path / "sources.toml").write_text(block(table_of(found.source), {"scope": "chọn"}), encoding="utf-8")
    assert read_sources(tmp_path / "sources.toml") == (found.source,)


def test_the_page_that_lists_the_section_feeds_is_followed(site: Site) -> None:
    site.pages |= {
        "/": page('<footer><a href="/rss">RSS</a></footer>', "<title>Báo Cồn Cát - Tin mới</title>"),
        "/rss": page(
            '<a href="/rss/home.rss">Trang chủ</a><a href="/rss/thoi-su.rss">Thời sự</a><a href="/rss/bien-dao">Biển đảo</a>'
            '<a href="/rss/cu.rss">Cũ</a><a href="/rss/rong.rss">Rỗng</a><a href="/rss/mat.rss">Mất</a>'
            '<a href="/rss/ten.rss">Tên</a>'
        ),
        "/rss/home.rss": feed(site),
        "/rss/thoi-su.rss": feed(site, range(3)),  # all of it stands in the one before
        "/rss/bien-dao": feed(site, range(20, 30)),
        "/rss/cu.rss": feed(site, range(40, 44), age=timedelta(days=90)),
        "/rss/rong.rss": feed(site, ()),
        "/rss/ten.rss": page("<p>Không phải RSS</p>"),
    }
    found = look(site.url("/"))
    assert found.source is not None
    assert found.source.name == "Báo Cồn Cát"
    assert found.source.feeds == (site.url("/rss/home.rss"), site.url("/rss/bien-dao"))
    told = notes(found, site)
    assert (told["/rss/thoi-su.rss"], told["/rss/cu.rss"], told["/rss/rong.rss"]) == ("is_held", "is_stale", "is_empty")
    assert (told["/rss/mat.rss"], told["/rss/ten.rss"], told["/rss/home.rss"]) == ("status", "not_a_feed", "")


@pytest.mark.parametrize("path", ["/rss", "/rss/home.rss", "/feed/", "/rss.xml"])
def test_where_a_page_says_nothing_of_feeds_the_usual_addresses_are_tried(site: Site, path: str) -> None:
    site.pages |= {"/": page("<p>Chào</p>"), path: feed(site)}
    found = look(site.url("/"))
    assert found.source is not None and found.source.feeds == (site.url(path),)
    assert notes(found, site) == {path: ""}  # a guess that failed is not worth a word


def test_a_feed_may_be_given_itself(site: Site) -> None:
    site.pages |= {"/rss/home.rss": feed(site), "/": page("", "<title>Báo Cồn Cát</title>")}
    found = look(site.url("/rss/home.rss"))
    assert found.source is not None
    assert (found.source.name, found.source.feeds) == ("Báo Cồn Cát", (site.url("/rss/home.rss"),))


# --- sitemaps


def sitemap(site: Site, *, titles: bool = True, numbers: Iterable[int] = range(8)) -> Answer:
    rows = "".join(
        f"<url><loc>{site.base}/{SLUGS[n % 12]}-{700100 + n}.html</loc>"
        + (
            f"<n:news><n:publication_date>{(NOW - n * timedelta(hours=2)).isoformat()}</n:publication_date>"
            f"<n:title>{TITLES[n % 12]}</n:title></n:news>"
            if titles
            else ""
        )
        + "</url>"
        for n in numbers
    )
    spaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    return Answer(headers={"Content-Type": "application/xml"}, body=f"<urlset {spaces}>{rows}</urlset>".encode())


def index(site: Site, *paths: str) -> Answer:
    rows = "".join(f"<sitemap><loc>{site.base}{path}</loc></sitemap>" for path in paths)
    return Answer(
        body=f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</sitemapindex>'.encode()
    )


def test_the_news_sitemap_is_found_through_robots_and_the_index(site: Site) -> None:
    site.pages |= {
        "/robots.txt": Answer(body=f"User-agent: *\nSitemap: {site.base}/sitemaps.xml\nSitemap: https://khac.example/s.xml".encode()),
        "/": page("<p>Chào</p>"),
        "/sitemaps.xml": index(site, "/sitemap-2019.xml", "/news-sitemap.xml", "/sitemap-tag.xml"),
        "/news-sitemap.xml": sitemap(site),
    }  # fmt: skip
    found = look(site.url("/"))
    assert found.source is not None
    assert (found.source.feeds, found.source.sitemaps) == ((), (site.url("/news-sitemap.xml"),))
    assert notes(found, site) == {"/sitemaps.xml": "is_index", "/news-sitemap.xml": ""}


def test_a_sitemap_of_everything_is_not_proposed(site: Site) -> None:
    site.pages |= {"/": page("<p>Chào</p>"), "/sitemap.xml": sitemap(site, titles=False)}
    found = look(site.url("/"))
    assert (found.source, notes(found, site)) == (None, {"/sitemap.xml": "is_untitled"})


# --- listings


@pytest.mark.parametrize("front", FRONTS, ids=lambda front: front.name)
def test_where_no_feed_works_a_listing_is_proposed(site: Site, tmp_path: Path, front: Front) -> None:
    site.pages[front.path] = Answer(headers=HTML, body=front.html.encode())
    found = look(site.url(front.path))
    assert found.source is not None and found.proposal is not None
    assert found.source.listings == (found.proposal.listing,)
    assert found.source.listings[0].url == site.url(front.path)
    assert (found.proposal.articles, found.source.language, found.source.name) == (12, "vi", "Báo Cồn Cát")
    (tmp_path / "sources.toml").write_text(block(table_of(found.source)), encoding="utf-8")
    assert read_sources(tmp_path / "sources.toml") == (found.source,)


def test_a_feed_that_works_needs_no_listing(site: Site) -> None:
    site.pages |= {"/thoi-su": Answer(headers=HTML, body=FRONTS[0].html.encode()), "/rss": feed(site)}
    found = look(site.url("/thoi-su"))
    assert found.source is not None and (found.source.listings, len(found.source.feeds)) == ((), 1)


def test_nothing_is_proposed_where_there_is_nothing(site: Site) -> None:
    site.pages["/"] = Answer(headers=HTML, body=ONLY_MENU.encode())
    found = look(site.url("/"))
    assert (found.source, json.loads(found.problem)["key"]) == (None, "sources.nothing_found")


# --- manners and bounds


def test_robots_is_obeyed(site: Site) -> None:
    site.pages |= {"/robots.txt": Answer(body=b"User-agent: *\nDisallow: /\n"), "/": page("")}
    found = look(site.url("/"))
    assert (found.source, json.loads(found.problem)["key"], site.paths) == (None, "fetch.robots", [])


def test_a_page_that_names_hundreds_of_feeds_is_asked_no_more_than_25_times(site: Site) -> None:
    many = "".join(f'<a href="/rss/{n}.rss">Mục {n}</a><a href="/rss{n}">RSS</a>' for n in range(300))
    site.pages |= {"/": page(many)} | {f"/rss/{n}.rss": feed(site, ()) for n in range(300)}
    found = look(site.url("/"))
    assert found.asked == len(site.asked) <= 25
    assert site.most_at_once == 1


def test_no_more_than_twelve_feeds_are_put_into_a_source(site: Site) -> None:
    many = "".join(f'<a href="/rss/{n}.rss">Mục {n}</a>' for n in range(30))
    site.pages |= {"/": page(many)} | {f"/rss/{n}.rss": feed(site, (n,), folder=f"/{n}") for n in range(30)}
    found = look(site.url("/"))
    assert found.source is not None and len(found.source.feeds) == 12


def test_no_other_host_is_asked(site: Site) -> None:
    with serving() as other:
        rss = other.url("/rss")
        site.pages |= {
            "/": page(f'<a href="{rss}">RSS</a>', f'<link rel="alternate" type="application/rss+xml" href="{rss}">'),
            "/robots.txt": Answer(body=f"Sitemap: {other.url('/sitemap.xml')}".encode()),
        }  # fmt: skip
        assert look(site.url("/")).source is None
        assert other.asked == []


def test_a_page_that_leads_to_a_social_network_is_no_source() -> None:
    async def led_away(ask: Ask) -> Reply:
        return Reply(ask, "ok", NOW, status=200, final_url="https://www.facebook.com/bao", body=FRONTS[0].html.encode())

    found = asyncio.run(discover("https://bao.example/", Visit(led_away), NOW, (), lambda _: None))
    assert (found.source, json.loads(found.problem)["key"]) == (None, "sources.leads_away")


@pytest.mark.parametrize(
    ("path", "title", "name"),
    [
        ("/", "Báo A - Tin tức mới nhất trong ngày", "Báo A"),
        ("/", "Daily A | The news of the day", "Daily A"),
        ("/kinh-te", "Tin kinh tế: thị trường - VnA Kinh tế", "VnA Kinh tế"),
        ("/kinh-te", "Tin kinh tế | Báo điện tử A | Đọc là biết", "Báo điện tử A"),
        ("/", "", "127.0.0.1"),
    ],
)
def test_without_a_name_of_its_own_a_paper_is_called_by_its_title(site: Site, path: str, title: str, name: str) -> None:
    site.pages |= {path: page("", f"<title>{title}</title>"), "/rss": feed(site)}
    found = look(site.url(path))
    assert found.source is not None and found.source.name == name


def test_a_hostile_page_is_survived(site: Site) -> None:
    body = (
        b"<a href='"
        + b"/rss/" * 400
        + b"'>"
        + b"<link rel=alternate type=application/rss+xml href='//['>"
        + b"<a href='/feed/'>" * 5000
    )
    site.pages |= {"/": Answer(headers=HTML, body=body), "/feed/": Answer(body=b"<rss" + b"<" * 100_000)}
    assert look(site.url("/")).source is None


# --- words


@pytest.mark.parametrize(
    ("host", "titles", "declared", "language"),
    [
        ("bao.vn", " ".join(TITLES[:3]), "en", "vi"),
        ("bao.vn", "The province opens a new bridge over the river after a year of work", "vi", "en"),
        ("bao.vn", "", "en-US", "en"),
        ("en.bao.vn", "", "", "en"),
        ("zh.bao.vn", "", "", "zh"),
        ("bao.vn", "", "", "vi"),
        ("paper.com", "", "", "en"),
    ],
)
def test_the_language_is_that_of_the_titles_else_of_the_page_else_of_the_host(
    host: str, titles: str, declared: str, language: str
) -> None:
    assert language_of(host, titles, declared) == language


def test_a_name_that_is_markup_or_quotes_makes_no_broken_block(site: Site) -> None:
    site.pages |= {
        "/": page("", """<meta property="og:site_name" content='"]\n[[source]] \\ &lt;b&gt; \x01'>"""),
        "/rss": feed(site),
    }
    found = look(site.url("/"))
    assert found.source is not None and mistake(block(table_of(found.source))) == ""
