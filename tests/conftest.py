"""What several rooms' tests need."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture
def press() -> Path:
    """The folder of real press material; tests that use it are skipped where it is absent."""
    folder = Path(os.environ.get("DIEMBAO_PRESS", SHARED / "press"))
    if not folder.is_dir():
        pytest.skip(f"no real press at {folder}; set DIEMBAO_PRESS to a folder that holds it")
    return folder


@pytest.fixture
def gold() -> Path:
    """The real labelled items; tests that use them are skipped where they are absent."""
    path = SHARED / "gold" / "dev.jsonl"
    if not path.is_file():
        pytest.skip(f"no labelled items at {path}")
    return path
