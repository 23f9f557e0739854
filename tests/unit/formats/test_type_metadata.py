"""Type Metadata: integrity of documents, structure, and the disclosure rule of each claim."""

import hashlib
from base64 import b64encode
from typing import Any

import pytest

from portadoc.errors import Untrusted
from portadoc.formats.sd_jwt.processing import ProcessedClaims
from portadoc.formats.type_metadata import (
    ClaimMetadata,
    Disclosable,
    check_disclosability,
    check_integrity,
    integrity,
    parse_type_metadata,
)
from portadoc.schemas.claims import ClaimPath

VCT = "urn:eudi:pda1:1"
DOCUMENT: dict[str, Any] = {
    "vct": VCT,
    "name": "A1",
    "extends": "urn:eudi:base:1",
    "display": [{"locale": "en", "name": "A1 certificate"}, {"locale": "fr-FR", "name": "Certificat A1"}],
    "claims": [
        {
            "path": ["places", None, "country"],
            "display": [{"locale": "en", "label": "Country"}],
            "mandatory": True,
            "sd": "always",
            "svg_id": "country",
        },
        {"path": ["vct"], "sd": "never"},
        {"path": ["family_name"]},
    ],
    "unknown": 1,
}
OCTETS = b'{"vct":"urn:eudi:pda1:1"}'


def sri(name: str, content: bytes = OCTETS) -> str:
    return f"{name}-{b64encode(hashlib.new(name, content).digest()).decode()}"


def reason_of(document: dict[str, Any]) -> str:
    with pytest.raises(Untrusted) as refusal:
        parse_type_metadata(document, vct=VCT)
    assert refusal.value.code == "type_metadata_invalid"
    return str(refusal.value.params["reason"])


def test_integrity_has_the_form_of_subresource_integrity() -> None:
    assert integrity(OCTETS) == sri("sha256")
    check_integrity(OCTETS, integrity(OCTETS))


@pytest.mark.parametrize(
    "expected",
    [
        sri("sha512"),
        f"{sri('sha256', b'x')} {sri('sha384')}",
        f"{sri('sha512', b'x')} {sri('sha512')}",
        f"md5-AAAA {sri('sha256')}?option",
    ],
)
def test_strongest_known_digest_decides(expected: str) -> None:
    check_integrity(OCTETS, expected)


@pytest.mark.parametrize(
    ("expected", "reason"),
    [
        (sri("sha256", b"x"), "integrity_mismatch"),
        (f"{sri('sha256')} {sri('sha512', b'x')}", "integrity_mismatch"),
        ("sha256-" + hashlib.sha256(OCTETS).hexdigest(), "integrity_mismatch"),
        (sri("sha256").replace("/", "_").replace("+", "-").rstrip("="), "integrity_mismatch"),
        ("sha256-", "integrity_mismatch"),
        ("md5-AAAA", "integrity_unsupported"),
        ("", "integrity_unsupported"),
    ],
)
def test_other_digests_and_other_encodings_are_refused(expected: str, reason: str) -> None:
    with pytest.raises(Untrusted) as refusal:
        check_integrity(OCTETS, expected)
    assert refusal.value.params["reason"] == reason


def test_document_is_read() -> None:
    metadata = parse_type_metadata(DOCUMENT, vct=VCT)
    assert (metadata.vct, metadata.extends) == (VCT, "urn:eudi:base:1")
    assert metadata.names == {"en": "A1 certificate", "fr-FR": "Certificat A1"}
    assert metadata.claims == (
        ClaimMetadata(("places", None, "country"), {"en": "Country"}, True, Disclosable.ALWAYS, "country"),
        ClaimMetadata(("vct",), {}, False, Disclosable.NEVER, None),
        ClaimMetadata(("family_name",), {}, False, Disclosable.ALLOWED, None),
    )


def claim(**members: Any) -> dict[str, Any]:
    return DOCUMENT | {"claims": [{"path": ["family_name"]} | members]}


FAULTS: list[tuple[dict[str, Any], str]] = [
    (DOCUMENT | {"vct": VCT + "0"}, "vct_mismatch"),
    ({}, "vct_mismatch"),
    (DOCUMENT | {"extends": VCT}, "extends"),
    (DOCUMENT | {"extends": None}, "extends"),
    (DOCUMENT | {"claims": {}}, "claims"),
    (DOCUMENT | {"claims": ["path"]}, "claims"),
    (DOCUMENT | {"claims": [{"path": ["x"]}] * 513}, "claims"),
    (DOCUMENT | {"display": None}, "display"),
    (DOCUMENT | {"display": [{"lang": "en", "name": "A1"}]}, "locale"),
    (DOCUMENT | {"display": [{"locale": "en_GB", "name": "A1"}]}, "locale"),
    (DOCUMENT | {"display": [{"locale": "en", "name": "A1"}] * 2}, "locale"),
    (DOCUMENT | {"display": [{"locale": "en", "label": "A1"}]}, "name"),
    (claim(path=[]), "query_malformed"),
    (claim(path=[-1]), "query_malformed"),
    (claim(display=[{"locale": "en", "name": "Name"}]), "label"),
    (claim(mandatory="yes"), "mandatory"),
    (claim(sd="sometimes"), "sd"),
    (claim(sd=None), "sd"),
    (claim(svg_id="1a"), "svg_id"),
    (claim(svg_id="a\n"), "svg_id"),
    (claim(svg_id=None), "svg_id"),
    (DOCUMENT | {"claims": [{"path": ["a"], "svg_id": "x"}, {"path": ["b"], "svg_id": "x"}]}, "svg_id"),
]


@pytest.mark.parametrize(("document", "reason"), FAULTS)
def test_malformed_documents_are_refused(document: dict[str, Any], reason: str) -> None:
    assert reason_of(document) == reason


def processed(claims: dict[str, Any], *disclosed: ClaimPath) -> ProcessedClaims:
    return ProcessedClaims(claims, disclosed, "sha-256", {}, frozenset())


METADATA = parse_type_metadata(DOCUMENT, vct=VCT)


def test_claims_that_travel_as_their_type_says_pass() -> None:
    check_disclosability(METADATA, processed({"vct": VCT}))
    shown = {"vct": VCT, "family_name": "Doe", "places": [{"country": "DE"}, {}]}
    check_disclosability(METADATA, processed(shown, ("places", 0, "country")))
    check_disclosability(METADATA, processed(shown, ("places", 0, "country"), ("family_name",)))


@pytest.mark.parametrize(
    ("claims", "disclosed", "reason"),
    [
        ({"vct": VCT}, [("vct",)], "sd_never"),
        ({"places": [{"country": "DE"}]}, [], "sd_always"),
        ({"places": [{"country": "DE"}, {"country": "AT"}]}, [("places", 0, "country")], "sd_always"),
        ({"places": "DE"}, [], "path_container"),
    ],
)
def test_claims_that_travel_otherwise_are_refused(
    claims: dict[str, Any], disclosed: list[ClaimPath], reason: str
) -> None:
    with pytest.raises(Untrusted) as refusal:
        check_disclosability(METADATA, processed(claims, *disclosed))
    assert refusal.value.params["reason"] == reason
