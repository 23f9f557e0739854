"""Processing of SD-JWTs: every rejection of RFC 9901 §7.1, each triggered alone."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Error, Malformed
from portadoc.formats import sd_jwt
from portadoc.formats.sd_jwt.processing import assemble

SALT = "c2FsdHNhbHRzYWx0c2FsdA"


def disclosure(*content: Any) -> str:
    return encoded(json.dumps(list(content)).encode())


def encoded(raw: bytes) -> str:
    return base64url.encode(raw)


def digest(text: str, name: str = "sha256") -> str:
    return base64url.encode(hashlib.new(name, text.encode()).digest())


NAME = disclosure(SALT, "name", "Ana")
AGE = disclosure(SALT, "age", 42)
ELEMENT = disclosure(SALT, "FR")
CHILD = disclosure(SALT, "street", "Rue 1")
PARENT = disclosure(SALT, "address", {"_sd": [digest(CHILD)], "country": "FR"})


def payload_of(*disclosures: str, **clear: Any) -> dict[str, Any]:
    return {"_sd": [digest(text) for text in disclosures], **clear}


def process(payload: dict[str, Any], *disclosures: str) -> sd_jwt.ProcessedClaims:
    return sd_jwt.process(payload, disclosures)


def test_disclosed_members_take_their_place_and_the_rest_vanishes() -> None:
    processed = process(payload_of(NAME, AGE, iss="x", _sd_alg="sha-256"), AGE)
    assert processed.claims == {"iss": "x", "age": 42}
    assert processed.disclosed == (("age",),)
    assert processed.hash_alg == "sha-256"


def test_children_come_with_their_parents() -> None:
    processed = process(payload_of(PARENT), CHILD, PARENT)
    assert processed.claims == {"address": {"country": "FR", "street": "Rue 1"}}
    assert processed.disclosed == (("address",), ("address", "street"))
    assert process(payload_of(PARENT), PARENT).claims == {"address": {"country": "FR"}}


def test_undisclosed_elements_vanish_and_positions_as_issued_are_kept() -> None:
    payload = {"list": [{"...": digest(NAME)}, "DE", {"...": digest(ELEMENT)}], "other": [1, 2]}
    processed = process(payload, ELEMENT)
    assert processed.claims == {"list": ["DE", "FR"], "other": [1, 2]}
    assert processed.disclosed == (("list", 1),)
    assert processed.issued_positions == {("list",): (1, 2)}
    assert process({"list": [{"...": digest(AGE)}]}).claims == {"list": []}


def test_objects_left_empty_and_decoys_are_in_order() -> None:
    decoy = digest("decoy")
    assert process({"a": {"_sd": [decoy]}, "b": [[{"...": digest("other")}]]}).claims == {"a": {}, "b": [[]]}
    assert process({"_sd": []}).claims == {}


def test_disclosed_containers_are_looked_into() -> None:
    inner = disclosure(SALT, ["a", {"...": digest(ELEMENT)}])
    outer = disclosure(SALT, "lists", [{"...": digest(inner)}, [{"deep": {"_sd": [digest(AGE)]}}]])
    processed = process(payload_of(outer), outer, inner, ELEMENT, AGE)
    assert processed.claims == {"lists": [["a", "FR"], [{"deep": {"age": 42}}]]}
    assert set(processed.disclosed) == {("lists",), ("lists", 0), ("lists", 0, 1), ("lists", 1, 0, "deep", "age")}


@pytest.mark.parametrize("name", ["sha-384", "sha-512"])
def test_other_hash_algorithms_are_understood(name: str) -> None:
    payload = {"_sd": [digest(NAME, name.replace("-", ""))], "_sd_alg": name}
    assert process(payload, NAME).claims == {"name": "Ana"}


def test_any_spelling_of_the_json_in_a_disclosure_is_kept_as_issued() -> None:
    for text in (b'[ "s" ,"n" , "\\u00e9" ]', b'["s","n",{ "a" : 1.5 }]', b'["s", "n", 7]', b'["s","n",null]'):
        spelled = encoded(text)
        assert process(payload_of(spelled), spelled).claims == {"n": json.loads(text)[2]}


def test_the_payload_given_is_left_as_it_was() -> None:
    payload = payload_of(PARENT, a=[{"...": digest(ELEMENT)}])
    before = json.dumps(payload)
    process(payload, PARENT, CHILD, ELEMENT)
    assert json.dumps(payload) == before


def chain(length: int) -> tuple[dict[str, Any], list[str]]:
    """Disclosures nested in each other, ``length`` deep."""
    texts = [disclosure(SALT, "end", 1)]
    while len(texts) < length:
        texts.append(disclosure(SALT, "n", {"_sd": [digest(texts[-1])]}))
    return payload_of(texts[-1]), texts


def test_nesting_is_followed_to_the_limit_and_no_further() -> None:
    assert process(*_unpacked(chain(32))).claims
    with pytest.raises(Malformed) as refusal:
        process(*_unpacked(chain(33)))
    assert refusal.value.code == "limit_exceeded"


def _unpacked(made: tuple[dict[str, Any], list[str]]) -> tuple[Any, ...]:
    return made[0], *made[1]


def test_digests_that_lead_back_to_themselves_end_in_a_refusal() -> None:
    # No such disclosure can be made with a real hash, so the walk is given its contents directly.
    loop = {"a": [SALT, "x", {"_sd": ["b"]}], "b": [SALT, "y", {"_sd": ["a"]}]}
    for payload, contents in (({"_sd": ["a"]}, loop), ({"_sd": ["s"]}, {"s": [SALT, "x", {"_sd": ["s"]}]})):
        with pytest.raises(Malformed) as refusal:
            assemble(payload, contents, frozenset())
        assert refusal.value.code == "digest_duplicate"


IDLE_BITS = NAME[:-1] + chr(ord(NAME[-1]) + 1)
DOTS = disclosure(SALT, "...", 1)
SD = disclosure(SALT, "_sd", [])
NESTED_ALG = disclosure(SALT, "_sd_alg", "sha-256")
TWIN = disclosure("b3RoZXIgc2FsdCBvdGhlcg", "name", "Eve")
HOLDS_NAME = disclosure(SALT, "outer", {"_sd": [digest(NAME)]})
DEEP = encoded(b'["s","n",' + b"[" * 40 + b"]" * 40 + b"]")
BOTTOMLESS = encoded(b'["s","n",' + b"[" * 20_000)

Faulty = tuple[Callable[[], dict[str, Any]], tuple[str, ...], str]


def holding(text: str) -> Faulty:
    """A case in which the issuer signed the digest of a bad disclosure."""
    return (lambda: payload_of(text)), (text,), "disclosure_malformed"


def protected(name: str) -> Faulty:
    text = disclosure(SALT, name, "x")
    return (lambda: payload_of(text)), (text,), "protected_claim_disclosed"


def with_code(faulty: Faulty, code: str) -> Faulty:
    return faulty[0], faulty[1], code


SUB_CLAIM = disclosure(SALT, "jwk", {"kty": "EC"})
STATUS_INDEX = disclosure(SALT, "idx", 3)
AUDIENCE = disclosure(SALT, "urn:other")

CASES: dict[str, Faulty] = {
    "A06_duplicate_member": with_code(holding(encoded(b'["s","n",{"a":1,"a":2}]')), "malformed_token"),
    "A09_idle_bits": with_code(holding(IDLE_BITS), "malformed_token"),
    "A10_lone_surrogate": holding(encoded(b'["s","n","\\ud800"]')),
    "A10_invalid_utf8": holding(encoded(b'["s","n","\xff"]')),
    "A10_byte_order_mark": holding(encoded(b'\xef\xbb\xbf["s","n",1]')),
    "A11_negative_zero": holding(encoded(b'["s","n",-0]')),
    "A11_not_a_number": holding(encoded(b'["s","n",NaN]')),
    "A12_depth": with_code(holding(DEEP), "limit_exceeded"),
    "A12_brackets": with_code(holding(BOTTOMLESS), "limit_exceeded"),
    "A26_padding": holding(NAME + "="),
    "A26_standard_alphabet": holding("WyI+Pz8_"),
    "A26_impossible_length": holding("W"),
    "A26_space": holding("WyJz IiwibiIsMV0"),
    "A26_not_ascii": holding("WyJzé"),
    "A26_no_json": holding(encoded(b"salt")),
    "A26_object": holding(encoded(b'{"a":1,"b":2,"c":3}')),
    "A26_text": holding(encoded(b'"abc"')),
    "A26_number": holding(encoded(b"1")),
    "A26_empty_array": holding(encoded(b"[]")),
    "A26_empty": holding(""),
    "A27_element_among_members": holding(ELEMENT),
    "A27_member_among_elements": (lambda: {"a": [{"...": digest(NAME)}]}, (NAME,), "disclosure_malformed"),
    "A28_one_element": holding(disclosure(SALT)),
    "A28_four_elements": holding(disclosure(SALT, "name", "Ana", 1)),
    "A28_salt_number": holding(disclosure(1, "name", "Ana")),
    "A28_salt_null": holding(disclosure(None, "name", "Ana")),
    "A28_salt_of_element": (
        lambda: {"a": [{"...": digest(disclosure(1, 2))}]},
        (disclosure(1, 2),),
        "disclosure_malformed",
    ),
    "A28_name_number": holding(disclosure(SALT, 1, "Ana")),
    "A28_name_array": holding(disclosure(SALT, ["name"], "Ana")),
    "A29_sd": with_code(holding(SD), "reserved_claim_name"),
    "A29_dots": with_code(holding(DOTS), "reserved_claim_name"),
    "A29_alg_nested": (lambda: {"a": {"_sd": [digest(NESTED_ALG)]}}, (NESTED_ALG,), "reserved_claim_name"),
    "A30_name_in_clear": (lambda: payload_of(NAME, name="Eve"), (NAME,), "claim_collision"),
    "A31_name_disclosed_twice": (lambda: payload_of(NAME, TWIN), (NAME, TWIN), "claim_collision"),
    "A32_same_list": (lambda: payload_of(NAME, NAME), (NAME,), "digest_duplicate"),
    "A32_two_lists": (lambda: payload_of(NAME, a={"_sd": [digest(NAME)]}), (NAME,), "digest_duplicate"),
    "A32_list_and_element": (lambda: payload_of(NAME, a=[{"...": digest(NAME)}]), (NAME,), "digest_duplicate"),
    "A32_inside_disclosure": (lambda: payload_of(NAME, HOLDS_NAME), (NAME, HOLDS_NAME), "digest_duplicate"),
    "A33_never_disclosed": (lambda: payload_of(NAME, NAME), (), "digest_duplicate"),
    "A33_elements_never_disclosed": (lambda: {"a": [{"...": "x"}, {"...": "x"}]}, (), "digest_duplicate"),
    "A34_sent_twice": (lambda: payload_of(NAME), (NAME, NAME), "disclosure_duplicate"),
    "A35_added_by_the_holder": (lambda: payload_of(NAME), (NAME, AGE), "disclosure_unreferenced"),
    "A36_parent_not_sent": (lambda: payload_of(PARENT), (CHILD,), "disclosure_unreferenced"),
    "A37_altered_value": (lambda: payload_of(NAME), (disclosure(SALT, "name", "Eve"),), "disclosure_unreferenced"),
    "A37_written_anew": (
        lambda: payload_of(NAME),
        (encoded(json.dumps([SALT, "name", "Ana"], separators=(",", ":")).encode()),),
        "disclosure_unreferenced",
    ),
    **{
        f"A39_{name}": protected(name)
        for name in ("iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status")
    },
    "A39_cnf_jwk": (lambda: {"cnf": {"_sd": [digest(SUB_CLAIM)]}}, (SUB_CLAIM,), "protected_claim_disclosed"),
    "A39_status_idx": (
        lambda: {"status": {"status_list": {"uri": "u", "_sd": [digest(STATUS_INDEX)]}}},
        (STATUS_INDEX,),
        "protected_claim_disclosed",
    ),
    "A39_aka_vcts_element": (
        lambda: {"aka_vcts": [{"...": digest(AUDIENCE)}]},
        (AUDIENCE,),
        "protected_claim_disclosed",
    ),
    "A41_md5": (lambda: {"_sd_alg": "md5"}, (), "hash_alg_unsupported"),
    "A41_truncated": (lambda: {"_sd_alg": "sha-256-32"}, (), "hash_alg_unsupported"),
    "A41_case": (lambda: {"_sd_alg": "SHA-256"}, (), "hash_alg_unsupported"),
    "A41_number": (lambda: {"_sd_alg": 256}, (), "hash_alg_unsupported"),
    "A41_null": (lambda: {"_sd_alg": None}, (), "hash_alg_unsupported"),
    "A41_nested": (lambda: {"a": {"_sd_alg": "sha-256"}}, (), "hash_alg_unsupported"),
    "A41_nested_null": (lambda: {"a": [{"_sd_alg": None}]}, (), "hash_alg_unsupported"),
    "A42_sd_text": (lambda: {"_sd": "x"}, (), "malformed_token"),
    "A42_sd_null": (lambda: {"_sd": None}, (), "malformed_token"),
    "A42_sd_object": (lambda: {"_sd": {"a": 1}}, (), "malformed_token"),
    "A42_sd_number_inside": (lambda: {"_sd": ["x", 1]}, (), "malformed_token"),
    "A42_sd_array_inside": (lambda: {"a": {"_sd": [["x"]]}}, (), "malformed_token"),
    "A42_sibling": (lambda: {"a": [{"...": "x", "b": 1}]}, (), "malformed_token"),
    "A43_dots_number": (lambda: {"a": [{"...": 1}]}, (), "malformed_token"),
    "A43_dots_as_member": (lambda: {"...": "x"}, (), "malformed_token"),
    "A43_dots_in_object": (lambda: {"a": {"...": "x"}}, (), "malformed_token"),
}


@pytest.mark.parametrize(("payload", "disclosures", "code"), CASES.values(), ids=CASES)
def test_each_fault_is_refused_with_its_code(
    payload: Callable[[], dict[str, Any]], disclosures: tuple[str, ...], code: str
) -> None:
    with pytest.raises(Error) as refusal:
        process(payload(), *disclosures)
    assert refusal.value.code == code


def test_protected_claims_are_the_callers_choice() -> None:
    text = disclosure(SALT, "iss", "x")
    assert sd_jwt.process(payload_of(text), [text], protected_claims=frozenset()).claims == {"iss": "x"}
    inside = disclosure(SALT, "sub", "x")
    with pytest.raises(Error) as refusal:
        sd_jwt.process(payload_of(inside), [inside], protected_claims=frozenset({"sub"}))
    assert refusal.value.params == {"claim": "sub"}


def test_a_name_protected_at_the_top_is_free_below() -> None:
    text = disclosure(SALT, "status", "posted")
    assert process({"worker": {"_sd": [digest(text)]}}, text).claims == {"worker": {"status": "posted"}}
