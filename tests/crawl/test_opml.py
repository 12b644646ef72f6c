"""Sources out to OPML and in from it, also from programs that never heard of us."""

from __future__ import annotations

import json
import string
import xml.etree.ElementTree as ET
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.crawl.opml import Import, from_opml, to_opml
from pipeline.crawl.sources import read_sources
from pipeline.crawl.written import append
from pipeline.errors import ConfigError
from pipeline.records import Listing, Source
from tests.conftest import ROOT

NOW = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
KNOWN = Source("bao-a", "Báo A", "https://www.a.example", "vi", "national", ("https://a.example/rss/home.rss",))
UNKNOWN = Source("bao-b", "Báo B", "https://b.example", "vi", "foreign", listings=(Listing("https://b.example/tin/"),))


def back(made: Import, path: Path) -> tuple[Source, ...]:
    path.unlink(missing_ok=True)
    append(path, made.blocks)
    return read_sources(path)


def why(made: Import) -> dict[str, str]:
    return {note.what: json.loads(note.why)["key"].removeprefix("sources.") for note in made.notes}


def opml(*outlines: str, version: str = "2.0") -> bytes:
    return f'<opml version="{version}"><head><title>Tin</title></head><body>{"".join(outlines)}</body></opml>'.encode(
        "utf-8", "replace"
    )


# --- there and back


def test_every_source_of_the_project_comes_back_whole(tmp_path: Path) -> None:
    known = read_sources(ROOT / "sources.toml")
    made = from_opml(to_opml(known, "Nguồn", NOW), (), enable=True)
    assert made.notes == []
    assert back(made, tmp_path / "sources.toml") == known


def test_other_programs_see_plain_opml_2() -> None:
    root = ET.fromstring(  # noqa: S314 - our own
        to_opml((KNOWN, UNKNOWN), "Nguồn của phòng", NOW)
    )
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "Nguồn của phòng"
    assert root.findtext("head/dateCreated") == "Mon, 23 Nov 2026 00:30:00 +0000"
    first, second = root.findall("body/outline")
    assert (first.get("text"), first.get("title"), first.get("htmlUrl")) == ("Báo A", "Báo A", "https://www.a.example")
    assert [(one.get("type"), one.get("xmlUrl")) for one in first] == [("rss", "https://a.example/rss/home.rss")]
    assert (second.get("text"), list(second), second.get("xmlUrl")) == ("Báo B", [], None)


def test_what_comes_in_waits_until_someone_has_looked_at_it(tmp_path: Path) -> None:
    off = Source(
        "c", "C", "https://c.example", "vi", "national", ("https://c.example/r",), enabled=False, reason="đã đóng"
    )
    made = back(from_opml(to_opml((KNOWN, off), "", NOW), (), enable=False), tmp_path / "sources.toml")
    assert [(one.enabled, one.reason) for one in made] == [(False, "nhập từ OPML, chưa kiểm tra"), (False, "đã đóng")]


WORDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40)
PATHS = st.text(string.ascii_letters + string.digits + "/-_.~%&=?+;,'()!*ạế", max_size=30)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.tuples(WORDS, st.lists(PATHS, max_size=3, unique=True)), min_size=1, max_size=4), notes=WORDS)
def test_whatever_names_and_addresses_are_they_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, list[str]]], notes: str
) -> None:
    known = tuple(
        Source(
            f"s{number}",
            name,
            f"https://s{number}.example",
            "vi",
            "national",
            tuple(f"https://s{number}.example/{path}" for path in paths),
            listings=() if paths else (Listing(f"https://s{number}.example/", pattern=r"'\d"),),
            notes=notes,
        )
        for number, (name, paths) in enumerate(rows)
    )
    made = from_opml(to_opml(known, notes, NOW), (), enable=True)
    assert made.notes == []
    assert back(made, tmp_path_factory.mktemp("back") / "sources.toml") == known


# --- from elsewhere


def test_feeds_of_one_paper_become_one_source_wherever_they_stand(tmp_path: Path) -> None:
    made = from_opml(
        opml(
            '<outline text="Trong nước"><outline text="Sâu hơn">',
            '<outline type="rss" text="Báo C - Thời sự" xmlUrl="https://c.vn/rss/thoi-su.rss" htmlUrl="https://www.c.vn/"/>',
            "</outline></outline>",
            '<outline text="Báo C - Pháp luật" xmlurl="https://c.vn/rss/phap-luat.rss" HTMLURL="https://c.vn/"/>',
            '<outline title="Daily D" XMLURL="http://d.example/feed?cat=1&amp;x=2"/>',
            '<Outline xmlUrl="https://khong-ten.vn/rss"/>',
            version="1.0",
        ),
        (),
        enable=False,
    )
    assert made.notes == []
    first, second, third = back(made, tmp_path / "sources.toml")
    assert (first.id, first.name, first.home, first.language) == ("c", "Báo C", "https://www.c.vn/", "vi")
    assert first.feeds == ("https://c.vn/rss/thoi-su.rss", "https://c.vn/rss/phap-luat.rss")
    assert (second.id, second.name, second.home, second.language) == ("d", "Daily D", "http://d.example/", "en")
    assert second.feeds == ("http://d.example/feed?cat=1&x=2",)
    assert (third.name, third.feeds) == ("khong-ten.vn", ("https://khong-ten.vn/rss",))


@pytest.mark.parametrize(
    ("titles", "name"),
    [
        (["Báo C - Thời sự", "Báo C - Thế giới"], "Báo C"),  # both go on with "Th"
        (["Báo C", "Báo C | Đời sống"], "Báo C"),
        (["Chính trị", "Xã hội"], "Thư mục"),
        (["Chỉ một"], "Chỉ một"),
    ],
)
def test_a_paper_is_called_what_its_feeds_have_in_common(tmp_path: Path, titles: list[str], name: str) -> None:
    inner = "".join(f'<outline text="{title}" xmlUrl="https://c.vn/{n}.rss"/>' for n, title in enumerate(titles))
    made = from_opml(opml(f'<outline text="Thư mục">{inner}</outline>'), (), enable=False)
    assert back(made, tmp_path / "sources.toml")[0].name == name


def test_social_networks_and_other_impossible_addresses_are_refused_and_told(tmp_path: Path) -> None:
    made = from_opml(
        opml(
            '<outline text="Kênh" xmlUrl="https://www.youtube.com/feeds/videos.xml?channel_id=1"/>',
            '<outline text="Tệp" xmlUrl="file:///etc/passwd"/>',
            '<outline text="Khóa" xmlUrl="https://ai:mk@c.vn/rss"/>',
            '<outline text="Báo" xmlUrl="https://c.vn/rss" htmlUrl="https://facebook.com/c"/>',
        ),
        (),
        enable=False,
    )
    assert why(made) == {
        "https://www.youtube.com/feeds/videos.xml?channel_id=1": "bad_address",
        "file:///etc/passwd": "bad_address",
        "https://ai:mk@c.vn/rss": "bad_address",
    }
    assert "youtube.com là mạng xã hội" in made.notes[0].why
    assert [source.home for source in back(made, tmp_path / "sources.toml")] == ["https://c.vn/"]


def test_what_is_followed_already_is_passed_over_in_any_spelling() -> None:
    made = from_opml(
        opml(
            '<outline text="A" xmlUrl="http://www.a.example/rss/home.rss/"/>',
            '<outline text="E" xmlUrl="https://e.example/rss"/><outline text="E" xmlUrl="http://e.example/rss/"/>',
        ),
        (KNOWN,),
        enable=False,
    )
    assert why(made) == {"http://www.a.example/rss/home.rss/": "known_url"}
    assert made.names == ["e: E"]


def test_new_feeds_of_a_known_paper_are_taken_with_the_advice_to_put_them_together() -> None:
    made = from_opml(opml('<outline text="A" xmlUrl="https://a.example/rss/moi.rss"/>'), (KNOWN,), enable=False)
    assert (made.names, why(made)) == (["a: A"], {"A": "same_paper"})


def test_our_own_export_adds_nothing_to_the_sources_it_came_from() -> None:
    made = from_opml(to_opml((KNOWN, UNKNOWN), "", NOW), (KNOWN, UNKNOWN), enable=True)
    assert (made.blocks, why(made)) == ([], {"Báo A": "known_id", "Báo B": "known_id"})


def test_an_exported_listing_that_another_source_reads_is_not_taken_twice() -> None:
    other = Source("khac", "Khác", "https://k.example", "vi", "national", listings=UNKNOWN.listings)
    made = from_opml(to_opml((UNKNOWN,), "", NOW), (other,), enable=True)
    assert (made.blocks, why(made)) == ([], {"Báo B": "known_in"})


@pytest.mark.parametrize(
    ("told", "key"),
    [
        ('{"language": "fr"}', "bad_block"),
        ('{"home": "https://facebook.com/x"}', "bad_block"),
        ('{"colour": 1}', "bad_block"),
        ('{"notes": null}', "bad_block"),
        ('{"id": {"a": [1]}}', "bad_block"),
        ('{"listings": [{"url": "https://zalo.me/1"}]}', "bad_block"),
        ('{"listings": 7, "sitemaps": "x"}', "bad_block"),
        ('{"expected": {"min": 9, "max": 1}}', "bad_block"),
        ('{"notes": ' + "[" * 900 + "]" * 900 + "}", "bad_block"),
        ('{"notes": ' + "9" * 5000 + "}", "bad_fields"),
        ("{", "bad_fields"),
        ("[1]", "bad_fields"),
    ],
)
def test_fields_of_ours_that_were_tampered_with_do_no_harm(told: str, key: str) -> None:
    ours = '<outline text="X" htmlUrl="https://x.vn" xmlns:d="urn:diembao:sources" d:source=\'{}\'>'
    outline = ours + '<outline xmlUrl="https://x.vn/r"/></outline>'
    made = from_opml(opml(outline.replace("{}", told.replace("'", "&apos;"))), (), enable=True)
    assert list(why(made).values()) == [key]
    assert len(made.blocks) == (key == "bad_fields")


# --- files that are none


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not OPML"),
        (b"   ", "not OPML"),
        (b"not xml", "not OPML"),
        (b"<rss><channel/></rss>", "not OPML"),
        (b"<html><body>OPML</body></html>", "not OPML"),
        (b"\x00\xff\xfe<opml", "not OPML"),
        (b" " * 5_000_001, "larger than 5 MB"),
        (b'<!DOCTYPE opml [<!ENTITY a "aa">]><opml><body><outline text="&a;" xmlUrl="https://c.vn/"/></body></opml>', "entities"),
        ('<!DOCTYPE opml [<!ENTITY a SYSTEM "file:///etc/passwd">]><opml/>'.encode("utf-16"), "entities"),
    ],
)  # fmt: skip
def test_what_is_no_opml_is_told(monkeypatch: pytest.MonkeyPatch, body: bytes, told: str) -> None:
    monkeypatch.setenv("DIEMBAO_LANG", "en")
    with pytest.raises(ConfigError, match=told):
        from_opml(body, (), enable=False)


def test_careless_xml_is_read_as_far_as_it_goes() -> None:
    made = from_opml(
        b'<?xml version="1.0" encoding="utf-8"?>\n<opml version="1.0"><body>'
        b'<outline text="Chao & hoi" xmlUrl="https://c.vn/rss?a=1&b=2"/>'
        b'<outline text="D" xmlUrl="https://d.vn/rss"/>',
        (),
        enable=False,
    )
    assert [name.split(":")[0] for name in made.names] == ["c", "d"]


def test_a_file_of_endless_or_deep_outlines_is_read_in_bounds() -> None:
    many = opml(*(f'<outline xmlUrl="https://www.youtube.com/{n}"/>' for n in range(6000)))
    made = from_opml(many, (), enable=False)
    assert len(made.notes) == 5001 and made.notes[-1].why.count("opml_too_many")
    deep = opml("<outline text='x'>" * 20_000)
    assert from_opml(deep, (), enable=False).blocks == []


@settings(max_examples=150, deadline=None)
@given(body=st.one_of(st.binary(max_size=300), st.text(max_size=300).map(opml)))
def test_no_file_crashes_the_import(body: bytes) -> None:
    with suppress(ConfigError):
        from_opml(body, (KNOWN,), enable=False)
