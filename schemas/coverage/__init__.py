"""What is asked for and certified beside the A1: proofs of application, and certificates of coverage."""

from portadoc.schemas.coverage.application import ApplicationProof, Asked, Worker, WorkerEmployer, filed_at
from portadoc.schemas.coverage.certificates import (
    BilateralCertificate,
    CoverageCertificate,
    CoverageDocument,
    CoveredActivity,
    CoveredPerson,
    KeptLegislation,
    MaintenanceCertificate,
)

__all__ = [
    "ApplicationProof",
    "Asked",
    "BilateralCertificate",
    "CoverageCertificate",
    "CoverageDocument",
    "CoveredActivity",
    "CoveredPerson",
    "KeptLegislation",
    "MaintenanceCertificate",
    "Worker",
    "WorkerEmployer",
    "filed_at",
]
