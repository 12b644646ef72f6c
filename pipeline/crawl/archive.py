"""The archive: everything that was fetched, as it came, in WARC files (ISO 28500), each of one day and of limited size.

What was asked and what came are two records, appended in one write and fsynced before anything else learns of them; a power
cut can at most leave a torn end of the last file, which `repair` cuts off. A file that another has followed is never written
to again. Each response record carries its source and kind in extension headers, so that the store can be rebuilt from the
archive alone. An answer without a new body is kept as a `revisit` record.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import string
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal
from urllib.parse import quote, urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.catalogue import reason
from pipeline.records import ArchivePlace, FetchKind

_CHUNK = 1 << 16
_GZIP_START = b"\x1f\x8b\x08"
_MAX_RECORD = 256 << 20  # a member that unpacks to more is not ours
_NAME = re.compile(
    r"diembao-(\d{8})(?:-(\d{3,}))?\.warc\.gz"
)  # without a number: as files were named before they had parts

Revisit = Literal["", "identical", "not-modified"]
_PROFILES: dict[Revisit, str] = {
    "identical": "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest",
    "not-modified": "http://netpreserve.org/warc/1.1/revisit/server-not-modified",
}
_REVISITS = {profile: revisit for revisit, profile in _PROFILES.items()}


@dataclass(frozen=True, slots=True)
class ArchivedResponse:
    """A response as it came, and the request that brought it."""

    source_id: str
    kind: FetchKind
    url: str  # as asked
    final_url: str  # as answered, after redirects
    requested_at: datetime
    seconds: float
    status: int
    headers: tuple[tuple[str, str], ...]
    raw: bytes  # body as transferred, content encoding and all; of a revisit not kept, and empty when read back
    place: ArchivePlace | None = None
    request_headers: tuple[tuple[str, str], ...] = ()  # written into a record of their own; not read back
    revisit: Revisit = ""  # no new body: the one we had came again, or the server said that it has not changed
    payload_sha256: str = ""  # of a revisit: of the decoded body we had


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of an archive file that are no longer what was written."""

    file: str
    offset: int
    length: int
    what: str  # see catalogue.reason


class Archive:
    """A folder of WARC files. One writer at a time: the process that owns the store."""

    def __init__(self, folder: Path, software: str, part_bytes: int = 1_000_000_000) -> None:
        """A file that has reached `part_bytes` is followed by the next part of its day."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._software = software
        self._part_bytes = part_bytes
        self._last: str | None = None  # the file that is written to; None: not looked for yet
        self.damaged: list[str] = []  # places where `since` found records that are no longer what was written

    def append(self, response: ArchivedResponse) -> ArchivePlace:
        """Write a response durably, with its request, and say where it lies."""
        name = self._part(f"{response.requested_at.astimezone(UTC):%Y%m%d}")
        path = self.folder / name
        request, answer = _records(response)
        with path.open("ab", buffering=0) as file:
            before = file.tell()
            head = request if before else self._warcinfo(name) + request
            rest = memoryview(head + answer)
            try:
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except BaseException:
                os.ftruncate(file.fileno(), before)  # a full disk leaves no half a record in front of later whole ones
                raise
        if not before:
            _sync_folder(self.folder)
        self._last = name
        return ArchivePlace(name, before + len(head), len(answer))

    def _part(self, day: str) -> str:
        """The file to write to. What was asked before midnight and came after it goes with the new day: the files stay in
        the order of writing.
        """
        if self._last is None:
            self._last = next(reversed(self.files()), "")
        last_day, number = _order(self._last) if self._last else ("", 0)
        if day > last_day:
            return f"diembao-{day}-001.warc.gz"
        path = self.folder / self._last
        if path.exists() and path.stat().st_size >= self._part_bytes:
            return f"diembao-{last_day}-{number + 1:03d}.warc.gz"
        return self._last

    def _warcinfo(self, name: str) -> bytes:
        buffer = io.BytesIO()
        writer = WARCWriter(buffer, gzip=True, warc_version="1.1")
        writer.write_record(
            writer.create_warcinfo_record(
                name, {"software": self._software, "format": "WARC File Format 1.1", "robots": "obey"}
            )
        )
        return buffer.getvalue()

    def read(self, place: ArchivePlace) -> ArchivedResponse:
        """The response at a place. LookupError where the archive does not hold one there, or it was altered."""
        path = self.folder / place.file
        try:
            with path.open("rb") as file:
                file.seek(place.offset)
                inflater = zlib.decompressobj(31)
                member = inflater.decompress(file.read(place.length), _MAX_RECORD)
        except (OSError, zlib.error) as error:
            raise LookupError(f"{path}, byte {place.offset}: {error}") from error
        if not inflater.eof:
            raise LookupError(f"{path}, byte {place.offset}: broken off")
        response = _response(member, place)
        if response is None:
            raise LookupError(f"{path}, byte {place.offset}: no response record")
        return response

    def files(self) -> list[str]:
        """Names of the archive's files in the order of writing. Files with other names are not ours."""
        return sorted((path.name for path in self.folder.iterdir() if _NAME.fullmatch(path.name)), key=_order)

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return (self.folder / name).stat().st_size

    def since(self, name: str, offset: int) -> Iterator[ArchivedResponse]:
        """The whole, unaltered responses of one file from a byte offset on, revisits among them.

        A torn last record ends the file quietly; records that were altered since are noted in `damaged`.
        """
        for start, length, member in _members_of(self.folder / name, offset):
            try:
                response = _response(member, ArchivePlace(name, start, length)) if member else None
            except LookupError as error:
                self.damaged.append(str(error))
                continue
            if response is not None:
                yield response

    def verify(self, name: str) -> Iterator[ArchivedResponse | Damage]:
        """The responses of one file, as `since` gives them, and every stretch of it that is no longer what was written."""
        for start, length, member in _members_of(self.folder / name, 0):
            if not member:
                yield Damage(name, start, length, reason("doctor.no_record", n=length))
                continue
            try:
                response = _response(member, ArchivePlace(name, start, length))
            except LookupError:
                yield Damage(name, start, length, reason("doctor.altered"))
                continue
            if response is not None:
                yield response

    def repair(self, name: str, offset: int) -> int:
        """Cut off what a power cut left at the end of a file; return how many bytes went. Whole responses, also those
        behind a damaged record, are never touched. A request whose answer was torn goes with it: what was asked is asked
        again.
        """
        path = self.folder / name
        end = offset
        for start, length, member in _members_of(path, offset):
            if member and _type_of(member) != b"request":
                end = start + length
        torn = path.stat().st_size - end
        if torn > 0:
            with path.open("r+b") as file:
                file.truncate(end)
                os.fsync(file.fileno())
        return max(torn, 0)


def _order(name: str) -> tuple[str, int]:
    """Day and part of a file. ValueError for a name that is not ours."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(name)
    return match[1], int(match[2] or 0)


def _records(response: ArchivedResponse) -> tuple[bytes, bytes]:
    """Request and answer, each as one gzip member; no request where nothing is known of it."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True, warc_version="1.1")
    date = response.requested_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    headers = {
        "WARC-Date": date,
        "Diembao-Source": response.source_id,
        "Diembao-Kind": response.kind,
        "Diembao-Asked": response.url,
        "Diembao-Seconds": f"{response.seconds:.3f}",
    }
    body = b""
    match response.revisit:
        case "":
            headers["Diembao-Payload-SHA256"] = hashlib.sha256(response.raw).hexdigest()
            body = response.raw
        case "identical":
            headers["WARC-Payload-Digest"] = _sha1(response.raw)
            headers["WARC-Truncated"] = "length"  # the standard's word for a body that is not repeated
    if response.revisit:
        headers["WARC-Profile"] = _PROFILES[response.revisit]
        headers["WARC-Refers-To-Target-URI"] = response.final_url
        headers["Diembao-Known-SHA256"] = response.payload_sha256
    answer = writer.create_warc_record(
        response.final_url,
        "revisit" if response.revisit else "response",
        payload=io.BytesIO(body),
        length=len(body),
        http_headers=StatusAndHeaders(f"{response.status} ", list(response.headers), protocol="HTTP/1.1"),
        warc_headers_dict=headers,
    )
    if response.request_headers:
        parts = urlsplit(response.final_url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        request = writer.create_warc_record(
            response.final_url,
            "request",
            http_headers=StatusAndHeaders(
                f"GET {quote(target, safe=string.punctuation)} HTTP/1.1",
                list(response.request_headers),
                is_http_request=True,
            ),
            warc_headers_dict={
                "WARC-Date": date,
                "WARC-Concurrent-To": answer.rec_headers.get_header("WARC-Record-ID"),
            },
        )
        writer.write_record(request)
    start = buffer.tell()
    writer.write_record(answer)
    written = buffer.getvalue()
    return written[:start], written[start:]


def _members_of(path: Path, offset: int) -> Iterator[tuple[int, int, bytes]]:
    """Gzip members from a byte offset on: (offset, compressed length, content). A stretch that holds no whole member has no
    content; where it reaches to the end of the file it may be torn.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        lost = offset  # where the stretch without a member began
        while offset < size:
            try:
                found = _member_at(file, offset)
            except EOFError:
                break  # torn: it reaches to the end of the file, so what looks like a member in it is its payload
            if found is None:
                offset = _next_start(file, offset + 1)
                continue
            if lost < offset:
                yield lost, offset - lost, b""
            used, content = found
            yield offset, used, content
            offset = lost = offset + used
        if lost < size:
            yield lost, size - lost, b""


def _member_at(file: IO[bytes], offset: int) -> tuple[int, bytes] | None:
    """Compressed length and content of the record at an offset; None where none is, EOFError where it is broken off."""
    file.seek(offset)
    inflater = zlib.decompressobj(31)
    content, used = bytearray(), 0
    while not inflater.eof:
        chunk = file.read(_CHUNK)
        try:
            content += inflater.decompress(chunk, _MAX_RECORD - len(content))
        except zlib.error:
            return None
        if not chunk:
            raise EOFError
        if inflater.unconsumed_tail:
            return None
        used += len(chunk) - len(inflater.unused_data)
    return (used, bytes(content)) if content.startswith(b"WARC/") else None


def _next_start(file: IO[bytes], offset: int) -> int:
    """Where the next gzip header may begin; the end of the file where there is none."""
    file.seek(offset)
    kept = b""
    while chunk := file.read(_CHUNK):
        position = (kept + chunk).find(_GZIP_START)
        if position >= 0:
            return offset - len(kept) + position
        kept = chunk[-2:]
        offset += len(chunk)
    return offset


def _type_of(member: bytes) -> bytes:
    """WARC-Type of a record; empty where it has none."""
    head, _, _ = member.partition(b"\r\n\r\n")
    found = re.search(rb"^warc-type:[ \t]*(\S+)", head, re.MULTILINE | re.IGNORECASE)
    return found[1].lower() if found else b""


def _response(member: bytes, place: ArchivePlace) -> ArchivedResponse | None:
    """The response or revisit that a record holds, None for other records. LookupError where it is not what was written."""
    where = f"{place.file}, byte {place.offset}"
    try:
        record = next(ArchiveIterator(io.BytesIO(member)))
        headers = record.rec_headers
        _, _, rest = member.partition(b"\r\n\r\n")
        block = memoryview(rest)[: int(headers.get_header("Content-Length") or 0)]
        # warcio would check digests too, but not those of revisits.
        claimed = headers.get_header("WARC-Block-Digest") or ""
        if claimed.startswith("sha1:") and _sha1(block) != claimed:
            raise LookupError(f"{where}: the record was altered")
        revisit = _REVISITS.get(headers.get_header("WARC-Profile") or "", "")
        if record.rec_type != "response" and not (record.rec_type == "revisit" and revisit):
            return None
        raw = record.raw_stream.read()
        claimed = headers.get_header("Diembao-Payload-SHA256")
        if claimed and hashlib.sha256(raw).hexdigest() != claimed:
            raise LookupError(f"{where}: the payload was altered")
        date = datetime.fromisoformat((headers.get_header("WARC-Date") or "").replace("Z", "+00:00"))
        final = headers.get_header("WARC-Target-URI") or ""
        return ArchivedResponse(
            source_id=headers.get_header("Diembao-Source") or "",
            kind=headers.get_header("Diembao-Kind") or "article",
            url=headers.get_header("Diembao-Asked") or final,
            final_url=final,
            requested_at=date,
            seconds=float(headers.get_header("Diembao-Seconds") or 0),
            status=int(record.http_headers.get_statuscode() if record.http_headers else ""),
            headers=tuple(record.http_headers.headers),
            raw=raw,
            place=place,
            revisit=revisit,
            payload_sha256=headers.get_header("Diembao-Known-SHA256") or "",
        )
    except (
        ArchiveLoadFailed,
        ValueError,
        StopIteration,
        AttributeError,
    ) as error:  # the last: a record without address
        raise LookupError(f"{where}: {error}") from error


def _sha1(content: bytes | memoryview) -> str:
    """As WARC files give digests."""
    return "sha1:" + base64.b32encode(hashlib.sha1(content, usedforsecurity=False).digest()).decode()


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
