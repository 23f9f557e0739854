"""A text that only a secret opens: what is kept in a database that shall tell nothing by itself.

The secret has to be one that nobody can guess by trying, 70 bits at the least: the key is derived fast, so that a
desk that answers the public can look up many. What is added to such a secret, a birth date say, counts for nothing
against whoever holds the database and for all against whoever has to ask.
"""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from portadoc.errors import Untrusted
from portadoc.randomness import RandomBytes

SALT_BYTES: Final = 16
_NONCE: Final = bytes(12)
"""Fixed: every text has a salt of its own, so no key is ever used twice. Spec: RFC 5116 §3.1."""


def lock_text(text: str, *, secret: bytes, context: bytes, random_bytes: RandomBytes) -> bytes:
    """Return the text encrypted and authenticated: salt, ciphertext, tag (AES-256-GCM, key by HKDF-SHA-256).

    ``context`` says what the text is for; the same has to be named to open it.
    """
    salt = random_bytes(SALT_BYTES)
    return salt + AESGCM(_key(secret, salt, context)).encrypt(_NONCE, text.encode("utf-8"), context)


def unlock_text(locked: bytes, *, secret: bytes, context: bytes) -> str:
    """Return the text that was locked under this secret. Raises Untrusted[text_stays_locked]."""
    salt, ciphertext = locked[:SALT_BYTES], locked[SALT_BYTES:]
    try:
        return AESGCM(_key(secret, salt, context)).decrypt(_NONCE, ciphertext, context).decode("utf-8")
    except InvalidTag as exc:
        raise Untrusted("text_stays_locked", spec="RFC 5116 §2.2") from exc


def _key(secret: bytes, salt: bytes, context: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=salt, info=context).derive(secret)
