"""Hostile XML to a tree. Of a document that is not sound, every piece that can be read is read on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from html.entities import html5
from typing import Any

from lxml import etree

_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_FIRST_ELEMENT = re.compile(r"<[A-Za-z_]")
_ROOT = re.compile(r"<([A-Za-z_][\w.-]{0,30}:)?(rss|feed|rdf|urlset|sitemapindex)(?=[\s/>])([^<>]*)>", re.I)
_PIECES = {"rss": "item", "rdf": "item", "feed": "entry", "urlset": "url", "sitemapindex": "sitemap"}
_ROOTLESS = re.compile(r"<(item|entry)(?=[\s/>])", re.I)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_REFERENCE = re.compile(r"&(#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,31};)?")
_ITS_OWN = frozenset({"lt;", "gt;", "amp;", "quot;", "apos;"})
_BARE_ANGLE = re.compile(r"<(?!/?[A-Za-z_]|[!?])")
_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]{0,30}):|\s([A-Za-z_][\w.-]{0,30}):[\w.-]{1,40}\s?=\s?[\"']")
_MOST_PREFIXES = 50
_MOST_DAMAGED = 2000  # pieces of one document that are read one by one
# Prefixes that feeds use and some forget to declare; of others only the name matters.
_KNOWN = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "media": "http://search.yahoo.com/mrss/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
}
# The parts of an item that are read. Of one that breaks off, what is surely whole ends with the last of their ends.
_PARTS = (
    r"(?:title|link|guid|id|pubdate|published|issued|created|updated|modified|date|description|summary|content|encoded"
    r"|origlink|loc|lastmod|news)"
)
_PART_ENDS = re.compile(rf"</(?:[\w.-]{{1,30}}:)?{_PARTS}\s*>|<(?:[\w.-]{{1,30}}:)?link\s[^<>]*/>", re.I)
_PART = re.compile(rf"<((?:[\w.-]{{1,30}}:)?({_PARTS}|source|author))(?:\s([^<>]*))?>", re.I)
_QUOTES = "\"'"
_ATTRIBUTE = re.compile(r"((?:[A-Za-z_][\w.-]{0,30}:)?[A-Za-z_][\w.-]{0,60})\s?=\s?(\"[^\"]*\"|'[^']*'|[^\s\"']+)")


def tree(text: str) -> tuple[Any, bool]:
    """The root element, and whether the document was sound; None where there is nothing of a feed or sitemap in it.

    Entities are never declared by the document: those of HTML are known, others stay as they are written.
    """
    declaration = _DECLARATION.match(text)
    text = _without_doctype(text[declaration.end() :] if declaration else text)
    try:
        return _parsed(text, recover=False), True
    except (etree.XMLSyntaxError, ValueError):  # ValueError: a lone surrogate
        return _salvaged(text), False


def _parsed(text: str, *, recover: bool) -> Any:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=recover,
        remove_comments=True, remove_pis=True, encoding="utf-8",
    )  # fmt: skip
    return etree.fromstring(text.encode("utf-8"), parser)


def _without_doctype(text: str) -> str:
    first = _FIRST_ELEMENT.search(text)
    head = text[: first.start()] if first else text
    start = head.upper().find("<!DOCTYPE")
    if start < 0:
        return text
    bracket, end = text.find("[", start), text.find(">", start)
    if 0 <= bracket < end:
        end = text.find(">", text.find("]", bracket) + 1 or len(text))
    if end < 0:
        return text
    # The document type of RSS 0.91 declares the entities of HTML.
    return text[:start] + _REFERENCE.sub(_named, text[end + 1 :])


def _named(reference: re.Match[str]) -> str:
    name = reference[1] or ""
    return escape(html5[name]) if name in html5 and name not in _ITS_OWN else reference[0]


def _salvaged(text: str) -> Any:
    """A root with everything that can be read: each item is mended by itself, so that damage stays where it is."""
    text = _without_comments(_ILLEGAL.sub("", text))
    opening = _ROOT.search(text)
    rootless = None if opening else _ROOTLESS.search(text)
    if opening:
        kind, prefix, body = opening[2].lower(), opening[1] or "", text[opening.end() :]
        tag = prefix + opening[2]
        opened = f"<{tag}{_attributes(_sound(opening[3]))}"
    elif rootless:
        kind, prefix = ("rss" if rootless[1].lower() == "item" else "feed"), ""
        tag, opened, body = kind, f"<{kind}", text[rootless.start() :]
    else:
        return None
    opened += _missing_namespaces(opened, body) + ">"
    closed = f"</{tag}>"
    name = ("(?:rss:)?" if kind == "rdf" else f"(?:{re.escape(prefix)})?" if prefix else "") + _PIECES[kind]
    first = re.search(rf"<{name}(?=[\s/>])", body, re.I)
    head = body[: first.start()] if first else body
    root = _recovered(opened + _sound(head) + closed)
    if root is None or not first:
        return root
    for part in _read(list(_pieces(body[first.start() :], name)), opened, closed):
        root.extend(list(part))
    return root


def _pieces(text: str, name: str) -> Iterator[str]:
    """Items from tag to tag, mended. One that has no end goes to the next; of one that breaks off, what is surely whole."""
    start = -1
    for tag in re.finditer(rf"<(/?){name}(?=[\s/>])[^<>]*>?", text, re.I):
        if start >= 0:
            yield _sound(text[start : tag.end() if tag[1] else tag.start()])
        start = -1 if tag[1] else tag.start()
    if start >= 0:
        rest = text[start:]
        whole = max((part.end() for part in _PART_ENDS.finditer(rest)), default=0)
        if whole:
            yield _sound(rest[:whole])


def _read(pieces: list[str], opened: str, closed: str) -> Iterator[Any]:
    """Trees that hold the pieces: as many at once as are sound together, so that few damaged ones cost little."""
    ahead, damaged = [pieces], 0
    while ahead and damaged < _MOST_DAMAGED:
        together = ahead.pop()
        try:
            yield _parsed(opened + "".join(together) + closed, recover=False)
        except (etree.XMLSyntaxError, ValueError):
            if len(together) > 1:
                half = len(together) // 2
                ahead += [together[half:], together[:half]]
                continue
            damaged += 1
            if (part := _recovered(opened + _without_tag_soup(together[0]) + closed)) is not None:
                yield part


def _without_tag_soup(piece: str) -> str:
    """An item of nothing but its parts, whose insides are text: a tag that is never closed stays in its part."""
    tag = re.match(r"<([^<>\s/]+)([^<>]*)>", piece)
    if not tag or tag[1].lower().endswith("url"):  # sitemaps hold no markup, but parts within parts
        return piece
    out = [f"<{tag[1]}{_attributes(tag[2])}>"]
    never_ended: set[str] = set()
    at = tag.end()
    while part := _PART.search(piece, at):
        name, attributes, at = part[1], part[3] or "", part.end()
        if attributes.endswith("/"):
            out.append(f"<{name}{_attributes(attributes[:-1])}/>")
            continue
        end = -1 if name in never_ended else piece.find(f"</{name}", at)
        if end < 0:  # a slip in the end tag: up to the next tag of any kind
            never_ended.add(name)
            end = piece.find("<", at)
        end = len(piece) if end < 0 else end
        inside, at = piece[at:end], end
        if part[2].lower() not in ("source", "author"):  # they have titles and addresses of their own
            attributes = ' type="html"' if "<" in inside else _attributes(attributes)
            out.append(f"<{name}{attributes}>{inside.replace('<', '&lt;')}</{name}>")
    return f"{''.join(out)}</{tag[1]}>"


def _attributes(written: str) -> str:
    """As XML wants them: each once, and quoted."""
    found = {name: value.strip(_QUOTES) for name, value in reversed(_ATTRIBUTE.findall(written))}
    return "".join(f' {name}="{value}"' for name, value in found.items())


def _recovered(text: str) -> Any:
    try:
        return _parsed(text, recover=True)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _sound(text: str) -> str:
    """The text with character data, references and bare signs as XML wants them; elements stay as they are."""
    out: list[str] = []
    for number, part in enumerate(text.split("<![CDATA[")):
        inside, end, rest = part.partition("]]>")
        if not number or not end:  # the second: character data that never ends is none
            inside, rest = "", part
        out += [escape(inside, quote=False), _BARE_ANGLE.sub("&lt;", _REFERENCE.sub(_reference, rest))]
    return "".join(out)


def _reference(found: re.Match[str]) -> str:
    name = found[1] or ""
    if name in _ITS_OWN:
        return found[0]
    if name.startswith("#"):
        number = int(name[2:-1], 16) if name[1] in "xX" else int(name[1:-1])
        legal = number <= 0x10FFFF and not _ILLEGAL.match(chr(number))
        return f"&#{number};" if legal else "\ufffd"
    return escape(html5[name]) if name in html5 else f"&amp;{name}"


def _without_comments(text: str) -> str:
    parts: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) >= 0 and (end := text.find("-->", start + 4)) >= 0:
        parts.append(text[at:start])
        at = end + 3
    return "".join(parts) + text[at:]


def _missing_namespaces(opened: str, text: str) -> str:
    found = dict.fromkeys(one or other for one, other in _PREFIX.findall(opened + text))
    declared = set(re.findall(r"xmlns:([\w.-]+)\s?=", opened))
    missing = [name for name in found if name not in declared and name not in ("xml", "xmlns")]
    return "".join(f' xmlns:{name}="{_KNOWN.get(name, "urn:" + name)}"' for name in missing[:_MOST_PREFIXES])
