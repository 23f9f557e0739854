"""What stands of a person already: certificates that a new one is judged beside, and those that it extends."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from portadoc.errors import Refused
from portadoc.portal.applications.application import HEALTH, Application, RequestKind
from portadoc.portal.applications.course import REPLACING, covers
from portadoc.portal.applications.known import certificate_of
from portadoc.portal.applications.risk import EXTENDED, OVERLAPS
from portadoc.portal.store import application_store
from portadoc.schemas.claims import JsonObject
from portadoc.storage import Connection

_LONGEST_CHAIN: Final = 50
_SHARED_DAYS: Final = 2
_NAMED_BY: Final = ("state", "start", "end")


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
    found = application_store.certified_of(connection, slug, application.worker_pin)
    if application.request_kind in REPLACING:
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
    what was corrected or changed after an extension keeps its days, or a person looks at both.
    """
    asked = facts.get("request") or {}
    if asked.get("period_start") is None or asked.get("period_end") is None or application.worker_pin is None:
        return Beside()
    span = date.fromisoformat(asked["period_start"]), date.fromisoformat(asked["period_end"])
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
    if len(met) > 1 or not same or not last.has_certificate or not covers(span, last):
        return Beside(doubt=OVERLAPS)
    return Beside(replaces=last)


def _stands_too(
    connection: Connection, application: Application, span: tuple[date, date], host: str | None
) -> str | None:
    """Return the sign of a certificate of ours that stands and shares two days or more with a request.

    One day is a journey from one State to the next; who is posted to two at once is for a person to judge. What a
    new request meets in its own State may be replaced by it, and is judged apart.
    """
    new = application.request_kind is RequestKind.NEW
    others = on_record(connection, replace(application, predecessor=None) if new else application)
    for each in others:
        if each.valid_from is None or (new and certificate_of(each)["host_state"] == host):
            continue
        shared = min(each.valid_to or span[1], span[1]) - max(each.valid_from, span[0])
        if shared.days + 1 >= _SHARED_DAYS:
            return OVERLAPS
    return None


def _extension_is_touched(connection: Connection, application: Application, span: tuple[date, date]) -> bool:
    """Tell whether a certificate was extended and its own days are to be others than before."""
    slug = application.institution
    before = application_store.find_application(connection, slug, application.predecessor or "")
    if before is None or span == (before.valid_from, before.valid_to):
        return False
    found = application_store.certified_of(connection, slug, application.worker_pin or "")
    return any(
        each.request_kind is RequestKind.EXTENSION and _follows(connection, each, {before.application_id})
        for each in found
    )


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
    """Require that every certificate that stands now was among the facts, in the transaction that grants.

    Of two requests on one person that are decided at the same moment, the second one would else be granted as if
    there were no first. Raises Refused[grant_not_derivable]: a person has to look at the case.
    """
    listed = (application.facts or {}).get("existing_a1") or ()
    known = {tuple(each.get(name) for name in _NAMED_BY) for each in listed}
    for other in map(certificate_of, on_record(connection, application)):
        if tuple(other[name] for name in _NAMED_BY) not in known:
            raise Refused("grant_not_derivable", rule="row-8", provision="Reg. 987/2009 art. 5(1)")
