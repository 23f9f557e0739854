"""What a decision leads to: pure, from the application as it is to the application as it will be."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, Final

from portadoc.errors import Conflict
from portadoc.portal.applications.application import (
    Actor,
    Application,
    ApplicationState,
    Awaited,
    RequestKind,
    Step,
)
from portadoc.portal.applications.deciding import Consequence, missing_facts
from portadoc.portal.applications.life_cycle import Act, after
from portadoc.portal.applications.timers import day_of
from portadoc.schemas.claims import Json, JsonObject

REPLACING: Final = frozenset({RequestKind.CORRECTION, RequestKind.CHANGE})
"""Kinds of request whose certificate takes the place of the one before."""
WITHDRAWN_BECAUSE: Final[Mapping[RequestKind, str]] = {
    RequestKind.CORRECTION: "issued_in_error",
    RequestKind.CHANGE: "facts_changed",
    RequestKind.NEW: "superseded",
}
"""Why a certificate is withdrawn in whose place another one comes."""
TELL_OTHER_STATE: Final = "tell_other_state"
"""The kind of task that a decision leaves for each State to be told of it; its detail is the State."""
_OBJECTION_MONTHS: Final = 2


def decided(
    application: Application,
    decision: JsonObject,
    follows: Consequence,
    *,
    now: int,
    record_id: str,
    actor_id: str = "",
    automated: bool = True,
    reason: str = "",
) -> Application:
    """Return the application on which a decision was recorded, with the step that follows from it.

    ``record_id`` is reserved for what is certified. Raises Conflict[application_state].
    """
    actor = Actor.RULES if automated else Actor.OFFICER
    noted = after(
        application,
        Act.DECIDED,
        now=now,
        actor=actor,
        actor_id=actor_id,
        reason=reason,
        details={"outcome": decision["outcome"]},
        decision=decision,
        decided_at=now,
        automated=automated,
        proposed=None,
        step=None,
        step_tries=0,
    )
    said: dict[str, Any] = {"now": now, "actor": actor, "actor_id": actor_id}
    match follows:
        case Consequence.ISSUE:
            start, end = _days(decision)
            return replace(
                noted, step=Step.ISSUE, step_due_at=now, record_id=record_id, valid_from=start, valid_to=end
            )
        case Consequence.NOTIFY:
            start, end = _days(decision)
            granted = after(noted, Act.GRANTED, **said, final=True, valid_from=start, valid_to=end)
            return with_next_step(granted, now=now)
        case Consequence.REFUSE:
            return with_next_step(after(noted, Act.REFUSED, **said, final=not automated), now=now)
        case Consequence.ASK_FACTS:
            asked = missing_facts(decision)
            return after(noted, Act.QUESTIONS_LEFT, **said, awaits=Awaited.FACTS, asked=asked, decided_at=None)
        case Consequence.ASK_WISH:
            return after(noted, Act.EXCEPTION_OPEN, **said, awaits=Awaited.EXCEPTION_WISH, decided_at=None)
        case Consequence.REVIEW:
            return to_officer(replace(noted, decided_at=None), now=now, reason="needs_a_person")


def released(application: Application, *, now: int, seal_code: str) -> Application:
    """Return the application whose certificate was signed, checked and may be handed out."""
    provisional = bool((application.decision or {}).get("provisional"))
    act = Act.GRANTED_PROVISIONALLY if provisional else Act.GRANTED
    done = after(
        application, act, now=now, actor=Actor.SYSTEM, seal_code=seal_code, final=not provisional, step=None
    )
    return with_next_step(replace(done, step_tries=0), now=now)


def to_officer(
    application: Application, *, now: int, reason: str, details: Mapping[str, Json] | None = None
) -> Application:
    """Return the application that a person has to look at, and why; nothing automatic is left to do on it."""
    return after(
        application,
        Act.SENT_TO_OFFICER,
        now=now,
        actor=Actor.SYSTEM,
        reason=reason,
        details=details or {},
        step=None,
        step_tries=0,
    )


def with_next_step(application: Application, *, now: int, replaced: bool = False) -> Application:
    """Return a decided application with what is still to be done on it, by itself, in this order.

    Its proof is ended, and what was recorded and never released; the certificate that it replaces is withdrawn;
    what is provisional becomes definitive two months after the other States were told, unless one objects.
    Spec: Regulation (EC) 987/2009 art. 16(3).
    """
    if application.proof_record_id is not None or is_unreleased(application):
        return replace(application, step=Step.CLOSE, step_due_at=now)
    if replaces(application) and application.has_certificate and not replaced:
        return replace(application, step=Step.REPLACE, step_due_at=now)
    due = definitive_at(application)
    if application.state is ApplicationState.PROVISIONAL and application.has_certificate and due is not None:
        return replace(application, step=Step.CONFIRM, step_due_at=due)
    return replace(application, step=None)


def is_unreleased(application: Application) -> bool:
    """Tell whether a record may have been made for a certificate that will not be released any more."""
    never_sealed = application.record_id is not None and application.seal_code is None
    return never_sealed and application.step is not Step.ISSUE


def replaces(application: Application) -> bool:
    """Tell whether the certificate of an application takes the place of that of the one before it.

    That of a new request takes the place of a certificate that it was found to cover wholly.
    """
    return application.predecessor is not None and application.request_kind in (*REPLACING, RequestKind.NEW)


def is_replaced(application: Application, old: Application) -> bool:
    """Tell whether what was granted takes the place of the old certificate, as was found when it was asked for."""
    span = application.valid_from, application.valid_to
    return application.request_kind is not RequestKind.NEW or covers(span, old)


def gives_way(old: Application, application: Application) -> bool:
    """Tell whether an old certificate stands and is to be withdrawn for what was granted."""
    return old.has_certificate and is_replaced(application, old)


def covers(span: tuple[date | None, date | None], old: Application) -> bool:
    """Tell whether a period has in it every day of an older certificate."""
    start, end = span
    if start is None or end is None or old.valid_from is None or old.valid_to is None:
        return False
    return start <= old.valid_from and old.valid_to <= end


def ending(certified: Application, *, now: int, reason: str, first_day: date) -> Application:
    """Return an application whose certificate is to be withdrawn as its next step.

    Raises Conflict[application_busy] where there is none, or something else is to be done on it first.
    """
    if not certified.has_certificate or is_busy(certified, now=now):
        raise Conflict("application_busy")
    return replace(
        certified,
        version=certified.version + 1,
        step=Step.REVOKE,
        step_due_at=now,
        step_tries=0,
        revocation={"reason": reason, "from": first_day.isoformat()},
    )


def is_busy(application: Application, *, now: int) -> bool:
    """Tell whether the installation is at work on an application, so that no person acts on it.

    It is not while it waits: for two months in which another State can object, or for the first day of a change,
    before which nothing is replaced. From that time on it is, also while nobody has taken the step up yet.
    """
    if application.step is Step.CONFIRM:
        due = definitive_at(application)
        return due is not None and due <= now
    if application.step is Step.REPLACE and application.request_kind is RequestKind.CHANGE:
        return application.valid_from is None or application.valid_from <= day_of(now)
    return application.step is not None


def is_disputed(application: Application) -> bool:
    """Tell whether another State objects to what is provisional, and nothing was agreed since.

    Spec: Regulation (EC) 987/2009 art. 16(3) and (4).
    """
    return application.state is ApplicationState.PROVISIONAL and bool(objecting_states(application))


def objecting_states(application: Application) -> tuple[str, ...]:
    """Return the States that objected and with which nothing was agreed since, in their order."""
    open_ones: dict[str, None] = {}
    for each in application.history:
        if each.what == Act.OBJECTED:
            open_ones[str(each.details["state"])] = None
        elif each.what == Act.OBJECTION_SETTLED:
            open_ones.pop(str(each.details["state"]), None)
    return tuple(open_ones)


def told_at(application: Application) -> int | None:
    """Return when the last of the other States was told of what is provisional; None where one is not yet."""
    return next((each.at for each in reversed(application.history) if each.what == Act.STATES_TOLD), None)


def definitive_at(application: Application) -> int | None:
    """Return when what is provisional becomes definitive: once an objection is settled, else two months after
    the other States were told. None while they were not, and while one objects.
    """
    if is_disputed(application):
        return None
    settled = [each.at for each in application.history if each.what == Act.OBJECTION_SETTLED]
    told = told_at(application)
    return settled[-1] if settled else None if told is None else objections_until(told)


def objections_until(told: int) -> int:
    """Return when the two months end within which other institutions can object (epoch seconds, UTC)."""
    moment = datetime.fromtimestamp(told, UTC)
    months = moment.year * 12 + moment.month - 1 + _OBJECTION_MONTHS
    year, month = divmod(months, 12)
    last = monthrange(year, month + 1)[1]
    return int(moment.replace(year=year, month=month + 1, day=min(moment.day, last)).timestamp())


def _days(decision: Mapping[str, Json]) -> tuple[date | None, date | None]:
    start, end = decision.get("validity_start"), decision.get("validity_end")
    return (
        None if start is None else date.fromisoformat(start),
        None if end is None else date.fromisoformat(end),
    )
