"""The model card: what the model is, what it was made from, how well it does, and what changes if it goes to work."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.catalogue import Shown
from pipeline.learning.evaluate import (
    GROUPS,
    Mask,
    Scores,
    Share,
    figures,
    intervals,
    rates,
    recall_by,
    reliability,
    truth_of,
)
from pipeline.learning.gate import FEW, Gate
from pipeline.learning.labels import Labelled
from pipeline.learning.train import FOLDS, Trained
from pipeline.records import TOPICS
from pipeline.triage.flags import TopicModel

CARD = "CARD.md"
_TERMS = 20  # that moved most, shown


@dataclass(frozen=True, slots=True)
class Measured:
    """Scores of labelled items that the model was not trained on."""

    name: str  # of the file; empty: the frozen set
    items: Sequence[Labelled]
    scores: Scores
    titles: Scores | None = None  # from the titles alone
    crossed: Scores | None = None  # by models trained on the other folds of these items too
    crossed_thresholds: Scores | None = None  # theirs (items, topics)
    keywords: Mask | None = None  # what the keyword lists flag


@dataclass(frozen=True, slots=True)
class Comparison:
    """The candidate beside the model at work, on the frozen set."""

    champion: TopicModel
    gate: Gate
    items: Sequence[Labelled]
    before: Mask  # flags (items, topics)
    after: Mask


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a card is made of."""

    trained: Trained
    files: Sequence[Path]  # the data, hashed
    measured: Sequence[Measured]
    pairs: Sequence[Share]  # same flags on matched pairs, by topic; empty: not measured
    outlet_moves: float
    comparison: Comparison | None = None


def write_card(folder: Path, card: Card, shown: Shown) -> Path:
    """Write the card beside the model."""
    path = folder / CARD
    path.write_text("\n\n".join(_parts(card, shown)) + "\n", encoding="utf-8")
    return path


def _parts(card: Card, shown: Shown) -> Iterator[str]:
    say, model, items = shown.text, card.trained.model, card.trained.items
    yield f"# {say('card.title')}"
    yield say("card.what", model=model.version, terms=shown.number(len(model.vocabulary)))
    yield say("card.sees")
    if card.comparison:
        yield from _against(card.comparison, model, shown)
    yield f"## {say('card.data')}"
    none = sum(not any(item.labels) for item in items)
    yield say("card.items", n=shown.number(len(items)), none=shown.number(none))
    yield _rows(say("card.kinds"), _kinds(items, shown))
    yield _rows(
        f"{say('card.file')} | SHA-256",
        ([path.name, f"{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}…"] for path in card.files),
    )
    yield f"## {say('card.own', folds=FOLDS)}"
    yield _figures(card.trained.held_out, items, model.thresholds, shown)
    for one in card.measured:
        yield from _measured(one, model, shown)
    if card.measured:
        yield from _in_detail(card.measured[-1], model, shown)  # real items, where there are any
    yield f"## {say('card.fair')}"
    if card.pairs:
        yield say("card.pairs", n=card.pairs[0].of)
        yield _rows(
            say("card.group_columns"), ([_topic(one.name, shown), "", *_share(one, shown)] for one in card.pairs)
        )
    yield say("card.outlet", moved=shown.number(card.outlet_moves, 3))
    yield f"## {say('card.limits')}"
    yield say("card.limits_text")


def _measured(one: Measured, model: TopicModel, shown: Shown) -> Iterator[str]:
    say, n = shown.text, shown.number(len(one.items))
    yield f"## {say('card.real', n=n, file=one.name) if one.name else say('card.frozen', n=n)}"
    if one.name:
        yield say("card.real_note")
    yield _figures(one.scores, one.items, model.thresholds, shown)
    truth = truth_of(one.items)
    if one.keywords is not None:
        yield say("card.keywords")
        told = [rates(truth[:, column], one.keywords[:, column]) for column in range(len(TOPICS))]
        rows = [
            [_topic(topic, shown), *(shown.number(value, 3) for value in (f1, precision, recall))]
            for topic, (precision, recall, f1) in zip(TOPICS, told, strict=True)
        ]
        rows.append([say("card.macro"), shown.number(float(np.mean([f1 for _, _, f1 in told])), 3), "", ""])
        yield _rows(say("card.short_columns"), rows)
    if one.crossed is not None and one.crossed_thresholds is not None:
        yield say("card.crossed", folds=FOLDS)
        yield _figures(one.crossed, one.items, one.crossed_thresholds, shown)
    if one.titles is not None:
        yield say("card.titles")
        yield _figures(one.titles, one.items, model.thresholds, shown)


def _in_detail(one: Measured, model: TopicModel, shown: Shown) -> Iterator[str]:
    """The reliability curve, and recall by tone, language, kind and year."""
    say, truth = shown.text, truth_of(one.items)
    yield f"### {say('card.calibration')}"
    yield say("card.calibration_note")
    yield _rows(
        say("card.calibration_columns"),
        (
            [
                _topic(topic, shown),
                shown.number(point.items),
                shown.number(point.expected, 2),
                shown.number(point.observed, 2),
            ]
            for column, topic in enumerate(TOPICS)
            for point in reliability(one.scores[:, column], truth[:, column])
        ),
    )
    for group in GROUPS:
        yield f"### {say('card.groups', group=say(f'card.group_{group}'))}"
        yield _rows(
            say("card.group_columns"),
            (
                [_topic(topic, shown), found.name or "–", *_share(found, shown)]
                for topic, found in recall_by(group, one.scores, one.items, model.thresholds)
            ),
        )


def _against(made: Comparison, model: TopicModel, shown: Shown) -> Iterator[str]:
    say = shown.text
    yield f"## {say('card.against', champion=made.champion.version)}"
    yield (
        say("card.gate_open", model=model.version)
        if made.gate.open
        else "\n".join([say("card.gate_shut"), "", *(f"- {told}" for told in shut_reasons(made.gate, shown))])
    )
    yield _rows(
        say("card.difference_columns"),
        (
            [
                _topic(one.topic, shown),
                say(f"card.on_{one.measured}"),
                shown.number(one.items),
                shown.number(one.candidate, 3),
                shown.number(one.champion, 3),
                f"{shown.number(one.candidate - one.champion, 3)} ({shown.number(one.low, 3)} – {shown.number(one.high, 3)})",
                shown.number(-one.margin, 3),
            ]
            for one in made.gate.differences
        ),
    )
    if not any(one.measured == "blind" for one in made.gate.differences):
        yield say("card.no_blind", few=FEW)
    yield f"### {say('card.moved')}"
    yield _rows(say("card.moved_columns"), _moved(made.champion, model, shown))
    changed = [
        [
            _topic(topic, shown),
            *(say("card.yes") if flag else say("card.no") for flag in (before, after, item.labels[column])),
            _cell(item.title),
        ]
        for item, befores, afters in zip(made.items, made.before, made.after, strict=True)
        for column, (topic, before, after) in enumerate(zip(TOPICS, befores, afters, strict=True))
        if before != after
    ]
    yield f"### {say('card.changed', n=shown.number(len(changed)))}"
    yield _rows(say("card.changed_columns"), changed)


def shut_reasons(gate: Gate, shown: Shown) -> list[str]:
    """What keeps the gate shut, as sentences."""
    made = []
    for reason in gate.reasons:
        why, _, topic = reason.partition(":")
        made.append(shown.text(f"card.shut_{why}", topic=_topic(topic, shown) if topic else ""))
    return made


def _moved(champion: TopicModel, candidate: TopicModel, shown: Shown) -> Iterator[list[str]]:
    """The terms whose weight in an item (idf x weight) moved most, over all topics."""
    terms = sorted(champion.vocabulary.keys() | candidate.vocabulary.keys())
    before, after = (_weights(model, terms) for model in (champion, candidate))
    order = np.argsort(-np.abs(after - before), axis=None, kind="stable")[:_TERMS]
    for row, column in zip(*np.unravel_index(order, before.shape), strict=True):
        yield [
            _topic(TOPICS[column], shown),
            f"`{_cell(terms[row])}`",
            shown.number(before[row, column], 2),
            shown.number(after[row, column], 2),
        ]


def _weights(model: TopicModel, terms: Sequence[str]) -> Scores:
    made = np.zeros((len(terms), len(TOPICS)))
    for row, term in enumerate(terms):
        if (known := model.vocabulary.get(term)) is not None:
            made[row] = model.idf[known] * model.weights[known]
    return made


def _kinds(items: Sequence[Labelled], shown: Shown) -> Iterator[list[str]]:
    for column, topic in enumerate(TOPICS):
        tones = [item.tone for item in items if item.labels[column]]
        yield [_topic(topic, shown), *(shown.number(n) for n in (len(tones), *(tones.count(tone) for tone in "+0-")))]


def _figures(scores: Scores, items: Sequence[Labelled], thresholds: Scores, shown: Shown) -> str:
    made, around = figures(scores, items, thresholds), intervals(scores, items, thresholds)
    rows = []
    for topic in TOPICS:
        one = made[topic]
        measured = [
            f"{shown.number(one[name], 3)} ({' – '.join(shown.number(end, 3) for end in around[topic][name])})"
            for name in ("average_precision", "f1")
        ]
        measured += [shown.number(one[name], 3) for name in ("precision", "recall", "calibration_error", "threshold")]
        rows.append([_topic(topic, shown), shown.number(one["items"]), *measured])
    macro = [shown.number(made["macro"][name], 3) for name in ("average_precision", "f1", "calibration_error")]
    rows.append([shown.text("card.macro"), "", macro[0], macro[1], "", "", macro[2], ""])
    return _rows(shown.text("card.columns"), rows)


def _topic(topic: str, shown: Shown) -> str:
    return shown.text(f"topic.{topic}")


def _share(one: Share, shown: Shown) -> list[str]:
    part = f"{shown.number(one.found)}/{shown.number(one.of)} = {shown.number(one.found / one.of, 3)}"
    return [part, f"{shown.number(one.low, 3)} – {shown.number(one.high, 3)}"]


def _rows(columns: str, rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(
        [f"| {columns} |", "|" + "---|" * len(columns.split("|")), *("| " + " | ".join(row) + " |" for row in rows)]
    )


def _cell(text: str) -> str:
    """A text that stays inside its cell."""
    return re.sub(r"([|`<\[\]*_\\])", r"\\\1", " ".join(text.split()))
