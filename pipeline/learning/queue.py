"""What is worth a label: the day's blind sample, and a queue for one person. Pure: what is drawn follows from the arguments.

A queue mixes
  blind      the latest blind samples, as far as nobody has judged them
  second     items that somebody else has labelled: those on which two differ first, then a share drawn by their ids
  disagree   the model says other than the analyst
  uncertain  nearest to a threshold
  high       the highest scores
in turn, so that whoever stops early has seen some of each. No item comes twice to one person, and of items that are nearly the
same text (reprints) only one comes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.learning.opinions import latest
from pipeline.records import TOPICS, Candidate, Draw, Drawn, Label, LabelItem, digest_id
from pipeline.text.normalise import tone_key

NEAR = 0.25  # of a threshold, in probability: scores above it are the near stratum
_RUN = 4  # syllables
_SAME = 0.3  # shared runs of syllables from which two texts are one story


@dataclass(frozen=True, slots=True)
class Queued:
    """An item and why it is asked about."""

    item: LabelItem
    drawn: Drawn


def blind_sample(
    candidates: Iterable[Candidate], thresholds: Sequence[float], day: str, size: int, model: str
) -> list[Draw]:
    """The day's sample of unflagged items: half from those that come near a threshold, the rest from all others.

    In a stratum every item is as likely as another: they are taken by a hash of id and day, which knows nothing of the text,
    and gives the same sample whenever it is asked.
    """
    strata: dict[str, list[str]] = {"near": [], "far": []}
    for candidate in candidates:
        if not any(candidate.flagged):
            near = any(score >= NEAR * threshold for score, threshold in zip(candidate.scores, thresholds, strict=True))
            strata["near" if near and size > 1 else "far"].append(candidate.item.id)
    near_share = min(len(strata["near"]), max(size // 2, size - len(strata["far"])))
    wanted = {"near": near_share, "far": min(len(strata["far"]), size - near_share)}
    return [
        Draw(day, item_id, "near" if stratum == "near" else "far", len(ids), wanted[stratum], model)
        for stratum, ids in strata.items()
        for item_id in sorted(ids, key=lambda item_id: digest_id(day, item_id))[: wanted[stratum]]
    ]


def queue(
    candidates: Sequence[Candidate],
    thresholds: Sequence[float],
    draws: Iterable[Draw],
    labels: Sequence[Label],
    who: str,
    size: int,
    second_share: float,
) -> list[Queued]:
    """The next items for a person; `second_share` of all items get a second opinion."""
    given = latest(labels)
    by_person: dict[str, set[str]] = {}
    for (item_id, _), answers in given.items():
        by_person.setdefault(item_id, set()).update(answers)
    known = {candidate.item.id: candidate for candidate in candidates}
    mine = {item_id for item_id, people in by_person.items() if who in people}
    split = {item_id for (item_id, _), answers in given.items() if _even(answers)}
    lists: dict[Drawn, list[str]] = {
        "blind": [draw.item_id for draw in draws if draw.item_id not in by_person],
        "second": [
            item_id
            for item_id, people in sorted(
                by_person.items(), key=lambda pair: (pair[0] not in split, digest_id(pair[0]))
            )
            if item_id in split or (len(people) == 1 and chance(item_id) < second_share)
        ],
        "disagree": [
            candidate.item.id
            for candidate in sorted(
                candidates, key=lambda candidate: _distance(candidate, thresholds, given), reverse=True
            )
            if len(by_person.get(candidate.item.id, ())) == 1 and _distance(candidate, thresholds, given) > 0
        ],
        "uncertain": [
            candidate.item.id
            for candidate in sorted(candidates, key=lambda candidate: _doubt(candidate, thresholds))
            if candidate.item.id not in by_person
        ],
        "high": [
            candidate.item.id
            for candidate in sorted(candidates, key=lambda candidate: -max(candidate.scores))
            if candidate.item.id not in by_person
        ],
    }
    chosen: list[Queued] = []
    taken, texts = set(mine), list[frozenset[str]]()
    for drawn, item_id in _in_turn(lists):
        if len(chosen) == size:
            break
        if item_id in taken or item_id not in known:
            continue
        runs = _runs(known[item_id].item)
        # The blind sample is shown as drawn: leaving a reprint out would change its probabilities.
        if drawn != "blind" and any(_overlap(runs, other) >= _SAME for other in texts):
            continue
        taken.add(item_id)
        texts.append(runs)
        chosen.append(Queued(known[item_id].item, drawn))
    return chosen


def chance(item_id: str) -> float:
    """A number in [0, 1) that an item always has."""
    return int(digest_id("chance", item_id), 16) / 16**16


def _in_turn(lists: Mapping[Drawn, Sequence[str]]) -> Iterator[tuple[Drawn, str]]:
    longest = max(map(len, lists.values()), default=0)
    for position in range(longest):
        for drawn, ids in lists.items():
            if position < len(ids):
                yield drawn, ids[position]


def _even(answers: Mapping[str, Label]) -> bool:
    return len(answers) > 1 and 2 * sum(label.value for label in answers.values()) == len(answers)


def _logit(value: float) -> float:
    value = min(max(value, 1e-9), 1 - 1e-9)
    return math.log(value / (1 - value))


def _doubt(candidate: Candidate, thresholds: Sequence[float]) -> float:
    """How far the nearest score is from its threshold, in log-odds."""
    return min(
        abs(_logit(score) - _logit(threshold)) for score, threshold in zip(candidate.scores, thresholds, strict=True)
    )


def _distance(
    candidate: Candidate, thresholds: Sequence[float], given: Mapping[tuple[str, str], Mapping[str, Label]]
) -> float:
    """How far on the wrong side of its threshold a score stands, by what was answered; at most 0: on the right side."""
    worst = -math.inf
    for topic, score, threshold in zip(TOPICS, candidate.scores, thresholds, strict=True):
        for label in given.get((candidate.item.id, topic), {}).values():
            above = _logit(score) - _logit(threshold)
            worst = max(worst, -above if label.value else above)
    return worst


def _runs(item: LabelItem) -> frozenset[str]:
    syllables = tone_key(f"{item.title} {item.text}").split()
    return frozenset(" ".join(syllables[at : at + _RUN]) for at in range(max(1, len(syllables) - _RUN + 1)))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / min(len(one), len(other))
