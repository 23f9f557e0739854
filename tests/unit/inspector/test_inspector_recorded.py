"""What was recorded on the spot or learnt at intake stands in the office: on its page, on paper, in exports."""

import io
from dataclasses import replace
from typing import Any

import pytest

from portadoc.inspector.intake import Intake
from portadoc.inspector.office.exports import verify_export
from portadoc.inspector.office.pdf import paper
from portadoc.inspector.service import Inspector
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.serve.inspection import PackJudges
from portadoc.verifier.service import build_verifier
from portadoc.wallet_sim.transport import AsgiTransport
from tests.abuse.town import INSPECTION, ISSUER, InProcessFetch, Town

EVA = {"id": "1", "surname": "Muster (TEST DATA)", "forenames": "Eva"}
ADAM = {"id": "1", "surname": "Muster (TEST DATA)", "forenames": "Adam"}
RECORDED = "Recorded by the inspector"


def page(town: Town, visit: str) -> str:
    transport = AsgiTransport(town.app, town.house.settings.base_url, client_host="127.0.0.1")
    headers = {"sec-fetch-site": "same-origin", "accept": "text/html"}
    return transport.request("GET", f"/inspect/office/{INSPECTION}/visits/{visit}?lang=en", headers=headers).text


def printed(inspector: Inspector, visit: str) -> str:
    pypdfium2 = pytest.importorskip("pypdfium2")
    made = inspector.exports.as_pdf(INSPECTION, visit, language="en")
    pages = [each.get_textpage().get_text_bounded() for each in pypdfium2.PdfDocument(io.BytesIO(made))]
    return " ".join(" ".join(pages).split())


def exported(inspector: Inspector, visit: str) -> dict[str, Any]:
    signer = inspector.deployment.key_ring.signer(INSPECTION, KeyPurpose.RECEIPT)
    key = public_key_from_jwk(signer.public_jwk, allowed_algs=frozenset(SIGNATURE_ALGORITHMS))
    return verify_export(inspector.exports.as_json(INSPECTION, visit), key=key)


def know_the_lists(town: Town, inspector: Inspector) -> None:
    """Let the service judge by the lists that the issuer publishes now."""
    house = town.house
    verifier = build_verifier(
        house.settings.verifier_settings(),
        house.database,
        house.key_ring,
        house.trust,
        InProcessFetch(town.transport),
        house.clock,
        house.random_bytes,
        lists_at_home=house.issuer.status_list_uris,
    )
    verifier.refresh_status_lists(everything=True)
    inspector.intake = Intake(replace(inspector.deployment, judges=PackJudges(verifier)))


def on_paper(inspector: Inspector, visit: str, language: str = "en") -> dict[str, Any]:
    opened = inspector.visits.opened(INSPECTION, visit)
    return paper(opened, {}, institution="-", export_id="-", at=0, language=language)


@pytest.fixture
def recorded(tablet: Any) -> Any:
    """A visit with a finding that was recorded from a computed one, before the list gave its line to another."""
    tablet.open_visit()
    tablet.write("roster", {"workers": [EVA]})
    tablet.write(
        "finding", {"code": "wrong_employer", "worker": "1", "scans": [], "params": {"employer": "Other"}}
    )
    tablet.write("roster", {"workers": [ADAM]})
    return tablet


def test_a_recorded_finding_stands_on_page_and_paper_after_the_list_changed(
    recorded: Any, inspector: Inspector, town: Town
) -> None:
    sentence = "The A1 of Eva Muster (TEST DATA) names another employer than the one declared. (Other)"
    for shown in (page(town, recorded.visit), printed(inspector, recorded.visit)):
        assert RECORDED in shown
        before, _, after = shown.partition(RECORDED)
        assert "Adam" in before  # computed, of the list as it is now
        assert "2026-11-22 10:30 UTC" in after
        assert sentence in after


def test_a_recorded_finding_is_among_those_of_the_export(recorded: Any, inspector: Inspector) -> None:
    computed, found = exported(inspector, recorded.visit)["findings"]
    assert (computed["origin"], computed["code"]) == ("computed", "a1_missing")
    assert found == {
        "origin": "recorded_by_the_inspector",
        "at": recorded.town.now(),
        "code": "wrong_employer",
        "worker": "1",
        "name": {"surname": "Muster (TEST DATA)", "forenames": "Eva"},
        "scans": [],
        "params": {"employer": "Other"},
        "note": None,
    }


def test_words_of_the_inspector_and_codes_of_a_newer_app_are_shown_as_they_are(
    tablet: Any, inspector: Inspector
) -> None:
    tablet.open_visit()
    for body in (
        {"code": "own", "note": "No helmet."},
        {"code": "own"},
        {"code": "of_next_year", "note": "Seen."},
    ):
        assert tablet.write("finding", body).status == 201
    rows = on_paper(inspector, tablet.visit)["findings"]["recorded"]["rows"]
    assert [each["value"] for each in rows] == ["No helmet.", "Finding of the inspector", "of_next_year · Seen."]


def test_a_withdrawn_document_has_day_of_effect_and_cause(town: Town, tablet: Any, inspector: Inspector) -> None:
    house = town.house
    record_id = town.record()
    text = house.issuer.seal(ISSUER, record_id, pin="none").text
    house.issuer.withdraw(ISSUER, record_id, reason=WithdrawalReason.ISSUED_IN_ERROR)
    house.issuer.publish_status_lists()
    know_the_lists(town, inspector)
    tablet.open_visit()
    tablet.write("scan", tablet.scan(text=text, verdict="withdrawn_or_replaced", colour="red"))
    (scan,) = exported(inspector, tablet.visit)["scans"]
    assert scan["verdict_of_server"] == "withdrawn_or_replaced"
    assert (scan["withdrawn_from"], scan["withdrawal_cause"]) == ("2026-11-22", "issued_in_error")
    for shown in (page(town, tablet.visit), printed(inspector, tablet.visit)):
        assert "Withdrawn with effect from" in shown
        assert "issued in error" in shown
    (row,) = on_paper(inspector, tablet.visit, "fr")["scans"]["rows"]
    assert {"label": "Cause du retrait", "value": "délivré par erreur"} in row["facts"]


def test_what_the_judgement_does_not_have_is_not_said(tablet: Any, inspector: Inspector) -> None:
    tablet.open_visit()
    tablet.write("scan", tablet.scan(verdict="not_judged"))
    (row,) = on_paper(inspector, tablet.visit)["scans"]["rows"]
    assert not any("ithdraw" in each["label"] for each in row["facts"])
