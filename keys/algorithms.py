"""The signature algorithms this product makes and accepts: a closed list, each tied to one key type and curve."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from portadoc.errors import Misconfigured
from portadoc.randomness import RandomBytes, random_below

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class EcdsaParameters:
    """What ECDSA needs beside the key. ``order`` is the group order n; r and s lie in [1, n-1]."""

    curve: ec.EllipticCurve
    scheme: ec.ECDSA
    deterministic_scheme: ec.ECDSA
    order: int


@dataclass(frozen=True, slots=True)
class SignatureAlgorithm:
    """One JOSE algorithm. Sizes in bytes: of a coordinate and of the raw signature (r || s for ECDSA).

    Spec: RFC 7518 §3.4, RFC 8037 §2, RFC 9864 §2.2.
    """

    name: str
    kty: str
    crv: str
    coordinate_size: int
    signature_size: int
    ecdsa: EcdsaParameters | None


def _ecdsa(
    name: str, crv: str, curve: ec.EllipticCurve, digest: Callable[[], hashes.HashAlgorithm]
) -> SignatureAlgorithm:
    size = (curve.key_size + 7) // 8
    schemes = ec.ECDSA(digest()), ec.ECDSA(digest(), deterministic_signing=True)
    return SignatureAlgorithm(name, "EC", crv, size, 2 * size, EcdsaParameters(curve, *schemes, curve.group_order))


ES256: Final = _ecdsa("ES256", "P-256", ec.SECP256R1(), hashes.SHA256)
ES384: Final = _ecdsa("ES384", "P-384", ec.SECP384R1(), hashes.SHA384)
ES512: Final = _ecdsa("ES512", "P-521", ec.SECP521R1(), hashes.SHA512)
ED25519: Final = SignatureAlgorithm("Ed25519", "OKP", "Ed25519", 32, 64, None)

_ALL: Final = (ES256, ES384, ES512, ED25519)
SIGNATURE_ALGORITHMS: Final[Mapping[str, SignatureAlgorithm]] = {each.name: each for each in _ALL}
ALL_ALGORITHMS: Final = frozenset(SIGNATURE_ALGORITHMS)

ALGORITHM_OF_CURVE: Final[Mapping[tuple[str, str], SignatureAlgorithm]] = {(a.kty, a.crv): a for a in _ALL}
_ALGORITHM_OF_CURVE_NAME: Final[Mapping[str, SignatureAlgorithm]] = {
    each.ecdsa.curve.name: each for each in _ALL if each.ecdsa
}


def algorithm_named(name: str) -> SignatureAlgorithm:
    """Return the algorithm of the operator's setting. Raises Misconfigured[key_alg_unsupported]."""
    try:
        return SIGNATURE_ALGORITHMS[name]
    except KeyError as exc:
        raise Misconfigured("key_alg_unsupported", alg=name) from exc


def algorithm_of(key: object) -> SignatureAlgorithm:
    """Return the one algorithm that fits a key object. Raises Misconfigured[key_alg_unsupported]."""
    if isinstance(key, ed25519.Ed25519PublicKey | ed25519.Ed25519PrivateKey):
        return ED25519
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        algorithm = _ALGORITHM_OF_CURVE_NAME.get(key.curve.name)
        if algorithm is not None:
            return algorithm
    raise Misconfigured("key_alg_unsupported", alg=type(key).__name__)


def new_private_key(alg: str, random_bytes: RandomBytes) -> PrivateKey:
    """Return a fresh private key made from ``random_bytes`` alone. Raises Misconfigured[key_alg_unsupported].

    The scalar is uniform in [1, n-1] by rejection. Spec: FIPS 186-5 A.2.2, RFC 8032 §5.1.5.
    """
    algorithm = algorithm_named(alg)
    if algorithm.ecdsa is None:
        return ed25519.Ed25519PrivateKey.from_private_bytes(random_bytes(algorithm.coordinate_size))
    scalar = 1 + random_below(algorithm.ecdsa.order - 1, random_bytes)
    return ec.derive_private_key(scalar, algorithm.ecdsa.curve)
