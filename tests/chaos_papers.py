"""Papers on loopback as chaos needs them: they publish, correct, dawdle and fail, and know what they have handed over."""

from __future__ import annotations

import gzip
import hashlib
import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from html import escape
from typing import Literal

from pipeline.demo.press import OUTLETS, stories
from pipeline.demo.press import Story as DemoStory
from pipeline.records import Listing, Source
from tests.crawl.loopback import Answer, Asked, Site, serving

Habit = Literal["plain", "slow", "moved", "late", "broken", "gone"]
_HABITS: tuple[Habit, ...] = ("plain", "slow", "moved", "late", "broken", "gone")
_HABIT_WEIGHTS = (70, 8, 7, 6, 5, 4)
_WINDOW = 20  # entries of a feed; more only while they wait to be asked
_KINDS = ("rss", "atom", "sitemap", "listing")


@dataclass(slots=True)
class Story:
    """An article of a paper; what it says follows from its number and how often it was corrected."""

    number: int
    path: str
    habit: Habit
    published: datetime
    changed: datetime
    paragraphs: tuple[str, ...]
    headline: str
    revision: int = 0
    tries: int = 0  # requests for it
    given: int = -1  # the last revision that was handed over whole

    @property
    def title(self) -> str:
        return self.headline + (f", cập nhật lần {self.revision}" if self.revision else "")

    @property
    def text(self) -> tuple[str, ...]:
        """The paragraphs as they stand now."""
        mark = f"Đây là tin số {self.number} của tờ báo hư cấu này, bản đăng thứ {self.revision + 1} trong ngày."
        return (self.paragraphs[0], mark, *self.paragraphs[1:])

    @property
    def waiting(self) -> bool:
        """Its present text was not handed over yet."""
        return self.tries == 0 if self.habit == "gone" else self.given < self.revision

    @property
    def announced(self) -> str:
        return f"/cu{self.path}" if self.habit == "moved" else self.path


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that was handed over."""

    round: int
    url: str
    payload: str  # SHA-256 of the page before any content coding; empty for feeds and for what was not a whole page


class Paper:
    """A paper on loopback. It changes only between rounds."""

    def __init__(self, site: Site, number: int, kind: str, log: Log) -> None:
        self.site, self.kind, self.number, self._log = site, kind, number, log
        self.stories: list[Story] = []
        self.packed = number % 2 == 0  # sends gzip
        self.calm = False  # no more delays and breakdowns; what is gone stays gone
        site.pages["/tin"] = self._entry

    def source(self) -> Source:
        url = self.site.url("/tin")
        return Source(
            id=f"bao-{self.number}",
            name=f"Báo {self.number}",
            home=self.site.base + "/",
            language="vi",
            scope="national",
            feeds=(url,) if self.kind in ("rss", "atom") else (),
            sitemaps=(url,) if self.kind == "sitemap" else (),
            listings=(Listing(url, links="h2 a"),) if self.kind == "listing" else (),
        )

    def publish(self, rng: random.Random) -> None:
        """A few new stories, perhaps a correction."""
        now = datetime.now(UTC)
        for _ in range(rng.choice((0, 1, 1, 2, 4))):
            number = len(self.stories) + 1
            made = rng.choice(_material())
            self.stories.append(
                Story(
                    number,
                    f"/thoi-su/tin-hu-cau-trong-ngay-so-{self.number}{number:05}.html",
                    rng.choices(_HABITS, _HABIT_WEIGHTS)[0],
                    now,
                    now,
                    made.body,
                    f"{made.title} ({number})",
                )
            )
            story = self.stories[-1]
            self.site.pages[story.path] = partial(self._page, story)
            if story.habit == "moved":
                self.site.pages[story.announced] = Answer(301, {"Location": story.path})
        for story in rng.sample(self.stories, min(len(self.stories), rng.choice((0, 0, 1, 2)))):
            if story.habit != "gone":
                story.revision, story.changed = story.revision + 1, now

    @property
    def waiting(self) -> int:
        return sum(story.waiting for story in self.stories)

    def _entry(self, asked: Asked) -> Answer:
        newest = self.stories[-_WINDOW:]
        shown = [story for story in self.stories if story.waiting or story in newest][::-1]
        rows = [(self.site.url(story.announced), story) for story in shown]
        media, body = {
            "rss": ("application/rss+xml", _rss),
            "atom": ("application/atom+xml", _atom),
            "sitemap": ("application/xml", _sitemap),
            "listing": ("text/html; charset=utf-8", _listing),
        }[self.kind]
        return self._sent(asked, self._log.round, body(rows).encode(), media, article=False)

    def _page(self, story: Story, asked: Asked) -> Answer:
        asked_in = self._log.round  # a dawdling answer to a crawler killed meanwhile is not one of the next round
        story.tries += 1
        if story.habit == "gone" or (story.habit == "late" and story.tries <= 2 and not self.calm):
            self._log.add(asked_in, self.site.url(asked.path))
            return Answer(404, body=b"Kh\xc3\xb4ng c\xc3\xb3 trang n\xc3\xa0y")
        body = _html(self.site.url(story.path), story).encode()
        if story.habit == "broken" and story.tries % 3 and not self.calm:
            self._log.add(asked_in, self.site.url(asked.path))
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            return Answer(raw=head + body[: len(body) // 2])
        if story.habit == "slow" and not self.calm:
            time.sleep(0.3)
        story.given = story.revision
        return self._sent(asked, asked_in, body, "text/html; charset=utf-8", article=True)

    def _sent(self, asked: Asked, asked_in: int, body: bytes, media: str, *, article: bool) -> Answer:
        headers = {"Content-Type": media, "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"'}
        if asked.headers.get("if-none-match") == headers["ETag"]:
            self._log.add(asked_in, self.site.url(asked.path))
            return Answer(304, headers)
        self._log.add(asked_in, self.site.url(asked.path), body if article else None)
        if self.packed:
            return Answer(200, headers | {"Content-Encoding": "gzip"}, gzip.compress(body, 1, mtime=0))
        return Answer(200, headers, body)


class Log:
    """What the papers have handed over, in order; somebody may wait for the next answer."""

    def __init__(self) -> None:
        self.given: list[Given] = []
        self.round = 0
        self.changed = threading.Condition()

    def add(self, asked_in: int, url: str, page: bytes | None = None) -> None:
        with self.changed:
            self.given.append(Given(asked_in, url, "" if page is None else hashlib.sha256(page).hexdigest()))
            self.changed.notify_all()


class Press:
    """The papers of one office."""

    def __init__(self, sites: list[Site], rng: random.Random) -> None:
        self.log = Log()
        self._rng = rng
        self.papers = [Paper(site, number, _KINDS[number % 4], self.log) for number, site in enumerate(sites)]

    def publish(self) -> None:
        """What happens between two rounds."""
        for paper in self.papers:
            paper.publish(self._rng)

    def calm(self) -> None:
        """From now on every page that is there comes at once."""
        for paper in self.papers:
            paper.calm = True

    @property
    def waiting(self) -> int:
        """How many answers the next crawl should fetch."""
        return len(self.papers) + sum(paper.waiting for paper in self.papers)


@contextmanager
def press(rng: random.Random) -> Iterator[Press]:
    """Running papers."""
    with ExitStack() as stack:
        yield Press([stack.enter_context(serving()) for _ in _KINDS], rng)


def _material() -> list[DemoStory]:
    return [
        story for outlet in OUTLETS if outlet.language == "vi" for story in stories(outlet.id) if len(story.body) > 2
    ]


def _rss(rows: list[tuple[str, Story]]) -> str:
    items = "".join(
        f"<item><title>{escape(story.title)}</title><link>{url}</link><guid>{url}</guid>"
        f"<pubDate>{story.published:%a, %d %b %Y %H:%M:%S} GMT</pubDate></item>"
        for url, story in rows
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Tin</title>{items}</channel></rss>'
    )


def _atom(rows: list[tuple[str, Story]]) -> str:
    entries = "".join(
        f"<entry><title>{escape(story.title)}</title><id>{url}</id><link href='{url}'/>"
        f"<published>{story.published.isoformat()}</published><updated>{story.changed.isoformat()}</updated></entry>"
        for url, story in rows
    )
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Tin</title>{entries}</feed>'


def _sitemap(rows: list[tuple[str, Story]]) -> str:
    urls = "".join(
        f"<url><loc>{url}</loc><lastmod>{story.changed.isoformat()}</lastmod><news:news><news:publication_date>"
        f"{story.published.isoformat()}</news:publication_date><news:title>{escape(story.title)}</news:title></news:news></url>"
        for url, story in rows
    )
    return (
        '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
        f' xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
    )


def _listing(rows: list[tuple[str, Story]]) -> str:
    return "<body>" + "".join(f"<h2><a href='{url}'>{escape(story.title)}</a></h2>" for url, story in rows) + "</body>"


def _html(url: str, story: Story) -> str:
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in story.text)
    return (
        f"<!DOCTYPE html><html lang='vi'><head><title>{escape(story.title)}</title><link rel='canonical' href='{url}'>"
        f"<meta property='article:published_time' content='{story.published.isoformat()}'></head><body><article>"
        f"<h1>{escape(story.title)}</h1><div class='detail-content'>{paragraphs}</div></article></body></html>"
    )
