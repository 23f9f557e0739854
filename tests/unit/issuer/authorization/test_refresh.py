"""Refresh tokens: one use each, bound to instance and key, all gone with a second use. RFC 9700 §4.14.2."""

from typing import Any

import pytest

from tests.unit.issuer.wallets import AttestedWallet

UNUSABLE = (400, "invalid_grant", "refresh_token_unusable")
DAY = 86_400


def test_each_refresh_gives_a_new_pair_for_the_same(wallet: AttestedWallet) -> None:
    first = wallet.tokens()
    second = wallet.refresh(first["refresh_token"]).json()
    third = wallet.refresh(second["refresh_token"]).json()
    assert len({each["access_token"] for each in (first, second, third)}) == 3
    assert len({each["refresh_token"] for each in (first, second, third)}) == 3
    assert wallet.obtain(third["access_token"]).status == 200


def test_identifiers_stay_the_same_over_token_responses(wallet: AttestedWallet) -> None:
    details = '[{"type":"openid_credential","credential_configuration_id":"pda1"}]'
    first = wallet.tokens(authorization_details=details)
    second = wallet.refresh(first["refresh_token"]).json()
    assert second["authorization_details"] == first["authorization_details"]


def test_a_second_use_revokes_every_token_of_the_grant(haip: Any, wallet: AttestedWallet) -> None:
    first = wallet.tokens()
    second = wallet.refresh(first["refresh_token"]).json()
    assert haip.error_of(wallet.refresh(first["refresh_token"])) == UNUSABLE
    assert haip.error_of(wallet.refresh(second["refresh_token"])) == UNUSABLE
    for each in (first, second):
        assert haip.error_of(wallet.obtain(each["access_token"]))[0] == 401


def test_fifty_at_once_have_one_winner(haip: Any, wallet: AttestedWallet) -> None:
    token = wallet.tokens()["refresh_token"]
    heads = iter([wallet.headers("token") for _ in range(50)])
    answers = haip.at_once(50, lambda: wallet.refresh(token, next(heads)))
    assert sorted(each.status for each in answers) == [200] + [400] * 49


def test_no_chain_outlives_its_beginning(haip: Any, wallet: AttestedWallet) -> None:
    token = wallet.tokens()["refresh_token"]
    haip.clock.advance(29 * DAY)
    token = wallet.refresh(token).json()["refresh_token"]
    haip.clock.advance(DAY - 1)
    token = wallet.refresh(token).json()["refresh_token"]
    haip.clock.advance(1)
    assert haip.error_of(wallet.refresh(token)) == UNUSABLE


@pytest.mark.parametrize("theirs", ["client", "instance", "dpop_key"])
def test_in_other_hands_it_is_unusable_and_stays_usable_in_its_own(
    haip: Any, wallet: AttestedWallet, theirs: str
) -> None:
    token = wallet.tokens()["refresh_token"]
    other = AttestedWallet(haip, client_id="https://other.example" if theirs == "client" else wallet.client_id)
    other.instance = haip.new_key() if theirs == "instance" else wallet.instance
    other.dpop_key = haip.new_key() if theirs == "dpop_key" else wallet.dpop_key
    assert haip.error_of(other.refresh(token)) == UNUSABLE
    assert wallet.refresh(token).status == 200


def test_of_another_institution_it_is_unusable(haip: Any, wallet: AttestedWallet) -> None:
    elsewhere = AttestedWallet(haip, institution="fr-health")
    elsewhere.instance, elsewhere.dpop_key = wallet.instance, wallet.dpop_key
    assert haip.error_of(elsewhere.refresh(wallet.tokens()["refresh_token"])) == UNUSABLE


@pytest.mark.parametrize("token", ["unknown", "é" * 40])
def test_a_guess_is_unusable(haip: Any, wallet: AttestedWallet, token: str) -> None:
    assert haip.error_of(wallet.refresh(token)) == UNUSABLE


def test_an_access_token_is_no_refresh_token_nor_the_reverse(haip: Any, wallet: AttestedWallet) -> None:
    content = wallet.tokens()
    assert haip.error_of(wallet.refresh(content["access_token"])) == UNUSABLE
    refused = haip.error_of(wallet.obtain(content["refresh_token"]))
    assert refused == (401, "invalid_token", "access_token_invalid")


def test_expired_tokens_and_authorizations_are_forgotten(haip: Any, wallet: AttestedWallet) -> None:
    wallet.tokens()
    haip.clock.advance(32 * DAY)
    haip.issuer.forget_expired()
    with haip.database.read() as connection:
        for table in ("authorizations", "access_tokens", "refresh_tokens", "used_once"):
            assert connection.exec_driver_sql(f"select count(*) from issuer_{table}").scalar() == 0, table
