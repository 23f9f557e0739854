"""How one issuance speaks to servers: as which client, with which key, under the nonces that they hand out.

Spec: RFC 9449; draft-ietf-oauth-attestation-based-client-auth -07, -10; HAIP 1.0 §4.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from portadoc import base64url
from portadoc.errors import Refused
from portadoc.formats.oauth.client_attestation import make_client_attestation_pop
from portadoc.formats.oauth.dpop import make_dpop_proof
from portadoc.keys.signer import LocalSigner
from portadoc.schemas.openid4vci import (
    ATTESTATION_CHALLENGE_HEADER,
    DPOP_NONCE_HEADER,
    AttestationChallengeResponse,
    AuthorizationServerMetadata,
    read_message,
)
from portadoc.wallet_sim.identity import WalletIdentity, WalletProvider
from portadoc.wallet_sim.peers import Means, admitted, error_word, read_answer
from portadoc.wallet_sim.transport import TransportResponse

KEY_ALG: Final = "ES256"
JSON_TYPE: Final = "application/json"
JWT_TYPE: Final = "application/jwt"
BY_ATTESTATION: Final = "attest_jwt_client_auth"
_ACCEPTED: Final = f"{JSON_TYPE}, {JWT_TYPE}"
_NEW_NONCE: Final = "use_dpop_nonce"
_NEW_CHALLENGE: Final = "use_attestation_challenge"
_NONCE: Final = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,512}")
_BEARER_ERROR: Final = re.compile(r'\berror="([a-z_]{1,64})"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One POST: ``authenticated`` by the client's attestation, ``proven`` by its DPoP key, where it has them.

    ``content_type`` is None for a request without content.
    """

    url: str
    body: bytes
    content_type: str | None
    authenticated: bool = False
    access_token: str | None = None
    proven: bool = True


class Channel:
    """Send calls with client attestation and DPoP proof, and follow what the servers say about nonces.

    A server that asks for its nonce or challenge gets one more try for each; nonces are kept apart by origin.
    """

    def __init__(
        self,
        means: Means,
        server: AuthorizationServerMetadata,
        *,
        client_id: str | None,
        attested_as: WalletIdentity | None,
        dpop: LocalSigner | None,
    ) -> None:
        self.means = means
        self.server = server
        self.client_id = client_id
        self.dpop = dpop
        self._attested_as = attested_as
        self._nonces: dict[str, str] = {}
        self._challenge: str | None = None

    def post(self, call: Call) -> TransportResponse:
        """Return the answer, whatever its status. Raises Refused[fetch_blocked], and as challenges are fetched."""
        tried: set[str] = set()
        while True:
            response = self._send(call)
            self._follow(call.url, response)
            wanted = bearer_error(response) if response.status == 401 else error_word(response)
            if wanted not in {_NEW_NONCE, _NEW_CHALLENGE} or wanted in tried or response.status not in (400, 401):
                return response
            tried.add(wanted)

    def _send(self, call: Call) -> TransportResponse:
        admitted(call.url, self.means.transport)
        headers = {"accept": _ACCEPTED}
        if call.content_type is not None:
            headers["content-type"] = call.content_type
        if call.authenticated and self._attested_as is not None and self._attested_as.provider is not None:
            headers |= self._attestation(self._attested_as, self._attested_as.provider)
        if call.access_token is not None:
            headers["authorization"] = f"{'DPoP' if self.dpop else 'Bearer'} {call.access_token}"
        if call.proven and self.dpop is not None:
            headers["dpop"] = self._dpop_proof(call, self.dpop)
        return self.means.transport.request("POST", call.url, headers=headers, body=call.body)

    def _dpop_proof(self, call: Call, signer: LocalSigner) -> str:
        return make_dpop_proof(
            method="POST",
            uri=call.url,
            iat=self.means.clock.now(),
            jti=self.secret(),
            nonce=self._nonces.get(_origin(call.url)),
            access_token=call.access_token,
            signer=signer,
        )

    def _attestation(self, identity: WalletIdentity, provider: WalletProvider) -> Mapping[str, str]:
        """Return the two headers of an attested client, both made anew. Spec: draft -07 §6, -10 §6."""
        now = self.means.clock.now()
        attestation = provider.vouch_for_client(
            client_id=identity.client_id, instance_jwk=dict(identity.instance.public_jwk), now=now
        )
        pop = make_client_attestation_pop(
            client_id=identity.client_id if provider.issuer is not None else None,
            audience=self.server.issuer,
            iat=now,
            jti=self.secret(),
            challenge=self._take_challenge(),
            signer=identity.instance,
        )
        return {"oauth-client-attestation": attestation, "oauth-client-attestation-pop": pop}

    def _take_challenge(self) -> str | None:
        """Return the challenge that the server told last, used once, or a fetched one; None when it gives none."""
        told, self._challenge = self._challenge, None
        endpoint = self.server.challenge_endpoint
        if told is not None or endpoint is None:
            return told
        admitted(endpoint, self.means.transport)
        response = self.means.transport.request("POST", endpoint, headers={"accept": JSON_TYPE})
        answer = read_answer(response, endpoint="challenge")
        return read_message(AttestationChallengeResponse, answer).attestation_challenge

    def _follow(self, url: str, response: TransportResponse) -> None:
        nonce = response.headers.get(DPOP_NONCE_HEADER.lower(), "")
        if _NONCE.fullmatch(nonce):
            self._nonces[_origin(url)] = nonce
        challenge = response.headers.get(ATTESTATION_CHALLENGE_HEADER.lower(), "")
        if _NONCE.fullmatch(challenge):
            self._challenge = challenge

    def secret(self) -> str:
        """Return 256 fresh bits as text."""
        return base64url.encode(self.means.random_bytes(32))


def open_channel(
    server: AuthorizationServerMetadata, means: Means, *, dpop: LocalSigner, names_itself: bool
) -> Channel:
    """Return the way to speak to a server that has granted nothing yet.

    A client without attestation says its name only where the grant needs one (``names_itself``). Raises Refused
    [authorization_server_unsuitable] for a server that takes no client attestation or no DPoP where the profile
    asks for it. Spec: HAIP 1.0 §4, §4.4.1.
    """
    identity = means.identity
    vouched = identity is not None and identity.provider is not None
    attested = vouched and BY_ATTESTATION in (server.token_endpoint_auth_methods_supported or ())
    if identity is not None and not attested and "none" not in means.profile.client_authentication:
        raise Refused("authorization_server_unsuitable", spec="HAIP 1.0 §4.4.1", reason="client_attestation")
    takes_dpop = KEY_ALG in (server.dpop_signing_alg_values_supported or ())
    if identity is not None and means.profile.dpop_required and not takes_dpop:
        raise Refused("authorization_server_unsuitable", spec="HAIP 1.0 §4", reason="dpop")
    shows_key = takes_dpop and (identity is not None or means.profile.dpop_required)
    return Channel(
        means,
        server,
        client_id=identity.client_id if identity is not None and (attested or names_itself) else None,
        attested_as=identity if attested else None,
        dpop=dpop if shows_key else None,
    )


def bearer_error(response: TransportResponse) -> str:
    """Return the error word of a WWW-Authenticate header, or of the body. Spec: RFC 6750 §3, RFC 9449 §7.1."""
    told = _BEARER_ERROR.search(response.headers.get("www-authenticate", ""))
    return told[1] if told else error_word(response)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
