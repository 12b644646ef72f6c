"""A whole cycle against newspapers on loopback, with a memory that is a few dictionaries."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.crawl.archive import Archive
from pipeline.crawl.cycle import Step, page_of, replay, run_cycle
from pipeline.records import Arrival, Link, Listing, Source, Validators
from pipeline.settings import Crawl
from tests.crawl.loopback import Answer, Asked, Site, serving

LIMITS = Crawl(delay_seconds=0.0, timeout_seconds=5.0, retries=0, allow_loopback=True)


class Notebook:
    """The crawler's memory, as the store fulfils it: an announced article is due until it was asked once."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self.links: dict[str, Link] = {}

    def validators(self, url: str) -> Validators:
        for arrival in reversed(self.arrivals):
            if arrival.fetch.url == url and arrival.fetch.payload_sha256:
                return Validators(arrival.fetch.etag, arrival.fetch.last_modified, arrival.fetch.payload_sha256)
        return Validators()

    def due(self, source_id: str, limit: int) -> Sequence[Link]:
        asked = {arrival.fetch.key for arrival in self.arrivals if arrival.fetch.kind == "article"}
        mine = [link for link in self.links.values() if link.source_id == source_id and link.key not in asked]
        return mine[:limit]

    def record(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)
        self.links |= {link.key: link for link in arrival.links}

    def outcomes(self) -> list[tuple[str, str]]:
        """Kind and outcome of everything but robots.txt."""
        return [(one.fetch.kind, one.fetch.outcome) for one in self.arrivals if one.fetch.kind != "robots"]


def cycle(
    folder: Path,
    notebook: Notebook,
    *sources: Source,
    limits: Crawl = LIMITS,
    watch: Callable[[Step], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Archive:
    archive = Archive(folder, "diembao test")
    asyncio.run(run_cycle(sources, notebook, archive, limits, "DiemBao/test", watch, stopping))
    return archive


def replayed(archive: Archive, sources: Iterable[Source]) -> list[Arrival]:
    known = tuple(sources)
    return [arrival for name in archive.files() for arrival in replay(archive, name, 0, known)]


def outlet(site: Site, id: str = "bao-thu", **more: object) -> Source:
    bare = Source(id=id, name=id, home=site.base + "/", language="vi", scope="provincial")
    return replace(bare, **more)  # type: ignore[arg-type]


def rss(*paths: str) -> bytes:
    items = "".join(f"<item><title>Tin {path} ở Đông Hà</title><link>{path}</link></item>" for path in paths)
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{items}</channel></rss>'.encode()


def urlset(*paths: str, tag: str = "urlset", entry: str = "url") -> bytes:
    rows = "".join(f"<{entry}><loc>{path}</loc></{entry}>" for path in paths)
    return f'<{tag} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</{tag}>'.encode()


def index(*paths: str) -> bytes:
    return urlset(*paths, tag="sitemapindex", entry="sitemap")


def article(text: str) -> Answer:
    return Answer(200, {"Content-Type": "text/html; charset=utf-8"}, f"<h1>{text}</h1>".encode())


@pytest.fixture
def paper(site: Site) -> Source:
    """An outlet with a feed, a news sitemap and a section page."""
    site.pages |= {
        "/rss": Answer(200, {"Content-Type": "text/xml", "ETag": '"r1"'}, rss("/a", "/b")),
        "/sitemap.xml": Answer(body=gzip.compress(urlset("/b", "/c")), headers={"Content-Encoding": "gzip"}),
        "/thoi-su/": Answer(body=b'<a class="tin" href="/tin/d">D</a><a href="/lien-he">x</a>'),
        "/a": article("Bài A"),
        "/b": Answer(302, {"Location": "/b-moi"}),
        "/b-moi": article("Bài B"),
        "/c": Answer(200, {"Content-Encoding": "gzip"}, gzip.compress(b"<h1>C</h1>")),
        "/tin/d": article("Bài D"),
    }
    return outlet(
        site,
        feeds=(site.url("/rss"),),
        sitemaps=(site.url("/sitemap.xml"),),
        listings=(Listing(site.url("/thoi-su/"), "a.tin", "^/tin/"),),
    )


def test_a_cycle_asks_every_entry_point_and_then_each_announced_article_once(
    site: Site, paper: Source, tmp_path: Path
) -> None:
    notebook = Notebook()
    cycle(tmp_path, notebook, paper)
    assert site.paths == ["/rss", "/sitemap.xml", "/thoi-su/", "/a", "/b", "/b-moi", "/c", "/tin/d"]
    assert notebook.outcomes() == [("feed", "ok"), ("sitemap", "ok"), ("listing", "ok"), *[("article", "ok")] * 4]
    assert notebook.arrivals[0].fetch.kind == "robots"
    moved = next(one.fetch for one in notebook.arrivals if one.fetch.url == site.url("/b"))
    assert moved.final_url == site.url("/b-moi")


def test_the_archive_alone_gives_the_same_arrivals_as_the_live_run(site: Site, paper: Source, tmp_path: Path) -> None:
    site.pages["/robots.txt"] = Answer(body=b"User-agent: *\nDisallow: /in/\n")
    site.pages["/rss"] = Answer(200, {"ETag": '"r1"', "Last-Modified": "x"}, rss("/a", "/b")[:-16])  # broken off
    notebook = Notebook()
    archive = cycle(tmp_path, notebook, paper)
    assert replayed(archive, [paper]) == notebook.arrivals
    assert len({arrival.fetch.id for arrival in notebook.arrivals}) == len(notebook.arrivals) == 8


def test_replay_from_an_offset_gives_only_what_came_after_it(paper: Source, tmp_path: Path) -> None:
    notebook = Notebook()
    archive = cycle(tmp_path, notebook, paper)
    place = notebook.arrivals[3].fetch.place
    assert place is not None
    rest = list(replay(archive, place.file, place.offset, [paper]))
    assert rest == [one for one in notebook.arrivals if one.fetch.place and one.fetch.place.offset >= place.offset]


def test_records_of_a_source_that_was_removed_since_are_still_replayed(paper: Source, tmp_path: Path) -> None:
    notebook = Notebook()
    archive = cycle(tmp_path, notebook, paper)
    assert [one.fetch for one in replayed(archive, [])][-1] == notebook.arrivals[-1].fetch


def test_an_archived_page_is_handed_on_unpacked_under_the_address_that_answered(
    site: Site, paper: Source, tmp_path: Path
) -> None:
    notebook = Notebook()
    archive = cycle(tmp_path, notebook, paper)
    pages = {
        arrival.fetch.url: page_of(archive.read(arrival.fetch.place))
        for arrival in notebook.arrivals
        if arrival.fetch.place and arrival.fetch.kind == "article"
    }
    assert pages[site.url("/c")].body == b"<h1>C</h1>"
    assert pages[site.url("/b")].url == site.url("/b-moi")
    assert pages[site.url("/b")].content_type == "text/html; charset=utf-8"


def test_what_has_not_changed_is_neither_archived_nor_read_again(site: Site, paper: Source, tmp_path: Path) -> None:
    def conditional(asked: Asked) -> Answer:
        if asked.headers.get("if-none-match") == '"r1"':
            return Answer(304)
        return Answer(200, {"ETag": '"r1"'}, rss("/a"))

    site.pages["/rss"] = conditional
    notebook = Notebook()
    archive = cycle(tmp_path, notebook, paper)
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    first = len(notebook.arrivals)
    cycle(tmp_path, notebook, paper)
    again = notebook.arrivals[first:]
    assert [(one.fetch.kind, one.fetch.outcome, one.fetch.status, one.links) for one in again][1:] == [
        ("feed", "unchanged", 304, ()),  # the server said so
        ("sitemap", "unchanged", 200, ()),  # the bytes say so
        ("listing", "unchanged", 200, ()),
    ]
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == size
    assert len(replayed(archive, [paper])) == sum(one.fetch.place is not None for one in notebook.arrivals)


def test_an_article_that_changed_is_archived_a_second_time(site: Site, paper: Source, tmp_path: Path) -> None:
    notebook = Notebook()
    archive = cycle(tmp_path, notebook, paper)
    site.pages["/a"] = article("Bài A, đã sửa")
    watched = [link for link in notebook.links.values() if link.url.endswith("/a")]
    notebook.due = lambda source_id, limit: watched  # type: ignore[method-assign]  # noqa: ARG005 - what the store watches
    cycle(tmp_path, notebook, paper)
    places = [one.fetch.place for one in notebook.arrivals if one.fetch.url == site.url("/a") and one.fetch.place]
    assert [b"s\xe1\xbb\xada" in archive.read(place).raw for place in places] == [False, True]


def test_a_paper_that_fails_does_not_stop_the_others(paper: Source, tmp_path: Path) -> None:
    notebook = Notebook()
    with serving() as broken, serving() as gone:
        broken.pages |= {"/rss": Answer(raw=b"\0junk"), "/thu-hai": Answer(500), "/web": Answer(body=b"<html>bao tri")}
        bad = outlet(broken, "bao-hong", feeds=tuple(broken.url(path) for path in ("/rss", "/thu-hai", "/web", "/mat")))
        lost = outlet(gone, "bao-mat", feeds=(gone.url("/rss"),))
        gone.pages["/robots.txt"] = Answer(503)
        cycle(tmp_path, notebook, bad, lost, paper)
    by_source = {
        source: [one.fetch for one in notebook.arrivals if one.fetch.source_id == source and one.fetch.kind != "robots"]
        for source in ("bao-hong", "bao-mat", "bao-thu")
    }
    assert [fetch.outcome for fetch in by_source["bao-hong"]] == ["network", "server", "unreadable", "missing"]
    assert all(fetch.reason for fetch in (*by_source["bao-hong"], *by_source["bao-mat"]))
    assert gone.paths == []
    assert [fetch.outcome for fetch in by_source["bao-thu"]] == ["ok"] * 7


def test_an_article_that_robots_forbids_is_recorded_as_such_and_not_asked(
    site: Site, paper: Source, tmp_path: Path
) -> None:
    site.pages["/robots.txt"] = Answer(body=b"User-agent: *\nDisallow: /tin/\n")
    notebook = Notebook()
    cycle(tmp_path, notebook, paper)
    assert ("article", "robots") in notebook.outcomes()
    assert "/tin/d" not in site.paths


def test_a_source_gets_no_more_articles_in_a_cycle_than_allowed(site: Site, paper: Source, tmp_path: Path) -> None:
    notebook = Notebook()
    limits = LIMITS.model_copy(update={"max_articles": 2})
    cycle(tmp_path, notebook, paper, limits=limits)
    assert notebook.outcomes().count(("article", "ok")) == 2
    cycle(tmp_path, notebook, paper, limits=limits)
    assert notebook.outcomes().count(("article", "ok")) == 4
    assert site.paths.count("/a") == 1


def test_when_asked_to_stop_nothing_more_is_asked_and_what_came_is_kept(
    site: Site, paper: Source, tmp_path: Path
) -> None:
    notebook = Notebook()
    archive = cycle(tmp_path, notebook, paper, stopping=lambda: len(site.paths) >= 5)
    assert site.paths == ["/rss", "/sitemap.xml", "/thoi-su/", "/a", "/b", "/b-moi"]
    assert [one.fetch.url for one in replayed(archive, [paper])][-1] == site.url("/b")
    cycle(tmp_path, notebook, paper)
    assert [path for path in site.paths if path.startswith(("/a", "/b", "/c", "/tin"))] == [
        "/a",
        "/b",
        "/b-moi",
        "/c",
        "/tin/d",
    ]


def test_whoever_watches_sees_every_request_counted_up_to_the_total(paper: Source, tmp_path: Path) -> None:
    steps: list[Step] = []
    cycle(tmp_path, Notebook(), paper, watch=steps.append)
    assert [step.done for step in steps] == list(range(1, 8))
    assert steps[-1] == Step("bao-thu", 7, 7)
    assert all(step.done <= step.total for step in steps)


# --- sitemap indexes


def test_an_index_leads_to_its_three_newest_sitemaps(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/{n}.xml": Answer(body=urlset(f"/tin-{n}")) for n in range(5)}
    site.pages["/index.xml"] = Answer(body=index("/4.xml", "/3.xml", "/2.xml", "/1.xml"))
    cycle(tmp_path, Notebook(), outlet(site, sitemaps=(site.url("/index.xml"),)))
    assert site.paths == ["/index.xml", "/4.xml", "/3.xml", "/2.xml", "/tin-4", "/tin-3", "/tin-2"]


def test_an_index_inside_an_index_is_not_followed_further(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/index.xml": Answer(body=index("/giua.xml")), "/giua.xml": Answer(body=index("/sau.xml"))}
    cycle(tmp_path, Notebook(), outlet(site, sitemaps=(site.url("/index.xml"),)))
    assert site.paths == ["/index.xml", "/giua.xml"]


def test_an_index_is_followed_also_when_the_source_has_many_feeds(site: Site, tmp_path: Path) -> None:
    site.pages |= {f"/rss-{n}": Answer(body=rss()) for n in range(4)}
    site.pages |= {"/index.xml": Answer(body=index("/1.xml")), "/1.xml": Answer(body=urlset("/tin-1"))}
    feeds = tuple(site.url(f"/rss-{n}") for n in range(4))
    cycle(tmp_path, Notebook(), outlet(site, feeds=feeds, sitemaps=(site.url("/index.xml"),)))
    assert site.paths[-3:] == ["/index.xml", "/1.xml", "/tin-1"]


def test_an_index_that_never_changes_is_still_followed_in_every_cycle(site: Site, tmp_path: Path) -> None:
    site.pages |= {"/index.xml": Answer(body=index("/1.xml")), "/1.xml": Answer(body=urlset("/tin-1"))}
    paper, notebook = outlet(site, sitemaps=(site.url("/index.xml"),)), Notebook()
    cycle(tmp_path, notebook, paper)
    site.pages["/1.xml"] = Answer(body=urlset("/tin-2", "/tin-1"))
    cycle(tmp_path, notebook, paper)
    assert site.paths[-1] == "/tin-2"


def test_an_empty_answer_of_one_paper_does_not_end_the_cycle_of_all(paper: Source, tmp_path: Path) -> None:
    notebook = Notebook()
    with serving() as other:
        other.pages["/rss"] = Answer(body=b"")
        cycle(tmp_path, notebook, outlet(other, "bao-rong", feeds=(other.url("/rss"),)), paper)
    assert ("feed", "unreadable") in notebook.outcomes()
    assert notebook.outcomes().count(("article", "ok")) == 4


def test_a_host_that_answers_nothing_is_left_to_the_next_cycle(site: Site, tmp_path: Path) -> None:
    site.pages["/rss"] = Answer(body=rss(*(f"/tin-{n}" for n in range(12))))
    site.pages |= {f"/tin-{n}": Answer(raw=b"") for n in range(12)}
    notebook = Notebook()
    cycle(tmp_path, notebook, outlet(site, feeds=(site.url("/rss"),)))
    assert notebook.outcomes().count(("article", "network")) == 4
