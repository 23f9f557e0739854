"""HTTP of the visible digital seal: the certificates that prove seals, the seal behind a verification code, and
the page that explains the code.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Error, Unavailable
from portadoc.issuer.pages.code_page import FILES, STATIC_PATH, code_page
from portadoc.issuer.protocol_errors import refused_document
from portadoc.issuer.service import Issuer
from portadoc.schemas.claims import JsonObject
from portadoc.web.answers import NO_STORE, json_answer, refusing_route
from portadoc.web.bodies import read_json_object, require_members, text_member
from portadoc.web.language import preferred_language
from portadoc.web.origin import source_of
from portadoc.web.problem import problem

CERTIFICATES_MAX_AGE_S: Final = 300
_TOO_MANY_REQUESTS: Final = 429

Body = Annotated[JsonObject, Depends(read_json_object)]


def seal_router(issuer: Issuer) -> APIRouter:
    """Return the public routes of seals."""
    router = APIRouter(route_class=refusing_route(_refused))

    @router.get("/issuer/{institution}/seal-certificates")
    def show_seal_certificates(institution: str) -> Response:
        """Return the chains of the keys whose seals may still live, for those who have to prove seals."""
        headers = {
            "Access-Control-Allow-Origin": "*",
            "Cache-Control": f"public, max-age={CERTIFICATES_MAX_AGE_S}",
        }
        return json_answer(issuer.seals.certificates(institution), headers=headers)

    @router.post("/v/{code}")
    @router.post("/V/{code}", include_in_schema=False)
    def show_seal(code: str, body: Body, request: Request) -> Response:
        """Return the seal printed beside a verification code to who knows the document number or a birth date."""
        require_members(body, {"second"})
        source = source_of(request, issuer.settings.code_address_header)
        text = issuer.seals.codes.seal_behind(code, text_member(body, "second"), source=source)
        return json_answer({"seal": text}, headers=NO_STORE)

    @router.get("/v/{code}")
    @router.get("/V/{code}", include_in_schema=False)
    def explain_code(code: str, request: Request) -> Response:
        """Return a page that says what a verification code is and how to check it, the same for every code."""
        return code_page(request)

    router.add_api_route(f"{STATIC_PATH}/{{name}}", FILES.static_file, methods=["GET"], include_in_schema=False)
    return router


def _refused(error: Error, request: Request) -> Response:
    if isinstance(error, Unavailable) and error.code == "too_many_tries":
        language = preferred_language(request.headers.get("accept-language"))
        return problem(error, language, status=_TOO_MANY_REQUESTS)
    return refused_document(error, request)
