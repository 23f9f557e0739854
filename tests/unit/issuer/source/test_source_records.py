"""An authentic source keeps, offers, prolongs, corrects, replaces and withdraws its records."""

import re
from typing import Any

import jsonschema
import pytest
from sqlalchemy import select

from portadoc import base64url
from portadoc.formats import strict_json
from portadoc.issuer.http.authentic_source import authentic_source_router
from portadoc.issuer.http.authentic_source_openapi import OPERATIONS, TOKEN
from portadoc.issuer.store.tables import SOURCE_REQUESTS

LATER = {"end": "2027-12-31"}
WRONG = {"reason": "issued_in_error"}


def shifted(record: Any, **changes: str) -> Any:
    return {**record, "legislation": {**record["legislation"], **changes}}


def collected(desk: Any, offer: Any, configuration_id: str = "pda1") -> Any:
    """Let a wallet collect what was offered."""
    link = type("Link", (), {"offer_uri": offer["offer_uri"]})()
    return desk.rig.obtain(desk.rig.token(link), configuration_id=configuration_id)


@pytest.fixture
def record(desk: Any) -> Any:
    """The record that is kept as case-1."""
    kept = desk.put()
    assert kept.status == 201, kept.body
    return kept.json()["record"]


def test_a_record_is_kept_once_under_the_sources_own_id(desk: Any, record: Any) -> None:
    again = desk.put()
    assert (again.status, again.json()["id"], again.json()["state"]) == (200, "case-1", "in_force")
    other = desk.put(record=shifted(record, **LATER))
    assert (other.status, other.json()["code"]) == (409, "record_differs")
    only_new = desk.put(**{"if-none-match": "*"})
    assert (only_new.status, only_new.json()["code"]) == (412, "record_changed")


def test_the_sources_own_id_gets_into_nothing_that_others_see(desk: Any, record: Any) -> None:
    offer = desk.post("offers", {"configuration_ids": ["pda1"]}).json()
    text = collected(desk, offer).json()["credentials"][0]["credential"]
    done = desk.post(
        "corrections", {"successor": {"id": "TEST185041201", "record": shifted(record, **LATER)}, **WRONG}
    )
    assert done.status == 201, done.body
    desk.rig.issuer.publish_status_lists()
    uri = desk.rig.claims_of(text)["status"]["status_list"]["uri"]
    told = desk.rig.transport.get(f"{uri}/withdrawals").body.decode()
    payload = strict_json.loads_object(_payload(told), what="list")
    (withdrawal,) = payload["withdrawals"]
    assert re.fullmatch("[0-9a-f]{32}", withdrawal["successor"])
    assert "case-1" not in str(desk.rig.claims_of(text))


def _payload(text: str) -> bytes:
    return base64url.decode(text.split(".")[1])


def test_a_record_is_read_with_its_state_its_copies_and_its_history(desk: Any, record: Any) -> None:
    first = desk.get()
    assert desk.get(**{"if-none-match": first.headers["etag"]}).status == 304
    collected(desk, desk.post("offers", {"configuration_ids": ["pda1"]}).json())
    seen = desk.get()
    assert seen.headers["etag"] != first.headers["etag"]
    (copy,) = seen.json()["copies"]
    assert (copy["configuration_id"], copy["on_paper"], copy["withdrawn_at"]) == ("pda1", False, None)
    assert (seen.json()["record"], seen.json()["history"]) == (record, [])
    stale = desk.post("withdrawals", WRONG, version=first.headers["etag"])
    assert (stale.status, stale.json()["code"]) == (412, "record_changed")
    missing = desk.ask("POST", "records/case-1/withdrawals", WRONG, key="k-2")
    assert (missing.status, missing.json()["code"]) == (428, "version_missing")
    done = desk.post("withdrawals", WRONG, version=seen.headers["etag"])
    assert (done.status, done.json()["state"], done.json()["copies"]) == (200, "withdrawn", 0)
    (act,) = desk.get().json()["history"]
    assert (act["verb"], act["reason"], act["effective_from"]) == ("withdraw", "issued_in_error", "2026-11-22")
    assert act["asked_by"] == "register"


def test_old_and_new_name_each_other(desk: Any, record: Any) -> None:
    corrected = {"successor": {"id": "case-2", "record": shifted(record, **LATER)}, **WRONG}
    done = desk.post("corrections", corrected)
    assert (done.status, done.json()["predecessor"]) == (201, "case-1")
    assert done.headers["location"].endswith("/source/v1/records/case-2")
    old = desk.get().json()
    assert (old["state"], old["successor"], old["history"][0]["successor"]) == ("superseded", "case-2", "case-2")
    longer = {"successor": {"id": "case-3", "record": shifted(record, end="2028-06-30")}}
    assert desk.post("prolongations", longer, record="case-2", key="k-2").status == 201
    other = {"successor": {"id": "case-4", "record": record}, "reason": "facts_changed"}
    assert desk.post("replacements", other, record="case-3", key="k-3").status == 201
    chain = [(desk.get(f"records/case-{n}").json()) for n in (1, 2, 3, 4)]
    assert [each["successor"] for each in chain] == ["case-2", "case-3", "case-4", None]
    assert [each["history"][0]["verb"] for each in chain[:3]] == ["correct", "prolong", "replace"]


def test_a_reissue_ends_the_old_copies_when_the_new_ones_are_collected(desk: Any, record: Any) -> None:
    collected(desk, desk.post("offers", {"configuration_ids": ["pda1"]}).json())
    again = desk.post("reissues", {"lost": False}, key="k-2")
    assert again.status == 201, again.body
    collected(desk, again.json())
    desk.rig.issuer.publish_status_lists()
    copies = desk.get().json()["copies"]
    assert sorted(copy["cause"] or "" for copy in copies) == ["", "replaced"]


def test_an_offer_by_reference_names_its_page_for_browsers(desk: Any, record: Any) -> None:
    wanted = {"configuration_ids": ["pda1"]}
    assert desk.post("offers", wanted).json()["page_uri"] is None
    shown = desk.post("offers", {**wanted, "by_reference": True}, key="k-2").json()
    again = desk.post("reissues", {**wanted, "lost": False, "by_reference": True}, key="k-3").json()
    for told in (shown, again):
        assert re.fullmatch(r"https?://\S+/issuer/\S+/offers/\S+/page", told["page_uri"])


def test_j12_the_same_key_and_request_get_the_same_answer_to_the_letter(desk: Any, record: Any) -> None:
    body = {"configuration_ids": ["pda1"], "tx_code": True}
    one, two = desk.post("offers", body), desk.post("offers", body)
    assert (one.status, one.body) == (201, two.body)
    other = desk.post("offers", {"configuration_ids": ["pda1"]})
    assert (other.status, other.json()["code"]) == (409, "idempotency_key_used")
    elsewhere = desk.post("withdrawals", WRONG, key="k-offers")  # the same key at another address
    assert elsewhere.status == 409
    for wrong in ("", "x" * 201):
        refused = desk.ask("POST", "records/case-1/offers", body, key=wrong)
        assert (refused.status, refused.json()["code"]) == (400, "idempotency_key_invalid")
    assert one.json()["tx_code"].encode() not in _database_bytes(desk)


def _database_bytes(desk: Any) -> bytes:
    with desk.rig.database.read() as connection:
        return b"".join(bytes(each) for each in connection.scalars(select(SOURCE_REQUESTS.c.answer)) if each)


def test_j13_the_same_key_at_once_acts_once(desk: Any, record: Any) -> None:
    collected(desk, desk.post("offers", {"configuration_ids": ["pda1"]}, key="k-0").json())
    body = {"successor": {"id": "case-2", "record": shifted(record, **LATER)}, **WRONG}
    told = desk.rig.at_once(12, lambda: desk.post("corrections", body))
    assert {each.status for each in told} <= {201, 409}
    assert {each.body for each in told if each.status == 201} == {desk.post("corrections", body).body}
    assert len(desk.get().json()["history"]) == 1


def test_what_died_before_it_was_answered_is_taken_over(
    desk: Any, record: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"successor": {"id": "case-2", "record": shifted(record, **LATER)}, **WRONG}

    def killed(*_: Any, **__: Any) -> Any:
        raise RuntimeError

    with monkeypatch.context() as patched:
        patched.setattr("portadoc.issuer.sources.requests.lock_text", killed)
        assert desk.post("corrections", body).status == 500
    running = desk.post("corrections", body)
    assert (running.status, running.json()["code"]) == (409, "request_running")
    assert int(running.headers["retry-after"]) > 0
    desk.rig.clock.advance(31)
    assert desk.post("corrections", body).status == 201
    assert len(desk.get().json()["history"]) == 1


def test_a_refused_request_can_be_put_right_under_its_key(desk: Any, record: Any) -> None:
    refused = desk.post("offers", {"configuration_ids": ["ehic"]})
    assert (refused.status, refused.json()["code"]) == (422, "credential_configuration_unknown")
    assert desk.post("offers", {"configuration_ids": ["pda1"]}).status == 201


def test_records_are_listed_page_by_page(desk: Any, record: Any) -> None:
    for number in (2, 3, 4, 5):
        desk.rig.clock.advance(number % 2)
        assert desk.put(f"case-{number}").status == 201
    read, cursor = [], ""
    while True:
        page = desk.get(f"records?limit=2{cursor}").json()
        read += [each["id"] for each in page["records"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert read == [f"case-{number}" for number in (1, 2, 3, 4, 5)]
    assert "record" not in page["records"][0]


def test_a_record_that_is_expected_can_be_offered_and_then_comes(desk: Any) -> None:
    person = {"surnames": "Test", "forenames": "Test", "date_of_birth": "1985-04-12", "number": "TEST185041201"}
    told = desk.ask("PUT", "expected/case-9", {"person": person, "configuration_ids": ["pda1"]})
    assert (told.status, told.json()) == (200, {"id": "case-9", "state": "pending"})
    assert desk.get("records/case-9").status == 404
    assert desk.ask("DELETE", "expected/case-9").status == 204
    assert desk.ask("DELETE", "expected/nothing").status == 404


def test_the_description_names_every_route_and_every_answer_fits_it(desk: Any, record: Any) -> None:
    document = desk.get("openapi.json").json()
    assert document["openapi"] == "3.1.0"
    routes = {
        (method, route.path)
        for route in _routes(authentic_source_router(desk.rig.issuer).routes)
        for method in route.methods - {"HEAD"}
    }
    described = {(method.upper(), path) for path, each in document["paths"].items() for method in each}
    assert described == {(each.method, each.path) for each in OPERATIONS} | {("POST", TOKEN)}
    assert routes == described | {("GET", "/issuer/{institution}/source/v1/openapi.json")}
    for name in document["components"]["schemas"]:
        jsonschema.Draft202012Validator.check_schema(_schema(document, name))
    offer = desk.post("offers", {"configuration_ids": ["pda1"]}).json()
    jsonschema.validate(offer, _schema(document, "Offer"))
    collected(desk, offer)
    sent = {"successor": {"id": "case-2", "record": shifted(record, **LATER)}, **WRONG}
    jsonschema.validate(sent, _schema(document, "Correction"))
    jsonschema.validate(desk.post("corrections", sent, key="k-2").json(), _schema(document, "Summary"))
    jsonschema.validate(desk.get().json(), _schema(document, "Record"))
    jsonschema.validate(desk.get("records").json(), _schema(document, "Page"))
    jsonschema.validate(desk.get("records/none").json(), _schema(document, "Problem"))


def _schema(document: Any, name: str) -> Any:
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def _routes(routes: Any) -> Any:
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from _routes(inner.routes) if inner is not None else [route]
