"""Management over HTTP: what staff can do, and that nobody else can."""

from typing import Any

import pytest

from portadoc.schemas.examples import example
from portadoc.schemas.records import record_to_json
from portadoc.wallet_sim.transport import AsgiTransport

MANAGEMENT = "/issuer/fr-demo/management"


def post(rig: Any, path: str, content: Any, **headers: str) -> Any:
    return rig.transport.post_json(f"{MANAGEMENT}/{path}", content, headers=headers)


def test_from_record_to_withdrawal(rig: Any) -> None:
    uploaded = post(rig, "records", record_to_json(example("posted-worker-fr-de")))
    assert uploaded.status == 201
    record_id = uploaded.json()["record_id"]
    asked = {"record_id": record_id, "configuration_ids": ["pda1"], "tx_code": True, "by_reference": True}
    offered = post(rig, "offers", asked)
    assert offered.status == 201
    assert set(offered.json()) == {"offer_id", "offer_uri", "tx_code", "expires_at", "page_uri"}
    (text,) = rig.issued()
    listed = rig.transport.get(f"{MANAGEMENT}/credentials").json()["credentials"]
    assert [row["record_id"] for row in listed] == [rig.last_record]
    withdrawn = post(rig, "withdrawals", {"id": listed[0]["credential_id"], "reason": "fraud"})
    assert withdrawn.json()["credential_ids"] == [listed[0]["credential_id"]]
    assert post(rig, "status-lists/publish", {}).json() == {"published": 1}
    assert rig.transport.get(f"{MANAGEMENT}/unfinished").json() == {"credentials": []}
    assert text


@pytest.mark.parametrize(
    ("path", "content", "status", "code"),
    [
        ("records", {"kind": "pda1"}, 400, "record_version_unsupported"),
        ("records", {"kind": "x"}, 400, "record_kind_unknown"),
        ("offers", {"record_id": "x", "configuration_ids": ["pda1"]}, 404, "record_unknown"),
        ("offers", {"record_id": 1, "configuration_ids": ["pda1"]}, 400, "member_invalid"),
        ("offers", {"record_id": "x", "configuration_ids": "pda1"}, 400, "member_invalid"),
        ("offers", {"record_id": "x", "configuration_ids": ["pda1"], "tx_code": "yes"}, 400, "member_invalid"),
        ("offers", {"record_id": "x", "configuration_ids": ["pda1"], "status_index": 5}, 400, "member_unknown"),
        ("offers", {"record_id": "x", "configuration_ids": []}, 403, "credential_configuration_unknown"),
        ("withdrawals", {"id": "x", "reason": "fraud"}, 404, "withdrawal_subject_unknown"),
        ("withdrawals", {"id": "x", "reason": "because"}, 400, "member_invalid"),
        ("withdrawals", [], 400, "json_malformed"),
    ],
)
def test_a_wrong_body_is_refused_with_a_problem_document(
    rig: Any, path: str, content: Any, status: int, code: str
) -> None:
    refused = post(rig, path, content)
    assert (refused.status, refused.json()["code"]) == (status, code)
    assert refused.headers["content-type"] == "application/problem+json"


def test_an_unknown_institution_is_not_found(rig: Any) -> None:
    refused = rig.transport.get("/issuer/nobody/management/credentials")
    assert (refused.status, refused.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["records", "offers", "withdrawals", "credentials", "unfinished"])
def test_from_another_machine_nothing_is_done(rig: Any, method: str, path: str) -> None:
    outside = AsgiTransport(rig.transport._app, rig.transport._base_url, client_host="192.0.2.7")
    answer = outside.request(
        method, f"{MANAGEMENT}/{path}", headers={"content-type": "application/json"}, body=b"{}"
    )
    assert answer.status in (403, 405)


@pytest.mark.parametrize(
    "headers",
    [{"x-forwarded-for": "127.0.0.1"}, {"forwarded": "for=127.0.0.1"}, {"host": "attacker.example"}],
    ids=str,
)
def test_a_forwarded_or_renamed_request_is_refused(rig: Any, headers: dict[str, str]) -> None:
    refused = rig.transport.get(f"{MANAGEMENT}/credentials", headers=headers)
    assert (refused.status, refused.json()["code"]) == (403, "management_loopback_only")


def test_a_foreign_page_cannot_post_a_form(rig: Any) -> None:
    refused = rig.post(f"{MANAGEMENT}/offers", b"{}", "text/plain")
    assert (refused.status, refused.json()["code"]) == (415, "content_type_unsupported")
