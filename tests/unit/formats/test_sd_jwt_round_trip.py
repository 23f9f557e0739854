"""Properties of SD-JWT: what goes in comes out, what is not chosen stays hidden, what is altered is refused."""

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import assume, given
from hypothesis import strategies as st

from portadoc.errors import Error
from portadoc.formats import jws, roles, sd_jwt
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import ClaimPath

ISSUER = LocalSigner(ec.derive_private_key(11, ec.SECP256R1()))
KEY = public_key_from_jwk(ISSUER.public_jwk, allowed_algs={"ES256"})
RESERVED = {"_sd", "...", "_sd_alg"}

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES = TEXTS.filter(lambda name: name not in RESERVED | sd_jwt.PROTECTED_CLAIMS)
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXTS
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
CLAIMS = st.dictionaries(NAMES, TREES, min_size=1, max_size=5)


def all_paths(tree: Any, path: ClaimPath = ()) -> list[ClaimPath]:
    steps = (
        list(tree.items()) if isinstance(tree, dict) else list(enumerate(tree)) if isinstance(tree, list) else []
    )
    return [each for step, inner in steps for each in ((*path, step), *all_paths(inner, (*path, step)))]


def issue(claims: dict[str, Any], paths: list[ClaimPath], hash_alg: str, decoys: int) -> str:
    return sd_jwt.issue(
        claims,
        disclosable=paths,
        header={"typ": "dc+sd-jwt"},
        signer=ISSUER,
        random_bytes=lambda count: hashlib.shake_256(b"test").digest(count),
        hash_alg=hash_alg,
        decoys=decoys,
    ).text


def read(text: str) -> sd_jwt.ProcessedClaims:
    parsed = sd_jwt.parse(text)
    unverified = jws.split(parsed.jws_text, roles.CREDENTIAL, allowed_algs=frozenset({"ES256"}))
    return sd_jwt.process(jws.verify(unverified, KEY), parsed.disclosures)


def exists(tree: Any, path: ClaimPath) -> bool:
    try:
        for step in path:
            tree = tree[step]
    except (KeyError, IndexError, TypeError):
        return False
    return True


@given(CLAIMS, st.data(), st.sampled_from(["sha-256", "sha-384", "sha-512"]), st.integers(0, 3))
def test_what_is_issued_reads_back_the_same(
    claims: dict[str, Any], data: st.DataObject, hash_alg: str, decoys: int
) -> None:
    paths = data.draw(st.lists(st.sampled_from(all_paths(claims)), unique=True))
    processed = read(issue(claims, paths, hash_alg, decoys))
    assert processed.claims == claims
    assert set(processed.disclosed) == set(paths)
    assert processed.hash_alg == (hash_alg if paths else "sha-256")


@given(CLAIMS, st.data())
def test_chosen_members_are_shown_and_the_others_stay_hidden(claims: dict[str, Any], data: st.DataObject) -> None:
    everything = all_paths(claims)
    hidden = data.draw(st.lists(st.sampled_from(everything), unique=True))
    # Positions in arrays move when elements stay hidden, so only places without indexes are compared.
    wanted = [path for path in data.draw(st.lists(st.sampled_from(everything))) if _named(path)]
    shown = read(sd_jwt.select(issue(claims, hidden, "sha-256", 1), wanted)).claims
    for path in filter(_named, everything):
        asked = any(path[: len(each)] == each[: len(path)] for each in wanted)
        covered = any(path[: len(each)] == each for each in hidden)
        if asked or not covered:
            assert exists(shown, path)
        elif path in hidden:
            assert not exists(shown, path)


def _named(path: ClaimPath) -> bool:
    return all(isinstance(step, str) for step in path)


SAMPLE: dict[str, Any] = {"iss": "x", "a": 1, "b": {"c": "Ana", "d": [1, {"e": None}]}, "f": ["u", "v"]}
SAMPLE_TEXT = issue(SAMPLE, [("a",), ("b",), ("b", "c"), ("b", "d", 1), ("f", 0)], "sha-256", 1)


@given(st.integers(0, len(SAMPLE_TEXT) - 1), st.characters(exclude_categories=["Cs"]))
def test_a_credential_altered_in_one_letter_is_never_accepted(position: int, letter: str) -> None:
    assume(letter != SAMPLE_TEXT[position])
    with pytest.raises(Error):
        read(SAMPLE_TEXT[:position] + letter + SAMPLE_TEXT[position + 1 :])


@given(st.permutations(sd_jwt.parse(SAMPLE_TEXT).disclosures))
def test_the_order_of_disclosures_does_not_matter(disclosures: list[str]) -> None:
    assert read("~".join([SAMPLE_TEXT.split("~")[0], *disclosures, ""])).claims == SAMPLE


@given(st.lists(st.text(max_size=40), max_size=4))
def test_arbitrary_disclosures_are_refused(disclosures: list[str]) -> None:
    assume(disclosures)
    with pytest.raises(Error):
        sd_jwt.process({"iss": "x"}, disclosures)


@given(CLAIMS, st.lists(st.sampled_from(sd_jwt.parse(SAMPLE_TEXT).disclosures), unique=True))
def test_arbitrary_payloads_are_read_or_refused(payload: dict[str, Any], disclosures: list[str]) -> None:
    try:
        processed = sd_jwt.process(payload, disclosures)
    except Error:
        return
    assert processed.claims == payload
    assert not disclosures
