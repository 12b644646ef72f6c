"""Answers and items with only what a test cares about spelled out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.records import TOPICS, Drawn, Label, LabelItem

T0 = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def label(
    item_id: str, value: bool, who: str = "an", topic: str = TOPICS[0], hour: float = 0, drawn: Drawn = "uncertain"
) -> Label:
    """An answer to one question, some hours after T0."""
    return Label(item_id, topic, value, who, T0 + timedelta(hours=hour), "1", drawn)


def labels(item_id: str, values: str, who: str = "an", hour: float = 0) -> list[Label]:
    """Answers to the three questions: '1' yes, '0' no, '.' none."""
    return [
        label(item_id, value == "1", who, topic, hour)
        for topic, value in zip(TOPICS, values, strict=True)
        if value != "."
    ]


def item(item_id: str, text: str = "") -> LabelItem:
    return LabelItem(item_id, f"Tin {item_id}", text or f"Chuyện riêng của {item_id}.", "vi")
