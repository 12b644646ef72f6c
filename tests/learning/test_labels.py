from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.learning.labels import LabelError, Labelled, read_labelled
from pipeline.records import TOPICS

GOOD: dict[str, Any] = {
    "id": "a1", "title": "Tàu cá về bến", "text": "Cả bến ra đón.", "lang": "vi", "home": ["Quảng Trị"],
    "sovereignty": 0, "human_rights": 1, "provincial_reputation": 0, "tone": "+", "anything": "else",
}  # fmt: skip


_NO_LABELS: list[object] = [2, "1", None, [], "yes", 0.5]


def _file(folder: Path, *rows: object) -> Path:
    path = folder / "nhãn.jsonl"
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def _without(key: str) -> dict[str, Any]:
    return {name: value for name, value in GOOD.items() if name != key}


def test_a_line_becomes_an_item_and_empty_lines_are_nothing(tmp_path: Path) -> None:
    items = read_labelled(_file(tmp_path, GOOD, "", "   ", {**_without("home"), "id": 2, "sovereignty": 1}))
    assert items == [
        Labelled("a1", "Tàu cá về bến", "Cả bến ra đón.", "vi", ("Quảng Trị",), (False, True, False), "+"),
        Labelled("2", "Tàu cá về bến", "Cả bến ra đón.", "vi", None, (True, True, False), "+"),
    ]
    assert read_labelled(_file(tmp_path)) == []
    assert read_labelled(_file(tmp_path, _without("tone")))[0].tone == "."
    assert read_labelled(_file(tmp_path, {**GOOD, "home": []}))[0].home == ()  # no home, which is not the office's home


def test_decomposed_letters_are_read_as_composed_ones(tmp_path: Path) -> None:
    decomposed = {**GOOD, "title": "Quả\u0309ng", "text": "bie\u0302\u0309n", "home": ["Tri\u0323"]}
    (item,) = read_labelled(_file(tmp_path, {**decomposed, "title": "Qua\u0309ng"}))
    assert (item.title, item.text, item.home) == ("Quảng", "biển", ("Trị",))


@pytest.mark.parametrize(
    "bad",
    [
        "không phải JSON",
        '{"id": "a1", ',
        '["a", "list"]',
        '"text"',
        "3",
        *(_without(key) for key in ("id", "title", "text", "lang", *TOPICS)),
        *({**GOOD, "sovereignty": value} for value in _NO_LABELS),
        {**GOOD, "title": None},
        {**GOOD, "text": 5},
        {**GOOD, "home": None},
        {**GOOD, "home": [7]},
    ],
    ids=str,
)
def test_a_line_that_cannot_be_used_is_named_by_file_and_line(tmp_path: Path, bad: object) -> None:
    path = _file(tmp_path, GOOD, "", bad, GOOD)
    with pytest.raises(LabelError) as refused:
        read_labelled(path)
    assert f"{path}:3:" in str(refused.value)
    assert all(name in str(refused.value) for name in ("id, title, text, lang", *TOPICS))


def test_a_home_that_is_not_a_list_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LabelError, match=":1:"):
        read_labelled(_file(tmp_path, {**GOOD, "home": "Quảng Trị"}))


def test_a_file_that_is_not_utf8_is_named_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "cũ.jsonl"
    path.write_bytes(json.dumps(GOOD).encode() + b"\n" + '{"title": "Tàu cá"}'.encode("cp1258", "replace") + b"\n")
    with pytest.raises(LabelError, match=":2"):
        read_labelled(path)


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), st.lists, max_leaves=4)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD]), _JSON, max_size=6))
def test_whatever_stands_in_a_line_it_is_an_item_or_a_named_error(
    tmp_path_factory: pytest.TempPathFactory, changed: dict[str, object]
) -> None:
    path = _file(tmp_path_factory.getbasetemp(), {**GOOD, **changed})
    try:
        (item,) = read_labelled(path)
    except LabelError as error:
        assert f"{path}:1:" in str(error)
    else:
        assert len(item.labels) == len(TOPICS)
        assert isinstance(item.title, str)
        assert isinstance(item.text, str)
