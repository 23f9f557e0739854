"""Published Type Metadata: current, complete, and honest about two dialects under one type."""

import json
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.formats.dcql.paths import parse_pointer, select
from portadoc.schemas.catalogue import CREDENTIAL_TYPES, CredentialConfiguration
from portadoc.schemas.claims import claims_at
from portadoc.schemas.codes import PDA1_STATES
from portadoc.schemas.examples import example
from portadoc.schemas.type_metadata import build_type_metadata, type_metadata, write_documents

VCTS = sorted({configuration.vct for configuration in CREDENTIAL_TYPES.values()})
EXAMPLE_OF = {
    "pda1": "posted-worker-fr-de",
    "ehic": "insured-traveller",
    "prc": "replacement-certificate",
    "pid": "pid-posted-worker",
    "bilateral": "bilateral-fr-jp",
    "maintenance": "maintenance-fr-ke",
}


def document(vct: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(type_metadata(vct))
    return loaded


def rules(vct: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(claim["path"]): claim for claim in document(vct)["claims"]}


@pytest.mark.parametrize("vct", VCTS)
def test_the_served_document_is_current(vct: str) -> None:
    assert type_metadata(vct) == build_type_metadata(vct)


def test_the_generator_writes_the_documents_that_are_served(tmp_path: Path) -> None:
    write_documents(tmp_path)
    assert {file.read_bytes() for file in tmp_path.iterdir()} == {type_metadata(vct) for vct in VCTS}


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(Refused) as caught:
        type_metadata("urn:eudi:pda1:2")
    assert caught.value.code == "vct_unknown"


@pytest.mark.parametrize("vct", VCTS)
def test_every_claim_has_labels_in_english_and_french_and_a_disclosure_rule(vct: str) -> None:
    metadata = document(vct)
    assert metadata["vct"] == vct
    assert [entry["locale"] for entry in metadata["display"]] == ["en", "fr"]
    for claim in metadata["claims"]:
        assert [entry["locale"] for entry in claim["display"]] == ["en", "fr"]
        assert all(entry["label"].strip() for entry in claim["display"])
        assert claim["sd"] in {"always", "never"}
        assert claim["path"]
        assert all(step is None or isinstance(step, str) for step in claim["path"])
        assert "*" not in claim["path"]


@pytest.mark.parametrize("vct", VCTS)
def test_no_path_is_described_twice(vct: str) -> None:
    assert len(rules(vct)) == len(document(vct)["claims"])


@pytest.mark.parametrize("configuration", CREDENTIAL_TYPES.values(), ids=list(CREDENTIAL_TYPES))
def test_every_claim_of_a_credential_is_described_as_it_is_disclosed(
    configuration: CredentialConfiguration,
) -> None:
    described = rules(configuration.vct)
    claims = configuration.projection.project(example(EXAMPLE_OF[configuration.projection.kind]))
    always = {
        path
        for pattern, claim in described.items()
        if claim["sd"] == "always"
        for path, _ in claims_at(claims, pattern)
    }
    assert always == set(configuration.projection.disclosable(claims))
    for path in leaves(claims):
        generic = tuple(None if isinstance(step, int) else step for step in path)
        inside_both_ways = path[0] == "employer" and configuration.vct == "urn:eudi:pda1:1"
        assert generic in described or inside_both_ways, generic


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [leaf for step, child in steps for leaf in leaves(child, (*path, step))] or [path]


def fault_of(claims: dict[str, Any], path: list[Any]) -> object:
    """Return why a path cannot be followed, or None; nothing at its end is no fault in Type Metadata."""
    try:
        select(claims, parse_pointer(path))
    except Refused as exc:
        reason = exc.params["reason"]
        return None if reason == "claim_absent" else reason
    return None


@pytest.mark.parametrize("configuration", CREDENTIAL_TYPES.values(), ids=list(CREDENTIAL_TYPES))
def test_no_path_is_an_error_in_a_credential_of_its_type(configuration: CredentialConfiguration) -> None:
    claims = configuration.projection.project(example(EXAMPLE_OF[configuration.projection.kind]))
    assert [path for path in rules(configuration.vct) if fault_of(claims, list(path)) is not None] == []


def test_the_a1_document_serves_both_dialects() -> None:
    described = rules("urn:eudi:pda1:1")
    mandatory = {path for path, claim in described.items() if claim.get("mandatory")}
    assert ("employer",) in mandatory
    assert ("legislation_country",) in mandatory
    assert ("work_address",) in described
    assert ("work_information", "work_address", None, "locality") in described
    assert (
        not {("work_address",), ("work_information",), ("issuing_country",), ("transitional_rules",)} & mandatory
    )
    assert not [path for path in described if path[0] == "employer" and len(path) > 1]
    assert all("description" in entry for entry in described[("employer",)]["display"])
    assert {("vct",), ("iss",), ("sub",), ("jti",), ("iat",), ("cnf",)} <= mandatory


def test_the_holder_s_key_is_mandatory_where_no_paper_carries_a_copy() -> None:
    bound = {vct for vct in VCTS if rules(vct)[("cnf",)].get("mandatory")}
    assert bound == {"urn:eudi:pda1:1", "urn:eudi:ehic:1", "urn:eudi:pid:1"}


def test_the_full_form_spells_out_every_state_of_work() -> None:
    described = rules("eu.we-build.pda1.1")
    for state in PDA1_STATES:
        assert described[("placesOfWork", state, None, "address")]["sd"] == "always"
        assert described[("placesOfWork", state)]["sd"] == "never"
