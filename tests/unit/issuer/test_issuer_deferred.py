"""Credentials that are asked for before their record is decided: E20, E21, S-23, deferred endpoint."""

from dataclasses import replace
from typing import Any

import pytest

from portadoc.errors import Conflict, Error, Refused
from portadoc.formats import strict_json
from portadoc.issuer import InstitutionSettings, WithdrawalReason, build_issuer
from portadoc.issuer.records.holders import holder_of, same_person
from portadoc.issuer.store import token_store
from portadoc.keys.key_ring import KeyPurpose
from portadoc.randomness import system_random_bytes
from portadoc.schemas.examples import example
from portadoc.schemas.openid4vci import (
    CredentialRequest,
    CredentialResponse,
    DeferredCredentialRequest,
    Proofs,
    read_message,
)
from portadoc.storage import outbox
from tests.unit.issuer.conftest import NOW, SETTINGS
from tests.unit.issuer.issuance_workshop import (
    asked_encrypted,
    grant_of,
    new_wallet_key,
    opened,
    send_encrypted,
)

A1 = "fr-demo"
CASE = "case-1"
RECORD = example("posted-worker-fr-de")
OTHER = replace(RECORD, person=replace(RECORD.person, pin="999999999999999"))
UNKNOWN = (400, "invalid_transaction_id", "transaction_unknown")


def expect(rig: Any, record_id: str = CASE) -> str:
    rig.issuer.expect(A1, record_id, holder_of(RECORD), ["pda1"])
    return record_id


def ask(rig: Any, token: str, transaction_id: str, **more: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"}
    return rig.transport.post_json(
        f"/issuer/{A1}/deferred", {"transaction_id": transaction_id, **more}, headers=headers
    )


def without_pda1() -> tuple[InstitutionSettings, ...]:
    """Return the institutions after one of them has stopped to issue something."""
    first, *others = SETTINGS["institutions"]
    return (first.model_copy(update={"configuration_ids": ("pda1-rulebook",)}), *others)


def begun(rig: Any, token: str = "token", keys: Any = None, **bound_to: Any) -> str:
    """Ask for a record that is not decided; return the transaction."""
    grant_of(rig, expect(rig), token=token, **bound_to)
    nonce = rig.nonce()
    response = rig.obtain(token, [rig.proof(nonce, key=key) for key in keys or [rig.new_key()]])
    assert response.status == 202, response.body
    return str(response.json()["transaction_id"])


class TestWaiting:
    def test_a_request_for_an_expected_record_gets_a_transaction(self, make_rig: Any) -> None:
        rig = make_rig(deferred_interval_s=600)
        grant_of(rig, expect(rig))
        response = rig.obtain("token")
        said = response.json()
        assert (response.status, set(said), said["interval"]) == (202, {"transaction_id", "interval"}, 600)
        assert response.headers["cache-control"] == "no-store"
        assert rig.issuer.credentials(A1) == ()
        again = ask(rig, "token", said["transaction_id"])
        assert (again.status, again.json()) == (202, said)

    def test_when_it_is_decided_the_keys_that_were_proven_get_the_copies(self, rig: Any) -> None:
        keys = [rig.new_key() for _ in range(3)]
        transaction = begun(rig, keys=keys)
        rig.issuer.decided(A1, CASE, RECORD)
        response = ask(rig, "token", transaction)
        said = response.json()
        assert (response.status, set(said)) == (200, {"credentials", "notification_id"})
        bound = [rig.claims_of(each["credential"])["cnf"]["jwk"]["x"] for each in said["credentials"]]
        assert bound == [key.public_jwk["x"] for key in keys]
        told = {"notification_id": said["notification_id"], "event": "credential_accepted"}
        headers = {"authorization": "Bearer token"}
        assert rig.transport.post_json(f"/issuer/{A1}/notification", told, headers=headers).status == 204

    def test_an_upload_under_the_id_is_the_decision(self, rig: Any) -> None:
        transaction = begun(rig)
        assert rig.issuer.upload(A1, RECORD, record_id=CASE) == CASE
        assert rig.issuer.expected(A1) == ()
        assert ask(rig, "token", transaction).status == 200

    def test_s23_later_proofs_change_no_key(self, rig: Any) -> None:
        key = rig.new_key()
        transaction = begun(rig, keys=[key])
        rig.issuer.decided(A1, CASE, RECORD)
        said = ask(rig, "token", transaction, proofs={"jwt": [rig.proof()]}, x=1).json()
        (credential,) = said["credentials"]
        assert rig.claims_of(credential["credential"])["cnf"]["jwk"]["x"] == key.public_jwk["x"]

    def test_the_challenge_is_used_up_and_the_copies_are_counted(self, make_rig: Any) -> None:
        rig = make_rig()
        grant_of(rig, expect(rig))
        nonce = rig.nonce()
        assert rig.obtain("token", [rig.proof(nonce) for _ in range(10)]).status == 202
        assert rig.error_of(rig.obtain("token", [rig.proof(nonce)]))[2] == "nonce_used"
        for _ in range(2):
            nonce = rig.nonce()
            assert rig.obtain("token", [rig.proof(nonce) for _ in range(10)]).status == 202
        assert rig.error_of(rig.obtain("token"))[2] == "copies_used_up"

    def test_bad_proofs_begin_no_transaction(self, rig: Any) -> None:
        grant_of(rig, expect(rig))
        refused = rig.obtain("token", [rig.proof(payload={"aud": "x"})])
        assert rig.error_of(refused) == (400, "invalid_proof", "proof_invalid")

    def test_the_answer_is_encrypted_as_this_request_asks(self, rig: Any) -> None:
        """What the first request said of encryption counts for its own answer only. Spec: §9.1."""
        grant_of(rig, expect(rig))
        first, second = new_wallet_key(), new_wallet_key()
        content = {"credential_configuration_id": "pda1", "proofs": {"jwt": [rig.proof()]}}
        response = send_encrypted(rig, "token", {**content, **asked_encrypted(first)})
        assert response.status == 202
        transaction = {"transaction_id": opened(response, first)["transaction_id"]}
        again = send_encrypted(rig, "token", {**transaction, **asked_encrypted(second)}, endpoint="deferred")
        assert (again.status, opened(again, second)["transaction_id"]) == (202, transaction["transaction_id"])
        rig.issuer.decided(A1, CASE, RECORD)
        assert ask(rig, "token", transaction["transaction_id"]).headers["content-type"] == "application/json"

    def test_s22_a_key_that_came_in_clear(self, rig: Any) -> None:
        refused = ask(rig, "token" if grant_of(rig, "x") else "", "x", **asked_encrypted(new_wallet_key()))
        assert rig.error_of(refused) == (400, "invalid_encryption_parameters", "response_key_in_clear")


class TestWhoMayAsk:
    @pytest.mark.parametrize("made_up", ["x", "A" * 43, "é", " "])
    def test_e20_a_guessed_transaction(self, rig: Any, made_up: str) -> None:
        begun(rig)
        assert rig.error_of(ask(rig, "token", made_up)) == UNKNOWN

    @pytest.mark.parametrize(
        "other",
        [
            {"grant_id": "another"},
            {"client_id": "another"},
            {"dpop_thumbprint": "another"},
            {"client_id": None},
        ],
        ids=str,
    )
    def test_e20_e21_s23_a_transaction_of_somebody_else(self, rig: Any, other: dict[str, Any]) -> None:
        """Another grant, client or key, in this process: whether the decision is made or not, nothing differs."""
        bound = {"grant_id": "grant", "client_id": "wallet", "dpop_thumbprint": "key"}
        issuance, record_id = rig.issuer.issuance, expect(rig)
        mine = grant_of(rig, record_id, token="mine", **bound)
        asked = CredentialRequest(credential_configuration_id="pda1", proofs=Proofs(jwt=(rig.proof(),)))
        transaction = issuance.issue(mine, asked).transaction_id
        theirs = grant_of(rig, record_id, token="theirs", **{**bound, **other})
        for decide in (lambda: None, lambda: rig.issuer.decided(A1, CASE, RECORD)):
            decide()
            with pytest.raises(Refused, match="transaction_unknown"):
                issuance.deliver(theirs, DeferredCredentialRequest(transaction_id=transaction))
        assert issuance.deliver(mine, DeferredCredentialRequest(transaction_id=transaction)).credentials

    def test_a_later_token_of_the_same_grant_may(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.clock.advance(10_000)
        assert rig.error_of(ask(rig, "token", transaction))[:2] == (401, "invalid_token")
        rig.issuer.decided(A1, CASE, RECORD)
        grant_of(rig, CASE, token="refreshed")
        assert ask(rig, "refreshed", transaction).status == 200

    def test_e06_a_configuration_that_is_issued_no_more_is_denied(self, make_rig: Any) -> None:
        transaction = begun(make_rig())
        rig = make_rig(institutions=without_pda1())
        rig.issuer.decided(A1, CASE, RECORD)
        refused = ask(rig, "token", transaction)
        assert rig.error_of(refused) == (400, "credential_request_denied", "configuration_not_granted")
        assert rig.issuer.credentials(A1) == ()

    def test_a_later_token_that_covers_less_may_not(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        grant_of(rig, rig.record(), token="narrower")
        assert rig.error_of(ask(rig, "narrower", transaction)) == UNKNOWN

    def test_another_institution_knows_nothing_of_it(self, rig: Any) -> None:
        transaction = begun(rig)
        grant_of(rig, CASE, institution="fr-health", token="there")
        headers = {"authorization": "Bearer there"}
        refused = rig.transport.post_json(
            "/issuer/fr-health/deferred", {"transaction_id": transaction}, headers=headers
        )
        assert rig.error_of(refused) == UNKNOWN

    def test_e01_e02_without_a_token(self, rig: Any) -> None:
        assert rig.error_of(rig.transport.post_json(f"/issuer/{A1}/deferred", {}))[:2] == (401, "invalid_token")
        refused = rig.transport.post_json(f"/issuer/{A1}/deferred?access_token=x", {})
        assert rig.error_of(refused)[:2] == (400, "invalid_request")

    @pytest.mark.parametrize(
        "content", [{}, {"transaction_id": 1}, {"transaction_id": ""}, {"transaction_id": None}]
    )
    def test_e20_a_request_that_names_none(self, rig: Any, content: dict[str, Any]) -> None:
        begun(rig)
        headers = {"authorization": "Bearer token"}
        refused = rig.transport.post_json(f"/issuer/{A1}/deferred", content, headers=headers)
        assert rig.error_of(refused) == (400, "invalid_credential_request", "message_invalid")

    def test_the_transaction_is_a_secret_that_the_database_does_not_hold(self, rig: Any) -> None:
        transaction = begun(rig)
        with rig.database.read() as connection:
            (row,) = connection.exec_driver_sql("SELECT * FROM issuer_deferred").all()
        assert len(transaction) == 43
        assert transaction not in str(row)


class TestDelivery:
    def test_e20_s23_it_is_delivered_once(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        assert ask(rig, "token", transaction).status == 200
        assert rig.error_of(ask(rig, "token", transaction)) == UNKNOWN
        assert len(rig.issuer.credentials(A1)) == 1

    def test_s23_of_many_requests_at_once_one_is_answered(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        answers = rig.at_once(20, lambda: ask(rig, "token", transaction))
        assert [answer.status for answer in answers].count(200) == 1
        assert {rig.error_of(each) for each in answers if each.status == 400} <= {UNKNOWN}
        on_its_way = {"transaction_id": transaction, "interval": 60}
        assert all(each.json() == on_its_way for each in answers if each.status == 202)
        assert rig.error_of(ask(rig, "token", transaction)) == UNKNOWN
        assert len(rig.issuer.credentials(A1)) == 1

    def test_s23_of_two_processes_one_delivers(self, rig: Any) -> None:
        """Two issuers over one database, each with its own memory."""
        other = build_issuer(rig.issuer.settings, rig.database, rig.key_ring, rig.clock, system_random_bytes)
        transaction = DeferredCredentialRequest(transaction_id=begun(rig))
        rig.issuer.decided(A1, CASE, RECORD)
        grant = grant_of(rig, CASE, token="again")
        issuers = iter([rig.issuer, other] * 4)

        def deliver() -> str:
            try:
                response = next(issuers).issuance.deliver(grant, transaction)
            except Error as error:
                return error.code
            return "promised" if response.credentials is None else "delivered"

        answers = rig.at_once(8, deliver)
        assert answers.count("delivered") == 1
        assert set(answers) <= {"delivered", "promised", "transaction_unknown"}
        assert len(rig.issuer.credentials(A1)) == 1

    def test_a_delivery_that_fails_can_be_asked_for_again(self, make_rig: Any, make_faulty_ring: Any) -> None:
        rig = make_rig(ring=make_faulty_ring(KeyPurpose.CREDENTIAL))
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        assert ask(rig, "token", transaction).status == 500
        assert [row.issued_at for row in rig.issuer.credentials(A1)] == [None]
        assert ask(rig, "token", transaction).status == 200
        assert rig.error_of(ask(rig, "token", transaction)) == UNKNOWN

    def test_what_a_failed_delivery_has_recorded_is_withdrawn_by_the_next(
        self, make_rig: Any, make_faulty_ring: Any
    ) -> None:
        rig = make_rig(ring=make_faulty_ring(KeyPurpose.CREDENTIAL, fails_at=2))
        keys = [rig.new_key() for _ in range(3)]
        transaction = begun(rig, keys=keys)
        rig.issuer.decided(A1, CASE, RECORD)
        assert ask(rig, "token", transaction).status == 500
        failed = {row.credential_id for row in rig.issuer.credentials(A1)}
        said = ask(rig, "token", transaction).json()
        bound = [rig.claims_of(each["credential"])["cnf"]["jwk"]["x"] for each in said["credentials"]]
        assert bound == [key.public_jwk["x"] for key in keys]
        rows = rig.issuer.credentials(A1)
        assert {
            (row.credential_id in failed, row.issued_at is None, row.withdrawn_at is None) for row in rows
        } == {
            (True, True, False),
            (False, False, True),
        }
        assert len({row.idx for row in rows}) == 6

    def test_a_delivery_that_was_killed_can_be_fetched_again_within_a_minute(self, rig: Any) -> None:
        """Nothing of the dead process runs any more: neither its last statements nor its memory."""
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        take_and_die(rig, transaction)
        waiting = ask(rig, "token", transaction)
        assert (waiting.status, waiting.json()) == (202, {"transaction_id": transaction, "interval": 60})
        rig.clock.advance(60)
        assert ask(rig, "token", transaction).status == 200
        dead, alive = sorted(rig.issuer.credentials(A1), key=lambda row: row.issued_at or 0)
        assert (dead.issued_at, dead.withdrawn_at, dead.withdrawal_reason) == (None, NOW + 60, "superseded")
        assert (alive.issued_at, alive.withdrawn_at) == (NOW + 60, None)
        assert rig.error_of(ask(rig, "token", transaction)) == UNKNOWN

    def test_a_delivery_taken_by_a_clock_that_was_ahead_does_not_wait_for_that_clock(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        rig.clock.advance(3600)
        take_and_die(rig, transaction)
        rig.clock.advance(-3600)
        assert ask(rig, "token", transaction).status == 200

    def test_a_delivery_that_was_slow_and_overtaken_hands_out_nothing(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        copies = rig.issuer.issuance.copies
        sign, answers = copies._sign, []

        def sign_slowly(*prepared: Any) -> Any:
            copies._sign = sign
            rig.clock.advance(60)
            answers.append(ask(rig, "token", transaction))
            return sign(*prepared)

        copies._sign = sign_slowly
        assert rig.error_of(ask(rig, "token", transaction)) == UNKNOWN
        assert [each.status for each in answers] == [200]
        assert sorted(row.issued_at is None for row in rig.issuer.credentials(A1)) == [False, True]

    def test_a_delivery_that_was_overtaken_by_one_that_died_promises_again(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        copies = rig.issuer.issuance.copies
        sign = copies._sign

        def sign_slowly(*prepared: Any) -> Any:
            copies._sign = sign
            rig.clock.advance(60)
            take_and_die(rig, transaction)
            return sign(*prepared)

        copies._sign = sign_slowly
        assert ask(rig, "token", transaction).status == 202
        rig.clock.advance(60)
        assert ask(rig, "token", transaction).status == 200
        assert [row.issued_at for row in rig.issuer.credentials(A1)].count(None) == 2

    def test_issu35b_the_keys_are_forgotten_when_it_is_delivered(self, rig: Any) -> None:
        key = rig.new_key()
        transaction = begun(rig, keys=[key])
        rig.issuer.decided(A1, CASE, RECORD)
        ask(rig, "token", transaction)
        with rig.database.read() as connection:
            (row,) = connection.exec_driver_sql("SELECT * FROM issuer_deferred").all()
        assert key.public_jwk["x"] not in str(row)

    def test_a_transaction_ends_with_its_time(self, make_rig: Any) -> None:
        rig = make_rig(deferred_ttl_s=3600)
        transaction = begun(rig)
        rig.clock.advance(3600)
        rig.issuer.decided(A1, CASE, RECORD)
        assert rig.error_of(ask(rig, "token", transaction)) == UNKNOWN
        rig.clock.advance(2 * 86_400)
        rig.issuer.forget_expired()
        with rig.database.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM issuer_deferred").scalar_one() == 0


def take_and_die(rig: Any, transaction: str) -> None:
    """Begin a delivery as a process does that is killed once its intents are recorded."""
    issuance = rig.issuer.issuance
    grant = grant_of(rig, CASE, token=rig.nonce())
    hand_out, issuance.deferral._handed_out = issuance.deferral._handed_out, killed
    try:
        with pytest.raises(Killed):
            issuance.deliver(grant, DeferredCredentialRequest(transaction_id=transaction))
    finally:
        issuance.deferral._handed_out = hand_out


class Killed(BaseException):
    """The process is gone."""


def killed(*_arguments: Any) -> CredentialResponse:
    raise Killed


class TestComingBack:
    """A bearer token lives five minutes at most, and an anonymous wallet gets no refresh token."""

    def test_a_wallet_that_cannot_come_back_is_told_at_once(self, rig: Any) -> None:
        token = rig.token(rig.issuer.offer(A1, expect(rig), ["pda1"]))
        nonce = rig.nonce()
        refused = rig.obtain(token, [rig.proof(nonce)])
        assert rig.error_of(refused) == (400, "credential_request_denied", "deferral_unreachable")
        rig.issuer.decided(A1, CASE, RECORD)
        assert rig.obtain(token, [rig.proof(nonce)]).status == 200  # neither challenge nor copies were used up

    def test_a_wallet_whose_token_outlives_the_interval_may_wait(self, make_rig: Any) -> None:
        rig = make_rig(deferred_interval_s=60)
        token = rig.token(rig.issuer.offer(A1, expect(rig), ["pda1"]))
        assert rig.obtain(token).status == 202

    @pytest.mark.parametrize(
        ("used_at", "ends_in", "status"), [(None, 3601, 202), (None, 3600, 400), (1, 3601, 400)]
    )
    def test_a_refresh_token_that_lives_then_is_a_way_back(
        self, rig: Any, used_at: int | None, ends_in: int, status: int
    ) -> None:
        grant_of(rig, expect(rig))
        with rig.database.transaction() as connection:
            connection.exec_driver_sql(f"UPDATE issuer_access_tokens SET expires_at = {NOW + 300}")
            kept = token_store.RefreshToken(
                token_digest="refresh",
                grant_id="grant",
                entitlements=(),
                identified=False,
                client_id="wallet",
                dpop_thumbprint="key",
                instance_thumbprint=None,
                used_at=used_at,
                expires_at=NOW + ends_in,
            )
            token_store.insert_refresh_token(connection, A1, kept)
        assert rig.obtain("token").status == status


class TestDecision:
    def test_a_refusal_is_told_again_and_again(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, None)
        for _ in range(2):
            refused = ask(rig, "token", transaction)
            assert rig.error_of(refused) == (400, "credential_request_denied", "record_refused")
        assert rig.error_of(rig.obtain("token")) == (400, "credential_request_denied", "record_refused")

    def test_a_refusal_forgets_whom_it_was_about(self, rig: Any) -> None:
        expect(rig)
        rig.issuer.decided(A1, CASE, None)
        with rig.database.read() as connection:
            (row,) = connection.exec_driver_sql("SELECT * FROM issuer_expected_records").all()
            stored = outbox.read_after(connection, institution=None, cursor=None)
        assert holder_of(RECORD).surnames not in str(row)
        assert [each.event.kind for each in stored][-1] == "record_refused"

    def test_e24_a_record_that_was_withdrawn_is_denied(self, rig: Any) -> None:
        transaction = begun(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        rig.issuer.withdraw(A1, CASE, reason=WithdrawalReason.ISSUED_IN_ERROR)
        refused = ask(rig, "token", transaction)
        assert rig.error_of(refused) == (400, "credential_request_denied", "record_withdrawn")
        assert rig.issuer.credentials(A1) == ()

    def test_another_persons_record_never_goes_to_who_waits(self, rig: Any) -> None:
        transaction = begun(rig)
        for keep in (
            lambda: rig.issuer.decided(A1, CASE, OTHER),
            lambda: rig.issuer.upload(A1, OTHER, record_id=CASE),
        ):
            with pytest.raises(Refused, match="record_of_other_person"):
                keep()
        assert ask(rig, "token", transaction).status == 202

    def test_without_a_number_a_birth_date_alone_is_no_person(self) -> None:
        """Identity data may have no number; so many people are born on one day."""
        one = holder_of(replace(example("pid-posted-worker"), personal_number=None))
        assert one.numbers == ()
        assert same_person(one, one)
        for other in (replace(one, surnames="Another"), replace(one, forenames="Another")):
            assert not same_person(one, other)
        assert same_person(
            replace(one, numbers=("1",)), replace(one, numbers=("1",), surnames="Spelled otherwise")
        )

    def test_a_decision_is_final(self, rig: Any) -> None:
        expect(rig)
        rig.issuer.decided(A1, CASE, None)
        with pytest.raises(Refused, match="record_unknown"):
            rig.issuer.decided(A1, CASE, None)
        for keep in (
            lambda: rig.issuer.upload(A1, RECORD, record_id=CASE),
            lambda: rig.issuer.decided(A1, CASE, RECORD),
            lambda: expect(rig),
        ):
            with pytest.raises(Conflict, match="record_decided"):
                keep()

    def test_the_same_decision_once_more_changes_nothing(self, rig: Any) -> None:
        expect(rig)
        rig.issuer.decided(A1, CASE, RECORD)
        rig.issuer.decided(A1, CASE, RECORD)
        with pytest.raises(Refused, match="record_unknown"):
            rig.issuer.decided(A1, CASE, None)
        with pytest.raises(Conflict, match="record_decided"):
            expect(rig)

    def test_nothing_is_decided_that_nobody_expects(self, rig: Any) -> None:
        for decision in (RECORD, None):
            with pytest.raises(Refused, match="record_unknown"):
                rig.issuer.decided(A1, "unheard-of", decision)

    def test_a_record_of_another_institution_is_refused_when_it_is_decided(self, rig: Any) -> None:
        rig.issuer.expect("fr-health", CASE, holder_of(RECORD), ["pda1"])
        with pytest.raises(Refused, match="record_of_other_institution"):
            rig.issuer.decided("fr-health", CASE, RECORD)


class TestExpectation:
    def test_it_is_told_as_it_was_kept(self, rig: Any) -> None:
        kept = rig.issuer.expect(A1, CASE, holder_of(RECORD), ["pda1", "pda1"])
        assert rig.issuer.expect(A1, CASE, holder_of(RECORD), ["pda1"]) == kept
        assert rig.issuer.expected(A1) == (kept,)
        assert rig.issuer.expected("fr-health") == ()

    def test_something_else_under_the_same_id_is_a_conflict(self, rig: Any) -> None:
        expect(rig)
        with pytest.raises(Conflict, match="record_differs"):
            rig.issuer.expect(A1, CASE, holder_of(RECORD), ["pda1-rulebook"])

    @pytest.mark.parametrize("configuration_ids", [[], ["ehic"], ["pda1", "unheard-of"]])
    def test_only_what_is_issued_here_is_expected(self, rig: Any, configuration_ids: list[str]) -> None:
        with pytest.raises(Refused, match="credential_configuration_unknown"):
            rig.issuer.expect(A1, CASE, holder_of(RECORD), configuration_ids)

    def test_it_can_be_offered_in_its_configurations(self, rig: Any) -> None:
        expect(rig)
        assert "pda1" in rig.issuer.offer(A1, CASE, ["pda1"]).offer_uri
        with pytest.raises(Refused, match="credential_configuration_unknown"):
            rig.issuer.offer(A1, CASE, ["pda1-rulebook"])

    def test_it_is_offered_together_with_records_of_the_same_person_only(self, rig: Any) -> None:
        expect(rig)
        rig.issuer.offer_records(A1, {CASE: ["pda1"], rig.record(): ["pda1"]})
        with pytest.raises(Refused, match="records_of_several_persons"):
            rig.issuer.offer_records(A1, {CASE: ["pda1"], rig.issuer.upload(A1, OTHER): ["pda1"]})

    def test_what_is_refused_cannot_be_offered(self, rig: Any) -> None:
        expect(rig)
        rig.issuer.decided(A1, CASE, None)
        with pytest.raises(Refused, match="record_unknown"):
            rig.issuer.offer(A1, CASE, ["pda1"])


def test_the_wire_forms_are_those_of_the_specification(rig: Any) -> None:
    response = CredentialResponse(transaction_id="8xLOxBtZp8", interval=86_400)
    assert strict_json.dumps(response.to_json()) == b'{"transaction_id":"8xLOxBtZp8","interval":86400}'
    assert read_message(DeferredCredentialRequest, {"transaction_id": "8xLOxBtZp8"}).transaction_id
