"""DCQL with npm ``dcql`` 3.0.0: queries are read, matched and checked alike, or a table here says why not."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Malformed
from portadoc.formats.dcql.matching import CredentialView, check_answer, match
from portadoc.formats.dcql.query import parse_query
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.claims import ClaimPath, JsonObject
from portadoc.schemas.examples import example
from portadoc.verification.presets.presets import PRESETS

pytestmark = pytest.mark.node

VCT = "urn:eudi:pda1:1"


def view(claims: JsonObject, vct: str = VCT, *, bound: bool = True, format_: str = "dc+sd-jwt") -> CredentialView:
    return CredentialView(format=format_, vct=vct, claims={**claims, "vct": vct}, disclosed=(), holder_bound=bound)


PERSON = view(
    {
        "name": "Zoë",
        "age": 42,
        "adult": True,
        "zero": 0,
        "empty": "",
        "address": {"town": "Paris", "lines": ["a", "b"]},
        "states": ["FR", "DE", "ES"],
        "posts": [{"state": "FR", "town": "Paris"}, {"state": "DE"}],
        "mixed": [{"town": "Paris"}, "unknown"],
        "nothing": None,
        "deep": [[{"x": 1}, {"x": 2}], [{"x": 3}]],
    }
)
OTHER = view({"name": "Ana", "age": 17, "adult": False, "states": ["ES"]}, "urn:eudi:ehic:1")
UNBOUND = view({"name": "Nobody"}, bound=False)


def asking(*paths: Sequence[Any], vct: str = VCT, **more: Any) -> JsonObject:
    claims = [{"id": f"c{place}", "path": list(path)} for place, path in enumerate(paths)]
    query: JsonObject = {"id": "one", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, **more}
    return {"credentials": [{**query, "claims": claims} if claims else query]}


def valued(path: Sequence[Any], *values: Any) -> JsonObject:
    query = asking(path)
    query["credentials"][0]["claims"][0]["values"] = list(values)
    return query


def several(sets: Any = None, **vcts: str) -> JsonObject:
    credentials = [
        {"id": name, "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}} for name, vct in vcts.items()
    ]
    return {"credentials": credentials} if sets is None else {"credentials": credentials, "credential_sets": sets}


@dataclass(frozen=True)
class Case:
    """A query, what a wallet holds, and what is presented to it: by default every credential that fits."""

    query: JsonObject
    held: tuple[CredentialView, ...] = (PERSON, OTHER, UNBOUND)
    presented: Mapping[str, tuple[CredentialView, ...]] = field(default_factory=dict)


PDA1, EHIC = VCT, "urn:eudi:ehic:1"
CASES = {
    "no claims": Case(asking()),
    "one claim": Case(asking(["name"])),
    "other type": Case(asking(["name"], vct=EHIC)),
    "type of nobody": Case(asking(["name"], vct="urn:eudi:none:1")),
    "several types": Case(asking(["name"], meta={"vct_values": [PDA1, EHIC]})),
    "absent claim": Case(asking(["name"], ["nobody"])),
    "falsy values": Case(asking(["zero"], ["empty"])),
    "nested": Case(asking(["address", "town"])),
    "object": Case(asking(["address"])),
    "array": Case(asking(["states"])),
    "index": Case(asking(["states", 1])),
    "index beyond": Case(asking(["states", 3])),
    "each element": Case(asking(["states", None])),
    "each element's member": Case(asking(["posts", None, "town"])),
    "one element's member": Case(asking(["posts", 0, "town"])),
    "member of mixed elements": Case(asking(["mixed", None, "town"])),
    "null": Case(asking(["nothing"])),
    "index then each": Case(asking(["deep", 0, None, "x"])),
    "each then index": Case(asking(["deep", None, 0, "x"])),
    "two paths into one array": Case(asking(["states", 0], ["states", 2])),
    "member of a text": Case(asking(["name", "first"])),
    "index of an object": Case(asking(["address", 0])),
    "each of an object": Case(asking(["address", None])),
    "name of an array": Case(asking(["states", "0"])),
    "value": Case(valued(["name"], "Zoë", "Ana")),
    "value of nobody": Case(valued(["name"], "Ana")),
    "number": Case(valued(["age"], 42)),
    "number as text": Case(valued(["age"], "42")),
    "truth": Case(valued(["adult"], True)),
    "truth is not one": Case(valued(["adult"], 1)),
    "value among elements": Case(valued(["states", None], "DE")),
    "holder binding not required": Case(asking(["name"], require_cryptographic_holder_binding=False)),
    "claim sets, first": Case(asking(["name"], ["age"], ["nobody"], claim_sets=[["c0"], ["c1"]])),
    "claim sets, second": Case(asking(["name"], ["age"], ["nobody"], claim_sets=[["c2"], ["c0", "c1"]])),
    "claim sets, none": Case(asking(["name"], ["nobody"], claim_sets=[["c0", "c1"]])),
    "all required": Case(several(a=PDA1, b=EHIC)),
    "all required, one missing": Case(several(a=PDA1, b=EHIC), (PERSON,)),
    "sets": Case(several([{"options": [["a", "b"], ["a"]]}], a=PDA1, b="urn:eudi:none:1")),
    "sets, none": Case(several([{"options": [["b"]]}], a=PDA1, b="urn:eudi:none:1")),
    "sets, optional": Case(several([{"options": [["b"]], "required": False}], a=PDA1, b="urn:eudi:none:1")),
    "unknown members": Case({**asking(["name"]), "more": 1}),
    # presented otherwise than held
    "presented: nothing": Case(asking(["name"]), (), {}),
    "presented: fits": Case(asking(["name"]), (), {"one": (PERSON,)}),
    "presented: claim missing": Case(asking(["zero"], ["nobody"]), (), {"one": (PERSON,)}),
    "presented: wrong type": Case(asking(["name"]), (), {"one": (OTHER,)}),
    "presented: no holder binding": Case(asking(["name"]), (), {"one": (UNBOUND,)}),
    "presented: never asked": Case(asking(["name"]), (), {"other": (PERSON,)}),
    "presented: two for one": Case(asking(["name"]), (), {"one": (PERSON, PERSON)}),
    "presented: several": Case(asking(["name"], multiple=True), (), {"one": (PERSON, PERSON)}),
    "presented: several, one wrong": Case(asking(["name"], multiple=True), (), {"one": (PERSON, OTHER)}),
    "presented: half of a set": Case(several([{"options": [["a", "b"]]}], a=PDA1, b=EHIC), (), {"a": (PERSON,)}),
    "presented: value": Case(valued(["name"], "Zoë"), (), {"one": (PERSON,)}),
    "presented: other value": Case(valued(["name"], "Ana"), (), {"one": (PERSON,)}),
}
DIFFERENT = {
    "null": "takes a claim with the value null for absent; OpenID4VP 1.0 §7.1 selects by name alone",
    "name of an array": "lets a name that looks like a number select an element; §7.1 refuses it as no object",
    "member of mixed elements": "passes over an element that is no object; §7.1 ends with an error there",
}
"""Cases in which npm dcql says something else, each with the reason."""


def changed(**members: Any) -> JsonObject:
    """Return a sound query whose credential query has other members; None takes one away."""
    credential = asking(["name"])["credentials"][0] | members
    return {"credentials": [{name: value for name, value in credential.items() if value is not None}]}


SOUND = asking(["name"])["credentials"][0]
MALFORMED: dict[str, JsonObject] = {
    "no credentials": {},
    "credentials empty": {"credentials": []},
    "credentials no list": {"credentials": SOUND},
    "id missing": changed(id=None),
    "id empty": changed(id=""),
    "id with a space": changed(id="a b"),
    "id twice": {"credentials": [SOUND, SOUND]},
    "format missing": changed(format=None),
    "meta missing": changed(meta=None),
    "vct_values missing": changed(meta={}),
    "vct_values empty": changed(meta={"vct_values": []}),
    "vct_values no list": changed(meta={"vct_values": PDA1}),
    "multiple a text": changed(multiple="true"),
    "holder binding a number": changed(require_cryptographic_holder_binding=1),
    "claims empty": changed(claims=[]),
    "path missing": changed(claims=[{"id": "a"}]),
    "path empty": changed(claims=[{"path": []}]),
    "path a text": changed(claims=[{"path": "name"}]),
    "path with a negative index": changed(claims=[{"path": ["states", -1]}]),
    "path with a fraction": changed(claims=[{"path": ["states", 0.5]}]),
    "path with a truth": changed(claims=[{"path": ["states", True]}]),
    "claim id twice": changed(claims=[{"id": "a", "path": ["name"]}, {"id": "a", "path": ["age"]}]),
    "values empty": changed(claims=[{"path": ["name"], "values": []}]),
    "values of objects": changed(claims=[{"path": ["name"], "values": [{}]}]),
    "values of null": changed(claims=[{"path": ["name"], "values": [None]}]),
    "values of fractions": changed(claims=[{"path": ["name"], "values": [0.5]}]),
    "claim_sets empty": changed(claim_sets=[]),
    "claim_sets with an empty set": changed(claim_sets=[[]]),
    "claim_sets with an unknown id": changed(claim_sets=[["b"]]),
    "claim_sets without claims": changed(claims=None, claim_sets=[["a"]]),
    "claim_sets beside a claim without id": changed(
        claims=[{"id": "a", "path": ["name"]}, {"path": ["age"]}], claim_sets=[["a"]]
    ),
    "credential_sets empty": {"credentials": [SOUND], "credential_sets": []},
    "options empty": {"credentials": [SOUND], "credential_sets": [{"options": []}]},
    "options with an empty option": {"credentials": [SOUND], "credential_sets": [{"options": [[]]}]},
    "options with an unknown id": {"credentials": [SOUND], "credential_sets": [{"options": [["b"]]}]},
}
READ_BY_NPM = {
    "meta missing": "takes meta for optional, as drafts had it; §6.1 requires it",
    "vct_values missing": "takes vct_values for optional, as drafts had it; §B.3.5 requires it",
    "vct_values empty": "reads it and matches nothing; §B.3.5 wants one value or more",
    "claim id twice": "does not compare the ids; §6.3 wants each once",
    "values empty": "reads it and matches nothing; §6.3 wants one value or more",
    "claim_sets beside a claim without id": "does not ask for the id; §6.3 requires one beside claim_sets",
    "options with an empty option": "reads it, and no credential at all satisfies it; §6.2 lists identifiers",
}
"""Malformed queries that npm dcql reads all the same, each with the reason."""

IDENTITY = "https://credentials.example.com/identity_credential"
PUBLISHED = (
    view(
        {
            "family_name": "Doe",
            "given_name": "John",
            "date_of_birth": "1940-01-01",
            "postal_code": "90210",
            "address": {"street_address": "42 Market Street", "locality": "Milliways"},
        },
        IDENTITY,
    ),
    view({"rewards_number": "7"}, "https://company.example/company_rewards"),
)
"""Credentials that fit the examples of the specification, with its own fictional person."""


def held_examples() -> tuple[CredentialView, ...]:
    """Return one credential of each of our configurations, as a wallet sees it."""
    found = []
    for configuration in CREDENTIAL_TYPES.values():
        for name in ("posted-worker-fr-de", "insured-traveller", "pid-posted-worker"):
            record = example(name)
            if configuration.projection.kind == record.KIND:
                found.append(view(configuration.projection.project(record), configuration.vct))
    return tuple(found)


PRESET_CASES = {f"preset {name}": Case(preset.query, held_examples()) for name, preset in PRESETS.items()}


def spelt(credential: CredentialView) -> JsonObject:
    """Return a credential as npm dcql takes it."""
    return {
        "credential_format": credential.format,
        "vct": credential.vct,
        "claims": credential.claims,
        "cryptographic_holder_binding": credential.holder_bound,
    }


def picture(claims: Any, paths: Sequence[ClaimPath]) -> Any:
    """Return ``claims`` with only what stands at ``paths``: the form in which npm dcql tells what it selects."""
    if () in paths:
        return claims
    steps = dict.fromkeys(path[0] for path in paths)
    inner = {step: picture(claims[step], [path[1:] for path in paths if path[0] == step]) for step in steps}
    if isinstance(claims, list):
        return [inner.get(index) for index in range(len(claims))]
    return inner


def trimmed(tree: Any) -> Any:
    """Return a tree whose arrays end with something: a place left out at the end tells nothing."""
    if isinstance(tree, dict):
        return {name: trimmed(value) for name, value in tree.items()}
    if not isinstance(tree, list):
        return tree
    elements = [trimmed(element) for element in tree]
    while elements and elements[-1] is None:
        elements.pop()
    return elements


def matched_here(case: Case) -> JsonObject:
    found = match(parse_query(case.query), case.held)
    return {
        "satisfiable": found.satisfiable,
        "candidates": {
            name: {
                str(each.position): trimmed(picture(case.held[each.position].claims, each.paths))
                if each.paths
                else {}
                for each in candidates
            }
            for name, candidates in found.candidates.items()
        },
    }


def answered_here(case: Case) -> bool:
    return not check_answer(parse_query(case.query), case.presented)


def asked_there(run_script: Callable[[str, object], Any], cases: Mapping[str, Case]) -> dict[str, Any]:
    questions = {
        name: {
            "query": case.query,
            "held": [spelt(each) for each in case.held],
            "presented": {name: [spelt(each) for each in those] for name, those in case.presented.items()},
        }
        for name, case in cases.items()
    }
    return dict(run_script("dcql.mjs", questions))


@pytest.fixture(scope="module")
def npm(run_script: Callable[[str, object], Any]) -> dict[str, Any]:
    """What npm dcql says of every case and of every query that is not one."""
    malformed = {name: Case(query) for name, query in MALFORMED.items()}
    return asked_there(run_script, CASES | PRESET_CASES | malformed)


@pytest.mark.parametrize("name", CASES | PRESET_CASES)
def test_the_same_credentials_and_claims_are_selected(npm: dict[str, Any], name: str) -> None:
    there = npm[name]["matched"]
    assert there["ok"], there
    assert (trimmed(there["value"]) == matched_here((CASES | PRESET_CASES)[name])) == (name not in DIFFERENT)


@pytest.mark.parametrize("name", CASES)
def test_the_same_answers_satisfy_the_query(npm: dict[str, Any], name: str) -> None:
    there = npm[name]["answered"]
    assert (there["ok"] and there["value"]) == answered_here(CASES[name]), there


def test_every_preset_selects_something_of_our_own_attestations(npm: dict[str, Any]) -> None:
    assert all(npm[name]["matched"]["value"]["satisfiable"] for name in PRESET_CASES)


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_query_is_refused_by_both(npm: dict[str, Any], name: str) -> None:
    with pytest.raises(Malformed):
        parse_query(MALFORMED[name])
    assert npm[name]["matched"]["ok"] == (name in READ_BY_NPM), npm[name]


def test_published_queries_select_the_same(run_script: Callable[[str, object], Any], vectors: Path) -> None:
    folder = vectors / "specs/openid4vp-1.0"
    files = [*folder.glob("query_lang/*.json"), *folder.glob("request/dcql_*.json")]
    cases = {file.stem: Case(json.loads(file.read_text(encoding="utf-8")), PUBLISHED) for file in files}
    assert len(cases) == 9
    told = asked_there(run_script, cases)
    for name, case in cases.items():
        assert trimmed(told[name]["matched"]["value"]) == matched_here(case), name
    assert {name for name in cases if told[name]["matched"]["value"]["satisfiable"]} == {
        "claims_alternatives",
        "credentials_alternatives",
        "simple",
        "value_matching_simple",
    }
