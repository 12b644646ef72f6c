"""What can be said of the notebooks without running them; `make notebooks` runs them (in CI)."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_there_are_the_four() -> None:
    names = ["01_explore", "02_label_quality", "03_error_analysis", "04_topic_guide"]
    assert [path.stem for path in NOTEBOOKS] == names


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_output_and_defines_nothing(path: Path) -> None:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    for cell in cells:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
            kinds = {type(node) for node in ast.walk(ast.parse("".join(cell["source"])))}
            assert not kinds & {ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda}
    if path.stem != "01_explore":  # it reads the snapshot alone
        assert any("from pipeline." in "".join(cell["source"]) for cell in cells)
