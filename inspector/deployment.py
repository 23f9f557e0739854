"""One inspector installation: what its services stand on besides."""

from dataclasses import dataclass

from portadoc.inspector.neighbours import Judges, Pages, SealDesk, WalletSessions
from portadoc.inspector.settings import InspectorSettings, InstitutionSettings
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import Signer
from portadoc.storage.installation import Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Installation[InspectorSettings, InstitutionSettings]):
    """One inspector installation: its way to wallets, to judgements and to issuers."""

    wallets: WalletSessions
    judges: Judges
    seals: SealDesk
    pages: Pages

    def receipt_signer(self, slug: str) -> Signer:
        """Return what signs receipts and exports for an institution. Raises Misconfigured[key_missing]."""
        return self.key_ring.signer(slug, KeyPurpose.RECEIPT)

    def name(self, slug: str) -> str:
        """Return how an institution is called. Raises Refused[not_found]."""
        return next(iter(self.institution(slug).names.values()))
