"""The published record of withdrawals: from which day, why, and what took the place of the document."""

from datetime import date
from typing import Any

import pytest

from portadoc.errors import Refused
from portadoc.formats.status_list.claims import StatusListLimits
from portadoc.formats.status_list.jwt_form import read_status_list_token
from portadoc.formats.withdrawal_list import (
    VerifiedWithdrawalList,
    WithdrawalCause,
    WithdrawalRecord,
    parse_withdrawal_list,
    verify_withdrawal_list,
)
from portadoc.issuer import WithdrawalReason
from portadoc.keys.jwk import public_key_from_jwk
from portadoc.keys.key_ring import KeyPurpose

TODAY = date(2026, 11, 22)


def published(rig: Any, uri: str) -> VerifiedWithdrawalList:
    """Follow the status list to its list of withdrawals, as a verifier does."""
    jwk = rig.key_ring.signer("fr-demo", KeyPurpose.STATUS).public_jwk
    key, now = public_key_from_jwk(jwk, allowed_algs={"ES256"}), rig.clock.now()
    token = rig.transport.get(uri).body.decode()
    statuses = read_status_list_token(token, key=key, uri=uri, now=now, skew_s=0, limits=StatusListLimits())
    answer = rig.transport.get(statuses.withdrawals_uri)
    assert answer.headers["content-type"] == "application/withdrawals+jwt"
    unverified = parse_withdrawal_list(answer.body.decode(), allowed_algs=frozenset({"ES256"}))
    return verify_withdrawal_list(unverified, key=key, uri=uri, now=now, skew_s=0)


def place(rig: Any, text: str) -> tuple[str, int]:
    reference = rig.claims_of(text)["status"]["status_list"]
    return reference["uri"], reference["idx"]


def test_a_list_without_withdrawals_says_so(rig: Any) -> None:
    uri, _ = place(rig, *rig.issued())
    found = published(rig, uri)
    assert (found.uri, dict(found.withdrawals), found.iat) == (uri, {}, rig.clock.now())


def test_a_withdrawal_is_published_with_its_day_its_cause_and_its_successor(rig: Any) -> None:
    uri, idx = place(rig, *rig.issued())
    withdrawn, successor = rig.last_record, rig.record()
    done = rig.issuer.withdraw(
        "fr-demo",
        withdrawn,
        reason=WithdrawalReason.FACTS_CHANGED,
        effective_from=date(2026, 11, 1),
        cause=WithdrawalCause.ENDED_EARLY,
        successor=successor,
    )
    assert (done.effective_from, done.cause, done.successor) == ("2026-11-01", "ended_early", successor)
    assert dict(published(rig, uri).withdrawals) == {}
    rig.issuer.publish_status_lists()
    record = WithdrawalRecord(date(2026, 11, 1), WithdrawalCause.ENDED_EARLY, rig.clock.now(), successor)
    assert dict(published(rig, uri).withdrawals) == {idx: record}


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        (WithdrawalReason.ISSUED_IN_ERROR, WithdrawalCause.ISSUED_IN_ERROR),
        (WithdrawalReason.FACTS_CHANGED, WithdrawalCause.FACTS_CHANGED),
        (WithdrawalReason.SUPERSEDED, WithdrawalCause.REPLACED),
        (WithdrawalReason.FRAUD, WithdrawalCause.OTHER),
        (WithdrawalReason.HOLDER_REQUEST, WithdrawalCause.OTHER),
    ],
)
def test_suspicion_and_the_holders_wishes_are_not_published(
    rig: Any, reason: WithdrawalReason, cause: WithdrawalCause
) -> None:
    uri, idx = place(rig, *rig.issued())
    rig.issuer.withdraw("fr-demo", rig.last_record, reason=reason)
    rig.issuer.publish_status_lists()
    assert published(rig, uri).withdrawals[idx] == WithdrawalRecord(TODAY, cause, rig.clock.now())


def test_a_withdrawal_is_final_its_day_included(rig: Any) -> None:
    uri, idx = place(rig, *rig.issued())
    rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FACTS_CHANGED)
    rig.clock.advance(86_400)
    again = rig.issuer.withdraw(
        "fr-demo", rig.last_record, reason=WithdrawalReason.FRAUD, effective_from=date(2020, 1, 1)
    )
    rig.issuer.publish_status_lists()
    assert again.credential_ids == ()
    assert published(rig, uri).withdrawals[idx].effective_from == TODAY


def test_a_withdrawal_recorded_by_a_clock_that_was_set_back_is_published_all_the_same(rig: Any) -> None:
    uri, idx = place(rig, *rig.issued())
    rig.clock.advance(40)
    rig.issuer.withdraw("fr-demo", rig.last_record, reason=WithdrawalReason.FACTS_CHANGED)
    rig.clock.advance(-40)
    assert rig.issuer.publish_status_lists() == 1
    assert published(rig, uri).withdrawals[idx].recorded_at == rig.clock.now()


def test_a_day_to_come_is_refused_since_the_bit_speaks_at_once(rig: Any) -> None:
    rig.issued()
    with pytest.raises(Refused, match="withdrawal_date_future"):
        rig.issuer.withdraw(
            "fr-demo", rig.last_record, reason=WithdrawalReason.FACTS_CHANGED, effective_from=date(2026, 11, 23)
        )


def test_a_successor_has_to_be_another_record_in_force(rig: Any) -> None:
    rig.issued()
    subject, gone = rig.last_record, rig.record()
    rig.issuer.withdraw("fr-demo", gone, reason=WithdrawalReason.FACTS_CHANGED)
    (copy,) = rig.issuer.credentials("fr-demo")
    elsewhere = rig.record("ehic", "fr-health")
    for withdrawn, successor in (
        (subject, "x"),
        (subject, subject),
        (copy.credential_id, subject),
        (subject, gone),
    ):
        with pytest.raises(Refused, match="withdrawal_successor_unknown"):
            rig.issuer.withdraw("fr-demo", withdrawn, reason=WithdrawalReason.SUPERSEDED, successor=successor)
    with pytest.raises(Refused, match="withdrawal_successor_unknown"):
        rig.issuer.withdraw("fr-demo", subject, reason=WithdrawalReason.SUPERSEDED, successor=elsewhere)
    assert rig.issuer.credentials("fr-demo")[0].withdrawn_at is None


def test_staff_withdraw_over_http(rig: Any) -> None:
    uri, idx = place(rig, *rig.issued())
    path, subject = "/issuer/fr-demo/management/withdrawals", {"id": rig.last_record, "reason": "facts_changed"}
    for wrong in ({"cause": "fraud"}, {"effective_from": "2026-13-01"}, {"effective_from": 1}, {"successor": 1}):
        answer = rig.transport.post_json(path, {**subject, **wrong})
        assert (answer.status, answer.json()["code"]) == (400, "member_invalid")
    told = rig.transport.post_json(
        path, {**subject, "effective_from": "2026-11-20", "cause": "other", "successor": rig.record()}
    ).json()
    assert (told["effective_from"], told["cause"]) == ("2026-11-20", "other")
    rig.issuer.publish_status_lists()
    assert published(rig, uri).withdrawals[idx].successor == told["successor"]


def test_the_list_is_served_as_it_was_stored(rig: Any) -> None:
    uri, _ = place(rig, *rig.issued())
    first = rig.transport.get(f"{uri}/withdrawals")
    assert first.headers["access-control-allow-origin"] == "*"
    unchanged = rig.transport.get(f"{uri}/withdrawals", headers={"if-none-match": first.headers["etag"]})
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert rig.transport.get(f"{uri}x/withdrawals").status == 404
    rig.clock.advance(90_000)
    assert rig.transport.get(f"{uri}/withdrawals").status == 503
