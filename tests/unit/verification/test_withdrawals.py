"""Withdrawn, and from which day: judged by the record of the institution, and never without one for a past day."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from portadoc.errors import Untrusted
from portadoc.formats.withdrawal_list import (
    VerifiedWithdrawalList,
    WithdrawalCause,
    WithdrawalRecord,
    make_withdrawal_list,
)
from portadoc.verification.answers import HeldStatusLists
from portadoc.verification.checks import STATUS, Outcome
from portadoc.verification.report import VerificationReport
from portadoc.verification.status_tokens import BelievedStatusList
from portadoc.verification.verdict import Verdict
from portadoc.verification.withdrawal_lists import believe_withdrawal_list

WITHDRAWN_FROM = date(2026, 11, 15)
RECORD = WithdrawalRecord(WITHDRAWN_FROM, WithdrawalCause.REPLACED, 1_795_000_000, "next-one")


def held(world: Any, *, value: int = 1, record: WithdrawalRecord | None = None, **changes: Any) -> HeldStatusLists:
    lists = world.held(statuses=world.statuses.with_status([7], value), **changes)
    (uri,) = lists.lists
    known = {} if record is None else {7: record}
    return replace(lists, lists={uri: replace(lists.lists[uri], withdrawals=known)})


def judged(world: Any, on_date: date, **terms: Any) -> VerificationReport:
    report: VerificationReport = world.verify(status=held(world, **terms), on_date=on_date)
    return report


class TestByTheRecord:
    @pytest.mark.parametrize("value", [1, 0], ids=["bit set", "bit not set"])
    def test_a_day_before_it_takes_effect_the_document_was_in_force(self, world: Any, value: int) -> None:
        report = judged(world, WITHDRAWN_FROM - timedelta(days=1), record=RECORD, value=value)
        check = report.check(STATUS)
        assert (check.outcome, check.code) == (Outcome.WARNING, "withdrawn_later")
        said = {"effective_from": "2026-11-15", "cause": "replaced", "successor": "next-one"}
        assert said.items() <= check.params.items()
        assert report.verdict is Verdict.AUTHENTIC_IN_FORCE

    @pytest.mark.parametrize("value", [1, 0], ids=["bit set", "bit not set"])
    @pytest.mark.parametrize("days", [0, 1, 7])
    def test_from_that_day_on_it_is_withdrawn_and_never_in_force_again(
        self, world: Any, days: int, value: int
    ) -> None:
        report = judged(world, WITHDRAWN_FROM + timedelta(days=days), record=RECORD, value=value)
        check = report.check(STATUS)
        assert (check.outcome, check.code) == (Outcome.FAIL, "revoked")
        assert check.params["effective_from"] == "2026-11-15"
        assert report.verdict is Verdict.WITHDRAWN_OR_REPLACED

    def test_without_successor_a_dash_is_said(self, world: Any) -> None:
        report = judged(world, world.TODAY, record=replace(RECORD, successor=None))
        assert report.check(STATUS).params["successor"] == "-"

    def test_a_record_stays_true_when_its_list_has_ended(self, world: Any) -> None:
        ended = judged(world, world.TODAY, record=RECORD, exp=world.NOW - 1)
        assert ended.verdict is Verdict.WITHDRAWN_OR_REPLACED

    def test_the_record_of_another_institution_says_nothing(self, world: Any) -> None:
        foreign = judged(world, world.TODAY, record=RECORD, value=0, issued_by="FR:TEST02")
        assert foreign.verdict is Verdict.STATUS_NOT_KNOWN


class TestByTheBitAlone:
    def test_today_it_is_withdrawn(self, world: Any) -> None:
        report = judged(world, world.TODAY)
        assert report.check(STATUS).code == "revoked"
        said = {"effective_from": "-", "cause": "-", "successor": "-"}
        assert said.items() <= report.check(STATUS).params.items()
        assert report.verdict is Verdict.WITHDRAWN_OR_REPLACED

    def test_on_a_past_day_its_effect_is_not_established(self, world: Any) -> None:
        report = judged(world, world.TODAY - timedelta(days=1))
        check = report.check(STATUS)
        assert (check.outcome, check.code) == (Outcome.UNKNOWN, "effect_not_established")
        assert report.verdict is Verdict.EFFECT_NOT_ESTABLISHED
        assert not report.valid

    def test_a_day_to_come_is_judged_as_today(self, world: Any) -> None:
        assert judged(world, world.TODAY + timedelta(days=1)).verdict is Verdict.WITHDRAWN_OR_REPLACED

    def test_not_withdrawn_today_is_not_withdrawn_on_a_past_day(self, world: Any) -> None:
        """A withdrawal is never undone, so what is in force now was not withdrawn before."""
        assert judged(world, world.TODAY - timedelta(days=5), value=0).valid


class TestHistory:
    """A list speaks of the time from its iat to its exp. Spec: Token Status List §8.4."""

    def test_v48_a_list_signed_later_says_nothing_of_a_past_time(self, world: Any) -> None:
        then = world.NOW - 3000
        text = world.presentation(now=then)
        report = world.verify(text, status=world.held(iat=then + 61), now=then)
        check = report.check(STATUS)
        assert (check.outcome, check.full_code) == (Outcome.UNKNOWN, "status_unavailable.list_of_a_later_time")
        assert check.params["since"] == "-"

    def test_v48_within_its_time_and_the_tolerance_of_clocks_it_counts(self, world: Any) -> None:
        then = world.NOW - 3000
        for iat in (then - 10, then, then + 60):
            assert world.verify(world.presentation(now=then), status=world.held(iat=iat), now=then).valid

    def test_v48_past_its_end_it_tells_since_when_nothing_is_known(self, world: Any) -> None:
        report = world.verify(status=world.held(exp=world.NOW))
        check = report.check(STATUS)
        assert check.full_code == "status_unavailable.list_expired"
        assert check.params["since"] == "2026-11-22 11:59 UTC"


class TestBelieving:
    def believed(
        self, world: Any, *, signer: Any = None, of: str = "FR:TEST01", about: str = "FR:TEST01", uri: str = ""
    ) -> VerifiedWithdrawalList:
        lists = world.held(**({"uri": uri} if uri else {}))
        status_list = BelievedStatusList(lists.lists[world.LIST_URI].token, of, frozenset({about}))
        text = make_withdrawal_list(
            {7: RECORD},
            uri=world.LIST_URI,
            iat=world.NOW,
            exp=world.NOW + 3600,
            signer=signer or world.status_signer,
        )
        return believe_withdrawal_list(text, status_list=status_list, trust=world.trust, now=world.NOW, skew_s=60)

    def test_a_list_under_the_chain_of_the_same_institution_is_believed(self, world: Any) -> None:
        found = self.believed(world)
        assert dict(found.withdrawals) == {7: RECORD}
        assert found.exp == world.NOW + 3600

    def test_v41_a_list_of_somebody_else_is_not(self, world: Any) -> None:
        with pytest.raises(Untrusted, match="institution_mismatch"):
            self.believed(world, of="FR:TEST02")
        with pytest.raises(Untrusted, match="institution_mismatch"):
            self.believed(world, about="FR:TEST02")
        with pytest.raises(Untrusted, match="extended_key_usage"):
            self.believed(world, signer=world.signer)
        with pytest.raises(Untrusted, match="chain_missing"):
            self.believed(world, signer=world.holder)
        with pytest.raises(Untrusted, match="sub_mismatch"):
            self.believed(world, uri=world.LIST_URI + "0")


class TestValuesWithoutMeaning:
    """By law a document is withdrawn or not; there is no suspension (CJEU C-410/21, CIR (EU) 2026/1731)."""

    def suspended(self, world: Any, text: str, **policy: Any) -> VerificationReport:
        wide = type(world.statuses).of(1024, bits=2).set({7: 2})
        report: VerificationReport = world.verify(text, status=world.held(statuses=wide), **policy)
        return report

    def test_v45_suspended_is_a_fault_of_the_protocol_where_attestations_of_public_bodies_are_read(
        self, world: Any
    ) -> None:
        from portadoc.schemas.profiles import profile

        text = world.presentation(world.certified())
        report = self.suspended(world, text, profile=profile("eudi-2026"))
        assert report.check(STATUS).full_code == "status_invalid.suspended"
        assert report.verdict is Verdict.STATUS_NOT_KNOWN

    def test_v45_elsewhere_it_is_told_as_what_it_is_and_is_no_pass(self, world: Any) -> None:
        report = self.suspended(world, world.presentation())
        assert report.check(STATUS).full_code == "suspended"
        assert report.verdict is Verdict.STATUS_NOT_KNOWN

    def test_v49_an_unknown_mechanism_fails_closed(self, world: Any) -> None:
        for status in ({"other": {}}, {"identifier_list": {"id": "x", "uri": "https://issuer.example"}}, {}):
            report = world.verify(world.presentation(world.credential(world.claims(status=status))))
            assert report.check(STATUS).full_code == "status_invalid.mechanism_unknown"
            assert not report.valid

    def test_v49_the_shape_of_etsi_is_an_unknown_mechanism(self, world: Any) -> None:
        shape = {"type": "BitstringStatusList", "purpose": "revocation", "index": 7, "uri": world.LIST_URI}
        report = world.verify(world.presentation(world.credential(world.claims(status=shape))))
        assert report.check(STATUS).full_code == "status_invalid.mechanism_unknown"
