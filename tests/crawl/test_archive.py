"""The archive: what goes in comes out, damage is noticed, and a power cut costs at most the pair being written."""

from __future__ import annotations

import gc
import gzip
import hashlib
import os
import random
import re
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator
from warcio.checker import Checker

from pipeline.crawl.archive import Archive, ArchivedResponse, Damage, Revisit
from pipeline.records import ArchivePlace, FetchKind

PAGE = ArchivedResponse(
    source_id="bao-thu",
    kind="article",
    url="http://bao-thu.example/cho-phien?tu=rss",
    final_url="https://www.bao-thu.example/cho-phien",
    requested_at=datetime(2026, 11, 23, 0, 30, 15, 123456, tzinfo=UTC),
    seconds=0.25,
    status=200,
    headers=(("Content-Type", "text/html; charset=utf-8"), ("ETag", '"v1"')),
    raw="<p>Chợ phiên họp lại sau mưa.</p>".encode(),
    request_headers=(("Host", "www.bao-thu.example"), ("User-Agent", "DiemBao/1"), ("If-None-Match", '"v0"')),
)
KNOWN = hashlib.sha256(b"bai cu").hexdigest()


REVISITS: tuple[Revisit, ...] = ("", "identical", "not-modified")
KINDS: tuple[FetchKind, ...] = ("robots", "feed", "sitemap", "listing", "article")
visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
headers = st.lists(
    st.tuples(st.from_regex(r"[A-Za-z][A-Za-z\-]{0,15}", fullmatch=True), visible), max_size=4
).map(tuple)  # fmt: skip
responses = st.builds(
    ArchivedResponse,
    source_id=st.from_regex(r"[a-z0-9]+(-[a-z0-9]+)*", fullmatch=True),
    kind=st.sampled_from(KINDS),
    url=st.text(st.characters(exclude_categories=("C", "Z")), max_size=40).map(
        lambda path: f"https://a.example/{path}"
    ),
    final_url=visible.map(lambda path: f"https://a.example/{path}"),
    requested_at=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    seconds=st.integers(0, 300_000).map(lambda n: n / 1000),
    status=st.integers(200, 599),
    headers=headers,
    raw=st.binary(max_size=2000),
    request_headers=headers,
    revisit=st.sampled_from(REVISITS),
    payload_sha256=st.just(KNOWN),
)


def as_kept(response: ArchivedResponse, place: ArchivePlace) -> ArchivedResponse:
    """What is read back: the request is a record of its own, a revisit has no body, other bodies have their own hash."""
    kept = replace(response, place=place, request_headers=())
    return replace(kept, raw=b"") if response.revisit else replace(kept, payload_sha256="")


def archive_of(folder: Path, *bodies: bytes) -> tuple[Archive, list[ArchivePlace]]:
    archive = Archive(folder, "diembao test")
    return archive, [archive.append(replace(PAGE, raw=body)) for body in bodies]


@settings(max_examples=60, deadline=None)
@given(response=responses)
def test_whatever_is_written_is_read_back_the_same(
    response: ArchivedResponse, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive = Archive(tmp_path_factory.mktemp("warc"), "diembao test")
    place = archive.append(response)
    assert archive.read(place) == as_kept(response, place)
    assert list(archive.since(place.file, 0)) == [as_kept(response, place)]
    assert list(archive.verify(place.file)) == [as_kept(response, place)]


def mixed(folder: Path) -> Path:
    """A file with one of everything: a page, a packed page, an error, a body that came again, a 304."""
    archive = Archive(folder, "diembao test")
    archive.append(PAGE)
    archive.append(replace(PAGE, raw=gzip.compress(b"x" * 500), headers=(("Content-Encoding", "gzip"),)))
    archive.append(replace(PAGE, status=404, raw=b"khong co"))
    archive.append(replace(PAGE, revisit="identical", payload_sha256=KNOWN))
    archive.append(replace(PAGE, revisit="not-modified", payload_sha256=KNOWN, status=304, raw=b"", request_headers=()))
    return folder / archive.files()[0]


def test_warcio_finds_the_files_in_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = mixed(tmp_path)
    assert Checker(SimpleNamespace(inputs=[str(path)], verbose=True)).process_all() == 0
    told = capsys.readouterr().out
    assert "fail" not in told and told.count("digest pass") == 8  # all but the revisits, whose bodies are elsewhere
    with path.open("rb") as file:
        seen = [
            (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read())
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    (kind, _, description), *rest = seen
    assert (kind, b"software: diembao test" in description) == ("warcinfo", True)
    asked, url = ("request", PAGE.final_url, b""), PAGE.final_url
    assert rest == [
        *(asked, ("response", url, PAGE.raw)),
        *(asked, ("response", url, b"x" * 500)),
        *(asked, ("response", url, b"khong co")),
        *(asked, ("revisit", url, b"")),
        ("revisit", url, b""),
    ]


def test_fastwarc_finds_the_files_in_order(tmp_path: Path) -> None:
    with mixed(tmp_path).open("rb") as file:
        seen = []
        for record in FastIterator(file, parse_http=False):
            assert record.verify_block_digest()
            record.parse_http()
            if record.headers["WARC-Type"] in ("request", "response"):
                assert record.verify_payload_digest()
            seen.append((record.headers["WARC-Type"], record.http_headers and record.http_headers.status_code))
    asked = ("request", None)
    assert seen == [
        ("warcinfo", None),
        *(asked, ("response", 200), asked, ("response", 200), asked, ("response", 404), asked, ("revisit", 200)),
        ("revisit", 304),
    ]


def headers_of(path: Path) -> list[dict[str, str]]:
    with path.open("rb") as file:
        return [
            dict(record.rec_headers.headers) | {"HTTP": record.http_headers and record.http_headers.to_str()}
            for record in ArchiveIterator(file)
        ]


def test_the_records_say_what_the_standard_asks_for(tmp_path: Path) -> None:
    _, request, response, *_ = headers_of(mixed(tmp_path))
    assert request["WARC-Concurrent-To"] == response["WARC-Record-ID"] != request["WARC-Record-ID"]
    assert request["WARC-Date"] == response["WARC-Date"] == "2026-11-23T00:30:15.123456Z"
    assert request["HTTP"].split("\r\n")[:3] == [
        "GET /cho-phien HTTP/1.1",
        "Host: www.bao-thu.example",
        "User-Agent: DiemBao/1",
    ]
    for record in (request, response):
        assert re.fullmatch(r"<urn:uuid:[0-9a-f-]{36}>", record["WARC-Record-ID"])
        assert record["WARC-Block-Digest"].startswith("sha1:") and record["WARC-Payload-Digest"].startswith("sha1:")


def test_revisits_say_which_kind_they_are_and_of_what(tmp_path: Path) -> None:
    _, _, first, *_, identical, unmodified = headers_of(mixed(tmp_path))
    assert identical["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert identical["WARC-Payload-Digest"] == first["WARC-Payload-Digest"]
    assert identical["WARC-Truncated"] == "length"
    assert unmodified["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert "WARC-Payload-Digest" not in unmodified  # nothing came of which it could be the digest
    assert {identical["WARC-Refers-To-Target-URI"], unmodified["WARC-Refers-To-Target-URI"]} == {PAGE.final_url}


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://a.example", "GET / HTTP/1.1"),
        ("https://a.example/tin?trang=2&x=%20#binh-luan", "GET /tin?trang=2&x=%20 HTTP/1.1"),
        ("https://a.example/tin tức", "GET /tin%20t%E1%BB%A9c HTTP/1.1"),
    ],
)
def test_the_request_line_is_that_of_the_address_that_answered(tmp_path: Path, url: str, line: str) -> None:
    place = Archive(tmp_path, "diembao test").append(replace(PAGE, final_url=url))
    assert headers_of(tmp_path / place.file)[1]["HTTP"].startswith(line + "\r\n")


def test_every_record_is_a_gzip_member_of_its_own_so_that_one_can_be_cut_out(tmp_path: Path) -> None:
    _, places = archive_of(tmp_path, b"mot", b"hai")
    assert places[0].offset + places[0].length < places[1].offset  # a request lies between
    content = (tmp_path / places[0].file).read_bytes()
    for place, body in zip(places, (b"mot", b"hai"), strict=True):
        assert gzip.decompress(content[place.offset : place.offset + place.length]).endswith(body + b"\r\n\r\n")


# --- one file after another


def at(day: int, **more: object) -> ArchivedResponse:
    return replace(PAGE, requested_at=PAGE.requested_at.replace(day=day), **more)  # type: ignore[arg-type]


def test_each_day_has_its_files_and_what_comes_late_goes_with_the_new_day(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "diembao test")
    names = [archive.append(at(day)).file for day in (22, 22, 23, 22, 24)]
    first, second, third = (f"diembao-202611{day}-001.warc.gz" for day in (22, 23, 24))
    assert names == [first, first, second, second, third]
    assert archive.files() == [first, second, third]
    assert [len(list(archive.since(name, 0))) for name in archive.files()] == [2, 2, 1]


def test_a_file_that_is_full_is_followed_by_the_next_also_by_another_process(tmp_path: Path) -> None:
    places = [Archive(tmp_path, "diembao test", 2500).append(PAGE) for _ in range(5)]
    archive = Archive(tmp_path, "diembao test", 2500)
    places += [archive.append(PAGE) for _ in range(5)]
    assert len({place.file for place in places}) > 3
    assert archive.files() == sorted({place.file for place in places})
    assert archive.files()[:2] == ["diembao-20261123-001.warc.gz", "diembao-20261123-002.warc.gz"]
    assert all(archive.size(name) >= 2500 for name in archive.files()[:-1])
    assert [one.place for name in archive.files() for one in archive.since(name, 0)] == places
    assert all(headers_of(tmp_path / name)[0]["WARC-Filename"] == name for name in archive.files())


def test_a_file_that_another_has_followed_is_not_touched_again(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "diembao test", 1000)
    archive.append(at(22))
    archive.append(at(22))
    archive.append(at(23))
    closed = {name: (tmp_path / name).read_bytes() for name in archive.files()[:-1]}
    assert len(closed) == 2
    for writer in (archive, Archive(tmp_path, "diembao test", 1 << 30)):
        for day in (22, 23):
            writer.append(at(day))
    assert {name: (tmp_path / name).read_bytes() for name in closed} == closed


def test_names_of_before_there_were_parts_are_read_and_written_on(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "diembao test", 2500)
    old = tmp_path / "diembao-20261123.warc.gz"
    archive.append(PAGE)
    (tmp_path / archive.files()[0]).rename(old)
    archive = Archive(tmp_path, "diembao test", 2500)
    while len(archive.files()) < 3:
        archive.append(PAGE)
    assert archive.files() == [old.name, "diembao-20261123-001.warc.gz", "diembao-20261123-002.warc.gz"]
    assert len(list(archive.since(old.name, 0))) > 1


def test_after_part_999_comes_part_1000(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "diembao test", 1)
    (tmp_path / "diembao-20261123-999.warc.gz").write_bytes(gzip.compress(b"WARC/1.1\r\n"))
    assert archive.append(PAGE).file == archive.files()[-1] == "diembao-20261123-1000.warc.gz"


def test_files_with_other_names_are_none_of_ours(tmp_path: Path) -> None:
    for name in ("CC-NEWS-20261123000000-00001.warc.gz", "diembao-20261123-001 (1).warc.gz", "diembao-2026.warc.gz"):
        (tmp_path / name).write_bytes(b"x")
    archive = Archive(tmp_path, "diembao test")
    assert archive.files() == []
    assert archive.append(PAGE).file == "diembao-20261123-001.warc.gz"


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    archive = Archive(tmp_path, "diembao test")
    for before in (b"", None):
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(OSError, match="No space"):
                archive.append(PAGE)
        path = tmp_path / "diembao-20261123-001.warc.gz"
        assert before is None or path.read_bytes() == before
        archive.append(PAGE)
        assert [record["WARC-Type"] for record in headers_of(path)][:3] == ["warcinfo", "request", "response"]
    assert len(list(archive.since(path.name, 0))) == 2


def test_reading_can_start_behind_what_is_already_known(tmp_path: Path) -> None:
    archive, (first, second, _) = archive_of(tmp_path, b"mot", b"hai", b"ba")
    assert [one.raw for one in archive.since(first.file, first.offset + first.length)] == [b"hai", b"ba"]
    assert [one.raw for one in archive.since(first.file, second.offset + second.length)] == [b"ba"]


def test_a_place_that_holds_no_response_is_an_error(tmp_path: Path) -> None:
    archive, (place,) = archive_of(tmp_path, b"mot")
    for wrong in (
        replace(place, file="diembao-19990101.warc.gz"),
        replace(place, offset=0),  # the file's description
        replace(place, offset=place.offset + 1),
        replace(place, offset=1 << 40),
    ):
        with pytest.raises(LookupError):
            archive.read(wrong)


# --- a power cut in the middle of a write


def test_a_tail_torn_at_any_byte_is_cut_off_and_whole_records_stay(tmp_path: Path) -> None:
    archive, places = archive_of(tmp_path, b"mot", b"hai", b"ba")
    path, last = tmp_path / places[0].file, places[-1]
    whole, kept = path.read_bytes(), places[1].offset + places[1].length
    assert kept < last.offset  # the request of the last one lies between
    for end in sorted({*range(kept, last.offset + last.length, 5), *range(last.offset - 2, last.offset + 3)}):
        path.write_bytes(whole[:end])
        assert [one.raw for one in archive.since(path.name, 0)] == [b"mot", b"hai"]
        assert archive.repair(path.name, 0) == end - kept
        assert path.read_bytes() == whole[:kept]
    assert archive.read(archive.append(replace(PAGE, raw=b"bon"))).raw == b"bon"
    assert [one.raw for one in archive.since(path.name, 0)] == [b"mot", b"hai", b"bon"]


@settings(max_examples=40, deadline=None)
@given(
    wanted=st.lists(responses, min_size=1, max_size=6),
    part=st.sampled_from([1, 3000, 1 << 30]),
    share=st.floats(0, 1),
    data=st.data(),
)
def test_whatever_was_written_before_the_cut_is_read_back_and_nothing_else(
    wanted: Sequence[ArchivedResponse],
    part: int,
    share: float,
    data: st.DataObject,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("warc")
    archive = Archive(folder, "diembao test", part)
    places = [archive.append(one) for one in wanted]
    last = archive.files()[-1]
    whole = (folder / last).read_bytes()
    end = data.draw(st.integers(0, len(whole)) | st.just(int(share * len(whole))))
    (folder / last).write_bytes(whole[:end])
    kept = [
        as_kept(one, place)
        for one, place in zip(wanted, places, strict=True)
        if place.file != last or place.offset + place.length <= end
    ]
    archive = Archive(folder, "diembao test", part)
    archive.repair(last, 0)
    assert [one for name in archive.files() for one in archive.since(name, 0)] == kept
    # And it is as if the torn pair had never been: the file ends behind a whole answer, and is written on.
    place = archive.append(PAGE)
    after = [one for name in archive.files() for one in archive.verify(name)]
    assert after == [*kept, as_kept(PAGE, place)]
    assert archive.damaged == []


@pytest.mark.parametrize("junk", [b"\0" * 4096, b"\x1f", b"junk", b"\x1f\x8b\x08\x00"])
def test_what_a_file_system_leaves_behind_the_last_record_is_cut_off(tmp_path: Path, junk: bytes) -> None:
    archive, (place,) = archive_of(tmp_path, b"mot")
    path = tmp_path / place.file
    whole = path.read_bytes()
    path.write_bytes(whole + junk)
    assert archive.repair(path.name, place.offset) == len(junk)
    assert path.read_bytes() == whole


def test_a_whole_file_is_left_alone(tmp_path: Path) -> None:
    archive, places = archive_of(tmp_path, b"mot", b"hai")
    path = tmp_path / places[0].file
    whole = path.read_bytes()
    for offset in (0, places[1].offset, len(whole)):
        assert archive.repair(path.name, offset) == 0
    assert path.read_bytes() == whole


def test_a_damaged_record_is_stepped_over_and_whole_ones_behind_it_stay(tmp_path: Path) -> None:
    archive, places = archive_of(tmp_path, b"mot", b"hai", b"ba")
    path, second = tmp_path / places[0].file, places[1]
    whole = path.read_bytes()
    for at in range(second.offset, second.offset + second.length, 2):
        damaged = whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]
        path.write_bytes(damaged)
        found = [one.raw for one in archive.since(path.name, 0)]
        assert found in ([b"mot", b"ba"], [b"mot", b"hai", b"ba"])  # gzip does not check its own time stamp
        damage = [one for one in archive.verify(path.name) if isinstance(one, Damage)]
        assert [(one.offset, one.length) for one in damage] == [(second.offset, second.length)] * (3 - len(found))
        assert archive.repair(path.name, 0) == 0
        assert path.read_bytes() == damaged


@pytest.mark.parametrize("inside", ["a page", "a record"])
def test_what_lies_inside_a_torn_record_is_never_taken_for_a_record(tmp_path: Path, inside: str) -> None:
    other, (forged,) = archive_of(tmp_path / "other", b"gia mao")
    member = (other.folder / forged.file).read_bytes()[forged.offset :]
    if inside == "a page":
        member = gzip.compress(b"<p>gia mao</p>")
    # Among bytes that cannot be compressed the member stands in the file as it is.
    noise = random.Random(7).randbytes(20_000)  # noqa: S311 - the same bytes in every run
    archive, places = archive_of(tmp_path, b"mot", noise + member + noise[::-1])
    path = tmp_path / places[0].file
    whole = path.read_bytes()
    assert member in whole
    path.write_bytes(whole[:-3])
    assert [one.raw for one in archive.since(path.name, 0)] == [b"mot"]
    archive.repair(path.name, 0)
    assert path.read_bytes() == whole[: places[0].offset + places[0].length]


def test_reading_a_torn_record_is_an_error_the_caller_knows(tmp_path: Path) -> None:
    archive, (place,) = archive_of(tmp_path, b"mot" * 20)
    path = tmp_path / place.file
    whole = path.read_bytes()
    for end in range(place.offset, place.offset + place.length):
        path.write_bytes(whole[:end])
        with pytest.raises(LookupError):
            archive.read(place)


# --- tampering and decay


def test_a_payload_that_was_altered_is_not_read_as_evidence(tmp_path: Path) -> None:
    archive, (place,) = archive_of(tmp_path, b"cau da hong")
    path = tmp_path / place.file
    content = path.read_bytes()
    record = zlib.decompress(content[place.offset :], 31)
    forged = gzip.compress(record.replace(b"cau da hong", b"cau con tot"))
    assert gzip.decompress(forged) != record
    path.write_bytes(content[: place.offset] + forged)
    with pytest.raises(LookupError, match="altered"):
        archive.read(replace(place, length=len(forged)))
    assert list(archive.since(place.file, 0)) == []
    assert len(archive.damaged) == 1 and "altered" in archive.damaged[0]
    assert [(one.offset, one.length) for one in archive.verify(place.file) if isinstance(one, Damage)] == [
        (place.offset, len(forged))
    ]


@pytest.mark.parametrize("revisit", ["", "identical"])
def test_altered_headers_of_an_answer_are_noticed_too(tmp_path: Path, revisit: Revisit) -> None:
    archive = Archive(tmp_path, "diembao test")
    place = archive.append(replace(PAGE, revisit=revisit))
    content = (tmp_path / place.file).read_bytes()
    record = zlib.decompress(content[place.offset :], 31)
    forged = gzip.compress(record.replace(b'ETag: "v1"', b'ETag: "v2"'))
    (tmp_path / place.file).write_bytes(content[: place.offset] + forged)
    with pytest.raises(LookupError, match="altered"):
        archive.read(replace(place, length=len(forged)))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_record_that_somebody_rewrote_is_the_record_or_an_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive, (place,) = archive_of(tmp_path_factory.mktemp("warc"), b"cau da hong")
    content = (archive.folder / place.file).read_bytes()
    record = zlib.decompress(content[place.offset :], 31)
    start = data.draw(st.integers(0, len(record)))
    end = data.draw(st.integers(start, min(start + 200, len(record))))
    forged = gzip.compress(record[:start] + data.draw(st.binary(max_size=20)) + record[end:])
    (archive.folder / place.file).write_bytes(content[: place.offset] + forged)
    for one in archive.verify(place.file):
        assert isinstance(one, Damage) or one.raw == b"cau da hong"


def test_no_flipped_bit_gives_another_payload(tmp_path: Path) -> None:
    archive, (place,) = archive_of(tmp_path, b"cau da hong")
    path = tmp_path / place.file
    content = path.read_bytes()
    noticed = 0
    for at in range(place.offset, place.offset + place.length):
        path.write_bytes(content[:at] + bytes([content[at] ^ 0x10]) + content[at + 1 :])
        try:
            assert archive.read(place).raw == b"cau da hong"
        except LookupError:
            noticed += 1
    assert noticed > place.length * 0.9  # gzip does not check its own time stamp and system byte


def test_writing_leaves_no_temporary_file_open(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "diembao test")
    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always")
        archive.append(PAGE)
        gc.collect()
    assert [str(one.message) for one in left_open] == []
