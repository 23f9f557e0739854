"""The holder at an issuer's pages: shows the identity data that the wallet holds, approves, and is sent back.

A browser without scripts that knows what to look for on the pages of Portadoc's own issuer: the form that asks for
identity data (``.../pid``), the link that opens the wallet, the form that approves (``.../approve``).
Spec: RFC 6749 §4.1.1, §4.1.2; OpenID4VP 1.0 §13.3.
"""

from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlencode, urljoin, urlsplit

from portadoc.errors import Refused
from portadoc.wallet_sim.peers import admitted
from portadoc.wallet_sim.requests import REQUEST_SCHEMES
from portadoc.wallet_sim.transport import FORM_TYPE, Transport, TransportResponse

Present = Callable[[str], str | None]
"""Answers the request of a link as the holder wants, and returns where the browser goes then."""
_REDIRECTS: Final = frozenset({302, 303})
_MAX_HOPS: Final = 5


def sign_in(address: str, *, present: Present, transport: Transport) -> str:
    """Return the address to which an issuer sends the browser in the end, with a code or an error.

    Raises Refused[sign_in_stopped] with the step and the status of the page that did not let it go on, and as
    ``present`` does, for a wallet without identity data among others.
    """
    browser = _Browser(address, transport)
    page = browser.open(address)  # 1 the issuer asks who it is
    page = browser.press(page, "/pid")  # 2 by identity data
    page = browser.open(_return(present(page.wallet_link)))  # 3 shown by the wallet of this device, and back
    return browser.leave(page, "/approve")  # 4 the holder agrees


class _Page(HTMLParser):
    """What of a page the browser acts on."""

    def __init__(self, address: str, response: TransportResponse) -> None:
        super().__init__()
        self.address = address
        self.status = response.status
        self._links: list[str] = []
        self._forms: list[tuple[str, dict[str, str]]] = []
        self.feed(response.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag == "a":
            self._links.append(told.get("href", ""))
        elif tag == "form" and told.get("method", "").lower() == "post":
            self._forms.append((urljoin(self.address, told.get("action", "")), {}))
        elif tag == "input" and told.get("type") == "hidden" and self._forms:
            self._forms[-1][1][told.get("name", "")] = told.get("value", "")

    @property
    def wallet_link(self) -> str:
        """The link that opens the wallet. Raises Refused[sign_in_stopped]."""
        for link in self._links:
            if link.partition(":")[0].lower() in REQUEST_SCHEMES:
                return link
        raise self.stopped("wallet")

    def form(self, ending: str) -> tuple[str, dict[str, str]]:
        """Return the address of a form and what it brings along unseen. Raises Refused[sign_in_stopped]."""
        for address, hidden in self._forms:
            if urlsplit(address).path.endswith(ending):
                return address, hidden
        raise self.stopped(ending.lstrip("/"))

    def stopped(self, step: str) -> Refused:
        return Refused("sign_in_stopped", step=step, status=self.status)


class _Browser:
    """Keeps cookies and follows redirects, within the issuer's origin only."""

    def __init__(self, address: str, transport: Transport) -> None:
        self._transport = transport
        self._origin = _origin_of(address)
        self._cookies: dict[str, str] = {}

    def open(self, address: str) -> _Page:
        for _ in range(_MAX_HOPS):
            response = self._send("GET", address)
            if response.status not in _REDIRECTS:
                return _Page(address, response)
            address = urljoin(address, response.headers.get("location", ""))
        raise Refused("sign_in_stopped", step="redirects", status=response.status)

    def press(self, page: _Page, ending: str) -> _Page:
        """Send a form and return the page that it leads to."""
        address, hidden = page.form(ending)
        response = self._send("POST", address, hidden)
        if response.status not in _REDIRECTS:
            raise _Page(address, response).stopped(ending.lstrip("/"))
        return self.open(urljoin(address, response.headers.get("location", "")))

    def leave(self, page: _Page, ending: str) -> str:
        """Send a form and return where it leads, which is no page of the issuer's any more."""
        address, hidden = page.form(ending)
        response = self._send("POST", address, hidden)
        left = urljoin(address, response.headers.get("location", ""))
        if response.status not in _REDIRECTS or left == address:
            raise _Page(address, response).stopped(ending.lstrip("/"))
        return left

    def _send(self, method: str, address: str, form: Mapping[str, str] | None = None) -> TransportResponse:
        if _origin_of(address) != self._origin:
            raise Refused("sign_in_stopped", step="origin", status=0)
        admitted(address, self._transport)
        headers = {"accept": "text/html", "sec-fetch-site": "same-origin"}
        if method == "POST":
            headers |= {"content-type": FORM_TYPE, "origin": self._origin}
        if self._cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        body = urlencode(form or {}).encode("ascii")
        response = self._transport.request(method, address, headers=headers, body=body)
        name, separator, value = response.headers.get("set-cookie", "").partition(";")[0].partition("=")
        if separator:
            self._cookies[name.strip()] = value
        return response


def _return(address: str | None) -> str:
    if address is None:
        raise Refused("sign_in_stopped", step="return", status=0)
    return address


def _origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
