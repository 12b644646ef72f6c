"""Which blocks of a page are its article.

One walk over the tree makes blocks (runs of text between block elements) and numbers the elements that hold them. A block is
worth its own text and costs its links; an element is worth what its blocks are worth. The article's holder is the smallest
element that still holds nearly all that is worth anything, or the one that the page itself names as the article's body. Menus,
teasers of other articles, promotion and captions are told by their links, by their siblings and by the names that templates
give them; readers' comments are never read, however much of a page they are.

The thresholds were chosen together on pages that a person had marked; `python -m tests.thresholds` shows how little moving one
changes, and the score under a five-fold choice of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice, pairwise
from typing import Literal, NamedTuple

from selectolax.lexbor import LexborNode

from pipeline.text.normalise import clean_line

# Elements whose text is never the article's.
_SKIPPED = frozenset({
    "script", "style", "noscript", "template", "iframe", "svg", "video", "audio", "object", "nav", "footer", "aside", "button",
    "select", "textarea", "input", "dialog", "head", "canvas", "map", "embed", "progress", "meter", "img", "-comment",
})  # fmt: skip
_LOOKED_AT = frozenset({"img", "input", "nav"})  # among them, for what they say of the text around
# Elements that stand inside a line of text. All others part one block from the next.
_INLINE = frozenset({
    "a", "b", "strong", "i", "em", "span", "u", "sup", "sub", "font", "mark", "small", "abbr", "time", "q", "cite", "code", "s",
    "strike", "del", "ins", "big", "tt", "var", "kbd", "bdi", "bdo", "acronym", "label", "wbr", "o:p",
})  # fmt: skip
_HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
_PARTS = frozenset({"p", "pre", "blockquote", "dd", "dt", "li"}) | _HEADINGS  # elements that say what their text is
_FRAME = frozenset({"html", "body", "main", "article"})  # a template may give these any name

# What a class or id says an element is. Noise is left out, if it is no larger than noise is; the last six are noted.
Role = Literal[
    "", "hidden", "comment", "caption", "noise", "perhaps", "quote", "body",
    "title", "lead", "summary", "date", "modified", "trail",
]  # fmt: skip
_NAME = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_LONGEST_NAME = 300  # characters of a class that are looked at
# Names as templates write them, split at hyphens, underscores and capitals: 'article__body', 'fck_detail', 'tinLienQuan'.
# Neighbouring parts also count joined. The first role that fits is taken.
_NAMES: dict[Role, str] = {
    "comment": "binhluan ykien ykienbandoc phanhoi thaoluan cmt cmts disqus idea livefyre respond",
    "caption": "caption captions cation figcaption photocms imgdesc descimage chuthich",
    "trail": "bread breadcrumb breadcrumbs breadcrum breadcrums detailcategory articlecategory postcategory "
    "duongdan catepath path boxcat cate dateandcat",
    "noise": "related relatedbox relate tinlienquan lienquan recommended recommendations newsletter "
    "subscribe menu navbar pagination mostread cookie cookies paywallbox taboola outbrain toc mucluc tools articletools",
    "quote": "quote pullquote blockquote",
    "body": "articlebody articlecontent articletext entrycontent postcontent postbody posttext storybody storycontent storytext "
    "contentbody newscontent newsbody newstext detailcontent contentdetail fckdetail singularcontent cmsbody namebody "
    "bodycontent textcontent bodytext bodycopy articlecopy articledetail journalcontent noidung blogcontent pagecontent",
    "perhaps": "docthem xemthem readmore "
    "recommend recirc subscription signup social share sharing shares sharebar navigation nav sidebar widget widgets "
    "banner ads ad advert advertisement advertising adsense promo promotion promoted sponsor sponsored tag tags taglist author "
    "authors byline signature copyright popup modal player toolbar paging pager popular trending donate disclaimer "
    "visuallyhidden bio rate rating print credit credits footer accessible sr",
    "title": "tieude newstitle titlenews articletitle detailtitle titledetail posttitle entrytitle storytitle cmstitle",
    "lead": "sapo chapeau chappeau standfirst tomtat trichdan",
    "summary": "summary description desc des intro introtext excerpt lead",
    "date": "date datetime time timestamp ngay ngaydang thoigian pubdate publishdate published",
}
# In any part of a name but 'commentary' and 'commentator'. 'has-comments' says of an article that there are some.
_COMMENT = re.compile("comment(?!ar|at|ed)|binhluan")
_ABOUT_COMMENTS = frozenset({"hascomments", "hascomment", "nocomments", "nocomment", "commentsopen", "commentsclosed"})
_NOISE_INSIDE = "lienquan"  # also run together with other words
_ROLES = [(role, frozenset(names.split())) for role, names in _NAMES.items()]
_NOISE: tuple[Role, ...] = ("noise", "perhaps", "trail")
_UNREAD = frozenset({"hidden", "comment", "caption", *_NOISE})  # inside a line
# The longest text that is noted, in characters.
_NOTED: dict[Role, int] = {"title": 300, "lead": 700, "summary": 700, "date": 120, "modified": 120, "trail": 300}
_TYPED = frozenset({"text", "email", "search", "tel"})  # inputs of a form that a reader fills in
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)

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
_CELL_LENGTH = 200  # characters; a longer cell is part of the page's layout, not of a table
_FEW = 4  # captions that no name tells are at most a fourth of an article's blocks
_FORM = 300  # characters; an element with an input and less text is a form to fill in
_CAPTION = 300  # characters; longer text under a picture is the story's
_GALLERY = 600  # characters; an element named as a caption that holds more is more than one
_LONGEST_CAPTION = 2_000
_PIECES = 30  # elements named as a body that are looked at, those of most worth; captions of one figure
_HEADLINE = 20  # characters; a shorter link is a name or a section
_DATE_LINE = 60  # characters
_OPENING = 3  # blocks, among them dates and names, in which a lead in bold may stand
_DEEPEST = 150  # no template nests so deep; what does is broken or hostile
_STEPS = 6  # of a trail from the front page
STEP = " › "  # between them
_CRUMB = re.compile(r"\s*[>»›/]\s*")
_LINK, _BOLD, _ITALIC = 1, 2, 4  # marks of text, added up
_MARKS = {"a": _LINK, "b": _BOLD, "strong": _BOLD, "i": _ITALIC, "em": _ITALIC}
_CENTRED = re.compile(r"text-align\s*:\s*center", re.I)
_BREAK, _CELL = "\x1e", "\x1f"  # mark line breaks and table cells in a run of text


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


class _Block(NamedTuple):
    lines: list[str]  # parted by <br>
    length: int  # characters
    linked: int  # of them in links
    bold: int  # of them in bold
    italic: bool  # all of them in italics or centred
    pictured: bool  # the first text after a picture
    kind: str  # the tag that says what it is: p, li, h2, tr, or div for text straight inside a container
    holder: int  # number of the element


def read_body(root: LexborNode, whole: bool = False) -> Body:
    """The article's paragraphs in their order, the captions of its pictures, and what may be its lead.

    `root` is the page's body or, with `whole`, the element that is known to hold the article.
    """
    walk = _Walk()
    walk.through(root)
    return _choose(walk, whole)


def _choose(walk: _Walk, whole: bool) -> Body:
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
    under = [block for block in found if block.pictured and block.italic and block.length < _CAPTION]
    if len(under) * _FEW > len(found):  # whole pages are centred
        under = []
    captioned = set(map(id, under))
    kept = list(_kept(block for block in found if id(block) not in captioned))
    captions = [*map(clean_line, walk.captions), *(line for block in under for line in block.lines)]
    return Body(
        [line for block in kept for line in block.lines],
        [caption for caption in captions if caption],
        [block.lines[0] for block in blocks if block.pictured and block.length < _CAPTION],
        _notes(walk, dropped, kept),
        next((block.lines[0] for block in kept[:_OPENING] if _is_bold(block)), ""),
        min(max(worth[holder] / worth[0], 0.0), 1.0) if worth[0] > 0 else 0.0,
        whole or walk.roles[holder] == "body",
        sum(map(_is_link, blocks)),
    )


def is_comment(node: LexborNode) -> bool:
    """Whether an element is named as readers' comments. What is around the headline (`page_frame`) may have any name."""
    return _named(node) == "comment" or node.attributes.get("itemprop") == "comment"


def page_frame(root: LexborNode) -> set[int]:
    """Identities of the elements that may have any name: around the first headline, or the first of their kind."""
    firsts: dict[str | None, LexborNode] = {root.tag: root}
    for node in root.css("h1,main,article,body"):
        firsts.setdefault(node.tag, node)
    above = firsts.pop("h1", None)
    frame = {node.mem_id for node in firsts.values()}
    while above is not None:
        frame.add(above.mem_id)
        above = above.parent
    return frame


def short_text(node: LexborNode, longest: int) -> str:
    """An element's text on one line; nothing where it is longer. A long one is not read through to be told so."""
    only = node.first_child
    if only is not None and only.next is None and only.tag == "-text":  # as most are
        told = only.text_content or ""
        return clean_line(told) if len(told) <= 4 * longest else ""
    parts: list[str] = []
    length = 0
    for part in islice(node.traverse(include_text=True), 2 * longest):
        if part.tag == "-text" and (text := part.text_content):
            parts.append(text)
            length += len(text.strip())
            if length > longest:
                return ""
    text = clean_line(" ".join(parts))
    return text if len(text) <= longest else ""


def is_noise(node: LexborNode) -> bool:
    """Whether an element is named as something that is not the article, or not shown."""
    return _named(node) in _NOISE


@lru_cache(maxsize=20_000)
def _role(class_: str, id_: str) -> Role:
    """What the names of an element say it is. Templates repeat their names: most answers are remembered."""
    if ":" not in class_ and "hidden" in class_.split():  # 'hidden md:block' is shown on a desk
        return "hidden"
    parts = [part.lower() for name in (class_, id_) for part in _NAME.findall(name[:_LONGEST_NAME])]
    pairs = [one + other for one, other in pairwise(parts)]
    if sum(bool(_COMMENT.search(part)) for part in parts) > sum(pair in _ABOUT_COMMENTS for pair in pairs):
        return "comment"
    if _NOISE_INSIDE in "".join(parts):
        return "noise"
    names = {*parts, *pairs}
    return next((role for role, known in _ROLES if not known.isdisjoint(names)), "")


def _named(node: LexborNode) -> Role:
    attributes = node.attributes
    return _role(attributes.get("class") or "", attributes.get("id") or "")


@dataclass(slots=True)
class _Walk:
    """One way through the tree, in the page's order."""

    # Of each element that parts blocks, by its number; 0 is the root.
    parents: list[int] = field(default_factory=lambda: [0])
    tags: list[str] = field(default_factory=lambda: [""])
    roles: list[Role] = field(default_factory=lambda: [""])
    blocks: list[_Block] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    headed: list[int] = field(default_factory=list)  # elements that hold a headline
    notes: list[tuple[Role, str, int, int]] = field(default_factory=list)  # role, text, blocks before it, holder
    _run: list[str] = field(default_factory=list)
    inputs: set[int] = field(default_factory=set)  # elements in which a reader can type
    _linked: int = 0  # characters of the run
    _bold: int = 0
    _italic: int = 0
    _pictured: bool = False
    _root: LexborNode | None = None
    _frame: set[int] | None = None

    def through(self, root: LexborNode) -> None:
        self._root = root
        self._children(root, 0, 0, "div", 0)
        self._flush("div", 0)

    def _children(self, node: LexborNode, holder: int, marks: int, kind: str, depth: int) -> None:
        run = self._run
        child = node.first_child
        while child is not None:
            tag = child.tag
            if tag == "-text":
                text = child.text_content or ""
                if run or not text.isspace():  # white space between blocks begins nothing
                    run.append(text)
                    if marks:
                        self._mark(marks, len(text.strip()))
            elif tag is None or tag in _SKIPPED:
                if tag in _LOOKED_AT:
                    self._skip(child, tag, holder)
            elif tag == "br":
                run.append(_BREAK)
            elif depth > _DEEPEST:
                run.append(child.text(separator=" "))
            elif tag in _INLINE:
                self._inline(child, tag, holder, marks, kind, depth)
            elif tag in ("td", "th") and _named(child) != "caption":
                self._cell(child, holder, marks, kind, depth)
            else:
                if run:
                    self._flush(kind, holder)
                self._block(child, tag, holder, marks, kind, depth)
            child = child.next

    def _mark(self, marks: int, length: int) -> None:
        if marks & _LINK:
            self._linked += length
        if marks & _BOLD:
            self._bold += length
        if marks & _ITALIC:
            self._italic += length

    def _cell(self, node: LexborNode, holder: int, marks: int, kind: str, depth: int) -> None:
        if _is_hidden(node.attributes) or _named(node) == "hidden" or self._is_comment(node):
            return
        if (role := _named(node)) in _NOTED:
            self._note(role, node, holder)
        self._run.append(_CELL)
        self._children(node, holder, marks, kind, depth + 1)

    def _skip(self, node: LexborNode, tag: str | None, holder: int) -> None:
        if tag == "img":
            self._pictured = True
        elif tag == "input":
            if (node.attributes.get("type") or "text").lower() in _TYPED:
                self.inputs.add(holder)
        elif tag == "nav":
            label = (node.attributes.get("aria-label") or "").lower()
            if _named(node) == "trail" or "breadcrumb" in label:
                self._note("trail", node, holder)

    def _inline(self, node: LexborNode, tag: str, holder: int, marks: int, kind: str, depth: int) -> None:
        if tag != "a" and (attributes := node.attributes):
            role = _role(attributes.get("class") or "", attributes.get("id") or "")
            if role in _UNREAD:
                if role == "trail":
                    self._note(role, node, holder)
                return
            if tag in ("time", "abbr"):
                self._note("date", node, holder)
            elif role and not marks & _LINK:
                self._note(role, node, holder)
        self._children(node, holder, marks | _MARKS.get(tag, 0), kind, depth + 1)

    def _block(  # noqa: PLR0912 - the hottest path: another call for each element costs more than it tidies
        self, node: LexborNode, tag: str, holder: int, marks: int, kind: str, depth: int
    ) -> None:
        attributes = node.attributes
        role: Role = ""
        more = 0  # attributes but class and id
        if attributes:
            class_, id_ = attributes.get("class"), attributes.get("id")
            role = _role(class_ or "", id_ or "")
            more = len(attributes) - (class_ is not None) - (id_ is not None)
            if role or more or tag in _FRAME:  # most have nothing else to be looked at
                told = self._role_of(node, attributes, role, tag, kind)
                if told is None:
                    return
                role = told
        if tag == "h1":
            if role not in _NOISE:
                self.headed.append(holder)
                self._note("title", node, holder)
            return
        if tag == "figure" and not node.css_first("table,blockquote"):
            self.captions += [
                short_text(caption, _LONGEST_CAPTION) for caption in node.css("figcaption,[class*=aption]")[:_PIECES]
            ]
            return
        if tag == "figcaption" or (role == "caption" and _is_caption(node)):
            self.captions.append(node.text(separator=" "))
            return
        self.parents.append(holder)
        self.tags.append(tag)
        self.roles.append(role)
        number = len(self.parents) - 1
        if tag in _PARTS and not (kind == "li" and tag == "p"):  # a paragraph of a list's item is the item
            kind = tag
        elif role == "quote":
            kind = "blockquote"
        if role in _NOTED and (not marks & _LINK or role == "trail"):
            self._note(role, node, holder)
        before = len(self.blocks)
        self._children(
            node, number, marks & _LINK | (_ITALIC if more and _is_centred(attributes) else 0), kind, depth + 1
        )
        if self._run:
            self._flush(kind, number)
        if tag == "tr":
            self._join_row(node, before, number)
        elif tag == "table" and len(self.blocks) == before + 1 and _is_framed(self.blocks[before]):
            self.captions += self.blocks.pop().lines  # a picture and one line, in a frame

    def _role_of(
        self, node: LexborNode, attributes: dict[str, str | None], role: Role, tag: str, kind: str
    ) -> Role | None:
        """What a block is by its names and other attributes; None for what is not shown, or not the outlet's."""
        if _is_hidden(attributes):
            return None
        if "type" in attributes and (attributes["type"] or "").startswith("Related"):
            role = "noise"
        if "itemprop" in attributes:
            named = attributes["itemprop"]
            role = "comment" if named == "comment" else "body" if named == "articleBody" else role
        if "property" in attributes and attributes["property"] == "content:encoded":
            role = "body"
        if role == "hidden" or (role == "comment" and self._is_comment(node)):
            return None
        if role == "comment":
            return ""
        # A template may give its frame any name; a row may be any player's or author's; a quotation names its speaker.
        if (tag in _FRAME and role != "body") or (role in _NOISE and (tag == "tr" or kind == "blockquote")):
            return ""
        return role

    def _is_comment(self, node: LexborNode) -> bool:
        if not is_comment(node):
            return False
        if self._frame is None:
            root = self._root.parser.root if self._root and self._root.parser else self._root
            self._frame = page_frame(root) if root else set()
        return node.mem_id not in self._frame

    def _note(self, role: Role, node: LexborNode, holder: int) -> None:
        """Keep what the template names as headline, lead or date, unless it is another article's."""
        attributes = node.attributes
        text = attributes.get("datetime") or (attributes.get("title") or "" if node.tag == "abbr" else "")
        if attributes.get("itemprop") == "dateModified":
            role = "modified"
        longest = _NOTED.get(role, 0)
        text = clean_line(text) if text else short_text(node, longest)
        if not text or len(text) > longest:
            return
        if role == "trail":
            links = [link for link in node.css("a")[:_STEPS] if (link.attributes.get("href") or "") != "/"]
            text = STEP.join(filter(None, (clean_line(link.text()) for link in links))) or _CRUMB.sub(STEP, text)
        elif node.css_first("a,li,img,figure"):
            return
        self.notes.append((role, text, len(self.blocks), holder))

    def _join_row(self, node: LexborNode, before: int, number: int) -> None:
        """A row whose cells hold one short paragraph each is a row of data, not of the page."""
        cells = self.blocks[before:]
        if 1 < len(cells) <= sum(child.tag in ("td", "th") for child in node.iter()) and all(
            cell.length < _CELL_LENGTH for cell in cells
        ):
            line = " ".join(line for cell in cells for line in cell.lines)
            self.blocks[before:] = [
                _Block([line], len(line), sum(cell.linked for cell in cells), 0, False, cells[0].pictured, "tr", number)
            ]

    def _flush(self, kind: str, holder: int) -> None:
        """End a run of text."""
        text = "".join(self._run)
        linked, bold, italic = self._linked, self._bold, self._italic
        self._linked = self._bold = self._italic = 0
        self._run.clear()
        if not text or text.isspace():
            return
        if _CELL in text:
            cells = [cell for cell in text.split(_CELL) if not cell.isspace()]
            if any(len(cell) > _CELL_LENGTH for cell in cells):  # a table that lays out the page, not one with data
                text = _BREAK.join(cells)
            else:
                text, kind = " ".join(cells).replace(_BREAK, " "), "tr"
        lines = [line for part in text.split(_BREAK) if (line := clean_line(part))]
        if lines:
            length = sum(map(len, lines))
            self.blocks.append(
                _Block(lines, length, min(linked, length), bold, italic >= length * 0.9, self._pictured, kind, holder)
            )
            self._pictured = False


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return "hidden" in attributes or ("style" in attributes and bool(_HIDDEN.search(attributes["style"] or "")))


def _is_centred(attributes: dict[str, str | None]) -> bool:
    if "align" in attributes:
        return attributes["align"] == "center"
    return "style" in attributes and bool(_CENTRED.search(attributes["style"] or ""))


def _is_caption(node: LexborNode) -> bool:
    """Whether the name is true: a template may call a whole gallery so."""
    return node.tag not in ("table", "ul", "section") and bool(short_text(node, _GALLERY) or not node.text(strip=True))


def _dropped(walk: _Walk) -> list[bool]:
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
        if walk.roles[number] not in _NOISE:  # buttons to share do not make a paragraph a teaser
            linked[parent] |= linked[number]
            told[parent] += told[number]
        if linked[number] and told[number] and sizes[number] < _TEASER:
            teasers[parent] += 1
    forms = {form for number in walk.inputs if sizes[form := _around_text(parents, sizes, number)] < _FORM}
    headed = {above for number in walk.headed for above in (number, *_above(parents, number))}
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


def _is_framed(block: _Block) -> bool:
    return block.pictured and _SHORT <= block.length < _CAPTION


def _is_link(block: _Block) -> bool:
    return block.length >= _LABEL and block.linked > block.length * 0.7


def _around_text(parents: list[int], sizes: list[int], number: int) -> int:
    """The nearest element from one outwards that has any text."""
    while number and not sizes[number]:
        number = parents[number]
    return number


def _notes(walk: _Walk, dropped: list[bool], kept: list[_Block]) -> dict[Role, list[str]]:
    """Notes by role. Above the text, the nearest counts most; below it stands what belongs to other articles."""
    noted = {text.replace(" ", "") for _, text, _, _ in walk.notes}
    # An item with a headline that is a link is another article, and so is the date in it.
    others = {block.holder for block in walk.blocks if block.linked > max(block.length * _LINKED, _HEADLINE)}
    others |= {walk.parents[number] for number in others if walk.tags[number] in _PARTS}
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


def _worth(block: _Block) -> float:
    if block.linked > block.length * _LINKED:
        return -min(block.length, 80)
    if block.kind in _HEADINGS or (block.kind == "tr" and block.length < _SHORT):
        return 0
    if block.length < _SHORT:
        return -15 if block.kind == "li" else -10
    return block.length - 2 * block.linked


def _holder(walk: _Walk, dropped: list[bool], worth: list[float]) -> int:
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
        named = [number for number in named if first in _above(walk.parents, number)]
    if not named:
        return holder
    named = sorted(sorted(named, key=lambda number: worth[number])[-_PIECES:])
    chosen = max(named, key=lambda number: worth[number])
    if worth[chosen] < worth[holder] * _NAMED:
        return holder
    for number in named:  # names repeat inside each other: the innermost that holds as much is the closest fit
        if worth[number] >= worth[chosen] * 0.9 and chosen in _above(walk.parents, number):
            chosen = number
    return _around(walk, worth, chosen, named)


def _first_article(walk: _Walk, worth: list[float]) -> int:
    """Where several <article> elements have a headline each, the page goes on with other stories: the first is its own."""
    headed: dict[int, None] = {}  # in the page's order
    for number in walk.headed:
        around = (above for above in (number, *_above(walk.parents, number)) if walk.tags[above] == "article")
        article = next(around, 0)
        if article:
            headed[article] = None
    first = next(iter(headed), 0)
    return first if len(headed) > 1 and worth[first] > _CELL_LENGTH else 0


def _above(parents: list[int], number: int) -> list[int]:
    """The numbers of the elements around an element, the nearest first."""
    found = []
    while number:
        number = parents[number]
        found.append(number)
    return found


def _around(walk: _Walk, worth: list[float], chosen: int, named: list[int]) -> int:
    """The element that holds all parts of an article whose body comes in several named pieces.

    Pieces that lie in different <article> elements are different articles: a page may go on with the next one.
    """
    above = {piece: _above(walk.parents, piece) for piece in named}
    apart = [piece for piece in named if not set(above[piece]) & set(named)]
    for number in above[chosen]:
        pieces = [piece for piece in apart if number in above[piece]]
        if len(pieces) > 1 and sum(worth[piece] for piece in pieces) >= worth[number] * 0.9:
            return number
        if walk.tags[number] == "article":
            break
    return chosen


def _kept(blocks: Iterable[_Block]) -> Iterator[_Block]:
    """The blocks that are text. A heading over nothing but links is a heading of links."""
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


def _is_bold(block: _Block) -> bool:
    return len(block.lines) == 1 and block.length >= _SHORT and block.bold >= block.length * 0.9


def _is_text(block: _Block) -> bool:
    if block.kind == "li":
        return (block.length > _ITEM and block.linked < block.length * _LINKED) or block.length - block.linked > 60
    if block.kind == "tr":
        return block.linked < block.length * _LINKED
    return block.linked < block.length * 0.8
