"""The JSON serialisations: read into the compact form, or refused."""

import json
from typing import Any

import pytest

from portadoc.errors import Malformed
from portadoc.formats import sd_jwt

FLATTENED: dict[str, Any] = {
    "payload": "e30",
    "protected": "eyJhIjoxfQ",
    "signature": "c2ln",
    "header": {"disclosures": ["YQ", "Yg"], "kb_jwt": "x.y.z"},
}
FIRST = {name: FLATTENED[name] for name in ("protected", "signature", "header")}
SECOND = {"protected": "eyJhIjoyfQ", "signature": "c2lnMg", "header": {"kid": "2"}}
GENERAL = {"payload": "e30", "signatures": [FIRST, SECOND]}


def read(token: Any) -> list[str]:
    return [each.text for each in sd_jwt.from_json(json.dumps(token))]


def test_a_flattened_token_becomes_one_compact_text() -> None:
    assert read(FLATTENED) == ["eyJhIjoxfQ.e30.c2ln~YQ~Yg~x.y.z"]


def test_a_general_token_becomes_one_compact_text_a_signature() -> None:
    assert read(GENERAL) == ["eyJhIjoxfQ.e30.c2ln~YQ~Yg~x.y.z", "eyJhIjoyfQ.e30.c2lnMg~YQ~Yg~x.y.z"]


def test_unprotected_headers_and_their_members_may_be_absent() -> None:
    bare = {name: value for name, value in FLATTENED.items() if name != "header"}
    assert read(bare) == ["eyJhIjoxfQ.e30.c2ln~"]
    assert read({**bare, "header": {"kid": "1"}}) == ["eyJhIjoxfQ.e30.c2ln~"]
    assert read({"payload": "e30", "signatures": [{"protected": "a", "signature": "b"}] * 2}) == ["a.e30.b~"] * 2


def test_members_that_the_specification_does_not_know_are_ignored() -> None:
    earlier_drafts = {"disclosures": ["WA"], "kb_jwt": "u.v.w"}
    assert read({**FLATTENED, **earlier_drafts}) == read(FLATTENED)


def with_header(**members: Any) -> dict[str, Any]:
    return {**FLATTENED, "header": members}


REFUSED: dict[str, Any] = {
    "array": [FLATTENED],
    "compact": "eyJhIjoxfQ.e30.c2ln~",
    "no_payload": {**FLATTENED, "payload": None},
    "payload_number": {**FLATTENED, "payload": 1},
    "no_protected": {"payload": "e30", "signature": "c2ln"},
    "no_signature": {"payload": "e30", "protected": "e30"},
    "tilde_in_protected": {**FLATTENED, "protected": "a~b"},
    "dot_in_payload": {**FLATTENED, "payload": "a.b"},
    "tilde_in_key_binding": with_header(kb_jwt="a.b.c~d"),
    "key_binding_number": with_header(kb_jwt=1),
    "key_binding_empty": with_header(kb_jwt=""),
    "header_array": {**FLATTENED, "header": []},
    "disclosures_text": with_header(disclosures="YQ"),
    "disclosures_number": with_header(disclosures=[1]),
    "disclosures_empty_text": with_header(disclosures=[""]),
    "disclosure_with_tilde": with_header(disclosures=["YQ~Yg"]),
    "A20_no_signatures": {"payload": "e30", "signatures": []},
    "signatures_object": {"payload": "e30", "signatures": FIRST},
    "signature_number": {"payload": "e30", "signatures": [1]},
    "both_forms": {**FLATTENED, "signatures": [FIRST]},
    "later_disclosures": {"payload": "e30", "signatures": [SECOND, FIRST]},
    "later_header_array": {"payload": "e30", "signatures": [FIRST, {**SECOND, "header": []}]},
}


@pytest.mark.parametrize("token", REFUSED.values(), ids=REFUSED)
def test_any_other_form_is_refused(token: Any) -> None:
    with pytest.raises(Malformed) as refusal:
        read(token)
    assert refusal.value.code == "malformed_token"


def test_json_with_two_readings_is_refused() -> None:
    with pytest.raises(Malformed) as refusal:
        sd_jwt.from_json(b'{"payload":"e30","payload":"e30","protected":"a","signature":"b"}')
    assert refusal.value.params["reason"] == "duplicate_member"


TOO_MUCH: dict[str, Any] = {
    "signatures": {"payload": "e30", "signatures": [SECOND] * 9},
    "disclosures": with_header(disclosures=["YQ"] * 513),
    "disclosure": with_header(disclosures=["A" * (64 * 1024 + 1)]),
    "size": with_header(x="A" * 256 * 1024),
    "depth": with_header(x=json.loads("[" * 40 + "]" * 40)),
}


@pytest.mark.parametrize("token", TOO_MUCH.values(), ids=TOO_MUCH)
def test_limits_are_kept(token: Any) -> None:
    with pytest.raises(Malformed) as refusal:
        read(token)
    assert refusal.value.code == "limit_exceeded"
