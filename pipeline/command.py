"""What all commands share: their options, opening an office, progress bars."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer
from rich.console import Console as Terminal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pipeline.catalogue import text
from pipeline.settings import Settings, read_settings

if TYPE_CHECKING:
    from pipeline.line import Line
    from pipeline.records import Source

terminal = Terminal(stderr=True)

Data = Annotated[Path | None, typer.Option("--data", envvar="DIEMBAO_DATA", help="thư mục dữ liệu")]
Config = Annotated[Path, typer.Option("--config", envvar="DIEMBAO_CONFIG", help="tệp cấu hình")]
Out = Annotated[Path | None, typer.Option("-o", "--output", help="ghi vào tệp (mặc định: màn hình)")]
CONFIG = Path("diembao.toml")


def office(config: Path, data: Path | None) -> Settings:
    """diembao.toml, with the data folder that the command names."""
    settings = read_settings(config)
    return settings.model_copy(update={"data": str(data)}) if data else settings


@contextmanager
def opened(settings: Settings, sources: tuple[Source, ...] | None = None) -> Iterator[Line]:
    """The line of an office, closed at the end; what a crash left is told."""
    from pipeline.line import Line

    line = Line(settings, sources)
    try:
        if line.recovered:
            terminal.print(text("cli.recovered", n=line.recovered))
        for place in line.archive.damaged:
            terminal.print(text("cli.damaged", place=place), style="yellow", soft_wrap=True)
        yield line
    finally:
        line.close()


def bars_on_screen() -> Progress:
    """Progress bars that vanish when done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=terminal,
        transient=True,
    )


@contextmanager
def written(output: Path | None) -> Iterator[IO[str]]:
    """A file, or the screen."""
    with output.open("w", encoding="utf-8") if output else nullcontext(sys.stdout) as out:
        yield out
