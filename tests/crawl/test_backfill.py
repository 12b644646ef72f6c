"""Files of others: whole pages of our outlets come out, whatever else is in the file is counted, damage is told."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import zlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from pipeline.crawl import backfill
from pipeline.crawl.archive import Archive
from pipeline.crawl.backfill import Part, advanced, identify, read_part
from pipeline.crawl.cycle import page_of
from tests.crawl.warcs import SOURCES, html, info, news, packed, record, sha1, url

NOW = datetime(2026, 11, 25, tzinfo=UTC)
LIMIT = 200_000
NO_HTML = ("Content-Type: image/jpeg",)


def read(folder: Path, content: bytes, offset: int = 0) -> Part:
    path = folder / "tin.warc.gz"
    path.write_bytes(content)
    return read_part(path, offset, SOURCES, LIMIT, NOW)


def addresses(part: Part) -> list[str]:
    return [archived.url for archived, _ in part.pages]


def damage(part: Part) -> list[str]:
    return [json.loads(one)["key"].removeprefix("backfill.") for one in part.damage]


def test_pages_of_our_outlets_come_out_of_a_news_file(tmp_path: Path) -> None:
    ours, theirs = news(1), news(2, "bao-khac.example")
    part = read(tmp_path, packed(info(), *ours, *theirs, *news(3, "m.bao-thu.example")))
    assert addresses(part) == [url(1), url(3, "m.bao-thu.example")]
    archived, arrival = part.pages[0]
    assert (archived.source_id, archived.kind, archived.raw) == ("bao-thu", "article", html(1))
    assert archived.requested_at == arrival.fetch.requested_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert dict(archived.headers)["ETag"] == '"a1"' and "Set-Cookie" not in dict(archived.headers)
    assert (arrival.fetch.kind, arrival.fetch.outcome, arrival.fetch.status) == ("article", "ok", 200)
    assert arrival.fetch.payload_sha256 == hashlib.sha256(html(1)).hexdigest()
    assert dict(part.counts) == {"other": 7, "elsewhere": 1}
    assert (part.refused, part.damage) == ((), ())


def test_files_by_another_writer_are_read(tmp_path: Path) -> None:
    for gz in (True, False):
        buffer = io.BytesIO()
        writer = WARCWriter(buffer, gzip=gz, warc_version="1.1")
        writer.write_record(writer.create_warcinfo_record("x", {"software": "x"}))
        head = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        for number in (1, 2):
            body = html(number)
            writer.write_record(
                writer.create_warc_record(
                    url(number),
                    "response",
                    io.BytesIO(body),
                    length=len(body),
                    http_headers=head,
                    warc_headers_dict={"WARC-Date": "2024-05-06T07:08:09.123456Z"},
                )
            )
        writer.write_record(
            writer.create_revisit_record(url(1), sha1(html(1)), url(1), "2024-05-06T07:08:09Z", http_headers=head)
        )
        part = read(tmp_path, buffer.getvalue())
        assert addresses(part) == [url(1), url(2)]
        assert (dict(part.counts), part.damage) == ({"other": 2}, ())


def test_our_own_archive_is_a_file_like_others(tmp_path: Path) -> None:
    (archived, _), *_ = read(tmp_path, packed(record(url(1), html(1)))).pages
    archive = Archive(tmp_path / "archive", "diembao test")
    (place,) = archive.append_many([archived], NOW)
    (again, _), *_ = read_part(tmp_path / "archive" / place.file, 0, SOURCES, LIMIT, NOW).pages
    assert again == archived


@pytest.mark.parametrize(
    ("address", "owner"),
    [
        ("http://bao-thu.example/thoi-su/ba-con-thon-bien-2024050612.htm", "bao-thu"),
        ("https://RSS.bao-thu.example:443/mot-hai-ba-bon-nam", "bao-thu"),
        ("<https://bao-thu.example/mot-hai-ba-bon-nam>", "bao-thu"),
        ("https://cong-thu.example/xem/7", "cong-thu"),
        ("https://cong-thu.example/mot-hai-ba-bon-nam", "cong-thu"),
        ("https://bao-thu.example/chợ-phiên/mot-hai-ba-bon-nam?a=ạ", "bao-thu"),
        ("https://xbao-thu.example/mot-hai-ba-bon-nam", "elsewhere"),
        ("https://bao-thu.example.evil.example/mot-hai-ba-bon-nam", "elsewhere"),
        ("https://bao-thu.example:8080/mot-hai-ba-bon-nam", "elsewhere"),
        ("https://tat.example/mot-hai-ba-bon-nam", "disabled"),
        ("https://bao-thu.example/", "not_article"),
        ("https://bao-thu.example/thoi-su", "not_article"),
        ("https://bao-thu.example/xem/7", "not_article"),  # another outlet's pattern
        ("https://rss.bao-thu.example/moi-nhat-trong-ngay-hom-nay.rss", "not_article"),
        ("https://ten:mat-khau@bao-thu.example/mot-hai-ba-bon-nam", "bad_address"),
        ("ftp://bao-thu.example/mot-hai-ba-bon-nam", "bad_address"),
        ("https://bao-thu.example:99999/mot-hai-ba-bon-nam", "bad_address"),
        ("https://bao-thu.example/mot-hai-ba-bon-nam\x1b[31m", "bad_address"),
        ("https://bao-thu.example/" + "a-" * 2000, "bad_address"),
        ("", "bad_address"),
    ],
)
def test_an_address_says_whose_page_it_is_and_whether_it_is_an_article(
    tmp_path: Path, address: str, owner: str
) -> None:
    part = read(tmp_path, packed(record(address, html(1))))
    assert [archived.source_id for archived, _ in part.pages] + list(part.counts) == [owner]


def test_of_two_outlets_on_one_host_the_longer_home_owns_the_page(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(packed(*(record(f"https://a.example/{one}/mot-hai-ba-bon-nam", html(1)) for one in ("en", "end"))))
    general = SOURCES[0].__class__("general", "G", "https://a.example/", "vi", "national")
    english = SOURCES[0].__class__("english", "E", "https://a.example/en/", "en", "national")
    for sources in ((general, english), (english, general)):
        found = read_part(path, 0, sources, LIMIT, NOW).pages
        assert [archived.source_id for archived, _ in found] == ["english", "general"]


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("2024-05-06T07:08:09.5Z", datetime(2024, 5, 6, 7, 8, 9, 500_000, tzinfo=UTC)),
        ("2024-05-06T07:08:09.123456789Z", datetime(2024, 5, 6, 7, 8, 9, 123_456, tzinfo=UTC)),
        ("2024-05-06T14:08:09+07:00", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06T07:08:09", datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)),
        ("2024-05-06", datetime(2024, 5, 6, tzinfo=UTC)),
        ("2026-11-25T00:00:01Z", "future"),
        ("9999-12-31T23:59:59-12:00", "bad_date"),
        ("0001-01-01T00:00:00+12:00", "bad_date"),
        ("1980-01-01T00:00:00Z", "bad_date"),
        ("hôm qua", "bad_date"),
        ("", "bad_date"),
    ],
)
def test_dates_are_read_or_refused(tmp_path: Path, date: str, at: datetime | str) -> None:
    part = read(tmp_path, packed(record(url(1), html(1), date)))
    assert [arrival.fetch.requested_at for _, arrival in part.pages] + list(part.counts) == [at]


def chunked(body: bytes, size: int = 100) -> bytes:
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x;ext=1\r\n%b\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"


@pytest.mark.parametrize(
    ("headers", "stored", "raw"),
    [
        ((), html(1), html(1)),
        (("Content-Encoding: gzip",), gzip.compress(html(1), mtime=0), gzip.compress(html(1), mtime=0)),
        (("Content-Encoding: deflate",), zlib.compress(html(1)), zlib.compress(html(1))),
        (("Content-Encoding: gzip",), html(1), html(1)),  # unpacked by the crawler, which left the header
        (("Content-Encoding: br", "Content-Length: 12"), html(1), html(1)),
        (("Transfer-Encoding: chunked",), chunked(html(1)), html(1)),
        (("Transfer-Encoding: chunked",), html(1), html(1)),
        (
            ("Transfer-Encoding: chunked", "Content-Encoding: gzip"),
            chunked(gzip.compress(html(1), mtime=0)),
            gzip.compress(html(1), mtime=0),
        ),
        (("Transfer-Encoding: chunked", "Content-Encoding: gzip"), html(1), html(1)),
    ],
)
def test_a_page_is_unpacked_as_its_headers_say_or_as_it_is(
    tmp_path: Path, headers: tuple[str, ...], stored: bytes, raw: bytes
) -> None:
    part = read(tmp_path, packed(record(url(1), stored, headers=("Content-Type: text/html", *headers))))
    ((archived, arrival),) = part.pages
    assert archived.raw == raw
    assert page_of(archived).body == html(1)
    assert arrival.fetch.payload_sha256 == hashlib.sha256(html(1)).hexdigest()


BOMB = gzip.compress(b"<html>" + b" " * (LIMIT + 1))


@pytest.mark.parametrize(
    ("one", "key"),
    [
        (record(url(1), b"", status="304 Not Modified"), "status"),
        (record(url(1), html(1), status="301 Moved", headers=("Location: /x",)), "status"),
        (record(url(1), html(1), status="404 Not Found"), "status"),
        (record(url(1), html(1), status="9 Lives"), "status"),
        (record(url(1), html(1), kind="revisit"), "other"),
        (record(url(1), html(1), kind="resource"), "other"),
        (record(url(1), html(1), kind="no-such-type"), "other"),
        (record(url(1), b"\xff\xd8", headers=NO_HTML), "not_html"),
        (record(url(1), html(1), headers=()), "not_html"),
        (record(url(1), html(1), status="two hundred"), "malformed"),
        (record(url(1), html(1), http=b"<html>no HTTP here</html>\r\n\r\n"), "malformed"),
        (record(url(1), html(1), http=b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000 + b"\r\n"), "malformed"),
        (record(url(1), html(1), http=b""), "malformed"),
        (record(url(1), b" \r\n"), "empty"),
        (record(url(1), b"<html>" + b"x" * LIMIT), "too_large"),
        (record(url(1), b"<html>" + b"x" * 2 * LIMIT), "too_large"),
        (record(url(1), BOMB, headers=("Content-Type: text/html", "Content-Encoding: gzip")), "too_large"),
        (record(url(1), html(1), headers=("Content-Type: text/html", "Content-Length: 99999")), "truncated"),
        (record(url(1), html(1), more=("WARC-Truncated: length",)), "truncated"),
        (record(url(1), b"\x8b\x05", headers=("Content-Type: text/html", "Content-Encoding: gzip")), "encoding"),
        (
            record(url(1), gzip.compress(html(1))[:-9], headers=("Content-Type: text/html", "Content-Encoding: gzip")),
            "encoding",
        ),
        (record(url(1), b"x", headers=("Content-Type: text/html", "Content-Encoding: rot13")), "encoding"),
        (
            record(url(1), chunked(html(1))[:-50], headers=("Content-Type: text/html", "Transfer-Encoding: chunked")),
            "encoding",
        ),
        (record(url(1), html(1), digest=sha1(html(2))), "digest"),
        (record(url(1), html(1), digest="sha1:"), "digest"),
        (
            record(url(1), html(1), digest="sha256:" + hashlib.sha1(html(1), usedforsecurity=False).hexdigest()),
            "digest",
        ),
        (record(url(1), html(1), length=700), "wrong_length"),
        (record(url(1), html(1), length=1500), "wrong_length"),
        (record(url(1), html(1), length=100_000), "wrong_length"),
        (record(url(1), html(1), length=-1), "wrong_length"),
        (record(url(1), html(1), length=1 << 40), "too_large"),
    ],
)
def test_what_is_no_page_or_is_not_what_it_says_is_counted_and_its_neighbours_stay(
    tmp_path: Path, one: bytes, key: str
) -> None:
    good = [record(url(number), html(number)) for number in (7, 8)]
    part = read(tmp_path, packed(good[0], one, good[1]))
    assert addresses(part) == [url(7), url(8)]
    assert dict(part.counts) == {key: 1}
    assert part.refused == (((url(1), key),) if key in backfill.REFUSED else ())
    assert part.damage == ()


@pytest.mark.parametrize("spelled", ["hex", "base32", "base64", "unknown"])
@pytest.mark.parametrize("algorithm", ["sha1", "sha-1", "SHA256"])
def test_digests_are_checked_however_they_are_spelled(tmp_path: Path, algorithm: str, spelled: str) -> None:
    found = hashlib.new(algorithm.lower().replace("-", ""), html(1), usedforsecurity=False).digest()
    told = {
        "hex": found.hex().upper(),
        "base32": base64.b32encode(found).decode(),
        "base64": base64.b64encode(found).decode(),
        "unknown": "7",
    }[spelled]
    name = "blake2" if spelled == "unknown" else algorithm
    assert addresses(read(tmp_path, packed(record(url(1), html(1), digest=f"{name}:{told}")))) == [url(1)]
    if spelled != "unknown":
        part = read(tmp_path, packed(record(url(1), html(2), digest=f"{name}:{told}")))
        assert dict(part.counts) == {"digest": 1}


def test_a_digest_may_be_of_the_page_as_stored_or_without_its_chunks(tmp_path: Path) -> None:
    headers = ("Content-Type: text/html", "Transfer-Encoding: chunked")
    for of in (html(1), chunked(html(1))):
        part = read(tmp_path, packed(record(url(1), chunked(html(1)), headers=headers, digest=sha1(of))))
        assert addresses(part) == [url(1)]


def test_headers_that_cannot_be_written_down_do_not_reach_the_archive(tmp_path: Path) -> None:
    http = (
        b"HTTP/1.1 200 OK\nContent-Type: text/html\nno colon\nBad Name: 1\n: empty\nX-Cr: a\rb\x00c\nX-V: \xe1\xba\xa1\n"
        b"Diembao-Source: khac\n\n"
    )
    ((archived, _),) = read(tmp_path, packed(record(url(1), html(1), http=http))).pages
    headers = dict(archived.headers)
    assert headers.keys() == {"Content-Type", "X-Cr", "X-V", "Diembao-Source"}
    assert headers["X-Cr"] == "a b c"
    archive = Archive(tmp_path / "archive", "diembao test")
    (place,) = archive.append_many([archived], NOW)
    again = archive.read(place)
    assert (again.source_id, again.raw, again.requested_at) == ("bao-thu", html(1), archived.requested_at)


# --- damaged files


def three() -> list[bytes]:
    return [packed(record(url(number), html(number))) for number in (1, 2, 3)]


def test_a_file_cut_at_any_byte_gives_what_is_whole_and_says_so(tmp_path: Path) -> None:
    one, two, three_ = three()
    for end in [
        *range(len(one + two) + 1, len(one + two) + 20),
        *range(len(one + two + three_) - 20, len(one + two + three_)),
    ]:
        part = read(tmp_path, (one + two + three_)[:end])
        assert addresses(part) == [url(1), url(2)], end
        assert damage(part) == ["torn"], end
        assert part.end == end
    assert damage(read(tmp_path, one + two)) == []


def test_what_lies_inside_a_torn_record_is_never_taken_for_a_record(tmp_path: Path) -> None:
    one, two, _ = three()
    # Stored without compression, so that the member inside stands in the file as it is.
    inside = gzip.compress(record("https://bao-thu.example/x", b"<html>" + two + b"x" * 5000), compresslevel=0)
    assert two in inside
    part = read(tmp_path, (one + inside)[:-3])
    assert addresses(part) == [url(1)]
    assert damage(part) == ["torn"]


@pytest.mark.parametrize(
    "between",
    [
        b"junk" * 100,
        b"\x1f\x8b\x08\x00" * 50,
        b"\0" * 200_000,
        gzip.compress(b"not a record\r\n\r\n" * 50),
        gzip.compress(b"\0" * 5_000_000),
        gzip.compress(b""),
        three()[1][:300],
    ],
)
def test_whole_records_behind_a_damaged_stretch_are_read_and_the_damage_is_told_once(
    tmp_path: Path, between: bytes
) -> None:
    one, two, three_ = three()
    part = read(tmp_path, one + two + between + three_)
    assert addresses(part) == [url(1), url(2), url(3)]
    assert damage(part) == ["broken"]
    assert json.loads(part.damage[0])["byte"] == len(one + two)
    assert part.end == len(one + two + between + three_)


def test_no_flipped_bit_gives_another_page(tmp_path: Path) -> None:
    one, two, three_ = three()
    for at in range(len(one), len(one + two), 7):
        content = bytearray(one + two + three_)
        content[at] ^= 0x20
        part = read(tmp_path, bytes(content))
        assert [archived.raw for archived, _ in part.pages] in (
            [html(1), html(2), html(3)],  # gzip does not check its own time stamp
            [html(1), html(3)],
            [html(1)],
        )
        assert len(part.pages) == 3 or part.damage or part.counts, at


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x1f\x8b\x08junk", gzip.compress(b"x"), b"PK\x03\x04" * 100])
def test_what_is_no_warc_file_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(content)
    part = read_part(path, 0, SOURCES, LIMIT, NOW)
    told = (*identify(path, SOURCES).damage, *part.damage)
    assert told and part.end == len(content) and not part.pages


def test_a_file_packed_as_one_piece_is_refused_with_advice(tmp_path: Path) -> None:
    part = read(tmp_path, gzip.compress(b"".join(record(url(number), html(number)) for number in range(200))))
    assert damage(part) == ["not_by_record"]
    assert part.counts.total() + len(part.pages) <= 1


def test_a_plain_file_is_read_up_to_its_first_damage(tmp_path: Path) -> None:
    good = [record(url(number), html(number)) for number in (1, 2, 3)]
    assert addresses(read(tmp_path, b"".join(good))) == [url(1), url(2), url(3)]
    part = read(tmp_path, good[0] + good[1] + b"junk" + good[2])
    assert (addresses(part), damage(part)) == ([url(1), url(2)], ["broken_plain"])
    for cut in (1, 4, 5, 300):
        part = read(tmp_path, b"".join(good)[:-cut])
        assert (addresses(part), damage(part)) == ([url(1), url(2)], ["torn"])
    # A page that holds a record, in a record that claims to be shorter than it is.
    forged = b"<html>x\r\n\r\n" + record("https://cong-thu.example/xem/1", html(9))
    short = record(url(2), forged, length=len("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n") + 6)
    part = read(tmp_path, good[0] + short + good[2])
    assert addresses(part) == [url(1)]
    assert (dict(part.counts), damage(part)) == ({"wrong_length": 1}, ["broken_plain"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_file_however_mangled_is_more_than_told(data: st.DataObject, tmp_path: Path) -> None:
    content = bytearray(packed(info(), *news(1), *news(2)) if data.draw(st.booleans()) else b"".join(news(1)))
    for _ in range(data.draw(st.integers(0, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=40))
    part = read(tmp_path, bytes(content))
    assert part.end == len(content)
    assert all(archived.raw in (html(1), html(2)) for archived, _ in part.pages)


# --- reading on


@pytest.mark.parametrize("gz", [True, False])
def test_a_file_read_in_parts_gives_what_it_gives_in_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gz: bool
) -> None:
    records = [
        info(),
        *(one for number in range(30) for one in news(number, "x.example" if number % 3 else "bao-thu.example")),
    ]
    content = packed(*records) if gz else b"".join(records)
    whole = read(tmp_path, content)
    monkeypatch.setattr(backfill, "_PART", 2_500)
    parts, at = [], 0
    while at < len(content):
        parts.append(read(tmp_path, content, at))
        assert parts[-1].end > at
        at = parts[-1].end
    assert len(parts) > 5
    assert sum((part.pages for part in parts), ()) == whole.pages
    assert sum((part.counts for part in parts), whole.counts.__class__()) == whole.counts
    assert [part.damage for part in parts if part.damage] == []


def test_a_file_is_known_by_its_name_and_ends_and_by_what_is_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    seen = set()
    for content in (b"a" * 3_000_000, b"b" + b"a" * 2_999_999, b"a" * 2_999_999 + b"b", b"a" * 2_999_999):
        path.write_bytes(content)
        seen.add(identify(path, SOURCES).id)
        assert identify(path, SOURCES).id in seen
    seen.add(identify(path, SOURCES[:1]).id)
    seen.add(identify(path.rename(tmp_path / "b.warc.gz"), SOURCES).id)
    assert len(seen) == 6


def test_what_parts_gave_adds_up(tmp_path: Path) -> None:
    content = packed(info(), *news(1, date="2024-05-06T00:00:00Z"), *news(2, date="2024-04-01T00:00:00Z"))
    part = read(tmp_path, content)
    file = identify(tmp_path / "tin.warc.gz", SOURCES)
    once = advanced(file, part, [arrival for _, arrival in part.pages[:1]])
    assert (once.done_to, dict(once.counts)) == (len(content), {"other": 5, "taken": 1, "known": 1})
    twice = advanced(once, part, [arrival for _, arrival in part.pages])
    assert dict(twice.sources) == {"bao-thu": 3}
    assert (twice.first, twice.last) == (datetime(2024, 4, 1, tzinfo=UTC), datetime(2024, 5, 6, tzinfo=UTC))
