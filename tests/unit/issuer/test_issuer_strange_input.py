"""Whatever arrives, the answer is a refusal with a code, never a fault of ours."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
NAMES = ("credential_identifier", "credential_configuration_id", "proofs", "jwt", "credential_response_encryption")
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=40)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FEW
@given(content=st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=6), JSON, max_size=4))
def test_a_credential_request_of_any_content(rig: Any, content: dict[str, Any]) -> None:
    response = rig.request(rig.token(), content)
    assert response.status == 400
    assert set(response.json()) == {"error", "error_description"}


@FEW
@given(
    header=st.dictionaries(st.sampled_from(("typ", "alg", "jwk", "kid", "x5c", "crit", "b64", "zip")), JSON),
    payload=st.dictionaries(st.sampled_from(("aud", "iat", "nonce", "iss", "exp", "nbf")), JSON),
)
def test_a_key_proof_of_any_content(rig: Any, header: dict[str, Any], payload: dict[str, Any]) -> None:
    response = rig.obtain(rig.token(), [rig.proof(header=header, payload=payload)])
    assert response.status in (200, 400)
    if response.status == 400:
        assert response.json()["error"] in ("invalid_proof", "invalid_nonce")


@FEW
@given(form=st.dictionaries(st.sampled_from(("grant_type", "pre-authorized_code", "tx_code", "client_id")), TEXT))
def test_a_token_request_of_any_content(rig: Any, form: dict[str, str]) -> None:
    response = rig.transport.post_form("/issuer/fr-demo/token", form)
    assert response.status == 400
    assert set(response.json()) == {"error", "error_description"}


@FEW
@given(authorization=st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")))
def test_an_authorization_header_of_any_content(rig: Any, authorization: str) -> None:
    response = rig.transport.post_json("/issuer/fr-demo/credential", {}, headers={"authorization": authorization})
    assert (response.status, response.json()["error"]) == (401, "invalid_token")


@FEW
@given(
    form=st.dictionaries(
        st.sampled_from(
            ("response_type", "redirect_uri", "code_challenge", "scope", "issuer_state", "authorization_details")
        ),
        TEXT,
    )
)
def test_a_pushed_request_of_any_content(rig: Any, form: dict[str, str]) -> None:
    wanted = {"client_id": "c", "response_type": "code", "code_challenge_method": "S256", **form}
    response = rig.transport.post_form("/issuer/fr-demo/par", wanted)
    assert response.status == 400
    assert set(response.json()) == {"error", "error_description"}


@FEW
@given(
    name=st.sampled_from(("DPoP", "OAuth-Client-Attestation", "OAuth-Client-Attestation-PoP")),
    sent=st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), min_size=1),
)
def test_a_proof_of_the_sender_of_any_content(rig: Any, name: str, sent: str) -> None:
    response = rig.redeem("unknown", headers={name: sent})
    assert (response.status, response.json()["error"]) in ((400, "invalid_dpop_proof"), (401, "invalid_client"))
