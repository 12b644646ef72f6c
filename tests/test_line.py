"""The whole line on the fictional press, by the real commands: what a reader of the digest would check."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.demo.press import (
    CORRECTED,
    EMPTY,
    FORBIDDEN,
    GONE,
    MOVED,
    OUTLETS,
    QUIETLY_CORRECTED,
    SLOW,
    STUCK,
    Story,
    stories,
)
from pipeline.demo.server import Press, serving
from tests.office import Office, free_ports

pytestmark = pytest.mark.slow

EVERY_STORY = {story.id: story for outlet in OUTLETS for story in stories(outlet.id)}
# The feed of this paper breaks off before its oldest entry.
CUT_OFF = {"nep-nha-20"}
# What nobody may miss, and what a keyword list would flag and a reader would not want.
MUST_FLAG = {
    "truong-xuan-01": "sovereignty", "truong-xuan-02": "sovereignty", "truong-xuan-03": "sovereignty",
    "lang-bien-01": "sovereignty", "binh-minh-r1": "sovereignty", "monsoon-09": "sovereignty",
    "truong-xuan-05": "human_rights", "truong-xuan-06": "human_rights", "nep-nha-01": "human_rights",
    "monsoon-13": "human_rights", "truong-xuan-04": "provincial_reputation", "truong-xuan-07": "provincial_reputation",
    "truong-xuan-08": "provincial_reputation", "binh-minh-01": "provincial_reputation",
    "song-hieu-12": "provincial_reputation", "monsoon-03": "provincial_reputation",
}  # fmt: skip
MUST_NOT_FLAG = {
    "binh-minh-11", "binh-minh-12", "binh-minh-13", "binh-minh-14", "binh-minh-16", "binh-minh-18", "lang-bien-10",
    "lang-bien-13", "lang-bien-14", "truong-xuan-09", "truong-xuan-10", "truong-xuan-14", "truong-xuan-16", "nep-nha-07",
    "nep-nha-13", "nep-nha-16", "monsoon-08", "monsoon-18", "monsoon-19", "duyen-hai-08", "gio-lao-03", "gio-lao-18",
}  # fmt: skip


@pytest.fixture(scope="module")
def first_port() -> int:
    return free_ports()


@pytest.fixture(scope="module")
def running(first_port: int) -> Iterator[Press]:
    with serving(first_port, datetime.now(UTC)) as press:
        yield press


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, first_port: int, running: Press) -> Office:
    """An office after its first run."""
    assert running.read == set()
    made = Office.set_up(tmp_path_factory.mktemp("office"), first_port)
    made.ok("run")
    return made


def story_of(url: str) -> Story:
    return next(story for story in EVERY_STORY.values() if f"/{story.slug}.html" in url)


def rows(digest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Rows of a digest by story id."""
    return {story_of(row["url"]).id: row for section in digest["sections"] for row in section["rows"]}


def stored(office: Office) -> dict[str, tuple[Any, ...]]:
    """What the snapshot holds for each story: title, text, versions and flags of the current text."""
    with duckdb.connect(str(office.data / "snapshot.duckdb"), read_only=True) as snapshot:
        found = snapshot.execute("""
            SELECT v.url, v.title, v.lead, v.text, v.method,
                   (SELECT list(topic ORDER BY topic) FROM flags g WHERE g.version_id = v.id AND g.flagged)
            FROM articles a JOIN versions v ON v.id = a.current_version""").fetchall()
    by_story = {story_of(url).id: tuple(rest) for url, *rest in found}
    assert len(by_story) == len(found), "an article is stored twice"
    return by_story


def test_every_announced_article_is_seen_once(office: Office) -> None:
    assert stored(office).keys() == EVERY_STORY.keys() - CUT_OFF


def test_pages_come_out_as_their_papers_wrote_them(office: Office) -> None:
    found = stored(office)
    announced_only = {GONE, STUCK, FORBIDDEN, EMPTY}
    for story_id, (title, lead, text, method, _) in found.items():
        story = EVERY_STORY[story_id]
        assert title == story.title
        if story_id in announced_only:
            assert (text, method) == ("", "feed")
        else:
            assert text.split("\n\n") == list(story.body), story_id
            if lead:  # a section page without summaries and a page without description leave the lead to the page
                assert lead == story.lead


def test_the_coverage_ledger_says_what_came_and_what_failed_and_why(office: Office) -> None:
    ledger = office.coverage()
    assert {source: row["links_new"] for source, row in ledger.items()} == {
        outlet.id.replace("_", "-"): len(stories(outlet.id)) - len(CUT_OFF) * (outlet.id == "nep_nha")
        for outlet in OUTLETS
    }
    assert all(row["entry_failed"] == 0 and not row["silent"] for row in ledger.values())
    failed = {source: row["pages_failed"] for source, row in ledger.items() if row["pages_failed"]}
    assert failed == {"nep-nha": 1, "song-hieu": 1, "lang-bien": 1}
    assert ledger["duyen-hai"]["unread"] == 1
    assert any("404" in why for why in ledger["nep-nha"]["reasons"])
    assert any("đứt" in why for why in ledger["nep-nha"]["reasons"])
    assert any("robots.txt" in why for why in ledger["song-hieu"]["reasons"])
    assert any("2 giây" in why for why in ledger["lang-bien"]["reasons"])


def test_the_forbidden_page_was_never_asked(office: Office, running: Press) -> None:
    assert office.data.is_dir()
    assert not [path for _, path, _ in running.requests if path.startswith("/noi-bo/")]
    assert [path for _, path, _ in running.requests if path == "/robots.txt"]


def test_the_slow_page_and_the_moved_page_arrived(office: Office) -> None:
    found = stored(office)
    assert found[SLOW][2]
    assert found[MOVED][2]


def test_the_digest_flags_what_nobody_may_miss(office: Office) -> None:
    flagged = rows(office.digest())
    missing = {one for one, topic in MUST_FLAG.items() if topic not in flagged.get(one, {"topics": []})["topics"]}
    assert not missing
    assert not MUST_NOT_FLAG & flagged.keys()


def test_most_of_what_a_reader_would_flag_is_flagged_and_little_else(office: Office) -> None:
    flagged = rows(office.digest())
    wanted = {(story.id, topic) for story in EVERY_STORY.values() for topic in story.topics if story.id not in CUT_OFF}
    given = {(one, topic) for one, row in flagged.items() for topic in row["topics"]}
    assert len(wanted & given) / len(wanted) >= 0.9
    assert len(wanted & given) / len(given) >= 0.8


def test_reasons_quote_the_article_exactly(office: Office) -> None:
    for story_id, row in rows(office.digest()).items():
        story = EVERY_STORY[story_id]
        whole = "\n".join((story.title, story.lead, *story.body))
        for reason in row["reasons"]:
            assert "".join(piece for piece, _ in reason["sentence"]) in whole


def test_the_digest_opens_with_what_could_not_be_read_and_shows_a_sample(office: Office) -> None:
    digest = office.digest()
    assert {one["source_id"] for one in digest["unseen"]} == {"nep-nha", "song-hieu", "lang-bien", "duyen-hai"}
    assert len(digest["sample"]) == 10
    assert not {story_of(item["url"]).id for item in digest["sample"]} & rows(digest).keys()


def test_a_second_run_adds_nothing_but_the_correction(office: Office) -> None:
    before = stored(office)
    office.ok("run")
    after = stored(office)
    assert after.keys() == before.keys()
    assert {one for one in before if before[one][:3] != after[one][:3]} == {CORRECTED, QUIETLY_CORRECTED}
    assert "142 hộ" in after[CORRECTED][0] and "412" not in after[CORRECTED][2]
    changed = {one for one, row in rows(office.digest()).items() if row["changed"]}
    assert changed == {CORRECTED, QUIETLY_CORRECTED}
    office.ok("run")
    assert stored(office) == after


def test_a_rebuild_from_the_archive_gives_the_same(office: Office) -> None:
    before = stored(office)
    office.ok("rebuild", "--from", "extract")
    assert stored(office) == before


def test_kill_9_in_the_middle_loses_nothing(tmp_path: Path, office: Office, first_port: int, running: Press) -> None:
    """Killed while crawling, then while processing, then run to the end: the same as never having been killed."""
    assert (
        office.data.is_dir() and {CORRECTED, QUIETLY_CORRECTED} <= running.read
    )  # the press has settled on its corrections
    whole = Office.set_up(tmp_path / "whole", first_port)
    whole.ok("run")
    killed = Office.set_up(tmp_path / "killed", first_port)

    def archived() -> int:
        return sum(path.stat().st_size for path in killed.data.glob("archive/*.warc.gz"))

    def kill_when(enough: Callable[[], bool]) -> None:
        process = killed.start("run")
        while not enough() and process.poll() is None:
            time.sleep(0.01)
        assert process.poll() is None, "the run was over before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.communicate()

    kill_when(lambda: archived() > 60_000)
    half = archived()
    # The crawl is over when the store has grown and the archive no longer does; processing has then begun.
    complete = sum(path.stat().st_size for path in whole.data.glob("archive/*.warc.gz"))
    kill_when(lambda: archived() > half and archived() > 0.97 * complete)
    killed.ok("run")
    assert stored(killed) == stored(whole)


def test_a_second_process_is_told_who_holds_the_store(office: Office) -> None:
    with duckdb.connect(str(office.data / "diembao.duckdb")):
        done = office.run("process")
    assert done.returncode == 1
    assert "diembao.duckdb" in done.stderr and "Traceback" not in done.stderr
