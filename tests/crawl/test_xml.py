"""XML that is not sound, and XML that is made to hurt."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from pipeline.crawl.xml import tree


def texts(root: Any, name: str) -> list[str]:
    return [node.text or "" for node in root.iter(f"{{*}}{name}")]


@pytest.mark.parametrize("text", ["", " ", "x", "{}", "<html><p>x</html>", "<!doctype html><br>", "<!--", "<rs><itm>"])
def test_where_there_is_nothing_of_a_feed_there_is_no_tree(text: str) -> None:
    assert tree(text) == (None, False)


def test_a_sound_document_is_what_it_says() -> None:
    root, sound = tree('<?xml version="1.0" encoding="utf-16"?>\n<rss><a>1<!-- x -->2</a><![CDATA[]]></rss>')
    assert (root.tag, texts(root, "a"), sound) == ("rss", ["12"], True)


def test_the_entities_of_html_are_known_where_a_document_type_is_named_and_it_declares_none_itself() -> None:
    head = '<!DOCTYPE rss [<!ENTITY own "riêng"><!ENTITY eacute "khác">]>'
    root, _ = tree(f"{head}<rss><item><title>caf&eacute; &lt;&amp;&own;</title></item></rss>")
    assert texts(root, "title") == ["café <&&own;"]
    root, sound = tree('<!DOCTYPE rss PUBLIC "-//x" "https://x.example/rss.dtd"><rss><title>caf&eacute;</title></rss>')
    assert (texts(root, "title"), sound) == (["café"], True)


def test_what_surrounds_the_items_stays_with_its_root() -> None:
    root, sound = tree('<rss a=1 b="2" b="3"><channel><ttl>5</ttl><item><title>a & b</title></item></channel></rss>')
    assert (texts(root, "ttl"), texts(root, "title"), sound) == (["5"], ["a & b"], False)
    assert root.get("a") == "1"


@pytest.mark.parametrize(
    ("text", "titles"),
    [
        ("<rss><item><title>a</title><item><title>b</title></item></rss>", ["a", "b"]),
        ("<item><title>a</title></item><item><title>b</title>", ["a", "b"]),
        ("<entry><title>a</title></entry>", ["a"]),
        ("<rss><ITEM><title>a</title></ITEM>", ["a"]),
        ("<rss><item><title>a</title><lin", ["a"]),
        ("<rss><item><title>a</title><title>b", ["a"]),
        ("<rss><item><items>x</items><title>a</title></item>", ["a"]),
        ("<x:feed xmlns:x='http://www.w3.org/2005/Atom'><x:entry><x:title>a</x:title></x:entry>", ["a"]),
        ("<x:feed><x:entry><x:title>a</x:title></x:entry>", ["a"]),
    ],
)
def test_items_are_found_by_their_tags(text: str, titles: list[str]) -> None:
    root, sound = tree(text)
    assert (texts(root, "title"), sound) == (titles, text.startswith("<entry>"))


def test_parts_of_a_damaged_sitemap_entry_stay_within_one_another() -> None:
    news = "<news><title>Cầu & đường</title></news>"
    root, _ = tree(f"<urlset><url><loc>https://a.example/?a&b</loc>{news}</url><url></urlset>")
    assert root.findtext("url/loc") == "https://a.example/?a&b"
    assert root.findtext("url/news/title") == "Cầu & đường"


@settings(max_examples=300, deadline=None)
@given(
    st.text("<>/&;![]-='\" abitemrsCDATlnk:x#\x00\ud800", max_size=120), st.sampled_from(["", "<rss>", "<rss><item>"])
)
def test_no_text_breaks_the_reading_and_what_comes_is_sound(text: str, start: str) -> None:
    root, _ = tree(start + text)
    if root is not None:
        etree.fromstring(etree.tostring(root, encoding="utf-8"))
