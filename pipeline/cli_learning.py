"""The commands of those who teach the model: label, train, evaluate, models."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipeline.catalogue import Shown, text
from pipeline.command import CONFIG, Config, Data, bars_on_screen, office, opened, terminal
from pipeline.errors import ConfigError, StoreHeld
from pipeline.records import TOPICS, Label, LabelItem
from pipeline.settings import Settings, Topics, read_topics

if TYPE_CHECKING:
    from pipeline.learning.labels import Labelled
    from pipeline.learning.train import Target
    from pipeline.store.database import Database
    from pipeline.text.places import Gazetteer

label_app = typer.Typer(no_args_is_help=True, help="Nhãn: lấy ra, đưa vào, độ thống nhất, nhãn đáng ngờ, bỏ sót.")
models_app = typer.Typer(no_args_is_help=True, help="Mô hình: danh sách, đưa vào dùng, quay lại, độ trôi.")

_BLIND_DAYS = 56  # of blind samples that a candidate is compared on
_SUSPECTS = 30


class LabelFormat(StrEnum):
    """Formats of label files."""

    csv = "csv"
    jsonl = "jsonl"
    studio = "studio"


Kind = Annotated[
    LabelFormat | None, typer.Option("--format", help="định dạng; không ghi: theo đuôi tệp (.csv, .jsonl, .json)")
]


def _kind(path: Path, given: LabelFormat | None) -> LabelFormat:
    known = {".csv": LabelFormat.csv, ".jsonl": LabelFormat.jsonl, ".json": LabelFormat.studio}
    if given is None and path.suffix.lower() not in known:
        raise ConfigError(text("label.which_format", path=path))
    return given or known[path.suffix.lower()]


def _files(settings: Settings) -> list[Path]:
    return sorted((Path(settings.model).parent / "seed").glob("*.jsonl"))


def _read(paths: list[Path]) -> list[Labelled]:
    from pipeline.learning.labels import LabelError, read_labelled

    try:
        return [item for path in paths for item in read_labelled(path)]
    except (LabelError, OSError) as error:
        raise ConfigError(text("cli.bad_label", problem=error)) from error


def _places(settings: Settings) -> tuple[Gazetteer, str]:
    from pipeline.line import read_gazetteer

    return read_gazetteer(settings), Path(settings.home.provinces).read_text(encoding="utf-8")


def _targets(topics: Topics) -> dict[str, Target]:
    from pipeline.learning.train import Target

    return {
        topic.id: Target(topic.target_recall, topic.prevalence, topic.untitled_prevalence) for topic in topics.topic
    }


def _reading(settings: Settings) -> Database | None:
    """The store, or its snapshot while `diembao serve` holds it; None where there is none yet."""
    from pipeline.store.database import FILE, Database

    folder = Path(settings.data)
    if not (folder / FILE).exists():
        return None
    try:
        return Database(folder)
    except StoreHeld:
        return Database.snapshot(folder)


@label_app.command("export")
def label_export(
    output: Annotated[Path, typer.Option("-o", "--output", help="ghi vào tệp")],
    queue: Annotated[bool, typer.Option("--queue", help="tin nên gán nhãn tiếp, thay cho nhãn đã có")] = False,
    who: Annotated[str, typer.Option(help="người sẽ gán nhãn (với --queue)")] = "",
    size: Annotated[int | None, typer.Option(help="số tin (với --queue)")] = None,
    kind: Kind = None,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Ghi nhãn đã có, hoặc tin nên gán nhãn tiếp, ra CSV (mở bằng Excel), JSONL hay JSON của Label Studio."""
    from pipeline.learning.exchange import Sheet, sheets, write
    from pipeline.store import labels

    settings, chosen = office(config, data), _kind(output, kind)
    if queue:
        if not who.strip():
            raise ConfigError(text("label.who"))
        with opened(settings) as line:
            queued = line.queue(who, size or settings.labels.queue, datetime.now(UTC))
        rows = [Sheet(one.item, {}, who, None, settings.labels.guide, one.drawn) for one in queued]
    else:
        database = _reading(settings)
        given = labels.labels(database) if database else []
        rows = sheets(labels.items(database, (one.item_id for one in given)) if database else {}, given)
        if database:
            database.close()
    output.write_bytes(write(rows, chosen.value))
    terminal.print(text("label.exported", n=len(rows), path=output), soft_wrap=True)


@label_app.command("import")
def label_import(
    file: Path,
    who: Annotated[str, typer.Option(help="người gán nhãn, cho những dòng không ghi tên")] = "",
    kind: Kind = None,
    config: Config = CONFIG,
    data: Data = None,
) -> None:
    """Nhận nhãn từ CSV, JSONL hay JSON của Label Studio. Tệp có một dòng sai thì không nhận dòng nào."""
    from pipeline.learning.exchange import answers, read
    from pipeline.learning.labels import LabelError
    from pipeline.store import labels

    settings = office(config, data)
    try:
        rows = [row for row in read(file.read_bytes(), _kind(file, kind).value, str(file)) if row.answers]
    except (LabelError, OSError) as error:
        raise ConfigError(text("cli.bad_label", problem=error)) from error
    if nameless := sum(not (row.who or who.strip()) for row in rows):
        raise ConfigError(text("label.nameless", path=file, n=nameless))
    with opened(settings) as line:
        known = labels.items(line.database, (row.item.id for row in rows))
        if lost := [row.item.id for row in rows if row.item.id not in known and not (row.item.title or row.item.text)]:
            raise ConfigError(text("label.no_text", path=file, ids=", ".join(lost[:5])))
        made = answers(rows, who.strip(), datetime.now(UTC), settings.labels.guide)
        new = labels.write_labels(line.database, made, [known.get(row.item.id, row.item) for row in rows])
    terminal.print(text("label.imported", items=len(rows), new=new, again=len(made) - new), soft_wrap=True)


@label_app.command("agreement")
def label_agreement(config: Config = CONFIG, data: Data = None) -> None:
    """Độ thống nhất giữa những người gán nhãn, mỗi dòng một hệ số (JSON); sau đó là các tin đang chờ người thứ ba."""
    from pipeline.learning.agreement import agreement
    from pipeline.learning.opinions import opinions

    given, _ = _labels(office(config, data))
    for one in agreement(given):
        row = asdict(one) | {"coefficient": "kappa" if len(one.who) == 2 else "alpha"}
        print(json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False))
    for (item_id, topic), opinion in sorted(opinions(given).items()):
        if opinion.value is None:
            print(json.dumps({"undecided": item_id, "topic": topic, "yes": opinion.yes, "no": opinion.no}))


@label_app.command("suspects")
def label_suspects(
    limit: Annotated[int, typer.Option(help="số nhãn")] = _SUSPECTS, config: Config = CONFIG, data: Data = None
) -> None:
    """Nhãn đáng ngờ: mô hình chưa thấy tin nào trong số đó chấm ngược hẳn với nhãn. Đọc lại, đừng sửa hàng loạt."""
    from pipeline.learning.suspects import suspects
    from pipeline.learning.train import train as learn

    settings = office(config, data)
    topics = read_topics(Path(settings.model).parent / "topics.toml")
    gazetteer, provinces = _places(settings)
    items = [*_read(_files(settings)), *_analysts(settings, topics)[0]]
    with bars_on_screen() as bars:
        task = bars.add_task(text("cli.training"), total=len(items))
        trained = learn(items, gazetteer, provinces, _targets(topics), lambda done: bars.update(task, completed=done))
    for one in suspects(trained)[:limit]:
        print(json.dumps(asdict(one), ensure_ascii=False))


@label_app.command("missed")
def label_missed(
    days: Annotated[int, typer.Option(help="số ngày tính đến hôm nay")] = 7, config: Config = CONFIG, data: Data = None
) -> None:
    """Ước lượng số tin đáng gắn cờ mà không có cờ, từ mẫu kiểm tra: mỗi chủ đề, rồi chung, với khoảng 95% (JSON)."""
    with opened(office(config, data)) as line:
        for topic in (*TOPICS, ""):
            print(json.dumps(asdict(line.missed(datetime.now(UTC), days, topic)), ensure_ascii=False))


def _labels(settings: Settings) -> tuple[list[Label], dict[str, LabelItem]]:
    from pipeline.store import labels

    database = _reading(settings)
    if database is None:
        return [], {}
    try:
        given = labels.labels(database)
        return given, labels.items(database, (one.item_id for one in given))
    finally:
        database.close()


def _analysts(settings: Settings, topics: Topics) -> tuple[list[Labelled], list[Labelled]]:
    """To learn from, and kept for testing."""
    from pipeline.learning.candidate import Weighing, analysts_items
    from pipeline.learning.opinions import opinions

    given, items = _labels(settings)
    return analysts_items(items, opinions(given), Weighing(**topics.training.model_dump()), datetime.now(UTC))


def _blind(settings: Settings) -> list[Labelled]:
    """Judged items of the last blind samples."""
    from pipeline.learning.labels import Labelled
    from pipeline.learning.opinions import opinions
    from pipeline.store import labels

    database = _reading(settings)
    if database is None:
        return []
    try:
        today = datetime.now(settings.zone)
        drawn = labels.draws(database, f"{today - timedelta(days=_BLIND_DAYS):%Y-%m-%d}", f"{today:%Y-%m-%d}")
        said = opinions(labels.labels(database))
        texts = labels.items(database, (draw.item_id for draw in drawn))
    finally:
        database.close()
    made = []
    for item_id, item in texts.items():
        values = [said[item_id, topic].value if (item_id, topic) in said else None for topic in TOPICS]
        if None not in values:
            made.append(Labelled(item_id, item.title, item.text, item.lang, None, tuple(map(bool, values))))
    return made


def train(
    file: Annotated[
        list[Path] | None,
        typer.Option("--data", help="chỉ học các tệp nhãn này; không ghi: dữ liệu gốc và nhãn của đơn vị"),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="thư mục mô hình; không ghi: một ứng viên trong data/models")
    ] = None,
    gold: Annotated[Path | None, typer.Option(help="tệp nhãn để đo, ghi vào thẻ mô hình")] = None,
    config: Config = CONFIG,
    # Not Data: here --data names label files.
    folder: Annotated[Path | None, typer.Option("--folder", envvar="DIEMBAO_DATA", help="thư mục dữ liệu")] = None,
) -> None:
    """Huấn luyện mô hình gắn cờ, viết mô hình và thẻ mô hình."""
    from pipeline.learning import registry
    from pipeline.learning.candidate import against, measure
    from pipeline.learning.card import Card, Measured, shut_reasons, write_card
    from pipeline.learning.evaluate import score
    from pipeline.learning.fairness import outlet_moves, read_pairs, same_flags
    from pipeline.learning.keywords import keyword_flags
    from pipeline.learning.train import train as learn
    from pipeline.triage.flags import load

    started, settings = time.monotonic(), office(config, folder)
    models = Path(settings.model).parent
    topics = read_topics(models / "topics.toml")
    targets, shown = _targets(topics), Shown(settings.console.language, settings.zone)
    gazetteer, provinces = _places(settings)
    files = file or _files(settings)
    frozen = _read([models / "frozen.jsonl"])
    items = _read(files)
    blind: list[Labelled] = []
    if not file:
        ours, ours_frozen = _analysts(settings, topics)
        items, frozen, blind = [*items, *ours], [*frozen, *ours_frozen], _blind(settings)
    never = {item.id for item in frozen}
    items = [item for item in items if item.id not in never]
    with bars_on_screen() as bars:
        task = bars.add_task(text("cli.training"), total=len(items))
        trained = learn(items, gazetteer, provinces, targets, lambda done: bars.update(task, completed=done))
        bars.add_task(text("cli.measuring"), total=None)
        pairs = same_flags(trained.model, read_pairs(models / "fairness" / "pairs.jsonl"), gazetteer, provinces)
        moves = outlet_moves(trained.model, frozen, gazetteer, provinces)
        measured = [Measured("", frozen, score(trained.model, frozen, gazetteer, provinces))]
        if gold:
            real = _read([gold])
            baseline = keyword_flags(real, gazetteer, provinces)
            measured.append(measure(gold.name, trained, real, targets, gazetteer, provinces, baseline))
        comparison = None
        if not output:
            champion = load(registry.champion(Path(settings.data), Path(settings.model)))
            margins: dict[str, float] = {topic.id: topic.margin for topic in topics.topic}
            comparison = against(
                champion, registry.current(Path(settings.data)), trained.model, frozen, blind, margins, pairs, moves,
                gazetteer, provinces,
            )  # fmt: skip
    target = output or registry.folder(Path(settings.data)) / trained.model.version
    target.mkdir(parents=True, exist_ok=True)
    trained.model.save(target)
    card = write_card(target, Card(trained, files, measured, pairs, moves, comparison), shown)
    if comparison:
        reasons = shut_reasons(comparison.gate, shown)
        registry.keep_report(
            target,
            {
                "made_at": datetime.now(UTC).isoformat(),
                "items": len(items),
                "gate": {
                    "against": comparison.gate.against,
                    "open": comparison.gate.open,
                    "reasons": reasons,
                    "differences": [asdict(one) for one in comparison.gate.differences],
                },
            },
        )
    terminal.print(
        text(
            "cli.trained",
            model=trained.model.version,
            items=shown.number(len(items)),
            terms=shown.number(len(trained.model.vocabulary)),
            seconds=shown.number(time.monotonic() - started, 1),
            card=card,
        ),
        soft_wrap=True,
    )
    if comparison:
        told = "card.gate_open" if comparison.gate.open else "card.gate_shut"
        terminal.print("\n".join([text(told, model=trained.model.version), *reasons]), soft_wrap=True)


def evaluate(gold: Path, config: Config = CONFIG, data: Data = None) -> None:
    """Đo mô hình hiện dùng trên một tệp nhãn (JSON)."""
    from pipeline.learning import registry
    from pipeline.learning.evaluate import figures, intervals, score
    from pipeline.triage.flags import load

    settings = office(config, data)
    items = _read([gold])
    model = load(registry.champion(Path(settings.data), Path(settings.model)))
    scores = score(model, items, *_places(settings))
    made = figures(scores, items, model.thresholds)
    around = intervals(scores, items, model.thresholds)
    told = {
        topic: {**one, **{f"{name}_interval": pair for name, pair in around.get(topic, {}).items()}}
        for topic, one in made.items()
    }
    print(json.dumps(told, ensure_ascii=False, indent=1))


@models_app.command("list")
def models_list(config: Config = CONFIG, data: Data = None) -> None:
    """Mọi mô hình của đơn vị, cái đang dùng có dấu *, và sổ ghi ai đổi mô hình khi nào."""
    from pipeline.learning import registry

    settings = office(config, data)
    folder, shown = Path(settings.data), Shown(settings.console.language, settings.zone)
    current = registry.current(folder)
    print(
        f"{'*' if current == registry.SHIPPED else ' '} {registry.SHIPPED}  {text('model.shipped', path=settings.model)}"
    )
    for version, report in registry.candidates(folder):
        state = text("model.gate_is_open" if report["gate"]["open"] else "model.gate_is_shut")
        made, mark = shown.moment(datetime.fromisoformat(report["made_at"])), "*" if version == current else " "
        print(f"{mark} {version}  {made}  {text('model.items', n=shown.number(report['items']))}  {state}")
    for change in registry.changes(folder):
        print(
            text(
                f"model.log_{change.action}",
                at=shown.moment(change.at), who=change.who, version=change.version, before=change.before,
            )
        )  # fmt: skip


Lead = Annotated[str, typer.Option("--lead", help="trưởng nhóm xác nhận")]


@models_app.command("promote")
def models_promote(version: str, lead: Lead, config: Config = CONFIG, data: Data = None) -> None:
    """Đưa một ứng viên đã qua cổng vào dùng. Lượt xử lý sau, hoặc `diembao rebuild --from flags`, gắn cờ lại."""
    from pipeline.learning import registry

    settings = office(config, data)
    if not lead.strip():
        raise ConfigError(text("model.lead"))
    change = registry.promote(Path(settings.data), version, lead.strip(), datetime.now(UTC))
    terminal.print(text("model.promoted", version=change.version, before=change.before), soft_wrap=True)


@models_app.command("rollback")
def models_rollback(lead: Lead, config: Config = CONFIG, data: Data = None) -> None:
    """Quay về mô hình dùng trước đó."""
    from pipeline.learning import registry

    settings = office(config, data)
    if not lead.strip():
        raise ConfigError(text("model.lead"))
    change = registry.rollback(Path(settings.data), lead.strip(), datetime.now(UTC))
    terminal.print(text("model.rolled_back", version=change.version, before=change.before), soft_wrap=True)


@models_app.command("drift")
def models_drift(
    weeks: Annotated[int, typer.Option(help="số tuần")] = 12, config: Config = CONFIG, data: Data = None
) -> None:
    """Độ trôi theo tuần: phân bố xác suất, phần từ lạ, phần tìm đủ ước từ mẫu kiểm tra; ra ngoài dải thì báo (JSON)."""
    settings = office(config, data)
    with opened(settings) as line:
        for week in line.drift(datetime.now(UTC), weeks):
            print(json.dumps(asdict(week), ensure_ascii=False))
            for warning in week.warnings:
                terminal.print(text(f"model.drift_{warning}", week=week.week), style="yellow", soft_wrap=True)


def _plain(value: object) -> object:
    """JSON knows no nan."""
    return None if isinstance(value, float) and value != value else value  # noqa: PLR0124 - nan is what differs from itself
