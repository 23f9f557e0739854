"""One writer, many readers, and faults that are told as what they are."""

import logging
import os
import signal
import stat
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import IntegrityError, OperationalError

from portadoc.errors import Malformed, Misconfigured, Unavailable
from portadoc.storage import Database, new_metadata, open_database, sqlite
from portadoc.storage.engine import Upgrade
from portadoc.storage.sqlite import FIRST_SOUND_VERSION, driver, require_sound_version

METADATA = new_metadata("test")
NUMBERS = Table("numbers", METADATA, Column("institution", Text, primary_key=True), Column("n", Integer))


def put(connection: Connection, institution: str, n: int) -> None:
    connection.execute(insert(NUMBERS).values(institution=institution, n=n))


def write(database: Database, *rows: tuple[str, int], then: Exception | None = None) -> None:
    with database.transaction() as connection:
        for institution, n in rows:
            put(connection, institution, n)
        if then is not None:
            raise then


def stored(database: Database) -> dict[str, int]:
    with database.read() as connection:
        return {row.institution: row.n for row in connection.execute(select(NUMBERS))}


@pytest.fixture
def numbers(database: Database) -> Database:
    database.create(METADATA)
    return database


def test_a_transaction_is_kept_when_the_block_ends(numbers: Database) -> None:
    with numbers.transaction() as connection:
        put(connection, "FR:TEST01", 1)
    assert stored(numbers) == {"FR:TEST01": 1}


def test_a_transaction_leaves_nothing_when_the_block_raises(numbers: Database) -> None:
    with pytest.raises(KeyError):
        write(numbers, ("FR:TEST01", 1), then=KeyError())
    assert stored(numbers) == {}


def test_the_next_transaction_works_after_one_that_raised(numbers: Database) -> None:
    with pytest.raises(KeyError):
        write(numbers, then=KeyError())
    write(numbers, ("FR:TEST01", 1))
    assert stored(numbers) == {"FR:TEST01": 1}


def test_a_reader_cannot_write(numbers: Database) -> None:
    with pytest.raises(Unavailable) as refusal, numbers.read() as connection:
        put(connection, "FR:TEST01", 1)
    assert refusal.value.params["reason"] == "read_only"


def test_a_reader_keeps_its_view_while_a_writer_commits(numbers: Database) -> None:
    with numbers.read() as connection:
        before = connection.scalar(select(func.count()).select_from(NUMBERS))
        with numbers.transaction() as other:
            put(other, "FR:TEST01", 1)
        assert connection.scalar(select(func.count()).select_from(NUMBERS)) == before
    assert stored(numbers) == {"FR:TEST01": 1}


def test_many_threads_lose_no_update(numbers: Database) -> None:
    with numbers.transaction() as connection:
        put(connection, "FR:TEST01", 0)

    def count_up() -> None:
        for _ in range(25):
            with numbers.transaction() as connection:
                seen = connection.scalar(select(NUMBERS.c.n)) or 0
                connection.execute(update(NUMBERS).values(n=seen + 1))

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored(numbers) == {"FR:TEST01": 200}


def test_a_transaction_inside_another_is_a_programming_fault(numbers: Database) -> None:
    with numbers.transaction(), pytest.raises(AssertionError), numbers.transaction():
        pass


def test_a_broken_rule_of_a_table_reaches_the_store(numbers: Database) -> None:
    with pytest.raises(IntegrityError):
        write(numbers, ("FR:TEST01", 1), ("FR:TEST01", 2))


def test_a_wrong_statement_is_not_told_as_a_fault_of_the_machine(numbers: Database) -> None:
    with pytest.raises(OperationalError), numbers.transaction() as connection:
        connection.execute(text("SELECT * FROM nowhere"))


def test_the_text_of_a_database_error_holds_no_value(numbers: Database) -> None:
    with pytest.raises(IntegrityError) as fault:
        write(numbers, ("CANARY", 1), ("CANARY", 2))
    assert "CANARY" not in str(fault.value)


def test_no_value_and_no_row_is_logged_at_any_level(numbers: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="sqlalchemy.engine.Engine")
    write(numbers, ("CANARY", 73915519))
    assert stored(numbers) == {"CANARY": 73915519}
    assert "SELECT numbers" in caplog.text
    assert "CANARY" not in caplog.text


def test_settings_of_the_connection(numbers: Database) -> None:
    with numbers.transaction() as connection:
        values = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}


def test_the_file_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "made" / "store.sqlite"
    database = open_database(f"sqlite:///{file}")
    try:
        for path in file.parent.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    finally:
        database.close()


def test_a_file_that_came_back_readable_by_others_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    open_database(f"sqlite:///{file}").close()
    file.chmod(0o644)
    open_database(f"sqlite:///{file}").close()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_where_the_write_ahead_log_is_not_sound_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command beside the server is a second writer, although each has one process."""
    file, journals = tmp_path / "store.sqlite", []
    for first_sound in ((99, 0, 0), FIRST_SOUND_VERSION):
        monkeypatch.setattr(sqlite, "FIRST_SOUND_VERSION", first_sound)
        database = open_database(f"sqlite:///{file}")
        with database.transaction() as connection:
            journals.append(connection.scalar(text("PRAGMA journal_mode")))
        database.close()
    assert journals == ["delete", "wal"]


def test_what_was_stored_is_there_after_reopening(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    for expected in (1, 2):
        database = open_database(url)
        database.create(METADATA)
        with database.transaction() as connection:
            put(connection, f"FR:TEST0{expected}", expected)
        assert len(stored(database)) == expected
        database.close()


def test_a_temporary_database_is_shared_by_threads_and_gone_when_closed() -> None:
    database = open_database("sqlite://")
    database.create(METADATA)
    with database.transaction() as connection:
        put(connection, "FR:TEST01", 1)
    seen: list[dict[str, int]] = []
    thread = threading.Thread(target=lambda: seen.append(stored(database)))
    thread.start()
    thread.join()
    folder = database._path.parent
    database.close()
    assert seen == [{"FR:TEST01": 1}]
    assert not folder.exists()


def test_a_full_disk_is_unavailable_and_mends_itself(numbers: Database) -> None:
    with numbers.transaction() as connection:
        pages = connection.scalar(text("PRAGMA page_count"))
        connection.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(Unavailable) as refusal:
        write(numbers, *((f"{n:04}" * 50, n) for n in range(1000)))
    assert refusal.value.code == "storage_unavailable"
    assert refusal.value.params["reason"] == "full"
    with numbers.transaction() as connection:
        connection.execute(text("PRAGMA max_page_count=1000000"))
        put(connection, "FR:TEST01", 1)
    assert stored(numbers) == {"FR:TEST01": 1}


@pytest.fixture
def foreign_lock(numbers: Database) -> Iterator[None]:
    other = driver().connect(str(numbers._path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.close()


def test_a_lock_held_by_another_process_is_unavailable(numbers: Database, foreign_lock: None) -> None:
    raw = numbers._writer.raw_connection()
    raw.cursor().execute("PRAGMA busy_timeout=20")
    raw.close()
    with pytest.raises(Unavailable) as refusal, numbers.transaction():
        pass
    assert refusal.value.params["reason"] == "busy"


def test_a_damaged_file_is_refused_at_the_start(tmp_path: Path) -> None:
    file = tmp_path / "store.sqlite"
    file.write_bytes(b"this is no database, whatever its name says" * 100)
    with pytest.raises(Misconfigured) as refusal:
        open_database(f"sqlite:///{file}")
    assert refusal.value.code == "storage_unusable"
    assert refusal.value.params["reason"] == "not_a_database"


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured) as refusal:
        open_database(f"sqlite:///{tmp_path}")
    assert refusal.value.code == "storage_unusable"


@pytest.mark.parametrize(
    "url", ["postgresql://db/portadoc", "sqlite:///", "store.sqlite", "sqlite:///a?mode=ro", ""]
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        open_database(url)
    assert refusal.value.code == "database_url_unsupported"


def test_an_old_sqlite_is_refused_for_several_processes_only() -> None:
    require_sound_version((3, 40, 1), workers=1)
    require_sound_version(FIRST_SOUND_VERSION, workers=4)
    with pytest.raises(Misconfigured) as refusal:
        require_sound_version((3, 51, 2), workers=2)
    assert refusal.value.code == "sqlite_too_old"
    assert refusal.value.params == {"version": "3.51.2", "needed": "3.51.3", "workers": 2}


@pytest.mark.parametrize(
    ("known", "code", "also"), [(1, "storage_newer", {}), (3, "storage_older", {"oldest": 3})]
)
def test_a_database_written_by_another_release_is_refused(
    database: Database, known: int, code: str, also: dict[str, int]
) -> None:
    def tables(version: int) -> MetaData:
        metadata = new_metadata("room", version=version)
        Table("things", metadata, Column("institution", Text, primary_key=True))
        return metadata

    database.create(tables(2))
    database.create(tables(2))
    with pytest.raises(Misconfigured) as refusal:
        database.create(tables(known))
    assert refusal.value.code == code
    assert refusal.value.params == {"room": "room", "stored": 2, "known": known, **also}


class TestUpgrades:
    """From one version to the next, step by step, in one transaction."""

    def tables(self, version: int, *known: int) -> MetaData:
        upgrades = {each: partial(self.step, each) for each in known}
        return new_metadata("room", version=version, upgrades=upgrades)

    @staticmethod
    def step(known: int, connection: Connection) -> None:
        connection.exec_driver_sql(f"CREATE TABLE step_{known} (n INTEGER)")

    def test_each_step_is_taken_once(self, database: Database) -> None:
        database.create(self.tables(1))
        database.create(self.tables(3, 1, 2))
        database.create(self.tables(3, 1, 2))
        with database.read() as connection:
            assert {"step_1", "step_2"} <= set(inspect(connection).get_table_names())

    def test_a_new_database_takes_none(self, database: Database) -> None:
        database.create(self.tables(3, 1, 2))
        with database.read() as connection:
            assert not {"step_1", "step_2"} & set(inspect(connection).get_table_names())

    def test_none_is_taken_when_one_is_missing(self, database: Database) -> None:
        database.create(self.tables(1))
        with pytest.raises(Misconfigured, match="storage_older"):
            database.create(self.tables(3, 1))
        with database.read() as connection:
            assert "step_1" not in inspect(connection).get_table_names()

    def test_a_refusal_names_the_oldest_form_that_is_upgraded(self, database: Database) -> None:
        database.create(self.tables(1))
        with pytest.raises(Misconfigured) as refusal:
            database.create(self.tables(5, 1, 3, 4))
        assert refusal.value.params == {"room": "room", "stored": 1, "known": 5, "oldest": 3}

    @pytest.mark.parametrize(
        ("fault", "reason"),
        [
            (None, "no such table: gone"),
            (Malformed("record_invalid"), "record_invalid"),
            (KeyError("a value"), "KeyError"),
        ],
        ids=["statement", "record", "other"],
    )
    def test_a_step_that_fails_leaves_everything_as_it_was(
        self, database: Database, fault: Exception | None, reason: str
    ) -> None:
        def fail(connection: Connection) -> None:
            if fault is not None:
                raise fault
            connection.exec_driver_sql("DROP TABLE gone")

        database.create(self.tables(1))
        upgrades: dict[int, Upgrade] = {1: partial(self.step, 1), 2: fail}
        later = new_metadata("room", version=3, upgrades=upgrades)
        Table("later", later, Column("institution", Text, primary_key=True))
        with pytest.raises(Misconfigured) as refusal:
            database.create(later)
        assert refusal.value.code == "storage_upgrade_failed"
        assert refusal.value.params == {"room": "room", "stored": 1, "known": 3, "step": 2, "reason": reason}
        with database.read() as connection:
            assert not {"step_1", "later"} & set(inspect(connection).get_table_names())
        database.create(self.tables(1))


def test_a_failed_sync_ends_all_use_of_the_database(numbers: Database) -> None:
    class SyncFault(Exception):
        sqlite_errorcode = 1034

    with pytest.raises(Unavailable) as first, numbers.transaction():
        raise OperationalError("COMMIT", {}, SyncFault())
    assert first.value.params["reason"] == "io"
    for use in (numbers.transaction, numbers.read):
        with pytest.raises(Unavailable) as later, use():
            pass
        assert later.value.params["reason"] == "sync"


FILLER = textwrap.dedent("""
    import resource, sys
    from sqlalchemy import Column, Integer, Table, Text, insert
    from portadoc.errors import Unavailable
    from portadoc.storage import new_metadata, open_database

    metadata = new_metadata("filled")
    acts = Table("acts", metadata, Column("n", Integer, primary_key=True), Column("text", Text))

    def write(n):
        with database.transaction() as connection:
            connection.execute(insert(acts).values(n=n, text="x" * 5000))

    database = open_database(sys.argv[1])
    database.create(metadata)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
    try:
        for n in range(1000):
            write(n)
    except Unavailable as refusal:
        print(refusal.code)
    with database.read() as connection:
        print(len(connection.execute(acts.select()).all()) == n)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    write(n)
    database.close()
""")


def test_a_disk_that_takes_no_more_is_unavailable_until_it_does(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-c", FILLER, f"sqlite:///{tmp_path / 'store.sqlite'}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.split() == ["storage_unavailable", "True"]


WRITER = textwrap.dedent("""
    import sys
    from sqlalchemy import Column, Integer, Table, insert
    from portadoc.storage import new_metadata, open_database

    metadata = new_metadata("killed")
    acts = Table("acts", metadata, Column("n", Integer, primary_key=True))
    database = open_database(sys.argv[1])
    database.create(metadata)
    for n in range(int(sys.argv[2]), 1_000_000):
        with database.transaction() as connection:
            connection.execute(insert(acts).values(n=n))
        print(n, flush=True)
""")


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    acknowledged = -1
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(acknowledged + 2)], stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        for _ in range(20):
            acknowledged = int(writer.stdout.readline())
        os.kill(writer.pid, signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()
    database = open_database(url)
    with database.read() as connection:
        kept = {row.n for row in connection.execute(text("SELECT n FROM acts"))}
    database.close()
    assert acknowledged in kept
    assert len(kept) >= 60


def test_a_newer_event_table_is_refused_at_the_start(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    database = open_database(url)
    with database.transaction() as connection:
        connection.execute(text("UPDATE schema_versions SET version = 99 WHERE room = 'outbox'"))
    database.close()
    with pytest.raises(Misconfigured) as refusal:
        open_database(url)
    assert refusal.value.code == "storage_newer"


STARTER = textwrap.dedent("""
    import sys
    from sqlalchemy import Column, Integer, Table, insert
    from portadoc.storage import new_metadata, open_database

    metadata = new_metadata("together")
    acts = Table("acts", metadata, *(Column(name, Integer, primary_key=True) for name in ("process", "n")))
    sys.stdin.readline()
    database = open_database(sys.argv[1], workers=3)
    database.create(metadata)
    for n in range(20):
        with database.transaction() as connection:
            connection.execute(insert(acts).values(process=int(sys.argv[2]), n=n))
    database.close()
""")


def test_processes_that_start_together_share_one_new_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    started = [
        subprocess.Popen([sys.executable, "-c", STARTER, url, str(n)], stdin=subprocess.PIPE) for n in range(3)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait() for process in started] == [0, 0, 0]
    database = open_database(url)
    with database.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM acts")) == 60
    database.close()
