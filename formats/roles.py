"""The roles a signed token can play: which ``typ``, which header parameters and how many bytes each may have.

A token is read for one role. ``typ`` keeps the roles apart, so that a token of one role never passes for another.
Spec: RFC 8725 §3.11.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TokenRole:
    """State what the header of a token in this role may hold; ``typ`` is compared letter by letter."""

    name: str
    typ: frozenset[str]
    header_params: frozenset[str]
    max_bytes: int


def _role(name: str, typ: str, more_params: str = "", *, max_bytes: int = 16 * 1024) -> TokenRole:
    return TokenRole(name, frozenset({typ}), frozenset({"alg", "typ", *more_params.split()}), max_bytes)


CREDENTIAL: Final = _role("credential", "dc+sd-jwt", "kid x5c", max_bytes=256 * 1024)
CREDENTIAL_WITH_X5U: Final = _role("credential", "dc+sd-jwt", "kid x5c x5u x5t#S256", max_bytes=256 * 1024)
"""For the profile eudi-2026, which asks for ``x5u``; it is never fetched. Spec: ETSI TS 119 472-1 §5.6."""
KEY_BINDING: Final = _role("key_binding", "kb+jwt", "kid")
STATUS_LIST: Final = _role("status_list", "statuslist+jwt", "kid x5c", max_bytes=2 * 1024 * 1024)
KEY_PROOF: Final = _role("key_proof", "openid4vci-proof+jwt", "kid jwk x5c key_attestation", max_bytes=32 * 1024)
REQUEST_OBJECT: Final = _role("request_object", "oauth-authz-req+jwt", "kid x5c", max_bytes=128 * 1024)
ISSUER_METADATA: Final = _role("issuer_metadata", "openidvci-issuer-metadata+jwt", "kid x5c", max_bytes=256 * 1024)
