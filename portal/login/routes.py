"""The HTTP side of signing in: the way to a provider and back, the way out, tokens for machines.

Cookies: ``portadoc-portal`` names the session; ``portadoc-sign-in`` ties an answer to the browser that asked.
"""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from portadoc.access import Subject
from portadoc.errors import Error, Refused, Unavailable, Untrusted
from portadoc.portal.login.machines import MACHINES_PATH
from portadoc.portal.login.service import Login
from portadoc.portal.login.sign_in import CALLBACK, HOME
from portadoc.web.answers import json_answer, refusing_route
from portadoc.web.bodies import read_form
from portadoc.web.forms import parse_form
from portadoc.web.origin import require_same_origin, source_of
from portadoc.web.problem import language_of, problem

COOKIE: Final = "portadoc-portal"
COOKIE_PATH: Final = "/portal"
SIGN_IN_COOKIE: Final = "portadoc-sign-in"
Tell = Callable[[Error, Request], Response]
_SAFE: Final = frozenset({"GET", "HEAD"})
_PROTOCOL_WORDS: Final = {
    "client_assertion_refused": ("invalid_client", 401),
    "grant_type_unsupported": ("unsupported_grant_type", 400),
}


class Entrance:
    """Who asks, by the cookie or the token of a request; nothing else of a request says who asks (J03)."""

    def __init__(self, login: Login) -> None:
        self._login = login

    def subject_of(self, request: Request) -> Subject:
        """Return who asks: a machine by its access token, else a person by the session.

        Raises as ``machine_of`` and ``person_of``.
        """
        return self.machine_of(request) if "authorization" in request.headers else self.person_of(request)

    def counting_route(self, tell: Tell) -> type[APIRoute]:
        """Return a kind of route whose refusals ``tell`` answers, and which counts what is not there.

        Who asks for too many things that are not there, or not theirs, waits (``Throttle``).
        """
        return refusing_route(tell, note=self._note)

    def person_of(self, request: Request) -> Subject:
        """Return the person of the session.

        Raises Refused[session_missing]; Refused[cross_site_request] for what changes something and does not come
        from a page of ours (J17); Unavailable[identifiers_throttled], [requests_throttled].
        """
        if request.method in _SAFE:
            return self._calm(self._login.person(request.cookies.get(COOKIE, "")))
        require_same_origin(request, origin=self._login.installation.settings.base_url)
        person = self._calm(self._login.person(request.cookies.get(COOKIE, "")))
        if not getattr(request.state, "is_noted", False):
            self._login.write_rate.count(f"write:{person.id}")
            request.state.is_noted = True  # what is asked for once counts once
        return person

    def machine_of(self, request: Request) -> Subject:
        """Return the machine of the access token; a cookie counts for nothing here.

        Raises Untrusted[portal_token_refused], Unavailable[identifiers_throttled].
        """
        values = request.headers.getlist("authorization")
        scheme, _, token = values[0].partition(" ") if len(values) == 1 else ("", "", "")
        if scheme.lower() != "bearer" or not token:
            raise Untrusted("portal_token_refused", spec="RFC 6750 §2.1")
        return self._calm(self._login.machine(token))

    def calling_machine(self, request: Request) -> Subject:
        """Return the machine of the access token, unless it asks too often.

        Raises as ``machine_of``; Unavailable[requests_throttled].
        """
        machine = self.machine_of(request)
        self._login.rate.count(machine.id)
        return machine

    def visitor(self, request: Request) -> Subject | None:
        """Return the person of the session, None for anybody else: for pages that both may see.

        Raises Unavailable[identifiers_throttled].
        """
        try:
            return self.person_of(request)
        except Refused:
            self.calm_source(request)
            return None

    def calm_source(self, request: Request) -> str:
        """Return the address that asks at a door for everybody. Raises Unavailable[identifiers_throttled]."""
        source = source_of(request, self._login.settings.address_header)
        self._login.throttle.require_calm(source)
        return source

    def _calm(self, subject: Subject) -> Subject:
        self._login.throttle.require_calm(subject.id)
        return subject

    def _note(self, error: Error, request: Request) -> None:
        if error.code != "not_found":
            return
        try:
            who = self.subject_of(request).id
        except Error:  # nobody whom we know, or one who waits already
            who = source_of(request, self._login.settings.address_header)
        self._login.throttle.miss(who)


def tell_problem(error: Error, request: Request) -> Response:
    """Answer a refusal as a problem document; who is not signed in learns how to. Spec: RFC 9110 §15.5.2."""
    response = problem(error, language_of(request.scope))
    if response.status_code == 401:
        response.headers["WWW-Authenticate"] = 'Bearer realm="portadoc-portal"'
    return response


def login_router(login: Login, *, tell: Tell = tell_problem) -> APIRouter:
    """Return the routes of signing in; ``tell`` shows a refusal to a person."""
    entrance = Entrance(login)
    router = APIRouter(route_class=entrance.counting_route(tell))
    site = login.installation.settings.base_url

    @router.get("/portal/login")
    def sign_in(request: Request) -> Response:
        """Send the browser to a provider. ``to`` is where to go afterwards, ``for=office`` asks for more."""
        source = entrance.calm_source(request)
        asked = parse_form(request.scope["query_string"])
        only = login.settings.providers[0].id if len(login.settings.providers) == 1 else ""
        chosen = asked.get("provider", only)
        if not chosen:
            return RedirectResponse(HOME, status_code=303)
        login.sign_in_rate.count(f"sign-in:{source}")
        staff = asked.get("for") == "office"
        begun = login.sign_ins.begin(chosen, destination=asked.get("to", HOME), staff=staff)
        response = RedirectResponse(begun.location, status_code=303)
        _set(
            response, SIGN_IN_COOKIE, begun.browser_secret, path=CALLBACK, site=site, age=login.settings.sign_in_s
        )
        return response

    @router.get(CALLBACK)
    def come_back(request: Request) -> Response:
        """Take the provider's answer and open a session, a new one in any case."""
        source = entrance.calm_source(request)
        answer = parse_form(request.scope["query_string"])
        login.sign_in_rate.count(f"callback:{source}")
        signed_in = login.sign_ins.finish(answer, request.cookies.get(SIGN_IN_COOKIE, ""))
        secret = login.sessions.open(signed_in.proved, replaced=request.cookies.get(COOKIE, ""))
        response = RedirectResponse(signed_in.destination, status_code=303)
        _set(response, COOKIE, secret, path=COOKIE_PATH, site=site, age=login.settings.absolute_s)
        _set(response, SIGN_IN_COOKIE, "", path=CALLBACK, site=site, age=0)
        return response

    @router.post("/portal/logout")
    def sign_out(request: Request) -> Response:
        """End the session; again changes nothing."""
        require_same_origin(request, origin=site)
        login.sessions.end(request.cookies.get(COOKIE, ""))
        response = RedirectResponse(HOME, status_code=303)
        _set(response, COOKIE, "", path=COOKIE_PATH, site=site, age=0)
        return response

    return router


def machine_router(login: Login) -> APIRouter:
    """Return the token endpoint of machines. Spec: RFC 6749 §4.4, §5; RFC 7523 §2.2."""
    router, entrance = APIRouter(route_class=refusing_route(_tell_machine)), Entrance(login)

    @router.post(MACHINES_PATH)
    async def token(request: Request) -> Response:
        """Return an access token for a signed assertion."""
        form = await read_form(request)
        await run_in_threadpool(entrance.calm_source, request)
        made = await run_in_threadpool(login.machines.token, form)
        return json_answer(
            {"access_token": made.access_token, "token_type": "Bearer", "expires_in": made.expires_in}
        )

    return router


def _tell_machine(error: Error, request: Request) -> Response:
    if isinstance(error, Unavailable):
        return problem(error, language_of(request.scope))
    word, status = _PROTOCOL_WORDS.get(error.code, ("invalid_request", 400))
    return json_answer({"error": word, "error_description": error.code}, status=status)


def _set(response: Response, name: str, value: str, *, path: str, site: str, age: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=age,
        path=path,
        httponly=True,
        samesite="lax",  # strict would leave out the cookie on the way back from the provider
        secure=site.startswith("https:"),
    )
