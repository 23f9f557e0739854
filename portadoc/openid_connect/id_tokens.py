"""Check an ID token: for us, from our provider, for this sign-in, and not over. Spec: OIDC Core 1.0 §3.1.3.7."""

import hmac
from typing import Final

from portadoc.errors import Untrusted
from portadoc.openid_connect.signed_tokens import SKEW_S, whole_seconds
from portadoc.schemas.claims import JsonObject

CODE: Final = "login_refused"
MAX_AGE_S: Final = 600
_MAX_SUB: Final = 255


def check_id_token(claims: JsonObject, *, issuer: str, client_id: str, nonce: str, now: int) -> str:
    """Return ``sub`` of claims whose signature holds.

    Raises Untrusted[login_refused] with a reason: issuer, audience, azp, nonce, expired, issued_at, claims.
    """
    # 1. from our provider, character by character
    if claims.get("iss") != issuer:
        raise Untrusted(CODE, spec="OIDC Core §3.1.3.7 (2)", reason="issuer")
    # 2. for us and for nobody else: we know no other audience that we could trust
    audience = claims.get("aud")
    if audience not in (client_id, [client_id]):
        raise Untrusted(CODE, spec="OIDC Core §3.1.3.7 (3)", reason="audience")
    if claims.get("azp", client_id) != client_id:
        raise Untrusted(CODE, spec="OIDC Core §3.1.3.7 (5)", reason="azp")
    # 3. for this sign-in: an old token, or one of another browser, has another nonce
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
        raise Untrusted(CODE, spec="OIDC Core §3.1.3.7 (11)", reason="nonce")
    # 4. made just now, and not over
    _check_times(claims, now)
    # 5. about somebody
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUB:
        raise Untrusted(CODE, spec="OIDC Core §2", reason="claims")
    return subject


def _check_times(claims: JsonObject, now: int) -> None:
    if now >= whole_seconds(claims, "exp", code=CODE) + SKEW_S:
        raise Untrusted(CODE, spec="OIDC Core §3.1.3.7 (9)", reason="expired")
    issued_at = whole_seconds(claims, "iat", code=CODE)
    if not now - MAX_AGE_S <= issued_at <= now + SKEW_S:
        raise Untrusted(CODE, spec="OIDC Core §3.1.3.7 (10)", reason="issued_at")
    if "nbf" in claims and whole_seconds(claims, "nbf", code=CODE) > now + SKEW_S:
        raise Untrusted(CODE, spec="RFC 7519 §4.1.5", reason="issued_at")
