"""Replacement certificates: never without consent, a code works once, and who asked is always told."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portadoc.access import Role, Subject, SubjectKind
from portadoc.errors import Conflict, Error, Malformed, Refused, Unavailable
from portadoc.portal.applications.application import ApplicationState, CertificateKind
from portadoc.portal.health.consents import read_code
from portadoc.portal.health.replacements import OnceKey
from portadoc.portal.store import application_store, health_store
from portadoc.portal.store.health_store import ConsentState
from portadoc.portal.store.health_tables import ASKED, CONSENTS, TRIES
from portadoc.storage import outbox
from tests.unit.portal.health.conftest import (
    BORN,
    CLINIC,
    HELENE,
    JEAN,
    JEAN_PIN,
    LINA_PIN,
    NADIA,
    OTHER_CLINIC,
    SLUG,
    TODAY,
    Ward,
)
from tests.unit.portal.health.test_health_cards import Killed, change_register, dies

WRONG = date(1985, 4, 13)
MACHINE = Subject("m-hospital", SubjectKind.MACHINE, frozenset({Role.CARE_PROVIDER}), name="hospital")


def outcomes(ward: Ward, subject: Subject = JEAN) -> list[str]:
    return [each.outcome for each in ward.health.consents.who_asked(subject, SLUG)]


def test_with_a_code_and_the_birth_date_a_care_provider_gets_the_certificate_at_once(ward: Ward) -> None:
    given = ward.redeem(ward.code())
    assert (given.state, given.certificate_kind) == (ApplicationState.GRANTED, CertificateKind.PRC)
    assert (given.valid_from, given.valid_to) == (TODAY, TODAY + timedelta(days=89))
    paper = ward.portal.paper(CLINIC, SLUG, given.application_id, language="en")
    assert paper.pdf.startswith(b"%PDF")
    assert paper.code == given.seal_code
    told = ward.health.consents.who_asked(JEAN, SLUG)[0]
    assert (told.asked_name, told.outcome, told.application_id) == (CLINIC.name, "given", given.application_id)
    with pytest.raises(Refused, match="not_found"):
        ward.portal.paper(OTHER_CLINIC, SLUG, given.application_id, language="en")


def test_it_names_the_card_that_we_gave_out_last(ward: Ward) -> None:
    card = ward.card()
    given = ward.redeem(ward.code())
    record = ward.portal.deployment.certificates.held(SLUG, str(given.record_id))
    assert record["card_number"] == card.document_number
    assert record["reason"] == "short_notice"


def test_however_a_code_is_typed_it_is_read(ward: Ward) -> None:
    code = ward.code()
    assert len(code.replace("-", "")) == 8
    assert ward.redeem(f" {code.lower().replace('-', ' ')} ".replace("0", "o")).state is ApplicationState.GRANTED
    for wrong in ("", "ABC", "ABCD-EFGU", "ABCD-EFGHJ"):
        with pytest.raises(Malformed, match="consent_code_malformed"):
            read_code(wrong)


def test_a_code_works_once(ward: Ward) -> None:
    code = ward.code()
    ward.redeem(code)
    with pytest.raises(Refused, match="consent_unusable"):
        ward.redeem(code)
    with pytest.raises(Refused, match="consent_unusable"):
        ward.redeem(code, subject=OTHER_CLINIC)


def test_of_fifty_uses_of_one_code_at_the_same_time_one_gets_a_certificate(ward: Ward) -> None:
    code = ward.code()

    def use(number: int) -> str:
        try:
            return ward.redeem(code, subject=replace(CLINIC, id=f"clinic-{number % 5}")).state.value
        except Error as error:
            return error.code

    with ThreadPoolExecutor(50) as pool:
        found = list(pool.map(use, range(50)))
    assert (found.count("granted"), found.count("consent_unusable")) == (1, 49)
    with ward.house.database.read() as connection:
        issued = application_store.applications_of(connection, SLUG, subject_id="", employers=(), pins=(JEAN_PIN,))
    assert len(issued) == 1


def test_an_unused_code_ends_by_itself_by_a_new_one_and_by_its_owner(ward: Ward) -> None:
    late = ward.code()
    ward.clock.advance(30 * 60)
    replaced = ward.code()
    withdrawn = ward.code(NADIA, LINA_PIN)
    consent = ward.health.consents.listed(NADIA, SLUG)[0]
    ward.health.consents.withdraw(NADIA, SLUG, consent.consent_id)
    ward.health.consents.withdraw(NADIA, SLUG, consent.consent_id)  # again changes nothing
    current = ward.code()
    for code, born in ((late, BORN[JEAN_PIN]), (replaced, BORN[JEAN_PIN]), (withdrawn, BORN[LINA_PIN])):
        with pytest.raises(Refused, match="consent_unusable"):
            ward.redeem(code, born)
    assert ward.redeem(current).state is ApplicationState.GRANTED
    with ward.house.database.read() as connection:
        used = next(
            each
            for each in health_store.consents_of(connection, SLUG, (JEAN_PIN,))
            if each.state is ConsentState.USED
        )
    with pytest.raises(Conflict, match="consent_used"):
        ward.health.consents.withdraw(JEAN, SLUG, used.consent_id)
    with pytest.raises(Refused, match="not_found"):
        ward.health.consents.withdraw(JEAN, SLUG, consent.consent_id)


def test_of_codes_made_at_the_same_time_the_newest_is_the_only_open_one(ward: Ward) -> None:
    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda _: ward.code(), range(12)))
    with ward.house.database.read() as connection:
        found = health_store.consents_of(connection, SLUG, (JEAN_PIN,))
    open_ones = [each for each in found if each.state is ConsentState.OPEN]
    assert (len(found), len(open_ones)) == (12, 1)
    assert len(ward.health.consents.listed(JEAN, SLUG)) == 1
    another = replace(open_ones[0], consent_id="another", code_tag="another")
    with pytest.raises(IntegrityError), ward.house.database.transaction() as connection:
        health_store.insert_consent(connection, another)  # whatever the code above does: the table holds one
    ward.clock.advance(86_400)  # one that is over is in nobody's way
    assert ward.code() not in codes


def test_wrong_birth_dates_lock_a_code_and_look_like_a_wrong_code(ward: Ward) -> None:
    code = ward.code()
    refusals = []
    for _ in range(3):
        with pytest.raises(Refused, match="consent_unusable") as refused:
            ward.redeem(code, WRONG)
        refusals.append((refused.value.code, refused.value.params))
    with pytest.raises(Refused, match="consent_unusable") as refused:
        ward.redeem("00000000", WRONG)
    assert set(map(str, refusals)) == {str((refused.value.code, refused.value.params))}
    with pytest.raises(Refused, match="consent_unusable"):
        ward.redeem(code)  # the right date comes too late
    assert outcomes(ward) == ["refused"] * 3
    assert ward.health.consents.listed(JEAN, SLUG) == ()


def test_who_tries_codes_out_waits(open_ward: Callable[..., Ward]) -> None:
    ward = open_ward(consent_tries_per_hour=5)
    code = ward.code()
    for number in range(5):
        with pytest.raises(Refused, match="consent_unusable"):
            ward.redeem(f"0000000{number}")
    with pytest.raises(Unavailable, match="consent_tries_throttled"):
        ward.redeem(code)
    assert ward.redeem(code, subject=OTHER_CLINIC).state is ApplicationState.GRANTED
    ward.clock.advance(3601)
    assert ward.redeem(ward.code()).state is ApplicationState.GRANTED
    with pytest.raises(Refused, match="consent_unusable"):
        ward.redeem("00000000")


def test_right_codes_do_not_count_as_tries(open_ward: Callable[..., Ward]) -> None:
    ward = open_ward(consent_tries_per_hour=2)
    for _ in range(4):
        assert ward.redeem(ward.code()).state is ApplicationState.GRANTED


@pytest.mark.parametrize("subject", [JEAN, NADIA, HELENE], ids=lambda each: each.id)
def test_j02_who_is_no_care_provider_finds_no_door(ward: Ward, subject: Subject) -> None:
    code = ward.code()
    with pytest.raises(Refused, match="not_found"):
        ward.redeem(code, subject=subject)
    with pytest.raises(Refused, match="not_found"):
        ward.health.replacements.request(subject, SLUG, JEAN_PIN, BORN[JEAN_PIN], ward.need())
    assert ward.redeem(code).state is ApplicationState.GRANTED


def test_a_person_says_yes_to_who_asks_or_no(ward: Ward) -> None:
    asks = ward.health.replacements.request(CLINIC, SLUG, JEAN_PIN, BORN[JEAN_PIN], ward.need())
    assert ward.health.replacements.requested(CLINIC, SLUG, asks.consent_id).application_id is None
    assert [each.given_name for each in ward.health.consents.listed(JEAN, SLUG)] == [CLINIC.name]
    given = ward.health.replacements.approve(JEAN, SLUG, asks.consent_id)
    assert given.state is ApplicationState.GRANTED
    found = ward.health.replacements.requested(CLINIC, SLUG, asks.consent_id)
    assert found.application_id == given.application_id
    assert ward.portal.paper(CLINIC, SLUG, given.application_id, language="en").pdf.startswith(b"%PDF")
    with pytest.raises(Refused, match="consent_unusable"):
        ward.health.replacements.approve(JEAN, SLUG, asks.consent_id)
    declined = ward.health.replacements.request(CLINIC, SLUG, JEAN_PIN, BORN[JEAN_PIN], ward.need())
    ward.health.consents.withdraw(JEAN, SLUG, declined.consent_id)
    with pytest.raises(Refused, match="consent_unusable"):
        ward.health.replacements.approve(JEAN, SLUG, declined.consent_id)
    assert sorted(outcomes(ward)) == ["asked", "asked", "given", "refused"]


def test_j02_nobody_else_can_answer_or_see_what_is_asked(ward: Ward) -> None:
    asks = ward.health.replacements.request(CLINIC, SLUG, JEAN_PIN, BORN[JEAN_PIN], ward.need())
    for act in (
        lambda: ward.health.replacements.approve(NADIA, SLUG, asks.consent_id),
        lambda: ward.health.consents.withdraw(NADIA, SLUG, asks.consent_id),
        lambda: ward.health.replacements.requested(OTHER_CLINIC, SLUG, asks.consent_id),
        lambda: ward.health.replacements.requested(CLINIC, SLUG, "unknown"),
    ):
        with pytest.raises(Refused, match="not_found"):
            act()


def test_who_asks_about_a_stranger_gets_the_same_answer(open_ward: Callable[..., Ward]) -> None:
    ward = open_ward(consent_tries_per_hour=3)
    known = ward.health.replacements.request(CLINIC, SLUG, JEAN_PIN, BORN[JEAN_PIN], ward.need())
    unknown = ward.health.replacements.request(CLINIC, SLUG, "NOBODY", BORN[JEAN_PIN], ward.need())
    mistaken = ward.health.replacements.request(CLINIC, SLUG, JEAN_PIN, WRONG, ward.need())
    shown = [
        replace(ward.health.replacements.requested(CLINIC, SLUG, each.consent_id), consent_id="", person_pin=None)
        for each in (known, unknown, mistaken)
    ]
    assert shown[0] == shown[1] == shown[2]
    assert len(ward.health.consents.listed(JEAN, SLUG)) == 1
    with pytest.raises(Unavailable, match="consent_tries_throttled"):
        ward.health.replacements.request(CLINIC, SLUG, JEAN_PIN, BORN[JEAN_PIN], ward.need())


def test_the_insured_person_gets_one_directly_and_a_parent_for_a_child(ward: Ward) -> None:
    own = ward.health.replacements.for_self(JEAN, SLUG, JEAN_PIN, ward.need("loss"))
    again = ward.health.replacements.for_self(JEAN, SLUG, JEAN_PIN, ward.need("loss"))
    assert again.application_id == own.application_id
    childs = ward.health.replacements.for_self(NADIA, SLUG, LINA_PIN, ward.need())
    assert {own.state, childs.state} == {ApplicationState.GRANTED}
    assert ward.portal.paper(NADIA, SLUG, childs.application_id, language="fr").pdf.startswith(b"%PDF")


def test_many_clicks_at_one_moment_give_one_certificate(ward: Ward) -> None:
    start = threading.Barrier(8)

    def click(_: int) -> str:
        start.wait()
        need = ward.need("loss")
        return ward.health.replacements.for_self(JEAN, SLUG, JEAN_PIN, need).application_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(click, range(8)))) == 1
    with ward.house.database.read() as connection:
        made = application_store.applications_of(connection, SLUG, subject_id="", employers=(), pins=(JEAN_PIN,))
    assert [each.state for each in made] == [ApplicationState.GRANTED]


def test_of_many_yeses_to_one_request_one_gives_a_certificate(ward: Ward) -> None:
    asked = ward.health.replacements.request(CLINIC, SLUG, JEAN_PIN, BORN[JEAN_PIN], ward.need())
    start = threading.Barrier(8)

    def approve(_: int) -> str:
        start.wait()
        try:
            return ward.health.replacements.approve(JEAN, SLUG, asked.consent_id).state.value
        except Error as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(approve, range(8)))
    assert (found.count("granted"), found.count("consent_unusable")) == (1, 7)


def test_wrong_birth_dates_at_one_moment_share_the_same_tries(ward: Ward) -> None:
    code, start = ward.code(), threading.Barrier(24)

    def use(number: int) -> str:
        start.wait()
        with pytest.raises(Refused, match="consent_unusable"):
            ward.redeem(code, WRONG, subject=replace(CLINIC, id=f"clinic-{number}"))
        return "refused"

    with ThreadPoolExecutor(24) as pool:
        assert list(pool.map(use, range(24))) == ["refused"] * 24
    with ward.house.database.read() as connection:
        (locked,) = health_store.consents_of(connection, SLUG, (JEAN_PIN,))
    assert (locked.tries, locked.state) == (ward.portal.settings.consent_tries, ConsentState.LOCKED)
    assert len(outcomes(ward)) == locked.tries  # the others met a code that was gone


def test_what_the_register_does_not_show_is_for_a_person_and_uses_the_code_up(ward: Ward) -> None:
    code = ward.code()
    change_register(ward, JEAN_PIN, covers=[])
    asked = ward.redeem(code)
    assert (asked.state, asked.seal_code) == (ApplicationState.IN_REVIEW, None)
    with pytest.raises(Conflict, match="certificate_missing"):
        ward.portal.paper(CLINIC, SLUG, asked.application_id, language="en")


@pytest.mark.parametrize("days", [-91, 61])
def test_the_first_day_lies_near_today(ward: Ward, days: int) -> None:
    with pytest.raises(Refused, match="treatment_day_unfit"):
        ward.need(first_day=TODAY + timedelta(days=days))
    with pytest.raises(Malformed, match="choice_unknown"):
        ward.need("because")


def test_j12_the_same_request_of_a_machine_is_answered_again_and_uses_no_second_code(ward: Ward) -> None:
    code, once = ward.code(), OnceKey(key="k1", body=b"{}")
    first = ward.redeem(code, subject=MACHINE, once=once)
    assert first.state is ApplicationState.GRANTED
    assert ward.redeem(code, subject=MACHINE, once=once).application_id == first.application_id
    with pytest.raises(Conflict, match="idempotency_key_used"):
        ward.redeem(ward.code(), subject=MACHINE, once=OnceKey(key="k1", body=b"other"))
    with pytest.raises(Malformed, match="idempotency_key_invalid"):
        ward.redeem(ward.code(), subject=MACHINE, once=OnceKey(key="", body=b"{}"))


def test_j12_the_same_request_of_a_machine_at_the_same_time_acts_once(ward: Ward) -> None:
    code, once = ward.code(), OnceKey(key="k1", body=b"{}")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: ward.redeem(code, subject=MACHINE, once=once).application_id, range(8)))
    assert len(set(found)) == 1


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("place", ["upload", "paper"])
def test_a_kill_after_the_code_was_used_is_made_good(
    open_ward: Callable[..., Ward], place: str, after: bool
) -> None:
    ward = open_ward()
    code = ward.code()
    with pytest.MonkeyPatch.context() as patched:
        dies(patched, ward.house.issuer, place, after=after)
        with pytest.raises(Killed):
            ward.redeem(code)
    later = open_ward()
    later.clock.advance(60)
    assert later.portal.resume_unfinished() == 1
    given = later.portal.applications(CLINIC, SLUG)
    assert [each.state for each in given] == [ApplicationState.GRANTED]
    with pytest.raises(Refused, match="consent_unusable"):
        later.redeem(code)


def test_a_kill_before_the_code_is_used_leaves_it_usable(open_ward: Callable[..., Ward]) -> None:
    ward = open_ward()
    code = ward.code()
    with pytest.MonkeyPatch.context() as patched:
        dies(patched, application_store, "insert_application", after=True)
        with pytest.raises(Killed):
            ward.redeem(code)
    assert open_ward().redeem(code).state is ApplicationState.GRANTED


def test_neither_codes_nor_persons_stand_where_they_should_not(
    ward: Ward, caplog: pytest.LogCaptureFixture
) -> None:
    code = ward.code()
    with pytest.raises(Refused):
        ward.redeem(code, WRONG)
    ward.redeem(code)
    ward.health.replacements.request(CLINIC, SLUG, JEAN_PIN, BORN[JEAN_PIN], ward.need())
    plain = code.replace("-", "")
    with ward.house.database.read() as connection:
        kept = str([list(connection.execute(select(table))) for table in (CONSENTS, ASKED, TRIES)])
        events = str(outbox.read_after(connection, institution=None, cursor=None))
    assert plain not in kept
    assert "1985" not in kept
    for told in (events, caplog.text):
        for secret in (plain, code, JEAN_PIN, "1985", "Exemple", "Clinique"):
            assert secret not in told
    assert "consent_given" in events
    assert "replacement_refused" in events


def test_what_is_over_is_forgotten_and_what_was_asked_is_kept(ward: Ward) -> None:
    ward.redeem(ward.code())
    ward.code()
    ward.clock.advance(100 * 86_400)
    ward.portal.forget()
    with ward.house.database.read() as connection:
        left: dict[str, Any] = {
            each.name: len(list(connection.execute(select(each)))) for each in (CONSENTS, ASKED)
        }
    assert left == {"portal_consents": 0, "portal_asked": 1}
