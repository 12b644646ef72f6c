"""sources.toml: the shipped file is right, and every mistake in one is told with its line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from pipeline.crawl.sources import read_sources
from pipeline.errors import ConfigError
from pipeline.records import Listing, Selectors
from tests.conftest import ROOT

GOOD = """
[[source]]
id = "bao-a"
name = "Báo A"
home = "https://a.example"
language = "vi"
scope = "national"
feeds = ["https://a.example/rss"]
expected = { min = 1, max = 50 }

[[source]]
id = "bao-b"
name = "Báo B"
home = "https://b.example:8080/"
language = "en"
scope = "foreign"
sitemaps = ["https://b.example/news.xml"]
expected = { min = 0, max = 5 }
notes = "chú thích"

[source.selectors]
body = "div.content"

[[source.listings]]
url = "https://b.example/thoi-su/"

[[source.listings]]
url = "https://b.example/van-hoa/"
links = "a.tin"
pattern = '^/\\d+/'
"""


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIEMBAO_LANG", "en")


def complaint(folder: Path, source: str) -> str:
    path = folder / "sources.toml"
    path.write_text(source, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_sources(path)
    return str(caught.value)


def changed(old: str, new: str, nth: int = 1) -> tuple[str, int]:
    """GOOD with the nth `old` replaced, and the line where that was."""
    at = [match.start() for match in re.finditer(re.escape(old), GOOD)][nth - 1]
    return GOOD[:at] + new + GOOD[at + len(old) :], GOOD[:at].count("\n") + 1


def test_the_shipped_sources_are_valid_and_each_disabled_one_says_why() -> None:
    sources = read_sources(ROOT / "sources.toml")
    assert len(sources) == len(tomllib.loads((ROOT / "sources.toml").read_text(encoding="utf-8"))["source"])
    assert any(source.enabled for source in sources)
    for source in sources:
        assert source.enabled or len(source.reason) > 10, source.id
        assert source.expected[0] <= source.expected[1], source.id
        assert source.home.startswith("http"), source.id


def test_a_source_is_read_with_all_it_says(tmp_path: Path) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(GOOD, encoding="utf-8")
    first, second = read_sources(path)
    assert (first.id, first.feeds, first.expected, first.enabled) == (
        "bao-a",
        ("https://a.example/rss",),
        (1, 50),
        True,
    )
    assert second.selectors == Selectors(body="div.content")
    assert second.listings == (
        Listing("https://b.example/thoi-su/"),
        Listing("https://b.example/van-hoa/", "a.tin", r"^/\d+/"),
    )


WRONG_ADDRESS = "Write a whole address"
MISTAKES = [
    # old, new, which one, found, advice
    ('name = "Báo B"', 'nam = "Báo B"', 1, "source[2].nam", 'Did you mean "name"?'),
    ('name = "Báo A"', "name = 7", 1, "7", "Write a string in quotes."),
    ('name = "Báo A"', 'name = "Báo A"\ncolour = 1', 1, "source[1].colour", "Known keys: enabled, expected, feeds,"),
    ('"https://a.example"', '"a.example"', 1, "'a.example'", WRONG_ADDRESS),
    ('"https://a.example"', '"https://ai:mk@a.example"', 1, "ai:mk", WRONG_ADDRESS),
    ('"https://a.example"', '"file:///etc/passwd"', 1, "file:", WRONG_ADDRESS),
    ('"https://a.example/rss"', '"ftp://a.example/rss"', 1, "source[1].feeds[1]", WRONG_ADDRESS),
    ('"https://b.example/news.xml"', '"https://b.example/a b"', 1, "'https://b.example/a b'", WRONG_ADDRESS),
    ('["https://a.example/rss"]', '"https://a.example/rss"', 1, "source[1].feeds", "Write a list in square brackets."),
    ('language = "en"', 'language = "fr"', 1, "'fr'", "Choose one of: 'vi', 'en'"),
    ('scope = "foreign"', 'scope = "abroad"', 1, "'abroad'", "Choose one of: 'provincial'"),
    ("max = 5 }", "max = -5 }", 1, "-5", "It must be 0 or more."),
    ("{ min = 1, max = 50 }", "{ min = 51, max = 50 }", 1, "51", "min (51) is above max (50). Swap them."),
    ("min = 1", "min = 1.5", 1, "1.5", "Write a whole number."),
    ('"div.content"', '"div["', 1, "'div['", "Not a valid CSS selector."),
    ('"a.tin"', '"a..tin"', 1, "source[2].listings[2].links", "Not a valid CSS selector."),
    (r"'^/\d+/'", "'^/(x'", 1, "'^/(x'", "Not a valid regular expression"),
    ('url = "https://b.example/van-hoa/"', 'url = "van-hoa/"', 1, "source[2].listings[2].url", WRONG_ADDRESS),
    ('notes = "chú thích"', "enabled = 0", 1, "0", "Write true or false."),
]


@pytest.mark.parametrize(("old", "new", "nth", "found", "advice"), MISTAKES, ids=[row[1] for row in MISTAKES])
def test_a_mistake_is_told_with_file_line_value_and_advice(
    tmp_path: Path, old: str, new: str, nth: int, found: str, advice: str
) -> None:
    source, line = changed(old, new, nth)
    message = next(one for one in complaint(tmp_path, source).splitlines() if advice in one)
    line += new.count("\n")
    assert message.startswith(f"{tmp_path / 'sources.toml'}:{line}: source[")
    assert found in message


def test_a_mistake_in_the_first_of_several_listings_is_told_with_its_own_line(tmp_path: Path) -> None:
    source, line = changed('url = "https://b.example/thoi-su/"', 'url = "thoi-su/"')
    assert complaint(tmp_path, source).startswith(f"{tmp_path / 'sources.toml'}:{line}: source[2].listings[1].url")


def test_a_missing_key_is_told_at_the_head_of_its_source(tmp_path: Path) -> None:
    source, line = changed('scope = "foreign"\n', "")
    head = source[: source.index('"bao-b"')].count("\n")
    assert head < line
    assert complaint(tmp_path, source) == (
        f'{tmp_path / "sources.toml"}:{head}: source[2].scope: the key "scope" is missing. Add it.'
    )


def test_a_disabled_source_must_say_why_and_an_enabled_one_must_have_something_to_read(tmp_path: Path) -> None:
    silent, _ = changed('feeds = ["https://a.example/rss"]', "enabled = false")
    assert 'Source "bao-a" is disabled without a reason. Add reason' in complaint(tmp_path, silent)
    empty, _ = changed('feeds = ["https://a.example/rss"]', "")
    assert 'Source "bao-a" has no feeds, sitemaps or listings.' in complaint(tmp_path, empty)
    explained, _ = changed('feeds = ["https://a.example/rss"]', 'enabled = false\nreason = "đã đóng cửa"')
    (tmp_path / "ok.toml").write_text(explained, encoding="utf-8")
    assert [source.enabled for source in read_sources(tmp_path / "ok.toml")] == [False, True]


@pytest.mark.parametrize(
    ("old", "new", "advice"),
    [
        ('id = "bao-b"', 'id = "bao-a"', 'Two sources have the id "bao-a". Change one.'),
        (
            'sitemaps = ["https://b.example/news.xml"]',
            'sitemaps = ["https://a.example/rss"]',
            'https://a.example/rss is in both "bao-a" and "bao-b". Remove one.',
        ),
    ],
)
def test_what_may_be_there_only_once_is_told_at_its_second_place(
    tmp_path: Path, old: str, new: str, advice: str
) -> None:
    source, line = changed(old, new)
    message = complaint(tmp_path, source)
    assert message.startswith(f"{tmp_path / 'sources.toml'}:{line}: source[2]")
    assert message.endswith(advice)


SOCIAL = [
    "https://www.facebook.com/trang",
    "https://m.youtube.com/@kenh",
    "https://VI-VN.Facebook.com:443/x",
    "https://zalo.me/1",
    "https://x.com/ai",
]


@pytest.mark.parametrize("address", SOCIAL)
@pytest.mark.parametrize("key", ["https://b.example:8080/", "https://b.example/news.xml", "https://b.example/van-hoa/"])
def test_a_social_network_is_refused_wherever_an_address_stands(tmp_path: Path, address: str, key: str) -> None:
    source, line = changed(f'"{key}"', f'"{address}"')
    message = complaint(tmp_path, source)
    assert message.startswith(f"{tmp_path / 'sources.toml'}:{line}: source[2]")
    assert "is a social network. Only published press and official portals are followed." in message


def test_a_social_network_is_recognised_with_a_dot_at_the_end(tmp_path: Path) -> None:
    source, _ = changed('"https://b.example:8080/"', '"https://facebook.com./trang"')
    assert "is a social network" in complaint(tmp_path, source)


@pytest.mark.parametrize("host", ["notfacebook.com", "mx.com.vn", "x.com.vn", "facebook.com.vn"])
def test_a_paper_whose_name_only_resembles_a_social_network_is_a_source(tmp_path: Path, host: str) -> None:
    source, _ = changed('"https://b.example:8080/"', f'"https://{host}/"')
    (tmp_path / "sources.toml").write_text(source, encoding="utf-8")
    assert read_sources(tmp_path / "sources.toml")[1].home == f"https://{host}/"


def test_an_address_with_an_impossible_port_is_refused(tmp_path: Path) -> None:
    source, line = changed("https://b.example:8080/", "https://b.example:80800/")
    assert complaint(tmp_path, source).startswith(f"{tmp_path / 'sources.toml'}:{line}: source[2].home")


@pytest.mark.parametrize("id", ["", "Bao-A", "bao a", "-bao", "bao_a", "../bao", "báo"])
def test_an_id_is_short_lower_case_words_joined_by_hyphens(tmp_path: Path, id: str) -> None:
    source, line = changed('id = "bao-b"', f'id = "{id}"')
    assert complaint(tmp_path, source).startswith(f"{tmp_path / 'sources.toml'}:{line}: source[2].id: the value {id!r}")
