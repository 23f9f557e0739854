"""HTTP for the institution's own staff: records, offers, withdrawals. From this machine only, until access rules
exist. Bodies are JSON objects; an unknown member is refused with the name of the member."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Response

from portadoc.days import read_day
from portadoc.errors import Malformed
from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer.protocol_errors import document_route
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.service import Issuer
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.records import record_from_json, record_warnings
from portadoc.web.answers import json_answer
from portadoc.web.bodies import flag_member, read_json_object, require_members, text_member
from portadoc.web.loopback import loopback_only

Body = Annotated[JsonObject, Depends(read_json_object)]
_REASONS: Final = tuple(reason.value for reason in WithdrawalReason)
_CAUSES: Final = tuple(cause.value for cause in WithdrawalCause)


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
        require_members(body, {"id", "reason", "effective_from", "cause", "successor"})
        cause = _one_of(body, "cause", _CAUSES) if "cause" in body else None
        done = issuer.withdraw(
            institution,
            text_member(body, "id"),
            reason=WithdrawalReason(_one_of(body, "reason", _REASONS)),
            effective_from=_day(body, "effective_from") if "effective_from" in body else None,
            cause=None if cause is None else WithdrawalCause(cause),
            successor=text_member(body, "successor") if "successor" in body else None,
        )
        return json_answer(asdict(done))

    @router.post("/status-lists/publish")
    def publish_status_lists(institution: str) -> Response:
        """Sign and publish the status lists that are due."""
        return json_answer({"published": issuer.publish_status_lists(institution)})


def _one_of(body: JsonObject, name: str, known: tuple[str, ...]) -> str:
    value = text_member(body, name)
    if value not in known:
        raise Malformed("member_invalid", member=f"/{name}", expected=", ".join(known))
    return value


def _day(body: JsonObject, name: str) -> date:
    value = text_member(body, name)
    try:
        return read_day(value)
    except ValueError as exc:
        raise Malformed("member_invalid", member=f"/{name}", expected="date YYYY-MM-DD") from exc


def _texts(body: JsonObject, name: str) -> list[str]:
    values = body.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Malformed("member_invalid", member=f"/{name}", expected="array of texts")
    return values
