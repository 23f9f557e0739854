"""Messages of the authorization code flow, of deferred and encrypted answers; what an issuer asks of wallets."""

from typing import Any

import pytest

from portadoc.errors import Malformed
from portadoc.schemas.openid4vci import (
    ATTACK_POTENTIALS,
    AttestationChallengeResponse,
    AuthorizationDetail,
    AuthorizationRequest,
    AuthorizationResponse,
    AuthorizationServerMetadata,
    CredentialMetadata,
    CredentialRequestEncryption,
    CredentialResponse,
    CredentialResponseEncryptionSupport,
    CredentialReusePolicy,
    DeferredCredentialRequest,
    IssuedCredential,
    IssuerInfo,
    IssuerMetadata,
    KeyAttestationsRequired,
    ProtocolMessage,
    PushedAuthorizationRequest,
    PushedAuthorizationResponse,
    PushedRequestReference,
    ReuseMethod,
    SupportedCredential,
    TokenRequest,
    TokenResponse,
    read_message,
)

ASKED = {
    "client_id": "wallet-1",
    "response_type": "code",
    "redirect_uri": "eu.example.wallet:/cb",
    "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
    "code_challenge_method": "S256",
    "scope": "pda1 ehic",
    "state": "s-1",
    "issuer_state": "i-1",
    "authorization_details": "[]",
    "dpop_jkt": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    "resource": "https://issuer.example/issuer/fr-demo",
}
KEY = {"kty": "EC", "crv": "P-256", "x": "x", "y": "y", "kid": "k1", "alg": "ECDH-ES"}
ENCRYPTED = {"jwks": {"keys": [KEY]}, "enc_values_supported": ["A256GCM"], "encryption_required": True}
METADATA = {
    "credential_issuer": "https://issuer.example",
    "credential_endpoint": "https://issuer.example/credential",
    "credential_configurations_supported": {},
}
ONCE = {
    "details": ["once_only"],
    "batch_size": 10,
    "reissue_trigger_unused": 2,
    "reissue_trigger_lifetime_left": 3600,
}


def policy(**changes: Any) -> dict[str, Any]:
    return {"id": "arf_annex_ii", "options": [{**ONCE, **changes}]}


def claims(*paths: list[Any]) -> dict[str, Any]:
    return {"claims": [{"path": path, "mandatory": False} for path in paths]}


@pytest.mark.parametrize(
    ("model", "wire"),
    [
        (AuthorizationRequest, ASKED),
        (PushedAuthorizationRequest, ASKED),
        (PushedAuthorizationRequest, {**ASKED, "redirect_uri": "https://wallet.example/cb?app=1"}),
        (PushedAuthorizationResponse, {"request_uri": "urn:ietf:params:oauth:request_uri:6e", "expires_in": 60}),
        (PushedRequestReference, {"client_id": "wallet-1", "request_uri": "urn:ietf:params:oauth:request_uri:6e"}),
        (AuthorizationResponse, {"code": "c", "state": "s-1", "iss": "https://issuer.example"}),
        (AuthorizationResponse, {"error": "access_denied", "error_description": "no", "state": "s-1"}),
        (
            TokenRequest,
            {
                "grant_type": "authorization_code",
                "client_id": "wallet-1",
                "code": "c",
                "code_verifier": "v",
                "redirect_uri": "eu.example.wallet:/cb",
            },
        ),
        (TokenRequest, {"grant_type": "refresh_token", "refresh_token": "r", "scope": "pda1"}),
        (TokenResponse, {"access_token": "a", "token_type": "DPoP", "expires_in": 300, "refresh_token": "r"}),
        (
            DeferredCredentialRequest,
            {"transaction_id": "t", "credential_response_encryption": {"jwk": KEY, "enc": "A256GCM"}},
        ),
        (CredentialRequestEncryption, ENCRYPTED),
        (
            CredentialResponseEncryptionSupport,
            {
                "alg_values_supported": ["ECDH-ES"],
                "enc_values_supported": ["A128GCM", "A256GCM"],
                "zip_values_supported": ["DEF"],
                "encryption_required": False,
            },
        ),
        (KeyAttestationsRequired, {}),
        (
            KeyAttestationsRequired,
            {"key_storage": ["iso_18045_high"], "preferred_key_storage_status_period": 2678400},
        ),
        (IssuerInfo, {"format": "registration_cert", "data": "eyJ"}),
        (IssuerInfo, {"format": "other", "data": {"a": 1}}),
        (IssuerMetadata, {**METADATA, "preferred_client_status_period": 86400}),
        (
            AuthorizationServerMetadata,
            {
                "issuer": "https://issuer.example",
                "require_pushed_authorization_requests": True,
                "authorization_response_iss_parameter_supported": True,
                "challenge_endpoint": "https://issuer.example/challenge",
                "client_attestation_signing_alg_values_supported": ["ES256"],
                "client_attestation_pop_signing_alg_values_supported": ["ES256"],
                "client_attestation_pop_methods_supported": ["attestation_pop_jwt", "dpop_combined"],
            },
        ),
        (AttestationChallengeResponse, {"attestation_challenge": "c"}),
        (
            AuthorizationDetail,
            {
                "type": "openid_credential",
                "credential_configuration_id": "pda1",
                "locations": ["https://issuer.example"],
                **claims(["employer", "name"]),
            },
        ),
        (CredentialReusePolicy, policy()),
    ],
)
def test_a_right_message_goes_out_as_it_came_in(model: type[ProtocolMessage], wire: dict[str, Any]) -> None:
    assert read_message(model, wire).to_json() == wire


@pytest.mark.parametrize(
    ("model", "received", "member"),
    [
        (PushedAuthorizationRequest, {**ASKED, "request_uri": "urn:x"}, ""),
        (PushedAuthorizationRequest, {**ASKED, "client_id": ""}, "/client_id"),
        (PushedAuthorizationRequest, {"client_id": "wallet-1"}, "/response_type"),
        (PushedAuthorizationRequest, {**ASKED, "redirect_uri": "/cb"}, "/redirect_uri"),
        (PushedAuthorizationRequest, {**ASKED, "redirect_uri": "https://wallet.example/cb#x"}, "/redirect_uri"),
        (PushedAuthorizationRequest, {**ASKED, "redirect_uri": "https://wallet.example/\r\nx"}, "/redirect_uri"),
        (PushedAuthorizationRequest, {**ASKED, "redirect_uri": "JavaScript:alert(1)"}, "/redirect_uri"),
        (PushedAuthorizationRequest, {**ASKED, "redirect_uri": "data:text/html,x"}, "/redirect_uri"),
        (PushedAuthorizationRequest, {**ASKED, "resource": "issuer"}, "/resource"),
        (PushedAuthorizationResponse, {"request_uri": "urn:x", "expires_in": 0}, "/expires_in"),
        (AuthorizationResponse, {"state": "s"}, ""),
        (AuthorizationResponse, {"code": "c", "error": "access_denied"}, ""),
        (TokenRequest, {"grant_type": "authorization_code", "code_verifier": "v"}, ""),
        (TokenRequest, {"grant_type": "refresh_token", "code": "c"}, ""),
        (DeferredCredentialRequest, {}, "/transaction_id"),
        (CredentialRequestEncryption, {**ENCRYPTED, "jwks": {"keys": []}}, "/jwks/keys"),
        (CredentialRequestEncryption, {**ENCRYPTED, "jwks": {"keys": [KEY, KEY]}}, "/jwks/keys"),
        (CredentialRequestEncryption, {**ENCRYPTED, "jwks": {"keys": [{**KEY, "kid": ""}]}}, "/jwks/keys"),
        (CredentialRequestEncryption, {**ENCRYPTED, "jwks": {"keys": [{**KEY, "alg": None}]}}, "/jwks/keys"),
        (CredentialRequestEncryption, {**ENCRYPTED, "jwks": {"keys": [{**KEY, "d": "x"}]}}, "/jwks/keys"),
        (CredentialRequestEncryption, {**ENCRYPTED, "encryption_required": "yes"}, "/encryption_required"),
        (KeyAttestationsRequired, {"key_storage": []}, "/key_storage"),
        (IssuerMetadata, {**METADATA, "issuer_info": [{"format": "registration_cert"}]}, "/issuer_info/0/data"),
        (IssuerMetadata, {**METADATA, "preferred_client_status_period": -1}, "/preferred_client_status_period"),
        (CredentialMetadata, claims(["a"], ["a"]), "/claims"),
        (CredentialMetadata, claims(["a", None], ["a", 0]), "/claims"),
        (CredentialMetadata, claims(["a", None], ["a", "b"]), "/claims"),
        (CredentialMetadata, claims(["a", -1]), "/claims/0/path/1/str"),
        (
            AuthorizationDetail,
            {"type": "openid_credential", "credential_configuration_id": "a", **claims(["a"], ["a"])},
            "/claims",
        ),
        (CredentialReusePolicy, {"id": "arf_annex_ii"}, ""),
        (CredentialReusePolicy, policy(details=[]), "/options/0/details"),
        (CredentialReusePolicy, policy(details=["twice"]), "/options/0/details/0"),
        (CredentialReusePolicy, policy(details=["rotating-batch"]), "/options/0"),
        (CredentialReusePolicy, policy(details=["once_only", "limited-time"]), "/options/0"),
        (CredentialReusePolicy, policy(batch_size=None), "/options/0"),
        (CredentialReusePolicy, policy(reissue_trigger_unused=None), "/options/0"),
        (CredentialReusePolicy, policy(reissue_trigger_unused=10), "/options/0"),
        (
            SupportedCredential,
            {"format": "dc+sd-jwt", "vct": "v", "cryptographic_binding_methods_supported": ["jwk"]},
            "",
        ),
    ],
)
def test_each_fault_is_told_by_message_and_member(
    model: type[ProtocolMessage], received: dict[str, Any], member: str
) -> None:
    with pytest.raises(Malformed) as caught:
        read_message(model, received)
    assert (caught.value.code, caught.value.params["member"]) == ("message_invalid", member)


@pytest.mark.parametrize("told", ["limited-time", "limited_time"])
@pytest.mark.parametrize("rest", [["rotating-batch"], ["rotating_batch"], []])
def test_both_spellings_of_a_reuse_policy_are_read_and_kept(told: str, rest: list[str]) -> None:
    received = policy(details=[told, *rest])
    read = read_message(CredentialReusePolicy, received)
    assert read.to_json() == received
    (option,) = read.options or ()
    assert option.methods == {ReuseMethod.LIMITED_TIME, *([ReuseMethod.ROTATING_BATCH] if rest else [])}


def test_the_options_of_an_unknown_reuse_policy_are_not_read() -> None:
    read = read_message(CredentialReusePolicy, {"id": "another", "options": ["whatever"]})
    assert read.to_json() == {"id": "another"}


def test_a_configuration_of_a_format_that_we_do_not_know_is_not_judged() -> None:
    received = {"format": "mso_mdoc", "cryptographic_binding_methods_supported": ["cose_key"]}
    assert read_message(SupportedCredential, received).to_json() == received


def test_an_answer_knows_its_status() -> None:
    assert CredentialResponse(credentials=(IssuedCredential(credential="eyJ~"),)).status == 200
    assert CredentialResponse(transaction_id="t", interval=60).status == 202


def test_the_potentials_of_attackers_go_from_high_to_basic() -> None:
    assert [each.removeprefix("iso_18045_") for each in ATTACK_POTENTIALS] == [
        "high",
        "moderate",
        "enhanced-basic",
        "basic",
    ]
