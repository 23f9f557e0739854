"""Issued, presented and verified crosswise with npm ``@sd-jwt`` 0.19.0, PyPI ``sd-jwt`` reading along."""

import hashlib
import itertools
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from portadoc.formats import sd_jwt
from portadoc.formats.dcql.paths import off_line
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.claims import ClaimPath, JsonObject
from portadoc.schemas.examples import example
from tests.interop.sd_jwt_peers import (
    BINDING,
    HOLDER,
    ISSUER,
    KEYS,
    NONCE,
    NOW,
    bound_here,
    disclosure_frame,
    job,
    presentation_frame,
    read_by_pypi,
    read_here,
)

pytestmark = pytest.mark.node

ENVELOPE: JsonObject = {
    "iss": "https://issuer.example",
    "vct": "urn:eudi:pda1:1",
    "iat": NOW - 60,
    "exp": NOW + 3600,
    "cnf": {"jwk": dict(HOLDER.public_jwk)},
}


@dataclass(frozen=True)
class Shape:
    """Claims, the places hidden in them, and the places that ``some`` shows.

    ``deep``: something is hidden below the first level of a disclosed value, where present() of the library with a
    key binding contradicts itself (docs/interop.md); then it selects and we bind.
    """

    claims: JsonObject
    hidden: Sequence[ClaimPath]
    some: Sequence[ClaimPath]
    decoys: int = 0
    deep: bool = False


ADDRESS: JsonObject = {"street": "Rue 1", "lines": ["a", "b", "c"], "country": {"code": "FR"}}
SHAPES = {
    "flat": Shape(
        {"name": "Zoë 😀", "age": 42, "share": 0.5, "gone": None},
        [("name",), ("age",), ("share",), ("gone",)],
        [("age",)],
    ),
    "nested": Shape(
        {"address": ADDRESS},
        [("address", "street"), ("address", "country", "code")],
        [("address", "country", "code")],
    ),
    "recursive": Shape({"address": ADDRESS}, [("address",), ("address", "street")], [("address",)]),
    "recursive-deep": Shape(
        {"address": ADDRESS},
        [("address",), ("address", "lines", 1), ("address", "country", "code")],
        [("address", "lines", 1)],
        deep=True,
    ),
    "elements": Shape({"states": ["FR", "DE", "ES"]}, [("states", 0), ("states", 2)], [("states", 2)]),
    "elements-recursive": Shape(
        {"posts": [{"state": "FR", "town": "Paris"}, {"state": "DE", "town": "Köln"}]},
        [("posts", 0), ("posts", 0, "town"), ("posts", 1), ("posts", 1, "town")],
        [("posts", 1)],
    ),
    "decoys": Shape(
        {"name": "Zoë", "address": ADDRESS, "states": ["FR", "DE"]},
        [("name",), ("address",), ("address", "street"), ("states", 0), ("states", 1)],
        [("states", 1)],
        decoys=3,
    ),
}


def document(configuration_id: str, record: str, some: Sequence[ClaimPath], *, deep: bool = False) -> Shape:
    """Return a shape of one of our own credential configurations, with the decoys that the issuer adds."""
    projection = credential_configuration(configuration_id).projection
    claims = projection.project(example(record))
    return Shape({**claims, "vct": projection.vct}, projection.disclosable(claims), some, decoys=2, deep=deep)


DOCUMENTS = {
    "pda1": document("pda1", "posted-worker-fr-de", [("document_number",)]),
    "pda1-rulebook": document("pda1-rulebook", "posted-worker-fr-de", [("transitional_rules",)]),
    "pda1-webuild": document("pda1-webuild", "posted-worker-fr-de", [("employmentSituations", 0)], deep=True),
    "ehic": document("ehic", "insured-traveller", [("personal_administrative_number",)]),
    "pid": document("pid", "pid-posted-worker", [("family_name",), ("nationalities",)]),
}
CASES = {
    **{(name, alg): shape for name, shape in SHAPES.items() for alg in ("sha-256", "sha-384", "sha-512")},
    **{(name, "sha-256"): shape for name, shape in DOCUMENTS.items()},
}
Case = tuple[str, str]
SELECTIONS = ("nothing", "some", "everything")
Key = tuple[str, ...]


def chosen(shape: Shape, selection: str) -> Sequence[ClaimPath]:
    return {"nothing": [], "some": shape.some, "everything": shape.hidden}[selection]


def shown(shape: Shape, selection: str) -> list[ClaimPath]:
    """Return the hidden places that a selection shows: a place stands for all that it holds and hangs from."""
    wanted = chosen(shape, selection)
    others = off_line(shape.hidden, wanted)
    return [place for place in shape.hidden if place not in others]


def issued_here(case: Case) -> str:
    shape = CASES[case]
    return sd_jwt.issue(
        {**ENVELOPE, **shape.claims},
        disclosable=shape.hidden,
        header={"typ": "dc+sd-jwt"},
        signer=ISSUER,
        random_bytes=lambda count: hashlib.shake_256(repr(case).encode()).digest(count),
        hash_alg=case[1],
        decoys=shape.decoys,
    ).text


@dataclass(frozen=True)
class Exchange:
    """All presentations, by case, issuer, selection and holder, and what the library reads in each of them."""

    texts: dict[Key, str]
    read_by_npm: dict[Key, dict[str, Any]]


@pytest.fixture(scope="module")
def exchange(run_script: Callable[[str, object], Any]) -> Exchange:
    """Issue, present and verify everything crosswise, in three runs of the library."""

    def run(jobs: dict[Key, Any]) -> dict[Key, dict[str, Any]]:
        named = {" ".join(key): each for key, each in jobs.items()}
        results = run_script("sd_jwt.mjs", {**KEYS, "jobs": named})
        return {key: results[" ".join(key)] for key in jobs}

    issued: dict[Key, str] = {(*case, "here"): issued_here(case) for case in CASES}
    for key, made in run({(*case, "npm"): _issue_job(case) for case in CASES}).items():
        issued[key] = made["value"]
    presented: dict[Key, str] = {}
    to_present: dict[Key, Any] = {}
    for (*case, issuer), selection in itertools.product(issued, SELECTIONS):
        shape, text = CASES[case[0], case[1]], issued[(*case, issuer)]
        paths = chosen(shape, selection)
        presented[(*case, issuer, selection, "here")] = bound_here(sd_jwt.select(text, paths))
        binding = None if shape.deep else BINDING
        to_present[(*case, issuer, selection, "npm")] = job(
            "present", text=text, frame=presentation_frame(shown(shape, selection)), binding=binding
        )
    for key, made in run(to_present).items():
        text = made["value"]
        presented[key] = bound_here(text) if text.endswith("~") else text
    return Exchange(
        presented, run({key: job("verify", text=text, nonce=NONCE) for key, text in presented.items()})
    )


def _issue_job(case: Case) -> Any:
    shape = CASES[case]
    claims = {**ENVELOPE, **shape.claims}
    frame = disclosure_frame(shape.hidden)
    if shape.decoys:
        frame["_sd_decoy"] = shape.decoys
    return job("issue", claims=claims, frame=frame, hashAlg=case[1])


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("issuer", ["here", "npm"])
@pytest.mark.parametrize("holder", ["here", "npm"])
def test_everything_disclosed_is_everything_issued(
    exchange: Exchange, case: Case, issuer: str, holder: str
) -> None:
    meant = {**ENVELOPE, **CASES[case].claims}
    key = (*case, issuer, "everything", holder)
    assert read_here(exchange.texts[key]) == meant
    assert exchange.read_by_npm[key]["value"]["claims"] == meant
    assert exchange.read_by_npm[key]["value"]["binding"].items() >= BINDING.items()


@pytest.mark.parametrize("case", CASES, ids="-".join)
@pytest.mark.parametrize("issuer", ["here", "npm"])
@pytest.mark.parametrize("selection", SELECTIONS)
def test_both_holders_and_all_verifiers_agree(exchange: Exchange, case: Case, issuer: str, selection: str) -> None:
    readings: list[JsonObject] = []
    for holder in ("here", "npm"):
        key = (*case, issuer, selection, holder)
        readings += [read_here(exchange.texts[key]), exchange.read_by_npm[key]["value"]["claims"]]
        if case[1] == "sha-256":  # PyPI sd-jwt knows no other hash
            readings.append(read_by_pypi(exchange.texts[key]))
    assert len({json.dumps(reading, sort_keys=True) for reading in readings}) == 1  # 1, 1.0 and true differ
