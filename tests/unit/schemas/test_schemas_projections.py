"""Claim layouts: what each carries, what it refuses, and how partial and deviating credentials are read."""

import copy
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portadoc.errors import Error, Malformed, Refused
from portadoc.schemas.catalogue import projection_for
from portadoc.schemas.ehic import Ehic
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Address, CountryOfWork, Pda1
from portadoc.schemas.projections import (
    EHIC_DC4EU,
    PDA1_DC4EU_A,
    PDA1_DC4EU_B,
    PDA1_WEBUILD,
    PID_EUDI,
    PROJECTIONS,
    Projection,
)


def worker() -> Pda1:
    record = example("posted-worker-fr-de")
    assert isinstance(record, Pda1)
    return record


def traveller() -> Ehic:
    record = example("insured-traveller")
    assert isinstance(record, Ehic)
    return record


def refusal(projection: Projection, record: Pda1 | Ehic) -> tuple[str, object]:
    with pytest.raises(Refused) as caught:
        projection.project(record)
    return caught.value.code, caught.value.params.get("member")


def told(projection: Projection, claims: dict[str, Any]) -> set[tuple[str, str]]:
    return {(deviation.code, deviation.claim) for deviation in projection.restore(claims).deviations}


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=list(PROJECTIONS))
def test_a_record_of_another_kind_is_refused(projection: Projection) -> None:
    other = traveller() if projection.kind == "pda1" else worker()
    assert refusal(projection, other)[0] == "projection_kind_differs"


@pytest.mark.parametrize("projection", [PDA1_DC4EU_A, PDA1_DC4EU_B, PDA1_WEBUILD])
def test_an_a1_of_ours_reads_without_deviation(projection: Projection) -> None:
    assert projection.restore(projection.project(worker())).deviations == ()


def test_dialect_a_has_no_place_for_two_employers() -> None:
    record = replace(worker(), employments=worker().employments * 2)
    assert refusal(PDA1_DC4EU_A, record) == ("projection_cannot_carry", "/employments")
    assert len(PDA1_DC4EU_B.project(record)["employer"]) == 2


@pytest.mark.parametrize(
    "places",
    [
        (CountryOfWork(country="DE"),),
        (CountryOfWork(country="DE"), CountryOfWork(country="BE")),
    ],
)
def test_dialect_a_has_no_place_for_work_without_one_address(places: tuple[CountryOfWork, ...]) -> None:
    record = replace(worker(), countries_of_work=places)
    assert refusal(PDA1_DC4EU_A, record) == ("projection_cannot_carry", "/countries_of_work")


def test_dialect_a_has_no_place_for_two_workplaces() -> None:
    (germany,) = worker().countries_of_work
    record = replace(worker(), countries_of_work=(replace(germany, workplaces=germany.workplaces * 2),))
    assert refusal(PDA1_DC4EU_A, record) == ("projection_cannot_carry", "/countries_of_work")


def test_dialect_b_carries_one_country_without_fixed_address_and_no_second_one() -> None:
    (germany,) = worker().countries_of_work
    one = replace(worker(), countries_of_work=(germany, CountryOfWork(country="BE")))
    claims = PDA1_DC4EU_B.project(one)
    assert claims["work_information"]["no_fixed_place_of_work"] == "BE"
    assert PDA1_DC4EU_B.restore(claims).record_fields["countries_of_work"][0] == {
        "country": "BE",
        "workplaces": [],
    }
    two = replace(worker(), countries_of_work=(CountryOfWork(country="NL"), CountryOfWork(country="BE")))
    assert refusal(PDA1_DC4EU_B, two) == ("projection_cannot_carry", "/countries_of_work")


def test_an_empty_list_stands_for_no_fixed_address_in_the_we_build_layout() -> None:
    record = replace(worker(), countries_of_work=(CountryOfWork(country="BE"),))
    claims = PDA1_WEBUILD.project(record)
    assert claims["placesOfWork"] == {"BE": []}
    assert PDA1_WEBUILD.restore(claims).record_fields["countries_of_work"] == [{"country": "BE", "workplaces": []}]


@pytest.mark.parametrize(
    ("projection", "member"),
    [(PDA1_DC4EU_A, "/employments/0/id"), (PDA1_DC4EU_B, "/employments/*/id")],
)
def test_text_beyond_the_limits_of_a_layout_is_refused_and_never_cut(projection: Projection, member: str) -> None:
    (employment,) = worker().employments
    record = replace(worker(), employments=(replace(employment, id="9" * 21),))
    assert refusal(projection, record) == ("projection_cannot_carry", member)
    assert PDA1_WEBUILD.project(record)["employmentSituations"][0]["employerID"] == "9" * 21


def test_a_stateless_person_has_no_place_in_the_we_build_layout_only() -> None:
    record = replace(worker(), person=replace(worker().person, nationalities=("XS",)))
    assert refusal(PDA1_WEBUILD, record) == ("projection_cannot_carry", "/person/nationalities/*")
    assert PDA1_DC4EU_A.project(record)["legislation_country"] == "FR"


@pytest.mark.parametrize(
    ("projection", "path"),
    [
        (PDA1_DC4EU_A, ("ending_date",)),
        (PDA1_DC4EU_B, ("ending_date",)),
        (PDA1_WEBUILD, ("memberstateAppliedLegislation", "endDate")),
    ],
)
def test_an_open_end_is_written_by_convention_and_read_as_open(
    projection: Projection, path: tuple[str, ...]
) -> None:
    record = replace(worker(), legislation=replace(worker().legislation, end=None))
    claims = projection.project(record)
    value: Any = claims
    for step in path:
        value = value[step]
    assert value == "2499-01-01"
    restored = projection.restore(claims)
    assert restored.record_fields["legislation"]["end"] is None
    assert restored.deviations == ()
    assert projection.coverage_period(claims) == (date(2026, 11, 1), None)


def test_an_open_end_of_a_card_is_left_out() -> None:
    claims = EHIC_DC4EU.project(replace(traveller(), end=None))
    assert "ending_date" not in claims
    assert EHIC_DC4EU.coverage_period(claims) == (date(2026, 9, 15), None)


def test_periods_are_read_from_the_claims() -> None:
    claims = PDA1_DC4EU_A.project(worker())
    assert PDA1_DC4EU_A.document_period(claims) == (date(2026, 10, 12), date(2027, 8, 31))
    assert PDA1_DC4EU_A.coverage_period(claims) == (date(2026, 11, 1), date(2027, 8, 31))
    assert PDA1_WEBUILD.document_period(PDA1_WEBUILD.project(worker())) == (None, None)
    assert PID_EUDI.coverage_period(PID_EUDI.project(example("pid-posted-worker"))) == (None, None)


@pytest.mark.parametrize("value", [17, None, "2026-11-1", "2026-11-31", "2026-11-01T00:00:00Z"])
def test_a_period_that_cannot_be_read_is_an_error(value: object) -> None:
    with pytest.raises(Malformed) as caught:
        PDA1_DC4EU_A.coverage_period({"starting_date": value, "ending_date": "2027-01-01"})
    assert (caught.value.code, caught.value.params["claim"]) == ("claim_invalid", "starting_date")


def test_a_period_that_must_be_visible_and_is_absent_is_an_error() -> None:
    with pytest.raises(Malformed) as caught:
        PDA1_DC4EU_A.coverage_period({"starting_date": "2026-01-01"})
    assert (caught.value.code, caught.value.params["claim"]) == ("claim_missing", "ending_date")


def test_a_card_for_a_represented_person_names_that_person() -> None:
    plain, for_a_child = traveller(), replace(traveller(), to_representative=True)
    assert "subject" not in EHIC_DC4EU.project(plain)
    claims = EHIC_DC4EU.project(for_a_child)
    assert claims["subject"] == {
        "forenames": "Théo Augustin",
        "familynames": "Delacroix-Fictif",
        "date_of_birth": "1985-12-03",
    }
    restored = EHIC_DC4EU.restore(claims)
    assert restored.deviations == ()
    assert restored.record_fields["to_representative"] is True
    assert restored.record_fields["insured"]["surnames"] == "Delacroix-Fictif"
    assert restored.record_fields["insured"]["pin"] == plain.insured.pin


def test_dc4eu_discloses_number_and_pin_and_the_transitional_flag_only() -> None:
    assert PDA1_DC4EU_A.disclosable(PDA1_DC4EU_A.project(worker())) == (
        ("personal_administrative_number",),
        ("document_number",),
    )
    assert PDA1_DC4EU_B.disclosable(PDA1_DC4EU_B.project(worker())) == (
        ("personal_administrative_number",),
        ("document_number",),
        ("transitional_rules",),
    )
    assert EHIC_DC4EU.disclosable(EHIC_DC4EU.project(traveller())) == (
        ("personal_administrative_number",),
        ("document_number",),
    )


WEBUILD_GROUPS = {
    1: [("subject", "pin")],
    2: [("subject", "gender")],
    3: [("subject", "names")],
    4: [("subject", "dateOfBirth")],
    5: [("subject", "nationalities")],
    6: [("subject", "placeOfBirth")],
    7: [("subject", "address", "stateOfResidence")],
    8: [("subject", "address", "stateOfStay")],
    9: [("employmentSituations", None)],
    10: [("employmentSituations", None, "address")],
    11: [("placesOfWork",)],
    12: [("placesOfWork", "*", None, "address")],
    13: [("statusConfirmation",)],
    14: [("documentID",)],
    15: [("competentInstitution",)],
    16: [
        ("competentInstitution", "address"),
        ("competentInstitution", "officeFaxNumber"),
        ("competentInstitution", "officePhoneNumber"),
        ("competentInstitution", "email"),
    ],
}


def test_the_we_build_layout_has_sixteen_disclosure_groups() -> None:
    groups: dict[int, list[object]] = {}
    for claim in PDA1_WEBUILD.claims:
        assert (claim.group is not None) == (claim.sd == "always")
        if claim.group is not None:
            groups.setdefault(claim.group, []).append(claim.path)
    assert groups == WEBUILD_GROUPS


def test_the_we_build_layout_keeps_only_section_2_visible() -> None:
    claims = PDA1_WEBUILD.project(worker())
    paths = set(PDA1_WEBUILD.disclosable(claims))
    visible = {name for name in claims if (name,) not in paths}
    assert visible == {"subject", "memberstateAppliedLegislation", "employmentSituations"}
    below_subject = {("subject", name) for name in claims["subject"]} - {("subject", "address")}
    assert below_subject <= paths
    assert {("subject", "address", name) for name in claims["subject"]["address"]} <= paths
    assert ("employmentSituations", 0) in paths
    assert ("placesOfWork", "DE", 0, "address") in paths


def test_parents_are_listed_before_their_children() -> None:
    paths = PDA1_WEBUILD.disclosable(PDA1_WEBUILD.project(worker()))
    for index, path in enumerate(paths):
        assert all(paths.index(path[:length]) < index for length in range(1, len(path)) if path[:length] in paths)


def test_every_pid_claim_is_disclosable_on_its_own() -> None:
    claims = PID_EUDI.project(example("pid-posted-worker"))
    assert {path[0] for path in PID_EUDI.disclosable(claims)} == set(claims)


def test_a_partly_disclosed_we_build_credential_is_read_as_far_as_it_goes() -> None:
    restored = PDA1_WEBUILD.restore(
        {
            "vct": "eu.we-build.pda1.1",
            "iss": "https://issuer.example",
            "subject": {"dateOfBirth": "1991-04-17", "address": {}},
            "memberstateAppliedLegislation": {
                "memberstate": "FR",
                "startDate": "2026-11-01",
                "endDate": "2027-08-31",
            },
            "employmentSituations": [],
            "competentInstitution": {
                "institutionID": "FR:TEST01",
                "institutionName": "Caisse",
                "countryCode": "FR",
            },
        }
    )
    assert restored.deviations == ()
    assert restored.record_fields == {
        "person": {"date_of_birth": "1991-04-17"},
        "legislation": {"state": "FR", "start": "2026-11-01", "end": "2027-08-31"},
        "institution": {"id": "FR:TEST01", "name": "Caisse", "country": "FR"},
    }


def test_a_partly_disclosed_dc4eu_credential_is_read_without_complaint() -> None:
    claims = PDA1_DC4EU_A.project(worker())
    del claims["personal_administrative_number"], claims["document_number"]
    restored = PDA1_DC4EU_A.restore(claims)
    assert restored.deviations == ()
    assert "person" not in restored.record_fields


def changed(projection: Projection, *path: str | int, value: Any) -> dict[str, Any]:
    claims = copy.deepcopy(projection.project(worker() if projection.kind == "pda1" else traveller()))
    place: Any = claims
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return claims


@pytest.mark.parametrize(
    ("claims", "deviation"),
    [
        (
            changed(PDA1_DC4EU_A, "work_address", "building_number", value="21"),
            ("claim_renamed", "work_address.building_number"),
        ),
        (
            changed(PDA1_DC4EU_A, "work_address", "country", value="EL"),
            ("country_code_eessi", "work_address.country"),
        ),
        (changed(PDA1_DC4EU_A, "legislation_country", value="EU"), ("claim_not_in_form", "legislation_country")),
        (changed(PDA1_DC4EU_A, "status_confirmation", value="1"), ("claim_not_in_form", "status_confirmation")),
        (
            changed(PDA1_DC4EU_A, "authentic_source", "id", value="DE: 103411401"),
            ("claim_institution_unusual", "authentic_source.id"),
        ),
        (
            changed(PDA1_DC4EU_A, "authentic_source", "id", value="3a5e4196-f996-4048-bfae-c2650d160dcb"),
            ("claim_not_in_form", "authentic_source.id"),
        ),
        (
            changed(PDA1_DC4EU_A, "attestation_legal_category", value="PuB-EAA"),
            ("claim_unknown", "attestation_legal_category"),
        ),
        (changed(PDA1_DC4EU_A, "employer", "id", value=31), ("claim_not_in_form", "employer.id")),
        (changed(PDA1_DC4EU_A, "employer", value="Ateliers"), ("claim_not_in_form", "employer")),
        (changed(PDA1_DC4EU_A, "issuing_authority", value="Caisse"), ("claim_not_in_form", "issuing_authority")),
        (changed(PDA1_DC4EU_A, "employer", "vat", value="x"), ("claim_unknown", "employer.vat")),
    ],
)
def test_each_deviation_of_dialect_a_is_named(claims: dict[str, Any], deviation: tuple[str, str]) -> None:
    assert deviation in told(PDA1_DC4EU_A, claims)


def test_a_house_number_apart_is_joined_to_the_street_under_either_name() -> None:
    for name in ("house_number", "building_number"):
        claims = changed(PDA1_DC4EU_A, "work_address", "street_address", value="Probekai")
        claims["work_address"][name] = "21"
        fields = PDA1_DC4EU_A.restore(claims).record_fields
        assert fields["countries_of_work"][0]["workplaces"][0]["address"]["street_and_number"] == "Probekai 21"


def test_the_issuing_country_is_found_where_the_other_dialect_puts_it() -> None:
    claims = changed(PDA1_DC4EU_A, "issuing_authority", "country", value="FR")
    del claims["issuing_country"]
    restored = PDA1_DC4EU_A.restore(claims)
    assert [(d.code, d.claim, d.expected) for d in restored.deviations] == [
        ("claim_renamed", "issuing_authority.country", "issuing_country")
    ]
    assert restored.record_fields["issuing_authority"]["country"] == "FR"
    claims = changed(PDA1_DC4EU_B, "issuing_country", value="FR")
    del claims["issuing_authority"]["country"]
    assert told(PDA1_DC4EU_B, claims) == {("claim_renamed", "issuing_country")}


def test_a_card_with_the_names_of_the_first_pilots_is_read() -> None:
    claims = EHIC_DC4EU.project(traveller())
    claims["social_security_pin"] = claims.pop("personal_administrative_number")
    claims["document_id"] = claims.pop("document_number")
    claims["issuance_date"] = claims.pop("date_of_issuance")
    claims["expiry_date"] = claims.pop("date_of_expiry")
    source = claims.pop("authentic_source")
    claims["competent_institution"] = {"institution_id": source["id"], "institution_name": source["name"]}
    restored = EHIC_DC4EU.restore(claims)
    assert {deviation.code for deviation in restored.deviations} == {"claim_renamed", "claim_missing"}
    assert restored.record_fields == EHIC_DC4EU.restore(EHIC_DC4EU.project(traveller())).record_fields
    assert EHIC_DC4EU.document_period(claims) == (date(2026, 9, 15), date(2028, 9, 14))


def test_eessi_codes_as_names_of_states_of_work_are_read_as_iso_codes() -> None:
    claims = PDA1_WEBUILD.project(worker())
    claims["placesOfWork"] = {"UK": [], "ZZ": []}
    restored = PDA1_WEBUILD.restore(claims)
    assert restored.record_fields["countries_of_work"] == [{"country": "GB", "workplaces": []}]
    assert [(d.code, d.claim) for d in restored.deviations] == [
        ("country_code_eessi", "placesOfWork.*"),
        ("claim_not_in_form", "placesOfWork.*"),
    ]


def test_a_missing_visible_claim_is_a_deviation_and_a_missing_disclosable_one_is_none() -> None:
    claims = PDA1_DC4EU_B.project(worker())
    del claims["employer"][0]["name"], claims["legislation_country"], claims["document_number"]
    assert told(PDA1_DC4EU_B, claims) == {
        ("claim_missing", "employer.*.name"),
        ("claim_missing", "legislation_country"),
    }


STRANGE: list[Any] = [None, True, 17, 1.5, "x", [], [[]], [None], {}, {"a": {"b": []}}, [{"id": 1}, "x"]]


@pytest.mark.parametrize("projection", PROJECTIONS.values(), ids=list(PROJECTIONS))
@pytest.mark.parametrize("strange", STRANGE)
def test_reading_survives_every_strange_value_at_every_place(projection: Projection, strange: Any) -> None:
    for claim in projection.claims:
        tree: Any = strange
        for step in reversed(claim.path):
            tree = [tree] if step is None else {"DE" if step == "*" else step: tree}
        assert projection.restore(tree).deviations is not None


@pytest.mark.parametrize(
    ("vct", "projection"),
    [
        ("urn:eudi:pda1:1", PDA1_DC4EU_A),
        ("urn:eu.europa.ec.eudi:pda1:1", PDA1_DC4EU_A),
        ("urn:eudi:pda1:1", PDA1_DC4EU_B),
        ("eu.we-build.pda1.1", PDA1_WEBUILD),
    ],
)
def test_the_layout_is_recognised_by_type_and_shape(vct: str, projection: Projection) -> None:
    assert projection_for(vct, projection.project(worker())) is projection


def test_old_and_current_types_of_the_card_are_read_alike() -> None:
    claims = EHIC_DC4EU.project(traveller())
    assert projection_for("urn:eudi:ehic:1", claims) is EHIC_DC4EU
    assert projection_for("urn:eu.europa.ec.eudi:ehic:1", claims) is EHIC_DC4EU


def test_mixed_dialects_and_unknown_types_are_refused() -> None:
    mixed = {**PDA1_DC4EU_A.project(worker()), "work_information": {}}
    for vct, claims, code in (
        ("urn:eudi:pda1:1", mixed, "layout_unknown"),
        ("urn:eudi:pda1:1", {}, "layout_unknown"),
        ("urn:eudi:pda1:2", mixed, "vct_unknown"),
    ):
        with pytest.raises(Error) as caught:
            projection_for(vct, claims)
        assert caught.value.code == code


def test_what_a_layout_leaves_out_is_written_down() -> None:
    assert ("institution",) in PDA1_DC4EU_A.left_out
    assert ("legislation", "transitional_rules") in PDA1_DC4EU_A.left_out
    assert ("legislation", "transitional_rules") not in PDA1_DC4EU_B.left_out
    assert ("issuing_authority",) in PDA1_WEBUILD.left_out


def test_an_address_without_street_stays_without_street() -> None:
    (germany,) = worker().countries_of_work
    (place,) = germany.workplaces
    bare = replace(germany, workplaces=(replace(place, address=Address(town="Hamburg", country="DE")),))
    claims = PDA1_DC4EU_A.project(replace(worker(), countries_of_work=(bare,)))
    assert claims["work_address"] == {"locality": "Hamburg", "country": "DE"}
