"""The SQLite library behind the database: which one, how its connections are set, what its faults mean."""

import logging
import os
import sqlite3
import stat
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from portadoc.errors import Misconfigured

try:
    import pysqlite3
except ImportError:  # no wheel for this machine; the refusal rule below keeps it safe
    pysqlite3 = None

BUSY_TIMEOUT_MS: Final = 10_000
READERS: Final = 40  # as many as the thread pool that serves requests
FIRST_SOUND_VERSION: Final = (3, 51, 3)  # the versions before may corrupt a write-ahead log with two writers

# Primary result codes of SQLite that tell of the machine, not of our statement.
_MACHINE_FAULTS: Final = {
    5: "busy",
    6: "locked",
    8: "read_only",
    10: "io",
    11: "corrupt",
    13: "full",
    14: "cannot_open",
    26: "not_a_database",
}
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_SYNC_FAULTS: Final = frozenset({1034, 1290})  # fsync of the file, fsync of its directory


def driver() -> ModuleType:
    """Return the bundled SQLite where it exists, else the one of the Python installation."""
    return sqlite3 if pysqlite3 is None else pysqlite3


def require_sound_version(version: tuple[int, ...], *, workers: int) -> None:
    """Refuse several processes on a SQLite that could lose their writes.

    Raises: Misconfigured[sqlite_too_old].
    """
    if workers > 1 and version < FIRST_SOUND_VERSION:
        found, needed = (".".join(map(str, v)) for v in (version, FIRST_SOUND_VERSION))
        raise Misconfigured("sqlite_too_old", version=found, needed=needed, workers=workers)


def prepare_file(path: Path) -> None:
    """Make sure that the file is there and that only this user can read it, also after somebody has restored it.

    Raises: Misconfigured[storage_unusable] when it cannot be made or written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        if path.stat().st_mode & _OTHERS:
            path.chmod(0o600)
    except OSError as exc:
        raise Misconfigured("storage_unusable", reason=type(exc).__name__) from exc


def writer_engine(path: Path, *, durable: bool) -> Engine:
    """Return an engine with one connection, whose transactions hold the write lock from their first statement.

    A write-ahead log is used where it is sound. Elsewhere a command beside the server would be a second writer,
    which no count of workers tells; the older journal makes readers wait, and loses nothing.
    """
    journal = "WAL" if driver().sqlite_version_info >= FIRST_SOUND_VERSION else "DELETE"
    synchronous = "FULL" if durable else "OFF"
    pragmas = (f"journal_mode={journal}", f"synchronous={synchronous}", "foreign_keys=ON")
    return _engine(path, pragmas, begin="BEGIN IMMEDIATE", connections=1)


def reader_engine(path: Path) -> Engine:
    """Return an engine whose connections see one snapshot per transaction and cannot write."""
    return _engine(path, ("query_only=ON",), begin="BEGIN", connections=READERS)


def _without_rows(record: logging.LogRecord) -> bool:
    """Let statements through, whose values are hidden, and not the rows that come back: those hold everything."""
    return record.levelno > logging.DEBUG


def _engine(path: Path, pragmas: tuple[str, ...], *, begin: str, connections: int) -> Engine:
    logging.getLogger("sqlalchemy.engine.Engine").addFilter(_without_rows)
    engine = create_engine(
        f"sqlite:///{path}",
        module=driver(),
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_TIMEOUT_MS / 1000,
        hide_parameters=True,  # a failing statement may be logged; its values never
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000},
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(dbapi_connection: Any, _record: Any) -> None:
        dbapi_connection.isolation_level = None  # the driver must not open transactions of its own
        for pragma in pragmas:
            dbapi_connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def send_begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def machine_fault(error: DBAPIError) -> str | None:
    """Return a word for a fault of disk, lock or file; None when the statement itself was wrong."""
    return _MACHINE_FAULTS.get(_result_code(error) & 0xFF)


def is_sync_fault(error: DBAPIError) -> bool:
    """Tell whether the disk refused to make a write durable: nothing written after it can be believed."""
    return _result_code(error) in _SYNC_FAULTS


def _result_code(error: DBAPIError) -> int:
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code if isinstance(code, int) else 0
