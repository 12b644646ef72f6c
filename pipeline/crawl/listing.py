"""A selector and a path pattern proposed for a section page: which of its links are articles, told by how they repeat.

Articles of one paper have addresses of one shape, and their titles are sentences; menus are short words, and stand in
elements that say so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.crawl.urls import absolute, url_key
from pipeline.records import Listing
from pipeline.text.encodings import utf8
from pipeline.text.markup import parse
from pipeline.text.normalise import clean_line

_MAX_LINKS = 2000  # looked at on one page
_DEPTH = 12  # elements above a link that may say it is a menu
_SENTENCE = 5  # words from which a link's text is a title, not the name of a section
_FEWEST = 3  # articles below which nothing repeats
_MENU_TAGS = frozenset({"nav", "header", "footer"})
_MENU = re.compile(
    r"(?:^|[-_ ])(?:nav|navi|navbar|menu\w*|submenu|topmenu|footer|header|breadcrumbs?|tags?|comments?|binh-?luan)(?:$|[-_ ])",
    re.I,
)
_PLAIN_CLASS = re.compile(r"[a-zA-Z][a-zA-Z_-]*\d?[a-zA-Z_-]*")  # written by a person: no hashes, no utility classes
_NEXT_TEXT = re.compile(
    r"(?:trang )?(?:sau|tiếp(?: theo)?|kế tiếp)|next(?: page)?|older(?: posts)?|[›»→>]+|xem thêm", re.I
)
_NEXT_CLASS = re.compile(r"(?:^|[-_ ])(?:next|nextpage|page-next)(?:$|[-_ ])", re.I)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A listing, with what it would find on the page it was made from."""

    listing: Listing
    articles: int  # links found
    titled: float  # share of them whose text is a title
    sections: tuple[str, ...]  # addresses of the menu that look like section pages


@dataclass(frozen=True, slots=True)
class _Anchor:
    node: LexborNode
    url: str
    key: str
    path: str
    text: str
    menu: bool
    shape: str  # of the path, as a regular expression; empty where it does not look like an article


def propose_listing(body: bytes, content_type: str, url: str) -> Proposal | None:
    """The listing that fits a page best; None where nothing on it repeats like articles."""
    tree = parse(utf8(body, content_type))
    base_node = tree.css_first("base[href]")
    base = (absolute(url, base_node.attributes.get("href") or "") if base_node else "") or url
    anchors = _anchors(tree, base, url)
    titles: dict[str, str] = {}  # of each address the longest text among its links
    for anchor in anchors:
        if not anchor.menu and len(anchor.text) > len(titles.get(anchor.key, "")):
            titles[anchor.key] = anchor.text
    titled = {key for key, title in titles.items() if len(title.split()) >= _SENTENCE}
    shapes: Counter[str] = Counter()
    for key, shape in {(anchor.key, anchor.shape) for anchor in anchors if anchor.shape and not anchor.menu}:
        shapes[shape] += key in titled
    kept = [shape for shape, n in shapes.most_common(3) if n >= max(_FEWEST, shapes.total() * 0.15)]
    articles = {anchor.key for anchor in anchors if anchor.shape in kept and anchor.key in titled}
    if not articles:
        return None
    links = _selector(tree, anchors, articles)
    found = {anchor.key for anchor in _matched(tree, links, anchors) if anchor.shape in kept}
    listing = Listing(
        url, links, _pattern(kept, [a.path for a in anchors if a.key in articles]), _next(tree, base, url)
    )
    return Proposal(listing, len(found), len(found & titled) / max(len(found), 1), _sections(anchors, url))


def _anchors(tree: LexborHTMLParser, base: str, url: str) -> list[_Anchor]:
    made = []
    host = urlsplit(url).netloc
    for node in tree.css("a[href]")[:_MAX_LINKS]:
        target = absolute(base, node.attributes.get("href") or "")
        parts = urlsplit(target)
        if parts.netloc == host and parts.path not in ("", "/"):
            title = clean_line(node.text(separator=" ")) or clean_line(node.attributes.get("title") or "")
            made.append(_Anchor(node, target, url_key(target), parts.path, title, _in_menu(node), _shape(parts.path)))
    return made


def _in_menu(node: LexborNode) -> bool:
    above: LexborNode | None = node
    for _ in range(_DEPTH):
        if above is None or above.tag in ("body", "html"):
            return False
        names = f"{above.attributes.get('class') or ''} {above.id or ''}"
        if above.tag in _MENU_TAGS or (above.tag not in ("article", "main") and _MENU.search(names)):
            # <header> of a single item is no menu.
            return above.tag != "header" or above.parent is None or above.parent.tag not in ("article", "li")
        above = above.parent
    return False


def _shape(path: str) -> str:
    """The path as a regular expression for addresses of its kind: numbers and words become what they are."""
    *folders, last = [part for part in path.split("/") if part] or [""]
    middle = "".join(f"/\\d{{{len(part)}}}" if part.isdigit() else "/[^/]+" for part in folders)
    numeric = re.sub(r"^(?:/\[\^/\]\+)+", "", middle)  # the names of sections may be one or several
    slug, mark, number, end = _taken_apart(last)
    ending = f"{re.escape(end)}$" if end else "/?$"
    if len(number) >= 6 or (len(number) >= 4 and slug.count("-") >= 2):
        return f"{numeric and f'{numeric}/[^/]*'}{mark}\\d+{ending}"
    if slug.count("-") >= 4 or (numeric and slug):
        return f"{numeric}/[^/]*-[^/]*{ending}"
    return ""


def _taken_apart(last: str) -> tuple[str, str, str, str]:
    """The end of a path: words, letters of a program before a number, the number, an ending; any may be empty."""
    stem, dot, end = last.lower().rpartition(".")
    if not (dot and end.isalpha() and 2 <= len(end) <= 5):
        stem, end = last.lower(), ""
    words = stem.rstrip("0123456789")
    slug, hyphen, mark = words.rpartition("-")
    if not hyphen or not (mark == "" or (mark.isalpha() and mark.isascii() and len(mark) <= 5)):
        slug, hyphen, mark = words, "", ""
    number = stem[len(words) :]
    if not number:
        slug, hyphen, mark = words, "", ""
    return slug, hyphen + mark, number, f".{end}" if end else ""


def _pattern(shapes: Sequence[str], paths: Sequence[str]) -> str:
    """One expression for several shapes, with the number of digits that was seen."""
    made = []
    for shape in shapes:
        own = [path for path in paths if re.search(shape, path, re.I)]
        digits = [len(_taken_apart(path.rstrip("/").rpartition("/")[2])[2]) for path in own]
        # Numbers grow: one digit less than the shortest seen, and no upper bound.
        made.append(shape.replace("\\d+", f"\\d{{{max(min(digits, default=0) - 1, 3)},}}"))
    either = made[0] if len(made) == 1 else "|".join(f"(?:{one})" for one in made)
    return either if all(path == path.lower() for path in paths) else f"(?i){either}"


def _selector(tree: LexborHTMLParser, anchors: Sequence[_Anchor], articles: set[str]) -> str:
    """The few simplest selectors that together find nearly all articles and little else; empty: no selector does better."""
    outside = [anchor for anchor in anchors if not anchor.menu]
    wanted = {anchor.node.mem_id: anchor.key for anchor in outside if anchor.key in articles}
    candidates = Counter(
        candidate
        for anchor in outside
        if anchor.key in articles and len(anchor.text.split()) >= _SENTENCE
        for candidate in _candidates(anchor.node)
    )
    ranked: list[tuple[str, set[str], float]] = []
    for candidate, count in candidates.most_common(60):
        if count >= 2:
            hits = [node.mem_id for node in tree.css(candidate)]
            keys = {wanted[hit] for hit in hits if hit in wanted}
            ranked.append((candidate, keys, sum(hit in wanted for hit in hits) / max(len(hits), 1)))
    chosen: list[str] = []
    covered: set[str] = set()
    while len(chosen) < 4:
        # Precise first; of equals the shorter.
        best = max(
            ((len(keys - covered) * share, -len(name), name, keys) for name, keys, share in ranked if share >= 0.8),
            default=None,
            key=lambda one: one[:2],
        )
        if best is None or len(best[3] - covered) < max(2, len(articles) * 0.03):
            break
        chosen.append(best[2])
        covered |= best[3]
    return ", ".join(chosen) if len(covered) >= len(articles) * 0.6 else ""


def _candidates(node: LexborNode) -> list[str]:
    """Ways to say what a link is: its own class, that of the element around it, of the one around that."""
    own = [f"a.{name}" for name in _classes(node)]
    found = list(own)
    child, above, tail = node, node.parent, "a"
    for _ in range(3):
        if above is None or above.tag in ("body", "html"):
            break
        names = [f".{name}" for name in _classes(above)]
        if above.tag in ("h1", "h2", "h3", "h4", "h5"):
            found.append(f"{above.tag} a")
            tail = f"{above.tag} a" if child is node else tail
        found += [f"{name} {tail}" for name in names]
        child, above = above, above.parent
    return found


def _classes(node: LexborNode) -> list[str]:
    names = (node.attributes.get("class") or "").split()
    return [name for name in names if _PLAIN_CLASS.fullmatch(name) and len(name) <= 40]


def _matched(tree: LexborHTMLParser, links: str, anchors: Sequence[_Anchor]) -> list[_Anchor]:
    hits = {node.mem_id for node in tree.css(links or "a[href]")}
    return [anchor for anchor in anchors if anchor.node.mem_id in hits]


def _next(tree: LexborHTMLParser, base: str, url: str) -> str:
    """A selector that finds the link to the next page, and it first; empty where none is evident."""
    for node in tree.css("a[href]")[:_MAX_LINKS]:
        names = f"{node.attributes.get('class') or ''} {node.attributes.get('title') or ''}"
        rel = (node.attributes.get("rel") or "").lower().split()
        words = clean_line(node.text())
        around = (node.parent.attributes.get("class") or "") if node.parent else ""
        if not ("next" in rel or _NEXT_CLASS.search(f"{names} {around}") or _NEXT_TEXT.fullmatch(words)):
            continue
        target = absolute(base, node.attributes.get("href") or "")
        if (
            urlsplit(target).netloc != urlsplit(url).netloc
            or url_key(target) == url_key(url)
            or _shape(urlsplit(target).path)
        ):
            continue
        if not _further(urlsplit(url).path, urlsplit(target)._replace(scheme="", netloc="").geturl()):
            continue
        candidates = ["a[rel~='next']"] if "next" in rel else []
        candidates += [f"a.{name}" for name in _classes(node)]
        candidates += [f".{name} a" for name in around.split() if _PLAIN_CLASS.fullmatch(name)]
        if node.attributes.get("title"):
            candidates.append(f'a[title="{node.attributes["title"]}"]')
        for candidate in candidates:
            try:
                first = tree.css_first(candidate)
            except ValueError:  # a title with quotation marks
                continue
            if first is not None and first.mem_id == node.mem_id:
                return candidate
    return ""


def _further(path: str, target: str) -> bool:
    """Whether an address is that of a page of the same section, with a number."""
    stem = re.sub(r"\.[a-z]{2,5}$", "", path.rstrip("/"), flags=re.I)
    return target.startswith(stem) and bool(re.search(r"\d", target.removeprefix(stem)))


def _sections(anchors: Sequence[_Anchor], url: str) -> tuple[str, ...]:
    """Of the menu: short names, short paths."""
    found: dict[str, str] = {}
    for anchor in anchors:
        depth = len([part for part in anchor.path.split("/") if part])
        if (
            anchor.menu
            and not anchor.shape
            and depth == 1
            and 1 <= len(anchor.text.split()) <= 4
            and "?" not in anchor.url
        ):
            found.setdefault(anchor.key, anchor.url)
    found.pop(url_key(url), None)
    return tuple(found.values())[:20]
