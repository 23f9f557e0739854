"""What officers do, and what they may not."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from portadoc.errors import Conflict, Malformed, Refused
from portadoc.portal.applications.application import Application, ApplicationState, Awaited, CertificateKind
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from portadoc.schemas.pda1 import Pda1
from tests.unit.portal.core.conftest import ANNE, CLAIRE, HELENE, JEAN, PAUL, SLUG, Desk

UNSURE = {
    "direct_relationship": "unknown",
    "paid_by": "employer",
    "hired_out_onward": "no",
    "only_this_work": "yes",
}
GRANT = Verdict(
    outcome=VerdictOutcome.GRANT,
    reason="The employer has shown the contract.",
    article="12(1)",
    status_code="01",
    validity_start=date(2027, 1, 4),
    validity_end=date(2027, 6, 30),
)
REFUSE = Verdict(outcome=VerdictOutcome.REFUSE, reason="The link to the employer is not shown.")


def in_review(desk: Desk) -> Application:
    """Return a case that the rules leave to a person."""
    made = desk.submit(link=UNSURE)
    return desk.portal.submit(CLAIRE, SLUG, made.application_id)


def test_an_officer_grants_with_a_reason_and_it_is_certified(desk: Desk) -> None:
    case = in_review(desk)
    desk.clock.advance(3600)
    granted = desk.portal.office.decide(ANNE, SLUG, case.application_id, GRANT)
    assert (granted.state, granted.automated, granted.final) == (ApplicationState.GRANTED, False, True)
    record = desk.house.issuer.seals.live_record(SLUG, granted.record_id or "")
    assert isinstance(record, Pda1)
    assert record.status.code == "01"
    decisions = desk.portal.office.case_file(ANNE, SLUG, case.application_id).decisions
    assert [each.automated for each in decisions][-1] is False
    assert (decisions[-1].decided_by, decisions[-1].decision["reason"]) == (ANNE.id, GRANT.reason)


def test_the_delay_shown_follows_the_closed_cases(desk: Desk) -> None:
    first = in_review(desk)
    view = desk.portal.view(CLAIRE, SLUG, first.application_id)
    assert view.expected is not None
    assert (view.expected.seconds, view.expected.cases, view.next_step) == (None, 0, "officer")
    desk.clock.advance(3600)
    desk.portal.office.decide(ANNE, SLUG, first.application_id, GRANT)
    second = in_review(desk)
    shown = desk.portal.view(CLAIRE, SLUG, second.application_id).expected
    assert shown is not None
    assert (shown.seconds, shown.cases) == (3600, 1)


def test_a_refusal_by_an_officer_is_final_and_can_still_be_contested(desk: Desk) -> None:
    refused = desk.portal.office.decide(ANNE, SLUG, in_review(desk).application_id, REFUSE)
    assert (refused.state, refused.final, refused.automated) == (ApplicationState.REFUSED, True, False)
    contested = desk.portal.contest(CLAIRE, SLUG, refused.application_id)
    assert contested.state is ApplicationState.IN_REVIEW


def test_four_eyes_mean_two_persons(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(four_eyes=True)
    case = in_review(desk)
    proposed = desk.portal.office.decide(ANNE, SLUG, case.application_id, GRANT)
    assert (proposed.state, proposed.record_id) == (ApplicationState.IN_REVIEW, None)
    assert desk.portal.view(CLAIRE, SLUG, case.application_id).next_step == "approve"
    with pytest.raises(Refused, match="access_denied"):
        desk.portal.office.approve(ANNE, SLUG, case.application_id)
    granted = desk.portal.office.approve(PAUL, SLUG, case.application_id)
    assert granted.state is ApplicationState.GRANTED

    own = in_review(desk)
    desk.portal.office.decide(PAUL, SLUG, own.application_id, REFUSE)
    with pytest.raises(Refused, match="access_denied"):  # not one's own decision
        desk.portal.office.approve(PAUL, SLUG, own.application_id)

    back = in_review(desk)
    desk.portal.office.decide(ANNE, SLUG, back.application_id, GRANT)
    returned = desk.portal.office.send_back(PAUL, SLUG, back.application_id, reason="The period differs.")
    assert (returned.state, returned.proposed) == (ApplicationState.IN_REVIEW, None)


def test_an_officer_asks_and_the_applicant_answers(desk: Desk) -> None:
    case = in_review(desk)
    asked = desk.portal.office.ask_applicant(ANNE, SLUG, case.application_id, question="Who pays the wage?")
    assert (asked.state, asked.awaits) == (ApplicationState.WAITING_FOR_ANSWERS, Awaited.FACTS)
    answered = {**UNSURE, "direct_relationship": "yes"}
    desk.portal.answer(CLAIRE, SLUG, case.application_id, "link", answered)
    again = desk.portal.submit(CLAIRE, SLUG, case.application_id)
    assert (again.state, again.outcome) == (ApplicationState.IN_REVIEW, "GRANT")  # who asked decides


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        (Verdict(outcome=VerdictOutcome.GRANT, reason="Yes."), "verdict_incomplete"),
        (Verdict(outcome=VerdictOutcome.REFUSE, reason=" "), "reason_missing"),
        (Verdict(outcome=VerdictOutcome.FORWARD, reason="Not ours."), "verdict_incomplete"),
        (
            Verdict(outcome=VerdictOutcome.ASK_OTHER_STATE, reason="Art. 16.", other_state="XX"),
            "verdict_incomplete",
        ),
        (
            Verdict(
                outcome=VerdictOutcome.GRANT,
                reason="Yes.",
                article="13(1)(a)",
                status_code="01",
                validity_start=date(2027, 1, 4),
            ),
            "article_unfit",
        ),
        (
            Verdict(
                outcome=VerdictOutcome.GRANT,
                reason="Yes.",
                article="12(1)",
                status_code="01",
                validity_start=date(2027, 1, 4),
                validity_end=date(2026, 1, 4),
            ),
            "period_reversed",
        ),
    ],
)
def test_a_decision_that_is_not_whole_is_refused(desk: Desk, verdict: Verdict, code: str) -> None:
    case = in_review(desk)
    with pytest.raises((Refused, Malformed), match=code):
        desk.portal.office.decide(ANNE, SLUG, case.application_id, verdict)
    assert desk.again(case).state is ApplicationState.IN_REVIEW


def test_other_legislation_leaves_a_task_to_tell_the_other_state(desk: Desk) -> None:
    case = in_review(desk)
    verdict = Verdict(
        outcome=VerdictOutcome.OTHER_LEGISLATION,
        reason="The work is done where the person lives.",
        article="13(1)(a)",
        other_state="DE",
        validity_start=date(2027, 1, 4),
    )
    granted = desk.portal.office.decide(ANNE, SLUG, case.application_id, verdict)
    assert (granted.state, granted.record_id, granted.has_certificate) == (ApplicationState.GRANTED, None, False)
    (task,) = desk.portal.office.tasks(ANNE, SLUG)
    assert (task.kind, task.detail) == ("tell_other_state", "DE")
    desk.portal.office.finish(ANNE, SLUG, task.task_id)
    desk.portal.office.finish(ANNE, SLUG, task.task_id)
    assert desk.portal.office.tasks(ANNE, SLUG) == ()


def test_an_exception_waits_for_the_other_state(desk: Desk) -> None:
    case = in_review(desk)
    verdict = Verdict(outcome=VerdictOutcome.ASK_OTHER_STATE, reason="Art. 16 is asked for.", other_state="DE")
    waiting = desk.portal.office.decide(ANNE, SLUG, case.application_id, verdict)
    assert waiting.state is ApplicationState.AWAITING_OTHER_STATE
    agreed = Verdict(
        outcome=VerdictOutcome.GRANT,
        reason="Germany agrees.",
        other_state="DE",
        agreed_on=date(2026, 11, 20),
        article="16(1)",
        status_code="11",
        validity_start=date(2027, 1, 4),
        validity_end=date(2029, 12, 31),
    )
    granted = desk.portal.office.decide(ANNE, SLUG, case.application_id, agreed)
    record = desk.house.issuer.seals.live_record(SLUG, granted.record_id or "")
    assert isinstance(record, Pda1)
    assert (record.status.code, record.decision.articles) == ("11", ("16_1",))


def test_a_certificate_is_revoked_with_a_reason_and_a_day(desk: Desk) -> None:
    granted = desk.submit()
    revoked = desk.portal.office.revoke(
        ANNE, SLUG, granted.application_id, reason="issued_in_error", first_day=date(2026, 11, 1)
    )
    assert revoked.state is ApplicationState.WITHDRAWN
    rows = desk.house.issuer.credentials(SLUG, record_id=granted.record_id)
    assert {each.effective_from for each in rows} == {"2026-11-01"}
    with pytest.raises(Conflict, match="certificate_missing"):
        desk.portal.office.revoke(
            ANNE, SLUG, granted.application_id, reason="issued_in_error", first_day=date(2026, 11, 1)
        )


def test_contesting_a_grant_leaves_it_in_force_and_tells_an_officer(desk: Desk) -> None:
    granted = desk.submit()
    contested = desk.portal.contest(JEAN, SLUG, granted.application_id)
    assert contested.has_certificate
    assert [each.kind for each in desk.portal.office.tasks(ANNE, SLUG)] == ["contested"]


def test_j02_officers_see_only_their_own_institution_and_applicants_no_office(desk: Desk) -> None:
    case = in_review(desk)
    for stranger in (HELENE, CLAIRE, JEAN):
        with pytest.raises(Refused, match=r"not_found|access_denied"):
            desk.portal.office.work_list(stranger, SLUG)
        with pytest.raises(Refused, match=r"not_found|access_denied"):
            desk.portal.office.decide(stranger, SLUG, case.application_id, GRANT)
        with pytest.raises(Refused, match=r"not_found|access_denied"):
            desk.portal.office.tasks(stranger, SLUG)


@pytest.mark.parametrize(
    ("kind", "host"), [(CertificateKind.BILATERAL, "JP"), (CertificateKind.MAINTENANCE, "KE")]
)
def test_work_outside_the_coordination_is_certified_and_never_as_an_a1(
    desk: Desk, kind: CertificateKind, host: str
) -> None:
    case = desk.submit(host_state={"host_state": host})
    assert (case.state, case.certificate_kind) == (ApplicationState.IN_REVIEW, kind)
    verdict = Verdict(
        outcome=VerdictOutcome.GRANT,
        reason="The person stays insured here.",
        article="art. 7",
        instrument="Agreement of test data",
        validity_start=date(2027, 1, 4),
        validity_end=date(2027, 6, 30),
        certificate_kind=kind,
    )
    granted = desk.portal.office.decide(ANNE, SLUG, case.application_id, verdict)
    record = desk.house.issuer.seals.live_record(SLUG, granted.record_id or "")
    assert (granted.state, record.KIND) == (ApplicationState.GRANTED, kind.value)
    made = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    assert made.sent_to_worker
    with pytest.raises(Refused, match="verdict_incomplete"):
        desk.portal.office.decide(
            ANNE,
            SLUG,
            in_review(desk).application_id,
            replace(verdict, certificate_kind=CertificateKind.BILATERAL),
        )
