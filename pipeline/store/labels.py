"""What analysts answered, what they were shown, and what may be asked next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline.records import TOPICS, Candidate, Draw, Label, LabelItem
from pipeline.store.database import Database
from pipeline.store.news import CURRENT


def write_labels(database: Database, labels: Sequence[Label], items: Iterable[LabelItem] = ()) -> int:
    """Add answers, and the texts they are about where we do not have them yet; how many answers were new."""
    with database.transaction():
        (before,) = database.rows("SELECT count(*) FROM labels")[0]
        database.insert(
            "INSERT INTO label_items SELECT * FROM batch ON CONFLICT DO NOTHING",
            list(
                {
                    item.id: {"id": item.id, "title": item.title, "text": item.text, "lang": item.lang}
                    for item in items
                }.values()
            ),
        )
        database.insert(
            "INSERT INTO labels SELECT * FROM batch ON CONFLICT DO NOTHING",
            [
                {
                    "id": label.id,
                    "item_id": label.item_id,
                    "topic": label.topic,
                    "value": label.value,
                    "who": label.who,
                    "given_at": label.at,
                    "guide": label.guide,
                    "drawn": label.drawn,
                }
                for label in labels
            ],
            ["given_at"],
        )
        (after,) = database.rows("SELECT count(*) FROM labels")[0]
    return int(after - before)


def labels(database: Database) -> list[Label]:
    """Every answer, oldest first."""
    return [
        Label(*row)
        for row in database.rows(
            "SELECT item_id, topic, value, who, given_at, guide, drawn FROM labels ORDER BY given_at, id"
        )
    ]


def items(database: Database, ids: Iterable[str]) -> dict[str, LabelItem]:
    """The texts of these items, as labelled; those never labelled as the store has them."""
    wanted = [{"id": item_id} for item_id in sorted(set(ids))]
    if not wanted:
        return {}
    with database.transaction():
        database.run("CREATE TEMP TABLE IF NOT EXISTS wanted (id TEXT)")
        database.run("DELETE FROM wanted")
        database.insert("INSERT INTO wanted SELECT * FROM batch", wanted)
        rows = database.rows(
            f"""
            SELECT i.id, i.title, i.text, i.lang FROM label_items i WHERE i.id IN (SELECT id FROM wanted)
            UNION ALL
            SELECT v.id, v.title, {TOLD}, v.lang FROM versions v WHERE v.id IN (SELECT id FROM wanted)
              AND v.id NOT IN (SELECT id FROM label_items)"""
        )
    return {row[0]: LabelItem(*row) for row in rows}


# What the model read of a version besides its title: lead and text, as the line hands them over.
TOLD = "CASE WHEN v.lead = '' THEN v.text ELSE v.lead || chr(10) || v.text END"


def candidates(database: Database, since: datetime, until: datetime, oldest: datetime, model: str) -> list[Candidate]:
    """Articles first seen in (since, until] and not older than `oldest`, with this model's scores."""
    return [
        Candidate(LabelItem(version_id, title, told, lang), seen_at, scores, flagged)
        for version_id, title, told, lang, seen_at, scores, flagged in (
            (row[0], row[1], row[2], row[3], row[4], tuple(row[5]), tuple(row[6]))
            for row in database.rows(
                f"""
                SELECT v.id, any_value(v.title), any_value({TOLD}), any_value(v.lang), any_value(v.seen_at),
                       list(g.score ORDER BY list_position(?, g.topic)),
                       list(g.flagged ORDER BY list_position(?, g.topic))
                FROM flags g JOIN versions v ON v.id = g.version_id
                WHERE g.model = ? AND v.id IN (SELECT v.id {CURRENT})
                GROUP BY v.id ORDER BY v.id""",
                [list(TOPICS), list(TOPICS), model, since, until, oldest],
            )
        )
    ]


def keep_draws(database: Database, draws: Sequence[Draw]) -> None:
    """Keep a day's blind sample; a sample once kept stays as it is."""
    database.insert(
        """INSERT INTO blind_draws SELECT * FROM batch
           WHERE day NOT IN (SELECT day FROM blind_draws)""",
        [
            {
                "day": draw.day,
                "item_id": draw.item_id,
                "stratum": draw.stratum,
                "size": draw.size,
                "drawn": draw.drawn,
                "model": draw.model,
            }
            for draw in draws
        ],
    )


def draws(database: Database, first: str, last: str) -> list[Draw]:
    """Blind samples of the days from first to last, newest day first."""
    return [
        Draw(*row)
        for row in database.rows(
            """SELECT day, item_id, stratum, size, drawn, model FROM blind_draws WHERE day BETWEEN ? AND ?
               ORDER BY day DESC, sha256(item_id)""",
            [first, last],
        )
    ]


def words_sample(database: Database, since: datetime, until: datetime, oldest: datetime, size: int) -> list[str]:
    """The words of some articles first seen in (since, until], always the same ones."""
    return [
        f"{title}\n{lead}\n{body}"
        for title, lead, body in database.rows(
            f"""SELECT w.title, w.lead, w.body FROM words w WHERE w.version_id IN (SELECT v.id {CURRENT})
                ORDER BY sha256(w.version_id) LIMIT ?""",
            [since, until, oldest, size],
        )
    ]
