"""Entry points to links: RSS, Atom and RDF feeds, news sitemaps, listing pages. Pure functions of the bytes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import feedparser
from lxml import etree

from pipeline.catalogue import reason
from pipeline.crawl.urls import absolute, url_key
from pipeline.records import Link, Listing, Outcome, Source
from pipeline.text.dates import parse_stamp
from pipeline.text.encodings import decode, utf8
from pipeline.text.markup import parse
from pipeline.text.normalise import clean_line

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_MAX_LINKS = 1000  # of one entry point
_MAX_SUMMARY = 2000  # characters; longer ones are full texts
_NEWS = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9", "n": "http://www.google.com/schemas/sitemap-news/0.9"}
# What an article's path looks like where a source gives no pattern: a slug of several words, or a long number.
_ARTICLE_PATH = re.compile(r"(?:[a-z0-9]+-){4,}[a-z0-9]+|\d{6,}", re.I)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an entry point announced."""

    links: tuple[Link, ...] = ()
    children: tuple[str, ...] = ()  # sitemaps named by a sitemap index, newest first
    outcome: Outcome = "ok"  # "incomplete" and "unreadable" carry a reason
    reason: str = ""


def read_feed(body: bytes, content_type: str, url: str, source: Source) -> Reading:
    """Links of a feed. A broken feed gives the entries before the break and says so."""
    # feedparser believes the declaration; we believe the bytes, so it is given UTF-8 that says so.
    xml = _XML_DECLARATION.sub("", decode(body, content_type), count=1).lstrip()
    parsed = _parsed(xml)
    if parsed is None:
        return Reading(outcome="unreadable", reason=reason("entry.not_a_feed"))
    links = tuple(_each_once(_feed_links(parsed.entries, url, source)))
    if not links and not parsed.get("version"):
        return Reading(outcome="unreadable", reason=reason("entry.not_a_feed"))
    if parsed.get("bozo") and not isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride):
        return Reading(links, outcome="incomplete", reason=reason("entry.broken_feed", n=len(links)))
    return Reading(links)


def _parsed(xml: str) -> Any:
    """What feedparser makes of a feed; where damage makes it stumble, what it makes of the mended document."""
    headers = {"content-type": "application/xml; charset=utf-8"}
    for mended in (False, True):
        try:
            body = _mended(xml) if mended else xml.encode("utf-8")
            # A stream: of bytes feedparser first tries whether they name a file on this machine.
            return feedparser.parse(BytesIO(body), response_headers=headers) if body else None
        except Exception:  # noqa: S112 - feedparser raises KeyError, AssertionError and others on damaged feeds
            continue
    return None


def _mended(xml: str) -> bytes:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    visible = "".join(char for char in xml if char >= " " or char in "\t\n\r")
    root = etree.fromstring(visible.encode("utf-8"), parser)
    return b"" if root is None else bytes(etree.tostring(root, encoding="utf-8"))


def _feed_links(entries: list[Any], base: str, source: Source) -> Iterator[Link]:
    for entry in entries[:_MAX_LINKS]:
        href = absolute(base, entry.get("link") or (entry.get("id") if "://" in (entry.get("id") or "") else "") or "")
        if href:
            yield Link(
                key=url_key(href),
                url=href,
                source_id=source.id,
                title=_plain(entry.get("title", "")),
                summary=_plain(entry.get("summary", ""))[:_MAX_SUMMARY],
                # Dublin Core's date, and an Atom entry's only one, arrive as "updated".
                published=_stamp(entry, "published") or _stamp(entry, "created") or _stamp(entry, "updated"),
                updated=_stamp(entry, "updated"),
            )


def _stamp(entry: Any, name: str) -> datetime | None:
    # feedparser's own `updated` falls back to `published`; only what stands in the feed counts.
    return parse_stamp(str(dict.get(entry, name) or ""))


def _plain(markup: str) -> str:
    """Text of a title or summary: markup gone, entities resolved (some feeds escape twice), one line."""
    text = markup.encode("utf-8", "ignore").decode("utf-8")  # a lone surrogate is no text
    if "<" in text:
        tree = parse(text.encode())
        for node in tree.css("script,style,ul"):  # lists in summaries are related links
            node.decompose()
        text = tree.body.text(separator=" ") if tree.body else ""
    for _ in range(2):
        text = unescape(text)
    return clean_line(text)


def read_sitemap(body: bytes, content_type: str, url: str, source: Source) -> Reading:
    """Links of a news sitemap, or the children of a sitemap index."""
    del content_type  # XML sitemaps say their encoding themselves
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser) if body.strip() else None
    except etree.XMLSyntaxError:
        root = None
    if root is None or etree.QName(root).localname not in ("urlset", "sitemapindex"):
        return Reading(outcome="unreadable", reason=reason("entry.not_a_sitemap"))
    children = [
        (node.findtext("s:lastmod", "", _NEWS), absolute(url, node.findtext("s:loc", "", _NEWS)))
        for node in root.iterfind("s:sitemap", _NEWS)
    ]
    links = tuple(_each_once(_sitemap_links(root, url, source)))
    same_host = tuple(
        child
        for _, child in sorted(children, reverse=True)
        if child and urlsplit(child).hostname == urlsplit(url).hostname
    )
    if parser.error_log and not children:
        return Reading(links, outcome="incomplete", reason=reason("entry.broken_sitemap", n=len(links)))
    return Reading(links, same_host)


def _sitemap_links(root: Any, base: str, source: Source) -> Iterator[Link]:
    for node in list(root.iterfind("s:url", _NEWS))[:_MAX_LINKS]:
        href = absolute(base, node.findtext("s:loc", "", _NEWS))
        if href:
            yield Link(
                key=url_key(href),
                url=href,
                source_id=source.id,
                title=_plain(node.findtext("n:news/n:title", "", _NEWS)),
                published=parse_stamp(node.findtext("n:news/n:publication_date", "", _NEWS)),
                updated=parse_stamp(node.findtext("s:lastmod", "", _NEWS)),
            )


def read_listing(body: bytes, content_type: str, url: str, source: Source, listing: Listing) -> Reading:
    """Links of a section page, in its order; the title is the longest text among the links to one article."""
    tree = parse(utf8(body, content_type))
    base_node = tree.css_first("base[href]")
    base = absolute(url, base_node.attributes.get("href") or "") if base_node else url
    pattern = re.compile(listing.pattern) if listing.pattern else None
    found: dict[str, Link] = {}
    for node in tree.css(listing.links or "a[href]"):
        href = absolute(base or url, node.attributes.get("href") or "")
        parts = urlsplit(href)
        if not href or parts.hostname != urlsplit(url).hostname or parts.path in ("", "/"):
            continue
        if not (pattern.search(parts.path) if pattern else _ARTICLE_PATH.search(parts.path)):
            continue
        title = clean_line(node.text(separator=" ")) or clean_line(node.attributes.get("title") or "")
        link = Link(key=url_key(href), url=href, source_id=source.id, title=title)
        if link.key not in found or len(title) > len(found[link.key].title):
            found[link.key] = link
    if not found:
        return Reading(outcome="unreadable", reason=reason("entry.empty_listing"))
    return Reading(tuple(found.values())[:_MAX_LINKS])


def _each_once(links: Iterator[Link]) -> Iterator[Link]:
    seen: set[str] = set()
    for link in links:
        if link.key not in seen:
            seen.add(link.key)
            yield link
