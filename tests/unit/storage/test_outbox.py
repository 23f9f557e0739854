"""Events are written with the act, and a reader that remembers the last id misses none."""

import hashlib
from collections.abc import Iterator

import pytest

from portadoc.randomness import RandomBytes
from portadoc.schemas.events import Event, EventKind
from portadoc.storage import Database, outbox

NOW = 1_790_000_000


@pytest.fixture
def stream() -> RandomBytes:
    def blocks() -> Iterator[bytes]:
        number = 0
        while True:
            yield hashlib.sha256(number.to_bytes(4, "big")).digest()
            number += 1

    made = blocks()
    return lambda count: next(made)[:count]


def event(subject: str, *, institution: str = "FR:TEST01", at: int = NOW) -> Event:
    return Event(
        kind=EventKind.CREDENTIAL_ISSUED,
        institution=institution,
        subject_id=subject,
        at=at,
        payload={"credential_type": "pda1", "index": 7},
    )


def write(database: Database, stream: RandomBytes, *events: Event) -> list[str]:
    with database.transaction() as connection:
        return [outbox.append(connection, e, random_bytes=stream) for e in events]


def subjects(
    database: Database, *, institution: str | None = None, cursor: str | None = None, limit: int = 500
) -> list[str]:
    with database.read() as connection:
        found = outbox.read_after(connection, institution=institution, cursor=cursor, limit=limit)
    return [stored.event.subject_id for stored in found]


def test_an_event_comes_back_as_it_was_written(database: Database, stream: RandomBytes) -> None:
    written = event("a")
    (event_id,) = write(database, stream, written)
    with database.read() as connection:
        (stored,) = outbox.read_after(connection, institution="FR:TEST01", cursor=None)
    assert stored == outbox.StoredEvent(event_id, written)


def test_an_event_shares_the_fate_of_its_transaction(database: Database, stream: RandomBytes) -> None:
    def act() -> None:
        with database.transaction() as connection:
            outbox.append(connection, event("a"), random_bytes=stream)
            raise KeyError

    with pytest.raises(KeyError):
        act()
    assert subjects(database) == []


def test_ids_rise_within_one_second(database: Database, stream: RandomBytes) -> None:
    ids = write(database, stream, *(event(str(n)) for n in range(50)))
    assert ids == sorted(ids)
    assert len(set(ids)) == 50


def test_ids_rise_although_the_clock_goes_back(database: Database, stream: RandomBytes) -> None:
    ids = write(database, stream, event("a", at=NOW), event("b", at=NOW - 3600), event("c", at=NOW + 1))
    assert ids == sorted(ids)
    assert subjects(database) == ["a", "b", "c"]


def test_ids_cannot_be_guessed_from_one_another(database: Database, stream: RandomBytes) -> None:
    first, second = write(database, stream, event("a"), event("b"))
    assert len(first) == len(second) == 33
    assert first[13:] != second[13:]


def test_a_reader_goes_on_after_its_cursor(database: Database, stream: RandomBytes) -> None:
    ids = write(database, stream, event("a"), event("b"), event("c"))
    assert subjects(database, cursor=ids[0]) == ["b", "c"]
    assert subjects(database, cursor=ids[0], limit=1) == ["b"]
    assert subjects(database, cursor=ids[2]) == []


def test_a_reader_sees_one_institution_or_all(database: Database, stream: RandomBytes) -> None:
    write(database, stream, event("a"), event("b", institution="DE:TEST90"), event("c"))
    assert subjects(database, institution="FR:TEST01") == ["a", "c"]
    assert subjects(database, institution="DE:TEST90") == ["b"]
    assert subjects(database) == ["a", "b", "c"]
