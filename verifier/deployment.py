"""One verifier installation: what its services stand on besides, and its identifiers."""

from dataclasses import dataclass

from portadoc.errors import Misconfigured
from portadoc.fetch import Fetch
from portadoc.formats.openid4vp.request_object import client_id_of
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.storage.installation import Installation
from portadoc.verifier.settings import InstitutionSettings, VerifierSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Installation[VerifierSettings, InstitutionSettings]):
    """One verifier installation: whom it trusts, and its way to status lists."""

    trust: TrustStore
    fetch: Fetch

    def request_signer(self, slug: str) -> Signer:
        """Return what signs the institution's requests, under its access certificate.

        Raises Misconfigured[key_missing], Misconfigured[access_certificate_missing].
        """
        signer = self.key_ring.signer(slug, KeyPurpose.REQUEST)
        if not signer.chain:
            raise Misconfigured("access_certificate_missing", institution=slug)
        return signer

    def client_id(self, slug: str) -> str:
        """Return the full Client Identifier, prefix included. Spec: OpenID4VP 1.0 §5.9.3."""
        return client_id_of(self.request_signer(slug))

    def request_uri(self, slug: str, request_id: str) -> str:
        """Return where a wallet fetches a request."""
        return f"{self.settings.base_url}/verifier/{slug}/requests/{request_id}"

    def response_uri(self, slug: str, request_id: str) -> str:
        """Return where a wallet posts its response."""
        return f"{self.settings.base_url}/verifier/{slug}/responses/{request_id}"
