"""The life of a verification request: open, then answered or expired, and never open again.

One request has one nonce, one state and one encryption key. It can be fetched as often as a wallet likes while it
is open, and it takes one answer. Spec: OpenID4VP 1.0 §5, §14.1 to §14.3.
"""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final
from urllib.parse import urlencode, urlsplit

from portadoc.errors import Conflict, Malformed, Refused
from portadoc.formats import strict_json
from portadoc.formats.dcql.query import SD_JWT_VC, DcqlQuery, parse_query
from portadoc.formats.jwe import ENCRYPTIONS, EncryptionKey, encryption_key_from_text
from portadoc.formats.openid4vp.request_object import PresentationRequest
from portadoc.keys.algorithms import SIGNATURE_ALGORITHMS
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.openid4vp import AuthorizationRequestLink
from portadoc.verifier.presets import Preset

LINK_SCHEME: Final = "openid4vp://"
MAX_URI_CHARS: Final = 2048


class Phase(StrEnum):
    """Where a request stands. ANSWERED and EXPIRED are final."""

    OPEN = "open"
    ANSWERED = "answered"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked and how the answer is judged; ``on_date`` None judges the day of the answer."""

    preset: Preset
    on_date: date | None

    @property
    def query(self) -> DcqlQuery:
        """The query, parsed. Raises Malformed[query_malformed], Malformed[limit_exceeded]."""
        return parse_query(self.preset.query)

    def to_text(self) -> str:
        """Return the stored form."""
        stored = {
            "preset": self.preset.id,
            "query": self.preset.query,
            "status_required": self.preset.status_required,
            "same_holder": self.preset.same_holder,
            "on_date": self.on_date.isoformat() if self.on_date else None,
        }
        return strict_json.dumps(stored).decode("utf-8")

    @classmethod
    def from_text(cls, stored: str) -> "Terms":
        """Return what ``to_text`` stored."""
        read = strict_json.loads_object(stored, what="terms")
        preset = Preset(
            id=read["preset"],
            query=read["query"],
            status_required=read["status_required"],
            same_holder=read["same_holder"],
        )
        return cls(preset=preset, on_date=date.fromisoformat(read["on_date"]) if read["on_date"] else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationRequest:
    """One request. ``request_id`` is known to the wallet, ``transaction_id`` to who asked; times in epoch seconds.

    ``client_id`` stays that of the beginning even when the verifier's key changes. ``encryption_key`` is secret
    and gone as soon as the request is no longer open.
    """

    institution: str
    request_id: str
    transaction_id: str
    client_id: str
    terms: Terms
    nonce: str
    state: str
    phase: Phase
    created_at: int
    expires_at: int
    return_uri: str | None
    encryption_key: EncryptionKey | None = field(repr=False)

    def phase_at(self, now: int) -> Phase:
        """Return where the request stands: time closes an open one even before that is written down."""
        return Phase.EXPIRED if self.phase is Phase.OPEN and self.expires_at <= now else self.phase

    def require_open(self, now: int) -> EncryptionKey:
        """Return the key for the answer. Raises Conflict[request_answered], Conflict[request_expired]."""
        phase = self.phase_at(now)
        if phase is Phase.OPEN and self.encryption_key is not None:
            return self.encryption_key
        code = "request_expired" if phase is Phase.EXPIRED else "request_answered"
        raise Conflict(code, spec="OpenID4VP 1.0 §14.1")


@dataclass(frozen=True, slots=True)
class CreatedRequest:
    """What the party that asks gets. ``session_secret`` is told here once; without it nobody reads the result."""

    transaction_id: str
    session_secret: str = field(repr=False)
    request_uri: str
    link: str
    expires_at: int


def check_terms(terms: Terms, *, registered_types: tuple[str, ...], max_query_bytes: int) -> None:
    """Refuse a question that this verifier may not or cannot ask.

    Raises: Malformed[query_malformed], Malformed[limit_exceeded], Refused[query_unsupported],
    Refused[query_not_registered]. Spec: OpenID4VP 1.0 §6, ARF RPRC_21.
    """
    if len(strict_json.dumps(terms.preset.query)) > max_query_bytes:
        raise Malformed("limit_exceeded", what="dcql_query", limit=max_query_bytes)
    for wanted in terms.query.credentials:
        if wanted.format != SD_JWT_VC:
            raise Refused("query_unsupported", reason="format")
        if not wanted.require_holder_binding:
            raise Refused("query_unsupported", reason="holder_binding")
        if any(authority.type != "aki" for authority in wanted.trusted_authorities):
            raise Refused("query_unsupported", reason="trusted_authorities")
        if not set(registered_types).issuperset(wanted.vct_values):
            raise Refused("query_not_registered", spec="ARF RPRC_21", query=wanted.id)


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


def presentation_request(request: VerificationRequest, *, response_uri: str, now: int) -> PresentationRequest:
    """Return what the request object says. Raises Conflict[request_answered], Conflict[request_expired]."""
    key = request.require_open(now)
    return PresentationRequest(
        response_uri=response_uri,
        nonce=request.nonce,
        state=request.state,
        dcql_query=request.terms.preset.query,
        client_metadata=_client_metadata(key.public_jwk),
        iat=request.created_at,
        exp=request.expires_at,
    )


def _client_metadata(encryption_jwk: JsonObject) -> JsonObject:
    """Spec: OpenID4VP 1.0 §5.1, §11.1, Appendix B.3.4; HAIP 1.0 §5."""
    algs = sorted(SIGNATURE_ALGORITHMS)
    return {
        "jwks": {"keys": [encryption_jwk]},
        "encrypted_response_enc_values_supported": list(ENCRYPTIONS),
        "vp_formats_supported": {SD_JWT_VC: {"sd-jwt_alg_values": algs, "kb-jwt_alg_values": algs}},
    }


def stored_key(private_jwk: str | None) -> EncryptionKey | None:
    """Return the encryption key from its stored text, None once it is deleted."""
    return None if private_jwk is None else encryption_key_from_text(private_jwk)
