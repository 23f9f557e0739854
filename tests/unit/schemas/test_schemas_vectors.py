"""Against schemas, type metadata and samples that others published. Skips aloud where they are absent."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portadoc.schemas.catalogue import projection_for
from portadoc.schemas.claims import places
from portadoc.schemas.projections import EHIC_DC4EU, PDA1_DC4EU_A, PDA1_WEBUILD, PROJECTIONS, Projection
from portadoc.schemas.records import record_from_json
from portadoc.schemas.type_metadata import type_metadata

ENVELOPE = {
    "iss": "https://issuer.example/issuer/fr-demo",
    "sub": "9fd4b3",
    "jti": "urn:uuid:6d2c3f0e-0000-4000-8000-000000000001",
    "iat": 1795305600,
    "exp": 1803081600,
    "cnf": {"jwk": {"kty": "EC"}},
}
STEADY = settings(deadline=None, derandomize=True, max_examples=20, suppress_health_check=[HealthCheck.too_slow])


def read(vectors: Path, name: str) -> Any:
    return json.loads((vectors / "attestations" / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("layout", "schema", "envelope"),
    [
        ("pda1-dc4eu-a", "wwwallet/pda1.schema.json", True),
        ("ehic-dc4eu", "wwwallet/ehic.schema.json", True),
        ("pda1-webuild", "webuild/pda1-sd-jwt.schema.json", False),
    ],
)
def test_what_we_write_is_valid_by_the_published_schema(
    vectors: Path,
    records_by_layout: dict[str, st.SearchStrategy[Any]],
    layout: str,
    schema: str,
    envelope: bool,
) -> None:
    projection = PROJECTIONS[layout]
    judge = jsonschema.Draft202012Validator(
        read(vectors, schema), format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )

    @STEADY
    @given(records_by_layout[layout])
    def holds(record: Any) -> None:
        claims = projection.project(record)
        judge.validate({"vct": projection.vct, **ENVELOPE, **claims} if envelope else claims)

    holds()


def test_the_we_build_sample_is_read_whole(vectors: Path) -> None:
    sample = read(vectors, "webuild/pda1-sd-jwt-sample.json")
    restored = PDA1_WEBUILD.restore(sample)
    assert [(d.code, d.claim) for d in restored.deviations] == [
        ("claim_institution_unusual", "competentInstitution.institutionID")
    ]
    fields = restored.record_fields
    record = record_from_json(
        {
            "kind": "pda1",
            "record_version": 1,
            **fields,
            "document": {**fields["document"], "date_of_issuance": "2026-01-15"},
            "issuing_authority": {"id": "IT-INPS-001", "name": "INPS", "country": "IT"},
            "authentic_source": {"id": "IT-INPS-001", "name": "INPS"},
            "decision": {"regime_pack": "eu-2012"},
        }
    )
    assert PDA1_WEBUILD.project(record) == sample


def test_the_pilot_s_bootstrap_cards_are_read_without_deviation(vectors: Path) -> None:
    cards = [entry["document_data"] for entry in read(vectors, "dc4eu-vc/bootstrap-ehic.json").values()]
    assert len(cards) == 80
    codes = {d.code for card in cards for d in EHIC_DC4EU.restore(card).deviations}
    assert codes <= {"claim_institution_unusual", "claim_not_in_form"}
    assert all(projection_for("urn:eudi:ehic:1", card) is EHIC_DC4EU for card in cards)


def test_the_pilot_s_bootstrap_a1_documents_show_their_known_faults(vectors: Path) -> None:
    documents = [entry["document_data"] for entry in read(vectors, "dc4eu-vc/bootstrap-pda1.json").values()]
    assert len(documents) == 80
    for document in documents:
        assert projection_for("urn:eudi:pda1:1", document) is PDA1_DC4EU_A
        found = {(d.code, d.claim) for d in PDA1_DC4EU_A.restore(document).deviations}
        assert ("claim_not_in_form", "authentic_source.id") in found


@pytest.mark.parametrize(
    ("projection", "name"),
    [
        (PDA1_DC4EU_A, "wwwallet/pda1.vctm-registry.json"),
        (EHIC_DC4EU, "wwwallet/ehic.vctm-registry.json"),
        (EHIC_DC4EU, "eudi-pid-issuer/vct-ehic.json"),
    ],
)
def test_our_disclosure_rules_are_those_of_the_published_type_metadata(
    vectors: Path, projection: Projection, name: str
) -> None:
    ours = {tuple(claim["path"]): claim for claim in json.loads(type_metadata(projection.vct))["claims"]}
    known = {claim.path: claim.sd for claim in projection.claims}
    known |= {pattern: claim.sd for claim in projection.claims for pattern in claim.also}
    for theirs in read(vectors, name)["claims"]:
        path = tuple(theirs["path"])
        rule = known.get(path) or ours[path]["sd"]
        assert rule == theirs["sd"], path


def test_the_groups_of_the_published_we_build_schema_are_ours(vectors: Path) -> None:
    schema = read(vectors, "webuild/pda1-sd-jwt.schema.json")
    for claim in PDA1_WEBUILD.claims:
        if claim.group is None:
            continue
        comment = comment_at(schema, schema, [step for step in claim.path if step != "*"])
        assert comment in (f"SD element group {claim.group}", None), claim.path


def comment_at(schema: Any, place: Any, path: list[Any]) -> Any:
    while path:
        if "$ref" in place:
            place = schema["$defs"][place["$ref"].split("/")[2]]
        step, path = path[0], path[1:]
        if step is None:
            place = place["items"] if "items" in place else place["additionalProperties"]["items"]
        else:
            place = place["properties"][step]
    return place.get("$comment")


def test_no_place_is_named_twice_in_a_layout() -> None:
    for projection in PROJECTIONS.values():
        patterns = [pattern for claim in projection.claims for pattern in (claim.path, *claim.also)]
        assert len(set(patterns)) == len(patterns), projection.id
        assert list(places({}, patterns[0])) == []
