"""Where the names of a gazetteer stand in a text, with the level word and the words before them.

Published text and text with the words marked are read alike ('Quảng Trị', 'Quảng_Trị'). Only capitalised syllables can
begin a name: a first look at those and one dictionary keeps the rest of the text cheap. From there a trie of syllable keys is
followed; white space, a dash, a line break may stand between two syllables, nothing else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

from pipeline.records import Language
from pipeline.text.gazetteer import Entry, Match, Unit, pattern
from pipeline.text.language import language
from pipeline.text.normalise import syllable_key


@dataclass(frozen=True, slots=True)
class Reading:
    """One unit that a form may stand for."""

    unit: Unit
    match: Match
    level: str  # the unit's level word; empty: none, or the form names only a place in that province
    parents: frozenset[str]  # 'Huyện Minh Hóa', 'Tỉnh Quảng Bình'


@dataclass(frozen=True, slots=True)
class Form:
    """A spelling and the units it may stand for."""

    head: tuple[str, ...]
    capitals: tuple[bool, ...]
    english: bool
    readings: tuple[Reading, ...]
    home: bool  # some reading is of home
    sure: bool  # some reading of home is sure
    shared: bool  # some reading of home says that other provinces have the name too
    province: bool  # some reading is a province
    levels: frozenset[str]


@dataclass(slots=True, eq=False)
class Name:
    """A listed name in a text. The second half is filled in, and decides, in `places`."""

    start: int
    end: int
    form: Form
    before: list[str]  # words right before it and its level word, nearest first, nothing but white space between
    level: str  # its level word, in the long Vietnamese form; empty: none
    title: int  # where its level word begins; its own start where none stands before

    carried: bool = False  # the level word stands before the list that the name is in
    barred: bool = False  # a person's name, a street's: no place
    part: bool = False  # ambiguous, and rather part of another name: not ours
    strong: bool = False  # of home, whatever else the text says
    address: Name | None = None  # the place of home with which the address goes on
    foreign: bool = False  # the address goes on elsewhere
    abroad: bool = False  # the address goes on across the border: not even a sure name is ours there
    vouched: Name | None = None  # a former commune of this district, whose address goes on with it


@dataclass(slots=True)
class _Node:
    next: dict[str, _Node] = field(default_factory=dict)
    forms: list[Form] = field(default_factory=list)  # longest head first


CAPITALS = "".join(char for char in map(chr, range(0x41, 0x1F00)) if char.isupper())
_SYLLABLE = re.compile(r"[^\W_]+")
# Between two syllables of a name: white space, also a line break, with or without a dash; a full stop after 'TP', 'Q'.
NEXT = re.compile(r"([\s_]{0,4}[-–—‐‑.]?[\s_]{0,4})([^\W_]+)")
# Read backwards from a name: the words before it in its line.
_BEFORE = re.compile(
    r"[\"“‘]?[ _\xa0]{0,3}(\.?)([^\W_]+)" + r"(?:[ _\xa0]{1,3}([^\W_]+))?" * 3,
)
_AROUND = 40  # characters before a name looked at for its level word
_HEAD = 64  # ... and for the common nouns it begins with
_DIRECTIONS = frozenset(map(syllable_key, ("Đông", "Tây", "Nam", "Bắc")))

# Words before a name, nearest first, and the level they say; none: 'phố phường Hà Nội', 'hợp tác xã'.
LEVEL_WORDS = {
    ("tỉnh",): "tỉnh", ("huyện",): "huyện", ("quận",): "quận", ("xã",): "xã", ("phường",): "phường",
    ("phố", "thành"): "thành phố", ("xã", "thị"): "thị xã", ("trấn", "thị"): "thị trấn",
    ("khu", "đặc"): "đặc khu", ("đảo", "huyện"): "huyện",
    ("phường", "phố"): "", ("xã", "tác"): "", ("xã", "làng"): "",
}  # fmt: skip
ABBREVIATIONS = {
    "TP": "thành phố", "Tp": "thành phố", "TX": "thị xã", "Tx": "thị xã", "TT": "thị trấn",
    "P": "phường", "X": "xã", "H": "huyện", "Q": "quận",
}  # fmt: skip
_ENGLISH_LEVELS = {
    "province": "tỉnh", "city": "thành phố", "town": "thị xã", "district": "huyện", "township": "thị trấn",
    "ward": "phường", "commune": "xã",
}  # fmt: skip
_ENGLISH_LEVEL = re.compile(rf"[\s_]{{1,3}}({'|'.join(_ENGLISH_LEVELS)})\b", re.IGNORECASE)


class Names:
    """The names of a gazetteer, ready to be looked for."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        """Where a sure name of home is also another province's, it is home's."""
        grouped: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Entry]] = defaultdict(list)
        capitals: dict[tuple[str, ...], tuple[bool, ...]] = {}
        for entry in entries:
            sought = pattern(entry.form, entry.unit.kind == "landmark")
            grouped[sought.path, sought.head].append(entry)
            capitals[sought.path] = sought.capitals
        self._root = _Node()
        for (path, head), group in sorted(grouped.items(), key=lambda item: -len(item[0][1])):
            node = self._root
            for key in path:
                node = node.next.setdefault(key, _Node())
            node.forms.append(_form(head, capitals[path], tuple(group)))
        digits = {key[0] for key in self._root.next if key[0].isdigit()}
        self._begin = re.compile(f"[{CAPITALS}{''.join(sorted(digits))}][^\\W_]*")

    def scan(self, text: str, day: date | None, lang: Language | None) -> list[Name]:
        """The listed names of a composed text, longest first, from left to right."""
        names: list[Name] = []
        scan, first, done = _Scan(self._root, text, day, lang), self._root.next, 0
        for match in self._begin.finditer(text):
            node = first.get(syllable_key(match[0]))
            if node is None:
                continue
            start = match.start()
            if start < done or (start and text[start - 1].isalnum()):
                continue
            name = scan.longest(node, start, match.end(), match[0], done)
            if name is not None:
                done = name.end
                if name.form.readings[0].unit.kind != "none":
                    names.append(name)
        return names


@lru_cache(maxsize=4096)  # the provinces' forms are the same in every gazetteer
def _form(head: tuple[str, ...], capitals: tuple[bool, ...], group: tuple[Entry, ...]) -> Form:
    home = [entry for entry in group if entry.unit.home]
    sure = any(entry.match == "sure" for entry in home)
    kept = {(entry.unit, entry.match): entry for entry in group if entry.unit.home or not sure}.values()
    readings = tuple(
        Reading(
            entry.unit,
            entry.match,
            entry.unit.level if entry.unit.home or entry.form == entry.unit.name else "",
            frozenset(part.strip() for part in entry.unit.parent.split(",")),
        )
        for entry in kept
    )
    return Form(
        head=head,
        capitals=capitals,
        english=all(entry.english for entry in group),
        readings=readings,
        home=bool(home),
        sure=sure,
        shared=any(entry.match in {"context", "level"} for entry in home),
        province=any(entry.unit.kind == "province" for entry in kept),
        levels=frozenset(reading.level for reading in readings),
    )


class _Scan:
    """One text while its names are looked for."""

    def __init__(self, root: _Node, text: str, day: date | None, lang: Language | None) -> None:
        self.root, self.text, self.day, self.lang = root, text, day, lang

    @cached_property
    def english(self) -> bool:
        return (self.lang or language(self.text)) != "vi"

    def longest(self, node: _Node, start: int, end: int, syllable: str, done: int) -> Name | None:
        """The longest name that begins with this syllable; its head may begin earlier, but not before `done`."""
        written, best, second, position = [syllable], None, 0, end
        words: list[re.Match[str]] | None = None  # before the name, looked up once
        hyphens = [False]  # 'Xa-vẳn-na-khẹt': after a bare hyphen a small letter will do
        while True:
            for form in node.forms:
                if (form.english and not self.english) or not _capitalised(written, form.capitals, hyphens):
                    continue
                begin: int | None = start
                if form.head:
                    words = words or list(_SYLLABLE.finditer(self.text, max(done, start - _HEAD), start))
                    begin = self._head(form.head, words, start)
                if begin is not None:
                    best = (begin, position, form)
                    break
            if not node.next:
                break
            following = NEXT.match(self.text, position)
            if following is None:
                break
            gap, syllable = following.groups()
            step = node.next.get(syllable_key(syllable))
            if step is None or ("." in gap and len(written[-1]) > 2) or gap.count("\n") > 1:
                break
            node, position = step, following.end()
            second = second or following.start(2)
            written.append(syllable)
            hyphens.append(gap == "-")
        if best is None:
            return None
        name = self._name(*best)
        if second and name.end > second and syllable_key(written[0]) in _DIRECTIONS:
            return self._after_direction(name, second)
        return name

    def _after_direction(self, outer: Name, second: int) -> Name:
        """'phía Đông Hà Nội' names Hà Nội, 'phía Nam Đông Hà' Đông Hà; so does 'Nam Đông Hà' on a day before there was a
        unit so called.
        """
        match = _SYLLABLE.match(self.text, second)
        node = self.root.next.get(syllable_key(match[0])) if match else None
        inner = self.longest(node, second, match.end(), match[0], second) if node and match else None
        if inner is None or (inner.form.home and not inner.form.sure):
            return outer
        if inner.end > outer.end:
            return inner
        day = self.day
        unborn = (
            bool(day)
            and not outer.level
            and all(
                reading.unit.valid_from is not None and day is not None and reading.unit.valid_from > day
                for reading in outer.form.readings
            )
        )
        pointed = bool(outer.before) and outer.before[0].lower() == "phía"
        return inner if inner.end == outer.end and (unborn or pointed) else outer

    def _head(self, head: tuple[str, ...], words: Sequence[re.Match[str]], start: int) -> int | None:
        """Where the head begins that must stand right before `start`; None: it does not."""
        before = words[-len(head) :]
        if len(before) < len(head) or syllable_key(before[-1][0]) != head[-1]:
            return None
        if tuple(syllable_key(word[0]) for word in before) != head:
            return None
        outside = words[-len(head) - 1][0].lower() if len(words) > len(head) else ""
        if len(head) == 1 and (before[0][0].lower(), outside) in LEVEL_WORDS:
            return None  # 'huyện đảo Cồn Cỏ' is not 'đảo Cồn Cỏ'
        ends = [*(word.start() for word in before[1:]), start]
        gaps = [self.text[word.end() : end] for word, end in zip(before, ends, strict=True)]
        return before[0].start() if all(gap.strip(" \u00a0\n_-–") == "" for gap in gaps) else None

    def _name(self, start: int, end: int, form: Form) -> Name:
        words, level, title = self._before(start)
        if not level and form.home:
            after = _ENGLISH_LEVEL.match(self.text, end)
            if after and _ENGLISH_LEVELS[after[1].lower()] in form.levels:
                level = _ENGLISH_LEVELS[after[1].lower()]
        return Name(start, end, form, words, level, title)

    def _before(self, start: int) -> tuple[list[str], str, int]:
        """The words right before, nearest first, without the level word; its level; where it begins."""
        match = _BEFORE.match(self.text[max(0, start - _AROUND) : start][::-1])
        if match is None:
            return [], "", start
        words = [group[::-1] for group in match.groups()[1:] if group]
        if match[1] and words[0] not in ABBREVIATIONS:  # a sentence ended there
            return [], "", start
        for length in (2, 1):
            level = LEVEL_WORDS.get(tuple(word.lower() for word in words[:length]))
            if level is not None and len(words) >= length:
                return (words[length:], level, start - match.end(length + 1)) if level else (words, "", start)
        title = start - match.end(2)
        level = ABBREVIATIONS.get(words[0])
        if level and self.text[title - 1 : title] not in {"-", "&", "/"}:  # 'Sở TT&TT Hà Nội'
            return words[1:], level, title
        return words, "", start


def _capitalised(written: Sequence[str], capitals: Sequence[bool], hyphens: Sequence[bool]) -> bool:
    for syllable, capital, hyphen in zip(written, capitals, hyphens, strict=True):
        if capital and not hyphen and not (syllable[0].isupper() or syllable[0].isdigit()):
            return False
    return True
