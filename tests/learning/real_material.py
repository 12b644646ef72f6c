"""Runs of syllables of the real press, to show that nothing written for this project was copied from it."""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pipeline.text.encodings import decode
from pipeline.text.normalise import tone_key

RUN = 12  # syllables in a row that two writers do not choose by chance
_TAG = re.compile(r"<[^>]*>")
_DATA = re.compile(r"<!\[CDATA\[|\]\]>")


def runs(text: str) -> set[int]:
    """Hashes of all runs of 12 syllables."""
    keys = tone_key(text).split()
    return {hash(tuple(keys[start : start + RUN])) for start in range(len(keys) - RUN + 1)}


def _texts(press: Path, gold: Path) -> Iterator[str]:
    with gold.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield f"{row['title']}\n{row['text']}"
    for path in sorted(press.rglob("*")):
        if path.suffix == ".jsonl":
            yield path.read_text(encoding="utf-8")
        elif path.suffix in (".gz", ".html", ".rss", ".xml"):
            body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            # Markup is resolved twice: feeds carry escaped HTML.
            page = html.unescape(_DATA.sub(" ", decode(body, "")))
            yield html.unescape(_TAG.sub(" ", page))


@cache
def real_runs(press: Path, gold: Path) -> set[int]:
    """All runs of 12 syllables of everything real."""
    found: set[int] = set()
    for text in _texts(press, gold):
        found |= runs(text)
    return found
