"""The authorization code flow: the holder is sent to the issuer's pages and comes back with a code.

Spec: RFC 6749 §4.1, RFC 7636, RFC 9126, RFC 9207; OpenID4VCI 1.0 §5; HAIP 1.0 §4.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from portadoc.errors import Malformed, Refused, Untrusted
from portadoc.formats import strict_json
from portadoc.formats.oauth.pkce import METHOD, code_challenge
from portadoc.schemas.openid4vci import (
    DETAILS_TYPE,
    AuthorizationDetail,
    AuthorizationRequest,
    AuthorizationResponse,
    AuthorizationServerMetadata,
    IssuerMetadata,
    PushedAuthorizationResponse,
    SupportedCredential,
    read_message,
)
from portadoc.wallet_sim.identity import WalletIdentity
from portadoc.wallet_sim.issuance.channel import Call, Channel
from portadoc.wallet_sim.peers import MAX_LINK_CHARS, Means, admitted, read_answer
from portadoc.wallet_sim.transport import FORM_TYPE

Browser = Callable[[str], str]
"""Opens an authorization URL, lets the holder act there, and returns the URL that leads back to the wallet."""
_SPEC: Final = "RFC 6749 §4.1.2"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the wallet wants from an issuer; ``issuer_state`` comes from the offer and is only echoed."""

    issuer: IssuerMetadata
    supported: Mapping[str, SupportedCredential]
    issuer_state: str | None


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """A code with what redeems it. ``by_details`` tells whether it was asked for by authorization details."""

    code: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    by_details: bool


def authorize(wanted: Wanted, channel: Channel, identity: WalletIdentity, browser: Browser) -> AuthorizationCode:
    """Return the code that the holder brought back from the server's pages.

    Raises Refused[authorization_server_unsuitable], Refused[configuration_unsupported] (reason ``scope``),
    Refused[authorization_refused] with the server's word, Untrusted[authorization_response_invalid] with a reason,
    Malformed[message_invalid], and as the server answers a pushed request. Spec: OpenID4VCI 1.0 §5.
    """
    server, means = channel.server, channel.means
    endpoint = _suitable(server, means)  # 1 a server that works as the profile asks
    verifier, state = channel.secret(), channel.secret()  # 2 secrets of this one request
    by_details = DETAILS_TYPE in (server.authorization_details_types_supported or ())
    request = AuthorizationRequest(  # 3 what is asked for
        client_id=identity.client_id,
        response_type="code",
        redirect_uri=identity.redirect_uri,
        code_challenge=code_challenge(verifier),
        code_challenge_method=METHOD,
        state=state,
        issuer_state=wanted.issuer_state,
        dpop_jkt=channel.dpop.kid if channel.dpop else None,
        **(_details(wanted) if by_details else _scope(wanted)),
    )
    returned = browser(_address(endpoint, request, channel))  # 4 the holder at the server
    code = _code(returned, state=state, redirect_uri=identity.redirect_uri, channel=channel)  # 5 its answer
    return AuthorizationCode(code, verifier, identity.redirect_uri, by_details)


def _suitable(server: AuthorizationServerMetadata, means: Means) -> str:
    """Return the authorization endpoint of a server that takes S256 and, under HAIP, pushed requests."""
    endpoint = server.authorization_endpoint
    if endpoint is None:
        raise _unsuitable("authorization_endpoint")
    if METHOD not in (server.code_challenge_methods_supported or ()):
        raise _unsuitable("code_challenge_method")
    pushed = server.pushed_authorization_request_endpoint
    if pushed is None and (means.profile.high_assurance or server.require_pushed_authorization_requests):
        raise _unsuitable("pushed_requests")
    admitted(endpoint, means.transport)
    return endpoint


def _details(wanted: Wanted) -> Mapping[str, Any]:
    """Ask by authorization details, for this issuer where its server has several. Spec: OpenID4VCI 1.0 §5.1.1."""
    issuer = wanted.issuer
    details = [
        AuthorizationDetail(
            type="openid_credential",
            credential_configuration_id=configuration_id,
            locations=(issuer.credential_issuer,) if issuer.authorization_servers else None,
        ).to_json()
        for configuration_id in wanted.supported
    ]
    return {"authorization_details": strict_json.dumps(details).decode("utf-8")}


def _scope(wanted: Wanted) -> Mapping[str, Any]:
    """Ask by scope, for this issuer where its server has several. Spec: OpenID4VCI 1.0 §5.1.2, RFC 8707."""
    scopes = [supported.scope for supported in wanted.supported.values()]
    if not all(scopes):
        raise Refused("configuration_unsupported", spec="OpenID4VCI 1.0 §5.1.2", reason="scope")
    asked = {"scope": " ".join(dict.fromkeys(scope for scope in scopes if scope))}
    if wanted.issuer.authorization_servers:
        asked["resource"] = wanted.issuer.credential_issuer
    return asked


def _address(endpoint: str, request: AuthorizationRequest, channel: Channel) -> str:
    """Return where the browser goes: with a reference to the pushed request wherever the server takes those."""
    parameters = {name: str(value) for name, value in request.to_json().items()}
    pushed = channel.server.pushed_authorization_request_endpoint
    if pushed is not None:
        body = urlencode(parameters).encode()
        call = Call(url=pushed, body=body, content_type=FORM_TYPE, authenticated=True, proven=False)
        kept = read_message(PushedAuthorizationResponse, read_answer(channel.post(call), endpoint="PAR"))
        parameters = {"client_id": request.client_id, "request_uri": kept.request_uri}
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(parameters)}"


def _code(returned: str, *, state: str, redirect_uri: str, channel: Channel) -> str:
    """Return the code of an unverified redirect: for this request, by this server, to this wallet's address."""
    parameters = _returned_parameters(returned, redirect_uri)
    # 1. an answer to this request, and not one that somebody slipped in
    if not hmac.compare_digest(parameters.get("state", "").encode(), state.encode()):
        raise _invalid("state", _SPEC)
    # 2. by this server, and not by one that it was mixed up with
    _check_issuer(parameters.get("iss"), channel)
    # 3. a code, or the server's reason for none
    answer = read_message(AuthorizationResponse, parameters)
    if answer.code is None:
        word = answer.error if answer.error and answer.error.replace("_", "a").isalnum() else None
        raise Refused("authorization_refused", spec="RFC 6749 §4.1.2.1", error=word[:64] if word else "unnamed")
    return answer.code


def _check_issuer(iss: str | None, channel: Channel) -> None:
    """Require the server's own name; it may be missing only where nobody promised it. Spec: RFC 9207 §2.4."""
    promised = (
        channel.server.authorization_response_iss_parameter_supported or channel.means.profile.high_assurance
    )
    if iss is None and promised:
        raise _invalid("iss_missing", "RFC 9207 §2.4")
    if iss is not None and iss != channel.server.issuer:
        raise _invalid("iss", "RFC 9207 §2.4")


def _returned_parameters(returned: str, redirect_uri: str) -> Mapping[str, str]:
    own = dict(parse_qsl(urlsplit(redirect_uri).query, keep_blank_values=True))
    address = redirect_uri.partition("?")[0]
    if len(returned) > MAX_LINK_CHARS or returned.partition("?")[0] != address or "#" in returned:
        raise _invalid("redirect_uri", "RFC 6749 §3.1.2")
    try:
        pairs = parse_qsl(urlsplit(returned).query, keep_blank_values=True, strict_parsing=True, errors="strict")
    except ValueError as exc:
        raise Malformed("link_invalid", spec=_SPEC, reason="query") from exc
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise Malformed("link_invalid", spec=_SPEC, reason="parameter_repeated")
    if any(parameters.get(name) != value for name, value in own.items()):
        raise _invalid("redirect_uri", "RFC 6749 §3.1.2")
    return parameters


def _unsuitable(reason: str) -> Refused:
    return Refused("authorization_server_unsuitable", spec="HAIP 1.0 §4", reason=reason)


def _invalid(reason: str, spec: str) -> Untrusted:
    return Untrusted("authorization_response_invalid", spec=spec, reason=reason)
