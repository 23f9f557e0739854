"""HTTP for wallets that show a PID before an authorization: OpenID4VP 1.0. No answer is a redirect."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from portadoc.issuer.identification.service import Identification
from portadoc.schemas.openid4vp import DirectPostAnswer
from portadoc.web.answers import json_answer, refusing_route
from portadoc.web.bodies import read_form
from portadoc.web.wallets.presentations import request_answer, request_refusal, response_refusal, wallet_nonce

Form = Annotated[dict[str, str], Depends(read_form)]


def presentation_router(identification: Identification) -> APIRouter:
    """Return the request_uri and response_uri endpoints. Spec: OpenID4VP 1.0 §5.10, §8.2."""
    router = APIRouter(prefix="/issuer/{institution}/identification")
    router.include_router(_request_router(identification))
    router.include_router(_response_router(identification))
    return router


def _request_router(identification: Identification) -> APIRouter:
    router = APIRouter(prefix="/requests", route_class=refusing_route(request_refusal))

    @router.get("/{attempt_id}")
    def show_request(institution: str, attempt_id: str) -> Response:
        """Return the signed request, as often as it is asked for while it is open. Spec: OpenID4VP 1.0 §5."""
        return request_answer(identification.pid.request_object(institution, attempt_id, wallet_nonce=None))

    @router.post("/{attempt_id}")
    def show_request_to_nonce(institution: str, attempt_id: str, form: Form) -> Response:
        """Return the signed request with the wallet's nonce in it. Spec: OpenID4VP 1.0 §5.10."""
        nonce = wallet_nonce(form)
        return request_answer(identification.pid.request_object(institution, attempt_id, wallet_nonce=nonce))

    return router


def _response_router(identification: Identification) -> APIRouter:
    router = APIRouter(prefix="/responses", route_class=refusing_route(response_refusal))

    @router.post("/{attempt_id}")
    def take_response(institution: str, attempt_id: str, form: Form) -> Response:
        """Take the one answer to a request, and say where the person's browser goes. Spec: OpenID4VP 1.0 §8.2."""
        redirect_uri = identification.pid.receive(institution, attempt_id, form)
        return json_answer(DirectPostAnswer(redirect_uri=redirect_uri).to_json())

    return router
