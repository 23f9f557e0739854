"""The database: one writer at a time, readers beside it, faults of the machine told as such.

Two rules that every store keeps (they leave the door open to a larger engine than SQLite): each key starts with
the institution, and no statement needs more than the SQL that SQLite and PostgreSQL share.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, insert, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portadoc.errors import Error, Misconfigured, Unavailable
from portadoc.storage import outbox, sqlite

_versions_metadata = MetaData()
_VERSIONS: Final = Table(
    "schema_versions",
    _versions_metadata,
    Column("room", Text, primary_key=True),
    Column("version", Integer, nullable=False),
)


Upgrade = Callable[[Connection], None]
"""Changes the tables of one version into those of the next, in the caller's transaction."""


def new_metadata(room: str, *, version: int = 1, upgrades: Mapping[int, Upgrade] | None = None) -> MetaData:
    """Return the collection on which a room declares its tables; ``version`` rises when their form changes.

    ``upgrades`` names, by version, the step from that version to the next; new tables need none.
    """
    return MetaData(info={"room": room, "version": version, "upgrades": dict(upgrades or {})})


class Database:
    """One SQLite file. Made by ``open_database``; threads share the object, processes the file."""

    def __init__(self, path: Path, *, temporary: bool) -> None:
        self._path = path
        self._temporary = temporary
        self._writer = sqlite.writer_engine(path, durable=not temporary)
        self._readers = sqlite.reader_engine(path)
        self._write_lock = threading.Lock()
        self._writing = threading.local()
        self._sync_failed = False

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Yield a connection whose work is committed as one when the block ends, or undone when it raises.

        Only one thread of the process is inside at a time; do not sign, fetch or wait in here.
        Raises: Unavailable[storage_unavailable] on disk full, lock, I/O error or a damaged file.
        """
        assert not getattr(self._writing, "active", False), "a write transaction inside another one"
        if not self._write_lock.acquire(timeout=sqlite.BUSY_TIMEOUT_MS / 1000):
            raise Unavailable("storage_unavailable", reason="busy")
        self._writing.active = True
        try:
            with self._connection(self._writer) as connection:
                yield connection
        finally:
            self._writing.active = False
            self._write_lock.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one unchanging state and cannot write.

        Raises: Unavailable[storage_unavailable] as ``transaction`` does.
        """
        with self._connection(self._readers) as connection:
            yield connection

    def create(self, metadata: MetaData) -> None:
        """Create the tables that are missing, bring those of an earlier release up to date, note their version.

        All of it or nothing: every step and the note of the version stand in one transaction.
        Raises: Misconfigured[storage_newer] for a database of a later release, [storage_older] for one so old that
        no upgrade is known, [storage_upgrade_failed] when a step does not go through; nothing is changed then.
        """
        room, version = metadata.info["room"], metadata.info["version"]
        with self.transaction() as connection:
            _versions_metadata.create_all(connection)
            stored = connection.scalar(select(_VERSIONS.c.version).where(_VERSIONS.c.room == room))
            if stored is None:
                connection.execute(insert(_VERSIONS).values(room=room, version=version))
            elif stored > version:
                raise Misconfigured("storage_newer", room=room, stored=stored, known=version)
            elif stored < version:
                _upgrade(connection, metadata, stored)
            metadata.create_all(connection)

    def close(self) -> None:
        """Give back every connection; a temporary database is gone afterwards."""
        self._readers.dispose()
        self._writer.dispose()  # last, so that the writer folds the write-ahead log into the file
        if self._temporary:
            shutil.rmtree(self._path.parent, ignore_errors=True)

    @contextmanager
    def _connection(self, engine: Engine) -> Iterator[Connection]:
        if self._sync_failed:
            raise Unavailable("storage_unavailable", reason="sync")
        try:
            with engine.connect() as connection, connection.begin():
                yield connection
        except PoolTimeout as exc:
            raise Unavailable("storage_unavailable", reason="busy") from exc
        except DBAPIError as exc:
            # After a failed fsync a second try may report a success that the disk never saw.
            if sqlite.is_sync_fault(exc):
                self._sync_failed = True
            if (reason := sqlite.machine_fault(exc)) is None:
                raise
            raise Unavailable("storage_unavailable", reason=reason) from exc


def _upgrade(connection: Connection, metadata: MetaData, stored: int) -> None:
    room, version, upgrades = (metadata.info[each] for each in ("room", "version", "upgrades"))
    oldest = version
    while oldest - 1 in upgrades:
        oldest -= 1
    if stored < oldest:
        raise Misconfigured("storage_older", room=room, stored=stored, known=version, oldest=oldest)
    for known in range(stored, version):
        try:
            upgrades[known](connection)
        except (DBAPIError, Error, LookupError, TypeError, ValueError) as exc:
            if isinstance(exc, DBAPIError) and sqlite.machine_fault(exc) is not None:
                raise
            reason = _reason(exc)
            raise Misconfigured(
                "storage_upgrade_failed", room=room, stored=stored, known=version, step=known, reason=reason
            ) from exc
    connection.execute(update(_VERSIONS).where(_VERSIONS.c.room == room).values(version=version))


def _reason(error: Exception) -> str:
    """Return what SQLite says, which names tables and columns and no value, our code, or the kind of error."""
    if isinstance(error, DBAPIError):
        return str(error.orig)
    return error.code if isinstance(error, Error) else type(error).__name__


def open_database(url: str, *, workers: int = 1) -> Database:
    """Open ``sqlite:///relative/path``, ``sqlite:////absolute/path`` or, for tests, ``sqlite://`` (temporary).

    ``workers`` is the number of processes that will have it open. The event table is made at once: every act
    writes to it.
    Raises: Misconfigured[database_url_unsupported], [sqlite_too_old], [storage_unusable], [storage_newer].
    """
    path = _path_of(url)
    sqlite.require_sound_version(sqlite.driver().sqlite_version_info, workers=workers)
    temporary = path is None
    file = Path(tempfile.mkdtemp(prefix="portadoc-")) / "portadoc.sqlite" if path is None else path
    sqlite.prepare_file(file)
    database = Database(file, temporary=temporary)
    try:
        database.create(outbox.METADATA)
    except Unavailable as exc:
        database.close()
        raise Misconfigured("storage_unusable", reason=exc.params["reason"]) from exc
    except Misconfigured:
        database.close()
        raise
    return database


def _path_of(url: str) -> Path | None:
    if url in ("sqlite://", "sqlite:///:memory:"):
        return None
    prefix = "sqlite:///"
    if not url.startswith(prefix) or len(url) == len(prefix) or "?" in url:
        raise Misconfigured("database_url_unsupported")
    return Path(url.removeprefix(prefix))
