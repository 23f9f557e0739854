"""What the portal asks of the issuer: a record kept once under an id, an offer that ends before it is used."""

from datetime import date

import pytest

from portadoc.errors import Conflict
from portadoc.schemas.examples import example
from portadoc.storage import outbox
from tests.unit.portal.core.conftest import SLUG, TODAY, Desk, days


def test_a_record_is_kept_once_under_an_id_of_the_caller(desk: Desk) -> None:
    issuer, record = desk.house.issuer, example("posted-worker-fr-de", TODAY)
    assert [issuer.upload(SLUG, record, record_id="r-1") for _ in range(3)] == ["r-1"] * 3
    with pytest.raises(Conflict, match="record_differs"):
        issuer.upload(SLUG, example("posted-worker-fr-de", TODAY + days(1)), record_id="r-1")
    with desk.house.database.read() as connection:
        told = [each.event for each in outbox.read_after(connection, institution="FR:TEST01", cursor=None)]
    assert [each.subject_id for each in told if each.kind == "record_added"] == ["r-1"]


def test_an_offer_that_was_ended_cannot_be_redeemed_and_ends_once(desk: Desk) -> None:
    issuer = desk.house.issuer
    record_id = issuer.upload(SLUG, example("posted-worker-fr-de", TODAY))
    made = issuer.offer(SLUG, record_id, ["pda1"])
    assert [issuer.offers.cancel(SLUG, made.offer_id) for _ in range(2)] == [True, False]
    assert not issuer.offers.cancel("fr-health", made.offer_id)


def test_what_is_certified_again_is_the_same_record(desk: Desk) -> None:
    granted = desk.submit()
    here = desk.portal.running._certifying
    before = desk.house.issuer.seals.live_record(SLUG, granted.record_id or "")
    desk.clock.advance(86_400)
    here.certified(granted, replaces=None)  # a day later, after a crash
    assert desk.house.issuer.seals.live_record(SLUG, granted.record_id or "") == before
    assert before.document.date_of_issuance == date(2026, 11, 22)
