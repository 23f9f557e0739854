"""A record for another phone: the old copies end when the new ones are collected, or at once when it is lost."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from portadoc.errors import Conflict, Malformed, Refused
from portadoc.issuer import WithdrawalReason
from portadoc.issuer.authorization.offers import OfferFlow
from portadoc.issuer.entitlements import entitlement, entitlements_to_text
from portadoc.issuer.life_cycle.reissuing import Terms
from portadoc.issuer.life_cycle.succession import Asked, Change
from portadoc.issuer.store.offer_store import Recipient
from portadoc.issuer.store.tables import AUTHORIZATIONS, REPLACED_GRANTS
from portadoc.keys.key_ring import KeyPurpose
from portadoc.schemas.events import EventKind
from portadoc.schemas.examples import example
from portadoc.storage.outbox import read_after

A1 = "fr-demo"
PDA1: Any = example("posted-worker-fr-de")


def reissue(rig: Any, *, lost: bool = False, key: str | None = None, **terms: Any) -> Any:
    return rig.issuer.life_cycle.reissue(
        A1, rig.last_record, lost=lost, terms=Terms(**terms), asked=Asked(request_key=key)
    )


def withdrawn(rig: Any) -> list[bool]:
    """Return of each copy of the last record whether it is withdrawn, those that are first."""
    copies = rig.issuer.credentials(A1, record_id=rig.last_record)
    return sorted((copy.withdrawn_at is not None for copy in copies), reverse=True)


def test_the_old_copies_end_when_the_new_ones_are_collected(rig: Any) -> None:
    rig.issued(copies=2)
    _, offer = reissue(rig)
    rig.issuer.publish_status_lists()
    assert withdrawn(rig) == [False, False]
    rig.clock.advance(1)
    assert rig.obtain(rig.token(offer)).status == 200
    rig.issuer.publish_status_lists()
    assert withdrawn(rig) == [True, True, False]
    old = rig.issuer.credentials(A1, record_id=rig.last_record)[0]
    assert (old.withdrawal_reason, old.cause, old.successor) == ("superseded", "replaced", None)
    (act,) = rig.issuer.life_cycle.view(A1, rig.last_record).acts
    assert (act.verb, act.offer_id, act.done_at) == ("reissue", offer.offer_id, rig.clock.now())
    assert rig.issuer.life_cycle.go_on(A1) == 0


def test_a_lost_phone_has_nothing_from_now_on(rig: Any) -> None:
    rig.issued()
    old_token = rig.token(rig.issuer.offer(A1, rig.last_record, ("pda1",)))
    open_offer = rig.issuer.offer(A1, rig.last_record, ("pda1",))
    act, offer = reissue(rig, lost=True)
    assert (withdrawn(rig), act.done_at) == ([True], rig.clock.now())
    assert rig.obtain(old_token).status in (400, 401)
    assert rig.redeem(rig.code_of(open_offer)).status == 400
    assert rig.obtain(rig.token(offer)).status == 200
    rig.issuer.publish_status_lists()
    assert withdrawn(rig) == [True, False]


def test_what_the_old_phone_still_fetches_ends_with_the_rest(rig: Any) -> None:
    rig.issued()
    old_token = rig.token(rig.issuer.offer(A1, rig.last_record, ("pda1",)))
    _, offer = reissue(rig)
    assert rig.obtain(old_token).status == 200
    assert rig.obtain(rig.token(offer)).status == 200
    assert rig.issuer.life_cycle.go_on(A1) == 1
    copies = rig.issuer.credentials(A1, record_id=rig.last_record)
    assert {copy.grant_id for copy in copies if copy.withdrawn_at is None} == {offer.offer_id}
    assert rig.obtain(old_token).status in (400, 401)


def test_a_copy_that_the_old_phone_gets_at_the_same_moment_does_not_survive(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reissue is finished while a copy for the old phone is being signed."""
    rig.issued()
    old_token = rig.token(rig.issuer.offer(A1, rig.last_record, ("pda1",)))
    _, offer = reissue(rig)
    assert rig.obtain(rig.token(offer)).status == 200
    signer_of, finished = rig.key_ring.signer, []

    def signer(institution: str, purpose: KeyPurpose) -> Any:
        if len(rig.issuer.credentials(A1)) == 3 and not finished:
            finished.append(rig.issuer.life_cycle.go_on(A1))
        return signer_of(institution, purpose)

    monkeypatch.setattr(rig.key_ring, "signer", signer)
    assert rig.obtain(old_token).status == 400
    assert finished == [1]
    copies = rig.issuer.credentials(A1, record_id=rig.last_record)
    assert {copy.grant_id for copy in copies if copy.withdrawn_at is None} == {offer.offer_id}
    assert len(copies) == 3


def test_a_code_that_a_lost_phone_holds_is_dead(rig: Any) -> None:
    rig.issued()
    text = entitlements_to_text((entitlement(rig.last_record, "pda1"),))
    row = {"institution": A1, "request": "{}", "stage": "approved", "created_at": 1, "expires_at": 2**40}
    with rig.database.transaction() as connection:
        for name, covers in (("theirs", text), ("another", entitlements_to_text((entitlement("x", "pda1"),)))):
            values = {**row, "authorization_id": name, "entitlements": covers, "code_digest": name}
            connection.execute(insert(AUTHORIZATIONS).values(values))
    reissue(rig, lost=True)
    with rig.database.read() as connection:
        assert list(connection.scalars(select(AUTHORIZATIONS.c.authorization_id))) == ["another"]


def test_a_paper_stays_as_it_is_bound_to_no_phone(rig: Any) -> None:
    rig.issued()
    rig.issuer.seal(A1, rig.last_record, pin="none")
    reissue(rig, lost=True)
    valid = [copy for copy in rig.issuer.credentials(A1, record_id=rig.last_record) if copy.withdrawn_at is None]
    assert [copy.grant_id for copy in valid] == [""]


def to_employer(rig: Any, **options: Any) -> Any:
    """Return an offer of the last record for the wallet of an employer."""
    return rig.issuer.offer(A1, rig.last_record, ("pda1-webuild",), recipient=Recipient.EMPLOYER, **options)


def valid_grants(rig: Any) -> set[str]:
    copies = rig.issuer.credentials(A1, record_id=rig.last_record)
    return {copy.grant_id for copy in copies if copy.withdrawn_at is None}


def test_what_an_employer_holds_and_could_fetch_stays_when_a_phone_is_lost(rig: Any) -> None:
    rig.issued()
    (own,) = valid_grants(rig)
    held, waiting = to_employer(rig), to_employer(rig)
    token = rig.token(held)
    assert rig.obtain(token, configuration_id="pda1-webuild").status == 200
    act, _ = reissue(rig, lost=True)
    assert valid_grants(rig) == {held.offer_id}
    assert rig.obtain(token, configuration_id="pda1-webuild").status == 200
    assert rig.obtain(rig.token(waiting), configuration_id="pda1-webuild").status == 200
    rig.issuer.publish_status_lists()
    assert valid_grants(rig) == {held.offer_id, waiting.offer_id}
    with rig.database.read() as connection:
        kept = connection.execute(select(REPLACED_GRANTS.c.act_id, REPLACED_GRANTS.c.grant_id)).all()
    assert [tuple(each) for each in kept] == [(act.act_id, own)]


@pytest.mark.parametrize("when", ["before", "after"])
def test_what_an_employer_collects_ends_nothing_on_the_old_phone(rig: Any, when: str) -> None:
    """Whether its offer was made before the reissue began or after."""
    rig.issued()
    early = to_employer(rig)
    _, offer = reissue(rig)
    theirs = early if when == "before" else to_employer(rig)
    assert rig.obtain(rig.token(theirs), configuration_id="pda1-webuild").status == 200
    rig.issuer.publish_status_lists()
    assert withdrawn(rig) == [False, False]
    assert rig.obtain(rig.token(offer)).status == 200
    rig.issuer.publish_status_lists()
    assert valid_grants(rig) == {theirs.offer_id, offer.offer_id}
    (act,) = rig.issuer.life_cycle.view(A1, rig.last_record).acts
    assert act.outcome == "collected"


def test_a_reissue_offers_what_the_person_has_and_not_what_an_employer_has(rig: Any) -> None:
    rig.issued()
    assert rig.obtain(rig.token(to_employer(rig)), configuration_id="pda1-webuild").status == 200
    _, offer = reissue(rig)
    assert rig.offered(offer)["credential_configuration_ids"] == ["pda1"]


@pytest.mark.parametrize("verb", ["withdraw", "correct", "replace"])
def test_what_ends_the_record_ends_the_copies_of_an_employer_too(rig: Any, verb: str) -> None:
    rig.issued()
    waiting = to_employer(rig)
    token = rig.token(to_employer(rig))
    assert rig.obtain(token, configuration_id="pda1-webuild").status == 200
    cycle, change = rig.issuer.life_cycle, Change(reason=WithdrawalReason.ISSUED_IN_ERROR)
    if verb == "withdraw":
        cycle.withdraw(A1, rig.last_record, change=change, asked=Asked())
    else:
        shorter = replace(PDA1.legislation, end=PDA1.legislation.end - timedelta(days=1))
        successor = replace(PDA1, legislation=shorter)
        getattr(cycle, verb)(A1, rig.last_record, successor, change=change, asked=Asked())
    assert valid_grants(rig) == set()
    assert rig.obtain(token, configuration_id="pda1-webuild").status == 400
    late = rig.redeem(rig.code_of(waiting))
    if late.status == 200:
        late = rig.obtain(late.json()["access_token"], configuration_id="pda1-webuild")
    assert late.status == 400


def test_who_identifies_is_the_person_whoever_the_offer_was_for(rig: Any) -> None:
    """By the authorization code flow nobody else gets anything, so such an offer ends with the others."""
    rig.issued()
    slipped = to_employer(rig, flow=OfferFlow.AUTHORIZATION_CODE)
    reissue(rig)
    assert rig.issuer.offers.cancel(A1, slipped.offer_id) is False


def test_the_same_request_is_one_act_and_leaves_one_open_offer(rig: Any) -> None:
    """As after a crash between the offer and its answer: nobody has heard of the first offer, so it ends."""
    rig.issued()
    one, first = reissue(rig, key="k")
    two, second = reissue(rig, key="k")
    assert one.act_id == two.act_id
    assert rig.redeem(rig.code_of(first)).status == 400
    assert rig.obtain(rig.token(second)).status == 200
    assert rig.issuer.life_cycle.go_on(A1) == 1
    with pytest.raises(Conflict, match="reissue_finished"):
        reissue(rig, key="k")


def test_a_kill_between_any_two_steps_is_gone_on_with(rig: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.issued()
    offers = rig.issuer.offers

    def killed(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:  # begun, not offered
        patched.setattr(offers, "make", killed)
        with pytest.raises(KeyboardInterrupt):
            reissue(rig, lost=True, key="k")
    assert withdrawn(rig) == [True]
    reissuing = rig.issuer.life_cycle._reissuing
    with monkeypatch.context() as patched:  # offered, not noted
        patched.setattr("portadoc.issuer.life_cycle.reissuing.history_store.note_offer", killed)
        with pytest.raises(KeyboardInterrupt):
            reissue(rig, lost=True, key="k")
    _, offer = reissue(rig, lost=True, key="k")
    assert rig.obtain(rig.token(offer)).status == 200
    rig.issued()
    _, offer = reissue(rig)
    assert rig.obtain(rig.token(offer)).status == 200
    with monkeypatch.context() as patched:  # collected, not ended
        patched.setattr(reissuing, "_end_old", killed)
        with pytest.raises(KeyboardInterrupt):
            rig.issuer.life_cycle.go_on(A1)
    assert withdrawn(rig) == [False, False]
    assert rig.issuer.life_cycle.go_on(A1) == 1
    assert withdrawn(rig) == [True, False]


def test_one_of_many_ends_the_old_copies(rig: Any) -> None:
    rig.issued()
    _, offer = reissue(rig)
    assert rig.obtain(rig.token(offer)).status == 200
    assert sum(rig.at_once(8, lambda: rig.issuer.life_cycle.go_on(A1))) == 1


def test_another_reissue_takes_over_from_one_that_nobody_collected(rig: Any) -> None:
    rig.issued()
    _, first = reissue(rig)
    _, second = reissue(rig)
    assert rig.redeem(rig.code_of(first)).status == 400
    assert rig.obtain(rig.token(second)).status == 200
    assert rig.issuer.life_cycle.go_on(A1) == 1
    assert withdrawn(rig) == [True, False]


def test_a_reissue_ends_with_its_record(rig: Any) -> None:
    rig.issued()
    reissue(rig)
    rig.issuer.withdraw(A1, rig.last_record, reason=WithdrawalReason.FRAUD)
    assert rig.issuer.life_cycle.go_on(A1) == 1
    with pytest.raises(Conflict, match="record_withdrawn"):
        reissue(rig, configuration_ids=("pda1",))


def test_what_cannot_be_offered_ends_nothing(rig: Any) -> None:
    rig.issued()
    with pytest.raises(Refused, match="credential_configuration_unknown"):
        reissue(rig, lost=True, configuration_ids=("ehic",))
    with pytest.raises(Refused, match="record_unknown"):
        rig.issuer.life_cycle.reissue(A1, "nobody", lost=True, terms=Terms(), asked=Asked())
    with pytest.raises(Malformed, match="tx_code_unexpected"):
        reissue(rig, lost=True, tx_code=True, flow=OfferFlow.AUTHORIZATION_CODE)
    assert withdrawn(rig) == [False]


def test_terms_that_name_no_flow_take_the_usual_one_of_the_profile(rig: Any, make_rig: Any) -> None:
    """[OpenID4VCI-1FINAL 4.1.1] HAIP 1.0 has no pre-authorised code: what asks for one there ends nothing."""
    rig.issued()
    haip = make_rig(profile="haip-1.0")
    haip.last_record = rig.last_record
    with pytest.raises(Refused, match="grant_type_unsupported"):
        reissue(haip, lost=True, flow=OfferFlow.PRE_AUTHORIZED_CODE)
    assert withdrawn(haip) == [False]
    _, offer = reissue(haip, lost=True, tx_code=True, by_reference=True)
    assert (withdrawn(haip), offer.tx_code) == ([True], None)
    issued = haip.issuer.life_cycle.issue(A1, PDA1, terms=Terms(configuration_ids=("pda1",)))
    assert "issuer_state" in issued.offer.offer_uri


def test_worker_and_employer_are_to_be_told(rig: Any) -> None:
    rig.issued()
    reissue(rig)
    with rig.database.read() as connection:
        events = [each.event for each in read_after(connection, institution=None, cursor=None)]
    (event,) = [each for each in events if each.kind is EventKind.RECORD_REISSUED]
    assert event.payload == {"lost": False, "inform": ["worker", "employer"]}


def test_what_nobody_collects_in_its_term_lapses_and_ends_nothing(make_rig: Any) -> None:
    rig = make_rig(reissue_days=2)
    rig.issued()
    act, _ = reissue(rig)
    rig.clock.advance(2 * 86_400 - 1)
    assert rig.issuer.life_cycle.go_on(A1) == 0
    rig.clock.advance(1)
    assert rig.issuer.life_cycle.go_on(A1) == 1
    (seen,) = rig.issuer.life_cycle.view(A1, rig.last_record).acts
    assert (seen.act_id, seen.outcome, seen.done_at) == (act.act_id, "lapsed", rig.clock.now())
    late = rig.issuer.offer(A1, rig.last_record, ("pda1",))
    assert rig.obtain(rig.token(late)).status == 200
    assert rig.issuer.life_cycle.go_on(A1) == 0
    assert withdrawn(rig) == [False, False]


def test_the_history_says_what_became_of_each_reissue(rig: Any) -> None:
    rig.issued()
    reissue(rig)
    rig.clock.advance(1)
    _, offer = reissue(rig)
    rig.clock.advance(1)
    assert rig.obtain(rig.token(offer)).status == 200
    rig.issuer.publish_status_lists()
    reissue(rig)
    rig.issuer.withdraw(A1, rig.last_record, reason=WithdrawalReason.FACTS_CHANGED)
    rig.issuer.publish_status_lists()
    told = [act.outcome for act in rig.issuer.life_cycle.view(A1, rig.last_record).acts]
    assert told == ["overtaken", "collected", "record_ended", None]
