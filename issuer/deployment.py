"""One issuer installation: what its services stand on, and its identifiers."""

from dataclasses import dataclass
from typing import Final

from portadoc.issuer.identification.pid_status import StatusLookup
from portadoc.issuer.settings import InstitutionSettings, IssuerSettings
from portadoc.keys.trust.wallet_providers import TrustsNobody, WalletProviderTrust
from portadoc.storage.installation import Installation
from portadoc.verification.answers import HeldStatusLists

NOBODY: Final = TrustsNobody()
"""No wallet provider at all."""


class NoStatuses:
    """The look-up of who has no way to any list."""

    def answers(self, uri: str) -> HeldStatusLists:
        """Return that nothing is known."""
        return HeldStatusLists()


UNKNOWN: Final = NoStatuses()
"""No status of any wallet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Installation[IssuerSettings, InstitutionSettings]):
    """One issuer installation."""

    wallet_trust: WalletProviderTrust = NOBODY
    """Whom it believes when they vouch for a wallet or for the keys in it."""
    wallet_statuses: StatusLookup = UNKNOWN
    """Where it learns whether they still do."""

    def issuer_id(self, slug: str) -> str:
        """Return the Credential Issuer Identifier of an institution. Spec: OpenID4VCI 1.0 §12.2.1."""
        return f"{self.settings.base_url}/issuer/{slug}"
