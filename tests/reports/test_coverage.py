"""What is normal and what is not, in the digest's first block and in the table of sources."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser

from pipeline.catalogue import Shown, reason
from pipeline.records import CoverageRow, Shift
from pipeline.reports.coverage import source_lines
from pipeline.reports.digest import build, outside_lines, shift_lines, to_json
from pipeline.reports.html import coverage_html, to_html
from tests.browsing import first
from tests.reports.made import COVERAGE, ENGLISH, SHOWN, SINCE, UNTIL, data, last_days, row

BEGAN = date(2026, 11, 18)


def shifted(name: str, before: float, after: float, since: date = BEGAN) -> CoverageRow:
    return row(name, links_new=round(after), shift=Shift(since, before, after))


# --- the digest


def test_a_shift_is_one_sentence_at_the_top_of_the_digest_and_in_its_json() -> None:
    digest = build(data())
    said = "Từ 18/11, Báo Vơi đăng khoảng 12 tin một ngày, trước đó 25."
    assert shift_lines(digest, SHOWN) == [said]
    block = first(LexborHTMLParser(to_html(digest, SHOWN)), ".unseen").text()
    assert said in block
    told = json.loads(to_json(digest))
    assert told["shifts"] == [["Báo Vơi", {"since": "2026-11-18", "before": 25.2, "after": 11.8}]]


def test_a_shift_is_news_for_two_weeks_and_a_silent_source_is_told_as_silent() -> None:
    old, new = (shifted("Cũ", 9, 4, UNTIL.date() - timedelta(days=days)) for days in (15, 14))
    silent = replace(shifted("Im", 9, 0), entry_ok=0, entry_failed=1)
    assert [name for name, _ in build(data(coverage=(old, replace(new, name="Báo Mới"), silent))).shifts] == ["Báo Mới"]


def test_the_greatest_loss_comes_first() -> None:
    rows = (shifted("Lên", 10, 40), shifted("Nửa", 40, 20), shifted("Hết", 40, 0))
    assert [name for name, _ in build(data(coverage=rows)).shifts] == ["Báo Hết", "Báo Nửa", "Báo Lên"]


@pytest.mark.parametrize("shown", [SHOWN, ENGLISH], ids=["vi", "en"])
def test_many_shifts_at_once_are_one_line_each_way(shown: Shown) -> None:
    fewer = [shifted(str(number), 100, 30 + number) for number in range(140)]
    fewer = [one for one in fewer if one.shift and one.shift.after < 100]
    more = [shifted("Lên", 10, 40)]
    down, up = shift_lines(build(data(coverage=(*fewer, *more))), shown)
    assert up == shown.text("digest.shift", name="Báo Lên", day="18/11", before=10, after=40)
    assert down.startswith("70 ")
    assert "Báo 0 (" in down and "100\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}30" in down
    assert "64" in down  # all but the six named
    assert len(down) < 400


def test_unusual_days_are_told_one_by_one_while_they_are_few_then_in_one_line() -> None:
    few = build(data(coverage=(row("ít", links_new=1), row("nhiều", links_new=99))))
    assert outside_lines(few, SHOWN) == [
        SHOWN.text("digest.outside_range", name=f"Báo {name}", got=got, min=5, max=60) for name, got in (("ít", 1), ("nhiều", 99))
    ]  # fmt: skip
    many = build(data(coverage=tuple(row(str(number), links_new=number % 5) for number in range(20))))
    (line,) = outside_lines(many, SHOWN)
    assert line.startswith("20 nguồn")
    assert line.endswith("và 14 nguồn khác.")


def test_what_is_told_otherwise_or_means_nothing_is_not_told_as_an_unusual_day() -> None:
    low = row("ít", links_new=1)
    assert low.outside_range
    assert not replace(low, shift=Shift(BEGAN, 20, 1)).outside_range
    assert not replace(low, entry_ok=0, entry_failed=1).outside_range
    assert not replace(low, days=last_days(20, None, 1, None)).outside_range  # it has just been caught up with
    assert replace(low, days=last_days(20, 20, 1)).outside_range


# --- the table


def test_sources_that_need_a_look_come_first() -> None:
    order = [line.row.name for line in source_lines(COVERAGE, SHOWN)]
    assert order == ["Báo A im", "Báo Vơi", "Báo Thừa", "Báo Chưa hỏi", "Báo C", "Báo Nửa", "Báo Lạ"]


def test_remarks_say_first_what_matters_most_and_nothing_twice() -> None:
    down = reason("fetch.status", status=503)
    one = replace(
        shifted("x", 25, 12), nothing=down, reasons=(reason("fetch.timeout", seconds=3), down), legacy_tls=True
    )
    (line,) = source_lines([one], SHOWN)
    assert line.remarks == (
        SHOWN.text("coverage.shift", day="18/11", before=25, after=12),
        SHOWN.text("fetch.status", status=503),
        SHOWN.text("fetch.timeout", seconds=3),
        SHOWN.text("coverage.legacy_tls"),
    )
    assert source_lines([row("đủ")], SHOWN)[0].remarks == ()


def test_the_sparkline_shows_each_day_once_and_says_the_same_in_words() -> None:
    (line,) = source_lines([COVERAGE[-1]], SHOWN)
    spark = line.spark
    assert spark is not None
    assert spark.width == 28 * 4
    bars = re.findall(r"M(\d+) 24v-(\d+)h3", spark.bars)
    assert (len(bars), len(re.findall("M", spark.unknown))) == (27, 1)
    assert bars[0] == ("0", "24")  # the most of all days is as high as the box
    assert bars[23] == ("96", "1")  # a day without news can be seen
    assert spark.unknown.startswith(f"M{23 * 4} ")
    assert spark.since.startswith(f"M{23 * 4 - 0.5} ")  # 18/11
    assert spark.said == SHOWN.text("coverage.spark", days=28, least=0, most=25, median=25, unknown=1)
    assert source_lines([row("mới", days=last_days(None, None))], SHOWN)[0].spark is None
    (idle,) = source_lines([row("lặng", days=last_days(0, 0))], SHOWN)
    assert idle.spark is not None and idle.spark.bars.count("M") == 2


def test_the_table_has_the_picture_its_words_and_the_range() -> None:
    tree = LexborHTMLParser(coverage_html(list(COVERAGE), SHOWN, SINCE, UNTIL))
    rows = tree.css("tbody tr")
    assert [len(one.css("td")) for one in rows] == [len(tree.css("th"))] * len(COVERAGE)
    picture = first(rows[1], "svg[role=img]")
    assert picture.attributes["aria-label"] == first(picture, "title").text()
    assert len(tree.css("svg")) == 1
    assert "5–60" in rows[1].text()
    assert [node.text() for node in tree.css("td b")] == ["2.345"]  # outside of what is usual
    assert len(tree.css("tr.look")) == 2
