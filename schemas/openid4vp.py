"""Messages of OpenID for Verifiable Presentations 1.0."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from portadoc.schemas.openid4vci import AtLeastOne, ProtocolMessage, Text, Url, exactly_one

MAX_ANSWERED: Final = 32
"""Credential queries that one response answers: as many as one request may hold."""


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

    @field_validator("vp_token", mode="before")
    @classmethod
    def _is_of_one_request(cls, vp_token: Any) -> Any:
        if isinstance(vp_token, dict) and len(vp_token) > MAX_ANSWERED:
            raise ValueError("more answers than a request has questions")
        return vp_token

    @model_validator(mode="after")
    def _token_or_error(self) -> Self:
        exactly_one("vp_token or error", [self.vp_token is not None, self.error is not None])
        return self


class DirectPostAnswer(ProtocolMessage):
    """What the verifier answers at ``response_uri``. Spec: OpenID4VP 1.0 §8.2"""

    redirect_uri: Url | None = None
