"""Whoever keeps sources.toml, by the real commands: a paper is found, checked, written down, handed on."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.crawl.sources import read_sources
from pipeline.demo.server import serving as pressing
from tests.crawl.front_pages import FRONTS
from tests.crawl.loopback import Answer, Site, serving
from tests.office import Office, free_ports


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    first = free_ports()
    with pressing(first, datetime.now(UTC)):
        yield first


@pytest.fixture
def office(tmp_path: Path, port: int) -> Office:
    """An office that follows the fictional press, which is being served."""
    return Office.set_up(tmp_path, port)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        running.pages["/tin"] = Answer(headers={"Content-Type": "text/html"}, body=FRONTS[0].html.encode())
        yield running


def test_check_reports_every_source_as_a_line_and_writes_nothing(office: Office) -> None:
    done = office.run("sources", "check")
    lines = {line["id"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert lines.keys() == {source.id for source in read_sources(office.folder / "sources.toml")}
    assert done.returncode == int(not all(line["readable"] for line in lines.values()))
    for line in lines.values():
        kinds = [entry["kind"] for entry in line["entries"]]
        assert kinds[-1] == "article" and set(kinds[:-1]) <= {"feed", "sitemap", "listing"}
        assert all(entry["robots"] == "allowed" and entry["items"] > 3 for entry in line["entries"][:-1])
    assert lines["lang-bien"]["entries"][0]["format"] in ("rss", "atom", "news-sitemap", "html")
    assert not office.data.exists()


def test_check_of_one_source_says_what_to_fix_and_fails_when_it_cannot_be_read(office: Office) -> None:
    path = office.folder / "sources.toml"
    text = path.read_text(encoding="utf-8").replace("/rss/home.rss", "/rss/khong-con.rss")
    path.write_text(text, encoding="utf-8")
    broken = next(source.id for source in read_sources(path) if any("khong-con" in url for url in source.feeds))
    done = office.run("sources", "check", broken)
    assert done.returncode == 1
    (line,) = map(json.loads, done.stdout.splitlines())
    assert (line["id"], line["readable"], line["entries"][0]["outcome"]) == (broken, False, "missing")
    assert "diembao sources discover http://127.0.0.1" in line["entries"][0]["advice"][0]
    assert "feeds" in line["entries"][0]["advice"][0]
    assert "1 nguồn, 0 đọc được hết" in done.stderr


def test_check_names_the_sources_there_are_when_one_is_unknown(office: Office) -> None:
    done = office.run("sources", "check", "khong-co")
    assert (done.returncode, done.stdout) == (2, "")
    assert "khong-co" in done.stderr and "lang-bien" in done.stderr


def test_on_a_terminal_check_shows_a_table_and_advice(office: Office) -> None:
    path = office.folder / "sources.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("/rss/thoi-su.rss", "/rss/[/]mat.rss"), encoding="utf-8")
    source = next(source for source in read_sources(path) if any("mat.rss" in url for url in source.feeds))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "sources", "check", source.id],
        cwd=office.folder,
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"COLUMNS": "160", "TERM": "dumb"},
    ) as command:
        os.close(theirs)
        shown = b""
        while True:
            try:
                shown += (piece := os.read(ours, 4096))
            except OSError:  # the other end is closed
                break
            if not piece:
                break
    os.close(ours)
    text = shown.decode()
    assert command.returncode == 1
    assert source.name in text and "robots.txt" in text and "mới nhất" in text
    assert "/rss/[/]mat.rss" in text and "→" in text and "Địa chỉ không còn" in text
    assert "{" not in text


def test_discover_prints_a_block_that_can_be_put_into_the_file_at_once(office: Office, site: Site) -> None:
    path = office.folder / "sources.toml"
    done = office.run("sources", "discover", site.url("/tin"))
    assert done.returncode == 0
    path.write_text(path.read_text(encoding="utf-8") + "\n" + done.stdout, encoding="utf-8")
    made = read_sources(path)[-1]
    assert (made.name, made.listings[0].url, made.listings[0].links) == ("Báo Cồn Cát", site.url("/tin"), "h3 a")
    assert "# chọn: provincial, provincial-official" in done.stdout
    assert "12 bài" in done.stderr and "/kinh-te" in done.stderr and f"sources check {made.id}" in done.stderr
    site.pages[FRONTS[0].articles[0]] = Answer(404)
    checked = json.loads(office.run("sources", "check", made.id).stdout)
    assert checked["entries"][0]["items"] == 12 and checked["entries"][1]["outcome"] == "missing"


@pytest.mark.parametrize(
    ("url", "status", "told"),
    [
        ("https://www.facebook.com/bao", 2, "facebook.com là mạng xã hội"),
        ("youtube.com/@kenh", 2, "youtube.com là mạng xã hội"),
        ("ftp://bao.example/", 2, "Viết địa chỉ đầy đủ"),
        ("http://10.0.0.1/", 1, "không thuộc Internet công cộng"),
    ],
)
def test_discover_refuses_what_is_no_paper(office: Office, url: str, status: int, told: str) -> None:
    done = office.run("sources", "discover", url)
    assert (done.returncode, done.stdout) == (status, "")
    assert told in done.stderr


def test_what_one_office_exports_another_imports(office: Office, tmp_path: Path) -> None:
    assert office.ok("sources", "export", "nguon.opml") == ""
    known = read_sources(office.folder / "sources.toml")
    again = office.run("sources", "import", "nguon.opml")
    assert again.returncode == 0 and again.stdout.count("bỏ qua") == len(known)
    assert read_sources(office.folder / "sources.toml") == known

    (office.folder / "sources.toml").write_text("# mới bắt đầu\n", encoding="utf-8")
    office.ok("sources", "import", "nguon.opml", "--enable")
    assert read_sources(office.folder / "sources.toml") == known
    assert (office.folder / "sources.toml").read_text(encoding="utf-8").startswith("# mới bắt đầu\n")

    (office.folder / "sources.toml").unlink()
    done = office.run("sources", "import", "nguon.opml")
    assert done.stdout.count("thêm ") == len(known) and "còn tắt" in done.stderr
    assert {source.reason for source in read_sources(office.folder / "sources.toml")} == {"nhập từ OPML, chưa kiểm tra"}


def test_an_import_that_cannot_be_done_says_why_and_changes_nothing(office: Office) -> None:
    before = (office.folder / "sources.toml").read_bytes()
    (office.folder / "a.opml").write_text("<html></html>", encoding="utf-8")
    for name in ("a.opml", "khong-co.opml"):
        done = office.run("sources", "import", name)
        assert (done.returncode, done.stdout) == (2, "") and done.stderr
    assert (office.folder / "sources.toml").read_bytes() == before
