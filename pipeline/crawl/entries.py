"""Entry points to links: RSS, Atom, RDF and JSON feeds, sitemaps, listing pages. Pure functions of the bytes."""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from typing import Any, Literal
from urllib.parse import urlsplit

import courlan
import feedparser
from lxml import etree

from pipeline.catalogue import reason
from pipeline.crawl.urls import absolute, url_key
from pipeline.crawl.xml import tree
from pipeline.records import Link, Listing, Outcome, Source
from pipeline.text.dates import parse_stamp
from pipeline.text.encodings import decode, utf8
from pipeline.text.markup import parse
from pipeline.text.normalise import clean_line
from pipeline.workers import TooLong

_MAX_LINKS = 1000  # of one entry point, and of the sitemaps that an index names
_MAX_SUMMARY = 2000  # characters; longer ones are full texts
_MAX_GUID = 500  # characters; longer ones are no names
_MAX_TEXT = 50_000  # characters of an article in a feed
_MAX_UNPACKED = 10 << 20  # bytes of a file that is sent packed
_MAX_MEMBERS = 1000  # of such a file
_MAX_ANCHORS = 10_000  # of a section page
_WEEK = 7 * 24 * 60  # minutes; a feed that asks for more would never be read
_MIN = datetime.min.replace(tzinfo=UTC)
# What an article's path looks like where a source gives no pattern: a slug of several words, or a long number.
_ARTICLE_PATH = re.compile(r"(?:[a-z0-9]+-){4,}[a-z0-9]+|\d{6,}", re.I)

ReadingKind = Literal["rss", "atom", "rdf", "json", "sitemap", "index", "listing", "unknown"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an entry point announced."""

    links: tuple[Link, ...] = ()
    children: tuple[str, ...] = ()  # sitemaps named by a sitemap index, newest first
    outcome: Outcome = "ok"  # "incomplete" and "unreadable" carry a reason
    reason: str = ""
    kind: ReadingKind = "unknown"  # found from the content
    ttl_minutes: int = 0  # how long the feed says it stays the same; 0: it does not say
    skip_hours: tuple[int, ...] = ()  # of the day, GMT, in which the feed says it stays the same
    skip_days: tuple[int, ...] = ()  # 0 is Monday, GMT
    next_page: str = ""  # of a listing


def read_entry(
    kind: Literal["feed", "sitemap", "listing"],
    body: bytes,
    content_type: str,
    url: str,
    source: Source,
    listing: Listing | None = None,
) -> Reading:
    """What an entry point announces; a broken one gives what could be read and says so. Never raises for any bytes.

    Feeds and sitemaps are told apart by what came: some outlets list a feed among their sitemaps. `url` is the address
    that answered, empty for a file; `listing` says how to read a section page that answered under another address.

    Some bytes take feedparser the square of their length: run this in a worker that can be given up (see `given_up`).
    """
    if kind == "listing":
        known = (one for one in source.listings if one.url == url)
        return _listing(body, content_type, url, source, listing or next(known, Listing(url)))
    text = decode(_unpacked(body), content_type).lstrip("\ufeff \t\r\n")
    if text.startswith("{"):
        reading = _json_feed(text, url, source)
    elif addresses := _addresses(text):
        links = _each_once(_link(source, href) for href in addresses[:_MAX_LINKS])
        reading = Reading(tuple(links), kind="sitemap")
    else:
        reading = _document(text, url, source)
    return reading or Reading(outcome="unreadable", reason=reason(f"entry.not_a_{kind}"))


def given_up(error: Exception) -> Reading:
    """The reading of an entry point that a worker could not finish."""
    if isinstance(error, TooLong):
        return Reading(outcome="unreadable", reason=reason("entry.too_long", seconds=error.args[0]))
    return Reading(outcome="unreadable", reason=reason("entry.died", problem=type(error).__name__))


def _broken(reading: Reading, why: str) -> Reading:
    n = len(reading.links)
    return replace(reading, outcome="incomplete" if n else "unreadable", reason=reason(why, n=n))


def _unpacked(body: bytes) -> bytes:
    """A file sent as gzip, unpacked up to a limit, or as far as it goes; other bytes as they are."""
    out = b""
    for _ in range(_MAX_MEMBERS):
        if not body.startswith(b"\x1f\x8b") or len(out) >= _MAX_UNPACKED:
            break
        unpacking = zlib.decompressobj(wbits=31)
        try:
            out += unpacking.decompress(body, _MAX_UNPACKED - len(out))
        except zlib.error:
            break
        body = unpacking.unused_data
    return out or body


def _link(
    source: Source,
    url: str,
    title: str = "",
    summary: str = "",
    published: datetime | None = None,
    updated: datetime | None = None,
    guid: str = "",
    full_text: str = "",
) -> Link:
    guid = guid.strip()
    return Link(
        key=url_key(url),
        url=url,
        source_id=source.id,
        title=_plain(title),
        summary=_plain(summary)[:_MAX_SUMMARY],
        published=published,
        updated=updated,
        guid=guid if len(guid) <= _MAX_GUID else "",
        full_text=full_text,
    )


def _each_once(links: Iterable[Link]) -> Iterator[Link]:
    seen: set[str] = set()
    for link in links:
        if link.key not in seen:
            seen.add(link.key)
            yield link


def _newest(nodes: list[Any], stamp: Callable[[Any], datetime | None]) -> list[Any]:
    """As many as are read, in their order: where there are more, those with the newest dates."""
    if len(nodes) <= _MAX_LINKS:
        return nodes
    newest = sorted(range(len(nodes)), key=lambda at: stamp(nodes[at]) or _MIN, reverse=True)[:_MAX_LINKS]
    return [nodes[at] for at in sorted(newest)]


# --- XML: feeds and sitemaps

_KINDS: dict[str, ReadingKind] = {
    "rss": "rss", "channel": "rss", "feed": "atom", "entry": "atom", "rdf": "rdf", "urlset": "sitemap", "sitemapindex": "index",
}  # fmt: skip


def _document(text: str, url: str, source: Source) -> Reading | None:
    root, whole = tree(text)
    if root is not None and _name(root) not in _KINDS:  # a feed inside a page, or inside an envelope
        root = next((node for node in root.iter("{*}rss", "{*}feed", "{*}RDF", "{*}channel")), None)
    if root is None:
        return None
    match _KINDS[_name(root)]:
        case "sitemap":
            return _sitemap(root, whole, url, source)
        case "index":
            return _index(root, whole, url)
        case kind:
            return _feed(root, whole, url, source, kind)


def _name(node: Any) -> str:
    return etree.QName(node).localname.lower() if isinstance(node.tag, str) else ""


# Not read, and some of it takes feedparser the square of its length: an author's mail address, many categories.
_UNREAD = (
    "{*}author", "{*}managingEditor", "{*}webMaster", "{*}contributor", "{*}creator", "{*}publisher", "{*}source",
    "{*}category", "{*}subject", "{*}keywords", "{*}tags", "{*}image", "{*}textInput", "{*}textinput", "{*}enclosure",
    "{http://search.yahoo.com/mrss/}*", "{http://www.itunes.com/dtds/podcast-1.0.dtd}*",
)  # fmt: skip


def _feed(root: Any, whole: bool, url: str, source: Source, kind: ReadingKind) -> Reading:
    etree.strip_elements(root, *_UNREAD, with_tail=False)
    items = list(root.iter("{*}item", "{*}entry"))
    kept = _newest(items, _date_of_node)
    if len(kept) < len(items):
        for item in set(items) - set(kept):
            item.getparent().remove(item)
    home, entries = _parsed(root, kept)
    links = _named_once(_each_once(_feed_links(entries, url or home, source)))
    reading = Reading(links, kind=kind, **_rhythm(root))
    return reading if whole else _broken(reading, "entry.broken_feed")


def _date_of_node(item: Any) -> datetime | None:
    dates = item.iterchildren("{*}pubDate", "{*}published", "{*}issued", "{*}date", "{*}updated", "{*}modified")
    return next((stamp for node in dates if (stamp := parse_stamp(node.text or ""))), None)


def _parsed(root: Any, items: list[Any]) -> tuple[str, list[Any]]:
    """The feed's own address and its entries; where an entry makes feedparser stumble, all others."""
    try:
        parsed = _feedparser(root)
        return str(parsed.feed.get("link") or ""), parsed.entries
    except Exception:  # feedparser raises KeyError, AssertionError and others
        entries: list[Any] = []
        for item in items:
            alone = etree.Element(root.tag, root.attrib, nsmap=root.nsmap)
            alone.append(deepcopy(item))
            try:
                entries += _feedparser(alone).entries
            except Exception:  # noqa: S112 - as above
                continue
        return "", entries


def _feedparser(root: Any) -> Any:
    return feedparser.parse(
        BytesIO(etree.tostring(root, encoding="utf-8")),  # given bytes, it would open the file of that name
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,  # no markup of it is kept
        resolve_relative_uris=False,
    )


def _feed_links(entries: list[Any], base: str, source: Source) -> Iterator[Link]:
    for entry in entries[:_MAX_LINKS]:
        if url := absolute(base, _address(entry)):
            yield _link(
                source,
                url,
                str(entry.get("title") or ""),
                str(entry.get("summary") or ""),
                # Dublin Core's date, and an Atom entry's only one, arrive as "updated".
                published=_stamp(entry, "published") or _stamp(entry, "created") or _stamp(entry, "updated"),
                updated=_stamp(entry, "updated"),
                guid=str(entry.get("id") or ""),
                full_text=_full_text(
                    max((str(one.get("value") or "") for one in entry.get("content") or ()), key=len, default="")
                ),
            )


# A feed of the entry's comments, its picture or its sound are not its page; feedparser takes a link only if it is "text/html".
_NO_PAGE = re.compile(r"application/(?!xhtml)|image/|audio/|video/", re.I)


def _address(entry: Any) -> str:
    pages = [
        link.get("href")
        for link in entry.get("links") or ()
        if link.get("rel") == "alternate" and not _NO_PAGE.match(link.get("type") or "")
    ]
    elsewhere = [content.get("src") for content in entry.get("content") or ()]
    guid = str(entry.get("id") or "")
    # The first is what the address was before a counter of clicks was put in front of it.
    found = [entry.get("feedburner_origlink"), entry.get("link"), *pages, guid if "://" in guid else "", *elsewhere]
    return str(next(filter(None, found), ""))


def _stamp(entry: Any, name: str) -> datetime | None:
    # feedparser's own `updated` falls back to `published`; only what stands in the feed counts.
    return parse_stamp(str(dict.get(entry, name) or ""))


def _named_once(links: Iterable[Link]) -> tuple[Link, ...]:
    """A name that two entries bear names neither."""
    found = tuple(links)
    borne = Counter(link.guid for link in found)
    return tuple(replace(link, guid="") if link.guid and borne[link.guid] > 1 else link for link in found)


_PERIODS = {"hourly": 60, "daily": 24 * 60, "weekly": _WEEK, "monthly": _WEEK, "yearly": _WEEK}  # minutes
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()  # noqa: SIM905 - a list of names


def _rhythm(root: Any) -> dict[str, Any]:
    """What a feed says about when it changes: ttl, skipHours, skipDays, or the syndication module."""
    said: dict[str, Any] = {}
    for channel in (root, *root.iterchildren("{*}channel")):
        for node in channel.iterchildren(
            "{*}ttl", "{*}updatePeriod", "{*}updateFrequency", "{*}skipHours", "{*}skipDays"
        ):
            said.setdefault(_name(node), node)
    ttl = _count(said["ttl"].text) if "ttl" in said else 0
    if not ttl and said.keys() & {"updateperiod", "updatefrequency"}:
        period = (said["updateperiod"].text or "").strip().lower() if "updateperiod" in said else "daily"
        frequency = _count(said["updatefrequency"].text) if "updatefrequency" in said else 1
        ttl = max(1, _PERIODS.get(period, 0) // max(1, frequency)) if period in _PERIODS else 0
    hours = {_count(node.text) % 24 for node in said.get("skiphours", ()) if (node.text or "").strip().isdecimal()}
    days = {
        _DAYS.index(day) for node in said.get("skipdays", ()) if (day := (node.text or "").strip().lower()) in _DAYS
    }
    return {
        "ttl_minutes": min(ttl, _WEEK),
        # A feed that skips every hour would never be read.
        "skip_hours": tuple(sorted(hours)) if len(hours) < 24 else (),
        "skip_days": tuple(sorted(days)) if len(days) < 7 else (),
    }


def _count(written: str | None) -> int:
    found = re.fullmatch(r"\s*([0-9]{1,9})\s*", written or "")
    return int(found[1]) if found else 0


def _sitemap(root: Any, whole: bool, url: str, source: Source) -> Reading:
    nodes = _newest(list(root.iterchildren("{*}url")), lambda node: _news_date(node) or _last_change(node))
    addressed = ((node, absolute(url, node.findtext("{*}loc") or "")) for node in nodes)
    links = tuple(
        _each_once(
            _link(
                source,
                href,
                node.findtext("{*}news/{*}title") or "",
                published=_news_date(node),
                updated=_last_change(node),
            )
            for node, href in addressed
            if href
        )
    )
    reading = Reading(links, kind="sitemap")
    return reading if whole else _broken(reading, "entry.broken_sitemap")


def _news_date(node: Any) -> datetime | None:
    return parse_stamp(node.findtext("{*}news/{*}publication_date") or "")


def _last_change(node: Any) -> datetime | None:
    return parse_stamp(node.findtext("{*}lastmod") or "")


def _index(root: Any, whole: bool, url: str) -> Reading:
    nodes = _newest(list(root.iterchildren("{*}sitemap")), _last_change)
    children = [(_last_change(node) or _MIN, absolute(url, node.findtext("{*}loc") or "")) for node in nodes]
    # Of undated ones those whose names count highest: sitemap-2026-11, sitemap-120.
    children.sort(key=lambda child: (child[0], _counting(child[1])), reverse=True)
    ours = tuple(dict.fromkeys(child for _, child in children if child and (not url or _site(child) == _site(url))))
    reading = Reading(children=ours, kind="index")
    return reading if whole or ours else _broken(reading, "entry.broken_sitemap")


def _counting(url: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]{1,18})", url)]


def _site(url: str) -> str:
    """The registrable domain; the host where there is none."""
    return courlan.extract_domain(url) or urlsplit(url).hostname or ""


def _addresses(text: str) -> list[str]:
    """The addresses of a sitemap in plain text; none where it holds anything else."""
    if not text.startswith("http"):
        return []
    addresses = [absolute("", line) for line in text.split("\n") if line.strip()]
    return addresses if all(addresses) else []


# --- JSON Feed

_JSON_FEED = re.compile(r'"version"\s*:\s*"https?:\\?/\\?/(?:www\.)?jsonfeed\.org\\?/version\\?/1')
_MAX_DAMAGED = 100  # items of a broken feed; each costs a look at the rest
_JSON_ITEMS = re.compile(r'"items"\s*:\s*\[')
_NEXT_OBJECT = re.compile(r"[\s,]*(?=\{)")
_LATER_OBJECT = re.compile(r"\}\s*,\s*(?=\{)")


def _json_feed(text: str, base: str, source: Source) -> Reading | None:
    """JSON Feed 1.0 and 1.1. Of a broken one every item that stands whole in it."""
    if not _JSON_FEED.search(text):
        return None
    whole = True
    try:
        feed = json.loads(text, strict=False)
        items, home = feed.get("items"), _string(feed.get("home_page_url"))
    except (ValueError, RecursionError):
        whole, items, home = False, list(_json_items(text)), ""
    if not isinstance(items, list):
        whole, items = False, []
    links = _named_once(_each_once(_json_links(items, base or home, source)))
    reading = Reading(links, kind="json")
    return reading if whole else _broken(reading, "entry.broken_feed")


def _json_items(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(strict=False)
    start = _JSON_ITEMS.search(text)
    at = start.end() if start else len(text)
    for _ in range(_MAX_DAMAGED):
        try:
            while opening := _NEXT_OBJECT.match(text, at):
                at = opening.end()
                item, at = decoder.raw_decode(text, at)
                yield item
        except (ValueError, RecursionError):
            pass
        later = _LATER_OBJECT.search(text, at)
        if not later:
            break
        at = later.end()


def _json_links(items: list[Any], base: str, source: Source) -> Iterator[Link]:
    entries = [item for item in items if isinstance(item, dict)]
    for item in _newest(entries, _json_date):
        guid = _string(item.get("id"))
        # An id tells an item from the other objects of a broken feed.
        href = _string(item.get("url")) or _string(item.get("external_url")) or (guid if "://" in guid else "")
        if (url := absolute(base, href)) and guid:
            markup, text = _string(item.get("content_html")), _string(item.get("content_text"))
            yield _link(
                source,
                url,
                _string(item.get("title")),
                _string(item.get("summary")) or text or markup,
                published=_json_date(item),
                updated=parse_stamp(_string(item.get("date_modified"))),
                guid=guid,
                full_text=_full_text(markup) or _whole_article(text.split("\n")),
            )


def _json_date(item: dict[str, Any]) -> datetime | None:
    return parse_stamp(_string(item.get("date_published"))) or parse_stamp(_string(item.get("date_modified")))


def _string(value: object) -> str:
    """Text of a JSON value; numbers count, since some feeds number their items."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).encode("utf-8", "ignore").decode("utf-8")  # a lone surrogate is no text


# --- text of feeds

_PARAGRAPH_ENDS = re.compile(
    r"</?(?:p|div|br|hr|h[1-6]|li|ul|ol|dl|dt|dd|blockquote|section|article|header|footer|table|pre)\b[^<>]*>"
    r"|<(?:td|th)\b[^<>]*>",
    re.I,
)
_CUT = "\x1e"  # stands in no text
_NO_TEXT = "script,style,noscript,figure,figcaption,iframe,form,button,svg,video,audio,object"
_FEWEST_PARAGRAPHS = 3
_SHORTEST_TEXT = 600  # characters
_TEASER = re.compile(
    r"(?:\[…\]|\[\.\.\.\]|…|\.\.\.|(?:đọc|xem) (?:tiếp|thêm)|read more|continue reading)[\s.…→»>]*$", re.I
)
_FOOTER = re.compile(r"(?:The post|Bài viết) .{1,400} (?:appeared first on|đã xuất hiện đầu tiên)", re.DOTALL)


def _full_text(markup: str) -> str:
    """Paragraphs of an article that stands whole in its feed, separated by blank lines; empty where it does not."""
    if len(markup) < _SHORTEST_TEXT:
        return ""
    markup = _clean(markup)
    if "<" not in markup:  # escaped twice
        markup = unescape(markup)
    page = parse(_PARAGRAPH_ENDS.sub(rf"\g<0>{_CUT}", re.sub(r"\s+", " ", markup)).encode())
    for node in page.css(_NO_TEXT):
        node.decompose()
    for node in page.css("ul,ol"):  # related articles
        linked = sum(len(one.text()) for one in node.css("a"))
        if linked > 0.8 * len(node.text().replace(_CUT, "")):
            node.decompose()
    return _whole_article(page.body.text().split(_CUT) if page.body else [])


def _whole_article(paragraphs: list[str]) -> str:
    lines = [line for line in map(clean_line, paragraphs) if line]
    if lines and _FOOTER.match(lines[-1]):  # of WordPress
        lines.pop()
    if len(lines) < _FEWEST_PARAGRAPHS or sum(map(len, lines)) < _SHORTEST_TEXT or _TEASER.search(lines[-1]):
        return ""
    kept: list[str] = []
    length = 0
    for line in lines:
        length += len(line) + 2
        if length > _MAX_TEXT + 2:
            break
        kept.append(line)
    return "\n\n".join(kept)


def _plain(markup: str) -> str:
    """Text of a title or summary: markup gone, entities resolved (some feeds escape twice), one line."""
    text = _clean(markup)
    if "<" in text:
        page = parse(text.encode())
        for node in page.css("script,style,ul"):  # lists in summaries are related links
            node.decompose()
        text = page.body.text(separator=" ") if page.body else ""
    for _ in range(2):
        text = unescape(text)
    return clean_line(text)


def _clean(text: str) -> str:
    return text.encode("utf-8", "ignore").decode("utf-8")  # a lone surrogate is no text


# --- section pages


def _listing(body: bytes, content_type: str, url: str, source: Source, listing: Listing) -> Reading:
    """Links of a section page, in its order; the title is the longest text among the links to one article."""
    page = parse(utf8(body, content_type))
    base_node = page.css_first("base[href]")
    base = absolute(url, base_node.attributes.get("href") or "") if base_node else url
    pattern = re.compile(listing.pattern) if listing.pattern else None
    host = urlsplit(url).hostname
    found: dict[str, Link] = {}
    for node in page.css(listing.links or "a[href]")[:_MAX_ANCHORS]:
        href = absolute(base or url, node.attributes.get("href") or "")
        parts = urlsplit(href)
        if not href or parts.hostname != host or parts.path in ("", "/"):
            continue
        if not (pattern.search(parts.path) if pattern else _ARTICLE_PATH.search(parts.path)):
            continue
        title = clean_line(node.text(separator=" ")) or clean_line(node.attributes.get("title") or "")
        link = Link(key=url_key(href), url=href, source_id=source.id, title=title)
        if link.key not in found or len(title) > len(found[link.key].title):
            found[link.key] = link
    next_page = ""
    if listing.next and (following := page.css_first(listing.next)):
        next_page = absolute(base or url, following.attributes.get("href") or "")
        if urlsplit(next_page).hostname != host or next_page == url:
            next_page = ""
    if not found:
        why = reason("entry.empty_listing")
        return Reading(outcome="unreadable", reason=why, kind="listing", next_page=next_page)
    return Reading(tuple(found.values())[:_MAX_LINKS], kind="listing", next_page=next_page)
