"""Encrypted messages of the protocols: ECDH-ES on P-256 with AES-GCM, compact form only, never compressed.

The header is checked by our own strict code before the library sees the token; the library does the cryptography.
Spec: RFC 7516, RFC 7518 §4.6; OpenID4VP 1.0 §8.3, OpenID4VCI 1.0 §10.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from jwcrypto import jwe as jwcrypto_jwe
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto.common import JWException

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.formats import strict_json
from portadoc.keys.jwk import thumbprint
from portadoc.randomness import RandomBytes, random_below
from portadoc.schemas.claims import JsonObject

SPEC: Final = "RFC 7516 §5"
ALG: Final = "ECDH-ES"
ENCRYPTIONS: Final = ("A128GCM", "A256GCM")
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HEADER_PARAMS: Final = frozenset({"alg", "enc", "kid", "epk", "apu", "apv", "typ", "cty"})
_POINT_MEMBERS: Final = ("crv", "kty", "x", "y")
_MAX_HEADER_CHARS: Final = 8 * 1024
_MAX_PARTY_CHARS: Final = 512
_IV_BYTES: Final = 12
_TAG_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class EncryptionKey:
    """A P-256 key to which others encrypt. ``private_jwk`` is secret text for storage and never shown."""

    kid: str
    public_jwk: JsonObject
    private_jwk: str = field(repr=False)


def new_encryption_key(random_bytes: RandomBytes) -> EncryptionKey:
    """Return a fresh key whose ``kid`` is its thumbprint."""
    secret = random_below(_ORDER - 1, random_bytes) + 1
    numbers = ec.derive_private_key(secret, ec.SECP256R1()).public_key().public_numbers()
    point = {
        "kty": "EC",
        "crv": "P-256",
        "x": base64url.encode(numbers.x.to_bytes(32, "big")),
        "y": base64url.encode(numbers.y.to_bytes(32, "big")),
    }
    public: JsonObject = {**point, "use": "enc", "alg": ALG, "kid": thumbprint(point)}
    private = {**public, "d": base64url.encode(secret.to_bytes(32, "big"))}
    return EncryptionKey(public["kid"], public, strict_json.dumps(private).decode("utf-8"))


def encryption_key_from_text(private_jwk: str) -> EncryptionKey:
    """Return the key that ``EncryptionKey.private_jwk`` was stored as; the text is our own."""
    private = strict_json.loads_object(private_jwk, what="encryption key")
    public = {name: value for name, value in private.items() if name != "d"}
    return EncryptionKey(private["kid"], public, private_jwk)


def decrypt(text: str, key: EncryptionKey, *, allowed_enc: frozenset[str], max_plaintext: int) -> bytes:
    """Return the plaintext of a compact JWE that was made for ``key``.

    Input is unverified, and whoever has the public key may have written the plaintext.
    Raises: Untrusted[encryption_invalid] with a reason, Malformed[limit_exceeded]. Spec: RFC 7516 §5.2.
    """
    # 1. five segments, canonical base64url, sizes before any cryptography
    header = _checked_segments(text, max_plaintext)
    # 2. header: nothing but the parameters of ECDH-ES, for this key
    _check_header(header, key.kid, allowed_enc)
    # 3. the ephemeral key of the sender
    _check_point(header["epk"], reason="epk")
    # 4. key agreement and decryption
    try:
        token = jwcrypto_jwe.JWE()
        token.deserialize(text)
        token.decrypt(jwcrypto_jwk.JWK.from_json(key.private_jwk), max_plaintext=max_plaintext)
    except JWException as exc:
        raise _invalid("decryption") from exc
    return bytes(token.plaintext)


def unverified_kid(text: str) -> str | None:
    """Return the ``kid`` that the header of a compact JWE names, to find the key with; None where it names none.

    Nothing else is looked at: ``decrypt`` refuses what is no message for that key. Spec: RFC 7516 §4.1.6.
    """
    encoded = text[: _MAX_HEADER_CHARS + 1].partition(".")[0]
    try:
        header = strict_json.loads_object(base64url.decode(encoded, what="JWE header"), what="JWE header")
    except Malformed:
        return None
    kid = header.get("kid")
    return kid if isinstance(kid, str) else None


def encrypt(plaintext: bytes, jwk: JsonObject, *, enc: str, apu: str | None, apv: str | None) -> str:
    """Return a compact JWE for the holder of ``jwk``, naming its ``kid`` when it has one.

    ``apu`` and ``apv`` are base64url text or None. The sender's ephemeral key and the initialisation vector come
    from the operating system's generator inside the library.
    Raises: Untrusted[encryption_invalid] (reason ``key``, ``enc``). Spec: RFC 7516 §5.1.
    """
    _require_usable(jwk)
    if enc not in ENCRYPTIONS:
        raise _invalid("enc")
    named = {"kid": jwk.get("kid"), "apu": apu, "apv": apv}
    header = {"alg": ALG, "enc": enc, **{name: value for name, value in named.items() if value is not None}}
    point = {name: jwk[name] for name in _POINT_MEMBERS}
    token = jwcrypto_jwe.JWE(plaintext, protected=strict_json.dumps(header).decode("utf-8"))
    token.add_recipient(jwcrypto_jwk.JWK(**point))
    return str(token.serialize(compact=True))


def choose_encryption_key(jwks: JsonObject) -> JsonObject:
    """Return the first key of a JWK set that can receive our encryption; other keys are passed over.

    Raises: Untrusted[encryption_invalid] (reason ``no_usable_key``). Spec: OpenID4VCI 1.0 §10.
    """
    keys = jwks.get("keys")
    for jwk in keys if isinstance(keys, list) else ():
        try:
            _require_usable(jwk)
        except Untrusted:
            continue
        return dict(jwk)
    raise _invalid("no_usable_key")


def _checked_segments(text: str, max_plaintext: int) -> JsonObject:
    segments = text.split(".", 5)
    if len(segments) != 5:
        raise _invalid("form")
    encoded_header, encrypted_key, iv, ciphertext, tag = segments
    if len(encoded_header) > _MAX_HEADER_CHARS:
        raise Malformed("limit_exceeded", spec=SPEC, what="JWE header", limit=_MAX_HEADER_CHARS)
    if len(ciphertext) > (max_plaintext * 4 + 2) // 3:
        raise Malformed("limit_exceeded", spec=SPEC, what="JWE plaintext", limit=max_plaintext)
    if encrypted_key:
        raise _invalid("encrypted_key")
    try:
        sizes = [len(base64url.decode(part, what="JWE segment")) for part in (iv, ciphertext, tag)]
        raw_header = base64url.decode(encoded_header, what="JWE header")
        header = strict_json.loads_object(raw_header, what="JWE header")
    except Malformed as exc:
        raise _invalid("form") from exc
    if sizes[0] != _IV_BYTES or sizes[2] != _TAG_BYTES:
        raise _invalid("form")
    return header


def _check_header(header: JsonObject, kid: str, allowed_enc: frozenset[str]) -> None:
    """Allow the parameters of ECDH-ES only; ``zip`` and ``crit`` are among those refused. Spec: RFC 7516 §4."""
    if not _HEADER_PARAMS.issuperset(header):
        raise _invalid("header_param_forbidden")
    if header.get("alg") != ALG:
        raise _invalid("alg")
    if header.get("enc") not in [enc for enc in ENCRYPTIONS if enc in allowed_enc]:
        raise _invalid("enc")
    if header.get("kid") != kid:
        raise _invalid("kid")
    for name in ("apu", "apv", "typ", "cty"):
        value = header.get(name, "")
        if not isinstance(value, str) or len(value) > _MAX_PARTY_CHARS:
            raise _invalid(name)
    for name in ("apu", "apv"):
        _decoded(header.get(name, ""), reason=name)
    if "epk" not in header:
        raise _invalid("epk")


def _require_usable(jwk: Any) -> None:
    if not isinstance(jwk, dict) or jwk.get("alg") != ALG or jwk.get("use", "enc") != "enc":
        raise _invalid("key")
    if not isinstance(jwk.get("kid", ""), str):
        raise _invalid("key")
    _check_point(jwk, reason="key")


def _check_point(jwk: Any, *, reason: str) -> None:
    """Require a P-256 point that is on the curve, without the secret to it; other members are passed over.

    Spec: RFC 7518 §4.6.1.1, §6.2.1, SP 800-56A §5.6.2.3.
    """
    if not isinstance(jwk, dict) or "d" in jwk or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise _invalid(reason)
    x, y = (_decoded(jwk.get(name), reason=reason) for name in ("x", "y"))
    if len(x) != 32 or len(y) != 32:
        raise _invalid(reason)
    try:
        ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1()).public_key()
    except ValueError as exc:
        raise _invalid(reason) from exc


def _decoded(text: object, *, reason: str) -> bytes:
    if not isinstance(text, str):
        raise _invalid(reason)
    try:
        return base64url.decode(text, what=reason)
    except Malformed as exc:
        raise _invalid(reason) from exc


def _invalid(reason: str) -> Untrusted:
    return Untrusted("encryption_invalid", spec=SPEC, reason=reason)
