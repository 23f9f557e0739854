"""How the wallet obtains credentials: by an offer or by itself, at once or later, and again."""

from portadoc.wallet_sim.issuance.acceptance import accept_offer, ask_issuer, renew
from portadoc.wallet_sim.issuance.authorization import Browser
from portadoc.wallet_sim.issuance.deferred import resume

__all__ = ["Browser", "accept_offer", "ask_issuer", "renew", "resume"]
