"""What the issuer publishes about itself; nothing is promised here that is not answered elsewhere.

Spec: OpenID4VCI 1.0 §12.2, §12.3; RFC 8414; SD-JWT VC, JWT VC Issuer Metadata.
"""

from threading import Lock
from typing import Final

from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.proofs import PROOF_ALGORITHMS
from portadoc.issuer.status_lists import StatusLists
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.catalogue import CredentialConfiguration, credential_configuration
from portadoc.schemas.claims import EACH_MEMBER, JsonObject
from portadoc.schemas.openid4vci import (
    DETAILS_TYPE,
    PRE_AUTHORIZED_CODE_GRANT,
    AuthorizationServerMetadata,
    BatchCredentialIssuance,
    ClaimDescription,
    CredentialMetadata,
    Display,
    IssuerMetadata,
    ProofType,
    SupportedCredential,
)
from portadoc.schemas.projections import Claim
from portadoc.web.settings import UNDETERMINED

SIGNED_TYP: Final = "openidvci-issuer-metadata+jwt"
_SIGNED_TTL_S: Final = 3600


class Metadata:
    """Builds the documents of an institution."""

    def __init__(self, deployment: Deployment, status_lists: StatusLists) -> None:
        self._deployment = deployment
        self._status_lists = status_lists
        self._signed: dict[str, tuple[int, str]] = {}
        self._lock = Lock()

    def issuer(self, institution: str) -> IssuerMetadata:
        """Return the Credential Issuer Metadata. Raises: Refused[not_found]. Spec: §12.2.4."""
        settings = self._deployment.institution(institution)
        issuer_id = self._deployment.issuer_id(institution)
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.CREDENTIAL)
        return IssuerMetadata(
            credential_issuer=issuer_id,
            credential_endpoint=f"{issuer_id}/credential",
            nonce_endpoint=f"{issuer_id}/nonce",
            notification_endpoint=f"{issuer_id}/notification",
            status_list_aggregation_endpoint=self._status_lists.aggregation_uri(institution),
            batch_credential_issuance=BatchCredentialIssuance(batch_size=self._deployment.settings.batch_size),
            display=tuple(_named(language, name) for language, name in settings.names.items()),
            credential_configurations_supported={
                each: _supported(credential_configuration(each), signing_alg=signer.alg)
                for each in settings.configuration_ids
            },
        )

    def signed_issuer(self, institution: str) -> str:
        """Return the same metadata as a JWT, signed at most once an hour. Raises: Refused[not_found].

        Spec: OpenID4VCI 1.0 §12.2.3.
        """
        self._deployment.institution(institution)
        now = self._deployment.clock.now()
        with self._lock:
            signed_at, token = self._signed.get(institution, (0, ""))
            if not signed_at <= now < signed_at + _SIGNED_TTL_S:
                token = self._sign(institution, now)
                self._signed[institution] = (now, token)
            return token

    def _sign(self, institution: str, now: int) -> str:
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.METADATA)
        issuer_id = self._deployment.issuer_id(institution)
        payload: JsonObject = {
            **self.issuer(institution).to_json(),
            "iss": issuer_id,
            "sub": issuer_id,
            "iat": now,
            "exp": now + 2 * _SIGNED_TTL_S,
        }
        return jws.sign(signing_header(SIGNED_TYP, signer), payload, signer)

    def authorization_server(self, institution: str) -> AuthorizationServerMetadata:
        """Return the metadata of the authorization server, which is the issuer itself. Spec: RFC 8414 §2.

        ``response_types_supported`` is left out: there is no authorization endpoint (OpenID4VCI 1.0 §12.2.4).
        """
        self._deployment.institution(institution)
        issuer_id = self._deployment.issuer_id(institution)
        return AuthorizationServerMetadata(
            issuer=issuer_id,
            token_endpoint=f"{issuer_id}/token",
            grant_types_supported=(PRE_AUTHORIZED_CODE_GRANT,),
            token_endpoint_auth_methods_supported=("none",),
            authorization_details_types_supported=(DETAILS_TYPE,),
            pre_authorized_grant_anonymous_access_supported=True,
            status_list_aggregation_endpoint=self._status_lists.aggregation_uri(institution),
        )

    def jwt_vc_issuer(self, institution: str) -> JsonObject:
        """Return the keys that verify this issuer's credentials, retired ones too. Spec: SD-JWT VC §3."""
        self._deployment.institution(institution)
        jwks = self._deployment.key_ring.public_jwks(institution, KeyPurpose.CREDENTIAL)
        return {"issuer": self._deployment.issuer_id(institution), "jwks": jwks}


def _named(language: str, name: str) -> Display:
    return Display(name=name, locale=None if language == UNDETERMINED else language)


def _supported(configuration: CredentialConfiguration, *, signing_alg: str) -> SupportedCredential:
    """Return one entry of ``credential_configurations_supported``. Spec: OpenID4VCI 1.0 §12.2.4, App. A.3."""
    return SupportedCredential(
        format=configuration.format,
        vct=configuration.vct,
        scope=configuration.scope,
        credential_signing_alg_values_supported=(signing_alg,),
        cryptographic_binding_methods_supported=("jwk",),
        proof_types_supported={
            "jwt": ProofType(proof_signing_alg_values_supported=tuple(sorted(PROOF_ALGORITHMS)))
        },
        credential_metadata=CredentialMetadata(
            display=tuple(
                Display(name=each.name, locale=each.locale, description=each.description)
                for each in configuration.display
            ),
            claims=tuple(
                _described(claim) for claim in configuration.projection.claims if EACH_MEMBER not in claim.path
            ),
        ),
    )


def _described(claim: Claim) -> ClaimDescription:
    labels = (Display(name=claim.en, locale="en"), Display(name=claim.fr, locale="fr"))
    return ClaimDescription(path=claim.path, mandatory=claim.mandatory, display=labels)
