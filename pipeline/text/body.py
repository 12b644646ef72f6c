"""Which blocks of a page are its article.

One walk over the tree makes blocks (runs of text between block elements) and the elements that hold them. A block is worth its
own text and costs its links; an element is worth what its blocks are worth. The article's holder is the smallest element that
still holds nearly all that is worth anything, or the one that the page itself names as the article's body. Menus, teasers of
other articles, promotion and photo captions are told by their links, by their siblings and by the names that templates give
them; readers' comments are never read, however much of a page they are.

The thresholds were chosen together on pages that a person had marked, and change the result little when moved (README, Measured).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborNode

from pipeline.text.normalise import clean_line

# Elements whose text is never the article's.
_SKIPPED = frozenset(
    "script style noscript template iframe svg video audio object nav footer aside button select textarea input dialog head "  # noqa: SIM905 - a list of tags
    "canvas map embed progress meter -comment".split()
)
# Elements that stand inside a line of text. All others part one block from the next.
_INLINE = frozenset(
    "a b strong i em span u sup sub font mark small abbr time q cite code s strike del ins big tt var kbd bdi bdo acronym "  # noqa: SIM905 - a list of tags
    "label wbr o:p".split()
)
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_PARTS = frozenset({"p", "pre", "blockquote", "dd", "dt", "li"}) | _HEADINGS  # elements that say what their text is
_FRAME = frozenset({"main", "article", "body"})  # a template may give these any name

Role = Literal["", "comment", "noise", "caption", "body"]  # what a class or id says an element is
_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LONGEST_NAME = 300  # characters of a class that are looked at
_COMMENT_NAMES = frozenset(
    "comment comments commentbox commentlist binhluan ykien disqus idea fbcomments livefyre".split()  # noqa: SIM905 - a list of names
)
_NOISE_NAMES = frozenset(
    "related relate recommend recommended recommendations recirc newsletter subscribe subscription signup social share "  # noqa: SIM905 - a list of names
    "sharing shares sharebar breadcrumb breadcrumbs menu navbar navigation nav sidebar widget widgets banner ads ad advert "
    "advertisement advertising adsense promo promotion promoted sponsor sponsored tag tags taglist author authors byline "
    "signature copyright cookie cookies popup modal player toolbar pagination paging pager mostread popular xemthem readmore "
    "trending donate paywall disclaimer hidden bio outbrain taboola lienquan tinlienquan docthem rating print credit "
    "credits footer".split()
)
_CAPTION_NAMES = frozenset("caption captions figcaption photocms imgdesc descimage".split())  # noqa: SIM905 - a list of names
# Neighbouring parts of a name, joined: 'article__body', 'detail-content', 'fck_detail'.
_BODY_NAMES = frozenset(
    "articlebody articlecontent articletext entrycontent postcontent postbody posttext storybody storycontent storytext "  # noqa: SIM905 - a list of names
    "contentbody newscontent newsbody newstext detailcontent contentdetail fckdetail singularcontent cmsbody bodycontent "
    "textcontent bodytext bodycopy articlecopy articledetail journalcontent noidung blogcontent pagecontent".split()
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)

_SMALL = 0.3  # an element named like noise is noise only while it holds less than this share of the page's text
_NEARLY_ALL = 0.8  # of an element's worth; a child that holds so much is looked into
_NAMED = 0.35  # the least share of the page's worth in an element named as the article's body
_LINKED = 0.5  # a block with more of its text in links is a link
_SHORT = 40  # characters; a shorter line may be a label
_ITEM = 20  # characters; a shorter item of a list is rather a menu's
_TEASER = 700  # characters; a link with a summary, of which there are several in a row
_TEASERS = 3
_PIECES = 30  # elements named as a body that are looked at, those of most worth
_DEEPEST = 150  # no template nests so deep; what does is broken or hostile
_BREAK, _CELL = "\x1e", "\x1f"  # mark line breaks and table cells in a run of text


@dataclass(frozen=True, slots=True)
class Body:
    """What was read of a page."""

    paragraphs: list[str]
    captions: list[str]
    share: float  # 0..1, of the worth of the whole page


class _Block(NamedTuple):
    lines: list[str]  # parted by <br>
    length: int  # characters
    linked: int  # of them in links
    kind: str  # the tag that says what it is: p, li, h2, tr, or div for text straight inside a container
    holder: int  # number of the element


@dataclass(slots=True)
class _Element:
    parent: int
    tag: str
    role: Role
    size: int = 0  # characters of its blocks
    worth: float = 0.0
    dropped: bool = False
    linked: bool = False  # holds a block that is a link
    told: bool = False  # holds a block that is none


def read_body(root: LexborNode, whole: bool = False) -> Body:
    """The article's paragraphs in their order, and the captions of its pictures.

    `root` is the page's body or, with `whole`, the element that is known to hold the article.
    """
    walk = _Walk()
    walk.through(root)
    blocks, elements = walk.blocks, walk.elements
    _drop(blocks, elements)
    for block in blocks:
        if not elements[block.holder].dropped:
            elements[block.holder].worth += _worth(block)
    for element in reversed(elements[1:]):
        elements[element.parent].worth += max(element.worth, 0)  # a menu does not make the article beside it worth less
    holder = 0 if whole else _holder(elements)
    inside = [False] * len(elements)
    inside[holder] = True
    for number in range(holder + 1, len(elements)):
        inside[number] = inside[elements[number].parent] and not elements[number].dropped
    kept = _kept([block for block in blocks if inside[block.holder]])
    share = elements[holder].worth / elements[0].worth if elements[0].worth > 0 else 0.0
    return Body(
        [line for block in kept for line in block.lines],
        [caption for caption in map(clean_line, walk.captions) if caption],
        min(max(share, 0.0), 1.0),
    )


@lru_cache(maxsize=20_000)
def _role(class_: str, id_: str) -> Role:
    """What the names of an element say it is. Templates repeat their names: most answers are remembered."""
    parts = [part.lower() for name in (class_, id_) for part in _NAME.findall(name[:_LONGEST_NAME])]
    names = {*parts, *(one + other for one, other in pairwise(parts))}
    if names & _COMMENT_NAMES:
        return "comment"
    if names & _CAPTION_NAMES:
        return "caption"
    if names & _NOISE_NAMES:
        return "noise"
    return "body" if names & _BODY_NAMES else ""


@dataclass(slots=True)
class _Walk:
    """One way through the tree, in the page's order."""

    elements: list[_Element] = field(default_factory=lambda: [_Element(0, "body", "")])
    blocks: list[_Block] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    _run: list[str] = field(default_factory=list)
    _linked: int = 0

    def through(self, root: LexborNode) -> None:
        self._children(root, 0, False, "div", 0)
        self._flush("div", 0)

    def _children(self, node: LexborNode, holder: int, in_link: bool, kind: str, depth: int) -> None:
        run = self._run
        child = node.first_child
        while child is not None:
            tag = child.tag
            if tag == "-text":
                text = child.text_content or ""
                run.append(text)
                if in_link:
                    self._linked += len(text.strip())
            elif tag is None or tag in _SKIPPED:
                pass
            elif tag == "br":
                run.append(_BREAK)
            elif depth > _DEEPEST:
                run.append(child.text(separator=" "))
            elif tag in _INLINE:
                attributes = child.attributes
                role = _role(attributes.get("class") or "", attributes.get("id") or "")
                if tag == "a" or role in ("", "body"):
                    self._children(child, holder, in_link or tag == "a", kind, depth + 1)
            elif tag in ("td", "th") and not _is_caption(child):
                run.append(_CELL)
                self._children(child, holder, in_link, kind, depth + 1)
            else:
                self._flush(kind, holder)
                self._block(child, tag, holder, in_link, kind, depth)
            child = child.next

    def _block(self, node: LexborNode, tag: str, holder: int, in_link: bool, kind: str, depth: int) -> None:
        attributes = node.attributes
        role = _role(attributes.get("class") or "", attributes.get("id") or "")
        if "itemprop" in attributes:
            named = attributes["itemprop"]
            role = "comment" if named == "comment" else "body" if named == "articleBody" else role
        if (tag in _FRAME and role != "body") or (tag == "tr" and role == "noise"):
            role = ""
        if (
            tag == "h1"
            or (role == "comment" and is_comment(node))
            or "hidden" in attributes
            or _HIDDEN.search(attributes.get("style") or "")
        ):
            return
        if tag == "figure":
            self.captions += [caption.text(separator=" ") for caption in node.css("figcaption,[class*=aption]")]
            return
        if tag == "figcaption" or (role == "caption" and _is_caption(node)):
            self.captions.append(node.text(separator=" "))
            return
        self.elements.append(_Element(holder, tag, role))
        number = len(self.elements) - 1
        if tag in _PARTS and not (kind == "li" and tag == "p"):  # a paragraph of a list's item is the item
            kind = tag
        self._children(node, number, in_link, kind, depth + 1)
        self._flush(kind, number)

    def _flush(self, kind: str, holder: int) -> None:
        """End a run of text."""
        if not self._run:
            return
        text = "".join(self._run)
        linked, self._linked = self._linked, 0
        self._run.clear()
        if not text or text.isspace():
            return
        if _CELL in text:
            cells = [cell for cell in text.split(_CELL) if not cell.isspace()]
            if any(len(cell) > 200 for cell in cells):  # a table that lays out the page, not one with data
                text = _BREAK.join(cells)
            else:
                text, kind = " ".join(cells).replace(_BREAK, " "), "tr"
        lines = [line for part in text.split(_BREAK) if (line := clean_line(part))]
        if lines:
            length = sum(map(len, lines))
            self.blocks.append(_Block(lines, length, min(linked, length), kind, holder))


def is_comment(node: LexborNode) -> bool:
    """Whether an element holds readers' comments; what holds the headline is the page itself."""
    attributes = node.attributes
    named = _role(attributes.get("class") or "", attributes.get("id") or "") == "comment"
    return (
        (named or attributes.get("itemprop") == "comment")
        and node.tag not in _FRAME
        and node.tag != "html"
        and not node.css_first("h1")
    )


def _is_caption(node: LexborNode) -> bool:
    """Whether a name like 'caption' is true: a template may call a whole gallery so, or the article."""
    attributes = node.attributes
    return (
        _role(attributes.get("class") or "", attributes.get("id") or "") == "caption"
        and node.tag not in ("table", "ul", "section", "main", "article")
        and len(node.text()) < 600
    )


def _drop(blocks: list[_Block], elements: list[_Element]) -> None:
    """Mark elements that are named like noise and small, and rows of teasers; and all that they hold."""
    for block in blocks:
        element = elements[block.holder]
        element.size += block.length
        if block.length >= 15 and block.linked > block.length * 0.7:
            element.linked = True
        elif block.length >= 30:
            element.told = True
    teasers = [0] * len(elements)
    for element in reversed(elements[1:]):  # children come after their parents
        parent = elements[element.parent]
        parent.size += element.size
        parent.linked |= element.linked
        parent.told |= element.told
        teasers[element.parent] += _is_teaser(element)
    small = elements[0].size * _SMALL
    for element in elements[1:]:
        element.dropped = (
            elements[element.parent].dropped
            or (element.role == "noise" and element.size < small)
            or (_is_teaser(element) and teasers[element.parent] >= _TEASERS)
        )


def _is_teaser(element: _Element) -> bool:
    return element.linked and element.told and element.size < _TEASER


def _worth(block: _Block) -> float:
    if block.linked > block.length * _LINKED:
        return -min(block.length, 80)
    if block.kind in _HEADINGS or (block.kind == "tr" and block.length < _SHORT):
        return 0
    if block.length < _SHORT:
        return -15 if block.kind == "li" else -10
    return block.length - 2 * block.linked


def _holder(elements: list[_Element]) -> int:
    """The number of the element that holds the article."""
    children: list[list[int]] = [[] for _ in elements]
    for number in range(1, len(elements)):
        if not elements[number].dropped:
            children[elements[number].parent].append(number)
    holder = 0
    while children[holder]:
        best = max(children[holder], key=lambda number: elements[number].worth)
        if elements[best].worth <= 0 or elements[best].worth < elements[holder].worth * _NEARLY_ALL:
            break
        holder = best
    named = [
        number
        for number, element in enumerate(elements)
        if element.role == "body" and element.tag != "p" and not element.dropped and element.worth > 0
    ]
    named = sorted(sorted(named, key=lambda number: elements[number].worth)[-_PIECES:])
    if not named:
        return holder
    chosen = max(named, key=lambda number: elements[number].worth)
    if elements[chosen].worth < elements[holder].worth * _NAMED:
        return holder
    for number in named:  # names repeat inside each other: the innermost that holds as much is the closest fit
        if elements[number].worth >= elements[chosen].worth * 0.9 and chosen in _above(elements, number):
            chosen = number
    return _around(elements, chosen, named)


def _above(elements: list[_Element], number: int) -> list[int]:
    """The numbers of the elements around an element, the nearest first."""
    found = []
    while number:
        number = elements[number].parent
        found.append(number)
    return found


def _around(elements: list[_Element], chosen: int, named: list[int]) -> int:
    """The element that holds all parts of an article whose body comes in several named pieces.

    Pieces that lie in different <article> elements are different articles: a page may go on with the next one.
    """
    above = _above(elements, chosen)
    own = next((number for number in above if elements[number].tag == "article"), 0)
    for number in above:
        if number == own and own:
            return chosen
        pieces = [piece for piece in named if elements[piece].parent == number or number in _above(elements, piece)]
        apart = [piece for piece in pieces if not set(_above(elements, piece)) & set(pieces)]
        if len(apart) > 1 and sum(elements[piece].worth for piece in apart) >= elements[number].worth * 0.9:
            return number
    return chosen


def _kept(blocks: list[_Block]) -> Iterator[_Block]:
    """The blocks of the holder that are text. A heading over nothing but links is a heading of links."""
    heading: _Block | None = None
    for block in blocks:
        if block.kind in _HEADINGS:
            heading = block if block.linked < block.length * _LINKED else None
            continue
        if not _is_text(block):
            heading = None
            continue
        if heading is not None:
            yield heading
            heading = None
        yield block


def _is_text(block: _Block) -> bool:
    if block.kind == "li":
        return (block.length > _ITEM and block.linked < block.length * _LINKED) or block.length - block.linked > 60
    if block.kind == "tr":
        return block.linked < block.length * _LINKED
    return block.linked < block.length * 0.8
