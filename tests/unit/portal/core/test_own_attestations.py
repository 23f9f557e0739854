"""A person's own attestations: whose they are, what they are worth, collected once and again, with receipts."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from fastapi import FastAPI

from portadoc.access import Role, Subject, SubjectKind
from portadoc.errors import Conflict, Refused, Unavailable
from portadoc.formats import jws
from portadoc.issuer.life_cycle.succession import Asked
from portadoc.issuer.openid4vci import wallet_router
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.portal.applications.application import Application
from portadoc.portal.attestations.attestation import Attestation, Standing, attestation_of
from portadoc.portal.handover.offering import HandOver
from portadoc.portal.neighbours import HeldRecord
from portadoc.portal.store.handover_store import ForWhom
from portadoc.schemas.examples import example
from portadoc.schemas.pda1 import Pda1
from portadoc.schemas.records import record_to_json
from portadoc.wallet_sim.transport import AsgiTransport
from portadoc.wallet_sim.wallet import Wallet
from tests.unit.portal.core.conftest import ANNE, CLAIRE, IVAN, JEAN, SLUG, TODAY, Desk

JEAN_PIN = "TEST185041201"
BORN = date(1985, 4, 12)
TWIN = Subject("dev:twin", SubjectKind.PERSON, frozenset({Role.WORKER}), pin="TEST185041299")
KARIM = Subject("dev:karim-essai", SubjectKind.PERSON, frozenset({Role.WORKER}), pin="TEST190013001")


def listed(desk: Desk, subject: Subject = JEAN, slug: str = SLUG) -> tuple[Attestation, ...]:
    return desk.portal.own.attestations.listed(subject, slug)


def record_on(pin: str = JEAN_PIN, born: date = BORN, **changes: object) -> Pda1:
    """Return an A1 as a source of the institution would bring it, about somebody."""
    made = example("posted-worker-fr-de", TODAY)
    assert isinstance(made, Pda1)
    person = replace(made.person, pin=pin, date_of_birth=born, forenames="Jean", surnames="Exemple")
    return replace(made, person=person, **changes)


def collect(desk: Desk, attestation: Attestation) -> HandOver:
    return desk.portal.own.collecting.collect(JEAN, SLUG, attestation.attestation_id, language="en")


def collect_again(desk: Desk, attestation: Attestation, *, lost: bool, seen: str = "") -> HandOver:
    word = seen or desk.portal.own.collecting.seen(SLUG, attestation)
    return desk.portal.own.collecting.collect_again(
        JEAN, SLUG, attestation.attestation_id, lost=lost, seen=word, language="en"
    )


def last_code(desk: Desk) -> str:
    newest = max(
        (desk.house.settings.data_dir / "messages").glob("*.json"), key=lambda each: each.stat().st_mtime_ns
    )
    text = json.loads(newest.read_text(encoding="utf-8"))["text"]
    return re.findall(r"(?<![0-9-])[0-9]{6}(?![0-9-])", text)[-1]


def wallet_of(desk: Desk) -> Wallet:
    """Return the wallet of the house, which reaches its issuer without a network."""
    means, issuer = desk.house.wallet.means, FastAPI()
    issuer.include_router(wallet_router(desk.house.issuer))
    return Wallet(
        desk.house.wallet._store,
        transport=AsgiTransport(issuer, desk.house.settings.base_url),
        trust=means.trust,
        clock=means.clock,
        random_bytes=means.random_bytes,
        profile=means.profile,
    )


def into_wallet(desk: Desk, made: HandOver, copies: int = 3) -> None:
    assert made.sent_to_worker
    wallet_of(desk).accept(made.link, tx_code=last_code(desk), copies=copies)


def test_the_person_sees_what_an_employer_asked_for_and_collects_it(desk: Desk) -> None:
    granted = desk.submit()
    (found,) = listed(desk)
    assert (found.attestation_id, found.kind, found.states) == (granted.record_id, "pda1", ("DE",))
    assert (found.standing, found.record.collections, found.has_paper) == (Standing.NOT_BEGUN, (), True)
    into_wallet(desk, collect(desk, found))
    (found,) = listed(desk)
    assert [(each.copies, each.valid, each.confirmed) for each in found.own_collections] == [(3, 3, True)]
    assert desk.portal.desk(CLAIRE, SLUG, granted.application_id).collected == 1


def test_what_a_source_brought_is_there_too_and_can_be_collected(desk: Desk) -> None:
    record_id = desk.house.issuer.upload(SLUG, record_on(pin="TEST 1 85 04 12 01"))
    (found,) = listed(desk)
    assert (found.attestation_id, found.application, found.has_paper) == (record_id, None, False)
    into_wallet(desk, collect(desk, found), copies=2)
    assert len(listed(desk)[0].own_collections) == 1


def with_twin(desk: Desk) -> None:
    """Let the person register know a twin: the same names and birth date, and a number of their own."""
    file = desk.house.settings.data_dir / "registers" / "persons.json"
    known = json.loads(file.read_text(encoding="utf-8"))
    (jean,) = (each for each in known["entries"] if each["pin"] == JEAN_PIN)
    known["entries"].append({**jean, "pin": str(TWIN.pin)})
    file.write_text(json.dumps(known), encoding="utf-8")


def test_j02_twins_see_each_their_own(desk: Desk) -> None:
    with_twin(desk)
    desk.submit()
    theirs = desk.house.issuer.upload(SLUG, record_on(pin=str(TWIN.pin)))
    assert [each.attestation_id for each in listed(desk, TWIN)] == [theirs]
    (own,) = listed(desk)
    assert own.attestation_id != theirs
    for subject, other in ((TWIN, own.attestation_id), (JEAN, theirs)):
        with pytest.raises(Refused, match="not_found"):
            desk.portal.own.attestations.one(subject, SLUG, other)


@pytest.mark.parametrize("subject", [TWIN, KARIM])
def test_j02_who_looks_alike_sees_nothing_of_it(desk: Desk, subject: Subject) -> None:
    granted = desk.submit()
    desk.house.issuer.upload(SLUG, record_on())
    assert listed(desk, subject) == ()
    own = desk.portal.own
    for act in (own.attestations.one, own.receipts.receipt):
        with pytest.raises(Refused, match="not_found"):
            act(subject, SLUG, granted.record_id or "")
    with pytest.raises(Refused, match="not_found"):
        own.collecting.collect(subject, SLUG, granted.record_id or "", language="en")


def test_a_record_with_the_number_of_one_and_the_birth_date_of_another_is_nobodys(desk: Desk) -> None:
    desk.house.issuer.upload(SLUG, record_on(born=BORN + timedelta(days=1)))
    desk.house.issuer.upload(SLUG, record_on(pin=str(TWIN.pin)))
    assert listed(desk) == ()
    assert listed(desk, TWIN) == ()  # in no register, so nothing says when this person was born


def test_each_institution_tells_its_own(desk: Desk) -> None:
    desk.submit()
    assert listed(desk, slug="fr-health") == ()
    with pytest.raises(Refused, match="not_found"):
        listed(desk, slug="nobody")


@pytest.mark.parametrize("subject", [CLAIRE, IVAN, ANNE])
def test_employers_and_officers_have_no_such_page(desk: Desk, subject: Subject) -> None:
    granted = desk.submit()
    with pytest.raises(Refused, match="not_found"):
        listed(desk, subject)
    with pytest.raises(Refused, match="not_found"):
        desk.portal.own.attestations.one(subject, SLUG, granted.record_id or "")


def test_what_was_made_and_never_released_is_not_shown(desk: Desk) -> None:
    record_id = desk.house.issuer.upload(SLUG, record_on())
    desk.house.issuer.withdraw(SLUG, record_id, reason=WithdrawalReason.ISSUED_IN_ERROR)
    assert listed(desk) == ()


def test_a_withdrawn_one_says_why_from_when_and_leaves_a_signed_receipt(desk: Desk) -> None:
    desk.house.issuer.upload(SLUG, record_on())
    (found,) = listed(desk)
    into_wallet(desk, collect(desk, found))
    desk.house.issuer.withdraw(SLUG, found.attestation_id, reason=WithdrawalReason.FRAUD, effective_from=TODAY)
    (found,) = listed(desk)
    assert found.standing is Standing.WITHDRAWN
    assert found.ended_by is not None
    assert (found.ended_by.cause, found.ended_by.effective_from) == ("other", TODAY)
    receipts = desk.portal.own.receipts
    assert receipts.receipt(JEAN, SLUG, found.attestation_id)["withdrawn"] == []  # signed with the next list
    desk.house.issuer.publish_status_lists(SLUG)
    told = receipts.receipt(JEAN, SLUG, found.attestation_id)
    (signed,) = told["withdrawn"]
    named = {each["idx"] for each in jws.unverified_claims(signed["signed"])["withdrawals"]}
    assert len(signed["entries"]) == 3
    assert named.issuperset(signed["entries"])
    assert "fraud" not in json.dumps(told)
    with pytest.raises(Conflict, match="certificate_missing"):
        collect(desk, found)


def test_a_replaced_one_names_what_took_its_place(desk: Desk) -> None:
    old = desk.house.issuer.upload(SLUG, record_on())
    (found,) = listed(desk)
    into_wallet(desk, collect(desk, found))
    document = replace(record_on().document, number="A1-FR-2026-0099999")
    new = desk.house.issuer.upload(SLUG, record_on(document=document))
    desk.house.issuer.withdraw(SLUG, old, reason=WithdrawalReason.SUPERSEDED, successor=new)
    first, second = listed(desk)
    assert (first.attestation_id, second.standing) == (new, Standing.REPLACED)
    assert (second.record.successor, first.record.predecessor) == (new, old)


def test_one_that_was_prolonged_counts_for_its_own_days_and_may_be_withdrawn_later(desk: Desk) -> None:
    issuer = desk.house.issuer
    old = issuer.upload(SLUG, record_on())
    made = record_on()
    later = replace(
        made.legislation,
        start=(made.legislation.end or TODAY) + timedelta(days=1),
        end=(made.legislation.end or TODAY) + timedelta(days=60),
    )
    document = replace(made.document, number="A1-FR-2026-0088888", date_of_expiry=later.end)
    issuer.life_cycle.prolong(SLUG, old, record_on(legislation=later, document=document), asked=Asked())
    (one,) = (each for each in listed(desk) if each.attestation_id == old)
    assert one.standing.can_be_collected
    assert one.record.successor is not None
    into_wallet(desk, collect(desk, one))
    issuer.withdraw(SLUG, old, reason=WithdrawalReason.FACTS_CHANGED)
    (one,) = (each for each in listed(desk) if each.attestation_id == old)
    assert one.standing is Standing.WITHDRAWN


def test_a_lost_phone_ends_at_once_what_it_held_and_the_same_form_acts_once(desk: Desk) -> None:
    desk.submit()
    (found,) = listed(desk)
    into_wallet(desk, collect(desk, found))
    seen = desk.portal.own.collecting.seen(SLUG, found)
    desk.clock.advance(60)
    collect_again(desk, found, lost=True, seen=seen)
    made = collect_again(desk, found, lost=True, seen=seen)
    (found,) = listed(desk)
    assert [each.valid for each in found.own_collections] == [0]
    assert [(each.verb, each.reason) for each in found.record.deeds] == [("reissue", "holder_request")]
    assert found.standing is Standing.NOT_BEGUN
    into_wallet(desk, made)
    assert [each.valid for each in listed(desk)[0].own_collections] == [0, 3]


def test_the_same_form_sent_many_times_at_once_is_one_act(desk: Desk) -> None:
    desk.house.issuer.upload(SLUG, record_on())
    (found,) = listed(desk)
    into_wallet(desk, collect(desk, found))
    desk.clock.advance(3601)
    seen = desk.portal.own.collecting.seen(SLUG, found)

    def once(_: int) -> bool:
        try:
            return bool(collect_again(desk, found, lost=True, seen=seen).page)
        except (Unavailable, Conflict):
            return False

    with ThreadPoolExecutor(8) as pool:
        assert any(pool.map(once, range(8)))
    (found,) = listed(desk)
    assert len(found.record.deeds) == 1
    with desk.house.database.read() as connection:
        opened = connection.exec_driver_sql("SELECT count(*) FROM issuer_offers WHERE state = 'open'").scalar_one()
    assert opened <= 1


def test_an_old_phone_that_is_there_keeps_its_copies_until_the_new_one_has_its_own(desk: Desk) -> None:
    desk.submit()
    (found,) = listed(desk)
    into_wallet(desk, collect(desk, found))
    desk.clock.advance(60)
    made = collect_again(desk, found, lost=False)
    assert [each.valid for each in listed(desk)[0].own_collections] == [3]
    into_wallet(desk, made, copies=2)
    desk.house.issuer.publish_status_lists(SLUG)
    assert [(each.copies, each.valid) for each in listed(desk)[0].own_collections] == [(3, 0), (2, 2)]


def test_offers_are_limited_by_the_hour_however_they_are_made(desk: Desk) -> None:
    granted = desk.submit()
    desk.house.issuer.upload(SLUG, record_on())
    for found in listed(desk):
        for count in range(desk.portal.settings.offers_per_hour):
            if count % 2:
                collect(desk, found)
            elif found.application is None:
                collect_again(desk, found, lost=False)
            else:
                desk.portal.offer(CLAIRE, SLUG, granted.application_id)
        for act in (collect, lambda desk, found: collect_again(desk, found, lost=True)):
            with pytest.raises(Unavailable, match="offers_throttled"):
                act(desk, found)


def test_an_offer_that_cannot_be_opened_is_ended(desk: Desk) -> None:
    desk.submit()
    (found,) = listed(desk)
    (desk.house.settings.data_dir / "messages").write_text("in the way")
    with pytest.raises(Unavailable, match="second_channel_failed"):
        collect(desk, found)
    assert desk.portal.desk(JEAN, SLUG, found.about).open_until is None


def test_the_copy_of_an_employer_is_told_apart(open_desk: object) -> None:
    desk = open_desk(employer_copy=True)  # type: ignore[operator]
    granted = desk.submit()
    made = desk.portal.offer(CLAIRE, SLUG, granted.application_id, for_whom=ForWhom.EMPLOYER)
    wallet_of(desk).accept(made.link, tx_code=made.tx_code, copies=1)
    (found,) = listed(desk)
    assert (len(found.record.collections), found.own_collections) == (1, ())


def to_employer(desk: Desk, granted: Application) -> HandOver:
    return desk.portal.offer(CLAIRE, SLUG, granted.application_id, for_whom=ForWhom.EMPLOYER)


def valid_copies(desk: Desk) -> dict[str, int]:
    """Return how many copies count in the wallets of the employer and of the person."""
    desk.house.issuer.publish_status_lists(SLUG)
    (found,) = listed(desk)
    every = sum(each.valid for each in found.record.collections)
    own = sum(each.valid for each in found.own_collections)
    return {"employer": every - own, "person": own}


def test_the_copy_of_an_employer_stays_when_a_phone_is_lost(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(employer_copy=True)
    granted = desk.submit()
    into_wallet(desk, collect(desk, *listed(desk)), copies=1)
    made = to_employer(desk, granted)
    wallet_of(desk).accept(made.link, tx_code=made.tx_code, copies=2)
    desk.clock.advance(3601)
    waiting = to_employer(desk, granted)
    again = collect_again(desk, *listed(desk), lost=True)
    assert valid_copies(desk) == {"employer": 2, "person": 0}
    wallet_of(desk).accept(waiting.link, tx_code=waiting.tx_code, copies=1)
    into_wallet(desk, again, copies=1)
    assert valid_copies(desk) == {"employer": 3, "person": 1}


def test_an_employer_that_collects_ends_nothing_on_an_old_phone(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk(employer_copy=True)
    granted = desk.submit()
    into_wallet(desk, collect(desk, *listed(desk)), copies=1)
    desk.clock.advance(3601)
    again = collect_again(desk, *listed(desk), lost=False)
    made = to_employer(desk, granted)
    wallet_of(desk).accept(made.link, tx_code=made.tx_code, copies=2)
    assert valid_copies(desk) == {"employer": 2, "person": 1}
    into_wallet(desk, again, copies=3)
    assert valid_copies(desk) == {"employer": 2, "person": 3}


@pytest.mark.parametrize(
    ("first", "last", "standing"),
    [
        (0, 200, Standing.IN_FORCE),
        (1, 200, Standing.NOT_BEGUN),
        (-10, 31, Standing.IN_FORCE),
        (-10, 30, Standing.ENDS_SOON),
        (-10, 0, Standing.ENDS_SOON),
        (-10, -1, Standing.ENDED),
        (-10, None, Standing.IN_FORCE),
    ],
)
def test_what_it_is_worth_follows_from_its_days(first: int, last: int | None, standing: Standing) -> None:
    content = record_to_json(record_on())
    days = content["legislation"]
    days["start"] = (TODAY + timedelta(days=first)).isoformat()
    days["end"] = None if last is None else (TODAY + timedelta(days=last)).isoformat()
    record = HeldRecord(
        record_id="r",
        content=content,
        recorded_at=0,
        withdrawn_at=None,
        predecessor=None,
        successor=None,
        collections=(),
        deeds=(),
    )
    made = attestation_of(
        record,
        pin=JEAN_PIN,
        today=TODAY,
        soon=timedelta(days=30),
        application=None,
        employer_grants=frozenset(),
    )
    assert made.standing is standing
