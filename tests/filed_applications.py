"""A proof of application as the portal has one made: recorded, then sealed."""

from portadoc.issuer.sealing.seals import Sealed
from portadoc.issuer.service import Issuer
from portadoc.schemas.coverage import ApplicationProof


def sealed_application(issuer: Issuer, institution: str, proof: ApplicationProof) -> Sealed:
    return issuer.seal(institution, issuer.upload(institution, proof), pin="none", until_certificate_ends=True)
