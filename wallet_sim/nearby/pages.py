"""The page on which the holder's phone shows an animated QR code; for this machine only, as all of the wallet."""

import json
from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from portadoc.catalogue import WITH_TEXTS, text
from portadoc.errors import Error, Malformed
from portadoc.formats.animated_qr.proximity import UNSOLICITED
from portadoc.i18n import LANGUAGES, render
from portadoc.schemas.catalogue import CREDENTIAL_TYPES
from portadoc.schemas.claims import ClaimPath
from portadoc.wallet_sim.nearby.cards import card_of
from portadoc.wallet_sim.nearby.proximity import Shown, choices, read_challenge
from portadoc.wallet_sim.store import HeldCredential
from portadoc.wallet_sim.wallet import Wallet
from portadoc.web.answers import refusing_route
from portadoc.web.bodies import read_form
from portadoc.web.headers import PAGE_HEADERS
from portadoc.web.language import preferred_language
from portadoc.web.loopback import loopback_only
from portadoc.web.origin import require_same_origin
from portadoc.web.pages.page_files import PageFiles, templates_of
from portadoc.web.pages.qr_codes import qr_code
from portadoc.web.problem import problem, status_of

PATH: Final = "/wallet/show"
FILES: Final = PageFiles(
    "portadoc.wallet_sim.nearby",
    path="/wallet/static",
    media_types={"nearby.css": "text/css", "nearby.js": "text/javascript"},
)
FRAMES_A_SECOND: Final = 5
"""Below the seven and a half that a camera read without loss in our measurements; a slower pace can be chosen."""
_CLAIM: Final = "claim:"
_HEADERS: Final = {**PAGE_HEADERS, "Referrer-Policy": "same-origin", "Vary": "Accept-Language"}
Form = Annotated[dict[str, str], Depends(read_form)]


def nearby_router(wallet: Wallet, *, base_url: str) -> APIRouter:
    """Return the phone page and its files."""
    pages = NearbyPages(wallet)

    def same_origin(request: Request) -> None:
        require_same_origin(request, origin=base_url)

    router = APIRouter(
        route_class=refusing_route(_refusal),
        dependencies=[Depends(loopback_only(base_url))],
        include_in_schema=False,
    )
    router.add_api_route("/wallet/static/{name}", FILES.static_file, methods=["GET"])
    router.add_api_route(PATH, pages.show_choices, methods=["GET"])
    router.add_api_route(PATH, pages.show_frames, methods=["POST"], dependencies=[Depends(same_origin)])
    return router


class NearbyPages:
    """The endpoints, plain functions that run in the thread pool."""

    def __init__(self, wallet: Wallet) -> None:
        self._wallet = wallet

    def show_choices(self, request: Request) -> Response:
        """Return the form: which attestation, for which challenge, and what of it is shown."""
        language = _language(request)
        held = [
            {
                "credential": each,
                "name": _name(each, language),
                "card": card_of(each, language),
                "choices": _choices(each),
            }
            for each in reversed(self._wallet.credentials())
        ]
        challenge = request.query_params.get("challenge", "")
        return _page("choices", language, {"held": held, "challenge": challenge})

    def show_frames(self, request: Request, form: Form) -> Response:
        """Return the frames of what was chosen, each as a QR code; a script shows one after the other."""
        language, challenge = _language(request), read_challenge(form.get("challenge", ""))
        chosen = [_path(name.removeprefix(_CLAIM)) for name in form if name.startswith(_CLAIM)]
        shown = self._wallet.show(form.get("credential", ""), challenge=challenge, chosen=chosen)
        return _page("frames", language, _frames(shown, challenge, language))


def _frames(shown: Shown, challenge: str, language: str) -> Mapping[str, object]:
    count = len(shown.frames)
    titles = (text("nearby.frame", language, place=at, count=count) for at in range(1, count + 1))
    return {
        "name": _name(shown.credential, language),
        "frames": [qr_code(frame, title) for frame, title in zip(shown.frames, titles, strict=True)],
        "unsolicited": challenge == UNSOLICITED,
        "pace": FRAMES_A_SECOND,
    }


def _choices(credential: HeldCredential) -> list[tuple[str, str, bool]]:
    """Return name in the form, words and whether it is shown usually, of each claim that can be kept back."""
    return [
        (f"{_CLAIM}{json.dumps(path)}", " · ".join(map(str, path)), usual) for path, usual in choices(credential)
    ]


def _path(named: str) -> ClaimPath:
    """Raises Malformed[member_invalid]."""
    try:
        steps = json.loads(named)
    except (ValueError, RecursionError) as exc:
        raise Malformed("member_invalid", member="/claim", expected="a path") from exc
    if not isinstance(steps, list) or not all(type(step) in (str, int) for step in steps):
        raise Malformed("member_invalid", member="/claim", expected="a path")
    return tuple(steps)


def _name(credential: HeldCredential, language: str) -> str:
    """Return the name of the attestation in the language, or in English where its type has none."""
    types = (each.display for each in CREDENTIAL_TYPES.values() if each.id == credential.configuration_id)
    names = {display.locale: display.name for each in types for display in each}
    return names.get(language) or names.get("en") or credential.vct


def _language(request: Request) -> str:
    chosen = request.query_params.get("language")
    if chosen in WITH_TEXTS:
        return chosen
    return preferred_language(request.headers.get("accept-language"), WITH_TEXTS)


def _page(template: str, language: str, content: Mapping[str, object], *, status: int = 200) -> Response:
    markup = templates_of("portadoc.wallet_sim.nearby").get_template(f"{template}.html")
    html = markup.render(
        language=language, t=lambda key, **params: text(key, language, **params), asset=FILES.address, **content
    )
    headers = {**_HEADERS, "Content-Language": language}
    return Response(html, status_code=status, headers=headers, media_type="text/html")


def _refusal(error: Error, request: Request) -> Response:
    """Return why a request is refused, in the form that its sender reads."""
    language = _language(request)
    told_in = language if language in LANGUAGES else "en"
    if "text/html" not in request.headers.get("accept", ""):
        return problem(error, told_in)
    message = render(error.code, error.params, told_in)
    return _page("stopped", language, {"message": message, "code": error.code}, status=status_of(error))
