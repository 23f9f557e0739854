"""What a refusal of an SD-JWT tells its reader: family, code, clause and parameters, each to the letter."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Error
from portadoc.formats import sd_jwt

JWT = "e30.e30.c2ln"
SALT = "c2FsdHNhbHRzYWx0c2FsdA"
KIB = 1024


def said(call: Callable[[], object]) -> tuple[str, str, str | None, dict[str, Any]]:
    """Return family, code, clause and parameters of a refusal."""
    with pytest.raises(Error) as refusal:
        call()
    error = refusal.value
    return type(error).__name__, error.code, error.spec, dict(error.params)


def disclosure(*content: Any) -> str:
    return base64url.encode(json.dumps(list(content)).encode())


def raw(text: bytes) -> str:
    return base64url.encode(text)


def digest(text: str) -> str:
    return base64url.encode(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())


def signed(*disclosures: str, **clear: Any) -> Callable[[], object]:
    """Process a payload that names the digest of each disclosure, with all of them."""
    return lambda: sd_jwt.process({"_sd": [digest(text) for text in disclosures], **clear}, disclosures)


def of(payload: dict[str, Any], *disclosures: str) -> Callable[[], object]:
    return lambda: sd_jwt.process(payload, disclosures)


def parsing(text: str) -> Callable[[], object]:
    return lambda: sd_jwt.parse(text)


def reading_json(token: Any) -> Callable[[], object]:
    return lambda: sd_jwt.from_json(token if isinstance(token, bytes) else json.dumps(token))


NAME = disclosure(SALT, "name", "Ana")
ELEMENT = disclosure(SALT, "FR")
ISS = disclosure(SALT, "iss", "x")
KEY = disclosure(SALT, "jwk", {"kty": "EC"})
DEEP = raw(b'["s","n",' + b"[" * 40 + b"]" * 40 + b"]")

FORM = "RFC 9901 §4"
TOKEN = {"part": "sd_jwt"}
PAYLOAD = {"part": "payload"}
FLATTENED = {"payload": "e30", "protected": "e30", "signature": "c2ln"}


def sd_jwt_form(reason: str) -> tuple[str, str, str, dict[str, Any]]:
    return "Malformed", "malformed_token", FORM, {**TOKEN, "reason": reason}


def too_much(what: str, limit: int) -> tuple[str, str, None, dict[str, Any]]:
    return "Malformed", "limit_exceeded", None, {"what": what, "limit": limit}


def content(reason: str, spec: str = "RFC 9901 §4.2") -> tuple[str, str, str, dict[str, Any]]:
    return "Malformed", "disclosure_malformed", spec, {"reason": reason}


def two_readings(reason: str, spec: str) -> tuple[str, str, str, dict[str, Any]]:
    return "Malformed", "malformed_token", spec, {"part": "disclosure", "reason": reason}


def in_payload(reason: str) -> tuple[str, str, str, dict[str, Any]]:
    return "Malformed", "malformed_token", "RFC 9901 §4.2.4", {**PAYLOAD, "reason": reason}


def step(family: str, code: str, spec: str = "RFC 9901 §7.1", **params: Any) -> tuple[str, str, str, Any]:
    return family, code, spec, params


def json_form(reason: str) -> tuple[str, str, str, dict[str, Any]]:
    return "Malformed", "malformed_token", "RFC 9901 §8.1", {**TOKEN, "reason": reason}


TEXTS = {
    "size": (parsing(f"{JWT}~" + "A" * 256 * KIB + "~"), too_much("sd_jwt", 262_144)),
    "count": (parsing(f"{JWT}~" + "YQ~" * 513), too_much("disclosures", 512)),
    "disclosure": (parsing(f"{JWT}~YQ~" + "A" * (64 * KIB + 1) + "~"), too_much("disclosure", 65_536)),
    "not_ascii": (parsing(f"{JWT}~é~"), sd_jwt_form("not_ascii")),
    "bare_jwt": (parsing(JWT), sd_jwt_form("tilde")),
    "leading_tilde": (parsing(f"~{JWT}~"), sd_jwt_form("tilde")),
    "double_tilde": (parsing(f"{JWT}~~"), sd_jwt_form("tilde")),
    "one_dot": (parsing("e30.e30~"), sd_jwt_form("segments")),
    "three_dots": (parsing("e30.e30.e30.e30~"), sd_jwt_form("segments")),
    "three_dots_at_the_end": (parsing("e30.e30..~"), sd_jwt_form("segments")),
    "dot_among_disclosures": (parsing(f"{JWT}~a.b.c~YQ~"), sd_jwt_form("segments")),
    "key_binding_of_one_part": (parsing(f"{JWT}~YQ"), sd_jwt_form("segments")),
}

DISCLOSURES = {
    "added": (of({"iss": "x"}, NAME), step("Untrusted", "disclosure_unreferenced")),
    "twice": (of({"_sd": [digest(NAME)]}, NAME, NAME), step("Malformed", "disclosure_duplicate")),
    "padded": (signed(NAME + "="), content("base64url")),
    "not_ascii": (signed("WyJzé"), content("base64url")),
    "idle_bits": (signed(NAME[:-1] + chr(ord(NAME[-1]) + 1)), two_readings("base64url", "RFC 4648 §3.5")),
    "no_json": (signed(raw(b"salt")), content("syntax")),
    "negative_zero": (signed(raw(b'["s","n",-0]')), content("number")),
    "member_twice": (
        signed(raw(b'["s","n",{"a":1,"a":2}]')),
        two_readings("duplicate_member", "RFC 7493 §2"),
    ),
    "object": (signed(raw(b'{"a":1,"b":2,"c":3}')), content("shape")),
    "one_element": (signed(disclosure(SALT)), content("shape")),
    "four_elements": (signed(disclosure(SALT, "name", "Ana", "more")), content("shape")),
    "salt_of_another_type": (signed(disclosure(None, "name", "Ana")), content("shape")),
    "name_of_another_type": (signed(disclosure(SALT, None, "Ana")), content("shape")),
    "depth": (signed(DEEP), too_much("disclosure", 32)),
    "size": (signed(raw(b'["s","n",1' + b" " * 64 * KIB + b"]")), too_much("disclosure", 65_536)),
    "one_bad_among_good": (signed(NAME, raw(b"[]")), content("shape")),
}

PROCESSING = {
    "weak_hash": (of({"_sd_alg": "md5"}), step("Untrusted", "hash_alg_unsupported", "RFC 9901 §4.1.1")),
    "hash_as_list": (
        of({"_sd_alg": ["sha-256"]}),
        step("Untrusted", "hash_alg_unsupported", "RFC 9901 §4.1.1"),
    ),
    "hash_below": (
        of({"a": {"_sd_alg": "sha-256"}}),
        step("Untrusted", "hash_alg_unsupported", "RFC 9901 §4.1.1"),
    ),
    "element_among_members": (signed(ELEMENT), content("element_among_members", "RFC 9901 §7.1")),
    "member_among_elements": (
        of({"a": [{"...": digest(NAME)}]}, NAME),
        content("member_among_elements", "RFC 9901 §7.1"),
    ),
    "reserved_name": (signed(disclosure(SALT, "_sd", "x")), step("Malformed", "reserved_claim_name")),
    "name_in_clear": (signed(NAME, name="Eve"), step("Malformed", "claim_collision")),
    "digest_twice": (of({"_sd": ["x", "x"]}), step("Malformed", "digest_duplicate")),
    "protected": (
        signed(ISS),
        step("Untrusted", "protected_claim_disclosed", "SD-JWT VC §2.2.2.2", claim="iss"),
    ),
    "below_protected": (
        of({"cnf": {"_sd": [digest(KEY)]}}, KEY),
        step("Untrusted", "protected_claim_disclosed", "SD-JWT VC §2.2.2.2", claim="cnf"),
    ),
    "element_below_protected": (
        of({"aka_vcts": [{"...": digest(ELEMENT)}]}, ELEMENT),
        step("Untrusted", "protected_claim_disclosed", "SD-JWT VC §2.2.2.2", claim="aka_vcts"),
    ),
    "digests_as_text": (of({"_sd": "x"}), in_payload("_sd")),
    "digest_of_another_type": (of({"_sd": ["x", 1]}), in_payload("_sd")),
    "placeholder_among_members": (of({"a": {"...": "x"}}), in_payload("placeholder")),
    "placeholder_with_company": (of({"a": [{"...": "x", "b": 1}]}), in_payload("placeholder")),
    "placeholder_of_another_type": (of({"a": [{"...": 1}]}), in_payload("placeholder")),
    "depth": (of({"a": json.loads("[" * 32 + "]" * 32)}), too_much("claims", 32)),
}

JSON_FORM = {
    "syntax": (reading_json(b"{"), json_form("syntax")),
    "compact": (reading_json("e30.e30.c2ln~"), json_form("not_object")),
    "member_twice": (reading_json(b'{"payload":"a","payload":"b"}'), json_form("duplicate_member")),
    "size": (reading_json({**FLATTENED, "x": "A" * 256 * KIB}), too_much("sd_jwt", 262_144)),
    "payload": (reading_json({**FLATTENED, "payload": 1}), json_form("payload")),
    "protected": (reading_json({**FLATTENED, "protected": ""}), json_form("protected")),
    "signature": (reading_json({**FLATTENED, "signature": None}), json_form("signature")),
    "header": (reading_json({**FLATTENED, "header": []}), json_form("header")),
    "disclosures": (reading_json({**FLATTENED, "header": {"disclosures": {}}}), json_form("disclosures")),
    "disclosure": (reading_json({**FLATTENED, "header": {"disclosures": [1]}}), json_form("disclosures")),
    "kb_jwt": (reading_json({**FLATTENED, "header": {"kb_jwt": 1}}), json_form("kb_jwt")),
    "no_signatures": (reading_json({"payload": "e30", "signatures": []}), json_form("signatures")),
    "both_forms": (reading_json({**FLATTENED, "signatures": [FLATTENED]}), json_form("signatures")),
    "later_disclosures": (
        reading_json({"payload": "e30", "signatures": [FLATTENED, {**FLATTENED, "header": {"kb_jwt": "x"}}]}),
        json_form("signatures"),
    ),
    "later_disclosures_alone": (
        reading_json({"payload": "e30", "signatures": [FLATTENED, {**FLATTENED, "header": {"disclosures": []}}]}),
        json_form("signatures"),
    ),
    "too_many": (reading_json({"payload": "e30", "signatures": [FLATTENED] * 9}), too_much("signatures", 8)),
}

EVERY = {
    f"{where}_{name}": case
    for where, table in (
        ("text", TEXTS),
        ("disclosure", DISCLOSURES),
        ("processing", PROCESSING),
        ("json", JSON_FORM),
    )
    for name, case in table.items()
}


@pytest.mark.parametrize(("call", "expected"), EVERY.values(), ids=EVERY)
def test_a_refusal_says_exactly_what_is_wrong_and_by_which_clause(
    call: Callable[[], object], expected: tuple[str, str, str | None, dict[str, Any]]
) -> None:
    assert said(call) == expected


# --- exactly at the limit


def test_a_text_of_the_greatest_size_is_read() -> None:
    longest = "A" * 64 * KIB
    rest = 256 * KIB - len(JWT) - 3 * (64 * KIB + 1) - 2
    text = "~".join((JWT, longest, longest, longest, "A" * rest, ""))
    assert len(text) == 256 * KIB
    assert len(sd_jwt.parse(text).disclosures) == 4
    assert said(parsing(text[:-1] + "A~")) == too_much("sd_jwt", 262_144)


def test_a_disclosure_beyond_its_limit_is_refused_wherever_it_stands() -> None:
    beyond = "A" * (64 * KIB + 1)
    for disclosures in (("YQ", beyond), (beyond, "YQ")):
        assert said(parsing("~".join((JWT, *disclosures, "")))) == too_much("disclosure", 65_536)
    assert len(sd_jwt.parse(f"{JWT}~" + "A" * 60_000 + "~" + "A" * 60_000 + "~").disclosures) == 2


def test_a_long_token_without_disclosures_is_a_matter_of_its_own_limit() -> None:
    text = f"e30.{'A' * 70_000}.c2ln~"
    assert sd_jwt.parse(text).text == text


def test_empty_segments_are_no_matter_of_tildes_and_dots() -> None:
    for jws_text in ("..", ".e30.", "e30..c2ln"):
        assert sd_jwt.parse(f"{jws_text}~").jws_text == jws_text


def test_eight_signatures_are_read() -> None:
    assert len(sd_jwt.from_json(json.dumps({"payload": "e30", "signatures": [{**FLATTENED}] * 8}))) == 8


def test_claims_are_read_to_the_thirty_second_level() -> None:
    nested = {"a": json.loads("[" * 31 + "]" * 31)}
    assert sd_jwt.process(nested, ()).claims == nested


def test_a_disclosure_of_the_greatest_size_is_read() -> None:
    padding = 64 * KIB - len(b'["s","n",1]')
    text = raw(b'["s","n",1' + b" " * padding + b"]")
    assert sd_jwt.process({"_sd": [digest(text)]}, [text]).claims == {"n": 1}
