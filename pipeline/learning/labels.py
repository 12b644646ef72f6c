"""Labelled items as JSON lines: the seed, the gold, and later what analysts label."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.records import TOPICS
from pipeline.text.normalise import nfc


class LabelError(ValueError):
    """Labels cannot be used. Says what is wrong, and of which file and line."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """An item with its answers to the three topic questions."""

    id: str
    title: str
    text: str
    lang: str
    home: tuple[str, ...] | None  # names of its home places in the text; None: the configured province is home
    labels: tuple[bool, ...]  # in the order of records.TOPICS
    tone: str = "."  # + favourable, - critical, 0 neutral, . nothing flagged; for evaluation only
    kind: str = ""  # rss: title and summary; lead: title and beginning; for evaluation only
    year: int | None = None  # for evaluation only
    weights: tuple[float, ...] = (1.0,) * len(TOPICS)  # how much each answer counts; 0: nobody has answered


def read_labelled(path: Path) -> list[Labelled]:
    """All items of a file. Raises LabelError."""
    return list(_items(path))


def _items(path: Path) -> Iterator[Labelled]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield _item(json.loads(line.decode("utf-8")))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise LabelError(
                    f"{path}:{number}: {type(error).__name__} {error}; need id, title, text, lang and "
                    f"{', '.join(TOPICS)} as 0 or 1"
                ) from error


def _item(row: dict[str, Any]) -> Labelled:
    home = row.get("home")
    if "home" in row and not isinstance(home, list):
        raise TypeError("home must be a list of names")
    return Labelled(
        id=str(row["id"]),
        title=nfc(row["title"]),
        text=nfc(row["text"]),
        lang=row["lang"],
        home=tuple(map(nfc, home)) if home is not None else None,
        labels=tuple(bool({0: False, 1: True}[row[topic]]) for topic in TOPICS),
        tone=row.get("tone", "."),
        kind=row.get("kind", ""),
        year=_year(row),
    )


def _year(row: dict[str, Any]) -> int | None:
    written = str(row.get("year") or row.get("date") or "")[:4]
    return int(written) if written.isdigit() else None
