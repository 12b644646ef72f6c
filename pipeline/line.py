"""The line at work: crawl, process, digest, wired over the store and the archive.

Everything here is reached by the commands and by the console's schedule. The rooms below know nothing of one another; this
is the one place that carries records between them.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from pipeline.catalogue import Shown, reason, text
from pipeline.crawl.archive import Archive
from pipeline.crawl.cycle import Step, page_of, replay, run_cycle
from pipeline.crawl.fetch import user_agent
from pipeline.crawl.sources import read_sources
from pipeline.crawl.urls import url_key
from pipeline.errors import ConfigError
from pipeline.learning.drift import Drift, Week, drift
from pipeline.learning.missed import missed
from pipeline.learning.opinions import opinions
from pipeline.learning.queue import Queued, blind_sample, queue
from pipeline.learning.registry import champion
from pipeline.records import (
    TOPICS,
    Article,
    CoverageRow,
    Draw,
    Failure,
    Judgement,
    Missed,
    Page,
    Selectors,
    Source,
    Unread,
    Version,
    Words,
    digest_id,
)
from pipeline.reports.digest import Digest, DigestData, build
from pipeline.settings import Settings
from pipeline.store import articles, labels, news
from pipeline.store.database import Database
from pipeline.store.ledger import Ledger, coverage
from pipeline.text.extract import EXTRACTOR, extract
from pipeline.text.gazetteer import Entry, home_entries, province_entries
from pipeline.text.language import language
from pipeline.text.places import Gazetteer
from pipeline.text.tidy import without_lead
from pipeline.text.words import SEGMENTER, read_verdicts, segment, trusted
from pipeline.triage.features import terms_of
from pipeline.triage.flags import TopicModel, load

PRODUCT = version("diembao")
T = TypeVar("T")
R = TypeVar("R")

Watch = Callable[[str, int, int], None]  # stage or source, done, total


def no_watch(name: str, done: int, total: int) -> None:
    """Nobody is watching."""


@dataclass(frozen=True, slots=True)
class Processed:
    """What a pass over the stages did."""

    read: int
    unreadable: int
    segmented: int
    judged: int


class Line:
    """One installation: its settings, sources, store and archive. Owns the store's file while open."""

    def __init__(self, settings: Settings, sources: tuple[Source, ...] | None = None) -> None:
        """Open the store; take in what a crash left in the archive. Raises ConfigError, StoreError.

        The sources are those of sources.toml unless others are given (the demonstration press).
        """
        self.settings = settings
        self.sources = read_sources(Path(settings.sources)) if sources is None else sources
        data = Path(settings.data)
        self.fast_words = trusted(read_verdicts(data))  # whether the installed underthesea is one we can decode
        self.database = Database(data)
        self.archive = Archive(data / "archive", f"diembao {PRODUCT}")
        self.ledger = Ledger(
            self.database,
            max_tries=settings.crawl.max_tries,
            recheck=timedelta(hours=settings.crawl.recheck_hours),
            watch=timedelta(days=settings.crawl.recheck_days),
        )
        self._stop = threading.Event()
        self.recovered = self._recover()

    def stop(self) -> None:
        """Ask a cycle that runs in another thread to end soon; what it has is kept."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    def close(self) -> None:
        """Write down what is held back and let go of the store."""
        self.ledger.flush()
        self.database.close()

    def _recover(self) -> int:
        """Take in whole records that the archive holds and the store does not, and cut off a torn one."""
        taken, found = self.ledger.taken_to(), 0
        for name in self.archive.files():
            start = taken.get(name, 0)
            for arrival in replay(self.archive, name, start, self.sources):
                self.ledger.record(arrival)
                found += 1
            self.archive.repair(name, start)
        self.ledger.flush()
        return found

    def crawl(self, only: Sequence[str] = (), watch: Watch = no_watch) -> None:
        """One cycle over the enabled sources, or over those named. Raises ConfigError for an unknown id."""
        known = {source.id: source for source in self.sources}
        for source_id in only:
            if source_id not in known:
                raise ConfigError(_unknown_source(source_id, known))
        chosen = [known[one] for one in only] if only else [source for source in self.sources if source.enabled]

        def on_step(step: Step) -> None:
            watch(step.source_id, step.done, step.total)

        try:
            asyncio.run(
                run_cycle(
                    chosen,
                    self.ledger,
                    self.archive,
                    self.settings.crawl,
                    user_agent(PRODUCT, self.settings.office.contact),
                    on_step,
                    self._stop.is_set,
                )
            )
        finally:
            self.ledger.flush()

    def process(self, watch: Watch = no_watch) -> Processed:
        """Read, segment and judge whatever lacks it. Stop it anywhere and run it again."""
        with workers(self.settings.process.workers, self.settings.process.item_seconds) as run:
            read, unreadable = self._extract(run, watch)
            segmented = self._segment(run, watch)
        judged = self._judge(watch)
        self.database.publish_snapshot()
        return Processed(read, unreadable, segmented, judged)

    def rebuild(self, stage: articles.Stage, since: datetime | None, watch: Watch = no_watch) -> Processed:
        """Forget what a stage and those after it made, and make it again from the archive."""
        articles.forget(self.database, stage, since)
        return self.process(watch)

    def _extract(self, run: Run, watch: Watch) -> tuple[int, int]:
        selectors = {source.id: source.selectors for source in self.sources}
        done = lost = 0
        while not self._stop.is_set() and (
            batch := articles.unread(self.database, EXTRACTOR, self.settings.process.batch)
        ):
            jobs = [(item, self._page(item), selectors.get(item.link.source_id, Selectors())) for item in batch]
            read, failures = [], []
            for item, outcome in zip(batch, run(read_item, jobs), strict=True):
                if isinstance(outcome, Exception) or outcome[1]:
                    why = _why(outcome) if isinstance(outcome, Exception) else outcome[1]
                    failures.append(
                        Failure(
                            "extract",
                            item.subject,
                            EXTRACTOR,
                            item.link.source_id,
                            item.link.url,
                            why,
                            datetime.now(UTC),
                        )
                    )
                if not isinstance(outcome, Exception) and outcome[0] is not None:
                    read.append((item, outcome[0]))
            articles.write_versions(self.database, EXTRACTOR, read, failures)
            done, lost = done + len(read), lost + len(failures)
            watch("extract", done + lost, done + lost)
        return done, lost

    def _page(self, item: Unread) -> Page | None:
        if item.place is None:
            return None
        try:
            return page_of(self.archive.read(item.place))
        except LookupError:
            return Page(item.link.url, b"")  # an altered or missing record reads as an empty page and is shown as such

    def _segment(self, run: Run, watch: Watch) -> int:
        done = 0
        while not self._stop.is_set() and (
            batch := articles.without_words(self.database, SEGMENTER, self.settings.process.batch)
        ):
            made: list[Words] = []
            failures = []
            for item, outcome in zip(batch, run(segment, [(item, self.fast_words) for item in batch]), strict=True):
                if isinstance(outcome, Exception):
                    failures.append(_failure("words", item, SEGMENTER, outcome))
                else:
                    made.append(outcome)
            articles.write_words(self.database, SEGMENTER, made, failures)
            done += len(batch)
            watch("words", done, done)
        return done

    def _judge(self, watch: Watch) -> int:
        model, gazetteer = self.model(), read_gazetteer(self.settings)
        done = 0
        while not self._stop.is_set() and (
            batch := articles.without_flags(self.database, model.version, self.settings.process.batch)
        ):
            made: list[Judgement] = []
            failures: list[Failure] = []
            for item, words in batch:
                article = item.article
                told = f"{article.lead}\n{article.text}" if article.lead else article.text
                segmented = (words.title, f"{words.lead}\n{words.body}")
                outcome = _guarded(model.judge, (item.id, article.title, told, segmented, gazetteer))
                if isinstance(outcome, Exception):
                    failures.append(_failure("flags", item, model.version, outcome))
                else:
                    made.append(outcome)
            articles.write_judgements(self.database, made, failures)
            done += len(batch)
            watch("flags", done, done)
        return done

    def coverage(self, since: datetime, until: datetime) -> list[CoverageRow]:
        """What each source was asked and gave."""
        return coverage(self.database, self.sources, since, until)

    def digest(self, since: datetime, until: datetime) -> Digest:
        """The digest of what was first seen in (since, until]."""
        model = self.model()
        oldest = until - timedelta(days=self.settings.digest.max_age_days)
        outlets = {source.id: source.name for source in self.sources}
        sample = self.sample(since, until, model)
        return build(
            DigestData(
                province=self.settings.office.province,
                body=self.settings.office.body,
                superior=self.settings.office.superior,
                since=since,
                until=until,
                oldest=oldest,
                model=model.version,
                counts=news.counts(self.database, since, until, oldest, model.version),
                coverage=tuple(self.coverage(since, until)),
                flagged=tuple(news.flagged(self.database, since, until, oldest, model.version, outlets)),
                sample=tuple(news.plain(self.database, [draw.item_id for draw in sample], outlets)),
                missed=self.missed(until, self.settings.digest.missed_days),
                missed_days=self.settings.digest.missed_days,
            )
        )

    def model(self) -> TopicModel:
        """The model that flags: the one promoted last, or the one that came with the software."""
        return load(champion(Path(self.settings.data), Path(self.settings.model)))

    def sample(self, since: datetime, until: datetime, model: TopicModel) -> list[Draw]:
        """The blind sample of the edition that closes at `until`: as it was kept, or as it would be drawn now."""
        day = self._day(until)
        if kept := labels.draws(self.database, day, day):
            return kept
        oldest = until - timedelta(days=self.settings.digest.max_age_days)
        return blind_sample(
            labels.candidates(self.database, since, until, oldest, model.version),
            model.thresholds.tolist(),
            day,
            self.settings.digest.blind_sample,
            model.version,
        )

    def keep_sample(self, since: datetime, until: datetime) -> None:
        """Write down the blind sample of an edition, with the probabilities of its draws. The first one kept stays."""
        labels.keep_draws(self.database, self.sample(since, until, self.model()))

    def missed(self, until: datetime, days: int, topic: str = "") -> Missed:
        """The estimate of missed items of the editions of these last days."""
        kept = labels.draws(self.database, self._day(until - timedelta(days=days - 1)), self._day(until))
        return missed(kept, opinions(labels.labels(self.database)), topic)

    def drift(self, now: datetime, weeks: int) -> list[Drift]:
        """How the last whole weeks look to the model, oldest first."""
        model, said = self.model(), opinions(labels.labels(self.database))
        local = now.astimezone(self.settings.zone)
        monday = datetime.combine(local.date() - timedelta(days=local.weekday()), time(), self.settings.zone)
        seen = []
        for back in range(weeks, 0, -1):
            since = (monday - timedelta(weeks=back)).astimezone(UTC)
            until = (monday - timedelta(weeks=back - 1)).astimezone(UTC)
            oldest = since - timedelta(days=self.settings.digest.max_age_days)
            found = labels.candidates(self.database, since, until, oldest, model.version)
            flagged = [candidate for candidate in found if any(candidate.flagged)]
            asked = [
                [said[one.item.id, topic].value for topic in TOPICS if (one.item.id, topic) in said] for one in flagged
            ]
            terms = [
                term
                for words in labels.words_sample(self.database, since, until, oldest, 200)
                for term in terms_of(words)
            ]
            seen.append(
                Week(
                    f"{since.astimezone(self.settings.zone):%G-W%V}",
                    len(found),
                    tuple(tuple(one.scores[column] for one in found) for column in range(len(TOPICS))),
                    len(flagged),
                    sum(len(values) == len(TOPICS) and None not in values for values in asked),
                    sum(any(values) for values in asked if len(values) == len(TOPICS) and None not in values),
                    len(terms),
                    sum(term not in model.vocabulary for term in terms),
                    self.missed(until - timedelta(seconds=1), 7),
                )
            )
        return drift(seen)

    def queue(self, who: str, size: int, now: datetime) -> list[Queued]:
        """What this person may label next."""
        model = self.model()
        since = now - timedelta(days=self.settings.labels.window_days)
        return queue(
            labels.candidates(self.database, since, now, since, model.version),
            model.thresholds.tolist(),
            labels.draws(self.database, self._day(since), self._day(now)),
            labels.labels(self.database),
            who,
            size,
            self.settings.labels.second_share,
        )

    def _day(self, moment: datetime) -> str:
        """The edition's day, as 2026-11-23."""
        return f"{moment.astimezone(self.settings.zone):%Y-%m-%d}"

    def shown(self) -> Shown:
        """How the office reads numbers, times and words."""
        return Shown(self.settings.console.language, self.settings.zone)

    def edition(self, day: str) -> tuple[datetime, datetime]:
        """The period of a day's morning edition (day as 2026-11-23): from the edition before to this one, in UTC."""
        hour, minute = map(int, self.settings.schedule.digest_at.split(":"))
        until = datetime.combine(datetime.fromisoformat(day).date(), time(hour, minute), self.settings.zone)
        return (until - timedelta(days=1)).astimezone(UTC), until.astimezone(UTC)


def read_gazetteer(settings: Settings) -> Gazetteer:
    """The office's gazetteer. Raises ConfigError with file and line."""
    entries: list[Entry] = []
    for path, read in ((settings.home.gazetteer, home_entries), (settings.home.provinces, province_entries)):
        try:
            entries += read(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConfigError(text("config.bad_gazetteer", path=path, problem=error)) from error
    return Gazetteer(entries)


def read_item(item: Unread, page: Page | None, selectors: Selectors) -> tuple[Version | None, str]:
    """The version that a subject holds, and why not where it does not. What was announced stands in for a bad page."""
    article = extract(page, selectors) if page is not None else None
    why = reason("process.no_article") if page is not None and article is None else ""
    link = item.link
    if article is None:
        if not link.title:
            return None, why
        article = Article(
            url=link.url,
            title=link.title,
            lead=link.summary,
            text="",
            section="",
            published=link.published,
            modified=link.updated,
            lang=language(f"{link.title} {link.summary}"),
            method="feed",
            confidence=0.0,
        )
    else:
        lead = article.lead or link.summary
        article = replace(
            article,
            title=article.title or link.title,
            lead=lead,
            text="\n\n".join(without_lead(article.text.split("\n\n"), lead)),
            published=article.published or link.published,
        )
    article_id = digest_id(url_key(article.url) or link.key)
    return Version(
        id=digest_id(article_id, article.title, article.lead, article.text),
        article_id=article_id,
        source_id=link.source_id,
        fetch_id=item.subject,
        seen_at=item.seen_at,
        article=article,
    ), why


def _failure(stage: articles.Stage, item: Version, producer: str, error: Exception) -> Failure:
    return Failure(
        stage,
        item.id,
        producer,
        item.source_id,
        item.article.url,
        _why(error),
        datetime.now(UTC),
    )


def _why(error: Exception) -> str:
    """Why a stage failed on an item, for the ledger."""
    if isinstance(error, _TooLong):
        return reason("process.too_long", seconds=round(error.args[0]))
    return reason("process.stage_died", problem=f"{type(error).__name__}: {error}")


def _unknown_source(source_id: str, known: dict[str, Source]) -> str:
    return text("cli.unknown_source", id=source_id, known=", ".join(sorted(known)))


class Run:
    """Runs a pure function over argument tuples; an item's exception is its result."""

    def __init__(self, processes: int, item_seconds: float) -> None:
        self._processes, self._seconds = processes, item_seconds
        self._pool = self._new(processes) if processes else None

    def _new(self, processes: int) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=_begin_worker,
            initargs=(self._seconds,),
        )

    def __call__(self, function: Callable[..., R], jobs: Sequence[tuple[object, ...]]) -> list[R | Exception]:
        """Results in the order of the jobs."""
        if self._pool is None:
            return [_guarded(function, job) for job in jobs]
        try:
            futures = [self._pool.submit(_guarded, function, job) for job in jobs]
        except BrokenProcessPool:  # a worker died between two batches
            self._pool = self._new(self._processes)
            return [self._alone(function, job) for job in jobs]
        results: list[R | Exception] = []
        broken = False
        for future, job in zip(futures, jobs, strict=True):
            try:
                results.append(future.result())
            except BrokenProcessPool:
                # One of the items killed its process. Each that is left gets a process of its own, so that only the
                # guilty one is lost.
                broken = True
                results.append(self._alone(function, job))
        if broken:
            self._pool = self._new(self._processes)
        return results

    def _alone(self, function: Callable[..., R], job: tuple[object, ...]) -> R | Exception:
        with self._new(1) as pool:
            try:
                return pool.submit(_guarded, function, job).result()
            except BrokenProcessPool as error:
                return error

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


class _TooLong(Exception):
    """An item took its worker longer than the limit in seconds, which is its argument."""


_limit = 0.0  # seconds an item may take in this process; 0: no limit


def _begin_worker(item_seconds: float) -> None:
    """A worker does not outlive a line that was killed, and gives up an item that takes too long."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    global _limit  # noqa: PLW0603 - one of each process, set once when it begins
    _limit = item_seconds
    signal.signal(signal.SIGALRM, _give_up)


def _give_up(number: int, frame: object) -> None:  # noqa: ARG001 - a signal handler's signature
    raise _TooLong(_limit)


def _guarded(function: Callable[..., R], job: tuple[object, ...]) -> R | Exception:
    signal.setitimer(signal.ITIMER_REAL, _limit)
    try:
        return function(*job)
    except Exception as error:
        return error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


@contextmanager
def workers(processes: int, item_seconds: float) -> Iterator[Run]:
    """Worker processes for text, so that pages stay fast while a cycle runs."""
    run = Run(processes, item_seconds)
    try:
        yield run
    finally:
        run.close()
