"""Interoperation with PyPI ``sd-jwt``: what either issues or presents, both verify alike."""

import hashlib
import time
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier

from portadoc import base64url
from portadoc.errors import Untrusted
from portadoc.formats import jws, roles, sd_jwt
from portadoc.keys.jwk import holder_key, public_key_from_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import ClaimPath

ES256 = frozenset({"ES256"})
AUDIENCE, NONCE = "x509_hash:abc", "n-0S6_WzA2Mj"


def made(scalar: int) -> tuple[LocalSigner, JWK]:
    """One key, once for us and once for the library."""
    signer = LocalSigner(ec.derive_private_key(scalar, ec.SECP256R1()))
    return signer, JWK(**signer.public_jwk, d=base64url.encode(scalar.to_bytes(32, "big")))


ISSUER, ISSUER_JWK = made(11)
HOLDER, HOLDER_JWK = made(21)
KEY = public_key_from_jwk(ISSUER.public_jwk, allowed_algs=ES256)

CLAIMS: dict[str, Any] = {
    "iss": "https://issuer.example",
    "vct": "urn:eudi:pda1:1",
    "cnf": {"jwk": dict(HOLDER.public_jwk)},
    "name": "Zoë 😀",
    "age": 42,
    "share": 0.5,
    "address": {"street": "Rue 1", "country": "FR"},
    "nationalities": ["FR", "DE"],
    "clear": {"hidden": None, "list": [1, 2]},
}
PATHS: list[ClaimPath] = [
    ("name",),
    ("age",),
    ("share",),
    ("address",),
    ("address", "street"),
    ("nationalities", 0),
    ("nationalities", 1),
    ("clear", "hidden"),
]
MARKED: dict[Any, Any] = {
    "iss": CLAIMS["iss"],
    "vct": CLAIMS["vct"],
    SDObj("name"): CLAIMS["name"],
    SDObj("age"): 42,
    SDObj("share"): 0.5,
    SDObj("address"): {SDObj("street"): "Rue 1", "country": "FR"},
    "nationalities": [SDObj("FR"), SDObj("DE")],
    "clear": {SDObj("hidden"): None, "list": [1, 2]},
}
CHOICES: dict[str, tuple[dict[str, Any], list[ClaimPath]]] = {
    "nothing": ({}, []),
    "name": ({"name": True}, [("name",)]),
    "child": ({"address": {"street": True}}, [("address", "street")]),
    "element": ({"nationalities": [False, True]}, [("nationalities", 1)]),
    "everything": (
        {
            "name": True,
            "age": True,
            "share": True,
            "address": {"street": True},
            "nationalities": [True, True],
            "clear": {"hidden": True},
        },
        [()],
    ),
}


def issued_here(decoys: int = 0) -> str:
    return sd_jwt.issue(
        CLAIMS,
        disclosable=PATHS,
        header={"typ": "dc+sd-jwt"},
        signer=ISSUER,
        random_bytes=lambda count: hashlib.shake_256(b"interop").digest(count),
        decoys=decoys,
    ).text


def issued_there(decoys: bool = False) -> str:
    issuer = SDJWTIssuer(
        MARKED, ISSUER_JWK, HOLDER_JWK, add_decoy_claims=decoys, extra_header_parameters={"typ": "dc+sd-jwt"}
    )
    return str(issuer.sd_jwt_issuance)


def presented_here(text: str, paths: list[ClaimPath]) -> str:
    return sd_jwt.bind(
        sd_jwt.select(text, paths), audience=AUDIENCE, nonce=NONCE, now=int(time.time()), signer=HOLDER
    )


def presented_there(text: str, choice: dict[str, Any]) -> str:
    holder = SDJWTHolder(text)
    holder.create_presentation(choice, NONCE, AUDIENCE, HOLDER_JWK)
    return str(holder.sd_jwt_presentation)


def read_here(text: str) -> dict[str, Any]:
    parts = sd_jwt.parse(text)
    payload = jws.verify(jws.split(parts.jws_text, roles.CREDENTIAL, allowed_algs=ES256), KEY)
    processed = sd_jwt.process(payload, parts.disclosures)
    assert parts.key_binding_jwt is not None
    sd_jwt.verify_key_binding(
        parts.key_binding_jwt,
        presented_text=parts.presented_text,
        holder_key=holder_key(processed.claims["cnf"], allowed_algs=ES256),
        audience=AUDIENCE,
        nonce=NONCE,
        now=int(time.time()),
        max_age_s=60,
        skew_s=5,
        hash_alg=processed.hash_alg,
    )
    return processed.claims


def read_there(text: str) -> dict[str, Any]:
    verifier = SDJWTVerifier(text, lambda issuer, header: ISSUER_JWK, AUDIENCE, NONCE)
    return dict(verifier.get_verified_payload())


@pytest.mark.parametrize("issued", [issued_here(), issued_there(), issued_there(decoys=True)])
@pytest.mark.parametrize(("choice", "paths"), CHOICES.values(), ids=CHOICES)
def test_both_holders_and_both_verifiers_agree(
    issued: str, choice: dict[str, Any], paths: list[ClaimPath]
) -> None:
    texts = [presented_here(issued, paths), presented_there(issued, choice)]
    readings = [read(text) for text in texts for read in (read_here, read_there)]
    assert all(reading == readings[0] for reading in readings)


@pytest.mark.parametrize("issued", [issued_here(decoys=2), issued_there()])
def test_everything_disclosed_is_everything_issued(issued: str) -> None:
    assert read_here(presented_here(issued, [()])) == CLAIMS
    assert read_there(presented_here(issued, [()])) == CLAIMS


def test_a_disclosure_that_nobody_signed_passes_there_and_is_refused_here() -> None:
    # The laxness that performance comparisons have to bear in mind: the library drops what it cannot place.
    text = presented_there(issued_there() + base64url.encode(b'["s","extra",1]') + "~", CHOICES["name"][0])
    added = text.replace("~", "~" + base64url.encode(b'["s","extra",1]') + "~", 1)
    there = SDJWTVerifier(added, lambda issuer, header: ISSUER_JWK)
    assert there.get_verified_payload()["name"] == CLAIMS["name"]
    with pytest.raises(Untrusted) as refusal:
        read_here(added)
    assert refusal.value.code == "disclosure_unreferenced"
