"""A surprise in one source does not keep the rest of a cycle from being done."""

from __future__ import annotations

import pytest

from pipeline.cli import _whole


def test_the_rest_is_done_before_a_surprise_of_the_crawler_is_raised() -> None:
    done: list[str] = []

    def crawl() -> None:
        done.append("crawl")
        raise ExceptionGroup("unexpected while crawling", [KeyError("one paper")])

    with pytest.raises(ExceptionGroup, match="unexpected"):
        _whole(crawl, lambda: done.append("rest"))
    assert done == ["crawl", "rest"]


def test_an_interrupted_crawl_is_not_followed_by_the_rest() -> None:
    done: list[str] = []

    def crawl() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _whole(crawl, lambda: done.append("rest"))
    assert done == []
