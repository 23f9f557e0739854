"""What follows from a decision, and how it stands on a certificate."""

import pytest

from portadoc.portal.applications.application import (
    Application,
    ApplicationState,
    Capacity,
    CertificateKind,
    Party,
    RequestKind,
)
from portadoc.portal.applications.deciding import Consequence, certificate_kind, consequence, departure_of
from portadoc.portal.applications.known import postings_of, with_records
from portadoc.portal.applications.records import document_number, eessi_article
from portadoc.schemas.codes import STATUS_CONFIRMATIONS


def application(**changes: object) -> Application:
    """Return an application in review."""
    plain = {
        "application_id": "a",
        "case_number": "A1-2026-000123-7",
        "institution": "fr-demo",
        "request_kind": RequestKind.NEW,
        "certificate_kind": CertificateKind.A1,
        "state": ApplicationState.IN_REVIEW,
        "applicant": Party(subject_id="s", capacity=Capacity.EMPLOYER),
        "employer_id": "E",
        "worker_pin": "P",
        "created_at": 0,
    }
    return Application(**{**plain, **changes})  # type: ignore[arg-type]


def decision(outcome: str, action: str = "NONE", state: str | None = "FR", **more: object) -> dict[str, object]:
    """Return the part of a decision that consequences look at."""
    return {"outcome": outcome, "action": action, "competent_state": state, "simulation": False, **more}


@pytest.mark.parametrize(
    ("kind", "decided", "follows"),
    [
        ("a1", decision("GRANT", "ISSUE_A1"), Consequence.ISSUE),
        ("a1", decision("GRANT", "ISSUE_A1", "DE"), Consequence.REVIEW),
        ("a1", decision("GRANT", "ISSUE_A1", simulation=True), Consequence.REVIEW),
        ("a1", decision("REFUSE", "FORWARD", simulation=True), Consequence.REVIEW),
        ("a1", decision("EXCEPTION_ROUTE", "SEND_A001", simulation=True), Consequence.REVIEW),
        (
            "a1",
            decision("REVIEW", "REQUEST_INFO", questions=["/posting/end"], simulation=True),
            Consequence.REVIEW,
        ),
        ("bilateral", decision("GRANT", "ISSUE_A1"), Consequence.REVIEW),
        ("bilateral", decision("GRANT", "ISSUE_OTHER"), Consequence.ISSUE),
        ("maintenance", decision("GRANT", "ISSUE_OTHER"), Consequence.ISSUE),
        ("a1", decision("GRANT", "ISSUE_OTHER"), Consequence.REVIEW),
        ("a1", decision("GRANT", "DETERMINE_AND_NOTIFY", "DE"), Consequence.NOTIFY),
        ("a1", decision("GRANT", "DETERMINE_AND_NOTIFY", "FR"), Consequence.REVIEW),
        ("a1", decision("GRANT", "RECORD"), Consequence.REVIEW),
        ("a1", decision("REFUSE", "FORWARD"), Consequence.REFUSE),
        ("a1", decision("EXCEPTION_ROUTE", "SEND_A001"), Consequence.ASK_WISH),
        ("a1", decision("REVIEW", "REQUEST_INFO", questions=["/posting/end"]), Consequence.ASK_FACTS),
        ("a1", decision("REVIEW", "REQUEST_INFO", questions=[]), Consequence.REVIEW),
        ("a1", decision("REVIEW", "MANUAL_REVIEW", questions=["/posting/end"]), Consequence.REVIEW),
        ("a1", decision("SOMETHING_NEW"), Consequence.REVIEW),
    ],
)
def test_what_follows_from_a_decision(kind: str, decided: dict[str, object], follows: Consequence) -> None:
    asked = application(certificate_kind=CertificateKind(kind))
    assert consequence(asked, decided, own_state="FR") is follows


@pytest.mark.parametrize(
    ("article", "spelled"),
    [
        ("12(1)", "12_1"),
        ("13(1)(b)(iv)", "13_1_b_iv"),
        ("11(4)(1) flag", "11_4"),
        ("11(4)(2) payer/residence", "11_4"),
        ("11(5)", "11_5"),
        ("14(11)", "14_11"),
        ("15", "15"),
        ("16(1)", "16_1"),
        ("SSC.11(1)", None),
        ("99(9)", None),
        (None, None),
    ],
)
def test_articles_are_spelled_as_records_have_them(article: str | None, spelled: str | None) -> None:
    assert eessi_article(article) == spelled


def test_every_article_of_a_certificate_can_be_spelled() -> None:
    for situation in STATUS_CONFIRMATIONS.values():
        for article in situation.articles:
            first, *rest = article.split("_")
            assert eessi_article(first + "".join(f"({part})" for part in rest)) == article


def test_a_document_number_is_that_of_the_case_in_its_state() -> None:
    assert document_number(application(), "FR", issue=1) == "A1-FR-2026-000123-7"
    assert document_number(application(), "FR", issue=2) == "A1-FR-2026-000123-7/2"


@pytest.mark.parametrize(
    ("regime", "kind"),
    [("EU", "a1"), ("UK_TCA", "a1"), ("BILATERAL", "bilateral"), ("NONE", "maintenance"), (None, "a1")],
)
def test_no_a1_is_asked_for_outside_the_coordination(regime: str | None, kind: str) -> None:
    assert certificate_kind(CertificateKind.A1, {"regime": regime}).value == kind
    assert certificate_kind(CertificateKind.EHIC, {"regime": regime}) is CertificateKind.EHIC


def test_what_registers_hold_is_added_once() -> None:
    held = {
        "state": "FR",
        "article": "12(1)",
        "start": "2025-01-01",
        "end": "2025-06-30",
        "host_state": "DE",
        "host_undertakings": ["Werk"],
        "status": "valid",
    }
    facts = {"existing_a1": [], "previous_postings": [], "posting": {"host_undertakings": ["Werk"]}}
    merged = with_records(facts, {"certificates": [held, held]}, ())
    assert [each["article"] for each in merged["existing_a1"]] == ["12(1)"]
    assert merged["previous_postings"] == [
        {
            "host_state": "DE",
            "start": "2025-01-01",
            "end": "2025-06-30",
            "same_undertakings": True,
            "relation": "separate_assignment",
        }
    ]
    assert with_records(facts, None, ()) == facts
    assert postings_of((application(),)) == []
    assert departure_of({}) is None
