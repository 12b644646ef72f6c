"""Every sentence a person reads: both languages, the same blanks, none missing, none left over."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from string import Formatter
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, nodes

from pipeline.catalogue import Shown, UiLanguage, default_language, entries, reason, text
from pipeline.records import TOPICS
from tests.conftest import ROOT

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)  # a Monday, 07:30 in Vietnam
SECTIONS = {key.split(".", maxsplit=1)[0] for key in entries()}


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}


# --- the catalogue and the code


@cache
def used() -> tuple[dict[str, str], dict[str, str], list[tuple[str, set[str], str]]]:
    """From all code and templates: keys with the file that names them, beginnings of keys that are put together
    ("topic."), and calls that name a key together with the blanks they fill."""
    keys: dict[str, str] = {}
    beginnings: dict[str, str] = {}
    calls: list[tuple[str, set[str], str]] = []
    for path in sorted((ROOT / "pipeline").rglob("*")):
        if path.suffix == ".py":
            found = _in_code(path)
        elif path.suffix == ".html":
            found = _in_template(path)
        else:
            continue
        for value, whole, filled in found:
            where = path.relative_to(ROOT).as_posix()
            if not whole:
                beginnings[value] = where
            elif filled is not None:
                calls.append((value, filled, where))
            else:
                keys[value] = where
    return keys, beginnings, calls


def _looks_like_key(value: object) -> bool:
    return (
        isinstance(value, str)
        and bool(re.fullmatch(r"[a-z]+\.[a-z0-9_]*", value))
        and value.split(".")[0] in SECTIONS
        and Path(value).suffix not in (".html", ".toml", ".css")
    )


def _in_code(path: Path) -> Iterator[tuple[str, bool, set[str] | None]]:
    inside: set[int] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            first = node.values[0]
            if isinstance(first, ast.Constant) and _looks_like_key(first.value):
                yield str(first.value), False, None
        elif isinstance(node, ast.Constant) and id(node) not in inside and _looks_like_key(node.value):
            yield str(node.value), True, None
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            names = {keyword.arg for keyword in node.keywords}
            if node.args[0].value in entries() and None not in names:
                yield str(node.args[0].value), True, {name for name in names if name}


def _in_template(path: Path) -> Iterator[tuple[str, bool, set[str] | None]]:
    tree = Environment(autoescape=True).parse(path.read_text(encoding="utf-8"))
    for constant in tree.find_all(nodes.Const):
        if _looks_like_key(constant.value):
            yield constant.value, not constant.value.endswith("."), None
    for call in tree.find_all(nodes.Call):
        if call.args and isinstance(call.args[0], nodes.Const) and call.args[0].value in entries():
            yield call.args[0].value, True, {keyword.key for keyword in call.kwargs}


def test_every_entry_has_both_languages_with_the_same_blanks() -> None:
    for key, texts in entries().items():
        assert set(texts) == set(get_args(UiLanguage)), key
        assert blanks(texts["vi"]) == blanks(texts["en"]), key
        for sentence in texts.values():
            assert sentence == sentence.strip() != "", key


def test_every_key_that_code_or_templates_name_is_in_the_catalogue() -> None:
    keys, beginnings, _ = used()
    assert len(keys) > 100  # the scan sees the code
    assert {key: where for key, where in keys.items() if key not in entries()} == {}
    assert {
        begin: where for begin, where in beginnings.items() if not any(key.startswith(begin) for key in entries())
    } == {}


def test_every_entry_is_used_somewhere() -> None:
    keys, beginnings, _ = used()
    assert [key for key in entries() if key not in keys and not key.startswith(tuple(beginnings))] == []


def test_every_call_fills_exactly_the_blanks_of_its_sentence() -> None:
    _, _, calls = used()
    assert len(calls) > 80
    wrong = [(key, filled, where) for key, filled, where in calls if filled != blanks(entries()[key]["vi"])]
    assert wrong == []


def test_families_of_keys_are_complete() -> None:
    beginnings = used()[1]
    assert beginnings.keys() >= {"topic.", "certainty.", "weekday.d", "cli.stage_", "config.want_"}
    for key in (
        *(f"topic.{topic}" for topic in TOPICS),
        *(f"weekday.d{day}" for day in range(1, 8)),
        *(f"cli.stage_{stage}" for stage in ("extract", "words", "flags")),
        *(f"config.want_{kind}" for kind in ("string", "int", "float", "bool", "tuple", "one_of")),
        *(f"config.want_{bound}" for bound in ("ge", "gt", "le", "lt")),
    ):
        assert key in entries(), key


# --- sentences


def test_an_unknown_key_is_an_error_at_once_also_when_it_is_only_to_be_stored() -> None:
    for ask in (text, reason):
        with pytest.raises(KeyError):
            ask("fetch.no_such_sentence")
    with pytest.raises(KeyError):
        text("fetch.status", "vi")  # a blank that is not filled


@pytest.mark.parametrize(("value", "lang"), [(None, "vi"), ("en", "en"), ("vi", "vi"), ("fr", "vi")])
def test_messages_before_any_configuration_are_vietnamese_unless_english_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, value: str | None, lang: str
) -> None:
    monkeypatch.delenv("DIEMBAO_LANG", raising=False)
    if value is not None:
        monkeypatch.setenv("DIEMBAO_LANG", value)
    assert default_language() == lang


def test_a_stored_reason_is_shown_in_the_language_of_whoever_reads_it() -> None:
    stored = reason("fetch.too_large", megabytes=2.5)
    assert Shown("vi", ZONE).say(stored) == "lớn hơn 2,5 MB"
    assert Shown("en", ZONE).say(stored) == "larger than 2.5 MB"
    assert Shown("en", ZONE).say(reason("fetch.too_large", megabytes=10.0)) == "larger than 10 MB"
    odd = 'mã {"x"} {0} \\ "; DROP'
    assert Shown("vi", ZONE).say(reason("fetch.network", problem=odd)).endswith(odd)


# --- numbers and times


@pytest.mark.parametrize(
    ("value", "digits", "vi", "en"),
    [(0, 0, "0", "0"), (1234.5, 1, "1.234,5", "1,234.5"), (-9876543.21, 2, "-9.876.543,21", "-9,876,543.21")],
)
def test_numbers_are_written_as_the_reader_writes_them(value: float, digits: int, vi: str, en: str) -> None:
    assert (Shown("vi", ZONE).number(value, digits), Shown("en", ZONE).number(value, digits)) == (vi, en)


@settings(max_examples=100, deadline=None)
@given(value=st.integers(-(10**12), 10**12), digits=st.integers(0, 3))
def test_a_written_number_can_be_read_back_in_either_language(value: int, digits: int) -> None:
    vi = Shown("vi", ZONE).number(value / 10**digits, digits)
    en = Shown("en", ZONE).number(value / 10**digits, digits)
    assert float(vi.replace(".", "").replace(",", ".")) == float(en.replace(",", "")) == value / 10**digits


def test_days_and_times_are_those_of_the_office() -> None:
    shown = Shown("vi", ZONE)
    late = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
    assert (shown.moment(late), shown.weekday(late)) == ("00:05 23/11/2026", "Thứ hai")
    assert shown.moment(None) == "không rõ giờ"
    days = [shown.weekday(NOW + timedelta(days=n)) for n in range(7)]
    assert (days[0], days[6], len(set(days))) == ("Thứ hai", "Chủ nhật", 7)


def test_a_time_without_a_zone_is_refused_rather_than_guessed() -> None:
    with pytest.raises(ValueError, match="naive"):
        Shown("vi", ZONE).date(NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("past", "shown"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=-5), "just now"),  # a paper's clock that is fast
        (timedelta(minutes=1), "1 min ago"),
        (timedelta(minutes=59), "59 min ago"),
        (timedelta(minutes=60), "1 h ago"),
        (timedelta(hours=47, minutes=59), "47 h ago"),
        (timedelta(hours=48), "21/11/2026"),
    ],
)
def test_how_long_ago_is_told_in_the_unit_that_fits(past: timedelta, shown: str) -> None:
    assert Shown("en", ZONE).ago(NOW - past, NOW) == shown
