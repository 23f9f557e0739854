"""Matching DCQL queries: least disclosure on the wallet's side, distrust on the verifier's."""

from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.formats.dcql.matching import (
    Candidate,
    CredentialView,
    QueryProblem,
    asked_paths,
    check_answer,
    match,
    surplus_disclosures,
)
from portadoc.formats.dcql.query import DcqlQuery, parse_query

A1, EHIC = "urn:eudi:pda1:1", "urn:eudi:ehic:1"
CLAIMS: dict[str, Any] = {
    "vct": A1,
    "family_name": "Doe",
    "birth_year": 1980,
    "posted": True,
    "address": {"locality": "Lyon", "country": "FR"},
    "places": [{"country": "DE"}, {"country": "AT"}],
}
DISCLOSED: tuple[tuple[str | int, ...], ...] = (
    ("family_name",),
    ("birth_year",),
    ("address",),
    ("address", "locality"),
    ("address", "country"),
    ("places", 0),
    ("places", 1),
)


def view(vct: str = A1, claims: dict[str, Any] = CLAIMS, **changes: Any) -> CredentialView:
    members: dict[str, Any] = {
        "format": "dc+sd-jwt",
        "vct": vct,
        "claims": claims,
        "disclosed": DISCLOSED,
        "holder_bound": True,
    }
    return CredentialView(**(members | changes))


def credential(query_id: str = "a1", vct: str = A1, **members: Any) -> dict[str, Any]:
    return {"id": query_id, "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, **members}


def query(*credentials: dict[str, Any], sets: list[dict[str, Any]] | None = None) -> DcqlQuery:
    return parse_query({"credentials": list(credentials)} | ({"credential_sets": sets} if sets else {}))


def claims(*paths: list[str | int | None], **values: list[Any]) -> list[dict[str, Any]]:
    return [{"path": path} for path in paths] + [
        {"path": [name], "values": found} for name, found in values.items()
    ]


def reasons(asked: DcqlQuery, presented: dict[str, list[CredentialView]]) -> list[tuple[str, str, str]]:
    return [(problem.query, problem.reason, problem.path) for problem in check_answer(asked, presented)]


def test_wallet_shows_only_what_is_asked() -> None:
    asked = query(credential(claims=claims(["address", "locality"], ["places", None, "country"])))
    assert match(asked, [view()]).choose(optional_sets=False) == {
        "a1": (Candidate(0, (("address", "locality"), ("places", 0, "country"), ("places", 1, "country"))),)
    }


def test_query_without_claims_gets_no_claims() -> None:
    chosen = match(query(credential()), [view()]).choose(optional_sets=False)
    assert chosen == {"a1": (Candidate(0, ()),)}


def test_duplicate_claim_queries_count_once() -> None:
    asked = query(credential(claims=claims(["family_name"], ["family_name"])))
    assert match(asked, [view()]).candidates["a1"] == (Candidate(0, (("family_name",),)),)


def test_value_restriction_shows_the_fitting_elements_only() -> None:
    asked = query(credential(claims=[{"path": ["places", None, "country"], "values": ["AT", "IT"]}]))
    assert match(asked, [view()]).candidates["a1"] == (Candidate(0, (("places", 1, "country"),)),)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"claims": claims(family_name=["Roe"])}, "value_mismatch"),
        ({"claims": claims(posted=[1])}, "value_mismatch"),
        ({"claims": claims(birth_year=["1980"])}, "value_mismatch"),
        ({"claims": claims(address=["Lyon"])}, "value_mismatch"),
        ({"claims": claims(["given_name"])}, "claim_absent"),
        ({"claims": claims(["family_name", 0])}, "path_container"),
    ],
)
def test_claims_that_do_not_fit_are_refused_on_both_sides(members: dict[str, Any], reason: str) -> None:
    asked = query(credential(**members))
    assert not match(asked, [view()]).satisfiable
    problems = reasons(asked, {"a1": [view()]})
    assert [(where, why) for where, why, _ in problems] == [("a1", reason)]


@pytest.mark.parametrize(
    ("held", "members", "reason"),
    [
        (view(format="mso_mdoc"), {}, "format"),
        (view(vct=EHIC), {}, "vct"),
        (view(vct=A1 + "/"), {}, "vct"),
        (view(holder_bound=False), {}, "holder_binding"),
        (view(), {"trusted_authorities": [{"type": "aki", "values": ["x"]}]}, "authority"),
        (
            view(authorities=frozenset({("etsi_tl", "x"), ("aki", "y")})),
            {"trusted_authorities": [{"type": "aki", "values": ["x"]}]},
            "authority",
        ),
    ],
)
def test_credentials_of_another_kind_are_refused_on_both_sides(
    held: CredentialView, members: dict[str, Any], reason: str
) -> None:
    asked = query(credential(**members))
    assert match(asked, [held]).candidates == {"a1": ()}
    assert reasons(asked, {"a1": [held]}) == [("a1", reason, "")]


def test_credential_without_binding_and_of_a_named_authority_fit_when_asked_for() -> None:
    members: dict[str, Any] = {"trusted_authorities": [{"type": "aki", "values": ["x", "z"]}]}
    asked = query(credential(require_cryptographic_holder_binding=False, **members))
    held = view(holder_bound=False, authorities=frozenset({("aki", "x")}))
    assert check_answer(asked, {"a1": [held]}) == ()


WITH_SETS = credential(
    claims=[
        {"id": "n", "path": ["given_name"]},
        {"id": "f", "path": ["family_name"]},
        {"id": "y", "path": ["birth_year"]},
    ],
    claim_sets=[["n", "f"], ["y", "f"], ["f"]],
)


def test_first_claim_set_that_can_be_satisfied_is_taken() -> None:
    asked = query(WITH_SETS)
    assert match(asked, [view()]).candidates["a1"][0].paths == (("birth_year",), ("family_name",))


def test_without_any_claim_set_the_preferred_one_is_reported() -> None:
    problems = reasons(query(WITH_SETS), {"a1": [view(claims={"vct": A1})]})
    assert problems == [("a1", "claim_absent", "given_name"), ("a1", "claim_absent", "family_name")]


BOTH = (credential("a1"), credential("ehic", EHIC))


def test_without_sets_every_credential_is_required() -> None:
    asked = query(*BOTH)
    assert not match(asked, [view()]).satisfiable
    with pytest.raises(Refused) as refusal:
        match(asked, [view()]).choose(optional_sets=False)
    assert refusal.value.params["reason"] == "credential_set_unsatisfied"
    assert reasons(asked, {"a1": [view()]}) == [("ehic", "credential_missing", "")]
    assert match(asked, [view(), view(vct=EHIC)]).satisfiable


SETS: list[dict[str, Any]] = [{"options": [["pid"], ["a1"]]}, {"options": [["ehic"]], "required": False}]
THREE = (*BOTH, credential("pid", "urn:eudi:pid:1"))


def test_first_option_with_credentials_is_chosen_and_optional_sets_on_request() -> None:
    found = match(query(*THREE, sets=SETS), [view(), view(vct=EHIC)])
    assert found.satisfiable
    assert list(found.choose(optional_sets=False)) == ["a1"]
    assert list(found.choose(optional_sets=True)) == ["a1", "ehic"]
    assert list(match(query(*THREE, sets=SETS), [view()]).choose(optional_sets=True)) == ["a1"]


def test_verifier_accepts_any_option_and_names_the_set_otherwise() -> None:
    asked = query(*THREE, sets=SETS)
    assert check_answer(asked, {"a1": [view()]}) == ()
    assert reasons(asked, {"ehic": [view(vct=EHIC)]}) == [("pid | a1", "credential_set_unsatisfied", "")]
    assert reasons(asked, {}) == [("pid | a1", "credential_set_unsatisfied", "")]


def test_failed_presentation_is_reported_once() -> None:
    assert reasons(query(credential()), {"a1": [view(vct=EHIC)]}) == [("a1", "vct", "")]


def test_answer_names_known_queries_with_the_right_number_of_presentations() -> None:
    asked = query(credential())
    assert reasons(asked, {"a1": []}) == [("a1", "presentation_missing", "")]
    assert reasons(asked, {"a1": [view(), view()]}) == [("a1", "presentation_surplus", "")]
    assert reasons(asked, {"a1": [view()], "zz\n\u202e": [view()]}) == [("zz", "query_unknown", "")]


def test_multiple_lets_several_through_and_each_is_checked() -> None:
    asked = query(credential(multiple=True))
    assert match(asked, [view(), view()]).choose(optional_sets=False)["a1"] == (Candidate(0, ()), Candidate(1, ()))
    assert check_answer(asked, {"a1": [view(), view()]}) == ()
    assert check_answer(asked, {"a1": [view(), view(vct=EHIC)]}) == (QueryProblem("a1", "vct"),)
    single = query(credential())
    assert match(single, [view(), view()]).choose(optional_sets=False)["a1"] == (Candidate(0, ()),)


def test_surplus_disclosures_are_listed_and_needed_parents_are_not() -> None:
    asked = query(credential(claims=claims(["address", "locality"], ["places", 1])))
    assert surplus_disclosures(asked.credentials[0], view()) == (
        ("family_name",),
        ("birth_year",),
        ("address", "country"),
        ("places", 0),
    )


def test_asking_for_an_object_asks_for_what_it_holds() -> None:
    asked = query(credential(claims=claims(["address"])))
    assert asked_paths(asked.credentials[0], view()) == (("address",),)
    assert ("address", "country") not in surplus_disclosures(asked.credentials[0], view())


def test_everything_is_surplus_when_nothing_was_asked_or_nothing_fits() -> None:
    assert surplus_disclosures(query(credential()).credentials[0], view()) == DISCLOSED
    unmet = query(credential(claims=claims(["given_name"])))
    assert surplus_disclosures(unmet.credentials[0], view()) == DISCLOSED


def test_index_means_the_element_as_issued() -> None:
    asked = query(credential(claims=claims(["places", 1, "country"])))
    presented = view(
        claims={"vct": A1, "places": [{"country": "AT"}]},
        disclosed=(("places", 0),),
        issued_positions={("places",): (1,)},
    )
    assert check_answer(asked, {"a1": [presented]}) == ()
    assert surplus_disclosures(asked.credentials[0], presented) == ()
    swapped = view(claims=presented.claims, disclosed=presented.disclosed, issued_positions={("places",): (0,)})
    assert reasons(asked, {"a1": [swapped]}) == [("a1", "claim_absent", "places[1].country")]
