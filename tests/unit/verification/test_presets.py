"""The presets: what each asks in every layout, and that every credential of ours can answer."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.formats.dcql.matching import CredentialView, match
from portadoc.formats.dcql.query import parse_query
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.projections import LAYOUTS
from portadoc.verification.presets.fields import fields, starts_with
from portadoc.verification.presets.presets import PRESETS, Preset, preset
from portadoc.verification.presets.purposes import PURPOSES

EXAMPLES = {"pda1": "posted-worker-fr-de", "ehic": "insured-traveller", "pid": "pid-posted-worker"}
ASKED_OF_A1 = ("pda1", "pda1-rulebook", "pda1-webuild")
ATTESTATIONS = {
    "inspector-quick": ASKED_OF_A1,
    "inspector-full": ASKED_OF_A1,
    "customs-police": ASKED_OF_A1,
    "principal-contractor": ASKED_OF_A1,
    "care-desk": ("ehic",),
    "billing-office": ("ehic",),
    "public-check": ASKED_OF_A1,
}


def held(configuration: str, **changes: Any) -> CredentialView:
    projection = CREDENTIAL_TYPES[configuration].projection
    claims = {**projection.project(example(EXAMPLES[projection.kind])), **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return CredentialView("dc+sd-jwt", projection.vct, claims, projection.disclosable(claims), holder_bound=True)


def shown(name: str, configuration: str, **changes: Any) -> set[str]:
    """Return the dotted names of what a wallet shows of a credential for a preset, with PID beside it."""
    wallet = [held(configuration, **changes), held("pid")]
    found = match(parse_query(PRESETS[name].query), wallet)
    assert found.satisfiable
    chosen = [each for those in found.choose(optional_sets=True).values() for each in those]
    assert {each.position for each in chosen} == ({0, 1} if "pid" in found.candidates else {0})
    (answer,) = (each for each in chosen if each.position == 0)
    return {".".join(map(str, path)) for path in answer.paths}


def test_there_are_the_seven_purposes() -> None:
    assert tuple(PRESETS) == tuple(ATTESTATIONS)
    for each in PRESETS.values():
        assert each.purpose in PURPOSES
        assert each.title["en"]
        assert each.title["fr"]
        assert each.legal_basis


@pytest.mark.parametrize(
    ("name", "configuration"), [(name, each) for name, those in ATTESTATIONS.items() for each in those]
)
def test_each_credential_of_ours_answers_each_preset_that_asks_for_its_kind(name: str, configuration: str) -> None:
    assert shown(name, configuration)


def test_a_layout_is_asked_for_its_own_names_of_the_same_thing() -> None:
    assert "work_address" in shown("inspector-quick", "pda1")
    assert "work_information" in shown("inspector-quick", "pda1-rulebook")
    assert "placesOfWork" in shown("inspector-quick", "pda1-webuild")


def test_where_the_person_is_compared_the_form_that_names_the_person_is_preferred() -> None:
    wallet = [held("pda1"), held("pda1-webuild"), held("pid")]
    for name, preferred in (("inspector-full", "a1-full-form"), ("inspector-quick", "a1")):
        chosen = match(parse_query(PRESETS[name].query), wallet).choose(optional_sets=False)
        assert chosen.keys() - {"pid"} == {preferred}


def test_the_full_check_names_the_person_and_joins_pid() -> None:
    assert {"subject.names", "subject.dateOfBirth"} <= shown("inspector-full", "pda1-webuild")
    (pid,) = (each for each in PRESETS["inspector-full"].query["credentials"] if each["id"] == "pid")
    names = [["family_name"], ["given_name"], ["birthdate"]]
    assert [claim["path"] for claim in pid["claims"]] == [*names, ["date_of_expiry"]]
    assert PRESETS["inspector-full"].same_person
    alone = match(parse_query(PRESETS["inspector-full"].query), [held("pda1")])
    assert not alone.satisfiable


@pytest.mark.parametrize("configuration", ASKED_OF_A1)
def test_the_principal_contractor_never_sees_a_personal_number_or_a_home_address(configuration: str) -> None:
    names = shown("principal-contractor", configuration)
    forbidden = ("personal_administrative_number", "subject.pin", "subject.address", "placesOfWork")
    assert not any(name.startswith(forbidden) for name in names)


def test_the_care_desk_takes_a_card_without_pid_and_asks_for_pid() -> None:
    query = parse_query(PRESETS["care-desk"].query)
    assert match(query, [held("ehic")]).satisfiable
    assert set(match(query, [held("ehic"), held("pid")]).choose(optional_sets=True)) == {"ehic", "pid"}


def test_the_public_page_learns_legislation_and_institution_only() -> None:
    dates = ("starting_date", "ending_date", "date_of_expiry")
    allowed = ("legislation_country", *dates, "issuing_authority", "authentic_source")
    assert all(name.startswith(allowed) for name in shown("public-check", "pda1"))


def test_what_an_attestation_need_not_have_is_asked_for_where_it_is_there() -> None:
    assert {"starting_date", "ending_date", "date_of_expiry"} <= shown("billing-office", "ehic")
    without = shown("billing-office", "ehic", starting_date=None, ending_date=None)
    assert {"document_number", "date_of_expiry"} <= without
    insured = {"familynames": "Test", "forenames": "Enfant", "date_of_birth": "2019-01-01"}
    assert "subject.familynames" in shown("care-desk", "ehic", subject=insured)


def test_a_country_without_a_fixed_place_is_shown_in_place_of_an_address() -> None:
    nowhere = {"no_fixed_place_of_work": "DE"}
    names = shown("customs-police", "pda1-rulebook", work_information=nowhere)
    assert "work_information.no_fixed_place_of_work" in names


def test_every_claim_that_a_preset_needs_is_one_that_the_layout_demands() -> None:
    for name, each in fields().items():
        for layout, patterns in each.claims.items():
            known = [claim.path for claim in LAYOUTS[layout].claims]
            beside = LAYOUTS[layout].envelope
            for pattern in patterns:
                assert pattern in known or pattern[0] in beside, (name, pattern)


def test_a_query_stays_small_enough_to_travel() -> None:
    for each in PRESETS.values():
        assert len(str(each.query)) < 12_000


def test_the_version_follows_whatever_decides_and_nothing_else() -> None:
    quick = PRESETS["inspector-quick"]
    assert len(quick.version) == 43
    assert replace(quick, title={"en": "Other"}, legal_basis="").version == quick.version
    changes: dict[str, Any]
    for changes in ({"same_person": True}, {"status_required": False}, {"same_holder": True}, {"query": {}}):
        assert replace(quick, **changes).version != quick.version
    assert len({each.version for each in PRESETS.values()}) == len(PRESETS)


def test_the_order_of_members_does_not_change_the_version() -> None:
    one = Preset(id="own", query={"credentials": [], "credential_sets": []})
    other = Preset(id="own", query={"credential_sets": [], "credentials": []})
    assert one.version == other.version


def test_an_unknown_preset_is_refused_with_those_that_there_are() -> None:
    assert preset("public-check") is PRESETS["public-check"]
    with pytest.raises(Refused) as refusal:
        preset("inspector")
    assert refusal.value.code == "preset_unknown"
    assert "inspector-quick" in str(refusal.value.params["known"])


def test_an_index_is_one_of_all_elements_and_a_name_is_one_of_all_members() -> None:
    assert starts_with(("employer", None, "name"), ("employer", 0))
    assert not starts_with(("employer", None, "name"), ("employer", "name"))
    assert starts_with(("placesOfWork", "*", None), ("placesOfWork", "DE"))
    assert not starts_with(("placesOfWork", "*"), ("placesOfWork", 0))


def test_a_question_loses_the_alternatives_that_nobody_registered() -> None:
    asked = preset("inspector-quick")
    limited = asked.limited_to(["urn:eudi:pda1:1"])
    assert (asked.types, limited.types) == (("urn:eudi:pda1:1", "eu.we-build.pda1.1"), ("urn:eudi:pda1:1",))
    assert limited.query["credential_sets"] == [{"options": [["a1"]]}]
    assert parse_query(limited.query)
    assert limited.version != asked.version


def test_what_is_optional_may_be_dropped_whole() -> None:
    limited = preset("care-desk").limited_to(["urn:eudi:ehic:1"])
    assert limited.types == ("urn:eudi:ehic:1",)
    assert limited.query["credential_sets"] == [{"options": [["ehic"]]}]


@pytest.mark.parametrize("name", ["inspector-full", "billing-office"])
def test_what_is_required_and_not_registered_stays_asked_for(name: str) -> None:
    missing = "urn:eudi:pid:1" if name == "inspector-full" else "urn:eudi:ehic:1"
    assert missing in preset(name).limited_to(["urn:eudi:pda1:1"]).types


@pytest.mark.parametrize("name", PRESETS)
def test_who_registered_every_type_asks_the_question_itself(name: str) -> None:
    asked = preset(name)
    assert asked.limited_to(asked.types) is asked


def test_review_f8_values_that_are_asked_for_are_not_in_the_version() -> None:
    def asking(**claim: Any) -> Preset:
        wanted = {
            "id": "a",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": ["urn:eudi:pda1:1"]},
            "trusted_authorities": [{"type": "aki", "values": ["abc"]}],
            "claims": [{"path": ["document_number"], **claim}],
        }
        return Preset(id="own-query", query={"credentials": [wanted]})

    one, other, none = asking(values=["1"]), asking(values=["2", "3"]), asking()
    assert one.version == other.version != none.version
    elsewhere = deepcopy(one.query)
    elsewhere["credentials"][0]["trusted_authorities"][0]["values"] = ["abd"]
    assert replace(one, query=elsewhere).version != one.version
