"""HTTP for the institution's own staff: records, offers, withdrawals. From this machine only, until access rules
exist. Bodies are JSON objects; an unknown member is refused with the name of the member."""

from dataclasses import asdict
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from portadoc.errors import Malformed
from portadoc.issuer.protocol_errors import document_route
from portadoc.issuer.service import Issuer, WithdrawalReason
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.records import record_from_json, record_warnings
from portadoc.web.answers import json_answer
from portadoc.web.bodies import flag_member, read_json_object, require_members, text_member
from portadoc.web.loopback import loopback_only

Body = Annotated[JsonObject, Depends(read_json_object)]
_REASONS: Final = tuple(reason.value for reason in WithdrawalReason)


def management_router(issuer: Issuer) -> APIRouter:
    """Return the routes of staff, each refused unless the request began on this machine."""
    router = APIRouter(
        prefix="/issuer/{institution}/management",
        dependencies=[Depends(loopback_only(issuer.settings.base_url))],
        route_class=document_route(),
    )
    _add_records(router, issuer)
    _add_credentials(router, issuer)
    return router


def _add_records(router: APIRouter, issuer: Issuer) -> None:
    @router.post("/records")
    def add_record(institution: str, body: Body) -> Response:
        """Keep a decided record; say what is unusual in it."""
        record = record_from_json(body)
        warnings = [asdict(warning) for warning in record_warnings(record)]
        return json_answer({"record_id": issuer.upload(institution, record), "warnings": warnings}, status=201)

    @router.post("/offers")
    def create_offer(institution: str, body: Body) -> Response:
        """Offer a record in the configurations named."""
        require_members(body, {"record_id", "configuration_ids", "tx_code", "by_reference"})
        offer = issuer.offer(
            institution,
            text_member(body, "record_id"),
            _texts(body, "configuration_ids"),
            tx_code=flag_member(body, "tx_code"),
            by_reference=flag_member(body, "by_reference"),
        )
        return json_answer(asdict(offer), status=201)


def _add_credentials(router: APIRouter, issuer: Issuer) -> None:
    @router.get("/credentials")
    def list_credentials(institution: str) -> Response:
        """List what was issued: identifiers and states, no personal data."""
        return json_answer({"credentials": [asdict(row) for row in issuer.credentials(institution)]})

    @router.get("/unfinished")
    def list_unfinished(institution: str) -> Response:
        """List intents without an issued credential, left by something that died in between."""
        return json_answer({"credentials": [asdict(row) for row in issuer.unfinished(institution)]})

    @router.post("/withdrawals")
    def withdraw(institution: str, body: Body) -> Response:
        """Withdraw a record with all its copies, or one credential, for good."""
        require_members(body, {"id", "reason"})
        reason = text_member(body, "reason")
        if reason not in _REASONS:
            raise Malformed("member_invalid", member="/reason", expected=", ".join(_REASONS))
        done = issuer.withdraw(institution, text_member(body, "id"), reason=WithdrawalReason(reason))
        return json_answer(asdict(done))

    @router.post("/status-lists/publish")
    def publish_status_lists(institution: str) -> Response:
        """Sign and publish the status lists that are due."""
        return json_answer({"published": issuer.publish_status_lists(institution)})


def _texts(body: JsonObject, name: str) -> list[str]:
    values = body.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Malformed("member_invalid", member=f"/{name}", expected="array of texts")
    return values
