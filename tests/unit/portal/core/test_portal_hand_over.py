"""How a certificate reaches the worker's wallet, and what an employer sees of that: collected or not."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from portadoc.errors import Conflict, Refused, Unavailable
from portadoc.issuer.authorization.requesters import RequestHead
from portadoc.portal.applications.application import ApplicationState
from portadoc.portal.handover.offering import HandOver
from portadoc.portal.store.handover_store import ForWhom
from portadoc.schemas.openid4vci import TokenRequest
from tests.unit.portal.core.conftest import ANNE, CLAIRE, JEAN, SLUG, TODAY, Desk

GRANT = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
SOON = {"start": (TODAY + timedelta(days=1)).isoformat(), "end": "2027-03-31"}
UNSURE = {
    "direct_relationship": "unknown",
    "paid_by": "employer",
    "hired_out_onward": "no",
    "only_this_work": "yes",
}


def messages(desk: Desk) -> list[dict[str, str]]:
    """Return what went out by the second channel."""
    folder = desk.house.settings.data_dir / "messages"
    return [json.loads(each.read_text(encoding="utf-8")) for each in sorted(folder.glob("*.json"))]


def redeem(desk: Desk, made: HandOver, tx_code: str) -> None:
    """Exchange the code of an offer as a wallet does."""
    reference = unquote(parse_qs(urlsplit(made.link).query)["credential_offer_uri"][0]).rpartition("/")[2]
    offer = desk.house.issuer.offer_by_reference(SLUG, reference)
    code = offer.grants.pre_authorized_code.pre_authorized_code
    request = TokenRequest.model_validate({"grant_type": GRANT, "pre-authorized_code": code, "tx_code": tx_code})
    desk.house.issuer.redeem(SLUG, request, head=RequestHead(path=f"/issuer/{SLUG}/token"))


def test_the_employer_shows_the_link_and_only_the_worker_gets_the_code(desk: Desk) -> None:
    granted = desk.submit()
    made = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    assert (made.tx_code, made.sent_to_worker) == (None, True)
    (message,) = messages(desk)
    assert message["to"] == "jean.exemple@example.org"
    (code,) = re.findall(r"\b[0-9]{6}\b", message["text"].replace(granted.case_number, ""))
    redeem(desk, made, code)


def test_an_offer_ends_the_one_before(desk: Desk) -> None:
    granted = desk.submit()
    first = desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    with pytest.raises(Refused, match="offer_unknown"):
        redeem(desk, first, "000000")
    shown = desk.portal.desk(CLAIRE, SLUG, granted.application_id)
    assert [each.closed_at is None for each in shown.offers] == [True, False]
    assert shown.collected == 0


def test_offers_are_limited_by_the_hour(desk: Desk) -> None:
    granted = desk.submit()
    for _ in range(desk.portal.settings.offers_per_hour):
        desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    with pytest.raises(Unavailable, match="offers_throttled"):
        desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    desk.clock.advance(3601)
    desk.portal.offer(CLAIRE, SLUG, granted.application_id)


def test_a_code_that_cannot_be_sent_ends_its_offer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    granted = desk.submit()
    (desk.house.settings.data_dir / "messages").write_text("in the way")
    with pytest.raises(Unavailable, match="second_channel_failed"):
        desk.portal.offer(CLAIRE, SLUG, granted.application_id)
    assert desk.portal.desk(CLAIRE, SLUG, granted.application_id).open_until is None


def test_the_worker_collects_what_an_employer_asked_for(desk: Desk) -> None:
    granted = desk.submit()
    made = desk.portal.offer(JEAN, SLUG, granted.application_id)
    assert made.sent_to_worker
    assert desk.portal.paper(JEAN, SLUG, granted.application_id, language="fr").pdf.startswith(b"%PDF")


def test_an_employer_has_a_copy_of_its_own_only_where_it_is_configured(open_desk: Callable[..., Desk]) -> None:
    desk = open_desk()
    granted = desk.submit()
    with pytest.raises(Refused, match="employer_copy_not_allowed"):
        desk.portal.offer(CLAIRE, SLUG, granted.application_id, for_whom=ForWhom.EMPLOYER)
    allowed = open_desk(employer_copy=True)
    made = allowed.portal.offer(CLAIRE, SLUG, granted.application_id, for_whom=ForWhom.EMPLOYER)
    assert (made.sent_to_worker, made.tx_code is None) == (False, False)
    assert messages(allowed) == []
    with pytest.raises(Refused, match="employer_copy_not_allowed"):
        allowed.portal.offer(JEAN, SLUG, granted.application_id, for_whom=ForWhom.EMPLOYER)


def test_the_paper_is_the_same_every_time(desk: Desk) -> None:
    granted = desk.submit()
    papers = {desk.portal.paper(CLAIRE, SLUG, granted.application_id, language="en").pdf for _ in range(3)}
    assert len(papers) == 1
    assert desk.portal.paper(CLAIRE, SLUG, granted.application_id, language="fr").pdf not in papers


def test_nothing_is_handed_over_before_it_is_granted(desk: Desk) -> None:
    draft = desk.draft()
    for act in (desk.portal.desk, desk.portal.offer):
        with pytest.raises(Conflict, match="certificate_missing"):
            act(CLAIRE, SLUG, draft.application_id)
    with pytest.raises(Conflict, match="certificate_missing"):
        desk.portal.paper(CLAIRE, SLUG, draft.application_id, language="en")


def test_who_leaves_soon_gets_a_proof_at_once_which_ends_with_the_decision(desk: Desk) -> None:
    waiting = desk.submit(period=SOON, link=UNSURE)
    assert (waiting.state, waiting.urgent) == (ApplicationState.WAITING_FOR_ANSWERS, True)
    assert waiting.proof_record_id is not None
    proof = desk.portal.proof(CLAIRE, SLUG, waiting.application_id, language="en")
    assert proof.pdf.startswith(b"%PDF")
    assert proof.seal
    assert proof.pdf == desk.portal.proof(CLAIRE, SLUG, waiting.application_id, language="en").pdf
    desk.portal.answer(CLAIRE, SLUG, waiting.application_id, "link", {**UNSURE, "direct_relationship": "yes"})
    granted = desk.portal.submit(CLAIRE, SLUG, waiting.application_id)
    assert (granted.state, granted.proof_record_id) == (ApplicationState.GRANTED, None)
    copies = desk.house.issuer.credentials(SLUG, record_id=proof.about)
    assert copies
    assert all(each.withdrawn_at for each in copies)
    with pytest.raises(Conflict, match="application_state"):
        desk.portal.proof(CLAIRE, SLUG, waiting.application_id, language="en")


def test_urgent_cases_are_first_in_line(desk: Desk) -> None:
    slow = desk.submit(link=UNSURE)
    urgent = desk.submit(period=SOON, link=UNSURE)
    for each in (slow, urgent):
        desk.portal.submit(CLAIRE, SLUG, each.application_id)
        desk.clock.advance(5)
    listed = [each.application.application_id for each in desk.portal.office.work_list(ANNE, SLUG)]
    assert listed == [urgent.application_id, slow.application_id]
