"""Tokens for wallets, and the nonces that keep proofs fresh. Spec: RFC 6749 §4.1.3, §6; OpenID4VCI 1.0 §6, §7."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from portadoc.schemas.openid4vci.authorization import AuthorizationDetail, RedirectUri
from portadoc.schemas.openid4vci.message import AtLeastOne, ProtocolMessage, Text, Url

DETAILS_TYPE: Final = "openid_credential"
AUTHORIZATION_CODE_GRANT: Final = "authorization_code"
REFRESH_TOKEN_GRANT: Final = "refresh_token"  # noqa: S105 - the name of a grant
DPOP_NONCE_HEADER: Final = "DPoP-Nonce"
"""The header with the nonce for the next DPoP proof. Spec: RFC 9449 §8.1, OpenID4VCI 1.0 §7.2"""


class TokenRequest(ProtocolMessage):
    """Parameters of a token request, none of them repeated.

    Spec: RFC 6749 §4.1.3, §6; RFC 7636 §4.5; RFC 8707 §2; OpenID4VCI 1.0 §6.1
    """

    grant_type: Text
    client_id: Text | None = None
    code: Text | None = None
    code_verifier: Text | None = None
    redirect_uri: RedirectUri | None = None
    refresh_token: Text | None = None
    pre_authorized_code: Text | None = Field(
        default=None, validation_alias="pre-authorized_code", serialization_alias="pre-authorized_code"
    )
    tx_code: str | None = None
    scope: Text | None = None
    resource: Url | None = None
    authorization_details: Text | None = None

    @model_validator(mode="after")
    def _brings_what_it_exchanges(self) -> Self:
        brought = {AUTHORIZATION_CODE_GRANT: self.code, REFRESH_TOKEN_GRANT: self.refresh_token}
        if brought.get(self.grant_type, "") is None:
            raise ValueError("what is exchanged is missing")
        return self


class TokenResponse(ProtocolMessage):
    """A successful token response. Spec: RFC 6749 §5.1; OpenID4VCI 1.0 §6.2"""

    access_token: Text
    token_type: Text
    expires_in: Annotated[int, Field(gt=0)] | None = None
    refresh_token: Text | None = None
    scope: str | None = None
    authorization_details: AtLeastOne[AuthorizationDetail] | None = None


class NonceResponse(ProtocolMessage):
    """A fresh nonce for key proofs; ``DPOP_NONCE_HEADER`` may tell another one. Spec: OpenID4VCI 1.0 §7.2"""

    c_nonce: Text
