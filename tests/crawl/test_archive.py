"""The archive: what goes in comes out, damage is noticed, and a power cut costs at most the record being written."""

from __future__ import annotations

import gc
import gzip
import random
import warnings
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipeline.crawl.archive import Archive, ArchivedResponse
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
)


KINDS: tuple[FetchKind, ...] = ("robots", "feed", "sitemap", "listing", "article")
visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=30)
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
    headers=st.lists(st.tuples(st.from_regex(r"[A-Za-z][A-Za-z\-]{0,15}", fullmatch=True), visible), max_size=4).map(
        tuple
    ),
    raw=st.binary(max_size=2000),
)


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
    assert archive.read(place) == replace(response, place=place)
    assert list(archive.since(place.file, 0)) == [replace(response, place=place)]


def test_other_tools_read_the_files(tmp_path: Path) -> None:
    packed = replace(PAGE, raw=gzip.compress(b"x" * 500), headers=(("Content-Encoding", "gzip"),))
    archive, (place,) = archive_of(tmp_path, PAGE.raw)
    archive.append(packed)
    with (tmp_path / place.file).open("rb") as file:
        seen = [
            (record.rec_type, record.rec_headers.get_header("WARC-Target-URI"), record.content_stream().read())
            for record in ArchiveIterator(file, check_digests="raise")
        ]
    (kind, _, description), *responses = seen
    assert (kind, b"software: diembao test" in description) == ("warcinfo", True)
    assert responses == [("response", PAGE.final_url, PAGE.raw), ("response", PAGE.final_url, b"x" * 500)]


def test_every_record_is_a_gzip_member_of_its_own_so_that_one_can_be_cut_out(tmp_path: Path) -> None:
    _, places = archive_of(tmp_path, b"mot", b"hai")
    content = (tmp_path / places[0].file).read_bytes()
    for place, body in zip(places, (b"mot", b"hai"), strict=True):
        assert gzip.decompress(content[place.offset : place.offset + place.length]).endswith(body + b"\r\n\r\n")


def test_there_is_one_file_a_day_listed_oldest_first(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "diembao test")
    days = (24, 22, 23, 22)
    places = [archive.append(replace(PAGE, requested_at=PAGE.requested_at.replace(day=day))) for day in days]
    assert len({place.file for place in places}) == 3
    assert archive.files() == sorted({place.file for place in places})
    assert [len(list(archive.since(name, 0))) for name in archive.files()] == [2, 1, 1]


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
    whole = path.read_bytes()
    for end in range(last.offset, last.offset + last.length):
        path.write_bytes(whole[:end])
        assert [one.raw for one in archive.since(path.name, 0)] == [b"mot", b"hai"]
        assert archive.repair(path.name, 0) == end - last.offset
        assert path.read_bytes() == whole[: last.offset]
    assert archive.read(archive.append(replace(PAGE, raw=b"bon"))).raw == b"bon"
    assert [one.raw for one in archive.since(path.name, 0)] == [b"mot", b"hai", b"bon"]


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
    for at in range(second.offset, second.offset + second.length):
        damaged = whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]
        path.write_bytes(damaged)
        found = [one.raw for one in archive.since(path.name, 0)]
        assert found in ([b"mot", b"ba"], [b"mot", b"hai", b"ba"])  # gzip does not check its own time stamp
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
    assert path.read_bytes() == whole[: places[1].offset]


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
