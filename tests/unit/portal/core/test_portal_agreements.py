"""Work in a State outside the coordination: an agreement of the institution's State, or none, by the table."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc.access import Role, Subject, SubjectKind
from portadoc.portal.applications.application import Application, ApplicationState, CertificateKind
from portadoc.portal.drafts import Wish
from portadoc.portal.questions.flows import next_question
from portadoc.portal.questions.law_states import regime_of
from portadoc.rules.law import law_at
from portadoc.serve.settings import DEMO_INSTITUTIONS
from tests.unit.portal.core.conftest import CLAIRE, POSTING, SLUG, TODAY, Desk

NORWEGIAN: Final = Subject(
    "dev:nora-test", SubjectKind.PERSON, frozenset({Role.EMPLOYER_AGENT}), employers=frozenset({"TEST99001"})
)


@pytest.fixture
def norway(open_desk: Callable[..., Desk], tmp_path: Path) -> Desk:
    """A portal of a house whose institution is Norwegian, with a Norwegian company and its worker (test data)."""
    house = {
        "no-test": {
            **DEMO_INSTITUTIONS[SLUG],
            "id": "NO:TEST01",
            "name": "Institusjon (testdata)",
            "country": "NO",
            "town": "Oslo",
            "phone": "",
        }
    }
    shutil.rmtree(tmp_path / "installation" / "keys")  # its keys are made for it
    desk = open_desk(institutions=house)
    folder = Path(desk.house.settings.data_dir) / "registers"
    _also(
        folder / "companies.json",
        {"id": "TEST99001", "name": "Test Verft AS", "seat_state": "NO", "registered_state": "NO"},
    )
    _also(
        folder / "persons.json",
        {
            "pin": "TEST990010101",
            "given_name": "Ola",
            "family_name": "Eksempel",
            "nationalities": ["NO"],
            "birth_place": {"town": "Bergen", "country": "NO"},
            "covers": [{"basis": "employment", "since": "2019-03-01", "until": None, "employer": "TEST99001"}],
        },
    )
    return desk


def _also(file: Path, changes: dict[str, Any]) -> None:
    """Put a further entry into a register, like the first but for some members; its address is in Norway."""
    document = json.loads(file.read_text(encoding="utf-8"))
    address = {"street": "Prøveveien 1", "postcode": "0150", "town": "Oslo", "country": "NO"}
    document["entries"].append({**document["entries"][0], "address": address, **changes})
    file.write_text(json.dumps(document), encoding="utf-8")


def asked(desk: Desk, host: str) -> Application:
    """Return what comes of a request of the Norwegian company for work in a State."""
    draft = desk.portal.start(NORWEGIAN, "no-test", Wish())
    given = {**POSTING, "worker_pin": {"worker_pin": "TEST990010101"}, "host_state": {"host_state": host}}
    while (question := next_question(draft.answers, desk.portal.known(draft))) is not None:
        draft = desk.portal.answer(NORWEGIAN, "no-test", draft.application_id, question.id, given[question.id])
    return desk.portal.submit(NORWEGIAN, "no-test", draft.application_id)


def test_a_norwegian_request_to_the_united_states_is_granted_under_the_agreement(norway: Desk) -> None:
    done = asked(norway, "US")
    decision = done.decision or {}
    assert (done.state, done.certificate_kind) == (ApplicationState.GRANTED, CertificateKind.BILATERAL)
    assert (decision["article"], decision["instrument"]) == ("5(2)", "NO-US agreement")
    record = norway.house.issuer.seals.live_record("no-test", done.record_id or "")
    assert (record.KIND, record.agreement, record.state_of_work) == ("bilateral", "NO-US agreement 5(2)", "US")
    assert norway.portal.paper(NORWEGIAN, "no-test", done.application_id, language="en").pdf.startswith(b"%PDF")


def test_a_partner_whose_figures_nobody_read_goes_to_an_officer(norway: Desk) -> None:
    done = asked(norway, "CL")
    assert (done.state, done.certificate_kind) == (ApplicationState.IN_REVIEW, CertificateKind.BILATERAL)
    assert done.reasons == ("BILATERAL_TABLE_MISSING",)


def test_without_any_agreement_an_officer_looks_at_national_law(norway: Desk) -> None:
    done = asked(norway, "KE")
    assert (done.state, done.certificate_kind) == (ApplicationState.IN_REVIEW, CertificateKind.MAINTENANCE)
    assert done.reasons == ("HOST_OUTSIDE_COORDINATION",)


@pytest.mark.parametrize(
    ("host", "kind", "reason"),
    [
        ("JP", CertificateKind.BILATERAL, "BILATERAL_TABLE_MISSING"),
        ("KE", CertificateKind.MAINTENANCE, "HOST_OUTSIDE_COORDINATION"),
    ],
)
def test_a_french_request_outside_the_coordination_goes_to_an_officer(
    desk: Desk, host: str, kind: CertificateKind, reason: str
) -> None:
    case = desk.submit(CLAIRE, host_state={"host_state": host})
    assert (case.state, case.certificate_kind, case.reasons) == (ApplicationState.IN_REVIEW, kind, (reason,))


def test_where_nobody_knows_the_agreements_of_a_state_there_may_be_one() -> None:
    assert law_at(TODAY).partners("DE") is None
    assert regime_of("DE", {"US"}, withdrawal_agreement=None, partners=None) == "BILATERAL"
    assert regime_of("FR", {"KE"}, withdrawal_agreement=None, partners={"JP"}) == "NONE"
