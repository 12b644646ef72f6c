"""Which names count, for which unit, and why.

The test is a table of sentences written for this project (places/hard_sentences.tsv), labelled by hand; `as` nfd: the
sentence is decomposed first. A mention is written `surface = unit (rule)`; [cũ] marks a former unit, @ what it belonged to.
"""

from __future__ import annotations

import os
import re
import time
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigError
from pipeline.line import read_gazetteer
from pipeline.records import HOME, OTHER
from pipeline.settings import read_settings
from pipeline.text.gazetteer import GAZETTEER_COLUMNS, PROVINCE_COLUMNS
from pipeline.text.normalise import tone_key
from pipeline.text.places import Gazetteer, Mention
from pipeline.text.words import words
from pipeline.triage.features import features
from tests.text.gazetteers import HOME as INVENTED_HOME
from tests.text.gazetteers import PROVINCES, SECOND, TABLES, invented, of_table, quang_tri, rows, table

HARD = rows(Path(__file__).parent / "places" / "hard_sentences.tsv")
ESCAPES = {r"\n": "\n", r"\u00a0": "\u00a0", r"\u200b": "\u200b"}


def sentence(row: dict[str, str]) -> str:
    text = re.sub("|".join(map(re.escape, ESCAPES)), lambda match: ESCAPES[match[0]], row["text"])
    return unicodedata.normalize("NFD", text) if row["as"] == "nfd" else text


def shown(text: str, mention: Mention) -> str:
    unit = mention.unit
    surface = " ".join(unicodedata.normalize("NFC", text[mention.start : mention.end]).replace("\u200b", " ").split())
    return f"{surface} = {unit.name}{' [cũ]' if unit.valid_to else ''} ({mention.why.rule})"


@pytest.mark.parametrize("row", HARD, ids=lambda row: f"{row['day']} {row['text'][:40]}")
def test_a_hard_sentence_is_read_as_a_person_reads_it(row: dict[str, str]) -> None:
    text = sentence(row)
    mentions = quang_tri().find(text, date.fromisoformat(row["day"]))
    expected = [label for label in row["expected"].split(" | ") if label]

    assert [shown(text, mention) for mention in mentions] == [re.sub(r" @[^(]+", " ", label) for label in expected]
    for label, mention in zip(expected, mentions, strict=True):
        told = re.search(r" @([^(]+) \(", label)
        assert not told or told[1] in mention.unit.parent
        assert mention.why.by in unicodedata.normalize("NFC", text)
        assert bool(mention.why.by) == (mention.why.rule in {"address", "context"})


def test_the_table_is_long_enough_and_no_sentence_stands_in_it_twice() -> None:
    assert len(HARD) >= 150
    assert len({(row["day"], row["text"], row["as"]) for row in HARD}) == len(HARD)
    assert all(row["hard"] for row in HARD)


@pytest.mark.parametrize(
    "row", [row for row in HARD if r"\n\n" not in row["text"]], ids=lambda row: f"{row['day']} {row['text'][:40]}"
)
def test_a_text_with_its_words_marked_names_the_same_units(row: dict[str, str]) -> None:
    # Paragraphs are segmented one by one, so a name never runs over two; the one sentence on that is left out.
    text, day = sentence(row), date.fromisoformat(row["day"])
    plain, marked = (quang_tri().find(written, day) for written in (text, words(text)))
    assert [(mention.unit, mention.why.rule) for mention in marked] == [
        (mention.unit, mention.why.rule) for mention in plain
    ]


# --- what cannot be decided is said


def test_two_former_communes_of_one_name_are_rivals_where_no_district_is_named() -> None:
    one = quang_tri().find("Xã Tân Thành được khen. Quảng Trị, Quảng Bình", date(2022, 1, 1))[0]
    assert {one.unit.parent, *(unit.parent for unit in one.rivals)} == {
        "Huyện Hướng Hóa, Tỉnh Quảng Trị",
        "Huyện Minh Hóa, Tỉnh Quảng Bình",
    }
    told = quang_tri().find("Ở Hướng Hóa, xã Tân Thành mất mùa", date(2022, 1, 1))[1]
    assert (told.unit.parent, told.rivals) == ("Huyện Hướng Hóa, Tỉnh Quảng Trị", ())


def test_without_a_day_present_units_come_first_and_the_larger_one() -> None:
    units = [quang_tri().find(name)[0].unit for name in ("Quảng Trị", "Vĩnh Linh", "huyện Vĩnh Linh", "Lao Bảo")]
    assert [(unit.name, unit.valid_to is None) for unit in units] == [
        ("Tỉnh Quảng Trị", True),
        ("Xã Vĩnh Linh", True),
        ("Huyện Vĩnh Linh", False),
        ("Xã Lao Bảo", True),
    ]
    assert quang_tri().find("người Lệ Thủy, Quảng Bình")[0].unit.name == "Huyện Lệ Thủy"


def test_why_says_what_gave_the_context_and_the_level_word() -> None:
    text = "Các xã Tân Lập, Tân Mỹ được mùa. Tin từ tỉnh Quảng Trị."
    assert [(mention.why.rule, mention.why.by, mention.why.level) for mention in quang_tri().find(text)] == [
        ("context", "tỉnh Quảng Trị", "xã"),
        ("context", "tỉnh Quảng Trị", "xã"),
        ("sure", "", "tỉnh"),
    ]


# --- the rules on an invented province

INVENTED = invented()
PROVINCE = ("Tỉnh Sông Mẫu", True)


def found(text: str, gazetteer: Gazetteer = INVENTED) -> list[tuple[str, bool]]:
    """(unit's name, home) of the mentions of a text."""
    return [(mention.unit.name, mention.unit.home) for mention in gazetteer.find(text)]


def test_other_provinces_and_places_across_the_border_are_told_from_home() -> None:
    assert found("Từ TP.MT đến Đông Hải") == [("TP.MT", False), ("Đông Hải", False)]
    units = [mention.unit for mention in INVENTED.find("Từ Sông Mẫu sang Na-khẹt, qua Bản Na")]
    assert [(unit.kind, unit.home) for unit in units] == [("province", True), ("abroad", False), ("abroad", False)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Xã Tân Hội làm đường", []),
        ("Xã Tân Hội, tỉnh Sông Mẫu, làm đường", ["Xã Tân Hội", "Tỉnh Sông Mẫu"]),
        ("Sông Mẫu: đường mới về Tân Hội", ["Tỉnh Sông Mẫu", "Xã Tân Hội"]),
        ("Người Sông Mẫu ở xã Tân Hội (Đông Hải)", ["Tỉnh Sông Mẫu", "Đông Hải"]),
        ("Người Sông Mẫu ở huyện Tân Hội", ["Tỉnh Sông Mẫu"]),
        ("Người Sông Mẫu ở xã Tân Hội, huyện Nọ", ["Tỉnh Sông Mẫu"]),
        ("Người Sông Mẫu ở xã Tân Hội, huyện Hòa Thủy", ["Tỉnh Sông Mẫu", "Xã Tân Hội", "Huyện Hòa Thủy"]),
        ("Người Sông Mẫu, nhà văn Tân Hội", ["Tỉnh Sông Mẫu"]),
        ("Người Sông Mẫu ở Tân Hội Phát", ["Tỉnh Sông Mẫu"]),
        ("Tại Đông Hải, dân xã Tân Hội vui. Sông Mẫu thì không", ["Đông Hải", "Tỉnh Sông Mẫu"]),
        ("Đông Hải: Dân xã Tân Hội vui. Sông Mẫu thì không", ["Đông Hải", "Tỉnh Sông Mẫu"]),
        ("Tại Đông Hải có mưa. Dân xã Tân Hội vui. Sông Mẫu", ["Đông Hải", "Xã Tân Hội", "Tỉnh Sông Mẫu"]),
        ("Xã Mai Lan làm đường", ["Xã Mai Lan"]),
        ("Mai Lan làm đường", []),
        ("Bà Mai Lan, người Sông Mẫu", ["Tỉnh Sông Mẫu"]),
        ("Về Mai Lan, Sông Mẫu", ["Xã Mai Lan", "Tỉnh Sông Mẫu"]),
        ("Dân bản Lìa, Sông Mẫu", ["Xã Lìa", "Tỉnh Sông Mẫu"]),
        ("Dân Sông Mẫu không muốn lìa quê", ["Tỉnh Sông Mẫu"]),
        ("Dân bản Lìa", []),
    ],
)
def test_a_name_that_others_bear_too_counts_only_where_the_text_says_so(text: str, names: list[str]) -> None:
    assert [name for name, _ in found(text)] == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Bão vào Đông Hải", [("Đông Hải", False)]),
        ("Bão vào tỉnh Đông Hải", [("Đông Hải", False)]),
        ("Bão vào xã Đông Hải", []),  # some commune of that name; nothing says whose
        ("Bão vào Sông Mẫu và Đông Hải", [PROVINCE, ("Đông Hải", False)]),
        ("Bão vào Sông Mẫu, nhất là xã Đông Hải", [PROVINCE, ("Xã Biển Đông Hải", True)]),
        ("Ở Sông Mẫu, Xã ĐÔNG HẢI ngập", [PROVINCE, ("Xã Biển Đông Hải", True)]),
        ("Ở Sông Mẫu, TP Đông Hải ngập", [PROVINCE, ("Đông Hải", False)]),
    ],
)
def test_a_commune_named_like_a_province_is_home_only_after_its_level_word(
    text: str, expected: list[tuple[str, bool]]
) -> None:
    assert found(text) == expected


def test_a_gazetteer_of_names_alone_knows_them_as_home_and_the_provinces_as_others() -> None:
    gazetteer = Gazetteer.from_names(["Hòa Thủy", "Đông Hải", "Vịnh Xanh"], table(PROVINCE_COLUMNS, PROVINCES))

    assert found("Hòa Thủy, Đông Hải, Sông Mẫu, vịnh Xanh", gazetteer) == [
        ("Hòa Thủy", True),
        ("Đông Hải", True),
        ("Sông Mẫu", False),
        ("Vịnh Xanh", True),
    ]


# --- the reference installation's own tables


def test_all_78_present_units_of_the_province_are_home_beside_its_name() -> None:
    units = [row["name"] for row in rows(TABLES / "quang_tri.tsv") if row["kind"] == "commune" and row["valid_from"]]

    assert len(units) == 78
    for unit in units:
        written = unit[0].lower() + unit[1:]
        assert [name for name, home in found(f"Ở {written}, tỉnh Quảng Trị", quang_tri()) if home] == [
            unit,
            "Tỉnh Quảng Trị",
        ]


@pytest.mark.parametrize(
    "name",
    [
        *["Tân Thành", "Tân Lập", "Tân Mỹ", "Trường Sơn", "Tuyên Bình", "Kim Phú", "Quảng Trạch", "Lìa", "Quảng Ninh"],
        *["Vĩnh Long", "Thanh Hóa", "Hải Dương"],
    ],
)
def test_names_that_stand_elsewhere_too_are_not_home_by_themselves(name: str) -> None:
    assert not any(home for _, home in found(f"Mưa lớn ở xã {name} từ sáng nay", quang_tri()))
    assert [home for _, home in found(f"Mưa lớn ở xã {name}, Quảng Trị từ sáng nay", quang_tri())] == [True, True]


@pytest.mark.parametrize("name", ["Quảng Ninh", "Vĩnh Long", "Thanh Hóa", "Hải Dương"])
def test_a_provinces_name_without_a_level_word_is_that_province_even_beside_home(name: str) -> None:
    assert found(f"{name} giúp Quảng Trị", quang_tri()) == [(name, False), ("Tỉnh Quảng Trị", True)]


# --- any text

_NAMES = sorted({form for row in rows(TABLES / "quang_tri.tsv") for form in row["forms"].split("; ") if form})
_ELSEWHERE = ["Cà Mau", "Thái Bình", "Huế", "TP.HCM", "Quảng Ninh", "Thanh Hóa", "Hà Nội", "Thái Bình Dương"]
_PIECES = st.one_of(
    st.sampled_from(_NAMES),
    st.sampled_from(_ELSEWHERE),
    st.sampled_from(
        ["xã", "các xã", "huyện", "tỉnh", "TP.", "H.", "P.", "thị xã", "phường", "đường", "phố", "sông", "phía"]
    ),
    st.sampled_from([",", ".", "(", ")", " - ", "–", "“", "\n", "\n\n", ":", "cũ", "và", "thuộc", "của", "ở", "tại"]),
    st.sampled_from(
        ["Nguyễn Thị", "bà", "Công ty", "Đông", "Nam", "Hà", "Thanh", "Quảng", "Trị", "Lào", "1", "2022", "ngập"]
    ),
)
_TEXTS = st.lists(_PIECES, max_size=14).map(" ".join)
_DAYS = st.none() | st.dates(date(2010, 1, 1), date(2030, 1, 1))
_LISTED = {
    tone_key(form)
    for path, columns in ((TABLES / "quang_tri.tsv", GAZETTEER_COLUMNS), (TABLES / "provinces.tsv", PROVINCE_COLUMNS))
    for row in rows(path)
    if set(row) == set(columns)
    for column in ("forms", "english")
    for form in row[column].split("; ")
}


@given(_TEXTS, _DAYS)
@settings(max_examples=400, deadline=None)
def test_mentions_are_listed_forms_in_order_and_never_overlap(text: str, day: date | None) -> None:
    end = 0
    for mention in quang_tri().find(text, day):
        assert end <= mention.start < mention.end <= len(text)
        assert tone_key(text[mention.start : mention.end]) in _LISTED
        assert mention.why.by in text
        assert mention.unit not in mention.rivals
        end = mention.end


@given(_TEXTS, _DAYS)
@settings(max_examples=200, deadline=None)
def test_decomposed_letters_and_other_spaces_change_no_mention(text: str, day: date | None) -> None:
    def told(written: str) -> list[tuple[str, str, str]]:
        return [
            (tone_key(written[mention.start : mention.end]), mention.unit.name, mention.why.rule)
            for mention in quang_tri().find(written, day)
        ]

    assert told(unicodedata.normalize("NFD", text)) == told(text)
    assert told(text.replace(" ", "\u00a0")) == told(text)
    assert told(f"\ufeff{text}\u200b") == told(text)


@given(_TEXTS, _DAYS)
@settings(max_examples=200, deadline=None)
def test_the_day_chooses_units_but_not_what_is_home(text: str, day: date | None) -> None:
    assume("Nam" not in text)  # 'Nam Đông Hà' is a ward, or Đông Hà on a day before there was one
    one, other = quang_tri().find(text), quang_tri().find(text, day)
    assert [mention.unit.home for mention in one] == [mention.unit.home for mention in other]


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_no_text_breaks_the_matcher(text: str) -> None:
    for mention in quang_tri().find(text):
        assert tone_key(text[mention.start : mention.end]) in _LISTED


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "Quảng" + " " * 300_000 + "Trị",
        "Tân Thành, " * 20_000 + "Quảng Trị",
        "xã Cam Thủy, " * 20_000,
        "tại Cà Mau xã Tân Thành " * 10_000 + "Quảng Trị",
        "các xã " + "Thanh, " * 20_000 + "Quảng Trị",
        "Tân Thành, Abc, Def, " * 10_000 + "Quảng Trị",
        unicodedata.normalize("NFD", "xã Tân Thành, tỉnh Quảng Trị. ") * 5_000,
    ],
    ids=lambda text: text[:20],
)
def test_a_hostile_text_of_hundreds_of_kilobytes_takes_no_longer_than_its_length_asks(text: str) -> None:
    began = time.process_time()
    quang_tri().find(text)
    assert time.process_time() - began < 20  # a second or two; comparing every name with every other takes minutes


# --- another province by configuration


def office(folder: Path, gazetteer: Path, provinces: Path = TABLES / "provinces.tsv") -> Path:
    path = folder / "diembao.toml"
    path.write_text(
        f"""
[office]
province = "Cà Mau"
body = "Sở Văn hóa, Thể thao và Du lịch"
superior = "UBND tỉnh Cà Mau"
reading_office = "Ban Tuyên giáo và Dân vận Tỉnh ủy"

[home]
gazetteer = "{os.path.relpath(gazetteer, folder)}"
provinces = "{provinces}"
""",
        encoding="utf-8",
    )
    return path


SECOND_SENTENCES = [
    ("2026-05-01", "Quảng Trị và Cà Mau kết nghĩa.", ["Quảng Trị = Quảng Trị (sure)", "Cà Mau = Tỉnh Cà Mau (sure)"]),
    (
        "2024-05-01",
        "Tỉnh Bạc Liêu giáp Cà Mau.",
        ["Bạc Liêu = Tỉnh Bạc Liêu [cũ] (sure)", "Cà Mau = Tỉnh Cà Mau [cũ] (sure)"],
    ),
    ("2024-05-01", "TP Cà Mau mở phố đi bộ.", ["Cà Mau = Thành phố Cà Mau [cũ] (sure)"]),
    ("2026-05-01", "Phường Bạc Liêu chỉnh trang vỉa hè.", ["Bạc Liêu = Phường Bạc Liêu (sure)"]),
    ("2026-05-01", "Xã Tân Thành, tỉnh Quảng Trị sạt lở.", ["Quảng Trị = Quảng Trị (sure)"]),
    (
        "2026-05-01",
        "Phường Tân Thành, tỉnh Cà Mau ngập triều.",
        ["Tân Thành = Phường Tân Thành (address)", "Cà Mau = Tỉnh Cà Mau (sure)"],
    ),
    (
        "2026-05-01",
        "Xã Hồ Thị Kỷ (Cà Mau) thờ nữ anh hùng Hồ Thị Kỷ.",
        ["Hồ Thị Kỷ = Xã Hồ Thị Kỷ (address)", "Cà Mau = Tỉnh Cà Mau (sure)"],
    ),
    (
        "2024-05-01",
        "Xã Khánh Hòa, huyện U Minh mời đoàn Khánh Hòa.",
        [
            "Khánh Hòa = Xã Khánh Hòa [cũ] (address)",
            "U Minh = Huyện U Minh [cũ] (sure)",
            "Khánh Hòa = Khánh Hòa (sure)",
        ],
    ),
    ("2024-05-01", "Cháy rừng ở huyện U Minh Thượng.", []),
    (
        "2024-05-01",
        "Phường 1, TP Bạc Liêu và phường 1, TP Cà Mau.",
        [
            "1 = Phường 1 [cũ] (address)",
            "Bạc Liêu = Thành phố Bạc Liêu [cũ] (sure)",
            "1 = Phường 1 [cũ] (address)",
            "Cà Mau = Thành phố Cà Mau [cũ] (sure)",
        ],
    ),
    (
        "2024-05-01",
        "Huyện Hòa Bình (Bạc Liêu) và tỉnh Hòa Bình.",
        [
            "Hòa Bình = Huyện Hòa Bình [cũ] (address)",
            "Bạc Liêu = Tỉnh Bạc Liêu [cũ] (sure)",
            "Hòa Bình = Hòa Bình [cũ] (sure)",
        ],
    ),
    (
        "2026-05-01",
        "Du khách ra Mũi Cà Mau, ghé xã Đất Mũi.",
        ["Mũi Cà Mau = Mũi Cà Mau (sure)", "Đất Mũi = Xã Đất Mũi (sure)"],
    ),
]


@pytest.mark.parametrize(("day", "text", "expected"), SECOND_SENTENCES, ids=lambda value: str(value)[:40])
def test_another_province_is_home_by_configuration_alone(
    day: str, text: str, expected: list[str], tmp_path: Path
) -> None:
    gazetteer = read_gazetteer(read_settings(office(tmp_path, SECOND)))
    assert [shown(text, mention) for mention in gazetteer.find(text, date.fromisoformat(day))] == expected


def test_what_the_model_reads_follows_the_configured_province(tmp_path: Path) -> None:
    item = ("Quảng_Trị kết_nghĩa Cà_Mau", "Xã Tân_Thành , tỉnh Quảng_Trị đón khách . Xe từ Vĩnh_Linh về Savannakhet .")
    ours = features(*item, quang_tri())
    theirs = features(*item, read_gazetteer(read_settings(office(tmp_path, SECOND))))

    assert (ours[HOME], ours[OTHER], ours["#others=1"], ours["savannakhet"]) == (4, 1, 1, 0)
    assert (theirs[HOME], theirs[OTHER], theirs["#others=1"], theirs["#home_title"]) == (1, 2, 1, 1)
    assert theirs["vĩnh_linh"] == 1


def test_a_fault_in_either_table_is_told_with_its_file_line_and_column(tmp_path: Path) -> None:
    home, provinces = tmp_path / "tinh.tsv", tmp_path / "cac_tinh.tsv"
    home.write_text(table(GAZETTEER_COLUMNS, INVENTED_HOME).replace("sure", "luôn", 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"/tinh\.tsv: line 2, column match: 'luôn'"):
        read_gazetteer(read_settings(office(tmp_path, home)))

    home.write_text(table(GAZETTEER_COLUMNS, INVENTED_HOME), encoding="utf-8")
    provinces.write_text(table(PROVINCE_COLUMNS, [("A", "tỉnh", "A", "", "", "")]), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"/cac_tinh\.tsv: line 2, column kind: 'tỉnh'"):
        read_gazetteer(read_settings(office(tmp_path, home, provinces)))


def test_each_gazetteer_keeps_to_its_own_province() -> None:
    text = "Đất Mũi và Khe Sanh"
    assert [mention.unit.name for mention in quang_tri().find(text)] == ["Xã Khe Sanh"]
    assert [mention.unit.name for mention in of_table(SECOND).find(text)] == ["Xã Đất Mũi"]
