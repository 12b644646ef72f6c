"""A page to its tree, whatever the page is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from pipeline.text.markup import parse

DEEP = 60_000


@given(st.text(alphabet='<>/ab p"=!-', max_size=80))
@settings(max_examples=200, deadline=None)
def test_an_ordinary_page_is_parsed_as_it_stands(html: str) -> None:
    assert parse(html.encode()).html == LexborHTMLParser(html.encode()).html


@pytest.mark.parametrize(
    "html",
    [
        f"{'<h2><div>' * DEEP}Đò sang sông{'</div></h2>' * DEEP}",
        f"{'<ul><li>' * DEEP}Đò sang sông",
        f"<p>Đò sang sông</p>{'<span>' * DEEP}",
        f"<p>Đò</p><img {'a=b ' * 40_000}><p>sang sông</p>",
    ],
    ids=["nested blocks", "nested lists", "nested lines", "a tag without end"],
)
def test_a_trap_is_parsed_in_time_and_keeps_its_text(html: str) -> None:
    began = time.process_time()

    tree = parse(html.encode())

    assert tree.body is not None
    assert "".join(tree.body.text().split()) == "Đòsangsông"
    assert time.process_time() - began < 10  # seconds; the first alone took forty


def test_what_lies_in_a_script_is_no_tag() -> None:
    script = f"<script>let a = '{'x' * 120_000}'; if (a<b) c()</script><p>Đò sang sông</p>"

    tree = parse(script.encode())

    assert tree.html == LexborHTMLParser(script.encode()).html
