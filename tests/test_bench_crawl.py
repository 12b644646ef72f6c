"""The measurement of the crawler runs: both crawlers get every feed and page."""

from __future__ import annotations

import pytest
from rich.table import Table

from tests.bench_crawl import measure_crawl


@pytest.mark.slow
def test_a_small_run_gives_every_row() -> None:
    table = Table("stage", "ours", "peer", "ratio")
    measure_crawl(table, feeds=8)
    assert table.row_count == 5
