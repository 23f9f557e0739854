"""Cards asked for, renewed and lost: decided at once, the old one ends, a parent acts for a child."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from portadoc.errors import Conflict, Refused
from portadoc.portal.applications.application import ApplicationState, CertificateKind, RequestKind, Step
from portadoc.portal.drafts import Wish
from portadoc.portal.health.cards import Standing
from portadoc.portal.health.insurance import CardCause
from portadoc.portal.officers.verdicts import Verdict, VerdictOutcome
from portadoc.portal.store import application_store, health_store
from tests.unit.portal.health.conftest import (
    CLINIC,
    HELENE,
    INSURED_UNTIL,
    JEAN,
    JEAN_PIN,
    KARIM,
    KARIM_PIN,
    LINA_PIN,
    NADIA,
    NADIA_PIN,
    SLUG,
    TODAY,
    Ward,
)


def change_register(ward: Ward, pin: str, **changes: Any) -> None:
    """Let the person register say something else of a person."""
    file = Path(ward.house.settings.data_dir) / "registers" / "persons.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    for each in document["entries"]:
        if each["pin"] == pin:
            each.update(changes)
    file.write_text(json.dumps(document), encoding="utf-8")


def held(ward: Ward, record_id: str | None) -> dict[str, Any]:
    return ward.house.portal.portal.deployment.certificates.held(SLUG, str(record_id))


def test_a_card_is_decided_and_certified_at_once_with_its_reasons(ward: Ward) -> None:
    card = ward.card()
    assert (card.state, card.step, card.request_kind) == (ApplicationState.GRANTED, None, RequestKind.NEW)
    assert (card.valid_from, card.valid_to, card.automated) == (TODAY, INSURED_UNTIL, True)
    assert [step["result"] for step in (card.decision or {})["derivation"]] == ["met"] * 5
    assert [each.what for each in card.history] == ["started", "submitted", "decided", "granted"]
    record = held(ward, card.record_id)
    assert record["card_number"] == card.document_number
    assert ward.portal.paper(JEAN, SLUG, card.application_id, language="en").pdf.startswith(b"%PDF")


@pytest.mark.parametrize("cause", [CardCause.RENEWAL, CardCause.LOSS, CardCause.THEFT])
def test_the_card_before_is_withdrawn_with_its_successor(ward: Ward, cause: CardCause) -> None:
    first = ward.card()
    second = ward.card(cause=cause)
    old = ward.again(first)
    assert (second.state, second.step) == (ApplicationState.GRANTED, None)
    assert (old.state, old.successor) == (ApplicationState.SUPERSEDED, second.application_id)
    assert second.document_number != first.document_number
    with pytest.raises(Conflict, match="record_withdrawn"):
        held(ward, first.record_id)
    with pytest.raises(Conflict, match="certificate_missing"):
        ward.portal.paper(JEAN, SLUG, first.application_id, language="en")


def test_a_lost_card_ends_even_if_the_new_one_needs_a_person(ward: Ward) -> None:
    first = ward.card()
    change_register(ward, JEAN_PIN, deceased=None)
    second = ward.card(cause=CardCause.LOSS)
    assert (second.state, second.reasons) == (ApplicationState.IN_REVIEW, ("alive",))
    assert ward.again(first).state is ApplicationState.WITHDRAWN
    with pytest.raises(Conflict, match="record_withdrawn"):
        held(ward, first.record_id)


def test_a_renewal_that_needs_a_person_leaves_the_card_in_force(ward: Ward) -> None:
    first = ward.card()
    change_register(ward, JEAN_PIN, covers=[])
    assert ward.card().state is ApplicationState.IN_REVIEW
    assert ward.again(first).state is ApplicationState.GRANTED


def causes(ward: Ward) -> tuple[CardCause, ...]:
    return ward.health.cards.causes(ward.health.cards.household(JEAN, SLUG)[0])


@pytest.mark.parametrize("cause", [CardCause.LOSS, CardCause.THEFT])
def test_a_loss_ends_the_card_at_once_while_a_renewal_waits_for_a_person(ward: Ward, cause: CardCause) -> None:
    first = ward.card()
    change_register(ward, JEAN_PIN, covers=[])
    waiting = ward.card()
    assert causes(ward) == (CardCause.LOSS, CardCause.THEFT)
    told = ward.card(cause=cause)
    assert (told.application_id, told.state) == (waiting.application_id, ApplicationState.IN_REVIEW)
    old = ward.again(first)
    assert (old.state, old.history[-1].reason) == (ApplicationState.WITHDRAWN, "holder_request")
    with pytest.raises(Conflict, match="record_withdrawn"):
        held(ward, first.record_id)
    assert (ward.again(waiting).facts or {})["health"]["reason"] == cause.value  # the officer sees it
    assert causes(ward) == ()
    assert ward.card(cause=CardCause.LOSS).version == told.version  # again changes nothing
    verdict = Verdict(
        outcome=VerdictOutcome.GRANT, reason="Seen.", validity_start=TODAY, validity_end=INSURED_UNTIL
    )
    granted = ward.portal.office.decide(HELENE, SLUG, waiting.application_id, verdict)
    assert (granted.state, granted.step) == (ApplicationState.GRANTED, None)
    assert ward.again(first).state is ApplicationState.WITHDRAWN


def test_an_officer_decides_what_the_register_does_not_show(ward: Ward) -> None:
    change_register(ward, JEAN_PIN, covers=[])
    asked = ward.card()
    assert [each.application.application_id for each in ward.portal.office.work_list(HELENE, SLUG)]
    verdict = Verdict(
        outcome=VerdictOutcome.GRANT, reason="Seen.", validity_start=TODAY, validity_end=INSURED_UNTIL
    )
    granted = ward.portal.office.decide(HELENE, SLUG, asked.application_id, verdict)
    assert (granted.state, granted.automated) == (ApplicationState.GRANTED, False)
    assert held(ward, granted.record_id)["card_number"] == granted.document_number


def test_a_card_that_ends_is_told_once_and_a_certificate_that_ends_is_not(ward: Ward) -> None:
    card = ward.card()
    ward.health.replacements.for_self(JEAN, SLUG, JEAN_PIN, ward.need())
    ward.clock.advance(80 * 86_400)
    assert ward.portal.remind() == 0
    ward.clock.advance(490 * 86_400)
    assert [each.kind.value for each in ward.portal.following.reminders(card)] == ["card_expires"]
    assert (ward.portal.remind(), ward.portal.remind()) == (1, 0)
    (sent,) = (Path(ward.house.settings.data_dir) / "messages").iterdir()
    assert f"Health Insurance Card of case {card.case_number} ends on" in sent.read_text(encoding="utf-8")


def test_what_an_officer_asks_comes_back_to_an_officer(ward: Ward) -> None:
    change_register(ward, JEAN_PIN, covers=[])
    case = ward.card()
    ward.portal.office.ask_applicant(HELENE, SLUG, case.application_id, question="Which employer?")
    assert ward.again(case).state is ApplicationState.WAITING_FOR_ANSWERS
    back = ward.portal.submit(JEAN, SLUG, case.application_id)
    assert (back.state, back.step) == (ApplicationState.IN_REVIEW, None)


def test_j02_a_child_of_another_parent_is_not_there(ward: Ward) -> None:
    assert ward.card(NADIA, LINA_PIN).state is ApplicationState.GRANTED
    card = ward.card(NADIA, LINA_PIN)
    for act in (
        lambda: ward.card(JEAN, LINA_PIN),
        lambda: ward.card(JEAN, NADIA_PIN),
        lambda: ward.card(JEAN, "NO SUCH PIN"),
        lambda: ward.card(CLINIC, JEAN_PIN),
        lambda: ward.code(JEAN, LINA_PIN),
        lambda: ward.again(card, JEAN),
        lambda: ward.portal.offer(JEAN, SLUG, card.application_id),
        lambda: ward.health.replacements.for_self(JEAN, SLUG, LINA_PIN, ward.need()),
    ):
        with pytest.raises(Refused, match="not_found"):
            act()


def test_the_tag_of_another_parents_child_is_not_there(ward: Ward) -> None:
    tags = {each.name: each.tag for each in ward.health.cards.household(NADIA, SLUG)}
    assert len(tags) == 3
    with pytest.raises(Refused, match="not_found"):
        ward.health.cards.member(JEAN, SLUG, tags["Lina Modèle"])


def test_the_card_of_a_child_goes_into_the_wallet_of_the_parent(ward: Ward) -> None:
    card = ward.card(NADIA, LINA_PIN)
    assert held(ward, card.record_id)["to_representative"] is True
    made = ward.portal.offer(NADIA, SLUG, card.application_id)
    assert (made.sent_to_worker, made.tx_code) == (True, None)  # to the parent: the child has no address
    assert held(ward, ward.card().record_id)["to_representative"] is False


def test_only_the_institution_that_insures_gives_a_card_and_others_are_told_where(ward: Ward) -> None:
    change_register(
        ward,
        JEAN_PIN,
        entitlement={
            "institution": "FR:TEST09",
            "institution_name": "Another (test)",
            "card_number": "80250000020000040015",
            "valid_until": "2028-06-30",
        },
    )
    member = ward.health.cards.household(JEAN, SLUG)[0]
    assert (member.standing, ward.health.cards.causes(member)) == (Standing.ELSEWHERE, ())
    for act in (
        ward.card,
        ward.code,
        lambda: ward.health.replacements.for_self(JEAN, SLUG, JEAN_PIN, ward.need()),
    ):
        with pytest.raises(Refused, match="insured_elsewhere") as refused:
            act()
        assert refused.value.params["institution"] == "Another (test)"
    with pytest.raises(Refused, match="certificate_not_offered"):
        ward.health.cards.ask(JEAN, "fr-demo", JEAN_PIN, CardCause.RENEWAL, language="en")


def test_who_is_in_no_register_of_insured_people_can_ask_and_a_person_looks(ward: Ward) -> None:
    asked = ward.card(KARIM, KARIM_PIN, CardCause.FIRST)
    assert asked.state is ApplicationState.IN_REVIEW
    with pytest.raises(Conflict, match="card_cause_unfit"):
        ward.card(JEAN, JEAN_PIN, CardCause.FIRST)
    with pytest.raises(Refused, match="entitlement_unknown"):
        ward.code(KARIM, KARIM_PIN)


def test_a_card_cannot_be_asked_for_in_the_way_of_other_certificates(ward: Ward) -> None:
    with pytest.raises(Refused, match="certificate_not_offered"):
        ward.portal.start(JEAN, SLUG, Wish(certificate_kind=CertificateKind.EHIC))
    card = ward.card()
    with pytest.raises(Refused, match="certificate_not_offered"):
        ward.portal.report_change(JEAN, SLUG, card.application_id)


def test_of_many_at_the_same_time_one_card_comes(ward: Ward) -> None:
    def ask(_: int) -> str:
        try:
            return ward.card(cause=CardCause.LOSS).application_id
        except Conflict as conflict:
            return conflict.code

    with ThreadPoolExecutor(12) as pool:
        told = set(pool.map(ask, range(12)))
    with ward.house.database.read() as connection:
        found = application_store.applications_of(connection, SLUG, subject_id="", employers=(), pins=(JEAN_PIN,))
    assert told <= {each.application_id for each in found} | {"application_busy", "application_changed"}
    assert sum(each.has_certificate for each in found) == 1
    assert {each.state for each in found} <= {ApplicationState.GRANTED, ApplicationState.SUPERSEDED}
    assert len({each.document_number for each in found}) == len(found)


class Killed(BaseException):
    """The process ends here."""


def dies(patched: pytest.MonkeyPatch, owner: object, name: str, *, after: bool) -> None:
    real = getattr(owner, name)

    def killed(*args: Any, **named: Any) -> None:
        if after:
            real(*args, **named)
        raise Killed

    patched.setattr(owner, name, killed)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("place", ["set_card_case", "decide", "upload", "paper", "withdraw"])
def test_a_kill_at_any_place_is_made_good(open_ward: Callable[..., Ward], place: str, after: bool) -> None:
    ward = open_ward()
    first = ward.card()
    owners = {"set_card_case": health_store, "decide": ward.portal.running._of_health}
    with pytest.MonkeyPatch.context() as patched:
        if place == "decide":
            steps = ward.portal.running._of_health
            real = steps[Step.DECIDE]

            def killed(application: Any) -> Any:
                if after:
                    real(application)
                raise Killed

            patched.setitem(steps, Step.DECIDE, killed)
        else:
            dies(patched, owners.get(place, ward.house.issuer), place, after=after)
        with pytest.raises(Killed):
            ward.card(cause=CardCause.LOSS)
    later = open_ward()
    later.clock.advance(60)
    left = later.portal.resume_unfinished()
    assert left == (0 if place == "set_card_case" else 1)  # what was never committed was never asked
    if not left:
        later.card(cause=CardCause.LOSS)
    now = later.health.cards.household(JEAN, SLUG)[0]
    assert now.certificate is not None
    assert now.certificate.application_id != first.application_id
    assert later.again(first).state is ApplicationState.SUPERSEDED
    assert later.portal.resume_unfinished() == 0
