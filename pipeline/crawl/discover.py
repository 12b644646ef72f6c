"""`sources discover`: what a paper offers to be read by, found from one address: feeds, news sitemaps, else a listing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from pipeline.catalogue import reason
from pipeline.crawl.check import expected_range, format_of, seen
from pipeline.crawl.entries import Reading
from pipeline.crawl.fetch import Ask, Reply
from pipeline.crawl.listing import Proposal, propose_listing
from pipeline.crawl.sources import refusal
from pipeline.crawl.urls import absolute, url_key
from pipeline.crawl.visit import Visit, read
from pipeline.crawl.written import home_of, new_id
from pipeline.records import FetchKind, Language, Source
from pipeline.text.encodings import utf8
from pipeline.text.language import language
from pipeline.text.markup import parse
from pipeline.text.normalise import clean_line

_REQUESTS = 25  # at most, robots.txt included
_FEEDS = 12  # put into a source at most
_SITEMAPS = 4  # asked at most
_STALE = timedelta(days=30)  # a feed whose newest item is older is left behind
_MAX_LINKS = 3000  # looked at on one page
_LONGEST = 300  # characters of an address that may be a feed
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"})
_FEED_PATH = re.compile(
    r"\.(?:rss|rdf|atom)$|/(?:rss|feeds?|atom)/?$|/(?:rss|feed|atom)[\w-]*\.(?:xml|json)$"
    r"|/rss2?/.+\.(?:xml|aspx|htm)$|/rss/[\w-]+/?$",
    re.I,
)
_INDEX_PATH = re.compile(
    r"^/(?:[\w-]*rss[\w-]*|feeds?)(?:\.(?:html?|aspx|php|chn))?/?$", re.I
)  # a page that lists feeds
# Comments of readers and pages of one writer are not read (product lines 1 and 2).
_NOT_PRESS = re.compile(r"comment|binh-?luan|phan-?hoi|/author/|/tac-?gia/|bình luận|phản hồi", re.I)
_USUAL = ("rss", "rss/home.rss", "feed/", "rss.xml")  # asked where a page says nothing of feeds
_PRESS_NAME = re.compile(r"(?:báo|tạp chí|cổng|trang|đài|tuần báo|thông tấn)\b", re.I)
_SIBLINGS = re.compile(r"^(?:www|rss|feeds?|cdn|m)\.")  # other hosts of one paper


@dataclass(frozen=True, slots=True)
class Tried:
    """An address that was tried, with what came of it."""

    kind: FetchKind
    url: str
    format: str
    reading: Reading
    note: str = ""  # why it is not proposed, a stored reason; empty where it is

    @property
    def newest(self) -> datetime | None:
        """The date of its newest item."""
        return max((link.published for link in self.reading.links if link.published), default=None)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found; without a source, why not."""

    source: Source | None
    tried: tuple[Tried, ...]
    proposal: Proposal | None
    asked: int  # requests
    problem: str = ""  # a stored reason


@dataclass(slots=True)
class _Search:
    visit: Visit
    host: str
    now: datetime
    watch: Callable[[str], None]
    asked_for: set[str] = field(default_factory=set)  # keys
    tried: list[Tried] = field(default_factory=list)

    def ours(self, url: str) -> bool:
        """Whether an address is one of this paper's and was not asked yet."""
        return _paper(url) == self.host and url_key(url) not in self.asked_for and not _NOT_PRESS.search(url)

    async def get(self, kind: FetchKind, url: str) -> Reply | None:
        """The answer of an address of this paper; None where it is none or enough was asked."""
        if not self.ours(url) or self.visit.asked >= _REQUESTS:
            return None
        self.asked_for.add(url_key(url))
        self.watch(url)
        return await self.visit.get(Ask("", kind, url))


async def discover(
    url: str, visit: Visit, now: datetime, taken: Sequence[str], watch: Callable[[str], None]
) -> Discovery:
    """Look for what can be read, from a front page, a section page or a feed on. `taken` are the ids in use."""
    search = _Search(visit, _paper(url), now, watch)
    front = await search.get("listing", url)
    if front is None or front.outcome != "ok":
        return Discovery(None, (), None, visit.asked, front.reason if front else reason("sources.is_comments"))
    here, page = front.final_url, front
    if refused := refusal(here):
        return Discovery(None, (), None, visit.asked, reason("sources.leads_away", url=here, problem=refused))
    search.host = _paper(here)  # the paper may live elsewhere by now
    if format_of(front.body) not in ("html", "unknown"):
        _try_reply(search, replace(front, ask=replace(front.ask, kind=_kind_of(format_of(front.body)))))
        answer = await search.get("listing", home_of(here))
        page = answer if answer and answer.outcome == "ok" else replace(front, body=b"")
    tree = parse(utf8(page.body, page.header("content-type")))
    await _feeds(search, tree, page.final_url)
    await _sitemaps(search, page.final_url)
    feeds = _best(search, "feed")
    sitemaps = _best(search, "sitemap")
    proposal = propose_listing(page.body, page.header("content-type"), page.final_url)
    listings = (proposal.listing,) if proposal and not feeds and not sitemaps else ()
    readings = [one.reading for one in (*feeds, *sitemaps)]
    titles = " ".join(link.title for reading in readings for link in reading.links[:10])
    if not titles and proposal:
        titles = clean_line(tree.body.text(separator=" "))[:3000] if tree.body else ""
    host = urlsplit(page.final_url).hostname or ""
    rate, _, _ = seen(readings, now)
    low, high = expected_range(rate)
    source = Source(
        id=new_id(host, taken),
        name=_name(tree, page.final_url),
        home=home_of(page.final_url),
        language=language_of(host, titles, _attribute(tree, "html", "lang")),
        scope="national",
        feeds=tuple(one.url for one in feeds),
        sitemaps=tuple(one.url for one in sitemaps),
        listings=listings,
        # A section page shows no dates: what it lists may be of one day or of a month.
        expected=(low, high) if rate else (0, max(60, 3 * proposal.articles if proposal else 0)),
    )
    found = feeds or sitemaps or listings
    problem = "" if found else reason("sources.nothing_found")
    return Discovery(source if found else None, tuple(search.tried), proposal, visit.asked, problem)


def _paper(url: str) -> str:
    """Host and port without what the hosts of one paper differ in."""
    return _SIBLINGS.sub("", urlsplit(url).netloc.lower())


def _kind_of(format: str) -> FetchKind:
    return "sitemap" if "sitemap" in format else "feed"


def _try_reply(search: _Search, reply: Reply) -> Reading:
    """Keep what an address gave, and why it is not worth proposing."""
    reading = read(reply, Source("", "", "", "vi", "national"))
    tried = Tried(reply.ask.kind, reply.final_url or reply.ask.url, format_of(reply.body), reading)
    if reading.outcome not in ("ok", "incomplete"):
        tried = replace(tried, note=reading.reason)
    elif reading.children and not reading.links:
        tried = replace(tried, note=reason("sources.is_index", n=len(reading.children)))
    elif not reading.links:
        tried = replace(tried, note=reason("sources.is_empty"))
    elif tried.newest and search.now - tried.newest > _STALE:
        tried = replace(tried, note=reason("sources.is_stale", days=(search.now - tried.newest).days))
    elif tried.kind == "sitemap" and not any(link.title for link in reading.links):
        tried = replace(tried, note=reason("sources.is_untitled"))
    elif any(_NOT_PRESS.search(link.url) for link in reading.links[:1]) and tried.kind == "feed":
        tried = replace(tried, note=reason("sources.is_comments"))
    search.tried.append(tried)
    return reading


async def _feeds(search: _Search, tree: LexborHTMLParser, here: str) -> None:
    """Try the feeds that a page names, those of the pages that list feeds, and where there is no trace the usual ones."""
    named = list(_named_feeds(tree, here))
    indexes = [url for url in _links(tree, here) if _INDEX_PATH.match(urlsplit(url).path) and search.ours(url)]
    for url in list(dict.fromkeys(indexes))[:2]:
        named += await _opened(search, url)
    await _try_all(search, named)
    for path in _USUAL:
        if any(one.kind == "feed" for one in search.tried):
            break
        await _try_all(search, await _opened(search, home_of(here) + path, guess=True))


async def _opened(search: _Search, url: str, *, guess: bool = False) -> list[str]:
    """The feeds that a page lists; an address that is a feed itself is tried at once. A guess that fails leaves no word."""
    reply = await search.get("feed", url)
    if reply is None:
        return []
    if reply.outcome == "ok" and format_of(reply.body) == "html":
        return list(_named_feeds(parse(utf8(reply.body, reply.header("content-type"))), reply.final_url))
    if not guess or reply.outcome == "ok":
        _try_reply(search, reply)
    return []


async def _try_all(search: _Search, urls: Sequence[str]) -> None:
    for url in dict.fromkeys(urls):
        if sum(not one.note for one in search.tried) >= _FEEDS or search.visit.asked > _REQUESTS - _SITEMAPS:
            break
        if reply := await search.get("feed", url):
            _try_reply(search, reply)


def _named_feeds(tree: LexborHTMLParser, here: str) -> Iterator[str]:
    """Feeds in the head of a page, then links that look like feeds."""
    base = _base(tree, here)
    for node in tree.css("link[rel][href]"):
        rels = (node.attributes.get("rel") or "").lower().split()
        kind = (node.attributes.get("type") or "").lower().split(";")[0].strip()
        title = node.attributes.get("title") or ""
        url = absolute(base, node.attributes.get("href") or "")
        if url and "alternate" in rels and kind in _FEED_TYPES and not _NOT_PRESS.search(title):
            yield url
    for url in _links(tree, here):
        parts = urlsplit(url)
        if _FEED_PATH.search(parts.path) and not _INDEX_PATH.match(parts.path):
            yield url


def _links(tree: LexborHTMLParser, here: str) -> Iterator[str]:
    base = _base(tree, here)
    for node in tree.css("a[href]")[:_MAX_LINKS]:
        url = absolute(base, node.attributes.get("href") or "")
        if 0 < len(url) <= _LONGEST:
            yield url


def _base(tree: LexborHTMLParser, here: str) -> str:
    return absolute(here, _attribute(tree, "base[href]", "href")) or here


async def _sitemaps(search: _Search, here: str) -> None:
    """Try the sitemaps that robots.txt names, those for news first, and the news sitemap of an index."""
    rules = search.visit.rules(here)
    named = [str(url) for url in rules.sitemaps] if rules else []
    queue = sorted(filter(search.ours, named), key=lambda url: "news" not in url.lower())
    queue = queue or [home_of(here) + "sitemap.xml"]
    for _ in range(_SITEMAPS):
        if not queue:
            break
        reply = await search.get("sitemap", queue.pop(0))
        if reply is None:
            continue
        reading = _try_reply(search, reply)
        if not named and reading.outcome != "ok":
            search.tried.pop()  # a guess
        news = [child for child in reading.children if "news" in child.lower()]
        queue = news[:1] + queue if news else queue
        if any(one.kind == "sitemap" and not one.note for one in search.tried):
            break


def _best(search: _Search, kind: FetchKind) -> list[Tried]:
    """What is worth proposing of a kind: an address once, and no feed that another holds whole."""
    found = {url_key(one.url): one for one in search.tried if one.kind == kind and not one.note}
    kept: list[Tried] = []
    known: set[str] = set()
    for one in sorted(found.values(), key=lambda one: -len(one.reading.links)):
        keys = {link.key for link in one.reading.links}
        if keys <= known:
            search.tried[search.tried.index(one)] = replace(one, note=reason("sources.is_held"))
        else:
            kept.append(one)
            known |= keys
    return [one for one in found.values() if one in kept][:_FEEDS]


def _attribute(tree: LexborHTMLParser, selector: str, name: str) -> str:
    node = tree.css_first(selector)
    return (node.attributes.get(name) or "").strip() if node else ""


def _name(tree: LexborHTMLParser, url: str) -> str:
    """What the paper calls itself."""
    for selector in ("meta[property='og:site_name']", "meta[name='application-name']"):
        if name := clean_line(_attribute(tree, selector, "content")):
            return name[:120]
    title = tree.css_first("title")
    parts = [part for part in re.split(r"\s+[-–—|]\s+", clean_line(title.text()) if title else "") if part]
    if not parts:
        return urlsplit(url).hostname or ""
    # 'Tin kinh doanh - Báo A' on a section's page; 'Báo A - Tin tức mới nhất trong ngày' on the front page.
    named = [part for part in parts if _PRESS_NAME.match(part)]
    last = min(parts[0], parts[-1], key=len) if urlsplit(url).path in ("", "/") else parts[-1]
    return (named or [last])[0][:120]


def language_of(host: str, titles: str, declared: str = "") -> Language:
    """The language of a source, by its titles, else by what it declares, else by its host."""
    if len(titles.split()) >= 6 and (told := language(titles)) != "other":
        return told
    for code in ("vi", "en", "zh", "lo"):
        if declared.lower().split("-")[0] == code or host.startswith(f"{code}."):
            return code
    return "vi" if host.endswith(".vn") else "en"
