"""The commands of whoever keeps sources.toml: check, discover, import, export."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args
from urllib.parse import urlsplit

import typer

from pipeline.catalogue import Shown, text
from pipeline.command import CONFIG, Config, bars_on_screen, office, terminal
from pipeline.errors import ConfigError, DiemBaoError
from pipeline.records import Page, Scope, Selectors

if TYPE_CHECKING:
    from pipeline.crawl.check import EntryCheck, SourceCheck
    from pipeline.crawl.discover import Discovery

sources_app = typer.Typer(no_args_is_help=True, help="Nguồn: kiểm tra, tìm nguồn mới, nhập và xuất OPML.")


def _agent(contact: str) -> str:
    from pipeline.crawl.fetch import user_agent
    from pipeline.line import PRODUCT

    return user_agent(PRODUCT, contact)


@sources_app.command("check")
def sources_check(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="không ghi: mọi nguồn đang bật")] = None,
    config: Config = CONFIG,
) -> None:
    """Hỏi mỗi nguồn một lượt: đọc được gì, có gì cần sửa trong sources.toml. Không ghi gì vào kho."""
    from pipeline.crawl.check import check_sources
    from pipeline.crawl.sources import read_sources
    from pipeline.crawl.visit import visiting

    settings = office(config, None)
    known = {source.id: source for source in read_sources(Path(settings.sources))}
    for id in ids or ():
        if id not in known:
            raise ConfigError(text("sources.no_id", id=id, path=settings.sources, known=", ".join(known)))
    chosen = [known[id] for id in dict.fromkeys(ids)] if ids else [one for one in known.values() if one.enabled]
    if not chosen:
        raise ConfigError(text("sources.none_enabled", path=settings.sources))
    shown, now = Shown(settings.console.language, settings.zone), datetime.now(UTC)
    done: list[SourceCheck] = []
    on_screen = sys.stdout.isatty()
    with bars_on_screen() as bars:
        task = bars.add_task(text("sources.asking"), total=len(chosen))

        def told(check: SourceCheck) -> None:
            done.append(check)
            bars.advance(task)
            if not on_screen:
                print(json.dumps(_line(check, shown, now), ensure_ascii=False), flush=True)

        async def ask() -> None:
            async with visiting(settings.crawl, _agent(settings.office.contact)) as visit:
                await check_sources(chosen, visit, now, _has_article, told)

        asyncio.run(ask())
    good = sum(check.readable for check in done)
    if on_screen:
        _print(sorted(done, key=lambda check: list(known).index(check.source.id)), shown, now)
    terminal.print(text("sources.checked", n=shown.number(len(done)), good=shown.number(good)), soft_wrap=True)
    if good < len(done):
        raise typer.Exit(1)


def _has_article(page: Page, selectors: Selectors) -> bool:
    from pipeline.text.extract import extract

    return extract(page, selectors) is not None


def _line(check: SourceCheck, shown: Shown, now: datetime) -> dict[str, object]:
    """A source as a line of JSON."""
    entries = []
    for entry in check.entries:
        age = round((now - entry.newest).total_seconds() / 3600, 1) if entry.newest else None
        entries.append(
            asdict(entry)
            | {
                "reason": shown.say(entry.reason) if entry.reason else "",
                "newest": entry.newest.isoformat() if entry.newest else None,
                "age_hours": age,
                "advice": [shown.say(one) for one in entry.advice],
            }
        )
    return {
        "id": check.source.id,
        "name": check.source.name,
        "readable": check.readable,
        "entries": entries,
        "advice": [shown.say(one) for one in check.advice],
    }


def _print(checks: list[SourceCheck], shown: Shown, now: datetime) -> None:
    """A table for each source, what to fix below it."""
    from rich.console import Console as Screen
    from rich.markup import escape
    from rich.table import Table

    screen = Screen()
    columns = ("entry", "outcome", "items", "newest", "shares", "robots", "time", "cache")
    for check in checks:
        mark = "[green]✓[/]" if check.readable else "[red]✗[/]"
        table = Table(title=f"{mark} {escape(check.source.name)} ({check.source.id})", title_justify="left")
        for column in columns:
            table.add_column(shown.text(f"sources.col_{column}"), overflow="fold")
        for entry in check.entries:
            table.add_row(*(escape(cell) for cell in _cells(entry, shown, now)))
        screen.print(table)
        for entry in check.entries:
            for advice in entry.advice:
                screen.print(escape(f"  → {entry.url}\n    {shown.say(advice)}"), soft_wrap=True, highlight=False)
        for advice in check.advice:
            screen.print(escape(f"  → {shown.say(advice)}"), soft_wrap=True, highlight=False)


def _cells(entry: EntryCheck, shown: Shown, now: datetime) -> tuple[str, ...]:
    kind = shown.text(f"sources.kind_{entry.kind}")
    outcome = shown.say(entry.reason) if entry.reason else shown.text("sources.read_well")
    moved = f"\n{shown.text('sources.moved_to', url=entry.moved_to)}" if entry.moved_to else ""
    robots = shown.text(f"sources.robots_{entry.robots}") if entry.robots else ""
    delay = shown.text("sources.delay", seconds=shown.number(entry.crawl_delay)) if entry.crawl_delay else ""
    listed = entry.kind != "article" and entry.items
    return (
        f"{kind}{f' ({entry.format})' if entry.kind in ('feed', 'sitemap') and entry.format else ''}\n{entry.url}{moved}",
        outcome,
        shown.number(entry.items) if listed else "",
        shown.ago(entry.newest, now) if entry.newest else "",
        f"{shown.number(100 * entry.dated)}% / {shown.number(100 * entry.titled)}%" if listed else "",
        f"{robots} {delay}".strip(),
        f"{shown.number(entry.seconds, 1)} / {shown.number(entry.bytes / 1000)}",
        " ".join(["ETag"] * entry.etag + ["Last-Modified"] * entry.last_modified),
    )


@sources_app.command("discover")
def sources_discover(url: str, config: Config = CONFIG) -> None:
    """Tìm RSS, sitemap tin, hoặc cách đọc trang chuyên mục của một báo; in đoạn để chép vào sources.toml."""
    from pipeline.crawl.discover import discover
    from pipeline.crawl.sources import refusal
    from pipeline.crawl.visit import visiting
    from pipeline.crawl.written import block, mistake, sources_of, table_of

    settings = office(config, None)
    url = url if "://" in url else f"https://{url}"
    if problem := refusal(url):
        raise ConfigError(text("sources.skipped", what=url, why=problem))
    known, now = sources_of(Path(settings.sources)), datetime.now(UTC)
    shown = Shown(settings.console.language, settings.zone)
    # A look around asks each address once.
    limits = settings.crawl.model_copy(update={"retries": 0})

    async def look() -> Discovery:
        async with visiting(limits, _agent(settings.office.contact)) as visit:
            return await discover(url, visit, now, [source.id for source in known], searching)

    with terminal.status(text("sources.searching", url=url)) as status:

        def searching(one: str) -> None:
            status.update(text("sources.searching", url=one))

        found = asyncio.run(look())
    for tried in found.tried:
        if tried.note:
            told = text("sources.tried_bad", url=tried.url, problem=shown.say(tried.note))
        else:
            told = text(
                "sources.tried_good",
                url=tried.url,
                format=tried.format,
                n=shown.number(len(tried.reading.links)),
                newest=shown.moment(tried.newest),
            )
        terminal.print(told, soft_wrap=True, markup=False, highlight=False)
    if found.source is None:
        raise DiemBaoError(text("sources.skipped", what=url, why=shown.say(found.problem)))
    if found.proposal and found.source.listings:
        titled = shown.number(100 * found.proposal.titled)
        terminal.print(text("sources.proposal", n=found.proposal.articles, titled=titled), soft_wrap=True)
        if found.proposal.sections:
            sections = " ".join(found.proposal.sections)
            terminal.print(text("sources.more_sections", sections=sections), soft_wrap=True, markup=False)
    written = block(
        table_of(found.source),
        {
            "scope": text("sources.comment_scope", scopes=", ".join(get_args(Scope))),
            "expected": text("sources.comment_expected"),
        },
    )
    if wrong := mistake(written):  # an address on the page that sources.toml does not take
        raise DiemBaoError(text("sources.skipped", what=url, why=wrong))
    for source in known:
        if urlsplit(source.home).netloc.removeprefix("www.") == urlsplit(found.source.home).netloc.removeprefix("www."):
            terminal.print(text("sources.already", id=source.id), style="yellow", soft_wrap=True)
    sys.stdout.write(written)
    terminal.print(text("sources.discovered", n=found.asked, id=found.source.id), soft_wrap=True)


@sources_app.command("export")
def sources_export(file: Path, config: Config = CONFIG) -> None:
    """Ghi mọi nguồn ra OPML 2.0, để chép sang máy khác hay mở bằng chương trình đọc RSS."""
    from pipeline.crawl.opml import to_opml
    from pipeline.crawl.sources import read_sources

    settings = office(config, None)
    known = read_sources(Path(settings.sources))
    title = text("sources.opml_title", settings.console.language, body=settings.office.body)
    file.write_bytes(to_opml(known, title, datetime.now(UTC)))
    terminal.print(text("sources.exported", n=len(known), path=file), soft_wrap=True)


@sources_app.command("import")
def sources_import(
    file: Path,
    enable: Annotated[bool, typer.Option("--enable", help="bật ngay, không để chờ kiểm tra")] = False,
    config: Config = CONFIG,
) -> None:
    """Thêm nguồn từ OPML vào cuối sources.toml; những gì đang có trong tệp giữ nguyên."""
    from pipeline.crawl.opml import from_opml
    from pipeline.crawl.written import append, sources_of

    settings = office(config, None)
    path, shown = Path(settings.sources), Shown(settings.console.language, settings.zone)
    try:
        made = from_opml(file.read_bytes(), sources_of(path), enable=enable)
    except OSError as error:
        raise ConfigError(text("cli.no_input", path=file, problem=error)) from error
    if made.blocks:
        append(path, made.blocks)
    for name in made.names:
        print(text("sources.added", name=name))
    for note in made.notes:
        print(text("sources.skipped", what=note.what, why=shown.say(note.why)))
    told = "sources.import_done_enabled" if enable or not made.blocks else "sources.import_done"
    terminal.print(text(told, n=len(made.blocks), path=path), soft_wrap=True)
