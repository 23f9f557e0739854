"""The issuer role: offers, access tokens, credentials, status lists and withdrawal (OpenID4VCI 1.0)."""

from portadoc.issuer.authorization.offers import Offer
from portadoc.issuer.records.withdrawals import Withdrawal, WithdrawalReason
from portadoc.issuer.sealing.papers import PaperDocument
from portadoc.issuer.sealing.seals import Sealed
from portadoc.issuer.service import Issuer, build_issuer
from portadoc.issuer.settings import InstitutionSettings, IssuerSettings

__all__ = [
    "InstitutionSettings",
    "Issuer",
    "IssuerSettings",
    "Offer",
    "PaperDocument",
    "Sealed",
    "Withdrawal",
    "WithdrawalReason",
    "build_issuer",
]
