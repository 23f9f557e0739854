"""Layouts that are read and never written: the EU reference issuer's and those of the first pilot. TEST DATA."""

from typing import Any

import pytest

from portadoc.errors import Malformed, Refused
from portadoc.schemas.catalogue import ACCEPTED_VCTS, current_type, projection_for
from portadoc.schemas.projections import (
    EHIC_DC4EU,
    EHIC_EUDI_ISSUER,
    EHIC_V0,
    LAYOUTS,
    PDA1_EUDI_ISSUER,
    PDA1_V0,
    PID_EUDI,
    PROJECTIONS,
)

PERSON = {"family_name": "Test", "given_name": "Ada", "birth_date": "1990-01-02"}
INSTITUTION = {"institution_id": "FR:TEST01", "institution_name": "Caisse", "country_code": "FR"}
ISSUED = {
    "issuance_date": "2026-01-01",
    "expiry_date": "2026-12-31",
    "issuing_authority": "Caisse",
    "issuing_country": "FR",
}
PDA1: dict[str, Any] = {
    "credential_holder": PERSON,
    "social_security_pin": "PIN-1",
    "employment_details": [
        {
            "employment_type": "01",
            "name": "Essai SAS",
            "employer_id": "999",
            "id_type": "01",
            "street": "1 rue",
            "town": "Paris",
            "postal_code": "75000",
            "country_code": "FR",
        }
    ],
    "places_of_work": {
        "place_of_work": [{"company": "Beispiel", "town": "Hamburg", "country_code": "DE"}],
        "no_fixed_place": [{"country_code": "AT"}],
    },
    "legislation": {
        "member_state": "FR",
        "transitional_rules": False,
        "starting_date": "2026-01-01",
        "ending_date": "2499-01-01",
    },
    "status_confirmation": "01",
    "document_id": "A1-TEST",
    "competent_institution": INSTITUTION,
    **ISSUED,
}
EHIC: dict[str, Any] = {
    "credential_holder": PERSON,
    "social_security_pin": "PIN-1",
    "starting_date": "2026-01-01",
    "ending_date": "2026-12-31",
    "document_id": "80250000020000014275",
    "competent_institution": INSTITUTION,
    **ISSUED,
}
PDA1_FIRST: dict[str, Any] = {
    "social_security_pin": "PIN-1",
    "nationality": ["FR", "XS"],
    "details_of_employment": [
        {
            "type_of_employment": "01",
            "name": "Essai SAS",
            "ids_of_employer": [
                {"employer_id": "999", "type_of_id": "01"},
                {"employer_id": "998", "type_of_id": "03"},
            ],
            "address": {"street": "1 rue", "town": "Paris", "postal_code": "75000", "country": "FR"},
        }
    ],
    "places_of_work": [
        {
            "a_fixed_place_of_work_exist": True,
            "country_work": "EL",
            "place_of_work": [{"company_vessel_name": "Beispiel", "address": {"town": "Athina"}}],
        },
        {"a_fixed_place_of_work_exist": False, "country_work": "DE"},
    ],
    "decision_legislation_applicable": {
        "member_state_which_legislation_applies": "FR",
        "transitional_rules_apply": True,
        "starting_date": "2026-01-01",
    },
    "status_confirmation": "02",
    "unique_number_of_issued_document": "A1-TEST",
    "competent_institution": INSTITUTION,
}
EHIC_FIRST: dict[str, Any] = {
    "subject": {"forename": "Ada", "family_name": "Test", "date_of_birth": "1990-01-02"},
    "social_security_pin": "PIN-1",
    "period_entitlement": {"starting_date": "2026-01-01", "ending_date": "2026-12-31"},
    "document_id": "80250000020000014275",
    "competent_institution": {
        "institution_id": "FR:TEST01",
        "institution_name": "Caisse",
        "institution_country": "FR",
    },
}
OLD_A1, OLD_EHIC = "urn:eu.europa.ec.eudi:pda1:1", "urn:eu.europa.ec.eudi:ehic:1"


@pytest.mark.parametrize(
    ("vct", "claims", "layout", "deviations"),
    [
        (OLD_A1, PDA1, PDA1_EUDI_ISSUER, []),
        ("urn:eudi:pda1:1", PDA1, PDA1_EUDI_ISSUER, []),
        (OLD_EHIC, EHIC, EHIC_EUDI_ISSUER, []),
        ("urn:eudi:pda1:1", PDA1_FIRST, PDA1_V0, ["country_code_eessi"]),
        (OLD_A1, PDA1_FIRST, PDA1_V0, ["country_code_eessi"]),
        ("urn:eudi:ehic:1", EHIC_FIRST, EHIC_V0, []),
    ],
)
def test_each_layout_is_told_by_its_shape_and_read_whole(
    vct: str, claims: dict[str, Any], layout: Any, deviations: list[str]
) -> None:
    assert projection_for(vct, claims) is layout
    assert [each.code for each in layout.restore(claims).deviations] == deviations


def test_the_reference_issuers_a1_becomes_the_record() -> None:
    record = PDA1_EUDI_ISSUER.restore(PDA1).record_fields
    assert record["person"] == {
        "surnames": "Test",
        "forenames": "Ada",
        "date_of_birth": "1990-01-02",
        "pin": "PIN-1",
    }
    assert [entry["country"] for entry in record["countries_of_work"]] == ["AT", "DE"]
    assert record["countries_of_work"][0]["workplaces"] == []
    assert record["countries_of_work"][1]["workplaces"][0]["address"]["town"] == "Hamburg"
    assert record["legislation"]["end"] is None
    assert record["institution"] == {"id": "FR:TEST01", "name": "Caisse", "country": "FR"}
    assert record["issuing_authority"] == {"name": "Caisse", "country": "FR"}
    assert "nowhere" not in record
    assert "workplaces" not in record


def test_periods_are_those_of_the_layout() -> None:
    start, end = PDA1_EUDI_ISSUER.coverage_period(PDA1)
    assert (str(start), end) == ("2026-01-01", None)
    assert str(EHIC_V0.coverage_period(EHIC_FIRST).end) == "2026-12-31"
    assert PDA1_V0.coverage_period(PDA1_FIRST).end is None
    with pytest.raises(Malformed):
        PDA1_EUDI_ISSUER.coverage_period({**PDA1, "legislation": {"member_state": "FR"}})


def test_a_card_tells_the_holder_from_the_person_who_is_represented() -> None:
    own = EHIC_EUDI_ISSUER.restore(EHIC).record_fields
    assert (own["insured"]["surnames"], own["to_representative"]) == ("Test", False)
    child = {"family_name": "Test", "given_name": "Kim", "birth_date": "2019-01-01"}
    represented = EHIC_EUDI_ISSUER.restore({**EHIC, "subject": child}).record_fields
    assert (represented["insured"]["forenames"], represented["to_representative"]) == ("Kim", True)
    assert represented["insured"]["pin"] == "PIN-1"


def test_the_first_pilots_lists_come_down_to_what_the_record_holds() -> None:
    record = PDA1_V0.restore(PDA1_FIRST).record_fields
    assert (record["employments"][0]["id"], record["employments"][0]["id_type"]) == ("999", "01")
    greece, germany = record["countries_of_work"]
    assert (greece["country"], greece["workplaces"][0]["address"]) == ("GR", {"town": "Athina", "country": "GR"})
    assert germany == {"country": "DE", "workplaces": []}
    assert EHIC_V0.restore(EHIC_FIRST).record_fields["insured"]["surnames"] == "Test"


@pytest.mark.parametrize(
    "layout", [PDA1_EUDI_ISSUER, PDA1_V0, EHIC_EUDI_ISSUER, EHIC_V0], ids=lambda each: each.id
)
def test_nothing_in_a_strange_credential_stops_the_reading(layout: Any) -> None:
    names = [claim.path[0] for claim in layout.claims]
    for odd in (None, 7, "x", [], [7], [{}], {}, {"x": 1}, [{"country_work": 7, "ids_of_employer": [7]}]):
        read = layout.restore(dict.fromkeys(names, odd))
        assert isinstance(read.record_fields, dict)


def test_a_workplace_without_a_country_is_not_kept() -> None:
    places = {"place_of_work": [{"company": "Beispiel", "town": "Hamburg"}]}
    assert "countries_of_work" not in PDA1_EUDI_ISSUER.restore({**PDA1, "places_of_work": places}).record_fields
    nowhere = [{"place_of_work": [{"company_vessel_name": "Beispiel"}]}]
    assert PDA1_V0.restore({**PDA1_FIRST, "places_of_work": nowhere}).record_fields["countries_of_work"] == []


def test_mixed_dialects_are_none() -> None:
    with pytest.raises(Malformed) as mixed:
        projection_for("urn:eudi:pda1:1", {**PDA1, **PDA1_FIRST})
    assert mixed.value.code == "layout_unknown"
    assert projection_for("urn:eudi:ehic:1", {**EHIC, "issuing_authority": {"id": "FR:TEST01"}}) is EHIC_DC4EU


def test_domestic_and_older_pid_types_are_read_as_what_they_extend() -> None:
    for vct in ("urn:eudi:pid:de:1", "urn:eudi:pid:arf-1.8:1", "urn:eudi:pid:1"):
        assert projection_for(vct, {}) is PID_EUDI
    assert current_type("urn:eudi:pid:deu:1") == "urn:eudi:pid:deu:1"
    assert "urn:eudi:pid:de:1" not in ACCEPTED_VCTS
    with pytest.raises(Refused):
        projection_for("VerifiablePortableDocumentA1", {})


def test_older_layouts_are_never_written() -> None:
    assert {older.id for older in (PDA1_EUDI_ISSUER, EHIC_EUDI_ISSUER, PDA1_V0, EHIC_V0)} == (
        LAYOUTS.keys() - PROJECTIONS.keys()
    )
