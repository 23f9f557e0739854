"""Whether somebody is insured on a day: every rule, every border, and nothing taken for granted."""

from datetime import date
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.portal.applications.application import (
    Application,
    ApplicationState,
    Capacity,
    CertificateKind,
    Party,
    RequestKind,
)
from portadoc.portal.applications.records import Competent
from portadoc.portal.health.certificates import health_number, health_record_of
from portadoc.portal.health.insurance import (
    Terms,
    health_facts,
    insured_elsewhere,
    is_within_entitlement,
    judge_insured,
)
from portadoc.schemas.ehic import Ehic, Prc
from portadoc.schemas.pda1 import Address

TERMS = Terms(institution_id="FR:TEST02", country="FR", card_months=24, replacement_days=90)
PERSON: dict[str, Any] = {
    "pin": "TEST1",
    "given_name": "Jean",
    "family_name": "Exemple",
    "birth_date": "1985-04-12",
    "deceased": False,
    "entitlement": {
        "institution": "FR:TEST02",
        "institution_name": "Test",
        "card_number": "80250000020000040015",
        "valid_until": "2028-06-30",
    },
    "covers": [{"since": "2019-03-01", "until": None}],
}


def entitled(**changes: Any) -> dict[str, Any]:
    return {**PERSON, "entitlement": {**PERSON["entitlement"], **changes}}


def facts(
    person: dict[str, Any] | None = PERSON, kind: str = "ehic", day: str = "2026-11-22", **asked: Any
) -> Any:
    said = {"kind": kind, "reason": "loss", "first_day": day, "by_representative": False, "consent": "own"}
    return health_facts(person, {**said, **asked})


def test_who_is_insured_here_on_the_day_gets_a_card() -> None:
    decision = judge_insured(facts(), TERMS)
    assert (decision["outcome"], decision["reasons"]) == ("GRANT", [])
    assert (decision["validity_start"], decision["validity_end"]) == ("2026-11-22", "2028-06-30")
    assert {step["result"] for step in decision["derivation"]} == {"met"}


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        (None, "person_known"),
        ({**PERSON, "deceased": True}, "alive"),
        ({**PERSON, "deceased": None}, "alive"),
        (entitled(institution="FR:TEST09"), "insured_here"),
        ({**PERSON, "entitlement": None}, "insured_here"),
        (entitled(valid_until="2026-11-21"), "entitled"),
        ({**PERSON, "covers": []}, "covered"),
        ({**PERSON, "covers": [{"since": "2019-03-01", "until": "2026-11-21"}]}, "covered"),
        ({**PERSON, "covers": [{"since": "2026-11-23", "until": None}]}, "covered"),
    ],
)
def test_anything_else_is_for_a_person_and_says_why(person: dict[str, Any] | None, reason: str) -> None:
    decision = judge_insured(facts(person), TERMS)
    assert decision["outcome"] == "REVIEW"
    assert reason in decision["reasons"]
    assert (decision["validity_start"], decision["validity_end"]) == (None, None)


def test_without_consent_nobody_gets_a_certificate() -> None:
    assert judge_insured(facts(kind="prc", consent=None), TERMS)["reasons"] == ["consent"]


@pytest.mark.parametrize(
    ("person", "day", "last"),
    [
        (PERSON, "2026-11-22", "2027-02-19"),
        (entitled(valid_until="2026-11-22"), "2026-11-22", "2026-11-22"),
        (entitled(valid_until="2026-12-01"), "2026-11-22", "2026-12-01"),
        ({**PERSON, "covers": [{"since": "2019-03-01", "until": "2026-12-24"}]}, "2026-11-22", "2026-12-24"),
        (PERSON, "2028-06-30", "2028-06-30"),
    ],
)
def test_a_certificate_is_limited_and_never_goes_beyond_the_entitlement(
    person: dict[str, Any], day: str, last: str
) -> None:
    asked = facts(person, kind="prc", day=day)
    decision = judge_insured(asked, TERMS)
    assert (decision["outcome"], decision["validity_end"]) == ("GRANT", last)
    assert is_within_entitlement(asked, date.fromisoformat(day), date.fromisoformat(last))


def test_a_card_ends_the_day_before_the_same_day_of_its_last_month() -> None:
    long = entitled(valid_until="2099-12-31")
    assert judge_insured(facts(long), TERMS)["validity_end"] == "2028-11-21"
    assert judge_insured(facts(long, day="2026-02-28"), TERMS)["validity_end"] == "2028-02-27"


def test_where_somebody_is_insured_is_told_only_when_it_is_elsewhere() -> None:
    assert insured_elsewhere(PERSON, "FR:TEST02") is None
    assert insured_elsewhere(None, "FR:TEST02") is None
    assert insured_elsewhere(entitled(institution="DE:X", institution_name="Kasse"), "FR:TEST02") == "Kasse"


def application(kind: CertificateKind, **changes: Any) -> Application:
    said: dict[str, Any] = {
        "application_id": "a",
        "case_number": "HC-2026-000012-3",
        "institution": "fr-health",
        "request_kind": RequestKind.NEW,
        "certificate_kind": kind,
        "state": ApplicationState.IN_REVIEW,
        "applicant": Party(subject_id="me", capacity=Capacity.INSURED_PERSON),
        "employer_id": None,
        "worker_pin": "TEST1",
        "created_at": 0,
        "decided_at": 1_795_343_400,
        "facts": facts(kind=kind.value),
        "document_number": "80250000026000001213",
        "valid_from": date(2026, 11, 22),
        "valid_to": date(2027, 2, 19),
    }
    return Application(**{**said, **changes})


HERE = Competent(
    institution_id="FR:TEST02",
    name="Test",
    country="FR",
    address=Address(town="Paris", country="FR"),
    phone=None,
    email=None,
)


def test_records_say_what_was_decided() -> None:
    card = health_record_of(application(CertificateKind.EHIC), HERE)
    assert isinstance(card, Ehic)
    assert (card.card_number, card.date_of_expiry) == ("80250000026000001213", date(2027, 2, 19))
    certificate = health_record_of(application(CertificateKind.PRC), HERE)
    assert isinstance(certificate, Prc)
    assert (certificate.card_number, certificate.reason) == ("80250000020000040015", "loss")


def test_nothing_is_certified_beyond_the_entitlement_or_without_a_person() -> None:
    with pytest.raises(Refused, match="beyond_entitlement"):
        health_record_of(application(CertificateKind.PRC, valid_to=date(2028, 7, 1)), HERE)
    with pytest.raises(Refused, match="particulars_missing"):
        health_record_of(application(CertificateKind.EHIC, facts=facts(None)), HERE)
    with pytest.raises(Refused, match="particulars_missing"):
        health_record_of(application(CertificateKind.EHIC, valid_to=None), HERE)


def test_card_numbers_have_twenty_digits_a_country_and_a_check_digit() -> None:
    number = health_number(application(CertificateKind.EHIC), HERE, issue=1)
    assert (number[:-1], len(number)) == ("8025000002600000121"[:19], 20)
    doubled = [int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(number))]
    assert sum(each - 9 if each > 9 else each for each in doubled) % 10 == 0
    assert health_number(application(CertificateKind.PRC), HERE, issue=1) == "HC-FR-2026-000012-3"
    with pytest.raises(Refused, match="card_numbers_used_up"):
        health_number(application(CertificateKind.EHIC, case_number="HC-2026-10000000-3"), HERE, issue=1)
