"""The tour's routes: a first page for everyone, and the pages of a journey for this machine only.

Every act is a form that is posted to the address of the page it leads to; the answer sends the browser there. What
shows or changes something of the simulated wallet, the institution or a result answers on loopback only, and acts
moreover only to our own pages.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.errors import Refused
from portadoc.issuer.service import Issuer
from portadoc.tour.journeys import Journey, journeys_of
from portadoc.tour.progress import Progress
from portadoc.tour.refusals import PageRoute
from portadoc.tour.rendering import FILES, PAGES, SCREENS, Step, page
from portadoc.tour.steps import Tour
from portadoc.tour.texts import Reader, reader_of
from portadoc.tour.views import VIEWS, Visit
from portadoc.verifier.service import Verifier
from portadoc.wallet_sim.wallet import Wallet
from portadoc.web.bodies import read_form
from portadoc.web.loopback import loopback_only
from portadoc.web.origin import require_same_origin
from portadoc.web.settings import InstitutionNames

COOKIE: Final = "portadoc-tour"
Form = Annotated[dict[str, str], Depends(read_form)]
Act = Callable[[Journey, Request, dict[str, str]], Progress]


def tour_router(issuer: Issuer, verifier: Verifier, wallet: Wallet) -> APIRouter:
    """Return the first page, the tour and the files that they use."""
    pages = TourPages(issuer, verifier, wallet)

    def same_origin(request: Request) -> None:
        require_same_origin(request, origin=issuer.settings.base_url)

    router = APIRouter(route_class=PageRoute, include_in_schema=False)
    router.add_api_route("/", pages.show_start, methods=["GET"])
    router.add_api_route("/tour/static/{name}", FILES.static_file, methods=["GET"])
    guard = Depends(loopback_only(issuer.settings.base_url))
    inner = APIRouter(prefix="/tour/{attestation}", route_class=PageRoute, dependencies=[guard])
    for name in PAGES:
        inner.add_api_route(f"/{name}", pages.showing(name), methods=["GET"])
    for name, act in pages.acts().items():
        inner.add_api_route(
            f"/{name}", pages.acting(name, act), methods=["POST"], dependencies=[Depends(same_origin)]
        )
    router.include_router(inner)
    return router


class TourPages:
    """The endpoints. They are plain functions that run in the thread pool: the wallet calls this server back."""

    def __init__(self, issuer: Issuer, verifier: Verifier, wallet: Wallet) -> None:
        self._tour = Tour(issuer, verifier, wallet)
        self._verifier = verifier.settings
        self._journeys = journeys_of(issuer.settings, verifier.settings)

    def show_start(self, request: Request) -> Response:
        """Return the first page; it shows nothing that is not public."""
        reader = reader_of(request)
        verifiers = {each.slug: _name(each, reader) for each in self._verifier.institutions}
        content = {"journeys": self._journeys, "screens": SCREENS, "verifiers": verifiers}
        return page("start", reader, content, here="/")

    def acts(self) -> Mapping[str, Act]:
        """Return what is done before a page is shown, by the name of the page."""
        tour = self._tour
        return {
            "offer": lambda journey, request, form: tour.offer(journey),
            "wallet": lambda journey, request, form: tour.accept(_progress(request), form.get("tx_code", "")),
            "request": lambda journey, request, form: tour.ask(journey, _progress(request)),
            "report": lambda journey, request, form: tour.present(
                journey, _progress(request), agreed=form.get("answer") == "share"
            ),
            "withdrawal": lambda journey, request, form: tour.withdraw(journey, _progress(request)),
            "refusal": lambda journey, request, form: tour.ask_again(journey, _progress(request)),
        }

    def showing(self, name: str) -> Callable[..., Response]:
        """Return the endpoint that shows a page of a journey."""

        def show(attestation: str, request: Request) -> Response:
            journey, reader, progress = self._journey(attestation), reader_of(request), _progress(request)
            other = next((id_ for id_ in self._journeys if id_ != attestation), attestation)
            visit = Visit(self._tour, journey, progress, reader, self._verifier, other)
            steps = _steps(journey, progress, reader, current=name)
            content = {"name": name, "screen": SCREENS[name], "journey": journey, "visit": visit}
            return page(name, reader, {**content, **VIEWS[name](visit)}, here=request.url.path, steps=steps)

        return show

    def acting(self, name: str, act: Act) -> Callable[..., Response]:
        """Return the endpoint that acts and sends the browser to the page that shows what came of it."""

        def act_and_show(attestation: str, request: Request, form: Form) -> Response:
            journey = self._journey(attestation)
            progress = act(journey, request, form)
            response = Response(status_code=303)
            response.headers["Location"] = f"{request.url.path}{reader_of(request).query}"
            response.set_cookie(
                COOKIE,
                progress.to_cookie(),
                path=f"/tour/{journey.id}",
                httponly=True,
                samesite="strict",
                secure=request.url.scheme == "https",
            )
            return response

        return act_and_show

    def _journey(self, attestation: str) -> Journey:
        if attestation not in self._journeys:
            raise Refused("not_found")
        return self._journeys[attestation]


def _name(asking: InstitutionNames, reader: Reader) -> str:
    return asking.names.get(reader.language) or next(iter(asking.names.values()))


def _progress(request: Request) -> Progress:
    return Progress.from_cookie(request.cookies.get(COOKIE))


def _steps(journey: Journey, progress: Progress, reader: Reader, *, current: str) -> tuple[Step, ...]:
    reached = {
        "offer": True,
        "wallet": bool(progress.held),
        "request": progress.question is not None,
        "consent": progress.question is not None and not progress.answered,
        "report": progress.answered,
        "withdrawal": progress.withdrawn is not None,
        "refusal": progress.second_question is not None,
    }
    return tuple(
        Step(name, f"/tour/{journey.id}/{name}{reader.query}" if reached.get(name) else "", name == current)
        for name in PAGES
    )
