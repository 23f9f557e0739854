"""Machines prove who they are with an assertion that they sign with their registered key (private_key_jwt).

Whoever calls keeps the assertions that were used: here, nothing is remembered.
Spec: RFC 7523 §2.2, §3; RFC 7521 §4.2; OIDC Core 1.0 §9.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from portadoc.errors import Malformed, Misconfigured, Untrusted
from portadoc.openid_connect.signed_tokens import (
    ALGORITHMS,
    SKEW_S,
    PublicKey,
    UnverifiedToken,
    parse_token,
    public_key,
    verified_claims,
    whole_seconds,
)
from portadoc.schemas.claims import JsonObject

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
MAX_ASSERTION_S: Final = 300
CODE: Final = "client_assertion_refused"
_TYPES: Final = frozenset({None, "JWT", "jwt", "client-authentication+jwt"})
_MAX_JTI: Final = 255


@dataclass(frozen=True, slots=True)
class ClientAssertion:
    """A machine that proved who it is; its ``jti`` has to be refused until ``keep_until`` (epoch seconds)."""

    client_id: str
    jti: str
    keep_until: int


def check_client_assertion(
    form: Mapping[str, str], *, keys: Mapping[str, PublicKey], audiences: Collection[str], now: int
) -> ClientAssertion:
    """Return who sent the unverified parameters; ``keys`` are the registered ones, by client.

    Raises Untrusted[client_assertion_refused] with a reason: form, algorithm, critical, client, signature,
    audience, expired, too_long, not_begun, claims. The caller refuses a ``jti`` that was used (reason replayed).
    """
    # 1. an assertion, and nothing beside it that could prove something else
    if form.get("client_assertion_type") != ASSERTION_TYPE or "client_secret" in form:
        raise Untrusted(CODE, spec="RFC 7521 §4.2", reason="form")
    token = parse_token(form.get("client_assertion", ""), algorithms=ALGORITHMS, code=CODE)
    # 2. of a machine that we know, signed with its key
    client_id, key = _client(token, form.get("client_id"), keys)
    claims = verified_claims(token, key, code=CODE)
    # 3. for us, now, not for long
    if claims.get("aud") not in (*audiences, *([each] for each in audiences)):
        raise Untrusted(CODE, spec="RFC 7523 §3 (3)", reason="audience")
    expires_at = _end(claims, now)
    # 4. told apart from every other one
    jti = claims.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= _MAX_JTI:
        raise Untrusted(CODE, spec="RFC 7523 §3 (7)", reason="claims")
    return ClientAssertion(client_id, jti, expires_at + SKEW_S)


def registered_key(client_id: str, jwk: Mapping[str, object]) -> PublicKey:
    """Return the key of a machine. Raises Misconfigured[machine_key_unusable]."""
    try:
        return public_key(jwk, code="machine_key_unusable")
    except Malformed as exc:
        raise Misconfigured("machine_key_unusable", client=client_id) from exc


def _client(token: UnverifiedToken, named: str | None, keys: Mapping[str, PublicKey]) -> tuple[str, PublicKey]:
    client_id = token.unverified_claims.get("sub")
    key = keys.get(client_id) if isinstance(client_id, str) else None
    if not isinstance(client_id, str) or key is None or token.type not in _TYPES:
        raise Untrusted(CODE, spec="RFC 7523 §3 (2)", reason="client")
    if token.unverified_claims.get("iss") != client_id or named not in (None, client_id):
        raise Untrusted(CODE, spec="RFC 7523 §3 (1)", reason="client")
    return client_id, key


def _end(claims: JsonObject, now: int) -> int:
    expires_at = whole_seconds(claims, "exp", code=CODE)
    if now >= expires_at + SKEW_S:
        raise Untrusted(CODE, spec="RFC 7523 §3 (4)", reason="expired")
    if expires_at > now + MAX_ASSERTION_S + SKEW_S:
        raise Untrusted(CODE, spec="RFC 7523 §3 (4)", reason="too_long")
    for name in ("iat", "nbf"):
        if name in claims and whole_seconds(claims, name, code=CODE) > now + SKEW_S:
            raise Untrusted(CODE, spec="RFC 7523 §3 (5)", reason="not_begun")
    return expires_at
