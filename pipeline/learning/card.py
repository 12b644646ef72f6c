"""The model card: what the model is, what it was made from, and how well it does."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.catalogue import Shown
from pipeline.learning.evaluate import Figures, figures, measure
from pipeline.learning.labels import Labelled
from pipeline.learning.train import FOLDS, Trained
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer

CARD = "CARD.md"


def write_card(
    folder: Path,
    trained: Trained,
    files: Sequence[Path],
    measured: tuple[Path, Sequence[Labelled]] | None,
    gazetteer: Gazetteer,
    provinces: str,
    shown: Shown,
) -> Path:
    """Write the card beside the model; `measured` is a file of real labelled items that the model was not trained on."""
    say, model, items = shown.text, trained.model, trained.items
    lines = [
        f"# {say('card.title')}",
        say("card.what", model=model.version, terms=shown.number(len(model.vocabulary))),
        say("card.sees"),
        f"## {say('card.data')}",
        say("card.items", n=shown.number(len(items))),
        f"| {say('card.file')} | SHA-256 |\n|---|---|\n"
        + "\n".join(f"| {path.name} | {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}… |" for path in files),
        f"## {say('card.own', folds=FOLDS)}",
        _table(figures(trained.held_out, items, model.thresholds), shown),
    ]
    if measured:
        path, gold = measured
        lines += [
            f"## {say('card.real', n=shown.number(len(gold)), file=path.name)}",
            say("card.real_note"),
            _table(measure(model, gold, gazetteer, provinces), shown),
        ]
    lines += [f"## {say('card.limits')}", say("card.limits_text")]
    card = folder / CARD
    card.write_text("\n\n".join(lines) + "\n", encoding="utf-8")
    return card


def _table(made: Figures, shown: Shown) -> str:
    columns = shown.text("card.columns")
    rows = [f"| {columns} |", "|" + "---|" * len(columns.split("|"))]
    for topic in TOPICS:
        one = made[topic]
        tones = " / ".join(shown.number(one[f"recall{tone}"], 3) if f"recall{tone}" in one else "–" for tone in "+0-")
        cells = [shown.text(f"topic.{topic}"), shown.number(one["items"])]
        cells += [shown.number(one[name], 3) for name in ("average_precision", "f1", "precision", "recall")]
        rows.append("| " + " | ".join([*cells, tones, shown.number(one["threshold"], 3)]) + " |")
    macro = [shown.number(made["macro"][name], 3) for name in ("average_precision", "f1")]
    rows.append(f"| {shown.text('card.macro')} | | {' | '.join(macro)} | | | | |")
    return "\n".join(rows)
