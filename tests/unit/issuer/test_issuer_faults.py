"""The issuer dies or its surroundings fail at each point: no credential without an intent, no entry used twice."""

from typing import Any

import pytest

from portadoc.errors import Misconfigured, Refused
from portadoc.formats import sd_jwt
from portadoc.issuer import WithdrawalReason
from portadoc.issuer.issuance.credentials import PreparedCredential, sign_prepared
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.profiles import profile
from portadoc.storage import Database

ISSUER = "http://127.0.0.1:8700/issuer/fr-demo"


def fault_at(rig: Any, statement: str) -> None:
    """Make the database itself refuse a statement on credentials, as a trigger would in production tests."""
    with rig.database.transaction() as connection:
        connection.exec_driver_sql(
            f"CREATE TRIGGER fault BEFORE {statement} ON issuer_credentials "
            "BEGIN SELECT RAISE(ABORT, 'planned fault'); END"
        )


def mend(rig: Any) -> None:
    with rig.database.transaction() as connection:
        connection.exec_driver_sql("DROP TRIGGER fault")


def used_nonces(rig: Any) -> int:
    with rig.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM issuer_used_once").scalar_one())


def reserved(rig: Any) -> int:
    with rig.database.read() as connection:
        total = connection.exec_driver_sql("SELECT coalesce(sum(reserved), 0) FROM issuer_status_lists")
        return int(total.scalar_one())


def test_before_the_intent_nothing_has_happened(rig: Any) -> None:
    token, nonce = rig.token(), rig.nonce()
    fault_at(rig, "INSERT")
    assert rig.obtain(token, [rig.proof(nonce)]).status == 500
    assert (rig.issuer.credentials("fr-demo"), reserved(rig), used_nonces(rig)) == ((), 0, 0)
    mend(rig)
    assert rig.obtain(token, [rig.proof(nonce)]).status == 200


@pytest.mark.parametrize("after_signing", [False, True])
@pytest.mark.parametrize("fails_at", [1, 2, 3])
def test_between_intent_and_last_signature(
    make_rig: Any, make_faulty_ring: Any, fails_at: int, after_signing: bool
) -> None:
    ring = make_faulty_ring(KeyPurpose.CREDENTIAL, fails_at=fails_at, after_signing=after_signing)
    rig = make_rig(ring=ring)
    nonce = rig.nonce()
    assert rig.obtain(rig.token(), [rig.proof(nonce) for _ in range(3)]).status == 500
    rows = rig.issuer.credentials("fr-demo")
    assert [row.issued_at for row in rows] == [None] * 3
    assert (len({row.idx for row in rows}), reserved(rig)) == (3, 3)
    assert len(rig.issued(copies=5)) == 5
    everything = rig.issuer.credentials("fr-demo")
    assert len({(row.list_id, row.idx) for row in everything}) == 8


def test_after_the_signatures_before_the_mark(rig: Any) -> None:
    token = rig.token()
    fault_at(rig, "UPDATE OF issued_at")
    assert rig.obtain(token).status == 500
    assert [row.issued_at for row in rig.issuer.credentials("fr-demo")] == [None]


def test_what_a_crash_left_is_shown_and_can_be_withdrawn(make_rig: Any, make_faulty_ring: Any) -> None:
    rig = make_rig(ring=make_faulty_ring(KeyPurpose.CREDENTIAL))
    rig.obtain(rig.token())
    assert rig.issuer.unfinished("fr-demo") == ()
    rig.clock.advance(61)
    (left,) = rig.issuer.unfinished("fr-demo")
    rig.issued()
    rig.issuer.withdraw("fr-demo", left.credential_id, reason=WithdrawalReason.ISSUED_IN_ERROR)
    assert rig.issuer.publish_status_lists() == 1
    assert [row.withdrawn_at is None for row in rig.issuer.credentials("fr-demo")] == [False, True]


def test_a_withdrawal_after_the_intent_reaches_a_copy_that_was_never_marked(rig: Any) -> None:
    token = rig.token()
    fault_at(rig, "UPDATE OF issued_at")
    rig.obtain(token)
    mend(rig)
    done = rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
    assert len(done.credential_ids) == 1


def test_a_copy_that_was_withdrawn_while_it_was_signed_is_not_handed_out(rig: Any) -> None:
    token = rig.token()
    sign = rig.issuer.issuance.copies._sign

    def sign_late(*prepared: Any) -> Any:
        rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
        return sign(*prepared)

    rig.issuer.issuance.copies._sign = sign_late
    assert rig.error_of(rig.obtain(token)) == (400, "credential_request_denied", "record_withdrawn")
    (row,) = rig.issuer.credentials("fr-demo")
    assert (row.issued_at, row.withdrawn_at is None) == (None, False)


def test_the_first_list_is_not_kept_when_it_cannot_be_signed(make_rig: Any, make_faulty_ring: Any) -> None:
    rig = make_rig(ring=make_faulty_ring(KeyPurpose.STATUS))
    token, nonce = rig.token(), rig.nonce()
    assert rig.obtain(token, [rig.proof(nonce)]).status == 500
    assert (rig.issuer.credentials("fr-demo"), used_nonces(rig)) == ((), 0)
    assert rig.obtain(token, [rig.proof(nonce)]).status == 200


@pytest.mark.parametrize("fails_at", [4, 5, 6], ids=["JWT", "CWT", "withdrawals"])
def test_a_publication_that_fails_leaves_the_old_list_and_is_tried_again(
    make_rig: Any, make_faulty_ring: Any, key_store_gone: type[Exception], fails_at: int
) -> None:
    rig = make_rig(ring=make_faulty_ring(KeyPurpose.STATUS, fails_at=fails_at))
    uri = rig.claims_of(*rig.issued())["status"]["status_list"]["uri"]
    before = rig.transport.get(uri).body
    rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD)
    with pytest.raises(key_store_gone):
        rig.issuer.publish_status_lists()
    assert rig.transport.get(uri).body == before
    assert rig.issuer.publish_status_lists() == 1
    assert rig.transport.get(uri).body != before


class TestOwnOutput:
    """A signer of another key, or a payload other than the recorded one, never gets out."""

    def prepared(self, rig: Any) -> PreparedCredential:
        (row,) = rig.issuer.credentials("fr-demo")
        unsigned = sd_jwt.prepare({"a": 1}, disclosable=[], random_bytes=bytes)
        return PreparedCredential(row, {"a": 1}, unsigned)

    def test_another_payload_than_the_recorded_one(self, rig: Any) -> None:
        rig.issued()
        signer = rig.key_ring.signer("fr-demo", KeyPurpose.CREDENTIAL)
        with pytest.raises(Misconfigured, match=r"own_output_invalid.*differs_from_plan"):
            sign_prepared(self.prepared(rig), signer, profile("ietf-latest"), issuer_id=ISSUER)

    def test_a_signer_whose_public_key_is_another(self, rig: Any) -> None:
        rig.issued()
        signer = Mismatched(rig.key_ring.signer("fr-demo", KeyPurpose.CREDENTIAL), rig.new_key())
        with pytest.raises(Misconfigured, match=r"own_output_invalid.*signature_invalid"):
            sign_prepared(self.prepared(rig), signer, profile("ietf-latest"), issuer_id=ISSUER)

    def test_a_key_without_certificate_is_checked_by_its_published_half(self, rig: Any) -> None:
        rig.issued()
        key, other = rig.new_key(), rig.new_key()
        with pytest.raises(Misconfigured, match=r"own_output_invalid.*signature_invalid"):
            sign_prepared(self.prepared(rig), Mismatched(key, other), profile("ietf-latest"), issuer_id=ISSUER)


class Mismatched:
    """Signs with one key and shows the public part of another."""

    def __init__(self, shown: Any, signing: Any) -> None:
        self.alg, self.kid, self.public_jwk, self.chain = shown.alg, shown.kid, shown.public_jwk, shown.chain
        self.sign = signing.sign


def test_a_database_that_is_full_answers_503_and_recovers(rig: Any) -> None:
    token = rig.token()
    rig.obtain(token)
    limit_pages(rig.database, extra=0)
    answers = [rig.obtain(token) for _ in range(20)]
    assert {answer.status for answer in answers} <= {200, 503}
    refused = [answer for answer in answers if answer.status == 503]
    assert refused
    assert (refused[0].json()["error"], refused[0].headers["retry-after"]) == ("temporarily_unavailable", "5")
    limit_pages(rig.database, extra=10_000)
    assert rig.obtain(token).status == 200


def limit_pages(database: Database, *, extra: int) -> None:
    """Let the database file grow by ``extra`` pages and no more."""
    with database.transaction() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={int(pages) + extra}")


def test_an_unknown_record_behind_a_token_is_denied(rig: Any) -> None:
    token = rig.token()
    with rig.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM issuer_records")
    assert rig.error_of(rig.obtain(token)) == (400, "credential_request_denied", "record_unknown")


def test_a_status_reservation_without_room_asks_to_try_again(rig: Any) -> None:
    with rig.database.transaction() as connection, pytest.raises(Exception, match="status_list_full"):
        rig.issuer.status_lists.reserve(connection, "fr-demo", copies=1)
    with pytest.raises(Refused, match="status_list_unknown"):
        rig.issuer.status_lists.published("fr-demo.none")
