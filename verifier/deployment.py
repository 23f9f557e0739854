"""One verifier installation: what its services stand on besides, and its identifiers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from portadoc.errors import Misconfigured
from portadoc.fetch import Fetch
from portadoc.formats.dcql.authorities import authorities_of
from portadoc.formats.dcql.matching import Authority
from portadoc.formats.openid4vp.client_identifier import ClientIdentifier, ClientIdPrefix, x509_hash_identifier
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.storage.installation import Installation
from portadoc.verifier.papers import Papers
from portadoc.verifier.settings import InstitutionSettings, VerifierSettings
from portadoc.verifier.trust.issuer_keys import IssuerKeys
from portadoc.verifier.trust.trust_lists import TrustLists


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Installation[VerifierSettings, InstitutionSettings]):
    """One verifier installation: whom it trusts, its way to status lists, and its institutions' papers by slug."""

    trust_lists: TrustLists
    issuer_keys: IssuerKeys
    fetch: Fetch
    papers: Mapping[str, Papers]
    lists_at_home: Callable[[], tuple[str, ...]] = tuple
    """The status lists that issuers of the same installation publish now."""

    @property
    def trust(self) -> TrustStore:
        """Whom this installation trusts now: the operator's own file, and the lists and issuers that it names."""
        return self.issuer_keys.added_to(self.trust_lists.current())

    def request_signer(self, slug: str) -> Signer:
        """Return what signs the institution's requests, under its access certificate.

        Raises Misconfigured[key_missing], Misconfigured[access_certificate_missing].
        """
        return self._certified(slug, KeyPurpose.REQUEST)

    def receipt_signer(self, slug: str) -> Signer:
        """Return what signs the institution's receipts.

        Raises Misconfigured[key_missing], Misconfigured[access_certificate_missing].
        """
        return self._certified(slug, KeyPurpose.RECEIPT)

    def client(self, slug: str, request_id: str) -> ClientIdentifier:
        """Return who asks, as the institution names itself to wallets. Spec: OpenID4VP 1.0 §5.9.3."""
        match self.institution(slug).client_id_prefix:
            case ClientIdPrefix.X509_HASH:
                return x509_hash_identifier(self.request_signer(slug).chain[0])
            case ClientIdPrefix.X509_SAN_DNS as prefix:
                return ClientIdentifier(prefix, urlsplit(self.settings.base_url).hostname or "")
            case ClientIdPrefix.VERIFIER_ATTESTATION as prefix:
                return ClientIdentifier(prefix, self.papers[slug].attested_name)
            case ClientIdPrefix.REDIRECT_URI as prefix:
                return ClientIdentifier(prefix, self.response_uri(slug, request_id))

    def listed_authorities(self, chain: tuple[bytes, ...], *, now: int) -> frozenset[Authority]:
        """Return an ``etsi_tl`` entry for each trusted list that vouches for a chain (DER, leaf first; judged).

        None where the issuer is believed without a chain.
        """
        if not chain:
            return frozenset()
        trusted = self.trust.resolve_chain(chain, purpose=KeyPurpose.CREDENTIAL, at=now)
        return authorities_of((), trust_lists=trusted.trust_lists)

    def request_uri(self, slug: str, request_id: str) -> str:
        """Return where a wallet fetches a request."""
        return self._address(slug, "requests", request_id)

    def response_uri(self, slug: str, request_id: str) -> str:
        """Return where a wallet posts its response."""
        return self._address(slug, "responses", request_id)

    def receipt_uri(self, slug: str, request_id: str) -> str:
        """Return where the holder finds the receipt."""
        return self._address(slug, "receipts", request_id)

    def return_uri(self, slug: str, transaction_id: str) -> str:
        """Return where a wallet on the same device sends the holder back to the page that asked."""
        return f"{self._address(slug, 'sessions', transaction_id)}/return"

    def _address(self, slug: str, kind: str, id_: str) -> str:
        return f"{self.settings.base_url}/verifier/{slug}/{kind}/{id_}"

    def _certified(self, slug: str, purpose: KeyPurpose) -> Signer:
        signer = self.key_ring.signer(slug, purpose)
        if not signer.chain:
            raise Misconfigured("access_certificate_missing", institution=slug)
        return signer
