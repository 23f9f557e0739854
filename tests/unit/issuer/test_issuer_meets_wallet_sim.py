"""Our issuer and our simulated wallet together, as HAIP and the European profile ask; only the holder is stubbed.

The holder's pages have tests of their own; here the browser goes straight from the request to the approval.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portadoc.errors import Error
from portadoc.formats import strict_json
from portadoc.formats.oauth.wallet_facts import WalletFacts
from portadoc.issuer import InstitutionSettings
from portadoc.issuer.entitlements import entitlement
from portadoc.keys.algorithms import new_private_key
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.signer import LocalSigner
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.randomness import system_random_bytes
from portadoc.schemas.profiles import profile
from portadoc.wallet_sim.identity import WalletIdentity, WalletProvider
from portadoc.wallet_sim.store import MemoryStore
from portadoc.wallet_sim.wallet import Wallet

INSTITUTION = "fr-demo"
ISSUER = f"http://127.0.0.1:8700/issuer/{INSTITUTION}"
CLIENT = "https://wallet.example"


def wallet_of(rig: Any, profile_id: str, **changes: Any) -> Wallet:
    """Return a wallet that the development wallet provider vouches for."""
    provider = WalletProvider(
        client_attestation=rig.key_ring.signer("wallet-provider", KeyPurpose.CLIENT_ATTESTATION),
        key_attestation=rig.key_ring.signer("wallet-provider", KeyPurpose.KEY_ATTESTATION),
        facts=WalletFacts(name="Wallet (test)"),
        key_storage=("iso_18045_high",),
        user_authentication=("iso_18045_high",),
        **{"issuer": None, **changes},
    )
    instance = LocalSigner(new_private_key("ES256", system_random_bytes))
    return Wallet(
        MemoryStore(),
        transport=rig.transport,
        trust=read_trust_file(rig.key_ring.directory / TRUST_FILE),
        clock=rig.clock,
        random_bytes=system_random_bytes,
        profile=profile(profile_id),
        identity=WalletIdentity(
            client_id=CLIENT, redirect_uri=f"{CLIENT}/callback", instance=instance, provider=provider
        ),
    )


def browser_of(rig: Any, *record_ids: str) -> Callable[[str], str]:
    """Return a browser whose holder is known to the issuer and approves."""

    def browse(url: str) -> str:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        authorizations = rig.issuer.authorizations
        begun = authorizations.begin(
            INSTITUTION, client_id=asked["client_id"], request_uri=asked["request_uri"], browser_secret="browser"
        )
        known = authorizations.identified(begun, {"family_name": "Test"})
        entitled = authorizations.entitle(known, [entitlement(each, "pda1") for each in record_ids])
        return str(authorizations.approve(entitled))

    return browse


def test_edp_10_the_wallet_keeps_the_policy_that_the_issuer_publishes(make_rig: Any) -> None:
    values = [{"dn": "ORGID=DE:TEST90,C=DE"}]
    policy = {"id": "urn:example:policy", "policy": "allowList", "options": {"values": values}}
    institution = InstitutionSettings(
        slug=INSTITUTION,
        institution_id="FR:TEST01",
        names={"en": "Test"},
        configuration_ids=("pda1",),
        disclosure_policies={"pda1": policy},
    )
    rig = make_rig(profile="eudi-2026", institutions=(institution,))
    (held,) = wallet_of(rig, "eudi-2026").ask(ISSUER, ["pda1"], browser=browser_of(rig, rig.record()))
    assert strict_json.loads_object(held.disclosure_policy or "", what="policy") == policy


@pytest.mark.parametrize("profile_id", ["haip-1.0", "eudi-2026"])
@pytest.mark.parametrize("changes", [{"issuer": CLIENT}, {"preferred_proof": "attestation"}], ids=["jwt", "att"])
def test_the_wallet_obtains_a_batch_by_the_code_flow(
    profile_id: str, changes: dict[str, Any], make_rig: Any
) -> None:
    rig = make_rig(profile=profile_id)
    wallet = wallet_of(rig, profile_id, **changes)
    held = wallet.ask(ISSUER, ["pda1"], browser=browser_of(rig, rig.record()), copies=3)
    assert [each.configuration_id for each in held] == ["pda1"] * 3
    assert len({each.holder_key["x"] for each in held}) == 3


def test_every_document_of_the_holder_comes_with_its_own_identifier(make_rig: Any) -> None:
    rig = make_rig(profile="haip-1.0")
    wallet = wallet_of(rig, "haip-1.0")
    held = wallet.ask(ISSUER, ["pda1"], browser=browser_of(rig, rig.record(), rig.record()))
    assert len(held) == 2


def test_fresh_copies_come_without_the_holder_while_the_refresh_token_lives(make_rig: Any) -> None:
    rig = make_rig(profile="haip-1.0")
    wallet = wallet_of(rig, "haip-1.0")
    wallet.ask(ISSUER, ["pda1"], browser=browser_of(rig, rig.record()))
    rig.clock.advance(3600)
    assert len(wallet.renew("pda1", copies=2)) == 2


def test_another_wallet_cannot_use_what_was_granted(make_rig: Any) -> None:
    rig = make_rig(profile="haip-1.0")
    wallet, thief = wallet_of(rig, "haip-1.0"), wallet_of(rig, "haip-1.0")
    wallet.ask(ISSUER, ["pda1"], browser=browser_of(rig, rig.record()))
    (access,) = wallet._store.accesses()
    thief._store.keep_access(access)
    rig.clock.advance(3600)
    with pytest.raises(Error):
        thief.renew("pda1")
    assert thief.credentials() == ()
