from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.records import HOME, OTHER, PERSON, Article, Version
from pipeline.text.words import segment, told_words
from pipeline.triage.abroad import COUNTRY, VIETNAM
from pipeline.triage.features import NO_HOME, features, terms_of
from tests.triage.judging import gazetteer

OURS = gazetteer("Quảng Trị")


def _counts(title: str, text: str) -> dict[str, int]:
    return dict(features(title, text, OURS))


def test_an_item_becomes_words_pairs_title_words_and_places() -> None:
    assert _counts("Tàu_cá gặp nạn", "Tàu_cá của Quảng_Trị gặp nạn , 12 người ở Cà_Mau cứu .") == {
        "tàu_cá": 2, "gặp": 2, "nạn": 2, "người": 1, "cứu": 1, "0": 1,
        "tàu_cá gặp": 1, "gặp nạn": 2, f"{HOME} gặp": 1, "0 người": 1, f"{OTHER} cứu": 1,
        "t:tàu_cá": 1, "t:gặp": 1, "t:nạn": 1,
        HOME: 1, OTHER: 1, "#home=1": 1, "#others=1": 1,
        "#abroad=0": 1, "#here=home": 1, "#abroad=0,here=home": 1,
    }  # fmt: skip


def test_a_home_named_in_the_title_is_told_apart_from_one_named_in_the_text() -> None:
    assert _counts("Quảng_Trị đón khách", "")["#home_title"] == 1
    assert "#home_title" not in _counts("Đón khách", "Ở Quảng_Trị")


@pytest.mark.parametrize(
    ("names", "bucket"), [(0, "#home=0"), (1, "#home=1"), (3, "#home=3"), (4, "#home=4+"), (9, "#home=4+")]
)
def test_how_often_home_is_named_is_counted_up_to_four(names: int, bucket: str) -> None:
    bag = _counts("", "Quảng_Trị . " * names)
    assert bag[bucket] == 1
    assert bag.get(HOME, 0) == names
    assert sum(term.startswith("#home=") for term in bag) == 1


def test_another_province_named_twice_is_one_other_province() -> None:
    assert _counts("", "Cà_Mau , Cà_Mau , Sơn_La")["#others=2"] == 1


def test_punctuation_and_function_words_part_neighbours() -> None:
    assert "nhanh mạnh" not in _counts("", "nhanh , mạnh")
    assert "nhanh mạnh" not in _counts("", "nhanh và mạnh")
    assert "nhanh mạnh" not in _counts("", "nhanh, mạnh")  # as English text is left
    assert "nhanh mạnh" not in _counts("", "nhanh 、 mạnh")
    assert "nhanh mạnh" in _counts("", "nhanh mạnh")
    assert "title body" not in _counts("title", "body")  # nor do title and text run together


@pytest.mark.parametrize("name", ["Quảng_Trị", "Quảng Trị", "tỉnh_Quảng_Trị", "Quảng_Trị_"])
def test_a_name_is_found_however_the_segmenter_cut_it(name: str) -> None:
    bag = _counts("", f"khách đến {name} nhiều")
    assert bag[HOME] == 1
    assert not any("trị" in term for term in bag)


def test_every_number_is_the_same_term() -> None:
    assert _counts("", "12 tàu") == _counts("", "3.450 tàu") == _counts("", "2026/QĐ tàu")


def test_an_english_word_is_the_same_before_a_comma_a_stop_and_a_quotation_mark() -> None:
    article = Article("", "Patrol at sea", "", "At sea, at “sea”. At sea.", "", None, None, "en", "general", 1.0)
    split = segment(Version("v", "a", "s", "f", datetime(2026, 1, 1, tzinfo=UTC), article))
    bag = features(split.title, split.body, OURS)
    assert bag["sea"] == 4
    said = [term for term in bag if not term.startswith("#")]
    assert not [term for term in said if "," in term or "." in term or "”" in term]


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert _counts("", "mở " * 350 + "đóng") == _counts("", "mở " * 350 + "khép")


_WORD = st.text(st.sampled_from("aăâbcđeêghiklmnoôơpqrstuưvxyáàảãạ_.-,()“”0 7\n\u200b⌂◇#:"), max_size=12)
_WORDS = _WORD | st.sampled_from(["#home=4+", "#home=3", "#others=2", "#abroad=7+", "#here=vn", "⌂", "◇", "☺", "☺…"])


@settings(max_examples=150, deadline=None)
@given(st.lists(_WORDS, max_size=20), st.lists(_WORDS, max_size=5))
def test_any_text_gives_counted_terms_that_do_not_depend_on_white_space(body: list[str], head: list[str]) -> None:
    bag = features(" ".join(head), " ".join(body), OURS)
    assert all(count >= 1 for count in bag.values())
    assert all(term == term.strip() and term for term in bag)
    assert bag == features("  ".join(head), "\n".join(body), OURS)
    # Nothing that a page says can pass for what is counted about places.
    assert {term for term in bag if term.startswith(("#home=", "#others="))} == {"#home=0", "#others=0"}
    assert {term for term in bag if term.startswith(("#abroad", "#here"))} == {
        "#abroad=0", "#here=no", "#abroad=0,here=no",
    }  # fmt: skip
    assert not {HOME, OTHER, PERSON} & set(bag)


# --- persons -----------------------------------------------------------------------------------------------------


def test_a_name_is_one_term_and_has_the_same_neighbours_however_it_was_cut() -> None:
    one = _counts("", "gặp ông Nguyễn_Văn_An hôm_nay")
    assert one[PERSON] == one[f"{PERSON} hôm_nay"] == one[f"ông {PERSON}"] == 1
    assert one == _counts("", "gặp ông Nguyễn Văn_An hôm_nay") == _counts("", "gặp ông Nguyễn Văn An hôm_nay")
    assert not [term for term in one if "nguyễn" in term or "an" in term.split()]


def test_punctuation_after_the_last_word_of_a_name_parts_it_from_its_neighbour() -> None:
    bag = _counts("", "said Mr John Smith, captain of it")
    assert bag[PERSON] == 1
    assert f"{PERSON} captain" not in bag


def test_a_name_does_not_join_the_title_with_the_text() -> None:
    bag = _counts("gặp ông An", "Bà Bưởi kể")
    assert f"t:{PERSON}" in bag
    assert f"{PERSON} bà" not in bag


def test_a_person_called_like_a_country_or_a_province_is_a_person_only() -> None:
    assert _counts("", "anh Nga kể") == _counts("", "anh Lan kể")
    assert _counts("", "anh Hà_Nam kể") == _counts("", "anh Thái_Bình kể") == _counts("", "anh Văn_Lâm kể")
    assert _counts("", "ở Hà_Nam")["#others=1"] == 1


def test_the_city_that_bears_a_persons_name_is_another_province() -> None:
    bag = _counts("", "ở thành_phố Hồ_Chí_Minh")
    assert bag[OTHER] == 1
    assert PERSON not in bag


def test_home_is_home_even_where_a_name_might_stand() -> None:
    bag = dict(features("", "Chủ_tịch Lê_Thủy kể", gazetteer("Lê Thủy")))
    assert bag[HOME] == 1


_GIVEN = st.sampled_from([
    "Hùng", "Hạnh", "Cúc", "Quyền", "Bắc", "Lợi", "Tuyết", "Nhung", "Oanh", "Khoa", "Vinh", "Trâm", "Ân", "Phượng", "Thắng",
    "Yến", "Dũng", "Sơn", "Hà", "Mai",
])  # fmt: skip
_MIDDLE = st.sampled_from(["Văn", "Thị", "Đình", "Hữu", "Minh", "Thanh", "Ngọc", "Xuân"])
_SURNAME = st.sampled_from([
    "Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Ngô", "Trương", "Đinh", "Trịnh",
])  # fmt: skip
_WEAK = st.sampled_from(["Hoàng", "Hồ", "Lý", "Cao", "Hà", "Kim", "Mai", "Sơn", "Lâm", "Đoàn", "Thái", "Từ"])
_FOREIGN = st.sampled_from(
    ["Trump", "Macron", "Vladimir Putin", "Emmanuel Macron", "Kim Jong-un", "Vương Nghị", "Hồ Cẩm Đào", "Xi Jinping"]
)


@st.composite
def _cut(draw: st.DrawFn, syllables: tuple[str, ...]) -> str:
    """The name as the segmenter may cut it."""
    joints = [draw(st.sampled_from("_ ")) for _ in syllables[1:]]
    return syllables[0] + "".join(joint + part for joint, part in zip(joints, syllables[1:], strict=True))


def _names(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).flatmap(_cut)


# Of each kind of person: where such persons are named in the press, and what they are called.
_KINDS: dict[str, tuple[tuple[str, str], st.SearchStrategy[str]]] = {
    "full": (
        ("Vụ {} ở Hà_Nội", "Theo hồ_sơ , {} và vợ bị bắt . Luật_sư của {} kêu_oan ."),
        _names(_SURNAME, _MIDDLE, _GIVEN) | _names(_SURNAME, _MIDDLE, _MIDDLE, _GIVEN),
    ),
    "addressed": (
        ("Ông {} đòi đất", "Sáng nay , ông {} và chị {} đến xã . “ Tôi buồn ” , bà {} nói ."),
        _names(_GIVEN) | _names(_MIDDLE, _GIVEN) | _names(_SURNAME, _MIDDLE, _GIVEN) | _names(_WEAK, _MIDDLE, _GIVEN),
    ),
    "given": (
        ("Anh {} mất_tích", "Vợ tìm anh {} ba ngày . Hôm_qua {} trở_về , dân làng mừng cho {} ."),
        _names(_GIVEN),
    ),
    "rank": (
        ("Đại_tá {} thăm đảo", "Thượng_tá {} khen thiếu_úy {} , trung_tướng {} dự ."),
        _names(_SURNAME, _GIVEN) | _names(_WEAK, _GIVEN) | _names(_SURNAME, _MIDDLE, _GIVEN),
    ),
    "office": (
        ("Thủ_tướng {} họp", "Chủ_tịch UBND tỉnh {} kết_luận . Bí_thư Tỉnh_ủy {} đến dự ."),
        _names(_SURNAME, _MIDDLE, _GIVEN) | _names(_WEAK, st.just("Thị"), _GIVEN),
    ),
    "monk": (
        ("Hòa_thượng {} viên_tịch", "Chùa do {} trụ_trì bị phá . Đại_đức {} phản_đối ."),
        _names(st.just("Thích"), st.sampled_from(["Quảng", "Minh", "Tâm"]), _GIVEN)
        | _names(st.just("Thích"), st.just("Nữ"), st.just("Diệu"), _GIVEN),
    ),
    "priest": (
        ("Linh_mục {} bị cấm đi", "Giáo_dân đón linh_mục {} và giám_mục {} ."),
        _names(st.sampled_from(["Giuse", "Phêrô", "Antôn"]), _SURNAME, _MIDDLE, _GIVEN) | _names(_SURNAME, _GIVEN),
    ),
    "highland": (
        ("Anh {} bị bắt", "Công_an bắt {} hôm_qua . Ông {} là tín_đồ ."),
        _names(st.just("Giàng"), st.just("A"), st.sampled_from(["Páo", "Dơ", "Chứ"]))
        | _names(st.just("Y"), st.sampled_from(["Quynh", "Krông", "Blăk"]), st.sampled_from(["Bđăp", "Êban", "Niê"]))
        | _names(st.sampled_from(["H'Hen", "H'Biap"]), st.sampled_from(["Niê", "Êban", "Krông"])),
    ),
    "foreign": (
        ("Tổng_thống {} doạ áp thuế", "Tổng_thống Mỹ {} gặp ông {} . Ngoại_trưởng {} phản_đối ."),
        _FOREIGN.map(lambda name: tuple(name.split())).flatmap(_cut),
    ),
    "English": (
        ("President {} at sea", "Mr {} said the navy came. Prime Minister {} met Dr. {} of it."),
        st.sampled_from(["Smith", "Duterte", "John Smith", "Nguyễn Văn An", "Phạm Thị Hạnh", "Vu Van Hung", "Xi Jinping"]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", _KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_another_person_of_the_same_kind_changes_nothing_that_the_model_sees(kind: str, data: st.DataObject) -> None:
    (title, text), names = _KINDS[kind]
    bags = []
    for name in (data.draw(names), data.draw(names)):
        bags.append(features(title.replace("{}", name), text.replace("{}", name), OURS))
        assert bags[-1][PERSON] == title.count("{}") + text.count("{}")
    assert bags[0] == bags[1]


# --- outlets -----------------------------------------------------------------------------------------------------

_DATELINES = st.sampled_from(
    ["", "(Dân trí) - ", "TTO - ", "VTV.vn - ", "QTO - ", "(VTC News) - ", "TPO - ", "VOV.VN - "]
)
_CREDITS = st.sampled_from(
    ["", "\nTheo TTXVN", "\n(TTXVN/Vietnam+)", "\nTheo Dân trí", "\n(Theo VnExpress)", "\nTheo Tuổi Trẻ", "\nNguồn: VOV",
     "\nTheo Tiền Phong/VnExpress"]
)  # fmt: skip


_STORY = (
    "Sáng nay, hơn bốn mươi hộ dân ở Quảng Trị đã được đưa ra khỏi vùng lũ bằng xuồng của bộ đội biên phòng.\n"
    "Nước lên nhanh trong đêm, nhiều nhà ngập đến mái, lương thực và chăn màn phải chở đến bằng đường thủy.\n"
    "Chính quyền nói đến chiều mai nước mới rút, học sinh các xã ven sông nghỉ học thêm hai ngày nữa."
)


@settings(max_examples=60, deadline=None)
@given(_DATELINES, _CREDITS)
def test_the_marks_of_other_outlets_or_none_change_nothing_that_the_model_sees(dateline: str, credit: str) -> None:
    marked = features("", told_words(f"{dateline}{_STORY}{credit}", "vi"), OURS)
    assert marked == features("", told_words(_STORY, "vi"), OURS)


# --- other countries ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "abroad", "here"),
    [
        ("tin tức", "0", "no"),
        ("ở Quảng_Trị", "0", "home"),
        ("ở Cà_Mau", "0", "vn"),
        ("ở Việt_Nam", "0", "vn"),
        ("ở Congo", "1", "no"),
        ("Congo , Qatar và Việt_Nam", "1", "vn"),
        ("Congo , Qatar , Iran", "3", "no"),
        ("Congo . " * 6 + "Quảng_Trị", "3", "home"),
        ("Congo . " * 7, "7+", "no"),
    ],
)
def test_how_much_plays_abroad_and_whether_it_has_to_do_with_home_is_counted(text: str, abroad: str, here: str) -> None:
    bag = _counts("", text)
    assert {term for term in bag if term.startswith(("#abroad", "#here"))} == {
        f"#abroad={abroad}", f"#here={here}", f"#abroad={abroad},here={here}",
    }  # fmt: skip


def test_another_country_in_the_title_is_told_and_whether_vietnam_is_there_too() -> None:
    alone = _counts("Congo bầu_cử", "ở Việt_Nam")
    assert alone["#abroad_title"] == alone["#abroad_title,here=vn"] == alone["#abroad_title_only"] == 1
    both = _counts("Congo và Việt_Nam", "tin")
    assert both["#abroad_title"] == 1
    assert "#abroad_title_only" not in both
    assert not [term for term in _counts("Việt_Nam", "Congo") if term.startswith("#abroad_title")]


def test_one_country_counts_like_another_but_for_its_own_word() -> None:
    here, there = _counts("", "ở Congo"), _counts("", "ở Qatar")
    assert {term for term in here if term.startswith("#")} == {term for term in there if term.startswith("#")}


def test_a_country_is_written_with_a_capital() -> None:
    assert _counts("", "hoa mỹ")["#abroad=0"] == 1
    assert _counts("", "nước Mỹ")["#abroad=1"] == 1


@pytest.mark.parametrize("name", COUNTRY)
def test_every_name_of_a_country_is_one_word_as_the_segmenter_writes_it_and_is_not_vietnam(name: str) -> None:
    assert name == name.lower()
    assert name not in VIETNAM


# --- what others read of this ------------------------------------------------------------------------------------


def test_an_item_that_does_not_name_home_has_the_term_by_which_training_knows_it() -> None:
    assert _counts("tin", "ở Cà_Mau")[NO_HOME] == 1
    assert NO_HOME not in _counts("tin", "ở Quảng_Trị")


def test_the_single_words_of_a_text_are_in_order_without_function_words_numbers_told_apart_and_outlets() -> None:
    assert terms_of("Tàu_cá của dân , 12 chiếc ( VnExpress ) Tàu_cá dantri.com.vn") == [
        "tàu_cá",
        "dân",
        "0",
        "chiếc",
        "tàu_cá",
    ]
    assert terms_of("") == []


def test_the_lead_of_a_long_text_is_a_field_of_its_own() -> None:
    """Of a text that is hardly longer than a lead it would only say everything twice."""
    long = " ".join(["mở_đầu", *["chuyện"] * 44, *["tiếp"] * 40])
    bag = features("Tin", long, gazetteer("Cồn Sẻ"))
    assert (bag["l:mở_đầu"], bag["l:chuyện"], bag["l:tiếp"]) == (1, 44, 0)
    short = " ".join(long.split()[:70])
    assert not [term for term in features("Tin", short, gazetteer("Cồn Sẻ")) if term.startswith("l:")]
