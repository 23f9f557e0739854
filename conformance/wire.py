"""How the kit speaks: bounded requests whose every outcome is an answer, told without secrets."""

import re
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from portadoc.errors import Error
from portadoc.formats import strict_json
from portadoc.schemas.claims import JsonObject
from portadoc.wallet_sim.transport import Transport

JSON_TYPE: Final = "application/json"
JWT_TYPE: Final = "application/jwt"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
MAX_ANSWER_BYTES: Final = 1_000_000
_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_MEDIA_TYPE: Final = re.compile(r"[a-z0-9.+-]{1,64}/[a-z0-9.+-]{1,64}")
_BEARER_ERROR: Final = re.compile(r'\berror="([a-z_]{1,64})"')
_CERTIFICATE_FAULTS: Final = {9: "time", 10: "time", 62: "name", 64: "name"}
"""By OpenSSL's numbers: not yet valid, expired, another host name, another IP address."""


class Exhausted(Exception):
    """The run has sent as many requests, or taken as much time, as it may."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request. ``failure`` says why nothing usable did; then ``status`` is 0.

    ``sent`` and ``arrived`` tell of both ends without codes, tokens, keys or personal data.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    sent: str
    failure: str = ""

    @property
    def content_type(self) -> str:
        """The media type in lower case without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text; wrong bytes stay visible as such."""
        return self.body.decode("utf-8", "replace")

    @property
    def json(self) -> JsonObject | None:
        """The body as a JSON object, or None when it is none."""
        try:
            return strict_json.loads_object(self.body, what="answer")
        except Error:
            return None

    @property
    def error(self) -> str:
        """The error word of the body or of WWW-Authenticate, else empty. Spec: RFC 6749 §5.2, RFC 6750 §3."""
        word = (self.json or {}).get("error")
        if isinstance(word, str) and _WORD.fullmatch(word):
            return word
        told = _BEARER_ERROR.search(self.headers.get("www-authenticate", ""))
        return told[1] if told else ""

    @property
    def uncached(self) -> bool:
        """Whether caches are told to keep nothing."""
        return "no-store" in re.split(r"[\s,]+", self.headers.get("cache-control", "").lower())

    @property
    def ok(self) -> bool:
        """Whether the status says success."""
        return 200 <= self.status < 300

    @property
    def arrived(self) -> str:
        """Status, media type and error word."""
        if self.failure:
            return f"no usable answer ({self.failure})"
        media_type = self.content_type if _MEDIA_TYPE.fullmatch(self.content_type) else "no media type"
        return " ".join(filter(None, (str(self.status), media_type, self.error)))


class Wire:
    """Send requests within the bounds of a run; a redirect is an answer like any other."""

    def __init__(self, transport: Transport, *, max_requests: int, max_seconds: float) -> None:
        self._transport = transport
        self._left = max_requests
        self._until = time.monotonic() + max_seconds
        self.requests = 0

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        note: str = "",
        place: str = "",
    ) -> Answer:
        """Return what came back, whatever it was; ``note`` says what is special about the request.

        ``place`` is told in the place of an address that is a secret by itself.

        Raises Exhausted.
        """
        if self._left <= 0 or time.monotonic() > self._until:
            raise Exhausted
        self._left -= 1
        self.requests += 1
        sent = f"{method} {place or _place(url)}" + (f" {note}" if note else "")
        try:
            came = self._transport.request(method, url, headers=headers, body=body, max_bytes=MAX_ANSWER_BYTES)
        except Error as failure:
            return Answer(0, {}, b"", sent, _why(failure))
        return Answer(came.status, came.headers, came.body, sent)

    def get(self, url: str, *, accept: str = JSON_TYPE, note: str = "", place: str = "") -> Answer:
        """GET a document."""
        return self.send("GET", url, headers={"accept": accept}, note=note, place=place)


def _place(url: str) -> str:
    """Return an address without its query, which may hold a code."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"[:300]


def _why(failure: Error) -> str:
    params = [str(value) for name, value in failure.params.items() if name != "address"]  # what was sent has it
    return " ".join([failure.code, *params, *_of_tls(failure)])[:120]


def _of_tls(failure: Error) -> tuple[str, ...]:
    """Return what TLS had against the connection, in fixed words: a certificate's fault, or OpenSSL's reason."""
    cause: BaseException | None = failure
    while isinstance(cause, Error):
        cause = cause.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "certificate", _CERTIFICATE_FAULTS.get(cause.verify_code, "authority")
    return (cause.reason.lower(),) if isinstance(cause, ssl.SSLError) and cause.reason else ()
