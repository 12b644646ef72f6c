"""What several people's answers about one item come to.

The latest answer of each person counts. Where more say yes than no, the item has the topic, and the other way round; where
they are even, nobody has decided: the item waits for a third person and is used for nothing until then.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline.records import Label

Question = tuple[str, str]  # item id, topic


@dataclass(frozen=True, slots=True)
class Opinion:
    """The answers to one question."""

    yes: int  # persons
    no: int
    at: datetime  # of the latest answer

    @property
    def value(self) -> bool | None:
        """The answer; None while opinions are even."""
        return None if self.yes == self.no else self.yes > self.no

    @property
    def agreed(self) -> bool:
        """At least two answered, and all the same."""
        return self.yes + self.no > 1 and not (self.yes and self.no)


def latest(labels: Iterable[Label]) -> dict[Question, dict[str, Label]]:
    """For each question the latest answer of each person."""
    found: dict[Question, dict[str, Label]] = {}
    for label in sorted(labels, key=lambda label: (label.at, label.id)):
        found.setdefault((label.item_id, label.topic), {})[label.who] = label
    return found


def opinions(labels: Iterable[Label]) -> dict[Question, Opinion]:
    """What the answers to each question come to."""
    return {
        question: Opinion(
            yes=sum(label.value for label in answers.values()),
            no=sum(not label.value for label in answers.values()),
            at=max(label.at for label in answers.values()),
        )
        for question, answers in latest(labels).items()
    }
