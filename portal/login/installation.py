"""What signing in stands on: the portal's settings, database, keys, time and random bytes."""

from portadoc.portal.settings import InstitutionSettings, PortalSettings
from portadoc.storage.installation import Installation

PortalInstallation = Installation[PortalSettings, InstitutionSettings]
