"""In development a wallet provider of the installation's own vouches for test wallets; older folders have none."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from portadoc.errors import Misconfigured
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_file import TRUST_FILE
from portadoc.keys.trust.wallet_providers import WalletPurpose, wallet_provider_key
from portadoc.serve.development.wallet_provider import (
    INSTANCE_FILE,
    WALLET_PROVIDER,
    development_wallet_provider,
)
from portadoc.serve.house import House
from tests.unit.serve.conftest import INSTITUTIONS, NOW

OpenHouse = Callable[..., House]


@pytest.mark.parametrize("purpose", [KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION])
def test_the_house_trusts_its_own_wallet_provider(open_a_house: OpenHouse, purpose: WalletPurpose) -> None:
    house = open_a_house()
    signer = house.key_ring.signer(WALLET_PROVIDER, purpose)
    trusted = wallet_provider_key(signer.chain, trust=house.trust, purpose=purpose, at=NOW)
    assert (trusted.key.kid, trusted.institution_id) == (signer.kid, "FR:TEST98")


def test_where_nobody_issues_there_is_no_wallet_provider() -> None:
    verifying = {slug: each for slug, each in INSTITUTIONS.items() if not each.issues}
    assert development_wallet_provider(verifying) == ()
    assert development_wallet_provider({**INSTITUTIONS, WALLET_PROVIDER: INSTITUTIONS["fr-demo"]}) == ()


def test_a_folder_from_before_there_was_a_wallet_provider_works_as_it_did(open_a_house: OpenHouse) -> None:
    keys = open_a_house().key_ring.directory
    index, trust = (json.loads((keys / name).read_text()) for name in ("keyring.json", TRUST_FILE))
    for member, name in (("institutions", "slug"), ("keys", "institution"), ("authorities", "institution")):
        index[member] = [each for each in index[member] if each[name] != WALLET_PROVIDER]
    for member in ("anchors", "authorisations"):
        trust[member] = [each for each in trust[member] if not _is_of_wallets(each)]
    (keys / "keyring.json").write_text(json.dumps(index))
    (keys / TRUST_FILE).write_text(json.dumps(trust))
    house = open_a_house()
    assert house.key_ring.signer("fr-demo", KeyPurpose.CREDENTIAL).chain
    assert house.wallet.means.identity is None
    with pytest.raises(Misconfigured, match="key_missing"):
        house.key_ring.signer(WALLET_PROVIDER, KeyPurpose.KEY_ATTESTATION)


def _is_of_wallets(entry: dict[str, Any]) -> bool:
    return "client_attestation" in entry["purposes"]


def test_the_simulated_wallet_is_the_same_instance_in_the_next_process(open_a_house: OpenHouse) -> None:
    first = open_a_house()
    identity = first.wallet.means.identity
    assert identity is not None
    file = first.settings.data_dir / INSTANCE_FILE
    assert file.stat().st_mode & 0o077 == 0
    again = open_a_house().wallet.means.identity
    assert again is not None
    assert again.instance.kid == identity.instance.kid
    file.write_text("{}")
    with pytest.raises(Misconfigured, match="wallet_file_invalid"):
        open_a_house()
