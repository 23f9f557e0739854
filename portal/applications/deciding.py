"""From facts to a decision that may be acted on: the rules decide, an independent check re-reads every grant.

Spec: Regulation (EC) 883/2004 Title II; Regulation (EC) 987/2009 art. 14-16
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final

from portadoc.grant_check import check_grant
from portadoc.portal.applications.application import Application, CertificateKind
from portadoc.rules.decision import decision_to_json
from portadoc.rules.determination import determine, law_for
from portadoc.rules.facts import read_facts
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.codes import canonical_country

GRANT: Final = "GRANT"
_NO_AGREEMENT: Final = "HOST_OUTSIDE_COORDINATION"
_REQUEST_INFO: Final = "REQUEST_INFO"
_OF_REGIMES: Final = {"BILATERAL": CertificateKind.BILATERAL, "NONE": CertificateKind.MAINTENANCE}
_ISSUES_OTHER: Final = frozenset({CertificateKind.BILATERAL, CertificateKind.MAINTENANCE})


class Consequence(StrEnum):
    """What follows from a decision."""

    ISSUE = "issue"
    """A certificate of ours."""
    NOTIFY = "notify"
    """The legislation of another State applies: it is told, and it issues."""
    ASK_FACTS = "ask_facts"
    ASK_WISH = "ask_wish"
    REVIEW = "review"
    REFUSE = "refuse"


def judge(facts: JsonObject, *, pack: str) -> JsonObject:
    """Return the decision as JSON, by the law of the first day asked for. Raises Malformed[facts_invalid]."""
    read = read_facts(facts)
    return decision_to_json(determine(read, law=law_for(read, pack=pack)))


def require_derivable(facts: JsonObject, decision: JsonObject) -> None:
    """Require that an independent check finds every condition of a grant in the facts.

    Raises Refused[grant_not_derivable]: a person has to look at the case.
    """
    if decision["outcome"] == GRANT:
        check_grant(facts, decision)


def consequence(application: Application, decision: Mapping[str, Json], *, own_state: str) -> Consequence:
    """Return what follows from an automatic decision here, in ``own_state``; in doubt, a person looks.

    Under law that is not in force nothing follows at all.
    """
    if decision.get("simulation"):
        return Consequence.REVIEW
    reasons = decision.get("reasons") or ()
    match decision["outcome"]:
        case "GRANT":
            return _of_grant(application, decision, own_state)
        case "REFUSE" if application.certificate_kind is CertificateKind.MAINTENANCE and _NO_AGREEMENT in reasons:
            return Consequence.REVIEW  # national law alone can keep the person insured, and an officer knows it
        case "REFUSE":
            return Consequence.REFUSE
        case "EXCEPTION_ROUTE":
            return Consequence.ASK_WISH
        case "REVIEW" if decision["action"] == _REQUEST_INFO and decision.get("questions"):
            return Consequence.ASK_FACTS
        case _:
            return Consequence.REVIEW


def _of_grant(application: Application, decision: Mapping[str, Json], own_state: str) -> Consequence:
    kind, action = application.certificate_kind, decision["action"]
    state = canonical_country(str(decision["competent_state"]))
    if action == "ISSUE_A1" and kind is CertificateKind.A1 and state == own_state:
        return Consequence.ISSUE
    if action == "ISSUE_OTHER" and kind in _ISSUES_OTHER and state == own_state:
        return Consequence.ISSUE
    if action == "DETERMINE_AND_NOTIFY" and state != own_state:
        return Consequence.NOTIFY
    return Consequence.REVIEW


def states_to_tell(decision: Mapping[str, Json], *, own_state: str) -> tuple[str, ...]:
    """Return the States whose institutions are to be told of a grant (A003), without our own.

    Spec: Regulation (EC) 987/2009 art. 16(2)
    """
    named = (decision.get("competent_state"), *(decision.get("notify_states") or ()))
    states = dict.fromkeys(canonical_country(str(each)) for each in named if each)
    return tuple(each for each in states if each != own_state)


def certificate_kind(asked: CertificateKind, facts: Mapping[str, Json]) -> CertificateKind:
    """Return which certificate the facts can lead to: no A1 exists for work outside the coordination."""
    regime = facts.get("regime")
    if asked in (CertificateKind.A1, *_ISSUES_OTHER):
        return _OF_REGIMES.get(str(regime), CertificateKind.A1)
    return asked


def missing_facts(decision: Mapping[str, Json]) -> tuple[str, ...]:
    """Return the places of the facts that the decision misses, as JSON pointers."""
    return tuple(map(str, decision.get("questions") or ()))


def departure_of(facts: Mapping[str, Json]) -> date | None:
    """Return the first day asked for, None where none is named."""
    start = (facts.get("request") or {}).get("period_start")
    return None if start is None else date.fromisoformat(start)
