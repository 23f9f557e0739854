"""W-21: what a holder is told about the registration of who asks, before anything is shared."""

from typing import Any

import pytest

from portadoc import base64url
from portadoc.formats.openid4vp.registration_certificate import as_verifier_info, make_registration_certificate
from portadoc.i18n import render
from portadoc.wallet_sim.wallet import Wallet

from .conftest import NOW, pda1_query, registration

DOCUMENT = ("document_number",)


@pytest.fixture
def holder(wallet: Any, issuer: Any) -> Wallet:
    """A wallet that holds a PDA1."""
    wallet.accept(issuer.offer("pda1"))
    assert isinstance(wallet, Wallet)
    return wallet


@pytest.fixture
def warned(holder: Wallet, verifier: Any, world: Any) -> Any:
    """Return a function: what the holder is warned of when the verifier asks with such papers."""

    def warnings(*papers: Any, signer: Any = None) -> list[tuple[str, dict[str, Any]]]:
        verifier.claims["dcql_query"] = pda1_query({"path": list(DOCUMENT)})
        verifier.claims["verifier_info"] = [
            each
            if isinstance(each, dict)
            else as_verifier_info(make_registration_certificate(each, signer=signer or world.registrar))
            for each in papers
        ] or None
        preview = holder.preview(verifier.link())
        assert preview.shared, "a warning never answers for the holder"
        return [(each.code, dict(each.params)) for each in preview.request.warnings]

    return warnings


def test_a_verifier_that_asks_for_what_it_registered_gives_no_cause_for_warning(warned: Any) -> None:
    assert warned(registration(DOCUMENT)) == []


def test_a_certificate_may_be_wrapped_in_base64url(warned: Any, world: Any) -> None:
    text = make_registration_certificate(registration(DOCUMENT), signer=world.registrar)
    wrapped = base64url.encode(text.encode())
    assert warned({"format": "registration_cert", "data": wrapped}) == []


def test_w21_a_verifier_without_a_certificate_is_named_so(warned: Any) -> None:
    assert warned() == [("registration_missing", {})]
    assert warned({"format": "policy_statement", "data": "x"}) == [("registration_missing", {})]


def test_w21_a_certificate_that_has_run_out_is_named_so(warned: Any) -> None:
    assert warned(registration(DOCUMENT, expires_at=NOW - 59 - 1, issued_at=NOW - 120)) == [
        ("registration_expired", {})
    ]


def test_w21_a_certificate_of_another_party_is_named_so(warned: Any) -> None:
    assert warned(registration(DOCUMENT, sub="DE:TEST91")) == [("registration_of_another", {})]


def test_w21_what_is_asked_beyond_the_registration_is_named(warned: Any) -> None:
    assert warned(registration(("ending_date",))) == [("registration_exceeded", {"asked": "a1: document_number"})]
    assert warned(registration(credentials=())) == [("registration_exceeded", {"asked": "a1"})]


def test_w21_a_certificate_of_nobody_that_the_wallet_trusts_is_not_believed(warned: Any, world: Any) -> None:
    ((code, params),) = warned(registration(DOCUMENT), signer=world.request)
    assert (code, params["reason"]) == ("registration_not_believed", "extended_key_usage")


@pytest.mark.parametrize("data", [1, "a.b.c", "%"])
def test_w21_a_certificate_that_is_none_is_not_believed(data: Any, warned: Any) -> None:
    ((code, _),) = warned({"format": "registration_cert", "data": data})
    assert code == "registration_not_believed"


def test_w21_one_certificate_for_one_request(warned: Any) -> None:
    paper = registration(DOCUMENT)
    assert warned(paper, paper) == [("registration_not_believed", {"reason": "several"})]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_what_is_over_asked_is_spelled_out_in_the_sentence(language: str) -> None:
    message = render("registration_exceeded", {"asked": "a1: birth_date"}, language)
    assert "a1: birth_date" in message.text
    assert message.action
