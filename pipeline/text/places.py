"""Place names: which words of a text name the home province or its units, and which name other provinces.

Matching is by whole syllables under the tone key (Thủy = Thuỷ) and needs capitals, because 'Thanh' and 'Lìa' are also
ordinary syllables. Forms of the gazetteer are of three kinds (column `match`):

sure     counts wherever it stands
context  names other places too: counts only where a sure name of the home province stands in the same text
level    is also a province's name: as context, and only after its level word ('xã Quảng Ninh')

The outlet never enters: a text says the same whoever printed it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pipeline.text.normalise import syllable_key

Match = Literal["sure", "context", "level"]
GAZETTEER_COLUMNS = ("name", "kind", "match", "forms", "valid_from", "valid_to", "former_parent")
PROVINCE_COLUMNS = ("name", "forms", "valid_to", "merged_into")

_DISTRICT_LEVELS = frozenset({"huyện", "xã", "phường", "thị", "trấn"})
_FEATURES = frozenset({"sông", "cầu", "đèo", "đảo", "núi", "hang"})  # written small before a name of one syllable
# A name right after one of these is a person's: 'Nguyễn Thị Kim Ngân', 'Trần Minh Hoa'.
_SURNAMES = frozenset({"Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Đặng", "Bùi", "Đỗ", "Ngô", "Võ", "Thị"})
_NEAR = 6  # syllables after an ambiguous name in which another province's name takes it away: 'xã Tân Thành (Cà Mau)'


@dataclass(frozen=True, slots=True)
class Mention:
    """A place name in a text, by syllable index."""

    start: int
    end: int  # exclusive
    name: str  # the unit's full name
    home: bool  # of the home province; otherwise another province


@dataclass(slots=True)
class _Node:
    next: dict[str, _Node] = field(default_factory=dict)
    entries: list[tuple[str, Match, bool]] = field(default_factory=list)  # name, match, home


class Gazetteer:
    """Finds home places and other provinces in a list of syllables, longest name first."""

    def __init__(self, home: Iterable[tuple[str, Match, str]], others: Iterable[tuple[str, str]]) -> None:
        """Take (name, match, form) of home places and (name, form) of all provinces; home names win over provinces."""
        self._root = _Node()
        home_forms: set[tuple[str, ...]] = set()
        for name, match, form in home:
            keys = self._add(form, name, match, True)
            if match == "sure":
                home_forms.add(keys)
        for name, form in others:
            if _keys(form) not in home_forms:
                self._add(form, name, "sure", False)

    @classmethod
    def from_tables(cls, home: str, provinces: str) -> Gazetteer:
        """From the text of the two tables in models/gazetteer. ValueError names line and column."""
        return cls(
            (
                (row["name"], _match(number, row["match"]), form)
                for number, row in _rows(home, GAZETTEER_COLUMNS)
                for form in _forms(row["forms"])
            ),
            ((row["name"], form) for _, row in _rows(provinces, PROVINCE_COLUMNS) for form in _forms(row["forms"])),
        )

    @classmethod
    def from_names(cls, names: Iterable[str], provinces: str) -> Gazetteer:
        """A gazetteer whose home places are just these names: what a labelled item calls its home."""
        return cls(
            ((name, "sure", name) for name in names),
            ((row["name"], form) for _, row in _rows(provinces, PROVINCE_COLUMNS) for form in _forms(row["forms"])),
        )

    def _add(self, form: str, name: str, match: Match, home: bool) -> tuple[str, ...]:
        node = self._root
        keys = _keys(form)
        for key in keys:
            node = node.next.setdefault(key, _Node())
        node.entries.append((name, match, home))
        return keys

    def find(self, syllables: Sequence[str]) -> list[Mention]:
        """Mentions in order, not overlapping. Syllables as they stand in the text, without punctuation."""
        keys = [syllable_key(syllable) for syllable in syllables]
        candidates: list[tuple[int, int, list[tuple[str, Match, bool]]]] = []
        position = 0
        while position < len(keys):
            end, entries = self._longest(keys, syllables, position)
            if entries and not (position and syllables[position - 1] in _SURNAMES):
                candidates.append((position, end, entries))
            position = max(end, position + 1)
        anchored = any(home and match == "sure" for _, _, entries in candidates for _, match, home in entries)
        provinces = [start for start, _, entries in candidates if any(not home for _, _, home in entries)]
        mentions = []
        for start, end, entries in candidates:
            taken = any(end <= other <= end + _NEAR for other in provinces)
            # A level word decides ('xã Quảng Ninh'); failing that the sure reading, then the one that needs context.
            for name, match, home in sorted(entries, key=lambda entry: ("level", "sure", "context").index(entry[1])):
                fits = match == "sure" or (
                    anchored
                    and not taken
                    and (match == "context" or (start > 0 and syllables[start - 1].lower() in _DISTRICT_LEVELS))
                )
                if fits:
                    mentions.append(Mention(start, end, name, home))
                    break
        return mentions

    def _longest(
        self, keys: list[str], syllables: Sequence[str], start: int
    ) -> tuple[int, list[tuple[str, Match, bool]]]:
        node, best, entries = self._root, start, list[tuple[str, Match, bool]]()
        for position in range(start, len(keys)):
            following = node.next.get(keys[position])
            if following is None:
                break
            node = following
            if node.entries and _capitals(syllables[start : position + 1]):
                best, entries = position + 1, node.entries
        return best, entries


def _capitals(name: Sequence[str]) -> bool:
    """All syllables of the proper part are capitalised; a leading common noun may be lower case."""
    lower = [index for index, syllable in enumerate(name) if syllable[0].isalpha() and not syllable[0].isupper()]
    return not lower or (max(lower) < len(name) - 1 and (len(name) > 2 or name[0] in _FEATURES))


def _keys(form: str) -> tuple[str, ...]:
    cleaned = "".join(char if char.isalnum() else " " for char in form)
    return tuple(syllable_key(part) for part in cleaned.split())


def _forms(cell: str) -> list[str]:
    return [form.strip() for form in cell.split(";") if form.strip()]


def _match(number: int, value: str) -> Match:
    if value not in ("sure", "context", "level"):
        raise ValueError(f"line {number}, column match: {value!r}; write sure, context or level")
    return value  # type: ignore[return-value]  # narrowed by the test above


def _rows(table: str, columns: tuple[str, ...]) -> Iterable[tuple[int, dict[str, str]]]:
    lines = table.splitlines()
    if not lines or tuple(lines[0].split("\t")) != columns:
        raise ValueError(f"line 1: the columns must be {' '.join(columns)}, separated by tabs")
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != len(columns):
            raise ValueError(f"line {number}: {len(cells)} columns, expected {len(columns)}")
        yield number, dict(zip(columns, cells, strict=True))
