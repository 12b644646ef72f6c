"""Which words of a text are names of persons, so that the model can be kept from seeing them.

By form alone, without a list of people. A run of capitalised syllables is read from its beginning; a name starts

* after a form of address, a rank or an order ('ông An', 'hòa thượng Thích Minh Quang', 'Mr Smith'), whatever it is;
* after an office ('Chủ tịch', 'President'), which may also stand before a body: with a surname or a foreign syllable; what
  stands between the office and the name may be a country ('Tổng thống Mỹ Donald Trump'), and then any name may follow;
* after an occupation ('ngư dân'), which may also stand before a place: with a surname that begins hardly any place;
* with nothing before it: with a surname and two more syllables. Surnames that also begin places or are ordinary words
  ('Hoàng', 'Sơn') need more: the segmenter took all for one word, 'Thị' or the like is in it, an office is near.

The same name, its foreign syllables and its given name are found again in the text. Syllables are looked at rather than words,
because the segmenter often takes a name and the verb after it for one word ('Macron_thăm'). Two syllables with a surname and
nothing before them are left alone: 'Hoàng Sa', 'Cao Đài' look like that too. A name that none of this tells is missed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from typing import Literal, NamedTuple

from pipeline.text.normalise import plain_key

_Kind = Literal[
    "kin", "address", "office", "work", "abroad"
]  # of what announces a name; abroad: an office, then a country

_LONGEST = 6  # syllables of a name
_ALONE = 3  # syllables that a name must have where nothing announces it
_TITLE = 6  # syllables of the longest title
_CHAIN = 6  # words between an office and a name: 'Chủ tịch Ủy ban nhân dân tỉnh Hà Sỹ Đồng'

# Surnames that begin hardly anything else.
_SURE = frozenset(
    """
    Nguyễn Trần Lê Phạm Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Ngô Trương Đinh Trịnh
    Nguyen Tran Le Pham Huynh Phan Vu Vo Dang Bui Do Ngo Truong Dinh Trinh
    """.split()  # noqa: SIM905 - a list of words
)
# And those that begin places, or are words: 'Hoàng Sa', 'Cao Đài', 'Từ'.
_SURNAMES = _SURE | frozenset(
    """
    Hoàng Hồ Dương Lý Đoàn Lâm Mai Đào Cao Hà Tạ Tô Thái Chu Châu Lưu Vương Phùng Quách Tống Kiều Lương Thạch Tôn La Tăng Từ
    Mạc Đồng Doãn Hứa Khuất Nghiêm Thân Bành Bạch Đàm Giang Kim Lục Phó Triệu Văn Viên Trang Lò Quàng Cầm Giàng Sùng Thào
    Vàng Lầu Hạng Cứ Mùa Danh Sơn Nông Ma Tòng Vừ Tráng Lường Cà Tẩn Chảo Phàn Lù Ly Thò Lèng Chẻo Đèo Chế Diệp
    Trà Ngụy Sầm Nùng Lữ Ninh Bế Đường Quản Khổng Âu Ân Cù Cấn Khúc Phí Mã Ứng Lỗ Thiều
    Đậu Kha Tiết Trầm Điêu Chử Chung Lại Tưởng Hầu Biện Giáp Mẫn Nhữ Ngọ Vi Lộc Cung Hạ Uông
    Hoang Ho Duong Ly Doan Lam Mai Dao Luong Ha Cao To Thai Thach
    """.split()  # noqa: SIM905 - a list of words
)
# Surnames of Chinese and Korean persons in Vietnamese; they count after an office.
_SINO = frozenset("Tập Mao Hoa Cảnh Tần Tiêu Cố Vạn Ôn Giả Khương Hàn Ngụy Đổng Trình Phác Quan Tào Hạ Đới Lã".split())  # noqa: SIM905
# The middle of a name. Of women and men of the Kinh, then of the H'Mông and other peoples.
_MIDDLE = frozenset("Thị Văn Hữu Đình Thi Van Huu Dinh A Seo Y".split())  # noqa: SIM905
_CLERGY = frozenset({"Thích", "Thich"})  # what monks are called by: 'Thích Minh Quang'
_CLANS = frozenset(
    "Niê Êban Bđăp Siu Ksor Kpă Mlô Kbuôr Ayun Byă Knul Adrơng Ênuôl Hmok Hđơk Kriêng Arul Ktla Kđoh".split()  # noqa: SIM905
)
_HIGHLAND = re.compile(r"[HK]['’][^\W\d_]")  # H'Hen, K'Brêu


def _phrases(text: str) -> list[tuple[str, ...]]:
    return [tuple(word.split("_")) for word in text.split()]


# After these there is nobody else than a person.
_KIN = _phrases("ông bà anh chị em cháu bé thầy cô bác chú dì cậu cụ")
_ADDRESS = _phrases(
    """
    đồng_chí chiến_sĩ chiến_sỹ binh_nhất binh_nhì hạ_sĩ trung_sĩ thượng_sĩ thiếu_úy trung_úy thượng_úy đại_úy thiếu_tá trung_tá
    thượng_tá đại_tá thiếu_tướng trung_tướng thượng_tướng đại_tướng đô_đốc chuẩn_đô_đốc úy_biên_phòng tá_biên_phòng
    hòa_thượng hoà_thượng trưởng_lão thượng_tọa thượng_toạ đại_đức ni_sư ni_trưởng sư_cô sư_thầy linh_mục giám_mục hồng_y nữ_tu
    mục_sư giáo_hoàng ht tt đđ lm gm luật_sư bác_sĩ bác_sỹ tiến_sĩ tiến_sỹ thạc_sĩ kỹ_sư giáo_sư cô_giáo thầy_giáo nhà_báo
    phóng_viên ca_sĩ ca_sỹ diễn_viên đạo_diễn nghệ_sĩ nghệ_sỹ nghệ_nhân bị_cáo bị_can nghi_phạm đối_tượng nạn_nhân tài_xế
    liệt_sĩ liệt_sỹ anh_hùng nhà_thơ nhà_văn nhạc_sĩ nhạc_sỹ họa_sĩ danh_họa nhà_nghiên_cứu cầu_thủ tiền_đạo tiền_vệ hậu_vệ
    thủ_môn võ_sĩ tay_vợt kỳ_thủ vđv hlv huấn_luyện_viên vận_động_viên người_mẫu hoa_hậu á_hậu blogger già_làng tù_nhân
    cựu_tù_nhân vua chúa nsnd nsưt mc gs ts ths pgs bs ls ks mr mrs ms dr capt col gen lt sgt maj sir madam rev venerable
    reverend captain colonel
    """
)
# After these there may also be a body ('Chủ tịch Quốc hội'): only a surname or a foreign word is a name.
_MINISTERS = [("bộ", "trưởng"), ("thứ", "trưởng"), ("bộ", "trưởng", "bộ"), ("thứ", "trưởng", "bộ")]
_MINISTRIES = _phrases("quốc_phòng ngoại_giao công_an tài_chính tư_pháp nội_vụ y_tế xây_dựng công_thương thương_mại")
_OFFICE = _phrases(
    """
    tổng_thống thủ_tướng chủ_tịch bí_thư tổng_bí_thư bộ_trưởng thứ_trưởng ngoại_trưởng đại_sứ người_phát_ngôn phát_ngôn_viên
    giám_đốc tỷ_phú nữ_hoàng hoàng_tử công_chúa quốc_vương nghị_sĩ nghị_sỹ dân_biểu thống_đốc thị_trưởng đại_biểu thẩm_phán
    chánh_án viện_trưởng tổng_thư_ký cao_ủy nhà_lãnh_đạo lãnh_tụ tư_lệnh thủ_lĩnh đặc_phái_viên cố_vấn tổng_giám_mục
    đức_cha chủ_tịch_nước chủ_tịch_quốc_hội chủ_tịch_hạ_viện chủ_tịch_thượng_viện thủ_tướng_chính_phủ
    người_phát_ngôn_bộ_ngoại_giao phát_ngôn_viên_bộ_ngoại_giao ceo president
    minister chairman chairwoman secretary secretary_of_state general ambassador judge lawyer father bishop senator
    congressman governor mayor pope king queen prince premier spokesman spokeswoman spokesperson activist
    """
) + [(*minister, *ministry) for minister, ministry in product(_MINISTERS, _MINISTRIES)]
# After these there may also be a place: 'ngư dân Lý Sơn'.
_WORK = _phrases(
    """
    ngư_dân thuyền_viên thuyền_trưởng tài_công nông_dân công_nhân học_sinh sinh_viên giáo_viên nhà_giáo doanh_nhân trưởng_thôn
    trưởng_bản chủ_tàu người_dân cán_bộ nhân_viên chuyên_gia nhà_hoạt_động nghi_can
    """
)
_TITLES: dict[str, list[tuple[tuple[str, ...], _Kind]]] = {}  # by the last syllable
_LISTS: tuple[tuple[_Kind, Iterable[tuple[str, ...]]], ...] = (
    ("kin", _KIN), ("address", _ADDRESS), ("office", _OFFICE), ("work", _WORK)
)  # fmt: skip
for _kind, _list in _LISTS:
    for _phrase in _list:
        _TITLES.setdefault(_phrase[-1], []).append((_phrase, _kind))
for _found in _TITLES.values():
    _found.sort(key=lambda title: -len(title[0]))
_ROLES = (
    frozenset(  # last syllables of what a person is rather than of what he does: 'ông Viện_trưởng', not 'ông Kim_nói'
        "trưởng phó tịch thư sứ viên lý đốc sĩ sỹ sư tướng thống ký uỷ ủy giáo nghị án hùng".split()  # noqa: SIM905
    )
)
# Capitalised, and no person even after these. A name may follow a country, an alliance, or another body that has a head.
_COUNTRIES = _phrases(
    """
    Mỹ Hoa_Kỳ Nga Anh Pháp Đức Nhật Nhật_Bản Úc Ý Italy Lào Trung_Quốc Hàn Hàn_Quốc Triều_Tiên Ấn Ấn_Độ Thái_Lan Việt Việt_Nam
    Campuchia Myanmar Philippines Philippine Indonesia Malaysia Singapore Brunei Đông_Timor Timor_Leste Đài_Loan Hồng_Kông
    Mông_Cổ Ukraine Belarus Ba_Lan Séc Slovakia Hungary Romania Bulgaria Serbia Hy_Lạp Thổ_Nhĩ_Kỳ Tây_Ban_Nha Bồ_Đào_Nha Hà_Lan
    Bỉ Thụy_Sĩ Thụy_Điển Na_Uy Phần_Lan Đan_Mạch Litva Latvia Estonia Ireland Iceland Áo Croatia Israel Palestine Iran Iraq Syria
    Lebanon Li-băng Jordan Qatar UAE Saudi_Arabia Ả_Rập_Xê_Út Arab_Saudi Yemen Kuwait Ai_Cập Libya Algeria Maroc Sudan Ethiopia
    Kenya Nigeria Ghana Nam_Phi Congo Angola Pakistan Afghanistan Bangladesh Sri_Lanka Nepal Bhutan Kazakhstan Uzbekistan
    Azerbaijan Armenia Gruzia Canada Mexico Cuba Brazil Argentina Chile Peru Colombia Venezuela Bolivia Ecuador Panama Australia
    New_Zealand Vatican NATO EU ASEAN LHQ WHO IMF Fed Liên_Hợp_Quốc Liên_hợp_quốc Lầu_Năm_Góc Nhà_Trắng Điện_Kremlin
    Liên_Hiệp_Quốc Hạ_viện Thượng_viện
    China Vietnam Viet_Nam Việt_Nam's Russia Japan India America Britain France Germany Thailand Cambodia Laos Taiwan Ukraine's
    """
)
_PLACES = _phrases(
    """
    Hoàng_Sa Trường_Sa Thái_Bình_Dương Đại_Tây_Dương Ấn_Độ_Dương Cao_Đài Hòa_Hảo Hoà_Hảo Lý_Sơn Hồ_Gươm Hồ_Tây Hồ_Hoàn_Kiếm
    Hồ_Ba_Bể Hồ_Trị_An Kim_Sơn Kim_Bôi Kim_Ngưu Kim_Liên Kim_Động Mai_Châu Mai_Sơn Phan_Rang Phan_Thiết Phan_Xi_Păng Phan_Thiet
    Hoàng_Su_Phì Hoàng_Liên_Sơn Hoàng_Mai Đồng_Tháp_Mười Đồng_Tháp Đồng_Nai Đồng_Hới Đồng_Đăng Cao_Bằng Cao_Lãnh
    Hà_Nội Hà_Giang Hà_Nam Hà_Tĩnh Hà_Tiên Hà_Đông Lâm_Đồng Lâm_Hà Sơn_La Sơn_Trà Sơn_Tây Thái_Bình Thái_Nguyên Châu_Đốc
    Châu_Á Châu_Âu Lương_Sơn Thạch_Hãn Thạch_Hà Triệu_Phong Triệu_Sơn Văn_Chấn Văn_Giang La_Vang Dương_Minh_Châu Ninh_Bình
    Ninh_Thuận Trà_Vinh Bạch_Long_Vĩ Bạch_Mai Kiến_An Hồ_Chí_Minh_City Ho_Chi_Minh_City Phù_Đổng Thích_Ca Thich_Ca Mẹ Lệ_Thủy
    An_Giang Vũng_Tàu Bình_Dương Bình_Phước Bình_Thuận Bình_Định Bạc_Liêu Bắc_Giang Bắc_Kạn Bắc_Ninh Bến_Tre Cà_Mau Cần_Thơ
    Gia_Lai Huế Hòa_Bình Hưng_Yên Hải_Dương Hải_Phòng Hậu_Giang Khánh_Hòa Nha_Trang Kiên_Giang Lai_Châu Long_An Lào_Cai Đà_Lạt
    Lạng_Sơn Nam_Định Nghệ_An Phú_Thọ Phú_Yên Quảng_Bình Quảng_Nam Quảng_Ngãi Quảng_Ninh Quảng_Trị Sóc_Trăng Sài_Gòn Saigon
    Thanh_Hóa Thừa_Thiên Tiền_Giang Tuyên_Quang Tây_Ninh Vĩnh_Long Vĩnh_Phúc Yên_Bái Điện_Biên Đà_Nẵng Điện_Biên_Phủ Yên_Tử
    Đắk Đăk Krông Ea Ia Kon Chư Buôn Plei Pleiku Formosa
    """
)
_NO_NAMES = frozenset((*_COUNTRIES, *_PLACES))
# A form of address and a word that together are a place.
_PAIRS = frozenset(
    _phrases("bà_rịa bà_nà bà_đen bà_điểm bà_triệu bà_mẹ cô_tô cô_giang ông_đốc ông_tạ ông_trời chúa_trời")
)
_NOBODY: dict[str, list[tuple[tuple[str, ...], bool]]] = {}  # by the first syllable; whether it is a country
for _phrase in _COUNTRIES:
    _NOBODY.setdefault(_phrase[0], []).append((_phrase, True))
for _phrase in _PLACES:
    _NOBODY.setdefault(_phrase[0], []).append((_phrase, False))
for _longest in _NOBODY.values():
    _longest.sort(key=lambda phrase: -len(phrase[0]))
# English words of bodies and offices.
_BODIES = frozenset(
    """
    Staff Department Assembly Office Committee Council Hospital Statistics Secretary Minister President Corporation Electric
    Administration Confederation Court Advocate Cup State National Bank Party Foreign Affairs Defence Defense Security Public
    Ministry Government General Prime Vice Deputy Chairman Chairwoman Group Company University City Province District Commune
    Town Ward Island Islands Sea Army Navy Police Central Communist United Nations House Senate People’s People's Supreme Trade
    Health Finance Education Director Chief Counsellor Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February
    March April June July August September October November December The
    """.split()  # noqa: SIM905 - a list of words
)
# Given names that sentences also begin with.
_BEGINNINGS = frozenset(
    """
    Như Sáng Tới Thế Hiện Nay Khi Trong Theo Sau Qua Vừa Bé Anh Em Chị Ông Bà Cô Hai Ba Năm Nam Chính Mai Tối Trưa Chiều Đêm
    Ngày Tết Xuân Thu Đông Hạ Vì Do Đến Từ An The In On At
    """.split()  # noqa: SIM905 - a list of words
)
_LEVELS = frozenset("xã huyện phường quận tỉnh đảo núi thôn làng bản sông cầu chợ phố hồ biển bãi".split())  # noqa: SIM905
# The city is left to the gazetteer.
_UNCLE_HO, _CITY = ("Hồ", "Chí", "Minh"), {("phố",), ("tp",)}
_RANKS = frozenset("úy tá tướng thượng tọa đức mục".split())  # noqa: SIM905 - last syllables
_STATE = {("nước",), ("state",)}  # as in 'Chủ_tịch nước', 'Secretary of State'
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_JOINT = re.compile(r"[_.]+")
# A syllable that Vietnamese could have: one onset, vowels, one coda, without tone marks.
_NATIVE = re.compile(r"(?:ngh|ng|nh|ch|tr|th|kh|ph|gh|gi|qu|[bcdghklmnprstvx])?[aeiouy]{1,3}(?:ng|nh|ch|[cmnpt])?")


class _Form(NamedTuple):
    """A piece without its punctuation."""

    syllables: tuple[str, ...]
    lower: tuple[str, ...]
    capital: tuple[bool, ...]  # of each syllable: whether it may belong to a name
    opens: bool  # punctuation stands before it
    ends: bool  # and after it
    any: bool  # whether one is capital


class _Syllable(NamedTuple):
    """A capitalised syllable of a run."""

    text: str
    piece: int
    first: bool  # of its piece
    tail: bool  # whether the segmenter took a word in lower case after it for a part of its word


@lru_cache(maxsize=50_000)
def _form(piece: str) -> _Form:
    core = _EDGES.sub("", piece)
    syllables = tuple(part for part in _JOINT.split(core) if part)
    if len(syllables) > 1 and core.isupper() and syllables[0].title() in _SURNAMES:
        syllables = tuple(part.title() for part in syllables)  # NGUYỄN_VĂN_AN
    capital = tuple(part[0].isupper() and not (part.isupper() and len(part) > 1) for part in syllables)
    return _Form(
        syllables,
        tuple(map(str.lower, syllables)),
        capital,
        not piece.startswith(core),
        not piece.endswith(core),
        any(capital),
    )


@lru_cache(maxsize=50_000)
def _foreign(syllable: str) -> bool:
    return len(syllable) > 1 and not _NATIVE.fullmatch(plain_key(syllable.removesuffix("'s").removesuffix("’s")))


# What is seen of a piece at a glance: it has capitals, these may begin a name, are enough for one, a title may end here.
_CAPITAL, _TELLS, _ENOUGH, _TITLED = 1, 2, 4, 8


@lru_cache(maxsize=50_000)
def _may_begin(syllable: str) -> bool:
    """Whether a name that nothing announces may begin so."""
    return syllable in _SURNAMES or syllable in _CLERGY or syllable == "Y" or bool(_HIGHLAND.match(syllable))


@lru_cache(maxsize=50_000)
def _glance(piece: str) -> int:
    form = _form(piece)
    if not form.syllables:
        return 0
    lower = _form(piece).lower
    # The segmenter may have cut a title: 'Hòa thượng_Thích'.
    titled = any(
        title[-len(lower) :] == lower[-len(title) :]
        and (
            len(title) <= len(lower) or kind == "address" or (kind == "office" and (len(lower) > 1 or lower in _STATE))
        )
        for title, kind in _TITLES.get(lower[-1], ())
    )
    seen = _TITLED if titled else 0
    if form.any:
        seen |= _CAPITAL
        names = [
            index
            for index, (syllable, capital) in enumerate(zip(form.syllables, form.capital, strict=True))
            if capital and _may_begin(syllable)
        ]
        if names:
            seen |= _TELLS
        if (names and len(lower) >= (2 if form.syllables[names[0]] in (*_CLERGY, "Y") else _ALONE)) or (
            _HIGHLAND.match(form.syllables[0])
            or any(before in _TITLES and capital for before, capital in zip(lower, form.capital[1:], strict=False))
        ):
            seen |= _ENOUGH
    return seen


def persons(pieces: Sequence[str]) -> list[tuple[int, int]]:
    """[start, end) of the pieces that make up a name; pieces are words as `text.words.words` writes them, between spaces."""
    found: dict[int, int] = {}
    names = _Names()
    seen = list(map(_glance, pieces))
    # Most capitals are read no further: nothing in them, nor before them, tells a name.
    starts = [
        at
        for at, (here, before, after) in enumerate(zip(seen, [0, *seen], [*seen[1:], 0], strict=False))
        if here & _CAPITAL and (here & _ENOUGH or before & _TITLED or (here & _TELLS and after & _CAPITAL))
    ]
    done = -1
    for at in starts:
        if at > done:
            done = _read(pieces, at, found, names)
    if found:
        covered = {index for start, end in found.items() for index in range(start, end)}
        for at in [at for at, here in enumerate(seen) if here & _CAPITAL]:
            if _form(pieces[at]).syllables[0] in names.begun and at not in covered and names.again(pieces, at):
                found[at] = at + 1
    return sorted(found.items())


def _read(pieces: Sequence[str], at: int, found: dict[int, int], names: _Names) -> int:
    """Read the runs of capitalised syllables that begin in this piece; the last piece that was read."""
    before = _before(pieces, at)
    run: list[_Syllable] = []
    index = at
    while True:
        form = _form(pieces[index])
        for part, syllable in enumerate(form.syllables):
            if form.capital[part]:
                run.append(_Syllable(syllable, index, part == 0, not all(form.capital[part : part + 2])))
                continue
            if run:
                _parse(pieces, run, before, found, names)
                before = [*before, *(other.text.lower() for other in run)]
                run = []
            before.append(syllable.lower())
        following = index + 1
        if form.ends and not _abbreviates(pieces[index]):
            break
        if following == len(pieces) or not (ahead := _form(pieces[following])).any or ahead.opens:
            break
        index = following
    if run:
        _parse(pieces, run, before, found, names)
    return index


def _before(pieces: Sequence[str], at: int) -> list[str]:
    """The syllables before a piece that nothing parts from it, lower case; as many as a title may have if one ends there."""
    before: list[str] = []
    index = at
    form = _form(pieces[at])
    most = _TITLE if at and _glance(pieces[at - 1]) & _TITLED else 1
    while index > 0 and len(before) < most and not form.opens:
        index -= 1
        form = _form(pieces[index])
        if not form.syllables or (form.ends and not _abbreviates(pieces[index])):
            break
        before[:0] = form.lower
    return before


@lru_cache(maxsize=50_000)
def _abbreviates(piece: str) -> bool:
    """'Mr.', 'TS.': a stop that ends no sentence."""
    syllables = _form(piece).lower
    return piece.endswith(".") and bool(syllables) and len(syllables[-1]) < 5 and (syllables[-1],) in _SHORT


_SHORT = frozenset(_phrases("mr mrs ms dr ts ths pgs gs bs ls ks ht tt đđ lm gm capt col gen lt sgt maj rev"))


def _parse(
    pieces: Sequence[str], run: list[_Syllable], before: list[str], found: dict[int, int], names: _Names
) -> None:
    """Find the names in a run of capitalised syllables."""
    at = 0
    context = list(before)
    carried: _Kind | None = None
    while at < len(run):
        kind = carried or _announced(pieces, run, at, context)
        carried = None
        if kind is None and not _may_begin(run[at].text):
            context.append(run[at].text.lower())
            at += 1
            continue
        passed, country = _nobody(run, at)
        if passed and not _called_so(kind, context, passed, country):
            # After 'Tổng thống Mỹ' comes a person; so it does after 'ca sĩ Mỹ'.
            carried = "abroad" if country and kind in {"office", "address", "abroad"} else None
            size = passed
        else:
            size = _length(run, at)
            if not _begins(pieces, run, at, size, kind, context):
                size = 1
            else:
                size = _native(run, at, size) if kind is None else size
                first, last = run[at].piece, run[at + size - 1].piece
                found[first] = last + 1
                names.add([syllable.text for syllable in run[at : at + size]])
        context += (syllable.text.lower() for syllable in run[at : at + size])
        at += size


def _called_so(kind: _Kind | None, context: list[str], passed: int, country: bool) -> bool:
    """Whether a person is called like a country or a place: 'bà Nga', 'anh Hà Nam', 'đại tá Hoàng Mai', not 'bác sĩ Hà Nội'."""
    return (kind == "kin" and (passed == 1 or not country)) or (
        kind == "address" and not country and context[-1] in _RANKS
    )


def _announced(pieces: Sequence[str], run: list[_Syllable], at: int, context: list[str]) -> _Kind | None:
    """What stands before this syllable."""
    for title, kind in _TITLES.get(context[-1], ()) if context else ():
        if len(title) > len(context) or tuple(context[-len(title) :]) != title:
            continue
        if len(title) == 1 and kind == "kin":
            if at:
                whole, capital = run[at - 1].first, True
            else:
                whole, capital = _kin_alone(pieces, run[0], context[-1])
            # 'đàn_ông'; 'Bà_Nà' within a sentence, 'huyện Anh_Sơn'
            if not whole or (context[-1], run[at].text.lower()) in _PAIRS:
                return None
            if capital and len(context) > 1 and (run[at].text not in _SURNAMES or context[-2] in _LEVELS):
                return None
        return kind
    return None


def _kin_alone(pieces: Sequence[str], first: _Syllable, word: str) -> tuple[bool, bool]:
    """Whether the syllable before begins its piece, and whether it is capitalised."""
    form = _form(pieces[first.piece]) if not first.first else _form(pieces[first.piece - 1])
    return form.syllables[0].lower() == word and (len(form.syllables) == 1 or not first.first), form.capital[0]


def _nobody(run: list[_Syllable], at: int) -> tuple[int, bool]:
    """How many syllables here name a country or a place, and whether a country."""
    for phrase, country in _NOBODY.get(run[at].text, ()):
        if len(phrase) == 1 or phrase == tuple(syllable.text for syllable in run[at : at + len(phrase)]):
            return len(phrase), country
    return 0, False


def _length(run: list[_Syllable], at: int) -> int:
    """How many syllables a name that begins here may have."""
    end = at + 1
    while end < len(run) and end - at < _LONGEST and run[end].text not in _BODIES:
        here = run[end]
        if (
            end - at > 1
            and here.first
            and here.text in _SURE
            and not _foreign(run[at].text)
            and end + 1 < len(run)
            and run[end + 1].text in _MIDDLE
        ):
            break  # 'xã Triệu Cơ Lê Thị Quế'
        passed, country = _nobody(run, end)
        if passed > 1 and (country or run[end].first) and end - at + passed > 2:
            break
        end += 1
    return end - at


def _native(run: list[_Syllable], at: int, size: int) -> int:
    """How many of these are Vietnamese syllables: 'Lê Lợi Street'. A name of another people is taken whole."""
    if run[at].text not in _SURNAMES:
        return size
    for index in range(at, at + size):
        if _foreign(run[index].text) and "'" not in run[index].text:
            return index - at
    return size


def _begins(
    pieces: Sequence[str], run: list[_Syllable], at: int, size: int, kind: _Kind | None, context: list[str]
) -> bool:
    """Whether a name of so many syllables begins here."""
    text = run[at].text
    if text in _BODIES:
        return False
    foreign = _foreign(text) or (size > 1 and _foreign(run[at + 1].text))
    if kind is None:
        return _unannounced(pieces, run, at, size, context)
    if size == 1 and run[at].tail and not _foreign(text):
        # 'ông Kim_nói', but 'ông Chủ_tịch'; 'anh_hùng Lao_động'
        return (
            kind == "kin"
            and len(_form(pieces[run[at].piece]).lower) == 2
            and not _role(_form(pieces[run[at].piece]).lower)
        )
    if kind == "office":
        return foreign or text in _SURE or (size > 1 and (text in _SURNAMES or text in _SINO)) or text in _CLERGY
    if kind == "work":
        return (text in _SURE and size > 1) or (text in _SURNAMES and size >= _ALONE) or (foreign and size > 1)
    return True


def _role(syllables: tuple[str, ...]) -> bool:
    return syllables[-1] in _ROLES or any(syllables == title for title, _ in _TITLES.get(syllables[-1], ()))


def _unannounced(pieces: Sequence[str], run: list[_Syllable], at: int, size: int, context: list[str]) -> bool:
    text = run[at].text
    if _HIGHLAND.match(text):
        return True
    if text == "Y":  # 'Y Moan Êban'; no Vietnamese name of a place has a foreign syllable after it
        return any(_foreign(syllable.text) or syllable.text in _CLANS for syllable in run[at + 1 : at + size])
    if text in _CLERGY:
        return size > 1
    if text not in _SURNAMES or _native(run, at, size) < _ALONE:
        return False
    if tuple(context[-1:]) in _CITY and tuple(syllable.text for syllable in run[at : at + 3]) == _UNCLE_HO:
        return False
    if text in _SURE or run[at + 1].text in _MIDDLE:
        return True
    joined = run[at].first and run[at + 2].piece == run[at].piece
    return (joined and not (at and not run[at - 1].first)) or _office_near(pieces, run[at].piece)


def _office_near(pieces: Sequence[str], at: int) -> bool:
    for index in range(at - 1, max(-1, at - 1 - _CHAIN), -1):
        form = _form(pieces[index])
        if form.ends or not form.syllables:
            return False
        syllables = _form(pieces[index]).lower
        for title, kind in _TITLES.get(syllables[-1], ()):
            if kind == "office" and syllables[-len(title) :] == title:
                return True
    return False


class _Names:
    """The names of a text that were told, to find them again."""

    def __init__(self) -> None:
        self._foreign: set[str] = set()
        self._whole: set[tuple[str, ...]] = set()
        self._given: set[str] = set()
        self.begun: set[str] = set()  # first syllables of all of these

    def add(self, name: list[str]) -> None:
        """A name, by its syllables."""
        self._foreign.update(part for part in name if len(part) > 2 and _foreign(part))
        if len(name) > 1:
            self._whole.update({tuple(name), tuple(name[-2:])} - _NO_NAMES)
        if not _foreign(name[-1]) and len(name[-1]) > 1 and (name[-1],) not in _NO_NAMES:
            self._given.add(name[-1])
        self.begun.update(name)

    def again(self, pieces: Sequence[str], at: int) -> bool:
        """Whether the piece is one of them."""
        form = _form(pieces[at])
        count = form.capital.index(False) if False in form.capital else len(form.capital)
        name = form.syllables[:count]
        if name and all(part in self._foreign for part in name):
            return True
        if count > 1:
            return name in self._whole and not (name == _UNCLE_HO and at and _form(pieces[at - 1]).lower[-1:] in _CITY)
        if len(form.syllables) != 1 or name[0] not in self._given:
            return False
        # A given name alone: 'Hương kể'; not 'Hương Khê', nor a word that begins a sentence.
        before = _form(pieces[at - 1]) if at else None
        starts = before is None or form.opens or not before.syllables or before.ends
        if starts and name[0] in _BEGINNINGS:
            return False
        if not starts and before is not None and before.capital[-1]:
            return False
        return form.ends or at + 1 == len(pieces) or not any(_form(pieces[at + 1]).capital[:1])
