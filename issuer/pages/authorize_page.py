"""The pages before an authorization: who asks, how to identify, what was compared, what the wallet will get.

In eight languages and without a script. What comes from the wallet is escaped and cut short.
"""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from fastapi import Request, Response

from portadoc.catalogue import texts
from portadoc.catalogue.writing import on_paper
from portadoc.errors import Error, Unavailable
from portadoc.issuer.authorization.sessions import Authorization
from portadoc.issuer.identification.certificates import Certificate
from portadoc.issuer.identification.identity import Identity, IdentitySource
from portadoc.issuer.identification.service import Standing, Ways
from portadoc.issuer.pages.code_page import FILES
from portadoc.issuer.settings import IssuerSettings
from portadoc.schemas.catalogue import credential_configuration
from portadoc.web.answers import NO_STORE
from portadoc.web.pages.page_files import templates_of
from portadoc.web.pages.reader import Reader, keep_choice, language_links, reader_of
from portadoc.web.problem import status_of

BOOK: Final = "authorize"
LANGUAGE_COOKIE: Final = "portadoc-authorize-language"
_PATH: Final = "/issuer"
_SOURCE: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?://[A-Za-z0-9.:\[\]-]+)?")
_SAID_OF: Final[Mapping[str, str]] = {
    "authorization_request_unknown": "unknown",
    "authorization_over": "over",
    "request_answered": "over",
    "request_expired": "over",
    "response_code_invalid": "browser",
    "not_found": "browser",
    "login_refused": "login",
    "provider_unusable": "later",
}
_OTHERWISE: Final = {503: "later", 429: "later", 404: "browser"}


class Pages:
    """Makes the pages of one installation."""

    def __init__(self, settings: IssuerSettings) -> None:
        self._settings = settings
        self._providers = {each.id: each.name for each in settings.identity_providers}

    @property
    def site(self) -> str:
        """The origin of the pages."""
        return self._settings.base_url

    @property
    def longest_s(self) -> int:
        """How many seconds an authorization can last at its pages."""
        return self._settings.authorization_ttl_s

    def choose(self, request: Request, standing: Standing, ways: Ways, *, declined: bool) -> Response:
        """Return the page that asks how to identify; after an identification, why nothing can be given."""
        reader = _reader(request)
        content = {"ways": ways, "declined": declined, "known": self._known(standing.identity, reader)}
        return self._page("authorize_choose", reader, standing.authorization, content)

    def open_wallet(self, request: Request, standing: Standing, link: str) -> Response:
        """Return the page with the link that opens the wallet on the same device."""
        return self._page("authorize_open", _reader(request), standing.authorization, {"link": link})

    def certificates(self, request: Request, standing: Standing) -> Response:
        """Return the page with what the wallet will get, and what was compared for it."""
        reader = _reader(request)
        content = {
            "known": self._known(standing.identity, reader),
            "certificates": [_shown(each) for each in standing.certificates],
            "seen": standing.seen,
        }
        return self._page("authorize_certificates", reader, standing.authorization, content)

    def stopped(self, error: Error, request: Request) -> Response:
        """Return the page that says why this did not work. It leads to no other site."""
        reader, status = _reader(request), status_of(error)
        said = _SAID_OF.get(error.code) or _OTHERWISE.get(status, "otherwise")
        headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, Unavailable) else {}
        content = {"said": said, "code": error.code, "here": False}
        return _answer("authorize_stopped", reader, content, status=status, headers=headers)

    def _page(
        self, template: str, reader: Reader, authorization: Authorization, content: Mapping[str, object]
    ) -> Response:
        names = self._settings.by_slug[authorization.institution].names
        shown = {
            **content,
            "here": True,
            "place": f"/issuer/{authorization.institution}/authorize/{authorization.authorization_id}",
            "institution": names.get(reader.written_in) or next(iter(names.values())),
            "offered": authorization.offer is not None,
            "wallet": on_paper(authorization.wallet_name or "", longest=80),
            "client_id": on_paper(authorization.client_id, longest=200),
            "goes_to": on_paper(_site_of(authorization.redirect_uri), longest=200),
            "asked": _kinds(authorization.configuration_ids),
        }
        policy = _policy(_source_of(authorization.redirect_uri))
        return _answer(template, reader, shown, headers={"Content-Security-Policy": policy})

    def _known(self, identity: Identity | None, reader: Reader) -> Mapping[str, str] | None:
        """Return the person as the page shows them to themselves."""
        if identity is None:
            return None
        by_wallet = identity.source is IdentitySource.PID
        return {
            "name": on_paper(f"{identity.given_name} {identity.family_name}"),
            "born": reader.day(identity.birth_date),
            "provider": "" if by_wallet else self._providers.get(identity.vouched_by, identity.vouched_by),
        }


def see(address: str) -> Response:
    """Return the way on: reloading repeats nothing."""
    return Response(status_code=303, headers={"Location": address, **NO_STORE})


def _reader(request: Request) -> Reader:
    return reader_of(request, book=BOOK, cookie=LANGUAGE_COOKIE)


def _answer(
    template: str,
    reader: Reader,
    content: Mapping[str, object],
    *,
    status: int = 200,
    headers: Mapping[str, str],
) -> Response:
    markup = templates_of("portadoc.issuer.pages").get_template(f"{template}.html")
    written = texts(reader.language, BOOK)
    html = markup.render(
        reader=reader,
        t=reader.say,
        reviewed=written.reviewed_by_speaker,
        languages=language_links(),
        asset=FILES.address,
        **content,
    )
    sent = {
        "Content-Security-Policy": _policy(""),
        "Content-Language": reader.written_in,
        "Vary": "Accept-Language, Cookie",
        "X-Robots-Tag": "noindex, nofollow",
        # with no referrer at all a browser names the origin of a form ``null``, and no form could show it is ours
        "Referrer-Policy": "same-origin",
        **NO_STORE,
        **headers,
    }
    response = Response(html, status_code=status, headers=sent, media_type="text/html")
    keep_choice(response, reader, cookie=LANGUAGE_COOKIE, path=_PATH)
    return response


def _policy(wallet: str) -> str:
    """Return the policy of a page; a form of ours ends at the wallet, so that place is named too."""
    ends = f"'self' {wallet}".strip()
    return (
        "default-src 'none'; style-src 'self'; img-src 'self'; "
        f"form-action {ends}; frame-ancestors 'none'; base-uri 'none'"
    )


def _source_of(redirect_uri: str) -> str:
    """Return where a redirect goes as a source of a policy; empty for one that has no plain form.

    Spec: CSP Level 3 §2.3.1.
    """
    site = _site_of(redirect_uri)
    return site if _SOURCE.fullmatch(site) else ""


def _site_of(redirect_uri: str) -> str:
    """Return the origin of an address of the web, or the scheme that opens an app."""
    parts = urlsplit(redirect_uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def _kinds(configuration_ids: tuple[str, ...]) -> tuple[str, ...]:
    kinds = (credential_configuration(each).projection.kind for each in configuration_ids)
    return tuple(dict.fromkeys(kinds))


def _shown(certificate: Certificate) -> Mapping[str, object]:
    return {
        "kind": certificate.kind,
        "number": on_paper(certificate.number or "", longest=80),
        "because": certificate.match.because,
        "compared": certificate.match.compared,
    }
