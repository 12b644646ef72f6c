"""Which models an office has made, and which one flags.

  data/models/<version>/topics.skops, CARD.md, candidate.json    every model ever made stays
  data/models/log.jsonl                                          who put which model to work, when: append-only

The model that flags is the one the log names last; without a log, the one that came with the software. Nothing is copied or
replaced: going back is one more line.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from pipeline.catalogue import text
from pipeline.errors import ModelError

LOG = "log.jsonl"
CANDIDATE = "candidate.json"
Action = Literal["promote", "rollback"]
SHIPPED = "shipped"  # how the log names the model that came with the software


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the log."""

    at: datetime
    who: str  # the lead who confirmed
    action: Action
    version: str  # put to work
    before: str  # that worked until then

    def line(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self) | {"at": self.at.isoformat()}, ensure_ascii=False)


def folder(data: Path) -> Path:
    """Where an office's models are."""
    return data / "models"


def changes(data: Path) -> list[Change]:
    """The log, oldest first; a last line torn by a power cut never was. Raises ModelError for anything else unreadable."""
    path = folder(data) / LOG
    if not path.is_file():
        return []
    whole, _, _ = path.read_bytes().rpartition(b"\n")  # bytes: a name may be torn inside a letter
    made = []
    for number, line in enumerate(whole.split(b"\n") if whole else (), 1):
        try:
            row = json.loads(line.decode("utf-8"))
            if row["action"] not in get_args(Action):
                raise ValueError(f"action {row['action']!r}")
            made.append(
                Change(datetime.fromisoformat(row["at"]), row["who"], row["action"], row["version"], row["before"])
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(text("model.bad_log", path=path, line=number, problem=error)) from error
    return made


def current(data: Path) -> str:
    """The version at work; SHIPPED where no other was ever promoted."""
    log = changes(data)
    return log[-1].version if log else SHIPPED


def champion(data: Path, shipped: Path) -> Path:
    """The folder of the model at work."""
    version = current(data)
    return shipped if version == SHIPPED else folder(data) / version


def candidates(data: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Version and report of every model made here, oldest first."""
    found = [
        (json.loads(path.read_text(encoding="utf-8")), path.parent.name) for path in folder(data).glob(f"*/{CANDIDATE}")
    ]
    for report, version in sorted(found, key=lambda pair: (pair[0]["made_at"], pair[1])):
        yield version, report


def keep_report(made: Path, report: dict[str, Any]) -> None:
    """Write a candidate's report beside it, last of all: a folder without one is not a candidate."""
    fresh = made / f".{CANDIDATE}"
    fresh.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    fresh.replace(made / CANDIDATE)


def promote(data: Path, version: str, who: str, now: datetime) -> Change:
    """Put a candidate to work. Raises ModelError where there is none of that version, or its gate did not open."""
    report = dict(candidates(data)).get(version)
    if report is None:
        raise ModelError(text("model.unknown", version=version, known=", ".join(dict(candidates(data))) or "–"))
    before = current(data)
    if version == before:
        raise ModelError(text("model.already", version=version))
    if report["gate"]["against"] != before:
        raise ModelError(text("model.gate_stale", version=version, against=report["gate"]["against"], current=before))
    if not report["gate"]["open"]:
        raise ModelError(text("model.gate_shut", version=version, reasons="\n".join(report["gate"]["reasons"])))
    return _log(data, Change(now.astimezone(UTC), who, "promote", version, before))


def rollback(data: Path, who: str, now: datetime) -> Change:
    """Put the model to work that worked before the present one. Raises ModelError where there was none."""
    log = changes(data)
    if not log:
        raise ModelError(text("model.no_earlier"))
    # Going back twice goes back two steps, not to and fro: the steps gone back are taken off.
    trail: list[str] = []
    for change in log:
        if change.action == "promote":
            trail.append(change.before)
        else:
            trail.pop()
    if not trail:
        raise ModelError(text("model.no_earlier"))
    return _log(data, Change(now.astimezone(UTC), who, "rollback", trail[-1], log[-1].version))


def _log(data: Path, change: Change) -> Change:
    path = folder(data) / LOG
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            if file.read(1) != b"\n":  # torn by a power cut: cut the piece off, it never was
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
        file.write(f"{change.line()}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    return change
