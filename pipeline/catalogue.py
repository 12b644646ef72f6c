"""Every sentence a person reads, in Vietnamese and English, from catalogue.toml.

A key is `section.name`; values are filled in with `str.format`. What is stored for later showing (why a fetch failed, say)
is stored as a `reason`: the key with its values, so that it can be shown in either language.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

UiLanguage = Literal["vi", "en"]


@cache
def entries() -> Mapping[str, Mapping[str, str]]:
    """All entries by key, each with its text by language."""
    with Path(__file__).with_name("catalogue.toml").open("rb") as file:
        tables = tomllib.load(file)
    return {f"{section}.{name}": texts for section, names in tables.items() for name, texts in names.items()}


def default_language() -> UiLanguage:
    """The language of messages before any configuration is read: DIEMBAO_LANG, else Vietnamese."""
    return "en" if os.environ.get("DIEMBAO_LANG") == "en" else "vi"


def text(key: str, lang: UiLanguage | None = None, /, **values: object) -> str:
    """The sentence of a key; KeyError for an unknown key, so that a missing entry shows at once."""
    return entries()[key][lang or default_language()].format(**values)


def reason(key: str, /, **values: str | int | float) -> str:
    """A sentence to be stored, and shown later with `Shown.say`."""
    if key not in entries():
        raise KeyError(key)
    return json.dumps({"key": key, **values}, ensure_ascii=False, sort_keys=True)


class Shown:
    """Numbers, dates and sentences as one reader sees them: a language and a time zone."""

    def __init__(self, lang: UiLanguage, zone: ZoneInfo) -> None:
        self.lang = lang
        self.zone = zone

    def text(self, key: str, /, **values: object) -> str:
        """The sentence of a key in this reader's language."""
        return text(key, self.lang, **values)

    def say(self, stored: str) -> str:
        """A stored reason in this reader's language and numbers."""
        values = json.loads(stored)
        return self.text(
            values.pop("key"),
            **{
                name: value if isinstance(value, str) else self.number(value, 0 if value == int(value) else 1)
                for name, value in values.items()
            },
        )

    def number(self, value: float, digits: int = 0) -> str:
        """1.234,5 in Vietnamese, 1,234.5 in English."""
        plain = f"{value:,.{digits}f}"
        return plain.translate(str.maketrans(",.", ".,")) if self.lang == "vi" else plain

    def local(self, moment: datetime) -> datetime:
        """The moment in the reader's zone; a naive datetime is an error of ours."""
        if moment.tzinfo is None:
            raise ValueError(f"naive datetime {moment!r}")
        return moment.astimezone(self.zone)

    def date(self, moment: datetime) -> str:
        """22/11/2026: day first in both languages."""
        return f"{self.local(moment):%d/%m/%Y}"

    def time(self, moment: datetime) -> str:
        """07:30."""
        return f"{self.local(moment):%H:%M}"

    def moment(self, moment: datetime | None) -> str:
        """07:30 22/11/2026, or a word where there is none."""
        return f"{self.time(moment)} {self.date(moment)}" if moment else self.text("words.no_time")

    def weekday(self, moment: datetime) -> str:
        """Thứ hai .. Chủ nhật."""
        return self.text(f"weekday.d{self.local(moment).isoweekday()}")

    def ago(self, moment: datetime, now: datetime) -> str:
        """2 giờ trước; from two days on the date."""
        minutes = round((now - moment) / timedelta(minutes=1))
        if minutes < 1:
            return self.text("words.now")
        if minutes < 60:
            return self.text("words.minutes_ago", n=minutes)
        if minutes < 48 * 60:
            return self.text("words.hours_ago", n=minutes // 60)
        return self.date(moment)
