"""Record one article page of a source with a proposed expectation, for `tests/text/test_recorded.py`: a developer's tool.

`make record SOURCE=id` asks as the crawler asks (robots.txt, delays, limits): the source's first feed, sitemap or listing, and
the first article it names, or the one given with `URL=`. Page and proposal go to `data/recorded/`, which is never committed.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from pipeline.catalogue import Shown
from pipeline.crawl.archive import Archive
from pipeline.crawl.cycle import page_of, run_cycle
from pipeline.crawl.fetch import user_agent
from pipeline.crawl.sources import read_sources
from pipeline.crawl.urls import url_key
from pipeline.errors import DiemBaoError
from pipeline.line import PRODUCT
from pipeline.records import Arrival, Link, Page, Source, Validators
from pipeline.settings import Settings, read_settings
from pipeline.text.extract import extract
from tests.conftest import ROOT
from tests.text.recordings import proposal

_LONGEST_NAME = 60  # characters of a file


class OneArticle:
    """A crawler's memory that has never seen anything and wants one article."""

    def __init__(self, url: str) -> None:
        self.arrivals: list[Arrival] = []
        self._url = url

    def validators(self, url: str) -> Validators:  # noqa: ARG002 - the crawler's Memory
        return Validators()

    def due(self, source_id: str, limit: int) -> Sequence[Link]:  # noqa: ARG002 - the crawler's Memory
        if self._url:
            return [Link(url_key(self._url), self._url, source_id)]
        return [link for arrival in self.arrivals for link in arrival.links][:1]

    def record(self, arrival: Arrival) -> None:
        self.arrivals.append(arrival)


def one_entry(source: Source, url: str) -> Source:
    """A source that announces in one place only; nowhere when the article is known."""
    feeds, sitemaps, listings = source.feeds[:1], source.sitemaps[:1], source.listings[:1]
    return replace(
        source,
        feeds=() if url else feeds,
        sitemaps=() if url or feeds else sitemaps,
        listings=() if url or feeds or sitemaps else listings,
    )


def fetched(source: Source, url: str, settings: Settings) -> Page | str:
    """The page of one article, or why there is none."""
    memory = OneArticle(url)
    with TemporaryDirectory() as folder:
        archive = Archive(Path(folder), PRODUCT)
        agent = user_agent(PRODUCT, settings.office.contact)
        asyncio.run(
            run_cycle([one_entry(source, url)], memory, archive, settings.crawl, agent, lambda _: None, lambda: False)
        )
        for arrival in memory.arrivals:
            if arrival.fetch.kind == "article" and arrival.fetch.place is not None:
                return page_of(archive.read(arrival.fetch.place))
    told = Shown("en", settings.zone)
    asked = [arrival.fetch for arrival in memory.arrivals if arrival.fetch.kind != "robots"]
    return "\n".join(
        f"{fetch.kind} {fetch.url}: {told.say(fetch.reason) if fetch.reason else 'names no article'}" for fetch in asked
    )


def file_name(url: str) -> str:
    """A name for a page: the last telling part of its address."""
    parts = urlsplit(url)
    words = re.sub(r"[^a-z0-9]+", "-", f"{PurePosixPath(parts.path).stem} {parts.query}".lower())
    return words.strip("-")[:_LONGEST_NAME].strip("-") or "page"


def committed(folder: Path) -> bool:
    """Whether a folder belongs to what is committed: newspaper pages must not."""
    folder = folder.resolve()
    return folder.is_relative_to(ROOT) and not folder.is_relative_to(ROOT / "data")


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 recorded, 1 nothing came, 2 usage or configuration."""
    parser = argparse.ArgumentParser(prog="python -m tests.record", description=__doc__)
    parser.add_argument("source", help="id in sources.toml")
    parser.add_argument("--url", default="", help="the article, instead of the first one announced")
    parser.add_argument("--config", type=Path, default=ROOT / "diembao.toml")
    parser.add_argument("--out", type=Path, help="folder (default: recorded/SOURCE in the data folder)")
    options = parser.parse_args(arguments)
    try:
        settings = read_settings(options.config)
        known = {source.id: source for source in read_sources(Path(settings.sources))}
    except DiemBaoError as error:
        return told(str(error), error.status)
    if options.source not in known:
        return told(f"No source {options.source!r} in {settings.sources}. Known: {', '.join(sorted(known))}.", 2)
    source = known[options.source]
    folder = options.out or Path(settings.data) / "recorded" / source.id
    if committed(folder):
        return told(f"{folder} is committed with the project, and newspaper pages must not be. Choose another.", 2)
    page = fetched(source, options.url, settings)
    if isinstance(page, str):
        return told(f"Nothing was recorded.\n{page}", 1)
    article = extract(page, source.selectors)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / file_name(page.url)
    if path.with_suffix(".toml").exists():
        return told(f"{path}.toml is there already: delete it to record the page again.", 1)
    path.with_suffix(".html").write_bytes(page.body)
    path.with_suffix(".toml").write_text(proposal(page, source.id, article), encoding="utf-8")
    read = f"“{article.title}”" if article else "no article (a section page or a film? Choose another with URL=…)"
    return told(
        f"Page:     {path}.html\nProposal: {path}.toml\nextract read {read}.\n\n"
        "Next: open both, correct the proposal by reading the page (tests/text/recorded/README.md says what belongs to an\n"
        "article), set reviewed = true, then run: pytest tests/text/test_recorded.py\n"
        "Both files stay on this machine: newspaper pages are never committed.",
        0,
    )


def told(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main())
