"""diembao.toml as one typed `Settings`, and the strict way in which every TOML file of the office is read.

A mistake stops with a `ConfigError` that names the file, the line, the value found and what to write instead.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from pipeline.catalogue import UiLanguage, text
from pipeline.errors import ConfigError
from pipeline.records import TOPICS

ModelT = TypeVar("ModelT", bound=BaseModel)


class Strict(BaseModel):
    """A table of a configuration file: immutable, no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def refuse(key: str, **values: str | int) -> PydanticCustomError:
    """An error of ours inside a validator, worded by the catalogue."""
    return PydanticCustomError("ours", "{message}", {"message": text(key, **values)})


def _clock_time(value: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value):
        raise refuse("config.bad_time")
    return value


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise refuse("config.bad_zone")
    return value


def web_address(value: str) -> str:
    """An http(s) URL with a host and without credentials."""
    match = re.fullmatch(r"https?://[^\s/@:?#]+(?::(\d{1,5}))?(?:/[^\s]*)?", value)
    if not match or int(match[1] or 1) not in range(1, 65536):
        raise refuse("config.bad_url")
    return value


def _mail_address(value: str) -> str:
    if value and not re.fullmatch(r"[!-?A-~]+@[!-?A-~]+\.[!-?A-~]+", value):
        raise refuse("config.bad_mail")
    return value


ClockTime = Annotated[str, AfterValidator(_clock_time)]
ZoneName = Annotated[str, AfterValidator(_zone)]
WebAddress = Annotated[str, AfterValidator(web_address)]
MailAddress = Annotated[str, AfterValidator(_mail_address)]
Name = Annotated[str, Field(min_length=1)]


class Office(Strict):
    """Names printed on documents. Agencies are renamed and merged: they are never in code."""

    province: Name
    body: Name  # the issuing body
    superior: Name  # the body above it
    reading_office: Name  # who pulls the weekly summary
    contact: MailAddress = ""  # goes into the User-Agent, so that papers can reach us


class Home(Strict):
    """Which place is "home"."""

    gazetteer: Name  # path of the province's gazetteer
    provinces: Name  # path of the list of all provinces


class Schedule(Strict):
    """When things happen, in the office's time zone."""

    zone: ZoneName = "Asia/Ho_Chi_Minh"
    cycle_minutes: Annotated[int, Field(ge=5, le=1440)] = 20
    digest_at: ClockTime = "07:15"


class Crawl(Strict):
    """Limits of the crawler: polite to papers, hard on surprises."""

    delay_seconds: Annotated[float, Field(ge=0, le=60)] = 1.5  # between two requests to one host
    timeout_seconds: Annotated[float, Field(ge=1, le=300)] = 30.0  # whole request, redirects included
    max_megabytes: Annotated[float, Field(gt=0, le=100)] = 10.0  # of one body, also after decompression
    max_redirects: Annotated[int, Field(ge=0, le=10)] = 5
    retries: Annotated[int, Field(ge=0, le=5)] = 2  # after the first try
    hosts_at_once: Annotated[int, Field(ge=1, le=20)] = 8  # httpx slows down badly above about 20
    max_articles: Annotated[int, Field(ge=1, le=5000)] = 200  # of one source in one cycle
    max_tries: Annotated[int, Field(ge=1, le=20)] = 3  # failures after which a page is asked only every six hours
    recheck_hours: Annotated[float, Field(ge=0, le=720)] = 6.0  # between two looks at a flagged article
    recheck_days: Annotated[int, Field(ge=0, le=30)] = 3  # how long a flagged article is watched
    allow_loopback: bool = False  # only for the demonstration press


class Process(Strict):
    """Text and flags."""

    workers: Annotated[int, Field(ge=0, le=64)] = 1  # 0: in the same process
    batch: Annotated[int, Field(ge=1, le=5000)] = 200
    item_seconds: Annotated[float, Field(gt=0, le=3600)] = (
        60.0  # a page that takes a worker longer is given up and shown
    )


class Digest(Strict):
    """The daily digest."""

    max_age_days: Annotated[int, Field(ge=1, le=30)] = 3  # older items are counted, not listed
    blind_sample: Annotated[int, Field(ge=0, le=50)] = 10  # unflagged items shown to be judged
    missed_days: Annotated[int, Field(ge=1, le=366)] = 28  # of blind samples that the estimate of missed items rests on


class Labels(Strict):
    """What analysts are asked about."""

    guide: Name = "1"  # version of the labelling guide in force
    queue: Annotated[int, Field(ge=1, le=500)] = 30  # items of a queue
    window_days: Annotated[int, Field(ge=1, le=366)] = 14  # how old an item may be to be asked about
    second_share: Annotated[float, Field(ge=0, le=1)] = 0.15  # of labelled items, asked of a second person


class Mail(Strict):
    """Where documents are sent from. The password is never in a file: password_env names the variable."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    sender: MailAddress = ""
    user: str = ""
    password_env: str = "DIEMBAO_MAIL_PASSWORD"  # noqa: S105 - the name of a variable, not a password


class Console(Strict):
    """The web console."""

    host: Name = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8600
    language: UiLanguage = "vi"


class Settings(Strict):
    """diembao.toml."""

    office: Office
    home: Home
    data: str = "data"  # folder of archive and store; --data and DIEMBAO_DATA win
    sources: str = "sources.toml"
    model: str = "models/current"
    schedule: Schedule = Schedule()
    crawl: Crawl = Crawl()
    process: Process = Process()
    digest: Digest = Digest()
    labels: Labels = Labels()
    mail: Mail = Mail()
    console: Console = Console()

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.schedule.zone)


def read_settings(path: Path) -> Settings:
    """Read diembao.toml; paths in it are taken relative to its folder. Raises ConfigError."""
    settings = read_toml(path, Settings)
    folder = path.resolve().parent
    return settings.model_copy(
        update={
            "home": settings.home.model_copy(
                update={
                    "gazetteer": str(folder / settings.home.gazetteer),
                    "provinces": str(folder / settings.home.provinces),
                }
            ),
            "data": str(folder / settings.data),
            "sources": str(folder / settings.sources),
            "model": str(folder / settings.model),
        }
    )


class Topic(Strict):
    """One of the product's topics, in models/topics.toml."""

    id: Literal["sovereignty", "human_rights", "provincial_reputation"]
    target_recall: Annotated[float, Field(gt=0.5, lt=1)]  # of its items, found on held-out folds
    prevalence: Annotated[float, Field(gt=0, lt=1)]  # part of what is judged that is about it
    untitled_prevalence: Annotated[float, Field(gt=0, lt=1)] = (
        0.07  # for the image: of items whose title does not name home
    )
    margin: Annotated[float, Field(gt=0, lt=1)] = 0.05  # by which a candidate model may be worse than the champion


class Training(Strict):
    """How analysts' labels count beside the seed, in models/topics.toml."""

    single: Annotated[float, Field(gt=0, le=10)] = 0.7  # answered by one person
    agreed: Annotated[float, Field(gt=0, le=10)] = 1.0  # by two or more, all the same
    outvoted: Annotated[float, Field(ge=0, le=10)] = 0.5  # by a majority
    half_life_days: Annotated[float, Field(gt=0)] = 730.0  # after which an answer counts half
    frozen_share: Annotated[float, Field(ge=0, lt=1)] = 0.2  # of labelled items, kept for testing, never trained on


class Topics(Strict):
    """models/topics.toml."""

    topic: tuple[Topic, ...]
    training: Training = Training()

    @model_validator(mode="after")
    def _all_once(self) -> Self:
        if sorted(topic.id for topic in self.topic) != sorted(TOPICS):
            raise refuse("config.topics", topics=", ".join(TOPICS))
        return self


def read_topics(path: Path) -> Topics:
    """What is asked of a model. Raises ConfigError."""
    return read_toml(path, Topics)


Mistake = tuple[tuple[int | str, ...], object, str]  # where, the value found, what to write


def read_toml(path: Path, shape: type[ModelT], across: Callable[[ModelT], Iterable[Mistake]] = lambda _: ()) -> ModelT:
    """Read a TOML file into a strict model. Raises ConfigError with one line for each mistake.

    `across` finds mistakes that only show when several tables are seen together.
    """
    try:
        source = path.read_text(encoding="utf-8-sig")  # Notepad puts a byte order mark in front
    except FileNotFoundError as error:
        raise ConfigError(text("config.no_file", path=path)) from error
    except UnicodeDecodeError as error:
        raise ConfigError(text("config.not_utf8", path=path)) from error
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        number = place[1] if place else len(source.splitlines())
        problem = re.sub(r" \(at .*", "", str(error))
        raise ConfigError(text("config.not_toml", path=path, line=number, problem=problem)) from error
    try:
        # TOML arrays arrive as lists; our records hold tuples.
        model = shape.model_validate(_tuples(data))
    except ValidationError as error:
        lines = source.splitlines()
        raise ConfigError(
            "\n".join(_explain(path, lines, details, shape) for details in error.errors(include_url=False))
        ) from error
    if mistakes := list(across(model)):
        lines = source.splitlines()
        raise ConfigError("\n".join(_told(path, lines, *mistake) for mistake in mistakes))
    return model


def _tuples(value: object) -> Any:
    if isinstance(value, dict):
        return {key: _tuples(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return tuple(_tuples(inner) for inner in value)
    return value


def _told(path: Path, lines: list[str], loc: tuple[int | str, ...], found: object, problem: str) -> str:
    where = f"{path}:{_line_of(lines, loc)}: {_dotted(loc)}"
    if isinstance(found, dict):  # a whole table: its mistake is in the advice
        return f"{where}: {problem}"
    return text("config.bad_value", where=where, found=repr(found), problem=problem)


def _explain(path: Path, lines: list[str], details: ErrorDetails, shape: type[BaseModel]) -> str:
    loc = details["loc"]
    where = f"{path}:{_line_of(lines, loc)}: {_dotted(loc)}"
    found = details["input"]
    match details["type"]:
        case "extra_forbidden":
            known = _known_keys(shape, loc[:-1])
            near = difflib.get_close_matches(str(loc[-1]), known, n=1)
            hint = (
                text("config.did_you_mean", key=near[0]) if near else text("config.known_keys", keys=", ".join(known))
            )
            return text("config.unknown_key", where=where, hint=hint)
        case "missing":
            return text("config.missing_key", where=where, key=loc[-1])
        case _:
            return _told(path, lines, loc, found, _expected(details))


def _expected(details: ErrorDetails) -> str:
    bounds = details.get("ctx", {})
    match details["type"]:
        case "ours":
            return str(bounds["message"])
        case "string_type" | "int_type" | "float_type" | "bool_type" | "tuple_type" as kind:
            return text(f"config.want_{kind.removesuffix('_type')}")
        case "greater_than_equal" | "less_than_equal" | "greater_than" | "less_than":
            ((name, bound),) = bounds.items()
            return text(f"config.want_{name}", bound=bound)
        case "string_too_short":
            return text("config.want_not_empty")
        case "string_pattern_mismatch":
            return text("config.want_id")
        case "model_type" | "model_attributes_type":
            return text("config.want_table")
        case "literal_error" | "enum":
            return text("config.want_one_of", choices=str(bounds["expected"]).replace(" or ", ", "))
        case _:
            return details["msg"]


def _known_keys(shape: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """The keys allowed at a place inside the model."""
    current: Any = shape
    for step in loc:
        if isinstance(step, str) and isinstance(current, type) and issubclass(current, BaseModel):
            current = current.model_fields[step].annotation
        while not (isinstance(current, type) and issubclass(current, BaseModel)):
            inner = [a for a in getattr(current, "__args__", ()) if a is not Ellipsis and a is not type(None)]
            if not inner:
                return []
            current = inner[0]
    return sorted(current.model_fields)


def _dotted(loc: tuple[int | str, ...]) -> str:
    """`source[3].feeds[1]`, counted from 1 as people count."""
    shown = ""
    for step in loc:
        shown += f"[{step + 1}]" if isinstance(step, int) else f".{step}" if shown else str(step)
    return shown


def _line_of(lines: list[str], loc: tuple[int | str, ...]) -> int:
    """The line (from 1) where a value stands: its key's line, else its table's header, else 1.

    tomllib keeps no positions; the files are ours and plain, so a scan for headers and keys finds them.
    """
    best, best_line = 0, 1
    path: list[int | str] = []
    counts: dict[tuple[int | str, ...], int] = {}
    for number, line in enumerate(lines, 1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.\-]+)\s*\]", line):
            path = []
            names = header[2].split(".")
            for index, name in enumerate(names):
                path.append(name)
                key = tuple(path)
                if header[1] == "[[" and index == len(names) - 1:
                    counts[key] = counts.get(key, -1) + 1
                if key in counts:
                    path.append(counts[key])
            candidate = path
        elif found := re.match(r"\s*([\w.\-\"']+)\s*=", line):
            candidate = [*path, *(part.strip("\"'") for part in found[1].split("."))]
        else:
            continue
        if len(candidate) > best and tuple(candidate) == loc[: len(candidate)]:
            best, best_line = len(candidate), number
    return best_line
