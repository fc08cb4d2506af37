"""The one SQLite file of a home: connections, and the statements that build each part's tables. Knows no table."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from orchestrator.errors import ConfigError, StorageFull

_PATIENCE = 30.0  # seconds that a connection waits for a lock
_OTHER_HOME = "Name a folder that you may write as home: BATON_HOME=/path/to/folder"


class Database:
    """Connections to baton.db, one a thread, write-ahead logging on; several processes may read while one writes."""

    def __init__(self, path: Path, schema: str = "") -> None:
        self.path = path
        self._schema = schema
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection; rows come as sqlite3.Row."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            with full_disk_named(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(
                    self.path, timeout=_PATIENCE, check_same_thread=False, isolation_level=None
                )
                connection.row_factory = sqlite3.Row
                _log_ahead(connection)
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute("PRAGMA foreign_keys=ON")
                connection.executescript(self._schema)
            self._local.connection = connection
            with self._lock:
                self._open.append(connection)
        return connection

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write: all of it or nothing.

        Raises:
            StorageFull: the disk took no more; nothing of this write was kept.
        """
        connection = self.connection
        with full_disk_named(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            for connection in self._open:
                connection.close()
            self._open.clear()
        self._local = threading.local()


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Turn write-ahead logging on; where others do the same at once SQLite does not wait, whatever the timeout."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


@contextlib.contextmanager
def full_disk_named(path: Path) -> Iterator[None]:
    """Turns "disk full", wherever it comes from, into StorageFull."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "full" in str(error) or "disk I/O" in str(error):
            raise StorageFull(f"no space left for {path}: {error}") from error
        if "unable to open" in str(error) or "readonly" in str(error):
            raise ConfigError(f"{path} cannot be written: {error}", _OTHER_HOME) from error
        if "not a database" in str(error) or "malformed" in str(error):
            raise ConfigError(
                f"{path} is damaged: {error}", "Move the file away, or restore it from a copy."
            ) from error
        raise
    except (PermissionError, FileExistsError, NotADirectoryError) as error:
        raise ConfigError(f"{path.parent} cannot be written: {error}", _OTHER_HOME) from error
    except OSError as error:
        import errno

        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(f"no space left for {path}: {error}") from error
        raise
