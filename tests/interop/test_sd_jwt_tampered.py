"""Spoilt presentations: each refused here for its own reason, and by npm ``@sd-jwt`` and PyPI ``sd-jwt`` as well.

Where a library accepts one of them, ``NPM_ACCEPTS`` or ``PYPI_ACCEPTS`` names it with the reason; all else fails.
"""

import hashlib
import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from portadoc import base64url
from portadoc.errors import Error
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.claims import JsonObject
from tests.interop.sd_jwt_peers import (
    BINDING,
    HOLDER,
    ISSUER,
    KEYS,
    NONCE,
    NOW,
    job,
    key_pair,
    read_by_pypi,
    read_here,
)

OTHER, _ = key_pair(31)
HEADER: JsonObject = {"alg": "ES256", "typ": "dc+sd-jwt"}


def disclosure(*content: Any) -> str:
    return base64url.encode(json.dumps(content, separators=(",", ":")).encode())


def digest(text: str, function: str = "sha256") -> str:
    return base64url.encode(hashlib.new(function, text.encode()).digest())


NAME = disclosure("s1", "name", "Zoë")
AGE = disclosure("s2", "age", 42)
STATE = disclosure("s3", "FR")


@dataclass(frozen=True)
class Spoilt:
    """A presentation before it is signed; each default is sound."""

    payload: JsonObject = field(default_factory=dict)
    header: JsonObject = field(default_factory=dict)
    disclosures: tuple[str, ...] = (NAME, AGE, STATE)
    binding: JsonObject = field(default_factory=dict)
    kb_typ: str = "kb+jwt"
    kb_signer: LocalSigner = HOLDER
    hash_function: str = "sha256"

    def issued(self) -> str:
        payload = {
            "iss": "https://issuer.example",
            "vct": "urn:eudi:pda1:1",
            "cnf": {"jwk": dict(HOLDER.public_jwk)},
            "_sd_alg": "sha-256",
            "_sd": sorted([digest(NAME), digest(AGE)]),
            "states": [{"...": digest(STATE)}, "DE"],
        }
        header = {name: value for name, value in (HEADER | self.header).items() if value is not None}
        return "~".join([_signed(header, payload | self.payload, ISSUER), *self.disclosures, ""])

    def bound(self) -> str:
        text = self.issued()
        binding = {**BINDING, "sd_hash": digest(text, self.hash_function), **self.binding}
        return text + _signed({"alg": "ES256", "typ": self.kb_typ}, binding, self.kb_signer)


def _signed(header: JsonObject, payload: JsonObject, signer: LocalSigner) -> str:
    """Sign whatever it is: our own signing would refuse some of these."""
    parts = [base64url.encode(json.dumps(part).encode()) for part in (header, payload)]
    return ".".join([*parts, base64url.encode(signer.sign(".".join(parts).encode()))])


def respelt(position: int, change: Callable[[bytes], bytes]) -> str:
    """Return a sound presentation in which one segment of the issuer's token holds other bytes."""
    token, _, rest = Spoilt().issued().partition("~")
    segments = token.split(".")
    segments[position] = base64url.encode(change(base64url.decode(segments[position])))
    text = ".".join(segments) + "~" + rest
    return text + _signed({"alg": "ES256", "typ": "kb+jwt"}, {**BINDING, "sd_hash": digest(text)}, HOLDER)


def without_first_disclosure(text: str) -> str:
    token, _, *rest = text.split("~")
    return "~".join([token, *rest])


def hiding(*contents: str, **payload: Any) -> str:
    """Return a presentation whose issuer hid these disclosures at the root."""
    return Spoilt(payload={"_sd": [digest(each) for each in contents], **payload}, disclosures=contents).bound()


STRANGER = disclosure("s4", "name", "Somebody else")
CASES: dict[str, tuple[str, str]] = {
    # what the issuer signed
    "signature-flipped": (respelt(2, lambda raw: raw[:-1] + bytes([raw[-1] ^ 1])), "signature_invalid"),
    "payload-changed": (respelt(1, lambda raw: raw.replace(b"pda1", b"pda2")), "signature_invalid"),
    "header-changed": (respelt(0, lambda raw: raw.replace(b"{", b'{"kid": "k",', 1)), "signature_invalid"),
    "alg-none": (Spoilt(header={"alg": "none"}).bound(), "alg_not_allowed"),
    "alg-other": (Spoilt(header={"alg": "ES384"}).bound(), "alg_not_allowed"),
    "typ-missing": (Spoilt(header={"typ": None}).bound(), "typ_mismatch"),
    "typ-jwt": (Spoilt(header={"typ": "JWT"}).bound(), "typ_mismatch"),
    "crit": (Spoilt(header={"crit": ["exp"], "exp": 1}).bound(), "crit_unsupported"),
    "expired": (Spoilt(payload={"exp": NOW - 60}).bound(), "expired"),
    # disclosures
    "disclosure-of-another": (Spoilt(disclosures=(STRANGER,)).bound(), "disclosure_unreferenced"),
    "disclosure-twice": (Spoilt(disclosures=(NAME, NAME)).bound(), "disclosure_duplicate"),
    "disclosure-padded": (Spoilt(disclosures=(NAME + "=",)).bound(), "disclosure_malformed"),
    "disclosure-of-four": (hiding(disclosure("s", "name", "Zoë", "more")), "disclosure_malformed"),
    "salt-a-number": (hiding(disclosure(7, "name", "Zoë")), "disclosure_malformed"),
    "element-among-members": (hiding(disclosure("s", "FR")), "disclosure_malformed"),
    "member-among-elements": (
        Spoilt(payload={"states": [{"...": digest(NAME)}], "_sd": []}, disclosures=(NAME,)).bound(),
        "disclosure_malformed",
    ),
    "named-sd": (hiding(disclosure("s", "_sd", ["x"])), "reserved_claim_name"),
    "named-dots": (hiding(disclosure("s", "...", "x")), "reserved_claim_name"),
    "collision": (hiding(disclosure("s", "vct", "urn:eudi:other:1")), "claim_collision"),
    "protected-claim": (hiding(disclosure("s", "nbf", NOW - 60)), "protected_claim_disclosed"),
    "digest-twice": (hiding(NAME, again={"_sd": [digest(NAME)]}), "digest_duplicate"),
    "digest-twice-in-list": (hiding(NAME, _sd=[digest(NAME), digest(NAME)]), "digest_duplicate"),
    "digest-a-number": (hiding(NAME, _sd=[digest(NAME), 7]), "malformed_token"),
    "placeholder-with-more": (
        Spoilt(payload={"states": [{"...": digest(STATE), "more": 1}]}).bound(),
        "malformed_token",
    ),
    "hash-sha-1": (
        Spoilt(
            payload={"_sd_alg": "sha-1", "_sd": [digest(NAME, "sha1")]}, disclosures=(NAME,), hash_function="sha1"
        ).bound(),
        "hash_alg_unsupported",
    ),
    "unsigned": (respelt(2, lambda raw: b""), "signature_invalid"),
    "hash-unknown": (hiding(NAME, _sd_alg="sha-999"), "hash_alg_unsupported"),
    "hash-inside": (hiding(NAME, inner={"_sd_alg": "sha-256"}), "hash_alg_unsupported"),
    # key binding
    "kb-missing": (Spoilt().issued(), "kb_invalid.form"),
    "kb-disclosure-removed": (without_first_disclosure(Spoilt().bound()), "kb_invalid.sd_hash"),
    "kb-of-another-key": (Spoilt(kb_signer=OTHER).bound(), "kb_invalid.signature"),
    "kb-signed-by-issuer": (Spoilt(kb_signer=ISSUER).bound(), "kb_invalid.signature"),
    "kb-nonce": (Spoilt(binding={"nonce": "other"}).bound(), "kb_invalid.nonce"),
    "kb-audience": (Spoilt(binding={"aud": "x509_hash:other"}).bound(), "kb_invalid.aud"),
    "kb-typ": (Spoilt(kb_typ="JWT").bound(), "kb_invalid.typ"),
    "kb-sd-hash": (Spoilt(binding={"sd_hash": digest("other")}).bound(), "kb_invalid.sd_hash"),
    "kb-old": (Spoilt(binding={"iat": NOW - 86_400}).bound(), "kb_invalid.iat"),
    "kb-from-the-future": (Spoilt(binding={"iat": NOW + 86_400}).bound(), "kb_invalid.iat"),
}


HEADER_OF_CALLER = "the caller's callback judges the signature; alg, crit and typ are its business"
UNPLACED = "what cannot be placed is passed over; RFC 9901 §7.1 step 5 refuses it"
CONTENT = "kinds and names inside disclosures and digests are not looked at; RFC 9901 §7.1 step 3 refuses them"
DOUBLED = "one of two wins; RFC 9901 §7.1 steps 3 and 4 refuse a name or digest that stands twice"
HASH_OF_CALLER = "whatever the caller's hash function knows is taken; RFC 9901 §9.4 wants a strong one"
VC_RULES = "rules of SD-JWT VC, such as claims that must not be hidden, are not known here"
KB_OF_CALLER = "the library takes no audience and no age; its caller has to compare aud and iat"
NPM_ACCEPTS = {
    HEADER_OF_CALLER: ["alg-none", "alg-other", "crit", "typ-missing", "typ-jwt"],
    UNPLACED: ["disclosure-of-another", "disclosure-padded", "element-among-members"],
    CONTENT: [
        "salt-a-number",
        "member-among-elements",
        "named-sd",
        "named-dots",
        "digest-a-number",
        "placeholder-with-more",
        "hash-inside",
    ],
    HASH_OF_CALLER: ["hash-sha-1"],
    DOUBLED: ["collision", "disclosure-twice", "digest-twice", "digest-twice-in-list"],
    VC_RULES: ["protected-claim"],
    KB_OF_CALLER: ["kb-audience", "kb-old", "kb-from-the-future"],
}
PYPI_ACCEPTS = {
    "typ of the credential is not looked at": ["typ-missing", "typ-jwt"],
    "exp, nbf and iat are not looked at, neither in the credential nor in the key binding": [
        "expired",
        "kb-old",
        "kb-from-the-future",
    ],
    UNPLACED: ["disclosure-of-another", "disclosure-padded"],
    CONTENT: [
        "salt-a-number",
        "named-sd",
        "named-dots",
        "digest-a-number",
        "placeholder-with-more",
        "hash-inside",
    ],
    VC_RULES: ["protected-claim"],
}


def named(accepted: dict[str, list[str]]) -> set[str]:
    names = list(itertools.chain.from_iterable(accepted.values()))
    assert len(set(names)) == len(names)
    assert CASES.keys() >= set(names)
    return set(names)


LARGE = hiding(disclosure("s", "count", 2**53 + 1))
"""Sound, but with a whole number that JavaScript cannot hold."""


@pytest.fixture(scope="module")
def npm(run_script: Callable[[str, object], Any]) -> dict[str, dict[str, Any]]:
    """What the npm library says of a sound presentation and of each spoilt one."""
    texts = {"sound": Spoilt().bound(), "large": LARGE, **{name: text for name, (text, _) in CASES.items()}}
    jobs = {name: job("verify", text=text, nonce=NONCE) for name, text in texts.items()}
    return dict(run_script("sd_jwt.mjs", {**KEYS, "jobs": jobs}))


def refusal_here(text: str) -> str:
    with pytest.raises(Error) as refusal:
        read_here(text)
    reason = refusal.value.params.get("reason")
    return f"{refusal.value.code}.{reason}" if refusal.value.code == "kb_invalid" else refusal.value.code


def accepted_by_pypi(text: str) -> bool:
    try:
        read_by_pypi(text)
    except Exception:  # noqa: BLE001 the library raises whatever its own libraries raise
        return False
    return True


@pytest.mark.node
def test_the_sound_presentation_is_accepted_by_all(npm: dict[str, dict[str, Any]]) -> None:
    text = Spoilt().bound()
    claims = read_here(text)
    assert claims["states"] == ["FR", "DE"]
    assert npm["sound"]["value"]["claims"] == claims == read_by_pypi(text)


@pytest.mark.node
def test_a_whole_number_beyond_2_to_the_53_is_read_by_npm_as_another_one(npm: dict[str, dict[str, Any]]) -> None:
    assert read_here(LARGE)["count"] == read_by_pypi(LARGE)["count"] == 2**53 + 1
    assert npm["large"]["value"]["claims"]["count"] == 2**53  # no claim of ours is a number of that size


@pytest.mark.parametrize(("text", "code"), CASES.values(), ids=CASES)
def test_a_spoilt_presentation_is_refused_here_for_its_own_reason(text: str, code: str) -> None:
    assert refusal_here(text) == code


@pytest.mark.parametrize("name", CASES)
def test_pypi_refuses_it_too_unless_the_table_says_why_not(name: str) -> None:
    assert accepted_by_pypi(CASES[name][0]) == (name in named(PYPI_ACCEPTS))


@pytest.mark.node
@pytest.mark.parametrize("name", CASES)
def test_npm_refuses_it_too_unless_the_table_says_why_not(npm: dict[str, dict[str, Any]], name: str) -> None:
    assert npm[name]["ok"] == (name in named(NPM_ACCEPTS)), npm[name]
