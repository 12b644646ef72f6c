"""OPML, which feed readers exchange their subscriptions in: our sources as OPML 2.0, and any OPML as sources.

What OPML has no word for (scope, listings, selectors, ...) stands in an attribute of our own namespace, as the JSON of the
source's table; the feeds are outlines of their own, which other programs read and a person may edit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from itertools import takewhile
from typing import Any
from urllib.parse import urlsplit

from lxml import etree

from pipeline.catalogue import reason, text
from pipeline.crawl.discover import language_of
from pipeline.crawl.sources import refusal
from pipeline.crawl.urls import url_key
from pipeline.crawl.written import block, home_of, mistake, new_id, table_of
from pipeline.errors import ConfigError
from pipeline.records import Source
from pipeline.text.encodings import decode
from pipeline.text.normalise import clean_line

_OURS = "urn:diembao:sources"
_LARGEST = 5_000_000  # bytes
_MOST = 5_000  # outlines
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_UNSURE = (0, 1000)  # items a day, of a source nobody has looked at


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was not taken in, or not as it stood."""

    what: str  # an address or a name
    why: str  # a stored reason


@dataclass(slots=True)
class Import:
    """What an OPML file would add to sources.toml."""

    blocks: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)  # of the sources in the blocks
    notes: list[Note] = field(default_factory=list)


@dataclass(slots=True)
class _Paper:
    """A source in the making."""

    home: str = ""
    titles: list[str] = field(default_factory=list)
    folder: str = ""
    feeds: list[str] = field(default_factory=list)
    table: dict[str, Any] | None = None  # ours, from an export


def to_opml(sources: Sequence[Source], title: str, now: datetime) -> bytes:
    """All sources, enabled or not."""
    root = etree.Element("opml", nsmap={"diembao": _OURS}, version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = _shown(title)
    etree.SubElement(head, "dateCreated").text = format_datetime(now)
    body = etree.SubElement(root, "body")
    for source in sources:
        table = {name: value for name, value in table_of(source).items() if name != "feeds"}
        known = {"text": _shown(source.name), "title": _shown(source.name), "htmlUrl": _shown(source.home)}
        outline = etree.SubElement(body, "outline", known)
        outline.set(f"{{{_OURS}}}source", _json(table))
        for url in source.feeds:
            etree.SubElement(outline, "outline", {**known, "type": "rss", "xmlUrl": _shown(url)})
    written: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True)
    return written


def _shown(value: str) -> str:
    return _NOT_XML.sub("", value)


def _json(table: object) -> str:
    told = json.dumps(table, ensure_ascii=False)
    return _NOT_XML.sub(lambda char: f"\\u{ord(char[0]):04x}", told)


def from_opml(body: bytes, known: Sequence[Source], *, enable: bool) -> Import:
    """New sources of an OPML file, each as a block of sources.toml. Raises ConfigError for a file that is no OPML."""
    made = Import()
    taken = {source.id for source in known}
    owners: dict[str, str] = {}
    for source in known:
        for url in (*source.feeds, *source.sitemaps, *(listing.url for listing in source.listings)):
            owners |= {url: source.id, url_key(url): source.id}
    homes = {_host(source.home): source.id for source in known}
    for paper in _papers(_outlines(body), made.notes):
        table = _table(paper, taken, enable=enable)
        id, name = str(table["id"]), str(table["name"])
        if id in taken:
            made.notes.append(Note(name, reason("sources.known_id", id=id)))
            continue
        feeds = _fresh(paper, owners, made.notes)
        if feeds:
            table["feeds"] = feeds
        elif paper.feeds and not table.get("listings") and not table.get("sitemaps"):
            continue
        written, wrong = _written(table)
        if wrong:
            made.notes.append(Note(name, reason("sources.bad_block", problem=wrong)))
            continue
        addresses = [*feeds, *table.get("sitemaps", ()), *(one["url"] for one in table.get("listings", ()))]
        if twice := next((url for url in addresses if url in owners), ""):
            made.notes.append(Note(name, reason("sources.known_in", url=twice, id=owners[twice])))
            continue
        for url in addresses:
            owners |= {url: id, url_key(url): id}
        if paper.table is None and (other := homes.get(_host(str(table["home"])))):
            made.notes.append(Note(name, reason("sources.same_paper", id=other, new=id)))
        taken.add(id)
        made.blocks.append(written)
        made.names.append(f"{id}: {name}")
    return made


def _fresh(paper: _Paper, owners: Mapping[str, str], notes: list[Note]) -> list[str]:
    """The feeds that no source has yet."""
    feeds = []
    for url in dict.fromkeys(paper.feeds):
        # Our own exports say what they mean; elsewhere one feed has many spellings.
        if owner := owners.get(url) or (owners.get(url_key(url)) if paper.table is None else None):
            notes.append(Note(url, reason("sources.known_url", id=owner)))
        else:
            feeds.append(url)
    return feeds


def _written(table: Mapping[str, Any]) -> tuple[str, str]:
    """A table as a block, and what is wrong with it."""
    try:
        written = block(table)
        return written, mistake(written)
    except (ValueError, RecursionError) as error:  # values that TOML does not have
        return "", str(error)


def _outlines(body: bytes) -> Any:
    if len(body) > _LARGEST:
        raise ConfigError(text("sources.opml_too_large", megabytes=_LARGEST // 1_000_000))
    xml = _DECLARATION.sub("", decode(body), count=1).strip()
    if "<!ENTITY" in xml:
        raise ConfigError(text("sources.opml_entities"))
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, recover=True, huge_tree=False)
    try:
        root = etree.fromstring(_NOT_XML.sub("", xml).encode("utf-8"), parser) if xml else None
    except etree.XMLSyntaxError:
        root = None
    if root is None or not isinstance(root.tag, str) or etree.QName(root).localname.lower() != "opml":
        raise ConfigError(text("sources.not_opml"))
    return root


def _papers(root: Any, notes: list[Note]) -> list[_Paper]:
    """Sources in the making: those we exported as they are, other feeds by the host of their paper."""
    papers: dict[str, _Paper] = {}
    order: list[_Paper] = []
    outlines = (one for one in root.iter(etree.Element) if etree.QName(one).localname.lower() == "outline")
    for number, outline in enumerate(outlines):
        if number >= _MOST:
            notes.append(Note(text("sources.opml_rest"), reason("sources.opml_too_many", n=_MOST)))
            break
        given = {name.lower(): value.strip() for name, value in outline.attrib.items() if not name.startswith("{")}
        if told := outline.get(f"{{{_OURS}}}source"):
            order.append(_exported(told, given, notes))
        elif not any(one.get(f"{{{_OURS}}}source") for one in outline.iterancestors()):
            _foreign(outline, given, papers, order, notes)
        elif url := given.get("xmlurl"):
            if problem := refusal(url):
                notes.append(Note(url, reason("sources.bad_address", problem=problem)))
            else:
                order[-1].feeds.append(url)
    return order


def _exported(told: str, given: dict[str, str], notes: list[Note]) -> _Paper:
    try:
        table = json.loads(told)
    except (ValueError, RecursionError):
        table = None
    name = given.get("text", "")
    if not isinstance(table, dict):
        notes.append(Note(name, reason("sources.bad_fields")))
        return _Paper(given.get("htmlurl", ""), [name])
    table.pop("feeds", None)  # they have outlines of their own
    return _Paper(given.get("htmlurl", ""), [name], table=table)


def _foreign(
    outline: Any, given: dict[str, str], papers: dict[str, _Paper], order: list[_Paper], notes: list[Note]
) -> None:
    url = given.get("xmlurl", "")
    if not url:
        return  # a folder
    if problem := refusal(url):
        notes.append(Note(url, reason("sources.bad_address", problem=problem)))
        return
    home = given.get("htmlurl", "")
    home = home if home and not refusal(home) else home_of(url)
    paper = papers.get(_host(home))
    if paper is None:
        paper = papers[_host(home)] = _Paper(home)
        order.append(paper)
        above = outline.getparent()
        paper.folder = clean_line(above.get("title") or above.get("text") or "") if above is not None else ""
    if url_key(url) not in map(url_key, paper.feeds):
        paper.feeds.append(url)
        paper.titles.append(clean_line(given.get("title") or given.get("text") or ""))


def _host(url: str) -> str:
    return urlsplit(url).netloc.lower().removeprefix("www.")


def _table(paper: _Paper, taken: Collection[str], *, enable: bool) -> dict[str, Any]:
    """The table of a source in the making, without its feeds."""
    host = urlsplit(paper.home).hostname or ""
    table: dict[str, Any] = {
        "id": new_id(host, taken),
        "name": _name(paper.titles, paper.folder) or host,
        "home": paper.home,
        "language": language_of(host, " ".join(paper.titles)),
        "scope": "national",
        "expected": {"min": _UNSURE[0], "max": _UNSURE[1]},
        **(paper.table or {}),
    }
    if not enable and table.get("enabled", True):
        table |= {"enabled": False, "reason": text("sources.imported")}
    return table


def _name(titles: Sequence[str], folder: str) -> str:
    """What the feeds of one paper have in common in their names: 'Báo A' of 'Báo A - Thời sự' and 'Báo A - Pháp luật'."""
    named = [title for title in titles if title]
    if len(named) < 2:
        return named[0][:120] if named else ""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*named, strict=False))
    common = "".join(letters[0] for letters in same)
    if common and any(title != common and title[len(common) :][:1].isalnum() for title in named):
        common = re.sub(r"\w*$", "", common)  # not in the middle of a word
    common = common.strip(" -–—|:,.»/")
    return common[:120] if len(common) >= 3 else folder[:120]
