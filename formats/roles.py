"""The roles a signed token can play: which ``typ``, which header parameters and how many bytes each may have.

A token is read for one role. ``typ`` keeps the roles apart, so that a token of one role never passes for another.
Spec: RFC 8725 §3.11.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class TokenRole:
    """State what the header of a token in this role may hold; ``typ`` is compared letter by letter.

    ``understood`` are the parameters that ``crit`` may name. ``may_lack_typ`` is for roles whose signers are known
    beforehand and sign nothing else.
    """

    name: str
    typ: frozenset[str]
    header_params: frozenset[str]
    max_bytes: int
    understood: frozenset[str] = frozenset()
    may_lack_typ: bool = False


def _role(name: str, typ: str, more_params: str = "", *, max_bytes: int = 16 * 1024) -> TokenRole:
    return TokenRole(name, frozenset({typ}), frozenset({"alg", "typ", *more_params.split()}), max_bytes)


CREDENTIAL: Final = _role("credential", "dc+sd-jwt", "kid x5c", max_bytes=256 * 1024)
CREDENTIAL_WITH_X5U: Final = _role("credential", "dc+sd-jwt", "kid x5c x5u x5t#S256", max_bytes=256 * 1024)
"""For the profile eudi-2026, which asks for ``x5u``; it is never fetched. Spec: ETSI TS 119 472-1 §5.6."""
KEY_BINDING: Final = _role("key_binding", "kb+jwt", "kid")
STATUS_LIST: Final = _role("status_list", "statuslist+jwt", "kid x5c", max_bytes=2 * 1024 * 1024)
WITHDRAWAL_LIST: Final = _role("withdrawal_list", "withdrawals+jwt", "kid x5c", max_bytes=4 * 1024 * 1024)
KEY_PROOF: Final = _role("key_proof", "openid4vci-proof+jwt", "kid jwk x5c key_attestation", max_bytes=32 * 1024)
KEY_ATTESTATION: Final = _role("key_attestation", "key-attestation+jwt", "kid x5c", max_bytes=32 * 1024)
DPOP_PROOF: Final = _role("dpop_proof", "dpop+jwt", "jwk kid")
CLIENT_ATTESTATION: Final = _role("client_attestation", "oauth-client-attestation+jwt", "kid x5c")
CLIENT_ATTESTATION_POP: Final = _role("client_attestation_pop", "oauth-client-attestation-pop+jwt", "kid jwk")
"""``jwk`` and ``kid`` choose no key there: the proof is by the attested key. Wallets send them all the same."""
REQUEST_OBJECT: Final = _role(
    "request_object", "oauth-authz-req+jwt", "kid x5c jwt iat x5t#S256", max_bytes=128 * 1024
)
"""``jwt`` is a verifier attestation; ``iat`` and ``x5t#S256`` come from wallets' rules in the EU.

Spec: OpenID4VP 1.0 §12, ETSI TS 119 472-2 §6.
"""
REQUEST_SIGNATURE: Final = _role(
    "request_object",
    "oauth-authz-req+jwt",
    "kid x5c jwt iat x5t#S256 client_id verifier_info",
    max_bytes=128 * 1024,
)
"""One of several signatures over one request; it says for itself who asks. Spec: OpenID4VP 1.0 §A.3.2.2."""
VERIFIER_ATTESTATION: Final = _role("verifier_attestation", "verifier-attestation+jwt", "kid x5c")
REGISTRATION_CERTIFICATE: Final = _role(
    "registration_certificate", "rc-wrp+jwt", "kid x5c iat x5t#S256 sigT cty", max_bytes=128 * 1024
)
"""Spec: ETSI TS 119 475 §5.2, as a baseline JAdES signature."""
ISSUER_METADATA: Final = _role("issuer_metadata", "openidvci-issuer-metadata+jwt", "kid x5c", max_bytes=256 * 1024)
RECEIPT: Final = _role("receipt", "verification-receipt+jwt", "x5c")
