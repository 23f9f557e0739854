"""The page of one request: where it stands, what was decided and why, what there is and what can be done."""

from typing import Final

from portadoc.access.actions import Action
from portadoc.portal.applications.application import (
    OPEN,
    Actor,
    Application,
    ApplicationState,
    Awaited,
    CertificateKind,
    RequestKind,
)
from portadoc.portal.applications.course import definitive_at, is_disputed, told_at
from portadoc.portal.applications.life_cycle import Act
from portadoc.portal.applications.timers import Expected, day_of
from portadoc.portal.following import StatusView
from portadoc.portal.pages.case_view import (
    act_of,
    address_of,
    attachments_of,
    is_certificate,
    is_provable,
    is_sent,
    parts_view,
    period,
    state_of,
    where,
    who,
)
from portadoc.portal.pages.explained import Explained, explained, is_elsewhere
from portadoc.portal.pages.words import Words
from portadoc.portal.questions.flows import case_of
from portadoc.portal.questions.form import Case, Known
from portadoc.web.pages.reader import Reader

_DAY_S: Final = 86_400
_DONE_BY_OFFICERS: Final = frozenset(
    {Act.CONFIRMED, Act.DECIDED, Act.FORWARDED, Act.GRANTED, Act.REVOCATION_DECIDED, Act.SENT_TO_OTHER_STATE}
)
_ENDS_A_CONTEST: Final = _DONE_BY_OFFICERS | {Act.OBJECTION_SETTLED, Act.REVOKED, Act.RETURNED}
ON_STATUS_PAGE: Final = (
    Action.VIEW_ATTACHMENT,
    Action.CONTEST,
    Action.HAND_OVER,
    Action.REPORT_CHANGE,
    Action.VIEW_PROOF,
    Action.WITHDRAW,
)
"""What the page offers only to who may."""
_UNDER_REVIEW: Final = frozenset({ApplicationState.IN_REVIEW, ApplicationState.WAITING_FOR_ANSWERS})
_CONTESTABLE: Final = frozenset({ApplicationState.GRANTED, ApplicationState.PROVISIONAL, ApplicationState.REFUSED})


def status_content(
    view: StatusView, known: Known, reader: Reader, *, own: bool, may: frozenset[Action]
) -> dict[str, object]:
    """Return what the page shows; ``own`` says that the reader is the person whom the request is about.

    ``may`` is what the reader may do with it, out of ``ON_STATUS_PAGE``: nothing else is offered.
    """
    found = view.application
    case, base = case_of(found.answers, known), address_of(found)
    told = explained(found, Words(reader, case))
    return {
        "base": base,
        "attachments": attachments_of(found) if Action.VIEW_ATTACHMENT in may else "",
        "contested": _is_contested(found),
        "state": state_of(found, expired=view.expired),
        "next_step": "contested" if _is_contested(found) else view.next_step,
        "explained": told,
        "valid": _valid(found, reader),
        "go_on": "" if found.awaits is Awaited.EXCEPTION_WISH else f"{base}/questions",
        "asked": asked_in_words(found),
        "officer_says": _officer_says(found),
        "by_person": "reason" in (found.decision or {}),
        "wish": found.awaits is Awaited.EXCEPTION_WISH,
        "reminders": [
            reader.say(f"reminder.{each.kind.value}", day=reader.day(each.on)) for each in view.reminders
        ],
        "documents": _documents(found, reader, own=own, may=may),
        "hand_over": f"{base}/hand-over" if is_certificate(found) and Action.HAND_OVER in may else "",
        "hand_over_label": reader.say("page.hand_over.show.own" if own else "page.hand_over.show"),
        "facts": _facts(view, case, reader),
        "acts": _acts(found) if Action.REPORT_CHANGE in may else [],
        "may_withdraw": found.state in OPEN and Action.WITHDRAW in may,
        "may_contest": Action.CONTEST in may and _may_contest(found, told),
        "undecided": found.state in OPEN,
        "automated": found.automated,
        "not_final": found.state is ApplicationState.REFUSED and not found.final,
        "provisional": _provisional(found, reader),
        "parts": parts_view(found.answers, known, reader) if is_sent(found) else (),
        "history": _history(found, reader),
        "follow_ups": [
            {"address": address_of(each), "case_number": each.case_number or reader.say("page.space.draft")}
            for each in view.follow_ups
        ],
    }


def asked_in_words(application: Application) -> str:
    """Return what an officer asks, while the applicant has not answered; empty where nobody asks."""
    if application.state is not ApplicationState.WAITING_FOR_ANSWERS:
        return ""
    last = [each for each in application.history if each.what in (Act.ASKED, Act.QUESTIONS_LEFT)][-1:]
    return "".join(each.reason for each in last if each.what == Act.ASKED)


def _officer_says(application: Application) -> str:
    """Return the reason of what an officer did last, where the decision itself does not tell it."""
    done = [each for each in application.history if each.what in _DONE_BY_OFFICERS and each.actor is Actor.OFFICER]
    said = done[-1].reason if done else ""
    return "" if said == (application.decision or {}).get("reason") or application.state in _UNDER_REVIEW else said


def change_kinds(application: Application, *, as_worker: bool = False) -> tuple[str, ...]:
    """Return what somebody can say about a certificate that stands; ``as_worker`` where the employer asked."""
    if not application.is_in_force:
        return ()
    if as_worker:
        return "report", "correction"
    posted = ((application.facts or {}).get("posting")) is not None and application.valid_to is not None
    return (*(("extension",) if posted else ()), "report", "correction", "withdrawal")


def _history(found: Application, reader: Reader) -> list[dict[str, str]]:
    """Return what happened, in order; the same act again right after is told once, with its last time."""
    told: list[dict[str, str]] = []
    for each in found.history:
        what, actor = reader.say(act_of(found, each.what)), reader.say(f"actor.{each.actor.value}")
        if told and (told[-1]["what"], told[-1]["actor"]) == (what, actor):
            told.pop()
        told.append({"at": reader.moment(each.at), "what": what, "actor": actor})
    return told


def _valid(found: Application, reader: Reader) -> str:
    if not found.is_in_force or found.valid_from is None or is_elsewhere(found):
        return ""
    start = reader.day(found.valid_from)
    if found.valid_to is None:
        return reader.say("page.decision.valid.open", start=start)
    return reader.say("page.decision.valid", start=start, end=reader.day(found.valid_to))


def _provisional(found: Application, reader: Reader) -> str:
    """Return what a provisional decision waits for; empty where it waits for nothing."""
    if found.state is not ApplicationState.PROVISIONAL:
        return ""
    if is_disputed(found):
        return reader.say("page.decision.provisional.objected")
    told, final = told_at(found), definitive_at(found)
    if told is None or final is None:
        return reader.say("page.decision.provisional") if final is None else ""
    days = {"told": reader.day(day_of(told)), "final": reader.day(day_of(final))}
    return reader.say("page.decision.provisional.told", **days)


def _documents(found: Application, reader: Reader, *, own: bool, may: frozenset[Action]) -> list[dict[str, str]]:
    base, documents = address_of(found), []
    if found.has_certificate:
        documents.append({"address": f"{base}/paper.pdf", "title": reader.say("page.documents.paper"), "text": ""})
        wallet = reader.say("button.wallet" if own else "page.hand_over.title")
        if is_certificate(found) and Action.HAND_OVER in may:
            documents.append({"address": f"{base}/hand-over", "title": wallet, "text": ""})
    elif (
        Action.VIEW_PROOF in may and found.state in OPEN and found.submitted_at is not None and is_provable(found)
    ):
        documents.append(
            {
                "address": f"{base}/proof.pdf",
                "title": reader.say("page.documents.proof"),
                "text": reader.say("page.documents.proof.text"),
            }
        )
    return documents


def _facts(view: StatusView, case: Case, reader: Reader) -> list[tuple[str, str]]:
    found = view.application
    told = [
        ("page.status.case", found.case_number),
        ("page.status.institution", view.institution_name),
        ("page.status.worker", who(case)),
        ("page.status.employer", str(case.part("employer", "name") or "")),
        ("page.status.country", where(case, reader)),
        ("page.status.period", period(found, case, reader)),
        ("page.status.filed", "" if found.submitted_at is None else reader.moment(found.submitted_at)),
        ("page.status.decided", "" if found.decided_at is None else reader.moment(found.decided_at)),
        ("page.status.delay", _delay(view.expected, reader)),
    ]
    return [(reader.say(key), value) for key, value in told if value]


def _delay(took: Expected | None, reader: Reader) -> str:
    if took is None:
        return ""
    if took.seconds is None:
        return reader.say("page.status.delay.none")
    days = max(1, -(-took.seconds // _DAY_S))
    return reader.say("page.status.delay.day") if days == 1 else reader.say("page.status.delay.days", days=days)


def _acts(found: Application) -> list[dict[str, str]]:
    health = found.certificate_kind in (CertificateKind.EHIC, CertificateKind.PRC)
    if found.is_in_force and not health and found.request_kind is not RequestKind.WITHDRAWAL:
        return [{"address": f"{address_of(found)}/change", "key": "button.change"}]
    return []


def _may_contest(found: Application, told: Explained | None) -> bool:
    """Tell whether one click sends the decision to a person: while one stands that no person made."""
    stands = told is not None and found.automated and found.state in _CONTESTABLE
    return stands and not _is_contested(found)


def _is_contested(found: Application) -> bool:
    """Tell whether a certificate stands that the applicant contested, and no person decided since."""
    done = [each for each in found.history if each.what in _ENDS_A_CONTEST or each.what == Act.SENT_TO_OFFICER]
    last = done[-1] if done else None
    asked = last is not None and last.what == Act.SENT_TO_OFFICER and last.actor is Actor.APPLICANT
    return asked and found.is_in_force
