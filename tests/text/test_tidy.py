"""Lines of a body that are not its text: which go, and which begin like one of them and stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.text.tidy import is_credited, tidy, without_lead

# Longer than any label: after its last such paragraph an article may end in a list of others.
LONG = (
    "Bến đò Cồn Nhạn hoạt động trở lại từ sáng nay, sau ba tuần dừng vì nước lên quá báo động hai, trong lúc xã vẫn chờ "
    "cây cầu treo đã hứa từ mùa mưa năm ngoái mà đến nay mới đóng được hai hàng cọc ở bờ phía đông của con sông này."
)
SHORT = "Giá vé vẫn giữ như cũ, ba nghìn đồng một người và năm nghìn đồng nếu kèm xe đạp."
TITLE, LEAD = "Bến đò Cồn Nhạn mở lại", "Sau ba tuần nghỉ vì lũ, đò lại đưa khách sang sông từ sáng nay."


def kept(*paragraphs: str, authors: list[str] | None = None) -> list[str]:
    return tidy(list(paragraphs), [], TITLE, LEAD, authors or [])[0]


PROMOTION = [
    "Xem thêm: Những bến đò mới",
    "Xem thêm Những bến đò mới trong năm",
    ">> Những bến đò mới trong năm.",
    "© Báo Mẫu",
    "Mời bạn đọc theo dõi bản tin tối.",
    "* Mời bạn đọc vào chuyên mục Xã hội xem các tin, bài khác.",
    "Theo dõi Báo Mẫu trên kênh tin nhanh.",
    "Theo dõi Báo Mẫu trên Facebook, YouTube, TikTok",
    "Chia sẻ bài viết",
    "Chia sẻ bài viết của bạn tại đây.",
    "Đăng ký nhận bản tin tại đây.",
    "Đón đọc kỳ sau trên số báo ngày mai.",
    "Kỳ sau: Cây cầu trên giấy",
    "Tin liên quan",
    "Từ khóa: bến đò, cầu treo",
    "Bình luận (12)",
    "Lượt xem: 25.000",
    "25.000 lượt xem",
    "Nghe bài viết",
    "Tác giả, Lê Mẫu",
    "Advertisement",
    "Read more: New ferries of the year",
    "Related Stories",
    "Subscribe to our newsletter.",
    "Sign up for our newsletter.",
    "Copyright 2026 Sample Times. All rights reserved.",
    "Ảnh: Tư liệu",
    "Video: Đò sang sông",
]


@pytest.mark.parametrize("line", PROMOTION)
def test_calls_to_the_reader_and_labels_are_left_out(line: str) -> None:
    assert kept(LONG, line, LONG[1:]) == [LONG, LONG[1:]]


SENTENCES = [
    "Từ khóa “bến đò Cồn Nhạn” xuất hiện dày đặc trên mạng xã hội trong hai ngày qua.",
    "Đón xem trận đua thuyền có hàng nghìn người đứng kín hai bờ sông.",
    "Số lượt truy cập trang của xã tăng gấp đôi so với năm ngoái.",
    "25.000 lượt xem trong một ngày là con số kỷ lục của kênh này.",
    "Đăng ký phương tiện được làm ngay tại đây.",
    "Theo dõi các tài khoản này trên mạng xã hội, công an xác định hai người đã tung tin.",
    "Chia sẻ bài viết sai sự thật về dịch bệnh, một người bị phạt 7,5 triệu đồng.",
    "Tin liên quan đến vụ vỡ đập lan truyền trên mạng là sai sự thật.",
    "Mời khán giả lên sân khấu, nghệ sĩ kể chuyện đời mình.",
    "Xem thêm ba ngôi nhà nữa, ông mới quyết định mua.",
    "Tác giả, một thầy giáo làng, qua đời năm ngoái.",
    "Bình luận về việc này, chủ bến nói đò vẫn an toàn.",
    "Advertisement revenue at the paper rose 5 per cent last year.",
    "Copyright cases took the court three years to clear.",
    "Read more books, the teacher told her pupils.",
    "See also problems with the water supply, the report says.",
    "Ảnh hưởng của bão còn kéo dài đến cuối tuần.",
    "Nguồn nước sạch của xã lấy từ hai giếng khoan.",
    "Trên mạng lan truyền một bức ảnh: người đàn ông đứng giữa dòng nước lũ.",
    "Công an xã đã công bố một số hình ảnh:",
    "Small firms want easier credit: banks must lend more this year.",
    "A picture by the painter sold for five million dollars in town.",
    "He was told twice. Whether he knew and/or approved is unclear",
]


@pytest.mark.parametrize("line", SENTENCES)
def test_sentences_that_begin_like_a_label_stay(line: str) -> None:
    assert kept(LONG, line, LONG[1:]) == [LONG, line, LONG[1:]]


@pytest.mark.parametrize(
    "line", ["Các tin khác", "Tin cùng chuyên mục:", "Other news", "Tổng biên tập: Lê Mẫu", "Giấy phép số 12/GP-STTTT"]
)
def test_a_list_of_other_articles_or_an_imprint_ends_the_text_if_no_long_paragraph_follows(line: str) -> None:
    assert kept(LONG, line, SHORT, SHORT[1:]) == [LONG]
    assert LONG[1:] in kept(LONG, line, SHORT, LONG[1:])


@pytest.mark.parametrize(
    "line",
    [
        "Nhà tài trợ chính là một hợp tác xã.",
        "Hủy đăng ký 300 tàu cá đã hết hạn.",
        "Các tin khác cho thấy điều ngược lại.",
        "Giấy phép số 12 đã bị thu hồi.",
        "More from the province is expected soon.",
    ],
)
def test_a_sentence_that_begins_like_a_list_of_others_does_not_end_the_text(line: str) -> None:
    assert kept(SHORT, line, SHORT[1:]) == [SHORT, line, SHORT[1:]]


@pytest.mark.parametrize(
    "line",
    [
        *("Lê Văn Mẫu", "LÊ VĂN MẪU", "Lê Mẫu - Trần Thử", "Lê Mẫu/Báo Mẫu", "- Lê Mẫu -", "* Lê Mẫu", "— Jane Sample"),
        *(
            "Bài và ảnh: Lê Mẫu",
            "Tin - ảnh: Lê Mẫu",
            "Bài, ảnh: LÊ MẪU",
            "Ghi: Lê Mẫu",
            "Lê Mẫu (tổng hợp)",
            "P.V",
            "Lê Mẫu, TTXVN",
        ),
        *("Theo Lê Mẫu (Báo Mẫu)", "Reporting by Jane Sample; Editing by Joe Sample", "(Reporting by Jane Sample)"),
        "By Jane Sample, March 3, 2026",
    ],
)
def test_a_byline_below_the_text_is_cut(line: str) -> None:
    assert kept(LONG, line) == [LONG]


@pytest.mark.parametrize(
    "line",
    [
        *("Theo TTXVN", "Nguồn: TTXVN", "(Nguồn: VietnamPlus)", "TTXVN", "— VNS", "(TTXVN/Vietnam+)"),
        *("Đúng.", "Không!", "Cầu mở cửa từ sáng mai.", "Hà Nội cũng sẽ mở lại các bến đò trong tuần tới."),
        "By the end of 2026, the province will have three bridges.",
    ],
)
def test_the_origin_and_short_last_sentences_stay(line: str) -> None:
    assert kept(LONG, line) == [LONG, line]


def test_a_list_of_names_or_places_at_the_end_is_no_byline() -> None:
    communes = ["Hướng Mẫu", "Cồn Nhạn", "Bãi Thử", "Mẫu Thượng"]

    assert kept(LONG, *communes) == [LONG, *communes]
    assert kept(LONG, "Các xã bị cô lập gồm:", *communes[:2]) == [LONG, "Các xã bị cô lập gồm:", *communes[:2]]


def test_a_line_about_a_named_author_is_cut_from_the_end_only() -> None:
    about = "Lê Văn Mẫu là phóng viên thường trú của báo tại tỉnh, viết về các làng ven sông từ nhiều năm nay."

    assert kept(LONG, about, authors=["Lê Văn Mẫu"]) == [LONG]
    assert kept(about, LONG, authors=["Lê Văn Mẫu"]) == [about, LONG]
    assert kept("By Jane Sample", LONG, "Jane Sample is a reporter who lives by the river and writes about boats.") == [
        LONG
    ]


@pytest.mark.parametrize(
    "line",
    [
        "Thứ Ba, 03/11/2026",
        "Lê Văn Mẫu",
        "Bài và ảnh: Lê Mẫu",
        "By Jane Sample",
        "By Jane Sample, March 3, 2026 | 5 min read",
    ],
)
def test_dates_and_bylines_above_the_text_are_cut_on_both_sides_of_the_lead(line: str) -> None:
    assert kept(line, LONG) == [LONG]
    assert kept(line, LEAD, f"{line} ", LONG) == [LONG]


@pytest.mark.parametrize(
    "line",
    ["Dự án khởi công ngày 5/1/2026.", "By the end of 2026, the province will have three bridges.", "BỜ NAM CÒN CHỜ"],
)
def test_a_short_first_sentence_and_a_heading_in_capitals_stay(line: str) -> None:
    assert kept(line, LONG) == [line, LONG]


def test_captions_among_the_paragraphs_join_the_others_without_their_credits() -> None:
    paragraphs, captions = tidy(
        [
            LONG,
            "Khách chờ đò ở bờ bắc từ năm giờ sáng. Ảnh: Lê Mẫu",
            "Áo phao được phát cho từng người xuống đò - Ảnh: L.M.",
            "(Ảnh: Lê Mẫu)",
            "Trong ảnh: Chủ bến bên con đò mới.",
            LONG[1:],
        ],
        ["Bến đò nhìn từ trên cao (Ảnh minh họa: Lê Mẫu)", "Nguồn: Lê Mẫu", "05/01/2026"],
        TITLE,
        LEAD,
        [],
    )

    assert paragraphs == [LONG, LONG[1:]]
    assert captions == [
        "Bến đò nhìn từ trên cao",
        "Khách chờ đò ở bờ bắc từ năm giờ sáng.",
        "Áo phao được phát cho từng người xuống đò",
        "Trong ảnh: Chủ bến bên con đò mới.",
    ]


def test_the_title_the_lead_and_what_was_said_before_are_not_said_again() -> None:
    assert kept(TITLE, LEAD, LONG, SHORT, LONG, "Đúng.", SHORT[1:], "Đúng.") == [
        LONG,
        SHORT,
        "Đúng.",
        SHORT[1:],
        "Đúng.",
    ]
    assert without_lead([LEAD.rstrip(".") + "…", LONG], LEAD) == [LONG]
    assert without_lead([LONG], "") == [LONG]


def test_a_credit_is_told_at_the_end_of_a_line_only() -> None:
    assert is_credited("Bến đò sáng nay. Ảnh: Lê Mẫu")
    assert not is_credited("Ảnh: Lê Mẫu chụp bến đò, từ đó người ta nhớ mãi. " + LONG)


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [*PROMOTION, *SENTENCES, LONG, SHORT, TITLE, LEAD, "Lê Văn Mẫu", "05/01/2026", "Tin khác", "Ghi chú ↩︎"]
        ),
        st.text(st.sampled_from('aÂ .,:()–-/©1↩ \n"”'), max_size=90),
    ),
    max_size=12,
)


@given(LINES, LINES)
def test_what_is_kept_stands_in_the_same_order_and_is_not_rewritten(paragraphs: list[str], captions: list[str]) -> None:
    rest = iter(paragraphs)

    lines, told = tidy(paragraphs, captions, TITLE, LEAD, ["Lê Văn Mẫu"])

    assert all(any(line == paragraph.rstrip(" ↩︎") for paragraph in rest) for line in lines)
    assert len(told) == len(set(told))
    assert all(any(caption in source for source in [*captions, *paragraphs]) for caption in told)


@given(LINES)
def test_tidying_twice_changes_nothing_that_a_cut_did_not_bring_to_an_end(paragraphs: list[str]) -> None:
    framed = [LONG, *paragraphs, LONG[1:]]  # so that nothing new becomes the first or the last line
    once, captions = tidy(framed, [], TITLE, LEAD, [])

    assert tidy(once, captions, TITLE, LEAD, []) == (once, captions)
