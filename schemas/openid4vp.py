"""Messages of OpenID for Verifiable Presentations 1.0."""

import re
from typing import Annotated, Final, Literal, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from portadoc.schemas.openid4vci import AtLeastOne, ProtocolMessage, Several, Text, Url, exactly_one

STATIC_WALLET_AUDIENCE: Final = "https://self-issued.me/v2"
"""Audience of a request to a wallet that is not discovered beforehand. Spec: OpenID4VP 1.0 §5.8"""

_URL_SAFE: Final = re.compile(r"[A-Za-z0-9._~-]+")


class SdJwtAlgorithms(ProtocolMessage):
    """Algorithms for ``dc+sd-jwt``. Spec: OpenID4VP 1.0 Appendix B.3.4"""

    sd_jwt_alg_values: Several[Text] | None = Field(default=None, alias="sd-jwt_alg_values")
    kb_jwt_alg_values: Several[Text] | None = Field(default=None, alias="kb-jwt_alg_values")


class PresentationFormats(ProtocolMessage):
    """The value of ``vp_formats_supported``; formats that Portadoc does not speak are left aside."""

    dc_sd_jwt: SdJwtAlgorithms | None = Field(default=None, alias="dc+sd-jwt")


class JwkSet(ProtocolMessage):
    """Public keys; the key layer checks each of them."""

    keys: AtLeastOne[dict[str, JsonValue]]


class ClientMetadata(ProtocolMessage):
    """What a verifier says about itself in a request. Spec: OpenID4VP 1.0 §5.1"""

    vp_formats_supported: PresentationFormats | None = None
    jwks: JwkSet | None = None
    encrypted_response_enc_values_supported: AtLeastOne[Text] | None = None
    client_name: Text | None = None
    logo_uri: Url | None = None


class VerifierInfo(ProtocolMessage):
    """An attestation about the verifier, such as a registration certificate. Spec: OpenID4VP 1.0 §5.1"""

    format: Text
    data: JsonValue
    credential_ids: AtLeastOne[Text] | None = None


class AuthorizationRequestLink(ProtocolMessage):
    """Parameters of a link or QR code that starts a presentation. Spec: OpenID4VP 1.0 §5, RFC 9101 §5"""

    client_id: Text
    request: Text | None = None
    request_uri: Url | None = None
    request_uri_method: Literal["get", "post"] | None = None

    @model_validator(mode="after")
    def _by_value_or_by_reference(self) -> Self:
        exactly_one("request or request_uri", [self.request is not None, self.request_uri is not None])
        if self.request_uri_method is not None and self.request_uri is None:
            raise ValueError("request_uri_method comes with request_uri")
        return self


class RequestUriPost(ProtocolMessage):
    """Form that a wallet posts to fetch the request object. Spec: OpenID4VP 1.0 §5.10"""

    wallet_nonce: Text | None = None
    wallet_metadata: Text | None = None


class AuthorizationRequest(ProtocolMessage):
    """Claims of a request object. ``dcql_query`` stays JSON; ``portadoc.formats.dcql`` parses it.

    Spec: OpenID4VP 1.0 §5.1, §5.2, §8.2
    """

    client_id: Text
    response_type: Literal["vp_token"]
    response_mode: Text
    nonce: Text
    dcql_query: dict[str, JsonValue] | None = None
    scope: Text | None = None
    response_uri: Url | None = None
    redirect_uri: Text | None = None
    state: Text | None = None
    aud: Text | None = None
    iat: int | None = None
    exp: int | None = None
    client_metadata: ClientMetadata | None = None
    wallet_nonce: Text | None = None
    verifier_info: AtLeastOne[VerifierInfo] | None = None
    transaction_data: AtLeastOne[Text] | None = None

    @field_validator("nonce", "state")
    @classmethod
    def _url_safe(cls, value: str | None) -> str | None:
        if value is not None and not _URL_SAFE.fullmatch(value):
            raise ValueError("only characters that need no escape in a URL")
        return value

    @model_validator(mode="after")
    def _query_and_answer_place(self) -> Self:
        exactly_one("dcql_query or scope", [self.dcql_query is not None, self.scope is not None])
        if self.response_mode.startswith("direct_post") and (
            self.response_uri is None or self.redirect_uri is not None
        ):
            raise ValueError("direct_post needs response_uri and no redirect_uri")
        return self


class DirectPost(ProtocolMessage):
    """Form that a wallet posts to ``response_uri``: an encrypted response, or an error. Spec: OpenID4VP 1.0 §8.3

    The plain ``vp_token`` of ``direct_post`` is read too, so that its use in place of an encrypted response can be
    refused for its own reason.
    """

    response: Text | None = None
    vp_token: Text | None = None
    error: Text | None = None
    error_description: str | None = None
    state: Text | None = None

    @model_validator(mode="after")
    def _one_kind_of_answer(self) -> Self:
        exactly_one(
            "response, vp_token or error",
            [self.response is not None, self.vp_token is not None, self.error is not None],
        )
        return self


class AuthorizationResponse(ProtocolMessage):
    """Payload of an encrypted response: presentations by query id, or an error. Spec: OpenID4VP 1.0 §8.1, §8.5"""

    vp_token: Annotated[dict[str, AtLeastOne[Text]], Field(min_length=1)] | None = None
    error: Text | None = None
    error_description: str | None = None
    state: Text | None = None

    @model_validator(mode="after")
    def _token_or_error(self) -> Self:
        exactly_one("vp_token or error", [self.vp_token is not None, self.error is not None])
        return self


class DirectPostAnswer(ProtocolMessage):
    """What the verifier answers at ``response_uri``. Spec: OpenID4VP 1.0 §8.2"""

    redirect_uri: Url | None = None


class PresentationResult(ProtocolMessage):
    """What the verifier tells the party that asked: where the transaction stands and, at the end, the report."""

    state: Literal["pending", "answered", "refused", "expired"]
    verdict: Text | None = None
    report: dict[str, JsonValue] | None = None
