"""The result: told to whoever knows the session secret, through one door, as long as it is kept."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from portadoc.errors import Refused
from portadoc.verifier.requests import Phase
from portadoc.verifier.results import Result


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def results_path(world: Any, session: Any) -> str:
    return f"/verifier/{world.SLUG}/management/results/{session.created.transaction_id}"


def test_the_result_is_told_with_a_sentence_for_each_check(world: Any) -> None:
    session = world.ask()
    session.answer()
    response = world.http.get(results_path(world, session), headers=bearer(session.created.session_secret))
    assert response.status == 200
    told = response.json()
    assert told["phase"] == "answered"
    assert told["result"]["accepted"] is True
    (presentation,) = told["result"]["presentations"]
    assert presentation["report"]["verdict"] == "authentic_in_force"
    assert all(check["message"]["text"] for check in presentation["report"]["checks"])


def test_a_refusal_is_told_with_what_to_do_in_the_readers_language(world: Any) -> None:
    session = world.ask()
    session.answer(session.present(nonce="other"))
    headers = {**bearer(session.created.session_secret), "accept-language": "fr"}
    told = world.http.get(results_path(world, session), headers=headers).json()["result"]
    assert (told["accepted"], told["code"]) == (False, "kb_invalid.nonce")
    assert told["message"]["action"]


def test_an_open_request_has_no_result_yet(world: Any) -> None:
    session = world.ask()
    view = session.view()
    assert (view.phase, view.result) == (Phase.OPEN, None)


def test_g12_without_the_session_secret_there_is_nothing(world: Any) -> None:
    session, other = world.ask(), world.ask()
    session.answer()
    path = results_path(world, session)
    wrong = [
        {},
        bearer(other.created.session_secret),
        bearer("A" * 43),
        bearer(""),
        {"authorization": f"Basic {session.created.session_secret}"},
        {"authorization": session.created.session_secret},
    ]
    for headers in wrong:
        response = world.http.get(path, headers=headers)
        assert (response.status, response.json()["code"]) == (404, "not_found")
    guessed = world.http.get(path + "x", headers=bearer(session.created.session_secret))
    assert guessed.status == 404
    elsewhere = path.replace(world.SLUG, "de-other")
    assert world.http.get(elsewhere, headers=bearer(session.created.session_secret)).status == 404


def test_the_secret_and_the_key_are_nowhere_in_the_database_afterwards(world: Any) -> None:
    session = world.ask()
    session.answer()
    with world.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM verifier_requests").mappings().all()
    (row,) = rows
    assert row["encryption_key"] is None
    assert session.created.session_secret not in str(dict(row))


def test_v55_g12_an_accepted_result_needs_the_response_code_of_the_way_back(world: Any) -> None:
    session = world.ask(return_uri=f"{world.BASE_URL}/inspect/done?session=1")
    answer = session.answer().json()
    back = urlsplit(answer["redirect_uri"])
    assert back.path == "/inspect/done"
    (code,) = parse_qs(back.query)["response_code"]
    assert len(code) >= 43
    with pytest.raises(Refused):
        session.view()
    with pytest.raises(Refused):
        session.view(response_code="x")
    assert session.view(response_code=code).result.accepted
    path = results_path(world, session)
    secret = bearer(session.created.session_secret)
    assert world.http.get(path, headers=secret).status == 404
    assert world.http.get(f"{path}?response_code={code}", headers=secret).status == 200


def test_g13_a_response_code_of_another_session_opens_nothing(world: Any) -> None:
    one, other = (world.ask(return_uri=f"{world.BASE_URL}/done") for _ in range(2))
    answer = one.answer().json()["redirect_uri"]
    other.answer()
    (code,) = parse_qs(urlsplit(answer).query)["response_code"]
    with pytest.raises(Refused):
        other.view(response_code=code)


def test_a_refused_answer_sends_nobody_on_and_its_report_is_told(world: Any) -> None:
    session = world.ask(return_uri=f"{world.BASE_URL}/done")
    response = session.answer(session.present(nonce="other"))
    assert "redirect_uri" not in response.json()
    assert session.code == "kb_invalid.nonce"


def test_a_result_reads_back_as_it_was_written(world: Any) -> None:
    session = world.ask()
    session.answer()
    result = session.view().result
    assert Result.from_text(result.to_text()) == result


def test_requests_results_and_keys_are_deleted_when_their_time_has_passed(world: Any) -> None:
    answered, expired = world.ask(), world.ask()
    answered.answer()
    world.clock.advance(world.settings.request_ttl_s)
    world.verifier.forget()
    assert expired.view().phase is Phase.EXPIRED
    assert answered.view().result is not None
    world.clock.advance(world.settings.result_kept_s)
    world.verifier.forget()
    for session in (answered, expired):
        with pytest.raises(Refused):
            session.view()


# --- creation over HTTP, from this machine only


def create(world: Any, body: Any, **headers: str) -> Any:
    return world.http.post_json(f"/verifier/{world.SLUG}/management/requests", body, headers=headers)


def test_a_request_is_created_over_http_by_preset_or_query(world: Any) -> None:
    query = {"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:eudi:ehic:1"]}}]}
    for body in (
        {"preset": "inspector-quick"},
        {"preset": "care-desk", "on_date": "2026-11-22", "return_uri": f"{world.BASE_URL}/x"},
        {"dcql_query": query, "status_required": False, "same_holder": True},
    ):
        response = create(world, body)
        assert response.status == 201, response.text
        named = {"transaction_id", "session_secret", "request_uri", "link", "expires_at", "warnings"}
        assert set(response.json()) == named
        assert response.headers["cache-control"] == "no-store"


BODIES: dict[str, tuple[Any, int, str]] = {
    "nothing": ({}, 422, "member_invalid"),
    "both": ({"preset": "care-desk", "dcql_query": {}}, 422, "member_invalid"),
    "unknown preset": ({"preset": "x"}, 422, "preset_unknown"),
    "unknown member": ({"preset": "care-desk", "x": 1}, 422, "member_unknown"),
    "rule beside preset": ({"preset": "care-desk", "same_holder": True}, 422, "member_unknown"),
    "preset no text": ({"preset": 7}, 422, "member_invalid"),
    "query no object": ({"dcql_query": []}, 422, "member_invalid"),
    "query malformed": ({"dcql_query": {}}, 422, "query_malformed"),
    "flag no flag": ({"dcql_query": {}, "same_holder": "yes"}, 422, "member_invalid"),
    "day no day": ({"preset": "care-desk", "on_date": "tomorrow"}, 422, "member_invalid"),
    "page elsewhere": ({"preset": "care-desk", "return_uri": "https://x.example"}, 422, "return_uri_invalid"),
}


@pytest.mark.parametrize("name", BODIES)
def test_g17_g18_an_unsound_question_is_unprocessable(world: Any, name: str) -> None:
    body, status, code = BODIES[name]
    response = create(world, body)
    assert (response.status, response.json()["code"]) == (status, code)


def test_g19_asking_for_what_is_not_registered_is_forbidden(world: Any) -> None:
    query = {"credentials": [{"id": "a", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:example:other:1"]}}]}
    response = create(world, {"dcql_query": query})
    assert (response.status, response.json()["code"]) == (403, "query_not_registered")


def test_management_answers_nobody_who_came_through_a_proxy(world: Any) -> None:
    response = create(world, {"preset": "care-desk"}, **{"x-forwarded-for": "127.0.0.1"})
    assert (response.status, response.json()["code"]) == (403, "management_loopback_only")
    session = world.ask()
    headers = {**bearer(session.created.session_secret), "forwarded": "for=127.0.0.1"}
    assert world.http.get(results_path(world, session), headers=headers).status == 403
