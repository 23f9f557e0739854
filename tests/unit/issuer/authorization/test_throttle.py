"""F06: whoever guesses at codes has to wait, and is heard of."""

from typing import Any

import pytest

from portadoc.schemas.events import EventKind
from portadoc.storage.outbox import read_after
from tests.unit.issuer.wallets import AttestedWallet

WAITING = (429, "temporarily_unavailable", "too_many_tries")


@pytest.fixture
def proxied(make_rig: Any) -> Any:
    return make_rig(token_misses_per_hour=10, code_address_header="X-Real-IP")


def guess(rig: Any, source: str, code: str = "unknown") -> Any:
    return rig.redeem(code, headers={"X-Real-IP": source})


def test_f06_a_source_that_guesses_waits_and_nobody_else_does(proxied: Any) -> None:
    for _ in range(10):
        assert proxied.error_of(guess(proxied, "192.0.2.1")) == (400, "invalid_grant", "code_unusable")
    code = proxied.code_of(proxied.offer())
    waiting = guess(proxied, "192.0.2.1", code)
    assert proxied.error_of(waiting) == WAITING
    assert waiting.headers["retry-after"] == "3600"
    assert guess(proxied, "192.0.2.2", code).status == 200


def test_f06_after_an_hour_it_may_ask_again(proxied: Any) -> None:
    for _ in range(10):
        guess(proxied, "192.0.2.1")
    proxied.clock.advance(3599)
    assert proxied.error_of(guess(proxied, "192.0.2.1")) == WAITING
    proxied.clock.advance(1)
    assert guess(proxied, "192.0.2.1", proxied.code_of(proxied.offer())).status == 200


def test_f06_it_is_heard_of_once_and_without_the_address(proxied: Any) -> None:
    for _ in range(12):
        guess(proxied, "192.0.2.1")
    with proxied.database.read() as connection:
        told = [each.event for each in read_after(connection, institution=None, cursor=None)]
    (event,) = [each for each in told if each.kind is EventKind.GUESSES_THROTTLED]
    assert "192.0.2.1" not in event.subject_id
    assert event.payload == {}


def test_what_is_no_guess_does_not_count(proxied: Any) -> None:
    for _ in range(20):
        refused = proxied.redeem(proxied.code_of(proxied.offer()), tx_code="1", headers={"X-Real-IP": "192.0.2.1"})
        assert proxied.error_of(refused)[2] == "tx_code_unexpected"
    assert guess(proxied, "192.0.2.1", proxied.code_of(proxied.offer())).status == 200


def test_f06_wrong_transaction_codes_verifiers_and_refresh_tokens_count(make_rig: Any) -> None:
    rig = make_rig(token_misses_per_hour=10)
    wallet = AttestedWallet(rig)
    for _ in range(4):
        rig.redeem(rig.code_of(rig.offer(tx_code=True)), tx_code="0")
        wallet.redeem(wallet.code(), code_verifier="w" * 43)
        wallet.refresh("unknown")
    assert rig.error_of(rig.redeem("unknown")) == WAITING


def test_f06_a_source_whose_pushed_requests_are_refused_again_and_again_waits(make_rig: Any) -> None:
    rig = make_rig(token_misses_per_hour=10)
    anybody = AttestedWallet(rig, client_id="anybody")
    for _ in range(10):
        proven = {"DPoP": anybody.dpop("/issuer/fr-demo/par")}
        assert rig.error_of(anybody.push(proven))[2] == "redirect_uri_unregistered"
    kept = used_once(rig)
    assert rig.error_of(anybody.push({"DPoP": anybody.dpop("/issuer/fr-demo/par")})) == WAITING
    assert used_once(rig) == kept
    assert rig.redeem(rig.code_of(rig.offer())).status == 200  # the token endpoint counts by itself


def test_challenges_that_are_missing_do_not_count(make_rig: Any) -> None:
    rig = make_rig(token_misses_per_hour=10, profile="haip-1.0")
    wallet = AttestedWallet(rig)
    for _ in range(11):
        head = {
            "OAuth-Client-Attestation": wallet.attestation(),
            "OAuth-Client-Attestation-PoP": wallet.pop(challenge=None),
        }
        assert rig.error_of(wallet.push(head))[1] == "use_attestation_challenge"
    assert wallet.push().status == 201


def used_once(rig: Any) -> int:
    with rig.database.read() as connection:
        return int(connection.exec_driver_sql("select count(*) from issuer_used_once").scalar_one())
