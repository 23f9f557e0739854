"""The inspector role: devices, questions, entries of visits. Adapters and commands call this and nothing below."""

from portadoc.inspector.asks import Asks
from portadoc.inspector.deployment import Deployment
from portadoc.inspector.devices import Devices
from portadoc.inspector.intake import Intake
from portadoc.inspector.judgements import Judgements
from portadoc.inspector.office.dossiers import Dossiers
from portadoc.inspector.office.exports import Exports
from portadoc.inspector.office.reading import Visits
from portadoc.inspector.office.retention import forget
from portadoc.inspector.settings import InspectorSettings
from portadoc.inspector.store import tables


class Inspector:
    """The services of one inspector installation."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.devices = Devices(deployment)
        self.asks = Asks(deployment, self.devices)
        self.intake = Intake(deployment)
        self.judgements = Judgements(deployment, self.devices)
        self.visits = Visits(deployment)
        self.exports = Exports(deployment, self.visits)
        self.dossiers = Dossiers(deployment, self.visits)

    @property
    def settings(self) -> InspectorSettings:
        """The settings in force."""
        return self.deployment.settings

    def forget(self) -> int:
        """Delete what is kept no longer; return how many visits went."""
        return forget(self.deployment)


def build_inspector(deployment: Deployment) -> Inspector:
    """Return the services of an installation, the tables made. Raises Misconfigured[storage_newer]."""
    deployment.database.create(tables.METADATA)
    return Inspector(deployment)
