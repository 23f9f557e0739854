"""Our simulated wallet at a HAIP issuer that nobody here wrote, on npm ``@openid4vc`` 0.4.6: by code and later."""

import ssl
import subprocess
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from portadoc.errors import Unavailable
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.development_chain import CertifiedInstitution, issue_leaf, make_institution_authority
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import profile
from portadoc.wallet_sim.identity import WalletIdentity, WalletProvider
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.transport import UnsafeLoopbackTransport
from portadoc.wallet_sim.wallet import Wallet
from tests.interop.test_wallet_sim_javascript import CLOCK, PDA1, Stranger

pytestmark = pytest.mark.node

SCRIPT: Final = Path(__file__).resolve().parent / "node" / "authorizing.mjs"
CLIENT: Final = "https://wallet.example"
PROVIDER: Final = CertifiedInstitution("FR:TEST98", "FR", "Wallet provider (test data)", (CLIENT,))


class AuthorizingStranger(Stranger):
    """The stranger's issuer that asks the holder, and believes the wallet providers under our root."""

    def _issuer(self) -> dict[str, Any]:
        anchor = ssl.DER_cert_to_PEM_cert(self.roots[TrustDomain.WALLET].der)
        return {**super()._issuer(), "walletAnchors": [anchor]}

    def identity(self) -> WalletIdentity:
        """Return a wallet instance that a provider under that root vouches for."""
        provider = WalletProvider(
            client_attestation=self._vouching(KeyPurpose.CLIENT_ATTESTATION),
            key_attestation=self._vouching(KeyPurpose.KEY_ATTESTATION),
            issuer=CLIENT,
            facts=WalletFacts(name="Wallet (test)"),
            key_storage=("iso_18045_high",),
            user_authentication=("iso_18045_high",),
        )
        instance = LocalSigner(new_private_key("ES256", system_random_bytes))
        return WalletIdentity(
            client_id=CLIENT, redirect_uri=f"{CLIENT}/callback", instance=instance, provider=provider
        )

    def _vouching(self, purpose: KeyPurpose) -> LocalSigner:
        now, root = CLOCK.now(), self.roots[TrustDomain.WALLET]
        authority = make_institution_authority(PROVIDER, root=root, now=now, random_bytes=system_random_bytes)
        key = new_private_key("ES256", system_random_bytes)
        leaf = issue_leaf(
            PROVIDER,
            key.public_key(),
            purpose=purpose,
            authority=authority,
            now=now,
            random_bytes=system_random_bytes,
        )
        return LocalSigner(key, chain=(leaf, authority.der))


@pytest.fixture
def stranger(node: str) -> Iterator[AuthorizingStranger]:
    with subprocess.Popen(
        [node, str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield AuthorizingStranger(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(timeout=10)


def test_the_wallet_goes_the_way_of_haip_with_libraries_of_others(stranger: AuthorizingStranger) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        transport = UnsafeLoopbackTransport(frozenset({stranger.origin}))
    wallet = Wallet(
        MemoryStore(),
        transport=transport,
        trust=stranger.trust(),
        clock=CLOCK,
        random_bytes=system_random_bytes,
        profile=profile("haip-1.0"),
        identity=stranger.identity(),
    )
    with pytest.raises(Unavailable, match="issuance_deferred"):
        wallet.accept(stranger.offer, copies=3, browser=lambda url: str(transport.get(url).json()["location"]))
    time.sleep(2)
    held = wallet.resume()
    assert [each.vct for each in held] == [PDA1.vct] * 3
    seen = stranger.seen()["issuer"]
    assert seen == {
        "issuerState": "state-of-the-issuer",
        "clients": [CLIENT],
        "attestedKeys": 3,
        "grants": ["authorization_code"],
        "notifications": [{"notification_id": "n-1", "event": "credential_accepted"}],
        "deferred": 1,
    }
