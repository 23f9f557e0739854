"""The life of a verification request: open, then answered or expired, and never open again.

One request has one nonce, one state and one encryption key. It can be fetched as often as a wallet likes while it
is open, and it takes one answer. Spec: OpenID4VP 1.0 §5, §14.1 to §14.3.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode, urlsplit

from portadoc.errors import Conflict, Malformed
from portadoc.formats.dcql.query import SD_JWT_VC
from portadoc.formats.jwe import ENCRYPTIONS, EncryptionKey, encryption_key_from_text
from portadoc.formats.openid4vp.request_object import PresentationRequest, ResponseMode
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vp import AuthorizationRequestLink
from portadoc.verification.presets.lint import Finding
from portadoc.verifier.questions import Terms

LINK_SCHEME: Final = "openid4vp://"
MAX_URI_CHARS: Final = 2048


class Phase(StrEnum):
    """Where a request stands. ANSWERED and EXPIRED are final."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"


class Channel(StrEnum):
    """How the request reaches the wallet, and what follows from it for whoever may see the result.

    SYSTEM: through a system of the institution, which holds the session secret. SAME_DEVICE: by a link in the very
    browser that will see the result. CROSS_DEVICE: by a QR code for another device. BROWSER: by the Digital
    Credentials API of the browser that will see the result.
    """

    SYSTEM = "system"
    SAME_DEVICE = "same_device"
    CROSS_DEVICE = "cross_device"
    BROWSER = "browser"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequest:
    """One request. ``request_id`` is known to the wallet, ``transaction_id`` to who asked; times in epoch seconds.

    ``client_id`` stays that of the beginning even when the verifier's key changes. ``encryption_key`` is secret
    and gone as soon as the request is no longer open; an answer in clear needs none. ``origin`` is that of the
    page whose browser asks, over the Digital Credentials API only. ``confirmation`` is what people compare on two
    screens.
    """

    institution: str
    request_id: str
    transaction_id: str
    client_id: str
    channel: Channel
    response_mode: ResponseMode
    terms: Terms
    nonce: str
    state: str
    confirmation: str
    phase: Phase
    created_at: int
    expires_at: int
    origin: str | None
    return_uri: str | None
    encryption_key: EncryptionKey | None = field(repr=False)

    @property
    def audience(self) -> str:
        """Whom a Key Binding JWT has to name. Spec: OpenID4VP 1.0 §B.3.6, Appendix A.4."""
        return self.client_id if self.origin is None else f"origin:{self.origin}"

    def phase_at(self, now: int) -> Phase:
        """Return where the request stands: time closes an open one even before that is written down."""
        return Phase.EXPIRED if self.phase is Phase.OPEN and self.expires_at <= now else self.phase

    def require_open(self, now: int) -> None:
        """Raise Conflict[request_answered] or Conflict[request_expired] unless an answer can still be taken."""
        phase = self.phase_at(now)
        if phase is not Phase.OPEN:
            code = "request_expired" if phase is Phase.EXPIRED else "request_answered"
            raise Conflict(code, spec="OpenID4VP 1.0 §14.1")


@dataclass(frozen=True, slots=True)
class CreatedRequest:
    """What the party that asks gets. ``session_secret`` is told here once; without it nobody reads the result.

    ``excess`` is what the question asks beyond its purpose: a warning, never a refusal.
    """

    transaction_id: str
    session_secret: str = field(repr=False)
    request_uri: str
    link: str
    expires_at: int
    excess: tuple[Finding, ...] = ()


def check_return_uri(return_uri: str, *, base_url: str) -> None:
    """Require a page of this verifier: a wallet must not be sent anywhere else.

    Raises: Malformed[return_uri_invalid] unless it is an absolute URL at our own origin without a fragment.
    Spec: OpenID4VP 1.0 §8.2, §14.2.
    """
    try:
        asked, own = urlsplit(return_uri), urlsplit(base_url)
        same_origin = (asked.scheme, asked.netloc) == (own.scheme, own.netloc)
    except ValueError as exc:
        raise Malformed("return_uri_invalid") from exc
    printable = return_uri.isascii() and return_uri.isprintable() and " " not in return_uri
    if not same_origin or asked.fragment or "\\" in return_uri or not printable or len(return_uri) > MAX_URI_CHARS:
        raise Malformed("return_uri_invalid")


def request_link(client_id: str, request_uri: str, method: str) -> str:
    """Return the link or QR text that starts the presentation. Spec: OpenID4VP 1.0 §5, RFC 9101 §5."""
    link = AuthorizationRequestLink(
        client_id=client_id,
        request_uri=request_uri,
        request_uri_method="post" if method == "post" else None,
    )
    return f"{LINK_SCHEME}?{urlencode(link.to_json())}"


def client_metadata(key: EncryptionKey | None) -> JsonObject:
    """Return what a request says of its verifier's abilities; a key only where the answer is to be encrypted.

    Spec: OpenID4VP 1.0 §5.1, §11.1, Appendix B.3.4; HAIP 1.0 §5.
    """
    algs = sorted(SIGNATURE_ALGORITHMS)
    metadata: JsonObject = {
        "vp_formats_supported": {SD_JWT_VC: {"sd-jwt_alg_values": algs, "kb-jwt_alg_values": algs}}
    }
    if key is not None:
        metadata["jwks"] = {"keys": [key.public_jwk]}
        metadata["encrypted_response_enc_values_supported"] = list(ENCRYPTIONS)
    return metadata


def presentation_request(
    request: VerificationRequest, *, response_uri: str, verifier_info: tuple[JsonObject, ...]
) -> PresentationRequest:
    """Return what the request says to a wallet. Spec: OpenID4VP 1.0 §5.1, Appendix A.2."""
    posted = request.response_mode.is_posted
    return PresentationRequest(
        nonce=request.nonce,
        dcql_query=request.terms.query_json,
        client_metadata=client_metadata(request.encryption_key),
        iat=request.created_at,
        exp=request.expires_at,
        response_uri=response_uri if posted else None,
        state=request.state if posted else None,
        response_mode=request.response_mode,
        transaction_data=request.terms.transaction_data,
        verifier_info=verifier_info,
        expected_origins=() if request.origin is None else (request.origin,),
    )


def stored_key(private_jwk: str | None) -> EncryptionKey | None:
    """Return the encryption key from its stored text, None once it is deleted."""
    return None if private_jwk is None else encryption_key_from_text(private_jwk)
