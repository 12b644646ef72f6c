"""Sources written down: as blocks of sources.toml, added to the file without touching what stands in it.

A source is written from its table, as tomllib would give it: the values need not be right, `read_sources` judges them.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.catalogue import text
from pipeline.crawl.sources import read_sources
from pipeline.errors import ConfigError
from pipeline.records import Listing, Source

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SECOND_LEVEL = frozenset({"com", "net", "org", "gov", "edu", "co", "ac", "info", "name", "biz", "or", "go"})
_KEYS = (
    "id",
    "name",
    "home",
    "language",
    "scope",
    "feeds",
    "sitemaps",
    "expected",
    "enabled",
    "reason",
    "notes",
)  # first


def table_of(source: Source) -> dict[str, object]:
    """A source as its table in sources.toml: what has its default value is left out."""
    needed = ("id", "name", "home", "language", "scope")
    table: dict[str, object] = {
        field.name: getattr(source, field.name)
        for field in fields(Source)
        if field.name in needed or getattr(source, field.name) != field.default
    }
    table["expected"] = {"min": source.expected[0], "max": source.expected[1]}
    if "selectors" in table:
        table["selectors"] = {name: value for name, value in asdict(source.selectors).items() if value}
    if source.listings:
        table["listings"] = [
            {name: value for name, value in asdict(listing).items() if value != getattr(Listing(listing.url), name)}
            | {"url": listing.url}
            for listing in source.listings
        ]
    return table


def block(table: Mapping[str, object], comments: Mapping[str, str] | None = None) -> str:
    """The lines of one [[source]]; comments stand behind the value of their key. ValueError for what TOML cannot say."""
    comments = comments or {}
    lines, below = ["[[source]]"], list[str]()
    for key in (*(key for key in _KEYS if key in table), *(key for key in table if key not in _KEYS)):
        value = table[key]
        if key == "selectors" and isinstance(value, Mapping):
            below += ["", "[source.selectors]", *_pairs(value)]
        elif key == "listings" and isinstance(value, Sequence) and all(isinstance(one, Mapping) for one in value):
            for listing in value:
                below += ["", "[[source.listings]]", *_pairs(_first(listing, "url"))]
        else:
            note = f"  # {' '.join(comments[key].split())}" if key in comments else ""
            lines.append(f"{_key(key)} = {_value(value)}{note}")
    return "\n".join([*lines, *below]) + "\n"


def _first(table: Mapping[str, object], key: str) -> dict[str, object]:
    return {name: table[name] for name in sorted(table, key=lambda name: name != key)}


def _pairs(table: Mapping[str, object]) -> list[str]:
    return [f"{_key(key)} = {_value(value)}" for key, value in table.items()]


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _string(key)


def _value(value: object) -> str:
    match value:
        case bool() | int() | float():
            return str(value).lower()
        case str():
            # A pattern is easier to read where its backslashes stand once.
            plain = "\\" in value and "'" not in value and value.isprintable()
            return f"'{value}'" if plain else _string(value)
        case Mapping():
            return "{ " + ", ".join(_pairs(value)) + " }" if value else "{}"
        case list() | tuple():
            parts = [_value(one) for one in value]
            if len(parts) < 2:
                return f"[{', '.join(parts)}]"
            return "[\n" + "".join(f"  {part},\n" for part in parts) + "]"
        case _:
            raise ValueError(f"{type(value).__name__} in TOML")


def _string(value: str) -> str:
    value.encode()  # UnicodeEncodeError, a ValueError, for half a surrogate pair
    # JSON's escapes are TOML's, but for DEL, which JSON lets stand.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def sources_of(path: Path) -> tuple[Source, ...]:
    """As `read_sources`; none where the file is missing or holds no source yet. Raises ConfigError."""
    try:
        if not tomllib.loads(path.read_text(encoding="utf-8-sig")).get("source"):
            return ()
    except FileNotFoundError:
        return ()
    except ValueError:  # not UTF-8, not TOML: told below with its line
        pass
    return read_sources(path)


def mistake(block: str) -> str:
    """What is wrong with a block, in words; empty for a good one."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sources.toml"
        path.write_text(block, encoding="utf-8", newline="\n")
        try:
            read_sources(path)
        except ConfigError as error:
            return re.sub(r":\d+: (?:source\[1\]\.?)?", "", str(error).splitlines()[0].removeprefix(str(path)), count=1)
    return ""


def append(path: Path, blocks: Sequence[str]) -> None:
    """Put blocks behind what the file holds, to the byte as it is. Raises ConfigError, and then nothing has changed."""
    path = path.resolve()  # a link stays a link
    old = path.read_bytes() if path.exists() else b""
    newline = "\r\n" if b"\r\n" in old else "\n"
    gap = "" if not old else newline if old.endswith(b"\n") else newline * 2
    added = gap + "\n".join(blocks).replace("\n", newline)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=".sources-", suffix=".toml")
    fresh = Path(name)
    try:
        with os.fdopen(number, "wb") as out:
            out.write(old + added.encode())
            out.flush()
            os.fsync(out.fileno())
        try:
            read_sources(fresh)
        except ConfigError as error:
            raise ConfigError(
                text("sources.not_added", path=path, problem=str(error).replace(name, str(path)))
            ) from error
        fresh.chmod(path.stat().st_mode & 0o777 if old else 0o644)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def new_id(host: str, taken: Collection[str]) -> str:
    """An id for the source of a host: 'dantri' for www.dantri.com.vn, 'dantri-2' where that is taken."""
    labels = host.lower().removeprefix("www.").split(".")
    if not labels[-1].isdigit():  # not an IP address
        labels = labels[:-1] if len(labels) > 1 else labels
        labels = labels[:-1] if len(labels) > 1 and labels[-1] in _SECOND_LEVEL else labels
    base = re.sub(r"[^a-z0-9]+", "-", "-".join(labels)).strip("-") or "nguon"
    number = 1
    while (made := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return made


def home_of(url: str) -> str:
    """The front page of the host of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"
