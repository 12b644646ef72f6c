from __future__ import annotations

import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest

from pipeline.errors import StoreError, StoreHeld
from pipeline.store.database import FILE, SNAPSHOT, Database
from tests.store.rows import T0, publish

_HOLD = """
import sys
from pathlib import Path
from pipeline.store.database import Database
database = Database(Path(sys.argv[1]))
print("open", flush=True)
sys.stdin.read()
database.close()
"""


def _migrations(database: Database) -> list[tuple[str, datetime]]:
    return [(name, at) for name, at in database.rows("SELECT name, applied_at FROM schema_migrations ORDER BY name")]


def test_every_migration_is_applied_once_and_what_was_written_stays(tmp_path: Path) -> None:
    database = Database(tmp_path / "new" / "folder")
    first = _migrations(database)
    publish(database, "a", T0)
    database.close()

    again = Database(tmp_path / "new" / "folder")
    assert _migrations(again) == first
    shipped = sorted(file.name for file in (files("pipeline.store") / "migrations").iterdir() if file.name[0].isdigit())
    assert [name for name, _ in first] == shipped
    assert again.rows("SELECT count(*) FROM articles") == [(1,)]
    again.close()


def test_a_store_written_by_a_newer_version_is_refused_untouched(tmp_path: Path) -> None:
    database = Database(tmp_path)
    database.run("INSERT INTO schema_migrations VALUES ('9999_later.sql', now())")
    database.close()
    with pytest.raises(StoreError, match="9999_later"):
        Database(tmp_path)
    with duckdb.connect(str(tmp_path / FILE), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM schema_migrations WHERE name = '9999_later.sql'").fetchall() == [
            (1,)
        ]


@pytest.mark.parametrize("content", [b"this is a letter, not a database" * 200, b"\0" * 20_000])
def test_a_file_that_is_no_store_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StoreError, match=FILE):
        Database(tmp_path)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_second_process_is_refused_and_told_who_holds_the_store(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdin is not None
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreHeld) as refused:
            Database(tmp_path)
        holder.stdin.close()
        holder.wait(timeout=30)
    assert str(holder.pid) in str(refused.value)
    assert str(tmp_path / FILE) in str(refused.value)
    Database(tmp_path).close()  # once the other has gone, the file is free


def test_a_transaction_that_fails_leaves_nothing_behind(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.transaction():
        database.run("INSERT INTO archive_files VALUES ('a.warc.gz', 1)")
        database.insert("INSERT INTO archive_files SELECT * FROM batch", [{"name": "b.warc.gz", "taken_to": 2}])
        raise ZeroDivisionError
    with pytest.raises(duckdb.ConstraintException), database.transaction():
        database.run("INSERT INTO archive_files VALUES ('c.warc.gz', 3)")
        database.run("INSERT INTO archive_files VALUES ('c.warc.gz', 4)")
    assert database.rows("SELECT * FROM archive_files") == []
    with database.transaction():  # and the next one is not disturbed
        database.run("INSERT INTO archive_files VALUES ('d.warc.gz', 5)")
    assert database.rows("SELECT name, taken_to FROM archive_files") == [("d.warc.gz", 5)]


def test_a_batch_that_is_refused_says_why(database: Database) -> None:
    row = {"name": "a.warc.gz", "taken_to": 1}
    with pytest.raises(duckdb.ConstraintException, match=r"a\.warc\.gz"), database.transaction():
        database.insert("INSERT INTO archive_files SELECT * FROM batch", [row, row])


def test_threads_share_one_store_without_losing_a_row(database: Database) -> None:
    def write(worker: int) -> None:
        for number in range(20):
            with database.transaction():
                database.insert(
                    "INSERT INTO archive_files SELECT * FROM batch",
                    [{"name": f"{worker}-{number}", "taken_to": number}],
                )

    threads = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert database.rows("SELECT count(*), sum(taken_to) FROM archive_files") == [(80, 4 * 190)]


def test_a_batch_keeps_vietnamese_missing_values_and_moments_in_utc(database: Database) -> None:
    moment = datetime(2026, 11, 22, 17, 30, 0, 123456, tzinfo=UTC)
    row = {"name": "Nguồn 'Cửa Việt'; DROP TABLE links", "at": moment, "none": None}
    database.run("CREATE TEMP TABLE seen (name TEXT, seen_at TIMESTAMPTZ, none_at TIMESTAMPTZ)")
    database.insert("INSERT INTO seen SELECT * FROM batch", [row], ["at", "none"])
    assert database.dicts("SELECT * FROM seen") == [{"name": row["name"], "seen_at": moment, "none_at": None}]
    database.insert("INSERT INTO seen SELECT * FROM batch", [])  # nothing to write is nothing written
    assert database.rows("SELECT count(*) FROM seen") == [(1,)]


@pytest.mark.parametrize("folder", ["data", "dữ liệu của 'sở'"])
def test_the_snapshot_holds_every_table_row_and_index_of_the_store(tmp_path: Path, folder: str) -> None:
    database = Database(tmp_path / folder)
    for number in range(5):
        publish(database, str(number), T0, flagged=["sovereignty"])
    catalogue = "SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE' ORDER BY 1"
    tables = [name for (name,) in database.rows(catalogue)]
    contents = {name: sorted(map(str, database.rows(f'FROM "{name}"'))) for name in tables}
    indexes = database.rows("SELECT index_name FROM duckdb_indexes() ORDER BY 1")

    published = database.publish_snapshot()

    assert published == tmp_path / folder / SNAPSHOT
    assert sorted(path.name for path in (tmp_path / folder).iterdir() if "snapshot" in path.name) == [SNAPSHOT]
    with duckdb.connect(str(published), read_only=True) as reader:
        assert [name for (name,) in reader.execute(catalogue).fetchall()] == tables
        for name in tables:
            assert sorted(map(str, reader.execute(f'FROM "{name}"').fetchall())) == contents[name], name
        assert reader.execute("SELECT index_name FROM duckdb_indexes() ORDER BY 1").fetchall() == indexes
    database.close()


def test_a_snapshot_is_replaced_in_one_step_while_a_reader_has_the_old_one_open(database: Database) -> None:
    publish(database, "a", T0)
    path = database.publish_snapshot()
    old = duckdb.connect(str(path), read_only=True)
    before = path.stat().st_ino
    publish(database, "b", T0)
    database.publish_snapshot()
    assert path.stat().st_ino != before  # a new file under the name, not the old one written over
    assert old.execute("SELECT count(*) FROM articles").fetchall() == [(1,)]
    old.close()
    with duckdb.connect(str(path), read_only=True) as new:
        assert new.execute("SELECT count(*) FROM articles").fetchall() == [(2,)]
    publish(database, "c", T0)  # the store itself goes on
    assert database.rows("SELECT count(*) FROM articles") == [(3,)]


def test_a_snapshot_can_be_published_where_a_crash_left_a_torn_one(database: Database) -> None:
    publish(database, "a", T0)
    target = database.publish_snapshot()
    target.with_name(f".{SNAPSHOT}.{os.getpid()}").write_bytes(b"torn")
    with duckdb.connect(str(database.publish_snapshot()), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM articles").fetchall() == [(1,)]


def test_the_snapshot_is_read_while_another_process_holds_the_store(database: Database, tmp_path: Path) -> None:
    database.run("CREATE TABLE kept (word TEXT)")
    database.run("INSERT INTO kept VALUES ('biển')")
    database.publish_snapshot()
    database.run("INSERT INTO kept VALUES ('đảo')")
    reading = Database.snapshot(tmp_path)
    assert reading.rows("SELECT word FROM kept") == [("biển",)]  # as it was when it was published
    with pytest.raises(duckdb.Error, match="read-only"):
        reading.run("INSERT INTO kept VALUES ('sông')")
    reading.close()


def test_a_missing_snapshot_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"snapshot\.duckdb"):
        Database.snapshot(tmp_path / "nothing")
