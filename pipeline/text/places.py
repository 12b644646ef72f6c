"""Place names in a text: where they stand, which unit they name, and why they count.

Which unit, where several bear the name: the level word ('xã', 'TP.', 'District'; in a list the one of 'các xã'), then 'cũ',
then the day of the article, then the district that the address or the text names, then the larger one. What none of these
tells apart is said (`Mention.rivals`).

Whether an ambiguous name is ours (see `gazetteer` for sure, unique, context, level):

* the address that goes on after it decides: 'xã Tân Thành, huyện Minh Hóa' is ours, 'xã Tân Thành (Cà Mau)' and 'xã Tân Lập,
  huyện Đan Phượng' are not, nor is the name elsewhere in that text. Of an unlisted district we know only that it is not ours;
* else a province that the sentence is set in takes it away: 'Tại Cà Mau, ... xã Tân Thành ...';
* else it counts where a sure name of home stands in the same text.

Never a place: what follows a surname or a person's title, a street's name, and for ambiguous names without their level
word also what follows a company's or a ship's word, goes on in capitals, or stands among capitals.

What rules like these cannot tell: whether a football club or a company that bears the province's name speaks of the
province (it counts); whether 'X, Y' is one place inside the other or two beside each other (an address, unless more follow);
whether 'xã X (huyện Y cũ)' means the commune of today or the former one (the day decides); and which of two former communes
of one name is meant where no district is named.

The outlet never enters: a text says the same whoever printed it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Literal
from unicodedata import combining, is_normalized

from pipeline.records import Language
from pipeline.text.gazetteer import Entry, Unit, home_entries, named, province_entries
from pipeline.text.names import ABBREVIATIONS, CAPITALS, LEVEL_WORDS, NEXT, Name, Names, Reading
from pipeline.text.normalise import nfc

Rule = Literal[
    "sure",  # the name is nobody else's, or another province's, or one across the border
    "level",  # with its level word the name is nobody else's
    "address",  # the address goes on with a place of home
    "context",  # a place of home is named in the same text
]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a name counts as a mention of its unit."""

    rule: Rule
    by: str = ""  # what gave the address or the context, as it stands in the text: 'tỉnh Quảng Trị'
    level: str = ""  # the level word that stands before the name, or before the list it is in


@dataclass(frozen=True, slots=True)
class Mention:
    """A place named in a text."""

    start: int  # offsets of characters, [start, end), in the text as it was given
    end: int
    unit: Unit
    why: Why
    rivals: tuple[Unit, ...] = ()  # units of the same kind and name that nothing in the text excludes


class Gazetteer:
    """Finds home places, other provinces and places across the border."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._names = Names(entries)

    @classmethod
    def from_tables(cls, home: str, provinces: str) -> Gazetteer:
        """From the text of the two tables in models/gazetteer. ValueError names line and column."""
        return cls([*home_entries(home), *province_entries(provinces)])

    @classmethod
    def from_names(cls, names: Iterable[str], provinces: str) -> Gazetteer:
        """A gazetteer whose home places are just these names: what a labelled item calls its home."""
        return cls([*named(names), *province_entries(provinces)])

    def find(self, text: str, day: date | None = None, lang: Language | None = None) -> list[Mention]:
        """Mentions in order, not overlapping.

        `day` is the article's day in Vietnam; without one present units come first. `lang` decides whether English
        spellings count; without one it is judged from the text where that matters.
        """
        composed, starts, ends = _composed(text)
        names = self._names.scan(composed, day, lang)
        if not names:
            return []
        mentions = _Text(composed, day, names).mentions()
        if starts is None or ends is None:
            return mentions
        return [
            Mention(starts[found.start], ends[found.end - 1], found.unit, found.why, found.rivals) for found in mentions
        ]


# Invisible characters are no letters; the zero-width space parts words.
_INVISIBLE = str.maketrans(dict.fromkeys("\u00ad\ufeff\u200c\u200d\u2060\u200e\u200f", "") | {"\u200b": " "})
_INVISIBLE_CHARS = tuple(map(chr, _INVISIBLE))


def _composed(text: str) -> tuple[str, list[int] | None, list[int] | None]:
    """The text composed and without invisible characters, and where each of its characters begins and ends in the text
    given; None where nothing had to be done.
    """
    if is_normalized("NFC", text) and not any(char in text for char in _INVISIBLE_CHARS):
        return text, None, None
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    while position < len(text):
        end = position + 1
        while end < len(text) and combining(text[end]):
            end += 1
        piece = nfc(text[position:end]).translate(_INVISIBLE)
        pieces.append(piece)
        starts += [position] * len(piece)
        ends += [end] * len(piece)
        position = end
    return "".join(pieces), starts, ends


# --- what makes a name no place -----------------------------------------------------------------------------------

# A name right after one of these is a person's: 'Nguyễn Thị Kim Ngân', 'Trần Minh Hoa'.
_SURNAMES = frozenset({
    "Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Đặng", "Bùi", "Đỗ", "Ngô", "Võ", "Vũ", "Hoàng", "Trương", "Đinh",
    "Trịnh", "Thị",
})  # fmt: skip
# These also begin or end other names, so they speak against ambiguous names only.
_SOME_SURNAMES = _SURNAMES | {
    "Dương", "Đào", "Lý", "Lương", "Mai", "Tô", "Tạ", "Chu", "Hà", "Hồ", "Cao", "Thái", "Văn", "Lâm", "Phùng", "Đoàn",
    "Quách",
}  # fmt: skip
_ONE_PERSON = frozenset({"ông", "bà", "anh", "chị", "nsnd", "nsưt", "mc"})
_PEOPLE = frozenset({"các", "những", "người", "hai", "mấy", "đàn", "phụ", "quý", "cụ", "nước"})  # 'các bà', 'đàn ông'
# Words, or ends of words, before a person: 'ca sĩ', 'giáo viên', 'Đại tướng', 'Anh hùng'.
_TITLES = _ONE_PERSON | {
    "cô", "chú", "bác", "em", "cháu", "cụ", "thầy", "sĩ", "viên", "hậu", "tướng", "tá", "úy", "uý", "sư", "văn", "thơ",
    "hùng", "thủ",
}  # fmt: skip
_STREETS = frozenset({"đường", "phố", "ngõ", "hẻm", "ngách", "kiệt"})
_NO_STREET = frozenset({
    "tuyến", "con", "cung", "quãng", "chặng", "đoạn", "lên", "tắc", "kẹt", "đường", "khu", "dãy", "góc", "cửa",
})  # fmt: skip
_INTO_TOWN = frozenset({"trên", "dạo", "xuống", "ra", "khắp"})  # 'trên phố Hà Nội': which street would that be?
# Words, or ends of words, that a company, a club, a ship, a power station or a mountain is called with.
_CALLED = frozenset({
    "ty", "đoàn", "điện", "hãng", "hàng", "sạn", "quán", "tnhh", "cp", "dntn", "clb", "fc", "resort", "hotel", "group",
    "tàu", "thuyền", "dãy", "đỉnh", "sân",
})  # fmt: skip
_ROUTE = re.compile(r"[\s_]{0,3}[-–—]")
_LETTER = re.compile(r"[\s_]{1,2}[A-ZĐ](?![^\W_]|\.)")  # 'xã Tân Thành A' is another commune

# --- lists, addresses, sentences ----------------------------------------------------------------------------------

_PLURAL = re.compile(
    r"(?<![^\W_])(?:các|những|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|nhiều|mọi|số|\d+)[\s_]{1,3}(?:[^\W_]+[\s_]?,[\s_]?)?$",
    re.IGNORECASE,
)
_LISTED = re.compile(r"[\s_]?(?:[,;/]|[\s_]?,?[\s_]?(?:và|hay|hoặc|cùng|với))[\s_]{0,3}", re.IGNORECASE)
_FORMER = re.compile(r"[\s_]{0,3}\(?(?:cũ\b|trước[\s_](?:đây|sáp))", re.IGNORECASE)
_LINK = re.compile(
    r"[\s_]{0,3}(?:\(?(?:cũ|mới)\)?)?[\s_]{0,3}[)\]”\"’]?[\s_]{0,3}"
    r"(?:(?P<mark>[,(\[–—-])[\s_]{0,3})?(?:(?:nay[\s_])?(?P<word>thuộc|của|ở|là)[\s_]{1,3})?",
    re.IGNORECASE,
)
_LEVEL_AHEAD = re.compile(
    r"(?P<word>thành[\s_]phố|thị[\s_]xã|thị[\s_]trấn|huyện[\s_]đảo|đặc[\s_]khu|tỉnh|huyện|quận|xã|phường)[\s_]{1,3}"
    r"|(?P<short>TP|TX|TT|H|P|Q|X)(?:\.[\s_]{0,3}|[\s_]{1,3})",
    re.IGNORECASE,
)
_DISTRICTS = frozenset({"huyện", "quận", "thị xã", "thành phố"})
_PROVINCIAL = frozenset({"", "tỉnh", "thành phố", "thị xã"})  # what may stand before a province's or its city's name
_UNLISTED = re.compile(rf"[{CAPITALS}][^\W_]*(?:[\s_][{CAPITALS}][^\W_]*){{0,3}}")
_COUNTRY = (
    r"(?:Lào|Trung[\s_]Quốc|Campuchia|Thái[\s_]Lan|Hàn[\s_]Quốc|Nhật[\s_]Bản|Đài[\s_]Loan|Mỹ|Laos|China|Cambodia|Thailand)"
    rf"(?![^\W_])(?![\s_][{CAPITALS}])"  # not 'Lào Cai'
)
_COUNTRIES = re.compile(_COUNTRY)
_ABROAD = re.compile(rf"[\s_]{{0,3}}\([\s_]?{_COUNTRY}")
_SENTENCE_END = re.compile(r"[.!?…;][\s_]|\n")
_BLANK = " _\xa0"
_AT = frozenset({"ở", "tại", "bàn"})  # 'trên địa bàn'
_STEPS = 5  # parts of an address looked at
_SENTENCE = 400  # characters, and
_NAMES = 20  # names, before a name looked at for the province that its sentence is set in
_RANKS = ("province", "district", "commune", "landmark", "abroad", "none")


class _Text:
    """One text while it is decided which of its names count."""

    def __init__(self, text: str, day: date | None, names: list[Name]) -> None:
        self.text, self.day, self.names = text, day, names

    def mentions(self) -> list[Mention]:
        """The names that count."""
        for name in self.names:
            name.barred = not name.level and (_person(name, self.text[name.start : name.end]) or self._street(name))
        if any(name.form.home for name in self.names):
            self._relate()
        return [mention for name in self.names if (mention := self._decide(name))]

    @cached_property
    def _starting(self) -> dict[int, Name]:
        return {name.start: name for name in self.names}

    @cached_property
    def _anchors(self) -> list[Name]:
        """Names of home that give context to others."""
        return [name for name in self.names if name.strong]

    @cached_property
    def _former(self) -> frozenset[str]:
        """Districts and former provinces of home that the text names for sure."""
        return frozenset(self._district(name) for name in self._anchors if name.form.sure) - {""}

    # --- what the names say of each other

    def _relate(self) -> None:
        """Level words of lists, strong names of home, and how addresses go on."""
        for previous, name in pairwise(self.names):
            self._carry(previous, name)
        for name in self.names:
            name.part = name.form.home and not name.form.sure and self._part(name)
            name.strong = not (name.barred or name.part) and _strong(name) and not _mismatch(name)
        for name in self.names:
            if name.form.home and not (name.barred or name.part):
                self._address(name)
        # What the address said once holds for the text: 'xã Tân Lập, huyện Bắc Quang ... UBND xã Tân Lập'.
        ours = {id(name.form) for name in self.names if name.address}
        elsewhere = {id(name.form) for name in self.names if name.foreign and not name.abroad} - ours
        for name in self.names:
            name.foreign = name.foreign or id(name.form) in elsewhere
            if name.abroad or (name.foreign and name.form.shared and not (name.form.province or _by_level(name))):
                name.strong = False

    def _carry(self, previous: Name, name: Name) -> None:
        """'các xã Thanh, Thuận và Xy': each is a xã."""
        if name.level or not previous.level or previous.level not in name.form.levels:
            return
        if not _LISTED.fullmatch(self.text, previous.end, name.start):
            return
        if previous.carried or _PLURAL.search(self.text, max(0, previous.title - 24), previous.title):
            name.level, name.carried = previous.level, True

    def _address(self, name: Name) -> None:
        """Follow the address after a name until it says whose it is."""
        position: int | None = name.end
        for _ in range(_STEPS):
            link = _LINK.match(self.text, position) if position is not None else None
            if link is None:
                return
            ahead = _LEVEL_AHEAD.match(self.text, link.end())
            at = ahead.end() if ahead else link.end()
            joined = bool(link["mark"] or link["word"] or ahead)
            following = self._starting.get(at) or self._starting.get(link.end())
            if following is None:
                position = self._unlisted(name, link["mark"], ahead, at) if joined else None
            elif joined or following.start - name.end <= 1:
                position = self._listed(name, link["mark"], bool(link["word"]), following)
            else:
                return

    def _unlisted(self, name: Name, mark: str | None, ahead: re.Match[str] | None, at: int) -> int | None:
        """An address goes on with what no table lists; where to read on."""
        if mark == "(" and _COUNTRIES.match(self.text, at):
            name.foreign = name.abroad = True  # 'La Lay (Lào)'
            return None
        run = _UNLISTED.match(self.text, at)
        if run is None:
            return None
        level = _level_of(ahead)
        alone = mark == "(" and self.text[run.end() : run.end() + 1] in {")", ","} and not run[0].isupper()
        name.foreign = name.foreign or alone or level == "tỉnh" or level in _DISTRICTS
        return run.end()

    def _listed(self, name: Name, mark: str | None, word: bool, following: Name) -> int | None:
        """An address goes on with a listed name; where to read on."""
        if following.barred or following.part:
            return None
        belongs = any(_belongs(parent, name) for parent in following.form.readings)
        if belongs:
            following.vouched = name
        if following.strong or belongs:
            name.address, name.foreign = following, False
        elif following.form.readings[0].unit.kind == "abroad":
            name.abroad = name.foreign = mark == "(" or bool(following.level) or word
        elif not _province(following):
            return following.end
        elif not (mark in {"-", "–", "—"} and name.form.sure):  # 'Đông Hà - Huế' is a route
            name.foreign = name.foreign or not self._list(following)
        return None

    def _list(self, province: Name) -> bool:
        """Whether another province follows: 'Đông Hà, Huế, Đà Nẵng' is no address."""
        index = bisect_left(self.names, province.start, key=lambda name: name.start) + 1
        if index == len(self.names) or not _province(self.names[index]) or province.level:
            return False
        return bool(_LISTED.fullmatch(self.text, province.end, self.names[index].start))

    # --- what is no place

    def _street(self, name: Name) -> bool:
        """'đường Quảng Trị', but not 'đường Đông Hà - Lao Bảo' nor 'đường phố Đồng Hới'."""
        nearest, second = (*(word.lower() for word in name.before), "", "")[:2]
        if nearest not in _STREETS or second in _NO_STREET or (nearest == "phố" and second in _INTO_TOWN):
            return False
        return not _ROUTE.match(self.text, name.end)

    def _part(self, name: Name) -> bool:
        """Whether an ambiguous name is rather part of another name."""
        if _LETTER.match(self.text, name.end):
            return True
        surface = self.text[name.start : name.end]
        following = NEXT.match(self.text, name.end)
        if following and following.start(2) in self._starting:
            following = None
        goes_on = following[2] if following and following[1] in {" ", "_", "\xa0"} and following[2][0].isupper() else ""
        if name.level:  # 'xã Thanh Đức'; after 'Chủ tịch xã Thanh' a person's name may follow
            return bool(goes_on) and not surface.isupper() and goes_on not in _SOME_SURNAMES
        if goes_on or (name.before and (name.before[0].lower() in _CALLED or _titled(name))):
            return True
        # Among capitals 'AN NINH' is a word; 'MTIP' is written so everywhere.
        around = [word for word in (name.before[:1] + ([following[2]] if following else [])) if len(word) > 1]
        return surface.isupper() and any(word.isupper() for word in around)

    # --- whether a name counts, and for which unit

    def _decide(self, name: Name) -> Mention | None:
        form = name.form
        if name.barred or _mismatch(name):
            return None
        if not form.home:
            if _ABROAD.match(self.text, name.end):
                return None  # 'tỉnh Hà Nam (Trung Quốc)'
            return self._mention(name, form.readings, Why("sure", "", name.level))
        if name.strong:
            home = [reading for reading in form.readings if reading.unit.home]
            return self._mention(name, home, Why("sure" if form.sure else "level", "", name.level))
        if not (name.part or name.foreign):
            fitting, by = self._in_context(name)
            if fitting:
                return self._mention(name, fitting, Why("address" if name.address else "context", by, name.level))
        if not _province(name):
            return None
        return self._mention(
            name, [reading for reading in form.readings if not reading.unit.home], Why("sure", "", name.level)
        )

    def _in_context(self, name: Name) -> tuple[list[Reading], str]:
        """Readings of home that the context admits, and what gave it."""
        vouched = name.vouched
        fitting = [
            reading
            for reading in name.form.readings
            if reading.unit.home
            and (
                reading.match != "level"
                or (name.level and reading.level == name.level)
                or (vouched is not None and _belongs(reading, vouched))  # 'xã Duy Ninh (Quảng Ninh, Quảng Bình)'
            )
        ]
        if not fitting:
            return [], ""
        by = name.address or vouched
        if by is None:
            numbered = self.text[name.start : name.end].isdigit()  # such wards are known by their town alone
            if numbered or not self._anchors or self._set_elsewhere(name):
                return [], ""
            by = self._nearest_anchor(name)
        return fitting, self.text[min(by.title, by.start) : by.end]

    def _nearest_anchor(self, name: Name) -> Name:
        index = bisect_left(self._anchors, name.start, key=lambda anchor: anchor.start)
        return min(self._anchors[max(0, index - 1) : index + 1], key=lambda anchor: abs(anchor.start - name.start))

    def _set_elsewhere(self, name: Name) -> bool:
        """Whether the sentence is set in another province: 'Tại Cà Mau, ...', 'Cà Mau: ...'."""
        index = bisect_left(self.names, name.start, key=lambda other: other.start)
        for other in reversed(self.names[max(0, index - _NAMES) : index]):
            between = self.text[other.end : name.start]
            if other.strong or len(between) > _SENTENCE or _SENTENCE_END.search(between):
                return False
            if other.barred or not _province(other):
                continue
            start = self.text[max(0, other.title - 4) : other.title].rstrip(_BLANK)[-1:]
            opens = start in {"", "\n", ".", "!", "?", ";", "-", "–"} and between.lstrip(_BLANK)[:1] in {",", ":"}
            return opens or (bool(other.before) and other.before[0].lower() in _AT)
        return False

    def _mention(self, name: Name, readings: Sequence[Reading], why: Why) -> Mention:
        chosen, *rivals = self._choose(name, readings)
        return Mention(name.start, name.end, chosen.unit, why, tuple(reading.unit for reading in rivals))

    def _choose(self, name: Name, readings: Sequence[Reading]) -> Sequence[Reading]:
        """The reading, and those of its kind that nothing excludes."""
        left = self._at_the_name(name, readings)
        if len(left) > 1 and left[0].unit.kind == "commune" and left[0].unit.parent:
            parents = frozenset({self._district(name.address)}) if name.address else self._former
            left = _prefer(left, lambda reading: not reading.parents.isdisjoint(parents))
        return left

    def _at_the_name(self, name: Name, readings: Sequence[Reading]) -> Sequence[Reading]:
        """What the level word, a commune before it, 'cũ' and the day leave of the largest units."""
        if len(readings) == 1:
            return readings
        day, vouched, left = self.day, name.vouched, readings
        if name.level:
            left = _prefer(left, lambda reading: reading.level == name.level)
        if vouched:
            left = _prefer(left, lambda reading: _belongs(reading, vouched))
        if _FORMER.match(self.text, name.end) or (day is None and name.address and _only_former(name.address)):
            left = _prefer(left, lambda reading: reading.unit.valid_to is not None)
        left = _prefer(left, lambda reading: reading.unit.stood(day) if day else reading.unit.valid_to is None)
        largest = min(_RANKS.index(reading.unit.kind) for reading in left)
        return [reading for reading in left if _RANKS.index(reading.unit.kind) == largest]

    def _district(self, name: Name) -> str:
        """The district or former province that a sure name stands for; empty for others."""
        unit = self._at_the_name(name, name.form.readings)[0].unit
        return unit.name if unit.kind == "district" or (unit.kind == "province" and unit.valid_to) else ""


def _prefer(readings: Sequence[Reading], wanted: Callable[[Reading], bool]) -> Sequence[Reading]:
    """Those wanted, or all where none is."""
    return [reading for reading in readings if wanted(reading)] or readings


def _by_level(name: Name) -> bool:
    return bool(name.level) and name.level in name.form.levels


def _strong(name: Name) -> bool:
    """Of home without further context: a sure name, or one that nobody else bears after its level word."""
    form, level = name.form, name.level
    return form.home and (
        form.sure or any(level and reading.match == "unique" and reading.level == level for reading in form.readings)
    )


def _mismatch(name: Name) -> bool:
    """The level word says that this is another unit of the name: 'xã Đông Hà', 'xã Quảng Bình', 'huyện Tân Thành'."""
    form, level = name.form, name.level
    if not level or name.carried or level in form.levels or "" in form.levels:
        return False
    if form.province and level in _PROVINCIAL:
        return False  # 'thành phố Thái Bình' lies there
    if form.levels <= {"tỉnh", "thành phố"}:
        return True  # 'xã Quảng Bình' does not
    return not form.sure or level in {"xã", "phường"}  # a sure name's unit may once have had another rank


def _province(name: Name) -> bool:
    """Whether it can stand for another province: 'Thanh Hóa', 'TP Thanh Hóa', not 'xã Thanh Hóa'."""
    return (name.level in _PROVINCIAL or name.carried) and any(
        reading.unit.kind == "province" and not reading.unit.home for reading in name.form.readings
    )


def _only_former(name: Name) -> bool:
    """'Lệ Thủy, Quảng Bình': a province that is no more."""
    return all(reading.unit.valid_to for reading in name.form.readings)


def _belongs(parent: Reading, name: Name) -> bool:
    """Whether the name may be a former commune of this district or province."""
    return any(parent.unit.name in reading.parents for reading in name.form.readings)


def _person(name: Name, surface: str) -> bool:
    """Whether a surname or a title stands before the name; a surname in the same letters, small or capital."""
    if not name.before:
        return False
    nearest, second = (*name.before, "")[:2]
    if nearest.lower() in _ONE_PERSON and not (
        nearest[0].isupper() and second[:1].isupper()
    ):  # 'Tâm Anh' is a hospital
        return second.lower() not in _PEOPLE
    run = _run(name.before, surface.isupper())
    single = not re.search(r"[\s_-]", surface)  # 'Trần Đức Huế', but 'Hoàng Anh Gia Lai'
    return bool(run) and (run[0] in _SURNAMES or "Thị" in run or (single and not _SURNAMES.isdisjoint(run)))


def _titled(name: Name) -> bool:
    """Whether a title, or a word that may be a surname, stands before an ambiguous name."""
    run = _run(name.before, False) or _run(name.before, True)
    return name.before[0].lower() in _TITLES or not _SOME_SURNAMES.isdisjoint(run)


def _run(words: Sequence[str], capitals: bool) -> list[str]:
    """The words from the nearest on that begin with a capital, or are in capitals; in ordinary spelling."""
    run: list[str] = []
    for word in words:
        if not word[0].isupper() or word.isupper() != capitals:
            break
        run.append(word.capitalize())
    return run


def _level_of(ahead: re.Match[str] | None) -> str:
    if ahead is None:
        return ""
    if ahead["short"]:
        return ABBREVIATIONS.get(ahead["short"].upper(), "")
    return LEVEL_WORDS.get(tuple(reversed(ahead["word"].lower().replace("_", " ").split())), "")
