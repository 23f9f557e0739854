"""What stands of a person already: certificates that a new one is judged beside, and those that it extends."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final

from portadoc.errors import Refused
from portadoc.portal.applications.application import (
    HEALTH,
    Application,
    ApplicationState,
    RequestKind,
    Step,
)
from portadoc.portal.applications.course import REPLACING, covers, replaces
from portadoc.portal.applications.known import certificate_of
from portadoc.portal.applications.risk import EXTENDED, OVERLAPS, PREDECESSOR_ENDED
from portadoc.portal.store import application_store
from portadoc.schemas.claims import JsonObject
from portadoc.storage import Connection

_LONGEST_CHAIN: Final = 50
_SHARED_DAYS: Final = 2
_NAMED_BY: Final = ("state", "start", "end")
_BEFORE_REPLACING: Final = frozenset({Step.CLOSE, Step.REPLACE})
_WITH_AN_OFFICER: Final = frozenset({ApplicationState.IN_REVIEW, ApplicationState.AWAITING_OTHER_STATE})


def chain_of(connection: Connection, last: Application) -> tuple[Application, ...]:
    """Return a certificate and those that it extends, the newest first."""
    chain = [last]
    while (before := chain[-1]).request_kind is not RequestKind.NEW and before.predecessor:
        found = application_store.find_application(connection, last.institution, before.predecessor)
        if found is None or len(chain) == _LONGEST_CHAIN:
            break
        chain.append(found)
    replaced = {each.predecessor for each in chain if each.request_kind in REPLACING}
    return tuple(each for each in chain if each.application_id not in replaced)


def on_record(connection: Connection, application: Application) -> tuple[Application, ...]:
    """Return the other applications on the same person on which a certificate of ours stands or is being made."""
    if application.worker_pin is None:
        return ()
    slug = application.institution
    before = application_store.find_application(connection, slug, application.predecessor or "")
    chain = () if before is None else chain_of(connection, before)
    if application.request_kind is RequestKind.NEW:
        chain = chain[:1]
    own = {each.application_id for each in (application, *chain)}
    found = [
        each
        for each in application_store.certified_of(connection, slug, application.worker_pin)
        if each.request_kind is not RequestKind.WITHDRAWAL  # granted it is an end, and no certificate
    ]
    if application.request_kind in REPLACING:
        own |= _places(connection, application)
        own |= {each.application_id for each in found if _follows(connection, each, own)}
    return tuple(each for each in found if each.certificate_kind not in HEALTH and each.application_id not in own)


@dataclass(frozen=True, slots=True)
class Beside:
    """What a request meets on its days: the certificate whose place it takes, or ``doubt``, why a person looks."""

    replaces: Application | None = field(default=None, repr=False)
    doubt: str | None = None


def beside(connection: Connection, application: Application, facts: JsonObject) -> Beside:
    """Return which certificate of ours a request takes the place of, and what only a person can judge.

    A new request takes the place of the one certificate for the same State and employer that it covers wholly;
    what was corrected or changed after an extension keeps its days, or a person looks at both. What follows needs
    a certificate that stands and whose place no other one takes.
    """
    if application.request_kind is not RequestKind.NEW:
        before = application_store.find_application(
            connection, application.institution, application.predecessor or ""
        )
        if before is None or not _can_be_followed(connection, before, by=application):
            return Beside(doubt=PREDECESSOR_ENDED)
    span = _span(application, facts)
    if span is None or application.worker_pin is None:
        return Beside()
    host = (facts.get("posting") or {}).get("host_state")
    too = _stands_too(connection, application, span, host)
    if application.request_kind in REPLACING:
        return Beside(doubt=EXTENDED if _extension_is_touched(connection, application, span) else too)
    if application.request_kind is not RequestKind.NEW:
        return Beside(doubt=too)
    met = [
        each
        for each in on_record(connection, replace(application, predecessor=None))
        if each.valid_from is not None
        and each.valid_from <= span[1]
        and (each.valid_to is None or each.valid_to >= span[0])
        and certificate_of(each)["host_state"] == host
    ]
    if too or not met:
        return Beside(doubt=too)
    last = met[0]
    same = last.employer_id == application.employer_id and last.certificate_kind is application.certificate_kind
    taken = span[1] < date.max and last.has_certificate and covers(span, last)
    if len(met) > 1 or not same or not taken or not _can_be_followed(connection, last, by=application):
        return Beside(doubt=OVERLAPS)
    return Beside(replaces=last)


def _span(application: Application, facts: JsonObject) -> tuple[date, date] | None:
    """Return the days that were granted, else those asked for; without a last day, all that come."""
    if application.valid_from is not None:
        return application.valid_from, application.valid_to or date.max
    asked = facts.get("request") or {}
    if asked.get("period_start") is None:
        return None
    end = asked.get("period_end")
    return date.fromisoformat(asked["period_start"]), date.max if end is None else date.fromisoformat(end)


def _can_be_followed(connection: Connection, old: Application, *, by: Application) -> bool:
    """Tell whether a certificate stands, nobody wants to withdraw it, and no other one takes its place already."""
    if not old.is_in_force or old.revocation is not None or old.proposed is not None:
        return False
    return not any(
        replaces(each) and (each.is_in_force or each.step is Step.ISSUE)
        for each in application_store.followers_of(connection, old.institution, {old.application_id})
        if each.application_id != by.application_id
    )


def _stands_too(
    connection: Connection, application: Application, span: tuple[date, date], host: str | None
) -> str | None:
    """Return the sign of a certificate of ours that stands and shares two days or more with a request.

    One day is a journey from one State to the next; who is posted to two at once is for a person to judge. What a
    new request meets in its own State may be replaced by it, and is judged apart. What else came of the same
    certificate is left out of nothing: only the one that is followed ends.
    """
    new = application.request_kind is RequestKind.NEW
    own = {application.application_id, None if new else application.predecessor}
    shared = _days_gone_by(connection, application, span)
    for each in application_store.certified_of(connection, application.institution, application.worker_pin or ""):
        if each.application_id in own or each.certificate_kind in HEALTH or each.valid_from is None:
            continue
        if new and certificate_of(each)["host_state"] == host:
            continue
        shared += _shared_days(span, each.valid_from, each.valid_to)
    return OVERLAPS if shared >= _SHARED_DAYS else None


def _days_gone_by(connection: Connection, application: Application, span: tuple[date, date]) -> int:
    """Return how many days of a request are days on which a certificate counted that has ended since.

    What it followed from is left out: those days are known to who asks for what comes after them.
    """
    own, shared = _places(connection, application), 0
    for each in application_store.ended_of(connection, application.institution, application.worker_pin or ""):
        if each.application_id in own or each.certificate_kind in HEALTH or each.valid_from is None:
            continue
        last = _last_good_day(connection, each)
        shared += 0 if last is None else _shared_days(span, each.valid_from, last)
    return shared


def _last_good_day(connection: Connection, ended: Application) -> date | None:
    """Return the day before an ended certificate stopped to count, or None where no day of it counts."""
    if ended.revocation is not None:
        stopped = date.fromisoformat(ended.revocation["from"])
    else:
        by = application_store.find_application(connection, ended.institution, ended.successor or "")
        if by is None or by.request_kind is not RequestKind.CHANGE or by.valid_from is None:
            return None
        stopped = by.valid_from
    return min(stopped - timedelta(days=1), ended.valid_to or date.max)


def _shared_days(span: tuple[date, date], start: date, end: date | None) -> int:
    return max(0, (min(end or span[1], span[1]) - max(start, span[0])).days + 1)


def _extension_is_touched(connection: Connection, application: Application, span: tuple[date, date]) -> bool:
    """Tell whether a certificate was extended and its own days are to be others than before."""
    slug = application.institution
    before = application_store.find_application(connection, slug, application.predecessor or "")
    if before is None or span == (before.valid_from, before.valid_to):
        return False
    found = application_store.certified_of(connection, slug, application.worker_pin or "")
    places = _places(connection, before)
    return any(each.request_kind is RequestKind.EXTENSION and _follows(connection, each, places) for each in found)


def _places(connection: Connection, application: Application) -> set[str]:
    """Return the id of an application and those of the certificates whose place it takes, one after the other."""
    found, current = {application.application_id}, application
    while replaces(current) and current.predecessor is not None and len(found) < _LONGEST_CHAIN:
        before = application_store.find_application(connection, current.institution, current.predecessor)
        if before is None:
            break
        found.add(before.application_id)
        current = before
    return found


def _follows(connection: Connection, application: Application, these: Collection[str]) -> bool:
    """Tell whether an application came of one of these, directly or over others."""
    current: Application | None = application
    for _ in range(_LONGEST_CHAIN):
        if current is None or current.predecessor is None:
            return False
        if current.predecessor in these:
            return True
        current = application_store.find_application(connection, current.institution, current.predecessor)
    return False


def require_judged_beside(connection: Connection, application: Application) -> None:
    """Require that what stands now is what the case was judged beside, in the transaction that grants or releases.

    Of two requests on one person that are decided at the same moment, the second one would else be granted as if
    there were no first; and what was followed may have ended since. Raises Refused[grant_not_derivable] with the
    sign: a person has to look at the case.
    """
    facts = application.facts or {}
    found = beside(connection, application, facts)
    sign = found.doubt
    if sign is None and application.request_kind is RequestKind.NEW:
        replaced = None if found.replaces is None else found.replaces.application_id
        sign = None if replaced == application.predecessor else OVERLAPS
    known = {tuple(each.get(name) for name in _NAMED_BY) for each in facts.get("existing_a1") or ()}
    for other in map(certificate_of, on_record(connection, application)):
        if tuple(other[name] for name in _NAMED_BY) not in known:
            sign = sign or OVERLAPS
    if sign is not None:
        raise Refused("grant_not_derivable", rule="row-8", provision="Reg. 987/2009 art. 5(1)", sign=sign)


@dataclass(frozen=True, slots=True)
class Left:
    """What a withdrawn certificate leaves behind: what waits to take its place, and what an officer looks at."""

    waiting: tuple[Application, ...] = field(repr=False)
    to_look_at: tuple[Application, ...] = field(repr=False)


def left_by(connection: Connection, ended: Application) -> Left:
    """Return what came of a certificate that is withdrawn and of those whose place it took."""
    slug = ended.institution
    after = application_store.followers_of(connection, slug, {ended.application_id})
    waiting = tuple(
        each for each in after if replaces(each) and each.is_in_force and each.step in _BEFORE_REPLACING
    )
    standing = application_store.certified_of(connection, slug, ended.worker_pin or "")
    places = _places(connection, ended) - {each.application_id for each in standing} | {ended.application_id}
    stopped = {each.application_id for each in waiting} | _places(connection, ended)
    extended = tuple(
        each
        for each in standing
        if each.has_certificate and each.application_id not in stopped and _follows(connection, each, places)
    )
    under_way = tuple(
        each
        for each in after
        if each.state in _WITH_AN_OFFICER
        and each.step is not Step.DECIDE
        and each.request_kind is not RequestKind.WITHDRAWAL
    )
    found = (application_store.find_application(connection, slug, each.application_id) for each in waiting)
    return Left(tuple(each for each in found if each is not None), (*extended, *under_way))
