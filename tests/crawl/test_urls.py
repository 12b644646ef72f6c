"""One spelling for each address."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.crawl.urls import absolute, url_key

BASE = "https://bao.example/thoi-su/index.html?p=2"


@pytest.mark.parametrize(
    ("href", "url"),
    [
        ("bai-1.html", "https://bao.example/thoi-su/bai-1.html"),
        (" /bai-1.html\n", "https://bao.example/bai-1.html"),
        ("//anh.bao.example/x", "https://anh.bao.example/x"),
        ("http://khac.example/a#binh-luan", "http://khac.example/a"),
        ("?p=3", "https://bao.example/thoi-su/index.html?p=3"),
        ("/chợ-phiên", "https://bao.example/chợ-phiên"),
        ("", ""),
        (" \n", ""),
        ("mailto:a@bao.example", ""),
        ("javascript:void(0)", ""),
        ("data:text/html,x", ""),
        ("ftp://bao.example/x", ""),
        ("https://ai:mat-khau@bao.example/x", ""),
        ("http://bao.example:99999/", ""),
        ("http://[::1", ""),
        ("https:///x", "https://bao.example/x"),
    ],
)
def test_a_link_becomes_a_whole_http_address_or_nothing(href: str, url: str) -> None:
    assert absolute(BASE, href) == url


@settings(max_examples=200, deadline=None)
@given(href=st.text(max_size=40) | st.text("/:?#@[]%.\\ahtps1", max_size=25))
def test_no_link_whatever_it_holds_breaks_the_spelling(href: str) -> None:
    url = absolute(BASE, href)
    if url:
        parts = urlsplit(url)
        assert parts.scheme in ("http", "https")
        assert parts.hostname
        assert not parts.username
        assert not parts.fragment
        assert url_key(url)
    assert isinstance(url_key(href), str)


@pytest.mark.parametrize(
    "spelling",
    [
        "http://bao.example/cho-phien?id=7&trang=2",
        "https://www.bao.example/cho-phien?id=7&trang=2",
        "https://BAO.example/cho-phien/?trang=2&id=7",
        "https://bao.example:443/cho-phien?id=7&trang=2#binh-luan",
        "https://bao.example/cho-phien?utm_source=rss&id=7&utm_medium=x&trang=2&fbclid=abc",
        "https://bao.example/cho-phien?zarsrc=31&id=7&gidzl=9&trang=2&vn_source=rss",
    ],
)
def test_one_article_has_one_key_however_its_address_is_written(spelling: str) -> None:
    assert url_key(spelling) == "bao.example/cho-phien?id=7&trang=2"


def test_a_letter_and_its_escape_are_the_same() -> None:
    assert url_key("https://bao.example/chợ-phiên") == url_key("https://bao.example/ch%E1%BB%A3-phi%C3%AAn")


@pytest.mark.parametrize(
    "other",
    [
        "https://bao.example/cho-phien?id=8",
        "https://bao.example/cho-phien",
        "https://bao.example/Cho-Phien?id=7",
        "https://tin.bao.example/cho-phien?id=7",
        "https://bao.example:8080/cho-phien?id=7",
        "https://bao.example/cho-phien-2?id=7",
        "https://bao.example/cho-phien?id=7&id=8",
    ],
)
def test_different_articles_keep_different_keys(other: str) -> None:
    assert url_key(other) != url_key("https://bao.example/cho-phien?id=7")


slug = st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8}){0,3}", fullmatch=True)


@settings(max_examples=100, deadline=None)
@given(
    path=st.lists(slug, max_size=3),
    query=st.dictionaries(st.sampled_from(["id", "p", "trang", "chuyen-muc"]), slug, max_size=3),
    data=st.data(),
)
def test_scheme_www_trackers_order_and_fragment_never_matter(
    path: list[str], query: dict[str, str], data: st.DataObject
) -> None:
    plain = "https://bao.example/" + "/".join(path) + ("?" + urlencode(query) if query else "")
    pairs = data.draw(st.permutations([*query.items(), ("utm_campaign", "x"), ("gidzl", "y")]))
    dressed = "http://www.bao.example/" + "/".join(path) + "?" + urlencode(pairs) + "#x"
    assert url_key(dressed) == url_key(plain)
    assert url_key("https://" + url_key(plain)) == url_key(plain)
