"""The worker's own attestations as one object."""

from portadoc.portal.attestations.attestations import Attestations
from portadoc.portal.attestations.collecting import Collecting
from portadoc.portal.attestations.receipts import Receipts
from portadoc.portal.deployment import Deployment
from portadoc.portal.gate import Gate


class OwnAttestations:
    """What people do with what is attested of them."""

    def __init__(self, deployment: Deployment, gate: Gate) -> None:
        self.attestations = Attestations(deployment, gate)
        self.collecting = Collecting(deployment, self.attestations)
        self.receipts = Receipts(deployment, self.attestations)
