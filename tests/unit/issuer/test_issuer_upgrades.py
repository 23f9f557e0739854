"""A database of an earlier release is brought up to date when the issuer starts, all of it or nothing."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, inspect, text

from portadoc.errors import Misconfigured
from portadoc.formats import strict_json
from portadoc.issuer.store import record_store, upgrades
from portadoc.issuer.store.tables import METADATA
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json
from portadoc.storage import Database, new_metadata, open_database
from portadoc.storage.installation import digest
from portadoc.verification.persons import number_letters
from tests.unit.issuer.conftest import NOW

OLD_TABLES = Path(__file__).with_name("issuer_tables_3.sql")
"""The tables of version 3, as its release made them."""
TABLES = sorted(table.name for table in METADATA.sorted_tables)


RECORD = example("posted-worker-fr-de")
BODY = strict_json.dumps(record_to_json(RECORD)).decode()
TOKEN = (
    "INSERT INTO issuer_access_tokens VALUES ('fr-demo', :token, 'grant', :allowed, 0, NULL, NULL, :left, :later)"
)
FILLED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("INSERT INTO issuer_records VALUES ('fr-demo', 'record', 'pda1', :body, :now, NULL, NULL)", {}),
    (
        "INSERT INTO issuer_deferred VALUES"
        " ('fr-demo', 'digest', 'grant', NULL, NULL, 'case', 'pda1', '[]', NULL, :now, :later)",
        {},
    ),
    (
        "INSERT INTO issuer_offers"
        " (institution, offer_id, entitlements, tries_left, state, created_at, expires_at)"
        " VALUES ('fr-demo', 'offer', :allowed, 5, 'open', :now, :later)",
        {},
    ),
    (TOKEN, {"token": digest("token"), "left": 12}),
    (TOKEN, {"token": digest("other"), "left": 7}),
)
"""What the old release has kept: a record, a request that waits, an offer, two tokens of one grant."""


@pytest.fixture
def old(database: Database) -> Database:
    """A database of version 3 that was in use."""
    database.create(new_metadata("issuer", version=3))
    with database.transaction() as connection:
        for statement in OLD_TABLES.read_text(encoding="ascii").split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)
        known = {"body": BODY, "now": NOW, "later": NOW + 300, "allowed": '[["record","pda1"]]'}
        for statement, values in FILLED:
            connection.execute(text(statement), {**known, **values})
    return database


def shape_of(connection: Connection) -> dict[str, Any]:
    """Return what can be told of the tables, apart from the order of their columns."""
    seen = inspect(connection)
    return {
        name: (
            {column["name"]: (str(column["type"]), column["nullable"]) for column in seen.get_columns(name)},
            seen.get_pk_constraint(name)["constrained_columns"],
            sorted((index["name"], index["column_names"], index["unique"]) for index in seen.get_indexes(name)),
            sorted(each["column_names"] for each in seen.get_unique_constraints(name)),
            sorted(each["sqltext"] for each in seen.get_check_constraints(name)),
        )
        for name in TABLES
    }


def version_of(connection: Connection) -> int:
    query = "SELECT version FROM schema_versions WHERE room = 'issuer'"
    return int(connection.exec_driver_sql(query).scalar_one())


def test_it_then_has_the_tables_of_a_new_one(old: Database, tmp_path: Path) -> None:
    old.create(METADATA)
    new = open_database(f"sqlite:///{tmp_path / 'new.sqlite'}")
    new.create(METADATA)
    with old.read() as upgraded, new.read() as fresh:
        assert shape_of(upgraded) == shape_of(fresh)
        assert version_of(upgraded) == version_of(fresh) == METADATA.info["version"]
    new.close()


def test_nothing_is_lost_and_the_issuer_goes_on(old: Database, make_rig: Any) -> None:
    rig = make_rig()
    with old.read() as connection:
        waiting = connection.exec_driver_sql("SELECT record_id, taken_at, response_id FROM issuer_deferred").one()
        left = connection.exec_driver_sql("SELECT copies_left, counted_since FROM issuer_granted_copies").one()
        recipients = list(connection.scalars(text("SELECT recipient FROM issuer_offers")))
        found = record_store.records_of_birth_date(connection, "fr-demo", RECORD.person.date_of_birth, at_most=9)
        named = record_store.records_of_number(connection, "fr-demo", number_letters(RECORD.person.pin))
    assert (tuple(waiting), tuple(left)) == (("case", None, None), (7, NOW + 300))
    assert recipients == ["person"]
    assert [each.record_id for each in found] == [each.record_id for each in named] == ["record"]
    nonce = rig.nonce()
    assert rig.obtain("token", [rig.proof(nonce) for _ in range(7)]).status == 200
    assert rig.error_of(rig.obtain("other"))[2] == "copies_used_up"
    make_rig()  # a second start finds nothing to do


def test_an_upgrade_that_fails_says_that_nothing_was_changed(old: Database) -> None:
    with old.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE issuer_acts")
    with old.read() as connection:
        before = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all()
    with pytest.raises(Misconfigured) as refusal:
        old.create(METADATA)
    assert refusal.value.code == "storage_upgrade_failed"
    assert refusal.value.params["reason"] == "no such table: issuer_acts"
    with old.read() as connection:
        assert connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all() == before
        assert version_of(connection) == 3


def test_l06_an_upgrade_that_is_interrupted_leaves_the_old_form(
    old: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with old.read() as connection:
        before = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all()

    def killed(connection: Connection) -> None:
        upgrades.UPGRADES[3](connection)
        raise KeyboardInterrupt

    monkeypatch.setitem(METADATA.info, "upgrades", {3: killed})
    with pytest.raises(KeyboardInterrupt):
        old.create(METADATA)
    with old.read() as connection:
        assert connection.exec_driver_sql("SELECT name, sql FROM sqlite_master ORDER BY name").all() == before
        assert version_of(connection) == 3
    monkeypatch.undo()
    old.create(METADATA)
