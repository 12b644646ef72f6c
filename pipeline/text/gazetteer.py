"""The gazetteer tables: which names there are, what they name, and how far a name speaks for itself.

Two tab-separated tables (models/gazetteer): the home province's, and all provinces'. A row names one unit; `forms` and
`english` hold its spellings, parted by ';'. Spellings are compared under the tone key (Thủy = Thuỷ), never without tones.

home        name kind match forms english valid_from valid_to former_parent
provinces   name kind forms english valid_to merged_into

kind        province, district, commune, landmark; abroad: across the border, neither home nor another province; none: a
            longer name that contains a place's and is no place ('Thái Bình Dương' is not Thái Bình)
match       how far the name speaks for itself:
            sure     counts wherever it stands
            unique   no other unit bears it, but people or ordinary words do: sure after its level word ('xã Kim Ngân'),
                     otherwise as context
            context  other provinces have it too: counts where the text names home
            level    an ordinary word or a province's name too: as context, and only after its level word
english     spellings that count in texts that are not Vietnamese; written without marks they could be Vietnamese phrases
valid_*     first and last day (YYYY-MM-DD) of the unit; empty: not known, still there
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal, get_args

from pipeline.text.normalise import nfc, syllable_key

Kind = Literal["province", "district", "commune", "landmark", "abroad", "none"]
Match = Literal["sure", "unique", "context", "level"]
GAZETTEER_COLUMNS = ("name", "kind", "match", "forms", "english", "valid_from", "valid_to", "former_parent")
PROVINCE_COLUMNS = ("name", "kind", "forms", "english", "valid_to", "merged_into")

# The level word that a unit's name begins with.
LEVELS = ("tỉnh", "thành phố", "thị xã", "huyện", "quận", "đặc khu", "thị trấn", "phường", "xã")
# Common nouns before a landmark's name; they may be written small: 'sông Gianh', 'Sông Gianh'.
_COMMON_NOUNS = frozenset(
    "sông suối cầu cửa đèo dốc đảo núi hang động biển cảng hồ vịnh phá thác bãi chùa đền tháp đầm khu bản làng xã huyện tỉnh phường".split()  # noqa: E501, SIM905 - a list of words
)
_SYLLABLE = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Unit:
    """What a name stands for."""

    name: str  # in full: 'Xã Vĩnh Linh'; other provinces by their short name
    kind: Kind
    province: str  # full name of its province while it lasted; empty for what is abroad or no place
    parent: str  # what a former unit belonged to: 'Huyện Vĩnh Linh, Tỉnh Quảng Trị'; empty for present ones
    valid_from: date | None  # first day; None: not known, long ago
    valid_to: date | None  # last day; None: still there
    home: bool  # of the home province

    def stood(self, day: date) -> bool:
        """Whether there was this unit on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    @property
    def level(self) -> str:
        """Its level word; 'tỉnh' for other provinces, empty for what has none."""
        lower = self.name.lower()
        found = next((level for level in LEVELS if lower.startswith(f"{level} ")), "")
        return found or ("tỉnh" if self.kind == "province" and not self.home else "")


@dataclass(frozen=True, slots=True)
class Entry:
    """One spelling of one unit."""

    unit: Unit
    match: Match
    form: str
    english: bool


@dataclass(frozen=True, slots=True)
class Pattern:
    """What must stand in a text for a form: the head right before, then the path, beginning with a capital or a digit."""

    head: tuple[str, ...]  # keys of leading common nouns; capitals do not matter
    path: tuple[str, ...]  # keys
    capitals: tuple[bool, ...]  # which syllables of the path must be capitalised


def home_entries(table: str) -> Iterator[Entry]:
    """Entries of the home table. ValueError names line and column."""
    rows = list(_rows(table, GAZETTEER_COLUMNS))
    present = next(
        (row["name"] for _, row in rows if row["kind"] == "province" and not row["valid_to"]),
        rows[0][1]["name"] if rows else "",
    )
    for number, row in rows:
        kind, match = _kind(number, row["kind"]), _match(number, row["match"])
        first, last = (_day(number, column, row[column]) for column in ("valid_from", "valid_to"))
        if first and last and last < first:
            raise ValueError(f"line {number}, column valid_to: {last} is before valid_from {first}")
        parent = row["former_parent"]
        if kind in {"abroad", "none"}:
            province, parent = "", ""
        elif kind == "province":
            province, parent = row["name"], ""
        elif last is None:
            province, parent = present, ""
        else:
            province = parent.rpartition(",")[2].strip() or present
        unit = Unit(row["name"], kind, province, parent, first, last, kind not in {"abroad", "none"})
        yield from _entries(number, row, unit, match)


@lru_cache(maxsize=4)
def province_entries(table: str) -> tuple[Entry, ...]:
    """Entries of the table of all provinces. ValueError names line and column.

    Remembered, because every labelled item with a home of its own asks for them.
    """
    return tuple(_province_entries(table))


def _province_entries(table: str) -> Iterator[Entry]:
    for number, row in _rows(table, PROVINCE_COLUMNS):
        kind = _kind(number, row["kind"])
        province = row["name"] if kind == "province" else ""
        unit = Unit(row["name"], kind, province, "", None, _day(number, "valid_to", row["valid_to"]), False)
        yield from _entries(number, row, unit, "sure")


def named(names: Iterable[str]) -> Iterator[Entry]:
    """Entries of home places of which only names are known: what a labelled item calls its home."""
    for name in names:
        unit = Unit(name, "landmark", "", "", None, None, True)
        if any(syllable[0].isupper() for syllable in _SYLLABLE.findall(name)):
            yield Entry(unit, "sure", nfc(name), False)


@lru_cache(maxsize=8192)
def pattern(form: str, landmark: bool) -> Pattern:
    """What to look for. ValueError when nothing in the form is capitalised: it could not be told from ordinary words."""
    written = _SYLLABLE.findall(form)
    capitals = [syllable[0].isupper() or syllable[0].isdigit() for syllable in written]
    if not any(capitals):
        raise ValueError(f"{form!r} has no capital letter")
    first = last = max(index for index, capital in enumerate(capitals) if capital)
    while first > 0 and capitals[first - 1]:
        first -= 1
    if landmark and first == 0 < last and written[0].lower() in _COMMON_NOUNS:
        first = 1
    keys = tuple(map(syllable_key, written))
    return Pattern(keys[:first], keys[first:], tuple(capitals[first:]))


def _entries(number: int, row: dict[str, str], unit: Unit, match: Match) -> Iterator[Entry]:
    if not unit.name:
        raise ValueError(f"line {number}, column name: empty")
    if not _SYLLABLE.search(row["forms"] + row["english"]):
        raise ValueError(f"line {number}, column forms: no spelling of {unit.name!r}")
    for column in ("forms", "english"):
        for form in filter(None, map(str.strip, nfc(row[column]).split(";"))):
            try:
                pattern(form, unit.kind == "landmark")
            except ValueError as error:
                raise ValueError(f"line {number}, column {column}: {error}") from None
            yield Entry(unit, match, form, column == "english")


def _kind(number: int, value: str) -> Kind:
    if value not in get_args(Kind):
        raise ValueError(f"line {number}, column kind: {value!r}; write {', '.join(get_args(Kind))}")
    return value  # type: ignore[return-value]  # narrowed by the test above


def _match(number: int, value: str) -> Match:
    if value not in get_args(Match):
        raise ValueError(f"line {number}, column match: {value!r}; write {', '.join(get_args(Match))}")
    return value  # type: ignore[return-value]  # narrowed by the test above


def _day(number: int, column: str, value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError(f"line {number}, column {column}: {value!r}; write a day as 2025-06-30, or nothing") from None


def _rows(table: str, columns: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    lines = table.splitlines()
    if not lines or tuple(lines[0].split("\t")) != columns:
        raise ValueError(f"line 1: the columns must be {' '.join(columns)}, separated by tabs")
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise ValueError(f"line {number}: {len(cells)} columns, expected {len(columns)}")
        yield number, dict(zip(columns, cells, strict=True))
