"""The DuckDB file: opening, schema migrations, batch writes, snapshot."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from threading import RLock
from typing import Any

import duckdb
import pyarrow as pa

from pipeline.catalogue import text
from pipeline.errors import StoreError, StoreHeld

FILE = "diembao.duckdb"
SNAPSHOT = "snapshot.duckdb"
# Nothing is fetched from anywhere, whatever a statement might ask for.
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_STAMP = pa.timestamp("us", tz="UTC")


class Database:
    """An open store. Safe to use from several threads; statements run one at a time."""

    def __init__(self, folder: Path) -> None:
        """Open or create the store in a folder and bring its schema up to date. Raises StoreHeld, StoreError."""
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE
        self._lock = RLock()
        try:
            self._connection = duckdb.connect(str(self.path), config=_OFFLINE)
        except duckdb.IOException as error:
            if "lock" in str(error).lower():
                raise StoreHeld(text("store.held", path=self.path, holder=_holder(str(error)))) from error
            raise StoreError(str(error)) from error
        self._migrate()

    @classmethod
    def snapshot(cls, folder: Path) -> Database:
        """The last published snapshot, to read from while another process owns the store. Raises StoreError."""
        made = cls.__new__(cls)
        made.path = folder / SNAPSHOT
        made._lock = RLock()
        try:
            made._connection = duckdb.connect(str(made.path), read_only=True, config=_OFFLINE)
        except duckdb.Error as error:
            raise StoreError(text("store.no_snapshot", path=made.path, problem=error)) from error
        return made

    def close(self) -> None:
        """Write everything down and let go of the file."""
        self._connection.close()

    def _migrate(self) -> None:
        """Apply the migrations that are not in yet, each in a transaction of its own."""
        with self.transaction():
            self.run("CREATE TABLE IF NOT EXISTS schema_migrations (name TEXT PRIMARY KEY, applied_at TIMESTAMPTZ)")
        done = {name for (name,) in self.rows("SELECT name FROM schema_migrations")}
        folder = files("pipeline.store") / "migrations"
        known = sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name)
        if unknown := done - {file.name for file in known}:
            raise StoreError(text("store.newer", path=self.path, names=", ".join(sorted(unknown))))
        for file in known:
            if file.name not in done:
                with self.transaction():
                    self._connection.execute(file.read_text(encoding="utf-8"))
                    self.run("INSERT INTO schema_migrations VALUES (?, now())", [file.name])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """Execute a statement."""
        with self._lock:
            self._connection.execute(sql, list(values))

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._lock:
            return self._connection.execute(sql, list(values)).fetchall()

    def dicts(self, sql: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """All rows of a query, by column name."""
        with self._lock:
            result = self._connection.execute(sql, list(values))
            names = [column[0] for column in result.description or []]
            return [dict(zip(names, row, strict=True)) for row in result.fetchall()]

    def insert(self, statement: str, batch: Sequence[Mapping[str, Any]], stamps: Sequence[str] = ()) -> None:
        """Run a statement that selects from the table `batch`, filled with these rows through Arrow (executemany is a
        hundred times slower). `stamps` names the columns that hold times.
        """
        if not batch:
            return
        columns = {
            name: pa.array([row[name] for row in batch], _STAMP if name in stamps else None) for name in batch[0]
        }
        with self._lock:
            self._connection.register("batch", pa.table(columns))
            self._connection.execute(statement)
            # Not in a finally: in a transaction that a refused row has ended, this would fail and hide why.
            self._connection.unregister("batch")

    def publish_snapshot(self) -> Path:
        """Replace snapshot.duckdb, for notebooks and other readers, in one step."""
        target = self.path.with_name(SNAPSHOT)
        for stale in self.path.parent.glob(f".{SNAPSHOT}.*"):
            stale.unlink(missing_ok=True)  # left by a process that was killed here; one process owns the folder
        fresh = target.with_name(f".{SNAPSHOT}.{os.getpid()}")
        with self._lock:
            cursor = self._connection.cursor()
        try:
            # Without the lock: a transaction of its own sees one consistent state, and pages need not wait for it.
            name = cursor.execute("SELECT current_database()").fetchall()[0][0]
            cursor.execute(f"ATTACH '{_quoted(fresh)}' AS snapshot")
            try:
                cursor.execute(f'COPY FROM DATABASE "{name}" TO snapshot')
            finally:
                cursor.execute("DETACH snapshot")
            fresh.replace(target)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        finally:
            cursor.close()
        return target


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _holder(message: str) -> str:
    match = re.search(r"held in (.+?) \(PID (\d+)\)", message)
    return text("store.process", pid=match[2], name=Path(match[1]).name) if match else text("store.other_process")
