"""The tables: what a row says, which mistakes are told, and that the shipped ones hold what they must."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from pipeline.text.gazetteer import (
    GAZETTEER_COLUMNS,
    PROVINCE_COLUMNS,
    Unit,
    home_entries,
    named,
    pattern,
    province_entries,
)
from pipeline.text.normalise import tone_key
from tests.text.gazetteers import HOME, PROVINCES, SECOND, TABLES, keys_outside, of_table, rows, short, table


def test_a_row_tells_what_the_unit_is_where_it_lies_and_how_long_it_stood() -> None:
    entries = list(home_entries(table(GAZETTEER_COLUMNS, HOME)))
    units = {entry.unit.name: entry.unit for entry in entries}

    assert units["Huyện Hòa Thủy"] == Unit(
        "Huyện Hòa Thủy", "district", "Tỉnh Sông Mẫu", "Tỉnh Sông Mẫu", None, date(2025, 6, 30), True
    )
    assert units["Xã Lìa"].province == "Tỉnh Sông Mẫu"
    assert (units["Bản Na"].home, units["Bản Na"].province) == (False, "")
    assert [(entry.form, entry.english) for entry in entries if entry.unit.name == "Tỉnh Sông Mẫu"] == [
        ("Sông Mẫu", False),
        ("Song Mau", True),
    ]


def test_a_former_commune_belonged_to_the_province_that_its_row_names_last() -> None:
    row = ("Xã Cũ", "commune", "unique", "Cũ", "", "", "2025-06-30", "Huyện Nọ, Tỉnh Kia")
    unit = [entry.unit for entry in home_entries(table(GAZETTEER_COLUMNS, [*HOME, row]))][-1]
    assert (unit.province, unit.parent) == ("Tỉnh Kia", "Huyện Nọ, Tỉnh Kia")


@pytest.mark.parametrize(
    ("first", "last", "day", "stood"),
    [
        (None, None, "1900-01-01", True),
        (None, "2025-06-30", "2025-06-30", True),
        (None, "2025-06-30", "2025-07-01", False),
        ("2025-07-01", None, "2025-06-30", False),
        ("2025-07-01", None, "2025-07-01", True),
    ],
)
def test_a_unit_stands_from_its_first_to_its_last_day(
    first: str | None, last: str | None, day: str, stood: bool
) -> None:
    days = [date.fromisoformat(text) if text else None for text in (first, last)]
    assert Unit("Xã A", "commune", "", "", days[0], days[1], True).stood(date.fromisoformat(day)) is stood


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("Xã A", "xã"),
        ("Thị xã A", "thị xã"),
        ("Thị trấn A", "thị trấn"),
        ("Thành phố A", "thành phố"),
        ("Đặc khu A", "đặc khu"),
        ("Sông A", ""),
    ],
)
def test_the_level_word_of_a_unit_is_read_from_its_name(name: str, level: str) -> None:
    assert Unit(name, "landmark", "", "", None, None, True).level == level


@pytest.mark.parametrize(
    ("form", "landmark", "head", "path"),
    [
        ("Hải Lăng", False, "", "Hải Lăng"),
        ("Cửa khẩu quốc tế Lao Bảo", True, "Cửa khẩu quốc tế", "Lao Bảo"),
        ("Sông Gianh", True, "Sông", "Gianh"),
        ("Hồ Xá", False, "", "Hồ Xá"),  # a township, not a lake
        ("đường 9 - Khe Sanh", True, "đường", "9 Khe Sanh"),
        ("Quang Tri airport", True, "", "Quang Tri airport"),
        ("1", False, "", "1"),
    ],
)
def test_common_nouns_before_a_name_are_its_head(form: str, landmark: bool, head: str, path: str) -> None:
    found = pattern(form, landmark)
    assert (" ".join(found.head), " ".join(found.path)) == (tone_key(head), tone_key(path))


def test_of_names_alone_only_those_with_a_capital_can_be_looked_for() -> None:
    assert [entry.form for entry in named(["Gò Mây", "xứ nọ", "phá Tam Giang"])] == ["Gò Mây", "phá Tam Giang"]


def faulty(row: int, column: str, value: str) -> str:
    """The invented home table with one cell changed; rows are counted as in the file."""
    cells = [list(cells) for cells in HOME]
    cells[row - 2][GAZETTEER_COLUMNS.index(column)] = value
    return table(GAZETTEER_COLUMNS, [tuple(line) for line in cells])


@pytest.mark.parametrize(
    ("home", "problem"),
    [
        ("", "line 1: the columns must be name kind match forms english valid_from valid_to former_parent"),
        ("name\tforms", "line 1"),
        (table(GAZETTEER_COLUMNS, [HOME[0], ("Xã",)]), "line 3: 1 columns, expected 8"),
        (faulty(3, "match", "maybe"), "line 3, column match: 'maybe'; write sure, unique, context, level"),
        (faulty(4, "kind", "village"), "line 4, column kind: 'village'; write province"),
        (faulty(5, "valid_from", "1/7/2025"), "line 5, column valid_from: '1/7/2025'; write a day as 2025-06-30"),
        (faulty(4, "valid_to", "2025-06-30"), "line 4, column valid_to: 2025-06-30 is before valid_from 2025-07-01"),
        (faulty(6, "forms", " ; "), "line 6, column forms: no spelling of 'Xã Lìa'"),
        (faulty(6, "forms", "lìa"), "line 6, column forms: 'lìa' has no capital letter"),
        (faulty(2, "english", "song mau"), "line 2, column english: 'song mau' has no capital letter"),
        (faulty(2, "name", ""), "line 2, column name: empty"),
    ],
)
def test_a_faulty_home_table_is_refused_with_line_and_column(home: str, problem: str) -> None:
    with pytest.raises(ValueError, match="line") as caught:
        list(home_entries(home))
    assert problem in str(caught.value)


@pytest.mark.parametrize(
    ("provinces", "problem"),
    [
        (table(PROVINCE_COLUMNS, [*PROVINCES, ("a", "b")]), "line 7: 2 columns, expected 6"),
        (table(PROVINCE_COLUMNS, [("A", "province", "A", "", "30.6.2025", "")]), "line 2, column valid_to"),
        (table(PROVINCE_COLUMNS, [("A", "", "A", "", "", "")]), "line 2, column kind"),
        (table(GAZETTEER_COLUMNS, HOME), "line 1"),
    ],
)
def test_a_faulty_table_of_provinces_is_refused_with_line_and_column(provinces: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        list(province_entries(provinces))


# --- the shipped tables, and the second province of the tests


def kinds(path: Path) -> Counter[tuple[str, bool]]:
    """(kind, former) of the administrative units."""
    units = {(row["name"], row["kind"], row["valid_to"], row["former_parent"]) for row in rows(path)}
    return Counter((kind, bool(to)) for _, kind, to, _ in units if kind in {"province", "district", "commune"})


def test_the_home_table_holds_every_unit_of_the_province_before_and_after_the_reform() -> None:
    assert kinds(TABLES / "quang_tri.tsv") == {
        ("province", False): 1,
        ("province", True): 2,
        ("district", True): 18,
        ("commune", False): 78,
        ("commune", True): 264,
    }


def test_the_second_table_holds_every_unit_of_its_province() -> None:
    assert kinds(SECOND) == {
        ("province", False): 1,
        ("province", True): 2,
        ("district", True): 16,
        ("commune", False): 64,
        ("commune", True): 164,
    }


def test_the_table_of_provinces_holds_34_present_and_29_former_ones_and_says_where_these_went() -> None:
    provinces = [row for row in rows(TABLES / "provinces.tsv") if row["kind"] == "province"]
    present = {row["name"] for row in provinces if not row["valid_to"]}
    assert (len(present), len(provinces)) == (34, 63)
    assert {row["merged_into"] for row in provinces if row["valid_to"]} <= present


@pytest.mark.parametrize(
    ("path", "provinces"),
    [
        (TABLES / "quang_tri.tsv", ("Tỉnh Quảng Trị", "Tỉnh Quảng Bình")),
        (SECOND, ("Tỉnh Cà Mau", "Tỉnh Bạc Liêu")),
    ],
    ids=["home", "second"],
)
def test_no_communes_name_that_stands_in_another_province_counts_without_context(
    path: Path, provinces: tuple[str, str]
) -> None:
    outside = keys_outside(provinces, provinces[0])
    shared = {
        row["name"]: row["match"]
        for row in rows(path)
        if row["kind"] == "commune" and tone_key(short(row["name"])) in outside
    }
    assert len(shared) > 70
    assert {name for name, match in shared.items() if match not in {"context", "level"}} == set()


@pytest.mark.parametrize("path", [TABLES / "quang_tri.tsv", SECOND], ids=["home", "second"])
def test_every_spelling_leads_to_its_unit_where_level_word_district_and_day_tell_it(path: Path) -> None:
    gazetteer, (province, *table_rows) = of_table(path), rows(path)
    lost = []
    for row in table_rows:
        if row["kind"] not in {"district", "commune"}:
            continue
        level = row["name"].removesuffix(short(row["name"])).lower()
        parent = row["former_parent"] if row["valid_to"] else province["name"]
        for form in row["forms"].split("; "):
            day = date.fromisoformat(row["valid_to"] or "2026-01-01")
            found = gazetteer.find(f"Họp ở {level}{form}, {parent[0].lower()}{parent[1:]} sáng nay.", day)
            if not found or (found[0].unit.name, found[0].unit.parent, found[0].rivals) != (
                row["name"],
                row["former_parent"] if row["valid_to"] else "",
                (),
            ):
                lost.append((form, row["name"], row["former_parent"], found[:1]))
    assert lost == []
