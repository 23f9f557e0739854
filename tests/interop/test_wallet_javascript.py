"""A wallet that nobody here wrote, on npm ``@openid4vc`` 0.4.6, against our issuer and our verifier over HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from portadoc.demo.story import INSPECTION, today
from portadoc.formats import jws, sd_jwt
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.schemas.claims import ClaimPath
from portadoc.schemas.examples import example
from portadoc.serve.house import House
from portadoc.verification.presets.presets import PRESETS, preset
from portadoc.verifier.results import Result

pytestmark = pytest.mark.node

RunScript = Callable[[str, object], Any]


@dataclass(frozen=True)
class Case:
    """What is issued, what a verifier asks for, and which hidden claims its question needs."""

    slug: str
    record: str
    configuration: str
    question: str
    needed: frozenset[ClaimPath]
    select_once: bool = False


CASES = {
    "pda1": Case("fr-demo", "posted-worker-fr-de", "pda1", "inspector-quick", frozenset({("document_number",)})),
    "ehic": Case(
        "fr-health",
        "insured-traveller",
        "ehic",
        "care-desk",
        frozenset({("document_number",), ("personal_administrative_number",)}),
    ),
    "pda1-webuild": Case(
        "fr-demo",
        "posted-worker-fr-de",
        "pda1-webuild",
        "inspector-quick",
        frozenset(
            {
                ("employmentSituations", 0),
                ("placesOfWork",),
                ("placesOfWork", "DE", 0, "address"),
                ("statusConfirmation",),
                ("documentID",),
                ("competentInstitution",),
            }
        ),
        select_once=True,
    ),
}


@dataclass(frozen=True)
class Wallet:
    """A JavaScript wallet after it took an offer: ``took`` is its own account."""

    run_script: RunScript
    house: House
    case: Case
    record_id: str
    took: dict[str, Any]

    def present(self, **changes: Any) -> tuple[dict[str, Any], Result]:
        """Answer a new request of our verifier; return the wallet's account and the verifier's result."""
        verifier = self.house.verifier
        session = verifier.create_request(INSPECTION, preset(self.case.question))
        question = {
            "origin": self.house.settings.base_url,
            "link": session.link,
            "held": self.took["held"],
            "selectOnce": self.case.select_once,
        }
        told = self.run_script("present.mjs", question | changes)
        result = verifier.result(INSPECTION, session.transaction_id, session.session_secret).result
        assert result is not None
        return told, result


def accept(run_script: RunScript, house: House, case: Case, **changes: Any) -> Wallet:
    """Let a JavaScript wallet take an offer by reference with a transaction code."""
    record_id = house.issuer.upload(case.slug, example(case.record, today(house)))
    offer = house.issuer.offer(case.slug, record_id, [case.configuration], tx_code=True, by_reference=True)
    assert "credential_offer_uri=" in offer.offer_uri
    question = {
        "origin": house.settings.base_url,
        "offerUri": offer.offer_uri,
        "txCode": offer.tx_code,
        "copies": 2,
        "signedMetadata": False,
    }
    return Wallet(run_script, house, case, record_id, run_script("accept.mjs", question | changes))


def require_answered(result: Result | None, name: str) -> None:
    """Require that every attestation that a preset asks for was shown and believed."""
    assert result is not None
    asked = {each["id"] for each in preset(name).query["credentials"]}
    assert {each.query_id for each in result.presentations} == asked - {"a1"}
    assert all(each.report.valid for each in result.presentations)
    # This wallet has a key for each credential, and a card names nobody: whose it is the desk sees by itself.
    told = None if result.problem is None else result.problem.code
    assert told == ("person_not_comparable" if name == "care-desk" else None)


def read(text: str) -> sd_jwt.ProcessedClaims:
    """Return what an SD-JWT shows; its signatures are the business of others here."""
    parts = sd_jwt.parse(text)
    return sd_jwt.process(jws.unverified_claims(parts.jws_text), parts.disclosures)


@pytest.fixture(scope="module", params=CASES)
def wallet(request: pytest.FixtureRequest, run_script: RunScript, house: House) -> Wallet:
    """A wallet with two copies of one attestation, for each kind of attestation."""
    return accept(run_script, house, CASES[request.param])


@pytest.fixture(scope="module")
def pocket(run_script: RunScript, house: House) -> list[Any]:
    """What a wallet holds that can answer every preset: an A1 in full form, a card and PID of one person."""
    cases = (
        CASES["pda1-webuild"],
        Case("fr-identity", "pid-posted-worker", "pid", "", frozenset()),
        CASES["ehic"],
    )
    return [held for case in cases for held in accept(run_script, house, case, copies=1).took["held"]]


@pytest.fixture(scope="module")
def presented(wallet: Wallet) -> tuple[dict[str, Any], Result]:
    """The same wallet's answer to our verifier."""
    return wallet.present()


def test_the_wallet_gets_a_batch_and_verifies_it_with_its_status(wallet: Wallet) -> None:
    took, issued = wallet.took, wallet.house.issuer.credentials(wallet.case.slug, record_id=wallet.record_id)
    assert took["version"] == "V1"
    assert wallet.case.configuration in took["configurations"]
    assert len(took["held"]) == len(issued) == 2
    assert took["statusLists"] == [{"status": 200, "type": "application/statuslist+jwt"}] * 2
    received = {(claims["vct"], claims["status"]["status_list"]["idx"]) for claims in took["claims"]}
    assert received == {(row.vct, row.idx) for row in issued}
    assert len(received) == 2


def test_the_wallet_reads_every_claim_that_was_issued(wallet: Wallet) -> None:
    for held, claims in zip(wallet.took["held"], wallet.took["claims"], strict=True):
        assert read(held["credential"]).claims == claims


def test_the_issuer_hears_that_the_batch_was_accepted(wallet: Wallet) -> None:
    assert wallet.took["notified"] == 204
    issued = wallet.house.issuer.credentials(wallet.case.slug, record_id=wallet.record_id)
    assert [row.notified for row in issued] == ["credential_accepted"] * 2


def test_what_the_library_sends_beyond_the_specification_is_passed_over(wallet: Wallet) -> None:
    token, credential = (
        next(each for each in wallet.took["traffic"] if each["path"].endswith(name))
        for name in ("/token", "/credential")
    )
    assert {"resource", "user_pin"} < set(token["fields"])
    assert "dpop" in token["headers"]
    assert wallet.took["tokenType"] == "DPoP"  # it showed a key, so the token is bound to it
    assert credential["scheme"] == "DPoP"


def test_the_verifier_accepts_what_the_wallet_presents(
    wallet: Wallet, presented: tuple[dict[str, Any], Result]
) -> None:
    told, result = presented
    assert told["answer"]["status"] == 200
    assert result.accepted
    assert [each.report.credential_type for each in result.presentations] == [wallet.took["claims"][0]["vct"]]
    assert told["judged"] == {"ok": True, "value": "accepted"}


def test_the_request_is_read_as_openid4vp_1_0_and_the_answer_is_encrypted_to_it(
    presented: tuple[dict[str, Any], Result],
) -> None:
    told, _ = presented
    assert told["version"] == 100  # how the library spells 1.0 final
    assert told["clientId"].startswith("x509_hash:")
    assert told["responseMode"] == "direct_post.jwt"
    assert {"alg": "ECDH-ES", "enc": "A128GCM"}.items() <= told["jweHeader"].items()
    assert [(each["method"], each["fields"]) for each in told["traffic"]] == [("GET", []), ("POST", ["response"])]
    assert "content-type" in told["traffic"][0]["headers"]  # of a GET, which has none: passed over


def test_the_wallet_discloses_what_was_asked_for_and_nothing_else(
    wallet: Wallet, presented: tuple[dict[str, Any], Result]
) -> None:
    (text,) = presented[0]["shown"].values()
    assert set(read(text).disclosed) == wallet.case.needed


def test_a_presentation_bound_with_the_key_of_another_copy_is_refused(wallet: Wallet) -> None:
    one, other = wallet.took["held"]
    told, result = wallet.present(held=[{**one, "key": other["key"]}])
    assert told["answer"]["status"] == 400
    assert result.problem is not None
    assert result.problem.full_code == "kb_invalid.signature"


@pytest.mark.parametrize("name", PRESETS)
def test_the_wallet_answers_every_preset(
    run_script: RunScript, house: House, pocket: list[Any], name: str
) -> None:
    session = house.verifier.create_request(INSPECTION, preset(name))
    question = {"origin": house.settings.base_url, "link": session.link, "held": pocket, "selectOnce": True}
    told = run_script("present.mjs", question)
    assert told["answer"]["status"] == 200
    assert told["judged"] == {"ok": True, "value": "accepted"}
    result = house.verifier.result(INSPECTION, session.transaction_id, session.session_secret).result
    require_answered(result, name)


def test_after_withdrawal_both_verifiers_refuse(run_script: RunScript, house: House) -> None:
    wallet = accept(run_script, house, CASES["pda1"])
    _, before = wallet.present()
    assert before.accepted
    house.issuer.withdraw("fr-demo", wallet.record_id, reason=WithdrawalReason.FACTS_CHANGED)
    house.issuer.publish_status_lists()
    house.verifier.refresh_status_lists(everything=True)
    told, result = wallet.present()
    assert result.problem is not None
    assert result.problem.full_code == "revoked"
    assert told["answer"] == {
        "status": 400,
        "body": {"error": "invalid_request", "error_description": "revoked"},
    }
    assert told["judged"] == {"ok": False, "error": "Status is not valid"}


def test_signed_issuer_metadata_are_verified_by_the_library(run_script: RunScript, house: House) -> None:
    unasked = accept(run_script, house, CASES["ehic"], copies=1)
    assert not unasked.took["signedMetadata"]  # the library sends no Accept header: the script adds one below
    wallet = accept(run_script, house, CASES["ehic"], signedMetadata=True, copies=1)
    assert wallet.took["signedMetadata"]
    assert wallet.took["configurations"] == ["ehic", "prc"]


def test_a_request_may_be_fetched_with_post(run_script: RunScript, house: House) -> None:
    wallet = accept(run_script, house, CASES["ehic"], copies=1)
    session = house.verifier.create_request(INSPECTION, preset("care-desk"))
    question = {
        "origin": house.settings.base_url,
        "link": f"{session.link}&request_uri_method=post",
        "held": wallet.took["held"],
        "walletMetadata": {"request_object_signing_alg_values_supported": ["ES256"]},
    }
    told = run_script("present.mjs", question)
    fetched, sent = told["traffic"]
    assert (fetched["method"], sent["method"]) == ("POST", "POST")
    # Spread out instead of in one parameter wallet_metadata, and without wallet_nonce: passed over.
    assert fetched["fields"] == ["request_object_signing_alg_values_supported"]
    result = house.verifier.result(INSPECTION, session.transaction_id, session.session_secret).result
    assert result is not None
    assert result.accepted


def test_key_binding_of_the_library_loses_what_is_hidden_deep_inside_a_disclosed_value(
    run_script: RunScript, house: House
) -> None:
    # @sd-jwt/core 0.19.0 disagrees with itself here: see docs/interop.md. When this fails, the library is mended.
    wallet = accept(run_script, house, CASES["pda1-webuild"], copies=1)
    told, result = wallet.present(selectOnce=False)
    assert told["judged"] == {"ok": False, "error": "Invalid sd_hash in Key Binding JWT"}
    assert result.problem is not None
    assert result.problem.full_code == "kb_invalid.sd_hash"
