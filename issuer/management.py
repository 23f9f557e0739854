"""HTTP for the institution's own staff: records, offers, withdrawals. From this machine only, until access rules
exist. Bodies are JSON objects; an unknown member is refused with the name of the member."""

from collections.abc import Collection
from dataclasses import asdict
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response

from portadoc.errors import Malformed
from portadoc.formats import strict_json
from portadoc.issuer.protocol_errors import NO_STORE, document_route
from portadoc.issuer.service import Issuer, WithdrawalReason
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.records import record_from_json, record_warnings
from portadoc.web.bodies import read_json_object
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
        return _json({"record_id": issuer.upload(institution, record), "warnings": warnings}, status=201)

    @router.post("/offers")
    def create_offer(institution: str, body: Body) -> Response:
        """Offer a record in the configurations named."""
        _require_members(body, {"record_id", "configuration_ids", "tx_code", "by_reference"})
        offer = issuer.offer(
            institution,
            _text(body, "record_id"),
            _texts(body, "configuration_ids"),
            tx_code=_flag(body, "tx_code"),
            by_reference=_flag(body, "by_reference"),
        )
        return _json(asdict(offer), status=201)


def _add_credentials(router: APIRouter, issuer: Issuer) -> None:
    @router.get("/credentials")
    def list_credentials(institution: str) -> Response:
        """List what was issued: identifiers and states, no personal data."""
        return _json({"credentials": [asdict(row) for row in issuer.credentials(institution)]})

    @router.get("/unfinished")
    def list_unfinished(institution: str) -> Response:
        """List intents without an issued credential, left by something that died in between."""
        return _json({"credentials": [asdict(row) for row in issuer.unfinished(institution)]})

    @router.post("/withdrawals")
    def withdraw(institution: str, body: Body) -> Response:
        """Withdraw a record with all its copies, or one credential, for good."""
        _require_members(body, {"id", "reason"})
        reason = _text(body, "reason")
        if reason not in _REASONS:
            raise Malformed("member_invalid", member="/reason", expected=", ".join(_REASONS))
        done = issuer.withdraw(institution, _text(body, "id"), reason=WithdrawalReason(reason))
        return _json(asdict(done))

    @router.post("/status-lists/publish")
    def publish_status_lists(institution: str) -> Response:
        """Sign and publish the status lists that are due."""
        return _json({"published": issuer.publish_status_lists(institution)})


def _require_members(body: JsonObject, known: Collection[str]) -> None:
    for name in body:
        if name not in known:
            raise Malformed("member_unknown", member=f"/{name[:64]}", nearest=", ".join(sorted(known)))


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str):
        raise Malformed("member_invalid", member=f"/{name}", expected="text")
    return value


def _texts(body: JsonObject, name: str) -> list[str]:
    values = body.get(name)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Malformed("member_invalid", member=f"/{name}", expected="array of texts")
    return values


def _flag(body: JsonObject, name: str) -> bool:
    value = body.get(name, False)
    if not isinstance(value, bool):
        raise Malformed("member_invalid", member=f"/{name}", expected="true or false")
    return value


def _json(content: dict[str, Any], *, status: int = 200) -> Response:
    return Response(
        strict_json.dumps(content), status_code=status, headers=NO_STORE, media_type="application/json"
    )
