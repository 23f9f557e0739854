"""Certificates behind seals in the trust pack: our own, and of others where the trust proves what they publish."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from portadoc.errors import Unavailable
from portadoc.fetch import Fetched
from portadoc.formats import strict_json
from portadoc.formats.trust_pack import TrustPack
from portadoc.keys.development_ring import DevelopmentInstitution, Role, create_development_ring
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.published_chains import chains_to_json
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.randomness import system_random_bytes
from portadoc.verification.pack_answers import open_trust_pack
from portadoc.verifier.settings import TrustPackSettings, VerifierSettings
from portadoc.verifier.trust import seal_signers

SLUG = "de-inspection"
URI = "https://elsewhere.example/issuer/pl-office/seal-certificates"


def published(chains: Any, content_type: str = "application/json") -> Callable[[], Fetched]:
    body = chains if isinstance(chains, bytes) else strict_json.dumps(chains_to_json(chains))
    return lambda: Fetched(URI, 200, content_type, {}, body)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> KeyRing:
    """Return the keys of an issuer that lives elsewhere, under roots of its own."""
    office = DevelopmentInstitution(
        slug="pl-office",
        id="PL:TEST50",
        country="PL",
        name="Urząd (test)",
        roles=frozenset({Role.ISSUER}),
        credential_types=frozenset({"urn:eudi:pda1:1"}),
    )
    return create_development_ring(
        tmp_path_factory.mktemp("elsewhere") / "keys",
        [office],
        base_url="https://elsewhere.example",
        now=1_795_000_000,
        random_bytes=system_random_bytes,
        passphrase=b"test",
    )


def trust_of(ring: KeyRing) -> TrustStore:
    import json

    from portadoc.keys.trust.trust_file import TRUST_FILE, trust_from_json

    return trust_from_json(json.loads((ring.directory / TRUST_FILE).read_text(encoding="utf-8")))


def both(world: Any, ring: KeyRing) -> TrustStore:
    own, other = world.keys.trust, trust_of(ring)
    return TrustStore((*own.anchors, *other.anchors), (*own.authorisations, *other.authorisations))


def packed(world: Any, verifier: Any | None = None) -> set[tuple[bytes, ...]]:
    made = (verifier or world.verifier).trust_pack(SLUG)
    pack: TrustPack = open_trust_pack(
        made.pack, operators=world.keys.trust, operator="DE:TEST90", at=world.clock.now()
    )
    return set(pack.signer_chains)


def own_chains(world: Any) -> set[tuple[bytes, ...]]:
    return set(world.keys.ring.chains(KeyPurpose.DOCUMENT_SEAL))


@pytest.fixture
def world(make_world: Callable[..., Any]) -> Any:
    return make_world(trust_pack=TrustPackSettings(seal_certificates=(URI,), renew_s=1))


def test_what_the_trust_proves_is_packed(world: Any, elsewhere: KeyRing) -> None:
    chains = elsewhere.chains(KeyPurpose.DOCUMENT_SEAL)
    world.network.published[URI] = published(chains)
    verifier = world.another_process(trust=both(world, elsewhere))
    assert verifier.refresh_seal_certificates() == 1
    assert packed(world, verifier) == own_chains(world) | set(chains)


def test_what_the_trust_does_not_prove_is_left_out(world: Any, elsewhere: KeyRing) -> None:
    strangers = elsewhere.chains(KeyPurpose.DOCUMENT_SEAL)
    of_another_purpose = world.signer("fr-demo", KeyPurpose.CREDENTIAL).chain
    world.network.published[URI] = published((*strangers, of_another_purpose, (b"no certificate",)))
    assert world.verifier.refresh_seal_certificates() == 1
    assert packed(world) == own_chains(world)


def test_trust_is_asked_each_time_a_pack_is_made(world: Any, elsewhere: KeyRing) -> None:
    chains = elsewhere.chains(KeyPurpose.DOCUMENT_SEAL)
    world.network.published[URI] = published(chains)
    trusting = world.another_process(trust=both(world, elsewhere))
    trusting.refresh_seal_certificates()
    assert set(chains) <= packed(world, trusting)
    world.clock.advance(5)
    assert packed(world) == own_chains(world)


def test_an_address_is_asked_once_an_hour_and_another_process_knows_of_it(world: Any) -> None:
    asked = []

    def answer() -> Fetched:
        asked.append(world.clock.now())
        return published(())()

    world.network.published[URI] = answer
    assert [world.verifier.refresh_seal_certificates() for _ in range(3)] == [1, 0, 0]
    assert world.another_process().refresh_seal_certificates() == 0
    world.clock.advance(3600)
    assert world.verifier.refresh_seal_certificates() == 1
    assert world.verifier.refresh_seal_certificates(everything=True) == 1
    assert len(asked) == 3


@pytest.mark.parametrize(
    "answer",
    [
        published(b'{"chains": 1}'),
        published(b"no json"),
        published((), "text/html"),
        Unavailable("fetch_failed", reason="timeout"),
    ],
    ids=["form", "json", "media type", "timeout"],
)
def test_what_was_read_last_stands_while_the_address_gives_nothing_good(
    world: Any, elsewhere: KeyRing, answer: Any
) -> None:
    chains = elsewhere.chains(KeyPurpose.DOCUMENT_SEAL)
    world.network.published[URI] = published(chains)
    verifier = world.another_process(trust=both(world, elsewhere))
    verifier.refresh_seal_certificates()
    world.network.published[URI] = answer
    world.clock.advance(3600)
    assert [verifier.refresh_seal_certificates() for _ in range(2)] == [0, 0]
    assert set(chains) <= packed(world, verifier)
    world.network.published[URI] = published(())
    assert verifier.refresh_seal_certificates() == 0  # not asked again at once
    world.clock.advance(60)
    assert verifier.refresh_seal_certificates() == 1
    assert packed(world, verifier) == own_chains(world)


def test_more_than_a_pack_holds_are_left_out_and_the_operator_is_told(
    world: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(seal_signers, "MAX_SIGNERS", 2)
    assert len(packed(world)) == 2
    assert "1 certificates of seals more than a trust pack holds" in caplog.text


def test_without_addresses_nobody_is_asked(make_world: Callable[..., Any]) -> None:
    world = make_world()
    assert world.verifier.refresh_seal_certificates(everything=True) == 0
    assert packed(world) == own_chains(world)


def test_production_asks_over_https_only() -> None:
    with pytest.raises(ValidationError, match=r"trust_pack.seal_certificates"):
        VerifierSettings(
            base_url="https://a.example",
            mode="production",
            institutions=(),
            trust_pack=TrustPackSettings(seal_certificates=("http://a.example/x",)),
        )


class TestListsAtHome:
    """Status lists of issuers in the same house are held without anybody naming them."""

    def test_they_are_fetched_and_packed_as_soon_as_they_are_there(self, make_world: Callable[..., Any]) -> None:
        at_home: list[str] = []
        world = make_world(lists_at_home=lambda: tuple(at_home))
        assert world.verifier.refresh_status_lists() == 0
        at_home.append(world.LIST_URI)
        assert world.verifier.refresh_status_lists() == 2  # for each institution that verifies
        made = world.verifier.trust_pack(SLUG)
        pack = open_trust_pack(made.pack, operators=world.keys.trust, operator="DE:TEST90", at=world.clock.now())
        assert [each.uri for each in pack.status_lists] == [world.LIST_URI]

    def test_a_pack_that_was_made_before_one_came_is_made_anew_at_once(
        self, make_world: Callable[..., Any]
    ) -> None:
        at_home: list[str] = []
        world = make_world(lists_at_home=lambda: tuple(at_home))
        assert [world.verifier.trust_pack(SLUG).sequence for _ in range(2)] == [1, 1]
        at_home.append(world.LIST_URI)
        world.verifier.refresh_status_lists()
        assert [world.verifier.trust_pack(SLUG).sequence for _ in range(2)] == [2, 2]

    def test_they_stay_fresh_though_nobody_asks_for_them(self, make_world: Callable[..., Any]) -> None:
        world = make_world(lists_at_home=lambda: (world.LIST_URI,))
        world.verifier.refresh_status_lists()
        fetched = 0
        for _ in range(40):
            world.clock.advance(6 * 3600)
            now = world.clock.now()
            world.publish(iat=now - 1, exp=now + 86_400)
            fetched += world.verifier.refresh_status_lists()
        assert fetched == 80


def test_b05_one_institution_does_not_crowd_out_others(
    world: Any, elsewhere: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal_signers, "MOST_OF_ONE", 1)
    [chain] = elsewhere.chains(KeyPurpose.DOCUMENT_SEAL)
    longer = (*chain, chain[-1])
    world.network.published[URI] = published((chain, longer, chain[:1]))
    verifier = world.another_process(trust=both(world, elsewhere))
    assert verifier.refresh_seal_certificates() == 1
    assert packed(world, verifier) - own_chains(world) == {chain}
