"""One issuer installation: what its services stand on, and its identifiers."""

from dataclasses import dataclass
from typing import Final

from portadoc.issuer.settings import InstitutionSettings, IssuerSettings
from portadoc.keys.trust.wallet_providers import TrustsNobody, WalletProviderTrust
from portadoc.storage.installation import Installation

NOBODY: Final = TrustsNobody()
"""No wallet provider at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Installation[IssuerSettings, InstitutionSettings]):
    """One issuer installation."""

    wallet_trust: WalletProviderTrust = NOBODY
    """Whom it believes when they vouch for a wallet or for the keys in it."""

    def issuer_id(self, slug: str) -> str:
        """Return the Credential Issuer Identifier of an institution. Spec: OpenID4VCI 1.0 §12.2.1."""
        return f"{self.settings.base_url}/issuer/{slug}"
