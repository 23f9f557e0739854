"""Card cases, consents, who asked, and tries: statements in a connection of the caller's transaction."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from portadoc.errors import Conflict
from portadoc.portal.store.health_tables import ASKED, CARD_CASES, CONSENTS, TRIES

_LISTED: Final = 100


class ConsentState(StrEnum):
    """Where a consent stands. That it is over follows from its time and is no state."""

    ASKED = "asked"
    """A care provider asks for it, and the person has not answered."""
    OPEN = "open"
    USED = "used"
    WITHDRAWN = "withdrawn"
    DECLINED = "declined"
    LOCKED = "locked"


class Way(StrEnum):
    """How a care provider comes by a consent."""

    CODE = "code"
    REQUEST = "request"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent, given or asked for; ``person_pin`` is None where nobody is known whom it could be asked of."""

    institution: str
    consent_id: str
    person_pin: str | None = field(repr=False)
    way: Way
    state: ConsentState
    code_tag: str | None = field(default=None, repr=False)
    birth_tag: str | None = field(default=None, repr=False)
    made_at: int
    expires_at: int
    settled_at: int | None = None
    tries: int = 0
    given_to: str | None = None
    given_name: str = ""
    reason: str = ""
    first_day: str = ""
    language: str = "en"
    application_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """That somebody asked for a replacement certificate, and what came of it; ``reason`` is a code."""

    institution: str
    asked_id: str
    at: int
    asked_by: str
    asked_name: str
    person_pin: str | None = field(repr=False)
    outcome: str
    reason: str
    application_id: str | None = None


def card_case_of(connection: Connection, institution: str, person: str) -> str | None:
    """Return the id of the latest case about the card of a person, by the person's tag."""
    key = (CARD_CASES.c.institution == institution) & (CARD_CASES.c.person == person)
    return connection.scalar(select(CARD_CASES.c.application_id).where(key))


def set_card_case(
    connection: Connection, institution: str, person: str, application_id: str, *, was: str | None
) -> None:
    """Make a case the latest one about the card of a person. Raises Conflict[application_changed]: one wins."""
    if was is None:
        values = {"institution": institution, "person": person, "application_id": application_id}
        try:
            connection.execute(insert(CARD_CASES).values(values))
        except IntegrityError as exc:
            raise Conflict("application_changed") from exc
        return
    key = (CARD_CASES.c.institution == institution) & (CARD_CASES.c.person == person)
    key &= CARD_CASES.c.application_id == was
    if connection.execute(update(CARD_CASES).where(key).values(application_id=application_id)).rowcount != 1:
        raise Conflict("application_changed")


def insert_consent(connection: Connection, consent: Consent) -> None:
    """Keep a new consent."""
    names = [column.name for column in CONSENTS.columns]
    connection.execute(insert(CONSENTS).values({name: getattr(consent, name) for name in names}))


def insert_code(connection: Connection, consent: Consent) -> None:
    """Keep a new code, and end the one before it, used by nobody, in the same breath: a person has one open code.

    Raises Conflict[application_changed] where another one was made in between.
    """
    key = (CONSENTS.c.institution == consent.institution) & (CONSENTS.c.person_pin == consent.person_pin)
    key &= (CONSENTS.c.way == Way.CODE.value) & (CONSENTS.c.state == ConsentState.OPEN.value)
    ended = {"state": ConsentState.WITHDRAWN.value, "settled_at": consent.made_at, "code_tag": None}
    connection.execute(update(CONSENTS).where(key).values(ended))
    try:
        insert_consent(connection, consent)
    except IntegrityError as exc:
        raise Conflict("application_changed") from exc


def find_consent(connection: Connection, institution: str, consent_id: str) -> Consent | None:
    """Return a consent of this institution, None where there is none of that id."""
    row = connection.execute(select(CONSENTS).where(_consent(institution, consent_id))).one_or_none()
    return None if row is None else _read(row)


def consent_by_code(connection: Connection, institution: str, code_tag: str) -> Consent | None:
    """Return the consent behind the tag of a code."""
    key = (CONSENTS.c.institution == institution) & (CONSENTS.c.code_tag == code_tag)
    row = connection.execute(select(CONSENTS).where(key)).one_or_none()
    return None if row is None else _read(row)


def consents_of(connection: Connection, institution: str, pins: Collection[str]) -> tuple[Consent, ...]:
    """Return the consents of persons, the newest first."""
    key = (CONSENTS.c.institution == institution) & CONSENTS.c.person_pin.in_(sorted(pins))
    rows = connection.execute(select(CONSENTS).where(key).order_by(CONSENTS.c.made_at.desc()).limit(_LISTED))
    return tuple(map(_read, rows))


def settle_consent(
    connection: Connection, consent: Consent, state: ConsentState, *, now: int, **changes: str | None
) -> bool:
    """Take a consent from the state that it was read in to another; False when something came in between."""
    key = _consent(consent.institution, consent.consent_id) & (CONSENTS.c.state == consent.state.value)
    key &= CONSENTS.c.expires_at > now
    changed = connection.execute(
        update(CONSENTS).where(key).values(state=state.value, settled_at=now, code_tag=None, **changes)
    )
    return changed.rowcount == 1


def count_wrong_try(connection: Connection, consent: Consent, *, allowed: int, now: int) -> bool:
    """Count a wrong birth date against a code; True when the code is locked with it."""
    key = _consent(consent.institution, consent.consent_id)
    connection.execute(update(CONSENTS).where(key).values(tries=CONSENTS.c.tries + 1))
    full = key & (CONSENTS.c.tries >= allowed) & (CONSENTS.c.state == ConsentState.OPEN.value)
    locked = update(CONSENTS).where(full).values(state=ConsentState.LOCKED.value, settled_at=now, code_tag=None)
    return connection.execute(locked).rowcount == 1


def insert_asked(connection: Connection, asked: Asked) -> None:
    """Keep that somebody asked."""
    names = [column.name for column in ASKED.columns]
    connection.execute(insert(ASKED).values({name: getattr(asked, name) for name in names}))


def asked_about(connection: Connection, institution: str, pins: Collection[str]) -> tuple[Asked, ...]:
    """Return who asked about persons, the newest first."""
    key = (ASKED.c.institution == institution) & ASKED.c.person_pin.in_(sorted(pins))
    rows = connection.execute(select(ASKED).where(key).order_by(ASKED.c.at.desc()).limit(_LISTED))
    return tuple(Asked(**row._mapping) for row in rows)


def count_try(connection: Connection, who: str, *, now: int, window_s: int) -> tuple[int, int]:
    """Count a try and return how many there were in this window, and when it began; concurrent tries all count."""
    key = TRIES.c.who == who
    fresh = key & (TRIES.c.since > now - window_s)
    if not connection.execute(update(TRIES).where(fresh).values(tries=TRIES.c.tries + 1)).rowcount:
        connection.execute(delete(TRIES).where(key))
        connection.execute(insert(TRIES).values(who=who, tries=1, since=now))
    row = connection.execute(select(TRIES.c.tries, TRIES.c.since).where(key)).one()
    return int(row.tries), int(row.since)


def forgive_try(connection: Connection, who: str) -> None:
    """Take back a try that was none: what was tried was right."""
    key = (TRIES.c.who == who) & (TRIES.c.tries > 0)
    connection.execute(update(TRIES).where(key).values(tries=TRIES.c.tries - 1))


def forget(connection: Connection, *, consents_before: int, tries_before: int) -> None:
    """Delete consents that were over before a time, and counts that are."""
    connection.execute(delete(CONSENTS).where(CONSENTS.c.expires_at < consents_before))
    connection.execute(delete(TRIES).where(TRIES.c.since < tries_before))


def _consent(institution: str, consent_id: str) -> ColumnElement[bool]:
    return (CONSENTS.c.institution == institution) & (CONSENTS.c.consent_id == consent_id)


def _read(row: Row[Any]) -> Consent:
    held = dict(row._mapping)
    return Consent(**{**held, "way": Way(held["way"]), "state": ConsentState(held["state"])})
