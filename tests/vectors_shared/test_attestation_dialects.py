"""Public samples and published claim lists of A1, EHIC and PID: each is read, and what deviates is named."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Error
from portadoc.schemas.catalogue import projection_for
from portadoc.schemas.claims import ClaimPattern, JsonObject
from portadoc.schemas.projections import (
    EHIC_DC4EU,
    EHIC_EUDI_ISSUER,
    PDA1_DC4EU_A,
    PDA1_EUDI_ISSUER,
    Projection,
)

PDA1, EHIC = "urn:eudi:pda1:1", "urn:eudi:ehic:1"
EESSI_COUNTRY = ("issuing_country", "legislation_country", "work_address.country")
SAMPLES: dict[str, tuple[str, str | None, str, dict[str, set[str]]]] = {
    "first pilot, A1": (
        "dc4eu-vc/v0-sample-pda1.json",
        PDA1,
        "pda1-pilot-v0",
        {
            "claim_renamed": {
                "details_of_employment.*.address.post_code",
                "places_of_work.*.place_of_work.*.address.post_code",
                "decision_legislation_applicable.transitional_rule_apply",
            },
            "claim_unknown": {"places_of_work.*.no_fixed_place_of_work_exist"},
            "claim_not_in_form": {"places_of_work.*.place_of_work.*.flag_state_home_base"},
            "claim_missing": {"places_of_work.*.a_fixed_place_of_work_exist"},
        },
    ),
    "first pilot, EHIC": ("dc4eu-vc/v0-sample-ehic.json", EHIC, "ehic-pilot-v0", {}),
    "WE BUILD, A1": (
        "webuild/pda1-sd-jwt-sample.json",
        "eu.we-build.pda1.1",
        "pda1-webuild",
        {"claim_institution_unusual": {"competentInstitution.institutionID"}},
    ),
    "WE BUILD, PID": ("webuild/pid-sd-jwt-sample.json", None, "pid-eudi", {}),
}
BOOTSTRAPS = {
    "pda1": (
        "pda1-dc4eu-a",
        {
            "claim_not_in_form": {"authentic_source.id", *EESSI_COUNTRY},
            "claim_institution_unusual": {"issuing_authority.id"},
        },
    ),
    "ehic": (
        "ehic-dc4eu",
        {"claim_institution_unusual": {"authentic_source.id", "issuing_authority.id"}},
    ),
    "pid-1-8": (
        "pid-eudi",
        {
            "claim_not_in_form": {"date_of_expiry", "date_of_issuance", "sex"},
            "claim_unknown": {
                *("age_birth_year", "age_equal_or_over", "age_in_years", "arf", "authentic_source_person_id"),
                "expiry_date",
            },
        },
    ),
}


def load(vectors: Path, name: str) -> Any:
    return json.loads((vectors / "attestations" / name).read_text(encoding="utf-8"))


def deviations(layout: Projection, claims: JsonObject) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in layout.restore(claims).deviations:
        found.setdefault(each.code, set()).add(each.claim)
    return found


@pytest.mark.parametrize("name", SAMPLES)
def test_a_published_sample_is_normalised_and_its_deviations_are_named(vectors: Path, name: str) -> None:
    file, vct, layout_id, expected = SAMPLES[name]
    claims = load(vectors, file)
    layout = projection_for(vct or claims["vct"], claims)
    assert layout.id == layout_id
    assert deviations(layout, claims) == expected
    record = layout.restore(claims).record_fields
    if layout.kind == "pda1":
        assert record["legislation"]["state"] in ("SE", "IT")
        assert record["countries_of_work"]
        assert record["employments"][0]["name"]
    elif layout.kind == "ehic":
        assert record["insured"]["surnames"] == "Svensson"


@pytest.mark.parametrize("name", BOOTSTRAPS)
def test_every_record_of_the_pilots_test_data_is_read_alike(vectors: Path, name: str) -> None:
    layout_id, expected = BOOTSTRAPS[name]
    entries = load(vectors, f"dc4eu-vc/bootstrap-{name}.json").values()
    seen = Counter()
    for entry in entries:
        claims = entry["document_data"]
        layout = projection_for(entry["meta"]["vct"], claims)
        assert layout.id == layout_id
        found = deviations(layout, claims)
        assert {code: places <= expected[code] for code, places in found.items()} == dict.fromkeys(found, True)
        seen.update((code, place) for code, places in found.items() for place in places)
    assert set(seen) == {(code, place) for code, places in expected.items() for place in places}


def known_places(layout: Projection) -> set[tuple[str, ...]]:
    """Return the places of a layout as names only: published lists leave out which of them are arrays."""
    patterns: list[ClaimPattern] = [place for claim in layout.claims for place in (claim.path, *claim.also)]
    return {tuple(step for step in pattern if isinstance(step, str)) for pattern in patterns}


@pytest.mark.parametrize(
    ("file", "layout"),
    [
        ("eudi-issuer-py/PDA1_jwt_vc.json", PDA1_EUDI_ISSUER),
        ("eudi-issuer-py/ehic_jwt_vc.json", EHIC_DC4EU),
    ],
)
def test_every_claim_of_the_reference_issuer_has_a_place(vectors: Path, file: str, layout: Projection) -> None:
    (configuration,) = load(vectors, file).values()
    claims = [tuple(claim["path"]) for claim in configuration["credential_metadata"]["claims"]]
    assert set(claims) <= known_places(layout)
    assert configuration["vct"] == layout.vct


@pytest.mark.parametrize(
    ("file", "layout"),
    [("eudi-issuer-py/PDA1_mdoc.json", PDA1_EUDI_ISSUER), ("eudi-issuer-py/ehic_mdoc.json", EHIC_EUDI_ISSUER)],
)
def test_the_mdoc_twin_has_the_same_names(vectors: Path, file: str, layout: Projection) -> None:
    (configuration,) = load(vectors, file).values()
    claims = {tuple(claim["path"][1:]) for claim in configuration["credential_metadata"]["claims"]}
    assert claims <= known_places(layout)


def test_what_the_reference_verifier_asks_of_an_old_card_has_a_place(vectors: Path) -> None:
    (wanted,) = load(vectors, "eudi-verifier/ehic-dcql.json")["dcql_query"]["credentials"]
    assert wanted["meta"]["vct_values"] == [EHIC_EUDI_ISSUER.vct]
    assert {tuple(claim["path"]) for claim in wanted["claims"]} <= known_places(EHIC_EUDI_ISSUER)


@pytest.mark.parametrize(
    ("file", "layout"),
    [
        ("dc4eu-vc/vctm_pda1.json", PDA1_DC4EU_A),
        ("dc4eu-vc/vctm_ehic.json", EHIC_DC4EU),
        ("wwwallet/pda1.vctm-registry.json", PDA1_DC4EU_A),
        ("wwwallet/pda1.vctm-issuer.json", PDA1_DC4EU_A),
        ("wwwallet/ehic.vctm-registry.json", EHIC_DC4EU),
        ("wwwallet/ehic.vctm-issuer.json", EHIC_DC4EU),
        ("eudi-pid-issuer/vct-ehic.json", EHIC_DC4EU),
    ],
)
def test_every_claim_of_published_type_metadata_has_a_place(vectors: Path, file: str, layout: Projection) -> None:
    document = load(vectors, file)
    envelope = {"vct", "iss", "sub", "iat", "exp", "nbf", "jti", "cnf", "status"}
    claims = {tuple(step for step in claim["path"] if isinstance(step, str)) for claim in document["claims"]}
    assert {path for path in claims if path[0] not in envelope} <= known_places(layout)


@pytest.mark.parametrize(
    ("vct", "file"),
    [
        ("VerifiablePortableDocumentA1", "ebsi-pda1/PDA1SchemaOrg.json"),
        ("urn:eessi:sed:a009", "eessi-nav/sedA009.mock.json"),
        ("urn:eessi:sed:a010", "eessi-nav/sedA010.mock.json"),
    ],
)
def test_what_is_no_attestation_of_these_types_says_so(vectors: Path, vct: str, file: str) -> None:
    with pytest.raises(Error) as refusal:
        projection_for(vct, load(vectors, file))
    assert refusal.value.code == "vct_unknown"
    with pytest.raises(Error) as refusal:
        projection_for(PDA1, load(vectors, file))
    assert refusal.value.code == "layout_unknown"
