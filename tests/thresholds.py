"""How much the thresholds of `pipeline/text/body.py` matter, and how well extraction does on pages they were not chosen on.

`python -m tests.thresholds` needs the real press (DIEMBAO_PRESS or ../shared/press). It prints, for each threshold, the score
when only that one is moved, and the score under a five-fold choice: thresholds are chosen on four fifths of the pages, from
their grids one after the other until none gets better, and measured on the last fifth. The score is that of the benchmark's
script: precision and recall of word 4-shingles, each the mean over pages.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

from rich.console import Console
from rich.table import Table
from selectolax.lexbor import LexborHTMLParser

from pipeline.records import Page
from pipeline.text import body
from pipeline.text.blocks import Walk
from pipeline.text.extract import extract

PRESS = Path(os.environ.get("DIEMBAO_PRESS", Path(__file__).parent.parent.parent / "shared" / "press")) / "extraction"
GRIDS: dict[str, tuple[float, ...]] = {
    "_SMALL": (0.15, 0.2, 0.25, 0.3, 0.35),
    "_NEARLY_ALL": (0.65, 0.7, 0.75, 0.8, 0.85, 0.9),
    "_NAMED": (0.2, 0.35, 0.5, 0.65),
    "_LINKED": (0.4, 0.5, 0.6),
    "_SHORT": (25, 40, 55),
    "_HALF": (0.4, 0.5, 0.6),
    "_ITEM": (10, 20, 30),
    "_TEASER": (500, 700, 900),
    "_TEASERS": (2, 3, 4),
}
FOLDS = 5
Scores = tuple[float, float]  # precision, recall


@cache
def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return Counter(tuple(words[at : at + 4]) for at in range(max(len(words) - 3, 1))) if words else Counter()


def score(truth: str, read: str) -> Scores:
    wanted, got = shingles(truth), shingles(read)
    hit = (wanted & got).total()
    return (hit / got.total() if got else 0.0, hit / wanted.total() if wanted else 0.0)


def f1(scores: Iterable[Scores]) -> float:
    listed = list(scores)
    precision, recall = mean(listed)
    return 2 * precision * recall / (precision + recall)


def mean(scores: Sequence[Scores]) -> Scores:
    return sum(p for p, _ in scores) / len(scores), sum(r for _, r in scores) / len(scores)


class Pages:
    """The marked pages; each walked once, for the choice among its blocks is all that thresholds change."""

    def __init__(self) -> None:
        self.truth = {name: row["text"] for name, row in json.loads((PRESS / "gold.json").read_text()).items()}
        self.html = {name: gzip.decompress((PRESS / "html" / f"{name}.html.gz").read_bytes()) for name in self.truth}
        self.walks = {name: self._walk(html) for name, html in self.html.items()}
        self.names = sorted(self.truth)

    @staticmethod
    def _walk(html: bytes) -> Walk:
        walk = Walk()
        root = LexborHTMLParser(html).body
        assert root is not None
        walk.through(root)
        return walk

    def bodies(self, names: Sequence[str]) -> float:
        """F1 of the bodies alone."""
        return f1(
            score(self.truth[name], "\n".join(body._choose(self.walks[name], False).paragraphs)) for name in names
        )

    def articles(self, names: Sequence[str]) -> list[Scores]:
        """Scores of all that `extract` does."""
        read = ((name, extract(Page("", self.html[name]))) for name in names)
        return [score(self.truth[name], article.text if article else "") for name, article in read]


def moved(name: str, value: float) -> float:
    """Set a threshold; the value it had."""
    before = float(getattr(body, name))
    setattr(body, name, value)
    return before


def choose(pages: Pages, names: Sequence[str]) -> dict[str, float]:
    """Set each threshold to the best of its grid in turn, until nothing gets better."""
    best = pages.bodies(names)
    improved = True
    while improved:
        improved = False
        for threshold, grid in GRIDS.items():
            for value in grid:
                before = moved(threshold, value)
                found = pages.bodies(names)
                if found > best + 1e-6:
                    best, improved = found, True
                else:
                    moved(threshold, before)
    return {threshold: getattr(body, threshold) for threshold in GRIDS}


def main() -> None:
    """Measure and print."""
    if not PRESS.is_dir():
        sys.exit(f"no marked pages at {PRESS}; set DIEMBAO_PRESS to a folder that holds extraction/")
    pages, terminal = Pages(), Console()
    shipped = {threshold: getattr(body, threshold) for threshold in GRIDS}
    table = Table(title=f"F1 of the body on {len(pages.names)} pages when one threshold is moved")
    table.add_column("threshold")
    table.add_column("value = F1 (shipped value in bold)")
    for threshold, grid in GRIDS.items():
        cells = []
        for value in grid:
            moved(threshold, value)
            cell = f"{value:g} = {pages.bodies(pages.names):.4f}"
            cells.append(f"[bold]{cell}[/bold]" if value == shipped[threshold] else cell)
        moved(threshold, shipped[threshold])
        table.add_row(threshold, "   ".join(cells))
    terminal.print(table)
    fold = {name: int(sha256(name.encode()).hexdigest(), 16) % FOLDS for name in pages.names}
    held_out: list[Scores] = []
    for number in range(FOLDS):
        for threshold, value in shipped.items():
            moved(threshold, value)
        chosen = choose(pages, [name for name in pages.names if fold[name] != number])
        held_out += pages.articles([name for name in pages.names if fold[name] == number])
        terminal.print(f"fold {number + 1}: {chosen}", soft_wrap=True)
    for threshold, value in shipped.items():
        moved(threshold, value)
    precision, recall = mean(held_out)
    terminal.print(f"five-fold choice: precision {precision:.3f} recall {recall:.3f} F1 {f1(held_out):.3f}")
    terminal.print(f"shipped thresholds: F1 {f1(pages.articles(pages.names)):.3f}")


if __name__ == "__main__":
    main()
