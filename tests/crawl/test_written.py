"""Sources as blocks of sources.toml, and new blocks put behind what a person wrote."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.crawl.sources import read_sources
from pipeline.crawl.written import append, block, mistake, new_id, sources_of, table_of
from pipeline.errors import ConfigError
from pipeline.records import Listing, Selectors, Source
from tests.conftest import ROOT

BY_HAND = """# Nguồn của phòng. Đừng sắp lại!
[[source]]
id    =   "bao-a"   # gõ tay
name = "Báo A"
home = "https://a.example"
language = "vi"
scope = "national"
feeds = ["https://a.example/rss"]
expected = { min = 1, max = 50 }"""
FULL = Source(
    id="bao-b",
    name='Báo "B" \\ C\u0007\x7f',
    home="https://b.example",
    language="en",
    scope="foreign",
    feeds=("https://b.example/rss", "https://b.example/rss2"),
    sitemaps=("https://b.example/news.xml",),
    listings=(
        Listing("https://b.example/tin/", "h3 a", r"-\d{6,}\.html$", "a.next", 2),
        Listing("https://b.example/it's/", pattern=r"it's-\d+"),
    ),
    selectors=Selectors(body="div.content", drop=".ad"),
    expected=(3, 40),
    enabled=False,
    reason="chưa xem",
    notes="hai dòng\nmột ô",
    prime="https://b.example/",
    legacy_tls=True,
)


LEAN = Source("c", "C", "https://c.example", "vi", "national", ("https://c.example/r",))


def written(folder: Path, *sources: Source) -> Path:
    path = folder / "sources.toml"
    path.write_text("\n".join(block(table_of(source)) for source in sources), encoding="utf-8")
    return path


def test_a_source_with_everything_comes_back_as_it_was(tmp_path: Path) -> None:
    assert read_sources(written(tmp_path, FULL, LEAN)) == (FULL, LEAN)


def test_the_sources_of_the_project_come_back_as_they_were(tmp_path: Path) -> None:
    known = read_sources(ROOT / "sources.toml")
    assert read_sources(written(tmp_path, *known)) == known


def test_only_what_differs_from_the_default_is_written() -> None:
    lean = block(table_of(LEAN))
    assert [line.split(" = ")[0] for line in lean.splitlines()] == [
        "[[source]]", "id", "name", "home", "language", "scope", "feeds", "expected"]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(name=st.text(st.characters(exclude_categories=("Cs",)), min_size=1), notes=st.text())
def test_whatever_a_paper_is_called_the_file_can_be_read_back(name: str, notes: str) -> None:
    try:
        made = block(
            table_of(Source("c", name, "https://c.example", "vi", "national", ("https://c.example/r",), notes=notes))
        )
    except ValueError:  # half a surrogate pair is no text
        assert any("\ud800" <= char <= "\udfff" for char in notes)
        return
    assert mistake(made) == ""


def test_a_mistake_is_told_without_the_place_of_a_file_nobody_has_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIEMBAO_LANG", "en")
    told = mistake(block(table_of(FULL) | {"home": "https://facebook.com/b"}))
    assert told.startswith("home: the value 'https://facebook.com/b' will not do. facebook.com is a social network.")
    with pytest.raises(ValueError, match="NoneType"):
        block({"id": None})


# --- behind what a person wrote


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n", "\n# hết\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_what_stands_in_the_file_stays_to_the_byte(tmp_path: Path, newline: str, end: str, mark: bytes) -> None:
    path = tmp_path / "sources.toml"
    old = mark + (BY_HAND + end).replace("\n", newline).encode()
    path.write_bytes(old)
    path.chmod(0o640)
    append(path, [block(table_of(FULL))])
    new = path.read_bytes()
    assert new.startswith(old)
    assert new.count(b"\r\n") == (new.count(b"\n") if newline == "\r\n" else 0)
    assert [source.id for source in read_sources(path)] == ["bao-a", "bao-b"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert [one.name for one in tmp_path.iterdir()] == ["sources.toml"]


def test_a_file_that_would_be_wrong_is_not_written_and_the_mistake_is_told_with_the_file_s_own_name(
    tmp_path: Path,
) -> None:
    path = tmp_path / "sources.toml"
    path.write_text(BY_HAND, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"sources\.toml:\d+: source\[2\]") as told:
        append(path, [BY_HAND])
    assert ".sources-" not in str(told.value)
    assert path.read_text(encoding="utf-8") == BY_HAND
    assert [one.name for one in tmp_path.iterdir()] == ["sources.toml"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.toml").write_text(BY_HAND, encoding="utf-8")
    (tmp_path / "sources.toml").symlink_to("real.toml")
    append(tmp_path / "sources.toml", [block(table_of(FULL))])
    assert (tmp_path / "sources.toml").is_symlink()
    assert len(read_sources(tmp_path / "real.toml")) == 2


@pytest.mark.parametrize("start", [None, "", "# chưa có nguồn nào\n"])
def test_a_file_without_sources_is_a_beginning(tmp_path: Path, start: str | None) -> None:
    path = tmp_path / "sources.toml"
    if start is not None:
        path.write_text(start, encoding="utf-8")
    assert sources_of(path) == ()
    append(path, [block(table_of(FULL))])
    assert sources_of(path) == (FULL,)


@pytest.mark.parametrize("broken", [b"[[source", b"\xff\xfe", b"[[source]]\nid = 7\n"])
def test_a_broken_file_is_not_taken_for_an_empty_one(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / "sources.toml").write_bytes(broken)
    with pytest.raises(ConfigError):
        sources_of(tmp_path / "sources.toml")


@pytest.mark.parametrize(
    ("host", "id"),
    [
        ("tuoitre.vn", "tuoitre"),
        ("www.dantri.com.vn", "dantri"),
        ("songv.quangtri.gov.vn", "songv-quangtri"),
        ("feeds.bbci.co.uk", "feeds-bbci"),
        ("xn--bo-yva.vn", "xn-bo-yva"),
        ("127.0.0.1", "127-0-0-1"),
        ("com", "com"),
        ("", "nguon"),
    ],
)
def test_an_id_is_made_of_the_host(host: str, id: str) -> None:
    assert new_id(host, ()) == id
    assert new_id(host, {id, f"{id}-2"}) == f"{id}-3"
