"""What is done to a certificate at the issuer reaches its worker and its employer, by whatever door."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portadoc.access import Role, Subject, SubjectKind
from portadoc.catalogue import WITH_TEXTS
from portadoc.errors import Unavailable
from portadoc.issuer.life_cycle.reissuing import Terms
from portadoc.issuer.life_cycle.succession import Asked, Change
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.store.history_store import Verb
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import record_from_json
from portadoc.web.pages.reader import Reader
from tests.unit.portal.core.conftest import CLAIRE, IVAN, JEAN, SLUG, TODAY, Desk

Outbox = Callable[[], list[dict[str, Any]]]
WRONG = Change(reason=WithdrawalReason.ISSUED_IN_ERROR)
BY_SOURCE = Asked(by="register", request_key="k-1")
READER = Reader("en", "portal")
SOFIA = Subject("dev:sofia-muster", SubjectKind.PERSON, frozenset({Role.WORKER}), pin="TEST279110801")


def shown(desk: Desk, subject: Any) -> list[str]:
    return [each.text(READER) for each in desk.portal.news.shown(subject, SLUG)]


def test_a_withdrawal_by_an_authentic_source_reaches_worker_and_employer_once(desk: Desk, outbox: Outbox) -> None:
    granted = desk.submit()
    desk.house.issuer.life_cycle.withdraw(SLUG, granted.record_id or "", change=WRONG, asked=BY_SOURCE)
    assert [desk.portal.tell_news(), desk.portal.tell_news()] == [2, 0]
    told = {each["to"]: each["text"] for each in outbox()}
    assert set(told) == {"jean.exemple@example.org", "atelier@menuiserie-test.example"}
    number = granted.document_number
    assert told["jean.exemple@example.org"].startswith(f"L’attestation {number} a été retirée le 22 novembre 2026")
    assert told["atelier@menuiserie-test.example"].startswith("Jean Exemple travaille pour vous : L’attestation")
    assert "TEST1850" not in str(told)
    (own,), (theirs,) = shown(desk, JEAN), shown(desk, CLAIRE)
    assert own.startswith(f"Certificate {number} was withdrawn on 22 November 2026. It counts no more")
    assert theirs == f"Jean Exemple works for you: {own}"
    assert shown(desk, IVAN) == []
    kept = desk.portal.own_data.export(JEAN, SLUG)["news"]
    assert sorted((each["what"], each["for"]) for each in kept) == [
        ("withdraw", "TEST12345"),
        ("withdraw", "TEST185041201"),
    ]


def test_a_withdrawal_by_staff_and_a_new_phone_are_told(desk: Desk, outbox: Outbox) -> None:
    record_id = desk.submit().record_id or ""
    terms = Terms(configuration_ids=("pda1",))
    desk.house.issuer.life_cycle.reissue(SLUG, record_id, lost=True, terms=terms, asked=Asked())
    desk.house.issuer.withdraw(SLUG, record_id, reason=WithdrawalReason.FRAUD)
    assert desk.portal.tell_news() == 4
    assert [each.verb for each in desk.portal.news.shown(JEAN, SLUG)].count("reissue") == 1
    assert "fraud" not in str(outbox())


def test_what_the_portal_withdraws_is_shown_with_the_request_alone(desk: Desk, outbox: Outbox) -> None:
    granted = desk.submit()
    desk.portal.deployment.certificates.withdraw(
        SLUG, granted.record_id or "", reason="facts_changed", effective_from=TODAY, successor=None
    )
    assert (desk.portal.tell_news(), outbox(), shown(desk, JEAN)) == (0, [], [])


def kept(desk: Desk, *, pin: str, record_id: str = "r-1", employer: str = "TEST12345") -> Pda1:
    """Return a record of Jean Exemple that a source has kept under another number than his."""
    own = desk.portal.deployment.certificates.held(SLUG, desk.submit().record_id or "")
    record = record_from_json(own)
    assert isinstance(record, Pda1)
    record = replace(
        record,
        person=replace(record.person, pin=pin),
        employments=tuple(replace(each, id=employer) for each in record.employments),
    )
    desk.house.issuer.upload(SLUG, record, record_id=record_id)
    return record


def test_f13_who_has_the_number_that_a_source_mistyped_learns_nothing(desk: Desk, outbox: Outbox) -> None:
    record = kept(desk, pin=SOFIA.pin or "")
    desk.house.issuer.life_cycle.withdraw(SLUG, "r-1", change=WRONG, asked=BY_SOURCE)
    assert desk.portal.tell_news() == 1
    (told,) = outbox()
    assert told["to"] == "atelier@menuiserie-test.example"
    assert told["text"].startswith(f"L’attestation {record.document.number} a été retirée")
    assert (shown(desk, SOFIA), shown(desk, JEAN)) == ([], [])
    assert [("Sofia" in each, "works for you" in each) for each in shown(desk, CLAIRE)] == [(False, False)]
    assert desk.portal.own_data.export(SOFIA, SLUG)["news"] == []


@pytest.mark.parametrize(("spelt", "sent"), [("TEST185041201", 2), ("TEST 185.041.201", 1)])
def test_of_a_corrected_number_the_right_worker_is_told(desk: Desk, outbox: Outbox, spelt: str, sent: int) -> None:
    """No register finds a number in another spelling than its own; in the space, it is that person's."""
    wrong = kept(desk, pin=SOFIA.pin or "")
    right = replace(wrong, person=replace(wrong.person, pin=spelt))
    desk.house.issuer.life_cycle.correct(SLUG, "r-1", right, change=WRONG, asked=BY_SOURCE)
    assert desk.portal.tell_news() == sent
    assert shown(desk, SOFIA) == []
    (own,), (theirs,) = shown(desk, JEAN), shown(desk, CLAIRE)
    assert "was corrected" in own
    assert "Sofia" not in theirs + str(outbox())


def test_a_personal_number_is_no_number_of_an_employer(desk: Desk) -> None:
    kept(desk, pin="TEST12345", employer=SOFIA.pin or "")
    desk.house.issuer.life_cycle.withdraw(SLUG, "r-1", change=WRONG, asked=BY_SOURCE)
    desk.portal.tell_news()
    assert (shown(desk, CLAIRE), shown(desk, SOFIA)) == ([], [])


def test_news_that_cannot_be_sent_are_sent_in_a_later_round(desk: Desk, outbox: Outbox) -> None:
    granted = desk.submit()
    desk.house.issuer.life_cycle.withdraw(SLUG, granted.record_id or "", change=WRONG, asked=BY_SOURCE)
    folder = desk.house.settings.data_dir / "messages"
    folder.write_text("in the way")
    with pytest.raises(Unavailable, match="second_channel_failed"):
        desk.portal.tell_news()
    folder.unlink()
    assert (desk.portal.tell_news(), len(outbox())) == (2, 2)


def test_what_is_long_past_is_not_told_and_old_news_are_forgotten(desk: Desk, outbox: Outbox) -> None:
    granted = desk.submit()
    desk.house.issuer.life_cycle.withdraw(SLUG, granted.record_id or "", change=WRONG, asked=BY_SOURCE)
    desk.clock.advance(8 * 86_400)
    assert (desk.portal.tell_news(), outbox()) == (0, [])


def test_every_verb_has_words_in_every_language() -> None:
    for language in WITH_TEXTS:
        for verb in Verb:
            assert "A1-1" in Reader(language, "portal").say(f"notice.deed.{verb.value}", number="A1-1", day="x")
