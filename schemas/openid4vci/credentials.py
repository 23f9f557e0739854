"""Credentials: asked for, handed over now or later, and what became of them. Spec: OpenID4VCI 1.0 §8, §9, §11."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

from portadoc.schemas.openid4vci.message import AtLeastOne, ProtocolMessage, Text, exactly_one


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
    """One credential of a response: a text, or an object in formats of others. Spec: OpenID4VCI 1.0 §8.3"""

    credential: Text | dict[str, JsonValue]


class CredentialResponse(ProtocolMessage):
    """Credentials now, or a transaction to ask for later; the deferred endpoint answers the same way.

    Spec: OpenID4VCI 1.0 §8.3, §9.2
    """

    credentials: AtLeastOne[IssuedCredential] | None = None
    transaction_id: Text | None = None
    interval: Annotated[int, Field(gt=0)] | None = None
    notification_id: Text | None = None

    @property
    def status(self) -> Literal[200, 202]:
        """The HTTP status that goes with it."""
        return 200 if self.transaction_id is None else 202

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


class DeferredCredentialRequest(ProtocolMessage):
    """A request for what was not ready; the key of the answer may be another one. Spec: OpenID4VCI 1.0 §9.1"""

    transaction_id: Text
    credential_response_encryption: CredentialResponseEncryption | None = None


class NotificationRequest(ProtocolMessage):
    """What became of an issued credential. Spec: OpenID4VCI 1.0 §11.1"""

    notification_id: Text
    event: Literal["credential_accepted", "credential_failure", "credential_deleted"]
    event_description: str | None = None
