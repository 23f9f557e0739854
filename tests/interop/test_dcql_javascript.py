"""DCQL with npm ``dcql`` 3.0.0: the same queries are read, matched and checked alike, or the table says why not."""

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
from portadoc.verifier.presets import PRESETS

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
        "posts": [{"state": "FR", "town": "Paris"}, {"state": "DE"}, "unknown"],
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
    "each element's member": Case(asking(["posts", 0, "town"])),
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
EXAMPLES = {
    "pda1": ("posted-worker-fr-de", "insured-traveller", "pid-posted-worker"),
}


def held_examples() -> tuple[CredentialView, ...]:
    """Return one credential of each of our configurations, as a wallet sees it."""
    found = []
    for configuration in CREDENTIAL_TYPES.values():
        for name in ("posted-worker-fr-de", "insured-traveller", "pid-posted-worker"):
            record = example(name)
            if record.KIND == configuration.projection.kind:
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


@pytest.fixture(scope="module")
def npm(run_script: Callable[[str, object], Any]) -> dict[str, Any]:
    cases = {
        name: {
            "query": case.query,
            "held": [spelt(each) for each in case.held],
            "presented": {name: [spelt(each) for each in those] for name, those in case.presented.items()},
        }
        for name, case in (CASES | PRESET_CASES).items()
    }
    return dict(run_script("dcql.mjs", cases))


@pytest.mark.parametrize("name", CASES | PRESET_CASES)
def test_a(npm: dict[str, Any], name: str) -> None:
    case = (CASES | PRESET_CASES)[name]
    there = npm[name]["matched"]
    assert there["ok"], there
    assert trimmed(there["value"]) == matched_here(case)


@pytest.mark.parametrize("name", CASES | PRESET_CASES)
def test_b(npm: dict[str, Any], name: str) -> None:
    case = (CASES | PRESET_CASES)[name]
    there = npm[name]["answered"]
    assert (there["ok"] and there["value"]) == answered_here(case), there
