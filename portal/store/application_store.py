"""Applications and what happened to them: statements in a connection of the caller's transaction."""

import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, insert, or_, select, update

from portadoc.days import kept_day
from portadoc.errors import Conflict
from portadoc.portal.applications.application import (
    IN_FORCE,
    Actor,
    Application,
    ApplicationState,
    Awaited,
    Capacity,
    CertificateKind,
    HistoryEntry,
    Party,
    RequestKind,
    Step,
)
from portadoc.portal.store.tables import APPLICATIONS, CASE_NUMBERS, HISTORY
from portadoc.schemas.claims import JsonObject

_COLUMNS: Final = frozenset(column.name for column in APPLICATIONS.columns) - {"body"}
_APART: Final = _COLUMNS | {"applicant", "history"}
_LISTED: Final = 500
_LONGEST_LIST: Final = 5000


def next_in_series(connection: Connection, institution: str, series: str) -> int:
    """Return the next number of a series, beginning with 1."""
    key = (CASE_NUMBERS.c.institution == institution) & (CASE_NUMBERS.c.series == series)
    if not connection.execute(update(CASE_NUMBERS).where(key).values(last=CASE_NUMBERS.c.last + 1)).rowcount:
        connection.execute(insert(CASE_NUMBERS).values(institution=institution, series=series, last=1))
    return int(connection.scalar(select(CASE_NUMBERS.c.last).where(key)) or 0)


def insert_application(connection: Connection, made: Application) -> None:
    """Keep a new application with its history."""
    connection.execute(insert(APPLICATIONS).values(**_row_of(made)))
    _add_history(connection, made, after=0)


def save_application(connection: Connection, changed: Application, *, was: Application) -> None:
    """Keep the next version of an application and what happened to it.

    Raises Conflict[application_changed] when another act came in between: exactly one of two wins.
    """
    statement = update(APPLICATIONS).where(
        _this(was.institution, was.application_id), APPLICATIONS.c.version == was.version
    )
    if connection.execute(statement.values(**_row_of(changed))).rowcount != 1:
        raise Conflict("application_changed")
    _add_history(connection, changed, after=len(was.history))


def find_application(connection: Connection, institution: str, application_id: str) -> Application | None:
    """Return an application of this institution with its history, None where there is none of that id."""
    row = connection.execute(select(APPLICATIONS).where(_this(institution, application_id))).one_or_none()
    return None if row is None else _application(row, _history_of(connection, institution, application_id))


def applications_of(
    connection: Connection, institution: str, *, subject_id: str, employers: Collection[str], pins: Collection[str]
) -> tuple[Application, ...]:
    """Return what somebody can have something to do with, the newest first, without histories.

    A draft is its applicant's alone: nobody fills the list of another by typing a number.
    """
    theirs = or_(
        APPLICATIONS.c.subject_id == subject_id,
        APPLICATIONS.c.employer_id.in_(sorted(employers)),
        APPLICATIONS.c.worker_pin.in_(sorted(pins)) & (APPLICATIONS.c.state != ApplicationState.DRAFT.value),
    )
    return _listed(connection, APPLICATIONS.c.institution == institution, theirs)


def about_person(connection: Connection, institution: str, pin: str) -> tuple[Application, ...]:
    """Return everything that is kept about a person, drafts too, the newest first, without histories."""
    wanted = (APPLICATIONS.c.institution == institution) & (APPLICATIONS.c.worker_pin == pin)
    order = (APPLICATIONS.c.created_at.desc(), APPLICATIONS.c.application_id.desc())
    rows = connection.execute(select(APPLICATIONS).where(wanted).order_by(*order))
    return tuple(_application(row, ()) for row in rows)


def certified_of(connection: Connection, institution: str, pin: str) -> tuple[Application, ...]:
    """Return every application on a person whose certificate stands or is being made, without histories.

    All of them: how much else was begun about the person makes no difference.
    """
    states = sorted(state.value for state in IN_FORCE)
    wanted = (APPLICATIONS.c.institution == institution) & (APPLICATIONS.c.worker_pin == pin)
    wanted &= or_(APPLICATIONS.c.state.in_(states), APPLICATIONS.c.step == Step.ISSUE.value)
    order = (APPLICATIONS.c.created_at.desc(), APPLICATIONS.c.application_id.desc())
    rows = connection.execute(select(APPLICATIONS).where(wanted).order_by(*order))
    return tuple(_application(row, ()) for row in rows)


def ended_of(connection: Connection, institution: str, pin: str) -> tuple[Application, ...]:
    """Return every application on a person whose certificate was released and gave way or was withdrawn."""
    states = (ApplicationState.SUPERSEDED.value, ApplicationState.WITHDRAWN.value)
    wanted = (APPLICATIONS.c.institution == institution) & (APPLICATIONS.c.worker_pin == pin)
    wanted &= APPLICATIONS.c.state.in_(states) & APPLICATIONS.c.record_id.is_not(None)
    rows = connection.execute(select(APPLICATIONS).where(wanted).order_by(APPLICATIONS.c.application_id))
    return tuple(_application(row, ()) for row in rows)


def page_of(
    connection: Connection,
    institution: str,
    *,
    subject_id: str,
    employers: Collection[str],
    before: tuple[int, str] | None,
    limit: int,
) -> tuple[Application, ...]:
    """Return what was begun before a place (its time and id), the newest first, without histories."""
    theirs = or_(APPLICATIONS.c.subject_id == subject_id, APPLICATIONS.c.employer_id.in_(sorted(employers)))
    wanted = (APPLICATIONS.c.institution == institution) & theirs
    if before is not None:
        at, application_id = before
        earlier = (APPLICATIONS.c.created_at == at) & (APPLICATIONS.c.application_id < application_id)
        wanted &= or_(APPLICATIONS.c.created_at < at, earlier)
    order = (APPLICATIONS.c.created_at.desc(), APPLICATIONS.c.application_id.desc())
    rows = connection.execute(select(APPLICATIONS).where(wanted).order_by(*order).limit(limit))
    return tuple(_application(row, ()) for row in rows)


def asked_by_workers(
    connection: Connection, institution: str, *, since: int, employers: Collection[str] | None = None
) -> tuple[Application, ...]:
    """Return what workers asked for since a time whose employer did not, the newest first, without histories.

    Only where the worker named an employer, and of all employers where none are named here; drafts are left out.
    """
    wanted = (APPLICATIONS.c.institution == institution) & (APPLICATIONS.c.capacity == Capacity.WORKER.value)
    wanted &= APPLICATIONS.c.employer_id.is_not(None) & (APPLICATIONS.c.opened_at >= since)
    if employers is not None:
        wanted &= APPLICATIONS.c.employer_id.in_(sorted(employers))
    return _listed(connection, wanted)


def applications_in(
    connection: Connection, institution: str, states: Collection[ApplicationState]
) -> tuple[Application, ...]:
    """Return the applications in these states, urgent ones and then the longest open first, without histories."""
    named = sorted(state.value for state in states)
    order = (APPLICATIONS.c.urgent.desc(), APPLICATIONS.c.opened_at, APPLICATIONS.c.application_id)
    wanted = (APPLICATIONS.c.institution == institution) & APPLICATIONS.c.state.in_(named)
    rows = connection.execute(select(APPLICATIONS).where(wanted).order_by(*order).limit(_LONGEST_LIST))
    return tuple(_application(row, ()) for row in rows)


def unfinished(connection: Connection, *, due_before: int, limit: int) -> tuple[Application, ...]:
    """Return what the installation itself has still to do, what is longest due first, of all institutions."""
    rows = connection.execute(
        select(APPLICATIONS)
        .where(APPLICATIONS.c.step.is_not(None), APPLICATIONS.c.step_due_at <= due_before)
        .order_by(APPLICATIONS.c.step_due_at, APPLICATIONS.c.application_id)
        .limit(limit)
    )
    return tuple(
        _application(row, _history_of(connection, row.institution, row.application_id)) for row in rows.all()
    )


def successors_of(connection: Connection, institution: str, application_id: str) -> tuple[Application, ...]:
    """Return the applications that came of another one, the newest first, without histories."""
    return _listed(
        connection, APPLICATIONS.c.institution == institution, APPLICATIONS.c.predecessor == application_id
    )


def followers_of(
    connection: Connection, institution: str, application_ids: Collection[str]
) -> tuple[Application, ...]:
    """Return everything that was sent in after one of these, the newest first, without histories."""
    wanted = (APPLICATIONS.c.institution == institution) & APPLICATIONS.c.predecessor.in_(sorted(application_ids))
    wanted &= APPLICATIONS.c.state != ApplicationState.DRAFT.value
    order = (APPLICATIONS.c.created_at.desc(), APPLICATIONS.c.application_id.desc())
    rows = connection.execute(select(APPLICATIONS).where(wanted).order_by(*order))
    return tuple(_application(row, ()) for row in rows)


def ending_between(
    connection: Connection, institution: str, *, first: date, last: date
) -> tuple[Application, ...]:
    """Return everything that is in force and ends on a day from ``first`` to ``last``, without histories."""
    states = sorted(state.value for state in IN_FORCE)
    wanted = (APPLICATIONS.c.institution == institution) & APPLICATIONS.c.state.in_(states)
    wanted &= APPLICATIONS.c.valid_to.between(first.isoformat(), last.isoformat())
    rows = connection.execute(select(APPLICATIONS).where(wanted).order_by(APPLICATIONS.c.valid_to))
    return tuple(_application(row, ()) for row in rows)


def durations(
    connection: Connection,
    institution: str,
    *,
    certificate_kind: CertificateKind,
    request_kind: RequestKind,
    automated: bool,
    decided_after: int,
) -> tuple[int, ...]:
    """Return how many seconds each closed case of a kind took, those decided after a time, sorted."""
    took = APPLICATIONS.c.decided_at - APPLICATIONS.c.opened_at
    rows = connection.scalars(
        select(took)
        .where(
            APPLICATIONS.c.institution == institution,
            APPLICATIONS.c.certificate_kind == certificate_kind.value,
            APPLICATIONS.c.request_kind == request_kind.value,
            APPLICATIONS.c.automated.is_(automated),
            APPLICATIONS.c.decided_at > decided_after,
            APPLICATIONS.c.opened_at.is_not(None),
        )
        .order_by(took)
    )
    return tuple(int(each) for each in rows)


def _listed(connection: Connection, *wanted: ColumnElement[bool]) -> tuple[Application, ...]:
    order = (APPLICATIONS.c.created_at.desc(), APPLICATIONS.c.case_number.desc())
    rows = connection.execute(select(APPLICATIONS).where(*wanted).order_by(*order).limit(_LISTED))
    return tuple(_application(row, ()) for row in rows)


def _this(institution: str, application_id: str) -> ColumnElement[bool]:
    return (APPLICATIONS.c.institution == institution) & (APPLICATIONS.c.application_id == application_id)


def _row_of(application: Application) -> dict[str, Any]:
    named = {name: _plain(getattr(application, name)) for name in _COLUMNS if hasattr(application, name)}
    body = {
        each.name: _plain(getattr(application, each.name))
        for each in fields(application)
        if each.name not in _APART
    }
    return {
        **named,
        "case_number": application.case_number or None,
        "capacity": application.applicant.capacity.value,
        "subject_id": application.applicant.subject_id,
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    return value


def _application(row: Row[Any], history: tuple[HistoryEntry, ...]) -> Application:
    body: JsonObject = json.loads(row.body)
    plain = {name: getattr(row, name) for name in _COLUMNS - {"capacity", "subject_id"}}
    return Application(
        **{
            **plain,
            **body,
            "case_number": row.case_number or "",
            "request_kind": RequestKind(row.request_kind),
            "certificate_kind": CertificateKind(row.certificate_kind),
            "state": ApplicationState(row.state),
            "applicant": Party(subject_id=row.subject_id, capacity=Capacity(row.capacity)),
            "departure": kept_day(body["departure"]),
            "period_end": kept_day(body["period_end"]),
            "valid_from": kept_day(body["valid_from"]),
            "valid_to": kept_day(row.valid_to),
            "awaits": None if body["awaits"] is None else Awaited(body["awaits"]),
            "step": None if row.step is None else Step(row.step),
            "asked": tuple(body["asked"]),
            "risk": tuple(body["risk"]),
            "history": history,
        }
    )


def _add_history(connection: Connection, application: Application, *, after: int) -> None:
    rows = [
        {
            "institution": application.institution,
            "application_id": application.application_id,
            "sequence": after + index,
            "at": entry.at,
            "what": entry.what,
            "actor": entry.actor.value,
            "actor_id": entry.actor_id,
            "state": entry.state.value,
            "reason": entry.reason,
            "details": json.dumps(dict(entry.details)),
        }
        for index, entry in enumerate(application.history[after:], start=1)
    ]
    if rows:
        connection.execute(insert(HISTORY), rows)


def _history_of(connection: Connection, institution: str, application_id: str) -> tuple[HistoryEntry, ...]:
    rows = connection.execute(
        select(HISTORY)
        .where(HISTORY.c.institution == institution, HISTORY.c.application_id == application_id)
        .order_by(HISTORY.c.sequence)
    )
    return tuple(
        HistoryEntry(
            at=row.at,
            what=row.what,
            actor=Actor(row.actor),
            actor_id=row.actor_id,
            state=ApplicationState(row.state),
            reason=row.reason,
            details=json.loads(row.details),
        )
        for row in rows
    )
