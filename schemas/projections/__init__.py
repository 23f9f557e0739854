"""Claim layouts, one module a family, over one small engine (``layout``)."""

from collections.abc import Mapping
from typing import Final

from portadoc.schemas.projections.dc4eu import EHIC_DC4EU
from portadoc.schemas.projections.layout import Period, Projection
from portadoc.schemas.projections.pda1_dc4eu import PDA1_DC4EU_A, PDA1_DC4EU_B
from portadoc.schemas.projections.pda1_webuild import PDA1_WEBUILD
from portadoc.schemas.projections.pid import PID_EUDI
from portadoc.schemas.projections.reading import Deviation, Restored
from portadoc.schemas.projections.rows import Claim

PROJECTIONS: Final[Mapping[str, Projection]] = {
    projection.id: projection for projection in (PDA1_DC4EU_A, PDA1_DC4EU_B, PDA1_WEBUILD, EHIC_DC4EU, PID_EUDI)
}

__all__ = [
    "EHIC_DC4EU",
    "PDA1_DC4EU_A",
    "PDA1_DC4EU_B",
    "PDA1_WEBUILD",
    "PID_EUDI",
    "PROJECTIONS",
    "Claim",
    "Deviation",
    "Period",
    "Projection",
    "Restored",
]
