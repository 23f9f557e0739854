"""The trust pack of a verifier: what is in it, that its numbers only grow, and how it is handed out."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI

from portadoc.errors import Error, Misconfigured
from portadoc.formats.trust_pack import MEDIA_TYPE, TrustPack
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.wallet_providers import without_wallet_providers
from portadoc.schemas.type_metadata import type_metadata
from portadoc.verification.pack_answers import open_trust_pack
from portadoc.verifier.http.trust_pack import trust_pack_router
from portadoc.verifier.settings import TrustPackSettings, VerifierSettings
from portadoc.verifier.store import status_list_store, trust_pack_store
from portadoc.verifier.store.status_list_store import StoredStatusList
from portadoc.verifier.store.trust_pack_store import StoredTrustPack
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.web.app import install_problems

SLUG = "de-inspection"


def opened(world: Any, slug: str = SLUG) -> TrustPack:
    made = world.verifier.trust_pack(slug)
    operator = world.settings.by_slug[slug].institution_id
    return open_trust_pack(made.pack, operators=world.keys.trust, operator=operator, at=world.clock.now())


def with_list(world: Any) -> None:
    """Let the verifier meet a credential, so that it fetches its status list."""
    world.ask().answer()


def test_a_pack_holds_trust_types_seals_and_every_list_that_is_held(world: Any) -> None:
    with_list(world)
    pack = opened(world)
    assert (pack.operator, pack.sequence, pack.as_of) == ("DE:TEST90", 1, world.NOW)
    assert pack.exp == world.NOW + 7 * 86_400
    assert pack.trust == without_wallet_providers(world.keys.trust)
    seals = {
        world.signer(slug, KeyPurpose.DOCUMENT_SEAL).chain for slug in ("fr-demo", "fr-health", "fr-identity")
    }
    assert set(pack.signer_chains) == seals
    assert pack.type_metadata["urn:eudi:pda1:1"].encode() == type_metadata("urn:eudi:pda1:1")
    (held,) = pack.status_lists
    assert (held.uri, held.resolved_at) == (world.LIST_URI, world.NOW)
    assert pack.withdrawal_lists == ()


def test_a_list_of_one_institution_is_not_in_the_pack_of_another(world: Any) -> None:
    with_list(world)
    assert opened(world, "de-other").status_lists == ()
    assert opened(world, "de-other").operator == "DE:TEST91"


def test_a_list_that_has_ended_is_left_out(world: Any) -> None:
    with_list(world)
    world.clock.advance(86_400)
    assert opened(world).status_lists == ()


def test_withdrawal_lists_go_with_their_status_lists_as_far_as_there_is_room(
    make_world: Callable[..., Any],
) -> None:
    tokens = {"status": b"a.b.c", "withdrawals": "d.e.f"}
    for budget, expected in ((10, ["d.e.f"]), (9, [])):
        world = make_world(trust_pack=TrustPackSettings(max_list_bytes=budget))
        kept = StoredStatusList(
            uri=world.LIST_URI,
            issued_by="FR:TEST01",
            form="jwt",
            token=tokens["status"],
            withdrawals=tokens["withdrawals"],
            iat=world.NOW - 60,
            fetched_at=world.NOW - 30,
            refresh_at=world.NOW + 300,
            expires_at=world.NOW + 600,
            used_at=world.NOW,
        )
        with world.database.transaction() as connection:
            status_list_store.keep_list(connection, SLUG, kept, max_lists=8)
        pack = opened(world)
        assert [each.unverified_token for each in pack.status_lists] == ["a.b.c"]
        assert [each.unverified_token for each in pack.withdrawal_lists] == expected


def test_lists_beyond_the_budget_are_left_out(make_world: Callable[..., Any]) -> None:
    world = make_world(trust_pack=TrustPackSettings(max_list_bytes=10))
    with_list(world)
    assert opened(world).status_lists == ()


def test_a_new_pack_is_made_when_it_is_due_and_its_number_grows(world: Any) -> None:
    first = world.verifier.trust_pack(SLUG)
    world.clock.advance(299)
    assert world.verifier.trust_pack(SLUG) == first
    world.clock.advance(1)
    second = world.verifier.trust_pack(SLUG)
    assert (first.sequence, second.sequence) == (1, 2)
    assert second.as_of == world.NOW + 300


def test_another_process_hands_out_the_same_pack_and_goes_on_counting(world: Any) -> None:
    first = world.verifier.trust_pack(SLUG)
    other = world.another_process()
    assert other.trust_pack(SLUG) == first
    world.clock.advance(300)
    assert other.trust_pack(SLUG).sequence == 2
    assert world.verifier.trust_pack(SLUG).sequence == 2


def test_review_f12_a_pack_of_a_clock_that_ran_ahead_is_not_handed_out_any_more(world: Any) -> None:
    world.clock.advance(10**6)
    ahead = world.verifier.trust_pack(SLUG)
    world.clock.advance(-(10**6))
    set_right = world.verifier.trust_pack(SLUG)
    assert (set_right.as_of, set_right.sequence) == (world.NOW, ahead.sequence + 1)
    assert opened(world).as_of == world.NOW
    assert world.another_process().trust_pack(SLUG) == set_right


def test_a_number_whose_pack_was_never_signed_is_never_used_again(world: Any) -> None:
    with world.database.transaction() as connection:
        assert trust_pack_store.next_sequence(connection, SLUG, as_of=world.NOW) == 1
    assert world.verifier.trust_pack(SLUG).sequence == 2


def test_of_two_that_are_made_at_once_the_newer_one_is_handed_out(world: Any) -> None:
    with world.database.transaction() as connection:
        older = trust_pack_store.next_sequence(connection, SLUG, as_of=world.NOW)
        newer = trust_pack_store.next_sequence(connection, SLUG, as_of=world.NOW)
        for sequence in (newer, older):
            made = StoredTrustPack(
                sequence=sequence, as_of=world.NOW, expires_at=world.NOW + 9, pack=bytes([sequence])
            )
            trust_pack_store.keep_pack(connection, SLUG, made)
        found = trust_pack_store.newest_pack(connection, SLUG)
    assert found is not None
    assert (found.sequence, found.pack) == (newer, bytes([newer]))


def test_many_who_ask_at_once_get_one_pack(world: Any) -> None:
    found: list[StoredTrustPack] = []
    threads = [threading.Thread(target=lambda: found.append(world.verifier.trust_pack(SLUG))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {each.sequence for each in found} == {1}


def test_a_key_without_a_certificate_in_the_institution_s_name_signs_no_pack(
    world: Any, make_world: Callable[..., Any]
) -> None:
    @dataclass
    class Ring:
        ring: KeyRing
        chain: tuple[bytes, ...] = field(default=())

        def __getattr__(self, name: str) -> Any:
            return getattr(self.ring, name)

        def signer(self, slug: str, purpose: KeyPurpose) -> Any:
            signer = self.ring.signer(slug, purpose)
            if purpose is KeyPurpose.TRUST_LIST:
                return type("Bare", (), {"chain": self.chain, "sign": signer.sign, "alg": signer.alg})()
            return signer

    for chain in ((), world.signer("de-other", KeyPurpose.TRUST_LIST).chain):
        verifier = world.another_process(ring=Ring(world.keys.ring, chain))
        with pytest.raises(Misconfigured, match="trust_pack_certificate"):
            verifier.trust_pack(SLUG)


def test_an_unknown_institution_has_no_pack(world: Any) -> None:
    with pytest.raises(Error, match="not_found"):
        world.verifier.trust_pack("unknown")


@pytest.fixture
def http(world: Any) -> AsgiTransport:
    app = FastAPI(openapi_url=None)
    app.include_router(trust_pack_router(world.verifier))
    install_problems(app)
    return AsgiTransport(app, world.BASE_URL)


def test_the_pack_is_public_and_cacheable(world: Any, http: AsgiTransport) -> None:
    own = http.get(f"{world.BASE_URL}/verifier/{SLUG}/trust/pack")
    assert own.status == 200
    assert own.headers["content-type"] == MEDIA_TYPE
    assert own.headers["cache-control"] == "public, max-age=300"
    assert own.headers["access-control-allow-origin"] == "*"
    assert own.headers["etag"] == '"1"'
    assert http.get(f"{world.BASE_URL}/verifier/unknown/trust/pack").status == 404


def test_the_pack_at_the_root_is_that_of_the_first_institution(world: Any, http: AsgiTransport) -> None:
    first = http.get(f"{world.BASE_URL}/trust/pack")
    assert first.body == http.get(f"{world.BASE_URL}/verifier/{SLUG}/trust/pack").body
    assert first.body != http.get(f"{world.BASE_URL}/verifier/de-other/trust/pack").body


@pytest.mark.parametrize("known", ['"1"', 'W/"1"', "*"])
def test_whoever_has_the_pack_is_told_so(world: Any, http: AsgiTransport, known: str) -> None:
    address = f"{world.BASE_URL}/trust/pack"
    again = http.get(address, headers={"if-none-match": known})
    assert (again.status, again.body, again.headers["etag"]) == (304, b"", '"1"')
    assert http.get(address, headers={"if-none-match": '"0"'}).status == 200


def test_an_installation_where_nobody_verifies_has_no_pack(make_world: Callable[..., Any]) -> None:
    with pytest.raises(Error, match="not_found"):
        _ = make_world(institutions=()).verifier.operator


def test_settings_of_packs_have_to_fit_together() -> None:
    with pytest.raises(ValueError, match="lifetime_s"):
        VerifierSettings(
            base_url="https://verifier.example",
            institutions=(),
            trust_pack=TrustPackSettings(lifetime_s=60, renew_s=61),
        )
