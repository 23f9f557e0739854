"""The steps of the procedure as they are for seals: the same ids in the same order, with clauses of their own."""

from dataclasses import replace
from typing import Final

from portadoc.verification import checks

STRUCTURE: Final = replace(checks.STRUCTURE, clause="Seal §2")
HEADER: Final = replace(checks.HEADER, clause="RFC 9052 §3")
TRUST_CHAIN: Final = replace(checks.TRUST_CHAIN, clause="Seal §5")
SIGNATURE: Final = replace(checks.SIGNATURE, clause="RFC 9052 §4.4")
DISCLOSURES: Final = replace(checks.DISCLOSURES, clause="Seal §4")
AUTHORISATION: Final = replace(checks.AUTHORISATION, clause="Seal §5")
TYPE: Final = replace(checks.TYPE, clause="Seal §4")
KEY_BINDING: Final = replace(checks.KEY_BINDING, clause="Seal §6")
CONTENT: Final = replace(checks.CONTENT, clause="Seal §4")
STATUS: Final = checks.STATUS
TECHNICAL_VALIDITY: Final = replace(checks.TECHNICAL_VALIDITY, clause="RFC 8392 §3.1")
DOCUMENT_VALIDITY: Final = checks.DOCUMENT_VALIDITY
COVERAGE_PERIOD: Final = checks.COVERAGE_PERIOD
COVERS_WORK: Final = checks.COVERS_WORK

SEAL_PROCEDURE: Final = (
    STRUCTURE,
    HEADER,
    TRUST_CHAIN,
    SIGNATURE,
    DISCLOSURES,
    AUTHORISATION,
    TYPE,
    KEY_BINDING,
    CONTENT,
    STATUS,
    TECHNICAL_VALIDITY,
    DOCUMENT_VALIDITY,
    COVERAGE_PERIOD,
    COVERS_WORK,
)
