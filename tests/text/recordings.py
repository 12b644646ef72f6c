"""What an editor reads on a recorded page, as a TOML file says it. `recorded/README.md` says what belongs to an article."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from pipeline.records import Article, Language, Page
from pipeline.settings import Strict, read_toml
from pipeline.text.extract import EXTRACTOR


class Expectation(Strict):
    """What an editor sees on a page. Times are UTC."""

    note: str  # what makes the page hard
    reviewed: bool
    url: str  # that answered
    article: bool  # false: a section page, a film, an error: extract gives None
    content_type: str = ""
    source: str = ""  # id in sources.toml, whose selectors are used
    demo: str = ""  # id of a story of the fictional press, rendered live instead of stored
    title: str = ""
    lead: str = ""
    text: str = ""
    section: str = ""
    published: datetime | None = None
    modified: datetime | None = None
    lang: Language = "vi"
    canonical: str = ""
    captions: tuple[str, ...] = ()
    bylines: tuple[str, ...] = ()  # names on the page that no field may hold
    comments: tuple[str, ...] = ()  # what only readers' comments say
    links: tuple[str, ...] = ()  # of a listing page: address without host, each article once, in the order of the page
    listing_links: str = ""  # selector and pattern as sources.toml would give them
    listing_pattern: str = ""

    @property
    def paragraphs(self) -> list[str]:
        return self.text.strip().split("\n\n") if self.text.strip() else []


def expectation(path: Path) -> Expectation:
    """The expectation of a file. Raises ConfigError with the line of a mistake."""
    return read_toml(path, Expectation)


def proposal(page: Page, source_id: str, article: Article | None) -> str:
    """TOML of an expectation that says what `extract` read, for a person to correct against the page."""
    lines = [
        f"# Proposed by {EXTRACTOR}. Read the page, correct every field, add the names and comments it shows; then say",
        "# reviewed = true.",
        'note = ""',
        "reviewed = false",
        f"url = {_quoted(page.url)}",
        f"content_type = {_quoted(page.content_type)}",
        f"source = {_quoted(source_id)}",
        f"article = {json.dumps(article is not None)}",
        "bylines = []",
        "comments = []",
    ]
    if article is not None:
        fields = {**asdict(article), "canonical": article.url}
        lines += [f"{name} = {_quoted(fields[name])}" for name in ("title", "lead", "section", "lang", "canonical")]
        for name, moment in (("published", article.published), ("modified", article.modified)):
            if moment is not None:
                lines.append(f"{name} = {moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        lines += ["captions = [", *(f"  {_quoted(caption)}," for caption in article.captions), "]"]
        lines.append('text = """')
        lines += [line if _stands_as_it_is(line) else _quoted(line)[1:-1] for line in article.text.split("\n")]
        lines.append('"""')
    return "\n".join(lines) + "\n"


def _stands_as_it_is(line: str) -> bool:
    return line.isprintable() and "\\" not in line and '""' not in line and not line.endswith('"')


def _quoted(text: str) -> str:
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
