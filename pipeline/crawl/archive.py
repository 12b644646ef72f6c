"""The archive: everything that was fetched, as it came, in WARC files (ISO 28500), one a day.

A record is appended and fsynced before anything else learns of it; a power cut can at most leave a torn last record, which
`repair` cuts off. Each response record carries its source and kind in two extension headers, so that the store can be
rebuilt from the archive alone.
"""

from __future__ import annotations

import hashlib
import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.records import ArchivePlace, FetchKind

_CHUNK = 1 << 16
_GZIP_START = b"\x1f\x8b\x08"
_MAX_RECORD = 256 << 20  # a member that unpacks to more is not ours


@dataclass(frozen=True, slots=True)
class ArchivedResponse:
    """A response as it came."""

    source_id: str
    kind: FetchKind
    url: str  # as asked
    final_url: str  # as answered, after redirects
    requested_at: datetime
    seconds: float
    status: int
    headers: tuple[tuple[str, str], ...]
    raw: bytes  # body as transferred, content encoding and all
    place: ArchivePlace | None = None


class Archive:
    """A folder of daily WARC files. One writer at a time: the process that owns the store."""

    def __init__(self, folder: Path, software: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._software = software
        self.damaged: list[str] = []  # places where `since` found records that are no longer what was written

    def append(self, response: ArchivedResponse) -> ArchivePlace:
        """Write a response durably and say where it lies."""
        name = f"diembao-{response.requested_at:%Y%m%d}.warc.gz"
        path = self.folder / name
        new = not path.exists()
        head = self._warcinfo(name) if new else b""
        record = _record(response)
        with path.open("ab", buffering=0) as file:
            before = file.tell()
            start = before + len(head)
            rest = memoryview(head + record)
            try:
                while rest:
                    rest = rest[file.write(rest) :]
                os.fsync(file.fileno())
            except BaseException:
                os.ftruncate(file.fileno(), before)  # a full disk leaves no half a record in front of later whole ones
                raise
        if new:
            _sync_folder(self.folder)
        return ArchivePlace(name, start, len(record))

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
        """Names of the archive's files, oldest first."""
        return sorted(path.name for path in self.folder.glob("*.warc.gz"))

    def since(self, name: str, offset: int) -> Iterator[ArchivedResponse]:
        """The whole, unaltered responses of one file from a byte offset on.

        A torn last record ends the file quietly; records that were damaged or altered since are noted in `damaged`.
        """
        for start, length, member in _members_of(self.folder / name, offset):
            try:
                response = _response(member, ArchivePlace(name, start, length))
            except LookupError as error:
                self.damaged.append(str(error))
                continue
            if response is not None:
                yield response

    def repair(self, name: str, offset: int) -> int:
        """Cut off a torn record at the end of a file; return how many bytes went. Whole records, also those behind a
        damaged one, are never touched.
        """
        path = self.folder / name
        end = offset
        for start, length, _ in _members_of(path, offset):
            end = start + length
        torn = path.stat().st_size - end
        if torn > 0:
            with path.open("r+b") as file:
                file.truncate(end)
                os.fsync(file.fileno())
        return max(torn, 0)


def _record(response: ArchivedResponse) -> bytes:
    """The response as one gzip member."""
    buffer = io.BytesIO()
    writer = WARCWriter(buffer, gzip=True, warc_version="1.1")
    writer.write_record(
        writer.create_warc_record(
            response.final_url,
            "response",
            payload=io.BytesIO(response.raw),
            length=len(response.raw),
            http_headers=StatusAndHeaders(f"{response.status} ", list(response.headers), protocol="HTTP/1.1"),
            warc_headers_dict={
                "WARC-Date": response.requested_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
                "Diembao-Source": response.source_id,
                "Diembao-Kind": response.kind,
                "Diembao-Asked": response.url,
                "Diembao-Seconds": f"{response.seconds:.3f}",
                "Diembao-Payload-SHA256": hashlib.sha256(response.raw).hexdigest(),
            },
        )
    )
    return buffer.getvalue()


def _members_of(path: Path, offset: int) -> Iterator[tuple[int, int, bytes]]:
    """Complete gzip members from a byte offset on: (offset, compressed length, content). Damaged ones are stepped over."""
    size = path.stat().st_size
    with path.open("rb") as file:
        while offset < size:
            try:
                found = _member_at(file, offset)
            except EOFError:
                return  # torn: it reaches to the end of the file, so what looks like a member in it is its payload
            if found is None:
                offset = _next_start(file, offset + 1)
                continue
            used, content = found
            yield offset, used, content
            offset += used


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


def _response(member: bytes, place: ArchivePlace) -> ArchivedResponse | None:
    for record in ArchiveIterator(io.BytesIO(member), no_record_parse=False):
        if record.rec_type != "response":
            return None
        headers = record.rec_headers
        raw = record.raw_stream.read()
        claimed = headers.get_header("Diembao-Payload-SHA256")
        if claimed and hashlib.sha256(raw).hexdigest() != claimed:
            raise LookupError(f"{place.file}, byte {place.offset}: the payload was altered")
        date = datetime.fromisoformat(headers.get_header("WARC-Date").replace("Z", "+00:00"))
        final = headers.get_header("WARC-Target-URI")
        return ArchivedResponse(
            source_id=headers.get_header("Diembao-Source") or "",
            kind=headers.get_header("Diembao-Kind") or "article",
            url=headers.get_header("Diembao-Asked") or final,
            final_url=final,
            requested_at=date,
            seconds=float(headers.get_header("Diembao-Seconds") or 0),
            status=int(record.http_headers.get_statuscode()),
            headers=tuple(record.http_headers.headers),
            raw=raw,
            place=place,
        )
    return None


def _sync_folder(folder: Path) -> None:
    """Make a new file's name durable too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
