"""Dates as the Vietnamese press writes them. Day first, always; a time without a zone is Asia/Ho_Chi_Minh."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_YEARS = range(1990, 2101)  # others are empty values of some program, not dates of the press
VIETNAM = timezone(timedelta(hours=7))  # no daylight saving time

_ISO = re.compile(
    r"(\d{4})([-/])(\d\d)\2(\d\d)(?:[T ](\d\d?):(\d\d)(?::(\d\d)(?:\.\d+)?)?)?\s*(Z|[+-]\d\d:?\d\d|[+-]\d\d)?(?!\d)",
    re.I,
)
# ASP.NET writes month first, and only then with AM or PM: 9/14/2026 6:44:00 PM
_US = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d)(?::(\d\d))? ([AP])M\b", re.I)
_ZONE = re.compile(r"(?<=\d)\s*([+-])(\d\d):?(\d\d)?\s*$")
_DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})\s*[/.\-]\s*(\d{1,2})\s*[/.\-]\s*(\d{4})(?!\d)")
_CLOCK = re.compile(
    r"(?<!\d)([01]?\d|2[0-3])\s*(?::|giờ|h|g)\s*([0-5]\d)(?!\d)(?::[0-5]\d)?(?:\s*(AM|PM|SA|CH)\b)?", re.I
)
_HALF_OF_DAY = re.compile(r"\d\s?[AP]M\b", re.I)
_GMT = re.compile(r"(?:GMT|UTC)\s*([+-])\s*(\d{1,2})\b", re.I)
_WORDED = re.compile(r"(?<!\d)(\d{1,2})\s+tháng\s+(\d{1,2})(?:\s+năm\s+|,\s*|\s*/\s*|\s+)(\d{4})(?!\d)", re.I)
# 'October 30, 2026', 'October, 30/2026', '30 Oct. 2026'
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}  # noqa: SIM905 - a list of names
_MONTH = rf"({'|'.join(_MONTHS)})[a-z]{{0,6}}"
_ENGLISH = re.compile(
    rf"\b(?:{_MONTH}[.,]{{0,2}}\s+(\d{{1,2}})(?:\s*[,/]\s*|\s+)|(\d{{1,2}})\s+{_MONTH}[.,]{{0,2}}\s+)(\d{{4}})(?!\d)",
    re.I,
)

# '5 giờ trước', 'Hôm qua, 14:42'; a month or a year ago is no date.
_AGO = re.compile(r"(?<!\d)(\d{1,3})\s+(giây|phút|giờ|tiếng|ngày|tuần)\s+trước\b", re.I)
_AGO_UNITS = {
    "giây": timedelta(seconds=1), "phút": timedelta(minutes=1), "giờ": timedelta(hours=1), "tiếng": timedelta(hours=1),
    "ngày": timedelta(days=1), "tuần": timedelta(weeks=1),
}  # fmt: skip
_DAY_NAMED = re.compile(r"\b(vừa xong|hôm nay|hôm qua|hôm kia)\b", re.I)
_DAYS_BACK = {"hôm nay": 0, "hôm qua": 1, "hôm kia": 2}
_LONGEST_STAMP = 200  # characters; longer values are no stamps, and some take patterns the square of their length
_LABEL = 60  # characters; longer texts that say 'hôm qua' are sentences, not the date shown beside a title


def parse_stamp(value: str) -> datetime | None:
    """A machine-written stamp (feed, meta element, JSON-LD) in UTC; None where it cannot be read.

    Reads RFC 822 with the zones found in the wild (+0700, +07:00, +07, GMT, none) and two-digit years, ISO 8601, the
    month-first stamps of ASP.NET, and day-first stamps.
    """
    value = value.strip()
    if not 0 < len(value) <= _LONGEST_STAMP:
        return None
    if match := _ISO.match(value):
        year, month, day, hour, minute, second = (int(part or 0) for part in match.group(1, 3, 4, 5, 6, 7))
        return _moment(year, month, day, hour, minute, second, _offset(match[8]))
    if match := _US.search(value):
        month, day, year, hour, minute, second = (int(part or 0) for part in match.groups()[:6])
        hour = hour % 12 + (12 if match[7].upper() == "P" else 0)
        return _moment(year, month, day, hour, minute, second, VIETNAM)
    # The reader of mail dates does not see AM and PM, and refuses a date without a time.
    if _ENGLISH.search(value) and (_HALF_OF_DAY.search(value) or ":" not in value):
        return parse_shown(value)
    try:
        parsed = parsedate_to_datetime(_ZONE.sub(lambda m: f" {m[1]}{m[2]}{m[3] or '00'}", value))
        # A stamp that ends in -0000 says "no zone known".
        aware = (parsed if parsed.tzinfo else parsed.replace(tzinfo=VIETNAM)).astimezone(UTC)
        return aware if aware.year in _YEARS else None
    except (TypeError, ValueError, OverflowError):
        return (
            None if _ENGLISH.search(value) else parse_shown(value)
        )  # an impossible zone or day is a program's mistake


def parse_shown(value: str, now: datetime | None = None) -> datetime | None:
    """A date as a page shows it ('Thứ Tư, 10/12/2025, 14:42 (GMT+7)', '5.1.2026') in UTC; None without a full date.

    '5 giờ trước' and 'Hôm qua' are dates only where `now` (aware) says when the page was read.
    """
    match = _WORDED.search(value) or _DAY_FIRST.search(value) or _ENGLISH.search(value)
    if not match:
        return _relative(value, now) if now and len(value) <= _LABEL else None
    if match.re is _ENGLISH:
        day, month, year = int(match[2] or match[3]), _MONTHS[(match[1] or match[4]).lower()], int(match[5])
    else:
        day, month, year = (int(part) for part in match.groups())
    rest = value[: match.start()] + " " + value[match.end() :]
    zone = _GMT.search(rest)
    offset = timezone(timedelta(hours=int(zone[1] + zone[2]))) if zone and int(zone[2]) <= 14 else VIETNAM
    return _moment(year, month, day, *_clock(rest), 0, offset)


def _clock(value: str) -> tuple[int, int]:
    """Hour and minute shown; midnight where none is."""
    clock = _CLOCK.search(value)
    if not clock:
        return 0, 0
    hour, minute = int(clock[1]), int(clock[2])
    if clock[3] and hour <= 12:  # SA and CH are AM and PM
        hour = hour % 12 + (12 if clock[3].upper() in ("PM", "CH") else 0)
    return hour, minute


def _relative(value: str, now: datetime) -> datetime | None:
    try:
        if ago := _AGO.search(value):
            return (now - int(ago[1]) * _AGO_UNITS[ago[2].lower()]).astimezone(UTC)
        named = _DAY_NAMED.search(value)
        if not named:
            return None
        if named[1].lower() not in _DAYS_BACK:  # vừa xong
            return now.astimezone(UTC)
        day = now.astimezone(VIETNAM) - timedelta(days=_DAYS_BACK[named[1].lower()])
        return _moment(day.year, day.month, day.day, *_clock(value), 0, VIETNAM)
    except OverflowError:
        return None


def _offset(zone: str | None) -> timezone:
    if not zone:
        return VIETNAM
    if zone.upper() == "Z":
        return UTC
    digits = zone[1:].replace(":", "").ljust(4, "0")
    delta = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if delta > timedelta(hours=14):
        return VIETNAM
    return timezone(-delta if zone[0] == "-" else delta)


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int, zone: timezone) -> datetime | None:
    if year not in _YEARS:
        return None
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
