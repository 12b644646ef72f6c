"""Documents as HTML: one file, fonts inside, no script, nothing loaded from outside."""

from __future__ import annotations

import base64
import io
from datetime import datetime
from functools import cache
from importlib.resources import files

import fontpkg
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from pipeline.catalogue import Shown
from pipeline.records import CoverageRow
from pipeline.reports.coverage import source_lines
from pipeline.reports.digest import LETTERS, Digest, issues, missed_line, outside_lines, shift_lines

_SCRIPT_RANGES = (
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x1A0, 0x1B0),
    (0x300, 0x323),
    (0x1EA0, 0x1EF9),
    (0x2010, 0x2026),
    (0x20AB, 0x20AB),
    (0x2190, 0x2193),
)


def to_html(digest: Digest, shown: Shown) -> str:
    """One HTML file: fonts inside, no script, no address but the articles'."""
    return (
        environment()
        .get_template("digest.html")
        .render(
            digest=digest,
            shown=shown,
            letters=LETTERS,
            fonts=font_faces(),
            style=stylesheet(),
            issues=issues(digest, shown),
            shifts=shift_lines(digest, shown),
            outside=outside_lines(digest, shown),
            missed=missed_line(digest, shown),
        )
    )


def coverage_html(rows: list[CoverageRow], shown: Shown, since: datetime, until: datetime) -> str:
    """The coverage ledger as a page."""
    return (
        environment()
        .get_template("coverage.html")
        .render(
            lines=source_lines(rows, shown),
            shown=shown,
            since=since,
            until=until,
            fonts=font_faces(),
            style=stylesheet(),
        )
    )


@cache
def environment() -> Environment:
    """Templates of documents; everything is escaped."""
    return Environment(
        loader=PackageLoader("pipeline.reports"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def stylesheet() -> str:
    """The one style of pages and documents."""
    return (files("pipeline.reports") / "templates" / "paper.css").read_text(encoding="utf-8")


@cache
def font_faces() -> str:
    """CSS with both families as data, cut to Latin and Vietnamese once a process."""
    faces = []
    for family, weight, style in (
        ("Be Vietnam Pro", 400, "normal"),
        ("Be Vietnam Pro", 600, "normal"),
        ("Source Serif 4", 600, "normal"),
        ("Source Serif 4", 400, "italic"),
    ):
        data = base64.b64encode(_subset(family, weight, style)).decode()
        faces.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-style:{style};font-display:swap;'
            f"src:url(data:font/woff2;base64,{data}) format('woff2')}}"
        )
    return "\n".join(faces)


def _subset(family: str, weight: int, style: str) -> bytes:
    font = TTFont(fontpkg.path(family, weight=weight, style=style))
    options = Options()
    options.layout_features = ["kern", "liga", "mark", "mkmk", "ccmp", "locl"]
    cutter = Subsetter(options)
    cutter.populate(unicodes=[code for start, end in _SCRIPT_RANGES for code in range(start, end + 1)])
    cutter.subset(font)
    if "fvar" in font:
        axes = {axis.axisTag: axis.defaultValue for axis in font["fvar"].axes}
        font = instantiateVariableFont(font, {**axes, "wght": weight})
    font.flavor = "woff2"
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()
