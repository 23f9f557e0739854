"""The Digital Credentials API: what the page that asked hands to its browser, and what the browser hands back.

Both are for the browser that started the session only: its cookie stands in place of ``state``.
Spec: OpenID4VP 1.0 Appendix A.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Malformed
from portadoc.formats.openid4vp.digital_credentials import ExchangeProtocol
from portadoc.schemas.claims import JsonObject
from portadoc.verifier.http.openid4vp import answered_response
from portadoc.verifier.http.pages import COOKIE
from portadoc.verifier.service import Verifier
from portadoc.web.answers import json_answer
from portadoc.web.bodies import read_json_object, text_member
from portadoc.web.origin import require_same_origin

JsonBody = Annotated[JsonObject, Depends(read_json_object)]


def browser_api_router(verifier: Verifier) -> APIRouter:
    """Return the routes that the session page of a browser calls."""

    def same_origin(request: Request) -> None:
        require_same_origin(request, origin=verifier.settings.base_url)

    router = APIRouter(prefix="/verifier/{institution}/sessions/{transaction_id}")

    @router.get("/requests", dependencies=[Depends(same_origin)])
    def show_requests(institution: str, transaction_id: str, request: Request) -> Response:
        """Return the requests for ``navigator.credentials.get``, the signed one first."""
        asked = verifier.browser_requests(institution, transaction_id, _secret(request))
        return json_answer({"requests": [each.to_json() for each in asked]})

    @router.post("/answers", dependencies=[Depends(same_origin)])
    def take_answer(institution: str, transaction_id: str, request: Request, body: JsonBody) -> Response:
        """Take the one answer that the browser has brought."""
        return answered_response(
            lambda: verifier.receive_from_browser(institution, transaction_id, _secret(request), _answer(body))
        )

    return router


def _answer(body: JsonObject) -> JsonObject:
    """Return what the wallet said. Raises Malformed[member_invalid]."""
    if text_member(body, "protocol") not in list(ExchangeProtocol):
        raise Malformed("member_invalid", member="/protocol", expected=", ".join(ExchangeProtocol))
    data = body.get("data")
    if not isinstance(data, dict):
        raise Malformed("member_invalid", member="/data", expected="object")
    return data


def _secret(request: Request) -> str:
    return request.cookies.get(COOKIE, "")
