"""Questions of procedure between institutions: when a determination is final, who covers meanwhile, what binds.

Spec: Regulation (EC) 987/2009 art. 5, 6, 16(2)-(4); CJEU C-527/16, C-410/21
"""

from dataclasses import replace
from datetime import date
from typing import Final

from portadoc.rules.dates import add_months
from portadoc.rules.decision import Action, Finding, Outcome, ask, refuse, review
from portadoc.rules.derivation import Case
from portadoc.rules.facts import Procedure

_987: Final = "987/2009"
_REFERRAL_STARTS: Final = ("review_requested_on", "requested_on", "dispute_on", "dispute_arose_on", "request_on")
_REFERRAL_DAYS: Final = ("referral_on", "referred_on")


def answer_procedure(case: Case) -> Finding:
    """Answer one question of procedure."""
    procedure = case.facts.procedure
    if procedure is None or procedure.kind is None:
        pointer = "/procedure" if procedure is None else "/procedure/kind"
        case.unknown("procedure", "Reg. 987/2009 art. 16", (pointer, None))
        return ask(pointer)
    answer = _QUESTIONS.get(procedure.kind)
    if answer is None:
        case.unknown("procedure", "Reg. 987/2009 art. 16", ("/procedure/kind", procedure.kind))
        return review("NOTICE_UNKNOWN")
    return answer(case, procedure)


def _answer(article: str, *reasons: str, state: str | None = None, provisional: bool = False) -> Finding:
    return Finding(
        outcome=Outcome.GRANT,
        action=Action.NONE,
        reasons=reasons,
        competent_state=state,
        article=article,
        instrument=_987,
        provisional=provisional,
    )


def _ask(case: Case, row: str, provision: str, *names: str) -> Finding:
    pointers = [f"/procedure/{name}" for name in names]
    case.unknown(row, provision, *[(pointer, None) for pointer in pointers])
    return ask(*pointers)


def _unknown(**values: object) -> list[str]:
    return [name for name, value in values.items() if value is None]


def finality(case: Case, procedure: Procedure) -> Finding:
    """A provisional determination is definitive after two months, unless an institution spoke up within them."""
    row, provision = "finality", "Reg. 987/2009 art. 16(3)"
    informed, objected, today = procedure.informed_on, procedure.objection_on, procedure.evaluated_on
    if informed is None or today is None:
        return _ask(case, row, provision, *_unknown(informed_on=informed, evaluated_on=today))
    names = ("finality.objection_months",)
    last_day = add_months(informed, case.law.integer(names[0]))
    quoted = (
        ("/procedure/informed_on", informed),
        ("/procedure/objection_on", objected),
        ("/procedure/evaluated_on", today),
    )
    if objected is not None and objected <= min(last_day, today):
        case.not_met(row, "Reg. 987/2009 art. 16(4)", *quoted, parameters=names)
        return Finding(
            outcome=Outcome.REVIEW,
            action=Action.MANUAL_REVIEW,
            reasons=("DISPUTED",),
            article="16(4)",
            instrument=_987,
            provisional=True,
        )
    final = today > last_day
    case.step(row, provision, "met" if final else "not_met", quoted, names)
    return _answer("16(3)", "DEFINITIVE" if final else "STILL_PROVISIONAL", provisional=not final)


def provisional_priority(case: Case, procedure: Procedure) -> Finding:
    """Who covers while institutions disagree: the one State of work, residence, or the State first asked."""
    row, provision = "provisional-priority", "Reg. 987/2009 art. 6(1)"
    states, lives, first = (
        tuple(dict.fromkeys(procedure.work_states)),
        procedure.residence_state,
        procedure.first_requested,
    )
    if len(states) == 1:
        state, article = states[0], "6(1)(a)"
    elif lives is None:
        return _ask(case, row, provision, "residence_state")
    elif not states or lives in states:
        state, article = lives, "6(1)(b)"
    elif first is None:
        return _ask(case, row, provision, "first_requested")
    else:
        state, article = first, "6(1)(c)"
    case.met(
        row,
        f"Reg. 987/2009 art. {article}",
        ("/procedure/work_states", procedure.work_states),
        ("/procedure/residence_state", lives),
        ("/procedure/first_requested", first),
    )
    return _answer(article, "PROVISIONAL_AFFILIATION", state=state, provisional=True)


def referral(case: Case, procedure: Procedure) -> Finding:
    """A dispute goes to the Administrative Commission no earlier than a month after the request for review."""
    row, provision, names = "referral", "Reg. 987/2009 art. 5(4)", ("finality.referral_months",)
    start = _start_of_dispute(procedure)
    asked_on = _day(procedure.further.get(start)) if start else None
    today = next(
        (day for day in map(_day, map(procedure.further.get, _REFERRAL_DAYS)) if day), procedure.evaluated_on
    )
    if asked_on is None or today is None:
        return _ask(case, row, provision, *_unknown(review_requested_on=asked_on, evaluated_on=today))
    allowed = today >= add_months(asked_on, case.law.integer(names[0]))
    quoted = (
        (f"/procedure/{start}", procedure.further.get(start or "")),
        ("/procedure/evaluated_on", procedure.evaluated_on),
    )
    case.step(row, provision, "met" if allowed else "not_met", quoted, names)
    if allowed:
        return _answer("5(4)", "AC_REFERRAL_ALLOWED")
    return Finding(
        outcome=Outcome.REFUSE,
        action=Action.NONE,
        reasons=("AC_REFERRAL_TOO_EARLY",),
        article="5(4)",
        instrument=_987,
    )


def _start_of_dispute(procedure: Procedure) -> str | None:
    """Return the name of the day on which the review was asked for: a known name, or the only other day told."""
    days = [name for name, value in procedure.further.items() if _day(value) is not None]
    known = [name for name in _REFERRAL_STARTS if name in days]
    others = [name for name in days if name not in _REFERRAL_DAYS]
    return known[0] if known else others[0] if len(others) == 1 else None


def _day(value: object) -> date | None:
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def host_disregard(case: Case, procedure: Procedure) -> Finding:
    """A certificate binds until its issuer withdraws it or declares it invalid, doubt or not."""
    row, provision = "host-disregard", "Reg. 987/2009 art. 5(1)"
    issuer, status = procedure.a1_issuer, procedure.a1_status
    if issuer is None or status is None:
        return _ask(case, row, provision, *_unknown(a1_issuer=issuer, a1_status=status))
    quoted = (
        ("/procedure/a1_issuer", issuer),
        ("/procedure/a1_status", status),
        ("/procedure/doubt", procedure.doubt),
    )
    if status in ("withdrawn", "invalid"):
        case.met(row, provision, *quoted)
        return _answer("5(1)")
    case.not_met(row, provision, *quoted)
    found = refuse("A1_BINDING", competent_state=issuer, article="5(1)", action=Action.REQUEST_REVIEW)
    return replace(found, instrument=_987)


_QUESTIONS: Final = {
    "art16_finality": finality,
    "provisional_priority": provisional_priority,
    "ac_referral": referral,
    "host_disregard": host_disregard,
}
