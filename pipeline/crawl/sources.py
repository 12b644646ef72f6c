"""sources.toml to `Source` records, strictly."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator
from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from pipeline.catalogue import text
from pipeline.records import Language, Listing, Scope, Selectors, Source
from pipeline.settings import Mistake, Name, Strict, WebAddress, read_toml, refuse

# Published press only (product line 1): people's accounts and comment hosts cannot be sources.
_SOCIAL_HOSTS = frozenset(
    {
        "facebook.com",
        "fb.com",
        "x.com",
        "twitter.com",
        "tiktok.com",
        "youtube.com",
        "youtu.be",
        "instagram.com",
        "zalo.me",
        "threads.net",
        "threads.com",
        "t.me",
        "telegram.org",
        "reddit.com",
        "linkedin.com",
        "weibo.com",
        "vk.com",
        "mastodon.social",
        "bsky.app",
        "disqus.com",
        "lotus.vn",
        "whatsapp.com",
        "messenger.com",
    }
)


def _press_only(url: str) -> str:
    host = (urlsplit(url).hostname or "").rstrip(".").removeprefix("www.").removeprefix("m.")
    if any(host == social or host.endswith("." + social) for social in _SOCIAL_HOSTS):
        raise refuse("config.social_host", host=host)
    return url


def _selector(value: str) -> str:
    if value:
        try:
            LexborHTMLParser("<p></p>").css(value)
        except (SelectolaxError, ValueError) as error:
            raise refuse("config.bad_selector") from error
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise refuse("config.bad_pattern", problem=str(error)) from error
    return value


PressAddress = Annotated[WebAddress, AfterValidator(_press_only)]
CssSelector = Annotated[str, AfterValidator(_selector)]


class _Listing(Strict):
    url: PressAddress
    links: CssSelector = ""
    pattern: Annotated[str, AfterValidator(_pattern)] = ""


class _Selectors(Strict):
    title: CssSelector = ""
    lead: CssSelector = ""
    body: CssSelector = ""
    published: CssSelector = ""
    drop: CssSelector = ""


class _Expected(Strict):
    min: Annotated[int, Field(ge=0)]
    max: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min > self.max:
            raise refuse("config.min_above_max", min=self.min, max=self.max)
        return self


class _Source(Strict):
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    name: Name
    home: PressAddress
    language: Language
    scope: Scope
    feeds: tuple[PressAddress, ...] = ()
    sitemaps: tuple[PressAddress, ...] = ()
    listings: tuple[_Listing, ...] = ()
    selectors: _Selectors = _Selectors()
    expected: _Expected
    enabled: bool = True
    reason: str = ""
    notes: str = ""

    @model_validator(mode="after")
    def _readable_or_explained(self) -> Self:
        if self.enabled and not (self.feeds or self.sitemaps or self.listings):
            raise refuse("config.nothing_to_read", id=self.id)
        if not self.enabled and not self.reason:
            raise refuse("config.no_reason", id=self.id)
        return self


class _Sources(Strict):
    source: Annotated[tuple[_Source, ...], Field(min_length=1)]


def _twice(sources: _Sources) -> Iterator[Mistake]:
    """Ids and addresses that stand in the file a second time."""
    ids: set[str] = set()
    owners: dict[str, str] = {}
    for index, source in enumerate(sources.source):
        if source.id in ids:
            yield ("source", index, "id"), source.id, text("config.duplicate_id", id=source.id)
        ids.add(source.id)
        for key, urls in (
            ("feeds", source.feeds),
            ("sitemaps", source.sitemaps),
            ("listings", tuple(listing.url for listing in source.listings)),
        ):
            for url in urls:
                if url in owners:
                    problem = text("config.duplicate_url", url=url, first=owners[url], second=source.id)
                    yield ("source", index, key), url, problem
                owners.setdefault(url, source.id)


def read_sources(path: Path) -> tuple[Source, ...]:
    """All sources of the file, enabled or not, in its order. Raises ConfigError."""
    return tuple(
        Source(
            id=row.id,
            name=row.name,
            home=row.home,
            language=row.language,
            scope=row.scope,
            feeds=row.feeds,
            sitemaps=row.sitemaps,
            listings=tuple(Listing(listing.url, listing.links, listing.pattern) for listing in row.listings),
            selectors=Selectors(**row.selectors.model_dump()),
            expected=(row.expected.min, row.expected.max),
            enabled=row.enabled,
            reason=row.reason,
            notes=row.notes,
        )
        for row in read_toml(path, _Sources, _twice).source
    )
