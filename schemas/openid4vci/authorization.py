"""The authorization code flow: what a wallet asks for, pushes and gets back.

Everything here is unverified until the authorization server has looked at it: an ``issuer_state`` may come from
an attacker, a ``redirect_uri`` from anybody. Spec: RFC 6749 §4.1, RFC 7636, RFC 9126, OpenID4VCI 1.0 §5.
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from portadoc.schemas.openid4vci.displays import ClaimDescription, require_consistent
from portadoc.schemas.openid4vci.message import (
    AtLeastOne,
    ProtocolMessage,
    Text,
    Url,
    exactly_one,
)

REQUEST_URI_PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
ATTESTATION_CHALLENGE_HEADER: Final = "OAuth-Client-Attestation-Challenge"
"""The header in which a server tells the challenge for the next proof of a client attestation."""

RedirectUri = Annotated[
    str, Field(min_length=1, max_length=2048, pattern=r"^[A-Za-z][A-Za-z0-9+.\-]*:[^\s#\x00-\x1f\x7f]+$")
]
"""An absolute URI without fragment, also of an app's own scheme. Spec: RFC 6749 §3.1.2, RFC 8252 §7.1"""
_NO_ADDRESSES: Final = frozenset({"javascript", "data", "vbscript", "blob", "file", "about"})


class AuthorizationDetail(ProtocolMessage):
    """What a wallet asks for, and what a token allows. Spec: OpenID4VCI 1.0 §5.1.1, §6.2"""

    type: Literal["openid_credential"]
    credential_configuration_id: Text
    locations: AtLeastOne[Text] | None = None
    claims: AtLeastOne[ClaimDescription] | None = None
    credential_identifiers: AtLeastOne[Text] | None = None

    @field_validator("claims")
    @classmethod
    def _claims_are_consistent(
        cls, claims: tuple[ClaimDescription, ...] | None
    ) -> tuple[ClaimDescription, ...] | None:
        require_consistent(claims or ())
        return claims


class AuthorizationRequest(ProtocolMessage):
    """Parameters of an authorization request, none of them repeated; which ones it needs is the server's to say.

    ``authorization_details`` is JSON text, an array of ``AuthorizationDetail``.
    Spec: RFC 6749 §4.1.1, RFC 7636 §4.3, RFC 8707 §2, RFC 9396 §2, RFC 9449 §10, OpenID4VCI 1.0 §5.1
    """

    client_id: Text
    response_type: Text
    response_mode: Literal["query"] | None = None
    """Where the answer stands; in any other place a code would be left lying about, or a wallet would miss it."""
    redirect_uri: RedirectUri | None = None
    code_challenge: Text | None = None
    code_challenge_method: Text | None = None
    scope: Text | None = None
    state: Text | None = None
    issuer_state: Text | None = None
    authorization_details: Text | None = None
    dpop_jkt: Text | None = None
    resource: Url | None = None

    @field_validator("redirect_uri")
    @classmethod
    def _leads_somewhere(cls, address: str | None) -> str | None:
        if address is not None and address.partition(":")[0].lower() in _NO_ADDRESSES:
            raise ValueError("redirect_uri is no address to go to")
        return address


class PushedAuthorizationRequest(AuthorizationRequest):
    """An authorization request that is sent to the server directly; it names or wraps no other one.

    Spec: RFC 9126 §2.1, §3
    """

    @model_validator(mode="before")
    @classmethod
    def _is_the_request_itself(cls, received: Any) -> Any:
        if isinstance(received, dict) and not received.keys().isdisjoint(("request", "request_uri")):
            raise ValueError("another request is not pushed")
        return received


class PushedAuthorizationResponse(ProtocolMessage):
    """Where the pushed request lies, and for how many seconds; its status is 201. Spec: RFC 9126 §2.2"""

    request_uri: Text
    expires_in: Annotated[int, Field(gt=0)]


class PushedRequestReference(ProtocolMessage):
    """An authorization request that was pushed before, as the browser brings it. Spec: RFC 9126 §4"""

    client_id: Text
    request_uri: Text


class AuthorizationResponse(ProtocolMessage):
    """What the browser brings back to the wallet: a code or an error. Spec: RFC 6749 §4.1.2, RFC 9207 §2"""

    code: Text | None = None
    error: Text | None = None
    error_description: str | None = None
    state: Text | None = None
    iss: Url | None = None

    @model_validator(mode="after")
    def _code_or_error(self) -> Self:
        exactly_one("code or error", [self.code is not None, self.error is not None])
        return self


class AttestationChallengeResponse(ProtocolMessage):
    """A fresh challenge for the proof of a client attestation.

    Spec: Attestation-Based Client Authentication (draft 10), Challenge Endpoint
    """

    attestation_challenge: Text
