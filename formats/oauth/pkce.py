"""PKCE: whoever redeems a code is whoever asked for it. Only S256: ``plain`` shows the secret to everybody.

Spec: RFC 7636, HAIP 1.0 §4.
"""

import hashlib
import hmac
import re
from typing import Final

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted

SPEC: Final = "RFC 7636"
METHOD: Final = "S256"
_VERIFIER: Final = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_DIGEST_BYTES: Final = 32


def code_challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier. Raises Malformed[pkce_malformed]. Spec: RFC 7636 §4.1, §4.2."""
    if not _VERIFIER.fullmatch(verifier):
        raise _malformed("verifier_form", "§4.1")
    return base64url.encode(hashlib.sha256(verifier.encode("ascii")).digest())


def require_challenge(challenge: str | None, *, method: str | None) -> str:
    """Return the challenge of an authorization request that is one of S256, named as such; None when left out.

    Input is unverified. Raises Malformed[pkce_malformed] (reason ``challenge_missing``, ``method_unsupported``,
    ``challenge_form``): a request without a method means ``plain``. Spec: RFC 7636 §4.3, §4.4.1.
    """
    if challenge is None:
        raise _malformed("challenge_missing", "§4.4.1")
    if method != METHOD:
        raise _malformed("method_unsupported", "§4.3")
    try:
        digest = base64url.decode(challenge, what="code_challenge")
    except Malformed as exc:
        raise _malformed("challenge_form", "§4.2") from exc
    if len(digest) != _DIGEST_BYTES:
        raise _malformed("challenge_form", "§4.2")
    return challenge


def require_verifier(verifier: str | None, *, challenge: str) -> None:
    """Accept the verifier of a token request whose code was asked for under ``challenge``; None when left out.

    Input is unverified. Raises Malformed[pkce_malformed] (reason ``verifier_missing``, ``verifier_form``),
    Untrusted[pkce_mismatch]. Spec: RFC 7636 §4.6.
    """
    if verifier is None:
        raise _malformed("verifier_missing", "§4.5")
    if not hmac.compare_digest(code_challenge(verifier), challenge):
        raise Untrusted("pkce_mismatch", spec=f"{SPEC} §4.6")


def _malformed(reason: str, clause: str) -> Malformed:
    return Malformed("pkce_malformed", spec=f"{SPEC} {clause}", reason=reason)
