"""The peer of the model: a keyword list for each topic, which is what a press office uses without one.

Written for the card, to be as good as such a list gets: an item is flagged where any of its phrases stands in title or text;
the image of the province wherever home is named.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipeline.learning.labels import Labelled
from pipeline.records import TOPICS
from pipeline.text.normalise import tone_key
from pipeline.text.places import Gazetteer

_PHRASES = {
    "sovereignty": (
        "chủ quyền", "hoàng sa", "trường sa", "biển đông", "đường lưỡi bò", "lãnh hải", "thềm lục địa", "đặc quyền kinh tế",
        "unclos", "luật biển", "cột mốc biên giới", "biên giới lãnh thổ", "cảnh sát biển", "bãi cạn", "nhà giàn", "gạc ma",
        "south china sea", "east sea", "paracel", "spratly", "sovereignty", "exclusive economic zone",
    ),
    "human_rights": (
        "nhân quyền", "quyền con người", "dân chủ", "tôn giáo", "phật giáo", "giáo hội", "công giáo", "tin lành", "tự do báo chí",
        "tự do ngôn luận", "dân tộc thiểu số", "bình đẳng giới", "tuyên truyền chống nhà nước", "lợi dụng các quyền tự do",
        "human rights", "religious", "ethnic minorit", "democracy", "dissident", "freedom of",
    ),
}  # fmt: skip


def keyword_flags(
    items: Sequence[Labelled], home: Gazetteer, provinces: str
) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """What the lists flag (items, topics)."""
    made = np.zeros((len(items), len(TOPICS)), dtype=bool)
    for row, item in enumerate(items):
        key = f" {tone_key(f'{item.title} {item.text}')} "
        gazetteer = home if item.home is None else Gazetteer.from_names(item.home, provinces)
        for column, topic in enumerate(TOPICS):
            if topic in _PHRASES:
                made[row, column] = any(f" {tone_key(phrase)}" in key for phrase in _PHRASES[topic])
            else:
                made[row, column] = any(mention.unit.home for mention in gazetteer.find(f"{item.title}\n\n{item.text}"))
    return made
