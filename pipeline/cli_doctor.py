"""`diembao doctor`: is what this machine holds whole, and does it split words as underthesea does?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.catalogue import Shown, default_language, text
from pipeline.command import CONFIG, Config, Data, bars_on_screen, office, opened
from pipeline.errors import ModelError
from pipeline.settings import Settings

if TYPE_CHECKING:
    from pipeline.store.database import Database

_SHOWN = 5  # differences, or troubles
_BATCH = 200  # versions read at a time


def doctor(
    archive: Annotated[
        bool, typer.Option("--archive", help="kho lưu trữ và sổ có khớp nhau không (không ghi gì: việc này)")
    ] = False,
    words: Annotated[bool, typer.Option("--words", help="tách từ nhanh có cho đúng từ của underthesea không")] = False,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Kiểm tra máy này: tệp lưu trữ, mã kiểm và sổ có khớp nhau không; thiếu trong sổ thì ghi lại từ kho."""
    settings = office(config, data)
    well = [_archive(settings)] if archive or not words else []
    if words:
        well.append(_words(settings))
    if not all(well):
        raise typer.Exit(1)


def _archive(settings: Settings) -> bool:
    """Files, digests and ledger against each other. Whether all is well, or was mended."""
    shown = Shown(default_language(), settings.zone)
    with opened(settings) as line, bars_on_screen() as bars:
        tasks = {
            "checking": bars.add_task(text("doctor.checking"), total=None),
            "indexing": bars.add_task(text("doctor.indexing"), total=None, visible=False),
        }

        def watch(name: str, done: int, total: int) -> None:
            unit = 1_000_000 if name == "checking" else 1
            bars.update(tasks[name], completed=done // unit, total=-(-total // unit), visible=True)

        found = line.examine(watch)
    print(
        text(
            "doctor.checked",
            files=shown.number(found.files),
            megabytes=shown.number(found.bytes / 1_000_000, 1),
            records=shown.number(found.records),
            rows=shown.number(found.rows),
        )
    )
    if found.taken or found.moved or found.cut:
        print(
            text(
                "doctor.mended",
                taken=shown.number(found.taken),
                moved=shown.number(found.moved),
                cut=shown.number(found.cut),
            )
        )
    if not found.troubles:
        print(text("doctor.agree"))
        return True
    for trouble in found.troubles[:_SHOWN]:
        print(text("doctor.trouble", file=trouble.file, offset=trouble.offset, what=shown.say(trouble.what)))
    if more := len(found.troubles[_SHOWN:]):
        print(text("doctor.more", n=shown.number(more)))
    print(text("doctor.troubles", n=shown.number(len(found.troubles))))
    return False


def _words(settings: Settings) -> bool:
    """The decoder's words against underthesea's, on this machine's texts. Whether they are the same."""
    from pipeline.store import articles
    from pipeline.store.database import FILE, Database
    from pipeline.text.words import RELEASE, fast_segmenter, write_verdict

    segmenter = fast_segmenter()
    if isinstance(segmenter, str):
        raise ModelError(text("doctor.unreadable", release=RELEASE, problem=segmenter))
    from pipeline.text.segmenter import COMPILED
    from pipeline.text.verify import Difference, compare

    folder = Path(settings.data)
    compared, different, first = 0, 0, list[Difference]()
    made: dict[str, int] = {}
    with ExitStack() as stack:
        stored: Iterable[str] = ()
        if (folder / FILE).exists():
            database = Database(folder)
            stack.callback(database.close)
            made, stored = articles.words_made(database), _stored_texts(database)
        bars = stack.enter_context(bars_on_screen())
        for name, texts in (("ours", _own_texts(settings)), ("store", stored)):
            task = bars.add_task(text(f"doctor.of_{name}"), total=None)
            for one in texts:
                compared += 1
                # The store may be large: of it the text format is compared, the one that is in use.
                difference = compare(segmenter, one, as_list=name == "ours")
                if difference:
                    different += 1
                    first = [*first, difference][:_SHOWN]
                bars.advance(task)
    write_verdict(folder, equal=not different)
    if made:
        print(
            text(
                "doctor.made",
                fast=made.get("fast", 0),
                checked=made.get("checked", 0),
                reference=made.get("reference", 0),
                differed=made.get("differed", 0),
            )
        )
    for one_difference in first:
        print(text("doctor.difference", ours=one_difference.decoder, theirs=one_difference.underthesea))
    way = text("doctor.compiled" if COMPILED else "doctor.numpy")
    if different:
        print(text("doctor.different", release=RELEASE, way=way, n=compared, different=different))
        return False
    print(text("doctor.equal", release=RELEASE, way=way, n=compared))
    return True


def _own_texts(settings: Settings) -> Iterator[str]:
    """All that we wrote: texts made to break a segmenter, the fictional press, the items that the model learns from."""
    from pipeline.demo.press import OUTLETS, stories
    from pipeline.learning.labels import read_labelled
    from pipeline.text import verify

    yield from verify.texts()
    for outlet in OUTLETS:
        for story in stories(outlet.id):
            yield from (story.title, story.lead, *story.body)
    for path in sorted((Path(settings.model).parent / "seed").glob("*.jsonl")):
        for item in read_labelled(path):
            yield from (item.title, item.text)


def _stored_texts(database: Database) -> Iterator[str]:
    """Titles, leads and paragraphs of every version in Vietnamese."""
    from pipeline.store import articles

    after = ""
    while batch := articles.vietnamese(database, after, _BATCH):
        after = batch[-1].id
        for version in batch:
            yield from (version.article.title, version.article.lead, *version.article.text.split("\n"))
