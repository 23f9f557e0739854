"""Signed presentation requests: what a verifier makes is understood, each fault is refused for its own reason."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.openid4vp.client_identifier import (
    ClientIdentifier,
    ClientIdPrefix,
    x509_hash,
    x509_hash_identifier,
)
from portadoc.formats.openid4vp.request_object import (
    PresentationRequest,
    ResponseMode,
    VerifiedRequest,
    VerifierInfo,
    make_request_object,
    parse_request_object,
    verify_request_object,
)
from portadoc.formats.openid4vp.transaction_data import INSPECTION, make_transaction_data
from portadoc.formats.openid4vp.verifier_attestation import (
    make_verifier_attestation,
    parse_verifier_attestation,
    verify_verifier_attestation,
)
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
PRIVATE = ec.derive_private_key(31, ec.SECP256R1())
KEY = verification_key(PRIVATE.public_key())
SIGNER = LocalSigner(PRIVATE, chain=(b"leaf certificate", b"intermediate"))
CLIENT = x509_hash_identifier(SIGNER.chain[0]).full
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
DETAILS = {"site": "Construction site 4", "verifier": "Prüfdienst (Test)", "purpose": "inspection"}


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
    assert request.verifier_info == (VerifierInfo("registration_cert", "text", ()),)


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
    "response mode of the redirect flow": (altered(response_mode="query"), "response_mode"),
    "response mode of the browser": (altered(response_mode="dc_api.jwt"), "response_mode"),
    "response mode absent": (altered(response_mode=DROP), "response_mode"),
    "response mode number": (altered(response_mode=1), "response_mode"),
    "redirect uri": (altered(redirect_uri="https://verifier.example/cb"), "redirect_uri_present"),
    "response uri absent": (altered(response_uri=DROP), "response_uri_missing"),
    "response uri empty": (altered(response_uri=""), "response_uri_missing"),
    "transaction data": (altered(transaction_data=["e30"]), "transaction_data_invalid"),
    "verifier info": (altered(verifier_info={}), "verifier_info_form"),
    "verifier info empty": (altered(verifier_info=[]), "verifier_info_form"),
    "verifier info many": (altered(verifier_info=[{"format": "a", "data": 1}] * 17), "verifier_info_form"),
    "verifier info entry": (altered(verifier_info=["text"]), "verifier_info_form"),
    "verifier info format": (altered(verifier_info=[{"data": "x"}]), "verifier_info_form"),
    "verifier info data": (altered(verifier_info=[{"format": "x"}]), "verifier_info_form"),
    "verifier info ids": (
        altered(verifier_info=[{"format": "x", "data": 1, "credential_ids": "a1"}]),
        "verifier_info_form",
    ),
    "verifier info id": (
        altered(verifier_info=[{"format": "x", "data": 1, "credential_ids": [1]}]),
        "verifier_info_form",
    ),
    "attestation no text": (altered({"x5c": DROP, "jwt": 1}), "attestation_form"),
    "attestation beside a chain": (altered({"jwt": "a.b.c"}), "proof_ambiguous"),
    "header iat": (altered({"iat": "today"}), "claim_invalid"),
    "x5t of another": (altered({"x5t#S256": x509_hash(b"another")}), "x5t_mismatch"),
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
    ("client_id", "reason"),
    [
        ("origin:https://verifier.example", "client_id_prefix_reserved"),
        ("did:web:verifier.example", "client_id_prefix_old"),
        ("https://verifier.example", "client_id_prefix_old"),
        ("plain", "client_id_prefix_unknown"),
        ("decentralized_identifier:did:example:1", "client_id_prefix_unknown"),
        ("redirect_uri:https://verifier.example/responses/1", "redirect_uri_signed"),
        ("verifier_attestation:verifier.example", "attestation_mismatch"),
    ],
)
def test_w20_a_name_that_nothing_signed_stands_behind_is_refused(client_id: str, reason: str) -> None:
    assert reason_of(altered(client_id=client_id), client_id=client_id) == reason


def test_w20_header_parameters_that_rules_of_the_eu_add_are_tolerated() -> None:
    text = altered({"iat": NOW, "x5t#S256": x509_hash(b"leaf certificate")})
    assert verify(text).client_id == CLIENT


def test_an_answer_in_clear_needs_no_client_metadata_and_an_encrypted_one_does() -> None:
    request = verify(altered(response_mode="direct_post", client_metadata=DROP))
    assert (request.response_mode, request.client_metadata) == (ResponseMode.DIRECT_POST, {})
    assert not request.response_mode.is_encrypted
    assert verify(altered()).response_mode.is_encrypted
    assert reason_of(altered(response_mode="direct_post", client_metadata=1)) == "client_metadata_missing"


def test_what_is_to_be_acknowledged_is_read_with_the_query() -> None:
    item = make_transaction_data(INSPECTION, DETAILS, credential_id="a1")
    request = verify(
        make_request_object(replace(REQUEST, transaction_data=(item,)), signer=SIGNER, wallet_nonce=None)
    )
    (read,) = request.transaction_data
    assert (read.text, read.details, request.audience) == (item, DETAILS, CLIENT)


def test_w20_an_unknown_type_of_transaction_is_refused_with_the_request() -> None:
    unknown = base64url.encode(b'{"type":"payment","credential_ids":["a1"]}')
    with pytest.raises(Untrusted) as refusal:
        verify(altered(transaction_data=[unknown]))
    assert refusal.value.params == {"reason": "transaction_data_invalid", "detail": "type_unknown"}


ATTESTED = ClientIdentifier(ClientIdPrefix.VERIFIER_ATTESTATION, "verifier.example")
REGISTRAR = LocalSigner(ec.derive_private_key(33, ec.SECP256R1()), chain=(b"registrar",))


def attestation(subject: str = "verifier.example", uris: tuple[str, ...] = ()) -> str:
    return make_verifier_attestation(
        issuer="https://registrar.example",
        subject=subject,
        verifier_jwk=dict(SIGNER.public_jwk),
        iat=NOW,
        exp=NOW + 60,
        signer=REGISTRAR,
        uris=uris,
    )


def verify_attested(text: str) -> VerifiedRequest:
    unverified = parse_request_object(text, allowed_algs=frozenset({"ES256"}))
    attested = verify_verifier_attestation(
        parse_verifier_attestation(unverified.unverified_attestation or "", allowed_algs=frozenset({"ES256"})),
        key=verification_key(ec.derive_private_key(33, ec.SECP256R1()).public_key()),
        now=NOW,
        skew_s=0,
        allowed_algs=frozenset({"ES256"}),
    )
    return verify_request_object(
        unverified,
        key=attested.key,
        client_id=ATTESTED.full,
        wallet_nonce=None,
        now=NOW,
        skew_s=0,
        attestation=attested,
    )


def test_a_verifier_that_is_attested_signs_with_the_attested_key() -> None:
    text = make_request_object(
        REQUEST, signer=SIGNER, wallet_nonce=None, client=ATTESTED, verifier_attestation=attestation()
    )
    assert verify_attested(text).client_id == "verifier_attestation:verifier.example"


def test_h09_an_attestation_that_lists_addresses_allows_no_other() -> None:
    for uris, allowed in (((REQUEST.response_uri or "",), True), (("https://verifier.example/other",), False)):
        text = make_request_object(
            REQUEST, signer=SIGNER, wallet_nonce=None, client=ATTESTED, verifier_attestation=attestation(uris=uris)
        )
        if allowed:
            assert verify_attested(text).response_uri == REQUEST.response_uri
        else:
            with pytest.raises(Untrusted) as refusal:
                verify_attested(text)
            assert refusal.value.params["reason"] == "response_uri_not_allowed"


def test_h08_an_attestation_of_another_name_is_refused() -> None:
    text = make_request_object(
        REQUEST,
        signer=SIGNER,
        wallet_nonce=None,
        client=ATTESTED,
        verifier_attestation=attestation("other.example"),
    )
    with pytest.raises(Untrusted) as refusal:
        verify_attested(text)
    assert refusal.value.params["reason"] == "attestation_mismatch"


def test_h08_an_attested_key_proves_no_certificate() -> None:
    """Somebody with an attestation of their own cannot sign under the certificate hash of another verifier."""
    header = {"typ": "oauth-authz-req+jwt", "jwt": attestation()}
    claims = {"client_id": CLIENT, "aud": "https://self-issued.me/v2", "response_type": "vp_token"}
    unverified = parse_request_object(jws.sign(header, claims, SIGNER), allowed_algs=frozenset({"ES256"}))
    with pytest.raises(Untrusted) as refusal:
        verify_request_object(unverified, key=KEY, client_id=CLIENT, wallet_nonce=None, now=NOW, skew_s=0)
    assert refusal.value.params["reason"] == "x5c_missing"


@pytest.mark.parametrize("header", [{"x5t#S256": "AAAA"}])
def test_a_thumbprint_without_a_chain_is_refused(header: dict[str, str]) -> None:
    text = jws.sign({"typ": "oauth-authz-req+jwt", "jwt": attestation(), **header}, {"client_id": CLIENT}, SIGNER)
    assert reason_of(text) == "x5t_mismatch"


@pytest.mark.parametrize(
    ("client", "text", "signer"),
    [
        (ATTESTED, None, SIGNER),
        (ClientIdentifier(ClientIdPrefix.X509_HASH, "AAAA"), None, SIGNER),
        (x509_hash_identifier(b"leaf certificate"), "a.b.c", SIGNER),
        (x509_hash_identifier(b"leaf certificate"), None, LocalSigner(PRIVATE)),
        (ClientIdentifier(ClientIdPrefix.X509_SAN_DNS, "verifier.example"), None, SIGNER),
        (ClientIdentifier(ClientIdPrefix.REDIRECT_URI, "https://verifier.example"), None, SIGNER),
    ],
)
def test_a_request_under_a_name_that_the_signer_cannot_prove_is_not_made(
    client: ClientIdentifier, text: str | None, signer: LocalSigner
) -> None:
    with pytest.raises(Misconfigured) as refusal:
        make_request_object(REQUEST, signer=signer, wallet_nonce=None, client=client, verifier_attestation=text)
    assert refusal.value.code == "client_id_unfit"


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
