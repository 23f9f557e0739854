"""Which certificates a person gets: their own only, in what the wallet asked for, and still in force."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import event

from portadoc.errors import Refused
from portadoc.issuer.entitlements import Entitlement
from portadoc.issuer.identification.identity import Assurance, Identity, IdentityNumber, IdentitySource, Numbering
from portadoc.issuer.records.holders import holder_of
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.store import record_store
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from tests.flows.identifying import A1, HEALTH, Browser, Town, other_pid

WORKER = Identity(
    family_name="Maréchal-Testelin",
    given_name="Éléonore Inès",
    birth_date=date(1991, 4, 17),
    source=IdentitySource.PID,
    assurance=Assurance.HIGH,
    vouched_by="FR:TEST03",
    birth_family_name="Testelin",
    town_of_birth="Clermont-Ferrand",
)


def worker(**person: object) -> Pda1:
    """Return the example certificate, about somebody with other facts."""
    record = example("posted-worker-fr-de", date(2026, 11, 22))
    assert isinstance(record, Pda1)
    return replace(record, person=replace(record.person, **person))  # type: ignore[arg-type]


def held(
    town: Town, identity: Identity = WORKER, *wanted: str, institution: str = A1
) -> list[tuple[str, list[str]]]:
    found = town.issuer.identifying.certificates.held(institution, wanted or ("pda1",), identity)
    return [(each.record_id, [one.configuration_id for one in each.entitlements]) for each in found]


def test_a_person_gets_each_certificate_in_what_the_wallet_wants(town: Town) -> None:
    mine = town.certificate()
    town.issuer.upload(A1, worker(surnames="Autre", surname_at_birth=None, forenames="Personne"))
    assert held(town) == [(mine, ["pda1"])]
    assert held(town, WORKER, "pda1", "pda1-webuild") == [(mine, ["pda1", "pda1-webuild"])]
    assert held(town, WORKER, "ehic") == []


def test_a_certificate_of_another_institution_is_not_looked_for(town: Town) -> None:
    town.certificate()
    assert held(town, WORKER, "ehic", institution=HEALTH) == []


def test_a_certificate_that_was_withdrawn_is_not_given(town: Town) -> None:
    mine = town.certificate()
    town.issuer.withdraw(A1, mine, reason=WithdrawalReason.ISSUED_IN_ERROR, effective_from=date(2026, 11, 1))
    assert held(town) == []


def test_a_certificate_that_is_over_is_not_given(town: Town) -> None:
    town.certificate()
    town.clock.advance(3 * 366 * 86_400)
    assert held(town) == []


def test_two_people_of_one_name_birthday_and_town_get_nothing_without_a_number(town: Town) -> None:
    """Their numbers differ, so they are two: which of them this is, nobody can tell."""
    mine = town.certificate()
    town.issuer.upload(A1, worker(pin="2 91 04 99 512 999 01"))
    assert held(town) == []
    numbered = replace(
        WORKER, numbers=(IdentityNumber("291049951201438", Numbering.SOCIAL_SECURITY),), town_of_birth=None
    )
    assert held(town, numbered) == [(mine, ["pda1"])]


def test_a_number_that_agrees_with_one_of_two_namesakes_gives_that_one_only(town: Town) -> None:
    mine = town.certificate()
    town.issuer.upload(A1, worker(pin="2 91 04 99 512 999 01"))
    national = replace(WORKER, numbers=(IdentityNumber("2 91 04 99 512 014 38", Numbering.NATIONAL),))
    assert held(town, national) == [(mine, ["pda1"])]


def test_what_the_wallet_wants_chooses_none_of_two_namesakes(town: Town) -> None:
    """The other one's record cannot be had in this layout, and tells all the same that they are two."""
    town.certificate()
    found = town.issuer.identifying.certificates
    whole, theirs = found._may_be_offered, town.issuer.upload(A1, worker(pin="2 91 04 99 512 999 01"))

    def may_be_offered(institution: str, record_id: str, wanted: Sequence[str]) -> tuple[Entitlement, ...]:
        if record_id == theirs:
            raise Refused("projection_cannot_carry")
        return whole(institution, record_id, wanted)

    found._may_be_offered = may_be_offered
    assert held(town) == []


def test_a_day_elsewhere_in_a_record_is_no_date_of_birth(town: Town) -> None:
    town.certificate()
    assert held(town, replace(WORKER, birth_date=date(2026, 10, 12))) == []


def identify(town: Town, browser: Browser, **request: str) -> str:
    browser.open(town.pushed(**request))
    town.identify(browser)
    return browser.page()


def test_an_offer_is_given_whole_or_not_at_all(town: Town) -> None:
    """A person who is not the holder of one of its records gets none of them."""
    town.give_pid(town.wallet)
    state = town.offer_state(town.certificate(), "pda1", "pda1-webuild")
    page = identify(town, town.browser(), issuer_state=state, scope="pda1 pda1-webuild")
    assert "It was offered to you" in page


def test_an_offer_of_a_record_withdrawn_since_gives_nothing(town: Town) -> None:
    town.give_pid(town.wallet)
    record_id = town.certificate()
    state = town.offer_state(record_id)
    town.issuer.withdraw(A1, record_id, reason=WithdrawalReason.ISSUED_IN_ERROR, effective_from=date(2026, 11, 1))
    assert "Nothing can be given" in identify(town, town.browser(), issuer_state=state)


def test_what_is_withdrawn_before_the_yes_is_not_given(town: Town) -> None:
    town.give_pid(town.wallet)
    record_id, browser = town.certificate(), town.browser()
    assert "What the wallet will get" in identify(town, browser)
    town.issuer.withdraw(A1, record_id, reason=WithdrawalReason.ISSUED_IN_ERROR, effective_from=date(2026, 11, 1))
    assert browser.approve().status == 409


def test_a_certificate_that_is_still_being_decided_is_offered_to_its_holder_only(town: Town) -> None:
    """Deferred issuance: whoever is entitled is known before there is a record, by the holder who is expected."""
    town.issuer.expect(A1, "expected-1", holder_of(worker()), ("pda1",))
    state = town.offer_state("expected-1")
    stranger = town.make_wallet()
    town.give_pid(stranger, other_pid(given_name="Aurore"))
    browser = town.browser()
    browser.open(town.pushed(issuer_state=state))
    town.identify(browser, stranger)
    assert "Nothing can be given" in browser.page()
    town.give_pid(town.wallet)
    town.identify(browser)
    assert "A1 certificate" in browser.page()
    assert "code=" in browser.approve().headers["location"]


@pytest.mark.parametrize("given_name", ["Éléonore", "Eleonore Ines", "Inès Éléonore"])
def test_look_alikes_are_told_nothing_of_a_record_that_is_there(town: Town, given_name: str) -> None:
    """The page is the same as where there is no such record."""
    twin = other_pid(given_name=given_name)
    wallet, browser = town.make_wallet(), town.browser()
    town.give_pid(wallet, twin)
    browser.open(town.pushed())
    town.identify(browser, wallet)
    without = browser.page()
    town.certificate()
    town.identify(browser, wallet)
    assert browser.page() == without


def test_records_of_a_birth_date_are_found_by_an_index(town: Town) -> None:
    """Among millions, only those of the day are read."""
    asked: list[tuple[str, Any]] = []
    with town.database.read() as connection:

        def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            asked.append((statement, parameters))

        event.listen(connection, "before_cursor_execute", note)
        record_store.records_of_birth_date(connection, A1, date(1991, 4, 17), at_most=1)
        event.remove(connection, "before_cursor_execute", note)
        statement, parameters = asked[0]
        (step, *_) = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    assert "issuer_records_of_birth_date (institution=? AND born=?)" in str(step)
