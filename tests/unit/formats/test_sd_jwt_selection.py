"""Selection: the holder shows what was chosen and the parents it hangs from, and nothing else."""

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc.errors import Error, Malformed
from portadoc.formats import jws, sd_jwt
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import ClaimPath

ISSUER = LocalSigner(ec.derive_private_key(11, ec.SECP256R1()))
CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.example",
    "name": "Ana",
    "age": 42,
    "address": {"street": "Rue 1", "country": "FR"},
    "places": [{"country": "DE", "town": "Köln"}, {"country": "AT", "town": "Wien"}],
    "open": {"inner": "x", "list": ["a", "b", "c"]},
}
PATHS: tuple[ClaimPath, ...] = (
    ("name",),
    ("age",),
    ("address",),
    ("address", "street"),
    ("address", "country"),
    ("places",),
    ("places", 0),
    ("places", 1),
    ("places", 1, "town"),
    ("open", "inner"),
    ("open", "list", 0),
    ("open", "list", 2),
)


def held(paths: tuple[ClaimPath, ...] = PATHS, claims: dict[str, Any] = CLAIMS) -> str:
    return sd_jwt.issue(
        claims,
        disclosable=paths,
        header={"typ": "dc+sd-jwt"},
        signer=ISSUER,
        random_bytes=lambda count: hashlib.shake_256(b"test").digest(count),
        decoys=1,
    ).text


HELD = held()


def shown(text: str) -> dict[str, Any]:
    parsed = sd_jwt.parse(text)
    assert parsed.key_binding_jwt is None
    assert len(set(parsed.disclosures)) == len(parsed.disclosures)
    assert set(parsed.disclosures) <= set(sd_jwt.parse(HELD).disclosures)
    return sd_jwt.process(jws.unverified_claims(parsed.jws_text), parsed.disclosures).claims


ALWAYS = {"iss": CLAIMS["iss"], "open": {"list": ["b"]}}

SELECTIONS: dict[str, tuple[list[ClaimPath], dict[str, Any]]] = {
    "nothing": ([], ALWAYS),
    "in_clear": ([("iss",), ("open", "list", 1)], ALWAYS),
    "one": ([("name",)], {**ALWAYS, "name": "Ana"}),
    "child_brings_parent": ([("address", "street")], {**ALWAYS, "address": {"street": "Rue 1"}}),
    "object_brings_all_it_holds": ([("address",)], {**ALWAYS, "address": CLAIMS["address"]}),
    "grandchild": ([("places", 1, "town")], {**ALWAYS, "places": [{"country": "AT", "town": "Wien"}]}),
    "clear_member_of_hidden_element": ([("places", 1, "country")], {**ALWAYS, "places": [{"country": "AT"}]}),
    "array_brings_all_it_holds": ([("places",)], {**ALWAYS, "places": CLAIMS["places"]}),
    "clear_object_with_hidden_members": ([("open",)], {**ALWAYS, "open": CLAIMS["open"]}),
    "element_by_index": ([("open", "list", 2)], {**ALWAYS, "open": {"list": ["b", "c"]}}),
    "same_path_twice": ([("name",), ("name",)], {**ALWAYS, "name": "Ana"}),
    "the_whole": ([()], CLAIMS),
}


@pytest.mark.parametrize(("paths", "claims"), SELECTIONS.values(), ids=SELECTIONS)
def test_what_is_chosen_is_shown(paths: list[ClaimPath], claims: dict[str, Any]) -> None:
    assert shown(sd_jwt.select(HELD, paths)) == claims


def test_order_and_text_stay_as_issued() -> None:
    whole = sd_jwt.select(HELD, [()])
    assert whole == HELD
    chosen = sd_jwt.parse(sd_jwt.select(HELD, [("name",), ("age",)])).disclosures
    assert list(chosen) == [text for text in sd_jwt.parse(HELD).disclosures if text in chosen]


def test_a_presentation_can_be_narrowed_further() -> None:
    narrower = sd_jwt.select(sd_jwt.select(HELD, [("name",), ("age",)]), [("age",)])
    assert shown(narrower) == {**ALWAYS, "age": 42}


@pytest.mark.parametrize(
    "path",
    [("nowhere",), ("name", "x"), ("name", 0), ("places", 2), ("places", -1), ("places", "0"), ("open", 0)],
)
def test_a_path_that_leads_nowhere_is_refused(path: ClaimPath) -> None:
    with pytest.raises(Malformed) as refusal:
        sd_jwt.select(HELD, [path])
    assert refusal.value.code == "claim_missing"


def test_a_document_that_is_out_of_order_is_not_presented() -> None:
    with pytest.raises(Error) as refusal:
        sd_jwt.select(HELD + "WyJzIiwibiIsMV0~", [("name",)])
    assert refusal.value.code == "disclosure_unreferenced"
