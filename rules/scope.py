"""Rows 1 to 8, the same for every request: the person, the period, the instrument, personal scope, certificates.

Spec: Regulation (EC) 883/2004 art. 2, 87(8), 87a; Regulation (EC) 987/2009 art. 5(1), 15(1)
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from portadoc.rules.dates import add_months, shared_days
from portadoc.rules.decision import Action, Finding, ask, refuse, review
from portadoc.rules.derivation import Case
from portadoc.rules.facts import ApplicantKind, CertificateStatus, ExistingCertificate, Regime, RequestKind
from portadoc.rules.personal_scope import row_7_personal_scope

SUITED: Final[Mapping[RequestKind, frozenset[ApplicantKind]]] = MappingProxyType(
    {
        RequestKind.VESSEL: frozenset({ApplicantKind.MARINER}),
        RequestKind.AIRCREW: frozenset({ApplicantKind.AIRCREW}),
        RequestKind.EU_CONTRACT_STAFF: frozenset({ApplicantKind.CONTRACT_STAFF}),
        RequestKind.EXEMPTION_PENSIONER: frozenset({ApplicantKind.PENSIONER}),
        RequestKind.MULTI_STATE: frozenset(
            {
                ApplicantKind.EMPLOYEE,
                ApplicantKind.SELF_EMPLOYED,
                ApplicantKind.EMPLOYED_AND_SELF_EMPLOYED,
                ApplicantKind.CIVIL_SERVANT,
                ApplicantKind.PENSIONER,
            }
        ),
        RequestKind.TELEWORK_FRAMEWORK: frozenset(
            {
                ApplicantKind.EMPLOYEE,
                ApplicantKind.SELF_EMPLOYED,
                ApplicantKind.EMPLOYED_AND_SELF_EMPLOYED,
                ApplicantKind.CIVIL_SERVANT,
            }
        ),
    }
)
"""Whom a request of that kind can be about: crews and mariners in several States have rules of their own, while a
pension stops nobody from working. The telework agreement refuses or reviews its last three itself."""
POSTING_KINDS: Final = frozenset({RequestKind.POSTING, RequestKind.EXTENSION})


def row_1_alive(case: Case) -> Finding | None:
    deceased = case.facts.person.deceased
    quoted = ("/person/deceased", deceased)
    if deceased is None:
        case.unknown("row-1", "Reg. 883/2004 art. 2(1)", quoted)
        return ask("/person/deceased")
    if deceased:
        case.not_met("row-1", "Reg. 883/2004 art. 2(1)", quoted)
        return refuse("PERSON_DECEASED")
    case.met("row-1", "Reg. 883/2004 art. 2(1)", quoted)
    return None


def row_2_period(case: Case) -> Finding | None:
    """A start is needed, and an end that is not before it; an end may be open."""
    start, end = case.facts.request.period_start, case.facts.request.period_end
    quoted = ("/request/period_start", start), ("/request/period_end", end)
    if start is None or (end is not None and end < start):
        case.not_met("row-2", "Reg. 987/2009 art. 15(1)", *quoted)
        asked = ("/request/period_start",) if start is None else ("/request/period_start", "/request/period_end")
        return refuse("PERIOD_ERROR", action=Action.REQUEST_INFO, questions=asked)
    case.met("row-2", "Reg. 987/2009 art. 15(1)", *quoted)
    return None


def row_3_instrument(case: Case) -> Finding | None:
    """There is an instrument, it is in force at the start, and its table can be applied."""
    regime, start = case.facts.regime, case.facts.request.period_start
    quoted = ("/regime", regime), ("/request/period_start", start)
    finding: Finding | None = None
    if regime is Regime.NONE:
        finding = refuse("HOST_OUTSIDE_COORDINATION")
    elif not case.law.simulation and start is not None and not case.pack.in_force_on(start):
        finding = review("REGIME_NOT_IN_FORCE")
    elif not case.pack.decides:
        finding = review("REGIME_TABLE_UNVERIFIED")
    case.step("row-3", case.pack.title, "met" if finding is None else "not_met", quoted)
    return finding


def row_4_transitional(case: Case) -> Finding | None:
    transitional = case.facts.request.transitional
    if transitional:
        case.not_met("row-4", "Reg. 883/2004 art. 87(8), 87a", ("/request/transitional", transitional))
        return review("TRANSITIONAL_RULE")
    return None


def row_5_time_of_request(case: Case) -> Finding | None:
    """Neither too far ahead nor, for a posting, too long ago."""
    request = case.facts.request
    filed, start = request.request_date, request.period_start
    quoted = ("/request/request_date", filed), ("/request/period_start", start)
    if filed is None or start is None:
        case.unknown("row-5", "Reg. 987/2009 art. 15(1)", *quoted)
        return ask("/request/request_date") if filed is None else None
    ahead = case.law.integer("request.look_ahead_months")
    back = case.law.integer("request.look_back_months")
    names = ("request.look_ahead_months", "request.look_back_months")
    finding = None
    if start > add_months(filed, ahead):
        finding = review("TOO_FAR_AHEAD")
    elif request.kind in POSTING_KINDS and start < add_months(filed, -back):
        finding = review("OLD_PERIOD")
    case.step(
        "row-5", "Reg. 987/2009 art. 15(1)", "met" if finding is None else "not_met", quoted, parameters=names
    )
    return finding


def row_6_notes(case: Case) -> Finding | None:
    """Retroactive requests are lawful and urgent ones first in line; both are only noted."""
    filed, start = case.facts.request.request_date, case.facts.request.period_start
    if filed is not None and start is not None:
        if start < filed:
            case.note("RETROACTIVE")
        elif (start - filed).days <= case.law.integer("request.urgent_days"):
            case.note("URGENT")
    return None


def row_8_other_certificates(case: Case) -> Finding | None:
    """A valid certificate binds every institution: two shared days with another State's go to a person."""
    if "existing_a1" in case.facts.unknown:
        case.unknown("row-8", "Reg. 987/2009 art. 5(1)", ("/existing_a1", None))
        return ask("/existing_a1")
    finding: Finding | None = None
    for place, other in enumerate(case.facts.existing_a1):
        found = _certificate(case, place, other)
        finding = finding or found
    return finding


def _certificate(case: Case, place: int, other: ExistingCertificate) -> Finding | None:
    request, provision = case.facts.request, "Reg. 987/2009 art. 5(1)"
    pointer = f"/existing_a1/{place}"
    days = shared_days((request.period_start, request.period_end), (other.start, other.end))
    quoted = (
        (f"{pointer}/state", other.state),
        (f"{pointer}/start", other.start),
        (f"{pointer}/end", other.end),
        (f"{pointer}/status", other.status),
        ("/request/asked_state", request.asked_state),
    )
    names = ("request.overlap_tolerated_days",)
    if days == 0 or other.status is CertificateStatus.WITHDRAWN:
        case.met("row-8", provision, *quoted, parameters=names)
        return None
    if other.status is None or other.state is None or request.asked_state is None:
        case.unknown("row-8", provision, *quoted, parameters=names)
        missing = [f"{pointer}/status"] if other.status is None else []
        missing += [f"{pointer}/state"] if other.state is None else []
        return ask(*missing, *(["/request/asked_state"] if request.asked_state is None else []))
    if other.state != request.asked_state and days > case.law.integer("request.overlap_tolerated_days"):
        case.not_met("row-8", provision, *quoted, parameters=names)
        return review("OVERLAP_OTHER_LEGISLATION")
    if other.state != request.asked_state:
        case.note("OVERLAP_ONE_DAY")
    elif other.employer_same and _starts_in(request.period_start, other):
        case.note("SUPERSEDES")
    case.met("row-8", provision, *quoted, parameters=names)
    return None


def _starts_in(start: date | None, other: ExistingCertificate) -> bool:
    return start is not None and (other.end is None or start <= other.end)


def another_legislation(case: Case, granted: Finding) -> bool:
    """Say whether a valid certificate, our own among them, names another State for days that would be granted."""
    request = case.facts.request
    asked = request.period_start, request.period_end
    days_of = (granted.validity_start, granted.validity_end) if granted.validity_start else asked
    for place, other in enumerate(case.facts.existing_a1):
        days = shared_days(days_of, (other.start, other.end))
        stands = other.status is not CertificateStatus.WITHDRAWN and other.state != granted.competent_state
        if stands and days > case.law.integer("request.overlap_tolerated_days"):
            case.not_met("row-8", "Reg. 987/2009 art. 5(1)", (f"/existing_a1/{place}/state", other.state))
            return True
    return False


def row_9_kind_of_person(case: Case) -> Finding | None:
    """The special rules each have their own kind of person; another one contradicts the request."""
    suited = SUITED.get(case.facts.request.kind)
    if suited is None or case.facts.applicant_kind in suited:
        return None
    case.not_met(
        "row-9",
        "Reg. 883/2004 art. 11(4), 11(5), 15, 16",
        ("/request/kind", case.facts.request.kind),
        ("/applicant_kind", case.facts.applicant_kind),
    )
    return review("REQUEST_KIND_UNSUITED")


GENERAL_ROWS: Final = (
    row_1_alive,
    row_2_period,
    row_3_instrument,
    row_4_transitional,
    row_5_time_of_request,
    row_6_notes,
    row_7_personal_scope,
    row_8_other_certificates,
    row_9_kind_of_person,
)
