"""A page to its article: title, lead, paragraphs, dates, section. By general rules, on selectolax.

Selectors of a source win where given. Where the general rules are unsure of themselves, trafilatura reads the page too and
the fuller text is kept. Comments, menus, related links, promotion, photo credits and bylines are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from html import unescape
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import courlan
import trafilatura
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.records import Article, Method, Page, Selectors
from pipeline.text.blocks import STEP, is_comment, is_noise, page_frame, short_text
from pipeline.text.body import Body, read_body
from pipeline.text.dates import VIETNAM, parse_shown, parse_stamp
from pipeline.text.encodings import utf8
from pipeline.text.language import language
from pipeline.text.legacy import from_legacy
from pipeline.text.markup import parse
from pipeline.text.normalise import clean_line
from pipeline.text.tidy import SENTENCE, is_credited, tidy

EXTRACTOR = "extract-4"
_NO_SELECTORS = Selectors()
_MOST_TAGS = 100_000  # trafilatura takes 2 kB and 20 µs for each
ARTICLE_NAME = re.compile(r"(?:[a-z0-9]+-){4,}[a-z0-9]+|\d{5,}", re.I)  # in an address
_LONGEST_ADDRESS = 2000  # characters
FRONT_PATH = re.compile(r"(?:/\w\w)?/(?:index|default|home|trang-?chu)(?:\.\w+)?|/\w\w", re.I)
_NUMBER = re.compile(r"\d+")
_PROGRAM = re.compile(r"\.(?:aspx?|php|jsp)$", re.I)  # which shows every article, told which by its parameters
_LEAD = range(30, 701)  # characters
_HEADLINE = range(15, 300)
_HEADINGS = 20  # h1 of a page that are looked at
_AUTHORS = 20
_AHEAD = timedelta(days=1)  # clocks differ; a later date than when the page was seen is a mistake, or an event's
_HEADLINE_TEXT = 30  # characters of text for each linked headline; a page with less is a list of them
_MANY_LINKS = 15
_TOLD = 300  # characters of a text that tell its language, with title and lead
_PLACE = 30  # characters of a text that a place, a day and an agency may take: 'HANOI, Nov 5 (Agency) - '
_SURE = 0.5  # of confidence; below it trafilatura is asked

# '(Dân trí) - ' before a lead is the outlet's own name; '(TTXVN) - ' says where the text comes from and stays.
_MARK_BEFORE = re.compile(r"^\((?!TTXVN|VNA|Theo)[^()]{2,30}\)\s*[-–—]\s*")
# A description that says who the outlet is, the same on every page.
_SELF = re.compile(
    r"(?:trang (?:thông tin|tin|web)|cổng (?:thông tin|tttđt)|website|báo [^,.;]{2,40} điện tử|cơ quan ngôn luận|tiếng nói của"
    r"|tin tức (?:mới|nhanh)|cập nhật tin|đọc báo)\b",
    re.I,
)
_CUT = ("...", "…", "[…]", "[...]")
_DOTS = ".…[] "


@dataclass(slots=True)
class _Head:
    """What a page says of itself."""

    meta: dict[str, str] = field(default_factory=dict)  # the first of each name
    headings: list[str] = field(default_factory=list)  # its h1
    canonical: str = ""
    article: dict[str, Any] = field(default_factory=dict)  # the first object of an article type in its JSON-LD
    trail: list[str] = field(default_factory=list)  # names of the steps from the front page


def extract(page: Page, selectors: Selectors = _NO_SELECTORS) -> Article | None:
    """Read a page; None where it holds no article (a section page, an empty page)."""
    html = utf8(page.body, page.content_type)
    article = _read(page, html, selectors)
    if article is None or not from_legacy(f"{article.title}\n{article.text}"):
        return article
    # Letters of an old font inside UTF-8, told by the text that was read: to look at each whole page costs more.
    return _read(page, (from_legacy(html.decode("utf-8", "replace")) or "").encode(), selectors) or article


def _read(page: Page, html: bytes, selectors: Selectors) -> Article | None:
    tree = parse(html)
    head = _head(tree)
    body, method = _body(tree, selectors)
    if _is_section(tree, head, body, page.url or head.meta.get("og:url", "")):
        return None
    title = _chosen(tree, selectors.title) or _title(tree, head, body)
    lead = _chosen(tree, selectors.lead) or _lead(head, body, title)
    published, modified = _dates(tree, head, body, selectors.published, page.seen_at)
    confidence = _confidence(body)
    paragraphs = body.paragraphs
    # A page of many links that nothing calls an article is a list of them, however trafilatura reads it.
    if confidence < _SURE and method == "general" and (_is_said_to_be_an_article(head) or body.links < _MANY_LINKS):
        other = _told_in_data(head) or _fallback(html)
        if sum(map(len, other)) > sum(map(len, paragraphs)) * 1.2:
            paragraphs, method, confidence = other, "fallback", max(confidence, _SURE)
    credited = [line for line in body.pictured if is_credited(line)]
    paragraphs, captions = tidy(paragraphs, [*body.captions, *credited], title, lead, _authors(head))
    if not paragraphs and sum(map(len, captions)) > _LEAD.start * len(captions) > _LEAD.start:
        paragraphs, captions = captions, []  # a photo story: its captions are the text
    # A page of pictures or film may have a lead, and labels ("Chia sẻ", a date, the paper's name), and no text.
    if not any(len(paragraph) >= SENTENCE for paragraph in paragraphs):
        return None
    text = "\n\n".join(paragraphs)
    return Article(
        url=_canonical(head, page.url),
        title=title or paragraphs[0],
        lead=lead,
        text=text,
        section=_section(head, body, title),
        published=published,
        modified=modified,
        lang=language(f"{title} {lead} {text[:_TOLD]}"),
        method=method,
        confidence=round(confidence, 2),
        captions=tuple(captions),
    )


def _chosen(tree: LexborHTMLParser, selector: str) -> str:
    if not selector:
        return ""
    try:
        node = tree.css_first(selector)
    except SelectolaxError:  # none; `sources.toml` is checked where it is read
        return ""
    return clean_line(node.text(separator=" ")) if node else ""


def _head(tree: LexborHTMLParser) -> _Head:
    """One pass for all of it: every query walks the whole tree."""
    head = _Head()
    for node in tree.css('meta[content],h1,script[type="application/ld+json"],link[rel="canonical"]'):
        attributes = node.attributes
        match node.tag:
            case "meta":
                content = attributes.get("content")
                for kind in ("property", "name", "itemprop"):
                    if content and (name := attributes.get(kind)):
                        head.meta.setdefault(name.lower(), content)
            case "h1":
                # Headings for screen readers name parts of the page.
                if len(head.headings) < _HEADINGS and not is_noise(node):
                    head.headings.append(short_text(node, _HEADLINE.stop))
            case "link":
                head.canonical = head.canonical or attributes.get("href") or ""
            case _:
                _read_linked_data(node.text(deep=True), head)
    return head


_ARTICLES = ("Article", "Posting", "VideoObject")  # how the names of types end


def _authors(head: _Head) -> list[str]:
    """Names of persons by which lines about the author are told from the text. They go no further.

    A paragraph may begin with the name of an office that is its own author, and with the syllable of a pen name.
    """
    named = head.article.get("author")
    names = (
        clean_line(author["name"])
        for author in (named if isinstance(named, list) else [named])[:_AUTHORS]
        if isinstance(author, dict)
        and isinstance(author.get("name"), str)
        and author.get("@type", "Person") == "Person"
    )
    return [name for name in names if " " in name]


def _read_linked_data(raw: str, head: _Head) -> None:
    try:
        loaded = json.loads(raw.strip(), strict=False)
    except (ValueError, RecursionError):
        return
    for thing in _things(loaded):
        kinds = thing.get("@type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        if not head.article and any(isinstance(kind, str) and kind.endswith(_ARTICLES) for kind in kinds):
            head.article = thing
        if not head.trail and "BreadcrumbList" in kinds:
            head.trail = list(_names(thing.get("itemListElement")))


def _things(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    if depth > 4:
        return
    if isinstance(value, list):
        for inner in value:
            yield from _things(inner, depth + 1)
    elif isinstance(value, dict):
        yield value
        if "@graph" in value:
            yield from _things(value["@graph"], depth + 1)


def _names(steps: Any) -> Iterator[str]:
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict):
            item = step.get("item")
            name = step.get("name") or (item.get("name") if isinstance(item, dict) else None)
            if isinstance(name, str):
                yield clean_line(unescape(name))


def _title(tree: LexborHTMLParser, head: _Head, body: Body) -> str:
    shared = clean_line(head.meta.get("og:title", ""))
    headings = [heading for heading in head.headings if len(heading) > 8]
    # The headline on the page, where the page's own summary confirms it: og:title may carry the outlet's name, which may be
    # a heading too.
    confirmed = [heading for heading in headings if shared and (heading in shared or shared in heading)]
    if confirmed and len(longest := max(confirmed, key=len)) * 2 >= len(shared):
        return longest
    headline = head.article.get("headline")
    if isinstance(headline, str) and headline.strip():
        return clean_line(unescape(headline))
    marked = [line for line in body.notes.get("title", ()) if len(line) in _HEADLINE]
    for heading in (shared, *marked, *headings):
        if heading:
            return heading
    node = tree.css_first("title")
    return clean_line(re.split(r"\s[|\-–]\s", node.text())[0]) if node else ""


def _lead(head: _Head, body: Body, title: str) -> str:
    """The lead as the page shows it, or as it describes itself; in its own words, without the outlet's mark before it."""
    for line in body.notes.get("lead", ()):
        if len(line) in _LEAD:
            return _MARK_BEFORE.sub("", line)
    described = [head.meta.get("og:description"), head.meta.get("description"), head.article.get("description")]
    told = next((line for value in described if isinstance(value, str) and (line := clean_line(unescape(value)))), "")
    if len(told) not in _LEAD or told in title or _SELF.match(told):
        told = ""
    start, whole = told.rstrip(_DOTS)[:60].casefold(), not told.endswith(_CUT)
    summaries = [line for line in body.notes.get("summary", ()) if len(line) in _LEAD]
    for line in summaries:
        if line.casefold().startswith(start):
            return _MARK_BEFORE.sub("", told if told and whole else line)
    if told and any(told.rstrip(_DOTS)[_PLACE:] in line for line in body.paragraphs[:3]):
        return told if whole else ""  # cut off from the beginning of the text, it says nothing that the text does not
    # What the page shows as its lead is believed before a description that nobody sees.
    for line in (*summaries, body.opening):
        if len(line) in _LEAD:
            return _MARK_BEFORE.sub("", line)
    return _MARK_BEFORE.sub("", told)


def _dates(
    tree: LexborHTMLParser, head: _Head, body: Body, selector: str, seen_at: datetime | None
) -> tuple[datetime | None, datetime | None]:
    """When the article was published and last changed, in UTC: as linked data, meta elements or the page's text say."""
    meta, data = head.meta, head.article
    published = (
        meta.get("article:published_time"),
        data.get("datePublished"),
        data.get("uploadDate"),
        meta.get("pubdate"),
        meta.get("datepublished"),
        meta.get("date"),
        meta.get("dc.date.issued"),
    )
    noted = body.notes.get("date", [])
    modified = (
        meta.get("article:modified_time"),
        data.get("dateModified"),
        meta.get("og:updated_time"),
        meta.get("lastmod"),
        meta.get("datemodified"),
        *body.notes.get("modified", ()),
        *(found[1] for line in noted if (found := _CHANGED.search(line))),
    )
    latest = seen_at + _AHEAD if seen_at else datetime.max.replace(tzinfo=UTC)
    chosen = parse_shown(_chosen(tree, selector), seen_at) if selector else None
    return (
        chosen or _first_stamp(published, latest) or _shown_date(noted, seen_at, latest),
        _first_stamp(modified, latest),
    )


def _shown_date(lines: list[str], seen_at: datetime | None, latest: datetime) -> datetime | None:
    """The date nearest above the text; with the time of day, where another line of that day has it."""
    read = (parse_stamp(line) or parse_shown(line, seen_at) for line in lines)
    dates = [date for date in read if date and date <= latest]
    days = [date.astimezone(VIETNAM) for date in dates]
    timed = (date for date in days if date.date() == days[0].date() and date.time() != time.min)
    return next(timed, days[0]).astimezone(UTC) if days else None


def _first_stamp(values: Iterable[Any], latest: datetime) -> datetime | None:
    """The first stamp that says its zone; else the first of all. Some programs leave out that they write UTC."""
    first = None
    for value in values:
        stamp = parse_stamp(value) if isinstance(value, str) else None
        if stamp and stamp <= latest:
            if _ZONE.search(value):
                return stamp
            first = first or stamp
    return first


_ZONE = re.compile(r"(?:[+-]\d\d:?(?:\d\d)?|Z|GMT|UTC)\s*$", re.I)


def _section(head: _Head, body: Body, title: str) -> str:
    """The section the page says it stands in: by its linked data, its meta elements, or its trail from the front page."""
    named = (
        head.article.get("articleSection") or head.meta.get("article:section") or head.meta.get("articlesection") or ""
    )
    if isinstance(named, list):
        named = ", ".join(part for part in named if isinstance(part, str))
    if section := clean_line(unescape(str(named))):
        return section
    trails = [head.trail] if head.trail else [trail.split(STEP) for trail in body.notes.get("trail", ())]
    nearest = trails[0] if trails else []
    # A template may name each step of the trail as it names the whole.
    trail = max((trail for trail in trails if trail[-1:] == nearest[-1:]), key=len, default=[])
    return ", ".join(dict.fromkeys(step for step in trail if step and step != title and step.casefold() not in _FRONT))


_CHANGED = re.compile(r"\d{4}.*(?:cập nhật|updated?)\D{0,20}(\d.*)$", re.I)  # behind the date of publication
_FRONT = frozenset({"trang chủ", "trang nhất", "home", "homepage", "trangchu"})


def _canonical(head: _Head, url: str) -> str:
    """The page's own address for itself, believed only within the site that answered."""
    for candidate in (head.canonical, head.meta.get("og:url")):
        if candidate:
            try:
                absolute = urljoin(url, candidate.strip())
                if _believed(absolute, url):
                    return absolute
            except ValueError:
                continue
    return url


def _believed(candidate: str, url: str) -> bool:
    """Whether a page's address for itself can be right: not another site's, not a front or section page, and not an address
    without the number or slug by which the one that answered tells its articles apart.
    """
    named, asked = urlsplit(candidate), urlsplit(url)
    if named.scheme not in ("http", "https") or not _same_site(named, asked) or len(candidate) > _LONGEST_ADDRESS:
        return False
    path, asked_path = named.path.rstrip("/"), asked.path.rstrip("/")
    if path == asked_path:
        is_named = ARTICLE_NAME.search(path) and not _PROGRAM.search(path)
        return bool(is_named) or not asked.query or _told_apart(named.query, asked.query)
    if not path or FRONT_PATH.fullmatch(path):
        return False
    if ARTICLE_NAME.search(f"{named.path}?{named.query}"):
        return True
    return not ARTICLE_NAME.search(f"{asked.path}?{asked.query}") and not asked_path.startswith(f"{path}/")


def _told_apart(query: str, asked: str) -> bool:
    """Whether parameters hold the longest number of those asked for, which is an article's rather than its section's; where
    those have none, one of them.
    """
    if numbers := _NUMBER.findall(asked):
        return max(numbers, key=len) in _NUMBER.findall(query)
    return not set(asked.split("&")).isdisjoint(query.split("&"))


def _same_site(named: SplitResult, asked: SplitResult) -> bool:
    """Whether two addresses belong to one registered domain: a paper's pages for telephones name those of its plain host."""
    if named.netloc.lower() == asked.netloc.lower():
        return True
    if "@" in named.netloc or named.port or asked.port:
        return False
    site = courlan.extract_domain(named.geturl())  # none for a number, and where nobody registers names
    return site is not None and site == courlan.extract_domain(asked.geturl())


def _is_said_to_be_an_article(head: _Head) -> bool:
    return bool(head.article or head.meta.get("article:published_time") or head.meta.get("pubdate"))


def _is_section(tree: LexborHTMLParser, head: _Head, body: Body, url: str) -> bool:
    """Whether a page is a front or section page: headlines that are links, little else, and nothing that says "article"."""
    if _is_said_to_be_an_article(head):
        return False
    if url and _is_front(url):
        return True
    if body.named and body.notes.get("date"):
        return False
    # og:type says "article" on many a section page; an article may stand above any number of headlines.
    headlines = min(len(tree.css("h2 a, h3 a, h4 a")), 20)
    few = sum(map(len, body.paragraphs)) < headlines * _HEADLINE_TEXT
    return headlines >= _MANY_LINKS and (few or body.between >= max(_MANY_LINKS, len(body.paragraphs)))


def _is_front(url: str) -> bool:
    try:
        return urlsplit(url).path in ("", "/")
    except ValueError:  # what a page says is its own address may be none
        return False


def _body(tree: LexborHTMLParser, selectors: Selectors) -> tuple[Body, Method]:
    if selectors.drop:
        try:
            for node in reversed(tree.css(selectors.drop)):  # the inner ones first
                node.decompose()
        except SelectolaxError:
            pass  # a selector that is none drops nothing; `sources.toml` is checked where it is read
    root = tree.body
    if root is None:
        return Body([], [], [], {}, "", 0.0, False, 0, 0), "general"
    general = read_body(root)
    try:
        chosen = tree.css_first(selectors.body) if selectors.body else None
    except SelectolaxError:
        chosen = None
    if chosen is not None:
        body = read_body(chosen, whole=True)
        if body.paragraphs:
            return replace(body, notes=general.notes), "selectors"
    return general, "general"


def _confidence(body: Body) -> float:
    """1 when the text is long and is most of what the page tells; below 0.5 the caller should doubt it."""
    length = sum(map(len, body.paragraphs))
    if length < 400:  # a brief, where the page says so; else rather a mistake
        return 0.6 if body.named and body.share > _SURE and length > SENTENCE else min(length / 1000, 0.4)
    return min(length / 800, 1.0) * 0.5 + min(body.share / 0.8, 1.0) * 0.5


def _told_in_data(head: _Head) -> list[str]:
    """The text as the page's linked data holds it; some pages are filled in by a script only."""
    told = head.article.get("articleBody")
    return (
        [line for piece in unescape(told).split("\n") if (line := clean_line(piece))] if isinstance(told, str) else []
    )


def _fallback(html: bytes) -> list[str]:
    """The page as trafilatura reads it; nothing where it read a list, which on a page without a text is one of links."""
    if html.count(b"<") > _MOST_TAGS:
        return []
    tree = parse(html)
    page = page_frame(tree.root) if tree.root else set()
    # trafilatura knows fewer names for readers' comments. The inner ones go first: what is gone is not looked at again.
    for node in reversed(tree.css("[class],[id],[itemprop=comment]")):
        if is_comment(node) and node.mem_id not in page:
            node.decompose()
    read = trafilatura.bare_extraction(tree.html or "", fast=True, include_comments=False, include_tables=False)
    if read is None or isinstance(read, dict):  # a dict only where one is asked for
        return []
    lines: list[str] = []
    listed = 0  # characters
    for block in read.body:
        for part in block if block.tag == "list" else (block,):
            for piece in "".join(part.itertext()).split("\n"):
                if line := clean_line(piece):
                    lines.append(line)
                    listed += len(line) if block.tag == "list" else 0
    return lines if listed * 2 <= sum(map(len, lines)) else []
