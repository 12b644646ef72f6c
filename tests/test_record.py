"""`make record`: one page of a paper, asked politely, and a proposal that a person can correct."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.demo.press import stories
from pipeline.demo.server import Press, serving
from pipeline.records import Article, Page
from pipeline.text.extract import extract
from pipeline.text.normalise import clean_line
from tests.conftest import ROOT
from tests.demo.conftest import wait_until_open
from tests.office import Office, free_ports
from tests.record import file_name, main
from tests.text.recordings import expectation, proposal

LINE = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).map(clean_line).filter(bool)


@pytest.fixture(scope="module")
def press(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Press, Office]]:
    """The fictional press, and an office that reads it."""
    first_port = free_ports()
    with serving(first_port, datetime.now(UTC)) as running:
        wait_until_open(first_port + 7)
        yield running, Office.set_up(tmp_path_factory.mktemp("office"), first_port)


@pytest.mark.parametrize("outlet", ["song_hieu", "binh_minh", "lang_bien", "duyen_hai"])  # listing, RSS, Atom, sitemap
def test_the_first_announced_page_is_recorded_as_it_came_with_what_was_read_as_proposal(
    outlet: str, press: tuple[Press, Office], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running, office = press
    running.requests.clear()
    source = outlet.replace("_", "-")

    assert main([source, "--config", str(office.folder / "diembao.toml"), "--out", str(tmp_path)]) == 0

    (written,) = tmp_path.glob("*.toml")
    proposed, body = expectation(written), written.with_suffix(".html").read_bytes()
    first = stories(outlet)[0]
    assert (proposed.reviewed, proposed.source, proposed.article) == (False, source, True)
    assert proposed.title == first.title
    read = extract(Page(proposed.url, body, proposed.content_type))
    assert read is not None
    assert proposed.paragraphs == read.text.split("\n\n")
    assert (proposed.published, proposed.captions) == (read.published, read.captions)
    # One question each for robots.txt, what is new, and the article, which may have moved.
    asked = [(path, status) for _, path, status in running.requests if status == 200]
    assert len(asked) == 3
    assert [path for path, _ in asked][::2] == ["/robots.txt", f"/{first.section}/{first.slug}.html"]
    said = capsys.readouterr().out
    assert str(written) in said and "reviewed = true" in said and "never committed" in said


def test_a_page_can_be_named_and_is_not_recorded_over_a_review(press: tuple[Press, Office]) -> None:
    running, office = press
    story = stories("nep_nha")[3]
    base = f"http://127.0.0.1:{next(port for port, outlet in running.ports.items() if outlet.id == 'nep_nha')}"
    command = ["nep-nha", "--url", f"{base}/{story.section}/{story.slug}.html"]
    command += ["--config", str(office.folder / "diembao.toml")]

    assert main(command) == 0
    (written,) = (office.data / "recorded" / "nep-nha").glob("*.toml")
    assert expectation(written).title == story.title

    reviewed = written.read_text(encoding="utf-8").replace("reviewed = false", "reviewed = true")
    written.write_text(reviewed, encoding="utf-8")
    assert main(command) == 1
    assert written.read_text(encoding="utf-8") == reviewed


def test_what_cannot_be_had_is_told_and_nothing_is_written(
    press: tuple[Press, Office], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    running, office = press
    config = ["--config", str(office.folder / "diembao.toml"), "--out", str(tmp_path)]
    base = f"http://127.0.0.1:{next(port for port, outlet in running.ports.items() if outlet.id == 'song_hieu')}"

    assert main(["song-hieu", "--url", f"{base}/khong-co.html", *config]) == 1
    assert "404" in capsys.readouterr().err
    assert main(["song-hieu", "--url", f"{base}/noi-bo/bai.html", *config]) == 1
    assert "robots.txt" in capsys.readouterr().err
    assert main(["khong-co-bao-nay", *config]) == 2
    assert "song-hieu" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_newspaper_pages_are_not_written_where_they_would_be_committed(
    press: tuple[Press, Office], capsys: pytest.CaptureFixture[str]
) -> None:
    _, office = press
    folder = ROOT / "tests" / "text" / "recorded"
    before = sorted(folder.iterdir())

    assert main(["song-hieu", "--config", str(office.folder / "diembao.toml"), "--out", str(folder)]) == 2
    assert "newspaper pages" in capsys.readouterr().err
    assert sorted(folder.iterdir()) == before


@given(LINE, LINE, st.lists(LINE, min_size=1, max_size=4), st.lists(LINE, max_size=2))
@settings(max_examples=150, deadline=None)
def test_a_proposal_says_what_was_read_whatever_characters_it_holds(
    tmp_path_factory: pytest.TempPathFactory, title: str, lead: str, paragraphs: list[str], captions: list[str]
) -> None:
    article = Article(
        url="https://bao.example/a-1.html",
        title=title,
        lead=lead,
        text="\n\n".join(paragraphs),
        section=lead,
        published=datetime(2026, 10, 12, 1, 2, 3, tzinfo=UTC),
        modified=None,
        lang="other",
        method="general",
        confidence=1.0,
        captions=tuple(captions),
    )
    path = tmp_path_factory.mktemp("proposal") / "page.toml"
    path.write_text(proposal(Page(article.url, b"", "text/html"), "bao", article), encoding="utf-8")

    read = expectation(path)

    assert (read.title, read.lead, read.section, read.lang) == (title, lead, lead, "other")
    assert (read.paragraphs, read.captions) == (paragraphs, tuple(captions))
    assert (read.published, read.modified) == (article.published, None)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://bao.example/thoi-su/cau-moi-100.html", "cau-moi-100"),
        ("https://bao.example/default.aspx?TabID=83&ItemID=7", "default-tabid-83-itemid-7"),
        ("https://bao.example/a/..%2f..%2fb/", "2f"),
        ("https://bao.example/", "page"),
    ],
)
def test_a_page_is_filed_under_the_telling_part_of_its_address(url: str, name: str) -> None:
    assert file_name(url) == name
