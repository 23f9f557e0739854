"""Signers: something that holds a private key and signs. Opened by URI; the key itself never leaves."""

import hashlib
import hmac
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol
from urllib.parse import unquote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portadoc import base64url
from portadoc.errors import Misconfigured, Untrusted
from portadoc.keys.algorithms import ES256, PrivateKey, SignatureAlgorithm, algorithm_of, new_private_key
from portadoc.keys.files.encrypted_key import read_key_file, write_key_file
from portadoc.keys.jwk import public_jwk, thumbprint
from portadoc.randomness import RandomBytes

_MAC_CONTEXT: Final = b"portadoc message code key, version 1"


class Signer(Protocol):
    """A private key that can be used but not seen.

    ``kid`` is the RFC 7638 thumbprint; ``chain`` holds DER certificates, leaf first, trust anchor left out
    (HAIP 1.0 §6.1.1), and is empty for a key without a certificate.
    """

    @property
    def alg(self) -> str: ...
    @property
    def kid(self) -> str: ...
    @property
    def public_jwk(self) -> Mapping[str, str]: ...
    @property
    def chain(self) -> tuple[bytes, ...]: ...
    def sign(self, data: bytes) -> bytes:
        """Return the raw signature (r || s for ECDSA) over ``data``. Spec: RFC 7518 §3.4."""
        ...


class LocalSigner:
    """Sign with a private key held in this process's memory."""

    def __init__(self, private_key: PrivateKey, *, chain: tuple[bytes, ...] = ()) -> None:
        self._key = private_key
        self._algorithm: SignatureAlgorithm = algorithm_of(private_key)
        self._scheme = self._algorithm.ecdsa.scheme if self._algorithm.ecdsa else None
        self.alg = self._algorithm.name
        self.public_jwk: Mapping[str, str] = MappingProxyType(public_jwk(private_key.public_key()))
        self.kid = thumbprint(self.public_jwk)
        self.chain = chain

    def __repr__(self) -> str:
        return f"{type(self).__name__}(alg={self.alg!r}, kid={self.kid!r})"

    def sign(self, data: bytes) -> bytes:
        """Return the raw signature (r || s for ECDSA) over ``data``. Spec: RFC 7518 §3.4, RFC 8037 §3.1."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(data)
        assert self._scheme is not None, "an EC key has an ECDSA scheme"
        r, s = decode_dss_signature(self._key.sign(data, self._scheme))
        size = self._algorithm.coordinate_size
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")


class UnsafeDeterministicSigner(LocalSigner):
    """Sign ES256 with a key derived from a seed: same seed, same signatures. Only for vectors; warns when made.

    Spec: RFC 6979 §3.2.
    """

    def __init__(self, seed: bytes, *, chain: tuple[bytes, ...] = ()) -> None:
        warnings.warn("UnsafeDeterministicSigner has a key that anyone can derive", UserWarning, stacklevel=2)
        assert ES256.ecdsa is not None, "ES256 is ECDSA"
        digest = hashlib.sha512(b"portadoc-unsafe-key" + seed).digest()
        scalar = 1 + int.from_bytes(digest, "big") % (ES256.ecdsa.order - 1)
        super().__init__(ec.derive_private_key(scalar, ES256.ecdsa.curve), chain=chain)
        self._scheme = ES256.ecdsa.deterministic_scheme


class MacKey:
    """A secret for message codes (HMAC-SHA-256) over values that only this installation reads back."""

    def __init__(self, secret: bytes) -> None:
        self._key = HKDF(hashes.SHA256(), 32, salt=None, info=_MAC_CONTEXT).derive(secret)
        self.kid = base64url.encode(self.tag(b"key identifier")[:16])

    def __repr__(self) -> str:
        return f"MacKey(kid={self.kid!r})"

    def tag(self, data: bytes) -> bytes:
        """Return the 32-byte message code of ``data``. Spec: RFC 2104 §2."""
        return hmac.digest(self._key, data, hashlib.sha256)

    def verify(self, data: bytes, unverified_tag: bytes) -> None:
        """Accept the message code of ``data``, in constant time, or raise Untrusted[mac_invalid]."""
        if not hmac.compare_digest(self.tag(data), unverified_tag):
            raise Untrusted("mac_invalid", spec="RFC 2104 §5")


def open_signer(uri: str, *, passphrase: bytes, chain: tuple[bytes, ...] = ()) -> Signer:
    """Return the signer behind ``uri``: ``file:/absolute/path.pem``, an encrypted PKCS#8 file of mode 0600.

    Raises Misconfigured[key_uri_unsupported] and what ``read_key_file`` raises. Spec: RFC 8089 §2.
    """
    return LocalSigner(read_key_file(path_of(uri), passphrase=passphrase), chain=chain)


def path_of(uri: str, *, relative_to: Path | None = None) -> Path:
    """Return the path of a ``file:`` URI: absolute, or inside ``relative_to`` when that is given.

    Raises Misconfigured[key_uri_unsupported].
    """
    scheme, _, rest = uri.partition(":")
    path = Path(unquote(rest.removeprefix("//")))
    inside = relative_to is not None and path.name == str(path) and path.name not in {"", ".", ".."}
    absolute = relative_to is None and path.is_absolute() and not str(path).startswith("//")
    if scheme != "file" or not (absolute or inside):
        raise Misconfigured("key_uri_unsupported", scheme=scheme if scheme.isalnum() else "?")
    return path if relative_to is None else relative_to / path


def generate_key_file(path: Path, *, passphrase: bytes, alg: str, random_bytes: RandomBytes) -> Signer:
    """Make a key from ``random_bytes``, store it encrypted in a new file of mode 0600, and return its signer.

    Raises Conflict[key_file_exists], Misconfigured[key_alg_unsupported], [passphrase_missing].
    """
    private_key = new_private_key(alg, random_bytes)
    write_key_file(path, private_key, passphrase=passphrase, random_bytes=random_bytes)
    return LocalSigner(private_key)
