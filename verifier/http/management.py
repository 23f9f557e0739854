"""HTTP for the institution's own systems: ask a question, read its result. From this machine only, until access
rules exist. Who has the session secret reads one result; nobody reads any without."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.days import kept_day
from portadoc.errors import Error, Malformed, Misconfigured, Refused, Untrusted
from portadoc.formats.openid4vp.request_object import ResponseMode
from portadoc.formats.openid4vp.transaction_data import make_transaction_data
from portadoc.i18n import render
from portadoc.schemas.claims import Json, JsonObject
from portadoc.verification.policy import WorkAsked
from portadoc.verification.presets.lint import Finding
from portadoc.verification.presets.presets import Preset, preset
from portadoc.verifier.asking import Asked
from portadoc.verifier.results import Result
from portadoc.verifier.service import Verifier
from portadoc.verifier.sessions import SessionView
from portadoc.web.answers import json_answer
from portadoc.web.bodies import flag_member, optional_text_member, read_json_object, require_members, text_member
from portadoc.web.language import preferred_language
from portadoc.web.loopback import loopback_only
from portadoc.web.problem import problem

_SECRET: Final = re.compile(r"(?i:bearer) +([A-Za-z0-9_-]{1,128})")
_RULES: Final = frozenset({"status_required", "same_holder", "same_person", "max_status_age_s", "purpose"})
_MEMBERS: Final = (
    frozenset({"preset", "dcql_query", "on_date", "work", "transaction_data", "return_uri", "response_mode"})
    | _RULES
)
_WORK: Final = frozenset({"state", "employers", "first", "last"})
_TRANSACTION: Final = frozenset({"type", "credential_id", "details"})
_UNPROCESSABLE: Final = 422
_ABOUT_THE_QUESTION: Final = frozenset(
    {"query_unsupported", "preset_unknown", "purpose_unknown", "response_mode_refused", "work_without_a1"}
)

JsonBody = Annotated[JsonObject, Depends(read_json_object)]


def management_router(verifier: Verifier) -> APIRouter:
    """Return the routes of the institution's systems, each refused unless the request began on this machine."""
    guard = Depends(loopback_only(verifier.settings.base_url))
    router = APIRouter(prefix="/verifier/{institution}/management", dependencies=[guard])

    @router.post("/requests")
    def create_request(institution: str, body: JsonBody, request: Request) -> Response:
        """Ask a question, by preset or by a query of your own; returns the link and the session secret."""
        try:
            created = verifier.create_request(institution, _question(body), asked=_asked(body))
        except Misconfigured:
            raise
        except (Malformed, Refused, Untrusted) as error:
            return _unprocessable(error, _language(request))
        return json_answer(
            {
                "transaction_id": created.transaction_id,
                "session_secret": created.session_secret,
                "request_uri": created.request_uri,
                "link": created.link,
                "expires_at": created.expires_at,
                "warnings": [_warning(each, _language(request)) for each in created.excess],
            },
            status=201,
        )

    @router.get("/results/{transaction_id}")
    def show_result(
        institution: str, transaction_id: str, request: Request, response_code: str | None = None
    ) -> Response:
        """Return what came of a request, to whoever knows its session secret."""
        view = verifier.result(institution, transaction_id, _session_secret(request), response_code=response_code)
        return json_answer(_told(view, _language(request)))

    return router


def _question(body: JsonObject) -> Preset:
    """Return the preset by its name, or a question of the caller's own."""
    require_members(body, _MEMBERS)
    query, name = body.get("dcql_query"), optional_text_member(body, "preset")
    if (query is None) == (name is None):
        raise Malformed("member_invalid", member="/preset", expected="either preset or dcql_query")
    if name is not None:
        require_members(body, _MEMBERS - _RULES - {"dcql_query"})
        return preset(name)
    if not isinstance(query, dict):
        raise Malformed("member_invalid", member="/dcql_query", expected="object")
    return Preset(
        id="own-query",
        query=query,
        status_required=flag_member(body, "status_required", default=True),
        same_holder=flag_member(body, "same_holder", default=False),
        same_person=flag_member(body, "same_person", default=False),
        purpose=optional_text_member(body, "purpose"),
        max_status_age_s=_seconds(body, "max_status_age_s"),
    )


def _seconds(body: JsonObject, name: str) -> int | None:
    value = body.get(name)
    if value is not None and (type(value) is not int or value < 1):
        raise Malformed("member_invalid", member=f"/{name}", expected="seconds")
    return value


def _asked(body: JsonObject) -> Asked:
    """Return how the question is put, beside the question itself."""
    mode = optional_text_member(body, "response_mode")
    if mode is not None and mode not in list(ResponseMode):
        raise Malformed("member_invalid", member="/response_mode", expected=", ".join(ResponseMode))
    return Asked(
        on_date=_day(body, "on_date"),
        work=None if body.get("work") is None else _work(body["work"]),
        transaction_data=tuple(map(_transaction, _objects(body, "transaction_data"))),
        return_uri=optional_text_member(body, "return_uri"),
        response_mode=None if mode is None else ResponseMode(mode),
    )


def _work(work: Json) -> WorkAsked:
    """Return the work that has to be covered."""
    if not isinstance(work, dict):
        raise Malformed("member_invalid", member="/work", expected="object")
    require_members(work, _WORK)
    employers = work.get("employers", [])
    if not isinstance(employers, list) or not all(isinstance(each, str) for each in employers):
        raise Malformed("member_invalid", member="/work/employers", expected="array of texts")
    return WorkAsked(
        state=optional_text_member(work, "state"),
        employers=frozenset(employers),
        first=_day(work, "first"),
        last=_day(work, "last"),
    )


def _transaction(item: JsonObject) -> str:
    """Return the text of one item that the holder has to acknowledge. Spec: OpenID4VP 1.0 §8.4."""
    require_members(item, _TRANSACTION)
    details = item.get("details")
    if not isinstance(details, dict):
        raise Malformed("member_invalid", member="/transaction_data/details", expected="object")
    return make_transaction_data(
        text_member(item, "type"), details, credential_id=text_member(item, "credential_id")
    )


def _objects(body: JsonObject, name: str) -> list[JsonObject]:
    values = body.get(name, [])
    if not isinstance(values, list) or not all(isinstance(each, dict) for each in values):
        raise Malformed("member_invalid", member=f"/{name}", expected="array of objects")
    return values


def _session_secret(request: Request) -> str:
    values = request.headers.getlist("authorization")
    found = _SECRET.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        raise Refused("not_found")  # the same answer as for a wrong secret
    return found[1]


def _told(view: SessionView, language: str) -> JsonObject:
    result = None if view.result is None else _result(view.result, language)
    return {"phase": view.phase, "expires_at": view.expires_at, "result": result, "receipt": view.receipt}


def _result(result: Result, language: str) -> JsonObject:
    """Return the result with a sentence beside each code."""
    told = result.to_json()
    for listed in (told["problems"], *(each["report"]["checks"] for each in told["presentations"])):
        for item in listed:
            item["message"] = _message(item["code"], item["params"], language)
    first = result.problem
    told["message"] = None if first is None else _message(first.code, first.params, language)
    return told


def _warning(found: Finding, language: str) -> JsonObject:
    message = _message(found.code, found.params_in(language), language)
    return {"code": found.code, "params": dict(found.params), "message": message}


def _message(code: str, params: Mapping[str, Any], language: str) -> JsonObject:
    message = render(code, params, language)
    return {"text": message.text, "action": message.action}


def _unprocessable(error: Error, language: str) -> Response:
    """Return 422 for a question that cannot be asked, and what is missing or forbidden as it is."""
    is_question = not isinstance(error, Refused) or error.code in _ABOUT_THE_QUESTION
    return problem(error, language, status=_UNPROCESSABLE if is_question else None)


def _day(body: JsonObject, name: str) -> date | None:
    text = optional_text_member(body, name)
    try:
        return kept_day(text)
    except ValueError as exc:
        raise Malformed("member_invalid", member=f"/{name}", expected="YYYY-MM-DD") from exc


def _language(request: Request) -> str:
    return preferred_language(request.headers.get("accept-language"))
