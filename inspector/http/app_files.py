"""The built app as a browser gets it: hashed files for ever, the rest asked for anew, each under a strict policy.

What is served is what the build listed in ``files.json`` and nothing else of the folder.
"""

import json
from collections.abc import Mapping
from html import escape
from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from portadoc.errors import Error, Refused, Unavailable
from portadoc.i18n import render
from portadoc.web.headers import CAMERA_PERMISSIONS
from portadoc.web.problem import language_of, status_of

PREFIX: Final = "/inspect"
SHELL: Final = "index.html"
LISTING: Final = "files.json"
APP_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
APP_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": APP_POLICY,
    "Permissions-Policy": CAMERA_PERMISSIONS,
}
_Listing = Mapping[str, Mapping[str, object]]
_HASHED: Final = "assets/"
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "wasm": "application/wasm",
    "webmanifest": "application/manifest+json",
}


class AppFiles:
    """The folder that the build made; the listing is read again once it was built anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: tuple[int, _Listing] = (0, {})

    def listed(self) -> _Listing:
        """Return what the build wrote down of each file, by path. Raises Unavailable[inspector_app_not_built]."""
        place = self._folder / LISTING
        try:
            changed = place.stat().st_mtime_ns
            if self._read[0] != changed:
                self._read = (changed, json.loads(place.read_text(encoding="utf-8"))["files"])
        except (OSError, ValueError, KeyError) as exc:
            raise Unavailable("inspector_app_not_built") from exc
        return self._read[1]

    def file(self, name: str, request: Request) -> Response:
        """Return a file of the app, compressed for whoever takes it so. Raises Refused[not_found]."""
        listed = self.listed().get(name)
        if listed is None:
            raise Refused("not_found")
        packed = listed["gzip"] is not None and _takes_gzip(request)
        etag = f'"{str(listed["sha256"])[:32]}{"-gz" if packed else ""}"'
        headers = {
            **APP_HEADERS,
            "Cache-Control": _FOR_EVER if name.startswith(_HASHED) else "no-cache",
            "ETag": etag,
            "Vary": "Accept-Encoding",
        }
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        content = (self._folder / (f"{name}.gz" if packed else name)).read_bytes()
        if packed:
            headers["Content-Encoding"] = "gzip"
        return Response(content, headers=headers, media_type=_MEDIA_TYPES[name.rpartition(".")[2]])


def packaged_app() -> AppFiles:
    """Return the app as this package carries it."""
    return AppFiles(Path(str(resources.files("portadoc.inspector"))) / "static")


def app_router(files: AppFiles) -> APIRouter:
    """Return the routes of the app's files. Include it last: it takes every other path under its prefix."""
    router = APIRouter(prefix=PREFIX)

    @router.get("")
    def lead_to_app() -> Response:
        """Lead to the address below which the app's service worker works."""
        return RedirectResponse(f"{PREFIX}/", status_code=308)

    @router.get("/")
    def show_app(request: Request) -> Response:
        """Return the page that starts the app; where it was not built, a page that says so."""
        try:
            return files.file(SHELL, request)
        except Unavailable as unavailable:
            return _plain_page(unavailable, language_of(request.scope))

    @router.get("/{path:path}")
    def show_file(path: str, request: Request) -> Response:
        """Return a file of the app."""
        return files.file(path, request)

    return router


def _plain_page(error: Error, language: str) -> Response:
    message = render(error.code, error.params, language)
    html = (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>Portadoc</title>'
        f"<h1>{escape(message.text)}</h1><p>{escape(message.action)}</p></html>"
    )
    headers = {**APP_HEADERS, "Content-Language": language}
    return Response(html, status_code=status_of(error), headers=headers, media_type=_MEDIA_TYPES["html"])


def _takes_gzip(request: Request) -> bool:
    """Tell whether gzip is among the encodings asked for, and not with weight 0. Spec: RFC 9110 §12.5.3."""
    for wish in request.headers.get("accept-encoding", "").lower().split(","):
        coding, _, weight = wish.partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
