"""The coverage ledger as a table: one line a source, those that need a look first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

from pipeline.catalogue import Shown
from pipeline.records import CoverageRow, Shift

_BAR, _STEP, _HEIGHT = 3, 4, 24  # of a day's bar, in pixels: width, distance to the next, most


@dataclass(frozen=True, slots=True)
class Spark:
    """The last days of a source as bars: SVG paths in a box of `width` and `height` pixels."""

    width: int
    height: int
    bars: str
    unknown: str  # pale columns, for days that say nothing
    since: str  # a line where the volume shifted; empty where it did not
    said: str  # the same in words


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source in the table."""

    row: CoverageRow
    usual: str
    remarks: tuple[str, ...]  # what a person should know of it, most important first
    spark: Spark | None  # none before there is a whole day


def source_lines(rows: Iterable[CoverageRow], shown: Shown) -> list[SourceLine]:
    """Those that need a look first (see CoverageRow.urgency), else in their own order."""
    return [
        SourceLine(
            row,
            shown.text("coverage.range", min=shown.number(row.expected_min), max=shown.number(row.expected_max)),
            _remarks(row, shown),
            _spark(row, shown),
        )
        for row in sorted(rows, key=lambda row: row.urgency)
    ]


def figures(shift: Shift, shown: Shown) -> dict[str, str]:
    """The blanks of a sentence on a shift: day, before, after."""
    return {
        "day": f"{shift.since:%d/%m}",
        "before": shown.number(round(shift.before)),
        "after": shown.number(round(shift.after)),
    }


def _remarks(row: CoverageRow, shown: Shown) -> tuple[str, ...]:
    said = [shown.text("coverage.shift", **figures(row.shift, shown))] if row.shift else []
    said += [shown.say(why) for why in dict.fromkeys((row.nothing, *row.reasons)) if why]
    return (*said, shown.text("coverage.legacy_tls")) if row.legacy_tls else tuple(said)


def _spark(row: CoverageRow, shown: Shown) -> Spark | None:
    counts = [day.new for day in row.days if day.known]
    if not counts:
        return None
    most = max(*counts, 1)
    bars, unknown, since = [], [], ""
    for number, day in enumerate(row.days):
        left = number * _STEP
        if day.known:
            tall = max(1, round(day.new / most * _HEIGHT))  # a day without news is a line on the ground, not a gap
            bars.append(f"M{left} {_HEIGHT}v-{tall}h{_BAR}v{tall}z")
        else:
            unknown.append(f"M{left} {_HEIGHT}v-{_HEIGHT}h{_BAR}v{_HEIGHT}z")
        if row.shift and day.day == row.shift.since:
            since = f"M{left - 0.5} 0v{_HEIGHT}"
    said = shown.text(
        "coverage.spark",
        days=len(row.days),
        least=shown.number(min(counts)),
        most=shown.number(max(counts)),
        median=shown.number(round(median(counts))),
        unknown=len(unknown),
    )
    return Spark(len(row.days) * _STEP, _HEIGHT, "".join(bars), "".join(unknown), since, said)
