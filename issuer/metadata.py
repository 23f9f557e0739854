"""What the issuer publishes about itself; nothing is promised here that is not answered elsewhere.

Spec: OpenID4VCI 1.0 §12.2, §12.3; RFC 8414; SD-JWT VC, JWT VC Issuer Metadata.
"""

from collections.abc import Mapping
from threading import Lock
from typing import Final

from portadoc.errors import Misconfigured, Refused
from portadoc.formats import jws
from portadoc.formats.headers import signing_header
from portadoc.issuer.authorization.server_metadata import server_metadata
from portadoc.issuer.deployment import Deployment
from portadoc.issuer.issuance.configurations import supported
from portadoc.issuer.issuance.credentials import certificate_name, certified_until
from portadoc.issuer.issuance.encryption import MessageEncryption
from portadoc.issuer.issuance.registration import REGISTRATION_FORMAT
from portadoc.issuer.status_lists import StatusLists
from portadoc.keys.certificates import to_pem
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.catalogue import credential_configuration
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vci import (
    AuthorizationServerMetadata,
    BatchCredentialIssuance,
    Display,
    IssuerInfo,
    IssuerMetadata,
)
from portadoc.web.settings import UNDETERMINED

SIGNED_TYP: Final = "openidvci-issuer-metadata+jwt"
_SIGNED_TTL_S: Final = 3600


class Metadata:
    """Builds the documents of an institution."""

    def __init__(
        self,
        deployment: Deployment,
        status_lists: StatusLists,
        encryption: MessageEncryption,
        *,
        registrations: Mapping[str, str],
    ) -> None:
        self._deployment = deployment
        self._status_lists = status_lists
        self._encryption = encryption
        self._registrations = registrations
        self._signed: dict[str, tuple[int, int, str]] = {}
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
            deferred_credential_endpoint=f"{issuer_id}/deferred",
            notification_endpoint=f"{issuer_id}/notification",
            credential_request_encryption=self._encryption.for_requests(institution),
            credential_response_encryption=self._encryption.for_responses(),
            status_list_aggregation_endpoint=self._status_lists.aggregation_uri(institution),
            batch_credential_issuance=BatchCredentialIssuance(batch_size=self._deployment.settings.batch_size),
            issuer_info=self._issuer_info(institution),
            display=tuple(_named(language, name) for language, name in settings.names.items()),
            credential_configurations_supported={
                each: supported(
                    self._deployment, institution, credential_configuration(each), signing_alg=signer.alg
                )
                for each in settings.configuration_ids
            },
        )

    def _issuer_info(self, institution: str) -> tuple[IssuerInfo, ...] | None:
        """Return the registration certificate by value, where there is one. Spec: ARF 3.0 RPRC_22."""
        certificate = self._registrations.get(institution)
        return None if certificate is None else (IssuerInfo(format=REGISTRATION_FORMAT, data=certificate),)

    def signed_issuer(self, institution: str) -> str:
        """Return the same metadata as a JWT, signed at most once an hour.

        Raises: Refused[not_found], Misconfigured[signer_certificate_expired]. Spec: OpenID4VCI 1.0 §12.2.3.
        """
        self._deployment.institution(institution)
        now = self._deployment.clock.now()
        with self._lock:
            signed_at, ends_at, token = self._signed.get(institution, (0, 0, ""))
            if not signed_at <= now < min(signed_at + _SIGNED_TTL_S, ends_at):
                ends_at, token = self._sign(institution, now)
                self._signed[institution] = (now, ends_at, token)
            return token

    def _sign(self, institution: str, now: int) -> tuple[int, str]:
        signer = self._deployment.key_ring.signer(institution, KeyPurpose.METADATA)
        expires_at = min(now + 2 * _SIGNED_TTL_S, certified_until(signer))
        if expires_at <= now:
            raise Misconfigured("signer_certificate_expired")
        issuer_id = self._deployment.issuer_id(institution)
        payload: JsonObject = {
            **self.issuer(institution).to_json(),
            "iss": issuer_id,
            "sub": issuer_id,
            "iat": now,
            "exp": expires_at,
        }
        return expires_at, jws.sign(signing_header(SIGNED_TYP, signer), payload, signer)

    def authorization_server(self, institution: str) -> AuthorizationServerMetadata:
        """Return the metadata of the authorization server, which is the issuer itself. Spec: RFC 8414 §2.

        Raises: Refused[not_found].
        """
        issued_here = self._deployment.institution(institution).configuration_ids
        return server_metadata(
            self._deployment.issuer_id(institution),
            profile=self._deployment.profile,
            issued_here=issued_here,
            aggregation_uri=self._status_lists.aggregation_uri(institution),
        )

    def chain(self, institution: str, name: str) -> str:
        """Return in PEM the chain, leaf first, of the certificate of a name that signs credentials or has done so.

        It is what ``x5u`` of a credential leads to. Raises: Refused[not_found].
        Spec: RFC 7515 §4.1.5, ETSI TS 119 472-1 §5.6.3.
        """
        self._deployment.institution(institution)
        for chain in self._deployment.key_ring.chains(KeyPurpose.CREDENTIAL, institution=institution):
            if certificate_name(chain[0]) == name:
                return to_pem(chain)
        raise Refused("not_found")

    def jwt_vc_issuer(self, institution: str) -> JsonObject:
        """Return the keys that verify this issuer's credentials, retired ones too. Spec: SD-JWT VC §3."""
        self._deployment.institution(institution)
        jwks = self._deployment.key_ring.public_jwks(institution, KeyPurpose.CREDENTIAL)
        return {"issuer": self._deployment.issuer_id(institution), "jwks": jwks}


def _named(language: str, name: str) -> Display:
    return Display(name=name, locale=None if language == UNDETERMINED else language)
