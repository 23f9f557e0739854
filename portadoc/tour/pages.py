from fastapi import APIRouter
from portadoc.issuer.service import Issuer
from portadoc.verifier.service import Verifier
from portadoc.wallet_sim.wallet import Wallet


def tour_router(issuer: Issuer, verifier: Verifier, wallet: Wallet) -> APIRouter:
    return APIRouter()
