"""A page to its article: title, lead, paragraphs, dates, section. On selectolax, by general rules.

Selectors of a source win where given. Where the general rules are unsure of themselves, trafilatura reads the page too and
the fuller text is kept. Comments, menus, related links, promotion, photo credits and bylines are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

import trafilatura
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from pipeline.records import Article, Method, Page, Selectors
from pipeline.text.dates import parse_shown, parse_stamp
from pipeline.text.encodings import decode
from pipeline.text.language import language
from pipeline.text.normalise import clean_line

EXTRACTOR = "extract-2"
_NO_SELECTORS = Selectors()
# A tag longer than this is a picture inside its own address, or a trap: parsing takes the square of its attributes.
_ENDLESS_TAG = re.compile(r"<[a-zA-Z][^<>]{50000,}>")
_ARTICLE_NAME = re.compile(r"(?:[a-z0-9]+-){4,}[a-z0-9]+|\d{5,}", re.I)  # in an address
_LONGEST_LEAD = 700  # characters
_SENTENCE = 60  # characters; shorter lines may be labels

_NOISE_TAGS = (
    "script,style,noscript,template,iframe,svg,video,audio,object,nav,footer,aside,button,select,textarea,input,dialog"
)
# Class or id of things that are never the article. Matched on whole words between separators, and only on elements that
# hold little of the page's text: templates do put such names on large wrappers.
_NOISE_NAME = re.compile(
    r"(?:^|[\s_\-])(?:comments?|binhluan|related|relate|tinlienquan|lienquan|recommend\w*|newsletter|subscribe|social|share"
    r"|sharing|breadcrumbs?|menu|navbar|sidebar|widget|banner|ads?|advert\w*|promo\w*|sponsor\w*|tags?|author\w*|byline"
    r"|signature|copyright|cookie|popup|modal|player|toolbar|pagination|paging|most-?read|xemthem|readmore|read-more"
    r"|trending|donate|paywall|disclaimer|hidden|visually-hidden|sr-only|screen-reader\w*)(?:$|[\s_\-])",
    re.I,
)
# Readers' comments are never read, however much of the page they are.
_COMMENTS = re.compile(r"(?:^|[\s_\-])(?:comments?|commentbox|binh-?luan|y-?kien|idea|disqus)(?:$|[\s_\-])", re.I)
_FRAME = ("html", "head", "body", "main", "article")
_CAPTION = "figcaption,.caption,.image-caption,.photo-caption,.wp-caption-text,.PhotoCMS_Caption,.img_desc,.desc_image"
_BLOCKS = {"p", "h2", "h3", "h4", "li", "blockquote", "pre", "td"}
_PROMO = re.compile(
    r"^(?:>>+|»|xem thêm|đọc thêm|mời (?:quý )?(?:độc giả|bạn đọc)|tin liên quan|bài liên quan|theo dõi .{0,40} trên"
    r"|nguồn:? \[?link|read more|see also|related|more on this|sign up|subscribe|follow us|click here|advertisement|ảnh\s*:"
    r"|video\s*:|photo\s*:|photograph\s*:|image\s*:|clip\s*:|bình luận|chia sẻ bài viết|copyright|©"
    r"|tham khảo thêm$|tin mới$|từ khóa)",
    re.I,
)
_CREDIT = re.compile(r"^\(?(?:ảnh|photo|nguồn|source|image|nguồn ảnh)\s*:?\s*[^.]{0,60}\)?\.?$", re.I)
# A last line that is a name: two to four capitalised words, perhaps with an outlet or a dash, no full stop.
_UPPER = "A-Z" + "".join(char for char in map(chr, range(0xC0, 0x1F00)) if char.isupper())
_NAMES = rf"[{_UPPER}][\w.’']*(?:[\s\-–/,&]+(?:(?:và|and)\s+)?[{_UPPER}][\w.’']*){{0,6}}"
_BY = r"(?i:bài và ảnh|bài, ảnh|bài|tin|ảnh|tác giả|thực hiện|phóng viên|pv|ctv|by)\s*:?\s*"
_BYLINE_ABOVE = re.compile(rf"^{_BY}{_NAMES}$")
_NAME_LINE = re.compile(
    rf"^(?:{_BY})?{_NAMES}"
    r"(?:\s*\((?:tổng hợp|t/h|ghi|thực hiện)\))?$"
)
_DATELINE_HEAD = re.compile(r"^\s*\((?:Dân trí|PLO|LLCT|VTC News|Chinhphu\.vn|TBTCO|ĐTCK)\)\s*[-–]\s*")


@dataclass(slots=True)
class _Body:
    paragraphs: list[str]
    captions: list[str]
    share: float  # of all paragraph text of the page


def extract(page: Page, selectors: Selectors = _NO_SELECTORS) -> Article | None:
    """Read a page; None where it holds no article (a section page, an empty page)."""
    html = decode(page.body, page.content_type)
    tree = LexborHTMLParser(_ENDLESS_TAG.sub("", html))
    data = _json_ld(tree)
    meta = _meta(tree)
    title = _chosen(tree, selectors.title) or _title(tree, data, meta)
    published, modified = _dates(tree, data, meta, selectors.published)
    lead = _chosen(tree, selectors.lead) or clean_line(meta.get("og:description") or meta.get("description") or "")
    lead = lead or _marked_lead(tree)
    named = data.get("articleSection") or meta.get("article:section") or ""
    section = clean_line(
        ", ".join(part for part in named if isinstance(part, str)) if isinstance(named, list) else str(named)
    )
    canonical = _canonical(tree, meta, page.url)
    is_section_page = _looks_like_section(tree, data, meta, page.url or meta.get("og:url", ""))

    body = _read_body(tree, selectors)
    method: Method = "selectors" if selectors.body and body.paragraphs else "general"
    confidence = _confidence(body)
    if confidence < 0.5 and method == "general":
        other = _fallback(html)
        if sum(map(len, other)) > sum(map(len, body.paragraphs)) * 1.2:
            body.paragraphs, method, confidence = other, "fallback", max(confidence, 0.5)
    paragraphs = _tidy(body.paragraphs, title, lead)
    text = "\n\n".join(paragraphs)
    # A page of pictures or film may have a lead, and labels ("Chia sẻ", a date, the paper's name), and no text.
    if is_section_page or not any(len(paragraph) >= _SENTENCE for paragraph in paragraphs):
        return None
    if not title:
        title = paragraphs[0] if paragraphs else lead
    return Article(
        url=canonical,
        title=title,
        lead=_DATELINE_HEAD.sub("", lead),
        text=text,
        section=section,
        published=published,
        modified=modified,
        lang=language(f"{title} {lead} {text[:600]}"),
        method=method,
        confidence=round(confidence, 2),
        captions=tuple(body.captions),
    )


def _chosen(tree: LexborHTMLParser, selector: str) -> str:
    if not selector:
        return ""
    node = tree.css_first(selector)
    return clean_line(node.text(separator=" ")) if node else ""


def _marked_lead(tree: LexborHTMLParser) -> str:
    """The element that old templates mark as the lead."""
    for node in tree.css("[class*=sapo],[class*=summary],[class*=standfirst],[class*=chapeau],[itemprop=description]")[
        :5
    ]:
        line = clean_line(node.text(separator=" "))
        if _SENTENCE / 2 <= len(line) <= _LONGEST_LEAD:
            return line
    return ""


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in tree.css("meta"):
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        content = attributes.get("content")
        if name and content:
            found.setdefault(name.lower(), content)
    return found


def _json_ld(tree: LexborHTMLParser) -> dict[str, Any]:
    """The first object of an article type in the page's JSON-LD."""
    for script in tree.css('script[type="application/ld+json"]'):
        raw = script.text(deep=True).strip()
        try:
            loaded = json.loads(raw, strict=False)
        except (ValueError, RecursionError):
            continue
        for thing in _things(loaded):
            kinds = thing.get("@type")
            kinds = kinds if isinstance(kinds, list) else [kinds]
            if any(isinstance(kind, str) and kind.endswith(("Article", "Posting")) for kind in kinds):
                return thing
    return {}


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


def _title(tree: LexborHTMLParser, data: dict[str, Any], meta: dict[str, str]) -> str:
    shared = clean_line(meta.get("og:title", ""))
    headings = [clean_line(node.text(separator=" ")) for node in tree.css("h1")]
    headings = [heading for heading in headings if len(heading) > 8]
    for heading in headings:
        # The headline on the page, where the page's own summary confirms it: og:title may carry the outlet's name.
        if not shared or heading in shared or shared in heading:
            return heading
    if isinstance(data.get("headline"), str) and data["headline"].strip():
        return clean_line(unescape(data["headline"]))
    if shared:
        return shared
    if headings:
        return headings[0]
    node = tree.css_first("title")
    return clean_line(re.split(r"\s[|\-–]\s", node.text())[0]) if node else ""


def _dates(
    tree: LexborHTMLParser, data: dict[str, Any], meta: dict[str, str], selector: str
) -> tuple[datetime | None, datetime | None]:
    published = parse_shown(_chosen(tree, selector)) if selector else None
    for value in (
        meta.get("article:published_time"),
        data.get("datePublished"),
        meta.get("pubdate"),
        meta.get("datepublished"),
        meta.get("date"),
        meta.get("dc.date.issued"),
    ):
        if published is None and isinstance(value, str):
            published = parse_stamp(value)
    if published is None:
        for node in tree.css("time,[class*=date],[class*=time],[class*=ngay]")[:20]:
            published = parse_stamp(node.attributes.get("datetime") or "") or parse_shown(clean_line(node.text())[:120])
            if published:
                break
    modified = None
    for value in (
        meta.get("article:modified_time"),
        data.get("dateModified"),
        meta.get("og:updated_time"),
        meta.get("lastmod"),
    ):
        if modified is None and isinstance(value, str):
            modified = parse_stamp(value)
    return published, modified


def _canonical(tree: LexborHTMLParser, meta: dict[str, str], url: str) -> str:
    """The page's own address for itself, believed only within the host that answered."""
    node = tree.css_first('link[rel="canonical"]')
    for candidate in ((node.attributes.get("href") if node else None), meta.get("og:url")):
        if candidate:
            try:
                absolute = urljoin(url, candidate.strip())
                if _believed(absolute, url):
                    return absolute
            except ValueError:
                continue
    return url


def _believed(candidate: str, url: str) -> bool:
    """Whether a page's address for itself can be right: not another host's, not a front page, and not an address without
    the number or slug by which the one that answered tells its articles apart.
    """
    named, asked = urlsplit(candidate), urlsplit(url)
    if named.hostname != asked.hostname or named.path in ("", "/"):
        return False
    if named.path.rstrip("/") == asked.path.rstrip("/"):
        return bool(named.query or not asked.query or _ARTICLE_NAME.search(asked.path))
    return bool(_ARTICLE_NAME.search(f"{named.path}?{named.query}")) or not _ARTICLE_NAME.search(
        f"{asked.path}?{asked.query}"
    )


def _looks_like_section(tree: LexborHTMLParser, data: dict[str, Any], meta: dict[str, str], url: str) -> bool:
    if data or meta.get("article:published_time") or meta.get("pubdate"):
        return False
    if urlsplit(url).path in ("", "/") and url:
        return True
    if meta.get("og:type", "").lower() not in ("", "website"):
        return False
    # Many headlines that are links and nothing that says "article": a front or section page.
    return len(tree.css("h2 a, h3 a, h4 a")) >= 15 and len(tree.css("article")) != 1


def _read_body(tree: LexborHTMLParser, selectors: Selectors) -> _Body:
    for node in tree.css(_NOISE_TAGS):
        node.decompose()
    _drop_comments(tree)
    captions = [clean_line(node.text(separator=" ")) for node in tree.css(_CAPTION) if node.tag not in _FRAME]
    for node in tree.css(f"{_CAPTION},figure" + (f",{selectors.drop}" if selectors.drop else "")):
        if node.tag not in _FRAME:
            node.decompose()
    root = tree.body
    if root is None:
        return _Body([], [], 0.0)
    total = len(root.text(separator=" "))
    for node in root.css("[class],[id]"):
        attributes = node.attributes
        if (
            _NOISE_NAME.search(f"{attributes.get('class') or ''} {attributes.get('id') or ''}")
            and node.tag not in ("body", "main", "article", "html")
            and len(node.text()) < total * 0.3
        ):
            node.decompose()
    try:
        chosen = tree.css_first(selectors.body) if selectors.body else None
    except SelectolaxError:
        chosen = None
    paragraphs_of_page = sum(len(node.text()) for node in root.css("p"))
    holder = chosen or _holder(root)
    if holder is None:
        return _Body([], captions, 0.0)
    paragraphs = list(_paragraphs(holder))
    share = sum(map(len, paragraphs)) / max(paragraphs_of_page, 1)
    return _Body(paragraphs, [caption for caption in captions if caption], min(share, 1.0))


def _drop_comments(tree: LexborHTMLParser) -> None:
    """Take readers' comments out, whatever their share of the page; never what holds the headline."""
    for node in tree.css("[class],[id],[itemprop=comment]"):
        attributes = node.attributes
        name = f"{attributes.get('class') or ''} {attributes.get('id') or ''} {attributes.get('itemprop') or ''}"
        if _COMMENTS.search(name) and node.tag not in _FRAME and not node.css_first("h1"):
            node.decompose()


def _link_share(node: LexborNode, length: int) -> float:
    return sum(len(link.text()) for link in node.css("a")) / max(length, 1)


def _holder(root: LexborNode) -> LexborNode | None:
    """The element that holds the article: paragraphs vote for their parent and, half as much, for its parent."""
    scores: dict[int, float] = {}
    nodes: dict[int, LexborNode] = {}
    for node in root.css("p,div,td,section,article,pre,blockquote"):
        text = clean_line(node.text(deep=node.tag in ("p", "pre", "blockquote"), separator=" "))
        if len(text) < 40:
            continue
        if node.tag == "p" and _link_share(node, len(text)) > 0.5:
            continue
        worth = 1 + text.count(",") + min(len(text) / 80, 6)
        # Text straight inside a div (paragraphs parted by <br>) votes for that div itself.
        receiver = node.parent if node.tag in ("p", "pre", "blockquote") else node
        weight = 1.0
        for _ in range(3):
            if receiver is None or receiver.tag in ("html", "-undef"):
                break
            nodes[receiver.mem_id] = receiver
            scores[receiver.mem_id] = scores.get(receiver.mem_id, 0.0) + worth * weight
            receiver, weight = receiver.parent, weight * 0.5
    if not scores:
        return None
    for key, node in nodes.items():
        length = len(node.text(separator=" "))
        scores[key] *= 1 - min(_link_share(node, length), 1.0)
    best = max(scores, key=lambda key: scores[key])
    holder = nodes[best]
    # Paragraphs are sometimes wrapped in several sections: take the parent when siblings hold much of the article too.
    parent = holder.parent
    while parent is not None and parent.mem_id in scores and parent.tag not in ("body", "html"):
        siblings = sum(scores.get(child.mem_id, 0) for child in parent.iter() if child.mem_id != holder.mem_id)
        if siblings < scores[best] * 0.25:
            break
        holder, parent = parent, parent.parent
    return holder


def _paragraphs(holder: LexborNode) -> Iterator[str]:
    """Blocks of text in order; text straight inside containers is split at <br>."""
    run: list[str] = []

    def flush() -> Iterator[str]:
        for line in "".join(run).split("\n\n"):
            cleaned = clean_line(line)
            if cleaned:
                yield cleaned
        run.clear()

    def walk(node: LexborNode, depth: int = 0) -> Iterator[str]:
        for child in node.iter(include_text=True):
            if child.is_text_node:
                run.append(child.text())
            elif child.tag == "br":
                run.append("\n\n")
            elif child.tag in _BLOCKS and (child.tag == "p" or not child.css_first("p,div")):
                yield from flush()
                for line in _lines(child):
                    if _keep(child, line):
                        yield line
            elif child.tag in (
                "a",
                "b",
                "strong",
                "i",
                "em",
                "span",
                "u",
                "sup",
                "sub",
                "font",
                "mark",
                "small",
                "abbr",
                "time",
                "q",
                "cite",
                "code",
            ) and not child.css_first("p,div,li,h2,h3"):
                run.append(child.text(separator=""))
            elif child.tag in ("h1", "header"):
                continue
            elif depth > 100:  # no template nests so deep; what does is broken or hostile
                run.append(child.text(separator=" "))
            else:
                yield from flush()
                yield from walk(child, depth + 1)
                yield from flush()

    yield from walk(holder)
    yield from flush()


def _lines(block: LexborNode) -> list[str]:
    if not block.css_first("br"):
        return [clean_line(block.text(separator=""))]
    pieces: list[str] = []
    for node in block.traverse(include_text=True):
        pieces.append("\n" if node.tag == "br" else node.text(deep=False) if node.is_text_node else "")
    return [clean_line(line) for line in "".join(pieces).split("\n")]


def _keep(block: LexborNode, line: str) -> bool:
    if not line:
        return False
    share = _link_share(block, len(line))
    if block.tag in ("li", "td"):
        return share < 0.5 and len(line) > 30
    if block.tag in ("h2", "h3", "h4"):
        return share < 0.5
    return share < 0.8


def _confidence(body: _Body) -> float:
    """1 when the text is long and is most of the page's paragraphs; below 0.5 the caller should doubt it."""
    length = sum(map(len, body.paragraphs))
    return min(length / 800, 1.0) * 0.5 + min(body.share / 0.8, 1.0) * 0.5 if length >= 400 else min(length / 1000, 0.4)


def _fallback(html: str) -> list[str]:
    tree = LexborHTMLParser(html)
    _drop_comments(tree)  # trafilatura knows fewer names for them
    text = trafilatura.extract(tree.html or "", fast=True, include_comments=False, include_tables=False)
    return [cleaned for line in (text or "").split("\n") if (cleaned := clean_line(line))]


def _tidy(paragraphs: list[str], title: str, lead: str) -> list[str]:
    kept: list[str] = []
    seen: set[str] = set()
    for paragraph in paragraphs:
        if paragraph in (title, lead) or (len(paragraph) > 40 and paragraph in seen):
            continue
        if _PROMO.match(paragraph) and len(paragraph) < 200:
            continue
        if _CREDIT.match(paragraph):
            continue
        seen.add(paragraph)
        kept.append(paragraph)
    while kept and len(kept[0]) < _SENTENCE and parse_shown(kept[0]):
        kept.pop(0)  # the line with the date above the text
    kept = without_lead(kept, lead)
    while kept and len(kept[0]) < _SENTENCE and _BYLINE_ABOVE.match(kept[0]):
        kept.pop(0)
    # 'Theo TTXVN' says where the text comes from and stays; a person's name does not.
    while kept and len(kept[-1]) < 60 and _NAME_LINE.match(kept[-1]) and not kept[-1].startswith("Theo "):
        kept.pop()
    return kept


def without_lead(paragraphs: list[str], lead: str) -> list[str]:
    """A body that begins with the lead repeats it; the lead is kept apart."""
    if paragraphs and lead and paragraphs[0].rstrip(".… ") == lead.rstrip(".… "):
        return paragraphs[1:]
    return paragraphs
