"""The description of the interface for authentic sources (OpenAPI 3.1), from the paths and words that it uses."""

from collections.abc import Mapping
from typing import Any, Final

from portadoc.formats.withdrawal_list import WithdrawalCause
from portadoc.issuer.authorization.offers import OfferFlow
from portadoc.issuer.life_cycle.history import RecordState
from portadoc.issuer.records.withdrawals import WithdrawalReason
from portadoc.issuer.sources.source_settings import SourceVerb
from portadoc.issuer.store.history_store import Outcome, Verb
from portadoc.schemas.records import RECORD_KINDS
from portadoc.web.machines.openapi import (
    TEXT,
    Operation,
    closed_object,
    json_of,
    paths_of,
    problem_schema,
    token_path,
)

SOURCE: Final = "/issuer/{institution}/source"
API: Final = SOURCE + "/v1"
TOKEN: Final = SOURCE + "/token"
RECORDS: Final = API + "/records"
RECORD: Final = RECORDS + "/{record}"
OFFERS: Final = RECORD + "/offers"
REISSUES: Final = RECORD + "/reissues"
PROLONGATIONS: Final = RECORD + "/prolongations"
CORRECTIONS: Final = RECORD + "/corrections"
REPLACEMENTS: Final = RECORD + "/replacements"
WITHDRAWALS: Final = RECORD + "/withdrawals"
EXPECTED: Final = API + "/expected/{record}"
LONGEST_PAGE: Final = 100
PROBLEMS: Final[Mapping[int, str]] = {
    400: "Not understood: the body is no JSON, the Idempotency-Key is missing, the cursor is not ours.",
    401: "No access token, or one that is over.",
    403: "The settings, or the scope of the token, do not list this verb.",
    404: "Not there, or of another institution.",
    409: "Not possible now: the key was used with another request or is worked on, the record is withdrawn, has a "
    "successor, or is another one under this id.",
    412: "The record has changed since it was read: read it again.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A member does not fit, or the institution may not certify this; the problem says which and why.",
    428: "If-Match is missing: send the ETag of the record, or * for whatever it is.",
    429: "Too many requests: wait as Retry-After says.",
    503: "Something that is needed cannot be had now: try again as Retry-After says.",
}
_MOMENT: Final = {"type": ["string", "null"], "format": "date-time"}
_DAY: Final = {"type": "string", "format": "date"}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_ENDED: Final = {"effective_from": _TEXT_OR_NONE, "cause": _TEXT_OR_NONE}
_FLAG: Final = {"type": "boolean", "default": False}
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "A new random text for each request; the same one when a request is repeated.",
}
_VERSION: Final = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "schema": {"type": "string"},
    "description": "The ETag of the record as it was read, or * for whatever it is.",
}
_CONTENT: Final = (400, 403, 404, 409, 413, 415, 422)


def openapi_document(issuer_id: str) -> dict[str, Any]:
    """Return the document of one institution. ``issuer_id`` is its Credential Issuer Identifier."""
    slug = issuer_id.rpartition("/")[2]
    paths = {TOKEN: token_path(scope=", ".join(SourceVerb)), **paths_of(OPERATIONS, PROBLEMS)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Portadoc: authentic sources",
            "version": "1",
            "description": "Keeps decided records of one institution, offers them to wallets, and corrects, "
            "prolongs, replaces and withdraws them. Every record goes by the id that its source gave it.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": issuer_id.removesuffix(f"/issuer/{slug}")}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "schemas": {**_sent(), **_told(), "Problem": problem_schema()},
        },
    }


def _post(
    id_: str,
    path: str,
    summary: str,
    body: str,
    *,
    answer: str = "Summary",
    status: int = 201,
    version: bool = True,
) -> Operation:
    return Operation(
        id=id_,
        method="POST",
        path=path,
        summary=summary,
        status=status,
        answer=json_of(answer),
        problems=(*_CONTENT, 412, 428) if version else _CONTENT,
        headers=(_KEY, _VERSION) if version else (_KEY,),
        body=body,
    )


OPERATIONS: Final = (
    Operation(
        id="listRecords",
        method="GET",
        path=RECORDS,
        summary="Return the records of the source, in the order in which they came, page by page.",
        status=200,
        answer=json_of("Page"),
        problems=(400, 403, 404, 422),
        query=(
            {
                "name": "limit",
                "in": "query",
                "schema": {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": 50},
            },
            {"name": "cursor", "in": "query", "schema": {"type": "string"}},
        ),
    ),
    Operation(
        id="showRecord",
        method="GET",
        path=RECORD,
        summary="Return a record with its state, its copies and its history.",
        status=200,
        answer=json_of("Record"),
        problems=(403, 404),
    ),
    Operation(
        id="keepRecord",
        method="PUT",
        path=RECORD,
        summary="Keep a decided record under the source's own id (201); the same one again changes nothing (200).",
        status=201,
        answer=json_of("Record"),
        problems=(400, 403, 404, 409, 412, 413, 415, 422),
        body="Decided",
    ),
    _post("offerRecord", OFFERS, "Offer a record to a wallet.", "Terms", answer="Offer", version=False),
    _post(
        "reissueRecord",
        REISSUES,
        "Offer a record to another phone; what the old one holds ends when that is collected, or at once.",
        "Reissue",
        answer="Offer",
    ),
    _post("prolongRecord", PROLONGATIONS, "Let a record that ends later follow this one.", "Prolongation"),
    _post("correctRecord", CORRECTIONS, "Put a record in the place of this one, which is wrong.", "Correction"),
    _post(
        "replaceRecord",
        REPLACEMENTS,
        "Put another decision about the same person in the place of this one.",
        "Replacement",
    ),
    _post("withdrawRecord", WITHDRAWALS, "Withdraw a record with every copy, for good.", "Withdrawal", status=200),
    Operation(
        id="expectRecord",
        method="PUT",
        path=EXPECTED,
        summary="Say that a record is being decided: it can be offered, and wallets wait for it.",
        status=200,
        answer=json_of("Expected"),
        problems=(400, 403, 404, 409, 413, 415, 422),
        body="Expectation",
    ),
    Operation(
        id="refuseRecord",
        method="DELETE",
        path=EXPECTED,
        summary="Say that there will be no record, for good: wallets that wait are told.",
        status=204,
        answer={},
        problems=(403, 404, 409),
    ),
)
"""Each is a route of ``authentic_source``; a test compares the two."""


def _sent() -> dict[str, Any]:
    change = {
        "reason": {"type": "string", "enum": list(WithdrawalReason)},
        "effective_from": {**_DAY, "description": "The first day without effect, today at the latest."},
        "cause": {"type": "string", "enum": list(WithdrawalCause), "description": "What the world is told."},
    }
    successor = {"successor": closed_object({"id": TEXT, "record": {"$ref": "#/components/schemas/Decided"}})}
    terms = {
        "configuration_ids": {"type": "array", "items": TEXT},
        "tx_code": _FLAG,
        "by_reference": _FLAG,
        "flow": {"type": "string", "enum": list(OfferFlow), "description": "By default the profile's usual one."},
    }
    return {
        "Decided": {
            "type": "object",
            "description": "A canonical record, with every member of its kind.",
            "required": ["kind", "record_version"],
            "properties": {"kind": {"enum": list(RECORD_KINDS)}, "record_version": {"type": "integer"}},
        },
        "Terms": closed_object(terms, required=("configuration_ids",)),
        "Reissue": closed_object({**terms, "lost": {"type": "boolean"}}, required=("lost",)),
        "Prolongation": closed_object(successor),
        "Correction": closed_object({**successor, **change}, required=("successor", "reason")),
        "Replacement": closed_object({**successor, **change}, required=("successor",)),
        "Withdrawal": closed_object(change, required=("reason",)),
        "Expectation": closed_object(
            {
                "person": closed_object(
                    {"surnames": TEXT, "forenames": TEXT, "date_of_birth": _DAY, "number": TEXT}
                ),
                "configuration_ids": {"type": "array", "minItems": 1, "items": TEXT},
            }
        ),
    }


def _told() -> dict[str, Any]:
    state = {"type": "string", "enum": list(RecordState)}
    summary = {
        "id": TEXT,
        "kind": TEXT,
        "state": state,
        "recorded_at": _MOMENT,
        "withdrawn_at": _MOMENT,
        "predecessor": _TEXT_OR_NONE,
        "successor": _TEXT_OR_NONE,
        "copies": {"type": "integer", "minimum": 0},
        "links": closed_object({"self": TEXT}),
    }
    return {
        "Summary": closed_object(summary),
        "Page": closed_object(
            {
                "records": {"type": "array", "items": {"$ref": "#/components/schemas/Summary"}},
                "next_cursor": _TEXT_OR_NONE,
            }
        ),
        "Record": closed_object(
            {
                **summary,
                "copies": {"type": "array", "items": closed_object(_copy())},
                "history": {"type": "array", "items": closed_object(_act())},
                "record": {"$ref": "#/components/schemas/Decided"},
            }
        ),
        "Offer": closed_object(
            {
                "offer_id": TEXT,
                "offer_uri": TEXT,
                "tx_code": _TEXT_OR_NONE,
                "expires_at": _MOMENT,
                "page_uri": {**_TEXT_OR_NONE, "description": "For browsers; null of an offer by value."},
            }
        ),
        "Expected": closed_object({"id": TEXT, "state": {"const": "pending"}}),
    }


def _copy() -> dict[str, Any]:
    return {
        "id": TEXT,
        "configuration_id": TEXT,
        "on_paper": {"type": "boolean"},
        "issued_at": _MOMENT,
        "reported": _TEXT_OR_NONE,
        "valid_from": _MOMENT,
        "valid_until": _MOMENT,
        "withdrawn_at": _MOMENT,
        **_ENDED,
    }


def _act() -> dict[str, Any]:
    return {
        "verb": {"type": "string", "enum": list(Verb)},
        "begun_at": _MOMENT,
        "done_at": _MOMENT,
        "outcome": {
            "enum": [*Outcome, None],
            "description": "What became of a reissue that waited: lapsed when nobody collected it in its term.",
        },
        "asked_by": {**_TEXT_OR_NONE, "description": "The source that asked; null for staff."},
        "reason": _TEXT_OR_NONE,
        **_ENDED,
        "successor": _TEXT_OR_NONE,
    }
