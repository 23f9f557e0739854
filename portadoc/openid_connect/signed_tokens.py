"""Signed tokens of others: read once and strictly, believed only after their signature was checked.

The JSON of header and payload is read by our strict reader; joserfc checks the signature, with one algorithm and
one key. Spec: RFC 7515, RFC 7519, RFC 8725.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey, import_key

from portadoc import base64url
from portadoc.errors import Error, Malformed, Untrusted
from portadoc.formats import strict_json
from portadoc.schemas.claims import JsonObject

PublicKey = ECKey | RSAKey
ALGORITHMS: Final = ("ES256", "ES384", "PS256", "PS384", "RS256")
"""What tokens of others may be signed with; a setting can allow fewer."""
MAX_TOKEN: Final = 16 * 1024
SKEW_S: Final = 60
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "k", "oth"})
_MIN_RSA_BYTES: Final = 256
_KEY_TYPES: Final[Mapping[str, str]] = {
    "ES256": "EC",
    "ES384": "EC",
    "PS256": "RSA",
    "PS384": "RSA",
    "RS256": "RSA",
}
_CURVES: Final[Mapping[str, str]] = {"ES256": "P-256", "ES384": "P-384"}


@dataclass(frozen=True, slots=True)
class UnverifiedToken:
    """A token as it came; nothing in it is to be believed yet."""

    text: str = field(repr=False)
    algorithm: str
    key_id: str | None
    type: str | None
    unverified_claims: JsonObject = field(repr=False)


def parse_token(text: str, *, algorithms: Collection[str], code: str) -> UnverifiedToken:
    """Return a compact JWS taken apart.

    Raises Untrusted[``code``] with a reason: form, algorithm, critical.
    """
    parts = text.split(".")
    if len(text) > MAX_TOKEN or len(parts) != 3:
        raise Untrusted(code, reason="form")
    try:
        header = strict_json.loads_object(base64url.decode(parts[0]), what="token header")
        claims = strict_json.loads_object(base64url.decode(parts[1]), what="token payload")
        base64url.decode(parts[2])  # in its one spelling
    except Malformed as exc:
        raise Untrusted(code, reason="form") from exc
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ")
    if not isinstance(algorithm, str) or algorithm not in algorithms or algorithm not in _KEY_TYPES:
        raise Untrusted(code, spec="RFC 8725 §3.1", reason="algorithm")
    if "crit" in header or "b64" in header:
        raise Untrusted(code, spec="RFC 7515 §4.1.11", reason="critical")
    if not isinstance(key_id, str | None) or not isinstance(kind, str | None):
        raise Untrusted(code, reason="form")
    return UnverifiedToken(text, algorithm, key_id, kind, claims)


def verified_claims(token: UnverifiedToken, key: PublicKey, *, code: str) -> JsonObject:
    """Return the claims of a token that ``key`` signed. Raises Untrusted[``code``] (reason signature)."""
    named = key.as_dict(private=False)
    fits = named["kty"] == _KEY_TYPES[token.algorithm] and named.get("alg", token.algorithm) == token.algorithm
    if not fits or named.get("crv") != _CURVES.get(token.algorithm):
        raise Untrusted(code, spec="RFC 8725 §3.1", reason="algorithm")
    try:
        jws.deserialize_compact(token.text, key, algorithms=[token.algorithm])
    except (JoseError, ValueError) as exc:
        raise Untrusted(code, spec="RFC 7515 §5.2", reason="signature") from exc
    return token.unverified_claims


def public_key(jwk: Mapping[str, object], *, code: str) -> PublicKey:
    """Return a key for checking signatures. Raises Malformed[``code``] for any other key, also a private one."""
    if _PRIVATE & jwk.keys() or jwk.get("use", "sig") != "sig" or jwk.get("kty") not in ("EC", "RSA"):
        raise Malformed(code, spec="RFC 7517 §4")
    try:
        if jwk["kty"] == "RSA" and len(base64url.decode(str(jwk.get("n", "")))) < _MIN_RSA_BYTES:
            raise Malformed(code, spec="RFC 7518 §3.3")
        key = import_key({name: value for name, value in jwk.items() if isinstance(value, str)})
    except (JoseError, ValueError, TypeError, KeyError) as exc:
        raise Malformed(code, spec="RFC 7517 §4") from exc
    if not isinstance(key, ECKey | RSAKey):
        raise Malformed(code, spec="RFC 7517 §4")
    return key


def usable_keys(document: JsonObject, *, code: str) -> dict[str | None, PublicKey]:
    """Return the keys of a key set by id; what is no key for signatures is passed over. Spec: RFC 7517 §5."""
    listed = document.get("keys")
    if not isinstance(listed, list) or len(listed) > 64:
        raise Malformed(code, spec="RFC 7517 §5")
    found: dict[str | None, PublicKey] = {}
    for jwk in listed:
        if not isinstance(jwk, dict):
            continue
        try:
            key = public_key(jwk, code=code)
        except Error:
            continue
        key_id = jwk.get("kid")
        found.setdefault(key_id if isinstance(key_id, str) else None, key)
    return found


def whole_seconds(claims: JsonObject, name: str, *, code: str) -> int:
    """Return a time claim in epoch seconds. Raises Untrusted[``code``] (reason claims)."""
    value = claims.get(name)
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not 0 <= value < 2**53:
        raise Untrusted(code, spec="RFC 7519 §4.1", reason="claims")
    return value
