"""What a review of the verifier's security found: work that nobody judged, traces that checks leave, races."""

import threading
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from fastapi import FastAPI
from sqlalchemy import update

from portadoc.errors import Error, Unavailable
from portadoc.formats import strict_json
from portadoc.formats.jws import unverified_claims
from portadoc.formats.status_list.claims import StatusListTerms
from portadoc.formats.status_list.jwt_form import sign_status_list_jwt
from portadoc.keys.key_ring import KeyRing
from portadoc.keys.purposes import KeyPurpose
from portadoc.keys.trust.trust_store import TrustStore
from portadoc.verification.policy import WorkAsked
from portadoc.verification.presets.presets import Preset, preset
from portadoc.verification.report import STATUS, Verdict
from portadoc.verifier.http.trust_pack import trust_pack_router
from portadoc.verifier.settings import StatusSettings
from portadoc.verifier.status.status_lists import SMALLEST_AGE_BOUND_S
from portadoc.verifier.store.tables import TRUST_PACKS
from portadoc.wallet_sim.transport import AsgiTransport

DAY = 86_400
HTML = {"accept": "text/html"}
FORM = {**HTML, "content-type": "application/x-www-form-urlencoded"}
PID = {"id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pid:1"]}}
A1 = {"id": "a1", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:pda1:1"]}}
WORK = WorkAsked(state="DE")


# --- F4: work that no A1 was there for


def either() -> Preset:
    """Ask for a PID, and for an A1 where there is one."""
    sets = [{"options": [["pid"]]}, {"options": [["a1"]], "required": False}]
    return Preset(id="own-query", query={"credentials": [PID, A1], "credential_sets": sets})


def test_review_f4_an_answer_without_an_a1_says_nothing_about_the_work(world: Any) -> None:
    for work, expected in ((None, "accepted"), (WORK, "work_not_judged")):
        session = world.ask(either(), work=work)
        presented = session.present(world.held("pid"))
        session.answer(vp_token={"pid": [presented]})
        assert session.code == expected
    result = session.view().result
    assert (result.accepted, result.decision, result.verdict) == (False, "refused", Verdict.NOT_WHAT_WAS_ASKED)


def test_review_f4_an_a1_beside_another_attestation_is_judged_for_the_work(world: Any) -> None:
    session = world.ask(either(), work=WORK)
    token = {"pid": [session.present(world.held("pid"))], "a1": [session.present(world.held("pda1"))]}
    session.answer(vp_token=token)
    assert session.code == "accepted"
    assert unverified_claims(session.view().receipt)["work"] is True


def test_review_f4_work_is_not_asked_where_no_a1_could_answer(world: Any) -> None:
    with pytest.raises(Error, match="work_without_a1"):
        world.ask("care-desk", work=WORK)
    path, work = f"/verifier/{world.SLUG}/management/requests", {"state": "DE"}
    refused = world.http.post_json(path, {"preset": "care-desk", "work": work})
    assert (refused.status, refused.json()["code"]) == (422, "work_without_a1")
    assert world.http.post_json(path, {"preset": "inspector-quick", "work": work}).status == 201


# --- the page that asks


def start(world: Any, **form: str) -> Any:
    values = {"preset": "inspector-quick", "channel": "cross_device", **form}
    path = f"/verifier/{world.SLUG}/sessions"
    headers = {**FORM, "origin": world.BASE_URL}
    return world.http.request("POST", path, headers=headers, body=urlencode(values).encode())


def test_review_the_page_offers_the_work_in_question_where_an_a1_is_asked_for(world: Any, make_world: Any) -> None:
    for language, legend in (("en", "Work in question (optional)"), ("fr", "Travail en question (facultatif)")):
        text = unescape(world.http.get(f"/verifier/{world.SLUG}/ask?lang={language}", headers=HTML).text)
        assert legend in text
        for name in ("work_state", "work_employer", "work_first", "work_last"):
            assert f'<label for="{name}">' in text
        assert text.count(preset("inspector-quick").title[language]) == 2  # to choose, and about the work
        assert text.count(preset("billing-office").title[language]) == 1
    settings = world.settings.institutions[0].model_copy(update={"registered_types": ("urn:eudi:ehic:1",)})
    without = make_world(institutions=(settings,))
    text = without.http.get(f"/verifier/{world.SLUG}/ask", headers=HTML).text
    assert 'value="billing-office"' in text
    assert "work_state" not in text


def test_review_the_work_of_the_page_is_asked(world: Any) -> None:
    filled = {"work_state": "el", "work_employer": " 123-4 ", "work_first": "2026-11-01"}
    filled["work_last"] = "2026-11-30"
    for form, expected in (
        ({}, None),
        ({"work_state": " ", "work_employer": ""}, None),
        ({"work_last": "2026-11-30"}, {"state": None, "employers": [], "first": None, "last": "2026-11-30"}),
        (filled, {"state": "GR", "employers": ["123-4"], "first": "2026-11-01", "last": "2026-11-30"}),
    ):
        response = start(world, **form)
        assert response.status == 303
        transaction_id = response.headers["location"].rpartition("/")[2]
        secret = response.headers["set-cookie"].partition("=")[2].partition(";")[0]
        view = world.verifier.session(world.SLUG, transaction_id, secret)
        work = view.request.terms.work
        found = work and {
            "state": work.state,
            "employers": sorted(work.employers),
            "first": work.first and work.first.isoformat(),
            "last": work.last and work.last.isoformat(),
        }
        assert found == expected


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"work_state": "US"}, 400, "is none in which an A1 certificate applies"),
        ({"work_state": "Germany"}, 400, "is none in which an A1 certificate applies"),
        ({"work_employer": "--"}, 400, "identifier of the employer"),
        ({"work_employer": "1" * 101}, 400, "identifier of the employer"),
        ({"work_first": "soon"}, 400, "/work_first"),
        ({"work_first": "2026-11-02", "work_last": "2026-11-01"}, 403, "lies before its first"),
        ({"preset": "care-desk", "work_state": "DE"}, 403, "asks for no A1 certificate"),
    ],
)
def test_review_work_that_cannot_be_asked_is_refused_with_what_to_mend(
    world: Any, form: dict[str, str], status: int, said: str
) -> None:
    response = start(world, **form)
    assert (response.status, response.content_type) == (status, "text/html")
    assert said in response.text


# --- F5: the age of a list, and who learns of a check


def published(world: Any, **changes: Any) -> None:
    world.publish(ttl=12 * 3600, exp=world.NOW + 10 * DAY, **changes)


def status_of(world: Any, **claims: Any) -> str:
    session = world.ask()
    session.answer(session.present(world.credential(claims=world.claims(exp=world.NOW + 9 * DAY, **claims))))
    (presentation,) = session.view().result.presentations
    return str(presentation.report.check(STATUS).code)


def test_review_f5_v46_no_presentation_fetches_a_list_for_its_age_alone(world: Any) -> None:
    published(world, iat=world.NOW - 2 * DAY)
    for _ in range(3):
        assert status_of(world) == "status_too_old"
        world.clock.advance(3600)
    assert world.network.asked == [world.LIST_URI]
    world.clock.advance(12 * 3600)
    status_of(world)
    assert len(world.network.asked) == 2


def test_review_f5_v48_housekeeping_fetches_by_the_strictest_age_of_the_presets(world: Any) -> None:
    assert SMALLEST_AGE_BOUND_S == DAY
    published(world, iat=world.NOW + 600 - DAY)
    assert status_of(world) == "status_ok"
    assert world.verifier.refresh_status_lists() == 0
    world.clock.advance(900)
    published(world, iat=world.clock.now())
    assert world.verifier.refresh_status_lists() == 1
    assert status_of(world) == "status_ok"


def test_review_f5_a_list_that_stays_old_is_not_fetched_in_every_round(make_world: Any) -> None:
    world = make_world(status=StatusSettings(ahead_s=0))
    published(world, iat=world.NOW - 2 * DAY)
    status_of(world)
    for _ in range(15):
        world.clock.advance(60)
        world.verifier.refresh_status_lists()
    assert len(world.network.asked) == 2


# --- F6, and the trust that ends or changes meanwhile


def with_authorisation(world: Any, **changes: Any) -> TrustStore:
    named = (
        replace(each, **changes) if each.institution == "FR:TEST01" else each
        for each in world.keys.trust.authorisations
    )
    return TrustStore(world.keys.trust.anchors, tuple(named))


@pytest.mark.parametrize("end", ["valid_to", "believed_until", "withdrawn_at"])
def test_review_f6_d10_a_list_held_is_believed_no_longer_than_its_signer_is_authorised(
    world: Any, end: str
) -> None:
    last = world.NOW + 99
    verifier = world.another_process(trust=with_authorisation(world, **{end: last + (end == "withdrawn_at")}))
    world.publish(ttl=3600)
    for elapsed in (0, 99):
        world.clock.advance(elapsed)
        report = verifier.verify_offline(world.SLUG, world.credential(), may_fetch=not elapsed)
        assert report.check(STATUS).code == "status_ok"
    world.clock.advance(1)
    lists = verifier._status_lists.answers(world.SLUG, world.LIST_URI, now=world.clock.now(), may_fetch=False)
    assert lists.lists == {}
    refetched = verifier._status_lists.answers(world.SLUG, world.LIST_URI, now=world.clock.now(), may_fetch=True)
    assert refetched.lists == {}
    assert refetched.problems[world.LIST_URI][0] == "status_invalid"


def test_review_a_list_under_way_when_trust_changes_does_not_stand_in_memory(world: Any) -> None:
    lists, trusted = world.verifier._status_lists, world.verifier._deployment.trust_lists
    records = f"{world.LIST_URI}/withdrawals"
    terms = StatusListTerms(
        uri=world.LIST_URI, iat=world.NOW - 60, exp=world.NOW + DAY, ttl=300, withdrawals_uri=records
    )
    signer = world.signer("fr-demo", KeyPurpose.STATUS)
    world.publish(sign_status_list_jwt(world.statuses, terms, signer=signer))

    def change_trust_meanwhile() -> Any:  # the list itself is believed by now
        trusted._base = with_authorisation(world, purposes=frozenset({KeyPurpose.CREDENTIAL}))
        lists.answers(world.SLUG, "https://status.example/another", now=world.NOW, may_fetch=False)
        raise Unavailable("fetch_failed", reason="status", status=404)

    world.network.published[records] = change_trust_meanwhile
    answers = lists.answers(world.SLUG, world.LIST_URI, now=world.NOW, may_fetch=True)
    assert world.network.asked == [world.LIST_URI, records]
    assert (answers.lists, lists._lists) == ({}, {})


# --- F9: what a browser that nobody came back to is told


def test_review_f9_a_result_that_nobody_came_back_for_tells_how_checks_ended_and_nothing_else(world: Any) -> None:
    session = world.ask(return_uri=f"{world.BASE_URL}/done")
    claims = world.claims(ending_date="2026-11-01", date_of_expiry="2026-11-01", extra_claim="what an issuer adds")
    session.answer(session.present(world.credential(claims=claims)))
    result = session.view().result
    (presentation,) = result.presentations
    report = presentation.report
    assert (result.accepted, report.verdict) == (False, Verdict.NOT_IN_FORCE_ON_DATE)
    assert (report.institution_id, report.credential_type, report.layout) == (None, None, None)
    assert (report.deviations, report.review_request, report.claims) == ((), None, {})
    told = strict_json.dumps(result.to_json()).decode()
    for secret in ("2026-11-01", "FR:TEST01", "urn:eudi:pda1:1", "extra_claim", "pda1-dc4eu"):
        assert secret not in told, secret
    told_of = [value for check in report.checks for name, value in check.params.items() if name != "reason"]
    assert set(told_of) <= {"withheld"}
    path = f"/verifier/{world.SLUG}/management/results/{session.created.transaction_id}"
    answer = world.http.get(path, headers={"authorization": f"Bearer {session.created.session_secret}"})
    assert answer.status == 200


# --- F10: each presentation is judged, each credential counts once


def asking_for_several() -> Preset:
    return Preset(id="own-query", query={"credentials": [{**A1, "multiple": True}]})


@pytest.mark.parametrize("bad_first", [False, True])
def test_review_f10_v56_a_copy_with_a_bad_key_binding_is_judged_all_the_same(world: Any, bad_first: bool) -> None:
    session, credential = world.ask(asking_for_several()), world.credential()
    texts = [session.present(credential), session.present(credential, nonce="another")]
    session.answer(vp_token={"a1": texts[::-1] if bad_first else texts})
    assert session.code.startswith("kb_invalid")
    assert len(session.view().result.presentations) == 1


def test_review_f10_one_credential_presented_twice_counts_once(world: Any) -> None:
    session, credential = world.ask(asking_for_several()), world.credential()
    text, other = session.present(credential), session.present(world.credential())
    session.answer(vp_token={"a1": [text, text, session.present(credential), other]})
    assert session.code == "accepted"
    assert len(session.view().result.presentations) == 2


# --- handing out trust packs


class SlowRing:
    """A ring in which one institution's key for packs is slow."""

    def __init__(self, ring: KeyRing) -> None:
        self.ring, self.asked, self.gate = ring, threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.ring, name)

    def signer(self, slug: str, purpose: KeyPurpose) -> Any:
        if (slug, purpose) == ("de-other", KeyPurpose.TRUST_LIST):
            self.asked.set()
            self.gate.wait(10)
        return self.ring.signer(slug, purpose)


def test_review_nobody_waits_for_the_pack_of_another_institution(world: Any) -> None:
    ring = SlowRing(world.keys.ring)
    verifier = world.another_process(ring=ring)
    first = verifier.trust_pack(world.SLUG)
    making = threading.Thread(target=lambda: verifier.trust_pack("de-other"))
    making.start()
    assert ring.asked.wait(10)
    assert verifier.trust_pack(world.SLUG) == first
    ring.gate.set()
    making.join()


def test_review_a_pack_is_read_from_the_database_once(world: Any) -> None:
    app = FastAPI(openapi_url=None)
    app.include_router(trust_pack_router(world.verifier))
    http, address = AsgiTransport(app, world.BASE_URL), f"{world.BASE_URL}/trust/pack"
    first = http.get(address)
    with world.database.transaction() as connection:
        connection.execute(update(TRUST_PACKS).values(pack=b"read again"))
    assert http.get(address).body == first.body
    assert http.get(address, headers={"if-none-match": first.headers["etag"]}).status == 304
