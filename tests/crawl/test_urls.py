"""One spelling for each address."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.crawl import urls
from pipeline.crawl.urls import RULES, absolute, url_key

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


# Another address of the article at bao.vn/tin/bai-123456.html?id=7, for each rule.
SAME = {
    "https://www.google.com/amp/s/bao.vn/tin/bai-123456.html?id=7": "?google",
    "https://google.com.vn/amp/bao.vn/tin/bai-123456.html?id=7": "?google",
    "https://bao-vn.cdn.ampproject.org/c/s/bao.vn/tin/bai-123456.html?id=7&usqp=mq331AQCKAE%3D": "ampproject",
    "https://bao-vn.cdn.ampproject.org/v/s/m.bao.vn/tin/bai-123456.html?id=7&amp_js_v=0.1": "ampproject",
    "https://bao.vn./tin/bai-123456.html?id=7": r"\.(?=:|$)",
    "https://WWW.bao.vn/tin/bai-123456.html?id=7": "^www",
    "https://m.bao.vn/tin/bai-123456.html?id=7": "mobile|amp",
    "https://amp.bao.vn/tin/bai-123456.html?id=7": "mobile|amp",
    "http://www.mobile.bao.vn:80/tin/bai-123456.html?id=7": "mobile|amp",
    "https://bao.vn/tin/bai-123456.html;jsessionid=0A1B.node2?id=7": "jsessionid=[",
    "https://bao.vn/amp/tin/bai-123456.html?id=7": "^/amp",
    "https://bao.vn/tin/bai-123456.html/amp?id=7": "/amp$",
    "https://bao.vn/tin/bai-123456.html/amp/?id=7": "/amp$",
    "https://bao.vn/tin/bai-123456.amp.html?id=7": r"\.amp(",
    "https://bao.vn/tin/bai-123456.html.amp?id=7": r"\.amp(",
    "https://bao.vn/tin/bai-123456.html/print/?id=7": "print$",
    "https://bao.vn/tin/bai-123456.html?amp;amp;id=7": "amp(?:;",
    "https://bao.vn/tin/bai-123456.html?utm_source=rss&amp;id=7": "amp(?:;",
    "https://bao.vn/tin/bai-123456.html?id=7&utm_la=1": "utm",
    "https://bao.vn/tin/bai-123456.html?id=7&vn_thumb=1&pk_campaign=x": "piwik",
    "https://bao.vn/tin/bai-123456.html?id=7&mc_eid=0f": "mc_",
    "https://bao.vn/tin/bai-123456.html?id=7&fbclid=IwAR0": "fbclid",
    "https://bao.vn/tin/bai-123456.html?id=7&fb_source=feed": "fb_",
    "https://bao.vn/tin/bai-123456.html?id=7&gclid=EAIa&ysclid=l1": "gclsrc",
    "https://bao.vn/tin/bai-123456.html?zarsrc=30&id=7": "gidzl",
    "https://bao.vn/tin/bai-123456.html?Source=RSS&id=7&ref=&from=zalo": "refsrc",
    "https://bao.vn/tin/bai-123456.html?id=7&PHPSESSID=9f": "phpsessid",
    "https://bao.vn/tin/bai-123456.html?id=7&amp=1": "_?(?:is_?)?amp",
    "https://bao.vn/tin/bai-123456.html?amp&id=7": "_?(?:is_?)?amp",
    "https://bao.vn/tin/bai-123456.html?id=7&outputType=amp": "outputtype",
    "https://bao.vn/tin/bai-123456.html?id=7&usqp=mq331AQCKAE%3D": "usqp",
    "https://bao.vn/tin/bai-123456.html?print=1&id=7": "(?:is_?)?print",
    "https://bao.vn/tin/bai-123456.html?id=7&view=print": "mode|layout",
    "https://bao.vn/tin/bai-123456.html?id=7&isMobile=true": "mobile=",
}


@pytest.mark.parametrize(("other", "mark"), SAME.items())
def test_each_rule_makes_two_addresses_of_an_article_one(
    other: str, mark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert url_key(other) == "bao.vn/tin/bai-123456.html?id=7"
    (rule,) = [rule for rule in RULES if mark in rule.pattern]
    room = f"_{rule.part.upper()}"
    rest = [one for one in getattr(urls, room) if one[0].pattern != rule.pattern]
    monkeypatch.setattr(urls, room, rest)
    assert url_key(other) != "bao.vn/tin/bai-123456.html?id=7"  # no other rule does it


def test_every_rule_has_an_example_and_a_reason() -> None:
    assert not [rule for rule in RULES if not any(mark in rule.pattern for mark in SAME.values())]
    assert all(rule.why for rule in RULES)


@pytest.mark.parametrize(
    "url",
    [
        "https://m.vn/bai",  # the host would be a mere .vn
        "https://amp.vn/bai",
        "https://mb.bao.vn/bai",
        "https://bao.vn/amp",  # a section, or a page about amplifiers
        "https://bao.vn/amp/",
        "https://bao.vn/tin/mua-amp.html",
        "https://bao.vn/tin/.amp",
        "https://bao.vn/tin/print",
        "https://bao.vn/print/bai-123456.html",
        "https://bao.vn/in/bai-123456.html",
        "https://bao.vn/tin?amp=120&amplifier=1",
        "https://bao.vn/tin?print=3&printer=1",
        "https://bao.vn/tin?output=rss&view=full",
        "https://bao.vn/tin?ref=vu-an-so-7&source=su-that",
        "https://bao.vn/tin?gallery=4&global=1&session=2&reference=5&keyword=bien",  # courlan drops them all
        "https://evil.vn/cdn.ampproject.org/c/s/bao.vn/x",
        "https://bao.vn/c/s/khac.vn/x",
    ],
)
def test_what_may_mean_something_else_stays(url: str) -> None:
    plain = url.removeprefix("https://").removeprefix("www.").rstrip("/")
    host, _, path = plain.partition("/")
    assert url_key(url).startswith(f"{host}/{quote(path.partition('?')[0], safe='/:')}")
    assert sorted(url_key(url).partition("?")[2].split("&")) == sorted(plain.partition("?")[2].split("&"))


@pytest.mark.parametrize(
    "url",
    [
        "https://www.google.com/amp/s/javascript:alert(1)",
        "https://www.google.com/amp/s/data:text/html,x",
        "https://www.google.com/amp/s/ftp:/bao.vn/x",
        "https://www.google.com/amp/s/localhost/x",
        "https://www.google.com/amp/s/bao.vn/",  # a front page is no article
        "https://google.bao.vn/amp/s/khac.vn/x",
        "https://x-bao-vn.cdn.ampproject.org/i/s/ai:mat-khau@bao.vn/x",
    ],
)
def test_a_copy_is_unwrapped_only_where_it_names_a_host(url: str) -> None:
    assert url_key(url).split("/")[0] == (urlsplit(url).hostname or "").removeprefix("www.")


NUMBERS = ["id", "cid", "uid", "newsid", "ItemID", "p", "source", "ref", "from", "news_id", "aid", "eid", "sid", "tabid",
           "ga", "gl", "session", "campaign", "medium", "keyword", "print", "amp", "view", "mobile", "articleId"]  # fmt: skip
number = st.integers(2, 10**12).map(str) | st.from_regex(r"[a-z]{1,9}[0-9]{1,6}", fullmatch=True)


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(NUMBERS), one=number, other=number, before=st.sampled_from(["", "cat=5&", "utm_id=1&"]))
def test_two_articles_told_apart_by_a_parameter_stay_two(name: str, one: str, other: str, before: str) -> None:
    keys = [url_key(f"https://bao.vn/tin.aspx?{before}{name}={value}") for value in (one, other)]
    assert (keys[0] == keys[1]) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://bao.vn/tin?123456", "https://bao.vn/tin?123457"),  # a number without a name
        ("https://bao.vn/tin?bai=%E1", "https://bao.vn/tin?bai=%E2"),  # letters in an old code page
        ("https://bao.vn/b%E1i", "https://bao.vn/b%E2i"),
        ("https://bao.vn/tin?id=1&id=2", "https://bao.vn/tin?id=2&id=1"),
        ("https://bao.vn/tin-1/", "https://bao.vn/tin-2/"),
    ],
)
def test_odd_addresses_of_two_articles_stay_two(one: str, other: str) -> None:
    assert url_key(one) != url_key(other)


def test_escapes_are_the_same_in_small_letters() -> None:
    assert url_key("https://bao.vn/ch%e1%bb%a3?x=%c3%a0") == url_key("https://bao.vn/ch%E1%BB%A3?x=%C3%A0")


part = st.sampled_from(
    ["amp", "print", "bai-123456", "tin", "x.amp", "x.html", "s", "c", "bao.vn", "www.google.com", "%3b"]
)
pair = st.sampled_from(
    ["amp", "amp;id=3", "utm_x=1", "id=4", "print=1", "=", "a=%ff", "ref=rss", "amp%3Bamp;b=2", "c=d e"]
)


@settings(max_examples=500, deadline=None)
@given(
    hosts=st.lists(st.sampled_from(["www", "m", "amp", "mobile", "bao", "cdn", "ampproject", "google"]), max_size=5),
    path=st.lists(part, max_size=6),
    query=st.lists(pair, max_size=4),
)
def test_a_key_is_its_own_key(hosts: list[str], path: list[str], query: list[str]) -> None:
    key = url_key(f"https://{'.'.join([*hosts, 'vn'])}/{'/'.join(path)}?{'&'.join(query)}")
    assert url_key(f"https://{key}") == key


def test_no_two_articles_of_the_real_press_share_a_key(press: Path) -> None:
    told = {
        address: json.loads(line).get("title")
        for name in ("feed_items.jsonl", "articles.jsonl")
        for line in (press / name).read_text(encoding="utf-8").strip().split("\n")
        if (address := json.loads(line).get("url"))
    }
    first: dict[str, str] = {}
    shared = [(address, other) for address in told if (other := first.setdefault(url_key(address), address)) != address]
    assert not [pair for pair in shared if told[pair[0]] != told[pair[1]]]
    assert len(told) > 10_000
