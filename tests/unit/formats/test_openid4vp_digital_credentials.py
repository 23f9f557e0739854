"""Requests and answers through the browser: three kinds of request, bound to the page and not to a name."""

import json
import warnings
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.formats import jws
from portadoc.formats.openid4vp.client_identifier import (
    ClientIdentifier,
    ClientIdPrefix,
    x509_hash_identifier,
)
from portadoc.formats.openid4vp.digital_credentials import (
    BrowserAnswer,
    ExchangeProtocol,
    RequestSignature,
    multisigned_request,
    origin_audience,
    parse_browser_request,
    read_browser_answer,
    read_unsigned_browser_request,
    signed_request,
    unsigned_request,
    verify_browser_request,
)
from portadoc.formats.openid4vp.request_object import PresentationRequest, ResponseMode, VerifiedRequest
from portadoc.keys.jwk import verification_key
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
ORIGIN = "https://verifier.example"
ALGS = frozenset({"ES256"})
PRIVATE = ec.derive_private_key(71, ec.SECP256R1())
SIGNER = LocalSigner(PRIVATE, chain=(b"leaf certificate",))
SECOND = LocalSigner(ec.derive_private_key(72, ec.SECP256R1()), chain=(b"second leaf",))
CLIENT = x509_hash_identifier(b"leaf certificate")
QUERY = {"credentials": [{"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pda1:1"]}}]}
REQUEST = PresentationRequest(
    nonce="n-1",
    dcql_query=QUERY,
    client_metadata={"jwks": {"keys": []}},
    iat=NOW,
    exp=NOW + 60,
    response_mode=ResponseMode.DC_API_JWT,
    expected_origins=("https://other.example", ORIGIN),
)
INFO = {"format": "registration_cert", "data": "a.b.c"}


def verify(
    data: object, protocol: str = "openid4vp-v1-signed", *, origin: str = ORIGIN, position: int = 0
) -> VerifiedRequest:
    unverified = parse_browser_request(protocol, data, allowed_algs=ALGS)[position]
    signer = SIGNER if unverified.unverified_chain == SIGNER.chain else SECOND
    key = verification_key(signer._key.public_key())  # type: ignore[union-attr,arg-type]
    return verify_browser_request(unverified, key=key, origin=origin, now=NOW, skew_s=0)


def altered(**changes: Any) -> dict[str, str]:
    """Return the data of a signed request, with parameters changed or left out (None)."""
    claims = jws.unverified_claims(signed_request(REQUEST, signer=SIGNER).data["request"]) | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    header = {"typ": "oauth-authz-req+jwt", "x5c": ["bGVhZiBjZXJ0aWZpY2F0ZQ=="]}
    return {"request": jws.sign(header, kept, SIGNER)}


def reason_of(data: object, protocol: str = "openid4vp-v1-signed", **context: Any) -> object:
    with pytest.raises(Untrusted) as refusal:
        verify(data, protocol, **context)
    assert refusal.value.code == "request_object_invalid"
    return refusal.value.params["reason"]


def test_the_protocol_names_are_those_of_the_specification() -> None:
    assert [str(each) for each in ExchangeProtocol] == [
        "openid4vp-v1-unsigned",
        "openid4vp-v1-signed",
        "openid4vp-v1-multisigned",
    ]


def test_a_signed_request_is_understood_and_bound_to_the_page() -> None:
    made = signed_request(REQUEST, signer=SIGNER)
    assert made.to_json() == {"protocol": "openid4vp-v1-signed", "data": {"request": made.data["request"]}}
    request = verify(made.data)
    assert (request.client_id, request.audience) == (CLIENT.full, "origin:https://verifier.example")
    assert (request.response_uri, request.state, request.nonce) == (None, None, "n-1")
    assert request.response_mode is ResponseMode.DC_API_JWT


def test_an_unsigned_request_names_nobody_and_no_pages() -> None:
    made = unsigned_request(REQUEST)
    assert made.data.keys().isdisjoint({"client_id", "expected_origins", "state", "response_uri"})
    assert parse_browser_request(made.protocol, made.data, allowed_algs=ALGS) == ()
    request = read_unsigned_browser_request(made.data, origin=ORIGIN)
    assert request.client_id == request.audience == origin_audience(ORIGIN)


def test_v59_a_client_id_and_pages_in_an_unsigned_request_mean_nothing() -> None:
    data = {**unsigned_request(REQUEST).data, "client_id": CLIENT.full, "expected_origins": ["https://a.example"]}
    assert read_unsigned_browser_request(data, origin=ORIGIN).audience == origin_audience(ORIGIN)


def test_a_state_in_a_request_through_the_browser_is_left_aside() -> None:
    assert verify(altered(state="s-1")).state is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://verifier.example/",
        "https://VERIFIER.example",
        "https://verifier.example:443",
        "http://verifier.example",
        "",
    ],
)
def test_v59_w20_a_request_from_another_page_is_refused_letter_by_letter(origin: str) -> None:
    assert reason_of(signed_request(REQUEST, signer=SIGNER).data, origin=origin) == "origin_mismatch"


@pytest.mark.parametrize("expected", [None, [], ORIGIN, {}, [ORIGIN] * 33])
def test_v59_w20_a_signed_request_names_its_pages(expected: Any) -> None:
    assert reason_of(altered(expected_origins=expected)) == "expected_origins_missing"


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "client id absent": ({"client_id": None}, "client_id_form"),
    "client id of the page": ({"client_id": f"origin:{ORIGIN}"}, "client_id_prefix_reserved"),
    "client id unknown": ({"client_id": "decentralized_identifier:did:x:1"}, "client_id_prefix_unknown"),
    "client id unsigned": ({"client_id": f"redirect_uri:{ORIGIN}"}, "redirect_uri_signed"),
    "client id of another": ({"client_id": "x509_hash:" + "A" * 43}, "x509_hash_mismatch"),
    "audience": ({"aud": "https://wallet.example"}, "aud"),
    "expired": ({"exp": NOW}, "expired"),
    "posted": ({"response_mode": "direct_post.jwt"}, "response_mode"),
    "nonce": ({"nonce": None}, "nonce_form"),
    "query": ({"dcql_query": None}, "query_form"),
    "response type": ({"response_type": "code"}, "response_type"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_w20_each_fault_of_a_signed_request_has_its_reason(name: str) -> None:
    changes, reason = FAULTS[name]
    assert reason_of(altered(**changes)) == reason


def test_a_request_need_not_name_the_audience_of_wallets() -> None:
    assert verify(altered(aud=None)).client_id == CLIENT.full


@pytest.mark.parametrize(
    ("protocol", "data", "reason"),
    [
        ("openid4vp-v1-signed", {}, "data_form"),
        ("openid4vp-v1-signed", {"request": 1}, "data_form"),
        ("openid4vp-v1-signed", "text", "data_form"),
        ("openid4vp-v1-signed", {"request": "a.b"}, "malformed_token"),
        ("openid4vp", {"request": "a.b.c"}, "protocol_unknown"),
        ("openid4vp-v2-unsigned", {}, "protocol_unknown"),
        ("openid4vp-v1-multisigned", {}, "data_form"),
        ("openid4vp-v1-multisigned", {"payload": "e30"}, "data_form"),
        ("openid4vp-v1-multisigned", {"payload": "e30", "signatures": []}, "data_form"),
        ("openid4vp-v1-multisigned", {"payload": "e30", "signatures": ["x"]}, "data_form"),
        ("openid4vp-v1-multisigned", {"payload": "e30", "signatures": [{"protected": "e30"}]}, "data_form"),
    ],
)
def test_data_of_another_form_is_refused(protocol: str, data: object, reason: str) -> None:
    with pytest.raises(Untrusted) as refusal:
        parse_browser_request(protocol, data, allowed_algs=ALGS)
    assert refusal.value.params["reason"] == reason


SIGNATURES = (
    RequestSignature(CLIENT, SIGNER, verifier_info=(INFO,)),
    RequestSignature(x509_hash_identifier(b"second leaf"), SECOND),
)


def test_a_request_of_several_names_is_understood_under_each_of_them() -> None:
    made = multisigned_request(REQUEST, SIGNATURES)
    first, second = (verify(made.data, made.protocol, position=position) for position in (0, 1))
    assert (first.client_id, second.client_id) == (CLIENT.full, SIGNATURES[1].client.full)
    assert [info.data for info in first.verifier_info] == ["a.b.c"]
    assert second.verifier_info == ()
    assert first.audience == second.audience == origin_audience(ORIGIN)


def test_names_of_a_request_of_several_stand_in_the_signatures_only() -> None:
    made = multisigned_request(REQUEST, SIGNATURES)
    assert json.loads(base64url.decode(made.data["payload"])).keys().isdisjoint({"client_id", "verifier_info"})
    payload = base64url.encode(json.dumps(altered_claims(client_id=CLIENT.full)).encode())
    head = {"typ": "oauth-authz-req+jwt", "x5c": ["bGVhZiBjZXJ0aWZpY2F0ZQ=="], "client_id": CLIENT.full}
    protected, _, signature = jws.sign(head, base64url.decode(payload), SIGNER).split(".")
    data = {"payload": payload, "signatures": [{"protected": protected, "signature": signature}]}
    assert reason_of(data, "openid4vp-v1-multisigned") == "parameter_outside_signature"


def altered_claims(**changes: Any) -> dict[str, Any]:
    return REQUEST.parameters() | {"iat": NOW, "exp": NOW + 60} | changes


def test_a_signature_for_wallets_of_another_framework_is_passed_over() -> None:
    made = multisigned_request(REQUEST, SIGNATURES)
    foreign = jws.sign({"typ": "oauth-authz-req+jwt", "kid": "did:x#1"}, b"{}", SIGNER).split(".")
    made.data["signatures"].insert(0, {"protected": foreign[0], "signature": foreign[2]})
    assert verify(made.data, made.protocol).client_id == CLIENT.full
    only_foreign = {**made.data, "signatures": made.data["signatures"][:1]}
    with pytest.raises(Untrusted) as refusal:
        parse_browser_request(made.protocol, only_foreign, allowed_algs=ALGS)
    assert refusal.value.params["reason"] == "x5c_missing"


def test_too_many_signatures_keep_their_own_code() -> None:
    data = multisigned_request(REQUEST, SIGNATURES * 5).data
    with pytest.raises(Malformed, match="limit_exceeded"):
        parse_browser_request("openid4vp-v1-multisigned", data, allowed_algs=ALGS)


def test_a_signature_over_another_request_does_not_hold() -> None:
    data = multisigned_request(REQUEST, SIGNATURES).data
    other = multisigned_request(replace(REQUEST, nonce="n-2"), SIGNATURES).data
    assert reason_of({**data, "payload": other["payload"]}, "openid4vp-v1-multisigned") == "signature_invalid"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response_mode": ResponseMode.DIRECT_POST_JWT}, "response_mode"),
        ({"response_uri": "https://verifier.example/r"}, "response_mode"),
        ({"state": "s-1"}, "response_mode"),
        ({"expected_origins": ()}, "expected_origins"),
        ({"expected_origins": ("https://verifier.example/",)}, "expected_origins"),
        ({"expected_origins": ("http://verifier.example",)}, "expected_origins"),
        ({"expected_origins": ("ws://verifier.example",)}, "expected_origins"),
        ({"expected_origins": ("javascript:alert(1)",)}, "expected_origins"),
        ({"expected_origins": ("https://",)}, "expected_origins"),
        ({"expected_origins": ("https://user@verifier.example",)}, "expected_origins"),
        ({"expected_origins": ("https://verifier.example:port",)}, "expected_origins"),
    ],
)
def test_v59_a_request_that_no_browser_could_carry_is_not_made(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Misconfigured) as refusal:
        signed_request(replace(REQUEST, **changes), signer=SIGNER)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("browser_request_unfit", reason)


@pytest.mark.parametrize("origin", ["http://localhost:8700", "http://127.0.0.1:8700", "http://[::1]", ORIGIN])
def test_pages_are_named_by_origins_on_https_or_on_this_machine(origin: str) -> None:
    made = signed_request(replace(REQUEST, expected_origins=(origin,)), signer=SIGNER)
    assert verify(made.data, origin=origin).audience == f"origin:{origin}"


def test_a_request_of_several_names_needs_names_and_keeps_their_papers_apart() -> None:
    for request, signatures in ((REQUEST, ()), (replace(REQUEST, verifier_info=(INFO,)), SIGNATURES)):
        with pytest.raises(Misconfigured, match="signatures"):
            multisigned_request(request, signatures)
    unfit = RequestSignature(ClientIdentifier(ClientIdPrefix.X509_HASH, "A"), SIGNER)
    with pytest.raises(Misconfigured, match="client_id_unfit"):
        multisigned_request(REQUEST, [unfit])


def test_an_answer_is_one_of_three_things() -> None:
    for answer in (BrowserAnswer(response="a.b.c.d.e"), BrowserAnswer(error="access_denied")):
        assert read_browser_answer(answer.to_json(), encrypted=True) == answer
    plain = BrowserAnswer(vp_token={"a1": ["x~y"]})
    assert read_browser_answer(plain.to_json(), encrypted=False) == plain


@pytest.mark.parametrize(
    ("data", "encrypted", "reason"),
    [
        ({"vp_token": {"a1": ["x"]}}, True, "not_encrypted"),
        ({"response": "a.b.c.d.e"}, False, "encrypted"),
        ({}, True, "form"),
        ([], True, "form"),
        ("text", True, "form"),
        ({"response": 1}, True, "form"),
        ({"vp_token": "x"}, False, "form"),
        ({"vp_token": ["x"]}, False, "form"),
        ({"error": {}}, False, "form"),
        ({"vp_token": {}, "error": "access_denied"}, False, "form"),
        ({"response": "x", "vp_token": {}}, True, "form"),
    ],
    ids=[
        *("V-54 in clear", "V-54 encrypted", "V-51 neither", "V-51 array", "V-51 text", "V-51 response no text"),
        *("V-51 vp_token text", "V-51 vp_token array", "V-51 error object", "V-51 both", "V-51 twice"),
    ],
)
def test_an_answer_of_another_form_is_refused(data: object, encrypted: bool, reason: str) -> None:
    with pytest.raises(Malformed) as refusal:
        read_browser_answer(data, encrypted=encrypted)
    assert (refusal.value.code, refusal.value.params["reason"]) == ("browser_answer_invalid", reason)


def test_v57_an_error_in_words_that_no_protocol_knows_is_not_repeated() -> None:
    assert read_browser_answer({"error": "<script>"}, encrypted=True).error == "unreadable_error"


def test_nothing_warns() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        unsigned_request(REQUEST)
