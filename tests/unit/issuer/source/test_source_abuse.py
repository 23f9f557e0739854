"""What an authentic source must not get: other institutions, other verbs, a second use, a body without bounds."""

from typing import Any

import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey

from portadoc.errors import Misconfigured
from portadoc.formats import strict_json
from portadoc.issuer.http.authentic_source import authentic_source_router
from portadoc.issuer.http.authentic_source_openapi import OPERATIONS
from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json
from portadoc.wallet_sim.transport import AsgiTransport

WRONG = {"reason": "issued_in_error"}


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "http://127.0.0.1:8700/issuer/fr-health/source/token"},
        {"aud": "http://127.0.0.1:8700/portal/token"},
        {"aud": "http://127.0.0.1:8700/issuer/fr-demo"},
        {"iss": "reader"},
        {"sub": "stranger", "iss": "stranger"},
        {"sub": "elsewhere", "iss": "elsewhere"},
        {"exp": 1},
        {"exp": 4_000_000_000},
        {"exp": None},
        {"jti": None},
        {"jti": ""},
    ],
)
def test_j19_an_assertion_that_does_not_hold_gives_no_token(desk: Any, changes: dict[str, Any]) -> None:
    refused = desk.ask_token(desk.assertion(**changes))
    told = {"error": "invalid_client", "error_description": "client_assertion_refused"}
    assert (refused.status, refused.json()) == (401, told)


def test_an_assertion_counts_once(desk: Any) -> None:
    assertion = desk.assertion()
    assert desk.ask_token(assertion).status == 200
    assert desk.ask_token(assertion).status == 401
    desk.rig.clock.advance(119)
    desk.rig.issuer.forget_expired()
    assert desk.ask_token(assertion).status == 401
    one = desk.assertion(jti="same")
    assert sorted(each.status for each in desk.rig.at_once(8, lambda: desk.ask_token(one))) == [200] + [401] * 7


def test_only_the_registered_key_counts(make_desk: Any) -> None:
    desk = make_desk()
    desk.key = ECKey.generate_key("P-256")
    assert desk.ask_token().status == 401
    assert desk.ask_token(grant_type="password").json()["error"] == "unsupported_grant_type"
    assert desk.ask_token(client_secret="x").status == 401


def test_a_source_of_one_institution_gets_no_token_at_another(make_desk: Any) -> None:
    make_desk()
    foreign = make_desk("elsewhere", "fr-demo")
    assert foreign.ask_token().status == 401
    assert make_desk("elsewhere", "nowhere").ask_token().status == 404


def test_j02_ids_of_another_institution_are_not_there(make_desk: Any) -> None:
    own, foreign = make_desk(), make_desk("elsewhere", "fr-health")
    assert own.put().status == 201
    told = {"configuration_ids": ["pda1"]}
    assert foreign.get().status == 404
    assert foreign.get("records").json() == {"records": [], "next_cursor": None}
    for act, body in (("offers", told), ("withdrawals", WRONG), ("reissues", {"lost": True})):
        assert foreign.post(act, body).status == 404
    stolen = foreign.bearer()
    for method, path in (("GET", "records/case-1"), ("GET", "records"), ("PUT", "records/case-1")):
        refused = own.ask(method, path, headers=stolen)
        assert (refused.status, refused.json()["code"]) == (404, "not_found")
    assert own.get().json()["state"] == "in_force"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.id)
def test_j01_j02_every_route_asks_who_and_whose_and_what_first(make_desk: Any, operation: Any) -> None:
    """The routes are those of the description: one that is added is asked here too."""
    own, foreign, reader = make_desk(), make_desk("elsewhere", "fr-health"), make_desk("reader")
    own.put()
    path = operation.path.format(institution="fr-demo", record="case-1").partition("/v1/")[2]
    before = own.get().body
    told = [
        own.ask(operation.method, path, b"no json", headers)
        for headers in (foreign.bearer(), {"authorization": "Bearer x"}, reader.bearer())
    ]
    may_read = operation.method == "GET"
    assert [each.status for each in told] == [404, 401, 200 if may_read else 403]
    assert own.get().body == before


def test_records_that_came_in_by_another_way_are_not_there(desk: Any) -> None:
    record_id = desk.rig.record()
    assert desk.get(f"records/{record_id}").status == 404
    assert desk.post("withdrawals", WRONG, record=record_id).status == 404


def test_j01_what_is_not_listed_is_denied(make_desk: Any) -> None:
    own, reader = make_desk(), make_desk("reader")
    own.put()
    assert reader.get().status == 200
    for act, body in (("offers", {}), ("withdrawals", WRONG), ("reissues", {}), ("corrections", {})):
        refused = reader.post(act, body)
        assert (refused.status, refused.json()["code"]) == (403, "source_verb_denied")
        assert "insufficient_scope" in refused.headers["www-authenticate"]
    assert reader.put().status == 403
    assert reader.ask_token(scope="read withdraw").json()["error"] == "invalid_scope"
    limited = own.bearer(scope="read")
    assert own.ask("PUT", "records/case-2", b"{}", limited).status == 403


def test_without_a_token_of_a_source_nothing_is_told(desk: Any) -> None:
    wallet = desk.rig.token()
    for header in ("", "Bearer", "Basic abc", "Bearer unknown", "Bearer a b", f"Bearer {wallet}"):
        refused = desk.ask("GET", "records/case-1", headers={"authorization": header})
        assert (refused.status, refused.json()["code"]) == (401, "source_token_refused")
    bearer = desk.bearer()
    desk.rig.clock.advance(300)
    assert desk.ask("GET", "records", headers=bearer).status == 401


@pytest.mark.parametrize("verb", ["PATCH", "DELETE", "POST"])
def test_unknown_methods_and_verbs_do_nothing(desk: Any, verb: str) -> None:
    desk.put()
    assert desk.ask(verb, "records/case-1", {}).status == 405
    assert desk.ask("POST", "records/case-1/revivals", {}).status == 404
    assert desk.get().json()["state"] == "in_force"


@pytest.mark.parametrize(
    "path",
    [
        "records/..",
        "records/%2e%2e",
        "records/../../management/credentials",
        "records/a%2Fb",
        "records/a%00b",
        "records/-a",
        "records/" + "a" * 65,
        "records/case%201",
        "records/caf%C3%A9",
    ],
)
def test_paths_that_play_tricks_keep_nothing(desk: Any, path: str) -> None:
    told = desk.ask("PUT", path, desk_record())
    assert told.status in (404, 405, 422), told.body
    assert desk.get("records").json()["records"] == []


def desk_record() -> Any:
    return record_to_json(example("posted-worker-fr-de"))


def test_a_body_of_ten_megabytes_is_refused_unread(desk: Any) -> None:
    told = desk.ask("PUT", "records/case-1", b'{"a": "' + b"x" * 10_000_000 + b'"}')
    assert (told.status, told.json()["code"]) == (413, "limit_exceeded")


def test_j18_a_member_twice_or_one_that_nobody_may_set_is_refused(desk: Any) -> None:
    record = strict_json.dumps(desk_record())
    twice = record[:-1] + b', "kind": "pda1"}'
    assert desk.put(record=twice).json()["code"] == "json_malformed"
    for name in ("iss", "iat", "status_index", "tenant", "record_id"):
        refused = desk.put(record={**desk_record(), name: 1})
        assert (refused.status, refused.json()["code"]) == (422, "member_unknown")
    desk.put()
    for body in ({**WRONG, "institution": "fr-health"}, {**WRONG, "successor": "x"}, {"reason": "because"}, {}):
        refused = desk.post("withdrawals", body)
        assert refused.status == 422, refused.body
    twice_over = desk.post("withdrawals", b'{"reason": "fraud", "reason": "issued_in_error"}')
    assert (twice_over.status, twice_over.json()["code"]) == (400, "json_malformed")
    deep = desk.post("withdrawals", b"[" * 100_000)
    assert deep.status in (400, 413)
    assert desk.ask("PUT", "records/case-2", b"{}", {"content-type": "text/plain"}).status == 415
    assert desk.get().json()["state"] == "in_force"


def test_a_record_of_another_institution_is_not_certified(desk: Any) -> None:
    record = desk_record()
    record["issuing_authority"] = {**record["issuing_authority"], "id": "FR:TEST02"}
    refused = desk.put(record=record)
    assert (refused.status, refused.json()["code"]) == (422, "record_of_other_institution")
    assert desk.get("records/case-1").status == 404
    assert desk.put().status == 201  # the id was named, and nothing was kept under it


def test_j05_a_withdrawal_has_a_reason_and_again_changes_nothing(desk: Any) -> None:
    desk.put()
    assert desk.post("withdrawals", {}).status == 422
    first = desk.post("withdrawals", WRONG, key="k-2")
    again = desk.post("withdrawals", {"reason": "fraud"}, key="k-3")
    assert (first.status, again.status, first.json()) == (200, 200, again.json())
    assert len(desk.get().json()["history"]) == 1


def test_j15_a_cursor_that_was_altered_or_is_of_another_reader_is_refused(make_desk: Any) -> None:
    desk = make_desk()
    desk.put()
    desk.put("case-2")
    cursor = desk.get("records?limit=1").json()["next_cursor"]
    for altered in (cursor[:-2], "x" + cursor, cursor.replace(".", ""), "", cursor * 9):
        refused = desk.get(f"records?cursor={altered}")
        assert (refused.status, refused.json()["code"]) == (400, "cursor_invalid")
    assert make_desk("reader").get(f"records?cursor={cursor}").status == 400
    assert desk.get("records?limit=0").status == 422
    assert desk.get("records?limit=1001").status == 422


def test_who_asks_too_often_waits(make_desk: Any) -> None:
    desk = make_desk(source_requests_per_minute=3)
    bearer = desk.bearer()
    told = [_get(desk, bearer) for _ in range(4)]
    assert [each.status for each in told] == [200, 200, 200, 429]
    assert int(told[-1].headers["retry-after"]) > 0
    desk.rig.clock.advance(60)
    assert _get(desk, bearer).status == 200
    for _ in range(3):
        desk.ask_token("x")
    assert desk.ask_token("x").status == 429


def _get(desk: Any, bearer: dict[str, str]) -> Any:
    return desk.rig.transport.get(f"{desk.base}/v1/records", headers=bearer)


def test_one_who_left_the_settings_is_nobody(make_desk: Any, make_rig: Any) -> None:
    desk = make_desk()
    bearer = desk.bearer()
    left = make_rig()
    desk.rig.transport = AsgiTransport(_application(left.issuer), "http://127.0.0.1:8700")
    assert _get(desk, bearer).status == 401


def _application(issuer: Any) -> Any:
    app = FastAPI(openapi_url=None)
    app.include_router(authentic_source_router(issuer))
    return app


def test_a_source_is_set_up_as_it_has_to_be(make_rig: Any) -> None:
    key = ECKey.generate_key("P-256")
    sound = {"client_id": "one", "institution": "fr-demo", "jwk": key.as_dict(private=False), "verbs": ("read",)}
    for wrong in (
        ({**sound, "institution": "nowhere"},),
        (sound, sound),
        ({**sound, "verbs": ()},),
        ({**sound, "verbs": ("revive",)},),
        ({**sound, "client_id": "a b"},),
    ):
        with pytest.raises(ValueError, match=r"sources|verbs|client_id"):
            make_rig(sources=wrong)
    with pytest.raises(Misconfigured, match="machine_key_unusable"):
        make_rig(sources=({**sound, "jwk": key.as_dict(private=True)},))
