"""One portal installation: what its services stand on besides."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from portadoc.portal.applications.records import Competent
from portadoc.portal.neighbours import Certificates, Registers, SecondChannel
from portadoc.portal.settings import InstitutionSettings, PortalSettings
from portadoc.schemas.pda1 import Address
from portadoc.storage.installation import Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Installation[PortalSettings, InstitutionSettings]):
    """One portal installation: its issuer, its registers, and its second way to people."""

    certificates: Certificates
    registers: Registers
    second_channel: SecondChannel

    def name(self, slug: str) -> str:
        """Return how an institution is called. Raises Refused[not_found]."""
        return next(iter(self.institution(slug).names.values()))

    def today(self) -> date:
        """Return the day that it is (UTC)."""
        return datetime.fromtimestamp(self.clock.now(), UTC).date()

    def competent(self, slug: str) -> Competent:
        """Return an institution as it stands on its certificates. Raises Refused[not_found]."""
        settings = self.institution(slug)
        return Competent(
            institution_id=settings.institution_id,
            name=self.name(slug),
            country=settings.country,
            address=Address(
                street_and_number=settings.address.street_and_number or None,
                postcode=settings.address.postcode or None,
                town=settings.address.town,
                country=settings.country,
            ),
            phone=settings.phone or None,
            email=settings.email or None,
        )
