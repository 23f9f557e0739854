"""Who the kit is: a wallet provider with a folder of keys, its wallets, and a provider that nobody knows.

Spec: OpenID4VCI 1.0 App. D, App. E; HAIP 1.0 §4.4.1, §4.5.1.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from portadoc.clock import Clock
from portadoc.errors import Misconfigured
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.certificates import to_pem
from portadoc.keys.development_chain import (
    CertifiedInstitution,
    issue_leaf,
    make_institution_authority,
    make_root,
)
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.files.durable import write_new_file
from portadoc.keys.key_index import INDEX_FILE
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose, TrustDomain
from portadoc.keys.signer import LocalSigner, Signer
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file, trust_to_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import RandomBytes
from portadoc.schemas.openid4vci import ATTACK_POTENTIALS
from portadoc.wallet_sim.identity import WalletIdentity, WalletProvider

PROVIDER: Final = "conformance-kit"
PROVIDER_ID: Final = "FR:CONFORMANCE-KIT"
BASE_URL: Final = "https://conformance-kit.invalid"
PASSPHRASE_FILE: Final = "passphrase"  # noqa: S105 - the name of a file
KEY_ALG: Final = "ES256"
_VOUCHING: Final = frozenset({KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION})
_LEVELS: Final = (ATTACK_POTENTIALS[0],)


@dataclass(frozen=True, slots=True)
class Kit:
    """The kit's wallet provider, as its folder has it, and the means to make wallets.

    ``trust`` is what an issuer has to believe for the kit's wallets to be heard.
    """

    provider: WalletProvider
    stranger: WalletProvider
    trust: TrustStore
    clock: Clock
    random_bytes: RandomBytes

    def wallet(self, client_id: str, redirect_uri: str) -> WalletIdentity:
        """Return a new instance of a wallet that the provider vouches for."""
        return WalletIdentity(
            client_id=client_id, redirect_uri=redirect_uri, instance=self.new_key(), provider=self.provider
        )

    def new_key(self) -> LocalSigner:
        """Return a key that nobody has seen."""
        return LocalSigner(new_private_key(KEY_ALG, self.random_bytes))

    def anchors_pem(self) -> str:
        """Return the certificates to trust for wallet providers, as PEM."""
        return to_pem(tuple(each.certificate for each in self.trust.anchors))

    def trust_json(self) -> object:
        """Return the same as a trust configuration of Portadoc."""
        return trust_to_json(self.trust)


def open_kit(folder: Path, *, clock: Clock, random_bytes: RandomBytes) -> Kit:
    """Return the kit of a folder, made when the folder has none yet.

    Raises Misconfigured with the code of what is wrong with the folder, Misconfigured[kit_unreadable],
    [kit_expired].
    """
    ring = _ring(folder, clock, random_bytes)
    if any(key.not_after is not None and key.not_after < clock.now() for key in ring.keys):
        raise Misconfigured("kit_expired", folder=str(folder))
    known = read_trust_file(folder / TRUST_FILE)
    trust = replace(
        known,
        anchors=tuple(each for each in known.anchors if each.purposes & _VOUCHING),
        authorisations=tuple(each for each in known.authorisations if each.purposes & _VOUCHING),
    )
    provider = _provider(
        ring.signer(PROVIDER, KeyPurpose.CLIENT_ATTESTATION), ring.signer(PROVIDER, KeyPurpose.KEY_ATTESTATION)
    )
    return Kit(provider, _stranger(clock, random_bytes), trust, clock, random_bytes)


def _ring(folder: Path, clock: Clock, random_bytes: RandomBytes) -> KeyRing:
    kept = folder / PASSPHRASE_FILE
    try:
        if (folder / INDEX_FILE).exists():
            return KeyRing.open(folder, passphrase=kept.read_bytes())
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not kept.exists():
            write_new_file(kept, random_bytes(24).hex().encode("ascii"))
        return create_development_ring(
            folder,
            [DevelopmentInstitution(PROVIDER, PROVIDER_ID, "FR", "Portadoc conformance kit", _ROLES)],
            base_url=BASE_URL,
            now=clock.now(),
            random_bytes=random_bytes,
            passphrase=kept.read_bytes(),
        )
    except OSError as exc:
        raise Misconfigured("kit_unreadable", folder=str(folder)) from exc


_ROLES: Final = frozenset({Role.WALLET_PROVIDER})


def _provider(client: Signer, keys: Signer) -> WalletProvider:
    return WalletProvider(
        client_attestation=client,
        key_attestation=keys,
        issuer=f"{BASE_URL}/{Role.WALLET_PROVIDER}/{PROVIDER}",
        facts=WalletFacts(name="Portadoc conformance kit", version="1"),
        key_storage=_LEVELS,
        user_authentication=_LEVELS,
    )


def _stranger(clock: Clock, random_bytes: RandomBytes) -> WalletProvider:
    """Return a provider whose certificates are sound and which nobody can have heard of."""
    said = CertifiedInstitution("FR:STRANGER", "FR", "Stranger", (f"{BASE_URL}/stranger",))
    root = make_root(TrustDomain.WALLET, now=clock.now(), random_bytes=random_bytes)
    authority = make_institution_authority(said, root=root, now=clock.now(), random_bytes=random_bytes)

    def signer(purpose: KeyPurpose) -> LocalSigner:
        key = new_private_key(KEY_ALG, random_bytes)
        leaf = issue_leaf(
            said,
            key.public_key(),
            purpose=purpose,
            authority=authority,
            now=clock.now(),
            random_bytes=random_bytes,
        )
        return LocalSigner(key, chain=(leaf, authority.der))

    return _provider(signer(KeyPurpose.CLIENT_ATTESTATION), signer(KeyPurpose.KEY_ATTESTATION))
