"""Wallet providers: whose word counts about wallets and keys, ours by its purpose and others by their list."""

from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Misconfigured, Untrusted
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import DOMAIN_OF_PURPOSE, EXTENDED_KEY_USAGE, KeyPurpose, TrustDomain
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file, trust_from_json, trust_to_json
from portadoc.keys.trust.trust_store import Authorisation, TrustAnchor, TrustStore, anchor_id
from portadoc.keys.trust.wallet_providers import (
    TrustsNobody,
    WalletPurpose,
    trust_in_wallet_providers,
    wallet_provider_key,
    without_wallet_providers,
)

from .conftest import BASE_URL, DAY, INSTITUTIONS, NOW, PASSPHRASE, Certified, Draft, Workshop, seeded

PROVIDER = DevelopmentInstitution(
    "wallets", "FR:TEST98", "FR", "Wallet provider (test)", frozenset({Role.WALLET_PROVIDER})
)
PURPOSES: tuple[WalletPurpose, ...] = (KeyPurpose.CLIENT_ATTESTATION, KeyPurpose.KEY_ATTESTATION)
USAGES = {purpose: EXTENDED_KEY_USAGE[purpose] for purpose in PURPOSES}


@pytest.fixture
def wallet_ring(tmp_path: Path) -> KeyRing:
    return create_development_ring(
        tmp_path / "ring",
        (*INSTITUTIONS, PROVIDER),
        base_url=BASE_URL,
        now=NOW,
        random_bytes=seeded(b"wallets"),
        passphrase=PASSPHRASE,
    )


def refusal(trust: TrustStore, chain: tuple[bytes, ...], purpose: WalletPurpose) -> str:
    with pytest.raises(Untrusted) as refused:
        wallet_provider_key(chain, trust=trust, purpose=purpose, at=NOW)
    return str(refused.value.params["reason"])


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_development_provider_has_a_trusted_key_for_each_purpose(
    wallet_ring: KeyRing, purpose: WalletPurpose
) -> None:
    trust = read_trust_file(wallet_ring.directory / TRUST_FILE)
    signer = wallet_ring.signer("wallets", purpose)
    trusted = wallet_provider_key(signer.chain, trust=trust, purpose=purpose, at=NOW)
    assert (trusted.key.kid, trusted.institution_id, trusted.country) == (signer.kid, "FR:TEST98", "FR")
    (other,) = set(PURPOSES) - {purpose}
    assert refusal(trust, signer.chain, other) == "extended_key_usage"


def test_a_provider_has_no_other_keys_and_nobody_else_has_these(wallet_ring: KeyRing) -> None:
    held = {(key.institution, key.purpose) for key in wallet_ring.keys}
    assert {purpose for slug, purpose in held if slug == "wallets"} == set(PURPOSES)
    assert {slug for slug, purpose in held if purpose in PURPOSES} == {"wallets"}
    assert wallet_ring.index.institutions["wallets"].urls == (f"{BASE_URL}/wallet-provider/wallets",)


def test_the_roots_of_wallets_vouch_for_nothing_else(wallet_ring: KeyRing) -> None:
    trust = read_trust_file(wallet_ring.directory / TRUST_FILE)
    (root,) = [anchor for anchor in trust.anchors if anchor.name == "development-wallet"]
    assert root.purposes == set(PURPOSES)
    assert {DOMAIN_OF_PURPOSE[purpose] for purpose in root.purposes} == {TrustDomain.WALLET}
    chain = wallet_ring.signer("fr-demo", KeyPurpose.CREDENTIAL).chain
    assert refusal(trust, chain, KeyPurpose.KEY_ATTESTATION) == "extended_key_usage"


def test_keys_of_a_provider_can_be_rotated(wallet_ring: KeyRing) -> None:
    trust = read_trust_file(wallet_ring.directory / TRUST_FILE)
    before = wallet_ring.signer("wallets", KeyPurpose.KEY_ATTESTATION).kid
    ring = wallet_ring.new_key("wallets", KeyPurpose.KEY_ATTESTATION, now=NOW + DAY, random_bytes=seeded(b"next"))
    signer = ring.signer("wallets", KeyPurpose.KEY_ATTESTATION)
    assert signer.kid != before
    assert (
        wallet_provider_key(signer.chain, trust=trust, purpose=KeyPurpose.KEY_ATTESTATION, at=NOW + DAY).key.kid
        == signer.kid
    )


def test_an_installation_from_before_there_were_wallet_providers_opens(ring: KeyRing) -> None:
    file = ring.directory / TRUST_FILE
    trust = read_trust_file(file)
    earlier = TrustStore(
        tuple(anchor for anchor in trust.anchors if anchor.name != "development-wallet"), trust.authorisations
    )
    assert trust_from_json(trust_to_json(earlier)) == earlier
    opened = KeyRing.open(ring.directory, passphrase=PASSPHRASE)
    opened.check()
    chain = opened.signer("fr-demo", KeyPurpose.CREDENTIAL).chain
    assert refusal(earlier, chain, KeyPurpose.KEY_ATTESTATION) == "extended_key_usage"
    with pytest.raises(Misconfigured, match="key_missing"):
        opened.signer("fr-demo", KeyPurpose.KEY_ATTESTATION)


def listed(root: Certified, **changes: Any) -> TrustStore:
    """Return trust in a provider that stands on a list, as wallet providers from elsewhere do."""
    purposes = frozenset(PURPOSES)
    anchor = TrustAnchor("list", root.der, purposes, "https://lists.example/wallets")
    authorisation = Authorisation(
        institution="FR:TEST01",
        name="Wallet provider",
        country="FR",
        issuers=frozenset(),
        purposes=purposes,
        credential_types=frozenset(),
        valid_from=NOW - DAY,
        anchors=frozenset({anchor_id(root.der)}),
    )
    return TrustStore((anchor, *changes.get("anchors", ())), (authorisation,))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_provider_of_a_list_needs_no_extended_key_usage_of_ours(
    workshop: Workshop, purpose: WalletPurpose
) -> None:
    leaf = workshop.leaf_draft.but(purposes=()).make()
    trusted = wallet_provider_key(
        (leaf.der, workshop.authority.der), trust=listed(workshop.root), purpose=purpose, at=NOW
    )
    assert trusted.institution_id == "FR:TEST01"
    assert trusted.trust_lists == {"https://lists.example/wallets"}


@pytest.mark.parametrize("usages", [(USAGES[KeyPurpose.CLIENT_ATTESTATION],), ("1.3.6.1.5.5.7.3.2",)])
def test_a_usage_that_a_certificate_names_binds_it_all_the_same(
    workshop: Workshop, usages: tuple[str, ...]
) -> None:
    leaf = workshop.leaf_draft.but(purposes=usages).make()
    chain = (leaf.der, workshop.authority.der)
    assert refusal(listed(workshop.root), chain, KeyPurpose.KEY_ATTESTATION) == "extended_key_usage"


def test_an_anchor_that_vouches_for_others_too_asks_for_the_usage(workshop: Workshop) -> None:
    leaf = workshop.leaf_draft.but(purposes=()).make()
    both = TrustAnchor("also", workshop.root.der, frozenset({KeyPurpose.CREDENTIAL}))
    chain = (leaf.der, workshop.authority.der)
    trust = listed(workshop.root, anchors=(both,))
    assert refusal(trust, chain, KeyPurpose.KEY_ATTESTATION) == "extended_key_usage"


def test_a_signer_that_is_listed_itself_is_trusted(workshop: Workshop) -> None:
    own: Draft = workshop.leaf_draft.but(purposes=())
    leaf = own.make()
    trusted = wallet_provider_key((leaf.der,), trust=listed(leaf), purpose=KeyPurpose.CLIENT_ATTESTATION, at=NOW)
    assert trusted.not_after == leaf_end(leaf)


def leaf_end(leaf: Certified) -> int:
    return int(leaf.certificate.not_valid_after_utc.timestamp())


def test_a_configuration_without_wallet_providers_believes_nobody(wallet_ring: KeyRing) -> None:
    known = read_trust_file(wallet_ring.directory / TRUST_FILE)
    assert trust_in_wallet_providers(known) is known
    others = tuple(each for each in known.anchors if not each.purposes & set(PURPOSES))
    nobody = trust_in_wallet_providers(TrustStore(others, known.authorisations))
    assert isinstance(nobody, TrustsNobody)
    for purpose in PURPOSES:
        with pytest.raises(Untrusted, match="no_wallet_provider"):
            wallet_provider_key((), trust=nobody, purpose=purpose, at=NOW)


def test_who_judges_certificates_gets_the_trust_without_wallet_providers(wallet_ring: KeyRing) -> None:
    whole = read_trust_file(wallet_ring.directory / TRUST_FILE)
    trust = without_wallet_providers(whole)
    assert not any(each.purposes & set(PURPOSES) for each in (*trust.anchors, *trust.authorisations))
    others = [each for each in whole.anchors if not each.purposes & set(PURPOSES)]
    assert list(trust.anchors) == others
    assert PROVIDER.id not in {each.institution for each in trust.authorisations}
    assert without_wallet_providers(trust) == trust
