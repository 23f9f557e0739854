"""What the wallet works with, and how it reads what issuers and verifiers answer: bounded JSON, unverified."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from portadoc.clock import Clock
from portadoc.errors import Error, Malformed, Refused, Unavailable
from portadoc.fetch import Target, parse_target
from portadoc.formats import strict_json
from portadoc.randomness import RandomBytes
from portadoc.schemas.claims import JsonObject
from portadoc.schemas.profiles import ProtocolProfile
from portadoc.verification.answers import TrustAnswers
from portadoc.wallet_sim.identity import WalletIdentity
from portadoc.wallet_sim.transport import Transport, TransportResponse, naming

CLOCK_SKEW_S: Final = 60
MAX_LINK_CHARS: Final = 32 * 1024
GONE: Final = frozenset({404, 410})
"""What an address answers that never was, or is no longer. Spec: RFC 9110 §15.5.5, §15.5.11."""
PROBLEM_TYPE: Final = "application/problem+json"
_UNNAMED: Final = "unnamed"
_ERROR_WORD: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What every act of the wallet needs: a way to speak, whom to trust, the time, random bytes and a profile.

    ``identity`` None makes an anonymous wallet, for pre-authorised offers of issuers that take those.
    """

    transport: Transport
    trust: TrustAnswers
    clock: Clock
    random_bytes: RandomBytes
    profile: ProtocolProfile
    identity: WalletIdentity | None = None


def admitted(url: str, transport: Transport) -> Target:
    """Return the target of a URL that the wallet may call: HTTPS, or a loopback origin that the transport names.

    Raises Refused[fetch_blocked], naming the address. Spec: OpenID4VCI 1.0 §12.2.1.
    """
    with naming(url):
        for origin in transport.loopback_origins:
            if url == origin or url.startswith((f"{origin}/", f"{origin}?")):
                return parse_target(url, schemes=frozenset({"http", "https"}))
        return parse_target(url)


def get_json(url: str, means: Means, *, endpoint: str) -> JsonObject:
    """GET a JSON object. Raises Refused[fetch_blocked] and as ``read_answer``."""
    admitted(url, means.transport)
    return read_answer(means.transport.get(url, headers={"accept": "application/json"}), endpoint=endpoint)


def read_answer(response: TransportResponse, *, endpoint: str) -> JsonObject:
    """Return the JSON object of a successful answer; ``endpoint`` names the peer's endpoint in a refusal.

    Raises as ``require_success``, Malformed[peer_answer_invalid] and what the strict JSON reader raises.
    """
    require_success(response, endpoint=endpoint)
    if response.content_type != "application/json":
        raise Malformed("peer_answer_invalid", endpoint=endpoint, reason="content_type")
    return strict_json.loads_object(response.body, what=f"{endpoint} answer")


def require_success(response: TransportResponse, *, endpoint: str) -> None:
    """Refuse every status but 200 to 299.

    Raises Refused[peer_redirected], Refused[peer_refused] with the peer's own error word, Unavailable
    [peer_unavailable]. Spec: OpenID4VP 1.0 §14.6, RFC 6749 §5.2.
    """
    status = response.status
    if 300 <= status < 400:
        raise Refused("peer_redirected", spec="OpenID4VP 1.0 §14.6", endpoint=endpoint, status=status)
    if status >= 500 or status == 429:
        raise Unavailable("peer_unavailable", endpoint=endpoint, status=status)
    if not 200 <= status < 300:
        raise Refused("peer_refused", endpoint=endpoint, status=status, error=error_word(response))


def error_word(response: TransportResponse) -> str:
    """Return the word by which a peer names its refusal, or ``unnamed`` when there is no plain one.

    It is ``error`` in the answers of OAuth and ``code`` in a problem document. Spec: RFC 6749 §5.2, RFC 9457 §3.2.
    """
    return _word(response, "code" if response.content_type == PROBLEM_TYPE else "error")


def error_reason(response: TransportResponse) -> str:
    """Return ``error_description`` where a peer has put a code there, else ``unnamed``; never free text."""
    return _word(response, "error_description")


def _word(response: TransportResponse, member: str) -> str:
    try:
        word = strict_json.loads_object(response.body, what="error answer").get(member)
    except Error:
        return _UNNAMED
    return word if isinstance(word, str) and _ERROR_WORD.fullmatch(word) else _UNNAMED


def link_parameters(link: str, *, schemes: frozenset[str]) -> Mapping[str, str]:
    """Return the query parameters of a link or QR code text whose scheme is one of ``schemes``.

    Input is unverified. Raises Malformed[link_invalid] with a reason: length, scheme, query, parameter_repeated.
    """
    if len(link) > MAX_LINK_CHARS:
        raise _link_invalid("length")
    try:
        parts = urlsplit(link.strip())
        pairs = parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as exc:
        raise _link_invalid("query") from exc
    if parts.scheme.lower() not in schemes:
        raise _link_invalid("scheme")
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise _link_invalid("parameter_repeated")
    return parameters


def _link_invalid(reason: str) -> Malformed:
    return Malformed("link_invalid", spec="RFC 6749 §3.1", reason=reason)
