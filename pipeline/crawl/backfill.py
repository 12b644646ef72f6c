"""WARC files of others to pages of our outlets: which records are theirs, whole, and what they say they are.

Read are `.warc.gz` with every record a gzip member of its own, as CC-NEWS and most crawlers write them, and plain `.warc`. A
file is read in parts, each a pure function of the file's bytes, so that parts can be read in worker processes and a reading
can go on where it was broken off. Nothing in the file is believed: not its lengths, digests, headers, addresses or dates.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from pipeline.catalogue import reason
from pipeline.crawl.archive import ArchivedResponse
from pipeline.crawl.cycle import arrival_of
from pipeline.crawl.entries import ARTICLE_PATH
from pipeline.crawl.fetch import decoded
from pipeline.crawl.urls import absolute, url_key
from pipeline.records import Arrival, Source, WarcFile, digest_id

_GZIP_START = b"\x1f\x8b\x08"
_CHUNK = 1 << 16
_IDENTITY = 1_000_000  # bytes at either end of a file that tell it from others
_PART = 8_000_000  # bytes of the file, or of pages found in it, after which a part ends
_HEADS = 128_000  # bytes that the WARC and HTTP headers of a page may have
_SHOWN = 5  # refused records told of each part
_WEB_BEGAN = datetime(1991, 1, 1, tzinfo=UTC)
_HTML = ("text/html", "application/xhtml+xml")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|!--|\?xml|html|head|body|meta)", re.I)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
_DROPPED = frozenset({"transfer-encoding", "set-cookie", "connection", "keep-alive"})  # as when we fetch ourselves

# What can become of a record (WarcFile.counts), in the order in which it is told. TAKEN and KNOWN are pages; those of LEFT
# are none of ours to take, those of REFUSED should have been.
TAKEN, KNOWN = "taken", "known"
LEFT = ("other", "elsewhere", "disabled", "not_article", "status", "not_html")
REFUSED = (
    "bad_address",
    "bad_date",
    "future",
    "too_large",
    "wrong_length",
    "truncated",
    "malformed",
    "digest",
    "encoding",
    "empty",
)


@dataclass(frozen=True, slots=True)
class Part:
    """What a stretch of a file gave."""

    end: int  # byte up to which it was read; the file's size when nothing more can be read
    pages: tuple[tuple[ArchivedResponse, Arrival], ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    refused: tuple[tuple[str, str], ...] = ()  # address and key of REFUSED, of the first few
    damage: tuple[str, ...] = ()  # reasons


def identify(path: Path, sources: Iterable[Source]) -> WarcFile:
    """A file, told from others by name, size and both ends, and by the outlets that are looked for in it: when sources.toml
    changes, a file that was read to its end may hold more. Raises OSError.
    """
    size = path.stat().st_size
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_IDENTITY))
        file.seek(max(size - _IDENTITY, 0))
        digest.update(file.read(_IDENTITY))
    outlets = [
        (source.id, source.enabled, source.home, source.feeds, [(one.url, one.pattern) for one in source.listings])
        for source in sources
    ]
    damage = () if size else (reason("backfill.not_warc"),)
    return WarcFile(digest_id(path.name, str(size), digest.hexdigest(), repr(outlets)), path.name, size, damage=damage)


def advanced(file: WarcFile, part: Part, taken: Sequence[Arrival]) -> WarcFile:
    """The file when a part has been read, of whose pages these were not in the archive yet."""
    dates = [arrival.fetch.requested_at for arrival in taken] + [date for date in (file.first, file.last) if date]
    pages = {TAKEN: len(taken), KNOWN: len(part.pages) - len(taken)}
    return replace(
        file,
        done_to=part.end,
        counts=Counter(file.counts) + part.counts + Counter(pages),
        sources=Counter(file.sources) + Counter(arrival.fetch.source_id for arrival in taken),
        first=min(dates, default=None),
        last=max(dates, default=None),
        damage=(*file.damage, *part.damage),
    )


def read_part(path: Path, offset: int, sources: tuple[Source, ...], limit: int, now: datetime) -> Part:
    """The pages of our outlets in a file from an offset on, where a record begins. Pages above `limit` bytes, also when
    unpacked, are refused. Raises OSError where the file cannot be opened.
    """
    with path.open("rb") as file:
        start = file.read(5)
        reader = _Reader(
            file, os.fstat(file.fileno()).st_size, start.startswith(_GZIP_START), _Sieve(sources, limit, now)
        )
        if not reader.packed and start != b"WARC/":
            return Part(reader.size, damage=(reason("backfill.not_warc"),))
        return reader.part(offset)


class _Refusal(Exception):
    """A record is not taken; the argument is a key of LEFT or REFUSED."""


class _Sieve:
    """Which records are pages of our outlets."""

    def __init__(self, sources: Sequence[Source], limit: int, now: datetime) -> None:
        self.limit = limit
        self._now = now
        self._outlets: dict[str, list[Source]] = {}
        self._entries: set[str] = set()
        for source in sources:
            entries = (source.home, *source.feeds, *(listing.url for listing in source.listings))
            self._entries.update(url_key(url) for url in entries)
            for host in dict.fromkeys(_host(url) for url in entries):
                self._outlets.setdefault(host, []).append(source)

    def candidate(self, record: WarcRecord) -> tuple[Source, str, datetime]:
        """Outlet, address and date of a record that may be an article of ours, from its own headers. Raises _Refusal."""
        if record.record_type != WarcRecordType.response or not record.is_http:
            raise _Refusal("other")
        url = absolute("", (record.headers.get("WARC-Target-URI") or "").strip("<> "))
        if not url or not url.isprintable() or "\ufffd" in url:  # the last stands for bytes that are no text
            raise _Refusal("bad_address")
        source = self._owner(url)
        path = urlsplit(url).path
        if not source.enabled:
            raise _Refusal("disabled")
        patterns = [listing.pattern for listing in source.listings if listing.pattern]
        if url_key(url) in self._entries or not (
            ARTICLE_PATH.search(path) or any(re.search(pattern, path) for pattern in patterns)
        ):
            raise _Refusal("not_article")
        at = _moment(record.headers.get("WARC-Date") or "")
        if at > self._now:
            raise _Refusal("future")
        if record.content_length > self.limit + _HEADS:
            raise _Refusal("too_large")
        if record.headers.get("WARC-Truncated"):
            raise _Refusal("truncated")
        return source, url, at

    def _owner(self, url: str) -> Source:
        """The outlet whose host is nearest; of several on one host the one whose home is the longest beginning of the
        address. _Refusal for everybody else's.
        """
        host, path = _host(url), urlsplit(url).path
        while host:
            if found := self._outlets.get(host):
                return max(found, key=lambda source: (_beginning(urlsplit(source.home).path, path), source.enabled))
            _, _, host = host.partition(".")
        raise _Refusal("elsewhere")

    def page(self, record: WarcRecord, source: Source, url: str, at: datetime) -> tuple[ArchivedResponse, Arrival]:
        """The page in a whole record. Raises _Refusal."""
        digest = record.headers.get("WARC-Payload-Digest") or ""
        identified = record.headers.get("WARC-Identified-Payload-Type") or ""
        try:
            record.parse_http(quirks_mode=True)
        except OSError as error:
            raise _Refusal("malformed") from error
        if record.http_headers is None or record.http_headers.status_code is None:
            raise _Refusal("malformed")
        if record.http_headers.status_code != 200:
            raise _Refusal("status")
        headers = _headers(record.http_headers.astuples())
        told = {name.lower(): value for name, value in reversed(headers)}
        if (told.get("content-type") or identified).partition(";")[0].strip().lower() not in _HTML:
            raise _Refusal("not_html")
        stored = raw = record.reader.read()
        if "chunked" in told.get("transfer-encoding", "").lower():
            raw = _joined(stored)
        if digest and not any(_matches(digest, payload) for payload in {stored, raw}):
            raise _Refusal("digest")
        if len(raw) > self.limit:
            raise _Refusal("too_large")
        packed_as = told.get("content-encoding", "")
        length = told.get("content-length", "")
        if not packed_as and length.isascii() and length.isdigit() and len(raw) < int(length[:15]):
            raise _Refusal("truncated")
        if _MARKUP.match(raw):
            packed_as = ""  # some crawlers unpack a page and leave the header that says it is packed
        try:
            body = decoded(raw, packed_as, self.limit)
        except ValueError as error:
            raise _Refusal("encoding") from error
        if body is None:
            raise _Refusal("too_large")
        if not body.strip():
            raise _Refusal("empty")
        dropped = _DROPPED if packed_as else {*_DROPPED, "content-encoding"}
        kept = tuple((name, value) for name, value in headers if name.lower() not in dropped)
        archived = ArchivedResponse(source.id, "article", url, url, at, 0.0, 200, kept, raw)
        return archived, arrival_of(archived, source)


class _Reader:
    """One open file."""

    def __init__(self, file: IO[bytes], size: int, packed: bool, sieve: _Sieve) -> None:
        self.packed = packed
        self.size = size
        self._file = file
        self._sieve = sieve
        self._pages: list[tuple[ArchivedResponse, Arrival]] = []
        self._held = 0  # bytes of these
        self._counts: Counter[str] = Counter()
        self._refused: list[tuple[str, str]] = []
        self._damage: list[str] = []

    def part(self, offset: int) -> Part:
        """What the file holds from an offset on, until it is enough for one part."""
        at: int | None = offset
        while at is not None and at < self.size and not self._enough(at - offset):
            at = self._run(at, offset)
        end = self.size if at is None else at
        return Part(end, tuple(self._pages), self._counts, tuple(self._refused), tuple(self._damage))

    def _enough(self, read: int) -> bool:
        return read + self._held >= _PART

    def _run(self, begin: int, offset: int) -> int | None:
        """Read records one after the other; where to go on when that has come to an end, None where nowhere."""
        self._file.seek(begin)
        records = ArchiveIterator(self._file, parse_http=False)
        last: int | None = None  # where the record before begins
        while True:
            try:
                record = next(records, None)
            except OSError:
                record = None
            if record is None:
                return self._resumed(begin, last)
            at = record.stream_pos
            if self.packed and os.pread(self._file.fileno(), 3, at) != _GZIP_START:
                self._damage.append(reason("backfill.not_by_record"))
                return None
            if last is not None and self._enough(at - offset):
                return at
            last = at
            match self._take(record, at):
                case "wrong_length":  # it may have swallowed the next one
                    return self._resumed(begin, at)
                case "not_by_record":
                    self._damage.append(reason("backfill.not_by_record"))
                    return None

    def _take(self, record: WarcRecord, at: int) -> str:
        """Sort a record, and say why it is not taken."""
        url = record.headers.get("WARC-Target-URI") or ""
        try:
            found = self._sieve.candidate(record)
            whole = self._whole(at, record.content_length)
            self._pages.append(self._sieve.page(WarcRecord.from_bytes(whole), *found))
            self._held += len(whole)
        except _Refusal as refusal:
            key = str(refusal)
            if key in LEFT or key in REFUSED:
                self._counts[key] += 1
            if key in REFUSED and len(self._refused) < _SHOWN:
                self._refused.append((_CONTROL.sub(" ", url)[:200], key))
            return key
        return ""

    def _whole(self, at: int, length: int) -> bytes:
        """The bytes of a record, which ends where its length says or is refused."""
        if self.packed:
            try:
                content, _ = _member(self._file.fileno(), at, length + _HEADS)
            except (zlib.error, EOFError) as error:
                raise _Refusal("wrong_length") from error
        else:
            content = os.pread(self._file.fileno(), length + _HEADS, at)
            content = content[: content.find(b"\r\n\r\n") + 4 + length + 4]
        end = content.find(b"\r\n\r\n") + 4 + length
        if self.packed and content[end:].lstrip(b"\r\n").startswith(b"WARC/"):
            raise _Refusal("not_by_record")
        if len(content) < end or content[end:].strip(b"\r\n") or (not self.packed and content[end:] != b"\r\n\r\n"):
            raise _Refusal("wrong_length")
        return content

    def _resumed(self, begin: int, last: int | None) -> int | None:
        """Where to go on behind what could not be read; None where nowhere. What lies between is told as damage."""
        if not self.packed:
            self._judge_plain(begin if last is None else last)
            return None
        descriptor, at = self._file.fileno(), begin if last is None else last
        try:
            content, end = _member(descriptor, at, 5)
            if last is not None:
                if end >= self.size:
                    return None
                at = end
                content, end = _member(descriptor, at, 5)
            if content.startswith(b"WARC/") and at > begin:
                return at
        except EOFError:
            # It reaches to the end of the file, so what looks like a record in it is its payload.
            self._damage.append(reason("backfill.torn"))
            return None
        except zlib.error:
            pass
        self._damage.append(reason("backfill.broken", byte=at))
        return self._next_record(at + 1)

    def _judge_plain(self, at: int) -> None:
        """Whether the file ends with the record at an offset. Where no record is a member of its own, nothing tells a page
        from the record behind a damaged one: nothing more is read.
        """
        head = os.pread(self._file.fileno(), _HEADS, at)
        length = re.search(
            rb"^content-length:[ \t]*(\d{1,15})[ \t]*\r$", head.partition(b"\r\n\r\n")[0] + b"\r", re.I | re.M
        )
        end = at + head.find(b"\r\n\r\n") + 8 + int(length[1]) if length else None
        if end is None or end < self.size:
            self._damage.append(reason("backfill.broken_plain", byte=at))
        elif end > self.size:
            self._damage.append(reason("backfill.torn"))

    def _next_record(self, at: int) -> int | None:
        """The next gzip member that holds a record."""
        kept = b""
        while chunk := os.pread(self._file.fileno(), _CHUNK, at):
            window = kept + chunk
            base = at - len(kept)
            position = window.find(_GZIP_START)
            while position >= 0:
                try:
                    content, _ = _member(self._file.fileno(), base + position, 5)
                except EOFError:
                    return None
                except zlib.error:
                    content = b""
                if content.startswith(b"WARC/"):
                    return base + position
                position = window.find(_GZIP_START, position + 1)
            kept = window[-2:]
            at += len(chunk)
        return None


def _member(descriptor: int, at: int, most: int) -> tuple[bytes, int]:
    """The first bytes of a gzip member, at least `most` of them where it has so many, and where it ends. zlib.error where it
    is none, EOFError where it is broken off.
    """
    inflater = zlib.decompressobj(31)
    content, rest = bytearray(), b""
    while not inflater.eof:
        if not rest:
            rest = os.pread(descriptor, _CHUNK, at)
            at += len(rest)
            if not rest:
                raise EOFError
        piece = inflater.decompress(rest, 1 << 20)
        rest = inflater.unconsumed_tail
        if len(content) <= most:
            content += piece
    return bytes(content), at - len(inflater.unused_data)


def _host(url: str) -> str:
    """Host, without 'www.', and port where it is not the usual one."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").removeprefix("www.")
    return host if parts.port in (None, 80, 443) else f"{host}:{parts.port}"


def _beginning(home: str, path: str) -> int:
    """How much of a path is that of a home page; -1 where it lies elsewhere."""
    home = home.rstrip("/")
    return len(home) if path == home or path.startswith(home + "/") else -1


def _moment(value: str) -> datetime:
    """A WARC-Date, which is in UTC where it names no zone. _Refusal where it is none."""
    try:
        found = datetime.fromisoformat(value.strip())
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _Refusal("bad_date") from error
    if found < _WEB_BEGAN:
        raise _Refusal("bad_date")
    return found


def _headers(found: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Headers that can be written down again: names that are names, values on one line."""
    return [(name, _CONTROL.sub(" ", value).strip()) for name, value in found if _TOKEN.fullmatch(name)]


def _joined(raw: bytes) -> bytes:
    """A body without its chunks; as it is where the crawler has joined them. _Refusal where a chunk is not whole."""
    size = _CHUNK_SIZE.match(raw)
    if size is None:
        return raw
    body, at = bytearray(), 0
    while size := _CHUNK_SIZE.match(raw, at):
        length = int(size[1], 16)
        if not length:
            return bytes(body)
        at = size.end() + length + 2
        if raw[at - 2 : at] != b"\r\n":
            break
        body += raw[size.end() : at - 2]
    raise _Refusal("encoding")


def _matches(digest: str, payload: bytes) -> bool:
    """Whether a payload has this digest (sha1 or sha256, in any of the spellings in use); others are not judged."""
    algorithm, _, told = digest.partition(":")
    name = algorithm.strip().lower().replace("-", "")
    if name not in ("sha1", "sha256"):
        return True
    found = hashlib.new(name, payload, usedforsecurity=False).digest()
    told = told.strip().rstrip("=")
    return (
        told.lower() == found.hex()
        or told.upper() == base64.b32encode(found).decode().rstrip("=")
        or told in (base64.b64encode(found).decode().rstrip("="), base64.urlsafe_b64encode(found).decode().rstrip("="))
    )
