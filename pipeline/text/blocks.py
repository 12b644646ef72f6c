"""A page as blocks of text: one walk over its tree.

A block is a run of text between two elements that part blocks; those elements are numbered in the page's order. What the
template's names say of them (menu, caption, comment, lead, date) is told here, and so is what is never read: scripts, menus,
what is not shown, readers' comments. Which of the blocks are the article is decided in `body`.
"""

from __future__ import annotations

import re
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
HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
PARTS = frozenset({"p", "pre", "blockquote", "dd", "dt", "li"}) | HEADINGS  # elements that say what their text is
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
NOISE: tuple[Role, ...] = ("noise", "perhaps", "trail")
_UNREAD = frozenset({"hidden", "comment", "caption", *NOISE})  # inside a line
# The longest text that is noted, in characters.
_NOTED: dict[Role, int] = {"title": 300, "lead": 700, "summary": 700, "date": 120, "modified": 120, "trail": 300}
_TYPED = frozenset({"text", "email", "search", "tel"})  # inputs of a form that a reader fills in
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)

_FRAMED = 40  # characters; a shorter line in a frame with a picture is a date or a name
CELL_LENGTH = 200  # characters; a longer cell is part of the page's layout, not of a table
CAPTION = 300  # characters; longer text under a picture is the story's
_GALLERY = 600  # characters; an element named as a caption that holds more is more than one
_LONGEST_CAPTION = 2_000
_CAPTIONS = 30  # of one figure
_DEEPEST = 150  # no template nests so deep; what does is broken or hostile
_MENU = 5  # links; a shorter list is walked
_STEPS = 6  # of a trail from the front page
STEP = " › "  # between them
_CRUMB = re.compile(r"\s*[>»›/]\s*")
_LINK, _BOLD, _ITALIC = 1, 2, 4  # marks of text, added up
_MARKS = {"a": _LINK, "b": _BOLD, "strong": _BOLD, "i": _ITALIC, "em": _ITALIC}
_CENTRED = re.compile(r"text-align\s*:\s*center", re.I)
_BREAK, _CELL = "\x1e", "\x1f"  # mark line breaks and table cells in a run of text


class Block(NamedTuple):
    """A run of text between two elements that part blocks."""

    lines: list[str]  # parted by <br>
    length: int  # characters
    linked: int  # of them in links
    bold: int  # of them in bold
    italic: bool  # all of them in italics or centred
    pictured: bool  # the first text after a picture
    kind: str  # the tag that says what it is: p, li, h2, tr, or div for text straight inside a container
    holder: int  # number of the element
    items: int = 1  # a list of links is one block; how many they are


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
    return _named(node) in NOISE


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
class Walk:
    """One way through the tree, in the page's order."""

    # Of each element that parts blocks, by its number; 0 is the root.
    parents: list[int] = field(default_factory=lambda: [0])
    tags: list[str] = field(default_factory=lambda: [""])
    roles: list[Role] = field(default_factory=lambda: [""])
    blocks: list[Block] = field(default_factory=list)
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
        """Walk the tree below `root`."""
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
            if role not in NOISE:
                self.headed.append(holder)
                self._note("title", node, holder)
            return
        if tag == "figure" and not node.css_first("table,blockquote"):
            self.captions += [
                short_text(caption, _LONGEST_CAPTION) for caption in node.css("figcaption,[class*=aption]")[:_CAPTIONS]
            ]
            return
        if tag == "figcaption" or (role == "caption" and _is_caption(node)):
            self.captions.append(node.text(separator=" "))
            return
        if tag in ("ul", "ol") and role != "trail" and (menu := _menu(node, holder)):
            self.blocks.append(menu)
            return
        self.parents.append(holder)
        self.tags.append(tag)
        self.roles.append(role)
        number = len(self.parents) - 1
        if tag in PARTS and not (kind == "li" and tag == "p"):  # a paragraph of a list's item is the item
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
        if (tag in _FRAME and role != "body") or (role in NOISE and (tag == "tr" or kind == "blockquote")):
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
            cell.length < CELL_LENGTH for cell in cells
        ):
            line = " ".join(line for cell in cells for line in cell.lines)
            self.blocks[before:] = [
                Block([line], len(line), sum(cell.linked for cell in cells), 0, False, cells[0].pictured, "tr", number)
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
            if any(len(cell) > CELL_LENGTH for cell in cells):  # a table that lays out the page, not one with data
                text = _BREAK.join(cells)
            else:
                text, kind = " ".join(cells).replace(_BREAK, " "), "tr"
        lines = [line for part in text.split(_BREAK) if (line := clean_line(part))]
        if lines:
            length = sum(map(len, lines))
            self.blocks.append(
                Block(lines, length, min(linked, length), bold, italic >= length * 0.9, self._pictured, kind, holder)
            )
            self._pictured = False


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return "hidden" in attributes or ("style" in attributes and bool(_HIDDEN.search(attributes["style"] or "")))


def _is_centred(attributes: dict[str, str | None]) -> bool:
    if "align" in attributes:
        return attributes["align"] == "center"
    return "style" in attributes and bool(_CENTRED.search(attributes["style"] or ""))


def _menu(node: LexborNode, holder: int) -> Block | None:
    """A list of links as one block: it need not be walked. None for a list that has words of its own."""
    links = node.css("a")
    if len(links) < _MENU:
        return None
    length = len(node.text(strip=True))
    linked = sum(len(link.text(strip=True)) for link in links)
    return Block([], length, length, 0, False, False, "li", holder, len(links)) if linked > length * 0.9 else None


def _is_caption(node: LexborNode) -> bool:
    """Whether the name is true: a template may call a whole gallery so."""
    return node.tag not in ("table", "ul", "section") and bool(short_text(node, _GALLERY) or not node.text(strip=True))


def _is_framed(block: Block) -> bool:
    return block.pictured and _FRAMED <= block.length < CAPTION


def ancestors(parents: list[int], number: int) -> list[int]:
    """The numbers of the elements around an element, the nearest first."""
    found = []
    while number:
        number = parents[number]
        found.append(number)
    return found
