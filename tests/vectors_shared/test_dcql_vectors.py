"""The published DCQL examples: all are read, and those for SD-JWT VC select what their text says."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from portadoc.errors import Malformed
from portadoc.formats.dcql.matching import Candidate, CredentialView, check_answer, match
from portadoc.formats.dcql.paths import select
from portadoc.formats.dcql.query import DcqlQuery, parse_query

IDENTITY = "https://credentials.example.com/identity_credential"
QUERIES = (
    "query_lang/claims_alternatives",
    "query_lang/complex_mdoc",
    "query_lang/credentials_alternatives",
    "query_lang/multi_credentials",
    "query_lang/simple",
    "query_lang/simple_mdoc",
    "query_lang/value_matching_simple",
    "request/dcql_jwt_vc",
    "request/dcql_ldp_vc",
)
CLAIMS = {
    "vct": IDENTITY,
    "family_name": "Doe",
    "given_name": "John",
    "date_of_birth": "1940-01-01",
    "postal_code": "90210",
    "address": {"street_address": "42 Market Street", "locality": "Milliways"},
}


def published(vectors: Path, name: str) -> DcqlQuery:
    return parse_query(json.loads((vectors / f"specs/openid4vp-1.0/{name}.json").read_text()))


def blocks(vectors: Path) -> list[Any]:
    document = json.loads((vectors / "specs/extracted/openid4vp_1_0_json_blocks.json").read_text())
    return [block["json"] for block in document["blocks"] if "json" in block]


def held(vct: str = IDENTITY, **claims: Any) -> CredentialView:
    return CredentialView(
        format="dc+sd-jwt", vct=vct, claims=CLAIMS | {"vct": vct} | claims, disclosed=(), holder_bound=True
    )


def test_no_published_query_is_left_out(vectors: Path) -> None:
    folder = vectors / "specs/openid4vp-1.0"
    found = {path.relative_to(folder).with_suffix("").as_posix() for path in folder.glob("query_lang/*.json")}
    found |= {path.relative_to(folder).with_suffix("").as_posix() for path in folder.glob("request/dcql_*.json")}
    assert found == set(QUERIES)


@pytest.mark.parametrize("name", QUERIES)
def test_published_query_is_read_and_never_matched_by_nothing(vectors: Path, name: str) -> None:
    query = published(vectors, name)
    found = match(query, [])
    assert not found.satisfiable
    assert check_answer(query, {})


@pytest.mark.parametrize("name", ["query_lang/simple_mdoc", "query_lang/complex_mdoc", "request/dcql_jwt_vc"])
def test_formats_that_we_do_not_hold_are_read_and_not_matched(vectors: Path, name: str) -> None:
    assert not match(published(vectors, name), [held()]).satisfiable


def test_queries_inside_published_requests_are_read(vectors: Path) -> None:
    requests = [block for block in blocks(vectors) if isinstance(block, dict) and "dcql_query" in block]
    assert [parse_query(request["dcql_query"]).credentials[0].vct_values for request in requests] == [
        (IDENTITY,),
        (IDENTITY,),
    ]


def test_simple_query_selects_three_claims(vectors: Path) -> None:
    query = published(vectors, "query_lang/simple")
    assert match(query, [held()]).choose(optional_sets=True) == {
        "my_credential": (Candidate(0, (("family_name",), ("given_name",), ("address", "street_address"))),)
    }


def test_value_matching_query_takes_fitting_values_only(vectors: Path) -> None:
    query = published(vectors, "query_lang/value_matching_simple")
    assert match(query, [held()]).satisfiable
    assert match(query, [held(postal_code="90211")]).satisfiable
    assert not match(query, [held(postal_code="90212")]).satisfiable
    assert not match(query, [held(postal_code=90210)]).satisfiable


def test_claim_alternatives_fall_back_to_the_second_set(vectors: Path) -> None:
    query = published(vectors, "query_lang/claims_alternatives")
    second = (("family_name",), ("postal_code",), ("date_of_birth",))
    assert match(query, [held()]).candidates["pid"] == (Candidate(0, second),)
    first = (("family_name",), ("locality",), ("region",), ("date_of_birth",))
    assert match(query, [held(locality="M", region="R")]).candidates["pid"] == (Candidate(0, first),)


def test_credential_alternatives_take_the_first_group_that_is_held(vectors: Path) -> None:
    query = published(vectors, "query_lang/credentials_alternatives")
    reduced = held("https://credentials.example.com/reduced_identity_credential")
    residence = held("https://cred.example/residence_credential", locality="M", region="R")
    rewards = held("https://company.example/company_rewards", rewards_number="7")
    assert list(match(query, [reduced, residence]).choose(optional_sets=True)) == [
        "pid_reduced_cred_1",
        "pid_reduced_cred_2",
    ]
    assert not match(query, [reduced]).satisfiable
    chosen = match(query, [held(), reduced, residence, rewards]).choose(optional_sets=True)
    assert list(chosen) == ["pid", "nice_to_have"]
    assert check_answer(query, {"pid_reduced_cred_1": [reduced], "pid_reduced_cred_2": [residence]}) == ()
    assert [problem.reason for problem in check_answer(query, {"nice_to_have": [rewards]})] == [
        "credential_set_unsatisfied"
    ]


def test_every_credential_is_required_without_sets(vectors: Path) -> None:
    query = published(vectors, "query_lang/multi_credentials")
    assert [(found.query, found.reason) for found in check_answer(query, {"pid": [held()]})] == [
        ("mdl", "credential_missing")
    ]


@pytest.mark.parametrize(
    ("pointer", "values"),
    [
        (("name",), ["Arthur Dent"]),
        (("address", "street_address"), ["42 Market Street"]),
        (("degrees", None, "type"), ["Bachelor of Science", "Master of Science"]),
        (("nationalities", 1), ["Betelgeusian"]),
    ],
)
def test_pointers_of_the_published_example_select_what_it_says(
    vectors: Path, pointer: tuple[str | int | None, ...], values: list[str]
) -> None:
    example = next(block for block in blocks(vectors) if isinstance(block, dict) and "degrees" in block)
    assert [item.value for item in select(example, pointer)] == values


def test_queries_of_deployed_verifiers_are_read(vectors: Path) -> None:
    folder = vectors / "attestations"
    request = json.loads((folder / "eudi-verifier/ehic-dcql.json").read_text())
    assert parse_query(request["dcql_query"]).credentials[0].vct_values == ("urn:eu.europa.ec.eudi:ehic:1",)
    for name in ("ehic", "pid"):
        template = yaml.safe_load((folder / f"dc4eu-vc/presentation-request-eudi_{name}.yaml").read_text())
        assert parse_template(template)


def parse_template(document: dict[str, Any]) -> bool:
    """Read every query of a template; those with the old format identifier have no SD-JWT VC meaning."""
    queries = [parse_query(entry["dcql"]) for entry in document["templates"]]
    return all(found.format in {"vc+sd-jwt", "dc+sd-jwt"} for query in queries for found in query.credentials)


def test_published_query_with_an_outlawed_change_is_refused(vectors: Path) -> None:
    raw = json.loads((vectors / "specs/openid4vp-1.0/query_lang/simple.json").read_text())
    del raw["credentials"][0]["meta"]
    with pytest.raises(Malformed) as refusal:
        parse_query(raw)
    assert refusal.value.params["reason"] == "meta_missing"
