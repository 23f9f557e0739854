"""Each operation of the interface for machines, and the shape of what it answers."""

from collections.abc import Mapping
from typing import Final

from portadoc.schemas.claims import JsonObject
from portadoc.schemas.ehic import PRC_REASONS
from portadoc.web.machines.openapi import Operation, closed_object, json_of

API: Final = "/portal/api"
LONGEST_PAGE: Final = 100
APPLICATIONS: Final = API + "/{institution}/applications"
APPLICATION: Final = APPLICATIONS + "/{application}"
PAPER: Final = APPLICATION + "/paper.pdf"
WITHDRAWAL: Final = APPLICATION + "/withdrawal"
REPLACEMENTS: Final = API + "/{institution}/replacement-certificates"
REPLACEMENT: Final = REPLACEMENTS + "/{application}"
REPLACEMENT_PAPER: Final = REPLACEMENT + "/paper.pdf"
PROBLEMS: Final[Mapping[int, str]] = {
    400: "Not understood: the body is no JSON, the Idempotency-Key is missing, the cursor is not ours.",
    401: "No access token, or one that is over.",
    403: "The mandate does not list this, or has ended.",
    404: "Not there, or not of an employer that gave a mandate.",
    409: "Not possible now: the key was used with another body, or the state does not allow for it.",
    413: "The body is too large.",
    415: "The body is not application/json.",
    422: "A member or an answer does not fit; the problem names it.",
    429: "Too many requests, or too many unknown identifiers: wait as Retry-After says.",
    503: "Something that is needed cannot be had now: try again as Retry-After says.",
}


_PAGE: Final = {
    "application/json": {
        "schema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["applications", "next_cursor"],
            "properties": {
                "applications": {"type": "array", "items": {"$ref": "#/components/schemas/Summary"}},
                "next_cursor": {"type": ["string", "null"]},
            },
        }
    }
}
_LANGUAGE: Final = {
    "name": "Accept-Language",
    "in": "header",
    "schema": {"type": "string"},
    "description": "The language of explanations and papers.",
}
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "A new random text for each application; the same one when a request is repeated.",
}
_LIMIT: Final = {
    "name": "limit",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": LONGEST_PAGE, "default": 50},
}
_CURSOR: Final = {"name": "cursor", "in": "query", "schema": {"type": "string"}}

OPERATIONS: Final = (
    Operation(
        id="fileApplication",
        method="POST",
        path=APPLICATIONS,
        summary="File an application, once for each Idempotency-Key, and return what came of it.",
        status=201,
        answer=json_of("Application"),
        problems=(400, 403, 404, 409, 413, 415, 422),
        headers=(_KEY, _LANGUAGE),
        body="Request",
    ),
    Operation(
        id="listApplications",
        method="GET",
        path=APPLICATIONS,
        summary="Return the applications that the machine may see, the newest first, page by page.",
        status=200,
        answer=_PAGE,
        problems=(400, 404, 422),
        query=(_LIMIT, _CURSOR),
    ),
    Operation(
        id="showApplication",
        method="GET",
        path=APPLICATION,
        summary="Return where an application stands, with the decision, its article and its reasons.",
        status=200,
        answer=json_of("Application"),
        problems=(404,),
        headers=(_LANGUAGE,),
    ),
    Operation(
        id="givePaper",
        method="GET",
        path=PAPER,
        summary="Return the sealed certificate.",
        status=200,
        answer={"application/pdf": {}},
        problems=(403, 404, 409),
        headers=(_LANGUAGE,),
    ),
    Operation(
        id="giveReplacementCertificate",
        method="POST",
        path=REPLACEMENTS,
        summary="Give a provisional replacement certificate for which the insured person handed over a code.",
        status=201,
        answer=json_of("Replacement"),
        problems=(400, 403, 404, 409, 413, 415, 422),
        headers=(_KEY, _LANGUAGE),
        body="ReplacementRequest",
    ),
    Operation(
        id="showReplacementCertificate",
        method="GET",
        path=REPLACEMENT,
        summary="Return a replacement certificate that the machine got, or where its case stands.",
        status=200,
        answer=json_of("Replacement"),
        problems=(403, 404),
        headers=(_LANGUAGE,),
    ),
    Operation(
        id="giveReplacementPaper",
        method="GET",
        path=REPLACEMENT_PAPER,
        summary="Return the sealed replacement certificate.",
        status=200,
        answer={"application/pdf": {}},
        problems=(403, 404, 409),
        headers=(_LANGUAGE,),
    ),
    Operation(
        id="withdrawApplication",
        method="POST",
        path=WITHDRAWAL,
        summary="Take back an application that is not granted; again changes nothing.",
        status=200,
        answer=json_of("Application"),
        problems=(403, 404, 409),
        headers=(_LANGUAGE,),
    ),
)
"""Each is a route of ``machine_api`` or of the interface of care providers; a test compares the two."""


def summary_schema(enums: Mapping[str, list[str]]) -> JsonObject:
    """Return the schema of an entry of the list."""
    return closed_object(_summary(enums))


def application_schema(enums: Mapping[str, list[str]]) -> JsonObject:
    """Return the schema of an application with its decision."""
    return closed_object(
        {
            **_summary(enums),
            "document_number": _TEXT_OR_NONE,
            "next_step": closed_object({"code": _TEXT, "text": _TEXT}),
            "expected_s": {
                "type": ["integer", "null"],
                "description": "In which four of five cases were closed.",
            },
            "questions": _TEXTS,
            "decision": {"oneOf": [_decision(), {"type": "null"}]},
            "reminders": {
                "type": "array",
                "items": closed_object({"kind": {"type": "string", "enum": enums["reminder"]}, "on": _DAY}),
            },
            "hand_over": {"oneOf": [closed_object({"offers": _COUNT, "collected": _COUNT}), {"type": "null"}]},
        }
    )


def replacement_request_schema() -> JsonObject:
    """Return the schema of what the software of a care provider sends."""
    described = closed_object(
        {
            "code": {"type": "string", "description": "The code that the insured person made in the portal."},
            "birth_date": {**_DAY, "description": "The day of birth that the person said."},
            "reason": {"type": "string", "enum": sorted(PRC_REASONS)},
            "first_day": {**_DAY_OR_NONE, "description": "The first day of treatment; today when it is left out."},
        }
    )
    described["required"] = ["code", "birth_date", "reason"]
    return described


def replacement_schema(enums: Mapping[str, list[str]]) -> JsonObject:
    """Return the schema of a replacement certificate, or of the case that a person has to look at first."""
    return closed_object(
        {
            "id": _TEXT,
            "case_number": _TEXT,
            "state": {"type": "string", "enum": enums["state"]},
            "valid_from": _DAY_OR_NONE,
            "valid_to": _DAY_OR_NONE,
            "code": {**_TEXT_OR_NONE, "description": "The code of the paper, for the public page."},
            "pdf": {**_TEXT_OR_NONE, "contentEncoding": "base64", "contentMediaType": "application/pdf"},
        }
    )


_TEXT: Final = {"type": "string"}
_TEXT_OR_NONE: Final = {"type": ["string", "null"]}
_TEXTS: Final = {"type": "array", "items": _TEXT}
_FLAG: Final = {"type": "boolean"}
_COUNT: Final = {"type": "integer", "minimum": 0}
_DAY: Final = {"type": "string", "format": "date"}
_DAY_OR_NONE: Final = {"type": ["string", "null"], "format": "date"}
_MOMENT_OR_NONE: Final = {"type": ["string", "null"], "format": "date-time"}


def _summary(enums: Mapping[str, list[str]]) -> JsonObject:
    return {
        "id": _TEXT,
        "case_number": _TEXT_OR_NONE,
        "institution": _TEXT,
        "certificate": {"type": "string", "enum": enums["certificate"]},
        "request": {"type": "string", "enum": enums["request"]},
        "employer": _TEXT_OR_NONE,
        "state": {"type": "string", "enum": enums["state"]},
        "expired": _FLAG,
        "urgent": _FLAG,
        "filed_at": _MOMENT_OR_NONE,
        "decided_at": _MOMENT_OR_NONE,
        "valid_from": _DAY_OR_NONE,
        "valid_to": _DAY_OR_NONE,
        "predecessor": _TEXT_OR_NONE,
        "successor": _TEXT_OR_NONE,
        "links": closed_object({"self": _TEXT, "paper": _TEXT_OR_NONE}),
    }


def _decision() -> JsonObject:
    return closed_object(
        {
            "outcome": {"type": "string", "enum": ["GRANT", "REVIEW", "REFUSE", "EXCEPTION_ROUTE"]},
            "automated": _FLAG,
            "final": _FLAG,
            "provisional": _FLAG,
            "competent_state": _TEXT_OR_NONE,
            "article": _TEXT_OR_NONE,
            "instrument": _TEXT_OR_NONE,
            "status_code": _TEXT_OR_NONE,
            "reasons": _TEXTS,
            "law_version": _TEXT,
            "explanation": closed_object(
                {"headline": _TEXT, "paragraphs": _TEXTS, "remedy": _TEXT, "steps": _TEXTS}
            ),
        }
    )
