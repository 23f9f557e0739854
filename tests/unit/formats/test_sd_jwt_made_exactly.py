"""What is made of given claims and given random bytes, letter by letter, and what making refuses, word by word."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats import jws, sd_jwt
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.signer import LocalSigner

NOW = 1_790_000_000
ISSUER = LocalSigner(ec.derive_private_key(11, ec.SECP256R1()))
HOLDER = LocalSigner(ec.derive_private_key(21, ec.SECP256R1()))
HOLDER_KEY = public_key_from_jwk(HOLDER.public_jwk, allowed_algs={"ES256"})

CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.example",
    "name": "Ana",
    "address": {"street": "Rue 1", "country": "FR"},
    "places": ["a", "b", "c"],
}
PATHS = (("name",), ("address",), ("address", "street"), ("places", 0))
PAYLOAD = {
    "iss": "https://issuer.example",
    "places": [
        {"...": "wBmFn0T_gAS84oeXMt5_fhXt1_7FsIcKLZKylmCsRVg"},
        "b",
        "c",
        {"...": "HRxr9QCu01x7g9MAUvmjC5y_jw5Rn6f7nOlj7INYrbs"},
    ],
    "_sd": [
        "Av3EZdXr1wvG7X1NcBYVKaAEg_i8lqUeey3Bap5Z-sg",
        "BqmPXwykRyc3Yqzc04WG5XwKgMg6cL3pDvaFHXXrKgw",
        "nsDORDu0nNSMlo8NWR5Q_LaDURue0OdoqpFPTdJK6vc",
    ],
    "_sd_alg": "sha-256",
}
DISCLOSURES = [
    '["8m_vTIiubEoWTBfDDAPv6_dE","street","Rue 1"]',
    '["B7bUCAJqFRko4PE0AfvhIOmD","a"]',
    '["sbrlYbW7LK2K8X5Mz2iqfooq","name","Ana"]',
    '["X3vs1pBq9PPQXsvj5BA1YSh4","address",{"country":"FR","_sd":'
    '["8GDQM5LJCL2flgnwsoj8mC76DqnzgwFVHPgHYDdhEbs","xihFksachrTcq1mM-3JsuQeHTmMU7F_HmRE15ole5vw"]}]',
]


def stream(count: int) -> bytes:
    return hashlib.shake_256(b"known answer").digest(count)


def issue(claims: Any = CLAIMS, paths: Any = PATHS, **options: Any) -> sd_jwt.IssuedSdJwt:
    made = {"header": {"typ": "dc+sd-jwt"}, "signer": ISSUER, "random_bytes": stream, **options}
    return sd_jwt.issue(claims, disclosable=paths, **made)


def said(call: Callable[..., object], *given: Any) -> tuple[str, str, str | None, dict[str, Any]]:
    """Return family, code, clause and parameters of a refusal."""
    with pytest.raises(Error) as refusal:
        call(*given)
    error = refusal.value
    return type(error).__name__, error.code, error.spec, dict(error.params)


# --- issuance


def test_a_known_answer_is_made_again_letter_by_letter() -> None:
    prepared = sd_jwt.prepare(CLAIMS, disclosable=PATHS, random_bytes=stream, decoys=1)
    assert prepared.payload == PAYLOAD
    assert prepared.payload_bytes == json.dumps(PAYLOAD, separators=(",", ":")).encode()
    assert [base64url.decode(text).decode() for text in prepared.tail.split("~")[1:-1]] == DISCLOSURES
    signed = issue(decoys=1)
    assert signed.payload == PAYLOAD
    assert [base64url.decode(text).decode() for text in signed.disclosures] == DISCLOSURES
    assert signed.text.endswith(prepared.tail)
    assert signed.text.split(".")[1] == base64url.encode(prepared.payload_bytes)


def test_no_decoys_are_made_unless_asked_for() -> None:
    for made in (issue().payload, sd_jwt.prepare(CLAIMS, disclosable=PATHS, random_bytes=stream).payload):
        assert len(made["_sd"]) == 2
        assert len(made["places"]) == 3


def test_a_header_travels_as_given() -> None:
    text = issue(header={"typ": "dc+sd-jwt", "kid": "k"}).text
    assert json.loads(base64url.decode(text.split(".")[0])) == {"alg": "ES256", "typ": "dc+sd-jwt", "kid": "k"}


def test_which_claims_are_protected_is_the_callers_choice() -> None:
    free = issue({"iss": "x"}, [("iss",)], protected_claims=frozenset())
    assert set(free.payload) == {"_sd", "_sd_alg"}
    missing = "Refused", "protected_claim_disclosed", "SD-JWT VC §2.2.2.2", {"claim": "sub"}
    assert said(lambda: issue({"sub": "x"}, [("sub",)], protected_claims=frozenset({"sub"}))) == missing


def test_hidden_elements_deep_in_lists_come_back() -> None:
    claims = {"a": [[{"b": ["x", "y"]}], "z"]}
    issued = issue(claims, [("a", 0), ("a", 0, 0), ("a", 0, 0, "b", 1)], decoys=1)
    processed = sd_jwt.process(issued.payload, issued.disclosures)
    assert processed.claims == claims
    assert processed.disclosed == (("a", 0), ("a", 0, 0), ("a", 0, 0, "b", 1))


def missing(claim: str) -> tuple[str, str, str, dict[str, str]]:
    return "Malformed", "claim_missing", "RFC 9901 §4.2", {"claim": claim}


RESERVED: Any = "Refused", "reserved_claim_name", "RFC 9901 §4.1", {}
NO_NUMBER = "Malformed", "json_malformed", "RFC 8259 §6", {"what": "claims", "reason": "number"}
ISSUING: dict[str, tuple[dict[str, Any], Any, dict[str, Any], Any]] = {
    "reserved_sd": ({"_sd": []}, (), {}, RESERVED),
    "reserved_dots_in_list": ({"a": [1, {"...": "x"}]}, (), {}, RESERVED),
    "reserved_alg_deep": ({"a": {"b": {"_sd_alg": 1}}}, (), {}, RESERVED),
    "protected": (
        {"exp": 1},
        [("exp",)],
        {},
        ("Refused", "protected_claim_disclosed", "SD-JWT VC §2.2.2.2", {"claim": "exp"}),
    ),
    "no_number": ({"a": {"b": float("nan")}}, (), {}, NO_NUMBER),
    "endless": ({"a": [float("-inf")]}, (), {}, NO_NUMBER),
    "weak_hash": (
        {"a": 1},
        (),
        {"hash_alg": "md5"},
        ("Untrusted", "hash_alg_unsupported", "RFC 9901 §4.1.1", {}),
    ),
    "member": ({"a": 1}, [("b",)], {}, missing("b")),
    "inner_member": ({"a": {}}, [("a", "b")], {}, missing("b")),
    "parent": ({"a": {}}, [("b", "c")], {}, missing("b")),
    "first_element": ({"a": []}, [("a", 0)], {}, missing("0")),
    "next_element": ({"a": [1]}, [("a", 1)], {}, missing("1")),
    "element_from_the_end": ({"a": [1]}, [("a", -1)], {}, missing("-1")),
    "name_in_list": ({"a": [1]}, [("a", "b")], {}, missing("b")),
    "below_an_absent_element": ({"a": [1]}, [("a", 1, "b")], {}, missing("1")),
    "member_of_text": ({"a": "x"}, [("a", "b")], {}, missing("b")),
    "deep_member_of_text": ({"a": "x"}, [("a", "b", "c")], {}, missing("b")),
}


@pytest.mark.parametrize(("claims", "paths", "options", "expected"), ISSUING.values(), ids=ISSUING)
def test_issuing_says_exactly_what_it_refuses(claims: Any, paths: Any, options: Any, expected: Any) -> None:
    assert said(lambda: issue(claims, paths, **options)) == expected


# --- selection


@pytest.mark.parametrize("hash_alg", ["sha-256", "sha-384", "sha-512"])
def test_a_credential_of_any_hash_can_be_presented(hash_alg: str) -> None:
    issued = issue(hash_alg=hash_alg)
    shown = sd_jwt.select(issued.text, [("name",)])
    assert [base64url.decode(text) for text in sd_jwt.parse(shown).disclosures] == [DISCLOSURES[2].encode()]


def test_a_path_that_leads_nowhere_is_told_with_its_dots() -> None:
    for path, claim in ((("address", "door"), "address.door"), (("places", 9), "places.9"), (("no",), "no")):
        expected = ("Malformed", "claim_missing", "RFC 9901 §7.2", {"claim": claim})
        assert said(sd_jwt.select, issue().text, [path]) == expected


# --- key binding


def bind(text: str, **changes: Any) -> str:
    return sd_jwt.bind(text, **{"audience": "a", "nonce": "n", "now": NOW, "signer": HOLDER, **changes})


def verify(presented: str, kb_jwt: str, **changes: Any) -> dict[str, Any]:
    options: dict[str, Any] = {
        "presented_text": presented,
        "holder_key": HOLDER_KEY,
        "audience": "a",
        "nonce": "n",
        "now": NOW,
        "max_age_s": 300,
        "skew_s": 30,
        "hash_alg": "sha-256",
        **changes,
    }
    return sd_jwt.verify_key_binding(kb_jwt, **options)


def forged(presented: str, **claims: Any) -> str:
    digest = base64url.encode(hashlib.sha256(presented.encode()).digest())
    payload = {"iat": NOW, "aud": "a", "nonce": "n", "sd_hash": digest, **claims}
    return jws.sign({"typ": "kb+jwt"}, {name: each for name, each in payload.items() if each is not ...}, HOLDER)


HELD = issue().text


def test_a_key_binding_says_this_and_no_more() -> None:
    kb_jwt = bind(HELD).removeprefix(HELD)
    header, payload = (json.loads(base64url.decode(part)) for part in kb_jwt.split(".")[:2])
    assert header == {"alg": "ES256", "typ": "kb+jwt"}
    digest = base64url.encode(hashlib.sha256(HELD.encode()).digest())
    assert payload == {"iat": NOW, "aud": "a", "nonce": "n", "sd_hash": digest}


def test_a_key_binding_names_the_transactions_by_their_digests() -> None:
    texts = ["eyJ0eXBlIjoicGF5In0", "eyJ0eXBlIjoic2lnbiJ9"]
    payload = jws.unverified_claims(bind(HELD, transaction_data=texts).removeprefix(HELD))
    assert payload["transaction_data_hashes"] == [
        base64url.encode(hashlib.sha256(text.encode()).digest()) for text in texts
    ]
    assert payload["transaction_data_hashes_alg"] == "sha-256"


def test_a_key_binding_hashes_as_its_credential_does() -> None:
    held = issue(hash_alg="sha-512").text
    payload = jws.unverified_claims(bind(held).removeprefix(held))
    assert payload["sd_hash"] == base64url.encode(hashlib.sha512(held.encode()).digest())


def test_a_presentation_of_claims_in_clear_alone_is_bound_too() -> None:
    held = issue(paths=()).text
    assert verify(held, bind(held).removeprefix(held))["aud"] == "a"


def test_binding_again_is_refused_by_its_clause() -> None:
    assert said(lambda: bind(bind(HELD))) == ("Refused", "kb_unexpected", "RFC 9901 §4.3", {})


KB_FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "aud": ({"aud": "b"}, "aud"),
    "nonce": ({"nonce": "m"}, "nonce"),
    "iat_old": ({"iat": NOW - 301}, "iat"),
    "iat_ahead": ({"iat": NOW + 31}, "iat"),
    "iat_missing": ({"iat": ...}, "iat"),
    "exp": ({"exp": NOW - 30}, "exp"),
    "exp_text": ({"exp": "x"}, "exp"),
    "nbf": ({"nbf": NOW + 31}, "nbf"),
    "nbf_null": ({"nbf": None}, "nbf"),
    "sd_hash": ({"sd_hash": "x"}, "sd_hash"),
    "transaction": ({"transaction_data_hashes": ["x"]}, "txdata"),
    "transaction_null": ({"transaction_data_hashes": None}, "txdata"),
    "transaction_hash": ({"transaction_data_hashes_alg": "sha-512"}, "txdata"),
}


@pytest.mark.parametrize(("claims", "reason"), KB_FAULTS.values(), ids=KB_FAULTS)
def test_a_key_binding_that_does_not_fit_is_refused_by_its_clause(claims: dict[str, Any], reason: str) -> None:
    expected = ("Untrusted", "kb_invalid", "RFC 9901 §7.3", {"reason": reason})
    assert said(lambda: verify(HELD, forged(HELD, **claims))) == expected


def test_what_no_holder_wrote_has_no_form_and_no_header() -> None:
    other = jws.sign({"typ": "kb+jwt", "jwk": {}}, {}, HOLDER)
    for text, reason in (("a.b", "form"), ("[].e30.AA", "form"), (other, "header"), ("é", "form")):
        expected = ("Untrusted", "kb_invalid", "RFC 9901 §7.3", {"reason": reason})
        assert said(verify, HELD, text) == expected
