"""HTTP for the institution's own systems: ask a question, read its result. From this machine only, until access
rules exist. Who has the session secret reads one result; nobody reads any without."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Error, Malformed, Misconfigured, Refused
from portadoc.i18n import render
from portadoc.schemas.claims import JsonObject
from portadoc.verifier.presets import Preset, preset
from portadoc.verifier.results import Result
from portadoc.verifier.service import SessionView, Verifier
from portadoc.web.answers import json_answer
from portadoc.web.bodies import flag_member, optional_text_member, read_json_object, require_members
from portadoc.web.language import preferred_language
from portadoc.web.loopback import loopback_only
from portadoc.web.problem import problem

_SECRET: Final = re.compile(r"(?i:bearer) +([A-Za-z0-9_-]{1,128})")
_RULES: Final = frozenset({"status_required", "same_holder"})
_MEMBERS: Final = frozenset({"preset", "dcql_query", "on_date", "return_uri"}) | _RULES
_UNPROCESSABLE: Final = 422

JsonBody = Annotated[JsonObject, Depends(read_json_object)]


def management_router(verifier: Verifier) -> APIRouter:
    """Return the routes of the institution's systems, each refused unless the request began on this machine."""
    guard = Depends(loopback_only(verifier.settings.base_url))
    router = APIRouter(prefix="/verifier/{institution}/management", dependencies=[guard])

    @router.post("/requests")
    def create_request(institution: str, body: JsonBody, request: Request) -> Response:
        """Ask a question, by preset or by a query of your own; returns the link and the session secret."""
        try:
            created = verifier.create_request(
                institution,
                _question(body),
                on_date=_day(body),
                return_uri=optional_text_member(body, "return_uri"),
            )
        except Misconfigured:
            raise
        except (Malformed, Refused) as error:
            return _unprocessable(error, _language(request))
        return json_answer(
            {
                "transaction_id": created.transaction_id,
                "session_secret": created.session_secret,
                "request_uri": created.request_uri,
                "link": created.link,
                "expires_at": created.expires_at,
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
    )


def _session_secret(request: Request) -> str:
    values = request.headers.getlist("authorization")
    found = _SECRET.fullmatch(values[0]) if len(values) == 1 else None
    if found is None:
        raise Refused("not_found")  # the same answer as for a wrong secret
    return found[1]


def _told(view: SessionView, language: str) -> JsonObject:
    result = None if view.result is None else _result(view.result, language)
    return {"phase": view.phase, "expires_at": view.expires_at, "result": result}


def _result(result: Result, language: str) -> JsonObject:
    """Return the result with a sentence beside each code."""
    told = result.to_json()
    for listed in (told["problems"], *(each["report"]["checks"] for each in told["presentations"])):
        for item in listed:
            item["message"] = _message(item["code"], item["params"], language)
    first = result.problem
    told["message"] = None if first is None else _message(first.code, first.params, language)
    return told


def _message(code: str, params: Mapping[str, Any], language: str) -> JsonObject:
    message = render(code, params, language)
    return {"text": message.text, "action": message.action}


def _unprocessable(error: Error, language: str) -> Response:
    """Return 422 for a question that cannot be asked, and what is missing or forbidden as it is."""
    is_question = isinstance(error, Malformed) or error.code in ("query_unsupported", "preset_unknown")
    return problem(error, language, status=_UNPROCESSABLE if is_question else None)


def _day(body: JsonObject) -> date | None:
    text = optional_text_member(body, "on_date")
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as exc:
        raise Malformed("member_invalid", member="/on_date", expected="YYYY-MM-DD") from exc


def _language(request: Request) -> str:
    return preferred_language(request.headers.get("accept-language"))
