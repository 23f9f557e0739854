"""The examples of RFC 9901, SD-JWT VC and sd-jwt-python, read in place: rendered ones verify, recipes are issued.

A recipe (``specification.yml``) marks what is selectively disclosable with ``!sd``. It is issued by us with the
published example key, presented with the claims that it names, bound with the published holder key, and verified.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric import ec

from portadoc import base64url
from portadoc.errors import Untrusted
from portadoc.formats import jws, roles, sd_jwt
from portadoc.keys.jwk import VerificationKey, holder_key, public_key_from_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import ClaimPath

ROOT = Path(__file__).resolve().parent.parent.parent
SPECS = Path(os.environ.get("PORTADOC_VECTORS", ROOT / ".." / "shared" / "vectors")) / "specs"
if not SPECS.is_dir():
    pytest.skip("PORTADOC_VECTORS names no folder of vectors: SD-JWT vectors not read", allow_module_level=True)

ES256 = frozenset({"ES256"})
EXAMPLE_TYP = frozenset({"example+sd-jwt"})
AUDIENCE, NONCE = "https://verifier.example.org", "1234567890"

OUTLAWED = {
    "sd-jwt-python/tests/testcases/header_mod": (
        "header_param_forbidden",
        "its kid is the number 42, and RFC 7515 §4.1.4 makes kid a string",
    ),
}
IN_CLEAR_ONLY = {
    "sd-jwt-python/examples/jsonld": "marks with non_sd_claims, from before the final notation",
    "sd-jwt-python/tests/testcases/no_sd": "marks nothing, on purpose",
}


# --- rendered examples ---------------------------------------------------------------------------------------


def rendered() -> Iterator[Any]:
    for source in ("oauth-selective-disclosure-jwt", "oauth-sd-jwt-vc"):
        for number, example in enumerate(read_json(SPECS / "extracted" / f"{source}.json")["examples"]):
            yield pytest.param(example, id=f"{source}-{number}-{example['serialization']}")


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def issuer_key() -> VerificationKey:
    published = read_json(SPECS / "extracted" / "oauth-selective-disclosure-jwt.json")["issuer_jwk"]
    return public_key_from_jwk(published, allowed_algs=ES256)


def parts_of(example: Any) -> sd_jwt.UnverifiedSdJwt:
    if example["serialization"] == "compact":
        return sd_jwt.parse(example["value"])
    return sd_jwt.from_json(json.dumps(example["value"]))[0]


def verified_claims(parts: sd_jwt.UnverifiedSdJwt, key: VerificationKey) -> sd_jwt.ProcessedClaims:
    unverified = jws.split(parts.jws_text, roles.CREDENTIAL, allowed_algs=ES256, tolerated_typ=EXAMPLE_TYP)
    return sd_jwt.process(jws.verify(unverified, key), parts.disclosures)


@pytest.mark.parametrize("example", list(rendered()))
def test_rendered_examples_verify(example: Any) -> None:
    processed = verified_claims(parts_of(example), issuer_key())
    assert processed.claims == example["processed_payload"]
    assert len(processed.disclosed) == len(example["disclosures"])


@pytest.mark.parametrize("example", [each for each in rendered() if "kb" in each.values[0]])
def test_rendered_key_bindings_verify(example: Any) -> None:
    parts, said = parts_of(example), example["kb"]["payload"]
    claims = verified_claims(parts, issuer_key()).claims
    assert parts.key_binding_jwt is not None
    payload = sd_jwt.verify_key_binding(
        parts.key_binding_jwt,
        presented_text=parts.presented_text,
        holder_key=holder_key(claims["cnf"], allowed_algs=ES256),
        audience=said["aud"],
        nonce=said["nonce"],
        now=said["iat"],
        max_age_s=0,
        skew_s=0,
        hash_alg="sha-256",
    )
    assert payload == said


@pytest.mark.parametrize("example", [each for each in rendered() if each.values[0]["disclosures"]])
def test_rendered_examples_are_refused_once_a_disclosure_is_altered(example: Any) -> None:
    parts = parts_of(example)
    payload = jws.unverified_claims(parts.jws_text)
    altered = [base64url.encode(base64url.decode(parts.disclosures[0]) + b" "), *parts.disclosures[1:]]
    with pytest.raises(Untrusted) as refusal:
        sd_jwt.process(payload, altered)
    assert refusal.value.code == "disclosure_unreferenced"


def test_every_signature_of_the_general_serialisation_verifies() -> None:
    (general,) = (
        example.values[0]["value"]
        for example in rendered()
        if isinstance(example.values[0]["value"], dict) and "signatures" in example.values[0]["value"]
    )
    recipe = read_yaml(SPECS / "sd-jwt-spec/examples/json_serialization_general/specification.yml")
    keys = [private_key(jwk) for jwk in recipe["settings_override"]["key_settings"]["issuer_keys"]]
    forms = sd_jwt.from_json(json.dumps(general))
    assert len(forms) == len(keys) == 2
    for form, signer in zip(forms, keys, strict=True):
        assert verified_claims(form, public_key_from_jwk(signer.public_jwk, allowed_algs=ES256)).claims["iss"]


# --- recipes ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sd:
    """A member name or an array element that a recipe marks as selectively disclosable."""

    value: Any


class RecipeLoader(yaml.SafeLoader):
    """YAML with ``!sd`` and without dates."""

    def construct_marked(self, node: yaml.Node) -> Sd:
        if isinstance(node, yaml.ScalarNode):
            bare = node.style is None
            tag = self.resolve(yaml.ScalarNode, node.value, (bare, not bare))
            return Sd(self.construct_object(yaml.ScalarNode(tag, node.value)))
        if isinstance(node, yaml.SequenceNode):
            return Sd(self.construct_sequence(node, deep=True))
        assert isinstance(node, yaml.MappingNode)
        return Sd(self.construct_mapping(node, deep=True))

    def construct_text(self, node: yaml.ScalarNode) -> str:
        return self.construct_scalar(node)  # type: ignore[no-any-return]


RecipeLoader.add_constructor("!sd", RecipeLoader.construct_marked)
RecipeLoader.add_constructor("tag:yaml.org,2002:timestamp", RecipeLoader.construct_text)


def read_yaml(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=RecipeLoader)


def plain(tree: Any) -> Any:
    """The claims of a marked tree."""
    if isinstance(tree, Sd):
        return plain(tree.value)
    if isinstance(tree, dict):
        return {plain(name): plain(inner) for name, inner in tree.items()}
    return [plain(inner) for inner in tree] if isinstance(tree, list) else tree


def steps(tree: Any) -> list[tuple[str | int, bool, Any]]:
    """The children of a marked tree: step, marked or not, subtree."""
    if isinstance(tree, dict):
        return [(plain(name), isinstance(name, Sd), inner) for name, inner in tree.items()]
    if isinstance(tree, list):
        return [(at, isinstance(el, Sd), el.value if isinstance(el, Sd) else el) for at, el in enumerate(tree)]
    return []


def marked_paths(tree: Any, path: ClaimPath = ()) -> Iterator[ClaimPath]:
    for step, marked, inner in steps(tree):
        if marked:
            yield (*path, step)
        yield from marked_paths(inner, (*path, step))


def choice_of(chosen: Any, step: str | int, marked: bool) -> Any:
    """What a holder chose at one step; choosing a container chooses all it holds (OpenID4VP 1.0 §7.3)."""
    if chosen is True:
        return True
    if isinstance(chosen, list):
        chosen = dict(enumerate(chosen))
    choice = (chosen or {}).get(step)
    return True if marked and choice in ([], {}) else choice


def chosen_paths(tree: Any, chosen: Any, path: ClaimPath = ()) -> Iterator[ClaimPath]:
    """The deepest marked places that a holder chose."""
    for step, marked, inner in steps(tree):
        choice, place = choice_of(chosen, step, marked), (*path, step)
        deeper = list(chosen_paths(inner, choice, place))
        yield from deeper
        if marked and choice not in (None, False) and not deeper:
            yield place


def shown(tree: Any, chosen: Any) -> Any:
    """What a verifier should see, worked out without any SD-JWT."""
    if not isinstance(tree, dict | list):
        return tree
    choices = [(step, marked, inner, choice_of(chosen, step, marked)) for step, marked, inner in steps(tree)]
    seen = {
        step: shown(inner, choice)
        for step, marked, inner, choice in choices
        if not marked or choice not in (None, False)
    }
    return seen if isinstance(tree, dict) else list(seen.values())


def private_key(jwk: Any) -> LocalSigner:
    return LocalSigner(ec.derive_private_key(int.from_bytes(base64url.decode(jwk["d"]), "big"), ec.SECP256R1()))


RECIPES = {
    str(path.parent.relative_to(SPECS)): path
    for folder in ("sd-jwt-spec", "sd-jwt-vc-spec", "sd-jwt-python")
    for path in sorted((SPECS / folder).rglob("specification.yml"))
}


@dataclass(frozen=True)
class Recipe:
    tree: Any
    chosen: Any
    expected: Any
    header: dict[str, Any]
    decoys: int
    issuer: LocalSigner
    holder: LocalSigner


def recipe_of(path: Path) -> Recipe:
    text = read_yaml(path)
    settings = read_yaml(path.parent.parent / "settings.yml")
    keys = settings["key_settings"]
    issuer = keys["issuer_keys"][0] if "issuer_keys" in keys else keys["issuer_key"]
    holder = private_key(keys["holder_key"])
    envelope = {"iss": settings["identifiers"]["issuer"], "iat": settings["iat"], "exp": settings["exp"]}
    binding = {"cnf": {"jwk": dict(holder.public_jwk)}}
    return Recipe(
        # Some recipes bring an RSA holder key whose private part nobody has: the published one takes its place.
        tree={**envelope, **text["user_claims"], **binding},
        chosen=text.get("holder_disclosed_claims", {}),
        expected=text.get("expect_verified_user_claims"),
        header={"typ": "dc+sd-jwt", **text.get("extra_header_parameters", {})},
        decoys=3 if text.get("add_decoy_claims") else 0,
        issuer=private_key(issuer),
        holder=holder,
    )


def issue(recipe: Recipe) -> str:
    return sd_jwt.issue(
        plain(recipe.tree),
        disclosable=list(marked_paths(recipe.tree)),
        header=recipe.header,
        signer=recipe.issuer,
        random_bytes=lambda count: hashlib.shake_256(b"vectors").digest(count),
        decoys=recipe.decoys,
    ).text


def key_of(signer: LocalSigner) -> VerificationKey:
    return public_key_from_jwk(signer.public_jwk, allowed_algs=ES256)


ISSUABLE = [pytest.param(path, id=name) for name, path in RECIPES.items() if name not in OUTLAWED]


def test_all_recipes_are_here() -> None:
    assert len(RECIPES) == 50
    assert set(OUTLAWED) | set(IN_CLEAR_ONLY) <= set(RECIPES)


@pytest.mark.parametrize("path", ISSUABLE)
def test_recipes_are_issued_and_read_back(path: Path) -> None:
    recipe = recipe_of(path)
    processed = verified_claims(sd_jwt.parse(issue(recipe)), key_of(recipe.issuer))
    assert processed.claims == plain(recipe.tree)
    assert set(processed.disclosed) == set(marked_paths(recipe.tree))


@pytest.mark.parametrize("path", ISSUABLE)
def test_recipes_are_presented_bound_and_verified(path: Path) -> None:
    recipe = recipe_of(path)
    presentation = sd_jwt.select(issue(recipe), list(chosen_paths(recipe.tree, recipe.chosen)))
    bound = sd_jwt.bind(presentation, audience=AUDIENCE, nonce=NONCE, now=1_800_000_000, signer=recipe.holder)
    parts = sd_jwt.parse(bound)
    processed = verified_claims(parts, key_of(recipe.issuer))
    assert processed.claims == shown(recipe.tree, recipe.chosen)
    if recipe.expected is not None:
        assert {name: processed.claims[name] for name in recipe.expected} == recipe.expected
    assert parts.key_binding_jwt is not None
    sd_jwt.verify_key_binding(
        parts.key_binding_jwt,
        presented_text=parts.presented_text,
        holder_key=holder_key(processed.claims["cnf"], allowed_algs=ES256),
        audience=AUDIENCE,
        nonce=NONCE,
        now=1_800_000_000,
        max_age_s=60,
        skew_s=0,
        hash_alg=processed.hash_alg,
    )


@pytest.mark.parametrize(("name", "code"), [(name, code) for name, (code, _) in OUTLAWED.items()])
def test_recipes_that_the_final_specification_outlaws_are_refused(name: str, code: str) -> None:
    recipe = recipe_of(RECIPES[name])
    with pytest.raises(Untrusted) as refusal:
        verified_claims(sd_jwt.parse(issue(recipe)), key_of(recipe.issuer))
    assert refusal.value.code == code


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_hides_something_unless_listed(name: str) -> None:
    assert (name in IN_CLEAR_ONLY) == (list(marked_paths(recipe_of(RECIPES[name]).tree)) == [])
