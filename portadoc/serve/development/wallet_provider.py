"""TEST DATA: the wallet provider of a development installation, which vouches for wallets and keys of tests."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from portadoc.errors import Conflict, Malformed, Misconfigured
from portadoc.formats import strict_json
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.keys.development_ring import DevelopmentInstitution, Role
from portadoc.keys.files.durable import write_new_file
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.private_jwk import new_private_jwk, signer_from_private_jwk
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.randomness import RandomBytes
from portadoc.serve.settings import Institution
from portadoc.wallet_sim.identity import WalletIdentity, WalletProvider

WALLET_PROVIDER: Final = "development-wallet-provider"
CLIENT_ID: Final = "portadoc-simulated-wallet"
REDIRECT_URI: Final = "portadoc-wallet://callback"
INSTANCE_FILE: Final = "wallet-instance.json"
_STRONG: Final = ("iso_18045_high",)


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


def simulated_wallet(data_dir: Path, key_ring: KeyRing, random_bytes: RandomBytes) -> WalletIdentity | None:
    """Return who the simulated wallet of an installation is, None where nobody is there to vouch for it.

    The key of the instance stays in the data folder: what issuers bind to it is still good in the next process.
    Raises Misconfigured[wallet_file_invalid].
    """
    if WALLET_PROVIDER not in key_ring.index.institutions:
        return None
    return WalletIdentity(
        client_id=CLIENT_ID,
        redirect_uri=REDIRECT_URI,
        instance=_instance(data_dir / INSTANCE_FILE, random_bytes),
        provider=WalletProvider(
            client_attestation=key_ring.signer(WALLET_PROVIDER, KeyPurpose.CLIENT_ATTESTATION),
            key_attestation=key_ring.signer(WALLET_PROVIDER, KeyPurpose.KEY_ATTESTATION),
            issuer=None,
            facts=WalletFacts(name="Simulated wallet (test data)"),
            key_storage=_STRONG,
            user_authentication=_STRONG,
        ),
    )


def _instance(file: Path, random_bytes: RandomBytes) -> LocalSigner:
    """Return the key of the file, made where there is none; of two that make it at once the first wins."""
    if not file.exists():
        with suppress(Conflict):
            write_new_file(file, strict_json.dumps(new_private_jwk("ES256", random_bytes=random_bytes)))
    try:
        return signer_from_private_jwk(strict_json.loads_object(file.read_bytes(), what="wallet_file"))
    except (OSError, Malformed, Misconfigured) as exc:
        raise Misconfigured("wallet_file_invalid") from exc
