"""What the judging tests share: a small model made by hand, written items, and their words as underthesea marks them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.records import HOME, OTHER, TOPICS, Judgement
from pipeline.text.places import Gazetteer
from pipeline.triage.flags import TopicModel, make
from tests.conftest import ROOT

PROVINCES = (ROOT / "models" / "gazetteer" / "provinces.tsv").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Item:
    """A title and a text with the words in them; {home} stands for the home province, `_` joins syllables."""

    title: str
    text: str

    def split(self, home: str) -> tuple[str, str]:
        joined = home.replace(" ", "_")
        return self.title.format(home=joined), self.text.format(home=joined)

    def plain(self, home: str) -> tuple[str, str]:
        title, text = self.split(home)
        return title.replace("_", " "), text.replace("_", " ")


ITEMS = (
    Item("{home} phản_đối tàu lạ xâm_phạm vùng_biển", "Ngư_dân {home} kể chuyện . Tàu lạ xâm_phạm vùng_biển hai lần ."),
    Item("Quyền trẻ_em ở vùng cao", "Hội_nghị về quyền trẻ_em họp ở {home} sáng nay .\nChủ_tịch tỉnh {home} đến dự ."),
    Item("Bãi tắm mới mở cửa", "Du_khách đến {home} và Đà_Nẵng tăng . Khách khen bãi tắm sạch ."),
    Item("Giá lúa nhích lên", "Thương_lái thu_mua lúa ở An_Giang . Giá tăng 200 đồng ."),
    Item("Lũ quét ở {home}", "Chính_quyền {home} đưa 40 hộ dân ra khỏi vùng lũ . Bộ_đội giúp dân dọn bùn ."),
)

_WEIGHTS = {
    "xâm_phạm": (3.0, 0.2, 0.0),
    "vùng_biển": (2.0, 0.0, -0.3),
    "tàu lạ": (1.5, 0.1, 0.0),
    "t:xâm_phạm": (1.0, 0.0, 0.0),
    "quyền": (0.0, 2.5, 0.0),
    "trẻ_em": (0.0, 2.0, 0.1),
    "quyền trẻ_em": (0.0, 1.0, 0.0),
    "chính_quyền": (0.0, 0.3, 1.0),
    "lũ": (-0.5, -0.5, 0.8),
    "du_khách": (-1.0, -1.0, 0.9),
    "giá": (-1.0, -1.0, -1.0),
    HOME: (0.2, 0.0, 2.0),
    OTHER: (0.0, 0.0, -0.7),
    f"{HOME} phản_đối": (0.4, 0.0, 0.3),
    "#home_title": (0.0, 0.0, 1.2),
    "#home=0": (0.0, 0.0, -2.0),
    "#home=1": (0.0, 0.0, 0.4),
    "#home=2": (0.0, 0.0, 0.9),
    "#others=1": (0.0, 0.0, -0.5),
}


def hand_made() -> TopicModel:
    """A model whose every number can be read above."""
    terms = sorted(_WEIGHTS)
    return make(
        TOPICS,
        terms,
        np.linspace(1.0, 2.0, len(terms)),
        np.array([_WEIGHTS[term] for term in terms]) * 2.0,
        np.array([-1.0, -1.0, -0.5]),
        np.array([0.5, 0.5, 0.5]),
    )


def gazetteer(home: str) -> Gazetteer:
    return Gazetteer.from_names([home], PROVINCES)


def judged(model: TopicModel, item: Item, home: str = "Quảng Trị") -> Judgement:
    return model.judge("v", *item.plain(home), item.split(home), gazetteer(home))
