"""What a fault is, what it starts from, and the few ways to rebuild a presentation around a change."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portadoc import base64url
from portadoc.formats import jws, strict_json
from portadoc.formats.sd_jwt import UnverifiedSdJwt, parse
from portadoc.keys.signer import Signer
from portadoc.schemas.claims import JsonObject


class FaultCategory(StrEnum):
    """What a hostile variant attacks."""

    PARSER = "parser"
    SIGNATURE = "signature"
    DISCLOSURES = "disclosures"
    KEY_BINDING = "key_binding"
    STATUS = "status"
    TRUST = "trust"
    SESSION = "session"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodPresentation:
    """A presentation that a verifier accepts, with what its holder has in hand.

    ``text`` is an SD-JWT with one disclosure or more and a key binding; ``withheld`` are disclosures of the same
    credential that it does not show, at least one; ``stranger`` signs with a key that no credential is bound to.
    """

    text: str
    withheld: tuple[str, ...]
    audience: str
    nonce: str
    now: int
    holder: Signer
    stranger: Signer

    @property
    def parts(self) -> UnverifiedSdJwt:
        """The presentation taken apart."""
        return parse(self.text)

    @property
    def key_binding(self) -> str:
        """The Key Binding JWT."""
        return self.parts.key_binding_jwt or ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A misbehaviour and how a verifier names it.

    ``expected_code`` is the code of the first failed check, with its reason after a full stop where it has one.
    """

    name: str
    category: FaultCategory
    expected_code: str
    apply: Callable[[GoodPresentation], str]


def with_token(good: GoodPresentation, token: str) -> str:
    """Return the presentation around another issuer-signed JWT; disclosures and key binding stay as they are."""
    return "~".join((token, *good.parts.disclosures, good.key_binding))


def header_of(token: str) -> JsonObject:
    """Return the header of a well-formed compact token."""
    return strict_json.loads_object(base64url.decode(token.partition(".")[0]), what="header")


def with_header(token: str, header: Mapping[str, Any]) -> str:
    """Return a compact token under another header; what follows the first full stop stays."""
    return f"{base64url.encode(strict_json.dumps(dict(header)))}.{token.partition('.')[2]}"


def rebound(good: GoodPresentation, disclosures: tuple[str, ...], *, token: str = "") -> str:
    """Return the credential with other disclosures, or another token, under a correct key binding."""
    return bound(good, UnverifiedSdJwt(token or good.parts.jws_text, disclosures, None).text)


def bound(
    good: GoodPresentation,
    presented_text: str,
    change: Mapping[str, Any] | None = None,
    *,
    typ: str = "kb+jwt",
    signer: Signer | None = None,
) -> str:
    """Return ``presented_text`` with a Key Binding JWT, correct but for ``change``; a claim None is left out."""
    claims = {
        "iat": good.now,
        "aud": good.audience,
        "nonce": good.nonce,
        "sd_hash": base64url.encode(hashlib.sha256(presented_text.encode()).digest()),
        **(change or {}),
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return presented_text + jws.sign({"typ": typ}, kept, signer or good.holder)
