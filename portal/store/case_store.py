"""Decisions, tasks of officers, reminders and requests of machines: statements in the caller's transaction."""

import json
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from portadoc.errors import Conflict
from portadoc.portal.store.tables import DECISIONS, MACHINE_REQUESTS, REMINDERS, TASKS
from portadoc.schemas.claims import JsonObject

_LISTED: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision as it was recorded, with the facts that it stands on."""

    sequence: int
    at: int
    automated: bool
    decided_by: str
    facts: JsonObject
    decision: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something that a decision leaves for an officer to do, such as telling another State."""

    institution: str
    task_id: str
    application_id: str
    kind: str
    detail: str
    made_at: int
    done_at: int | None = None
    done_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRequest:
    """What came of a request with an Idempotency-Key."""

    body_digest: str
    application_id: str


def insert_decision(
    connection: Connection,
    institution: str,
    application_id: str,
    *,
    at: int,
    automated: bool,
    decided_by: str,
    facts: JsonObject,
    decision: JsonObject,
) -> int:
    """Keep one more decision on an application and return its number."""
    highest = connection.scalar(
        select(func.max(DECISIONS.c.sequence)).where(_decisions_of(institution, application_id))
    )
    sequence = int(highest or 0) + 1
    connection.execute(
        insert(DECISIONS).values(
            institution=institution,
            application_id=application_id,
            sequence=sequence,
            at=at,
            automated=automated,
            decided_by=decided_by,
            facts=json.dumps(facts, ensure_ascii=False),
            decision=json.dumps(decision, ensure_ascii=False),
        )
    )
    return sequence


def decisions_of(connection: Connection, institution: str, application_id: str) -> tuple[Decided, ...]:
    """Return every decision on an application, the oldest first."""
    rows = connection.execute(
        select(DECISIONS).where(_decisions_of(institution, application_id)).order_by(DECISIONS.c.sequence)
    )
    return tuple(
        Decided(
            sequence=row.sequence,
            at=row.at,
            automated=row.automated,
            decided_by=row.decided_by,
            facts=json.loads(row.facts),
            decision=json.loads(row.decision),
        )
        for row in rows
    )


def insert_task(connection: Connection, task: Task) -> None:
    """Keep a task, unless the same is to be done in this case already: nobody fills the list by asking again."""
    same = (TASKS.c.institution == task.institution) & (TASKS.c.application_id == task.application_id)
    same &= (TASKS.c.kind == task.kind) & (TASKS.c.detail == task.detail) & TASKS.c.done_at.is_(None)
    if connection.scalar(select(func.count()).select_from(TASKS).where(same)):
        return
    connection.execute(
        insert(TASKS).values(
            institution=task.institution,
            task_id=task.task_id,
            application_id=task.application_id,
            kind=task.kind,
            detail=task.detail,
            made_at=task.made_at,
        )
    )


def open_tasks(connection: Connection, institution: str) -> tuple[Task, ...]:
    """Return what is to be done, the oldest first."""
    rows = connection.execute(
        select(TASKS)
        .where(TASKS.c.institution == institution, TASKS.c.done_at.is_(None))
        .order_by(TASKS.c.made_at, TASKS.c.task_id)
        .limit(_LISTED)
    )
    return tuple(map(_task, rows))


def is_left(connection: Connection, institution: str, application_id: str, *, kind: str) -> bool:
    """Tell whether anything of a kind is still to be done in a case."""
    wanted = (TASKS.c.institution == institution) & (TASKS.c.application_id == application_id)
    wanted &= (TASKS.c.kind == kind) & TASKS.c.done_at.is_(None)
    return bool(connection.scalar(select(func.count()).select_from(TASKS).where(wanted)))


def find_task(connection: Connection, institution: str, task_id: str) -> Task | None:
    """Return a task of this institution, None where there is none of that id."""
    row = connection.execute(
        select(TASKS).where(TASKS.c.institution == institution, TASKS.c.task_id == task_id)
    ).one_or_none()
    return None if row is None else _task(row)


def finish_task(connection: Connection, institution: str, task_id: str, *, done_by: str, now: int) -> bool:
    """Mark a task as done; False when it was before."""
    key = (TASKS.c.institution == institution) & (TASKS.c.task_id == task_id) & TASKS.c.done_at.is_(None)
    changed = connection.execute(update(TASKS).where(key).values(done_at=now, done_by=done_by))
    return changed.rowcount == 1


def note_reminder(
    connection: Connection, institution: str, application_id: str, *, kind: str, about: str, now: int
) -> bool:
    """Note that somebody was reminded of something; False when it was noted before."""
    values = {"institution": institution, "application_id": application_id, "kind": kind, "about": about}
    key = (REMINDERS.c.institution == institution) & (REMINDERS.c.application_id == application_id)
    key &= (REMINDERS.c.kind == kind) & (REMINDERS.c.about == about)
    if connection.scalar(select(func.count()).select_from(REMINDERS).where(key)):
        return False
    connection.execute(insert(REMINDERS).values(**values, sent_at=now))
    return True


def was_reminded(connection: Connection, institution: str, application_id: str, *, kind: str) -> bool:
    """Tell whether anything of a kind was noted of an application."""
    key = (REMINDERS.c.institution == institution) & (REMINDERS.c.application_id == application_id)
    return bool(
        connection.scalar(select(func.count()).select_from(REMINDERS).where(key & (REMINDERS.c.kind == kind)))
    )


def find_machine_request(
    connection: Connection, institution: str, *, client: str, key_digest: str
) -> MachineRequest | None:
    """Return what came of a machine's request under a key, None for a key that it has not used."""
    row = connection.execute(
        select(MACHINE_REQUESTS).where(
            MACHINE_REQUESTS.c.institution == institution,
            MACHINE_REQUESTS.c.client == client,
            MACHINE_REQUESTS.c.key_digest == key_digest,
        )
    ).one_or_none()
    return None if row is None else MachineRequest(body_digest=row.body_digest, application_id=row.application_id)


def insert_machine_request(
    connection: Connection, institution: str, request: MachineRequest, *, client: str, key_digest: str, now: int
) -> None:
    """Keep what a key stands for, in the transaction of the act. Raises Conflict[idempotency_key_used]."""
    values = {"institution": institution, "client": client, "key_digest": key_digest, "at": now}
    values |= {"body_digest": request.body_digest, "application_id": request.application_id}
    try:
        connection.execute(insert(MACHINE_REQUESTS).values(values))
    except IntegrityError as exc:
        raise Conflict("idempotency_key_used") from exc


def forget_machine_requests(connection: Connection, *, before: int) -> None:
    """Delete keys that were used before a time."""
    connection.execute(delete(MACHINE_REQUESTS).where(MACHINE_REQUESTS.c.at < before))


def _decisions_of(institution: str, application_id: str) -> ColumnElement[bool]:
    return (DECISIONS.c.institution == institution) & (DECISIONS.c.application_id == application_id)


def _task(row: Row[Any]) -> Task:
    return Task(
        institution=row.institution,
        task_id=row.task_id,
        application_id=row.application_id,
        kind=row.kind,
        detail=row.detail,
        made_at=row.made_at,
        done_at=row.done_at,
        done_by=row.done_by,
    )
