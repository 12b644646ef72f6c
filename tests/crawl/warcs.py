"""WARC files as others write them."""

from __future__ import annotations

import base64
import gzip
import hashlib
from collections.abc import Iterable

from pipeline.records import Listing, Source

SOURCES = (
    Source(
        id="bao-thu",
        name="Báo Thử",
        home="https://www.bao-thu.example/",
        language="vi",
        scope="national",
        feeds=("https://rss.bao-thu.example/moi-nhat-trong-ngay-hom-nay.rss",),
    ),
    Source(
        id="cong-thu",
        name="Cổng Thử",
        home="https://cong-thu.example",
        language="vi",
        scope="provincial-official",
        listings=(Listing("https://cong-thu.example/tin", pattern=r"^/xem/\d+$"),),
    ),
    Source(
        id="tat",
        name="Báo Tắt",
        home="https://tat.example",
        language="vi",
        scope="national",
        enabled=False,
        reason="thử",
    ),
)


def url(number: int, host: str = "www.bao-thu.example") -> str:
    """An article's address."""
    return f"https://{host}/tin-bao-so-{number:04d}-trong-ngay-mua-lon.html"


def html(number: int) -> bytes:
    """A page with an article that no other has."""
    body = "".join(
        f"<p>Đoạn {part} của bài số {number}: nước trên sông Thạch Hãn lên nhanh, bà con xã bãi ngang chuyển đồ lên cao"
        f" và chờ tin báo bão lần thứ {number * 7 + part}.</p>"
        for part in range(4)
    )
    return (
        f"<!doctype html><html lang='vi'><head><meta charset='utf-8'><title>Tin bão số {number}</title></head>"
        f"<body><article><h1>Tin bão số {number} trong ngày mưa lớn</h1>{body}</article></body></html>"
    ).encode()


def sha1(payload: bytes) -> str:
    """As CC-NEWS gives digests."""
    return "sha1:" + base64.b32encode(hashlib.sha1(payload, usedforsecurity=False).digest()).decode()


def record(
    address: str,
    body: bytes,
    date: str = "2024-05-06T07:08:09Z",
    *,
    kind: str = "response",
    status: str = "200 OK",
    headers: Iterable[str] = ("Content-Type: text/html; charset=utf-8",),
    more: Iterable[str] = (),
    digest: str | None = None,
    length: int | str | None = None,
    http: bytes | None = None,
) -> bytes:
    """One record, unpacked. `http` replaces the HTTP head, `length` the record's true length, `digest` the true digest."""
    if http is None:
        http = ("\r\n".join([f"HTTP/1.1 {status}", *headers]) + "\r\n\r\n").encode()
    block = http + body
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        f"WARC-Date: {date}",
        "WARC-Record-ID: <urn:uuid:12345678-1234-5678-1234-567812345678>",
        f"WARC-Target-URI: {address}",
        f"Content-Type: application/http; msgtype={kind}",
        f"WARC-Payload-Digest: {sha1(body) if digest is None else digest}",
        f"Content-Length: {len(block) if length is None else length}",
        *more,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def packed(*records: bytes) -> bytes:
    """A .warc.gz with every record a member of its own."""
    return b"".join(gzip.compress(one, mtime=0) for one in records)


def news(number: int, host: str = "www.bao-thu.example", date: str = "2024-05-06T07:08:09Z") -> list[bytes]:
    """A page in CC-NEWS' layout: request, response, metadata."""
    address = url(number, host)
    return [
        record(address, b"", date, kind="request", http=b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
        record(
            address,
            html(number),
            date,
            headers=(
                "Content-Type: text/html; charset=utf-8",
                "X-Crawl-Content-Encoding: gzip",
                "X-Crawl-Transfer-Encoding: chunked",
                f"Content-Length: {len(html(number))}",
                "Set-Cookie: ai=1",
                'ETag: "a1"',
            ),
        ),
        record(address, b"fetchTimeMs: 12\r\n", date, kind="metadata", http=b""),
    ]


def info() -> bytes:
    """The record that a file begins with."""
    return record("urn:x", b"software: news-crawl\r\n", kind="warcinfo", http=b"")
