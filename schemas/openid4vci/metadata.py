"""What an issuer and its authorization server publish about themselves. Spec: OpenID4VCI 1.0 §12.2, §12.3."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, Self

from pydantic import Field, JsonValue, field_validator, model_validator

from portadoc.schemas.openid4vci.displays import CredentialMetadata, Display
from portadoc.schemas.openid4vci.message import AtLeastOne, ProtocolMessage, Seconds, Several, Text, Url

ATTACK_POTENTIALS: Final = (
    "iso_18045_high",
    "iso_18045_moderate",
    "iso_18045_enhanced-basic",
    "iso_18045_basic",
)
"""What an attacker of a key or of its user is withstood, the strongest first. Spec: OpenID4VCI 1.0 Appendix D.2"""
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeyAttestationsRequired(ProtocolMessage):
    """What a key attestation has to say; no member at all still asks for an attestation.

    Any value of a list is enough. Spec: OpenID4VCI 1.0 §12.2.4; TS3 v1.5 (status period)
    """

    key_storage: AtLeastOne[Text] | None = None
    user_authentication: AtLeastOne[Text] | None = None
    preferred_key_storage_status_period: Seconds | None = None
    """Seconds that the wallet provider still tells the status of the key storage, if it can."""


class ProofType(ProtocolMessage):
    """What a key proof of one type must look like."""

    proof_signing_alg_values_supported: AtLeastOne[Text]
    key_attestations_required: KeyAttestationsRequired | None = None


class SupportedCredential(ProtocolMessage):
    """One entry of ``credential_configurations_supported``; one of a format that we do not know is not judged.

    Spec: OpenID4VCI 1.0 §12.2.4, Appendix A.3.2
    """

    format: Text
    vct: Text | None = None
    scope: Text | None = None
    credential_signing_alg_values_supported: Several[str | int] | None = None
    cryptographic_binding_methods_supported: Several[Text] | None = None
    proof_types_supported: dict[str, ProofType] | None = None
    credential_metadata: CredentialMetadata | None = None
    disclosure_policy: JsonValue | None = None
    """A ``DisclosurePolicy``; whoever cannot read one can still read the rest. Spec: ETSI TS 119 472-3 §4.2.5"""

    @model_validator(mode="after")
    def _complete_for_its_format(self) -> Self:
        if self.format != "dc+sd-jwt":
            return self
        if self.vct is None:
            raise ValueError("vct is required for dc+sd-jwt")
        if (self.cryptographic_binding_methods_supported is None) != (self.proof_types_supported is None):
            raise ValueError("binding methods and proof types go together")
        return self


class BatchCredentialIssuance(ProtocolMessage):
    """How many credentials one request may ask for."""

    batch_size: Annotated[int, Field(ge=2)]


class EncryptionKeys(ProtocolMessage):
    """Public keys to which requests are encrypted, each with its own ``kid`` and its ``alg``. Spec: RFC 7517 §5"""

    keys: AtLeastOne[dict[str, JsonValue]]

    @field_validator("keys")
    @classmethod
    def _can_be_named(cls, keys: Sequence[Mapping[str, JsonValue]]) -> Sequence[Mapping[str, JsonValue]]:
        names = [key.get("kid") for key in keys]
        if not all(isinstance(name, str) and name for name in names) or len(set(map(str, names))) != len(names):
            raise ValueError("each key has a kid of its own")
        if any(not isinstance(key.get("alg"), str) or _PRIVATE & key.keys() for key in keys):
            raise ValueError("each key is public and has an alg")
        return keys


class CredentialRequestEncryption(ProtocolMessage):
    """How requests can be encrypted, or have to be. Spec: OpenID4VCI 1.0 §12.2.4, §10"""

    jwks: EncryptionKeys
    enc_values_supported: AtLeastOne[Text]
    zip_values_supported: AtLeastOne[Text] | None = None
    encryption_required: bool


class CredentialResponseEncryptionSupport(ProtocolMessage):
    """How responses can be encrypted, or will be. Spec: OpenID4VCI 1.0 §12.2.4, §10"""

    alg_values_supported: AtLeastOne[Text]
    enc_values_supported: AtLeastOne[Text]
    zip_values_supported: AtLeastOne[Text] | None = None
    encryption_required: bool


class IssuerInfo(ProtocolMessage):
    """What others attest about the issuer, such as its registration certificate. Spec: ETSI TS 119 472-3"""

    format: Text
    data: Text | dict[str, JsonValue]


class IssuerMetadata(ProtocolMessage):
    """Credential Issuer Metadata. Spec: OpenID4VCI 1.0 §12.2.4"""

    credential_issuer: Url
    credential_endpoint: Url
    credential_configurations_supported: dict[str, SupportedCredential]
    authorization_servers: AtLeastOne[Url] | None = None
    nonce_endpoint: Url | None = None
    deferred_credential_endpoint: Url | None = None
    notification_endpoint: Url | None = None
    credential_request_encryption: CredentialRequestEncryption | None = None
    credential_response_encryption: CredentialResponseEncryptionSupport | None = None
    batch_credential_issuance: BatchCredentialIssuance | None = None
    status_list_aggregation_endpoint: Url | None = None
    issuer_info: AtLeastOne[IssuerInfo] | None = None
    preferred_client_status_period: Seconds | None = None
    """Seconds that the wallet provider still tells the status of the wallet, if it can. Spec: TS3 v1.5"""
    display: Several[Display] | None = None


class AuthorizationServerMetadata(ProtocolMessage):
    """Authorization server metadata. Spec: RFC 8414 §2; RFC 9126 §5; RFC 9207 §3; RFC 9396 §10; RFC 9449 §5.1;
    Attestation-Based Client Authentication (drafts 07 and 10); OpenID4VCI 1.0 §12.3"""

    issuer: Url
    token_endpoint: Url | None = None
    authorization_endpoint: Url | None = None
    pushed_authorization_request_endpoint: Url | None = None
    jwks_uri: Url | None = None
    require_pushed_authorization_requests: bool | None = None
    authorization_response_iss_parameter_supported: bool | None = None
    response_types_supported: Several[Text] | None = None
    response_modes_supported: Several[Text] | None = None
    grant_types_supported: Several[Text] | None = None
    scopes_supported: Several[Text] | None = None
    token_endpoint_auth_methods_supported: Several[Text] | None = None
    token_endpoint_auth_signing_alg_values_supported: Several[Text] | None = None
    challenge_endpoint: Url | None = None
    client_attestation_signing_alg_values_supported: Several[Text] | None = None
    client_attestation_pop_signing_alg_values_supported: Several[Text] | None = None
    client_attestation_pop_methods_supported: Several[Text] | None = None
    code_challenge_methods_supported: Several[Text] | None = None
    dpop_signing_alg_values_supported: Several[Text] | None = None
    authorization_details_types_supported: Several[Text] | None = None
    pre_authorized_grant_anonymous_access_supported: bool | None = Field(
        default=None,
        validation_alias="pre-authorized_grant_anonymous_access_supported",
        serialization_alias="pre-authorized_grant_anonymous_access_supported",
    )
    status_list_aggregation_endpoint: Url | None = None
