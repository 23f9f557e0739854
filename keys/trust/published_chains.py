"""The certificate chains that an institution publishes of its document seals, whose codes carry no certificate.

The document is not signed: it says whose keys there are and never whom to believe. Each chain found there is
proven by the reader's own trust like any other.
"""

import binascii
from collections.abc import Iterable
from typing import Any, Final

from portadoc.errors import Malformed

MEDIA_TYPE: Final = "application/json"
MAX_BYTES: Final = 1024 * 1024
MAX_CHAINS: Final = 256
MAX_LENGTH: Final = 4
_SPEC: Final = "Seal certificates"


def chains_to_json(chains: Iterable[tuple[bytes, ...]]) -> dict[str, Any]:
    """Return ``{"chains": [[DER in standard base64, ...], ...]}``, each chain leaf first, anchor left out."""
    return {"chains": [list(map(_base64, chain)) for chain in chains]}


def chains_from_json(members: dict[str, Any]) -> tuple[tuple[bytes, ...], ...]:
    """Return the chains (DER, leaf first) in a document of unknown origin, each once; other members are ignored.

    Nothing is verified and no certificate is read yet. Raises Malformed[seal_certificates_malformed],
    [limit_exceeded].
    """
    chains = members.get("chains")
    if not isinstance(chains, list):
        raise Malformed("seal_certificates_malformed", spec=_SPEC)
    if len(chains) > MAX_CHAINS:
        raise Malformed("limit_exceeded", spec=_SPEC, what="chains", limit=MAX_CHAINS)
    return tuple(dict.fromkeys(map(_chain, chains)))


def _chain(value: Any) -> tuple[bytes, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_LENGTH:
        raise Malformed("seal_certificates_malformed", spec=_SPEC)
    return tuple(map(_der, value))


def _der(value: Any) -> bytes:
    try:
        der = binascii.a2b_base64(value, strict_mode=True) if isinstance(value, str) else b""
    except ValueError as exc:  # not base64, or letters beyond ASCII
        raise Malformed("seal_certificates_malformed", spec=_SPEC) from exc
    if not der or _base64(der) != value:
        raise Malformed("seal_certificates_malformed", spec=_SPEC)
    return der


def _base64(der: bytes) -> str:
    return binascii.b2a_base64(der, newline=False).decode("ascii")
