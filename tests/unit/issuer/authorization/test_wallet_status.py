"""What a wallet provider has withdrawn is let in no more: [S-31], ISSU_30; TS3 v1.5 §2.4.1."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from portadoc.clock import FixedClock
from portadoc.errors import Unavailable
from portadoc.fetch import Fetched
from portadoc.formats.status_list.jwt_form import make_status_list_token
from portadoc.formats.status_list.statuses import StatusList
from portadoc.issuer.attestation_status import REMEMBERED_S
from portadoc.issuer.identification.pid_status import FetchedStatuses
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyPurpose, KeyRing
from portadoc.keys.signer import Signer
from portadoc.keys.trust.trust_file import TRUST_FILE, read_trust_file
from portadoc.randomness import system_random_bytes
from tests.unit.issuer.conftest import A1, BASE_URL, HEALTH, NOW, WALLET_PROVIDER
from tests.unit.issuer.wallets import AttestedWallet

LIST = "https://provider.example/status/1"
INVALID = (401, "invalid_client", "client_attestation_invalid")
UNKNOWN = (503, "temporarily_unavailable", "attestation_status_unknown")
STRICT, LENIENT = "eudi-2026", "haip-1.0"


@dataclass
class ProviderSite:
    """What the provider publishes; a list that it does not cannot be had."""

    lists: dict[str, str] = field(default_factory=dict)
    asked: int = 0

    def get(self, url: str, **_: Any) -> Fetched:
        self.asked += 1
        if url not in self.lists:
            raise Unavailable("fetch_failed", reason="refused")
        return Fetched(url, 200, "application/statuslist+jwt", {}, self.lists[url].encode())

    def publish(self, signer: Signer, *withdrawn: int, status: int = 1, ttl: int = 300) -> None:
        statuses = StatusList.of(64, bits=2).with_status(withdrawn, status)
        self.lists[LIST] = make_status_list_token(
            statuses, uri=LIST, iat=NOW, exp=NOW + 3600, ttl=ttl, signer=signer
        )


@pytest.fixture(scope="module")
def provider_ring(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """Keys of a wallet provider that publishes a status list of its own."""
    roles = {A1: {Role.ISSUER}, HEALTH: {Role.ISSUER}, WALLET_PROVIDER: {Role.ISSUER, Role.WALLET_PROVIDER}}
    institutions = [
        DevelopmentInstitution(
            slug=slug,
            id=f"FR:TEST0{number}",
            country="FR",
            name=slug,
            roles=frozenset(of),
            credential_types=frozenset({"urn:eudi:pda1:1"}),
        )
        for number, (slug, of) in enumerate(roles.items(), start=1)
    ]
    return create_development_ring(
        tmp_path_factory.mktemp("providers") / "keys",
        institutions,
        base_url=BASE_URL,
        now=NOW,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )


@pytest.fixture
def site() -> ProviderSite:
    return ProviderSite()


@pytest.fixture
def make_wallet(make_rig: Any, provider_ring: KeyRing, site: ProviderSite) -> Any:
    """Return a maker of wallets at an issuer under a profile, which reads the provider's lists."""
    trust = read_trust_file(provider_ring.directory / TRUST_FILE)

    def make(profile: str) -> AttestedWallet:
        def statuses(clock: FixedClock) -> FetchedStatuses:
            return FetchedStatuses(site, lambda: trust, clock, skew_s=60)

        rig = make_rig(ring=provider_ring, wallet_trust=trust, wallet_statuses=statuses, profile=profile)
        return AttestedWallet(rig)

    return make


@pytest.fixture
def provider_key(provider_ring: KeyRing) -> Signer:
    return provider_ring.signer(WALLET_PROVIDER, KeyPurpose.STATUS)


def pushed(wallet: AttestedWallet, *, ends_in: int = 86_400 * 30, claim: str = "client_status") -> Any:
    status = {"status_list": {"idx": 7, "uri": LIST}}
    told = {"status": status, "exp": wallet.rig.clock.now() + ends_in} if claim == "client_status" else status
    attestation = wallet.attestation(**{claim: told})
    response = wallet.push({"OAuth-Client-Attestation": attestation, "OAuth-Client-Attestation-PoP": wallet.pop()})
    return response.status if response.status == 201 else wallet.rig.error_of(response)


@pytest.mark.parametrize("profile", ["ietf-latest", LENIENT, STRICT])
@pytest.mark.parametrize("claim", ["client_status", "status"])
@pytest.mark.parametrize("status", [1, 2])
def test_s31_a_wallet_that_its_provider_has_withdrawn_is_refused_under_every_profile(
    make_wallet: Any, site: ProviderSite, provider_key: Signer, profile: str, claim: str, status: int
) -> None:
    site.publish(provider_key, 7, status=status)
    assert pushed(make_wallet(profile), claim=claim) == INVALID


def test_one_that_is_not_withdrawn_is_let_in(make_wallet: Any, site: ProviderSite, provider_key: Signer) -> None:
    site.publish(provider_key, 6, 8)
    assert pushed(make_wallet(STRICT)) == 201


def test_one_without_a_status_is_let_in_and_nothing_is_asked(make_wallet: Any, site: ProviderSite) -> None:
    assert make_wallet(STRICT).push().status == 201
    assert site.asked == 0


@pytest.mark.parametrize("fault", ["nothing published", "another institution", "ran out"])
@pytest.mark.parametrize(("profile", "outcome"), [(STRICT, UNKNOWN), (LENIENT, 201)])
def test_what_cannot_be_learned_is_refused_where_the_profile_says_so(
    make_wallet: Any, site: ProviderSite, provider_ring: KeyRing, fault: str, profile: str, outcome: Any
) -> None:
    wallet = make_wallet(profile)
    if fault == "another institution":
        site.publish(provider_ring.signer(A1, KeyPurpose.STATUS), 7)
    if fault == "ran out":
        site.publish(provider_ring.signer(WALLET_PROVIDER, KeyPurpose.STATUS), 7)
        wallet.rig.clock.advance(3700)
    assert pushed(wallet) == outcome


@pytest.mark.parametrize(("profile", "outcome"), [(STRICT, INVALID), (LENIENT, 201)])
def test_a_status_that_nobody_keeps_up_any_more_is_no_status(
    make_wallet: Any, site: ProviderSite, provider_key: Signer, profile: str, outcome: Any
) -> None:
    site.publish(provider_key)
    assert pushed(make_wallet(profile), ends_in=-61) == outcome
    assert pushed(make_wallet(profile), ends_in=-60) == 201


def test_an_index_outside_the_list_is_refused(make_wallet: Any, site: ProviderSite, provider_key: Signer) -> None:
    site.publish(provider_key)
    wallet = make_wallet(LENIENT)
    attestation = wallet.attestation(status={"status_list": {"idx": 64, "uri": LIST}})
    refused = wallet.push({"OAuth-Client-Attestation": attestation, "OAuth-Client-Attestation-PoP": wallet.pop()})
    assert wallet.rig.error_of(refused) == INVALID


def test_an_attestation_of_a_stranger_makes_us_ask_nobody(make_wallet: Any, site: ProviderSite) -> None:
    wallet = make_wallet(STRICT)
    wallet.provider = wallet.rig.key_ring.signer(A1, KeyPurpose.CREDENTIAL)
    assert pushed(wallet) == INVALID
    assert site.asked == 0


def test_a_list_is_asked_for_once_in_a_minute(make_wallet: Any, site: ProviderSite, provider_key: Signer) -> None:
    wallet = make_wallet(STRICT)
    site.publish(provider_key)
    assert [pushed(wallet), pushed(wallet)] == [201, 201]
    site.publish(provider_key, 7)
    wallet.rig.clock.advance(REMEMBERED_S - 1)
    assert (pushed(wallet), site.asked) == (201, 1)
    wallet.rig.clock.advance(1)
    assert (pushed(wallet), site.asked) == (INVALID, 2)
