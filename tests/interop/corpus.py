"""What verifiers of several makers judge alike, or not: our vectors, altered disclosures, the published examples.

Everything here is judged at the time of the vectors, under one issuer key, one audience and one nonce a part.
"""

import base64
import json
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from cryptography.x509 import load_der_x509_certificate

from portadoc import base64url
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.formats.sd_jwt import bind, issue
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.keys.jwk import public_jwk
from portadoc.keys.trust.trust_file import trust_from_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.examples import example
from portadoc.schemas.profiles import profile
from portadoc.verification.answers import HeldStatusList, HeldStatusLists
from portadoc.verification.policy import KeyBindingRequired, VerificationPolicy
from portadoc.verification.status_tokens import believe_status_list
from tests.vectors import generate

ROOT: Final = Path(__file__).resolve().parent.parent.parent
PUBLISHED: Final = (
    Path(os.environ.get("PORTADOC_VECTORS", ROOT / ".." / "shared" / "vectors")) / "specs" / "extracted"
)
_SOURCES: Final = ("oauth-selective-disclosure-jwt", "oauth-sd-jwt-vc")
_CONTEXT: Final[dict[str, Any]] = json.loads((generate.FOLDER / "context.json").read_text(encoding="utf-8"))
NOW: Final[int] = _CONTEXT["now"]


@dataclass(frozen=True)
class Part:
    """Presentations under one issuer key; ``nonce`` is None where no key binding is asked for."""

    issuer: Mapping[str, str]
    texts: dict[str, str]
    audience: str | None = None
    nonce: str | None = None
    read: dict[str, Any] = field(default_factory=dict)
    """The claims that a reading must come to, by name, where somebody has published them."""

    def question(self) -> dict[str, Any]:
        """Return what a peer is asked."""
        return {
            "now": NOW,
            "presentations": {
                "issuer": dict(self.issuer),
                "audience": self.audience,
                "nonce": self.nonce,
                "texts": dict(self.texts),
            },
            "statusKey": key_of(_CONTEXT["status_lists"][generate.LIST_URI]),
            "statusLists": _CONTEXT["status_lists"],
        }


def key_of(token: str) -> dict[str, str]:
    """Return the public key of the certificate that a token brings along, as peers that know no chains take it."""
    header = json.loads(base64url.decode(token.partition(".")[0], what="header"))
    return dict(public_jwk(load_der_x509_certificate(base64.b64decode(header["x5c"][0])).public_key()))


@cache
def trust() -> TrustStore:
    """Return whom the vectors are judged by."""
    return trust_from_json(_CONTEXT["trust"])


@cache
def status() -> HeldStatusLists:
    """Return the status lists of the vectors, believed."""
    lists = {}
    for uri, text in _CONTEXT["status_lists"].items():
        believed = believe_status_list(text, uri=uri, trust=trust(), now=NOW, skew_s=60, limits=StatusListLimits())
        lists[uri] = HeldStatusList(believed.token, believed.speaks_for, NOW)
    return HeldStatusLists(lists, {uri: (code, reason) for uri, (code, reason) in _CONTEXT["blocked"].items()})


def policy() -> VerificationPolicy:
    """Return the policy of the vectors."""
    return VerificationPolicy(
        policy_id="vectors",
        accepted_types=frozenset(_CONTEXT["accepted_types"]),
        key_binding=KeyBindingRequired(**_CONTEXT["key_binding"]),
        status_required=True,
        profile=profile(_CONTEXT["profile"]),
        on_date=date.fromisoformat(_CONTEXT["day"]),
        clock_skew_s=_CONTEXT["clock_skew_s"],
    )


@cache
def vectors() -> Part:
    """Return our own vectors: a sound presentation, a withdrawn one, and one fault each."""
    texts = {
        path.stem: json.loads(path.read_text(encoding="utf-8"))["presentation"]
        for path in sorted(generate.FOLDER.glob("*.json"))
        if path.name != "context.json"
    }
    asked = _CONTEXT["key_binding"]
    return Part(key_of(texts["good"].partition("~")[0]), texts, asked["audience"], asked["nonce"])


# --- altered disclosures -------------------------------------------------------------------------------------


def _json(change: Callable[[list[Any]], Any], **spelling: Any) -> Callable[[str], str]:
    """Alter the content of a disclosure and write it again."""
    spelt = {"separators": (",", ":"), "ensure_ascii": False, **spelling}
    return lambda text: base64url.encode(json.dumps(change(json.loads(base64url.decode(text))), **spelt).encode())


def _flipped(text: str) -> str:
    raw = bytearray(base64url.decode(text))
    raw[-2] ^= 1
    return base64url.encode(bytes(raw))


ALTERATIONS: Final[Mapping[str, Callable[[str], str]]] = {
    "bit-flipped": _flipped,
    "cut-short": lambda text: text[:-4],
    "salt-replaced": _json(lambda content: ["another salt", *content[1:]]),
    "value-replaced": _json(lambda content: [*content[:-1], "another value"]),
    "name-replaced": _json(lambda content: [content[0], "another_name", *content[2:]]),
    "value-null": _json(lambda content: [*content[:-1], None]),
    "written-with-spaces": _json(lambda content: content, separators=(" ,", " : ")),
    "padded": lambda text: text + "=" * (-len(text) % 4 or 1),
    "alphabet-standard": lambda text: text[:-1] + "+",
    "with-four-spaces": lambda text: f"{text[:5]}    {text[5:]}",
    "followed-by-its-copy": lambda text: f"{text}~{text}",
    "followed-by-nothing": lambda text: f"{text}~",
    "left-in-clear": lambda text: json.dumps(json.loads(base64url.decode(text))),
}


@cache
def altered() -> Part:
    """Return an attestation of many disclosures, some within others, each altered in every way and bound anew."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        world = generate.VectorWorld()
    token, *disclosures, _ = _nested_credential(world).split("~")
    asked = _CONTEXT["key_binding"]
    binding = {"audience": asked["audience"], "nonce": asked["nonce"], "now": NOW, "signer": world.holder}

    def bound(each: Sequence[str]) -> str:
        return bind("~".join([token, *each, ""]), **binding)

    texts = {"sound": bound(disclosures), "in-another-order": bound(disclosures[::-1])}
    for name, alter in ALTERATIONS.items():
        for place, one in enumerate(disclosures):
            others = [*disclosures[:place], alter(one), *disclosures[place + 1 :]]
            texts[f"{name}:{place}"] = bound(others)
    return Part(dict(world.issuer.public_jwk), texts, asked["audience"], asked["nonce"])


def _nested_credential(world: generate.VectorWorld) -> str:
    projection = CREDENTIAL_TYPES["pda1-webuild"].projection
    subject = projection.project(example("posted-worker-fr-de"))
    claims = {
        **subject,
        "vct": projection.vct,
        "iss": generate.ISSUER,
        "iat": NOW - 3600,
        "exp": NOW + 86_400,
        "cnf": {"jwk": dict(world.holder.public_jwk)},
    }
    return issue(
        claims,
        disclosable=projection.disclosable(subject),
        header=signing_header("dc+sd-jwt", world.issuer),
        signer=world.issuer,
        random_bytes=world.random_bytes,
        decoys=0,
    ).text


# --- published examples --------------------------------------------------------------------------------------


@cache
def published() -> tuple[Part, ...]:
    """Return the compact examples of RFC 9901 and SD-JWT VC, by whom they are bound to; () without the folder."""
    parts: dict[tuple[str | None, str | None], Part] = {}
    for source in _SOURCES if PUBLISHED.is_dir() else ():
        content = json.loads((PUBLISHED / f"{source}.json").read_text(encoding="utf-8"))
        for number, one in enumerate(content["examples"]):
            if one["serialization"] != "compact":
                continue
            bound_to = _bound_to(one["value"])
            part = parts.setdefault(bound_to, Part(content["issuer_jwk"], {}, *bound_to))
            part.texts[f"{source}-{number}"] = one["value"]
            part.read[f"{source}-{number}"] = one["processed_payload"]
    return tuple(parts.values())


def _bound_to(text: str) -> tuple[str | None, str | None]:
    key_binding = text.rpartition("~")[2]
    claims = jws.unverified_claims(key_binding) if key_binding else {}
    return claims.get("aud"), claims.get("nonce")
