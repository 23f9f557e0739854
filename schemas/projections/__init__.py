"""Claim layouts, one module a family, over one small engine (``layout``)."""

from collections.abc import Mapping
from typing import Final

from portadoc.schemas.projections.coverage import COVERAGE_BILATERAL, COVERAGE_MAINTENANCE
from portadoc.schemas.projections.dc4eu import EHIC_DC4EU
from portadoc.schemas.projections.eudi_issuer import EHIC_EUDI_ISSUER, PDA1_EUDI_ISSUER
from portadoc.schemas.projections.layout import Period, Projection
from portadoc.schemas.projections.pda1_dc4eu import PDA1_DC4EU_A, PDA1_DC4EU_B
from portadoc.schemas.projections.pda1_webuild import PDA1_WEBUILD
from portadoc.schemas.projections.pid import PID_EUDI
from portadoc.schemas.projections.pilot_v0 import EHIC_V0, PDA1_V0
from portadoc.schemas.projections.reading import Deviation, Restored
from portadoc.schemas.projections.replacement import PRC_PORTADOC
from portadoc.schemas.projections.rows import Claim

PROJECTIONS: Final[Mapping[str, Projection]] = {
    projection.id: projection
    for projection in (
        PDA1_DC4EU_A,
        PDA1_DC4EU_B,
        PDA1_WEBUILD,
        EHIC_DC4EU,
        PRC_PORTADOC,
        PID_EUDI,
        COVERAGE_BILATERAL,
        COVERAGE_MAINTENANCE,
    )
}
"""The layouts that are written and read."""

LAYOUTS: Final[Mapping[str, Projection]] = {
    **PROJECTIONS,
    **{older.id: older for older in (PDA1_EUDI_ISSUER, EHIC_EUDI_ISSUER, PDA1_V0, EHIC_V0)},
}
"""Every layout that is read, those of older and other issuers included."""

__all__ = [
    "COVERAGE_BILATERAL",
    "COVERAGE_MAINTENANCE",
    "EHIC_DC4EU",
    "EHIC_EUDI_ISSUER",
    "EHIC_V0",
    "LAYOUTS",
    "PDA1_DC4EU_A",
    "PDA1_DC4EU_B",
    "PDA1_EUDI_ISSUER",
    "PDA1_V0",
    "PDA1_WEBUILD",
    "PID_EUDI",
    "PRC_PORTADOC",
    "PROJECTIONS",
    "Claim",
    "Deviation",
    "Period",
    "Projection",
    "Restored",
]
