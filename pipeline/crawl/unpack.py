"""Bodies as servers pack them, undone without ever unpacking more than allowed."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import brotli
import zstandard

ENCODINGS = "gzip, deflate, br, zstd"  # what we say we read
_DEEPEST = 3  # encodings one over another
_GZIP = 31  # zlib's window bits for gzip
_WINDOW = 8 << 20  # bytes; RFC 9659 allows zstd over HTTP no larger one
_SLICE = 1 << 16  # bytes fed to zlib at a time
_ZSTD_SLICE = 128  # bytes fed to zstandard at a time: it knows no limit, and 4 bytes may stand for 128 KiB
_MOST_PARTS = 1000  # gzip members or zstd frames; each costs a fresh start, and the shortest have some 10 bytes
_GZIP_START, _ZSTD_STARTS = b"\x1f\x8b", (b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18")


def decoded(raw: bytes, encoding: str, limit: int) -> bytes | None:
    """Undo a Content-Encoding, never unpacking more than `limit` bytes; None above it. ValueError for what cannot be undone."""
    codings = [name for name in (part.strip().lower() for part in encoding.split(",")) if name not in ("", "identity")]
    if len(codings) > _DEEPEST:
        raise ValueError(f"content-encoding {encoding[:60]}: too deep")
    body: bytes | None = raw
    for coding in reversed(codings):
        if not body:
            break
        try:
            body = _undone(body, coding, limit)
        except (zlib.error, brotli.error, zstandard.ZstdError) as error:
            raise ValueError(f"content-encoding {coding}: {error}") from error
    return body if body is None or len(body) <= limit else None


def _undone(raw: bytes, coding: str, limit: int) -> bytes | None:
    match coding:
        case "gzip" | "x-gzip":
            return _parts(raw, lambda: zlib.decompressobj(_GZIP), limit, starts=(_GZIP_START,))
        case "deflate":
            try:
                return _parts(raw, zlib.decompressobj, limit)  # zlib as the RFC says
            except zlib.error:
                return _parts(raw, lambda: zlib.decompressobj(-15), limit)  # raw as some servers send
        case "br":
            return _brotli(raw, limit)
        case "zstd":
            unpacker = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
            return _parts(raw, unpacker.decompressobj, limit, starts=_ZSTD_STARTS, bounded=False)
    raise ValueError(f"content-encoding {coding[:60]}")


def _parts(
    raw: bytes, start: Callable[[], Any], limit: int, *, starts: tuple[bytes, ...] = (), bounded: bool = True
) -> bytes | None:
    """A body of one or more parts, each of which begins with one of `starts`; what follows the last is padding.

    `bounded`: whether the unpacker can be told how much it may give.
    """
    body, at = bytearray(), 0
    size = _SLICE if bounded else _ZSTD_SLICE
    for _ in range(_MOST_PARTS):
        unpacker = start()
        while not unpacker.eof and at < len(raw):
            piece = raw[at : at + size]
            body += unpacker.decompress(piece, limit + 1 - len(body)) if bounded else unpacker.decompress(piece)
            if len(body) > limit:
                return None
            at += len(piece) - len(unpacker.unused_data)
        if not unpacker.eof:
            raise ValueError("content-encoding: broken off")
        if not raw.startswith(starts, at):
            return bytes(body)
    raise ValueError("content-encoding: too many parts")


def _brotli(raw: bytes, limit: int) -> bytes | None:
    unpacker = brotli.Decompressor()
    body = bytearray(unpacker.process(raw, output_buffer_limit=limit + 1))
    while not unpacker.is_finished() and len(body) <= limit:
        if unpacker.can_accept_more_data():
            raise ValueError("content-encoding: broken off")
        body += unpacker.process(b"", output_buffer_limit=limit + 1 - len(body))
    return bytes(body) if len(body) <= limit else None
