"""Protocol messages: frozen, strict in types and choices, open to unknown members of peers, closed to our own."""

from typing import Any

import pytest
from pydantic import ValidationError

from portadoc.errors import Malformed
from portadoc.schemas.openid4vci import (
    AuthorizationServerMetadata,
    CredentialOffer,
    CredentialOfferLink,
    CredentialRequest,
    CredentialResponse,
    ErrorResponse,
    Grants,
    IssuedCredential,
    IssuerMetadata,
    NonceResponse,
    NotificationRequest,
    PreAuthorizedCodeGrant,
    ProtocolMessage,
    TokenRequest,
    TokenResponse,
    TxCode,
    read_message,
)
from portadoc.schemas.openid4vp import (
    AuthorizationRequestLink,
    AuthorizationResponse,
    DirectPost,
)

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
OFFER = {
    "credential_issuer": "https://issuer.example/issuer/fr-demo",
    "credential_configuration_ids": ["pda1"],
    "grants": {PRE_AUTHORIZED: {"pre-authorized_code": "SplxlOBeZQQYbYS6WxSbIA", "tx_code": {}}},
}
CONFIGURATION = {"format": "dc+sd-jwt", "vct": "urn:eudi:pda1:1", "scope": "pda1"}
METADATA = {
    "credential_issuer": "https://issuer.example",
    "credential_endpoint": "https://issuer.example/credential",
    "credential_configurations_supported": {"pda1": CONFIGURATION},
}


def fault(model: type[ProtocolMessage], received: dict[str, Any]) -> str:
    with pytest.raises(Malformed) as caught:
        read_message(model, received)
    assert caught.value.code == "message_invalid"
    assert caught.value.params["message"] == model.__name__
    return str(caught.value.params["member"])


def test_an_offer_goes_out_as_it_came_in() -> None:
    offer = read_message(CredentialOffer, OFFER)
    assert offer.grants is not None
    assert offer.grants.pre_authorized_code is not None
    assert offer.grants.pre_authorized_code.tx_code is not None
    assert offer.to_json() == OFFER


def test_an_empty_tx_code_still_asks_for_a_code() -> None:
    ours = CredentialOffer(
        credential_issuer="https://issuer.example/issuer/fr-demo",
        credential_configuration_ids=("pda1",),
        grants=Grants(
            pre_authorized_code=PreAuthorizedCodeGrant(
                pre_authorized_code="SplxlOBeZQQYbYS6WxSbIA", tx_code=TxCode()
            )
        ),
    )
    assert ours.to_json() == OFFER


def test_unknown_members_of_peers_are_passed_over_at_every_level() -> None:
    received = {
        **METADATA,
        "x-new": 1,
        "credential_configurations_supported": {"pda1": {**CONFIGURATION, "new": {}}},
    }
    assert read_message(IssuerMetadata, received).to_json() == METADATA


def test_unknown_members_of_ours_are_an_error() -> None:
    with pytest.raises(ValidationError):
        NonceResponse(c_nonce="abc", c_nonce_expires_in=5)  # type: ignore[call-arg]


def test_messages_are_frozen() -> None:
    message = NonceResponse(c_nonce="abc")
    with pytest.raises(ValidationError):
        message.c_nonce = "other"


def test_a_wire_name_is_read_and_a_python_name_is_not() -> None:
    request = {"grant_type": PRE_AUTHORIZED, "pre_authorized_code": "abc"}
    assert read_message(TokenRequest, request).pre_authorized_code is None
    assert read_message(TokenRequest, {**request, "pre-authorized_code": "x"}).pre_authorized_code == "x"


def test_a_changed_copy_is_checked_anew() -> None:
    offer = read_message(CredentialOffer, OFFER)
    assert offer.changed(credential_configuration_ids=("ehic",)).credential_configuration_ids == ("ehic",)
    with pytest.raises(ValidationError):
        offer.changed(credential_configuration_ids=())


@pytest.mark.parametrize(
    ("model", "received", "member"),
    [
        (CredentialOffer, {**OFFER, "credential_configuration_ids": []}, "/credential_configuration_ids"),
        (CredentialOffer, {**OFFER, "credential_configuration_ids": ["a", "a"]}, "/credential_configuration_ids"),
        (CredentialOffer, {**OFFER, "credential_configuration_ids": "a"}, "/credential_configuration_ids"),
        (CredentialOffer, {**OFFER, "credential_configuration_ids": [1]}, "/credential_configuration_ids/0"),
        (CredentialOffer, {**OFFER, "credential_issuer": "file:///etc"}, "/credential_issuer"),
        (CredentialOfferLink, {}, ""),
        (CredentialOfferLink, {"credential_offer": "{}", "credential_offer_uri": "https://a.example"}, ""),
        (
            IssuerMetadata,
            {**METADATA, "batch_credential_issuance": {"batch_size": 1}},
            "/batch_credential_issuance/batch_size",
        ),
        (
            IssuerMetadata,
            {**METADATA, "credential_configurations_supported": {"a/b": {"format": "dc+sd-jwt"}}},
            "/credential_configurations_supported/a~1b",
        ),
        (
            IssuerMetadata,
            {
                **METADATA,
                "credential_configurations_supported": {"a": {**CONFIGURATION, "proof_types_supported": {}}},
            },
            "/credential_configurations_supported/a",
        ),
        (AuthorizationServerMetadata, {"issuer": 1}, "/issuer"),
        (TokenRequest, {}, "/grant_type"),
        (TokenResponse, {"access_token": "a", "token_type": "DPoP", "expires_in": "60"}, "/expires_in"),
        (TokenResponse, {"access_token": "a", "token_type": "DPoP", "expires_in": True}, "/expires_in"),
        (CredentialRequest, {}, ""),
        (CredentialRequest, {"credential_identifier": "a", "credential_configuration_id": "b"}, ""),
        (CredentialRequest, {"credential_configuration_id": "b", "proofs": {}}, "/proofs"),
        (CredentialRequest, {"credential_configuration_id": "b", "proofs": {"jwt": []}}, "/proofs/jwt"),
        (
            CredentialRequest,
            {"credential_configuration_id": "b", "proofs": {"jwt": ["a"], "new": ["b"]}},
            "/proofs",
        ),
        (
            CredentialRequest,
            {"credential_configuration_id": "b", "proofs": {"attestation": ["a", "b"]}},
            "/proofs/attestation",
        ),
        (CredentialResponse, {}, ""),
        (CredentialResponse, {"credentials": []}, "/credentials"),
        (CredentialResponse, {"credentials": [{"credential": "a"}], "transaction_id": "t", "interval": 5}, ""),
        (CredentialResponse, {"transaction_id": "t"}, ""),
        (CredentialResponse, {"transaction_id": "t", "interval": 5, "notification_id": "n"}, ""),
        (NotificationRequest, {"notification_id": "n", "event": "credential_lost"}, "/event"),
        (ErrorResponse, {"error": "a", "error_description": 'say "no"'}, "/error_description"),
        (ErrorResponse, {"error": "a", "error_description": "é"}, "/error_description"),
        (AuthorizationRequestLink, {"client_id": "a"}, ""),
        (AuthorizationRequestLink, {"client_id": "a", "request": "b", "request_uri": "https://v.example"}, ""),
        (AuthorizationRequestLink, {"client_id": "a", "request": "b", "request_uri_method": "post"}, ""),
        (
            AuthorizationRequestLink,
            {"client_id": "a", "request_uri": "https://v.example", "request_uri_method": "put"},
            "/request_uri_method",
        ),
        (DirectPost, {"state": "s"}, ""),
        (DirectPost, {"response": "a", "error": "b"}, ""),
        (DirectPost, {"response": "a", "vp_token": "b"}, ""),
        (AuthorizationResponse, {"vp_token": {}}, "/vp_token"),
        (AuthorizationResponse, {"vp_token": {"a1": []}}, "/vp_token/a1"),
        (AuthorizationResponse, {"vp_token": {"a1": "eyJ"}}, "/vp_token/a1"),
        (AuthorizationResponse, {"vp_token": "eyJ"}, "/vp_token"),
        (AuthorizationResponse, {"vp_token": {"a1": ["eyJ"]}, "error": "access_denied"}, ""),
    ],
)
def test_each_fault_is_told_by_message_and_member(
    model: type[ProtocolMessage], received: dict[str, Any], member: str
) -> None:
    assert fault(model, received) == member


def test_a_proof_of_an_unknown_type_is_left_to_the_issuer_to_refuse() -> None:
    request = read_message(CredentialRequest, {"credential_configuration_id": "a", "proofs": {"ldp_vp": [{}]}})
    assert request.proofs is not None
    assert request.proofs.jwt is None


def test_a_fault_never_tells_the_value() -> None:
    with pytest.raises(Malformed) as caught:
        read_message(
            CredentialRequest, {"credential_configuration_id": 20041231, "proofs": {"jwt": ["eyJzZWNyZXQ"]}}
        )
    assert "20041231" not in str(caught.value)
    assert "eyJzZWNyZXQ" not in repr(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_response_with_credentials_has_its_wire_form() -> None:
    response = CredentialResponse(credentials=(IssuedCredential(credential="eyJ~"),), notification_id="n1")
    assert response.to_json() == {"credentials": [{"credential": "eyJ~"}], "notification_id": "n1"}


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        (
            AuthorizationRequestLink,
            {"client_id": "a", "request_uri": "https://v.example/r", "request_uri_method": "post"},
        ),
        (AuthorizationRequestLink, {"client_id": "a", "request": "eyJ"}),
        (DirectPost, {"response": "eyJ"}),
        (DirectPost, {"error": "access_denied", "state": "s-1"}),
        (AuthorizationResponse, {"vp_token": {"a1": ["eyJ"]}, "state": "s-1"}),
        (AuthorizationResponse, {"error": "access_denied"}),
        (CredentialOfferLink, {"credential_offer_uri": "https://issuer.example/offers/1"}),
        (CredentialRequest, {"credential_configuration_id": "pda1", "proofs": {"jwt": ["a", "b"]}}),
        (CredentialResponse, {"transaction_id": "t", "interval": 5}),
        (ErrorResponse, {"error": "invalid_proof", "error_description": "proof_invalid"}),
    ],
)
def test_a_right_message_goes_out_as_it_came_in(model: type[ProtocolMessage], wire: dict[str, Any]) -> None:
    assert read_message(model, wire).to_json() == wire
