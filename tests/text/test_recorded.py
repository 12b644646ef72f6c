"""Recorded pages are read as an editor reads them; `recorded/README.md` says what belongs to an article.

Pages written for the project stand in `recorded/`; pages of real papers, recorded with `make record`, in `data/recorded/`,
which is not committed, and count once somebody has reviewed their expectation.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pipeline.crawl.entries import read_listing
from pipeline.crawl.sources import read_sources
from pipeline.records import Article, Listing, Page, Selectors, Source
from pipeline.text.encodings import decode
from pipeline.text.extract import extract
from tests.conftest import ROOT
from tests.text.demo_pages import demo_page
from tests.text.recordings import Expectation, expectation

WRITTEN = Path(__file__).parent / "recorded"
REAL = ROOT / "data" / "recorded"
FIELDS = ("url", "title", "lead", "section", "published", "modified", "lang")
LAST_LINES = 3  # of a text, where a name may stand


@dataclass(frozen=True)
class Recording:
    page: Page
    expected: Expectation
    read: Article | None

    @property
    def article(self) -> Article:
        if self.read is None:
            pytest.fail(f"no article was read ({self.expected.note})", pytrace=False)
        return self.read


def reviewed() -> Iterator[Path]:
    yield from sorted(WRITTEN.rglob("*.toml"))
    yield from (path for path in sorted(REAL.rglob("*.toml")) if expectation(path).reviewed)


def name(path: Path) -> str:
    return path.relative_to(WRITTEN if path.is_relative_to(WRITTEN) else REAL).with_suffix("").as_posix()


@cache
def recording(path: Path) -> Recording:
    expected = expectation(path)
    body = demo_page(expected.demo) if expected.demo else path.with_suffix(".html").read_bytes()
    page = Page(expected.url, body, expected.content_type)
    return Recording(page, expected, extract(page, selectors(expected.source)))


@cache
def selectors(source_id: str) -> Selectors:
    if not source_id:
        return Selectors()
    return {source.id: source.selectors for source in read_sources(ROOT / "sources.toml")}[source_id]


PATHS = list(reviewed())
ARTICLES = [path for path in PATHS if expectation(path).article]
OTHERS = [path for path in PATHS if not expectation(path).article]
LISTINGS = [path for path in PATHS if expectation(path).links]


def same(wanted: Sequence[str], read: Sequence[str]) -> None:
    """Fail with the lines that differ."""
    if list(wanted) != list(read):
        lines = difflib.unified_diff(wanted, read, "an editor", "extract", lineterm="", n=1)
        pytest.fail(
            "\n".join(line if len(line) < 200 else f"{line[:150]} […] {line[-40:]}" for line in lines), pytrace=False
        )


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("path", ARTICLES, ids=name)
def test_a_recorded_page_says_of_itself_what_an_editor_sees(path: Path, field: str) -> None:
    found = recording(path)
    wanted = found.expected.canonical if field == "url" else getattr(found.expected, field)
    read = getattr(found.article, field)

    if read != wanted:
        pytest.fail(f"{field}\n  an editor: {wanted!s}\n  extract:   {read!s}", pytrace=False)


@pytest.mark.parametrize("path", ARTICLES, ids=name)
def test_the_text_of_a_recorded_page_is_its_paragraphs_in_order_and_nothing_else(path: Path) -> None:
    found = recording(path)

    same(found.expected.paragraphs, found.article.text.split("\n\n"))


@pytest.mark.parametrize("path", ARTICLES, ids=name)
def test_the_captions_of_a_recorded_page_stand_apart_without_their_credits(path: Path) -> None:
    found = recording(path)

    same(found.expected.captions, found.article.captions)


@pytest.mark.parametrize("path", OTHERS, ids=name)
def test_a_recorded_page_that_is_no_article_gives_none(path: Path) -> None:
    found = recording(path).read

    assert found is None, f"{found.title}\n{found.text[:500]}"


@pytest.mark.parametrize("path", LISTINGS, ids=name)
def test_a_recorded_listing_gives_the_links_of_its_articles(path: Path) -> None:
    found = recording(path)
    expected = found.expected
    source = Source(id="paper", name="Báo", home=expected.url, language=expected.lang, scope="national")
    listing = Listing(expected.url, expected.listing_links, expected.listing_pattern)
    links = read_listing(found.page.body, expected.content_type, expected.url, source, listing).links
    read = [urlsplit(link.url)._replace(scheme="", netloc="").geturl() for link in links]

    same(expected.links, read)
    assert all(link.title for link in links)


def everything(article: Article) -> str:
    return "\n".join((article.url, article.title, article.lead, article.section, article.text, *article.captions))


@pytest.mark.parametrize("path", [path for path in ARTICLES if expectation(path).comments], ids=name)
def test_nothing_that_readers_comment_is_kept(path: Path) -> None:
    found = recording(path)

    kept = [comment for comment in found.expected.comments if comment in everything(found.article)]
    assert not kept, "\n".join(kept)


@pytest.mark.parametrize("path", [path for path in ARTICLES if expectation(path).bylines], ids=name)
def test_no_field_of_a_recorded_page_holds_its_author(path: Path) -> None:
    found = recording(path)
    article = found.article
    last = article.text.split("\n\n")[-LAST_LINES:]
    places = "\n".join((article.title, article.lead, article.section, *article.captions, *last)).casefold()

    kept = [byline for byline in found.expected.bylines if byline.casefold() in places]
    assert not kept, ", ".join(kept)


# The expectations themselves.


def letters(text: str) -> str:
    return "".join(unescape(text).split())


def bare(page: Page) -> str:
    """The letters of a page without its markup, comments of its makers and white space."""
    html = re.sub(r"<!--.*?-->", "", decode(page.body, page.content_type), flags=re.S)
    return letters(re.sub(r"<[^>]*>", "", html))


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_what_is_expected_stands_on_the_page_in_that_order(path: Path) -> None:
    found = recording(path)
    expected, rest = found.expected, bare(found.page)
    whole = rest + letters(decode(found.page.body, found.page.content_type))

    for said in (expected.title, expected.lead, *expected.captions, *expected.comments):
        assert letters(said) in whole, said
    for byline in expected.bylines:
        assert letters(byline).casefold() in whole.casefold(), byline
    for paragraph in expected.paragraphs:
        _, there, rest = rest.partition(letters(paragraph))
        assert there, paragraph
    assert bool(expected.paragraphs) == expected.article
