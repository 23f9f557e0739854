"""One issuer installation: what its services stand on, and its identifiers."""

from dataclasses import dataclass

from portadoc.issuer.settings import InstitutionSettings, IssuerSettings
from portadoc.storage.installation import Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Installation[IssuerSettings, InstitutionSettings]):
    """One issuer installation."""

    def issuer_id(self, slug: str) -> str:
        """Return the Credential Issuer Identifier of an institution. Spec: OpenID4VCI 1.0 §12.2.1."""
        return f"{self.settings.base_url}/issuer/{slug}"
