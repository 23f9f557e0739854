"""Digests of disclosures, and the names that the format keeps for itself. Spec: RFC 9901 §4.1, §4.2."""

import hashlib
from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from portadoc import base64url
from portadoc.errors import Untrusted

HashFunction = Callable[[bytes], Any]

HASH_FUNCTIONS: Final[Mapping[str, HashFunction]] = MappingProxyType(
    {"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512}
)
DEFAULT_HASH_ALG: Final = "sha-256"
RESERVED_NAMES: Final = frozenset(("_sd", "...", "_sd_alg"))
PROTECTED_CLAIMS: Final = frozenset(("iss", "nbf", "exp", "cnf", "vct", "vct#integrity", "aka_vcts", "status"))
"""Claims that decide whether a credential counts: in clear with all their members. Spec: SD-JWT VC §2.2.2.2."""

_TO_URL: Final = bytes.maketrans(b"+/", b"-_")


def hash_function(name: object) -> HashFunction:
    """Return what ``_sd_alg`` names. Raises Untrusted[hash_alg_unsupported]. Spec: RFC 9901 §4.1.1."""
    function = HASH_FUNCTIONS.get(name) if isinstance(name, str) else None
    if function is None:
        raise Untrusted("hash_alg_unsupported", spec="RFC 9901 §4.1.1")
    return function


def digest(text: bytes, function: HashFunction) -> str:
    """Return the base64url digest of the ASCII text of a disclosure or a presentation. Spec: RFC 9901 §4.2.3."""
    return base64url.encode(function(text).digest())


def digests(texts: Sequence[bytes], function: HashFunction) -> list[str]:
    """Return ``digest`` of each text; the lines of base64 are translated and split at once."""
    lines = b"".join([b2a_base64(function(text).digest()) for text in texts])
    return lines.translate(_TO_URL, b"=").decode("ascii").split()
