"""A query that asks for more than its purpose is noticed: no preset does, and each variant that would is found."""

from copy import deepcopy
from typing import Any

import pytest

from portadoc.errors import Malformed, Refused
from portadoc.i18n import LANGUAGES, render
from portadoc.schemas.catalogue import OLD_VCTS
from portadoc.schemas.projections import LAYOUTS
from portadoc.verification.presets.fields import columns_of, fields, table
from portadoc.verification.presets.lint import Finding, lint
from portadoc.verification.presets.presets import PRESETS
from portadoc.verification.presets.purposes import COLUMNS, PURPOSES, Permission, purpose

LAYOUT_OF = {"a1": "pda1-dc4eu-a", "a1-full-form": "pda1-webuild", "ehic": "ehic-dc4eu", "pid": "pid-eudi"}
CODES = {
    Permission.NO: "purpose_exceeded",
    Permission.ON_REQUEST: "purpose_needs_reason",
    Permission.MATCH_ONLY: "purpose_match_only",
}


def a1(*paths: list[str | int | None], vct: str = "urn:eudi:pda1:1", **members: Any) -> dict[str, Any]:
    claims = [{"path": path, **members} for path in paths]
    return {"credentials": [{"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, "claims": claims}]}


def codes(found: tuple[Finding, ...]) -> list[str]:
    return [each.code for each in found]


def over_asking() -> list[Any]:
    """Every preset, with one field more than its purpose lets it see in one of its attestations."""
    variants = []
    for name, each in PRESETS.items():
        asker = PURPOSES[str(each.purpose)]
        for index, credential in enumerate(each.query["credentials"]):
            layout = LAYOUT_OF[credential["id"]]
            for field in fields().values():
                permission = asker.permission(field.column)
                if permission is not Permission.SEES and layout in field.claims:
                    variants.append(
                        pytest.param(name, index, field.id, permission, id=f"{name}-{credential['id']}-{field.id}")
                    )
    return variants


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_asks_for_more_than_its_purpose(name: str) -> None:
    assert lint(PRESETS[name].query, str(PRESETS[name].purpose)) == ()


@pytest.mark.parametrize(("name", "index", "field", "permission"), over_asking())
def test_every_field_that_goes_too_far_is_found(name: str, index: int, field: str, permission: Permission) -> None:
    query = deepcopy(PRESETS[name].query)
    credential = query["credentials"][index]
    patterns = fields()[field].claims[LAYOUT_OF[credential["id"]]]
    credential["claims"] += [{"id": f"more-{at}", "path": list(path)} for at, path in enumerate(patterns)]
    found = lint(query, str(PRESETS[name].purpose))
    assert (CODES[permission], fields()[field].column) in {(each.code, each.column) for each in found}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_claim_of_every_layout_falls_under_a_column(layout: str) -> None:
    projection = LAYOUTS[layout]
    for claim in projection.claims:
        for place in (claim.path, *claim.also):
            assert columns_of(projection, place), f"{place}: give it a field in presets.toml"


def test_every_field_and_every_purpose_uses_columns_that_there_are() -> None:
    assert {field.column for field in fields().values()} == set(COLUMNS)
    for asker in PURPOSES.values():
        assert set(asker.columns) <= set(COLUMNS), asker.id
        assert asker.attestations <= {projection.kind for projection in LAYOUTS.values()}
    for row in table("fields").values():
        assert set(row) - {"column", "pda1-dc4eu", "coverage"} <= set(LAYOUTS)


def test_a_container_is_asked_for_with_everything_beneath_it() -> None:
    found = lint(a1(["work_address"]), "customs-police")
    assert found == (Finding("purpose_exceeded", "a1", "work_address", "workplaces"),)
    assert lint(a1(["work_address", "country"]), "customs-police") == ()
    assert (
        codes(lint(a1(["subject"], vct="eu.we-build.pda1.1"), "principal-contractor")) == ["purpose_exceeded"] * 4
    )


def test_an_element_or_a_member_of_any_name_counts_as_what_it_is() -> None:
    assert codes(lint(a1(["employer", 0, "id"]), "customs-police")) == ["purpose_exceeded"]
    places = a1(["placesOfWork", "DE"], vct="eu.we-build.pda1.1")
    assert codes(lint(places, "customs-police")) == ["purpose_exceeded"]
    deeper = a1(["placesOfWork", "DE", None, "address", "town"], vct="eu.we-build.pda1.1")
    assert codes(lint(deeper, "customs-police")) == ["purpose_exceeded"]


def test_what_may_only_be_compared_needs_the_value_to_compare_with() -> None:
    assert codes(lint(a1(["document_number"]), "public-check")) == ["purpose_match_only"]
    assert lint(a1(["document_number"], values=["A1-TEST"]), "public-check") == ()
    assert codes(lint(a1(["personal_administrative_number"], values=["1"]), "public-check")) == [
        "purpose_exceeded"
    ]


def test_what_needs_a_reason_says_so() -> None:
    assert codes(lint(a1(["personal_administrative_number"]), "inspector")) == ["purpose_needs_reason"]


def test_an_older_name_of_a_claim_or_type_hides_nothing() -> None:
    for vct in ("urn:eudi:pda1:1", *(old for old, new in OLD_VCTS.items() if new == "urn:eudi:pda1:1")):
        assert codes(lint(a1(["social_security_pin"], vct=vct), "principal-contractor")) == ["purpose_exceeded"]


def test_an_attestation_of_another_purpose_is_found_whatever_it_asks() -> None:
    assert codes(lint(a1(["employer"]), "care-provider")) == ["purpose_attestation_unfit"]
    assert (
        codes(lint(PRESETS["inspector-full"].query, "principal-contractor")).count("purpose_attestation_unfit")
        == 1
    )


def test_a_type_or_claim_that_nobody_knows_is_told_apart() -> None:
    assert codes(lint(a1(["x"], vct="urn:example:other"), "inspector")) == ["purpose_type_unknown"]
    assert codes(lint(a1(["shoe_size"]), "inspector")) == ["purpose_claim_unknown"]
    mdoc = {"credentials": [{"id": "m", "format": "mso_mdoc", "meta": {"doctype_value": "org.example"}}]}
    assert codes(lint(mdoc, "inspector")) == ["purpose_type_unknown"]


def test_a_finding_tells_what_and_where_in_both_languages() -> None:
    (found,) = lint(a1(["personal_administrative_number"]), "principal-contractor")
    assert found.params["column"] == "Personal numbers"
    for language in LANGUAGES:
        text = render(found.code, found.params_in(language), language).text
        assert "personal_administrative_number" in text
        assert COLUMNS["pin"][language] in text
    (unknown,) = lint(a1(["shoe_size"]), "inspector")
    assert unknown.params_in("fr")["claim"] == "shoe_size"


def test_a_purpose_or_query_that_is_none_is_refused() -> None:
    assert purpose("employer").title["fr"]
    with pytest.raises(Refused) as refusal:
        purpose("curiosity")
    assert refusal.value.code == "purpose_unknown"
    with pytest.raises(Malformed) as malformed:
        lint({}, "inspector")
    assert malformed.value.code == "query_malformed"
