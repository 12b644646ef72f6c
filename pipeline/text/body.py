"""Which blocks of a page are its article.

A block is worth its own text and costs its links; an element is worth what its blocks are worth. The article's holder is the
smallest element that still holds nearly all that is worth anything, or the one that the page itself names as the article's
body. Menus, teasers of other articles, promotion and captions are told by their links, their siblings and their names.

The thresholds were chosen together on pages that a person had marked; `python -m tests.thresholds` shows how little moving one
changes, and the score under a five-fold choice of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from pipeline.text.blocks import CAPTION, CELL_LENGTH, HEADINGS, NOISE, PARTS, Block, Role, Walk, ancestors
from pipeline.text.normalise import clean_line

# An element whose name says that it may be noise is, while it holds less than this share of the page's text.
_SMALL = 0.25
_HALF = 0.5  # one whose name is sure to, while it holds less than this
_NEARLY_ALL = 0.85  # of an element's worth; a child that holds so much is looked into
_NAMED = 0.35  # the least share of the page's worth in an element named as the article's body
_LINKED = 0.5  # a block with more of its text in links is a link
_SHORT = 40  # characters; a shorter line may be a label
_LABEL = 15  # characters; a shorter line is a button or a label
_ITEM = 10  # characters; a shorter item of a list is rather a menu's
_TEASER = 700  # characters; a link with a summary, of which there are several in a row
_TEASERS = 3
_LARGER = 4  # times a lone teaser's size, what holds it is at least
_FEW = 4  # captions that no name tells are at most a fourth of an article's blocks
_FORM = 300  # characters; an element with an input and less text is a form to fill in
_PIECES = 30  # elements named as a body that are looked at, those of most worth
_HEADLINE = 20  # characters; a shorter link is a name or a section
_DATE_LINE = 60  # characters
_OPENING = 3  # blocks, among them dates and names, in which a lead in bold may stand
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Body:
    """What was read of a page."""

    paragraphs: list[str]
    captions: list[str]
    pictured: list[str]  # lines that stand first after a picture, anywhere on the page
    # What the template names as headline, lead, date and trail from the front page; the nearest above the text first.
    notes: dict[Role, list[str]]
    opening: str  # the first paragraph where it is set in bold: old templates mark the lead so
    share: float  # 0..1, of the worth of the whole page
    named: bool  # the page itself says where its body is
    links: int  # blocks of the whole page that are links to something
    between: int  # of them, those that stand where the paragraphs do


def read_body(root: LexborNode, whole: bool = False) -> Body:
    """The article's paragraphs in their order, the captions of its pictures, and what may be its lead.

    `root` is the page's body or, with `whole`, the element that is known to hold the article.
    """
    walk = Walk()
    walk.through(root)
    return _choose(walk, whole)


def _choose(walk: Walk, whole: bool) -> Body:
    parents, blocks = walk.parents, walk.blocks
    dropped = _dropped(walk)
    worth = [0.0] * len(parents)
    for block in blocks:
        if not dropped[block.holder]:
            worth[block.holder] += _worth(block)
    for number in range(len(parents) - 1, 0, -1):  # children come after their parents
        if worth[number] > 0:  # a menu does not make the article beside it worth less
            worth[parents[number]] += worth[number]
    holder = 0 if whole else _holder(walk, dropped, worth)
    inside = [False] * len(parents)
    inside[holder] = True
    for number in range(holder + 1, len(parents)):
        inside[number] = inside[parents[number]] and not dropped[number]
    found = [block for block in blocks if inside[block.holder]]
    under = [block for block in found if block.pictured and block.italic and block.length < CAPTION]
    if len(under) * _FEW > len(found):  # whole pages are centred
        under = []
    captioned = set(map(id, under))
    kept = list(_kept(block for block in found if id(block) not in captioned))
    captions = [*map(clean_line, walk.captions), *(line for block in under for line in block.lines)]
    return Body(
        [line for block in kept for line in block.lines],
        [caption for caption in captions if caption],
        [block.lines[0] for block in blocks if block.pictured and block.length < CAPTION],
        _notes(walk, dropped, kept),
        next((block.lines[0] for block in kept[:_OPENING] if _is_bold(block)), ""),
        min(max(worth[holder] / worth[0], 0.0), 1.0) if worth[0] > 0 else 0.0,
        whole or walk.roles[holder] == "body",
        sum(block.items for block in blocks if _is_link(block)),
        sum(block.items for block in found if _is_link(block)),
    )


def _dropped(walk: Walk) -> list[bool]:
    """Of each element, whether it is small and named like noise, or one of a row of teasers, or inside such a one."""
    parents, blocks = walk.parents, walk.blocks
    sizes, linked, told = [0] * len(parents), [False] * len(parents), [0] * len(parents)
    first = [len(blocks)] * len(parents)  # of each element, its first block
    for at, block in enumerate(blocks):
        number = block.holder
        sizes[number] += block.length
        if block.length >= _LABEL:
            first[number] = min(first[number], at)
        if _is_link(block):
            linked[number] = True
        elif block.length >= 30:
            told[number] += 1
    teasers = [0] * len(parents)
    for number in range(len(parents) - 1, 0, -1):
        parent = parents[number]
        sizes[parent] += sizes[number]
        first[parent] = min(first[parent], first[number])
        if walk.roles[number] not in NOISE:  # buttons to share do not make a paragraph a teaser
            linked[parent] |= linked[number]
            told[parent] += told[number]
        if linked[number] and told[number] and sizes[number] < _TEASER:
            teasers[parent] += 1
    forms = {form for number in walk.inputs if sizes[form := _around_text(parents, sizes, number)] < _FORM}
    headed = {above for number in walk.headed for above in (number, *ancestors(parents, number))}
    noise: dict[Role, float] = {"perhaps": sizes[0] * _SMALL, "noise": sizes[0] * _HALF, "trail": sizes[0] * _SMALL}
    dropped = [False] * len(parents)
    for number in range(1, len(parents)):
        parent = parents[number]
        if dropped[parent]:
            dropped[number] = True
        elif number in headed:
            continue
        elif sizes[number] < noise.get(walk.roles[number], 0) or number in forms:
            dropped[number] = True
        elif linked[number] and told[number] and sizes[number] < _TEASER:
            # One of a row; or alone a small box in something larger, with the link first and then what it leads to.
            dropped[number] = teasers[parent] >= _TEASERS or (
                told[number] == 1 and sizes[number] * _LARGER < sizes[parent] and _is_link(blocks[first[number]])
            )
    return dropped


def _is_link(block: Block) -> bool:
    return block.length >= _LABEL and block.linked > block.length * 0.7


def _around_text(parents: list[int], sizes: list[int], number: int) -> int:
    """The nearest element from one outwards that has any text."""
    while number and not sizes[number]:
        number = parents[number]
    return number


def _notes(walk: Walk, dropped: list[bool], kept: list[Block]) -> dict[Role, list[str]]:
    """Notes by role. Above the text, the nearest counts most; below it stands what belongs to other articles."""
    noted = {text.replace(" ", "") for _, text, _, _ in walk.notes}
    # An item with a headline that is a link is another article, and so is the date in it.
    others = {block.holder for block in walk.blocks if block.linked > max(block.length * _LINKED, _HEADLINE)}
    others |= {walk.parents[number] for number in others if walk.tags[number] in PARTS}
    first = next((b for b in kept if b.length > _DATE_LINE and b.lines[0].replace(" ", "") not in noted), None)
    start = next((at for at, block in enumerate(walk.blocks) if block is first), 0)
    found: dict[Role, list[str]] = {}
    for role, text, at, holder in reversed(walk.notes):
        if role in ("lead", "summary") and "title" in found:
            continue  # above the headline the outlet speaks of itself
        if at <= start and (role in ("date", "modified", "trail") or not dropped[holder]):
            found.setdefault(role, []).append(text)
    # Failing all else a short line above the text may hold the date: 'Ngày ban hành: 26/10/2026'.
    lines = [line for block in walk.blocks[:start] if block.length < _DATE_LINE for line in block.lines]
    dates = found.setdefault("date", [])
    dates += reversed([line for line in lines if _YEAR.search(line)])
    # Below it the time of that day may stand; alone, a date there counts only outside of what is dropped.
    dates += [
        text
        for role, text, at, holder in walk.notes
        if role == "date" and at > start and (dates or not (dropped[holder] or holder in others))
    ]
    return found


def _worth(block: Block) -> float:
    if block.linked > block.length * _LINKED:
        return -min(block.length, 80)
    if block.kind in HEADINGS or (block.kind == "tr" and block.length < _SHORT):
        return 0
    if block.length < _SHORT:
        return -15 if block.kind == "li" else -10
    return block.length - 2 * block.linked


def _holder(walk: Walk, dropped: list[bool], worth: list[float]) -> int:
    """The number of the element that holds the article."""
    best = [0] * len(worth)  # of each element, its child of most worth
    for number in range(len(worth) - 1, 0, -1):
        parent = walk.parents[number]
        if not dropped[number] and worth[number] > 0 and (not best[parent] or worth[number] >= worth[best[parent]]):
            best[parent] = number
    holder = first = _first_article(walk, worth)
    while best[holder] and worth[best[holder]] >= worth[holder] * _NEARLY_ALL:
        holder = best[holder]
    named = [
        number
        for number, role in enumerate(walk.roles)
        if role == "body" and walk.tags[number] != "p" and not dropped[number] and worth[number] > 0
    ]
    if first:
        named = [number for number in named if first in ancestors(walk.parents, number)]
    if not named:
        return holder
    named = sorted(sorted(named, key=lambda number: worth[number])[-_PIECES:])
    chosen = max(named, key=lambda number: worth[number])
    if worth[chosen] < worth[holder] * _NAMED:
        return holder
    for number in named:  # names repeat inside each other: the innermost that holds as much is the closest fit
        if worth[number] >= worth[chosen] * 0.9 and chosen in ancestors(walk.parents, number):
            chosen = number
    return _around(walk, worth, chosen, named)


def _first_article(walk: Walk, worth: list[float]) -> int:
    """Where several <article> elements have a headline each, the page goes on with other stories: the first is its own."""
    headed: dict[int, None] = {}  # in the page's order
    for number in walk.headed:
        around = (above for above in (number, *ancestors(walk.parents, number)) if walk.tags[above] == "article")
        article = next(around, 0)
        if article:
            headed[article] = None
    first = next(iter(headed), 0)
    return first if len(headed) > 1 and worth[first] > CELL_LENGTH else 0


def _around(walk: Walk, worth: list[float], chosen: int, named: list[int]) -> int:
    """The element that holds all parts of an article whose body comes in several named pieces.

    Pieces that lie in different <article> elements are different articles: a page may go on with the next one.
    """
    above = {piece: ancestors(walk.parents, piece) for piece in named}
    apart = [piece for piece in named if not set(above[piece]) & set(named)]
    for number in above[chosen]:
        pieces = [piece for piece in apart if number in above[piece]]
        if len(pieces) > 1 and sum(worth[piece] for piece in pieces) >= worth[number] * 0.9:
            return number
        if walk.tags[number] == "article":
            break
    return chosen


def _kept(blocks: Iterable[Block]) -> Iterator[Block]:
    """The blocks that are text. A heading over nothing but links is a heading of links."""
    heading: Block | None = None
    for block in blocks:
        if block.kind in HEADINGS:
            heading = block if block.linked < block.length * _LINKED else None
            continue
        if not _is_text(block):
            heading = None
            continue
        if heading is not None:
            yield heading
            heading = None
        yield block


def _is_bold(block: Block) -> bool:
    return len(block.lines) == 1 and block.length >= _SHORT and block.bold >= block.length * 0.9


def _is_text(block: Block) -> bool:
    if block.kind == "li":
        return (block.length > _ITEM and block.linked < block.length * _LINKED) or block.length - block.linked > 60
    if block.kind == "tr":
        return block.linked < block.length * _LINKED
    return block.linked < block.length * 0.8
