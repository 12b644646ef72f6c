"""Dates of the press: day first, Vietnam's time where none is named, UTC out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.dates import VIETNAM, parse_shown, parse_stamp


def vn(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("Thứ Tư, 10/12/2025", vn(2025, 12, 10)),
        ("14:42 10/12/2025", vn(2025, 12, 10, 14, 42)),
        ("08:07, 12/07/2018", vn(2018, 7, 12, 8, 7)),
        ("13:00 19/01/2026", vn(2026, 1, 19, 13)),
        ("07-01-2026", vn(2026, 1, 7)),
        ("Ngày 07.01.2026", vn(2026, 1, 7)),
        ("5.1.2026", vn(2026, 1, 5)),
        ("Thứ 5, 05 / 02 / 2026 - 23:59:30", vn(2026, 2, 5, 23, 59)),
        ("Cập nhật ngày 5 tháng 1 năm 2026, lúc 6h05", vn(2026, 1, 5, 6, 5)),
        ("6g05, ngày 5 tháng 1, 2026", vn(2026, 1, 5, 6, 5)),
        ("Đăng lúc 18:30 ngày 29/2/2024 | Thời sự", vn(2024, 2, 29, 18, 30)),
        ("Thứ Hai, 5/1/2026, 08:07 (GMT+7)", vn(2026, 1, 5, 8, 7)),
        ("5/1/2026 08:07 GMT+8", datetime(2026, 1, 5, 0, 7, tzinfo=UTC)),
        ("5/1/2026 08:07 UTC -5", datetime(2026, 1, 5, 13, 7, tzinfo=UTC)),
        ("5/1/2026 08:07 GMT+99", vn(2026, 1, 5, 8, 7)),
        ("Chủ nhật, 25 tháng 10, 2026", vn(2026, 10, 25)),
        ("October 30, 2026 - 08:14", vn(2026, 10, 30, 8, 14)),
        ("Update: October, 30/2026 - 08:14", vn(2026, 10, 30, 8, 14)),
        ("Fri, 30 Oct. 2026, 2:05 PM GMT+7", vn(2026, 10, 30, 14, 5)),
        ("3 Sept 2026", vn(2026, 9, 3)),
        ("1/2/2026", vn(2026, 2, 1)),  # the first of February, never the second of January
    ],
)
def test_a_date_shown_on_a_page_is_read_day_first_in_vietnams_time(shown: str, expected: datetime) -> None:
    read = parse_shown(shown)

    assert read == expected
    assert read is not None and read.tzinfo is UTC


@pytest.mark.parametrize(
    "shown",
    [
        "",
        "5 giờ trước",
        "Hôm qua",
        "14:42",
        "5/1",
        "32/1/2026",
        "29/2/2026",
        "12/13/2025",
        "ngày 31 tháng 4 năm 2026",
        "Điện thoại 024.3939.2026",
        "112/10/20256",
        "May 2026",
        "Mayor 12, 20266",
        "October 32, 2026",
        "99/99/9999",
    ],
)
def test_without_a_full_and_possible_date_no_date_is_made_up(shown: str) -> None:
    assert parse_shown(shown) is None


@pytest.mark.parametrize(
    ("shown", "hour"),
    [("10/12/2025, 2:05 PM", 14), ("14/12/2025 6:44:00 CH", 18), ("14/12/2025 12:10:00 SA", 0)],
)
def test_an_afternoon_hour_shown_on_a_page_stays_in_the_afternoon(shown: str, hour: int) -> None:
    read = parse_shown(shown)

    assert read is not None and read.astimezone(VIETNAM).hour == hour


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("Mon, 05 Jan 2026 08:07:09 +0700", vn(2026, 1, 5, 8, 7, 9)),
        ("Mon, 05 Jan 2026 08:07:09 +07:00", vn(2026, 1, 5, 8, 7, 9)),
        ("Mon, 05 Jan 2026 08:07:09 +07", vn(2026, 1, 5, 8, 7, 9)),
        ("Mon, 05 Jan 26 08:07:09 +0700", vn(2026, 1, 5, 8, 7, 9)),
        ("Mon, 05 Jan 2026 01:07:09 GMT", vn(2026, 1, 5, 8, 7, 9)),
        ("Mon, 05 Jan 2026 08:07:09", vn(2026, 1, 5, 8, 7, 9)),
        ("Mon, 05 Jan 2026 08:07:09 -0000", vn(2026, 1, 5, 8, 7, 9)),
        ("  5 Jan 2026 08:07 EST\n", datetime(2026, 1, 5, 13, 7, tzinfo=UTC)),
        ("2026-01-05T08:07:09+07:00", vn(2026, 1, 5, 8, 7, 9)),
        ("2026-01-05T01:07:09.123Z", vn(2026, 1, 5, 8, 7, 9)),
        ("2026-01-05 08:07 +07:00", vn(2026, 1, 5, 8, 7)),
        ("2026-01-05T08:07:09+07", vn(2026, 1, 5, 8, 7, 9)),
        ("2026-01-04T20:07:09-0500", vn(2026, 1, 5, 8, 7, 9)),
        ("2026-01-05T08:07:09", vn(2026, 1, 5, 8, 7, 9)),
        ("2026-01-05", vn(2026, 1, 5)),
        ("9/14/2026 6:44:00 PM", vn(2026, 9, 14, 18, 44)),
        ("9/14/2026 12:44:00 AM", vn(2026, 9, 14, 0, 44)),
        ("1/2/2026 12:00:00 PM", vn(2026, 1, 2, 12)),  # with AM or PM it is ASP.NET's, month first
        ("1/2/2026 12:00:00", vn(2026, 2, 1, 12)),  # without, day first
        ("14:42 10/12/2025", vn(2025, 12, 10, 14, 42)),
        ("2026/01/05 08:07:09", vn(2026, 1, 5, 8, 7, 9)),
        ("2026-01-05T8:07:09+07:00", vn(2026, 1, 5, 8, 7, 9)),
        ("Monday, January 5, 2026 2:42 PM", vn(2026, 1, 5, 14, 42)),
        ("5 Jan 2026", vn(2026, 1, 5)),
        ("14 giờ 42, 10/12/2025", vn(2025, 12, 10, 14, 42)),
        ("Thứ Tư, 10/12/2025", vn(2025, 12, 10)),
        ("Ngày 07.01.2026", vn(2026, 1, 7)),
        ("5.1.2026", vn(2026, 1, 5)),
        ("Ngày 10 tháng 12 năm 2025", vn(2025, 12, 10)),
    ],
)
def test_stamps_of_feeds_and_pages_are_read_in_the_zone_they_name_or_in_vietnams(
    stamp: str, expected: datetime
) -> None:
    read = parse_stamp(stamp)

    assert read == expected
    assert read is not None and read.tzinfo is UTC


@pytest.mark.parametrize(
    "stamp",
    [
        "",
        "  ",
        "mới đây",
        "2026-13-05",
        "2026-02-30T10:00:00Z",
        "2026-01-05T24:61:00",
        "0001-01-01T00:00:00+07:00",
        "9999-12-31T23:59:59-07:00",
        "Mon, 45 Jan 2026 08:07:00 +0700",
        "Mon, 05 Jan 2026 08:07:00 +9999",
        "13/13/2026 6:44:00 PM",
        "99999999999999999999",
        "Mon, 45 Jan 2026",
        "2026/01-05",
        "1/" * 200_000,  # patterns would take its square
    ],
)
def test_an_impossible_stamp_gives_none(stamp: str) -> None:
    assert parse_stamp(stamp) is None


MOMENTS = st.integers(0, 100 * 365 * 86_400).map(lambda second: vn(1991, 1, 1) + timedelta(seconds=second))
ZONES = st.integers(-12 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


@given(MOMENTS, ZONES)
@settings(max_examples=150, deadline=None)
def test_every_standard_stamp_comes_back_as_the_same_moment(moment: datetime, zone: timezone) -> None:
    aware = moment.astimezone(zone)

    assert parse_stamp(aware.isoformat()) == aware
    assert parse_stamp(format_datetime(aware)) == aware


@given(
    MOMENTS,
    st.sampled_from(["%d/%m/%Y %H:%M", "%H:%M, %d-%m-%Y", "%d.%m.%Y - %H:%M GMT+7", "%Hh%M ngày %d tháng %m năm %Y"]),
)
@settings(max_examples=150, deadline=None)
def test_every_date_as_our_papers_show_it_comes_back_to_the_minute(moment: datetime, form: str) -> None:
    shown = moment.strftime(form)

    assert parse_shown(shown) == moment.replace(second=0)


@given(st.one_of(st.text(max_size=60), st.text("0123456789/-.: +TZGMTAPngàytháng,Jan", max_size=40)))
@settings(max_examples=400, deadline=None)
def test_no_text_breaks_the_readers_of_dates(value: str) -> None:
    for read in (parse_stamp(value), parse_shown(value)):
        assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize(
    "stamp", ["9999-12-31T23:59:59Z", "0001-01-01T00:00:00", "Fri, 31 Dec 9999 23:59:59 GMT", "31/12/9999"]
)
def test_the_empty_date_of_some_program_is_no_date(stamp: str) -> None:
    assert parse_stamp(stamp) is None


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        ("5 giờ trước", vn(2026, 1, 5, 3, 30)),
        ("45 phút trước", vn(2026, 1, 5, 7, 45)),
        ("Cập nhật 2 ngày trước", vn(2026, 1, 3, 8, 30)),
        ("1 tuần trước", vn(2025, 12, 29, 8, 30)),
        ("Vừa xong", vn(2026, 1, 5, 8, 30)),
        ("Hôm nay, 06:05", vn(2026, 1, 5, 6, 5)),
        ("Hôm qua", vn(2026, 1, 4)),
        ("Hôm qua, 14:42", vn(2026, 1, 4, 14, 42)),
        ("14h42 hôm kia", vn(2026, 1, 3, 14, 42)),
        ("Thứ Tư, 10/12/2025, 14:42", vn(2025, 12, 10, 14, 42)),  # a full date stands for itself
    ],
)
def test_a_date_told_from_today_needs_to_know_when_that_was(shown: str, expected: datetime) -> None:
    now = vn(2026, 1, 5, 8, 30)

    read = parse_shown(shown, now)

    assert read == expected == parse_shown(shown, now.astimezone(UTC))
    assert read is not None and read.tzinfo is UTC
    assert (parse_shown(shown) is None) == ("/" not in shown)


@pytest.mark.parametrize(
    "shown",
    [
        "3 tháng trước",  # no day
        "trước",
        "Hôm qua, 29 người dân xã Mẫu đã dựng lại mái nhà bị gió lốc cuốn trong đêm",  # a sentence
        "14:42",
        "",
    ],
)
def test_what_does_not_tell_a_day_gives_none_even_today(shown: str) -> None:
    assert parse_shown(shown, vn(2026, 1, 5, 8, 30)) is None


def test_yesterday_in_vietnam_is_not_yesterday_in_greenwich() -> None:
    assert parse_shown("Hôm qua", datetime(2026, 1, 4, 20, 0, tzinfo=UTC)) == vn(2026, 1, 4)


def test_a_time_before_all_time_is_no_date() -> None:
    assert parse_shown("999 tuần trước", datetime(1, 1, 2, tzinfo=UTC)) is None
    assert parse_shown("hôm kia", datetime(1, 1, 1, tzinfo=UTC)) is None
