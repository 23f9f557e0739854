"""What the authorization server promises under each profile, and that it keeps it. RFC 8414, HAIP 1.0 §4."""

from typing import Any

import pytest

from portadoc.schemas.openid4vci import AuthorizationServerMetadata, read_message

PRE_AUTHORIZED = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
WELL_KNOWN = "/.well-known/oauth-authorization-server/issuer/fr-demo"
ISSUER = "http://127.0.0.1:8700/issuer/fr-demo"


@pytest.mark.parametrize(
    ("profile", "grants", "ways", "anonymous"),
    [
        ("ietf-latest", {"authorization_code", "refresh_token", PRE_AUTHORIZED}, {"none"}, True),
        ("haip-1.0", {"authorization_code", "refresh_token"}, set(), False),
        ("eudi-2026", {"authorization_code", "refresh_token", PRE_AUTHORIZED}, set(), False),
    ],
)
def test_each_profile_names_its_grants_and_clients(
    make_rig: Any, profile: str, grants: set[str], ways: set[str], anonymous: bool
) -> None:
    content = make_rig(profile=profile).transport.get(WELL_KNOWN).json()
    assert set(content["grant_types_supported"]) == grants
    by_attestation = {"attest_jwt_client_auth", "attest_jwt_client_auth_dpop"}
    assert set(content["token_endpoint_auth_methods_supported"]) == by_attestation | ways
    assert content["client_attestation_pop_methods_supported"] == ["attestation_pop_jwt", "dpop_combined"]
    assert content["pre-authorized_grant_anonymous_access_supported"] is anonymous
    assert read_message(AuthorizationServerMetadata, content).issuer == ISSUER


def test_haip_4_requests_are_pushed_with_s256_and_answered_with_iss(haip: Any) -> None:
    content = haip.transport.get(WELL_KNOWN).json()
    assert content["require_pushed_authorization_requests"] is True
    assert content["authorization_response_iss_parameter_supported"] is True
    assert content["code_challenge_methods_supported"] == ["S256"]
    assert content["response_types_supported"] == ["code"]
    assert content["response_modes_supported"] == ["query"]
    assert content["scopes_supported"] == ["pda1", "pda1-rulebook", "pda1-webuild"]
    for name in (
        "dpop_signing_alg_values_supported",
        "client_attestation_signing_alg_values_supported",
        "client_attestation_pop_signing_alg_values_supported",
    ):
        assert "ES256" in content[name]
        assert "none" not in content[name]


def test_every_endpoint_that_a_wallet_calls_answers(haip: Any) -> None:
    content = haip.transport.get(WELL_KNOWN).json()
    called = {
        content[name]: haip.transport.request("POST", content[name]).status
        for name in ("token_endpoint", "pushed_authorization_request_endpoint", "challenge_endpoint")
    }
    assert called == {f"{ISSUER}/token": 400, f"{ISSUER}/par": 400, f"{ISSUER}/challenge": 200}
