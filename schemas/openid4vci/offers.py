"""What an issuer offers, and the link that carries the offer. Spec: OpenID4VCI 1.0 §4."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from portadoc.schemas.openid4vci.message import AtLeastOne, ProtocolMessage, Text, Url, exactly_one

PRE_AUTHORIZED_CODE_GRANT: Final = "urn:ietf:params:oauth:grant-type:pre-authorized_code"


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
