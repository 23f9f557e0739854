"""The record of what was decided: the canonical A1, a certificate of coverage, or the proof of an application.

A record follows from the application alone, so after a crash the same one is made again.
Spec: Regulation (EC) 987/2009 art. 5, 15(1), 16(5), 19(2).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from portadoc.errors import Refused
from portadoc.portal.applications.application import Application, CertificateKind
from portadoc.portal.applications.known import known_of
from portadoc.portal.applications.particulars import (
    countries_of_work_of,
    employments_of,
    person_of,
    states_of_work,
)
from portadoc.portal.applications.timers import day_of
from portadoc.portal.questions.flows import case_of
from portadoc.portal.questions.form import Case
from portadoc.schemas.claims import Json, JsonObject
from portadoc.schemas.codes import ARTICLES, EXCEPTION_CODE, canonical_country
from portadoc.schemas.coverage import (
    BilateralCertificate,
    CoverageDocument,
    CoveredActivity,
    CoveredPerson,
    KeptLegislation,
    MaintenanceCertificate,
)
from portadoc.schemas.coverage.application import ApplicationProof, Asked, Worker, WorkerEmployer, filed_at
from portadoc.schemas.pda1 import (
    Address,
    AuthenticSource,
    Decision,
    Document,
    Institution,
    IssuingAuthority,
    Legislation,
    Pda1,
    Person,
    StatusConfirmation,
)
from portadoc.schemas.profiles import REGIME_PACKS
from portadoc.schemas.records import Record

_ARTICLE_PARTS: Final = re.compile(r"(\d+)((?:\([a-z0-9]+\))*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Competent:
    """The institution that decides, as it stands on its certificates."""

    institution_id: str
    name: str
    country: str
    address: Address
    phone: str | None
    email: str | None


def record_of(application: Application, institution: Competent, *, replaces: str | None) -> Record:
    """Return what is certified. ``replaces`` is the number of the document that this one takes the place of.

    Raises Refused[particulars_missing], [legislation_of_other_state], and as the records do.
    """
    decision, case = _decision(application), _case(application, institution)
    extract = application.known.get("person") or {}
    person = person_of(case, extract, pin=_pin(application))
    _require_own_law(decision, institution)
    if application.certificate_kind is CertificateKind.A1:
        return _a1(application, institution, case, person, replaces=replaces)
    return _coverage(application, institution, case, person, decision, replaces=replaces)


def _require_own_law(decision: JsonObject, institution: Competent) -> None:
    """Require that what is certified is the law of the institution's own State, whoever decided."""
    if canonical_country(str(decision["competent_state"])) != canonical_country(institution.country):
        raise Refused(
            "legislation_of_other_state",
            state=institution.country,
            legislation=str(decision["competent_state"]),
        )


def document_number(application: Application, country: str, *, issue: int) -> str:
    """Return the number of the document: that of the case in its State, and which document of the case it is."""
    kind, year, running, check = application.case_number.split("-")
    return f"{kind}-{country}-{year}-{running}-{check}" + (f"/{issue}" if issue > 1 else "")


def proof_of(application: Application, institution: Competent) -> ApplicationProof:
    """Return the record of what was asked for, of which nothing is decided.

    Raises Refused[particulars_missing], [proof_of_other_kind] for what is no A1.
    """
    facts, case = application.facts or {}, _case(application, institution)
    if application.certificate_kind is not CertificateKind.A1:
        raise Refused("proof_of_other_kind")
    worker, employer = case.get("worker"), case.get("employer")
    if worker is None or application.departure is None:
        raise Refused("particulars_missing", what="worker")
    filed = filed_at(application.submitted_at or 0)
    number = case.get("employer_number") or application.employer_id
    return ApplicationProof(
        reference=application.case_number,
        issuing_authority=_authority(institution),
        person=Worker(
            surnames=worker["family_name"],
            forenames=worker["given_name"],
            date_of_birth=date.fromisoformat(worker["birth_date"]),
        ),
        asked=Asked(
            kind=application.certificate_kind.value,
            state=institution.country,
            states_of_work=tuple(map(canonical_country, states_of_work(facts))),
            start=application.departure,
            end=application.period_end,
        ),
        filed_on=filed.on,
        filed_time=filed.time,
        employer=WorkerEmployer(name=employer["name"], id=number) if employer and number else None,
        urgent=application.urgent,
    )


def eessi_article(article: str | None) -> str | None:
    """Return an article as records spell it (``13_1_b_i``); None for one of another instrument.

    Mariners are certified under 11(4) whichever of its sentences decides.
    """
    found = _ARTICLE_PARTS.match(article or "")
    if found is None:
        return None
    parts = [found[1], *re.findall(r"[a-z0-9]+", found[2])]
    while parts:
        if (spelled := "_".join(parts)) in ARTICLES:
            return spelled
        parts.pop()
    return None


def competent_legislation(decision: Mapping[str, Json]) -> tuple[date, date | None]:
    """Return from when to when the decision lets the legislation apply. Raises Refused[particulars_missing]."""
    start, end = decision.get("validity_start"), decision.get("validity_end")
    if start is None:
        raise Refused("particulars_missing", what="validity_start")
    return date.fromisoformat(start), None if end is None else date.fromisoformat(end)


def _a1(
    application: Application, institution: Competent, case: Case, person: Person, *, replaces: str | None
) -> Pda1:
    decision, facts = _decision(application), application.facts or {}
    start, end = competent_legislation(decision)
    code, article = str(decision["status_code"]), eessi_article(decision.get("article"))
    return Pda1(
        document=Document(
            number=_number(application),
            date_of_issuance=day_of(application.decided_at or 0),
            date_of_expiry=None if end is None or end < day_of(application.decided_at or 0) else end,
            replaces=replaces,
        ),
        person=person,
        legislation=Legislation(
            state=canonical_country(decision["competent_state"]),
            start=start,
            end=end,
            provisional=bool(decision.get("provisional")),
            transitional_rules=bool((facts.get("request") or {}).get("transitional")),
        ),
        status=StatusConfirmation(
            code=code,
            exception_description=_exception(decision) if code == EXCEPTION_CODE else None,
        ),
        employments=employments_of(case, pin=person.pin),
        countries_of_work=countries_of_work_of(case, states_of_work(facts)),
        institution=Institution(
            id=institution.institution_id,
            name=institution.name,
            country=institution.country,
            address=institution.address,
            phone=institution.phone,
            email=institution.email,
        ),
        issuing_authority=_authority(institution),
        authentic_source=AuthenticSource(id=institution.institution_id, name=institution.name),
        decision=Decision(
            regime_pack=_pack(decision),
            articles=(article,) if article is not None and _is_of_regulations(decision) else (),
            provision=_basis(decision) or None,
            case_reference=application.case_number,
        ),
    )


def _coverage(
    application: Application,
    institution: Competent,
    case: Case,
    person: Person,
    decision: JsonObject,
    *,
    replaces: str | None,
) -> Record:
    start, end = competent_legislation(decision)
    issued = day_of(application.decided_at or 0)
    basis = _basis(decision)
    if not basis:
        raise Refused("particulars_missing", what="instrument")
    shared: dict[str, Any] = {
        "document": CoverageDocument(
            number=_number(application),
            date_of_issuance=issued,
            date_of_expiry=None if end is None or end < issued else end,
            replaces=replaces,
        ),
        "person": CoveredPerson(
            pin=person.pin,
            surnames=person.surnames,
            forenames=person.forenames,
            date_of_birth=person.date_of_birth,
            nationalities=person.nationalities,
        ),
        "legislation": KeptLegislation(state=canonical_country(decision["competent_state"]), start=start, end=end),
        "state_of_work": canonical_country(str(case.get("host_state"))),
        "employments": tuple(
            CoveredActivity(type=each.type, name=each.name, id=each.id)
            for each in employments_of(case, pin=person.pin)
        ),
        "issuing_authority": _authority(institution),
        "authentic_source": AuthenticSource(id=institution.institution_id, name=institution.name),
    }
    if application.certificate_kind is CertificateKind.BILATERAL:
        return BilateralCertificate(**shared, agreement=basis)
    return MaintenanceCertificate(**shared, national_law=basis)


def _pack(decision: Mapping[str, Json]) -> str:
    """Return the body of law: that of the rules, and the Regulations where only an officer has decided."""
    pack = str(decision.get("pack"))
    return pack if pack in REGIME_PACKS else "eu-2012"


def _basis(decision: Mapping[str, Json]) -> str:
    """Return the instrument and its article, as the instrument itself counts."""
    return f"{decision.get('instrument') or ''} {decision.get('article') or ''}".strip()


def _is_of_regulations(decision: Mapping[str, Json]) -> bool:
    """Tell whether the article is one of the Regulations, not of an agreement that numbers its own."""
    instrument = str(decision.get("instrument") or "")
    return any(each in instrument for each in ("883/2004", "987/2009"))


def _exception(decision: Mapping[str, Json]) -> str:
    instrument, article = decision.get("instrument") or "883/2004", decision.get("article")
    return f"Regulation (EC) {instrument} art. {article}" if article else f"Regulation (EC) {instrument} art. 16"


def _authority(institution: Competent) -> IssuingAuthority:
    return IssuingAuthority(id=institution.institution_id, name=institution.name, country=institution.country)


def _case(application: Application, institution: Competent) -> Case:
    return case_of(application.answers, known_of(application, own_state=institution.country))


def _decision(application: Application) -> JsonObject:
    if application.decision is None:
        raise Refused("particulars_missing", what="decision")
    return application.decision


def _pin(application: Application) -> str:
    if not application.worker_pin:
        raise Refused("particulars_missing", what="worker_pin")
    return application.worker_pin


def _number(application: Application) -> str:
    if application.document_number is None:
        raise Refused("particulars_missing", what="document_number")
    return application.document_number
