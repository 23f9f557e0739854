"""Refresh tokens: one use each, bound to instance and key, all gone with a second use. RFC 9700 §4.14.2."""

from typing import Any

import pytest

from portadoc.issuer.store import token_store
from portadoc.storage.installation import digest
from tests.unit.issuer.conftest import SETTINGS
from tests.unit.issuer.wallets import AttestedWallet

DETAILS = '[{"type":"openid_credential","credential_configuration_id":"pda1"}]'
USED_UP = (400, "credential_request_denied", "copies_used_up")
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
    first = wallet.tokens(authorization_details=DETAILS)
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


class TestNarrower:
    """A refresh can ask for less, never for more, and what it leaves out is not lost. Spec: RFC 6749 §6."""

    @pytest.fixture
    def token(self, haip: Any, wallet: AttestedWallet) -> str:
        pushed = wallet.pushed(scope="pda1 pda1-webuild")
        code = wallet.code_for(pushed, [(haip.record(), "pda1"), (haip.record(), "pda1-webuild")])
        return str(wallet.redeem(code).json()["refresh_token"])

    def test_by_scope(self, haip: Any, wallet: AttestedWallet, token: str) -> None:
        narrow = wallet.refresh(token, scope="pda1-webuild").json()
        assert narrow["scope"] == "pda1-webuild"
        refused = haip.error_of(wallet.obtain(narrow["access_token"]))
        assert refused == (400, "credential_request_denied", "configuration_not_granted")
        assert wallet.refresh(narrow["refresh_token"]).json()["scope"] == "pda1 pda1-webuild"

    def test_by_details(self, wallet: AttestedWallet, token: str) -> None:
        narrow = wallet.refresh(token, authorization_details=DETAILS).json()
        assert [each["credential_configuration_id"] for each in narrow["authorization_details"]] == ["pda1"]
        assert "scope" not in narrow
        assert wallet.refresh(narrow["refresh_token"]).json()["scope"] == "pda1 pda1-webuild"

    @pytest.mark.parametrize("scope", ["ehic", "pda1 pda1-rulebook", "pda1  pda1-webuild", "PDA1"])
    def test_a_scope_beyond_what_was_granted_is_refused(
        self, haip: Any, wallet: AttestedWallet, token: str, scope: str
    ) -> None:
        refused = haip.error_of(wallet.refresh(token, scope=scope))
        assert refused == (400, "invalid_scope", "scope_unknown")
        assert wallet.refresh(token).status == 200

    def test_what_the_institution_issues_no_more_is_left_out(
        self, make_rig: Any, wallet: AttestedWallet, token: str
    ) -> None:
        first, second = SETTINGS["institutions"]
        for left, outcome in ((("pda1",), 200), (("pda1-rulebook",), 400)):
            less = first.model_copy(update={"configuration_ids": left})
            wallet.rig = make_rig(profile="haip-1.0", institutions=(less, second))
            answer = wallet.refresh(token)
            assert answer.status == outcome
            if outcome == 200:
                assert answer.json()["scope"] == "pda1"
                token = answer.json()["refresh_token"]
            else:
                refused = wallet.rig.error_of(answer)
                assert refused == (400, "invalid_grant", "configuration_not_granted")


def copies(wallet: AttestedWallet, token: str, number: int) -> Any:
    """Ask for several copies; return how many came, or the refusal."""
    nonce = wallet.rig.nonce()
    proofs = [wallet.rig.proof(nonce, payload={"iss": wallet.client_id}) for _ in range(number)]
    answer = wallet.obtain(token, proofs={"jwt": proofs})
    return len(answer.json()["credentials"]) if answer.status == 200 else wallet.rig.error_of(answer)


class TestCopies:
    """Copies are counted over a grant: no refresh gives more of them, but day by day where each is shown once."""

    def test_no_refresh_gives_more(self, make_rig: Any) -> None:
        rig = make_rig(profile="haip-1.0", copies_per_grant=12)
        wallet = AttestedWallet(rig)
        first = wallet.tokens()
        assert copies(wallet, first["access_token"], 10) == 10
        second = wallet.refresh(first["refresh_token"]).json()
        assert copies(wallet, second["access_token"], 3) == USED_UP
        assert copies(wallet, second["access_token"], 2) == 2
        rig.clock.advance(2 * DAY)
        rig.issuer.forget_expired()
        third = wallet.refresh(second["refresh_token"]).json()
        assert copies(wallet, third["access_token"], 1) == USED_UP

    def test_issu_38_where_each_is_shown_once_there_are_as_many_the_next_day(self, make_rig: Any) -> None:
        rig = make_rig(profile="eudi-2026", copies_per_grant=12)
        wallet = AttestedWallet(rig)
        token = wallet.tokens()
        counted = [self._counted(rig)]
        with rig.database.transaction() as connection:
            connection.exec_driver_sql("update issuer_granted_copies set copies_left = 0")
        for seconds in (DAY - 1, 1, DAY - 1, 1):
            rig.clock.advance(seconds)
            token = wallet.refresh(token["refresh_token"]).json()
            counted.append(self._counted(rig))
            with rig.database.transaction() as connection:
                connection.exec_driver_sql("update issuer_granted_copies set copies_left = 0")
        assert counted == [12, 0, 12, 0, 12]

    def test_with_the_tokens_of_a_grant_ends_what_is_being_answered(
        self, haip: Any, wallet: AttestedWallet
    ) -> None:
        token = wallet.tokens()["access_token"]
        with haip.database.read() as connection:
            grant = token_store.find_grant(connection, "fr-demo", digest(token), now=haip.clock.now())
        assert grant is not None
        with haip.database.transaction() as connection:
            token_store.revoke_tokens(connection, "fr-demo", grant.grant_id)
            assert not token_store.spend_copies(connection, grant, 1)

    @staticmethod
    def _counted(rig: Any) -> int:
        with rig.database.read() as connection:
            return int(connection.exec_driver_sql("select copies_left from issuer_granted_copies").scalar_one())


def test_another_resource_is_an_invalid_target(haip: Any, wallet: AttestedWallet) -> None:
    token = wallet.tokens()["refresh_token"]
    refused = haip.error_of(wallet.refresh(token, resource="https://other.example"))
    assert refused == (400, "invalid_target", "resource_unknown")
    assert wallet.refresh(token, resource=wallet.issuer_id).status == 200


def test_expired_tokens_and_authorizations_are_forgotten(haip: Any, wallet: AttestedWallet) -> None:
    wallet.tokens()
    haip.clock.advance(32 * DAY)
    haip.issuer.forget_expired()
    with haip.database.read() as connection:
        for table in ("authorizations", "access_tokens", "refresh_tokens", "granted_copies", "used_once"):
            assert connection.exec_driver_sql(f"select count(*) from issuer_{table}").scalar() == 0, table
