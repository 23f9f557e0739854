"""Private keys at rest: encrypted PKCS#8 in PEM, scrypt and AES-256, readable by their owner only.

The cryptography library writes PKCS#8 with PBKDF2 at 2,048 rounds, which is too cheap to guess against. The
container below is the same format with scrypt, so OpenSSL and the library itself read it.
"""

import base64
import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.padding import PKCS7

from portadoc.errors import Misconfigured
from portadoc.keys.algorithms import PrivateKey, algorithm_of
from portadoc.keys.files.durable import write_new_file
from portadoc.randomness import RandomBytes

SCRYPT_COST: Final = 2**14
"""16 MiB and about 40 ms for each guess; the most that OpenSSL's own tools read without further settings."""

_BEGIN: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
_END: Final = b"-----END ENCRYPTED PRIVATE KEY-----\n"
_MAX_FILE_SIZE: Final = 16_384
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO

# DER object identifiers: PBES2 (RFC 8018 A.4), scrypt (RFC 7914 §7), AES-256-CBC (NIST).
_PBES2: Final = bytes.fromhex("06092a864886f70d01050d")
_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")
_AES256_CBC: Final = bytes.fromhex("060960864801650304012a")


def write_key_file(
    path: Path, key: PrivateKey, *, passphrase: bytes, random_bytes: RandomBytes, cost: int = SCRYPT_COST
) -> None:
    """Store ``key`` encrypted in a new file of mode 0600, durably. Never replaces a file.

    Raises Conflict[key_file_exists], Misconfigured[passphrase_missing].
    """
    write_new_file(path, encrypt_private_key(key, passphrase=passphrase, random_bytes=random_bytes, cost=cost))


def read_key_file(path: Path, *, passphrase: bytes) -> PrivateKey:
    """Return the private key of an encrypted PKCS#8 file that nobody but its owner can read.

    Raises Misconfigured[key_file_missing], [key_file_readable_by_others], [key_file_malformed],
    [passphrase_missing], [passphrase_wrong], [key_alg_unsupported].
    """
    pem = _read_private(path)
    if not passphrase:
        raise Misconfigured("passphrase_missing")
    if not pem.startswith(_BEGIN):
        raise Misconfigured("key_file_malformed", file=path.name)
    try:
        key = serialization.load_pem_private_key(pem, passphrase)
    except UnsupportedAlgorithm as exc:
        raise Misconfigured("key_alg_unsupported", alg="unknown") from exc
    except ValueError as exc:
        raise Misconfigured("passphrase_wrong", file=path.name) from exc
    algorithm_of(key)
    return key  # type: ignore[return-value]  # algorithm_of refuses every other kind of key


def check_key_file(path: Path) -> None:
    """Refuse a key file that is missing or that others can read, without opening the key.

    Raises Misconfigured[key_file_missing], [key_file_readable_by_others].
    """
    _read_private(path)


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode) or mode & _OTHERS:
                raise Misconfigured("key_file_readable_by_others", file=path.name)
            return file.read(_MAX_FILE_SIZE)
    except OSError as exc:
        raise Misconfigured("key_file_missing", file=path.name) from exc


def encrypt_private_key(
    key: PrivateKey, *, passphrase: bytes, random_bytes: RandomBytes, cost: int = SCRYPT_COST
) -> bytes:
    """Return ``key`` as encrypted PKCS#8 PEM; ``cost`` is scrypt's N, a power of two.

    Raises Misconfigured[passphrase_missing]. Spec: RFC 5958 §3, RFC 8018 §6.2, RFC 7914 §7.
    """
    if not passphrase:
        raise Misconfigured("passphrase_missing")
    plain = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    salt, iv = random_bytes(16), random_bytes(16)
    secret = Scrypt(salt=salt, length=32, n=cost, r=8, p=1).derive(passphrase)
    padder, encryptor = PKCS7(128).padder(), Cipher(algorithms.AES256(secret), modes.CBC(iv)).encryptor()
    sealed = encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()
    derivation = _sequence(_SCRYPT, _sequence(_octets(salt), _integer(cost), _integer(8), _integer(1)))
    scheme = _sequence(_PBES2, _sequence(derivation, _sequence(_AES256_CBC, _octets(iv))))
    return _BEGIN + _pem_lines(_sequence(scheme, _octets(sealed))) + _END


def _pem_lines(der: bytes) -> bytes:
    text = base64.b64encode(der)
    return b"".join(text[start : start + 64] + b"\n" for start in range(0, len(text), 64))


def _sequence(*parts: bytes) -> bytes:
    return _der(0x30, b"".join(parts))


def _octets(value: bytes) -> bytes:
    return _der(0x04, value)


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content
