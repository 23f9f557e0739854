"""Issuance of SD-JWTs: what is hidden is hidden, what is refused is refused, one draw and one signature."""

import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Error, Malformed, Refused, Untrusted
from portadoc.formats import jws, roles, sd_jwt
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.signer import LocalSigner

ISSUER = LocalSigner(ec.derive_private_key(11, ec.SECP256R1()))
KEY = public_key_from_jwk(ISSUER.public_jwk, allowed_algs={"ES256"})
HEADER = {"typ": "dc+sd-jwt", "kid": ISSUER.kid}
CLAIMS = {
    "iss": "https://issuer.example",
    "vct": "urn:eudi:pda1:1",
    "name": "Ana",
    "address": {"street": "Rue 1", "country": "FR", "lines": ["a", "b", "c"]},
    "nationalities": ["FR", "DE"],
    "nothing": None,
}
PATHS = (
    ("name",),
    ("address",),
    ("address", "street"),
    ("address", "lines", 1),
    ("nationalities", 0),
    ("nationalities", 1),
    ("nothing",),
)


def stream(count: int) -> bytes:
    return hashlib.shake_256(b"test").digest(count)


def issue(claims: Any = CLAIMS, disclosable: Any = PATHS, **options: Any) -> sd_jwt.IssuedSdJwt:
    return sd_jwt.issue(
        claims, disclosable=disclosable, header=HEADER, signer=ISSUER, random_bytes=stream, **options
    )


def contents(issued: sd_jwt.IssuedSdJwt) -> list[list[Any]]:
    return [json.loads(base64url.decode(text)) for text in issued.disclosures]


def hidden_in(tree: Any) -> list[str]:
    """Every digest that stands in a tree in clear."""
    if isinstance(tree, dict):
        here = [*tree.get("_sd", []), *([tree["..."]] if "..." in tree else [])]
        return here + [each for name, inner in tree.items() if name != "_sd" for each in hidden_in(inner)]
    return [each for inner in tree for each in hidden_in(inner)] if isinstance(tree, list) else []


def test_the_signed_payload_shows_only_what_is_in_clear() -> None:
    issued = issue()
    payload = jws.verify(
        jws.split(issued.text.split("~")[0], roles.CREDENTIAL, allowed_algs=frozenset({"ES256"})), KEY
    )
    assert payload == issued.payload
    assert set(payload) == {"iss", "vct", "nationalities", "_sd", "_sd_alg"}
    assert [set(element) for element in payload["nationalities"]] == [{"..."}, {"..."}]
    assert payload["_sd_alg"] == "sha-256"


def test_a_hidden_member_of_a_hidden_object_hides_inside_it() -> None:
    address = next(content[2] for content in contents(issue()) if content[1:2] == ["address"])
    assert address["country"] == "FR"
    assert len(address["_sd"]) == 1
    assert [element if isinstance(element, str) else set(element) for element in address["lines"]] == [
        "a",
        {"..."},
        "c",
    ]


@pytest.mark.parametrize("hash_alg", ["sha-256", "sha-384", "sha-512"])
def test_a_digest_is_the_hash_of_the_text_of_its_disclosure(hash_alg: str) -> None:
    issued = issue(hash_alg=hash_alg)
    name = hash_alg.replace("-", "")
    digests = {base64url.encode(hashlib.new(name, text.encode()).digest()) for text in issued.disclosures}
    trees = [issued.payload, *(content[-1] for content in contents(issued))]
    assert digests == {digest for tree in trees for digest in hidden_in(tree)}
    assert issued.payload["_sd_alg"] == hash_alg


def test_salts_are_fresh_and_long_enough() -> None:
    salts = [content[0] for content in contents(issue())]
    assert len(set(salts)) == len(PATHS)
    assert all(len(base64url.decode(salt)) * 8 >= 128 for salt in salts)


def test_the_order_of_digests_tells_nothing() -> None:
    issued = issue({f"c{number}": number for number in range(9)}, [(f"c{number}",) for number in range(9)])
    assert issued.payload["_sd"] == sorted(issued.payload["_sd"])


def test_randomness_is_drawn_once() -> None:
    draws: list[int] = []

    def counted(count: int) -> bytes:
        draws.append(count)
        return stream(count)

    sd_jwt.prepare(CLAIMS, disclosable=PATHS, random_bytes=counted, decoys=2)
    places = {path[:-1] for path in PATHS}
    assert draws == [18 * len(PATHS) + 32 * 2 * len(places)]


def test_decoys_stand_wherever_digests_stand() -> None:
    payload = issue(decoys=3).payload
    assert len(payload["_sd"]) == 3 + 3
    assert len(payload["nationalities"]) == 2 + 3
    digests = hidden_in(payload)
    assert len(set(digests)) == len(digests)
    assert "_sd" not in issue(CLAIMS, [("nationalities", 0)], decoys=2).payload


def test_decoys_leave_every_element_of_an_array_at_its_index() -> None:
    issued = issue({"places": ["first", "second", "third"]}, [("places", 0), ("places", 2)], decoys=2)
    places = issued.payload["places"]
    assert places[1] == "second"
    assert [type(element) for element in places] == [dict, str, dict, dict, dict]
    processed = sd_jwt.process(issued.payload, issued.disclosures)
    assert processed.issued_positions == {("places",): (0, 1, 2)}


def test_decoys_change_nothing_for_the_reader() -> None:
    issued = issue(decoys=5)
    assert sd_jwt.process(issued.payload, issued.disclosures).claims == CLAIMS


def test_a_document_without_hidden_claims_shows_no_trace_of_the_format() -> None:
    issued = issue(disclosable=())
    assert issued.payload == CLAIMS
    assert issued.disclosures == ()
    assert issued.text.count("~") == 1


def test_a_path_named_twice_is_hidden_once() -> None:
    assert len(issue(disclosable=[("name",), ("name",)]).disclosures) == 1


def test_the_claims_given_are_left_as_they_were() -> None:
    before = json.dumps(CLAIMS)
    issue(decoys=1)
    assert json.dumps(CLAIMS) == before


def test_what_is_prepared_is_what_is_signed() -> None:
    prepared = sd_jwt.prepare(CLAIMS, disclosable=PATHS, random_bytes=stream)
    issued = prepared.sign(HEADER, ISSUER)
    assert base64url.decode(issued.text.split(".")[1]) == prepared.payload_bytes
    assert json.loads(prepared.payload_bytes) == issued.payload == prepared.payload


REFUSALS: dict[str, tuple[dict[str, Any], Any, dict[str, Any], type[Error], str]] = {
    "reserved_sd": ({"_sd": []}, (), {}, Refused, "reserved_claim_name"),
    "reserved_dots": ({"a": [{"...": "x"}]}, (), {}, Refused, "reserved_claim_name"),
    "reserved_alg": ({"a": {"b": {"_sd_alg": 1}}}, (), {}, Refused, "reserved_claim_name"),
    "protected": ({"exp": 1}, [("exp",)], {}, Refused, "protected_claim_disclosed"),
    "protected_inside": ({"status": {"a": 1}}, [("status", "a")], {}, Refused, "protected_claim_disclosed"),
    "absent_member": ({"a": 1}, [("b",)], {}, Malformed, "claim_missing"),
    "absent_inner_member": ({"a": {}}, [("a", "b")], {}, Malformed, "claim_missing"),
    "absent_parent": ({"a": {}}, [("b", "c")], {}, Malformed, "claim_missing"),
    "absent_element": ({"a": [1]}, [("a", 1)], {}, Malformed, "claim_missing"),
    "negative_element": ({"a": [1]}, [("a", -1)], {}, Malformed, "claim_missing"),
    "name_in_array": ({"a": [1]}, [("a", "b")], {}, Malformed, "claim_missing"),
    "inside_a_scalar": ({"a": 1}, [("a", "b")], {}, Malformed, "claim_missing"),
    "inside_a_scalar_deep": ({"a": 1}, [("a", "b", "c")], {}, Malformed, "claim_missing"),
    "not_a_number": ({"a": [float("nan")]}, (), {}, Malformed, "json_malformed"),
    "infinite": ({"a": float("inf")}, (), {}, Malformed, "json_malformed"),
    "lone_surrogate_hidden": ({"a": "\ud800"}, [("a",)], {}, Malformed, "json_malformed"),
    "lone_surrogate_in_clear": ({"a": "\ud800"}, (), {}, Malformed, "json_malformed"),
    "unknown_hash": ({"a": 1}, (), {"hash_alg": "md5"}, Untrusted, "hash_alg_unsupported"),
}


@pytest.mark.parametrize(("claims", "paths", "options", "family", "code"), REFUSALS.values(), ids=REFUSALS)
def test_what_must_not_be_issued_is_refused(
    claims: Any, paths: Any, options: Any, family: type[Error], code: str
) -> None:
    with pytest.raises(family) as refusal:
        issue(claims, paths, **options)
    assert refusal.value.code == code


def test_finite_floats_may_be_issued() -> None:
    issued = issue({"a": 3.14, "b": 1.5}, [("a",)])
    assert sd_jwt.process(issued.payload, issued.disclosures).claims == {"a": 3.14, "b": 1.5}
