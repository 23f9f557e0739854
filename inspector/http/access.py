"""Who may call the interface of the app: a device that is paired, from the app's own pages."""

from collections.abc import Callable
from typing import Final

from fastapi import Request, Response

from portadoc.errors import Error, Refused
from portadoc.inspector.service import Inspector
from portadoc.inspector.store.device_store import Device
from portadoc.web.answers import refusing_route
from portadoc.web.origin import require_same_origin
from portadoc.web.problem import language_of, problem

COOKIE: Final = "portadoc-device"
COOKIE_PATH: Final = "/inspect"
COOKIE_S: Final = 400 * 86_400
"""The longest time that browsers keep a cookie. Spec: RFC 6265bis §5.5."""


class Access:
    """The guards of the routes."""

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector

    @property
    def same_origin(self) -> Callable[[Request], None]:
        """The guard of whatever changes something: the request comes from a page of ours."""

        def guard(request: Request) -> None:
            require_same_origin(request, origin=self._inspector.settings.base_url)

        return guard

    def device(self, request: Request) -> Device:
        """Return the device that calls. Raises Refused[device_unknown]."""
        return self._inspector.devices.known(request.cookies.get(COOKIE, ""))

    def known_device(self, request: Request) -> Device | None:
        """Return the device that calls, None for anybody else."""
        try:
            return self.device(request)
        except Refused:
            return None

    def admit(self, response: Response, secret: str) -> Response:
        """Hand a device its secret."""
        return self._cookie(response, secret, COOKIE_S)

    def dismiss(self, response: Response) -> Response:
        """Take the secret back."""
        return self._cookie(response, "", 0)

    def _cookie(self, response: Response, value: str, max_age_s: int) -> Response:
        response.set_cookie(
            COOKIE,
            value,
            max_age=max_age_s,
            path=COOKIE_PATH,
            httponly=True,
            samesite="strict",
            secure=self._inspector.settings.base_url.startswith("https:"),
        )
        return response


def _tell(error: Error, request: Request) -> Response:
    response = problem(error, language_of(request.scope))
    if error.code == "device_unknown":  # RFC 9110 §15.5.2 asks for a challenge
        response.headers["WWW-Authenticate"] = 'Cookie realm="portadoc-device"'
    return response


DeviceRoute: Final = refusing_route(_tell)
"""A kind of route that tells who is not paired how to get in."""
