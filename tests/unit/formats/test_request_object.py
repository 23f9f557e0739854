"""Signed presentation requests: what a verifier makes is understood, each fault is refused for its own reason."""

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.errors import Malformed, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.openid4vp.request_object import (
    PresentationRequest,
    VerifiedRequest,
    client_id_of,
    make_request_object,
    parse_request_object,
    verify_request_object,
    x509_hash,
)
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
PRIVATE = ec.derive_private_key(31, ec.SECP256R1())
KEY = verification_key(PRIVATE.public_key())
SIGNER = LocalSigner(PRIVATE, chain=(b"leaf certificate", b"intermediate"))
CLIENT = client_id_of(SIGNER)
QUERY = {"credentials": [{"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pda1:1"]}}]}
REQUEST = PresentationRequest(
    response_uri="https://verifier.example/responses/1",
    nonce="n-0S6_WzA2Mj.~",
    state="s-1",
    dcql_query=QUERY,
    client_metadata={"jwks": {"keys": []}},
    iat=NOW,
    exp=NOW + 300,
)
DROP = object()


def verify(text: str, client_id: str = CLIENT, wallet_nonce: str | None = None) -> VerifiedRequest:
    unverified = parse_request_object(text, allowed_algs=frozenset({"ES256"}))
    return verify_request_object(
        unverified, key=KEY, client_id=client_id, wallet_nonce=wallet_nonce, now=NOW, skew_s=60
    )


def altered(header: dict[str, Any] | None = None, signer: LocalSigner = SIGNER, **changes: Any) -> str:
    claims = {
        "client_id": CLIENT,
        "aud": "https://self-issued.me/v2",
        "response_type": "vp_token",
        "response_mode": "direct_post.jwt",
        "response_uri": REQUEST.response_uri,
        "nonce": REQUEST.nonce,
        "state": REQUEST.state,
        "dcql_query": QUERY,
        "client_metadata": {},
        "wallet_nonce": "w-1",
    } | changes
    head = signing_header("oauth-authz-req+jwt", SIGNER) | (header or {})
    return jws.sign(
        {name: value for name, value in head.items() if value is not DROP},
        {name: value for name, value in claims.items() if value is not DROP},
        signer,
    )


def reason_of(text: str, **context: Any) -> str:
    with pytest.raises(Untrusted) as refusal:
        verify(text, **context)
    assert refusal.value.code == "request_object_invalid"
    return str(refusal.value.params["reason"])


def test_what_is_made_is_understood() -> None:
    request = verify(make_request_object(REQUEST, signer=SIGNER, wallet_nonce=None))
    assert (request.client_id, request.response_uri) == (CLIENT, REQUEST.response_uri)
    assert (request.nonce, request.state) == (REQUEST.nonce, "s-1")
    assert request.query.credentials[0].vct_values == ("urn:eudi:pda1:1",)
    assert request.client_metadata == REQUEST.client_metadata
    assert "wallet_nonce" not in request.claims
    assert "verifier_info" not in request.claims


def test_wallet_nonce_and_verifier_info_travel_along() -> None:
    info = {"format": "registration_cert", "data": "text"}
    full = PresentationRequest(
        response_uri=REQUEST.response_uri,
        nonce="n",
        state="s",
        dcql_query=QUERY,
        client_metadata={},
        iat=NOW,
        exp=NOW + 1,
        verifier_info=(info,),
    )
    request = verify(make_request_object(full, signer=SIGNER, wallet_nonce="w-1"), wallet_nonce="w-1")
    assert request.claims["verifier_info"] == [info]


def test_client_id_is_the_hash_of_the_certificate() -> None:
    assert "x509_hash:" + x509_hash(b"leaf certificate") == CLIENT
    assert x509_hash(b"") == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


def test_chain_is_at_hand_before_the_signature_is_checked() -> None:
    unverified = parse_request_object(altered(), allowed_algs=frozenset({"ES256"}))
    assert unverified.unverified_chain == SIGNER.chain


def test_state_and_iss_may_be_anything_or_absent_where_the_specification_says_so() -> None:
    assert verify(altered(state=DROP)).state is None
    assert verify(altered(iss="https://somebody.example")).client_id == CLIENT


OTHER_CLIENT = "x509_hash:" + x509_hash(b"another certificate")
FAULTS: dict[str, tuple[str, str]] = {
    "typ": (altered({"typ": "JWT"}), "typ_mismatch"),
    "typ absent": (altered({"typ": DROP}), "typ_mismatch"),
    "no chain": (altered({"x5c": DROP}), "x5c_missing"),
    "chain not base64": (altered({"x5c": ["%"]}), "malformed_token"),
    "jwk": (altered({"jwk": {}}), "header_param_forbidden"),
    "signature": (altered(signer=LocalSigner(ec.derive_private_key(32, ec.SECP256R1()))), "signature_invalid"),
    "inner client id": (altered(client_id=OTHER_CLIENT), "client_id_mismatch"),
    "inner client id absent": (altered(client_id=DROP), "client_id_mismatch"),
    "aud": (altered(aud="https://wallet.example"), "aud"),
    "aud array": (altered(aud=["https://self-issued.me/v2"]), "aud"),
    "expired": (altered(exp=NOW - 60), "expired"),
    "not yet": (altered(iat=NOW + 61), "not_yet_valid"),
    "response type": (altered(response_type="code"), "response_type"),
    "response mode": (altered(response_mode="direct_post"), "response_mode"),
    "redirect uri": (altered(redirect_uri="https://verifier.example/cb"), "redirect_uri_present"),
    "response uri absent": (altered(response_uri=DROP), "response_uri_missing"),
    "response uri empty": (altered(response_uri=""), "response_uri_missing"),
    "transaction data": (altered(transaction_data=["e30"]), "transaction_data_unsupported"),
    "nonce absent": (altered(nonce=DROP), "nonce_form"),
    "nonce alphabet": (altered(nonce="a b"), "nonce_form"),
    "nonce line break": (altered(nonce="a\n"), "nonce_form"),
    "state alphabet": (altered(state="<script>"), "state_form"),
    "state number": (altered(state=5), "state_form"),
    "query absent": (altered(dcql_query=DROP), "query_form"),
    "query as text": (altered(dcql_query="{}"), "query_form"),
    "query and scope": (altered(scope="pda1"), "query_form"),
    "query content": (altered(dcql_query={}), "query_malformed"),
    "client metadata": (altered(client_metadata=DROP), "client_metadata_missing"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_reason(name: str) -> None:
    text, reason = FAULTS[name]
    assert reason_of(text) == reason


def test_reason_of_the_query_is_kept_as_detail() -> None:
    with pytest.raises(Untrusted) as refusal:
        verify(altered(dcql_query={"credentials": []}))
    assert refusal.value.params["detail"] == "form"


@pytest.mark.parametrize(
    "client_id",
    [
        "origin:https://verifier.example",
        "x509_san_dns:verifier.example",
        "redirect_uri:https://a.example",
        "plain",
    ],
)
def test_other_ways_to_name_a_verifier_are_refused(client_id: str) -> None:
    assert reason_of(altered(client_id=client_id), client_id=client_id) == "client_id_prefix"


def test_hash_of_another_certificate_is_refused() -> None:
    assert reason_of(altered(client_id=OTHER_CLIENT), client_id=OTHER_CLIENT) == "x509_hash_mismatch"
    assert reason_of(altered(), client_id=OTHER_CLIENT) == "client_id_mismatch"


def test_wallet_nonce_has_to_come_back() -> None:
    assert verify(altered(), wallet_nonce="w-1").client_id == CLIENT
    assert reason_of(altered(), wallet_nonce="w-2") == "wallet_nonce"
    assert reason_of(altered(wallet_nonce=DROP), wallet_nonce="w-1") == "wallet_nonce"


def test_limits_keep_their_own_code() -> None:
    big: dict[str, Any] = {"credentials": [{}] * 1000}
    for text in (altered(dcql_query=big), altered(pad="x" * 200_000)):
        with pytest.raises(Malformed) as refusal:
            verify(text)
        assert refusal.value.code == "limit_exceeded"
