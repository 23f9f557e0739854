"""Messages of OpenID for Verifiable Credential Issuance 1.0, and the parts of OAuth that it uses.

Every message is frozen and strict in types. Our own code builds a message with keyword arguments, and an unknown
member is an error there; a peer's message comes in through ``read_message``, and unknown members are passed over,
as the protocols ask. Members that no role reads or sends are left out.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    ValidationError,
    field_validator,
    model_validator,
)

from portadoc.errors import Malformed
from portadoc.schemas.claims import JsonObject, pointer

Item = TypeVar("Item")
Several = Annotated[tuple[Item, ...], Field(strict=False, fail_fast=True)]
"""An array, kept as a tuple. One element that is not in order is enough: an error for each takes a kilobyte."""
AtLeastOne = Annotated[tuple[Item, ...], Field(strict=False, min_length=1, fail_fast=True)]
"""An array with one element or more, kept as a tuple."""


class ProtocolMessage(BaseModel):
    """A message or a part of one; ``to_json`` gives the members that go over the wire."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    def to_json(self) -> JsonObject:
        """Return the wire form: names as the specification spells them, members without a value left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    def changed(self, **members: Any) -> Self:
        """Return a copy with other members, checked anew."""
        return type(self).model_validate({**dict(self), **members})


Message = TypeVar("Message", bound=ProtocolMessage)


def read_message(model: type[Message], received: Mapping[str, Any]) -> Message:
    """Return a peer's message in its frozen form; unknown members are ignored at every level.

    ``received`` is unverified JSON, already parsed by the strict loader (or the parameters of a form).
    Raises Malformed[message_invalid] with the message's name and a JSON Pointer to the first wrong member;
    the value itself stays out of the error.
    """
    try:
        return model.model_validate(dict(received), extra="ignore", by_alias=True, by_name=False)
    except ValidationError as exc:
        raise Malformed("message_invalid", message=model.__name__, member=_first_member(exc)) from None


def _first_member(exc: ValidationError) -> str:
    location = exc.errors(include_url=False, include_context=False, include_input=False)[0]["loc"]
    return pointer([step if isinstance(step, int) else step[:64] for step in location[:8]])


def exactly_one(message: str, present: Sequence[bool]) -> None:
    """Require that one of several members, and only one, is there. Raises ValueError (for use in validators)."""
    if sum(present) != 1:
        raise ValueError(message)


PRE_AUTHORIZED_CODE_GRANT: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
DETAILS_TYPE: Final = "openid_credential"

Text = Annotated[str, Field(min_length=1)]
Url = Annotated[str, Field(min_length=1, max_length=2048, pattern=r"^https?://[^\s]+$")]


class TxCode(ProtocolMessage):
    """Says that the wallet must send a transaction code, and how it looks. Spec: OpenID4VCI 1.0 §4.1.1"""

    input_mode: Literal["numeric", "text"] | None = None
    length: Annotated[int, Field(gt=0)] | None = None
    description: Annotated[str, Field(max_length=300)] | None = None


class PreAuthorizedCodeGrant(ProtocolMessage):
    """The grant that the issuer prepared. A ``tx_code``, even an empty one, means that a code is required."""

    pre_authorized_code: Text = Field(
        validation_alias="pre-authorized_code", serialization_alias="pre-authorized_code"
    )
    tx_code: TxCode | None = None
    authorization_server: Url | None = None


class AuthorizationCodeGrant(ProtocolMessage):
    """An offer to start the authorization code flow."""

    issuer_state: Text | None = None
    authorization_server: Url | None = None


class Grants(ProtocolMessage):
    """The grants of an offer."""

    authorization_code: AuthorizationCodeGrant | None = None
    pre_authorized_code: PreAuthorizedCodeGrant | None = Field(
        default=None, validation_alias=PRE_AUTHORIZED_CODE_GRANT, serialization_alias=PRE_AUTHORIZED_CODE_GRANT
    )


class CredentialOffer(ProtocolMessage):
    """What an issuer offers to a wallet. Spec: OpenID4VCI 1.0 §4.1.1"""

    credential_issuer: Url
    credential_configuration_ids: AtLeastOne[Text]
    grants: Grants | None = None

    @field_validator("credential_configuration_ids")
    @classmethod
    def _ids_are_unique(cls, ids: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(ids)) != len(ids):
            raise ValueError("credential_configuration_ids repeats an id")
        return ids


class CredentialOfferLink(ProtocolMessage):
    """Parameters of a link or QR code: the offer as JSON text, or where to fetch it. Spec: OpenID4VCI 1.0 §4.1"""

    credential_offer: Text | None = None
    credential_offer_uri: Url | None = None

    @model_validator(mode="after")
    def _by_value_or_by_reference(self) -> Self:
        exactly_one(
            "credential_offer or credential_offer_uri",
            [self.credential_offer is not None, self.credential_offer_uri is not None],
        )
        return self


class Logo(ProtocolMessage):
    """An image for a display entry."""

    uri: Text
    alt_text: str | None = None


class Display(ProtocolMessage):
    """Name of an issuer, credential or claim in one language. Spec: OpenID4VCI 1.0 §12.2.4"""

    name: Text | None = None
    locale: Text | None = None
    description: str | None = None
    logo: Logo | None = None
    background_color: str | None = None
    text_color: str | None = None


class ClaimDescription(ProtocolMessage):
    """One claim of a credential, for display. Spec: OpenID4VCI 1.0 Appendix B.2"""

    path: AtLeastOne[str | int | None]
    mandatory: bool = False
    display: Several[Display] | None = None


class CredentialMetadata(ProtocolMessage):
    """Display of a credential and its claims. Spec: OpenID4VCI 1.0 §12.2.4"""

    display: Several[Display] | None = None
    claims: Several[ClaimDescription] | None = None


class ProofType(ProtocolMessage):
    """What a key proof of one type must look like."""

    proof_signing_alg_values_supported: AtLeastOne[Text]
    key_attestations_required: dict[str, JsonValue] | None = None


class SupportedCredential(ProtocolMessage):
    """One entry of ``credential_configurations_supported``. Spec: OpenID4VCI 1.0 §12.2.4, Appendix A.3.2"""

    format: Text
    vct: Text | None = None
    scope: Text | None = None
    credential_signing_alg_values_supported: Several[str | int] | None = None
    cryptographic_binding_methods_supported: Several[Text] | None = None
    proof_types_supported: dict[str, ProofType] | None = None
    credential_metadata: CredentialMetadata | None = None

    @model_validator(mode="after")
    def _complete_for_its_format(self) -> Self:
        if self.format == "dc+sd-jwt" and self.vct is None:
            raise ValueError("vct is required for dc+sd-jwt")
        if (self.cryptographic_binding_methods_supported is None) != (self.proof_types_supported is None):
            raise ValueError("binding methods and proof types go together")
        return self


class BatchCredentialIssuance(ProtocolMessage):
    """How many credentials one request may ask for."""

    batch_size: Annotated[int, Field(ge=2)]


class IssuerMetadata(ProtocolMessage):
    """Credential Issuer Metadata. Spec: OpenID4VCI 1.0 §12.2.4"""

    credential_issuer: Url
    credential_endpoint: Url
    credential_configurations_supported: dict[str, SupportedCredential]
    authorization_servers: AtLeastOne[Url] | None = None
    nonce_endpoint: Url | None = None
    deferred_credential_endpoint: Url | None = None
    notification_endpoint: Url | None = None
    credential_request_encryption: dict[str, JsonValue] | None = None
    credential_response_encryption: dict[str, JsonValue] | None = None
    batch_credential_issuance: BatchCredentialIssuance | None = None
    status_list_aggregation_endpoint: Url | None = None
    display: Several[Display] | None = None


class AuthorizationServerMetadata(ProtocolMessage):
    """Authorization server metadata. Spec: RFC 8414 §2; RFC 9396 §10; OpenID4VCI 1.0 §12.3"""

    issuer: Url
    token_endpoint: Url | None = None
    authorization_endpoint: Url | None = None
    pushed_authorization_request_endpoint: Url | None = None
    jwks_uri: Url | None = None
    response_types_supported: Several[Text] | None = None
    grant_types_supported: Several[Text] | None = None
    scopes_supported: Several[Text] | None = None
    token_endpoint_auth_methods_supported: Several[Text] | None = None
    code_challenge_methods_supported: Several[Text] | None = None
    dpop_signing_alg_values_supported: Several[Text] | None = None
    authorization_details_types_supported: Several[Text] | None = None
    pre_authorized_grant_anonymous_access_supported: bool | None = Field(
        default=None,
        validation_alias="pre-authorized_grant_anonymous_access_supported",
        serialization_alias="pre-authorized_grant_anonymous_access_supported",
    )
    status_list_aggregation_endpoint: Url | None = None


class TokenRequest(ProtocolMessage):
    """Parameters of a token request, none of them repeated. Spec: OpenID4VCI 1.0 §6.1"""

    grant_type: Text
    pre_authorized_code: Text | None = Field(
        default=None, validation_alias="pre-authorized_code", serialization_alias="pre-authorized_code"
    )
    tx_code: str | None = None
    client_id: Text | None = None
    authorization_details: Text | None = None


class AuthorizationDetail(ProtocolMessage):
    """What a token allows. Spec: OpenID4VCI 1.0 §5.1.1, §6.2"""

    type: Literal["openid_credential"]
    credential_configuration_id: Text
    credential_identifiers: AtLeastOne[Text] | None = None


class TokenResponse(ProtocolMessage):
    """A successful token response. Spec: RFC 6749 §5.1; OpenID4VCI 1.0 §6.2"""

    access_token: Text
    token_type: Text
    expires_in: Annotated[int, Field(gt=0)] | None = None
    scope: str | None = None
    authorization_details: AtLeastOne[AuthorizationDetail] | None = None


class NonceResponse(ProtocolMessage):
    """A fresh nonce for key proofs. Spec: OpenID4VCI 1.0 §7.2"""

    c_nonce: Text


class Proofs(ProtocolMessage):
    """Key proofs of exactly one type. Spec: OpenID4VCI 1.0 §8.2"""

    jwt: AtLeastOne[Text] | None = None
    attestation: (
        Annotated[tuple[Text, ...], Field(strict=False, min_length=1, max_length=1, fail_fast=True)] | None
    ) = None

    @model_validator(mode="before")
    @classmethod
    def _one_type(cls, received: Any) -> Any:
        if isinstance(received, dict) and len(received) != 1:
            raise ValueError("proofs has exactly one member")
        return received


class CredentialResponseEncryption(ProtocolMessage):
    """The key to which the wallet wants the response encrypted. Spec: OpenID4VCI 1.0 §8.2"""

    jwk: dict[str, JsonValue]
    enc: Text
    zip: Text | None = None


class CredentialRequest(ProtocolMessage):
    """A request for one credential or a batch of copies. Spec: OpenID4VCI 1.0 §8.2"""

    credential_identifier: Text | None = None
    credential_configuration_id: Text | None = None
    proofs: Proofs | None = None
    credential_response_encryption: CredentialResponseEncryption | None = None

    @model_validator(mode="after")
    def _identifier_or_configuration(self) -> Self:
        exactly_one(
            "credential_identifier or credential_configuration_id",
            [self.credential_identifier is not None, self.credential_configuration_id is not None],
        )
        return self


class IssuedCredential(ProtocolMessage):
    """One credential of a response."""

    credential: Text


class CredentialResponse(ProtocolMessage):
    """Credentials now, or a transaction to ask for later. Spec: OpenID4VCI 1.0 §8.3"""

    credentials: AtLeastOne[IssuedCredential] | None = None
    transaction_id: Text | None = None
    interval: Annotated[int, Field(gt=0)] | None = None
    notification_id: Text | None = None

    @model_validator(mode="after")
    def _now_or_later(self) -> Self:
        exactly_one(
            "credentials or transaction_id", [self.credentials is not None, self.transaction_id is not None]
        )
        if self.notification_id is not None and self.credentials is None:
            raise ValueError("notification_id comes with credentials")
        if (self.interval is None) != (self.transaction_id is None):
            raise ValueError("interval comes with transaction_id")
        return self


class NotificationRequest(ProtocolMessage):
    """What became of an issued credential. Spec: OpenID4VCI 1.0 §11.1"""

    notification_id: Text
    event: Literal["credential_accepted", "credential_failure", "credential_deleted"]
    event_description: str | None = None


_DESCRIPTION: Final = re.compile(r"[\x20-\x21\x23-\x5B\x5D-\x7E]*")


class ErrorResponse(ProtocolMessage):
    """An error of the token, credential or notification endpoint. Spec: RFC 6749 §5.2; OpenID4VCI 1.0 §8.3.1"""

    error: Text
    error_description: str | None = None

    @field_validator("error_description")
    @classmethod
    def _plain_ascii(cls, description: str | None) -> str | None:
        if description is not None and not _DESCRIPTION.fullmatch(description):
            raise ValueError("printable ASCII without quotation mark and backslash")
        return description
