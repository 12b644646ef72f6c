"""The `diembao` command: the only place that reads the clock, the environment and the arguments."""

from __future__ import annotations

import gzip
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from pipeline.catalogue import Shown, default_language, text
from pipeline.cli_doctor import doctor
from pipeline.cli_learning import evaluate, label_app, models_app, train
from pipeline.command import CONFIG, Config, Data, Out, bars_on_screen, office, opened, terminal, written
from pipeline.errors import ConfigError, DiemBaoError
from pipeline.settings import Settings, read_settings

if TYPE_CHECKING:
    from pipeline.line import Line

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Điểm báo: theo dõi báo chí và phản hồi thông tin sai.",
)
_INTERRUPTED = 130
_BEFORE_EDITION = 15  # minutes before the morning edition at which every source is asked once more
_READERS = 2  # processes that read feeds
_FILES = 16  # feeds in memory at a time
_LARGEST = 50 << 20  # bytes of a feed: no sitemap may be longer

app.command()(train)
app.command()(evaluate)
app.command()(doctor)
app.add_typer(label_app, name="label")
app.add_typer(models_app, name="models")


class Format(StrEnum):
    """Formats of a document."""

    html = "html"
    docx = "docx"
    json = "json"


class Stage(StrEnum):
    """Stages that can be made again."""

    extract = "extract"
    words = "words"
    flags = "flags"


def main() -> None:
    """Run a command; what a person can mend is told in words, with the exit status that belongs to it."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    signal.signal(signal.SIGTERM, _interrupted)  # a service is stopped as Ctrl-C stops it: what is held back is written
    try:
        app()
    except DiemBaoError as error:
        print(error, file=sys.stderr)
        sys.exit(error.status)
    except SystemExit as ended:
        if ended.code == _INTERRUPTED:  # typer's status for Ctrl-C
            print(text("cli.stopped"), file=sys.stderr)
        raise
    except BrokenPipeError:
        # Whoever read our output has gone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        print(text("cli.cannot_write", problem=error), file=sys.stderr)
        sys.exit(1)


def _interrupted(number: int, frame: object) -> None:  # noqa: ARG001 - a signal handler's signature
    raise KeyboardInterrupt


def _crawl(line: Line, only: list[str]) -> None:
    since = datetime.now(UTC)
    state: dict[str, tuple[int, int]] = {}
    with bars_on_screen() as bars:
        task = bars.add_task(text("cli.crawling"), total=None)

        def watch(source: str, done: int, total: int) -> None:
            state[source] = (done, total)
            bars.update(
                task,
                completed=sum(one for one, _ in state.values()),
                total=sum(two for _, two in state.values()),
                description=f"{text('cli.crawling')}: {source}",
            )

        line.crawl(only, watch)
    rows = line.coverage(since, datetime.now(UTC))
    terminal.print(
        text(
            "cli.crawled",
            asked=sum(row.asked for row in rows),
            new=sum(row.links_new for row in rows),
            failed=sum(row.entry_failed + row.pages_failed for row in rows),
        )
    )


def _notice_words(data: Path) -> None:
    from pipeline.text.words import notice, read_verdicts

    if told := notice(read_verdicts(data)):
        terminal.print(told, style="yellow", soft_wrap=True)


def _process(line: Line, stage: Stage | None = None, since: datetime | None = None) -> None:
    _notice_words(Path(line.settings.data))
    with bars_on_screen() as bars:
        tasks = {name: bars.add_task(text(f"cli.stage_{name}"), total=None) for name in ("extract", "words", "flags")}

        def watch(name: str, done: int, total: int) -> None:
            bars.update(tasks[name], completed=done, total=total)

        done = line.rebuild(stage.value, since, watch) if stage else line.process(watch)
    terminal.print(
        text("cli.processed", read=done.read, unreadable=done.unreadable, segmented=done.segmented, judged=done.judged)
    )


def _whole(crawl: Callable[[], None], rest: Callable[[], None]) -> None:
    """Crawl and the rest of a cycle. What surprised us in one source is raised when everything else has been done."""
    try:
        crawl()
    except ExceptionGroup:
        rest()
        raise
    rest()


def _write_digest(line: Line, since: datetime, until: datetime, name: str) -> Path:
    """All three formats into the data folder; the HTML's path."""
    from pipeline.reports.digest import to_json
    from pipeline.reports.docx import to_docx
    from pipeline.reports.html import to_html

    line.keep_sample(since, until)  # the first digest of a day settles its blind sample
    digest, shown = line.digest(since, until), line.shown()
    folder = Path(line.settings.data) / "digest"
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, content in (
        ("json", to_json(digest).encode()),
        ("docx", to_docx(digest, shown)),
        ("html", to_html(digest, shown).encode()),
    ):
        fresh = folder / f".{name}.{suffix}"
        fresh.write_bytes(content)
        fresh.replace(folder / f"{name}.{suffix}")
    return folder / f"{name}.html"


def _now_digest(line: Line) -> Path:
    now = datetime.now(UTC)
    path = _write_digest(line, now - timedelta(days=1), now, f"diem-bao-{line.shown().local(now):%Y-%m-%d-%H%M}")
    terminal.print(text("cli.digest_written", path=path), soft_wrap=True)
    return path


@app.command()
def run(config: Config = CONFIG, data: Data = None) -> None:
    """Một lượt: đọc báo, xử lý, làm điểm báo."""
    settings = office(config, data)
    _warn_contact(config, settings)
    with opened(settings) as line:

        def rest() -> None:
            _process(line)
            _now_digest(line)

        _whole(lambda: _crawl(line, []), rest)


def _warn_contact(config: Path, settings: Settings) -> None:
    if not settings.office.contact:
        terminal.print(text("cli.no_contact", path=config), style="yellow", soft_wrap=True)


@app.command()
def crawl(
    source: Annotated[list[str] | None, typer.Option("--source", help="chỉ nguồn này")] = None,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Chỉ đọc báo và lưu trữ."""
    settings = office(config, data)
    _warn_contact(config, settings)
    with opened(settings) as line:
        _crawl(line, source or [])


@app.command()
def process(config: Config = CONFIG, data: Data = None) -> None:
    """Đọc bài, tách từ, gắn cờ những gì chưa làm."""
    with opened(office(config, data)) as line:
        _process(line)


@app.command()
def rebuild(
    start: Annotated[Stage, typer.Option("--from", help="làm lại từ bước này")] = Stage.extract,
    since: Annotated[str | None, typer.Option(help="chỉ từ ngày này, ví dụ 2026-11-01")] = None,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Làm lại từ kho lưu trữ, ví dụ sau khi đổi mô hình."""
    settings = office(config, data)
    with opened(settings) as line:
        _process(line, start, _day(since).replace(tzinfo=settings.zone).astimezone(UTC) if since else None)


def _day(value: str) -> datetime:
    try:
        return datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007 - the caller gives it the office's zone
    except ValueError as error:
        raise ConfigError(text("cli.bad_day", value=value)) from error


def _period(line: Line, day: str | None) -> tuple[datetime, datetime]:
    """A day's morning edition, or the 24 hours up to now."""
    if day is not None:
        _day(day)
        period = line.edition(day)
        if period[1] > datetime.now(UTC):
            raise ConfigError(text("cli.future_day", value=day))
        return period
    now = datetime.now(UTC)
    return now - timedelta(days=1), now


@app.command()
def digest(
    day: Annotated[str | None, typer.Option(help="bản sáng của ngày này; không ghi: 24 giờ qua")] = None,
    format: Annotated[Format, typer.Option(help="định dạng")] = Format.html,
    output: Out = None,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Điểm báo ngày."""
    from pipeline.reports.digest import to_json
    from pipeline.reports.docx import to_docx
    from pipeline.reports.html import to_html

    with opened(office(config, data)) as line:
        made, shown = line.digest(*_period(line, day)), line.shown()
    match format:
        case Format.html:
            content = to_html(made, shown).encode()
        case Format.docx:
            content = to_docx(made, shown)
        case Format.json:
            content = to_json(made).encode()
    if output:
        output.write_bytes(content)
    else:
        sys.stdout.buffer.write(content)


@app.command()
def coverage(
    day: Annotated[str | None, typer.Option(help="kỳ của bản sáng ngày này; không ghi: 24 giờ qua")] = None,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Sổ độ phủ: mỗi nguồn được hỏi gì, cho gì, hỏng gì và vì sao (JSON, mỗi dòng một nguồn)."""
    from dataclasses import asdict

    with opened(office(config, data)) as line:
        for row in line.coverage(*_period(line, day)):
            shown = asdict(row) | {
                "silent": row.silent,
                "reasons": [line.shown().say(reason) for reason in row.reasons],
                "last_ok": row.last_ok.isoformat() if row.last_ok else None,
            }
            print(json.dumps(shown, ensure_ascii=False))


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="địa chỉ")] = None,
    port: Annotated[int | None, typer.Option(help="cổng")] = None,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Bàn làm việc trên trình duyệt, và lịch đọc báo."""
    settings = office(config, data)
    _warn_contact(config, settings)
    _notice_words(Path(settings.data))
    with opened(settings) as line:
        _serve(line, host or settings.console.host, port or settings.console.port, first_cycle_now=True)


def _serve(line: Line, host: str, port: int, *, first_cycle_now: bool) -> None:
    from apscheduler.schedulers.background import BackgroundScheduler

    from pipeline.console.app import make_console, serve_console

    if host not in ("127.0.0.1", "localhost", "::1"):
        raise ConfigError(text("cli.loopback_only", host=host))
    schedule = line.settings.schedule
    hour, minute = map(int, schedule.digest_at.split(":"))
    before = divmod((hour * 60 + minute - _BEFORE_EDITION) % (24 * 60), 60)

    def edition() -> None:
        now = line.shown().local(datetime.now(UTC))
        path = Path(line.settings.data) / "digest" / f"diem-bao-{now:%Y-%m-%d}.html"
        if (now.hour, now.minute) >= (hour, minute) and not path.exists():
            _write_digest(line, *line.edition(f"{now:%Y-%m-%d}"), path.stem)

    one_at_a_time = threading.Lock()

    def rest() -> None:
        if not line.stopping:
            line.process()
        # After a whole cycle only: what was fetched before the hour has been read by now. A machine switched on after
        # the hour makes up for it.
        if not line.stopping:
            edition()

    def look() -> None:
        """Ask what is due, and go on with what came."""
        with one_at_a_time:
            asked = True

            def ask() -> None:
                nonlocal asked
                asked = line.crawl_due()

            _whole(ask, lambda: rest() if asked else edition())

    def morning() -> None:
        """The edition speaks for every source: shortly before it all are asked, whatever their intervals."""
        with one_at_a_time:
            _whole(line.crawl, rest)

    try:
        listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise ConfigError(text("cli.port_taken", port=port, option="--port")) from error
    scheduler = BackgroundScheduler(timezone=line.settings.zone, job_defaults={"max_instances": 1, "coalesce": True})
    with listener:
        console = make_console(line)
        scheduler.add_job(
            look,
            "interval",
            seconds=schedule.look_seconds,
            misfire_grace_time=None,
            **({"next_run_time": datetime.now(line.settings.zone)} if first_cycle_now else {}),
        )
        scheduler.add_job(morning, "cron", hour=before[0], minute=before[1], misfire_grace_time=3600)
        scheduler.start()
        try:
            terminal.print(text("cli.serving", url=f"http://{host}:{port}/"), soft_wrap=True)
            serve_console(console, listener)
        finally:
            line.stop()
            scheduler.shutdown(wait=True)


@app.command()
def demo(
    once: Annotated[bool, typer.Option("--once", help="làm xong thì thoát, không mở bàn làm việc")] = False,
    port: Annotated[int, typer.Option(help="cổng của bàn làm việc")] = 8600,
    press_port: Annotated[int, typer.Option(help="cổng đầu tiên của báo hư cấu")] = 8701,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Chạy cả dây chuyền trên báo chí hư cấu, không cần Internet."""
    from pipeline.demo.press import OUTLETS
    from pipeline.demo.server import serving, sources

    settings = read_settings(config)
    settings = settings.model_copy(
        update={
            "data": str(data or Path(settings.data) / "demo"),
            "crawl": settings.crawl.model_copy(
                update={
                    "allow_loopback": True,
                    "delay_seconds": 0.02,
                    "latency_factor": 0.0,
                    "timeout_seconds": 3.0,
                    "retries": 1,
                }
            ),
        }
    )
    last = press_port + len(OUTLETS) - 1
    with ExitStack() as stack:
        try:
            stack.enter_context(serving(press_port, datetime.now(UTC)))
        except OSError as error:
            raise ConfigError(text("cli.port_taken", port=f"{press_port}-{last}", option="--press-port")) from error
        terminal.print(text("cli.demo_start", first=press_port, last=last, data=settings.data), soft_wrap=True)
        line = stack.enter_context(opened(settings, sources(press_port)))
        _crawl(line, [])
        _process(line)
        _now_digest(line)
        if not once:
            _serve(line, "127.0.0.1", port, first_cycle_now=False)


@app.command()
def extract(files: list[Path], output: Out = None) -> None:
    """Đọc bài từ tệp .html hoặc .html.gz; mỗi tệp một dòng JSON."""
    from pipeline.records import Page
    from pipeline.text.extract import extract as read

    with written(output) as out:
        for path in files:
            try:
                body = path.read_bytes()
                body = gzip.decompress(body) if path.suffix == ".gz" else body
            except (OSError, EOFError) as error:
                raise ConfigError(text("cli.no_input", path=path, problem=error)) from error
            article = read(Page("", body))
            out.write(
                json.dumps(
                    {
                        "file": str(path),
                        "url": article.url if article else "",
                        "title": article.title if article else "",
                        "lead": article.lead if article else "",
                        "text": article.text if article else "",
                        "published": article.published.isoformat() if article and article.published else None,
                        "lang": article.lang if article else "other",
                        "method": article.method if article else "none",
                        "confidence": article.confidence if article else 0.0,
                    },
                    ensure_ascii=False,
                )
                + "\n"
            )


@app.command()
def links(files: list[Path], output: Out = None) -> None:
    """Đọc liên kết từ tệp RSS, Atom, JSON Feed, sitemap (cả .gz); mỗi tệp một dòng JSON."""
    from pipeline.crawl.entries import Reading, given_up, read_entry
    from pipeline.records import Source
    from pipeline.workers import Workers

    nobody = Source(id="", name="", home="", language="vi", scope="national")
    shown = Shown(default_language(), ZoneInfo("UTC"))
    limits = Workers(_READERS, wall_seconds=20, cpu_seconds=2, megabytes=1024)  # hostile files are given up
    with limits as workers, written(output) as out:
        for start in range(0, len(files), _FILES):
            paths = files[start : start + _FILES]
            made = workers(read_entry, [("feed", _start_of(path), "", "", nobody) for path in paths])
            for path, one in zip(paths, made, strict=True):
                reading = one if isinstance(one, Reading) else given_up(one)
                problem = shown.say(reading.reason) if reading.reason else ""
                if reading.kind == "index" and not problem:
                    problem = shown.text("entry.is_index", n=len(reading.children))
                row = {
                    "file": str(path),
                    "kind": "sitemap" if reading.kind == "index" else reading.kind,
                    "links": [
                        {
                            "url": link.url,
                            "title": link.title,
                            "summary": link.summary,
                            "published": link.published.isoformat() if link.published else None,
                        }
                        for link in reading.links
                    ],
                    "problem": problem,
                }
                out.write(json.dumps(row, ensure_ascii=False) + "\n")


def _start_of(path: Path) -> bytes:
    """A file, or as much of one as can be a feed."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as error:
        raise ConfigError(text("cli.no_input", path=path, problem=error)) from error


@app.command()
def words(file: Annotated[str, typer.Argument(help="tệp, hoặc - cho đầu vào chuẩn")] = "-", data: Data = None) -> None:
    """Tách từ: mỗi dòng một văn bản."""
    from pipeline.text.words import read_verdicts, trusted
    from pipeline.text.words import words as split

    folder = data or Path("data")
    _notice_words(folder)
    fast = trusted(read_verdicts(folder))
    with _lines(file) as lines:
        for line in lines:
            print(split(line.rstrip("\n"), fast))


@app.command()
def classify(
    file: Annotated[str, typer.Argument(help="tệp JSONL, hoặc - cho đầu vào chuẩn")] = "-", config: Config = CONFIG
) -> None:
    """Gắn cờ: JSONL vào (id, title, text), JSONL ra."""
    from pipeline.learning.registry import champion
    from pipeline.line import read_gazetteer
    from pipeline.text.language import language
    from pipeline.text.normalise import nfc
    from pipeline.text.words import read_verdicts, told_words, trusted
    from pipeline.text.words import words as split
    from pipeline.triage.flags import load

    settings = read_settings(config)
    _notice_words(Path(settings.data))
    fast = trusted(read_verdicts(Path(settings.data)))
    model = load(champion(Path(settings.data), Path(settings.model)))
    gazetteer = read_gazetteer(settings)
    with _lines(file) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                item = json.loads(line)
                title, body = nfc(item["title"] or ""), nfc(item["text"] or "")
                lang = item.get("lang") or language(f"{title} {body[:600]}")
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise ConfigError(text("cli.bad_line", file=file, line=number, problem=repr(error))) from error
            segmented = (split(title, fast) if lang == "vi" else title, told_words(body, lang, fast))
            judgement = model.judge(str(item["id"]), title, body, segmented, gazetteer)
            flagged = sorted((flag for flag in judgement.flags if flag.flagged), key=lambda flag: -flag.score)
            print(
                json.dumps(
                    {
                        "id": item["id"],
                        "lang": lang,
                        "scores": {flag.topic: round(flag.score, 6) for flag in judgement.flags},
                        "topics": [flag.topic for flag in flagged],
                        "why": {
                            flag.topic: [
                                {"term": term, "weight": round(weight, 6)}
                                # All other terms and the bias in one, so that the weights sum to the score's log-odds.
                                for term, weight in [*((one.term, one.weight) for one in flag.terms), ("…", flag.rest)]
                            ]
                            for flag in flagged
                        }
                        | {"sentence": flagged[0].sentence if flagged else ""},
                        "model": judgement.model,
                    },
                    ensure_ascii=False,
                )
            )


@contextmanager
def _lines(file: str) -> Iterator[Iterable[str]]:
    try:
        if file == "-":
            sys.stdin.reconfigure(encoding="utf-8")  # type: ignore[union-attr]  # stdin is a text file here
            yield sys.stdin
        else:
            with Path(file).open(encoding="utf-8") as lines:
                yield lines
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(text("cli.no_input", path=file, problem=error)) from error


if __name__ == "__main__":
    main()
