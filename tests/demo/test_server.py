"""Every oddity that press.py promises, over real HTTP."""

from __future__ import annotations

import gzip
import http.client
import re
import socket
import time
import unicodedata
import urllib.robotparser
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

from pipeline.demo import press
from pipeline.demo.press import OUTLETS, Outlet, Story, corrected, stories
from pipeline.demo.server import serving, sources
from tests.demo.conftest import Served, wait_until_open
from tests.office import free_ports

OWNER = {story.id: one for one in OUTLETS for story in stories(one.id)}
STORY = {story.id: story for one in OUTLETS for story in stories(one.id)}
ENTRY = {"rss": "/rss/home.rss", "atom": "/atom.xml", "sitemap": "/news-sitemap.xml", "listing": "/moi-nhat/"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        plain = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return plain.decode("utf-8")


def get(url: str, headers: dict[str, str] | None = None, timeout: float = 10) -> Answer:
    """One request; redirects are not followed, nothing is decoded."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
    finally:
        connection.close()


def entry(served: Served, one: Outlet, headers: dict[str, str] | None = None) -> Answer:
    return get(served.base(one.id) + ENTRY[one.kind], headers)


def announced(served: Served, story_id: str) -> str:
    """The address under which a paper announces an article."""
    told = entry(served, OWNER[story_id]).text
    addresses = re.findall(r"http://127\.0\.0\.1:\d+/[^\s<>\"]+", told)
    (address,) = {str(found) for found in addresses if f"{STORY[story_id].slug}.html" in found}
    return address


@pytest.mark.parametrize("one", OUTLETS, ids=lambda one: one.id)
def test_each_paper_announces_its_articles_and_every_page_comes_whole(fresh: Served, one: Outlet) -> None:
    told = unicodedata.normalize("NFC", entry(fresh, one).text)
    slugs = re.findall(r"/([a-z0-9-]+-ban-minh-hoa)\.html", told)
    cut = {story.slug for story in stories(one.id)} - set(slugs)
    assert len(cut) <= (2 if one.cut_feed else 0)
    assert list(dict.fromkeys(slugs)) == [
        story.slug for story in stories(one.id) if story.slug in slugs
    ]  # newest first
    odd = {press.GONE, press.SLOW, press.STUCK, press.MOVED, press.EMPTY}
    for story in stories(one.id):
        if story.id in odd:
            continue
        answer = get(announced(fresh, story.id) if story.slug in slugs else fresh.base(one.id) + _path(story))
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        page = unicodedata.normalize("NFC", answer.text)
        assert _escaped(story.title) in page
        assert all(_escaped(part) in page for part in story.body)
        assert "hư cấu" in page or "fictional" in page.lower()  # nobody can take it for a real paper


def _path(story: Story) -> str:
    return f"/{story.section}/{story.slug}.html"


def _escaped(text: str) -> str:
    for plain, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&#34;"), ("'", "&#39;")):
        text = text.replace(plain, entity)
    return text


def test_an_announced_article_is_gone(served: Served) -> None:
    assert get(announced(served, press.GONE)).status == 404


def test_a_moved_article_is_announced_under_its_old_address_and_redirects(served: Served) -> None:
    old = announced(served, press.MOVED)
    answer = get(old)
    assert answer.status == 301
    assert answer.headers["location"] == served.base(OWNER[press.MOVED].id) + _path(STORY[press.MOVED]) != old
    assert STORY[press.MOVED].title in get(answer.headers["location"]).text


def test_a_forbidden_article_is_announced_in_a_section_that_robots_txt_forbids(served: Served) -> None:
    base = served.base(OWNER[press.FORBIDDEN].id)
    robots = urllib.robotparser.RobotFileParser()
    robots.parse(get(f"{base}/robots.txt").text.splitlines())
    assert not robots.can_fetch("diembao", announced(served, press.FORBIDDEN))
    allowed = [story for story in stories(OWNER[press.FORBIDDEN].id) if story.id != press.FORBIDDEN]
    assert all(robots.can_fetch("diembao", base + _path(story)) for story in allowed)


def test_an_empty_page_has_a_headline_and_a_video_and_no_text(served: Served) -> None:
    page = get(announced(served, press.EMPTY)).text
    story = STORY[press.EMPTY]
    assert "<video" in page
    assert story.title in page
    assert not any(_escaped(part) in page for part in story.body)


def test_a_slow_page_comes_after_its_time_and_a_stuck_one_not_before_the_reader_gives_up(fresh: Served) -> None:
    started = time.monotonic()
    assert get(announced(fresh, press.SLOW)).status == 200
    assert time.monotonic() - started >= press.SLOW_SECONDS
    assert press.STUCK_SECONDS >= 10 * press.SLOW_SECONDS
    address = announced(fresh, press.STUCK)
    with pytest.raises(TimeoutError):
        get(address, timeout=0.2)
    assert entry(fresh, OWNER[press.STUCK]).status == 200  # the paper itself goes on


def test_a_correction_appears_once_the_page_has_been_read_and_is_announced_anew(fresh: Served) -> None:
    story, address = STORY[press.CORRECTED], announced(fresh, press.CORRECTED)
    paper = OWNER[press.CORRECTED]
    before = entry(fresh, paper).text
    assert story.title in before
    read = get(address).text
    assert all(part in read for part in story.body)
    after = entry(fresh, paper).text
    assert corrected(story).title in after
    assert story.title not in after
    page = get(address).text
    assert corrected(story).title in page
    assert corrected(story).body[-1] in page
    assert before.count("<item>") == after.count("<item>")


def test_a_quiet_correction_changes_the_page_and_nothing_else(fresh: Served) -> None:
    story, address = STORY[press.QUIETLY_CORRECTED], announced(fresh, press.QUIETLY_CORRECTED)
    before = entry(fresh, OWNER[press.QUIETLY_CORRECTED])
    first, second, third = (get(address) for _ in range(3))
    assert all(part in first.text for part in story.body)
    assert all(part in second.text for part in corrected(story).body)
    assert second.text == third.text != first.text
    assert second.headers["etag"] != first.headers["etag"]
    assert entry(fresh, OWNER[press.QUIETLY_CORRECTED]).body == before.body
    assert "cải chính" not in second.text


@pytest.mark.parametrize("one", OUTLETS, ids=lambda one: one.id)
def test_what_has_not_changed_is_not_sent_again(served: Served, one: Outlet) -> None:
    first = entry(served, one)
    again = entry(served, one, {"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert entry(served, one, {"If-None-Match": '"another"'}).status == 200


@pytest.mark.parametrize("one", OUTLETS, ids=lambda one: one.id)
def test_a_paper_with_compression_compresses_for_those_who_can_read_it(served: Served, one: Outlet) -> None:
    offered = entry(served, one, {"Accept-Encoding": "gzip"})
    assert (offered.headers.get("content-encoding") == "gzip") == one.gzip
    plain = entry(served, one, {"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert offered.text == plain.text


def test_some_paper_has_each_habit() -> None:
    for habit in ("nfd", "gzip", "cut_feed"):
        assert any(getattr(one, habit) for one in OUTLETS), habit
    assert any(one.declared_encoding != "UTF-8" for one in OUTLETS)
    assert len({one.zone for one in OUTLETS}) >= 4


@pytest.mark.parametrize("one", OUTLETS, ids=lambda one: one.id)
def test_letters_are_decomposed_by_the_paper_that_decomposes_and_by_no_other(served: Served, one: Outlet) -> None:
    text = entry(served, one).text
    assert (unicodedata.normalize("NFD", text) == text) == (one.nfd or text.isascii())
    assert (unicodedata.normalize("NFC", text) == text) == (not one.nfd)


@pytest.mark.parametrize("one", [one for one in OUTLETS if one.kind != "listing"], ids=lambda one: one.id)
def test_a_feed_is_well_formed_but_for_the_one_that_breaks_off(served: Served, one: Outlet) -> None:
    text = re.sub(r"^<\?xml[^>]*\?>", "", entry(served, one).text)
    if one.cut_feed:
        with pytest.raises(ElementTree.ParseError):
            ElementTree.fromstring(text)  # noqa: S314 - our own loopback server
    else:
        assert len(ElementTree.fromstring(text)) > 0  # noqa: S314 - as above


@pytest.mark.parametrize("one", [one for one in OUTLETS if one.kind == "rss"], ids=lambda one: one.id)
def test_a_feed_claims_its_encoding_and_writes_times_its_own_way(served: Served, one: Outlet) -> None:
    answer = entry(served, one)
    assert answer.text.startswith(f'<?xml version="1.0" encoding="{one.declared_encoding}"?>')
    assert answer.headers["content-type"] == "application/xml"  # the header does not settle it
    stamps = re.findall(r"<pubDate>([^<]*)</pubDate>", answer.text)
    assert len(stamps) >= 15
    assert all(stamp.endswith(f" {one.zone}") for stamp in stamps)
    readable = re.sub(r" \+07(:00)?$", " +0700", stamps[0])
    moment = parsedate_to_datetime(readable)
    expected = served.started - timedelta(minutes=stories(one.id)[0].minutes_ago)
    assert abs(moment - expected) < timedelta(seconds=1)


@pytest.mark.parametrize("one", [one for one in OUTLETS if one.kind in ("atom", "sitemap")], ids=lambda one: one.id)
def test_atom_and_sitemap_write_times_in_iso_with_vietnams_offset(served: Served, one: Outlet) -> None:
    stamp = re.findall(r"<(?:published|news:publication_date)>([^<]*)<", entry(served, one).text)[0]
    assert stamp.endswith("+07:00")
    expected = served.started - timedelta(minutes=stories(one.id)[0].minutes_ago)
    assert abs(datetime.fromisoformat(stamp) - expected) < timedelta(seconds=1)


def test_a_section_feed_announces_the_same_articles_under_tracked_addresses(served: Served) -> None:
    base = served.base("truong_xuan")
    section = get(f"{base}/rss/thoi-su.rss").text
    addresses = re.findall(r"<link>([^<]*\.html[^<]*)</link>", section)
    expected = [base + _path(story) for story in stories("truong_xuan") if story.section == "thoi-su"]
    assert [address.split("?")[0] for address in addresses] == expected
    assert all("utm_source=rss&amp;utm_medium=thoi-su" in address for address in addresses)
    home = get(f"{base}/rss/home.rss").text
    assert all(address in home for address in expected)
    assert "utm_" not in home
    assert get(addresses[0].replace("&amp;", "&")).status == 200


@pytest.mark.parametrize("one", OUTLETS, ids=lambda one: one.id)
def test_an_address_that_a_paper_does_not_have_is_not_found(served: Served, one: Outlet) -> None:
    other = next(paper for paper in OUTLETS if paper.id != one.id)
    for path in ("/", "/khong-co.html", "/anh.jpg", "/../diembao.toml", _path(stories(other.id)[0])):
        assert get(served.base(one.id) + path).status == 404, path


def test_a_paper_asked_for_a_feed_that_it_does_not_publish_does_not_fall_over(served: Served) -> None:
    answers = {(one.id, path): get(served.base(one.id) + path).status for one in OUTLETS for path in ENTRY.values()}
    assert {asked for asked, status in answers.items() if status >= 500} == set()


def test_requests_are_remembered_with_who_was_asked_and_the_answer(fresh: Served) -> None:
    get(fresh.base("nep_nha") + "/robots.txt")
    get(fresh.base("gio_lao") + "/khong-co")
    assert fresh.press.requests == [("nep_nha", "/robots.txt", 200), ("gio_lao", "/khong-co", 404)]


def test_the_papers_are_described_as_sources_that_say_they_are_fictional(served: Served) -> None:
    described = sources(served.first_port)
    assert len(described) == len(OUTLETS)
    assert len({source.id for source in described}) == len(described)
    for one, source in zip(OUTLETS, described, strict=True):
        assert "(hư cấu)" in source.name
        assert source.home == served.base(one.id) + "/"
        assert source.language == one.language
        assert source.expected[0] <= len(stories(one.id)) <= source.expected[1]
        entries = [*source.feeds, *source.sitemaps, *(listing.url for listing in source.listings)]
        assert entries
        assert all(get(url).status == 200 for url in entries)


def test_a_taken_port_is_told_and_leaves_no_other_port_taken() -> None:
    first_port = free_ports()
    with socket.create_server(("127.0.0.1", first_port + 3)):
        with (
            pytest.raises(OSError, match=r"[Aa]ddress already in use"),
            serving(first_port, datetime.now().astimezone()),
        ):
            raise AssertionError("served on a taken port")
        for number in (0, 1, 2):
            socket.create_server(("127.0.0.1", first_port + number)).close()


def test_the_press_ends_with_its_block_even_while_an_answer_is_stuck() -> None:
    first_port = free_ports()
    with serving(first_port, datetime.now().astimezone()):
        port = first_port + [one.id for one in OUTLETS].index(OWNER[press.STUCK].id)
        wait_until_open(port)
        stuck = socket.create_connection(("127.0.0.1", port))
        stuck.sendall(f"GET {_path(STORY[press.STUCK])} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
    stuck.close()
    for number in range(len(OUTLETS)):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", first_port + number)).close()
