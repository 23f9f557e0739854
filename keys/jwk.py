"""Public keys as JWK, strictly: read from peers, written for peers, and the signature check they are for."""

import hashlib
from collections.abc import Collection, Mapping
from typing import Final, NamedTuple, cast

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from portadoc import base64url
from portadoc.errors import Malformed, Untrusted
from portadoc.keys.algorithms import (
    ALGORITHM_OF_CURVE,
    SIGNATURE_ALGORITHMS,
    EcdsaParameters,
    PublicKey,
    SignatureAlgorithm,
    algorithm_of,
)

PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"})
_OBJECTS: Final = (dict, Mapping)  # what JSON gives first: asking an abstract class takes long
_OPTIONAL_MEMBERS: Final = frozenset({"alg", "use", "key_ops"})
_PRIME_25519: Final = 2**255 - 19
_WITHOUT_SIGN: Final = 2**255 - 1
_OF_ORDER_EIGHT: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_OF_SMALL_ORDER: Final = frozenset({0, 1, _PRIME_25519 - 1, _OF_ORDER_EIGHT, _PRIME_25519 - _OF_ORDER_EIGHT})
"""The y of the eight points whose order divides eight. Spec: RFC 8032 §5.1."""


class VerificationKey(NamedTuple):
    """A public key with the one algorithm it may be used with."""

    alg: str
    key: PublicKey

    @property
    def kid(self) -> str:
        """The RFC 7638 thumbprint; worked out when asked for, since most keys are never named."""
        return thumbprint(public_jwk(self))

    def verify(self, data: bytes, signature: bytes) -> None:
        """Accept a raw signature (r || s for ECDSA) over ``data``, or raise Untrusted[signature_invalid].

        Length and range of r and s are checked before any curve arithmetic. Spec: RFC 7518 §3.4, RFC 8032 §5.1.7.
        """
        algorithm = SIGNATURE_ALGORITHMS[self.alg]
        if len(signature) != algorithm.signature_size:
            raise Untrusted("signature_invalid", spec="RFC 7518 §3.4", reason="length")
        try:
            if algorithm.ecdsa is None:
                cast("ed25519.Ed25519PublicKey", self.key).verify(signature, data)
            else:
                key = cast("ec.EllipticCurvePublicKey", self.key)
                key.verify(_ecdsa_signature(signature, algorithm.ecdsa), data, algorithm.ecdsa.scheme)
        except InvalidSignature as exc:
            raise Untrusted("signature_invalid", spec="RFC 7515 §5.2", reason="mismatch") from exc


def _ecdsa_signature(raw: bytes, parameters: EcdsaParameters) -> bytes:
    size = len(raw) // 2
    r, s = int.from_bytes(raw[:size], "big"), int.from_bytes(raw[size:], "big")
    if not (0 < r < parameters.order and 0 < s < parameters.order):
        raise Untrusted("signature_invalid", spec="RFC 7518 §3.4", reason="range")
    return encode_dss_signature(r, s)


def public_key_from_jwk(jwk: Mapping[str, object], *, allowed_algs: Collection[str]) -> VerificationKey:
    """Return the verification key of a public JWK for signatures.

    Input is unverified. Members that this function does not know are ignored. Raises Untrusted[alg_not_allowed],
    Untrusted[holder_key_unsupported] (reason: not_an_object, private_member, key_type, alg_mismatch, use, key_ops,
    coordinate, not_on_curve, small_order). Spec: RFC 7517 §4, RFC 7518 §6.2, RFC 8037 §2.
    """
    if not isinstance(jwk, _OBJECTS):
        raise _unsupported("not_an_object")
    if not PRIVATE_MEMBERS.isdisjoint(jwk):
        raise _unsupported("private_member")
    algorithm = _algorithm(jwk)
    if not _OPTIONAL_MEMBERS.isdisjoint(jwk):
        _check_declared_use(jwk, algorithm)
    if algorithm.name not in allowed_algs:
        raise Untrusted("alg_not_allowed", spec="RFC 8725 §3.1", alg=algorithm.name)
    if algorithm.ecdsa is None:
        return _okp_key(jwk, algorithm)
    return _ec_key(jwk, algorithm, algorithm.ecdsa.curve)


def holder_key(cnf: object, *, allowed_algs: Collection[str]) -> VerificationKey:
    """Return the holder's key of a ``cnf`` claim, which has to carry it by value.

    Raises Untrusted[holder_key_missing] when there is no ``cnf``, and what ``public_key_from_jwk`` raises;
    a key by reference (``kid``, ``jkt``, ``jku``, ``jwe``) is not supported. Spec: RFC 7800 §3, RFC 9901 §4.1.2.
    """
    if cnf is None:
        raise Untrusted("holder_key_missing", spec="RFC 9901 §4.1.2")
    if not isinstance(cnf, _OBJECTS):
        raise _unsupported("not_an_object")
    if "jwk" not in cnf:
        raise _unsupported("by_reference") if cnf else Untrusted("holder_key_missing", spec="RFC 7800 §3.1")
    return public_key_from_jwk(cnf["jwk"], allowed_algs=allowed_algs)


def public_jwk(key: VerificationKey | PublicKey) -> dict[str, str]:
    """Return the JWK with the required public members only. Raises Misconfigured[key_alg_unsupported]."""
    public = key.key if isinstance(key, VerificationKey) else key
    algorithm = algorithm_of(public)
    members = {"kty": algorithm.kty, "crv": algorithm.crv}
    if isinstance(public, ed25519.Ed25519PublicKey):
        return {**members, "x": base64url.encode(public.public_bytes_raw())}
    point = public.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    size = algorithm.coordinate_size
    return {**members, "x": base64url.encode(point[1 : 1 + size]), "y": base64url.encode(point[1 + size :])}


def verification_key(public: PublicKey) -> VerificationKey:
    """Return the verification key of a key object that is already trusted to be well formed."""
    return VerificationKey(algorithm_of(public).name, public)


def thumbprint(jwk: Mapping[str, object]) -> str:
    """Return the SHA-256 thumbprint (base64url) of an EC or OKP key. Raises Untrusted[holder_key_unsupported].

    Spec: RFC 7638 §3, RFC 8037 §2.
    """
    algorithm = _algorithm(jwk)
    coordinates = ("x", "y") if algorithm.ecdsa else ("x",)
    for name in coordinates:
        _coordinate(jwk, name, algorithm)
    members = "".join(f',"{name}":"{jwk[name]}"' for name in coordinates)
    required = f'{{"crv":"{algorithm.crv}","kty":"{algorithm.kty}"{members}}}'
    return base64url.encode(hashlib.sha256(required.encode("ascii")).digest())


def _algorithm(jwk: Mapping[str, object]) -> SignatureAlgorithm:
    kty, crv = jwk.get("kty"), jwk.get("crv")
    algorithm = ALGORITHM_OF_CURVE.get((kty, crv)) if isinstance(kty, str) and isinstance(crv, str) else None
    if algorithm is None:
        raise _unsupported("key_type")
    return algorithm


def _check_declared_use(jwk: Mapping[str, object], algorithm: SignatureAlgorithm) -> None:
    if jwk.get("alg", algorithm.name) != algorithm.name:
        raise _unsupported("alg_mismatch")
    if jwk.get("use", "sig") != "sig":
        raise _unsupported("use")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise _unsupported("key_ops")


def _ec_key(jwk: Mapping[str, object], algorithm: SignatureAlgorithm, curve: ec.EllipticCurve) -> VerificationKey:
    point = b"\x04" + _coordinate(jwk, "x", algorithm) + _coordinate(jwk, "y", algorithm)
    try:
        key = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    except ValueError as exc:
        raise _unsupported("not_on_curve") from exc
    return VerificationKey(algorithm.name, key)


def _okp_key(jwk: Mapping[str, object], algorithm: SignatureAlgorithm) -> VerificationKey:
    """Refuse the points of small order: under such a key anybody can sign, so it would bind nobody."""
    encoded = _coordinate(jwk, "x", algorithm)
    if (int.from_bytes(encoded, "little") & _WITHOUT_SIGN) % _PRIME_25519 in _OF_SMALL_ORDER:
        raise _unsupported("small_order")
    return VerificationKey(algorithm.name, ed25519.Ed25519PublicKey.from_public_bytes(encoded))


def _coordinate(jwk: Mapping[str, object], name: str, algorithm: SignatureAlgorithm) -> bytes:
    text = jwk.get(name)
    size = algorithm.coordinate_size
    if not isinstance(text, str) or len(text) != (size * 4 + 2) // 3:
        raise _unsupported("coordinate")
    try:
        return base64url.decode(text, what=name)
    except Malformed as exc:
        raise _unsupported("coordinate") from exc


def _unsupported(reason: str) -> Untrusted:
    return Untrusted("holder_key_unsupported", spec="RFC 7517 §4", reason=reason)
