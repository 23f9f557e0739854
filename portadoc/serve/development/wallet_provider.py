"""TEST DATA: the wallet provider of a development installation, which vouches for wallets and keys of tests."""

from collections.abc import Mapping
from typing import Final

from portadoc.keys.development_ring import DevelopmentInstitution, Role
from portadoc.serve.settings import Institution

WALLET_PROVIDER: Final = "development-wallet-provider"


def development_wallet_provider(institutions: Mapping[str, Institution]) -> tuple[DevelopmentInstitution, ...]:
    """Return the wallet provider of a development installation: in the state of who issues first, if anybody."""
    country = next((each.country for each in institutions.values() if each.issues), None)
    if country is None or WALLET_PROVIDER in institutions:
        return ()
    return (
        DevelopmentInstitution(
            slug=WALLET_PROVIDER,
            id=f"{country}:TEST98",
            country=country,
            name="Wallet provider for development (test data)",
            roles=frozenset({Role.WALLET_PROVIDER}),
        ),
    )
