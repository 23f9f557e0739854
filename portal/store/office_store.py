"""What an office looks at over many cases: why they wait, their numbers, and how they were decided."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from portadoc.portal.applications.application import Actor, ApplicationState, HistoryEntry
from portadoc.portal.store.tables import APPLICATIONS, HISTORY


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What figures count of one case; no person can be told from it. Times are epoch seconds."""

    state: ApplicationState
    automated: bool
    opened_at: int | None
    decided_at: int | None
    article: str | None
    outcome: str | None


def history_in(
    connection: Connection, institution: str, application_ids: Collection[str], acts: Collection[str]
) -> Mapping[str, tuple[HistoryEntry, ...]]:
    """Return the entries about these acts by case, the oldest first."""
    rows = connection.execute(
        select(HISTORY)
        .where(
            HISTORY.c.institution == institution,
            HISTORY.c.application_id.in_(sorted(application_ids)),
            HISTORY.c.what.in_(sorted(acts)),
        )
        .order_by(HISTORY.c.application_id, HISTORY.c.sequence)
    )
    found: dict[str, tuple[HistoryEntry, ...]] = {}
    for row in rows:
        entry = HistoryEntry(
            at=row.at,
            what=row.what,
            actor=Actor(row.actor),
            actor_id=row.actor_id,
            state=ApplicationState(row.state),
            reason=row.reason,
            details=json.loads(row.details),
        )
        found[row.application_id] = (*found.get(row.application_id, ()), entry)
    return found


def case_numbers(connection: Connection, institution: str, application_ids: Collection[str]) -> Mapping[str, str]:
    """Return the case number of each of these cases."""
    wanted = APPLICATIONS.c.application_id.in_(sorted(application_ids))
    found = select(APPLICATIONS.c.application_id, APPLICATIONS.c.case_number).where(
        APPLICATIONS.c.institution == institution, wanted
    )
    return {row.application_id: row.case_number or "" for row in connection.execute(found)}


def find_by_number(connection: Connection, institution: str, case_number: str) -> str | None:
    """Return the id of the case that has a number, None where none has."""
    found: str | None = connection.scalar(
        select(APPLICATIONS.c.application_id).where(
            APPLICATIONS.c.institution == institution, APPLICATIONS.c.case_number == case_number
        )
    )
    return found


def counted(connection: Connection, institution: str, *, since: int, limit: int) -> tuple[Counted, ...]:
    """Return the cases that were filed or decided since a time, or are open, the latest first."""
    after = or_(
        APPLICATIONS.c.opened_at > since, APPLICATIONS.c.decided_at > since, APPLICATIONS.c.decided_at.is_(None)
    )
    filed = APPLICATIONS.c.case_number.is_not(None)
    rows = connection.execute(
        select(APPLICATIONS)
        .where(APPLICATIONS.c.institution == institution, filed, after)
        .order_by(APPLICATIONS.c.created_at.desc())
        .limit(limit)
    )
    return tuple(
        Counted(
            state=ApplicationState(row.state),
            automated=row.automated,
            opened_at=row.opened_at,
            decided_at=row.decided_at,
            article=decision.get("article"),
            outcome=decision.get("outcome"),
        )
        for row, decision in ((row, json.loads(row.body).get("decision") or {}) for row in rows)
    )
