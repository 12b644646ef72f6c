"""Place names: whole syllables, capitals, and context where a name is not ours alone."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.normalise import syllables
from pipeline.text.places import GAZETTEER_COLUMNS, PROVINCE_COLUMNS, Gazetteer
from tests.conftest import ROOT

# An invented province: another office adopts the product with tables like these and nothing else.
HOME = [
    ("Tỉnh Sông Mẫu", "province", "sure", "Sông Mẫu; Song Mau", "", "", ""),
    ("Huyện Hòa Thủy", "district", "sure", "Hòa Thủy", "", "2025-06-30", "Tỉnh Sông Mẫu"),
    ("Xã Đắk Rông", "commune", "sure", "Đắk Rông; Đakrong", "2025-07-01", "", "Tỉnh Sông Mẫu"),
    ("Xã Nam Hòa Thủy", "commune", "sure", "Nam Hòa Thủy", "2025-07-01", "", "Tỉnh Sông Mẫu"),
    ("Xã Lìa", "commune", "context", "Lìa", "2025-07-01", "", "Tỉnh Sông Mẫu"),
    ("Xã Tân Hội", "commune", "context", "Tân Hội", "2025-07-01", "", "Tỉnh Sông Mẫu"),
    ("Xã Biển Đông Hải", "commune", "level", "Đông Hải", "2025-07-01", "", "Tỉnh Sông Mẫu"),
    ("Đôi bờ Thượng - Hạ", "landmark", "sure", "Đôi bờ Thượng - Hạ", "", "", ""),
]
PROVINCES = [
    ("Đông Hải", "Đông Hải; Dong Hai", "", ""),
    ("Sông Mẫu", "Sông Mẫu", "", ""),
    ("TP.MT", "TP.MT; Thành phố Mai Thượng", "", ""),
]


def table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join("\t".join(row) for row in [columns, *rows])


INVENTED = Gazetteer.from_tables(table(GAZETTEER_COLUMNS, HOME), table(PROVINCE_COLUMNS, PROVINCES))


def found(text: str, gazetteer: Gazetteer = INVENTED) -> list[tuple[str, bool]]:
    """(unit's name, home) of the mentions of a text."""
    words = [text[start:end] for start, end in syllables(text)]
    return [(mention.name, mention.home) for mention in gazetteer.find(words)]


PROVINCE = ("Tỉnh Sông Mẫu", True)


@pytest.mark.parametrize(
    "text",
    [
        "Huyện Hòa Thủy",
        "huyện Hoà Thuỷ",
        "HÒA THỦY",
        unicodedata.normalize("NFD", "Hòa Thủy").replace("D", "D"),
        "ở Hòa-Thủy, hôm nay",
    ],
)
def test_a_name_is_found_however_its_tones_letters_and_hyphens_are_written(text: str) -> None:
    assert found(unicodedata.normalize("NFC", text)) == [("Huyện Hòa Thủy", True)]


@pytest.mark.parametrize("text", ["Đắk Rông", "Ðắk Rông", "ĐAKRONG", "Đakrong"])
def test_every_form_of_a_name_and_the_look_alike_of_d_lead_to_the_unit(text: str) -> None:
    assert found(text) == [("Xã Đắk Rông", True)]


@pytest.mark.parametrize(
    "text",
    ["hòa thủy", "Hòa thủy", "hòa Thủy", "Hòa Thủ y", "Chòa Thủy", "Hòa Thủyy", "Hoa Thủy", "Hòa Thúy", "Hòa và Thủy"],
)
def test_parts_of_words_small_letters_and_other_tones_are_no_place(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("text", ["đôi bờ Thượng - Hạ", "Đôi bờ Thượng – Hạ", "đôi bờ Thượng-Hạ", "ĐÔI BỜ THƯỢNG HẠ"])
def test_a_common_noun_before_a_name_may_be_small_and_dashes_do_not_matter(text: str) -> None:
    assert found(text) == [("Đôi bờ Thượng - Hạ", True)]


def test_the_longest_name_wins_and_a_home_name_wins_over_a_province_of_that_name() -> None:
    assert found("xã Nam Hòa Thủy, Sông Mẫu") == [("Xã Nam Hòa Thủy", True), PROVINCE]


def test_other_provinces_are_told_from_home() -> None:
    assert found("Từ TP.MT đến Đông Hải") == [("TP.MT", False), ("Đông Hải", False)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Xã Tân Hội làm đường", []),
        ("Xã Tân Hội, tỉnh Sông Mẫu, làm đường", ["Xã Tân Hội", "Tỉnh Sông Mẫu"]),
        ("Sông Mẫu: đường mới về Tân Hội", ["Tỉnh Sông Mẫu", "Xã Tân Hội"]),
        ("Người Sông Mẫu ở xã Tân Hội (Đông Hải)", ["Tỉnh Sông Mẫu", "Đông Hải"]),
        ("Dân bản Lìa, Sông Mẫu", ["Xã Lìa", "Tỉnh Sông Mẫu"]),
        ("Dân Sông Mẫu không muốn lìa quê", ["Tỉnh Sông Mẫu"]),
        ("Dân bản Lìa", []),
    ],
)
def test_a_name_that_others_bear_too_counts_only_beside_a_sure_name_of_home(text: str, names: list[str]) -> None:
    assert [name for name, _ in found(text)] == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bão vào Đông Hải", [("Đông Hải", False)]),
        ("Bão vào xã Đông Hải", [("Đông Hải", False)]),
        ("Bão vào Sông Mẫu và Đông Hải", [PROVINCE, ("Đông Hải", False)]),
        ("Bão vào Sông Mẫu, nhất là xã Đông Hải", [PROVINCE, ("Xã Biển Đông Hải", True)]),
        ("Ở Sông Mẫu, Xã ĐÔNG HẢI ngập", [PROVINCE, ("Xã Biển Đông Hải", True)]),
    ],
)
def test_a_commune_named_like_a_province_is_home_only_after_its_level_word(
    text: str, expected: list[tuple[str, bool]]
) -> None:
    assert found(text) == expected


def test_a_gazetteer_of_names_alone_knows_them_as_home_and_the_provinces_as_others() -> None:
    gazetteer = Gazetteer.from_names(["Hòa Thủy", "Đông Hải"], table(PROVINCE_COLUMNS, PROVINCES))

    assert found("Hòa Thủy, Đông Hải, Sông Mẫu", gazetteer) == [
        ("Hòa Thủy", True),
        ("Đông Hải", True),
        ("Sông Mẫu", False),
    ]


SYLLABLES = [
    *["Sông", "Mẫu", "Nam", "Hòa", "Thủy", "Lìa", "Tân", "Hội", "Đông", "Hải"],
    "xã",
    "đôi",
    "bờ",
    "Thượng",
    "Hạ",
    "TP",
    "MT",
    "và",
]


@given(st.lists(st.sampled_from(SYLLABLES)))
@settings(max_examples=300, deadline=None)
def test_mentions_come_in_order_and_never_overlap(words: list[str]) -> None:
    end = 0
    for mention in INVENTED.find(words):
        assert end <= mention.start < mention.end <= len(words)
        end = mention.end


@pytest.mark.parametrize(
    ("home", "provinces", "problem"),
    [
        ("", table(PROVINCE_COLUMNS, PROVINCES), "line 1"),
        ("name\tforms", table(PROVINCE_COLUMNS, PROVINCES), "line 1"),
        (table(GAZETTEER_COLUMNS, [HOME[0], ("Xã",)]), table(PROVINCE_COLUMNS, PROVINCES), "line 3: 1 columns"),
        (
            table(GAZETTEER_COLUMNS, [(*HOME[0][:2], "maybe", *HOME[0][3:])]),
            table(PROVINCE_COLUMNS, PROVINCES),
            "line 2, column match: 'maybe'",
        ),
        (table(GAZETTEER_COLUMNS, HOME), table(PROVINCE_COLUMNS, [*PROVINCES, ("a", "b")]), "line 5: 2 columns"),
    ],
)
def test_a_faulty_table_is_refused_with_its_line(home: str, provinces: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Gazetteer.from_tables(home, provinces)


# The reference installation's own tables.


@pytest.fixture(scope="module")
def quang_tri() -> Gazetteer:
    folder = ROOT / "models" / "gazetteer"
    return Gazetteer.from_tables(
        (folder / "quang_tri.tsv").read_text(encoding="utf-8"), (folder / "provinces.tsv").read_text(encoding="utf-8")
    )


def test_all_78_present_units_of_the_province_are_home_beside_its_name(quang_tri: Gazetteer) -> None:
    rows = [
        line.split("\t")
        for line in (ROOT / "models" / "gazetteer" / "quang_tri.tsv").read_text(encoding="utf-8").splitlines()[1:]
    ]
    units = [row[0] for row in rows if row[1] == "commune" and row[4] and not row[5]]

    assert len(units) == 78
    for unit in units:
        level, _, name = unit.partition(" ")
        mentions = found(f"Ở {level.lower()} {name}, tỉnh Quảng Trị", quang_tri)
        assert [home for _, home in mentions] == [True, True], unit


@pytest.mark.parametrize(
    "name",
    [
        "Tân Thành",
        "Tân Lập",
        "Tân Mỹ",
        "Trường Sơn",
        "Đồng Sơn",
        "Tuyên Bình",
        "Kim Phú",
        "Quảng Trạch",
        "Lìa",
        "Quảng Ninh",
        "Vĩnh Long",
        "Thanh Hóa",
        "Hải Dương",
    ],
)
def test_names_that_stand_elsewhere_too_are_not_home_by_themselves(name: str, quang_tri: Gazetteer) -> None:
    assert not any(home for _, home in found(f"Mưa lớn ở xã {name} từ sáng nay", quang_tri))
    assert any(home for _, home in found(f"Mưa lớn ở xã {name}, Quảng Trị từ sáng nay", quang_tri)[:-1])


@pytest.mark.parametrize("name", ["Quảng Ninh", "Vĩnh Long", "Thanh Hóa", "Hải Dương"])
def test_a_provinces_name_without_a_level_word_is_that_province_even_beside_home(
    name: str, quang_tri: Gazetteer
) -> None:
    assert found(f"{name} giúp Quảng Trị", quang_tri) == [(name, False), ("Tỉnh Quảng Trị", True)]


@pytest.mark.parametrize(
    ("spellings", "unit"),
    [
        (["Đa Krông", "Đakrông", "Đăkrông", "Dakrong", "Da Krong", "Ðakrông", "ĐAKRÔNG"], "Huyện Đa Krông"),
        (["Hướng Hóa", "Hướng Hoá", "HƯỚNG HÓA"], "Huyện Hướng Hóa"),
        (["Lệ Thủy", "Lệ Thuỷ"], "Huyện Lệ Thủy"),
        (["đôi bờ Hiền Lương - Bến Hải", "Đôi bờ Hiền Lương–Bến Hải"], "Đôi bờ Hiền Lương - Bến Hải"),
        (
            ["Vườn quốc gia Phong Nha-Kẻ Bàng", "vườn quốc gia Phong Nha - Kẻ Bàng"],
            "Vườn quốc gia Phong Nha - Kẻ Bàng",
        ),
    ],
)
def test_the_spellings_in_use_lead_to_one_unit(spellings: list[str], unit: str, quang_tri: Gazetteer) -> None:
    for spelling in spellings:
        assert found(spelling, quang_tri) == [(unit, True)], spelling


@pytest.mark.parametrize("name", ["Hưởng Hóa", "Đồng Lễ", "Lệ Thúy", "Quảng Trí", "Hải Lắng"])
def test_tones_are_never_dropped_to_make_a_place_of_the_province(name: str, quang_tri: Gazetteer) -> None:
    assert found(f"{name} và Quảng Trị", quang_tri) == [("Tỉnh Quảng Trị", True)]


@pytest.mark.parametrize("text", ["bắc qua sông Gianh", "qua cầu Gianh", "vượt đèo Ngang"])
def test_a_river_or_pass_is_home_with_its_common_noun_in_small_letters(text: str, quang_tri: Gazetteer) -> None:
    assert [home for _, home in found(text, quang_tri)] == [True]


@pytest.mark.parametrize("text", ["bà Nguyễn Thị Kim Ngân phát biểu", "chị Trần Minh Hoa mở quán ăn"])
def test_a_persons_name_is_not_a_place_of_the_province(text: str, quang_tri: Gazetteer) -> None:
    assert found(text, quang_tri) == []
