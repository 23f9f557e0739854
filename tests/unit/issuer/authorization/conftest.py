"""An issuer under HAIP, and one under the current drafts, each with a wallet that its provider vouches for."""

from typing import Any

import pytest

from tests.unit.issuer.wallets import AttestedWallet


@pytest.fixture
def haip(make_rig: Any) -> Any:
    return make_rig(profile="haip-1.0")


@pytest.fixture
def wallet(haip: Any) -> AttestedWallet:
    """Return a wallet at the issuer under HAIP."""
    return AttestedWallet(haip)
