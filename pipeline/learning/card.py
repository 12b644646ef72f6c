"""The model card: what the model is, what it was made from, and how well it does, in Vietnamese."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pipeline.learning.evaluate import Figures, figures, measure
from pipeline.learning.labels import Labelled
from pipeline.learning.train import FOLDS, Trained
from pipeline.records import TOPICS
from pipeline.text.places import Gazetteer

CARD = "CARD.md"
_NAMES = {"sovereignty": "Chủ quyền", "human_rights": "Nhân quyền, dân chủ, tôn giáo",
          "provincial_reputation": "Uy tín, hình ảnh của tỉnh", "macro": "Trung bình"}


def write_card(folder: Path, trained: Trained, files: Sequence[Path], measured: Sequence[Labelled],
               gazetteer: Gazetteer, provinces: str, measured_from: Path | None) -> Path:
    """Write the card beside the model."""
    items = trained.items
    lines = [
        "# Thẻ mô hình gắn cờ chủ đề", "",
        f"Mô hình `{trained.model.version}`: tuyến tính, ba chủ đề, {len(trained.model.vocabulary)} từ ngữ "
        "(từ của underthesea, TF-IDF, hồi quy logistic). Cờ nói tin viết về chủ đề nào; không nói tin đúng hay sai, khen hay chê.",
        "",
        "Mô hình chỉ đọc tiêu đề và nội dung. Tên báo, địa chỉ, ngày đăng không vào mô hình. Tên tỉnh nhà được thay bằng một ký hiệu.",
        "", "## Dữ liệu huấn luyện", "",
        f"{len(items)} tin do nhóm dự án viết và gán nhãn (hư cấu, theo văn phong báo chí).", "",
        "| tệp | SHA-256 (đầu) |", "|---|---|",
        *(f"| {path.name} | {hashlib.sha256(path.read_bytes()).hexdigest()[:12]} |" for path in files), "",
        f"## Đo trên chính dữ liệu huấn luyện ({FOLDS} phần, mỗi phần do mô hình chưa thấy nó chấm)", "",
        *_table(figures(trained.held_out, items, trained.model.thresholds)), "",
    ]
    if measured:
        lines += [
            f"## Đo trên {len(measured)} tin thật đã gán nhãn ({measured_from.name if measured_from else ''})", "",
            "Các tin này không dùng để huấn luyện, không dùng để chọn ngưỡng.", "",
            *_table(measure(trained.model, measured, gazetteer, provinces)), ""]
    lines += [
        "## Giới hạn đã biết", "",
        "Dữ liệu huấn luyện là tin viết ra, ít hơn và đều hơn báo thật: trên báo thật mô hình gắn cờ thừa và bỏ sót nhiều "
        "hơn bảng đầu. Ngưỡng chọn theo dữ liệu viết ra. Mẫu kiểm tra hằng ngày là cách biết mô hình bỏ sót bao nhiêu.", ""]
    path = folder / CARD
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _table(made: Figures) -> list[str]:
    rows = ["| chủ đề | tin | AP | F1 | chính xác | tìm đủ | tìm đủ khen / trung tính / phê bình | ngưỡng |",
            "|---|---|---|---|---|---|---|---|"]
    for topic in TOPICS:
        one = made[topic]
        tones = " / ".join(_number(one[f"recall{tone}"]) if f"recall{tone}" in one else "–" for tone in "+0-")
        rows.append(f"| {_NAMES[topic]} | {one['items']:.0f} | {_number(one['average_precision'])} | {_number(one['f1'])} | "
                    f"{_number(one['precision'])} | {_number(one['recall'])} | {tones} | {_number(one['threshold'])} |")
    macro = made["macro"]
    rows.append(f"| {_NAMES['macro']} | | {_number(macro['average_precision'])} | {_number(macro['f1'])} | | | | |")
    return rows


def _number(value: float) -> str:
    return f"{value:.3f}".replace(".", ",")
