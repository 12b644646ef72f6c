"""Labels as files: JSON lines, CSV that a spreadsheet opens, Label Studio's JSON; each both ways.

A file holds items with answers, or items still to be answered. What comes in is checked line by line: a file with a mistake is
refused as a whole, with file, line and what to write, so that nobody wonders which half came in.

  JSON lines    id, title, text, lang, the three topics as 0, 1 or null, and who, at, guide, drawn where known
  CSV           the same columns, UTF-8 with a byte order mark and ';' or ',' between: Excel shows Vietnamese intact.
                Answers: 1 and 0, also x, có, yes and không, no; empty: not answered
  Label Studio  tasks whose data are id, title, text; annotations are choices named `topics`. An annotation without
                choices says no three times; so one who answered only in part goes out as a task still to be answered
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, TypeVar, cast, get_args

from pipeline.catalogue import text as say
from pipeline.learning.labels import LabelError
from pipeline.learning.opinions import latest
from pipeline.records import TOPICS, Drawn, Label, LabelItem, Language
from pipeline.text.language import language
from pipeline.text.normalise import nfc

_T = TypeVar("_T")
Format = Literal["jsonl", "csv", "studio"]
_COLUMNS = ("id", "title", "text", "lang", *TOPICS, "who", "at", "guide", "drawn")
_YES, _NO = frozenset(("1", "x", "có", "co", "yes", "true")), frozenset(("0", "không", "khong", "no", "false"))
# A cell that begins so would be run by a spreadsheet as a formula (OWASP, CSV injection); a text in front stops that.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Sheet:
    """An item with one person's answers, or without any."""

    item: LabelItem
    answers: Mapping[str, bool]  # by topic; a topic that is not in it was not answered
    who: str = ""
    at: datetime | None = None
    guide: str = ""
    drawn: Drawn = "import"


def sheets(items: Mapping[str, LabelItem], labels: Iterable[Label]) -> list[Sheet]:
    """Every person's latest answers to every item, as they are exported."""
    by_person: dict[tuple[str, str], list[Label]] = {}
    for answers in latest(labels).values():
        for who, label in answers.items():
            by_person.setdefault((label.item_id, who), []).append(label)
    return [
        Sheet(
            items[item_id],
            {label.topic: label.value for label in given},
            who,
            max(label.at for label in given),
            given[0].guide,
            given[0].drawn,
        )
        for (item_id, who), given in sorted(by_person.items())
        if item_id in items
    ]


def answers(read: Iterable[Sheet], who: str, now: datetime, guide: str) -> list[Label]:
    """The labels in a file; who, when and guide as the file says, or as given where it does not say."""
    return [
        Label(sheet.item.id, topic, value, sheet.who or who, sheet.at or now, sheet.guide or guide, sheet.drawn)
        for sheet in read
        for topic, value in sheet.answers.items()
    ]


def write(given: Sequence[Sheet], kind: Format) -> bytes:
    """The file."""
    match kind:
        case "jsonl":
            return "".join(json.dumps(_row(sheet), ensure_ascii=False) + "\n" for sheet in given).encode()
        case "csv":
            out = io.StringIO()
            table = csv.DictWriter(out, _COLUMNS, delimiter=";", lineterminator="\r\n")
            table.writeheader()
            for sheet in given:
                table.writerow({name: _cell(value) for name, value in _row(sheet).items()})
            return out.getvalue().encode("utf-8-sig")
        case "studio":
            return json.dumps([_task(sheet) for sheet in given], ensure_ascii=False, indent=1).encode()


def read(content: bytes, kind: Format, name: str) -> list[Sheet]:
    """The sheets of a file. Raises LabelError with the file's name and the line (Label Studio: the task)."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise LabelError(f"{name}:{line}: {say('label.not_utf8')}") from error
    match kind:
        case "jsonl":
            return [
                _guarded(name, number, partial(_from_json, line))
                for number, line in enumerate(text.split("\n"), 1)
                if line.strip()
            ]
        case "csv":
            return _csv(text, name)
        case "studio":
            tasks = _guarded(name, 1, lambda: json.loads(text))
            if not isinstance(tasks, list):
                raise LabelError(f"{name}:1: {say('label.not_tasks')}")
            return [
                sheet
                for number, task in enumerate(tasks, 1)
                for sheet in _guarded(name, number, partial(_studio, task))
            ]


def _csv(text: str, name: str) -> list[Sheet]:
    first = text.split("\n", 1)[0]
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # 131,072 otherwise; a decree in full is longer
    # Strict: a quotation mark that is never closed must not swallow the rest of the file.
    table = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") >= first.count(",") else ",", strict=True
    )
    columns = _guarded(name, 1, lambda: next(table, []))
    if missing := {"id", *TOPICS} - set(columns):
        raise LabelError(f"{name}:1: {say('label.no_column', names=', '.join(sorted(missing)))}")
    made: list[Sheet] = []
    while True:
        line = table.line_num + 1
        cells = _guarded(name, line, lambda: next(table, None))
        if cells is None:
            return made
        if any(cells):  # a spreadsheet leaves empty rows
            made.append(_guarded(name, line, partial(_from_csv, columns, cells)))


def _from_csv(columns: Sequence[str], cells: Sequence[str]) -> Sheet:
    if any(cells[len(columns) :]):
        raise ValueError(say("label.more_cells"))
    return _sheet(dict(zip(columns, map(_of_cell, cells), strict=False)))


def _guarded(name: str, line: int, make: Callable[[], _T]) -> _T:
    try:
        return make()
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, csv.Error) as error:
        told = say("label.bad_row", problem=_problem(error), topics=", ".join(TOPICS))
        raise LabelError(f"{name}:{line}: {told}") from error


def _problem(error: Exception) -> str:
    """What is wrong with a row, for the analyst who wrote it."""
    match error:
        case KeyError():
            return say("label.no_field", name=error.args[0])
        case json.JSONDecodeError():
            return say("label.not_json", column=error.colno)
        case csv.Error():
            return say("label.bad_csv")
        case UnicodeEncodeError() | OverflowError() | RecursionError() | AttributeError():
            return say("label.not_readable")
        case _:
            return str(error)


def _from_json(line: str) -> Sheet:
    return _sheet(_object(json.loads(line)))


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError(say("label.not_object"))
    return value


def _row(sheet: Sheet) -> dict[str, Any]:
    return {
        "id": sheet.item.id,
        "title": sheet.item.title,
        "text": sheet.item.text,
        "lang": sheet.item.lang,
        **{topic: int(sheet.answers[topic]) if topic in sheet.answers else None for topic in TOPICS},
        "who": sheet.who,
        "at": sheet.at.astimezone(UTC).isoformat() if sheet.at else "",
        "guide": sheet.guide,
        "drawn": sheet.drawn,
    }


def _sheet(row: Mapping[str, Any]) -> Sheet:
    if not isinstance(row["id"], str | int) or not _text(str(row["id"])).strip():
        raise ValueError(say("label.no_id"))
    title, told = _text(row.get("title")), _text(row.get("text"))
    lang = row.get("lang") or language(f"{title} {told}")
    if lang not in get_args(Language):
        raise ValueError(say("label.unknown", name="lang", value=lang, known=", ".join(get_args(Language))))
    drawn = row.get("drawn") or "import"
    if drawn not in get_args(Drawn):
        raise ValueError(say("label.unknown", name="drawn", value=drawn, known=", ".join(get_args(Drawn))))
    return Sheet(
        LabelItem(str(row["id"]), title, told, lang),
        {topic: value for topic in TOPICS if (value := _answer(row.get(topic))) is not None},
        _text(row.get("who")).strip(),
        _time(row.get("at")),
        _text(row.get("guide")),
        cast("Drawn", drawn),
    )


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(say("label.not_text", value=value))
    value.encode()  # half a surrogate pair, which JSON can write, is no text and cannot be stored
    return nfc(value)


def _answer(value: object) -> bool | None:
    if value is None:
        return None
    written = nfc(str(value)).strip().lower()
    if not written:
        return None
    if written in _YES or written in _NO:
        return written in _YES
    raise ValueError(say("label.answer", value=value))


def _time(value: object) -> datetime | None:
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(str(value))
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise ValueError(say("label.bad_time", value=value))


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.lstrip("'").startswith(_FORMULA) else value


def _of_cell(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(_FORMULA) else cell


def _task(sheet: Sheet) -> dict[str, Any]:
    task: dict[str, Any] = {"data": {"id": sheet.item.id, "title": sheet.item.title, "text": sheet.item.text}}
    task["data"] |= {"lang": sheet.item.lang, "drawn": sheet.drawn}
    if len(sheet.answers) == len(TOPICS):
        yes = [topic for topic in TOPICS if sheet.answers.get(topic)]
        choices = {"from_name": "topics", "to_name": "text", "type": "choices", "value": {"choices": yes}}
        task["annotations"] = [
            {
                "completed_by": {"email": sheet.who},
                "created_at": sheet.at.astimezone(UTC).isoformat() if sheet.at else None,
                "result": [choices] if yes else [],
            }
        ]
    return task


def _studio(task: object) -> list[Sheet]:
    task = _object(task)
    row = _object(task["data"])
    made = []
    for annotation in task.get("annotations") or ():
        if annotation.get("was_cancelled"):
            continue  # skipped by the annotator
        given = [
            choice
            for result in annotation["result"]
            if result.get("from_name") == "topics"
            for choice in result["value"]["choices"]
        ]
        if unknown := set(given) - set(TOPICS):
            raise ValueError(
                say(
                    "label.unknown", name="choices", value=", ".join(sorted(map(str, unknown))), known=", ".join(TOPICS)
                )
            )
        who = annotation.get("completed_by") or ""
        made.append(
            _sheet(
                {
                    **row,
                    **{topic: int(topic in given) for topic in TOPICS},
                    "who": str(who.get("email") or who.get("id") or "") if isinstance(who, dict) else str(who),
                    "at": annotation.get("updated_at") or annotation.get("created_at"),
                }
            )
        )
    return made
