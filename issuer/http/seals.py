"""HTTP of the visible digital seal and of the papers that carry it: the certificates that prove seals, the seal
behind a verification code, and the public page of the code.
"""

from dataclasses import fields
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Error, Malformed, Refused, Unavailable
from portadoc.issuer.pages.code_page import FILES, FITS, STATIC_PATH, Shown, code_page, page_language
from portadoc.issuer.protocol_errors import refused_document
from portadoc.issuer.sealing.public_checks import PublicAnswer, TypedFacts
from portadoc.issuer.service import Issuer
from portadoc.schemas.claims import JsonObject
from portadoc.web.answers import NO_STORE, json_answer, refusing_route
from portadoc.web.bodies import FORM, read_form, read_json_object, require_members, text_member
from portadoc.web.language import preferred_language
from portadoc.web.origin import require_same_origin, source_of
from portadoc.web.problem import problem

CERTIFICATES_MAX_AGE_S: Final = 300
_TOO_MANY_REQUESTS: Final = 429
_UNPROCESSABLE: Final = 422
_LOCKED: Final = "locked"
_TYPED: Final = frozenset(each.name for each in fields(TypedFacts))
_SLIPS: Final = {
    "public_nothing_typed": "nothing",
    "public_number_missing": "number_missing",
    "public_fact_too_long": "too_long",
}


async def _read(request: Request) -> JsonObject | TypedFacts:
    """Return what was sent: the form of the page, or the object of a program."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != FORM:
        return await read_json_object(request)
    form = await read_form(request)
    require_members(form, _TYPED)
    return TypedFacts(**{name: value.strip() for name, value in form.items()})


Sent = Annotated[JsonObject | TypedFacts, Depends(_read)]


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
    def answer_code(code: str, sent: Sent, request: Request) -> Response:
        """Return the seal printed beside a verification code to who knows the document number or a birth date; to
        the form of the page, whether what was typed is as on the paper.
        """
        if isinstance(sent, TypedFacts):
            return _compared(issuer, code, sent, request)
        require_members(sent, {"second"})
        text = issuer.seals.codes.seal_behind(code, text_member(sent, "second"), source=_source(issuer, request))
        return json_answer({"seal": text}, headers=NO_STORE)

    @router.get("/v/{code}")
    @router.get("/V/{code}", include_in_schema=False)
    def show_code(code: str, request: Request) -> Response:
        """Return the page that says what kind of document a code is of, whose, and whether it holds."""
        try:
            answer = issuer.public_checks.look_up(code, source=_source(issuer, request))
        except Unavailable as error:
            return _wait(request, error)
        return code_page(request, Shown(answer=answer, institution=_name(issuer, answer, request)))

    router.add_api_route(f"{STATIC_PATH}/{{name}}", FILES.static_file, methods=["GET"], include_in_schema=False)
    return router


def _compared(issuer: Issuer, code: str, typed: TypedFacts, request: Request) -> Response:
    require_same_origin(request, origin=issuer.settings.base_url)
    source, status = _source(issuer, request), 200
    try:
        answer = issuer.public_checks.look_up(code, source=source)
        compared = FITS[issuer.public_checks.compare(code, typed, source=source)]
    except Refused:
        compared = _LOCKED
    except Malformed as slip:
        compared, status = _SLIPS[slip.code], _UNPROCESSABLE
    except Unavailable as error:
        return _wait(request, error)
    name = _name(issuer, answer, request)
    shown = Shown(answer=answer, institution=name, typed=typed, compared=compared)
    return code_page(request, shown, status=status)


def _wait(request: Request, error: Unavailable) -> Response:
    """Return the page that says for how long to wait."""
    shown = Shown(answer=None, minutes=-(-(error.retry_after_s or 60) // 60))
    headers = {"Retry-After": str(error.retry_after_s)}
    return code_page(request, shown, status=_TOO_MANY_REQUESTS, headers=headers)


def _source(issuer: Issuer, request: Request) -> str:
    return source_of(request, issuer.settings.code_address_header)


def _name(issuer: Issuer, answer: PublicAnswer, request: Request) -> str:
    if not answer.institution:
        return ""
    names = issuer.settings.by_slug[answer.institution].names
    return names.get(page_language(request)) or next(iter(names.values()))


def _refused(error: Error, request: Request) -> Response:
    if isinstance(error, Unavailable) and error.code == "too_many_tries":
        language = preferred_language(request.headers.get("accept-language"))
        return problem(error, language, status=_TOO_MANY_REQUESTS)
    return refused_document(error, request)
