"""`diembao doctor --words`: the decoder against underthesea, on this machine's texts."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from pipeline import cli
from pipeline.errors import ConfigError, ModelError
from pipeline.records import Made, Words
from pipeline.store import articles
from pipeline.store.database import Database
from pipeline.text import verify, words
from pipeline.text.segmenter import Segmenter
from pipeline.text.words import VERDICTS, VERIFIED, read_verdicts
from tests.office import Office
from tests.store.rows import SEGMENTER, T0, publish


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose underthesea is of a release that nobody has seen; of our own texts it has two."""
    monkeypatch.setenv("DIEMBAO_LANG", "en")
    monkeypatch.setattr(words, "identity", lambda: "a release of tomorrow")
    monkeypatch.setattr(cli, "_own_texts", lambda _: iter(["Ngư dân bám biển.", ""]))
    return Office.set_up(tmp_path, 9)


def doctor(office: Office) -> None:
    cli.doctor(words=True, config=office.folder / "diembao.toml", data=office.data)


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
    monkeypatch.setattr(cli, "_own_texts", lambda _: iter(()))
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


def test_what_to_check_must_be_said(office: Office) -> None:
    with pytest.raises(ConfigError, match="--words"):
        cli.doctor(words=False, config=office.folder / "diembao.toml", data=office.data)


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
