"""What machines send and get: strict on the way in, and nothing on the way out that a page would not show them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from portadoc.catalogue import WITH_TEXTS, text
from portadoc.errors import Malformed
from portadoc.portal.applications.application import (
    HEALTH,
    Application,
    ApplicationState,
    CertificateKind,
    RequestKind,
)
from portadoc.portal.drafts import Wish
from portadoc.portal.following import StatusView
from portadoc.portal.handover.desk import Desk
from portadoc.rules.decision import decision_from_json
from portadoc.rules.explanation import explain
from portadoc.rules.facts import read_facts
from portadoc.schemas.claims import Json, JsonObject
from portadoc.web.bodies import optional_text_member, require_members

MEMBERS: Final = ("certificate", "request", "employer", "predecessor", "language", "answers")
_EMPLOYER_QUESTION: Final = "employer_id"
_UNTOLD: Final = frozenset({ApplicationState.DRAFT})
_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}", re.ASCII)
_Kind = TypeVar("_Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a machine asks for: the wish, and the answers by question."""

    wish: Wish
    answers: Mapping[str, Json]


def read_asked(body: JsonObject, *, several_employers: bool) -> Asked:
    """Return what a body asks for; nothing else of an application can be set from outside (J18).

    ``several_employers`` says that the machine has to name the employer among those that mandate it. Raises
    Malformed[member_unknown], [member_invalid].
    """
    require_members(body, MEMBERS)
    answers = body.get("answers")
    if not isinstance(answers, dict):
        raise Malformed("member_invalid", member="/answers", expected="an object of answers by question")
    employer = _id_member(body, "employer")
    kind = _kind_member(body, "request", RequestKind, RequestKind.NEW)
    if employer is not None and several_employers and kind is RequestKind.NEW:
        answers = {_EMPLOYER_QUESTION: employer, **answers}
    wish = Wish(
        certificate_kind=_kind_member(body, "certificate", CertificateKind, CertificateKind.A1),
        request_kind=kind,
        employer_id=employer,
        predecessor=_id_member(body, "predecessor"),
        language=_language(body),
    )
    return Asked(wish, answers)


def summary_of(application: Application, *, base: str, today: date) -> JsonObject:
    """Return an application as an entry of a list."""
    here = f"{base}/{application.application_id}"
    return {
        "id": application.application_id,
        "case_number": application.case_number or None,
        "institution": application.institution,
        "certificate": application.certificate_kind.value,
        "request": application.request_kind.value,
        "employer": application.employer_id,
        "state": application.state.value,
        "expired": application.is_in_force and application.expired(today),
        "urgent": application.urgent,
        "filed_at": _moment(application.submitted_at),
        "decided_at": _moment(application.decided_at),
        "valid_from": _day(application.valid_from) if application.is_in_force else None,
        "valid_to": _day(application.valid_to) if application.is_in_force else None,
        "predecessor": application.predecessor,
        "successor": application.successor,
        "links": {"self": here, "paper": f"{here}/paper.pdf" if application.has_certificate else None},
    }


def whole_of(view: StatusView, desk: Desk | None, *, base: str, today: date, language: str) -> JsonObject:
    """Return an application with its decision in words; of a hand-over only how far it is, never what opens it."""
    found = view.application
    return {
        **summary_of(found, base=base, today=today),
        "document_number": found.document_number if found.has_certificate else None,
        "next_step": {"code": view.next_step, "text": text(f"next.{view.next_step}", language, "portal")},
        "expected_s": None if view.expected is None else view.expected.seconds,
        "questions": list(view.questions),
        "decision": _decision(found, language),
        "reminders": [{"kind": each.kind.value, "on": each.on.isoformat()} for each in view.reminders],
        "hand_over": None if desk is None else {"offers": len(desk.offers), "collected": desk.collected},
    }


def _decision(application: Application, language: str) -> JsonObject | None:
    if application.decision is None or application.facts is None or application.state in _UNTOLD:
        return None
    if application.certificate_kind in HEALTH:  # told where replacement certificates are given
        return None
    decision = decision_from_json(application.decision)
    told = explain(decision, read_facts(application.facts), language)
    return {
        "outcome": decision.outcome.value,
        "automated": application.automated,
        "final": application.final,
        "provisional": decision.provisional,
        "competent_state": decision.competent_state,
        "article": decision.article,
        "instrument": decision.instrument,
        "status_code": decision.status_code,
        "reasons": list(decision.reasons),
        "law_version": decision.law_version,
        "explanation": {
            "headline": told.headline,
            "paragraphs": list(told.paragraphs),
            "remedy": told.remedy,
            "steps": list(told.steps),
        },
    }


def _kind_member(body: JsonObject, name: str, kinds: type[_Kind], default: _Kind) -> _Kind:
    told = optional_text_member(body, name)
    for each in kinds:
        if told == each.value:
            return each
    if told is None:
        return default
    raise Malformed("member_invalid", member=f"/{name}", expected=", ".join(each.value for each in kinds))


def _id_member(body: JsonObject, name: str) -> str | None:
    told = optional_text_member(body, name)
    if told is not None and not _ID.fullmatch(told):
        raise Malformed("member_invalid", member=f"/{name}", expected="identifier")
    return told


def _language(body: JsonObject) -> str:
    told = optional_text_member(body, "language") or "en"
    if told not in WITH_TEXTS:
        raise Malformed("member_invalid", member="/language", expected=", ".join(WITH_TEXTS))
    return told


def _moment(at: int | None) -> str | None:
    return None if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
