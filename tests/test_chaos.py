"""The checks of `make chaos` see what they are there to see; a few of its rounds."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.crawl.archive import Archive
from pipeline.line import Line
from pipeline.settings import read_settings
from pipeline.store.database import FILE, SNAPSHOT, Database
from tests.chaos import Witness, chaos
from tests.chaos_papers import Log, Press, press
from tests.office import Office


@dataclass
class Scene:
    """An office after two undisturbed runs; its witness has looked after the first."""

    data: Path
    papers: Press
    witness: Witness

    def newest_file(self) -> Path:
        archive = self.data / "archive"
        return archive / Archive(archive, "test").files()[-1]

    def rewrite(self, change: Callable[[bytes], bytes]) -> None:
        self.newest_file().write_bytes(change(self.newest_file().read_bytes()))

    def sql(self, *statements: str) -> None:
        database = Database(self.data)
        for statement in statements:
            database.run(statement)
        database.close()

    def last_place(self) -> tuple[int, int]:
        """Start and end of the last record that the witness has seen."""
        name, offset, length = max(self.witness.records)
        assert name == self.newest_file().name
        return offset, offset + length


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """What all tests start from."""
    folder = tmp_path_factory.mktemp("office")
    with press(random.Random(5)) as papers:  # noqa: S311 - the same papers each time
        papers.calm()
        office = Office.reading(
            folder, [paper.source() for paper in papers.papers], delay_seconds=0.0, latency_factor=0.0
        )
        settings = read_settings(folder / "diembao.toml")
        settings = settings.model_copy(update={"process": settings.process.model_copy(update={"workers": 0})})
        witness = Witness(office.data)
        for papers.log.round in (1, 2):
            papers.publish()
            line = Line(settings)
            line.crawl()
            line.process()
            line.close()
            assert papers.log.round == 2 or witness.after_a_kill() == []
        yield Scene(office.data, papers, witness)


@pytest.fixture
def scene(played: Scene, tmp_path: Path) -> Scene:
    """A copy to be tampered with."""
    data = tmp_path / "data"
    shutil.copytree(played.data, data)
    papers = copy(played.papers)
    papers.log = Log()
    papers.log.given = list(played.papers.log.given)
    return Scene(data, papers, replace(deepcopy(played.witness), folder=data))


def test_where_nothing_was_lost_nothing_is_reported(scene: Scene) -> None:
    assert scene.witness.after_a_kill() == []
    assert scene.witness.at_the_end(scene.papers) == []
    assert len(scene.witness.records) > 10 and scene.witness.rows


def test_half_a_record_at_the_end_is_no_loss(scene: Scene) -> None:
    scene.rewrite(lambda whole: whole + whole[:100])
    assert scene.witness.after_a_kill() == []
    assert scene.witness.torn == 1


def test_a_record_that_was_there_and_is_gone_is_reported_at_once_and_at_the_end(scene: Scene) -> None:
    start, _ = scene.last_place()
    scene.rewrite(lambda whole: whole[:start])
    assert any("shrunk" in problem for problem in scene.witness.after_a_kill())
    told = scene.witness.at_the_end(scene.papers)
    assert any(problem.startswith("record gone") for problem in told)
    assert any(problem.startswith("row without its record") for problem in told)


def test_records_that_moved_are_reported(scene: Scene) -> None:
    start, end = scene.last_place()
    scene.rewrite(lambda whole: whole[:start] + whole[end:])  # what came after it closes up
    told = scene.witness.at_the_end(scene.papers)
    assert any(problem.startswith("record gone") for problem in told)


def test_a_byte_that_changed_is_reported(scene: Scene) -> None:
    start, end = scene.last_place()
    middle = (start + end) // 2
    scene.rewrite(lambda whole: whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert any("record" in problem for problem in scene.witness.at_the_end(scene.papers))


def test_a_page_that_came_and_was_not_kept_is_reported(scene: Scene) -> None:
    asked = [
        pair
        for paper in scene.papers.papers
        for pair in pairwise(given for given in scene.papers.log.given if given.url.startswith(paper.site.base + "/"))
    ]
    lost = next(one for one, following in asked if one.payload and one.round == following.round)
    scene.papers.log.given[scene.papers.log.given.index(lost)] = replace(lost, payload="0" * 64)
    told = scene.witness.at_the_end(scene.papers)
    assert f"page lost: {lost.url} of round {lost.round}" in told
    assert any(problem.startswith("page that no paper has sent") for problem in told)


def test_a_row_that_is_there_twice_is_reported(scene: Scene) -> None:
    scene.sql(
        "INSERT INTO fetches BY NAME SELECT * REPLACE (id || 'x' AS id) FROM fetches WHERE warc_file IS NOT NULL LIMIT 1"
    )
    assert any("2 rows for one archive record" in problem for problem in scene.witness.after_a_kill())
    assert any("2 rows of one request" in problem for problem in scene.witness.at_the_end(scene.papers))


def test_a_row_that_is_gone_is_reported(scene: Scene) -> None:
    scene.sql("DELETE FROM fetches WHERE warc_offset = (SELECT min(warc_offset) FROM fetches)")
    assert any(problem.startswith("row gone") for problem in scene.witness.after_a_kill())
    told = scene.witness.at_the_end(scene.papers)
    assert any(problem.startswith("record without its row") for problem in told)


def test_a_row_that_leads_to_another_record_is_reported(scene: Scene) -> None:
    scene.sql(
        "UPDATE fetches SET payload_sha256 = 'f' WHERE id = (SELECT min(id) FROM fetches WHERE payload_sha256 <> '')"
    )
    told = scene.witness.at_the_end(scene.papers)
    assert any(problem.startswith("row with another body") for problem in told)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM articles WHERE id = (SELECT min(id) FROM articles)", "article missing"),
        (
            "INSERT INTO articles BY NAME SELECT * REPLACE (id || 'x' AS id) FROM articles LIMIT 1",
            "2 articles of one address",
        ),
        (
            "INSERT INTO versions BY NAME SELECT * REPLACE (id || 'x' AS id) FROM versions LIMIT 1",
            "2 versions with one text",
        ),
        ("UPDATE versions SET text = 'Tin cũ.' WHERE method <> 'feed'", "article with another text"),
        ("UPDATE versions SET title = 'Tin cũ'", "article with another title"),
    ],
)
def test_articles_that_are_missing_double_or_stale_are_reported(scene: Scene, statement: str, told: str) -> None:
    scene.sql(statement)
    assert any(told in problem for problem in scene.witness.at_the_end(scene.papers))


def test_a_store_or_snapshot_that_does_not_open_is_reported(scene: Scene) -> None:
    (scene.data / FILE).write_bytes(b"\0" * 20_000)
    (scene.data / SNAPSHOT).write_bytes(b"\0" * 20_000)
    told = scene.witness.after_a_kill()
    assert any(problem.startswith("store does not open") for problem in told)
    assert any(problem.startswith("snapshot does not open") for problem in told)


@pytest.mark.slow
def test_eight_rounds_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    made = chaos(20261125, 8, tmp_path)
    assert made.problems == []
    assert sum(count for end, count in made.ends.items() if "killed" in end) >= 5
    assert made.witness.records
