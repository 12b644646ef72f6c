"""kill -9 at random points of a crawl: no fetched page may be lost, none may be there twice, the store must open.

`make chaos` runs 200 rounds: papers on loopback publish, correct, dawdle and fail; a `diembao` command is started as a user
starts it and killed at a random moment (or, seldom, left to end). After each round the archive, and a copy of the store as it
lies there, are compared with all that any round before has shown. One undisturbed run ends it; then store and archive must
agree with one another and with what the papers have said. The rounds are shared out among as many offices as the machine has
cores, each with papers of its own. The seed is printed; the moments of the kills follow from it as far as machines allow.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from pipeline.crawl.archive import Archive, ArchivedResponse
from pipeline.crawl.cycle import page_of
from pipeline.crawl.urls import url_key
from pipeline.records import ArchivePlace
from pipeline.store.database import FILE, SNAPSHOT, Database
from tests.chaos_papers import Press, press
from tests.office import Office

_HANG = 120.0  # seconds after which a command hangs


Place = tuple[str, int, int]  # file, offset, length
Row = tuple[Any, ...]  # of fetches: id, kind, URL, moment, file, offset, length, SHA-256


@dataclass
class Witness:
    """All that the office's data folder has ever shown. Each look returns what is wrong, in words."""

    folder: Path
    records: dict[Place, str] = field(default_factory=dict)  # SHA-256 of the record's bytes as they lie in the file
    rows: dict[str, Row] = field(default_factory=dict)
    ends: dict[str, int] = field(default_factory=dict)  # of the last whole response of each archive file
    torn: int = 0  # looks at which a file ended in half a record
    held_back: int = 0  # records that a look found in the archive and not yet in the store

    def after_a_kill(self) -> list[str]:
        """Compare with all looks before: nothing that was there is gone or different; every row has its record."""
        return [*self._archive(), *self._snapshot(), *self._store()]

    def _archive(self) -> Iterator[str]:
        archive = self._opened_archive()
        names = archive.files()
        for name in self.ends:
            if name not in names:
                yield f"archive file gone: {name}"
        for name in names:
            size, end = (archive.folder / name).stat().st_size, self.ends.get(name, 0)
            if size < end:
                yield f"archive file shrunk into its whole records: {name}, from {end} to {size}"
            for record in archive.since(name, end):
                place = _place(record)
                self.records[place] = _digest(archive, place)
                self.ends[name] = max(self.ends.get(name, 0), place[1] + place[2])
            self.torn += size > self.ends.get(name, 0)
        yield from (f"damaged record: {place}" for place in archive.damaged)

    def _store(self) -> Iterator[str]:
        if not (self.folder / FILE).exists():
            if self.rows:
                yield "store gone"
            return
        # A copy: opening the store itself would mend what the next command has to mend.
        with tempfile.TemporaryDirectory() as copy:
            for path in self.folder.glob(f"{FILE}*"):
                shutil.copy(path, copy)
            try:
                database = Database(Path(copy))
                found = fetches(database) if _has_fetches(database) else []
                database.close()
            except Exception as error:  # whatever keeps the store from being opened is what we are here to see
                yield f"store does not open: {error!r}"
                return
        now = {row[0]: row for row in found}
        yield from (f"row gone: {row}" for key, row in self.rows.items() if key not in now)
        yield from (f"row changed: {row}" for key, row in self.rows.items() if now.get(key, row) != row)
        yield from _twice("rows for one archive record", (row[4:7] for row in found if row[4]))
        archive, shown = self._opened_archive(), {row[4:7] for row in found if row[4]}
        for row in (row for row in found if row[4] and row[4:7] not in self.records):
            try:
                archive.read(ArchivePlace(*row[4:7]))
            except LookupError as error:
                yield f"row without its record: {row}: {error}"
        self.held_back += len(self.records.keys() - shown)
        self.rows |= now

    def _snapshot(self) -> Iterator[str]:
        if (self.folder / SNAPSHOT).exists():
            try:
                Database.snapshot(self.folder).close()
            except Exception as error:  # as above
                yield f"snapshot does not open: {error!r}"

    def at_the_end(self, papers: Press) -> list[str]:
        """After a whole run: store and archive agree, both hold all that was ever shown, and all that was announced."""
        database = Database(self.folder)
        try:
            return [
                *self._records_and_rows(fetches(database)),
                *self._handed_over(papers),
                *articles_and_texts(database, papers),
            ]
        finally:
            database.close()

    def _records_and_rows(self, rows: list[Row]) -> Iterator[str]:
        archive = self._opened_archive()
        now = {_place(record): record for name in archive.files() for record in archive.since(name, 0)}
        yield from (f"damaged record: {place}" for place in archive.damaged)
        yield from (f"record gone: {place}" for place in self.records if place not in now)
        for place, before in self.records.items():
            if place in now and _digest(archive, place) != before:
                yield f"record changed: {place}"
        yield from _twice("records of one request", ((r.kind, r.url, r.requested_at) for r in now.values()))
        yield from _twice("rows of one request", (row[1:4] for row in rows))
        yield from _twice("rows for one archive record", (row[4:7] for row in rows if row[4]))
        yield from (f"row gone: {row}" for row in self.rows.values() if row not in rows)
        by_place = {row[4:7]: row for row in rows if row[4]}
        yield from (f"record without its row: {place} {now[place].url}" for place in now if place not in by_place)
        for place, row in by_place.items():
            try:
                record = now[place] if place in now else archive.read(ArchivePlace(*place))
            except LookupError as error:
                yield f"row without its record: {row}: {error}"
                continue
            if (record.kind, record.url, record.requested_at) != row[1:4]:
                yield f"row of another record: {row}"
            if row[7] and hashlib.sha256(page_of(record).body).hexdigest() != row[7]:
                yield f"row with another body: {row}"

    def _handed_over(self, papers: Press) -> Iterator[str]:
        """A paper that was asked for its next page in the same round has had the one before taken: it must be kept."""
        archive = self._opened_archive()
        kept = {
            (record.final_url, hashlib.sha256(page_of(record).body).hexdigest())
            for name in archive.files()
            for record in archive.since(name, 0)
            if record.kind == "article" and record.status == 200
        }
        said = {(given.url, given.payload) for given in papers.log.given if given.payload}
        yield from (f"page that no paper has sent: {url}" for url, _ in kept - said)
        for paper in papers.papers:
            mine = [given for given in papers.log.given if given.url.startswith(paper.site.base + "/")]
            for one, following in itertools.pairwise(mine):
                if one.payload and one.round == following.round and (one.url, one.payload) not in kept:
                    yield f"page lost: {one.url} of round {one.round}"

    def _opened_archive(self) -> Archive:
        return Archive(self.folder / "archive", "chaos")


def articles_and_texts(database: Database, papers: Press) -> Iterator[str]:
    """What is wrong with the articles: each story that was announced once, with the text it has now."""
    found = database.rows(
        "SELECT a.url, a.link_key, v.title, v.lead, v.text, v.method"
        " FROM articles a LEFT JOIN versions v ON v.id = a.current_version"
    )
    yield from _twice("articles of one address", (row[0] for row in found))
    yield from _twice("articles of one link", (row[1] for row in found))
    yield from _twice("versions with one text", database.rows("SELECT article_id, title, lead, text FROM versions"))
    by_url = {row[0]: row for row in found}
    for paper in papers.papers:
        for story in paper.stories:
            url = paper.site.url(story.path)
            row = by_url.pop(url, None)
            if row is None:
                yield f"article missing: {url} ({story.habit})"
            elif row[1] != url_key(paper.site.url(story.announced)):
                yield f"article of another link: {row[:2]}"
            elif row[2] != story.title:
                yield f"article with another title: {url}: {row[2]!r}, not {story.title!r}"
            elif story.habit != "gone" and [part for part in (row[3], *row[4].split("\n\n")) if part] != list(
                story.text
            ):
                yield f"article with another text ({row[5]}): {url}: {row[3:5]}"
    yield from (f"article that no paper has announced: {url}" for url in by_url)


def fetches(database: Database) -> list[Row]:
    """All rows of the ledger as far as they are compared."""
    return database.rows(
        "SELECT id, kind, url, requested_at, warc_file, warc_offset, warc_length, payload_sha256 FROM fetches"
    )


def _has_fetches(database: Database) -> bool:
    return bool(database.rows("SELECT 1 FROM information_schema.tables WHERE table_name = 'fetches'"))


def _place(record: ArchivedResponse) -> Place:
    assert record.place is not None
    return record.place.file, record.place.offset, record.place.length


def _digest(archive: Archive, place: Place) -> str:
    name, offset, length = place
    with (archive.folder / name).open("rb") as file:
        file.seek(offset)
        return hashlib.sha256(file.read(length)).hexdigest()


def _twice(what: str, things: Iterable[object]) -> Iterator[str]:
    return (f"{n} {what}: {str(thing)[:300]}" for thing, n in Counter(things).items() if n > 1)


# --- the rounds


@dataclass
class Chaos:
    """One office and its papers, through its rounds."""

    office: Office
    papers: Press
    rng: random.Random
    witness: Witness
    ends: Counter[str] = field(default_factory=Counter)  # how the rounds ended
    first_request: float = 2.0  # seconds from the start of a command, as measured
    length: dict[str, float] = field(default_factory=lambda: {"crawl": 4.0, "process": 6.0})  # seconds of a whole run
    problems: list[str] = field(default_factory=list)

    def round(self, number: int) -> str:
        """One command, killed or not; how it ended."""
        self.papers.publish()
        self.papers.log.round = number
        way = self.rng.choices(("clock", "opening", "answer", "process", "whole"), (20, 10, 50, 12, 8))[0]
        command = "process" if way == "process" or (way == "whole" and self.rng.random() < 0.3) else "crawl"
        before = len(self.papers.log.given)
        began = time.monotonic()
        running = self.office.start(command)
        match way:
            case "clock":
                self._wait(running, self.rng.uniform(0, self.length["crawl"] * 1.1))
            case "opening":
                self._wait(running, self.first_request * self.rng.uniform(0.7, 1.1))
            case "answer":
                self._wait_for_answers(running, before + self.rng.randint(1, self.papers.waiting))
                self._wait(running, self.rng.uniform(0, self.rng.choice((0.01, 0.05, 0.3))))
            case "process":
                self._wait(running, self.length["process"] * self.rng.uniform(0.3, 1.1))
        if way != "whole":
            running.kill()
        _, told = running.communicate(timeout=_HANG)
        if running.returncode == 0:
            self.length[command] = 0.5 * self.length[command] + 0.5 * (time.monotonic() - began)
        elif running.returncode != -9:
            self.problems.append(f"round {number}: {command} ended with {running.returncode}: {told.decode()[-600:]}")
        self.problems += (f"round {number}: {problem}" for problem in self.witness.after_a_kill())
        if running.returncode != 0 and self.rng.random() < 0.15:
            self._tear()
        asked = len(self.papers.log.given) - before
        end = f"{command} {'ended' if running.returncode == 0 else 'killed'}"
        if end == "crawl killed" and not asked:
            end += " before its first request"
        self.ends[end] += 1
        return f"{way}: {end}, {asked} answers"

    def finish(self) -> None:
        """The undisturbed run."""
        self.papers.calm()
        self.papers.log.round += 1
        for command in ("crawl", "process"):
            done = self.office.run(command)
            if done.returncode:
                self.problems.append(f"last {command} ended with {done.returncode}: {done.stderr[-600:]}")
        self.problems += self.witness.after_a_kill()
        self.problems += self.witness.at_the_end(self.papers)

    def _wait(self, running: subprocess.Popen[bytes], seconds: float) -> None:
        try:
            running.wait(seconds)
        except subprocess.TimeoutExpired:
            return

    def _wait_for_answers(self, running: subprocess.Popen[bytes], until: int) -> None:
        began, before = time.monotonic(), len(self.papers.log.given)
        with self.papers.log.changed:
            while len(self.papers.log.given) < until and running.poll() is None and time.monotonic() < began + _HANG:
                self.papers.log.changed.wait(0.02)
                if len(self.papers.log.given) > before:
                    self.first_request = 0.8 * self.first_request + 0.2 * (time.monotonic() - began)
                    before = until

    def _tear(self) -> None:
        """What a kill in the middle of a write leaves, and seldom does: part of a record at the end of the newest file."""
        for name, offset, length in sorted(self.witness.records)[-1:]:
            path = self.office.data / "archive" / name
            if path.stat().st_size > self.witness.ends[name]:
                return  # torn already
            with path.open("r+b") as file:
                file.seek(offset)
                part = file.read(self.rng.randint(1, length - 1))
                file.seek(0, os.SEEK_END)
                file.write(part)
            self.ends["torn tail added"] += 1


def chaos(seed: int, rounds: int, folder: Path, say: Callable[[str], None] = lambda _: None) -> Chaos:
    """All rounds of one office, and the undisturbed run."""
    rng = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    with press(rng) as papers:
        office = Office.reading(
            folder,
            [paper.source() for paper in papers.papers],
            delay_seconds=0.005,
            timeout_seconds=20.0,
            retries=0,
            max_tries=20,
            latency_factor=0.0,
            recheck_hours=[6.0],
        )
        made = Chaos(office, papers, rng, Witness(office.data))
        for number in range(rounds):
            say(f"{number + 1}/{rounds}  {made.round(number)}")
        made.finish()
        return made


def main() -> int:
    """Run, print, and say by the exit status whether all held."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("--rounds", type=int, default=200)
    reader.add_argument("--seed", type=int, default=None)
    reader.add_argument("--keep", type=Path, default=None, help="folder in which the offices are left to be looked at")
    asked = reader.parse_args()
    seed = asked.seed if asked.seed is not None else random.randrange(1_000_000)  # noqa: S311
    offices = min(max(os.cpu_count() or 1, 1), 4, max(asked.rounds, 1))
    out = Console(highlight=False, markup=False, soft_wrap=True)
    out.print(f"seed {seed}, {asked.rounds} rounds in {offices} offices")
    began = time.monotonic()

    def one(number: int) -> Chaos:
        rounds = asked.rounds // offices + (number < asked.rounds % offices)
        return chaos(
            seed * 100 + number,
            rounds,
            folder / f"office-{number}",
            lambda told: out.print(f"{time.monotonic() - began:6.1f} s  office {number}  {told}"),
        )

    with ExitStack() as stack:
        folder = asked.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with ThreadPoolExecutor(offices) as pool:
            done = list(pool.map(one, range(offices)))
    ends = sum((made.ends for made in done), Counter[str]())
    for name, count in sorted(ends.items()):
        out.print(f"{count:6}  {name}")
    for name, value in (
        ("answers handed over", sum(len(made.papers.log.given) for made in done)),
        ("articles announced", sum(len(paper.stories) for made in done for paper in made.papers.papers)),
        ("archive records", sum(len(made.witness.records) for made in done)),
        ("fetch rows", sum(len(made.witness.rows) for made in done)),
        ("looks that found half a record at the end of a file", sum(made.witness.torn for made in done)),
        ("records that looks found archived and not yet in the store", sum(made.witness.held_back for made in done)),
    ):
        out.print(f"{value:6}  {name}")
    problems = [problem for made in done for problem in made.problems]
    for problem in problems:
        out.print("PROBLEM", problem)
    out.print(f"{len(problems)} problems, {time.monotonic() - began:.0f} s, seed {seed}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
