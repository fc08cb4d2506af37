"""The SQLite file: whole transactions, many threads, many processes, a full disk."""

from __future__ import annotations

import errno
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from orchestrator.database import Database, full_disk_named
from orchestrator.errors import ConfigError, StorageFull

SCHEMA = "CREATE TABLE IF NOT EXISTS notes (text TEXT NOT NULL);"


def rows(database: Database) -> list[str]:
    return [row["text"] for row in database.connection.execute("SELECT text FROM notes ORDER BY rowid")]


def write(database: Database, *texts: str) -> None:
    with database.transaction() as connection:
        for text in texts:
            connection.execute("INSERT INTO notes VALUES (?)", (text,))


def write_then_fail(database: Database) -> None:
    database.connection.execute("INSERT INTO notes VALUES ('lost')")
    raise TypeError("in the middle")


def test_a_transaction_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    database = Database(tmp_path / "deep" / "down" / "baton.db", SCHEMA)
    write(database, "一", "two")
    with pytest.raises(TypeError), database.transaction():
        write_then_fail(database)
    assert rows(database) == ["一", "two"]
    database.close()
    assert rows(database) == ["一", "two"]  # opens again by itself
    database.close()


def test_threads_write_to_a_fresh_file_at_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "baton.db", SCHEMA)
    errors: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for i in range(5):
                write(database, f"{name}{i}")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(rows(database)) == sorted(f"{name}{i}" for name in "abcdefgh" for i in range(5))
    database.close()


def test_processes_open_a_fresh_file_at_once(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from orchestrator.database import Database\n"
        f"database = Database(pathlib.Path(sys.argv[1]), {SCHEMA!r})\n"
        "for i in range(5):\n"
        "    with database.transaction() as c:\n"
        "        c.execute('INSERT INTO notes VALUES (?)', (f'{sys.argv[2]}{i}',))\n"
    )
    path = tmp_path / "baton.db"
    processes = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in "abcd"]
    assert [process.wait(timeout=30) for process in processes] == [0, 0, 0, 0]
    database = Database(path, SCHEMA)
    assert sorted(rows(database)) == [f"{name}{i}" for name in "abcd" for i in range(5)]
    database.close()


def test_a_full_file_is_storage_full_and_loses_nothing_accepted(tmp_path: Path) -> None:
    database = Database(tmp_path / "baton.db", SCHEMA)
    write(database, "kept")
    pages = database.connection.execute("PRAGMA page_count").fetchone()[0]
    database.connection.execute(f"PRAGMA max_page_count = {pages + 2}")
    with pytest.raises(StorageFull, match="no space left for"):
        write(database, "x" * 1_000_000)
    assert rows(database) == ["kept"]
    write(database, "small")
    assert rows(database) == ["kept", "small"]
    database.close()


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), StorageFull),
        (sqlite3.OperationalError("database or disk is full"), StorageFull),
        (PermissionError(errno.EACCES, "no"), ConfigError),
        (sqlite3.OperationalError("no such table: x"), sqlite3.OperationalError),
    ],
)
def test_only_a_full_disk_is_called_full(raised: Exception, expected: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(expected), full_disk_named(tmp_path):
        raise raised


def test_opening_tries_again_where_another_switches_the_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Busy(sqlite3.Connection):
        failures = 2

        def execute(self, statement: str, *values: object) -> sqlite3.Cursor:
            if "journal_mode" in statement and Busy.failures:
                Busy.failures -= 1
                raise sqlite3.OperationalError("database is locked")
            return super().execute(statement, *values)

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *told, **named: connect(*told, **named, factory=Busy))
    database = Database(tmp_path / "baton.db", SCHEMA)
    write(database, "a")
    assert (rows(database), Busy.failures) == (["a"], 0)
    database.close()
