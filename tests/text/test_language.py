"""The language of a text, also of a title alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.text.language import language


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Khánh thành cây cầu qua sông Mẫu", "vi"),
        ("GIÁ XĂNG TĂNG", "vi"),
        ("Lũ lụt ở Texas", "vi"),
        ("Bão số 3 WIPHA đổi hướng, Microsoft và Google sơ tán nhân viên", "vi"),
        ("Tinh se trong rung tai cac xa ven bien trong nam nay", "vi"),  # written without marks
        ("Storm hits Vietnam", "en"),
        ("The chairman of Quảng Trị province, Nguyễn Văn Mẫu, said on Monday that the port will open", "en"),
        ("A new bridge for the Đakrông highlands", "en"),
        ("越南中部省份遭遇暴雨", "zh"),
        ("Bridge 大桥在越南中部建成通车", "zh"),
        ("ຂົວໃໝ່ຂ້າມແມ່ນ້ຳ", "lo"),
        ("Le président a visité la région côtière dévastée", "other"),
        ("", "other"),
        ("12/5: 3-0!", "other"),
    ],
)
def test_a_title_tells_its_language(text: str, expected: str) -> None:
    assert language(text) == expected


@given(st.text(max_size=100))
@settings(max_examples=200, deadline=None)
def test_every_text_has_one_of_the_languages_we_know(text: str) -> None:
    assert language(text) in {"vi", "en", "zh", "lo", "other"}


@given(st.integers(1, 30))
@settings(max_examples=20, deadline=None)
def test_length_does_not_change_the_language(times: int) -> None:
    assert language("Người dân trồng thêm rừng ven biển. " * times) == "vi"
    assert language("Villagers have planted new forest along the coast. " * times) == "en"
