"""Machines file, list, follow and withdraw applications, each for the employers that gave a mandate."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest

from portadoc.portal.http.machines.schemas import OPERATIONS
from tests.unit.portal.machines.conftest import ANSWERS, APPLICATIONS, Doors, Machine, payroll_of

_PERSONAL = ("Jean", "Exemple", "1985-04-12", "TEST185041201", "jean.exemple")


def test_a_posting_is_filed_decided_and_handed_out_as_paper(payroll: Machine) -> None:
    filed = payroll.file()
    told = filed.json()
    assert (filed.status_code, told["state"], told["certificate"]) == (201, "granted", "a1")
    assert filed.headers["location"] == told["links"]["self"]
    assert (told["decision"]["article"], told["decision"]["automated"]) == ("12(1)", True)
    assert (told["valid_from"], told["valid_to"]) == ("2027-01-04", "2027-06-30")
    assert told["decision"]["explanation"]["paragraphs"]
    paper = payroll.get(told["links"]["paper"])
    assert (paper.headers["content-type"], paper.content[:5]) == ("application/pdf", b"%PDF-")
    assert payroll.get(f"{APPLICATIONS}/{told['id']}").json() == told
    assert "cache-control" in filed.headers


def test_what_is_told_is_in_the_language_that_was_asked_for(payroll: Machine) -> None:
    told = payroll.file().json()
    here = f"{APPLICATIONS}/{told['id']}"
    assert payroll.get(here, **{"accept-language": "de"}).status_code == 200
    assert "personal" not in payroll.get(here).json()


def test_j12_the_same_key_acts_once_and_another_body_under_it_is_refused(payroll: Machine) -> None:
    first, again = payroll.file("k-1"), payroll.file("k-1")
    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 201, first.json()["id"])
    other = payroll.file("k-1", language="fr")
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_used")
    assert len(payroll.get(APPLICATIONS).json()["applications"]) == 1
    for keys in ([], [("idempotency-key", "a"), ("idempotency-key", "b")]):
        headers = [*payroll.bearer().items(), *keys]
        refused = payroll.doors.ask("POST", APPLICATIONS, json={"answers": ANSWERS}, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (400, "idempotency_key_invalid")


def test_j13_fifty_requests_with_one_key_at_once_file_one_application_and_issue_one_paper(
    payroll: Machine,
) -> None:
    bearer = payroll.bearer()
    sent = {"json": {"answers": ANSWERS}, "headers": {**bearer, "idempotency-key": "same"}}
    with ThreadPoolExecutor(5) as pool:  # five clients with ten requests each
        answers = list(
            pool.map(lambda _: payroll.doors.ask_together([("POST", APPLICATIONS, sent)] * 10), range(5))
        )
    flat = [each for ten in answers for each in ten]
    assert {each.status_code for each in flat} == {201}
    assert len({each.json()["id"] for each in flat}) == 1
    assert len(payroll.get(APPLICATIONS).json()["applications"]) == 1
    with payroll.doors.house.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT count(*) FROM issuer_records").scalar()
    assert rows == 1


@pytest.mark.parametrize(
    "member",
    ["status_index", "iat", "iss", "state", "decision", "roles", "tenant", "applicant", "worker_pin", "facts"],
)
def test_j18_j03_a_member_that_nobody_may_set_is_refused(payroll: Machine, member: str) -> None:
    refused = payroll.file(**{member: "x"})
    assert (refused.status_code, refused.json()["code"]) == (422, "member_unknown")
    inside = payroll.send({"answers": {**ANSWERS, member: "x"}} if member != "worker_pin" else {"answers": []})
    assert inside.status_code == 422
    deep = payroll.send({"answers": {**ANSWERS, "period": {**ANSWERS["period"], member: 1}}})
    assert (deep.status_code, deep.json()["code"]) == (422, "answer_invalid")
    assert payroll.get(APPLICATIONS).json()["applications"] == []


def test_what_does_not_fit_is_named_and_nothing_is_filed(payroll: Machine) -> None:
    missing = {name: value for name, value in ANSWERS.items() if name != "link"}
    for body, code, named in (
        ({"answers": missing}, "answers_missing", "link"),
        ({"answers": {**ANSWERS, "host_state": "XX"}}, "answer_invalid", "host_state"),
        ({"answers": {**ANSWERS, "own_seat": {}}}, "answer_unexpected", "own_seat"),
        ({"answers": ANSWERS, "certificate": "ehic"}, "certificate_not_offered", "ehic"),
        ({"answers": ANSWERS, "request": "extension"}, "predecessor_needed", ""),
        ({}, "member_invalid", "/answers"),
    ):
        refused = payroll.send(body).json()
        assert (refused["status"], refused["code"]) == (422, code)
        assert named in str(refused["params"])
    assert payroll.get(APPLICATIONS).json() == {"applications": [], "next_cursor": None}


def test_j02_machines_of_other_employers_see_nothing_of_it(payroll: Machine, interim: Machine) -> None:
    told = payroll.file().json()
    here = f"{APPLICATIONS}/{told['id']}"
    for path in (here, f"{here}/paper.pdf", f"/portal/api/fr-health/applications/{told['id']}"):
        refused = interim.get(path)
        assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert interim.withdraw(told["id"]).status_code == 404
    assert interim.get(APPLICATIONS).json()["applications"] == []
    assert interim.send({"answers": ANSWERS, "employer": "TEST12345"}).status_code in (403, 404)


def test_j04_a_machine_does_what_its_mandate_lists_while_it_is_valid(payroll: Machine, reader: Machine) -> None:
    told = payroll.file().json()
    here = f"{APPLICATIONS}/{told['id']}"
    assert reader.get(here).status_code == 200
    assert (reader.file().status_code, reader.get(f"{here}/paper.pdf").status_code) == (403, 403)
    refused = reader.withdraw(told["id"])
    assert (refused.status_code, refused.json()["params"]["reason"]) == (403, "mandate_scope")
    payroll.doors.clock.advance(40 * 86_400)
    assert payroll.get(here).status_code == 403
    assert payroll.get(APPLICATIONS).json()["applications"] == []
    assert payroll.file("k-2").json()["params"]["reason"] == "mandate_ended"


def test_an_application_is_taken_back_once_and_again_changes_nothing(payroll: Machine) -> None:
    unclear = {**ANSWERS, "link": {**ANSWERS["link"], "hired_out_onward": True}}
    told = payroll.send({"answers": unclear}).json()
    assert told["state"] != "granted"
    first, again = payroll.withdraw(told["id"]), payroll.withdraw(told["id"])
    assert (first.status_code, first.json()["state"], again.json()) == (200, "withdrawn", first.json())
    granted = payroll.file("k-2").json()
    stands = payroll.withdraw(granted["id"])
    assert (stands.status_code, stands.json()["code"]) == (409, "application_state")


def test_a_certificate_is_ended_by_an_application_of_its_own(payroll: Machine) -> None:
    granted = payroll.file().json()
    ending = {"reason": "not_happening", "effective_from": "2027-01-04"}
    body = {"request": "withdrawal", "predecessor": granted["id"], "answers": {"withdrawal": ending}}
    ended = payroll.send(body, "k-2").json()
    assert (ended["request"], ended["state"]) == ("withdrawal", "granted")
    assert payroll.get(granted["links"]["self"]).json()["state"] == "withdrawn"


def test_a_correction_puts_answers_right_that_were_given_before(payroll: Machine) -> None:
    granted = payroll.file().json()
    right = {"period": {"start": "2027-01-04", "end": "2027-05-31"}}
    corrected = payroll.send({"request": "correction", "predecessor": granted["id"], "answers": right}, "k-2")
    assert (corrected.status_code, corrected.json()["valid_to"]) == (201, "2027-05-31")
    assert payroll.get(granted["links"]["self"]).json()["state"] == "superseded"


def test_a_machine_of_several_employers_says_for_whom(open_doors: Callable[..., Doors]) -> None:
    payroll = payroll_of(open_doors(employers=("TEST12345", "TEST34567")))
    filed = payroll.file(employer="TEST12345")
    assert (filed.status_code, filed.json()["employer"]) == (201, "TEST12345")
    assert payroll.file("k-2").json()["params"]["question"] == "employer_id"


def test_a_list_is_read_page_by_page(payroll: Machine) -> None:
    made = [payroll.file(f"k-{each}").json()["id"] for each in range(5)]
    payroll.doors.clock.advance(60)
    made.append(payroll.file("k-9").json()["id"])
    read, cursor = [], ""
    for _ in range(4):
        told = payroll.get(f"{APPLICATIONS}?limit=2{cursor}").json()
        read += [each["id"] for each in told["applications"]]
        if told["next_cursor"] is None:
            break
        cursor = f"&cursor={told['next_cursor']}"
    assert (read[0], sorted(read), len(read)) == (made[-1], sorted(made), 6)
    for wrong in ("0", "101", "-1", "x", "²", "9" * 9):
        assert payroll.get(f"{APPLICATIONS}?limit={wrong}").status_code == 422


def test_j15_a_cursor_that_was_altered_or_is_of_another_reader_is_refused(
    payroll: Machine, reader: Machine
) -> None:
    for each in range(3):
        payroll.file(f"k-{each}")
    cursor = payroll.get(f"{APPLICATIONS}?limit=1").json()["next_cursor"]
    place, tag = cursor.split(".")
    for altered in (
        place,
        f"{place}.",
        f".{tag}",
        f"{tag}.{place}",
        f"{place[:-2]}AA.{tag}",
        f"{place}.{tag[:-2]}AA",
        cursor * 9,
        "",
        "'; DROP TABLE portal_applications --",
    ):
        refused = payroll.doors.ask("GET", APPLICATIONS, params={"cursor": altered}, headers=payroll.bearer())
        assert (refused.status_code, refused.json()["code"]) == (400, "cursor_invalid")
    assert reader.get(f"{APPLICATIONS}?cursor={cursor}").status_code == 400
    assert payroll.get(f"{APPLICATIONS}?cursor={cursor}").status_code == 200


def test_who_asks_too_often_waits_as_it_is_told(open_doors: Callable[..., Doors]) -> None:
    payroll = payroll_of(open_doors(machine_requests_per_minute=3))
    bearer = payroll.bearer()
    answers = [payroll.doors.ask("GET", APPLICATIONS, headers=bearer) for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert (answers[3].json()["code"], answers[3].headers["retry-after"]) == ("requests_throttled", "60")
    payroll.doors.clock.advance(60)
    assert payroll.doors.ask("GET", APPLICATIONS, headers=bearer).status_code == 200


def test_who_looks_for_what_is_not_there_waits(payroll: Machine) -> None:
    bearer = payroll.bearer()
    codes = [
        payroll.doors.ask("GET", f"{APPLICATIONS}/{place:032x}", headers=bearer).status_code for place in range(22)
    ]
    assert (codes[:20], codes[20:]) == ([404] * 20, [429] * 2)


def test_j01_only_an_access_token_opens_this_door(payroll: Machine) -> None:
    doors = payroll.doors
    for headers in (
        {},
        doors.cookie("claire-test"),
        {"authorization": "Basic eDp5"},
        {"authorization": "Bearer x"},
    ):
        refused = doors.ask("GET", APPLICATIONS, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (401, "portal_token_refused")
        assert refused.headers["www-authenticate"].startswith("Bearer")
    assert doors.ask("GET", "/portal/fr-demo/", headers=payroll.bearer()).status_code == 401


def test_nothing_personal_is_told_that_the_machine_did_not_send(payroll: Machine) -> None:
    payroll.file()
    told = payroll.get(APPLICATIONS).text
    assert [each for each in _PERSONAL if each in told] == []


def test_the_description_names_every_route_and_every_answer_fits_it(payroll: Machine) -> None:
    document = payroll.doors.ask("GET", "/portal/api/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    routes = {
        (method, re.sub(r":path", "", route.path))
        for route in _routes(payroll.doors.app.routes)
        for method in route.methods - {"HEAD"}
        if route.path.startswith("/portal/api/{institution}/")
    }
    assert routes == {(each.method, each.path) for each in OPERATIONS}
    described = {(method.upper(), path) for path, each in document["paths"].items() for method in each}
    assert described == routes | {("POST", "/portal/token")}
    for name in document["components"]["schemas"]:
        jsonschema.Draft202012Validator.check_schema(_schema(document, name))
    jsonschema.validate({"answers": ANSWERS, "employer": "TEST12345"}, _schema(document, "Request"))
    jsonschema.validate(payroll.file().json(), _schema(document, "Application"))
    for entry in payroll.get(APPLICATIONS).json()["applications"]:
        jsonschema.validate(entry, _schema(document, "Summary"))
    refused = payroll.file(iat=1)
    jsonschema.validate(refused.json(), _schema(document, "Problem"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"answers": ANSWERS, "iat": 1}, _schema(document, "Request"))


def _schema(document: Any, name: str) -> Any:
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def _routes(routes: Any) -> Any:
    for route in routes:
        inner = getattr(route, "original_router", None)
        yield from _routes(inner.routes) if inner is not None else [route]
