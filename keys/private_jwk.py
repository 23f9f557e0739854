"""Private keys as JWK: for a wallet that keeps one key for each credential in its own file."""

from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from portadoc import base64url
from portadoc.errors import Error, Misconfigured
from portadoc.keys.algorithms import ALL_ALGORITHMS, PrivateKey, algorithm_named, new_private_key
from portadoc.keys.jwk import public_jwk, public_key_from_jwk
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import RandomBytes

_PRIVATE_MEMBER: Final = "d"


def new_private_jwk(alg: str, *, random_bytes: RandomBytes) -> dict[str, str]:
    """Return a fresh private key made from ``random_bytes`` alone. Raises Misconfigured[key_alg_unsupported].

    Spec: RFC 7518 §6.2.2, RFC 8037 §2.
    """
    key = new_private_key(alg, random_bytes)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        secret = key.private_bytes_raw()
    else:
        size = algorithm_named(alg).coordinate_size
        secret = key.private_numbers().private_value.to_bytes(size, "big")
    return {**public_jwk(key.public_key()), _PRIVATE_MEMBER: base64url.encode(secret)}


def signer_from_private_jwk(jwk: Mapping[str, str]) -> LocalSigner:
    """Return the signer of a private JWK whose public and private members belong together.

    Raises Misconfigured[key_file_malformed].
    """
    try:
        public = {name: value for name, value in jwk.items() if name != _PRIVATE_MEMBER}
        expected = public_key_from_jwk(public, allowed_algs=ALL_ALGORITHMS)
        secret = base64url.decode(jwk.get(_PRIVATE_MEMBER, ""), what=_PRIVATE_MEMBER)
        signer = LocalSigner(_private_key(expected.alg, secret))
    except (Error, ValueError) as exc:
        raise Misconfigured("key_file_malformed", file="jwk") from exc
    if signer.kid != expected.kid:
        raise Misconfigured("key_file_malformed", file="jwk")
    return signer


def _private_key(alg: str, secret: bytes) -> PrivateKey:
    algorithm = algorithm_named(alg)
    if algorithm.ecdsa is None:
        return ed25519.Ed25519PrivateKey.from_private_bytes(secret)
    return ec.derive_private_key(int.from_bytes(secret, "big"), algorithm.ecdsa.curve)
