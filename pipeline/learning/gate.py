"""Whether a candidate may take the champion's place.

On items that neither was trained on, the candidate may be worse than the champion by no more than a margin, in every topic:
that is shown, not assumed, when the lower end of the interval of the difference, resampled over the same items for both
(paired bootstrap), stays above minus the margin. On the frozen set the difference is of F1; on the blind samples, where the
topics are rare, of the part judged rightly. What has too few items to say anything is told as such and keeps nothing shut: a
lead confirms in the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.learning.evaluate import Mask, Share, rates, resampled
from pipeline.learning.fairness import LEAST
from pipeline.records import TOPICS

FEW = 50  # items below which a set says nothing


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate minus champion."""

    topic: str
    measured: str  # frozen: F1 on the frozen set; blind: part judged rightly of the blind samples
    items: int
    candidate: float
    champion: float
    low: float  # 95% interval of the difference
    high: float
    margin: float

    @property
    def worse(self) -> bool:
        """Not shown to stay within the margin."""
        return self.low < -self.margin


@dataclass(frozen=True, slots=True)
class Gate:
    """What was compared, and what keeps the gate shut."""

    against: str  # the champion's version
    differences: tuple[Difference, ...]
    pairs: tuple[Share, ...]  # same flags on matched pairs, by topic
    outlet_moves: float
    reasons: tuple[str, ...]  # why it is shut, as catalogue keys with a topic: 'worse_frozen:sovereignty'

    @property
    def open(self) -> bool:
        """Whether a lead may promote the candidate."""
        return not self.reasons


def compare(
    measured: str, truth: Mask, candidate: Mask, champion: Mask, margins: Mapping[str, float]
) -> list[Difference]:
    """Paired differences on a set; truth and flags are (items, topics). Nothing for a set with too few items."""
    made: list[Difference] = []
    if len(truth) < FEW:
        return made
    for column, topic in enumerate(TOPICS):
        right, ours, theirs = truth[:, column], candidate[:, column], champion[:, column]
        if measured == "frozen" and not right.any():
            continue

        def value(
            flags: Mask, chosen: np.ndarray[tuple[int], np.dtype[np.int64]] | slice, right: Mask = right
        ) -> float:
            if measured == "frozen":
                return rates(right[chosen], flags[chosen])[2] if right[chosen].any() else np.nan
            return float((right[chosen] == flags[chosen]).mean())

        def difference(
            chosen: np.ndarray[tuple[int], np.dtype[np.int64]], ours: Mask = ours, theirs: Mask = theirs
        ) -> float:
            return value(ours, chosen) - value(theirs, chosen)

        low, high = resampled(len(truth), difference)
        everything = slice(None)
        made.append(
            Difference(
                topic,
                measured,
                len(truth),
                value(ours, everything),
                value(theirs, everything),
                low,
                high,
                margins[topic],
            )
        )
    return made


def gate(against: str, differences: Sequence[Difference], pairs: Sequence[Share], outlet_moves: float) -> Gate:
    """The verdict."""
    reasons = [f"worse_{one.measured}:{one.topic}" for one in differences if one.worse]
    reasons += [f"pairs:{one.name}" for one in pairs if one.found < LEAST * one.of]
    if outlet_moves > 0:
        reasons.append("outlet:")
    return Gate(against, tuple(differences), tuple(pairs), outlet_moves, tuple(reasons))
