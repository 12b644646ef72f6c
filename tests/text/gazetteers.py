"""The gazetteers that the tests of names and places share."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

import underthesea

from pipeline.text.gazetteer import GAZETTEER_COLUMNS, PROVINCE_COLUMNS
from pipeline.text.normalise import tone_key
from pipeline.text.places import Gazetteer
from tests.conftest import ROOT

TABLES = ROOT / "models" / "gazetteer"
SECOND = Path(__file__).parent / "places" / "second_province.tsv"

# An invented province: another office adopts the product with tables like these and nothing else.
HOME = [
    ("Tỉnh Sông Mẫu", "province", "sure", "Sông Mẫu", "Song Mau", "", "", ""),
    ("Huyện Hòa Thủy", "district", "sure", "Hòa Thủy", "", "", "2025-06-30", "Tỉnh Sông Mẫu"),
    ("Xã Đắk Rông", "commune", "sure", "Đắk Rông; Đakrong", "", "2025-07-01", "", ""),
    ("Xã Nam Hòa Thủy", "commune", "sure", "Nam Hòa Thủy", "", "2025-07-01", "", ""),
    ("Xã Lìa", "commune", "context", "Lìa", "", "2025-07-01", "", ""),
    ("Xã Tân Hội", "commune", "context", "Tân Hội", "", "2025-07-01", "", ""),
    ("Xã Mai Lan", "commune", "unique", "Mai Lan", "", "2025-07-01", "", ""),
    ("Xã Biển Đông Hải", "commune", "level", "Đông Hải", "", "2025-07-01", "", ""),
    ("Đôi bờ Thượng - Hạ", "landmark", "sure", "Đôi bờ Thượng - Hạ", "Upper and Lower Banks", "", "", ""),
    ("Sông Vàng", "landmark", "sure", "Sông Vàng", "", "", "", ""),
    ("Bản Na", "abroad", "sure", "Bản Na", "", "", "", ""),
]
PROVINCES = [
    ("Đông Hải", "province", "Đông Hải", "Dong Hai", "", ""),
    ("Sông Mẫu", "province", "Sông Mẫu", "Song Mau", "", ""),
    ("TP.MT", "province", "TP.MT; Thành phố Mai Thượng", "", "", ""),
    ("Na Khẹt", "abroad", "Na Khẹt", "", "", ""),
    ("Đông Hải Dương", "none", "Đông Hải Dương", "", "", ""),
]


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join("\t".join(row) for row in [columns, *rows])


def invented() -> Gazetteer:
    return Gazetteer.from_tables(table(GAZETTEER_COLUMNS, HOME), table(PROVINCE_COLUMNS, PROVINCES))


@cache
def of_table(path: Path) -> Gazetteer:
    """The gazetteer of a home table with the shipped table of all provinces."""
    provinces = (TABLES / "provinces.tsv").read_text(encoding="utf-8")
    return Gazetteer.from_tables(path.read_text(encoding="utf-8"), provinces)


def quang_tri() -> Gazetteer:
    return of_table(TABLES / "quang_tri.tsv")


def rows(path: Path) -> list[dict[str, str]]:
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


@cache
def _wards() -> list[dict[str, str]]:
    path = Path(underthesea.__file__).parent / "address" / "data" / "mapping.json"
    wards: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))["ward_mapping"]
    return wards


def keys_outside(old_provinces: Iterable[str], province: str) -> set[str]:
    """Keys of the names of all former and present units of Vietnam outside a province, as underthesea lists them."""
    old = set(old_provinces)

    def names() -> Iterator[str]:
        for ward in _wards():
            if ward["old_province"] not in old:
                yield from (ward["old_district"], ward["old_ward"])
            if ward["new_province"] != province:
                yield ward["new_ward"]

    return {tone_key(short(name)) for name in names()}


def short(unit: str) -> str:
    """The name without its level word: 'Thị trấn Hồ Xá' is 'Hồ Xá'."""
    levels = ("tỉnh ", "thành phố ", "thị xã ", "huyện ", "quận ", "đặc khu ", "thị trấn ", "phường ", "xã ")
    return next((unit[len(level) :] for level in levels if unit.lower().startswith(level)), unit)
