"""`diembao doctor`: files, digests and ledger against each other; with --words the decoder against underthesea."""

from __future__ import annotations

import gzip
import random
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
import typer

from pipeline import cli, cli_doctor
from pipeline.crawl.archive import Archive, ArchivedResponse
from pipeline.demo.server import serving
from pipeline.errors import ModelError
from pipeline.records import ArchivePlace, FetchKind, Made, Words
from pipeline.store import articles
from pipeline.store.database import Database
from pipeline.text import verify, words
from pipeline.text.segmenter import Segmenter
from pipeline.text.words import VERDICTS, VERIFIED, read_verdicts
from tests.office import Office, free_ports
from tests.store.rows import SEGMENTER, T0, hours, publish


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose underthesea is of a release that nobody has seen; of our own texts it has two."""
    monkeypatch.setenv("DIEMBAO_LANG", "en")
    monkeypatch.setattr(words, "identity", lambda: "a release of tomorrow")
    monkeypatch.setattr(cli_doctor, "_own_texts", lambda _: iter(["Ngư dân bám biển.", ""]))
    return Office.set_up(tmp_path, 9)


def doctor(office: Office, *, archive: bool = False, words: bool = True) -> None:
    cli_doctor.doctor(archive=archive, words=words, config=office.folder / "diembao.toml", data=office.data)


def stored(office: Office, *made: Made) -> None:
    database = Database(office.data)
    for number, way in enumerate(made):
        version = publish(database, str(number), T0, text=f"Tàu số {number} ra khơi.\n\nBiển lặng.", title="Hộ đê")
        articles.write_words(database, SEGMENTER, [Words(version.id, "", "", "", way)], [])
    database.close()


def test_a_release_that_gives_the_same_words_is_trusted_from_then_on(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not words.trusted(read_verdicts(office.data))
    doctor(office)
    assert "2 texts" in capsys.readouterr().out
    assert words.trusted(read_verdicts(office.data))
    assert words.notice(read_verdicts(office.data)) == ""


def test_texts_of_the_store_are_compared_too_and_how_its_words_were_made_is_told(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(office, "fast", "fast", "checked", "reference", "differed", "plain")
    doctor(office)
    told = capsys.readouterr().out
    assert "2 texts made fast, 1 made fast and found the same, 1 made by underthesea, 1 that differed" in told
    # Two of ours; of each of six versions title, lead, two paragraphs and the empty line between them.
    assert f"{2 + 6 * 5} texts" in told


def test_a_release_that_gives_other_words_is_shown_and_not_trusted(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(office, "fast", "fast", "fast", "fast", "fast", "fast", "fast")
    monkeypatch.setattr(verify, "word_tokenize", lambda text, **_: text.replace("ra khơi", "ra_khơi"))
    monkeypatch.setattr(cli_doctor, "_own_texts", lambda _: iter(()))
    with pytest.raises(typer.Exit) as ended:
        doctor(office)
    assert ended.value.exit_code == 1
    told = capsys.readouterr().out
    assert "ra_khơi" in told and "ra khơi" in told
    assert told.count("underthesea: ") == 5  # the first ones
    assert read_verdicts(office.data) == {"a release of tomorrow": False}
    assert "doctor --words" in words.notice(read_verdicts(office.data))


def test_a_verified_release_found_to_differ_here_is_trusted_no_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    (verified,) = VERIFIED
    monkeypatch.setattr(words, "identity", lambda: verified)
    assert words.trusted(read_verdicts(office.data))
    monkeypatch.setattr(Segmenter, "words", lambda *_: "khác")
    with pytest.raises(typer.Exit):
        doctor(office)
    assert not words.trusted(read_verdicts(office.data))


def test_a_model_of_another_form_is_told_and_nothing_is_recorded(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "fast_segmenter", lambda: "UnknownModel: version 200")
    with pytest.raises(ModelError, match="version 200"):
        doctor(office)
    assert not (office.data / VERDICTS).exists()


def test_the_line_leaves_words_to_a_release_that_nobody_has_seen_and_says_so_once(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    database = Database(office.data)
    for number in range(3):
        publish(database, str(number), T0, text=f"Tàu số {number} ra khơi.", judged=False)
    database.close()
    cli.process(config=office.folder / "diembao.toml", data=office.data)
    assert capsys.readouterr().err.count("has not been compared on this machine") == 1
    database = Database(office.data)
    assert articles.words_made(database) == {"reference": 3}
    database.close()


@pytest.mark.slow
def test_the_installed_release_is_found_the_same_on_all_our_texts(tmp_path: Path) -> None:
    office = Office.set_up(tmp_path, 9)
    done = office.run("doctor", "--words")
    assert done.returncode == 0, done.stderr
    assert "9.5.0" in done.stdout
    assert read_verdicts(office.data) == {words.identity(): True}


# --- files, digests and ledger


@dataclass
class Kept:
    """An office's archive, its places, and what the doctor says of it."""

    office: Office
    places: list[ArchivePlace]
    capsys: pytest.CaptureFixture[str]

    @property
    def file(self) -> Path:
        return self.office.data / "archive" / self.places[0].file

    def examined(self, status: int = 0) -> str:
        """What `diembao doctor` prints; it must end with this status."""
        self.capsys.readouterr()
        try:
            doctor(self.office, words=False)
            ended = 0
        except typer.Exit as told:
            ended = told.exit_code
        said = self.capsys.readouterr().out
        assert ended == status, said
        return said

    def change(self, sql: str, *values: object) -> None:
        database = Database(self.office.data)
        database.run(sql, values)
        database.close()

    def rows(self) -> list[tuple[object, ...]]:
        """The whole index: every line, and every link."""
        database = Database(self.office.data)
        found = database.rows("SELECT * FROM fetches ORDER BY id") + database.rows("SELECT * FROM links ORDER BY key")
        database.close()
        return found

    def damage(self, place: ArchivePlace) -> None:
        """Zeros in the middle of a record, as a dying disk leaves them."""
        content = bytearray(self.file.read_bytes())
        middle = place.offset + place.length // 2
        content[middle : middle + 20] = bytes(20)
        self.file.write_bytes(content)

    def rewrite(self, place: ArchivePlace, change: Callable[[bytes], bytes]) -> None:
        """Another record in the place of one, as somebody who knows the format would put it."""
        content = self.file.read_bytes()
        member = gzip.compress(change(zlib.decompress(content[place.offset :], 31)), mtime=0)
        self.file.write_bytes(content[: place.offset] + member + content[place.offset + place.length :])


FEED = b"""<rss version="2.0"><channel><item><title>C\xe1\xba\xa3ng c\xc3\xa1</title>
<link>http://song-hieu.example/cang</link></item></channel></rss>"""


def answers() -> Iterator[ArchivedResponse]:
    """A feed, three pages of which one is packed, a page that is missing, one that is unchanged."""
    base = "http://song-hieu.example"
    for number, (kind, path, status, raw) in enumerate(
        [
            ("feed", "rss", 200, FEED),
            ("article", "cang", 200, b"<h1>Cang</h1>" * 30),
            ("article", "cho", 200, b"<h1>Cho</h1>" * 30),
            ("article", "lua", 200, gzip.compress(b"<h1>Lua</h1>")),
            ("article", "mat", 404, b"khong co"),
            ("article", "cho", 200, b""),
        ]
    ):
        made = ArchivedResponse(
            source_id="song-hieu",
            kind=cast("FetchKind", kind),
            url=f"{base}/{path}",
            final_url=f"{base}/{path}",
            requested_at=T0 + hours(number),
            seconds=0.1,
            status=status,
            headers=(("Content-Type", "text/html"), *([("Content-Encoding", "gzip")] if path == "lua" else [])),
            raw=raw,
            request_headers=(("Host", "song-hieu.example"),),
        )
        yield replace(made, revisit="identical", payload_sha256="0" * 64) if number == 5 else made


@pytest.fixture
def kept(office: Office, capsys: pytest.CaptureFixture[str]) -> Kept:
    """An office whose archive was taken in."""
    archive = Archive(office.data / "archive", "diembao test")
    made = Kept(office, [archive.append(one) for one in answers()], capsys)
    assert "6 records of the archive written up" in made.examined()
    return made


def test_a_store_that_is_whole_is_said_to_be_and_is_not_changed(kept: Kept) -> None:
    before, content = kept.rows(), kept.file.read_bytes()
    said = kept.examined()
    assert "1 files" in said and "6 pages and answers" in said and "6 lines" in said and "agree" in said
    assert "Mended" not in said
    assert (kept.rows(), kept.file.read_bytes()) == (before, content)
    assert len(before) == 6 + 1


def test_a_database_that_is_gone_is_made_again_from_the_files(kept: Kept) -> None:
    before = kept.rows()
    (kept.office.data / "diembao.duckdb").unlink()
    assert "6 records of the archive written up" in kept.examined()
    assert kept.rows() == before
    assert "Mended" not in kept.examined()


def test_lines_that_are_gone_are_written_up_again_though_the_file_counts_as_taken_in(kept: Kept) -> None:
    before = kept.rows()
    kept.change("DELETE FROM fetches WHERE status = 404 OR kind = 'feed'")
    kept.change("DELETE FROM links")
    assert "2 records of the archive written up" in kept.examined()
    assert [row[0] for row in kept.rows()] == [row[0] for row in before]


def test_a_line_that_points_to_the_wrong_place_is_pointed_to_the_right_one(kept: Kept) -> None:
    before = kept.rows()
    kept.change("UPDATE fetches SET warc_offset = warc_offset + 1 WHERE url LIKE '%/cang'")
    kept.change("UPDATE fetches SET warc_file = 'diembao-20200101-001.warc.gz' WHERE url LIKE '%/lua'")
    assert "2 lines pointed to the right place" in kept.examined()
    assert kept.rows() == before


def test_a_file_under_another_name_is_the_same_evidence(kept: Kept) -> None:
    kept.file.rename(kept.file.with_name("diembao-20261120-007.warc.gz"))
    assert "6 lines pointed to the right place" in kept.examined()
    assert "Mended" not in kept.examined()


def test_a_copy_of_a_file_is_no_trouble(kept: Kept) -> None:
    before = kept.rows()
    kept.file.with_name("diembao-20261120-002.warc.gz").write_bytes(kept.file.read_bytes())
    kept.examined()
    assert "Mended" not in kept.examined()
    assert kept.rows() == before


def test_a_torn_end_is_cut_off_and_told(kept: Kept) -> None:
    whole = kept.file.read_bytes()
    kept.file.write_bytes(whole + whole[kept.places[1].offset :][:50])
    assert "50 torn bytes cut off" in kept.examined()
    assert kept.file.read_bytes() == whole


@pytest.mark.parametrize("number", [0, 2, 5])
def test_a_damaged_record_is_told_by_its_address_and_the_others_are_well(kept: Kept, number: int) -> None:
    kept.damage(kept.places[number])
    before = kept.file.read_bytes()
    said = kept.examined(1)
    url = list(answers())[number].url
    assert f"{kept.file.name}, byte {kept.places[number].offset}: the record of {url} is lost" in said
    assert "1 places cannot be mended" in said
    assert kept.file.read_bytes() == before


def test_a_damaged_request_is_told_too(kept: Kept) -> None:
    start = kept.places[0].offset + kept.places[0].length
    kept.damage(ArchivePlace(kept.file.name, start, kept.places[1].offset - start))
    said = kept.examined(1)
    assert f"byte {start}: {kept.places[1].offset - start} bytes can no longer be read" in said


def test_a_body_that_was_rewritten_is_told(kept: Kept) -> None:
    kept.rewrite(kept.places[2], lambda record: record.replace(b"Cho", b"Chi"))
    said = kept.examined(1)
    assert "the record of http://song-hieu.example/cho is lost or was altered" in said


def test_a_body_rewritten_with_all_its_digests_is_told_by_the_ledger(kept: Kept) -> None:
    archive = Archive(kept.office.data / "elsewhere", "diembao test")
    forged = archive.append(replace(list(answers())[1], raw=b"<h1>Khac</h1>", request_headers=()))
    member = (archive.folder / forged.file).read_bytes()[forged.offset :]
    place, content = kept.places[1], kept.file.read_bytes()
    kept.file.write_bytes(content[: place.offset] + member + content[place.offset + place.length :])
    # The record is now of another length, so that every later line points to the wrong place: those can be mended.
    said = kept.examined(1)
    assert "the body of http://song-hieu.example/cang is not the one" in said and "1 places" in said
    assert "4 lines pointed to the right place" in said
    assert "the body of" in kept.examined(1)  # it is not made good by asking twice


def test_another_record_where_the_ledger_says_something_else_is_told(kept: Kept) -> None:
    kept.change("UPDATE fetches SET url = 'http://song-hieu.example/la' WHERE url LIKE '%/cang'")
    assert "the ledger says http://song-hieu.example/la, the archive holds another record" in kept.examined(1)


def test_a_file_that_is_gone_is_told_once(kept: Kept) -> None:
    kept.file.unlink()
    said = kept.examined(1)
    assert "there is no such file; 6 lines of the ledger point to it" in said and "1 places" in said


def test_of_many_troubles_the_first_are_shown(kept: Kept) -> None:
    for place in kept.places:
        kept.damage(place)
    said = kept.examined(1)
    assert said.count("byte ") == 5 and "and 1 more" in said and "6 places cannot be mended" in said


def test_what_lies_inside_a_damaged_record_is_not_taken_in(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    archive = Archive(office.data / "archive", "diembao test")
    other = Archive(office.data / "elsewhere", "diembao test")
    forged = other.append(replace(next(answers()), url="http://song-hieu.example/gia-mao", request_headers=()))
    member = (other.folder / forged.file).read_bytes()[forged.offset :]
    noise = random.Random(7).randbytes(20_000)  # noqa: S311 - bytes that cannot be compressed: the member stands in the file
    hostile = replace(next(answers()), kind="article", raw=noise + member + noise[::-1])
    held = Kept(office, [archive.append(hostile)], capsys)
    held.examined()
    content = bytearray(held.file.read_bytes())
    content[held.places[0].offset + 800] ^= 0xFF
    held.file.write_bytes(content)
    assert member in content
    assert "the record of http://song-hieu.example/rss is lost" in held.examined(1)
    assert len(held.rows()) == 1


def test_both_can_be_examined_at_once_and_either_ends_with_its_status(kept: Kept) -> None:
    doctor(kept.office, archive=True, words=True)
    said = kept.capsys.readouterr().out
    assert "ledger agree" in said and "2 texts" in said
    doctor(kept.office)
    assert "ledger agree" not in kept.capsys.readouterr().out
    kept.damage(kept.places[1])
    with pytest.raises(typer.Exit):
        doctor(kept.office, archive=True, words=True)
    assert "2 texts" in kept.capsys.readouterr().out


@pytest.mark.slow
def test_the_ledger_of_a_whole_office_is_made_again_from_its_archive(tmp_path: Path) -> None:
    first_port = free_ports()
    office = Office.set_up(tmp_path, first_port)

    # What failed without an answer left no record: when it was tried, and how often, is not known again.
    def taken_in() -> list[list[tuple[object, ...]]]:
        database = Database(office.data)
        try:
            return [
                database.rows("SELECT * FROM fetches WHERE warc_file IS NOT NULL ORDER BY id"),
                database.rows("SELECT * EXCLUDE (asked_at, tries) FROM links ORDER BY key"),
                database.rows("SELECT * FROM archive_files ORDER BY name"),
            ]
        finally:
            database.close()

    with serving(first_port, datetime.now(UTC)):
        office.ok("crawl")
    before = taken_in()
    assert len(before[0]) > 150
    (office.data / "diembao.duckdb").unlink()
    said = office.ok("doctor")
    assert str(len(before[0])) in said
    assert taken_in() == before
    (archived,) = (office.data / "archive").iterdir()
    content = archived.read_bytes()
    archived.write_bytes(content[: len(content) // 2])
    done = office.run("doctor")
    assert done.returncode == 1, done.stderr
    assert "không sửa được" in done.stdout
