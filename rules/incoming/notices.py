"""Checks on a notice of another institution (SED A001, A003, A009, A010): record it, or let a person look.

A certificate binds its reader; a check that fails never refuses it, it only asks a person to take it up with the
sender.

Spec: Regulation (EC) 987/2009 art. 5, 15, 16; Regulation (EC) 883/2004 art. 12; Regulation (EU) 1231/2010
"""

from collections.abc import Callable
from datetime import date
from typing import Final

from portadoc.rules.dates import add_months, months_between, shared_days
from portadoc.rules.decision import Action, Finding, Outcome, ask, review
from portadoc.rules.derivation import Case, Quoted
from portadoc.rules.facts import CertificateStatus, Incoming

Check = Callable[[Case, Incoming], tuple[str, ...]]

_NOTICE: Final = "Reg. 987/2009 art. 5(1)"
_KNOWN: Final = frozenset({"A003", "A009", "A010"})
_REQUEST_FOR_CONSENT: Final = "A001"
_EFTA: Final = frozenset({"IS", "LI", "NO"})
_STATELESS_OR_REFUGEE: Final = frozenset({"XA", "XB", "XC", "XS"})
_NEEDED: Final = ("sed", "receiving_state", "legislation_state", "sender_state", "nationalities", "workplaces")


def check_notice(case: Case) -> Finding:
    """Check one notice; every finding is told."""
    incoming, start = case.facts.incoming, case.facts.request.period_start
    if incoming is None or start is None:
        missing = ["/incoming"] if incoming is None else ["/request/period_start"]
        case.unknown("notice", _NOTICE, *[(pointer, None) for pointer in missing])
        return ask(*missing)
    missing = [f"/incoming/{name}" for name in _NEEDED if not getattr(incoming, name)]
    if missing:
        case.unknown("notice", _NOTICE, *[(pointer, None) for pointer in missing])
        return ask(*missing)
    reasons = [code for check in _CHECKS for code in check(case, incoming)]
    if reasons:
        return review(*dict.fromkeys(reasons))
    if incoming.sed not in _KNOWN:
        case.unknown("notice", "Reg. 883/2004 art. 16(1)", ("/incoming/sed", incoming.sed))
        return review("EXCEPTION_PENDING" if incoming.sed == _REQUEST_FOR_CONSENT else "NOTICE_UNKNOWN")
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.RECORD,
        competent_state=incoming.legislation_state,
        article=_article(incoming.article),
    )


def _article(eessi: str | None) -> str | None:
    """Write EESSI's ``13_1_b_i`` as ``13(1)(b)(i)``."""
    if not eessi:
        return None
    first, *rest = eessi.split("_")
    return first + "".join([f"({part})" for part in rest])


def _told(
    case: Case, check: str, code: str, fails: bool, *quoted: Quoted, parameters: tuple[str, ...] = ()
) -> tuple[str, ...]:
    case.step(f"notice-{check}", _NOTICE, "not_met" if fails else "met", quoted, parameters)
    return (code,) if fails else ()


def person(case: Case, incoming: Incoming) -> tuple[str, ...]:
    deceased = case.facts.person.deceased
    return _told(case, "person", "PERSON_DECEASED", deceased is True, ("/person/deceased", deceased))


def period(case: Case, incoming: Incoming) -> tuple[str, ...]:
    """The period has an end, not before its start."""
    start, end = case.facts.request.period_start, case.facts.request.period_end
    quoted = (("/request/period_start", start), ("/request/period_end", end))
    if end is None:
        return _told(case, "period", "END_DATE_REQUIRED", True, *quoted)
    return _told(case, "period", "PERIOD_ERROR", start is not None and end < start, *quoted)


def length(case: Case, incoming: Incoming) -> tuple[str, ...]:
    """A posting of two years and its last day is tolerated; anything over five years is looked at."""
    start, end = case.facts.request.period_start, case.facts.request.period_end
    if start is None or end is None:
        return ()
    law, quoted = case.law, (("/request/period_start", start), ("/request/period_end", end))
    codes: tuple[str, ...] = ()
    if incoming.sed == "A009":
        too_long = end > add_months(start, law.integer("incoming.posting_months"))
        names = ("incoming.posting_months",)
        codes = _told(case, "length", "DURATION_OVER_24M", too_long, *quoted, parameters=names)
    over = months_between(start, end) >= law.integer("incoming.max_months")
    return codes + _told(case, "length", "DURATION_OVER_5Y", over, *quoted, parameters=("incoming.max_months",))


def age(case: Case, incoming: Incoming) -> tuple[str, ...]:
    """The coordination already applied in both States when the period began."""
    start = case.facts.request.period_start or date.max
    since = max([_applies_since(case, state) for state in (incoming.receiving_state, incoming.sender_state)])
    return _told(case, "age", "OLD_PERIOD", start < since, ("/request/period_start", start))


def _applies_since(case: Case, state: str | None) -> date:
    name = "HR" if state == "HR" else "CH" if state == "CH" else "EEA" if state in _EFTA else "EU"
    return case.law.first_day(f"incoming.applies_since.{name}") or date.max


def ahead(case: Case, incoming: Incoming) -> tuple[str, ...]:
    request, name = case.facts.request, "request.look_ahead_months"
    filed, start = request.request_date, request.period_start
    quoted = (("/request/request_date", filed), ("/request/period_start", start))
    far = filed is not None and start is not None and start > add_months(filed, case.law.integer(name))
    return _told(case, "ahead", "TOO_FAR_AHEAD", far, *quoted, parameters=(name,))


def legislation(case: Case, incoming: Incoming) -> tuple[str, ...]:
    """Another State than the receiving one is named."""
    own = incoming.legislation_state == incoming.receiving_state
    return _told(
        case,
        "legislation",
        "OWN_STATE_NAMED",
        own,
        ("/incoming/legislation_state", incoming.legislation_state),
        ("/incoming/receiving_state", incoming.receiving_state),
    )


def nationality(case: Case, incoming: Incoming) -> tuple[str, ...]:
    """One covered nationality among several is enough."""
    law, receiving, sender = case.law, incoming.receiving_state or "", incoming.sender_state or ""
    quoted = (
        ("/incoming/nationalities", incoming.nationalities),
        ("/incoming/sender_state", sender),
        ("/incoming/receiving_state", receiving),
    )
    nationals = law.states("states.eu") | law.states("states.eea_efta") | law.states("states.ch")
    covered = not (nationals | _STATELESS_OR_REFUGEE).isdisjoint(incoming.nationalities)
    if covered or case.facts.person.withdrawal_agreement:
        return _told(case, "nationality", "", False, *quoted)
    legs = {receiving, sender}
    if "CH" in legs:
        return _told(case, "nationality", "TCN_NOT_COVERED_CH", True, *quoted)
    if not _EFTA.isdisjoint(legs):
        fails = receiving not in _EFTA or sender not in law.states("incoming.tcn_senders")
        names = ("incoming.tcn_senders",)
        return _told(case, "nationality", "TCN_NOT_COVERED_EEA", fails, *quoted, parameters=names)
    outside = not law.states("states.outside_1231_2010").isdisjoint(legs)
    return _told(case, "nationality", "TCN_NOT_COVERED_DK", outside, *quoted)


def workplaces(case: Case, incoming: Incoming) -> tuple[str, ...]:
    places = incoming.workplaces
    outside = not case.law.states("states.a1").issuperset(places)
    return _told(case, "workplaces", "WORKPLACE_OUTSIDE_EEA", outside, ("/incoming/workplaces", places))


def residence(case: Case, incoming: Incoming) -> tuple[str, ...]:
    lives, receiving = case.facts.person.residence_state, incoming.receiving_state
    quoted = (
        ("/incoming/resident_in_receiving", incoming.resident_in_receiving),
        ("/person/residence_state", lives),
        ("/incoming/receiving_state", receiving),
    )
    resident = incoming.resident_in_receiving is True or (lives is not None and lives == receiving)
    return _told(case, "residence", "RESIDENT_IN_RECEIVING_STATE", resident, *quoted)


def benefits(case: Case, incoming: Incoming) -> tuple[str, ...]:
    paid = incoming.benefits_paid
    return _told(case, "benefits", "BENEFITS_PAID_IN_PERIOD", paid is True, ("/incoming/benefits_paid", paid))


def overlap(case: Case, incoming: Incoming) -> tuple[str, ...]:
    """No membership here, and no other State's certificate, for more than the one day that is tolerated."""
    request, name = case.facts.request, "request.overlap_tolerated_days"
    asked = (request.period_start, request.period_end)
    tolerated = case.law.integer(name)
    found: list[Quoted] = []
    membership = incoming.existing_membership
    if membership is not None and shared_days(asked, (membership.start, membership.end)) > tolerated:
        found.append(("/incoming/existing_membership/start", membership.start))
        found.append(("/incoming/existing_membership/end", membership.end))
    for place, other in enumerate(case.facts.existing_a1):
        valid = other.status is not CertificateStatus.WITHDRAWN and other.state != incoming.legislation_state
        if valid and shared_days(asked, (other.start, other.end)) > tolerated:
            found.append((f"/existing_a1/{place}/state", other.state))
    return _told(case, "overlap", "OVERLAP_OTHER_LEGISLATION", bool(found), *found, parameters=(name,))


_CHECKS: Final[tuple[Check, ...]] = (
    person,
    period,
    length,
    age,
    ahead,
    legislation,
    nationality,
    workplaces,
    residence,
    benefits,
    overlap,
)
