"""Names of persons in sentences of the press, marked by hand: [a name], {what looks like one and is none}.

The sentences and all private persons in them are made up. What stands in no mark is no name either.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.persons import persons
from pipeline.text.words import words

VIETNAMESE = """
Sáng nay, ông [Nguyễn Văn An] đến trụ sở xã làm việc.
Bà [Trần Thị Bưởi] trồng sen ở xã {Hải Lăng} đã mười năm.
Chị [Hương] bán bún gần chợ {Đông Hà} từ 4 giờ sáng.
Anh [Lê Quang Tuấn] ({Quảng Trị}) mua chiếc xe cũ giá 30 triệu đồng.
Theo lời anh [Tuấn], nước lên rất nhanh trong đêm.
Chủ tàu là ông [Phan Tới], 52 tuổi, quê ở đảo {Lý Sơn}.
Cháu [Hoàng Gia Bảo] nhặt được ví tiền và nộp cho công an.
Cô giáo [Mai Thị Lụa] dạy học trên bản {Cu Vai} suốt tám năm.
Thầy [Đỗ Trọng Nghĩa] đưa học sinh qua suối mỗi ngày.
Bác sĩ [Vũ Thanh Hà] cho biết bệnh nhân đã tỉnh.
Luật sư [Đặng Đình Mạnh] đề nghị hoãn phiên tòa.
Bị cáo [Phạm Thị Đoan Trang] bị đưa ra xét xử ngày 14/12.
Tòa tuyên bị cáo [Huỳnh Văn Lợi] 5 năm tù.
Nhà báo [Ngô Bá Lục] kể lại chuyến đi {Trường Sa} đầu tiên.
Ca sĩ [Mỹ Tâm] hát tại {Đà Nẵng} tối thứ bảy.
Nghệ nhân [Kray Sức] giữ nhạc cụ của người {Vân Kiều}.
Kỹ sư [Bùi Hữu Phước] thiết kế cây cầu dài 300 mét.
Giáo sư [Trịnh Công Thảo] nghiên cứu lúa chịu mặn.
PGS.TS [Cao Xuân Lãm] trình bày báo cáo về rừng ngập mặn.
Nạn nhân là em [Võ Nhật Minh], học sinh lớp 7.
Đại tá [Nguyễn Hữu Đàn], Chỉ huy trưởng Bộ đội Biên phòng tỉnh, dự lễ.
Thượng tá [Lê Phương Nam] nói về công tác cứu hộ.
Thiếu tướng [Trần Đức Việt] thăm bà con vùng lũ.
Đại tướng [Võ Nguyên Giáp] sinh ra ở {Lệ Thủy}.
Trung úy [Hồ A Dơi] cõng cụ già qua suối.
Liệt sĩ [Đinh Văn Ngời] quê {Cao Bằng} được tìm thấy hài cốt.
Thượng úy biên phòng [Phùng Minh Tú] bắt được hai đối tượng.
Hạ sĩ [Sơn] bị thương nhẹ ở tay.
Hòa thượng [Thích Minh Quang] trụ trì chùa {Sắc Tứ}.
Thượng tọa [Thích Quảng Thiện] phát quà cho người nghèo.
Đại đức [Thích Tâm Nhẫn] nói lời cảm ơn.
Ni sư [Thích Nữ Diệu Liên] mở lớp học tình thương.
Lễ tang do [Thích Thiện Hạnh] chủ trì diễn ra sáng qua.
Linh mục [Nguyễn Hữu Lễ] cử hành thánh lễ tại {La Vang}.
Linh mục [Phêrô Trần Đình Lai] đến thăm giáo dân.
Giám mục [Giuse Nguyễn Năng] viết thư mục vụ.
Mục sư [A Đảo] được trả tự do trước hạn.
Đức Tổng Giám mục [Giuse Vũ Văn Thiên] dự lễ ở {Hà Nội}.
Già làng [Hồ Văn Pả] kể sử thi bên bếp lửa.
Anh [Giàng A Páo] nuôi 20 con trâu ở {Mù Cang Chải}.
[Giàng A Páo] là người đầu tiên ở bản trồng sâm.
Nghệ sĩ [Y Moan Êban] hát về cao nguyên.
Ông [Y Quynh Bđăp] bị {Thái Lan} dẫn độ.
Hoa hậu [H'Hen Niê] trao học bổng ở {Buôn Ma Thuột}.
Ông [Thạch Sa Rây] đua ghe ngo ở {Sóc Trăng}.
Chị [Lò Thị Mai] dệt thổ cẩm ở {Mai Châu}.
Vận động viên [Sùng A Dơ] về nhất cự ly 10 km.
Ông [Rơ Châm Tih] đúc chiêng ở {Gia Lai}.
Bà [Kpă H'Lan] nhận bằng khen của tỉnh.
Em [Hồ Thị Y Nhung] đậu đại học.
Nghi phạm [Vàng Seo Chứ] bị bắt ở {Lào Cai}.
Chị [Ksor Hương] mở quán cà phê ở {Pleiku}.
Ông [Đinh Y Nghiêm] là trưởng thôn.
Ông [Trump] lại đe dọa áp thuế.
Tổng thống [Macron] thăm {Việt Nam} ba ngày.
Tổng thống {Mỹ} [Donald Trump] ký sắc lệnh mới.
Tổng thống {Nga} [Vladimir Putin] điện đàm với Thủ tướng {Ấn Độ} [Narendra Modi].
Tổng thống {Philippines} [Ferdinand Marcos] nói về {Bãi Cỏ Mây}.
Ngoại trưởng [Vương Nghị] tới {Hà Nội}.
Ngoại trưởng {Trung Quốc} [Vương Nghị] phản đối.
Chủ tịch {Trung Quốc} [Tập Cận Bình] phát biểu ở {Bắc Kinh}.
Người phát ngôn Bộ Ngoại giao {Trung Quốc} [Mao Ninh] trả lời báo chí.
Ông [Tập Cận Bình] gặp bà [Kamala Harris] bên lề hội nghị.
Thủ tướng {Nhật Bản} [Shigeru Ishiba] từ chức.
Thủ tướng {Thái Lan} [Paetongtarn Shinawatra] xin lỗi.
Bộ trưởng Quốc phòng {Mỹ} [Pete Hegseth] tới {Manila}.
Đại sứ {Mỹ} [Marc Knapper] trồng cây ở {Quảng Trị}.
Thủ tướng {Lào} [Sonexay Siphandone] thăm {Lao Bảo}.
Tổng thống {Hàn Quốc} [Yoon Suk-yeol] bị phế truất.
Nhà lãnh đạo [Kim Jong-un] thị sát tàu mới; ông [Kim] nói sẽ đóng thêm.
Tỷ phú [Elon Musk] bán cổ phần; [Musk] không nói lý do.
Huấn luyện viên [Park Hang-seo] chia tay đội tuyển.
HLV [Kim Sang-sik] gọi 26 cầu thủ.
Giáo hoàng [Phanxicô] qua đời.
Cựu Tổng thống [Duterte] bị giải tới {La Haye}.
Tổng Bí thư [Tô Lâm] tiếp đoàn đại biểu {Cuba}.
Chủ tịch nước [Lương Cường] trao quyết định.
Thủ tướng [Phạm Minh Chính] chủ trì phiên họp.
Thủ tướng {Chính phủ} [Phạm Minh Chính] ký công điện.
{Chủ tịch Quốc hội} [Trần Thanh Mẫn] hội đàm ở {Viêng Chăn}.
{Bộ trưởng Quốc phòng} [Phan Văn Giang] thăm tàu.
Bộ trưởng Công an [Lương Tam Quang] trả lời.
Bộ trưởng [Bùi Thanh Sơn] gặp Đại sứ {Hà Lan}.
Người phát ngôn [Phạm Thu Hằng] nêu rõ chủ quyền với {Hoàng Sa}.
Chủ tịch UBND tỉnh [Võ Văn Hưng] kiểm tra đê.
Bí thư Tỉnh ủy [Lê Quang Tùng] tiếp dân.
Phó Chủ tịch UBND tỉnh [Hà Sỹ Đồng] kết luận cuộc họp.
Giám đốc Sở Y tế [Đỗ Văn Hùng] xin lỗi người bệnh.
Chủ tịch xã [Trương Khắc Trưởng] đến tận nhà.
Đại biểu [Nguyễn Thị Kim Thúy] chất vấn.
Chánh án [Lê Minh Trí] đọc báo cáo.
[Nguyễn Phương Hằng] livestream trong đêm.
Blogger [Nguyễn Ngọc Như Quỳnh] sang {Mỹ}.
Theo [Trịnh Bá Phương], gia đình chưa được gặp.
Vợ của [Trịnh Bá Phương] gửi đơn.
Hai anh em [Trần Huỳnh Duy Thức] và [Trần Huỳnh Duy Tân] trở về.
Các ông [Nguyễn Thái Học] và [Phó Đức Chính] được đặt tên đường.
Ông [Trần Nam] mất liên lạc. Vợ nói [Trần Nam] ra khơi hôm 3/5.
Bà [Nga] bán hàng ở chợ. Con gái bà [Nga] học xa.
Ông [Đức] lái xe tải, ông [Mỹ] phụ xe.
Anh [Việt] cùng vợ là chị [Pháp] mở quán.
Thuyền viên [Nguyễn Văn Bé] rơi xuống biển. Tàu bạn tìm [Bé] hai ngày.
Chị [Đoàn Thị Hương] được thả, [Hương] bay về {Nội Bài}.
Ngư dân [Huỳnh Thanh] kể tàu {Trung Quốc} đâm chìm tàu cá.
Thuyền trưởng [Mai Phụng Lưu] bị bắt bốn lần ở {Hoàng Sa}.
Anh [T.] khai đã mua ma túy.
Bị can [N.V.H.] khai nhận.
Ông [Lý Sơn Hải] kể chuyện ở {Lý Sơn}.
Anh [Hà Nam] quê ở {Hà Nam}.
Chị [Cao Thị Đài] theo đạo {Cao Đài}.
Cụ [Hồ] làm thơ.
Chủ tịch [Hồ Chí Minh] đọc Tuyên ngôn Độc lập.
Vua [Hàm Nghi] ra {Tân Sở}.
Nhà thơ [Chế Lan Viên] sinh ở {Cam Lộ}.
Nhạc sĩ [Trịnh Công Sơn] viết bài này ở {Huế}.
Chúa [Nguyễn Hoàng] vào {Ái Tử}.
NSND [Lan Hương] nhận giải.
MC [Phan Anh] quyên góp cho miền {Trung}.
Tài xế [Phạm Văn Dũng] ngủ gật.
Con trai bà [Lan] làm ở {Bình Dương}.
Thư của bà [Bùi Thị Minh Hằng] gửi {Liên Hợp Quốc}.
TS [Nguyễn Quang A] và TS [Nguyễn Xuân Diện] ký tên.
Đồng chí [Nguyễn Đăng Quang] phát biểu chỉ đạo.
Tàu cá bị đâm ở {Hoàng Sa}, ngư dân trôi dạt ba giờ.
{Việt Nam} khẳng định chủ quyền đối với {Hoàng Sa} và {Trường Sa}.
{Chủ tịch Quốc hội} dự lễ khai giảng.
{Bộ trưởng Quốc phòng} đi thăm {Phan Rang}.
{Giám đốc Công an tỉnh} yêu cầu điều tra.
{Giám đốc Công an Cao Bằng} nhận nhiệm vụ mới.
{Thủ tướng Chính phủ} phê duyệt quy hoạch {Kim Sơn}.
Tín đồ {Cao Đài} và {Hòa Hảo} cùng ký tên.
Du khách đổ ra {Hồ Tây} và {Hồ Gươm}.
{Hồ Hoàn Kiếm} cạn nước.
Mưa lớn ở {Mai Châu} và {Kim Bôi}.
Lúa ở {Đồng Tháp Mười} mất mùa.
{Hoàng Su Phì} vào mùa lúa chín, {Hoàng Liên Sơn} có tuyết.
{Đảng Cộng sản} {Việt Nam} họp đại hội.
{Liên Hợp Quốc} ra thông cáo về {Biển Đông}.
Tàu hải cảnh áp sát {Bãi Cỏ Mây}.
{Trung Quốc} phản đối {Nhật Bản}.
Tỉnh {Bà Rịa} - {Vũng Tàu} sáp nhập.
Đường từ bà {Rịa} về {Long Thành} bị kẹt.
Cáp treo {Bà Nà} đóng cửa.
Đảo {Cô Tô} mất điện, huyện {Anh Sơn} ngập.
{Thái Bình Dương} có bão; {Thái Lan} sơ tán dân.
{Chủ tịch Hội Nông dân} nói về giá lúa.
{Bí thư Huyện ủy Lý Sơn} đối thoại với dân.
{Chủ tịch UBND huyện Kim Sơn} bị kỷ luật.
{Đại sứ Hà Lan} và {Đại sứ Anh} thăm vườn.
{Tổng thống Mỹ} và {Thủ tướng Nhật Bản} gặp nhau.
{Người phát ngôn Lầu Năm Góc} không bình luận.
{Đoàn Thanh niên} và {Đoàn Luật sư} ra quân.
Từ {Đà Nẵng} ra {Huế} mất hai giờ.
{Sơn Trà}, {Sơn La}, {Lâm Đồng} và {Hà Giang} đón khách.
{Vương quốc Anh} rút khỏi {Liên minh châu Âu}.
Anh, {Pháp} và {Đức} ra tuyên bố chung.
{Lương Sơn}, {Đông Sơn}, {Triệu Phong} được công nhận nông thôn mới.
{Kim Ngưu} và {Thạch Hãn} là tên sông.
Lễ {Phật Đản} ở chùa {Thiên Mụ}, tượng {Thích Ca} được rước.
{Giáo hội Phật giáo} ra thông bạch.
{Văn phòng Chính phủ} và {Tổng cục Hải quan} có công văn.
{Lê Thủy} là cách viết sai của {Lệ Thủy}.
{Ông} nói sẽ quay lại, {Bà} gật đầu.
"""

ENGLISH = """
Mr [Smith] said the boat was rammed near {Hoang Sa}.
President [Duterte] flew to {Beijing} on Monday.
Chairwoman of the {National Assembly} [Nguyễn Thị Kim Ngân] met voters.
National Assembly Chairwoman [Nguyễn Thị Kim Ngân] met {European Union} envoys.
Prime Minister [Phạm Minh Chính] visited {Quảng Trị}.
Foreign Minister [Wang Yi] arrived in {Hà Nội}.
Foreign Ministry spokesperson [Lê Thị Thu Hằng] spoke about {Trường Sa}.
Secretary of State [Marco Rubio] called {Manila}.
Russian President [Vladimir Putin] met Chinese President [Xi Jinping].
US President [Donald Trump] raised tariffs; [Trump] gave no reason.
Activist [Nguyen Van Dai] was released from prison.
The blogger [Pham Doan Trang] has won a prize; Ms [Trang] is in jail.
Rev. [Nguyen Trung Ton] was sentenced in {Thanh Hoa}.
Father [Thadeus Nguyen Van Ly] was held in {Hue}.
Most Venerable [Thich Quang Do] died in {Saigon}.
Party General Secretary [Tô Lâm] received the {Cuban} delegation.
UN Secretary General [António Guterres] urged restraint.
Dr [Le Hong Giang] and Dr. [Susan Cole] study rice.
The {General Department} of {Customs} and the {General Staff} issued a warning.
The {Prime Minister} and the {Minister} of {Foreign Affairs} spoke.
{Ho Chi Minh City} and {Da Nang} expect rain in the {South China Sea}.
Captain [Miller] turned the ship toward {Cam Ranh}.
"""
# Of a person the table asks that all of the name is covered; of everything else, that nothing is.
_MARK = re.compile(r"[\[\]{}]")
_MARKED = re.compile(r"([^\[\]{}]*)(?:\[([^\]]*)\]|\{([^}]*)\}|$)")


def _sentences() -> Iterator[tuple[str, bool]]:
    yield from ((line, True) for line in VIETNAMESE.strip().split("\n"))
    yield from ((line, False) for line in ENGLISH.strip().split("\n"))


def _masked(pieces: Sequence[str]) -> list[int]:
    """For each letter of the pieces, joints left out: the piece, counted from 1, if it belongs to a name, else 0."""
    covered = {index for start, end in persons(pieces) for index in range(start, end)}
    return [(index + 1) * (index in covered) for index, piece in enumerate(pieces) for char in piece if char != "_"]


def _judged(line: str, vietnamese: bool) -> Iterator[tuple[str, bool, bool]]:
    """(phrase, whether it is a person, whether it is masked) of the marked phrases and of what stands between them."""
    plain = _MARK.sub("", line)
    pieces = (words(plain) if vietnamese else plain).split()
    masked = _masked(pieces)
    assert len(masked) == len(plain.replace(" ", ""))
    parts: list[tuple[str, bool, list[int]]] = []
    for between, name, phrase in _MARKED.findall(line):
        for text, person in ((between, False), (name, True), (phrase, False)):
            letters = text.replace(" ", "")
            # Punctuation that English text leaves on a name does not count.
            part = [hit for char, hit in zip(letters, masked, strict=False) if char.isalpha()]
            masked = masked[len(letters) :]
            if part:
                parts.append((text, person, part))
    # A word that the segmenter made of a name and its neighbour ('Macron_thăm') is masked whole.
    shared = {hit for _, person, part in parts if person for hit in part}
    for text, person, part in parts:
        yield text, person, all(part) if person else bool({0, *part} - {0} - shared)


def test_names_are_masked_and_what_looks_like_one_is_not() -> None:
    judged = [found for line, vietnamese in _sentences() for found in _judged(line, vietnamese)]
    names = [(phrase, masked) for phrase, person, masked in judged if person]
    others = [(phrase, masked) for phrase, person, masked in judged if not person]
    missed = [phrase for phrase, masked in names if not masked]
    hit = [phrase for phrase, masked in others if masked]
    assert len(VIETNAMESE.strip().split("\n")) >= 120
    assert len(ENGLISH.strip().split("\n")) >= 20
    assert len(missed) <= 0.05 * len(names), missed
    assert len(hit) <= 0.03 * len(others), hit


# Whatever precedes them, and however the segmenter cut them.
_CUT = {
    "a name": ("Nguyễn_Văn_An", "Nguyễn Văn_An", "Nguyễn_Văn An", "Nguyễn Văn An", "NGUYỄN_VĂN_AN"),
    "a monk": ("Thích_Minh_Quang", "Thích Minh_Quang", "Thích_Minh Quang"),
    "a H'Mông": ("Giàng_A_Páo", "Giàng A_Páo", "Giàng_A Páo", "Giàng A Páo"),
    "an Ê Đê": ("Y_Moan_Êban", "Y Moan_Êban", "Y_Moan Êban", "H'Hen_Niê", "H'Hen Niê"),
}


@pytest.mark.parametrize("name", [name for names in _CUT.values() for name in names])
@pytest.mark.parametrize("before", ["", "hôm_qua", "Hôm_nay ,", "ông", "gia_đình của"])
def test_a_name_is_told_however_the_segmenter_cut_it(before: str, name: str) -> None:
    pieces = f"{before} {name} kể .".split()
    start, end = len(before.split()), len(pieces) - 2
    assert persons(pieces) == [(start, end)]


def test_a_cut_title_still_announces() -> None:
    assert persons(["Hòa", "thượng_Thích_Minh_Quang", "dạy"]) == [(1, 2)]
    assert persons(["hòa", "thượng", "Quang", "dạy"]) == [(2, 3)]
    assert persons(["GS.TS.", "Lan", "và", "TS.", "Mai"]) == [(1, 2), (4, 5)]


def test_punctuation_parts_a_title_from_what_is_no_name_and_one_name_from_the_next() -> None:
    assert persons(["gặp", "ông", ".", "Mai", "trời", "mưa"]) == []
    assert persons(["Ông", ",", "Bà", "và", "Cô"]) == []
    assert persons(["ông", "An", ",", "bà", "Bưởi"]) == [(1, 2), (4, 5)]
    assert persons(["Mr", "Smith,", "Boston"]) == [(1, 2)]


def test_a_name_told_once_is_found_again_and_only_that_name() -> None:
    pieces = [
        "ông",
        "Trump",
        "nói",
        ".",
        "Trump",
        "về",
        ".",
        "chị",
        "Hương",
        "kể",
        ",",
        "Hương",
        "khóc",
        ".",
        "Hương",
        "Khê",
        "mưa",
        ",",
        "bún",
        "Hương_Giang",
    ]
    assert persons(pieces) == [(1, 2), (4, 5), (8, 9), (11, 12)]


def test_a_given_name_that_begins_sentences_is_left_at_their_beginning() -> None:
    assert persons(["anh", "Sáng", "về", ".", "Sáng", "nay", "mưa", ",", "tìm", "Sáng"]) == [(1, 2), (9, 10)]


def test_the_city_is_left_to_the_gazetteer_even_where_the_person_is_named() -> None:
    pieces = [
        "Chủ_tịch",
        "Hồ_Chí_Minh",
        "đến",
        "Thành_phố",
        "Hồ_Chí_Minh",
        ",",
        "TP",
        "Hồ_Chí_Minh",
        ",",
        "TP.Hồ_Chí_Minh",
    ]
    assert persons(pieces) == [(1, 2)]


def test_a_name_begins_after_the_country_of_an_office_and_not_with_it() -> None:
    assert persons(["Tổng_thống", "Mỹ", "Donald_Trump"]) == [(2, 3)]
    assert persons(["Tổng_thống", "Mỹ", "thăm", "Hà_Nội"]) == []


_ANY = st.text(st.sampled_from("aăđnhtNTHYỨ'_.-,()“”0 \u200b☺"), max_size=8) | st.sampled_from(
    ["ông", "Bà", "Chủ_tịch", "Hòa", "thượng", "Nguyễn", "Hồ_Chí", "Minh", "Mỹ", "Trump", "Y", "H'Hen", "Thích", "."]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_ANY, max_size=20))
def test_spans_of_any_text_are_in_order_apart_and_hold_a_capital(parts: list[str]) -> None:
    pieces = " ".join(parts).split()
    previous = 0
    for start, end in persons(pieces):
        assert previous <= start < end <= len(pieces)
        assert any(char.isupper() for char in "".join(pieces[start:end]))
        previous = end


def test_names_are_told_in_one_pass() -> None:
    """A hundred pieces take some forty microseconds; ten times that would be another kind of search."""
    pieces = [piece for line in VIETNAMESE.split("\n") for piece in _MARK.sub("", line).split()] * 10
    persons(pieces)
    began = time.process_time()
    persons(pieces)
    assert (time.process_time() - began) / len(pieces) < 10e-6
