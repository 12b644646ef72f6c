"""A small set of labelled items, written for these tests: enough of every kind for five folds."""

from __future__ import annotations

from pipeline.learning.labels import Labelled
from pipeline.learning.train import Target
from tests.conftest import ROOT

PROVINCES = (ROOT / "models" / "gazetteer" / "provinces.tsv").read_text(encoding="utf-8")
TARGETS = {"sovereignty": Target(0.8, 0.2), "human_rights": Target(0.8, 0.2), "provincial_reputation": Target(0.9, 0.5)}

_PLACES = ("Đảo Én", "Rạch Sậy", "Gò Mây", "Bến Chài", "Cồn Sẻ", "Đồi Sim")
_KINDS = (
    (
        (True, False, False), "-", "Tàu lạ xâm phạm vùng biển gần {place}",
        "Tàu lạ xâm phạm vùng biển và chủ quyền. Ngư dân {place} báo cảnh sát biển.",
    ),
    (
        (False, True, False), "0", "Quyền trẻ em được bàn ở {place}",
        "Hội nghị về quyền con người và tự do tôn giáo họp ở {place}. Trẻ em được nói.",
    ),
    (
        (False, False, True), "+", "{place} đón khách du lịch đông nhất năm",
        "Chính quyền {place} được khen vì bãi tắm sạch. Khách du lịch hài lòng.",
    ),
    (
        (False, False, False), ".", "Giá lúa nhích lên",
        "Thương lái mua lúa với giá cao. Nông dân vui vì được mùa.",
    ),
)  # fmt: skip


def small_set() -> list[Labelled]:
    items = []
    for place in _PLACES:
        for number, (labels, tone, title, text) in enumerate(_KINDS):
            items.append(
                Labelled(
                    f"{place}-{number}", title.format(place=place), text.format(place=place), "vi",
                    (place,) if "{place}" in text else (), labels, tone,
                )
            )  # fmt: skip
    return items
