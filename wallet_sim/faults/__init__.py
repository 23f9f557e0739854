"""Hostile variants by name: what a verifier must refuse, why, and with which code."""

from portadoc.wallet_sim.faults.binding import HOLDER_FAULTS
from portadoc.wallet_sim.faults.fault import Fault, FaultCategory, GoodPresentation
from portadoc.wallet_sim.faults.forgeries import FORGERIES, UnsafeForgery
from portadoc.wallet_sim.faults.response import RESPONSE_FAULTS, GoodResponse, ResponseFault, good_form
from portadoc.wallet_sim.faults.token import TOKEN_FAULTS

PRESENTATION_FAULTS = TOKEN_FAULTS + HOLDER_FAULTS

__all__ = [
    "FORGERIES",
    "HOLDER_FAULTS",
    "PRESENTATION_FAULTS",
    "RESPONSE_FAULTS",
    "TOKEN_FAULTS",
    "Fault",
    "FaultCategory",
    "GoodPresentation",
    "GoodResponse",
    "ResponseFault",
    "UnsafeForgery",
    "good_form",
]
