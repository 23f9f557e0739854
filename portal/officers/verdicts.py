"""What an officer decides, as a decision like those of the rules: why, by which article, from when to when."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from portadoc.days import kept_day
from portadoc.errors import Malformed, Refused
from portadoc.portal.applications.application import HEALTH, Application, CertificateKind, RequestKind
from portadoc.portal.applications.deciding import Consequence
from portadoc.portal.applications.particulars import states_of_work
from portadoc.portal.applications.records import eessi_article
from portadoc.portal.applications.timers import posting_limit
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.codes import (
    EXCEPTION_CODE,
    PDA1_STATES,
    POSTING_CODES,
    STATUS_CONFIRMATIONS,
    canonical_country,
)

LONGEST_REASON: Final = 2000
_OF_REGULATIONS: Final = frozenset({"883/2004", "987/2009"})
_COVERAGE: Final = frozenset({CertificateKind.BILATERAL, CertificateKind.MAINTENANCE})
_OF_PROPOSALS: Final = frozenset({"decided_by", "decided_by_pin", "what"})
_ISSUES_A1: Final = "ISSUE_A1"
_ISSUES_OTHER: Final = "ISSUE_OTHER"
_LEGISLATION_ELSEWHERE: Final = "DETERMINE_AND_NOTIFY"


class VerdictOutcome(StrEnum):
    """What an officer can decide."""

    GRANT = "grant"
    REFUSE = "refuse"
    OTHER_LEGISLATION = "other_legislation"
    """The legislation of another State applies, which is told and issues."""
    FORWARD = "forward"
    """Another institution is competent."""
    ASK_OTHER_STATE = "ask_other_state"
    """The other State has to agree first. Spec: Regulation (EC) 987/2009 art. 18."""


_NAMES_ANOTHER_STATE: Final = frozenset(
    {VerdictOutcome.OTHER_LEGISLATION, VerdictOutcome.FORWARD, VerdictOutcome.ASK_OTHER_STATE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A decision by a person. ``reason`` is told to the applicant; dates are inclusive.

    ``certificate_kind`` says which certificate of coverage it is, bilateral or maintenance, for work outside the
    coordination; None leaves it as asked. An exception names the State that agreed and the day on which it did.
    """

    outcome: VerdictOutcome
    reason: str
    article: str | None = None
    instrument: str = "883/2004"
    status_code: str | None = None
    validity_start: date | None = None
    validity_end: date | None = None
    other_state: str | None = None
    agreed_on: date | None = None
    provisional: bool = False
    notify_states: tuple[str, ...] = field(default=())
    certificate_kind: CertificateKind | None = None


def require_reason(reason: str) -> None:
    """Require a reason in words. Raises Malformed[reason_missing]."""
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Malformed("reason_missing", limit=LONGEST_REASON)


def require_whole(verdict: Verdict, application: Application, *, own_state: str) -> None:
    """Require everything that the outcome needs.

    Raises Malformed[reason_missing], Refused[verdict_incomplete] with the member, [article_unfit] for an article
    that cannot stand behind the status, [period_reversed], [posting_too_long], [own_state_named] where another
    State has to be named, [nobody_to_tell] for a provisional one without another State of work.
    """
    require_reason(verdict.reason)
    if verdict.outcome is VerdictOutcome.GRANT and application.request_kind is not RequestKind.WITHDRAWAL:
        _require_grantable(verdict, application, own_state)
    if verdict.outcome in _NAMES_ANOTHER_STATE:
        _require_other_state(verdict, own_state)


def decision_of(
    verdict: Verdict, application: Application, *, own_state: str, departs: tuple[str, ...] = ()
) -> JsonObject:
    """Return a verdict as a decision in JSON: by a person, with the facts as they are in the case.

    A certificate is always of the legislation of ``own_state``; ``departs`` names where this is not what the rules
    found.
    """
    elsewhere = verdict.outcome is VerdictOutcome.OTHER_LEGISLATION
    granted = verdict.outcome in (VerdictOutcome.GRANT, VerdictOutcome.OTHER_LEGISLATION)
    issues = _ISSUES_A1 if application.certificate_kind is CertificateKind.A1 else _ISSUES_OTHER
    return {
        "outcome": "GRANT" if granted else "REFUSE",
        "competent_state": verdict.other_state if elsewhere else own_state,
        "article": verdict.article,
        "instrument": verdict.instrument,
        "status_code": verdict.status_code,
        "action": _LEGISLATION_ELSEWHERE if elsewhere else issues if granted else "NONE",
        "validity_start": _text(verdict.validity_start),
        "validity_end": _text(verdict.validity_end),
        "max_months": None,
        "provisional": verdict.provisional,
        "redirect_state": verdict.other_state if verdict.outcome is VerdictOutcome.FORWARD else None,
        "default_state": None,
        "notify_states": list(_to_tell(verdict, application, own_state)),
        "reasons": [],
        "info": [],
        "questions": [],
        "derivation": [],
        "law_version": (application.decision or {}).get("law_version"),
        "pack": (application.decision or {}).get("pack"),
        "simulation": False,
        "automated": False,
        "reason": verdict.reason,
        "agreed_by": verdict.other_state if verdict.agreed_on else None,
        "agreed_on": _text(verdict.agreed_on),
        "departs": list(departs),
    }


def consequence_of(verdict: Verdict) -> Consequence:
    """Return what follows from a verdict that decides."""
    match verdict.outcome:
        case VerdictOutcome.GRANT:
            return Consequence.ISSUE
        case VerdictOutcome.OTHER_LEGISLATION:
            return Consequence.NOTIFY
        case _:
            return Consequence.REFUSE


def verdict_to_json(verdict: Verdict) -> JsonObject:
    """Write a verdict as JSON, so that it can wait for a second officer."""
    return {
        "outcome": verdict.outcome.value,
        "reason": verdict.reason,
        "article": verdict.article,
        "instrument": verdict.instrument,
        "status_code": verdict.status_code,
        "validity_start": _text(verdict.validity_start),
        "validity_end": _text(verdict.validity_end),
        "other_state": verdict.other_state,
        "agreed_on": _text(verdict.agreed_on),
        "provisional": verdict.provisional,
        "notify_states": list(verdict.notify_states),
        "certificate_kind": None if verdict.certificate_kind is None else verdict.certificate_kind.value,
    }


def verdict_from_json(kept: JsonObject) -> Verdict:
    """Read what ``verdict_to_json`` wrote."""
    return Verdict(
        **{
            **{name: value for name, value in kept.items() if name not in _OF_PROPOSALS},
            "outcome": VerdictOutcome(kept["outcome"]),
            "validity_start": kept_day(kept["validity_start"]),
            "validity_end": kept_day(kept["validity_end"]),
            "agreed_on": kept_day(kept["agreed_on"]),
            "notify_states": tuple(kept["notify_states"]),
            "certificate_kind": CertificateKind(kept["certificate_kind"]) if kept["certificate_kind"] else None,
        }
    )


def _to_tell(verdict: Verdict, application: Application, own_state: str) -> tuple[str, ...]:
    """Return the States to be told: those that the verdict names, else of a provisional one the States of work.

    Spec: Regulation (EC) 987/2009 art. 16(2)
    """
    if verdict.notify_states or not verdict.provisional:
        return verdict.notify_states
    states = map(canonical_country, states_of_work(application.facts or {}))
    return tuple(each for each in dict.fromkeys(states) if each != own_state)


def _require_other_state(verdict: Verdict, own_state: str) -> None:
    if verdict.other_state not in PDA1_STATES:
        raise Refused("verdict_incomplete", member="other_state")
    if verdict.other_state == own_state:
        raise Refused("own_state_named")


def _require_grantable(verdict: Verdict, application: Application, own_state: str) -> None:
    if (
        verdict.certificate_kind is not None
        and {verdict.certificate_kind, application.certificate_kind} - _COVERAGE
    ):
        raise Refused("verdict_incomplete", member="certificate_kind")
    by_register = application.certificate_kind in HEALTH
    for member in ("validity_start", "validity_end" if by_register else "article"):
        if getattr(verdict, member) is None:
            raise Refused("verdict_incomplete", member=member)
    if verdict.provisional and not _to_tell(verdict, application, own_state):
        raise Refused("nobody_to_tell")
    start, end = verdict.validity_start, verdict.validity_end
    if start is not None and end is not None and end < start:
        raise Refused("period_reversed", member="validity_end")
    if application.certificate_kind is not CertificateKind.A1:
        return
    situation = STATUS_CONFIRMATIONS.get(verdict.status_code or "")
    if situation is None:
        raise Refused("verdict_incomplete", member="status_code")
    if verdict.instrument in _OF_REGULATIONS and eessi_article(verdict.article) not in situation.articles:
        raise Refused("article_unfit", status=situation.code)
    if situation.code == EXCEPTION_CODE:
        _require_other_state(verdict, own_state)
        if verdict.agreed_on is None:
            raise Refused("verdict_incomplete", member="agreed_on")
    if situation.code in POSTING_CODES | {EXCEPTION_CODE} and end is None:
        raise Refused("verdict_incomplete", member="validity_end")
    if situation.code in POSTING_CODES and start is not None and end is not None and end > posting_limit(start):
        raise Refused("posting_too_long")


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
